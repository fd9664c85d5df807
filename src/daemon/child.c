#include "daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

extern char **environ;

/* In the new process, between fork and exec: only what is safe there. */
static _Noreturn void become_role(int exe, int control, char *const argv[],
                                  const struct owner *owner)
{
    enum { FAILED = 127 };
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < 32; number++) {
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(number, &standard, NULL);
    }
    /* Ctrl-C reaches the whole group of the terminal; roles end when their channel closes. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &ignore, NULL);
    if (control == ROLE_CONTROL_FD) {
        if (fcntl(control, F_SETFD, 0) != 0)
            _exit(FAILED);
    } else if (dup2(control, ROLE_CONTROL_FD) < 0) {
        _exit(FAILED);
    }
    if (owner->change &&
        (setgroups(0, NULL) != 0 || setresgid(owner->group, owner->group, owner->group) != 0 ||
         setresuid(owner->user, owner->user, owner->user) != 0))
        _exit(FAILED);
    /* By descriptor: the program may lie where the role's user cannot go. */
    fexecve(exe, argv, environ);
    _exit(FAILED);
}

int child_spawn(pid_t *pid, int *control, int exe, const struct role *role, const char *state,
                const struct owner *owner, struct why *why)
{
    char *const argv[] = {(char *)(uintptr_t) "trustlined", (char *)(uintptr_t) "--role",
                          (char *)(uintptr_t)role->name,    (char *)(uintptr_t) "--state",
                          (char *)(uintptr_t)state,         NULL};
    int pair[2];
    int result = channel_pair(pair);
    if (result)
        return why_error(why, result, "cannot start %s: %s", role->name, error_text(result));
    pid_t child = fork();
    if (child == 0)
        become_role(exe, pair[1], argv, owner);
    result = child < 0 ? -errno : 0;
    close(pair[1]);
    if (result) {
        close(pair[0]);
        return why_error(why, result, "cannot start %s: %s", role->name, error_text(result));
    }
    *pid = child;
    *control = pair[0];
    return 0;
}
