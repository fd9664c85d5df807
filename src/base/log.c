#include "base/log.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 4096,
    QUEUE_MAX = 1024 * 1024,
    TRACES_MAX = 8,
    DEFAULT_SIZE = 10 * 1024 * 1024,
    DEFAULT_KEEP = 5,
    FLUSH_MS = 50,
};

/* A file lines go to, and what waits to be written to it. */
struct sink {
    char path[FILE_PATH];
    int fd;
    size_t max_size;
    unsigned keep;
    struct buffer queue; /* guarded by logger.lock */
    unsigned long dropped;
};

struct trace {
    struct sink sink;
    char bar[16];
};

static struct logger {
    pthread_mutex_t lock; /* guards everything here but the descriptors */
    pthread_cond_t wake;
    pthread_mutex_t writing; /* held while bytes go to files, so that close waits for them */
    pthread_t thread;
    bool threaded;
    bool stopping;
    bool to_stderr;
    bool journal;
    enum log_level level;
    char program[64];
    struct sink events;
    struct trace *traces[TRACES_MAX];
} logger = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .writing = PTHREAD_MUTEX_INITIALIZER,
    .to_stderr = true,
    .level = LEVEL_INFO,
    .program = "trustline",
    .events.fd = -1,
};

/* A log belongs to the owner of its directory, whoever of us makes it first: the supervisor is root
 * where the roles are not. */
static void give_to_directory(int fd, const char *path)
{
    char directory[FILE_PATH];
    struct stat st;
    text_copy(directory, sizeof directory, path);
    char *slash = strrchr(directory, '/');
    if (geteuid() != 0 || !slash)
        return;
    *slash = '\0';
    if (stat(directory, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) != 0) {
        /* A file system without owners: nothing to give. */
    }
}

static int sink_reopen(struct sink *sink)
{
    int fd = open(sink->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return -errno;
    give_to_directory(fd, sink->path);
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = fd;
    return 0;
}

static int sink_open(struct sink *sink, const char *directory, const char *name, size_t max_size,
                     unsigned keep, struct why *why)
{
    *sink = (struct sink){.fd = -1,
                          .max_size = max_size ? max_size : DEFAULT_SIZE,
                          .keep = keep ? keep : DEFAULT_KEEP};
    buffer_init(&sink->queue, QUEUE_MAX);
    int result = file_path(sink->path, directory, name);
    if (result == 0)
        result = sink_reopen(sink);
    if (result)
        return why_error(why, result, "%s/%s: cannot open: %s", directory, name,
                         error_text(result));
    return 0;
}

static void sink_close(struct sink *sink)
{
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = -1;
    buffer_fini(&sink->queue);
}

/* x.log -> x.log.1 -> ... -> x.log.keep */
static void shift_files(const struct sink *sink)
{
    char from[FILE_PATH + 16];
    char to[FILE_PATH + 16];
    for (unsigned i = sink->keep; i > 0; i--) {
        snprintf(to, sizeof to, "%s.%u", sink->path, i);
        if (i > 1)
            snprintf(from, sizeof from, "%s.%u", sink->path, i - 1);
        else
            snprintf(from, sizeof from, "%s", sink->path);
        rename(from, to);
    }
}

/* Follows a file that another process rotated, and rotates it when it is full. Several processes
 * may see it full at once: the lock and the second look let one of them do it. */
static void sink_rotate(struct sink *sink)
{
    struct stat named;
    struct stat opened;
    if (fstat(sink->fd, &opened) != 0)
        return;
    if (stat(sink->path, &named) != 0 || named.st_ino != opened.st_ino ||
        named.st_dev != opened.st_dev) {
        if (sink_reopen(sink) != 0 || fstat(sink->fd, &opened) != 0)
            return;
    }
    if ((size_t)opened.st_size < sink->max_size)
        return;
    int old = sink->fd;
    if (flock(old, LOCK_EX) != 0)
        return;
    if (stat(sink->path, &named) == 0 && named.st_ino == opened.st_ino)
        shift_files(sink);
    sink->fd = -1;
    if (sink_reopen(sink) != 0)
        sink->fd = old; /* better a large log than none */
    else
        close(old);
}

static void sink_write(struct sink *sink, struct bytes lines)
{
    if (sink->fd < 0 || lines.size == 0)
        return;
    sink_rotate(sink);
    int result = file_write_all(sink->fd, lines);
    (void)result; /* a full disk: there is nowhere to say it but standard error, which has it */
}

/* Takes what is queued out of a sink; the caller holds the lock. */
static struct buffer sink_take(struct sink *sink)
{
    if (sink->dropped) {
        char now[CLOCK_TEXT];
        unsigned long dropped = sink->dropped;
        sink->dropped = 0;
        buffer_format(&sink->queue, "%s %s warning event=log_lines_dropped count=%lu\n",
                      clock_iso(now, clock_wall_ms()), logger.program, dropped);
        sink->queue.error = 0;
    }
    struct buffer taken = sink->queue;
    buffer_init(&sink->queue, QUEUE_MAX);
    return taken;
}

static void flush_all(void)
{
    struct sink *sinks[TRACES_MAX + 1];
    struct buffer lines[TRACES_MAX + 1];
    size_t count = 0;
    pthread_mutex_lock(&logger.writing);
    pthread_mutex_lock(&logger.lock);
    sinks[count] = &logger.events;
    lines[count++] = sink_take(&logger.events);
    for (size_t i = 0; i < TRACES_MAX; i++) {
        if (!logger.traces[i])
            continue;
        sinks[count] = &logger.traces[i]->sink;
        lines[count] = sink_take(sinks[count]);
        count++;
    }
    pthread_mutex_unlock(&logger.lock);
    for (size_t i = 0; i < count; i++) {
        sink_write(sinks[i], buffer_bytes(&lines[i]));
        buffer_fini(&lines[i]);
    }
    pthread_mutex_unlock(&logger.writing);
}

static bool anything_queued(void)
{
    if (logger.events.queue.size)
        return true;
    for (size_t i = 0; i < TRACES_MAX; i++)
        if (logger.traces[i] && logger.traces[i]->sink.queue.size)
            return true;
    return false;
}

static void *writer_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&logger.lock);
    while (!logger.stopping) {
        while (!logger.stopping && !anything_queued())
            pthread_cond_wait(&logger.wake, &logger.lock);
        pthread_mutex_unlock(&logger.lock);
        flush_all();
        /* Lines of the next moment are written together. */
        nanosleep(&(struct timespec){.tv_nsec = FLUSH_MS * 1000 * 1000}, NULL);
        pthread_mutex_lock(&logger.lock);
    }
    pthread_mutex_unlock(&logger.lock);
    flush_all();
    return NULL;
}

