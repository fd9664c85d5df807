#include "service/tftp/protocol.h"

#include <string.h>

/* ---- steps ---- */

static void send_error(struct tftp_engine *engine, struct tftp_transfer *t, int code,
                       struct bytes text)
{
    char words[TFTP_ERROR_TEXT_MAX + 1];
    size_t size = text.size < sizeof words ? text.size : sizeof words - 1;
    if (size)
        memcpy(words, text.data, size);
    words[size] = '\0';
    tftp_write_error(&engine->scratch, (enum tftp_error)code, words);
    tftp_action_fill(tftp_push_for(engine, TFTP_SEND, t), buffer_bytes(&engine->scratch));
}

void tftp_protocol_await(struct tftp_engine *engine, struct tftp_transfer *t, int64_t now,
                         int64_t ms)
{
    t->deadline = now + ms;
    tftp_table_schedule(engine->table, t);
}

/* The peer has its first time again. A later deadline is found by the table itself. */
static void await_answer(struct tftp_engine *engine, struct tftp_transfer *t, int64_t now)
{
    int64_t old = t->deadline;
    t->tries = 0;
    t->wait_ms = t->granted.has_timeout ? t->granted.timeout * 1000 : engine->limits.first_wait_ms;
    t->deadline = now + t->wait_ms;
    if (t->deadline < old)
        tftp_table_schedule(engine->table, t);
}

static struct tftp_action *finish(struct tftp_engine *engine, struct tftp_transfer *t,
                                  enum tftp_outcome outcome, int64_t now)
{
    struct tftp_action *action = tftp_push_for(engine, TFTP_DONE, t);
    action->outcome = outcome;
    engine->counters.complete += outcome == OUTCOME_COMPLETE;
    engine->counters.silent += outcome == OUTCOME_SILENT;
    engine->counters.aborted += outcome == OUTCOME_ABORTED;
    tftp_table_linger(engine->table, t);
    tftp_protocol_await(engine, t, now, engine->limits.linger_ms);
    return action;
}

/* The blocks that are out: [acked + 1, sent]. */
static void emit_blocks(struct tftp_engine *engine, struct tftp_transfer *t)
{
    struct tftp_action *action = tftp_push_for(engine, TFTP_BLOCKS, t);
    action->block = (uint16_t)(t->acked + 1);
    action->count = (unsigned)(t->sent - t->acked);
    action->block_size = t->block_size;
    action->offset = t->acked * t->block_size;
    uint64_t end = t->sent * t->block_size;
    action->bytes = (end < t->size ? end : t->size) - action->offset;
    t->emitted_from = t->top;
    uint64_t known = t->top < t->sent ? t->top : t->sent;
    uint64_t again = known > t->acked ? known - t->acked : 0;
    t->resent += again;
    engine->counters.resent += again;
    engine->counters.blocks += action->count - again;
    if (t->top < t->sent)
        t->top = t->sent;
}

/* The next blocks behind the last one acknowledged. */
static void send_window(struct tftp_engine *engine, struct tftp_transfer *t)
{
    uint64_t end = t->acked + t->window_size;
    t->sent = end < t->blocks ? end : t->blocks;
    t->state = TFTP_SENDING;
    emit_blocks(engine, t);
}

static void send_offer(struct tftp_engine *engine, struct tftp_transfer *t)
{
    t->state = TFTP_OFFERING;
    tftp_write_oack(&engine->scratch, &t->granted);
    tftp_action_fill(tftp_push_for(engine, TFTP_SEND, t), buffer_bytes(&engine->scratch));
}

/* Which of the options asked for are granted, and how (RFC 2347: an OACK names these alone). */
static void negotiate(struct tftp_engine *engine, struct tftp_transfer *t)
{
    const struct tftp_limits *limits = &engine->limits;
    struct tftp_options g = t->asked;
    g.transfer_size = t->size;
    if (!g.has_block_size)
        g.block_size = TFTP_BLOCK_DEFAULT;
    if (g.block_size > limits->block_size)
        g.block_size = limits->block_size;
    if (!g.has_window_size)
        g.window_size = 1;
    if (g.window_size > limits->window)
        g.window_size = limits->window;
    if (g.window_size > limits->window_bytes / g.block_size)
        g.window_size = limits->window_bytes / g.block_size;
    if (g.window_size == 0)
        g.window_size = 1;
    t->granted = g;
    t->block_size = g.block_size;
    t->window_size = g.window_size;
    t->offered = g.has_block_size || g.has_window_size || g.has_timeout || g.has_transfer_size;
    t->blocks = t->size / g.block_size + 1;
    t->acked = t->sent = 0;
}

