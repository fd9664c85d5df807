/*
 * machine: the numbers of the machine we run on, for `show status`.
 */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "base/error.h"

#include <stdint.h>

struct machine_cpu {
    double idle, system, user, io_wait, irq, soft_irq; /* percent, over a tenth of a second */
};

struct machine_memory {
    uint64_t total, free, used, cached, shared, buffers; /* KiB */
};

struct machine_disk {
    uint64_t total, free, used; /* KiB */
    unsigned percent;           /* used, of what can be used, rounded up as df(1) does */
};

/* "Europe/Vienna", from where the system keeps it; "" when it does not say. */
void machine_zone(char *out, size_t size);

struct machine {
    char host[256];
    char system[160]; /* "Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64" */
    char zone[128];   /* "Central European Time (Europe/Vienna)" as far as it is known */
    char locale[64];
    char date[64];  /* "Mon Mar 2, 2026 00:36:32" */
    int64_t uptime; /* seconds */
    double load[3]; /* of the last minute, 5 and 15 minutes */
    struct machine_cpu cpu;
    struct machine_memory memory;
};

/* Waits a tenth of a second to see what the processors do. What the system does not tell is 0 or
 * "unknown". */
void machine_look(struct machine *out);
int machine_disk(struct machine_disk *out, const char *path) CHECKED;

/* "up 79 days, 12:45", as uptime(1) has it. Returns `out`. */
char *machine_uptime_text(char out[48], int64_t seconds);

#endif
