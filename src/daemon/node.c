/* The node: coming up, reloading, going down. */
#include "daemon/node.h"

#include "base/log.h"
#include "base/text.h"
#include "daemon/notify.h"
#include "daemon/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_logs(struct supervisor *s, struct why *why)
{
    char directory[FILE_PATH];
    struct log_setup setup = {
        .program = "trustlined",
        .directory = directory,
        .to_stderr = true,
        .level = s->config.log_level,
        .max_size = s->config.log_size,
        .keep = s->config.log_keep,
    };
    int result = file_path(directory, s->state, STATE_LOG);
    return result ? result : log_open(&setup, why);
}

static void reload(struct supervisor *s)
{
    struct config config;
    struct why why = WHY_NONE;
    notify_send("RELOADING=1");
    int result = config_load(&config, s->state, &why);
    if (result == 0) {
        s->config = config;
        result = open_logs(s, &why);
    }
    if (result)
        log_event(LEVEL_ERROR, "event=reload_failed reason=\"%s\"", why_text(&why, result));
    else
        log_event(LEVEL_NOTICE, "event=reloaded");
    for (size_t i = 0; i < s->count && result == 0; i++)
        if (!s->children[i].role->as_signer)
            child_tell(&s->children[i], "R", -1);
    notify_send("READY=1");
}

static void on_signal(void *context, int number)
{
    struct supervisor *s = context;
    if (number == SIGCHLD)
        children_reap(s);
    else if (number == SIGHUP)
        reload(s);
    else
        children_stop(s);
}

static void stop_is_late(void *context)
{
    children_kill(context);
}

static void feed_watchdog(void *context)
{
    struct supervisor *s = context;
    notify_send("WATCHDOG=1");
    loop_timer_start(s->watchdog, notify_watchdog_ms() / 2);
}

/* ---- coming up ---- */

/* Roles run as the owner of the state directory, the signer as the owner of keys/. */
static int find_owner(struct owner *out, const char *state, const char *name, struct why *why)
{
    char path[FILE_PATH];
    struct stat st;
    int result =
        name ? file_path(path, state, name) : (text_copy(path, sizeof path, state) ? 0 : ERR_LIMIT);
    if (result)
        return result;
    /* Of a link the link's own: who can put one in the place of keys/ is no more than himself. */
    if ((name ? lstat(path, &st) : stat(path, &st)) != 0)
        return why_error(why, -errno, "%s: %s", path, error_text(-errno));
    *out = (struct owner){geteuid() == 0 && st.st_uid != 0, st.st_uid, st.st_gid};
    return 0;
}

/* Ports and processes need root, files do not: whatever the owner of the state directory makes of
 * its paths, we reach no further than he does. */
static int see_files_as_owner(const struct supervisor *s, struct why *why)
{
    const struct owner *owner = &s->service_owner;
    if (!owner->change)
        return 0;
    setfsgid(owner->group);
    setfsuid(owner->user);
    if ((uid_t)setfsuid((uid_t)-1) != owner->user || (gid_t)setfsgid((gid_t)-1) != owner->group)
        return why_error(why, -EPERM, "%s: cannot become its owner", s->state);
    return 0;
}

static int only_one(struct supervisor *s, struct why *why)
{
    char path[FILE_PATH];
    struct why theirs = WHY_NONE;
    int result = file_path(path, s->state, "run/trustlined.pid");
    if (result)
        return result;
    result = file_lock(&s->lock, path, 1000, &theirs);
    if (result == ERR_TIMEOUT)
        return why_error(why, result, "another trustlined runs on %s already (%s)", s->state, path);
    if (result == -EACCES)
        return why_error(why, result, "%s; trustlined runs as root or as the owner of %s",
                         why_text(&theirs, result), s->state);
    return result ? why_error(why, result, "%s", why_text(&theirs, result)) : 0;
}

static int watch_signals(struct supervisor *s)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    int result = 0;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    for (size_t i = 0; i < 4 && result == 0; i++)
        result = loop_signal_new(&s->signals[i], s->loop, numbers[i], on_signal, s);
    return result;
}

static void retry_now(void *context)
{
    child_start(context);
}

