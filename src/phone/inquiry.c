#include "phone/inquiry.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = TVS_PHONE_BODY_MAX };

/* Of a server: to be reached, has the question. */
enum state { NEXT, AWAIT_CONNECTION, AWAIT_ANSWER, DONE };

struct inquiry {
    struct inquiry_question question;
    struct cnf_member servers[CNF_MEMBERS];
    size_t server_count;
    uint16_t port;
    uint32_t session;
    int64_t answer_ms, due;
    enum state state;
    size_t next; /* server to ask after this one */
    char server[INQUIRY_SERVER_TEXT];
    bool connected, gone;
    char trouble[320]; /* what became of this server */
    char words[700];   /* of all of them */
    struct buffer request, in;
    struct testimony testimony;
    uint32_t ttl;
    size_t received;
};

/* ---- the question ---- */

static uint8_t command_of(const struct inquiry *q)
{
    return q->question.certificate.size ? TVS_CERT_VERIFICATION_REQ : TVS_QUERY_CERT_REQ;
}

static int write_request(struct inquiry *q, const char *device)
{
    const struct inquiry_question *question = &q->question;
    bool verify = question->certificate.size != 0;
    const struct tvs_message m = {
        .command = command_of(q),
        .session = q->session,
        .has_device_name = true,
        .device_name = bytes_of_string(device),
        .has_certificate = verify,
        .certificate = question->certificate,
        .has_subject = !verify,
        .subject = question->subject,
        .has_issuer = !verify,
        .issuer = question->issuer,
        .has_serial = !verify,
        .serial = question->serial,
    };
    buffer_init(&q->request, TVS_FRAME_MAX);
    return tvs_write(&q->request, &m, NULL);
}

int inquiry_new(struct inquiry **out, const struct inquiry_setup *setup, int64_t now)
{
    struct inquiry *q = calloc(1, sizeof *q);
    if (!q)
        return -ENOMEM;
    q->question = setup->question;
    q->session = setup->session;
    q->port = setup->port;
    q->answer_ms = setup->answer_ms;
    q->due = now;
    q->server_count = setup->server_count < CNF_MEMBERS ? setup->server_count : CNF_MEMBERS;
    for (size_t i = 0; i < q->server_count; i++)
        q->servers[i] = setup->servers[i];
    buffer_init(&q->in, TVS_HEADER_SIZE + BODY_MAX);
    int result = write_request(q, setup->device);
    if (result)
        inquiry_free(q);
    else
        *out = q;
    return result;
}

void inquiry_free(struct inquiry *q)
{
    if (!q)
        return;
    buffer_fini(&q->request);
    buffer_fini(&q->in);
    free(q);
}

/* ---- the end ---- */

static void finish(struct inquiry *q, struct inquiry_step *step)
{
    q->state = DONE;
    q->due = INT64_MAX;
    step->over = true;
}

static void finish_silent(struct inquiry *q, struct inquiry_step *step)
{
    if (q->server_count == 0)
        text_copy(q->words, sizeof q->words, "its configuration names no TVS");
    q->testimony = (struct testimony){.kind = TESTIMONY_SILENCE, .words = q->words};
    finish(q, step);
}

/* ---- one server after the other ---- */

static void ask_next(struct inquiry *q, int64_t now, struct inquiry_step *step)
{
    char host[CNF_HOST];
    const struct cnf_member *server = &q->servers[q->next++];
    text_escape(host, sizeof host, bytes_of_string(server->host));
    text_format(q->server, sizeof q->server, "%s:%u", host, server->port ? server->port : q->port);
    q->connected = q->gone = false;
    q->trouble[0] = '\0';
    buffer_clear(&q->in);
    q->state = AWAIT_CONNECTION;
    q->due = now + q->answer_ms;
    step->connect = server;
}

/* This server gave no answer: the next one, or the end. */
static void give_up(struct inquiry *q, const char *words, struct inquiry_step *step)
{
    size_t used = strlen(q->words);
    if (words != q->trouble)
        text_copy(q->trouble, sizeof q->trouble, words);
    text_format(q->words + used, sizeof q->words - used, "%s%s: %s", used ? "; " : "", q->server,
                q->trouble);
    q->state = NEXT;
    step->failed = q->trouble;
    step->drop = true;
}

/* ---- the answer ---- */

