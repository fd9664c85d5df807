/* trustlined: the supervisor, a role of it, or a check. */
#include "daemon/check.h"
#include "daemon/roles.h"
#include "daemon/supervisor.h"

#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void usage(FILE *out)
{
    fputs("trustlined [--state DIR] [--check]\n"
          "\n"
          "Runs the services of a Trustline node in the foreground.\n"
          "\n"
          "  --state DIR   the state directory (default: $TRUSTLINE_STATE or /var/lib/trustline)\n"
          "  --check       looks over configuration, keys, expiry, lists and ports, and ends\n"
          "  --version     prints the version\n"
          "  --help        prints this\n"
          "\n"
          "SIGHUP reads the configuration again; SIGTERM and SIGINT end it.\n"
          "A cluster is made with: trustline init\n",
          out);
}

/* Descriptors 0 to 2 must be open, or a file we open would become standard error. */
static void open_standard_descriptors(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(1);
}

static int run_role(const char *name, const char *state, bool direct)
{
    const struct role *role = role_find(name);
    if (!role || fcntl(ROLE_CONTROL_FD, F_GETFD) < 0) {
        fprintf(stderr, "trustlined: --role is for trustlined itself\n");
        return 2;
    }
    fcntl(ROLE_CONTROL_FD, F_SETFD, FD_CLOEXEC);
    if (direct && role->as_signer)
        return role_signer_direct(state, ROLE_CONTROL_FD);
    return role->run(state, ROLE_CONTROL_FD);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"state", required_argument, NULL, 's'},
                                            {"check", no_argument, NULL, 'c'},
                                            {"role", required_argument, NULL, 'r'},
                                            {"direct", no_argument, NULL, 'd'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    const char *state = getenv("TRUSTLINE_STATE");
    const char *role = NULL;
    bool check = false;
    bool direct = false;
    int option;
    open_standard_descriptors();
    setlocale(LC_CTYPE, "C.UTF-8");
    umask(027);
    if (!state || !*state)
        state = "/var/lib/trustline";
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            state = optarg;
            break;
        case 'c':
            check = true;
            break;
        case 'r':
            role = optarg;
            break;
        case 'd':
            direct = true;
            break;
        case 'h':
            usage(stdout);
            return 0;
        case 'v':
            printf("trustlined %s\n", TRUSTLINE_VERSION);
            return 0;
        default:
            usage(stderr);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "trustlined: %s: what is this for?\n", argv[optind]);
        usage(stderr);
        return 2;
    }
    if (role)
        return run_role(role, state, direct);
    return check ? check_run(state) : supervisor_run(state);
}
