/*
 * stage: a boot engine that is walked through a boot. The test says which files there are; the
 * stage answers every BOOT_FETCH and BOOT_STORE and writes down what happened.
 */
#ifndef TEST_STAGE_H
#define TEST_STAGE_H

#include "factory.h"

#include "phone/boot.h"

enum stage_answer { ANSWER_FILE, ANSWER_ABSENT, ANSWER_SILENCE, ANSWER_NOTHING };

struct stage_file {
    const char *name;
    struct bytes file;
    enum stage_answer tftp, http; /* ANSWER_FILE is what zero says */
};

struct stage {
    struct shelf *shelf;
    struct boot *boot;
    int64_t now;
    struct stage_file files[16];
    size_t count;
    enum stage_answer http;         /* of all of HTTP, when not ANSWER_FILE */
    const char *flash_error;        /* of every BOOT_STORE */
    void (*enrol)(struct stage *s); /* what CAPF does: ends with boot_enrolled() */
    const struct testimony *tvs;    /* what TVS says; NULL: nobody answers */
    char asked[2000];               /* "http CTLSEP...tlv; SEP...cnf.xml; " */
    char said[2000];                /* status messages, each with "; " */
    char became[2000];              /* "accepted:first_list absent refused:bad_signature " */
    char stored[200];               /* slots, as digits */
    char words[600];
    bool over;
    enum boot_outcome outcome;
};

#define STAGE_DEVICE "SEP001122334455"

static inline void stage_open_with(struct stage *s, const char *model, bool enrols, bool string)
{
    static const uint8_t server[4] = {192, 0, 2, 10};
    *s = (struct stage){.now = 1000};
    const struct boot_setup setup = {.device = STAGE_DEVICE,
                                     .model = model_find(model),
                                     .server = bytes_of(server, 4),
                                     .http = true,
                                     .enrols = enrols,
                                     .string = string};
    struct boot_setup with_shelf = setup;
    assert_int_equal(shelf_new(&s->shelf, 64), 0);
    with_shelf.shelf = s->shelf;
    assert_non_null(with_shelf.model);
    assert_int_equal(boot_new(&s->boot, &with_shelf), 0);
}

static inline void stage_open(struct stage *s, const char *model)
{
    stage_open_with(s, model, false, false);
}

static inline void stage_close(struct stage *s)
{
    boot_free(s->boot);
    assert_int_equal(shelf_count(s->shelf), 0);
    shelf_free(s->shelf);
}

static inline void stage_put(struct stage *s, const char *name, struct bytes file)
{
    s->files[s->count++] = (struct stage_file){.name = name, .file = file};
}

static inline void stage_put_text(struct stage *s, const char *name, const char *text)
{
    stage_put(s, name, bytes_of_string(text));
}

/* Nobody answers when this name is asked for. */
static inline void stage_silence(struct stage *s, const char *name)
{
    s->files[s->count++] = (struct stage_file){.name = name, .tftp = ANSWER_SILENCE};
}

static inline void add(char *out, size_t size, const char *a, const char *b, const char *c)
{
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s%s", a, b, c);
}

static inline void stage_answer(struct stage *s, const struct boot_action *action)
{
    bool http = action->transport == BOOT_HTTP;
    enum stage_answer answer = ANSWER_ABSENT;
    struct bytes file = {0};
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->files[i].name, action->name) != 0)
            continue;
        answer = http ? s->files[i].http : s->files[i].tftp;
        file = s->files[i].file;
    }
    if (http && s->http)
        answer = s->http;
    if (answer == ANSWER_FILE)
        boot_arrived(s->boot, file, s->now);
    else if (answer == ANSWER_ABSENT)
        boot_absent(s->boot, s->now);
    else if (answer == ANSWER_SILENCE)
        boot_failed(s->boot, FAILURE_TIMEOUT, "no answer", s->now);
}

static inline void stage_note(struct stage *s, const struct boot_action *action)
{
    char text[BOOT_STATUS_TEXT];
    char slot[2] = {(char)('0' + action->slot), '\0'};
    const char *rule = action->answer ? accept_rule_text(action->answer->rule) : "";
    switch (action->kind) {
    case BOOT_FETCH:
        add(s->asked, sizeof s->asked, action->transport == BOOT_HTTP ? "http " : "", action->name,
            "; ");
        break;
    case BOOT_FILE:
        add(s->became, sizeof s->became, boot_result_text(action->result), *rule ? ":" : "", rule);
        add(s->became, sizeof s->became, " ", "", "");
        break;
    case BOOT_STATUS:
        add(s->said, sizeof s->said, boot_status_text(text, action), "; ", "");
        break;
    case BOOT_STORE:
        add(s->stored, sizeof s->stored, slot, "", "");
        break;
    case BOOT_ASK:
        add(s->asked, sizeof s->asked, "TVS; ", "", "");
        break;
    case BOOT_ENROL:
        add(s->asked, sizeof s->asked, "CAPF; ", "", "");
        break;
    case BOOT_OVER:
        assert_false(s->over);
        s->over = true;
        s->outcome = action->outcome;
        snprintf(s->words, sizeof s->words, "%s", action->words);
        break;
    }
}

/* The question must have been about somebody. */
static inline void stage_testify(struct stage *s, const struct boot_action *action)
{
    static const struct testimony silence = {.kind = TESTIMONY_SILENCE, .words = "no answer"};
    assert_true(action->subject.size && action->issuer.size && action->serial.size);
    boot_testified(s->boot, s->tvs ? s->tvs : &silence, s->now);
}

/* Takes the actions and answers them, and lets time pass where the engine waits. */
static inline void stage_run(struct stage *s)
{
    do {
        const struct boot_action *action;
        while ((action = boot_action(s->boot)) != NULL) {
            const struct boot_action copy = *action;
            stage_note(s, &copy);
            if (copy.kind == BOOT_FETCH)
                stage_answer(s, &copy);
            else if (copy.kind == BOOT_STORE)
                boot_stored(s->boot, s->flash_error, s->now);
            else if (copy.kind == BOOT_ASK)
                stage_testify(s, &copy);
            else if (copy.kind == BOOT_ENROL)
                s->enrol(s);
        }
        if (boot_deadline(s->boot) == BOOT_NEVER)
            return;
        boot_tick(s->boot, boot_deadline(s->boot) - 1); /* too early: nothing happens */
        assert_null(boot_action(s->boot));
        s->now = boot_deadline(s->boot);
        boot_tick(s->boot, s->now);
    } while (!s->over);
}

static inline void stage_boot(struct stage *s)
{
    boot_start(s->boot, s->now);
    stage_run(s);
}

#endif
