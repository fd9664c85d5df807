#include "phone/single.h"

#include "base/file.h"
#include "phone/console.h"
#include "phone/desk.h"
#include "phone/phone.h"
#include "phone/report.h"
#include "phone/terminal.h"
#include "phone/webview.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

struct single {
    const struct arguments *arguments;
    struct phone_world world;
    struct console console;
    FILE *nowhere;       /* where the console speaks while the report is made */
    struct identity mic; /* empty: none */
    struct report *report;
    struct webview web; /* with --web */
    struct phone *phone;
    struct sound *sound;
    struct recording *recording;
    struct span *span;
    struct desk *desk;
    struct script *script; /* that is still to be run */
    struct terminal *terminal;
    struct loop_timer *leave;
    struct loop_signal *interrupt, *terminate;
    enum phone_exit status;
    bool refused; /* a list or configuration was */
    bool reached; /* the goal */
    bool begun;   /* what its user does */
    bool plans;   /* what is done leads to the goal: nobody has typed it */
    bool told;    /* why it did not get there */
    bool over;
};

static void complain(struct single *s, const char *words)
{
    fprintf(stderr, "trustline-phone: %s: %s\n", s->arguments->device, words);
    s->status = EXIT_NOT_REACHED;
    s->told = true;
    if (s->report)
        report_failed(s->report, words);
}

/* ---- the goal ---- */

/* Within callbacks of the phone it cannot be switched off. */
static void leave_soon(struct single *s)
{
    loop_timer_start(s->leave, 0);
}

static void leave(void *context)
{
    struct single *s = context;
    if (s->over) /* it has only stayed on */
        loop_stop(s->world.loop);
    else
        phone_leave(s->phone);
}

static void reach(struct single *s, enum phone_goal goal)
{
    if (s->report)
        report_reached(s->report, goal);
    if (goal < s->arguments->goal || s->reached)
        return;
    s->reached = true;
    s->status = s->refused ? EXIT_REFUSED : EXIT_REACHED;
    if (!s->arguments->stays)
        leave_soon(s);
}

static void begin(struct single *s, const struct boot *boot)
{
    const struct arguments *a = s->arguments;
    struct why why = WHY_NONE;
    if (s->begun)
        return;
    s->begun = true;
    if (!s->script && (a->dial || (a->answers && a->goal == GOAL_CALL))) {
        unsigned mode = boot_configuration(boot)->security_mode;
        int result = a->dial ? script_of_call(&s->script, a->dial, mode, a->talk, &why)
                             : script_of_answer(&s->script, mode, &why);
        if (result) {
            complain(s, why_text(&why, result));
            leave_soon(s);
            return;
        }
    }
    s->plans = s->script != NULL;
    if (s->script)
        desk_run(s->desk, s->script);
    else
        reach(s, GOAL_REGISTERED);
    s->script = NULL;
}

/* ---- what its user does ---- */

static void line_begun(void *context, const char *text)
{
    struct single *s = context;
    console_act(&s->console, text);
}

static void script_done(void *context, int error, const struct why *why)
{
    struct single *s = context;
    if (!s->plans) {
        if (error)
            printf("%s\n", why_text(why, error));
        return;
    }
    s->plans = false;
    if (error) {
        complain(s, why_text(why, error));
        leave_soon(s);
        return;
    }
    reach(s, s->arguments->goal);
}

/* Typed; what cannot be done now is said at once. */
static void typed(void *context, const char *text)
{
    struct single *s = context;
    struct script *script = NULL;
    struct why why = WHY_NONE;
    if (!text || strcmp(text, "quit") == 0) {
        leave_soon(s);
        return;
    }
    int result = script_of_typed(&script, text, &why);
    if (result)
        printf("%s\n", why_text(&why, result));
    else
        desk_run(s->desk, script);
    s->plans = s->plans && result;
}

/* ---- news ---- */

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
    console_action(&s->console, boot, action);
    if (action->kind != BOOT_OVER)
        return;
    s->refused |= action->outcome == OUTCOME_REFUSED;
    if (s->arguments->goal >= GOAL_REGISTERED) {
        if (action->outcome == OUTCOME_FAILED)
            console_trouble(&s->console, action->words);
    } else if (action->outcome == OUTCOME_FAILED) {
        complain(s, action->words);
    } else {
        s->status = s->refused ? EXIT_REFUSED : EXIT_REACHED;
        s->reached = true;
    }
}

