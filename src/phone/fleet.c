#include "phone/fleet_parts.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PACE_MS = 10,        /* between two looks at how many phones are due */
    BURST = 64,          /* phones switched on in one turn of the loop */
    PROGRESS_MS = 10000, /* between two lines of progress */
    TERMINAL_MS = 250,   /* the same on a terminal */
    FILES_EACH = 6,      /* descriptors of a booting phone: sockets, its flash, three for HTTP */
    FILES_OWN = 64 + TFTPC_LINGERING,
};

bool fleet_source(struct address *out, const struct address *server, size_t n)
{
    if (!address_is_loopback(server) || server->any.sa_family != AF_INET)
        return false;
    uint32_t last = (uint32_t)(n % 254) + 1;
    uint32_t third = (uint32_t)(n / 254 % 256);
    uint32_t second = (uint32_t)(n / 254 / 256 % 254) + 1;
    struct address a = {.size = sizeof a.v4};
    a.v4.sin_family = AF_INET;
    a.v4.sin_addr.s_addr = htonl(127u << 24 | second << 16 | third << 8 | last);
    *out = a;
    return true;
}

/* ---- pace ---- */

static size_t count_due(const struct fleet *f)
{
    size_t due = f->arguments->fleet;
    if (f->arguments->rate) {
        int64_t elapsed = loop_now(f->world.loop) - f->begin;
        uint64_t by_rate = (uint64_t)elapsed * f->arguments->rate / 1000 + 1;
        if (by_rate < due)
            due = (size_t)by_rate;
    }
    size_t room = f->concurrency - (f->started - f->settled);
    return due - f->started < room ? due - f->started : room;
}

static void start_members(struct fleet *f)
{
    size_t due = count_due(f);
    for (size_t i = 0; i < due && i < BURST && f->error == 0; i++)
        f->error = member_start(f, f->started++);
    if (f->error == 0 && f->started < f->arguments->fleet)
        loop_timer_start(f->pace, due > BURST ? 0 : PACE_MS);
}

static void leave_all(struct fleet *f)
{
    f->over = true;
    for (size_t i = 0; i < f->arguments->fleet; i++)
        if (f->members[i])
            member_leave(f->members[i]);
}

static void keep_pace(void *context)
{
    struct fleet *f = context;
    f->soon = false;
    if (!f->over)
        start_members(f);
    bool all = f->settled == f->arguments->fleet;
    if (all && f->arguments->calls && !f->calls.begin && !f->over && f->error == 0)
        f->error = fleet_calls_begin(f);
    if (fleet_calls_are_over(f) && !f->over)
        leave_all(f);
    if (f->error || ((all || f->over) && f->running == 0))
        loop_stop(f->world.loop);
}

void fleet_wake(struct fleet *f)
{
    if (!f->soon)
        loop_timer_start(f->pace, 0);
    f->soon = true;
}

static void show_progress(void *context)
{
    struct fleet *f = context;
    double seconds = (double)(loop_now(f->world.loop) - f->begin) / 1000.0;
    double rate = seconds > 0 ? (double)f->tally.phones / seconds : 0;
    double left = rate > 0 ? (double)(f->tally.expected - f->tally.phones) / rate : 0;
    fputs(f->terminal ? "\r\033[K" : "", stderr);
    if (f->settled < f->arguments->fleet)
        fprintf(stderr, "%zu of %zu phones, %.0f/s, %.0f s left", f->tally.phones,
                f->tally.expected, rate, left);
    else
        fprintf(stderr, "%zu phones are there, %zu calls, %zu of them going on", f->running,
                f->tally.calls + f->calls.going, f->calls.going);
    fputs(f->terminal ? "" : "\n", stderr);
    loop_timer_start(f->progress, f->terminal ? TERMINAL_MS : PROGRESS_MS);
}

/* Who is registered says goodbye; who is interrupted twice does not wait for that. */
static void interrupted(void *context, int number)
{
    struct fleet *f = context;
    (void)number;
    if (f->over || f->arguments->goal < GOAL_REGISTERED)
        loop_stop(f->world.loop);
    else
        leave_all(f);
    fleet_wake(f);
}

/* ---- the whole ---- */

/* Each booting phone has sockets, and each that stays has one to its call manager: as many as this
 * process may have open. */
