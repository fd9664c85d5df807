#include "cluster/cluster.h"

#include "base/text.h"
#include "cluster/parts.h"
#include "net/channel.h"
#include "signer/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 60 * 1000, TIDY_WAIT_MS = 1000, CONTROL_WAIT_MS = 10 * 1000 };

struct cluster {
    char state[FILE_PATH];
    struct config config;
    struct store *store;
    struct store_node node;
    struct signer *signer;
    int lock;
};

/* The address of run/control whatever the length of the path: sun_path has 108 bytes only. *dir is
 * to be closed after the call it is for. */
static int control_address(struct sockaddr_un *out, int *dir, const char *state)
{
    char run[FILE_PATH];
    int result = file_path(run, state, STATE_RUN);
    if (result)
        return result;
    *dir = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*dir < 0)
        return -errno;
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/control", *dir);
    return 0;
}

/* A connection to the supervisor, or -ENOENT when none runs. */
static int control_connect(int *fd, const char *state, int type)
{
    struct sockaddr_un address;
    int dir = -1;
    int result = control_address(&address, &dir, state);
    if (result)
        return result;
    int s = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (s < 0)
        result = -errno;
    else if (connect(s, (struct sockaddr *)&address, sizeof address) != 0)
        result = errno == ECONNREFUSED ? -ENOENT : -errno;
    close(dir);
    if (result == 0)
        *fd = s;
    else if (s >= 0)
        close(s);
    return result;
}

/* A signer of our own: only root, or the user the keys belong to, can start one. */
static int start_signer(int *fd, const char *state, struct why *why)
{
    char keys[FILE_PATH];
    struct stat st;
    int result = file_path(keys, state, STATE_KEYS);
    if (result)
        return result;
    if (geteuid() != 0 && stat(keys, &st) == 0 && st.st_uid != geteuid())
        return why_error(why, -EACCES, "%s belongs to another user: do this as root", keys);
    return signer_spawn(fd, state, why);
}

/* The supervisor answers a connection with an end of a socketpair to the signer. */
static int signer_end(int *fd, const char *state, struct why *why)
{
    int control = -1;
    int result = control_connect(&control, state, SOCK_SEQPACKET);
    if (result == -ENOENT)
        return start_signer(fd, state, why);
    if (result)
        return why_error(why, result, "%s/%s: cannot reach trustlined: %s", state, STATE_CONTROL,
                         error_text(result));
    struct buffer message;
    int fds[CHANNEL_FDS_MAX];
    size_t count = 0;
    buffer_init(&message, 512);
    result = channel_receive(control, &message, fds, &count, CONTROL_WAIT_MS);
    for (size_t i = 1; result == 0 && i < count; i++)
        close(fds[i]);
    if (result)
        result = why_error(why, result, "trustlined does not hand out the signer: %s",
                           error_text(result));
    else if (count == 0)
        result = why_error(why, ERR_POLICY, "trustlined refused: %s", buffer_string(&message));
    else
        *fd = fds[0];
    buffer_fini(&message);
    close(control);
    return result;
}

static int take_signer(struct cluster *c, struct why *why)
{
    int fd = -1;
    int result = signer_end(&fd, c->state, why);
    return result ? result : signer_new(&c->signer, fd);
}

int cluster_signer(struct cluster *c, struct signer **out, struct why *why)
{
    int result = c->signer ? 0 : take_signer(c, why);
    if (result == 0)
        *out = c->signer;
    return result;
}

int cluster_give_signer(struct cluster *c, int fd)
{
    signer_free(c->signer);
    c->signer = NULL;
    return signer_new(&c->signer, fd);
}

/* A knock with the wrong kind of socket: the kernel tells it from a door that nobody is behind, and
 * the supervisor is not troubled. */
bool cluster_is_served(const char *state)
{
    int fd = -1;
    int result = control_connect(&fd, state, SOCK_DGRAM);
    if (result == 0)
        close(fd);
    return result == 0 || result == -EPROTOTYPE || result == -EACCES;
}

/* From root to the owner of the state directory, for good. */
static int become(uid_t user, gid_t group, struct why *why)
{
    if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 ||
        setresuid(user, user, user) != 0)
        return why_error(why, -errno, "cannot become the owner of the state directory: %s",
                         error_text(-errno));
    return 0;
}

/* Is there a cluster, as far as we may look? */
static int look_for(const char *state, struct stat *st, struct why *why)
{
    char path[FILE_PATH];
    struct stat file;
    int result = file_path(path, state, STATE_CONFIG);
    if (result)
        return result;
    if (stat(state, st) == 0 && stat(path, &file) == 0)
        return 0;
    if (errno == ENOENT || errno == ENOTDIR)
        return why_error(why, -errno,
                         "%s: there is no cluster here (make one with: trustline init)", state);
    return why_error(why, -errno, "%s: %s (its owner and root may do this)", state,
                     error_text(-errno));
}