static int make_children(struct supervisor *s)
{
    int result = 0;
    for (const struct role *role = role_table(); role->name && result == 0; role++) {
        struct child *child = &s->children[s->count++];
        *child = (struct child){.supervisor = s, .role = role, .wanted = !role->service};
        result = loop_timer_new(&child->retry, s->loop, retry_now, child);
    }
    return result;
}

/* Its descriptor is none that a role finds its channel at. */
static int find_program(struct supervisor *s, struct why *why)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        s->exe = fcntl(fd, F_DUPFD_CLOEXEC, ROLE_CONTROL_FD + 1);
        close(fd);
    }
    return s->exe >= 0
               ? 0
               : why_error(why, -errno, "cannot find the program itself: %s", error_text(-errno));
}

static int open_control(struct supervisor *s, struct why *why)
{
    const struct control_policy policy = {
        .owner = s->service_owner.change ? s->service_owner.user : geteuid(),
        .walled = s->service_owner.change && s->service_owner.user != s->signer_owner.user,
    };
    return control_open(&s->control, s->loop, s, s->state, &policy, why);
}

/* Each connection of a phone is an open file of its role: as many as we are allowed. */
static void raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_event(LEVEL_INFO, "event=open_files_not_raised reason=\"%s\"", error_text(-errno));
}

static int come_up(struct supervisor *s, struct why *why)
{
    raise_open_files();
    int result = config_load(&s->config, s->state, why);
    if (result == 0)
        result = find_owner(&s->service_owner, s->state, NULL, why);
    if (result == 0)
        result = find_owner(&s->signer_owner, s->state, STATE_KEYS, why);
    if (result == 0)
        result = find_program(s, why);
    if (result == 0)
        result = see_files_as_owner(s, why);
    if (result == 0)
        result = only_one(s, why);
    if (result == 0)
        result = open_logs(s, why);
    if (result == 0)
        result = listeners_open(&s->listeners, &s->config, why);
    if (result == 0)
        result = loop_new(&s->loop);
    if (result == 0)
        result = watch_signals(s);
    if (result == 0)
        result = loop_timer_new(&s->stop_timer, s->loop, stop_is_late, s);
    if (result == 0)
        result = loop_timer_new(&s->watchdog, s->loop, feed_watchdog, s);
    if (result == 0)
        result = make_children(s);
    if (result == 0)
        result = open_control(s, why);
    return result;
}

static void go_down(struct supervisor *s)
{
    control_close(s->control);
    for (size_t i = 0; i < s->count; i++) {
        child_close_channel(&s->children[i]);
        loop_timer_free(s->children[i].retry);
    }
    for (size_t i = 0; i < 4; i++)
        loop_signal_free(s->signals[i]);
    loop_timer_free(s->stop_timer);
    loop_timer_free(s->watchdog);
    listeners_close(&s->listeners);
    if (s->exe >= 0)
        close(s->exe);
    if (s->lock >= 0)
        close(s->lock);
    loop_free(s->loop);
}

int supervisor_run(const char *state)
{
    struct supervisor s = {.state = state, .exe = -1, .lock = -1};
    struct why why = WHY_NONE;
    int result = come_up(&s, &why);
    if (result) {
        fprintf(stderr, "trustlined: %s\n", why_text(&why, result));
        go_down(&s);
        log_close();
        return 1;
    }
    log_event(LEVEL_NOTICE, "event=node_starting node=%s version=" TRUSTLINE_VERSION,
              s.config.node);
    if (geteuid() == 0 && !s.service_owner.change)
        log_event(LEVEL_WARNING, "event=no_wall reason=\"the state directory belongs to root, so "
                                 "every service runs as root\"");
    child_start(child_of(&s, "signer"));
    child_start(child_of(&s, "clerk"));
    if (notify_watchdog_ms())
        loop_timer_start(s.watchdog, 1);
    result = loop_run(s.loop);
    if (result) {
        fprintf(stderr, "trustlined: %s\n", error_text(result));
        s.status = 1;
    }
    log_event(LEVEL_NOTICE, "event=node_stopped");
    go_down(&s);
    log_close();
    return s.status;
}