/* ERR_FORMAT when it is not an answer to this question. */
static int check_answer(const struct inquiry *q, const struct tvs_message *m, struct why *why)
{
    const char *name = tvs_message_name(m->command);
    bool query = command_of(q) == TVS_QUERY_CERT_REQ;
    if (m->command != command_of(q) + 1)
        return why_error(why, ERR_FORMAT, "its %s is no answer to %s", name,
                         tvs_message_name(command_of(q)));
    if (m->session != q->session)
        return why_error(why, ERR_FORMAT, "its %s is of another session", name);
    if (!m->has_status)
        return why_error(why, ERR_FORMAT, "its %s has no status", name);
    if (query && m->status == TVS_TRUSTED && !m->has_certificate)
        return why_error(why, ERR_FORMAT, "its %s has no certificate", name);
    return 0;
}

static void take_answer(struct inquiry *q, const struct tvs_message *m)
{
    struct testimony *t = &q->testimony;
    *t = (struct testimony){.kind = TESTIMONY_DENIED};
    if (m->status != TVS_TRUSTED)
        return;
    t->kind = TESTIMONY_VOUCHED;
    t->certificate = q->question.certificate.size ? q->question.certificate : m->certificate;
    for (size_t i = 0; m->has_roles && i < m->roles.size; i++)
        testimony_add_role(t, m->roles.data[i]);
    q->ttl = m->has_ttl ? m->ttl : 0;
}

/* The answer is there when its frame is; what follows it is not looked at. */
static bool read_answer(struct inquiry *q, struct inquiry_step *step)
{
    struct why why = WHY_NONE;
    struct tvs_message m;
    size_t size = 0;
    int result = q->in.error ? why_error(&why, q->in.error, "it says more than an answer can be")
                             : tvs_frame(&size, buffer_bytes(&q->in), BODY_MAX, &why);
    if (result == 0 && size == 0)
        return false;
    if (result == 0)
        result = tvs_read(&m, bytes_slice(buffer_bytes(&q->in), 0, size), &why);
    if (result == 0)
        result = check_answer(q, &m, &why);
    if (result) {
        give_up(q, why_text(&why, result), step);
        return true;
    }
    q->received = size;
    take_answer(q, &m);
    step->drop = true;
    finish(q, step);
    return true;
}

/* ---- steps ---- */

static bool step_state(struct inquiry *q, int64_t now, struct inquiry_step *step)
{
    switch (q->state) {
    case NEXT:
        if (q->next < q->server_count)
            ask_next(q, now, step);
        else
            finish_silent(q, step);
        return true;
    case AWAIT_CONNECTION:
        if (!q->connected)
            return false;
        q->state = AWAIT_ANSWER;
        step->send = buffer_bytes(&q->request);
        return true;
    case AWAIT_ANSWER:
        return read_answer(q, step);
    default:
        return false;
    }
}

bool inquiry_step(struct inquiry *q, int64_t now, struct inquiry_step *step)
{
    *step = (struct inquiry_step){0};
    if (q->state == DONE)
        return false;
    if (step_state(q, now, step))
        return true;
    if (q->gone)
        give_up(q, q->trouble, step);
    else if (now >= q->due)
        give_up(q, "no answer in time", step);
    else
        return false;
    return true;
}

int64_t inquiry_due(const struct inquiry *q)
{
    return q->due;
}

const char *inquiry_server(const struct inquiry *q)
{
    return q->server;
}

/* ---- news ---- */

void inquiry_connected(struct inquiry *q)
{
    q->connected = true;
}

/* A server that speaks before it is asked is listened to afterwards. */
void inquiry_input(struct inquiry *q, struct bytes bytes)
{
    if (q->state != DONE)
        buffer_append(&q->in, bytes);
}

/* The words of a connection may begin with the name of the server, which stands before them here
 * anyway. */
void inquiry_gone(struct inquiry *q, const char *words)
{
    size_t name = strlen(q->server);
    bool named = text_starts(words, q->server) && text_starts(words + name, ": ");
    q->gone = true;
    text_copy(q->trouble, sizeof q->trouble, named ? words + name + 2 : words);
}

/* ---- the answer ---- */

const struct testimony *inquiry_testimony(const struct inquiry *q)
{
    return q->state == DONE ? &q->testimony : NULL;
}

uint32_t inquiry_ttl(const struct inquiry *q)
{
    return q->ttl;
}

size_t inquiry_received(const struct inquiry *q)
{
    return q->received;
}
