#include "cli/machine.h"

#include "base/bytes.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLE_MS = 100 };

/* The beginning of a file of /proc or /etc, "" when there is none: such files say no size. */
static void read_text(char *out, size_t size, const char *path)
{
    size_t used = 0;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && used + 1 < size && (n = read(fd, out + used, size - 1 - used)) > 0)
        used += (size_t)n;
    out[used] = '\0';
    if (fd >= 0)
        close(fd);
}

/* The line behind "key" at the beginning of a line, or NULL. */
static const char *line_of(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) == 0)
            return line + length;
    }
    return NULL;
}

/* ---- processors ---- */

enum { USER, NICE, SYSTEM, IDLE, IO_WAIT, IRQ, SOFT_IRQ, STEAL, TIMES };

static void read_times(uint64_t times[TIMES])
{
    char text[4096];
    read_text(text, sizeof text, "/proc/stat");
    const char *at = line_of(text, "cpu ");
    memset(times, 0, TIMES * sizeof *times);
    for (size_t i = 0; at && i < TIMES; i++) {
        char *end;
        times[i] = strtoull(at, &end, 10);
        at = end == at ? NULL : end;
    }
}

/* Of all, in percent with two decimals. */
static double share_of(uint64_t part, uint64_t all)
{
    uint64_t hundredths = all ? (part * 10000 + all / 2) / all : 0;
    return (double)hundredths / 100;
}

static void look_at_cpu(struct machine_cpu *out)
{
    uint64_t before[TIMES];
    uint64_t after[TIMES];
    double share[TIMES];
    uint64_t all = 0;
    read_times(before);
    poll(NULL, 0, SAMPLE_MS);
    read_times(after);
    for (size_t i = 0; i < TIMES; i++) {
        after[i] = after[i] > before[i] ? after[i] - before[i] : 0;
        all += after[i];
    }
    for (size_t i = 0; i < TIMES; i++)
        share[i] = share_of(after[i], all);
    *out = (struct machine_cpu){.idle = share[IDLE],
                                .system = share[SYSTEM],
                                .user = share[USER] + share[NICE],
                                .io_wait = share[IO_WAIT],
                                .irq = share[IRQ],
                                .soft_irq = share[SOFT_IRQ]};
}

/* ---- memory and disks ---- */

static uint64_t kib_of(const char *text, const char *key)
{
    const char *at = line_of(text, key);
    return at ? strtoull(at, NULL, 10) : 0;
}

static void look_at_memory(struct machine_memory *out)
{
    char text[8192];
    read_text(text, sizeof text, "/proc/meminfo");
    *out = (struct machine_memory){.total = kib_of(text, "MemTotal:"),
                                   .free = kib_of(text, "MemFree:"),
                                   .cached = kib_of(text, "Cached:"),
                                   .shared = kib_of(text, "Shmem:"),
                                   .buffers = kib_of(text, "Buffers:")};
    uint64_t kept = out->free + out->cached + out->buffers;
    out->used = out->total > kept ? out->total - kept : 0;
}

int machine_disk(struct machine_disk *out, const char *path)
{
    struct statvfs fs;
    if (statvfs(path, &fs) != 0)
        return -errno;
    uint64_t block = fs.f_frsize;
    uint64_t used = (fs.f_blocks - fs.f_bfree) * block;
    uint64_t usable = used + fs.f_bavail * block;
    *out = (struct machine_disk){.total = fs.f_blocks * block / 1024,
                                 .free = fs.f_bavail * block / 1024,
                                 .used = used / 1024};
    if (usable)
        out->percent = (unsigned)((used * 100 + usable - 1) / usable);
    return 0;
}

/* ---- names ---- */

void machine_zone(char *out, size_t size)
{
    static const char places[] = "zoneinfo/";
    char path[512];
    const char *set = getenv("TZ");
    ssize_t n = readlink("/etc/localtime", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    const char *found = strstr(path, places);
    if (set && *set)
        text_copy(out, size, set[0] == ':' ? set + 1 : set);
    else if (found)
        text_copy(out, size, found + strlen(places));
    else
        read_text(out, size, "/etc/timezone");
    out[strcspn(out, "\n")] = '\0';
}

static void name_zone(struct machine *out, const struct tm *now)
{
    char zone[80] = "";
    machine_zone(zone, sizeof zone);
    text_format(out->zone, sizeof out->zone, "%s (%s)", now->tm_zone ? now->tm_zone : "unknown",
                zone[0] ? zone : "unknown");
}

static void name_system(struct machine *out)
{
    char text[4096] = "";
    char name[96] = "Linux";
    struct utsname uts;
    read_text(text, sizeof text, "/etc/os-release");
    const char *at = line_of(text, "PRETTY_NAME=");
    if (at) {
        at += *at == '"';
        text_copy_bytes(name, sizeof name, bytes_of(at, strcspn(at, "\"\n")));
    }
    text_copy(out->system, sizeof out->system, name);
    if (uname(&uts) == 0)
        text_format(out->system, sizeof out->system, "%s, %s %s", name, uts.sysname, uts.release);
}

static void name_locale(struct machine *out)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    text_copy(out->locale, sizeof out->locale, "C");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) {
            text_copy(out->locale, sizeof out->locale, value);
            return;
        }
    }
}

static void look_at_uptime(struct machine *out)
{
    char text[128];
    read_text(text, sizeof text, "/proc/uptime");
    out->uptime = (int64_t)strtoull(text, NULL, 10);
    read_text(text, sizeof text, "/proc/loadavg");
    const char *at = text;
    for (size_t i = 0; i < 3; i++) {
        char *end;
        out->load[i] = strtod(at, &end);
        at = end;
    }
}

char *machine_uptime_text(char out[48], int64_t seconds)
{
    long long minutes = seconds / 60;
    long long days = minutes / (24 * 60);
    char clock[24];
    if (minutes % (24 * 60) < 60)
        text_format(clock, sizeof clock, "%lld min", minutes % 60);
    else
        text_format(clock, sizeof clock, "%2lld:%02lld", minutes / 60 % 24, minutes % 60);
    if (days)
        text_format(out, 48, "up %lld day%s, %s", days, days == 1 ? "" : "s", clock);
    else
        text_format(out, 48, "up %s", clock);
    return out;
}

void machine_look(struct machine *out)
{
    time_t now = time(NULL);
    struct tm local = {0};
    *out = (struct machine){.uptime = 0};
    if (gethostname(out->host, sizeof out->host - 1) != 0)
        text_copy(out->host, sizeof out->host, "unknown");
    tzset();
    localtime_r(&now, &local);
    strftime(out->date, sizeof out->date, "%a %b %-d, %Y %T", &local);
    name_zone(out, &local);
    name_system(out);
    name_locale(out);
    look_at_uptime(out);
    look_at_cpu(&out->cpu);
    look_at_memory(&out->memory);
}
