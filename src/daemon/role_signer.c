/* The role signer: its only business with the node is the directory keys/. */
#include "daemon/roles.h"

#include "base/log.h"
#include "signer/process.h"

#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A signer started for a command by root belongs to the owner of keys/, like any other; of a link
 * in its place, to the link's. */
static int drop_to_owner(const char *directory)
{
    struct stat st;
    if (geteuid() != 0 || lstat(directory, &st) != 0 || st.st_uid == 0)
        return 0;
    if (setgroups(0, NULL) != 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) != 0 ||
        setresuid(st.st_uid, st.st_uid, st.st_uid) != 0) {
        perror("trustlined: cannot become the owner of keys/");
        return 1;
    }
    return 0;
}

static int run_signer(const char *state, int control, int direct)
{
    char keys[FILE_PATH];
    if (file_path(keys, state, STATE_KEYS) != 0 || drop_to_owner(keys) != 0)
        return 1;
    return signer_process(keys, control, direct);
}

int role_signer(const char *state, int control)
{
    return run_signer(state, control, -1);
}

int role_signer_direct(const char *state, int client)
{
    /* What it refuses is its answer, and the command's to tell: only what leaves no answer is said
     * here. */
    static const struct log_setup quiet = {
        .program = "trustlined[signer]", .to_stderr = true, .level = LEVEL_ERROR};
    struct why why = WHY_NONE;
    int result = log_open(&quiet, &why);
    if (result) {
        fprintf(stderr, "trustlined: %s\n", why_text(&why, result));
        return 1;
    }
    return run_signer(state, -1, client);
}
