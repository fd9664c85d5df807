/*
 * managed: a registration engine among call managers that do what the test tells them to. They
 * speak with the codec of wire/sccp and have nothing of the phone's or of our server's engine in
 * them.
 */
#ifndef TEST_MANAGED_H
#define TEST_MANAGED_H

#include "support.h"

#include "base/text.h"
#include "phone/registration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum manager_mood {
    MANAGER_ANSWERS,
    MANAGER_ABSENT,  /* nobody takes the connection */
    MANAGER_FOREIGN, /* its certificate is not trusted */
    MANAGER_SILENT,  /* takes the connection, and says nothing */
};

struct manager {
    enum manager_mood mood;
    bool open;
    const char *reject;      /* RegisterReject with this text */
    bool ignores_keep_alive; /* KeepAlive has no answer */
    enum sccp_id ignores;    /* this has no answer, when it is not 0 */
    uint32_t token_wait;     /* RegisterTokenReject with these seconds, when it is not 0 */
    uint32_t unregister;     /* status of UnregisterAck */
    unsigned version;        /* that it speaks */
    unsigned lines, dials;
    unsigned agreed;
    unsigned opened, keep_alives;
    char said[4000]; /* by the phone: "Alarm RegisterReq ..." */
    char alarm[400]; /* the texts of all alarms, each with '|' */
    size_t register_size;
    struct sccp_register_req registered;
    struct sccp_token_req token;
    struct buffer in;
};

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

static inline void managed_add(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
static inline void managed_add(char *out, size_t size, const char *format, ...)
{
    va_list values;
    size_t used = strlen(out);
    va_start(values, format);
    vsnprintf(out + used, size - used, format, values);
    va_end(values);
}

static inline void managed_say_raw(size_t server, struct bytes bytes)
{
    registration_input(t.r, server, bytes, t.now);
}

static inline void managed_say(size_t server, const struct sccp_message *m)
{
    struct buffer frame;
    struct why why = WHY_NONE;
    buffer_init(&frame, SCCP_FRAME_MAX);
    int result = sccp_write(&frame, t.managers[server].agreed, m, &why);
    if (result)
        fail_msg("%s: %s", sccp_name(m->id), why_text(&why, result));
    managed_say_raw(server, buffer_bytes(&frame));
    buffer_fini(&frame);
}

static inline void managed_say_number(size_t server, enum sccp_id id, uint32_t number)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    if (id == SCCP_RESET)
        m.reset.type = number;
    else if (id == SCCP_UNREGISTER_ACK)
        m.unregister_ack.status = number;
    else if (id == SCCP_REGISTER_TOKEN_REJECT)
        m.token_reject.wait = number;
    managed_say(server, &m);
}

static inline void managed_ack(size_t server, const struct sccp_register_req *req)
{
    struct manager *manager = &t.managers[server];
    struct sccp_message m;
    manager->registered = *req;
    if (manager->reject) {
        sccp_message_init(&m, SCCP_REGISTER_REJECT);
        text_copy(m.register_reject.text, sizeof m.register_reject.text, manager->reject);
        managed_say(server, &m);
        return;
    }
    sccp_message_init(&m, SCCP_REGISTER_ACK);
    m.register_ack.keep_alive = 30;
    m.register_ack.keep_alive_standby = 60;
    m.register_ack.version = (uint8_t)sccp_version_agreed(req->version, manager->version);
    managed_say(server, &m);
    manager->agreed = m.register_ack.version;
    managed_say_number(server, SCCP_CAPABILITIES_REQ, 0);
}

static inline void managed_template(size_t server)
{
    struct manager *manager = &t.managers[server];
    struct sccp_message m;
    uint8_t n = 0;
    sccp_message_init(&m, SCCP_BUTTON_TEMPLATE);
    for (uint8_t i = 1; i <= manager->lines; i++)
        m.button_template.buttons[n++] =
            (struct sccp_button_slot){.instance = i, .type = SCCP_BUTTON_LINE};
    for (uint8_t i = 1; i <= manager->dials; i++)
        m.button_template.buttons[n++] =
            (struct sccp_button_slot){.instance = i, .type = SCCP_BUTTON_SPEED_DIAL};
    m.button_template.count = m.button_template.total = n;
    managed_say(server, &m);
}