static int enter(struct cluster *c, enum cluster_access access, struct why *why)
{
    struct stat st;
    struct why unasked = WHY_NONE;
    int looked = 0;
    int result = look_for(c->state, &st, why);
    if (result)
        return result;
    if (geteuid() != 0 || st.st_uid == 0)
        return result;
    /* Behind the wall only root gets an end to the signer: now or never. Who just looks does
     * without one if need be. */
    if (access == CLUSTER_ACT)
        result = take_signer(c, why);
    else if (access == CLUSTER_INSPECT && cluster_is_served(c->state))
        looked = take_signer(c, &unasked);
    (void)looked;
    return result ? result : become(st.st_uid, st.st_gid, why);
}

static int open_store(struct cluster *c, bool acts, struct why *why)
{
    char where[FILE_PATH];
    int result = config_store_address(where, &c->config, c->state);
    if (result == 0)
        result = store_open(&c->store, where, acts ? STORE_WRITE : STORE_READ, why);
    if (result)
        return result;
    result = store_node_get(c->store, c->config.node, &c->node);
    return result ? why_error(why, result, "%s/%s: the cluster has no node %s", c->state,
                              STATE_CONFIG, c->config.node)
                  : 0;
}

static int say_who_may(const char *state, int result, struct why *why)
{
    struct why said = why ? *why : (struct why)WHY_NONE;
    if (why)
        *why = (struct why)WHY_NONE;
    return why_error(why, result, "%s (the owner of %s and root may do this)",
                     why_text(&said, result), state);
}

int cluster_open(struct cluster **out, const char *state, enum cluster_access access,
                 struct why *why)
{
    struct cluster *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    c->lock = -1;
    int result = text_copy(c->state, sizeof c->state, state) ? 0 : ERR_LIMIT;
    if (result == 0)
        result = enter(c, access, why);
    if (result == 0) {
        result = config_load(&c->config, state, why);
        if (result == -EACCES)
            result = say_who_may(state, result, why);
    }
    bool acts = access == CLUSTER_ACT || access == CLUSTER_TIDY;
    if (result == 0 && acts) {
        char path[FILE_PATH];
        result = file_path(path, state, STATE_LOCK);
        if (result == 0)
            result =
                file_lock(&c->lock, path, access == CLUSTER_ACT ? LOCK_WAIT_MS : TIDY_WAIT_MS, why);
    }
    if (result == 0)
        result = open_store(c, acts, why);
    if (result) {
        cluster_close(c);
        return result;
    }
    *out = c;
    return 0;
}

void cluster_close(struct cluster *c)
{
    if (!c)
        return;
    signer_free(c->signer);
    store_close(c->store);
    if (c->lock >= 0)
        close(c->lock);
    free(c);
}

struct store *cluster_store(struct cluster *c)
{
    return c->store;
}

const struct config *cluster_config(const struct cluster *c)
{
    return &c->config;
}

const char *cluster_state(const struct cluster *c)
{
    return c->state;
}

const struct store_node *cluster_node(const struct cluster *c)
{
    return &c->node;
}

int cluster_security_mode(struct cluster *c, int *mode, struct why *why)
{
    char value[PARAMETER_VALUE];
    int result = store_parameter_get(c->store, PARAMETER_SECURITY_MODE, value);
    if (result)
        return why_error(why, result, "the parameter %s is missing", PARAMETER_SECURITY_MODE);
    *mode = strcmp(value, "1") == 0;
    return 0;
}

void act_report_init(struct act_report *report)
{
    *report = (struct act_report){0};
    plan_init(&report->plan);
}

void act_report_fini(struct act_report *report)
{
    if (report)
        plan_fini(&report->plan);
}

int act_finish(struct store *store, int result, const struct act_options *options, struct why *why)
{
    if (result == 0 && !options->dry_run)
        result = store_commit(store, why);
    if (result || options->dry_run)
        store_rollback(store);
    return result;
}

int cluster_from_parts(struct cluster **out, const char *state, const struct config *config,
                       struct store *store, const struct store_node *node, struct signer *signer)
{
    struct cluster *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    text_copy(c->state, sizeof c->state, state);
    c->config = *config;
    c->store = store;
    c->node = *node;
    c->signer = signer;
    c->lock = -1;
    *out = c;
    return 0;
}

int user_find(const char *name, unsigned *user, unsigned *group)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char room[16384];
    int error = getpwnam_r(name, &entry, room, sizeof room, &found);
    if (error)
        return -error;
    if (!found)
        return ERR_NOT_FOUND;
    *user = entry.pw_uid;
    *group = entry.pw_gid;
    return 0;
}