int log_start_writer(void)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_mutex_lock(&logger.lock);
    bool running = logger.threaded;
    logger.threaded = true;
    logger.stopping = false;
    pthread_mutex_unlock(&logger.lock);
    if (running)
        return 0;
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&logger.thread, NULL, writer_main, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error)
        logger.threaded = false;
    return -error;
}

int log_open(const struct log_setup *setup, struct why *why)
{
    struct sink events = {.fd = -1};
    if (setup->directory) {
        int result = sink_open(&events, setup->directory, "trustline.log", setup->max_size,
                               setup->keep, why);
        if (result)
            return result;
    }
    flush_all();
    pthread_mutex_lock(&logger.writing);
    pthread_mutex_lock(&logger.lock);
    sink_close(&logger.events);
    logger.events = events;
    logger.to_stderr = setup->to_stderr;
    logger.journal = getenv("JOURNAL_STREAM") != NULL;
    logger.level = setup->level;
    text_copy(logger.program, sizeof logger.program, setup->program);
    pthread_mutex_unlock(&logger.lock);
    pthread_mutex_unlock(&logger.writing);
    return 0;
}

void log_close(void)
{
    pthread_mutex_lock(&logger.lock);
    bool running = logger.threaded;
    logger.stopping = true;
    logger.threaded = false;
    pthread_cond_signal(&logger.wake);
    pthread_mutex_unlock(&logger.lock);
    if (running)
        pthread_join(logger.thread, NULL);
    flush_all();
    sink_close(&logger.events);
}

bool log_says(enum log_level level)
{
    return level <= logger.level;
}

