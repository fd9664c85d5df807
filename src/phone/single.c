#include "phone/single.h"

#include "phone/console.h"
#include "phone/phone.h"
#include "phone/report.h"
#include "phone/webview.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

struct single {
    const struct arguments *arguments;
    struct phone_world world;
    struct console console;
    struct identity mic;                       /* empty: none */
    struct report *report;                     /* NULL: the console speaks */
    struct webview web;                        /* with --web */
    struct loop_signal *interrupt, *terminate; /* with --stay */
    enum phone_exit status;
    bool over;
    bool stays; /* it has got as far as it goes, and stays on */
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
    webview_ready(&s->web, boot);
}

static void take_action(void *context, const struct boot *boot, const struct boot_action *action)
{
    struct single *s = context;
    if (s->report)
        report_action(s->report, boot, action);
    if (s->console.out)
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
    s->stays = s->arguments->stays && !error;
    if (!s->stays)
        loop_stop(s->world.loop);
}

static void take_enrolment(void *context, const struct enrolment_news *news)
{
    struct single *s = context;
    if (s->console.out)
        console_enrolment(&s->console, news);
}

static void take_enrolled(void *context, const struct enrolment_result *result)
{
    struct single *s = context;
    if (s->report)
        report_enrolled(s->report, result);
    if (s->console.out)
        console_enrolled(&s->console, result);
}

static void take_tvs(void *context, const struct boot *boot, const struct tvsc_news *news)
{
    struct single *s = context;
    if (s->report)
        report_tvs(s->report, news);
    if (s->console.out)
        console_tvs(&s->console, boot, news);
}

/* A phone that stays is switched off. */
static void switched_off(void *context, int number)
{
    struct single *s = context;
    (void)number;
    loop_stop(s->world.loop);
}

static int start_staying(struct single *s)
{
    int result = loop_signal_new(&s->interrupt, s->world.loop, SIGINT, switched_off, s);
    if (result == 0)
        result = loop_signal_new(&s->terminate, s->world.loop, SIGTERM, switched_off, s);
    return result;
}

static int start_web(struct single *s, const struct address *server, struct why *why)
{
    struct address listen;
    char text[ADDRESS_TEXT];
    const struct webview_setup setup = {
        .listen = &listen,
        .device = s->arguments->device,
        .model = s->arguments->models[0],
        .mic = s->mic.certificate ? &s->mic : NULL,
        .tftp = server,
    };
    int result = address_parse(&listen, "127.0.0.1", s->arguments->web);
    if (result == 0)
        result = webview_start(&s->web, s->world.loop, &setup, &s->console, why);
    if (result == 0 && !s->report)
        printf("Web page: http://%s/\n", address_text(text, webserver_address(s->web.server)));
    return result;
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
    if (!s->over || s->stays)
        result = loop_run(s->world.loop);
    webview_stop(&s->web);
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
        .console = {.quiet = arguments->quiet, .server = *server},
        .status = EXIT_NOT_REACHED,
    };
    struct why why = WHY_NONE;
    int lock = -1;
    /* With a page, what is not printed is said all the same. */
    FILE *nowhere = arguments->json && arguments->web ? fopen("/dev/null", "we") : NULL;
    s.console.out = arguments->json ? nowhere : stdout;
    int result = arguments->home ? flash_lock(&lock, arguments->home, &why) : 0;
    if (result == 0)
        result = phone_world_init(&s.world, 1);
    if (result == 0 && arguments->mic)
        result = identity_load(&s.mic, arguments->mic, &why);
    if (result == 0 && arguments->json)
        result =
            report_new(&s.report, arguments->device, arguments->models[0]->name, arguments->enrols);
    if (result == 0 && arguments->stays)
        result = start_staying(&s);
    if (result == 0 && arguments->web)
        result = start_web(&s, server, &why);
    if (result == 0)
        result = boot_phone(&s, server);
    if (result)
        complain(&s, why_text(&why, result));
    else
        finish_output(&s);
    report_free(s.report);
    webview_stop(&s.web);
    loop_signal_free(s.interrupt);
    loop_signal_free(s.terminate);
    phone_world_fini(&s.world);
    identity_fini(&s.mic);
    if (nowhere)
        fclose(nowhere);
    if (lock >= 0)
        close(lock);
    return s.status;
}
