/* The signer from an event loop: questions are numbered, answers find theirs by the number. */
#include "signer/protocol.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    OPEN_MAX_QUESTIONS = 16384,
    PATIENCE_MS = 5000, /* how long a question waits for a signer that is being restarted */
};

struct open_question {
    uint32_t number;
    enum signer_operation operation;
    bool sent;
    struct buffer message; /* until it is sent */
    int payload;
    void (*done)(void *context, int result, struct bytes signature, const char *words);
    void *context;
    struct open_question *next;
};

struct signer_loop {
    struct loop *loop;
    struct channel *channel;     /* NULL: there is no signer at the moment */
    struct loop_timer *patience; /* runs while questions wait without a signer */
    struct open_question *first; /* in the order asked */
    struct open_question **last;
    size_t count;
    uint32_t number;
};

static void patience_over(void *context);

int signer_loop_new(struct signer_loop **out, struct loop *loop)
{
    struct signer_loop *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->loop = loop;
    s->last = &s->first;
    int result = loop_timer_new(&s->patience, loop, patience_over, s);
    if (result) {
        free(s);
        return result;
    }
    *out = s;
    return 0;
}

static void question_free(struct open_question *q)
{
    buffer_fini_secret(&q->message); /* it may hold an authentication string */
    if (q->payload >= 0)
        close(q->payload);
    free(q);
}

/* Takes one question out of the list. */
static void unlink_question(struct signer_loop *s, struct open_question **link)
{
    struct open_question *q = *link;
    *link = q->next;
    if (s->last == &q->next)
        s->last = link;
    s->count--;
}

static void finish(struct open_question *q, int result, struct bytes signature, const char *words)
{
    q->done(q->context, result, signature, words);
    question_free(q);
}

/* Fails the questions that were sent (all of them, or also those that wait). */
static void fail_open(struct signer_loop *s, bool waiting_too, int result, const char *words)
{
    struct open_question *failed = NULL;
    struct open_question **tail = &failed;
    struct open_question **link = &s->first;
    while (*link) {
        struct open_question *q = *link;
        if (!q->sent && !waiting_too) {
            link = &q->next;
            continue;
        }
        unlink_question(s, link);
        q->next = NULL;
        *tail = q;
        tail = &q->next;
    }
    while (failed) {
        struct open_question *q = failed;
        failed = q->next;
        finish(q, result, bytes_of(NULL, 0), words);
    }
}

static void patience_over(void *context)
{
    struct signer_loop *s = context;
    fail_open(s, true, ERR_TIMEOUT, "the signer does not come back");
}

void signer_loop_free(struct signer_loop *s)
{
    if (!s)
        return;
    channel_free(s->channel);
    s->channel = NULL;
    fail_open(s, true, ERR_CLOSED, "the service is stopping");
    loop_timer_free(s->patience);
    free(s);
}

/* What a good answer brings: a field, or for a CRL perhaps a file. */
static int read_answer(struct buffer *out, const struct open_question *q, struct reader *r, int fd)
{
    int result = field_read_payload(out, r, q->operation == SIGNER_CRL ? fd : -1, CRL_DER_MAX);
    if (result == 0)
        result = reader_end(r);
    return result ? ERR_FORMAT : 0;
}

static void answered(struct open_question *q, struct reader *r, int status, struct bytes words,
                     int fd)
{
    struct buffer answer = {NULL, 0, 0, 0, 0};
    char text[sizeof((struct why *)0)->text] = "";
    if (status == 0)
        status = read_answer(&answer, q, r, fd);
    else
        text_copy_bytes(text, sizeof text, words);
    finish(q, status, status ? bytes_of(NULL, 0) : buffer_bytes(&answer), text);
    buffer_fini_secret(&answer);
}