static int fit_concurrency(struct fleet *f)
{
    const struct arguments *a = f->arguments;
    struct rlimit limit;
    size_t own = FILES_OWN + (a->stays || a->calls ? a->fleet : 0);
    f->concurrency = a->concurrency < a->fleet ? a->concurrency : a->fleet;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur >= own + FILES_EACH * f->concurrency)
        return 0;
    if (limit.rlim_cur < own + FILES_EACH && own > FILES_OWN)
        return why_error(&f->why, ERR_LIMIT,
                         "%zu phones that stay need %zu open files, and the limit is %llu (ulimit "
                         "-n): let fewer do",
                         a->fleet, own + FILES_EACH, (unsigned long long)limit.rlim_cur);
    f->concurrency = limit.rlim_cur > own + FILES_EACH ? (limit.rlim_cur - own) / FILES_EACH : 1;
    fprintf(stderr,
            "trustline-phone: note: %zu phones boot at once, the limit of open files (%llu) allows "
            "no more\n",
            f->concurrency, (unsigned long long)limit.rlim_cur);
    return 0;
}

static int make_parts(struct fleet *f)
{
    const struct arguments *a = f->arguments;
    int result = fit_concurrency(f);
    if (result == 0)
        result = tally_init(&f->tally, a->fleet);
    if (result == 0 && a->goal >= GOAL_REGISTERED)
        result = tally_init_calls(&f->tally);
    f->members = calloc(a->fleet, sizeof *f->members);
    if (result == 0 && !f->members)
        result = -ENOMEM;
    if (result == 0)
        result = phone_world_init(&f->world, a->stays || a->calls ? a->fleet : f->concurrency);
    if (result == 0 && a->key_pool)
        result = keypool_open(&f->world.keys, a->key_pool, &f->why);
    return result;
}

static int make_timers(struct fleet *f)
{
    struct loop *loop = f->world.loop;
    int result = loop_timer_new(&f->pace, loop, keep_pace, f);
    if (result == 0)
        result = loop_timer_new(&f->progress, loop, show_progress, f);
    if (result == 0)
        result = loop_timer_new(&f->farewell, loop, members_part, f);
    if (result == 0)
        result = loop_signal_new(&f->interrupt, loop, SIGINT, interrupted, f);
    if (result == 0)
        result = loop_signal_new(&f->terminate, loop, SIGTERM, interrupted, f);
    return result;
}

static int run(struct fleet *f)
{
    int result = make_timers(f);
    if (result)
        return result;
    f->begin = clock_ms();
    loop_timer_start(f->pace, 0);
    if (!f->arguments->quiet)
        loop_timer_start(f->progress, f->terminal ? TERMINAL_MS : PROGRESS_MS);
    result = loop_run(f->world.loop);
    if (f->terminal && !f->arguments->quiet)
        fputs("\r\033[K", stderr);
    return result ? result : f->error;
}

static enum phone_exit conclude(struct fleet *f)
{
    struct tally *t = &f->tally;
    int result = 0;
    t->elapsed_ms = clock_ms() - f->begin;
    t->resent = tftpc_counters(f->world.tftpc)->resent;
    if (f->arguments->json)
        result = tally_print_json(t, stdout);
    else
        tally_print(t, stdout);
    if (result || fflush(stdout) != 0 || ferror(stdout)) {
        fputs("trustline-phone: cannot write the output\n", stderr);
        return EXIT_NOT_REACHED;
    }
    if (t->outcomes[OUTCOME_REFUSED])
        return EXIT_REFUSED;
    bool called = !f->arguments->calls || (t->calls && !t->calls_failed);
    return t->outcomes[OUTCOME_FILES] == t->expected && called ? EXIT_REACHED : EXIT_NOT_REACHED;
}

static void free_parts(struct fleet *f)
{
    for (size_t i = 0; f->members && i < f->arguments->fleet; i++)
        member_free(f->members[i]);
    free(f->members);
    loop_timer_free(f->calls.pace);
    loop_timer_free(f->pace);
    loop_timer_free(f->progress);
    loop_timer_free(f->farewell);
    loop_signal_free(f->interrupt);
    loop_signal_free(f->terminate);
    keypool_free(f->world.keys);
    phone_world_fini(&f->world);
    tally_fini(&f->tally);
}

enum phone_exit fleet_run(const struct arguments *arguments, const struct address *server)
{
    struct fleet f = {
        .arguments = arguments, .server = server, .terminal = isatty(STDERR_FILENO) == 1};
    enum phone_exit status = EXIT_NOT_REACHED;
    int lock = -1;
    int result = arguments->home ? flash_lock(&lock, arguments->home, &f.why) : 0;
    if (result == 0)
        result = make_parts(&f);
    if (result == 0)
        result = run(&f);
    if (result)
        fprintf(stderr, "trustline-phone: the fleet: %s\n", why_text(&f.why, result));
    else
        status = conclude(&f);
    free_parts(&f);
    if (lock >= 0)
        close(lock);
    return status;
}
