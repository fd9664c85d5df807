#include "service/tftp/watch.h"

#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    DIRECTORIES_MAX = 4096,
    DEPTH_MAX = 32,
    ABSENT_MS = 1000,   /* after which a directory that is not there is looked for again, */
    TROUBLE_MS = 60000, /* and one that cannot be watched tried again */
    /* What makes what was read out of date. */
    EVENTS = IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
             IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF,
};

struct directory {
    int number;  /* inotify's */
    char path[]; /* relative; "" is the root */
};

/* A walk through all directories, on the worker. */
struct scan {
    int inotify;
    char root[FILE_PATH];
    int result;
    char trouble[200];
    size_t count;
    struct directory *found[DIRECTORIES_MAX];
};

struct watch {
    struct loop *loop;
    struct worker *worker;
    char root[FILE_PATH];
    int inotify;
    struct loop_watch *ready;
    struct loop_timer *again;
    void (*changed)(void *context, const char *path);
    void *context;
    struct map *directories; /* by number */
    struct scan *scan;       /* under way */
    bool outdated;           /* directories came or went meanwhile */
    bool covers;
    bool absent;
    bool complained;
};

static struct bytes key_of(const int *number)
{
    return bytes_of(number, sizeof *number);
}

/* ---- the walk ---- */

/* File systems whose changes by other machines, or by a program behind them, nobody tells us. */
static bool is_remote(const char *path)
{
    static const unsigned long remote[] = {0x6969,     0x517b,     0xff534d42, 0xfe534d42,
                                           0x65735546, 0x01021997, 0x00c36400, 0x5346414f,
                                           0x73757245, 0x0bd00bd0, 0x19830326};
    struct statfs fs;
    if (statfs(path, &fs) != 0)
        return false;
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        if ((unsigned long)fs.f_type == remote[i])
            return true;
    return false;
}

static void trouble(struct scan *scan, int error, const char *what)
{
    if (scan->result)
        return;
    scan->result = error;
    text_copy(scan->trouble, sizeof scan->trouble, what);
}

static void scan_directory(struct scan *scan, const char *path, unsigned depth);

static void scan_entries(struct scan *scan, const char *whole, const char *path, unsigned depth)
{
    DIR *dir = opendir(whole);
    struct dirent *entry;
    if (!dir)
        return; /* not readable: nothing in it is served either */
    while ((entry = readdir(dir)) != NULL && scan->result == 0) {
        char child[FILE_PATH];
        struct stat st;
        if (entry->d_name[0] == '.' ||
            (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK))
            continue;
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISLNK(st.st_mode))
            trouble(scan, ERR_UNSUPPORTED, "a symbolic link leads to files elsewhere");
        else if (S_ISDIR(st.st_mode) &&
                 text_format(child, sizeof child, "%s%s%s", path, *path ? "/" : "", entry->d_name))
            scan_directory(scan, child, depth + 1);
    }
    closedir(dir);
}

static void scan_directory(struct scan *scan, const char *path, unsigned depth)
{
    char whole[2 * FILE_PATH];
    text_format(whole, sizeof whole, "%s%s%s", scan->root, *path ? "/" : "", path);
    if (scan->count == DIRECTORIES_MAX || depth > DEPTH_MAX) {
        trouble(scan, ERR_LIMIT, "there are too many directories");
        return;
    }
    int number = inotify_add_watch(scan->inotify, whole, EVENTS | IN_ONLYDIR | IN_DONT_FOLLOW);
    if (number < 0) {
        if (errno != ENOENT || depth == 0)
            trouble(scan, -errno, "inotify refuses to watch a directory");
        return;
    }
    struct directory *d = malloc(sizeof *d + strlen(path) + 1);
    if (!d) {
        trouble(scan, -ENOMEM, "no memory");
        return;
    }
    d->number = number;
    memcpy(d->path, path, strlen(path) + 1);
    scan->found[scan->count++] = d;
    scan_entries(scan, whole, path, depth);
}

static void scan_run(void *context)
{
    struct scan *scan = context;
    if (is_remote(scan->root))
        trouble(scan, ERR_UNSUPPORTED, "the file system does not tell of all changes");
    else
        scan_directory(scan, "", 0);
}

/* ---- on the loop ---- */

static void scan_start(struct watch *watch);

static void learn(struct watch *watch, struct directory *d)
{
    free(map_remove(watch->directories, key_of(&d->number)));
    if (map_add(watch->directories, key_of(&d->number), d) != 0) {
        watch->covers = false;
        free(d);
    }
}