static void on_message(void *context, struct bytes message, const int *fds, size_t count)
{
    struct signer_loop *s = context;
    struct reader r;
    uint32_t number = 0;
    int status;
    struct bytes words;
    int result = answer_read(&r, message, &number, &status, &words);
    struct open_question **link = &s->first;
    while (*link && (*link)->number != number)
        link = &(*link)->next;
    struct open_question *q = *link;
    if (result == 0 && q) { /* otherwise it was given up meanwhile */
        unlink_question(s, link);
        answered(q, &r, status, words, count ? fds[0] : -1);
    }
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

static void on_closed(void *context)
{
    struct signer_loop *s = context;
    channel_free(s->channel);
    s->channel = NULL;
    fail_open(s, false, ERR_CLOSED, "the signer ended; it is being restarted");
}

static int send_question(struct signer_loop *s, struct open_question *q)
{
    int result = channel_write(s->channel, buffer_bytes(&q->message), &q->payload, q->payload >= 0);
    if (result)
        return result;
    q->sent = true;
    buffer_fini_secret(&q->message);
    if (q->payload >= 0)
        close(q->payload);
    q->payload = -1;
    return 0;
}

int signer_loop_replace(struct signer_loop *s, int fd)
{
    static const struct channel_events events = {on_message, on_closed};
    if (s->channel)
        on_closed(s);
    int result = channel_new(&s->channel, s->loop, fd, OPEN_MAX_QUESTIONS, &events, s);
    if (result)
        return result;
    loop_timer_stop(s->patience);
    for (struct open_question *q = s->first; q && result == 0; q = q->next)
        result = send_question(s, q);
    return result;
}

static int begin_question(struct open_question **out, struct signer_loop *s,
                          enum signer_operation operation)
{
    if (s->count >= OPEN_MAX_QUESTIONS)
        return ERR_LIMIT;
    struct open_question *q = calloc(1, sizeof *q);
    if (!q)
        return -ENOMEM;
    q->payload = -1;
    q->number = ++s->number;
    q->operation = operation;
    buffer_init(&q->message, CHANNEL_MESSAGE_MAX);
    question_begin(&q->message, q->number, operation);
    *out = q;
    return 0;
}

static int make_question(struct open_question **out, struct signer_loop *s,
                         struct bytes covered_header, struct bytes payload)
{
    struct open_question *q = NULL;
    int result = begin_question(&q, s, SIGNER_SIGN);
    if (result)
        return result;
    field_write(&q->message, covered_header);
    result = field_write_payload(&q->message, &q->payload, payload);
    if (result) {
        question_free(q);
        return result;
    }
    *out = q;
    return 0;
}

static int ask(struct signer_loop *s, struct open_question *q)
{
    int result = s->channel ? send_question(s, q) : 0;
    if (result) {
        question_free(q);
        return result;
    }
    if (!s->channel && s->count == 0)
        loop_timer_start(s->patience, PATIENCE_MS);
    *s->last = q;
    s->last = &q->next;
    s->count++;
    return 0;
}

int signer_loop_sign(struct signer_loop *s, struct bytes covered_header, struct bytes payload,
                     void (*done)(void *context, int result, struct bytes signature,
                                  const char *words),
                     void *context)
{
    struct open_question *q = NULL;
    int result = make_question(&q, s, covered_header, payload);
    if (result)
        return result;
    q->done = done;
    q->context = context;
    return ask(s, q);
}

int signer_loop_sign_file(struct signer_loop *s, struct bytes covered_header, int payload,
                          void (*done)(void *context, int result, struct bytes signature,
                                       const char *words),
                          void *context)
{
    struct open_question *q = NULL;
    int result = make_question(&q, s, covered_header, bytes_of(NULL, 0));
    if (result)
        return result;
    q->payload = fcntl(payload, F_DUPFD_CLOEXEC, 0);
    if (q->payload < 0) {
        result = -errno;
        question_free(q);
        return result;
    }
    q->done = done;
    q->context = context;
    return ask(s, q);
}

/* Asks what was written into the question, or gives up when that did not fit. */
static int ask_for(struct signer_loop *s, struct open_question *q, int result,
                   void (*done)(void *context, int result, struct bytes answer, const char *words),
                   void *context)
{
    if (result == 0)
        result = q->message.error;
    if (result) {
        question_free(q);
        return result;
    }
    q->done = done;
    q->context = context;
    return ask(s, q);
}

int signer_loop_issue(struct signer_loop *s, const struct signer_lsc *lsc,
                      void (*done)(void *context, int result, struct bytes answer,
                                   const char *words),
                      void *context)
{
    struct open_question *q = NULL;
    int result = begin_question(&q, s, SIGNER_ISSUE);
    if (result)
        return result;
    field_write_lsc(&q->message, lsc);
    return ask_for(s, q, 0, done, context);
}

int signer_loop_crl(struct signer_loop *s, const struct signer_crl *crl,
                    void (*done)(void *context, int result, struct bytes answer, const char *words),
                    void *context)
{
    struct open_question *q = NULL;
    int result = begin_question(&q, s, SIGNER_CRL);
    if (result)
        return result;
    result = field_write_crl(&q->message, &q->payload, crl);
    return ask_for(s, q, result, done, context);
}

int signer_loop_mac(struct signer_loop *s, const char *device, const char *string,
                    void (*done)(void *context, int result, struct bytes answer, const char *words),
                    void *context)
{
    struct open_question *q = NULL;
    int result = begin_question(&q, s, SIGNER_MAC);
    if (result)
        return result;
    result = buffer_reserve(&q->message, 512); /* whole, so that growing leaves no string behind */
    field_write_text(&q->message, device);
    field_write_text(&q->message, string);
    return ask_for(s, q, result, done, context);
}

int signer_loop_identity(struct signer_loop *s, const char *name, const char *serial,
                         void (*done)(void *context, int result, struct bytes answer,
                                      const char *words),
                         void *context)
{
    struct open_question *q = NULL;
    int result = begin_question(&q, s, SIGNER_IDENTITY);
    if (result)
        return result;
    field_write_text(&q->message, name);
    field_write_text(&q->message, serial);
    return ask_for(s, q, 0, done, context);
}
