#include "phone/fleet.h"

#include "base/clock.h"
#include "base/file.h"
#include "phone/phone.h"
#include "phone/tally.h"

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

struct fleet {
    const struct arguments *arguments;
    const struct address *server;
    struct phone_world world;
    struct tally tally;
    size_t concurrency;
    size_t started, running;
    int64_t begin;
    struct member *members; /* that boot */
    struct loop_timer *pace, *progress;
    bool soon; /* `pace` fires in the next turn */
    struct loop_signal *interrupt;
    bool terminal, interrupted;
    int error; /* that ends all of it */
    struct why why;
};

/* One phone of it, while it boots. */
struct member {
    struct member *next, **link;
    struct fleet *fleet;
    struct phone *phone;
    int64_t begin;
    int64_t capf_begin; /* of its enrolment; 0: none yet */
    struct identity mic;
    enum boot_outcome outcome;
    char device[DEVICE_NAME_LENGTH + 1];
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

/* ---- members ---- */

static void member_free(struct member *m)
{
    *m->link = m->next;
    if (m->next)
        m->next->link = m->link;
    m->fleet->running--;
    phone_free(m->phone);
    identity_fini(&m->mic);
    free(m);
}

static void ready(void *context, const struct boot *boot)
{
    (void)context;
    (void)boot;
}

static void take_action(void *context, const struct boot *boot, const struct boot_action *action)
{
    struct member *m = context;
    tally_action(&m->fleet->tally, boot, action);
    if (action->kind == BOOT_ENROL)
        m->capf_begin = loop_now(m->fleet->world.loop);
    if (action->kind == BOOT_OVER)
        m->outcome = action->outcome;
}

static void take_enrolled(void *context, const struct enrolment_result *result)
{
    struct member *m = context;
    tally_enrolled(&m->fleet->tally, m->device, result,
                   loop_now(m->fleet->world.loop) - m->capf_begin);
}

static void take_tvs(void *context, const struct boot *boot, const struct tvsc_news *news)
{
    const struct member *m = context;
    (void)boot;
    tally_tvs(&m->fleet->tally, news);
}

/* The MIC of a fleet's phone: NAME.pem in the directory. */
static int load_mic(struct member *m, struct why *why)
{
    char path[FILE_PATH], name[DEVICE_NAME_LENGTH + 5];
    text_format(name, sizeof name, "%s.pem", m->device);
    int result = file_path(path, m->fleet->arguments->mic, name);
    return result ? result : identity_load(&m->mic, path, why);
}

static void finished(void *context, int error, const struct why *why)
{
    struct member *m = context;
    struct fleet *f = m->fleet;
    size_t lists = shelf_count(f->world.shelf);
    if (error)
        tally_trouble(&f->tally, m->device, why_text(why, error));
    if (lists > f->tally.most_lists)
        f->tally.most_lists = lists;
    tally_phone(&f->tally, error ? OUTCOME_FAILED : m->outcome, loop_now(f->world.loop) - m->begin);
    member_free(m);
    if (!f->soon)
        loop_timer_start(f->pace, 0);
    f->soon = true;
}

static int start_member(struct fleet *f, size_t n)
{
    static const struct phone_events events = {ready, take_action,   finished,
                                               NULL,  take_enrolled, take_tvs};
    const struct arguments *a = f->arguments;
    char home[FILE_PATH];
    struct address source;
    struct enrolment_pace pace;
    struct member *m = calloc(1, sizeof *m);
    if (!m)
        return -ENOMEM;
    *m = (struct member){.fleet = f, .begin = loop_now(f->world.loop), .outcome = OUTCOME_FAILED};
    arguments_device(a, n, m->device);
    struct phone_setup setup = {
        .device = m->device,
        .model = a->models[n % a->model_count],
        .server = *f->server,
        .source = fleet_source(&source, f->server, n) ? &source : NULL,
        .home = a->home ? home : NULL,
        .enrols = a->goal >= GOAL_ENROLLED,
        .auth_string = a->auth_string,
        .mic = a->mic ? &m->mic : NULL,
        .tls = a->tls,
        .pace = &pace,
        .events = &events,
        .context = m,
    };
    enrolment_pace_default(&pace);
    pace.key_ms = a->key_ms;
    memcpy(setup.erase, a->erase, sizeof setup.erase);
    int result = a->home ? file_path(home, a->home, m->device) : 0;
    if (result == 0 && a->mic)
        result = load_mic(m, &f->why);
    if (result == 0)
        result = phone_new(&m->phone, &f->world, &setup);
    if (result) {
        identity_fini(&m->mic);
        free(m);
        return result;
    }
    m->next = f->members;
    m->link = &f->members;
    if (m->next)
        m->next->link = &m->next;
    f->members = m;
    f->running++;
    phone_start(m->phone); /* m may be gone afterwards */
    return 0;
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
    size_t room = f->concurrency - f->running;
    return due - f->started < room ? due - f->started : room;
}

static void keep_pace(void *context)
{
    struct fleet *f = context;
    size_t due = count_due(f);
    f->soon = false;
    if (f->tally.phones == f->tally.expected) {
        loop_stop(f->world.loop);
        return;
    }
    for (size_t i = 0; i < due && i < BURST && f->error == 0; i++)
        f->error = start_member(f, f->started++);
    if (f->error)
        loop_stop(f->world.loop);
    else if (f->started < f->arguments->fleet)
        loop_timer_start(f->pace, due > BURST ? 0 : PACE_MS);
}

static void show_progress(void *context)
{
    struct fleet *f = context;
    double seconds = (double)(loop_now(f->world.loop) - f->begin) / 1000.0;
    double rate = seconds > 0 ? (double)f->tally.phones / seconds : 0;
    double left = rate > 0 ? (double)(f->tally.expected - f->tally.phones) / rate : 0;
    fprintf(stderr, "%s%zu of %zu phones, %.0f/s, %.0f s left%s", f->terminal ? "\r\033[K" : "",
            f->tally.phones, f->tally.expected, rate, left, f->terminal ? "" : "\n");
    loop_timer_start(f->progress, f->terminal ? TERMINAL_MS : PROGRESS_MS);
}

static void interrupted(void *context, int number)
{
    struct fleet *f = context;
    (void)number;
    f->interrupted = true;
    loop_stop(f->world.loop);
}

/* ---- the whole ---- */

/* Each booting phone has a socket: as many as this process may have open. */
static void fit_concurrency(struct fleet *f)
{
    struct rlimit limit;
    size_t wanted = f->arguments->concurrency;
    f->concurrency = wanted < f->arguments->fleet ? wanted : f->arguments->fleet;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_cur >= FILES_OWN + FILES_EACH * f->concurrency)
        return;
    f->concurrency =
        limit.rlim_cur > FILES_OWN + FILES_EACH ? (limit.rlim_cur - FILES_OWN) / FILES_EACH : 1;
    fprintf(stderr,
            "trustline-phone: note: %zu phones boot at once, the limit of open files (%llu) allows "
            "no more\n",
            f->concurrency, (unsigned long long)limit.rlim_cur);
}

