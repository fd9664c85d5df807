/*
 * log: event lines and traces.
 *
 * An event is one line of fixed keys, `event=lsc_issued device=SEP... auth=string`, to standard
 * error and to log/trustline.log, which all processes of a node append to. A trace is CUCM's own
 * line shape in log/<service>.log, one process a file. Both rotate by size.
 *
 * The logger is the one global of the house. It never blocks an event loop: after
 * log_start_writer() lines go through a bounded queue to a thread of their own; what the queue
 * cannot take is dropped and counted, and the count is said as soon as there is room.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The numbers of syslog(3), which systemd reads as <N>. */
enum log_level {
    LEVEL_ERROR = 3,
    LEVEL_WARNING = 4,
    LEVEL_NOTICE = 5,
    LEVEL_INFO = 6,
    LEVEL_DEBUG = 7,
};

struct log_setup {
    const char *program;   /* "trustlined", or "trustlined[tftp]"; copied */
    const char *directory; /* of trustline.log; NULL: no file */
    bool to_stderr;        /* with "<N>" in front when systemd reads it (JOURNAL_STREAM is set) */
    enum log_level level;  /* what is said at all */
    size_t max_size;       /* bytes before a file is rotated; 0: 10 MiB */
    unsigned keep;         /* rotated files kept; 0: 5 */
};

/* Before this, events go to standard error as they are. Can be called again (reload). */
int log_open(const struct log_setup *setup, struct why *why) CHECKED;
/* From here on lines are queued for the writer's thread. Signals are blocked in it. */
int log_start_writer(void) CHECKED;
/* Writes out what is queued and closes the files. */
void log_close(void);

/* One event. The format is the whole line: "event=name key=%s"; values that come from outside go
 * through text_value(). Thread-safe; errno is preserved. */
void log_event(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
/* Would an event of this level be said? */
bool log_says(enum log_level level);

/* A trace file, "directory/name". Lines are "HH:MM:SS.mmm |text" with `bar` between time and text,
 * since CUCM's services differ ("|", " | debug "). Opaque; NULL is accepted and writes nothing. */
struct trace;
int trace_open(struct trace **out, const char *directory, const char *name, const char *bar,
               size_t max_size, unsigned keep, struct why *why) CHECKED;
void trace_line(struct trace *trace, const char *format, ...) PRINTF_LIKE(2, 3);
void trace_close(struct trace *trace);

#endif
