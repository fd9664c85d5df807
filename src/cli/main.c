/* trustline: the command line. */
#include "cli/commands.h"
#include "pki/token.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HIDDEN_MAX = 64 };

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

/* Everybody can read the command line of a process. An authentication string that was typed into
 * it is moved out, and blanked, before anything else happens: `kept` gets it. */
static void hide_string(char **words, char kept[HIDDEN_MAX])
{
    static const char option[] = "--auth-string";
    for (; *words; words++) {
        size_t size = strcspn(*words, "=");
        if (size < sizeof "--a" - 1 || strncmp(*words, option, size) != 0)
            continue;
        if ((*words)[size] != '=' && !*++words)
            return;
        size_t length = strlen(*words);
        if (length >= HIDDEN_MAX)
            continue;
        memcpy(kept, *words, length + 1);
        memset(*words, '*', length);
        *words = kept;
        return;
    }
}

int main(int argc, char **argv)
{
    char kept[HIDDEN_MAX];
    hide_string(argv, kept);
    if (!hold_standard_streams())
        return (int)STATUS_FAILED;
    if (argc == 2 && strcmp(argv[1], TOKEN_HELPER_WORD) == 0)
        return token_helper();
    const char *state = getenv("TRUSTLINE_STATE");
    struct cli cli = {
        .out = stdout,
        .err = stderr,
        .in = STDIN_FILENO,
        .table = command_table,
        .published_list = published_list,
        .default_state = state && *state ? state : "/var/lib/trustline",
    };
    return (int)cli_run(&cli, (const char *const *)(argv + 1), argc > 0 ? (size_t)argc - 1 : 0);
}
