/*
 * managed: a registration engine among call managers that do what the test tells them to.
 */
#ifndef TEST_MANAGED_H
#define TEST_MANAGED_H

#include "manager.h"

#include "phone/registration.h"

static struct managed {
    struct registration *r;
    int64_t now;
    size_t count;
    struct manager managers[REGISTRATION_SERVERS];
    char happened[4000]; /* "0:asks 0:taken ..." */
    char words[1000];    /* of the last step that had some */
    char handed[4000];   /* messages handed on, by name */
    uint32_t number, other;
    bool over, again;
    enum sccp_reset_type reset;
} t;

#define MANAGED_DEVICE "SEP001122334455"

static inline void managed_input(void *context, struct bytes frame)
{
    registration_input(t.r, (size_t)((struct manager *)context - t.managers), frame, t.now);
}

static inline void managed_say_raw(size_t server, struct bytes bytes)
{
    registration_input(t.r, server, bytes, t.now);
}

static inline void managed_say_number(size_t server, enum sccp_id id, uint32_t number)
{
    manager_say_number(&t.managers[server], id, number);
}

static inline void managed_connect(size_t server)
{
    struct manager *manager = &t.managers[server];
    assert_false(manager->open);
    switch (manager->mood) {
    case MANAGER_ABSENT:
        registration_closed(t.r, server, LAST_TCP_CLOSED, false, "connection refused", t.now);
        break;
    case MANAGER_FOREIGN:
        registration_closed(t.r, server, LAST_TCP_CLOSED, true, "no list names it", t.now);
        break;
    default:
        manager->open = true;
        manager->opened++;
        manager->agreed = 0;
        buffer_clear(&manager->in);
        registration_opened(t.r, server, bytes_of("\x0a\x66\x0a\xd1", 4), t.now);
        break;
    }
}

static inline void managed_tell(const struct registration_step *step)
{
    static const char *const words[] = {
        [REGISTRATION_ASKS] = "asks",
        [REGISTRATION_TAKEN] = "taken",
        [REGISTRATION_DONE] = "done",
        [REGISTRATION_REJECTED] = "rejected",
        [REGISTRATION_FAILED] = "failed",
        [REGISTRATION_LOST] = "lost",
        [REGISTRATION_PAUSED] = "paused",
        [REGISTRATION_STANDS_BY] = "stands-by",
        [REGISTRATION_STANDBY_LOST] = "standby-lost",
        [REGISTRATION_MISSED] = "missed",
        [REGISTRATION_UNANSWERED] = "unanswered",
        [REGISTRATION_SKIPPED] = "skipped",
        [REGISTRATION_ASKS_TOKEN] = "asks-token",
        [REGISTRATION_NO_TOKEN] = "no-token",
        [REGISTRATION_GOES_BACK] = "goes-back",
        [REGISTRATION_LEAVES] = "leaves",
        [REGISTRATION_STAYS] = "stays",
        [REGISTRATION_RESET] = "reset",
    };
    manager_add(t.happened, sizeof t.happened, "%zu:%s ", step->server, words[step->what]);
    t.number = step->number;
    t.other = step->other;
}

static inline void managed_step(const struct registration_step *step)
{
    if (*step->words)
        text_copy(t.words, sizeof t.words, step->words);
    switch (step->kind) {
    case REGISTRATION_OPEN:
        managed_connect(step->server);
        break;
    case REGISTRATION_CLOSE:
        assert_true(t.managers[step->server].open ||
                    t.managers[step->server].mood != MANAGER_ANSWERS);
        t.managers[step->server].open = false;
        break;
    case REGISTRATION_SEND:
        assert_true(t.managers[step->server].open);
        manager_hear(&t.managers[step->server], step->bytes);
        break;
    case REGISTRATION_MESSAGE:
        manager_add(t.handed, sizeof t.handed, "%s ", sccp_name(step->message->id));
        break;
    case REGISTRATION_TELL:
        managed_tell(step);
        break;
    case REGISTRATION_AGAIN:
        t.again = true;
        t.reset = step->reset;
        break;
    case REGISTRATION_OVER:
        t.over = true;
        break;
    }
}

/* Takes all steps there are now. */
static inline void managed_run(void)
{
    struct registration_step step;
    while (registration_step(t.r, t.now, &step))
        managed_step(&step);
}

/* Lets time pass, in the steps the engine asks for. */
static inline void managed_pass(int64_t ms)
{
    int64_t end = t.now + ms;
    managed_run();
    while (!t.over && !t.again && registration_due(t.r) <= end) {
        int64_t due = registration_due(t.r);
        if (due > t.now)
            t.now = due;
        managed_run();
    }
    t.now = end;
    managed_run();
}

/* The connection ends from the other side. */
static inline void managed_cut(size_t server, enum registration_last last)
{
    assert_true(t.managers[server].open);
    t.managers[server].open = false;
    registration_closed(t.r, server, last, false, "the server closed the connection", t.now);
    managed_run();
}

static inline void managed_open(const char *model_name, size_t servers)
{
    const struct model *model = model_find(model_name);
    struct registration_setup setup = {
        .device = MANAGED_DEVICE,
        .device_type = model->type,
        .idiom = idiom_of(model),
        .load = "SCCP75.9-4-2SR3-1S",
        .config_stamp = "1704067200-00000000-0000-4000-8000-000000000001",
        .servers = servers,
    };
    registration_pace_default(&setup.pace);
    t = (struct managed){.now = 1000000, .count = servers};
    for (size_t i = 0; i < servers; i++) {
        manager_init(&t.managers[i], managed_input, &t.managers[i]);
    }
    assert_int_equal(registration_new(&t.r, &setup), 0);
}

/* With another setup than the usual one: `change` gets it. */
static inline void managed_open_with(const char *model_name, size_t servers,
                                     void (*change)(struct registration_setup *setup))
{
    const struct model *model = model_find(model_name);
    struct registration_setup setup = {
        .device = MANAGED_DEVICE,
        .device_type = model->type,
        .idiom = idiom_of(model),
        .load = "SCCP75.9-4-2SR3-1S",
        .config_stamp = "",
        .servers = servers,
    };
    registration_pace_default(&setup.pace);
    change(&setup);
    managed_open(model_name, servers);
    registration_free(t.r);
    assert_int_equal(registration_new(&t.r, &setup), 0);
}

static inline void managed_close(void)
{
    registration_free(t.r);
    for (size_t i = 0; i < t.count; i++)
        buffer_fini(&t.managers[i].in);
}

static inline void managed_start(void)
{
    registration_start(t.r, t.now);
    managed_run();
}

#endif