/* Queues the line, or writes it when no writer runs. */
static void sink_put(struct sink *sink, struct bytes line)
{
    if (sink->fd < 0)
        return;
    pthread_mutex_lock(&logger.lock);
    if (!logger.threaded) {
        pthread_mutex_unlock(&logger.lock);
        pthread_mutex_lock(&logger.writing);
        sink_write(sink, line);
        pthread_mutex_unlock(&logger.writing);
        return;
    }
    if (sink->queue.size + line.size > QUEUE_MAX - 256) {
        sink->dropped++;
    } else {
        bool first = sink->queue.size == 0;
        buffer_append(&sink->queue, line);
        if (first)
            pthread_cond_signal(&logger.wake);
    }
    pthread_mutex_unlock(&logger.lock);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LEVEL_ERROR:
        return "error";
    case LEVEL_WARNING:
        return "warning";
    case LEVEL_NOTICE:
        return "notice";
    case LEVEL_INFO:
        return "info";
    case LEVEL_DEBUG:
        return "debug";
    }
    return "info";
}

/* Makes one line of text: no newline inside, one at the end. */
static size_t end_line(char *line, size_t size, int written)
{
    size_t n = written < 0 ? 0 : (size_t)written;
    if (n > size - 2)
        n = size - 2;
    for (size_t i = 0; i < n; i++)
        if (line[i] == '\n' || line[i] == '\r')
            line[i] = ' ';
    line[n] = '\n';
    line[n + 1] = '\0';
    return n + 1;
}

void log_event(enum log_level level, const char *format, ...)
{
    if (!log_says(level))
        return;
    int saved = errno;
    char line[LINE_MAX_BYTES];
    char now[CLOCK_TEXT];
    int head = snprintf(line, sizeof line, "%s %s %s ", clock_iso(now, clock_wall_ms()),
                        logger.program, level_name(level));
    size_t start = head > 0 ? (size_t)head : 0;
    va_list values;
    va_start(values, format);
    int n = vsnprintf(line + start, sizeof line - start, format, values);
    va_end(values);
    size_t size = start + end_line(line + start, sizeof line - start, n);
    if (logger.to_stderr) {
        char out[LINE_MAX_BYTES + 8];
        int m = logger.journal ? snprintf(out, sizeof out, "<%d>%s", (int)level, line + start)
                               : snprintf(out, sizeof out, "%s", line);
        if (m > 0 && file_write_all(STDERR_FILENO, bytes_of(out, (size_t)m)) != 0) {
            /* Nobody reads standard error; the file has the line. */
        }
    }
    sink_put(&logger.events, bytes_of(line, size));
    errno = saved;
}

int trace_open(struct trace **out, const char *directory, const char *name, const char *bar,
               size_t max_size, unsigned keep, struct why *why)
{
    struct trace *trace = calloc(1, sizeof *trace);
    if (!trace)
        return -ENOMEM;
    text_copy(trace->bar, sizeof trace->bar, bar);
    int result = sink_open(&trace->sink, directory, name, max_size, keep, why);
    if (result == 0) {
        result = ERR_LIMIT;
        pthread_mutex_lock(&logger.lock);
        for (size_t i = 0; i < TRACES_MAX && result; i++) {
            if (logger.traces[i])
                continue;
            logger.traces[i] = trace;
            result = 0;
        }
        pthread_mutex_unlock(&logger.lock);
    }
    if (result) {
        sink_close(&trace->sink);
        free(trace);
        return result;
    }
    *out = trace;
    return 0;
}

void trace_line(struct trace *trace, const char *format, ...)
{
    if (!trace)
        return;
    char line[LINE_MAX_BYTES];
    _Static_assert(sizeof line > CLOCK_TEXT + sizeof trace->bar, "room for the time");
    size_t start = strlen(clock_trace(line, clock_wall_ms()));
    text_copy(line + start, sizeof line - start, trace->bar);
    start += strlen(trace->bar);
    va_list values;
    va_start(values, format);
    int n = vsnprintf(line + start, sizeof line - start, format, values);
    va_end(values);
    sink_put(&trace->sink, bytes_of(line, start + end_line(line + start, sizeof line - start, n)));
}

void trace_close(struct trace *trace)
{
    if (!trace)
        return;
    flush_all();
    pthread_mutex_lock(&logger.writing);
    pthread_mutex_lock(&logger.lock);
    for (size_t i = 0; i < TRACES_MAX; i++)
        if (logger.traces[i] == trace)
            logger.traces[i] = NULL;
    pthread_mutex_unlock(&logger.lock);
    pthread_mutex_unlock(&logger.writing);
    sink_close(&trace->sink);
    free(trace);
}