static void take_enrolment(void *context, const struct enrolment_news *news)
{
    struct single *s = context;
    console_enrolment(&s->console, news);
}

static void take_enrolled(void *context, const struct enrolment_result *result)
{
    struct single *s = context;
    if (s->report)
        report_enrolled(s->report, result);
    console_enrolled(&s->console, result);
}

static void take_tvs(void *context, const struct boot *boot, const struct tvsc_news *news)
{
    struct single *s = context;
    if (s->report)
        report_tvs(s->report, news);
    console_tvs(&s->console, boot, news);
}

static void take_signalling(void *context, const struct boot *boot,
                            const struct signalling_news *news)
{
    struct single *s = context;
    struct signalling *signalling = phone_signalling(s->phone);
    console_signalling(&s->console, signalling, news);
    if (s->report)
        report_signalling(s->report, signalling, news);
    if (news->what == SIGNALLING_REGISTRATION && news->registration->what == REGISTRATION_DONE)
        begin(s, boot);
    desk_poke(s->desk);
}

static void take_unregistered(void *context, const struct signalling_end *end)
{
    struct single *s = context;
    char words[600];
    console_unregistered(&s->console, end);
    if (s->report)
        report_unregistered(s->report, phone_signalling(s->phone));
    if (end->again || !end->words[0])
        return;
    text_format(words, sizeof words, "%s: %s", end->server, end->words);
    complain(s, words);
}

static void finished(void *context, int error, const struct why *why)
{
    struct single *s = context;
    if (error)
        complain(s, why_text(why, error));
    else if (!s->reached && !s->told)
        complain(s, "it was ended before it had got there");
    s->over = true;
    if (error || s->arguments->goal >= GOAL_REGISTERED || !s->arguments->stays)
        loop_stop(s->world.loop);
}

static void interrupted(void *context, int number)
{
    struct single *s = context;
    (void)number;
    leave_soon(s);
}

/* ---- its web page ---- */

static void add_facts(void *context, struct webfacts *facts)
{
    const struct single *s = context;
    struct signalling *signalling = phone_signalling(s->phone);
    if (signalling)
        webfacts_of_calls(facts, signalling);
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
        .add = add_facts,
        .context = s,
    };
    int result = address_parse(&listen, "127.0.0.1", s->arguments->web);
    if (result == 0)
        result = webview_start(&s->web, s->world.loop, &setup, &s->console, why);
    if (result == 0 && !s->report)
        printf("Web page: http://%s/\n", address_text(text, webserver_address(s->web.server)));
    return result;
}

/* ---- the whole ---- */

static int make_phone(struct single *s, const struct address *server)
{
    static const struct phone_events events = {
        .ready = ready,
        .action = take_action,
        .finished = finished,
        .enrolment = take_enrolment,
        .enrolled = take_enrolled,
        .tvs = take_tvs,
        .signalling = take_signalling,
        .unregistered = take_unregistered,
    };
    const struct arguments *a = s->arguments;
    struct enrolment_pace pace;
    struct phone_setup setup = {
        .device = a->device,
        .model = a->models[0],
        .server = *server,
        .home = a->home,
        .enrols = a->goal >= GOAL_ENROLLED,
        .registers = a->goal >= GOAL_REGISTERED,
        .auth_string = a->auth_string,
        .mic = s->mic.certificate ? &s->mic : NULL,
        .tls = a->tls,
        .pace = &pace,
        .registration_rounds = a->stays ? 0 : PHONE_ROUNDS,
        .sound = s->sound,
        .recording = s->recording,
        .span = s->span,
        .events = &events,
        .context = s,
    };
    enrolment_pace_default(&pace);
    pace.key_ms = a->key_ms;
    memcpy(setup.erase, a->erase, sizeof setup.erase);
    return phone_new(&s->phone, &s->world, &setup);
}