static int run(struct fleet *f)
{
    struct loop *loop = f->world.loop;
    int result = loop_timer_new(&f->pace, loop, keep_pace, f);
    if (result == 0)
        result = loop_timer_new(&f->progress, loop, show_progress, f);
    if (result == 0)
        result = loop_signal_new(&f->interrupt, loop, SIGINT, interrupted, f);
    if (result)
        return result;
    f->begin = clock_ms();
    loop_timer_start(f->pace, 0);
    if (!f->arguments->quiet)
        loop_timer_start(f->progress, f->terminal ? TERMINAL_MS : PROGRESS_MS);
    result = loop_run(loop);
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
    return t->outcomes[OUTCOME_FILES] == t->expected ? EXIT_REACHED : EXIT_NOT_REACHED;
}

enum phone_exit fleet_run(const struct arguments *arguments, const struct address *server)
{
    struct fleet f = {
        .arguments = arguments, .server = server, .terminal = isatty(STDERR_FILENO) == 1};
    enum phone_exit status = EXIT_NOT_REACHED;
    int lock = -1;
    fit_concurrency(&f);
    int result = arguments->home ? flash_lock(&lock, arguments->home, &f.why) : 0;
    if (result == 0)
        result = tally_init(&f.tally, arguments->fleet);
    if (result == 0)
        result = phone_world_init(&f.world, f.concurrency);
    if (result == 0 && arguments->key_pool)
        result = keypool_open(&f.world.keys, arguments->key_pool, &f.why);
    if (result == 0)
        result = run(&f);
    if (result)
        fprintf(stderr, "trustline-phone: the fleet: %s\n", why_text(&f.why, result));
    else
        status = conclude(&f);
    for (struct member *m = f.members, *next; m; m = next) {
        next = m->next;
        member_free(m);
    }
    loop_timer_free(f.pace);
    loop_timer_free(f.progress);
    loop_signal_free(f.interrupt);
    keypool_free(f.world.keys);
    phone_world_fini(&f.world);
    tally_fini(&f.tally);
    if (lock >= 0)
        close(lock);
    return status;
}
