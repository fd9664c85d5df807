/*
 * manager: a call manager that does what the test tells it to: what it hears goes in, what it says
 * comes out. It speaks with the codec of wire/sccp and has nothing of the phone's or of our
 * server's engine in it.
 */
#ifndef TEST_MANAGER_H
#define TEST_MANAGER_H

#include "support.h"

#include "base/text.h"
#include "wire/sccp.h"

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
    const char *number; /* of all its lines */
    unsigned agreed;
    unsigned opened, keep_alives;
    char said[4000]; /* by the phone: "Alarm RegisterReq ..." */
    char alarm[400]; /* the texts of all alarms, each with '|' */
    size_t register_size;
    struct sccp_register_req registered;
    struct sccp_token_req token;
    struct buffer in;
    void (*say)(void *context, struct bytes frame);
    /* Whatever else the phone says. May be NULL. */
    void (*heard)(void *context, const struct sccp_message *m);
    void *context;
};

static inline void manager_add(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
static inline void manager_add(char *out, size_t size, const char *format, ...)
{
    va_list values;
    size_t used = strlen(out);
    va_start(values, format);
    vsnprintf(out + used, size - used, format, values);
    va_end(values);
}

static inline void manager_init(struct manager *manager,
                                void (*say)(void *context, struct bytes frame), void *context)
{
    *manager =
        (struct manager){.version = 22, .lines = 1, .number = "", .say = say, .context = context};
    buffer_init(&manager->in, 65536);
}

static inline void manager_say(struct manager *manager, const struct sccp_message *m)
{
    struct buffer frame;
    struct why why = WHY_NONE;
    buffer_init(&frame, SCCP_FRAME_MAX);
    int result = sccp_write(&frame, manager->agreed, m, &why);
    if (result)
        fail_msg("%s: %s", sccp_name(m->id), why_text(&why, result));
    manager->say(manager->context, buffer_bytes(&frame));
    buffer_fini(&frame);
}

static inline void manager_say_number(struct manager *manager, enum sccp_id id, uint32_t number)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    if (id == SCCP_RESET)
        m.reset.type = number;
    else if (id == SCCP_UNREGISTER_ACK)
        m.unregister_ack.status = number;
    else if (id == SCCP_REGISTER_TOKEN_REJECT)
        m.token_reject.wait = number;
    manager_say(manager, &m);
}

static inline void manager_ack(struct manager *manager, const struct sccp_register_req *req)
{
    struct sccp_message m;
    manager->registered = *req;
    if (manager->reject) {
        sccp_message_init(&m, SCCP_REGISTER_REJECT);
        text_copy(m.register_reject.text, sizeof m.register_reject.text, manager->reject);
        manager_say(manager, &m);
        return;
    }
    sccp_message_init(&m, SCCP_REGISTER_ACK);
    m.register_ack.keep_alive = 30;
    m.register_ack.keep_alive_standby = 60;
    m.register_ack.version = (uint8_t)sccp_version_agreed(req->version, manager->version);
    manager_say(manager, &m);
    manager->agreed = m.register_ack.version;
    manager_say_number(manager, SCCP_CAPABILITIES_REQ, 0);
}

static inline void manager_template(struct manager *manager)
{
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
    manager_say(manager, &m);
}

/* What needs no more than its index. */
static inline void manager_answer_index(struct manager *manager, enum sccp_id id, uint32_t index)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    if (id == SCCP_LINE_STAT) {
        m.line_stat.line = index;
        text_copy(m.line_stat.number, sizeof m.line_stat.number, manager->number);
    }
    if (id == SCCP_FORWARD_STAT)
        m.forward_stat.line = index;
    else if (id == SCCP_SPEED_DIAL_STAT)
        m.speed_dial_stat.index = index;
    else if (id == SCCP_FEATURE_STAT)
        m.feature_stat.index = index;
    manager_say(manager, &m);
}

static inline void manager_answer(struct manager *manager, const struct sccp_message *m)
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
    switch (m->id) {
    case SCCP_ALARM:
        manager_add(manager->alarm, sizeof manager->alarm, "%s|", m->alarm.text);
        break;
    case SCCP_REGISTER_REQ:
        manager_ack(manager, &m->register_req);
        break;
    case SCCP_BUTTON_TEMPLATE_REQ:
        manager_template(manager);
        break;
    case SCCP_REGISTER_TOKEN_REQ:
        manager->token = m->token_req;
        manager_say_number(
            manager, manager->token_wait ? SCCP_REGISTER_TOKEN_REJECT : SCCP_REGISTER_TOKEN_ACK,
            manager->token_wait);
        break;
    case SCCP_UNREGISTER:
        manager_say_number(manager, SCCP_UNREGISTER_ACK, manager->unregister);
        break;
    case SCCP_KEEP_ALIVE:
        if (!manager->ignores_keep_alive)
            manager_say_number(manager, SCCP_KEEP_ALIVE_ACK, 0);
        break;
    default:
        for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
            if (plain[i].question == m->id)
                manager_answer_index(manager, plain[i].answer, m->request.index);
        if (manager->heard)
            manager->heard(manager->context, m);
        break;
    }
}

static inline void manager_hear(struct manager *manager, struct bytes bytes)
{
    size_t size = 0;
    buffer_append(&manager->in, bytes);
    while (sccp_frame(&size, buffer_bytes(&manager->in), NULL) == 0 && size) {
        struct sccp_message m;
        struct bytes frame = bytes_slice(buffer_bytes(&manager->in), 0, size);
        assert_int_equal(sccp_read(&m, manager->agreed, frame, NULL), 0);
        assert_true(sccp_from_phone(m.id));
        manager_add(manager->said, sizeof manager->said, "%s ", sccp_name(m.id));
        manager->keep_alives += m.id == SCCP_KEEP_ALIVE;
        if (m.id == SCCP_REGISTER_REQ)
            manager->register_size = size - SCCP_HEADER_SIZE;
        buffer_drop_front(&manager->in, size);
        if (manager->mood == MANAGER_ANSWERS && (manager->ignores == 0 || m.id != manager->ignores))
            manager_answer(manager, &m);
    }
}

#endif