static int make_user(struct single *s)
{
    const struct arguments *a = s->arguments;
    struct loop *loop = s->world.loop;
    const struct desk_setup desk = {.loop = loop,
                                    .phone = s->phone,
                                    .answers = a->answers,
                                    .line = line_begun,
                                    .done = script_done,
                                    .context = s};
    bool types = a->stays && !a->script && !a->json && isatty(STDIN_FILENO) == 1;
    int result = desk_new(&s->desk, &desk);
    if (result == 0)
        result = loop_timer_new(&s->leave, loop, leave, s);
    if (result == 0)
        result = loop_signal_new(&s->interrupt, loop, SIGINT, interrupted, s);
    if (result == 0)
        result = loop_signal_new(&s->terminate, loop, SIGTERM, interrupted, s);
    if (result == 0 && types)
        result = terminal_new(&s->terminal, loop, STDIN_FILENO, typed, s);
    return result;
}

/* A script is read whole before the phone is switched on: a mistake in it costs nobody a call. */
static int read_script(struct single *s, struct why *why)
{
    struct buffer text;
    const char *name = s->arguments->script;
    buffer_init(&text, SCRIPT_BYTES_MAX);
    int result = file_read(&text, name, why);
    if (result == 0)
        result = script_parse(&s->script, buffer_bytes(&text), why);
    if (result)
        why_prefix(why, result, "--script %s", name);
    buffer_fini(&text);
    return result;
}

static int make_audio(struct single *s, struct why *why)
{
    const struct arguments *a = s->arguments;
    int result = sound_open(&s->sound, a->audio, why);
    if (result == 0 && a->record)
        result = recording_new(&s->recording);
    if (result == 0 && a->span)
        result = span_new(&s->span);
    return result;
}

static int make_parts(struct single *s, const struct address *server, struct why *why)
{
    const struct arguments *a = s->arguments;
    int result = phone_world_init(&s->world, 1);
    if (result == 0 && a->mic)
        result = identity_load(&s->mic, a->mic, why);
    if (result == 0 && a->script)
        result = read_script(s, why);
    if (result == 0 && a->goal >= GOAL_REGISTERED)
        result = make_audio(s, why);
    if (result == 0 && a->json)
        result = report_new(&s->report, a->device, a->models[0]->name, a->goal);
    if (result == 0)
        result = make_phone(s, server);
    if (result == 0)
        result = make_user(s);
    if (result == 0 && a->web)
        result = start_web(s, server, why);
    return result;
}

static int run(struct single *s)
{
    phone_start(s->phone);
    if (s->over && !s->arguments->stays)
        return 0;
    return loop_run(s->world.loop);
}

/* What was printed must have arrived, and what was heard must be in its file. */
static void finish_output(struct single *s)
{
    struct why why = WHY_NONE;
    const char *record = s->arguments->record;
    int result = s->recording ? recording_save(s->recording, record, &why) : 0;
    if (result == 0 && s->span)
        result = span_save(s->span, s->arguments->span, &why);
    if (result)
        complain(s, why_text(&why, result));
    if (s->report && report_print(s->report, stdout) != 0)
        complain(s, "cannot make JSON of it");
    if (fflush(stdout) != 0 || ferror(stdout))
        complain(s, "cannot write the output");
}

static void free_parts(struct single *s)
{
    webview_stop(&s->web);
    terminal_free(s->terminal);
    desk_free(s->desk);
    script_free(s->script);
    phone_free(s->phone);
    loop_timer_free(s->leave);
    loop_signal_free(s->interrupt);
    loop_signal_free(s->terminate);
    recording_free(s->recording);
    span_free(s->span);
    sound_free(s->sound);
    report_free(s->report);
    phone_world_fini(&s->world);
    identity_fini(&s->mic);
    if (s->nowhere)
        fclose(s->nowhere);
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
    if (arguments->json) {
        s.nowhere = fopen("/dev/null", "we");
        s.console.out = s.nowhere;
        s.console.quiet = true;
    }
    int result = arguments->json && !s.nowhere ? -ENOMEM : 0;
    if (result == 0 && arguments->home)
        result = flash_lock(&lock, arguments->home, &why);
    if (result == 0)
        result = make_parts(&s, server, &why);
    if (result == 0)
        result = run(&s);
    if (result)
        complain(&s, why_text(&why, result));
    else
        finish_output(&s);
    free_parts(&s);
    if (lock >= 0)
        close(lock);
    return s.status;
}
