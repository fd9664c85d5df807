#include "phone/download.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state {
    STATE_ASKED,     /* the request is out */
    STATE_RECEIVING, /* the server has answered from a port of its own */
    STATE_LINGERING, /* the file is here; the last acknowledgement may have got lost */
    STATE_OVER,
    STATE_COUNT
};

enum event {
    EVENT_OPTIONS,
    EVENT_NEXT,  /* the block that is waited for */
    EVENT_AGAIN, /* the one before it */
    EVENT_OTHER, /* any other block, and what no client should get */
    EVENT_ERROR,
    EVENT_TIMEOUT,
    EVENT_COUNT
};

struct download {
    struct download_setup setup;
    char *name;
    enum state state;
    uint16_t wanted; /* number of the block that is waited for */
    size_t block_size;
    struct address peer; /* the port that the server answers from, once it has */
    struct buffer file;

    struct buffer packet; /* sent last, and what is sent again */
    struct buffer stranger_packet;
    struct address stranger;
    bool send, send_stranger;
    unsigned sent;       /* times `packet` was sent */
    unsigned refused_at; /* number of the sending that was refused last; 0: none */
    int64_t wait_ms, deadline, end;

    bool finished;
    struct download_result result;
};

/* What came with the event. */
struct input {
    int64_t now;
    struct bytes payload; /* of a block */
    const struct tftp_options *options;
    uint16_t code; /* of an error */
    struct bytes text;
};

void download_setup_default(struct download_setup *setup)
{
    *setup = (struct download_setup){.first_wait_ms = 1000,
                                     .longest_wait_ms = 4000,
                                     .tries = 5,
                                     .deadline_ms = 60000,
                                     .linger_ms = 3000};
}

int download_new(struct download **out, const struct download_setup *setup)
{
    struct download *d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    d->setup = *setup;
    d->deadline = DOWNLOAD_NEVER;
    buffer_init(&d->file, setup->max);
    buffer_init(&d->packet, TFTP_REQUEST_MAX);
    buffer_init(&d->stranger_packet, TFTP_REQUEST_MAX);
    d->name = strdup(setup->name);
    if (!d->name) {
        download_free(d);
        return -ENOMEM;
    }
    *out = d;
    return 0;
}

void download_free(struct download *d)
{
    if (!d)
        return;
    buffer_fini(&d->file);
    buffer_fini(&d->packet);
    buffer_fini(&d->stranger_packet);
    free(d->name);
    free(d);
}

/* ---- sending ---- */

static void await(struct download *d, int64_t now, int64_t ms)
{
    d->deadline = now + ms < d->end ? now + ms : d->end;
}

static void send_again(struct download *d, int64_t now)
{
    d->send = true;
    d->sent++;
    d->result.resent++;
    await(d, now, d->wait_ms);
}

/* A new datagram, which is in `packet`. */
static void send_new(struct download *d, int64_t now)
{
    d->send = true;
    d->sent = 1;
    d->wait_ms = d->setup.first_wait_ms;
    await(d, now, d->wait_ms);
}

static void send_request(struct download *d, int64_t now)
{
    const struct tftp_options options = {
        .has_block_size = true, .block_size = d->setup.block_size, .has_transfer_size = true};
    tftp_write_request(&d->packet, TFTP_RRQ, d->name, d->setup.block_size ? &options : NULL);
    send_new(d, now);
}

static void send_ack(struct download *d, uint16_t block, int64_t now)
{
    tftp_write_ack(&d->packet, block);
    send_new(d, now);
}

bool download_send(struct download *d, struct bytes *packet, const struct address **to)
{
    if (d->send) {
        d->send = false;
        *packet = buffer_bytes(&d->packet);
        *to = d->state == STATE_ASKED ? &d->setup.server : &d->peer;
        return true;
    }
    if (d->send_stranger) {
        d->send_stranger = false;
        *packet = buffer_bytes(&d->stranger_packet);
        *to = &d->stranger;
        return true;
    }
    return false;
}

/* ---- the end ---- */

static void finish(struct download *d, int error, const char *format, ...) PRINTF_LIKE(3, 4);