static void complain(struct watch *watch, const struct scan *scan)
{
    char path[FILE_PATH];
    if (watch->complained || scan->result == 0 || scan->result == -ENOENT)
        return;
    watch->complained = true;
    log_event(LEVEL_NOTICE,
              "event=files_not_watched directory=%s reason=\"%s: %s\" effect=\"every request looks "
              "at the disk\"",
              text_value(path, sizeof path, bytes_of_string(watch->root)), scan->trouble,
              error_text(scan->result));
}

static void scan_done(void *context)
{
    struct watch *watch = context;
    struct scan *scan = watch->scan;
    bool still_absent = watch->absent && scan->result == -ENOENT;
    watch->scan = NULL;
    watch->absent = scan->result == -ENOENT;
    watch->covers = scan->result == 0 || watch->absent;
    for (size_t i = 0; i < scan->count; i++)
        learn(watch, scan->found[i]);
    complain(watch, scan);
    if (scan->result)
        loop_timer_start(watch->again, watch->absent ? ABSENT_MS : TROUBLE_MS);
    free(scan);
    if (watch->outdated)
        scan_start(watch);
    if (!still_absent)
        watch->changed(watch->context, NULL);
}

static void scan_job(void *context)
{
    struct watch *watch = context;
    scan_run(watch->scan);
}

/* What changes while the walk goes on is not all heard of: it covers nothing until it is over. */
static void scan_start(struct watch *watch)
{
    watch->covers = watch->absent;
    if (watch->scan) {
        watch->outdated = true;
        return;
    }
    watch->outdated = false;
    watch->scan = calloc(1, sizeof *watch->scan);
    if (watch->scan) {
        watch->scan->inotify = watch->inotify;
        text_copy(watch->scan->root, sizeof watch->scan->root, watch->root);
        if (worker_submit(watch->worker, scan_job, scan_done, watch) == 0)
            return;
        free(watch->scan);
        watch->scan = NULL;
    }
    loop_timer_start(watch->again, ABSENT_MS);
}

static void look_again(void *context)
{
    scan_start(context);
}

/* true when directories may have come or gone. */
static bool take_event(struct watch *watch, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return true;
    struct directory *d = map_get(watch->directories, key_of(&event->wd));
    if (event->mask & IN_IGNORED) {
        free(map_remove(watch->directories, key_of(&event->wd)));
        return d && d->path[0] == '\0';
    }
    if (!d || (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) ||
        ((event->mask & IN_ISDIR) &&
         (event->mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB))))
        return true;
    char path[2 * FILE_PATH];
    if (event->len && !(event->mask & IN_ISDIR)) {
        text_format(path, sizeof path, "%s%s%s", d->path, d->path[0] ? "/" : "", event->name);
        watch->changed(watch->context, path);
    }
    return false;
}

void watch_poll(struct watch *watch)
{
    union {
        struct inotify_event align;
        char room[16384];
    } events;
    bool all = false;
    ssize_t n;
    while ((n = read(watch->inotify, events.room, sizeof events.room)) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *event = (const void *)(events.room + at);
            all = take_event(watch, event) || all;
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    if (all) {
        scan_start(watch);
        watch->changed(watch->context, NULL);
    }
}

static void events_ready(void *context, unsigned what)
{
    (void)what;
    watch_poll(context);
}

int watch_new(struct watch **out, struct loop *loop, struct worker *worker, const char *directory,
              void (*changed)(void *context, const char *path), void *context)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return -ENOMEM;
    *watch = (struct watch){.loop = loop, .worker = worker, .changed = changed, .context = context};
    text_copy(watch->root, sizeof watch->root, directory);
    watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int result = watch->inotify < 0 ? -errno : 0;
    if (result == 0)
        result = map_new(&watch->directories, 2 * DIRECTORIES_MAX);
    if (result == 0)
        result = loop_timer_new(&watch->again, loop, look_again, watch);
    if (result == 0)
        result = loop_watch_new(&watch->ready, loop, watch->inotify, events_ready, watch);
    if (result == 0)
        result = loop_watch_set(watch->ready, LOOP_READ);
    if (result) {
        watch_free(watch);
        return result;
    }
    scan_start(watch);
    *out = watch;
    return 0;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    loop_watch_free(watch->ready);
    loop_timer_free(watch->again);
    size_t position = 0;
    struct directory *d;
    while (watch->directories && (d = map_next(watch->directories, &position, NULL)) != NULL)
        free(d);
    map_free(watch->directories);
    if (watch->inotify >= 0)
        close(watch->inotify);
    free(watch);
}

bool watch_covers(const struct watch *watch)
{
    return watch->covers;
}
