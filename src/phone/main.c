/* trustline-phone: a simulated phone, or thousands of them. */
#include "phone/arguments.h"
#include "phone/fleet.h"
#include "phone/mic.h"
#include "phone/single.h"

#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

/* A descriptor 0, 1 or 2 that is not open would be given to the next file, and what is printed
 * would land in it. */
static bool hold_standard_streams(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static enum phone_exit make_mic(const struct arguments *a)
{
    struct why why = WHY_NONE;
    bool made_ca = false;
    int result = mic_make(a->make_mic, a->device, a->mic_out, &made_ca, &why);
    if (result) {
        fprintf(stderr, "trustline-phone: --make-mic: %s\n", why_text(&why, result));
        return EXIT_NOT_REACHED;
    }
    if (made_ca)
        printf("%s: a new CA; import its certificate as one of factory certificates\n",
               a->make_mic);
    printf("%s: the MIC of %s\n", a->mic_out, a->device);
    return EXIT_REACHED;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct address server;
    struct why why = WHY_NONE;
    enum phone_exit status;
    if (!hold_standard_streams())
        return EXIT_NOT_REACHED;
    setlocale(LC_CTYPE, "C.UTF-8");
    setvbuf(stdout, NULL, _IOLBF, 0); /* the console is watched while it runs */
    if (!arguments_read(&arguments, argc, argv, stdout, stderr, &status))
        return (int)status;
    if (arguments.make_mic)
        return (int)make_mic(&arguments);
    int result = address_resolve(&server, arguments.tftp, 69, &why);
    if (result) {
        fprintf(stderr, "trustline-phone: --tftp: %s\n", why_text(&why, result));
        return result == ERR_FORMAT ? EXIT_USAGE : EXIT_NOT_REACHED;
    }
    return (int)(arguments.fleet ? fleet_run(&arguments, &server)
                                 : single_run(&arguments, &server));
}