static void finish(struct download *d, int error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(d->result.words, sizeof d->result.words, format, values);
    va_end(values);
    d->result.error = error;
    d->finished = true;
    d->state = STATE_OVER;
    d->deadline = DOWNLOAD_NEVER;
    if (error)
        buffer_fini(&d->file);
    else
        d->result.file = buffer_bytes(&d->file);
}

/* Ends it and tells the server, which is asked from where it has answered. */
static void abandon(struct download *d, int error, enum tftp_error code, const char *words)
{
    tftp_write_error(&d->packet, code, words);
    finish(d, error, "%s", words);
    d->send = true;
}

static void fail_memory(struct download *d)
{
    abandon(d, -ENOMEM, TFTP_DISK_FULL, "out of memory");
}

/* ---- what is done in which state; the state after it ---- */

static enum state ignore(struct download *d, const struct input *in)
{
    (void)in;
    return d->state;
}

static enum state too_large(struct download *d)
{
    char words[120];
    text_format(words, sizeof words, "the file has more than the %zu bytes a phone takes",
                d->setup.max);
    abandon(d, ERR_LIMIT, TFTP_DISK_FULL, words);
    return STATE_OVER;
}

static enum state take_options(struct download *d, const struct input *in)
{
    const struct tftp_options *o = in->options;
    bool block_is_fine = !o->has_block_size || o->block_size <= d->setup.block_size;
    if (!d->setup.block_size || !block_is_fine || o->has_window_size || o->has_timeout) {
        abandon(d, ERR_FORMAT, TFTP_OPTION, "the server grants an option nobody asked for");
        return STATE_OVER;
    }
    if (o->has_transfer_size && o->transfer_size > d->setup.max)
        return too_large(d);
    if (o->has_block_size)
        d->block_size = o->block_size;
    send_ack(d, 0, in->now);
    return STATE_RECEIVING;
}

/* Not the first packet of the server's, or our acknowledgement of it got lost: it says it again. */
static enum state take_options_again(struct download *d, const struct input *in)
{
    if (d->wanted == 1 && d->file.size == 0 && d->sent < d->setup.tries)
        send_again(d, in->now);
    return d->state;
}

static enum state take_block(struct download *d, const struct input *in)
{
    if (in->payload.size > d->block_size) {
        abandon(d, ERR_FORMAT, TFTP_ILLEGAL, "the server sends a block larger than agreed");
        return STATE_OVER;
    }
    if (in->payload.size > d->setup.max - d->file.size)
        return too_large(d);
    buffer_append(&d->file, in->payload);
    if (d->file.error) {
        fail_memory(d);
        return STATE_OVER;
    }
    send_ack(d, d->wanted++, in->now);
    if (in->payload.size == d->block_size)
        return STATE_RECEIVING;
    finish(d, 0, "%s", "");
    await(d, in->now, d->setup.linger_ms);
    return STATE_LINGERING;
}

/* It has not got our acknowledgement, or is a copy of the network's. A server that sends the next
 * block for each acknowledgement it sees would double all of them, but a phone must still answer:
 * it cannot tell the two apart. */
static enum state acknowledge_again(struct download *d, const struct input *in)
{
    (void)in;
    d->send = true;
    d->result.resent++;
    return d->state;
}

static enum state take_error(struct download *d, const struct input *in)
{
    char text[160];
    text_value(text, sizeof text, in->text);
    if (in->code == TFTP_OPTION && d->state == STATE_ASKED && d->setup.block_size) {
        d->setup.block_size = 0; /* once more, without options */
        d->peer.size = 0;
        send_request(d, in->now);
        return STATE_ASKED;
    }
    if (in->code == TFTP_NOT_FOUND)
        finish(d, ERR_NOT_FOUND, "the server has no such file, it says %s", text);
    else if (in->code == TFTP_ACCESS)
        finish(d, -EACCES, "the server denies access, it says %s", text);
    else
        finish(d, ERR_CLOSED, "error %u of the server, it says %s", in->code, text);
    return STATE_OVER;
}

