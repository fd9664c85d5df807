/* A signer of one's own, for commands that run while no supervisor does. */
#include "signer/process.h"

#include "base/file.h"
#include "base/text.h"
#include "net/channel.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* trustlined lies beside the program that runs, both in the build and once installed; sbin is where
 * a package may put it. */
static void find_daemon(char out[FILE_PATH])
{
    char self[FILE_PATH];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash) {
        *slash = '\0';
        if (file_path(out, self, "trustlined") == 0 && access(out, X_OK) == 0)
            return;
        if (file_path(out, self, "../sbin/trustlined") == 0 && access(out, X_OK) == 0)
            return;
    }
    text_copy(out, FILE_PATH, "trustlined");
}

int signer_spawn(int *fd, const char *state, struct why *why)
{
    enum { CHILD_FD = 3 };
    char path[FILE_PATH];
    char *argv[] = {path,
                    (char *)(uintptr_t) "--role",
                    (char *)(uintptr_t) "signer",
                    (char *)(uintptr_t) "--direct",
                    (char *)(uintptr_t) "--state",
                    (char *)(uintptr_t)state,
                    NULL};
    int pair[2];
    pid_t child;
    int result = channel_pair(pair);
    if (result)
        return why_error(why, result, "cannot start the signer: %s", error_text(result));
    find_daemon(path);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pair[1], CHILD_FD);
    result = -posix_spawnp(&child, path, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    if (result) {
        close(pair[0]);
        return why_error(why, result, "cannot start the signer (%s): %s", path, error_text(result));
    }
    *fd = pair[0];
    return 0;
}
