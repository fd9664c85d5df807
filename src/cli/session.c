#include "cli/session.h"

#include "base/log.h"
#include "base/text.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALLER_TEXT = 64, LINE_TEXT = 400 };

/* The person at the keyboard: who called sudo, or the user we were started as. */
static void find_caller(char out[CALLER_TEXT])
{
    struct passwd entry;
    struct passwd *found = NULL;
    char room[4096];
    const char *sudo = getenv("SUDO_USER");
    uid_t user = getuid();
    if (user == 0 && sudo && *sudo)
        text_copy(out, CALLER_TEXT, sudo);
    else if (getpwuid_r(user, &entry, room, sizeof room, &found) == 0 && found)
        text_copy(out, CALLER_TEXT, found->pw_name);
    else
        text_format(out, CALLER_TEXT, "%u", (unsigned)user);
}

static void log_call(const struct call *call, const char *caller)
{
    struct buffer line;
    char shown[LINE_TEXT];
    char who[CALLER_TEXT * 2];
    buffer_init(&line, LINE_TEXT);
    buffer_text(&line, call->command->words);
    for (size_t i = 0; i < call->operand_count; i++)
        buffer_format(&line, " %s", call->operands[i]);
    text_value(shown, sizeof shown, bytes_of(line.data, line.size));
    text_value(who, sizeof who, bytes_of_string(caller));
    log_event(LEVEL_NOTICE, "event=command by=%s command=%s%s", who, shown,
              call->accept_lockout ? " accept_lockout=yes" : "");
    buffer_fini(&line);
}

int session_quiet(struct why *why)
{
    static const struct log_setup setup = {.program = "trustline", .level = LEVEL_ERROR};
    return log_open(&setup, why);
}

static int open_log(const struct cluster *cluster, struct why *why)
{
    const struct config *config = cluster_config(cluster);
    char directory[FILE_PATH];
    const struct log_setup setup = {
        .program = "trustline",
        .directory = directory,
        .level = config->log_level,
        .max_size = config->log_size,
        .keep = config->log_keep,
    };
    int result = file_path(directory, cluster_state(cluster), STATE_LOG);
    return result ? result : log_open(&setup, why);
}

int session_open(struct cluster **out, const struct call *call, enum cluster_access access,
                 struct why *why)
{
    struct cluster *cluster = NULL;
    char caller[CALLER_TEXT];
    find_caller(caller); /* before we may become the owner of the directory */
    int result = session_quiet(why);
    if (result == 0)
        result = cluster_open(&cluster, call->state, access, why);
    if (result == 0 && access == CLUSTER_ACT)
        result = open_log(cluster, why);
    if (result) {
        session_close(cluster);
        return result;
    }
    if (access == CLUSTER_ACT && !call->dry_run)
        log_call(call, caller);
    *out = cluster;
    return 0;
}

void session_close(struct cluster *cluster)
{
    cluster_close(cluster);
    log_close();
}

struct act_options session_options(const struct call *call)
{
    return (struct act_options){.dry_run = call->dry_run, .accept_lockout = call->accept_lockout};
}