static enum state send_or_give_up(struct download *d, const struct input *in)
{
    char server[ADDRESS_TEXT];
    address_text(server, &d->setup.server);
    if (d->sent < d->setup.tries && in->now < d->end) {
        d->wait_ms *= 2;
        if (d->wait_ms > d->setup.longest_wait_ms)
            d->wait_ms = d->setup.longest_wait_ms;
        send_again(d, in->now);
        return d->state;
    }
    if (d->state == STATE_ASKED)
        finish(d, ERR_TIMEOUT, "no answer from %s after %u tries", server, d->sent);
    else
        abandon(d, ERR_TIMEOUT, TFTP_UNDEFINED,
                in->now < d->end ? "the server went silent" : "the transfer takes too long");
    return STATE_OVER;
}

static enum state rest(struct download *d, const struct input *in)
{
    (void)in;
    d->deadline = DOWNLOAD_NEVER;
    return STATE_OVER;
}

static enum state (*const table[STATE_COUNT][EVENT_COUNT])(struct download *d,
                                                           const struct input *in) = {
    [STATE_ASKED] = {take_options, take_block, ignore, ignore, take_error, send_or_give_up},
    [STATE_RECEIVING] = {take_options_again, take_block, acknowledge_again, ignore, take_error,
                         send_or_give_up},
    [STATE_LINGERING] = {ignore, ignore, acknowledge_again, ignore, ignore, rest},
    [STATE_OVER] = {ignore, ignore, ignore, ignore, ignore, ignore},
};

static void happen(struct download *d, enum event event, const struct input *in)
{
    d->state = table[d->state][event](d, in);
}

/* ---- news ---- */

void download_start(struct download *d, int64_t now)
{
    d->state = STATE_ASKED;
    d->wanted = 1;
    d->block_size = TFTP_BLOCK_DEFAULT;
    d->end = now + d->setup.deadline_ms;
    send_request(d, now);
}

/* A transfer is between two ports; the server's is the one it answers from first. Others are told
 * that they are wrong, and change nothing (RFC 1350, "Initial Connection Protocol"). */
static bool is_peer(struct download *d, const struct address *from)
{
    if (d->peer.size)
        return address_equal(&d->peer, from);
    return bytes_equal(address_bytes(&d->setup.server), address_bytes(from));
}

static enum event read_packet(struct download *d, struct bytes packet, struct input *in,
                              struct tftp_options *options)
{
    uint16_t block;
    if (tftp_read_data(&block, &in->payload, packet) == 0) {
        if (block == d->wanted)
            return EVENT_NEXT;
        return block == (uint16_t)(d->wanted - 1) ? EVENT_AGAIN : EVENT_OTHER;
    }
    if (tftp_read_error(&in->code, &in->text, packet) == 0)
        return EVENT_ERROR;
    if (tftp_read_oack(options, packet) == 0) {
        in->options = options;
        return EVENT_OPTIONS;
    }
    return EVENT_OTHER;
}

void download_packet(struct download *d, const struct address *from, struct bytes packet,
                     int64_t now)
{
    struct input in = {.now = now};
    struct tftp_options options;
    if (!is_peer(d, from)) {
        if (tftp_opcode(packet) == TFTP_ERROR)
            return; /* errors are never answered with errors */
        tftp_write_error(&d->stranger_packet, TFTP_UNKNOWN_TID, "unknown transfer");
        d->stranger = *from;
        d->send_stranger = true;
        return;
    }
    enum event event = read_packet(d, packet, &in, &options);
    if (event != EVENT_OTHER)
        d->peer = *from;
    happen(d, event, &in);
}

void download_refused(struct download *d)
{
    char server[ADDRESS_TEXT];
    if (d->state != STATE_ASKED || d->refused_at == d->sent)
        return;
    if (d->refused_at)
        finish(d, -ECONNREFUSED, "nobody listens at %s", address_text(server, &d->setup.server));
    d->refused_at = d->sent;
}

void download_tick(struct download *d, int64_t now)
{
    const struct input in = {.now = now};
    if (now >= d->deadline)
        happen(d, EVENT_TIMEOUT, &in);
}

int64_t download_deadline(const struct download *d)
{
    return d->deadline;
}

const struct download_result *download_result(const struct download *d)
{
    return d->finished ? &d->result : NULL;
}

bool download_is_over(const struct download *d)
{
    return d->state == STATE_OVER;
}