/* ---- what is done in a state when something happens ---- */

static void ignore(struct tftp_engine *engine, struct tftp_transfer *t, const struct tftp_input *in)
{
    (void)engine;
    (void)t;
    (void)in;
}

/* From the first block, or the offer of options. */
static void begin(struct tftp_engine *engine, struct tftp_transfer *t, const struct tftp_input *in)
{
    negotiate(engine, t);
    t->deadline = INT64_MAX;
    await_answer(engine, t, in->now);
    if (t->offered)
        send_offer(engine, t);
    else
        send_window(engine, t);
}

static void open_content(struct tftp_engine *engine, struct tftp_transfer *t,
                         const struct tftp_input *in)
{
    t->size = in->size;
    begin(engine, t, in);
}

static void refuse(struct tftp_engine *engine, struct tftp_transfer *t, const struct tftp_input *in)
{
    if (in->code >= 0)
        send_error(engine, t, in->code, in->text);
    finish(engine, t, OUTCOME_REFUSED, in->now);
}

static void fail(struct tftp_engine *engine, struct tftp_transfer *t, const struct tftp_input *in)
{
    send_error(engine, t, TFTP_UNDEFINED, in->text);
    finish(engine, t, OUTCOME_FAILED, in->now);
}

static void overdue(struct tftp_engine *engine, struct tftp_transfer *t,
                    const struct tftp_input *in)
{
    const struct tftp_input late = {.now = in->now,
                                    .text = bytes_of_string("The file could not be read in time")};
    fail(engine, t, &late);
}

static void abort_by_peer(struct tftp_engine *engine, struct tftp_transfer *t,
                          const struct tftp_input *in)
{
    struct tftp_action *done = finish(engine, t, OUTCOME_ABORTED, in->now);
    done->code = (unsigned)in->code;
    tftp_action_fill(done, in->text);
}

/* A request while its transfer runs. Either it is the first one, late or sent twice: then the peer
 * goes on, or its answer is just being sent again. Or the peer has begun anew from the same port:
 * then nothing it acknowledged counts any more, and it will ask again until it is heard. So the
 * transfer begins anew when nothing was acknowledged yet, or nothing for as long as a peer waits.
 */
static void restart(struct tftp_engine *engine, struct tftp_transfer *t,
                    const struct tftp_input *in)
{
    bool started = t->acked > 0 || (t->offered && t->state != TFTP_OFFERING);
    if (started && in->now - t->progress < engine->limits.first_wait_ms)
        return;
    t->asked = *in->asked;
    begin(engine, t, in);
}

static void accept_offer(struct tftp_engine *engine, struct tftp_transfer *t,
                         const struct tftp_input *in)
{
    if (in->block != 0)
        return;
    t->progress = in->now;
    await_answer(engine, t, in->now);
    send_window(engine, t);
}

/* An acknowledgement while blocks are out. With a window of one, a repeated one must not lead to a
 * repeated block: each would lead to two of the next (RFC 1123, 4.2.3.1). With larger windows it
 * says that the first block of the window is missing (RFC 7440, 4), which is believed once. */
static void advance(struct tftp_engine *engine, struct tftp_transfer *t,
                    const struct tftp_input *in)
{
    uint16_t step = (uint16_t)(in->block - (uint16_t)t->acked);
    if (step > t->sent - t->acked)
        return;
    if (step == 0) {
        if (t->window_size == 1 || t->gap_answered)
            return;
        t->gap_answered = true;
        emit_blocks(engine, t);
        return;
    }
    t->acked += step;
    t->progress = in->now;
    t->gap_answered = t->acked < t->sent; /* what is behind it goes out again now */
    if (t->acked == t->blocks) {
        finish(engine, t, OUTCOME_COMPLETE, in->now);
        return;
    }
    await_answer(engine, t, in->now);
    send_window(engine, t);
}

/* The peer has not answered: the same again, after a longer time each (or the time it wished for),
 * until it is given up. */
static void retry(struct tftp_engine *engine, struct tftp_transfer *t, const struct tftp_input *in)
{
    if (++t->tries >= engine->limits.tries) {
        finish(engine, t, OUTCOME_SILENT, in->now);
        return;
    }
    if (!t->granted.has_timeout && t->wait_ms * 2 <= engine->limits.longest_wait_ms)
        t->wait_ms *= 2;
    tftp_protocol_await(engine, t, in->now, t->wait_ms);
    t->gap_answered = false;
    if (t->state == TFTP_OFFERING) {
        t->resent++;
        engine->counters.resent++;
        send_offer(engine, t);
    } else {
        emit_blocks(engine, t);
    }
}

