/* The phones of a fleet, one by one. */
#include "phone/fleet_parts.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int64_t now_of(const struct fleet *f)
{
    return loop_now(f->world.loop);
}

void member_free(struct member *m)
{
    if (!m)
        return;
    m->fleet->members[m->number] = NULL;
    m->fleet->running--;
    desk_free(m->desk);
    phone_free(m->phone);
    identity_fini(&m->mic);
    free(m);
}

static void settle(struct member *m, enum boot_outcome outcome, int64_t ms)
{
    struct fleet *f = m->fleet;
    size_t lists = shelf_count(f->world.shelf);
    if (m->settled)
        return;
    m->settled = true;
    f->settled++;
    if (lists > f->tally.most_lists)
        f->tally.most_lists = lists;
    tally_phone(&f->tally, outcome, ms);
    fleet_wake(f);
}

/* ---- leaving ---- */

void member_leave(struct member *m)
{
    struct fleet *f = m->fleet;
    if (m->leaves)
        return;
    m->leaves = true;
    m->next = f->leaving;
    f->leaving = m;
    loop_timer_start(f->farewell, 0);
}

static void forget(struct fleet *f, const struct member *m)
{
    for (struct member **link = &f->leaving; *link; link = &(*link)->next)
        if (*link == m) {
            *link = m->next;
            return;
        }
}

void members_part(void *context)
{
    struct fleet *f = context;
    while (f->leaving) {
        struct member *m = f->leaving;
        f->leaving = m->next;
        phone_leave(m->phone);
    }
    while (f->gone) {
        struct member *m = f->gone;
        f->gone = m->next;
        member_free(m);
    }
    fleet_wake(f);
}

/* ---- what happens to it ---- */

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
        m->capf_begin = now_of(m->fleet);
    if (action->kind != BOOT_OVER || m->settled)
        return;
    m->outcome = action->outcome;
    m->files_ms = now_of(m->fleet) - m->begin;
}

static void take_enrolled(void *context, const struct enrolment_result *result)
{
    struct member *m = context;
    tally_enrolled(&m->fleet->tally, m->device, result, now_of(m->fleet) - m->capf_begin);
}

static void take_tvs(void *context, const struct boot *boot, const struct tvsc_news *news)
{
    const struct member *m = context;
    (void)boot;
    tally_tvs(&m->fleet->tally, news);
}

static void registered(struct member *m, const struct boot *boot)
{
    const struct fleet *f = m->fleet;
    const struct arguments *a = f->arguments;
    m->mode = boot_configuration(boot)->security_mode;
    if (!m->registered)
        tally_registered(&m->fleet->tally, now_of(f) - m->register_begin, now_of(f) - f->begin);
    m->registered = true;
    /* With the files it got, or with those it had. */
    settle(m, m->outcome == OUTCOME_REFUSED ? OUTCOME_REFUSED : OUTCOME_FILES, m->files_ms);
    if (a->goal == GOAL_REGISTERED && !a->stays)
        member_leave(m);
}

static void take_registration(struct member *m, const struct boot *boot,
                              const struct registration_step *step)
{
    if (step->what == REGISTRATION_DONE)
        registered(m, boot);
    else if (step->what == REGISTRATION_LOST)
        tally_lost(&m->fleet->tally, m->device, step->words);
}

static void take_signalling(void *context, const struct boot *boot,
                            const struct signalling_news *news)
{
    struct member *m = context;
    if (news->what == SIGNALLING_CONNECTS && !m->register_begin)
        m->register_begin = now_of(m->fleet);
    if (news->what == SIGNALLING_REGISTRATION)
        take_registration(m, boot, news->registration);
    member_called(m, news);
}

static void take_unregistered(void *context, const struct signalling_end *end)
{
    const struct member *m = context;
    char words[600];
    if (end->again || !end->words[0])
        return;
    text_format(words, sizeof words, "%s: %s", end->server, end->words);
    tally_not_registered(&m->fleet->tally, m->device, words);
}

static void finished(void *context, int error, const struct why *why)
{
    struct member *m = context;
    struct fleet *f = m->fleet;
    bool failed = error || (f->arguments->goal >= GOAL_REGISTERED && !m->registered);
    if (error)
        tally_trouble(&f->tally, m->device, why_text(why, error));
    settle(m, failed && m->outcome == OUTCOME_FILES ? OUTCOME_FAILED : m->outcome,
           now_of(f) - m->begin);
    member_gives_up(m);
    forget(f, m);
    m->leaves = true;
    m->next = f->gone; /* freed later: who called this may be at its desk */
    f->gone = m;
    loop_timer_start(f->farewell, 0);
}

/* ---- switching it on ---- */

/* The MIC of a fleet's phone: NAME.pem in the directory. */
static int load_mic(struct member *m, struct why *why)
{
    char path[FILE_PATH], name[DEVICE_NAME_LENGTH + 5];
    text_format(name, sizeof name, "%s.pem", m->device);
    int result = file_path(path, m->fleet->arguments->mic, name);
    return result ? result : identity_load(&m->mic, path, why);
}

static void line_begun(void *context, const char *text)
{
    (void)context;
    (void)text;
}

static int make_phone(struct member *m)
{
    static const struct phone_events events = {
        .ready = ready,
        .action = take_action,
        .finished = finished,
        .enrolled = take_enrolled,
        .tvs = take_tvs,
        .signalling = take_signalling,
        .unregistered = take_unregistered,
    };
    struct fleet *f = m->fleet;
    const struct arguments *a = f->arguments;
    char home[FILE_PATH];
    struct address source;
    struct enrolment_pace pace;
    struct phone_setup setup = {
        .device = m->device,
        .model = a->models[m->number % a->model_count],
        .server = *f->server,
        .source = fleet_source(&source, f->server, m->number) ? &source : NULL,
        .home = a->home ? home : NULL,
        .enrols = a->goal >= GOAL_ENROLLED,
        .registers = a->goal >= GOAL_REGISTERED,
        .auth_string = a->auth_string,
        .mic = a->mic ? &m->mic : NULL,
        .tls = a->tls,
        .pace = &pace,
        .registration_rounds = a->stays ? 0 : PHONE_ROUNDS,
        .mute = true,
        .events = &events,
        .context = m,
    };
    enrolment_pace_default(&pace);
    pace.key_ms = a->key_ms;
    memcpy(setup.erase, a->erase, sizeof setup.erase);
    int result = a->home ? file_path(home, a->home, m->device) : 0;
    if (result == 0 && a->mic)
        result = load_mic(m, &f->why);
    return result ? result : phone_new(&m->phone, &f->world, &setup);
}

static int make_desk(struct member *m)
{
    const struct desk_setup desk = {.loop = m->fleet->world.loop,
                                    .phone = m->phone,
                                    .answers = true,
                                    .line = line_begun,
                                    .done = member_hung_up,
                                    .context = m};
    return m->fleet->arguments->calls ? desk_new(&m->desk, &desk) : 0;
}

int member_start(struct fleet *f, size_t number)
{
    struct member *m = calloc(1, sizeof *m);
    if (!m)
        return -ENOMEM;
    *m = (struct member){
        .fleet = f, .number = number, .begin = now_of(f), .outcome = OUTCOME_FAILED};
    arguments_device(f->arguments, number, m->device);
    f->members[number] = m;
    f->running++;
    int result = make_phone(m);
    if (result == 0)
        result = make_desk(m);
    if (result) {
        member_free(m);
        return result;
    }
    phone_start(m->phone);
    return 0;
}