/* What needs no more than its index. */
static inline void managed_answer_index(size_t server, enum sccp_id id, uint32_t index)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    if (id == SCCP_LINE_STAT)
        m.line_stat.line = index;
    else if (id == SCCP_FORWARD_STAT)
        m.forward_stat.line = index;
    else if (id == SCCP_SPEED_DIAL_STAT)
        m.speed_dial_stat.index = index;
    else if (id == SCCP_FEATURE_STAT)
        m.feature_stat.index = index;
    managed_say(server, &m);
}

static inline void managed_answer(size_t server, const struct sccp_message *m)
{
    static const struct {
        enum sccp_id question, answer;
    } plain[] = {
        {SCCP_SOFT_KEY_TEMPLATE_REQ, SCCP_SOFT_KEY_TEMPLATE},
        {SCCP_SOFT_KEY_SET_REQ, SCCP_SOFT_KEY_SET},
        {SCCP_CONFIG_STAT_REQ, SCCP_CONFIG_STAT},
        {SCCP_LINE_STAT_REQ, SCCP_LINE_STAT},
        {SCCP_FORWARD_STAT_REQ, SCCP_FORWARD_STAT},
        {SCCP_SPEED_DIAL_STAT_REQ, SCCP_SPEED_DIAL_STAT},
        {SCCP_FEATURE_STAT_REQ, SCCP_FEATURE_STAT},
        {SCCP_TIME_DATE_REQ, SCCP_TIME_DATE},
    };
    struct manager *manager = &t.managers[server];
    switch (m->id) {
    case SCCP_ALARM:
        managed_add(manager->alarm, sizeof manager->alarm, "%s|", m->alarm.text);
        break;
    case SCCP_REGISTER_REQ:
        managed_ack(server, &m->register_req);
        break;
    case SCCP_BUTTON_TEMPLATE_REQ:
        managed_template(server);
        break;
    case SCCP_REGISTER_TOKEN_REQ:
        manager->token = m->token_req;
        managed_say_number(
            server, manager->token_wait ? SCCP_REGISTER_TOKEN_REJECT : SCCP_REGISTER_TOKEN_ACK,
            manager->token_wait);
        break;
    case SCCP_UNREGISTER:
        managed_say_number(server, SCCP_UNREGISTER_ACK, manager->unregister);
        break;
    case SCCP_KEEP_ALIVE:
        if (!manager->ignores_keep_alive)
            managed_say_number(server, SCCP_KEEP_ALIVE_ACK, 0);
        break;
    default:
        for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
            if (plain[i].question == m->id)
                managed_answer_index(server, plain[i].answer, m->request.index);
        break;
    }
}

static inline void managed_hear(size_t server, struct bytes bytes)
{
    struct manager *manager = &t.managers[server];
    size_t size = 0;
    buffer_append(&manager->in, bytes);
    while (sccp_frame(&size, buffer_bytes(&manager->in), NULL) == 0 && size) {
        struct sccp_message m;
        struct bytes frame = bytes_slice(buffer_bytes(&manager->in), 0, size);
        assert_int_equal(sccp_read(&m, manager->agreed, frame, NULL), 0);
        assert_true(sccp_from_phone(m.id));
        managed_add(manager->said, sizeof manager->said, "%s ", sccp_name(m.id));
        manager->keep_alives += m.id == SCCP_KEEP_ALIVE;
        if (m.id == SCCP_REGISTER_REQ)
            manager->register_size = size - SCCP_HEADER_SIZE;
        buffer_drop_front(&manager->in, size);
        if (manager->mood == MANAGER_ANSWERS && (manager->ignores == 0 || m.id != manager->ignores))
            managed_answer(server, &m);
    }
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
    managed_add(t.happened, sizeof t.happened, "%zu:%s ", step->server, words[step->what]);
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
        managed_hear(step->server, step->bytes);
        break;
    case REGISTRATION_MESSAGE:
        managed_add(t.handed, sizeof t.handed, "%s ", sccp_name(step->message->id));
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
        t.managers[i] = (struct manager){.version = 22, .lines = 1};
        buffer_init(&t.managers[i].in, 65536);
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
