/* trustline-phone: a simulated phone, or thousands of them. */
#include "phone/arguments.h"
#include "phone/fleet.h"
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
    int result = address_resolve(&server, arguments.tftp, 69, &why);
    if (result) {
        fprintf(stderr, "trustline-phone: --tftp: %s\n", why_text(&why, result));
        return result == ERR_FORMAT ? EXIT_USAGE : EXIT_NOT_REACHED;
    }
    return (int)(arguments.fleet ? fleet_run(&arguments, &server)
                                 : single_run(&arguments, &server));
}
