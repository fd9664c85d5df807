#include "phone/single.h"

#include "phone/console.h"
#include "phone/phone.h"
#include "phone/report.h"

#include <string.h>
#include <unistd.h>

struct single {
    const struct arguments *arguments;
    struct phone_world world;
    struct console console;
    struct identity mic;   /* empty: none */
    struct report *report; /* NULL: the console speaks */
    enum phone_exit status;
    bool over;
};

static void complain(struct single *s, const char *words)
{
    fprintf(stderr, "trustline-phone: %s: %s\n", s->arguments->device, words);
    s->status = EXIT_NOT_REACHED;
}

static void ready(void *context, const struct boot *boot)
{
    struct single *s = context;
    if (s->report)
        report_ready(s->report, boot);
}

static void take_action(void *context, const struct boot *boot, const struct boot_action *action)
{
    struct single *s = context;
    if (s->report)
        report_action(s->report, boot, action);
    else
        console_action(&s->console, boot, action);
    if (action->kind != BOOT_OVER)
        return;
    if (action->outcome == OUTCOME_FAILED)
        complain(s, action->words);
    else
        s->status = action->outcome == OUTCOME_FILES ? EXIT_REACHED : EXIT_REFUSED;
}

static void finished(void *context, int error, const struct why *why)
{
    struct single *s = context;
    if (error) {
        complain(s, why_text(why, error));
        if (s->report)
            report_failed(s->report, why_text(why, error));
    }
    s->over = true;
    loop_stop(s->world.loop);
}

static void take_enrolment(void *context, const struct enrolment_news *news)
{
    struct single *s = context;
    if (!s->report)
        console_enrolment(&s->console, news);
}

static void take_enrolled(void *context, const struct enrolment_result *result)
{
    struct single *s = context;
    if (s->report)
        report_enrolled(s->report, result);
    else
        console_enrolled(&s->console, result);
}

static void take_tvs(void *context, const struct boot *boot, const struct tvsc_news *news)
{
    struct single *s = context;
    if (s->report)
        report_tvs(s->report, news);
    else
        console_tvs(&s->console, boot, news);
}

static int boot_phone(struct single *s, const struct address *server)
{
    static const struct phone_events events = {ready,          take_action,   finished,
                                               take_enrolment, take_enrolled, take_tvs};
    struct phone *phone = NULL;
    struct enrolment_pace pace;
    struct phone_setup setup = {
        .device = s->arguments->device,
        .model = s->arguments->models[0],
        .server = *server,
        .home = s->arguments->home,
        .enrols = s->arguments->enrols,
        .auth_string = s->arguments->auth_string,
        .mic = s->mic.certificate ? &s->mic : NULL,
        .tls = s->arguments->tls,
        .pace = &pace,
        .events = &events,
        .context = s,
    };
    enrolment_pace_default(&pace);
    pace.key_ms = s->arguments->key_ms;
    memcpy(setup.erase, s->arguments->erase, sizeof setup.erase);
    int result = phone_new(&phone, &s->world, &setup);
    if (result)
        return result;
    phone_start(phone);
    if (!s->over)
        result = loop_run(s->world.loop);
    phone_free(phone);
    return result;
}

/* What was printed must have arrived. */
static void finish_output(struct single *s)
{
    if (s->report && report_print(s->report, stdout) != 0)
        complain(s, "cannot make JSON of it");
    if (fflush(stdout) != 0 || ferror(stdout))
        complain(s, "cannot write the output");
}

enum phone_exit single_run(const struct arguments *arguments, const struct address *server)
{
    struct single s = {
        .arguments = arguments,
        .console = {.out = stdout, .quiet = arguments->quiet, .server = *server},
        .status = EXIT_NOT_REACHED,
    };
    struct why why = WHY_NONE;
    int lock = -1;
    int result = arguments->home ? flash_lock(&lock, arguments->home, &why) : 0;
    if (result == 0)
        result = phone_world_init(&s.world, 1);
    if (result == 0 && arguments->mic)
        result = identity_load(&s.mic, arguments->mic, &why);
    if (result == 0 && arguments->json)
        result =
            report_new(&s.report, arguments->device, arguments->models[0]->name, arguments->enrols);
    if (result == 0)
        result = boot_phone(&s, server);
    if (result)
        complain(&s, why_text(&why, result));
    else
        finish_output(&s);
    report_free(s.report);
    phone_world_fini(&s.world);
    identity_fini(&s.mic);
    if (lock >= 0)
        close(lock);
    return s.status;
}