/* What emit_blocks() just counted was not sent. */
static void wait_for_content(struct tftp_engine *engine, struct tftp_transfer *t,
                             const struct tftp_input *in)
{
    uint64_t known = t->emitted_from < t->sent ? t->emitted_from : t->sent;
    uint64_t again = known > t->acked ? known - t->acked : 0;
    t->resent -= again;
    engine->counters.resent -= again;
    engine->counters.blocks -= t->sent - t->acked - again;
    t->top = t->emitted_from;
    t->state = TFTP_READING;
    tftp_protocol_await(engine, t, in->now, engine->limits.open_wait_ms);
}

static void send_what_was_read(struct tftp_engine *engine, struct tftp_transfer *t,
                               const struct tftp_input *in)
{
    await_answer(engine, t, in->now);
    t->state = TFTP_SENDING;
    emit_blocks(engine, t);
}

static void forget(struct tftp_engine *engine, struct tftp_transfer *t, const struct tftp_input *in)
{
    (void)in;
    tftp_table_remove(engine->table, t);
}

/* The protocol. A request of the peer of a lingering transfer is a new one and never comes here. */
static void (*const reactions[TFTP_STATE_COUNT][EVENT_COUNT])(struct tftp_engine *engine,
                                                              struct tftp_transfer *t,
                                                              const struct tftp_input *in) = {
    [TFTP_OPENING] = {[EVENT_REQUEST] = ignore,
                      [EVENT_ACK] = ignore,
                      [EVENT_ERROR] = abort_by_peer,
                      [EVENT_JUNK] = ignore,
                      [EVENT_TIMEOUT] = overdue,
                      [EVENT_OPENED] = open_content,
                      [EVENT_REFUSED] = refuse,
                      [EVENT_MISSING] = ignore,
                      [EVENT_READY] = ignore,
                      [EVENT_FAILED] = fail},
    [TFTP_OFFERING] = {[EVENT_REQUEST] = restart,
                       [EVENT_ACK] = accept_offer,
                       [EVENT_ERROR] = abort_by_peer,
                       [EVENT_JUNK] = ignore,
                       [EVENT_TIMEOUT] = retry,
                       [EVENT_OPENED] = ignore,
                       [EVENT_REFUSED] = ignore,
                       [EVENT_MISSING] = ignore,
                       [EVENT_READY] = ignore,
                       [EVENT_FAILED] = fail},
    [TFTP_SENDING] = {[EVENT_REQUEST] = restart,
                      [EVENT_ACK] = advance,
                      [EVENT_ERROR] = abort_by_peer,
                      [EVENT_JUNK] = ignore,
                      [EVENT_TIMEOUT] = retry,
                      [EVENT_OPENED] = ignore,
                      [EVENT_REFUSED] = ignore,
                      [EVENT_MISSING] = wait_for_content,
                      [EVENT_READY] = ignore,
                      [EVENT_FAILED] = fail},
    [TFTP_READING] = {[EVENT_REQUEST] = ignore,
                      [EVENT_ACK] = ignore,
                      [EVENT_ERROR] = abort_by_peer,
                      [EVENT_JUNK] = ignore,
                      [EVENT_TIMEOUT] = overdue,
                      [EVENT_OPENED] = ignore,
                      [EVENT_REFUSED] = ignore,
                      [EVENT_MISSING] = ignore,
                      [EVENT_READY] = send_what_was_read,
                      [EVENT_FAILED] = fail},
    [TFTP_LINGERING] = {[EVENT_REQUEST] = ignore,
                        [EVENT_ACK] = ignore,
                        [EVENT_ERROR] = ignore,
                        [EVENT_JUNK] = ignore,
                        [EVENT_TIMEOUT] = forget,
                        [EVENT_OPENED] = ignore,
                        [EVENT_REFUSED] = ignore,
                        [EVENT_MISSING] = ignore,
                        [EVENT_READY] = ignore,
                        [EVENT_FAILED] = ignore},
};

void tftp_protocol_happen(struct tftp_engine *engine, struct tftp_transfer *t,
                          enum tftp_event event, const struct tftp_input *input)
{
    if (t->state != TFTP_FREE)
        reactions[t->state][event](engine, t, input);
}
