/*
 * engine: everything that can happen to the TFTP engine, in any order. The input is a run of steps,
 * each a byte for what happens and to whom, and what it needs; datagrams are a length and bytes.
 *
 * What must hold: no datagram leads to more than one answer, an error is not answered by an error,
 * only blocks of the content are sent and as many as were granted, every transfer that began ends
 * once.
 */
#include "fuzz.h"

#include "service/tftp/engine.h"

#include <string.h>

enum {
    PEERS = 4,
    POOL = 4, /* the first socket of the pool */
    POOL_SIZE = 2,
    TRANSFERS = 6,
    OPEN_MAX = 64,
};

enum step {
    STEP_REQUEST,
    STEP_ANSWER,
    STEP_TIME,
    STEP_OPENED,
    STEP_REFUSE,
    STEP_MISSING,
    STEP_READY,
    STEP_FAILED,
    STEP_COUNT
};

static struct bench {
    struct tftp_engine *engine;
    struct tftp_limits limits;
    int64_t now;
    uint64_t open[OPEN_MAX]; /* transfers that began and have not ended */
    size_t open_count;
    unsigned answers; /* to what was put in last */
    bool error_in;    /* that was an error of a peer's */
} b;

static void began(uint64_t id)
{
    for (size_t i = 0; i < b.open_count; i++)
        MUST(b.open[i] != id);
    MUST(b.open_count < TRANSFERS);
    b.open[b.open_count++] = id;
}

static void ended(uint64_t id)
{
    size_t i = 0;
    while (i < b.open_count && b.open[i] != id)
        i++;
    MUST(i < b.open_count);
    b.open[i] = b.open[--b.open_count];
}

static void check_packet(const struct tftp_action *a)
{
    struct bytes packet = bytes_of(a->packet, a->size);
    struct tftp_options options;
    struct bytes text;
    uint16_t code;
    b.answers++;
    if (tftp_opcode(packet) == TFTP_ERROR) {
        MUST(tftp_read_error(&code, &text, packet) == 0);
        MUST(!b.error_in);
    } else {
        MUST(tftp_read_oack(&options, packet) == 0);
        MUST(options.ignored == 0);
    }
}

static void check_blocks(const struct tftp_action *a)
{
    const struct tftp_transfer *t = a->transfer;
    b.answers++;
    MUST(t && a->count >= 1 && a->count <= t->window_size);
    MUST(a->count <= b.limits.window && a->block_size <= b.limits.block_size);
    MUST(a->count == 1 || (uint64_t)a->count * a->block_size <= b.limits.window_bytes);
    MUST(a->offset <= t->size && a->bytes <= t->size - a->offset);
    MUST(a->bytes <= (uint64_t)a->count * a->block_size);
    MUST(a->bytes >= (uint64_t)(a->count - 1) * a->block_size);
    MUST(a->offset % a->block_size == 0);
    MUST(a->block == (uint16_t)(a->offset / a->block_size + 1));
}

static void take_actions(void)
{
    const struct tftp_action *a;
    while ((a = tftp_engine_action(b.engine)) != NULL) {
        MUST(a->socket >= POOL && a->socket < POOL + POOL_SIZE);
        switch (a->kind) {
        case TFTP_SEND:
            check_packet(a);
            break;
        case TFTP_BLOCKS:
            check_blocks(a);
            break;
        case TFTP_OPEN:
            began(a->id);
            break;
        case TFTP_DONE:
            ended(a->id);
            break;
        case TFTP_REJECT:
            fuzz_touch(bytes_of(a->packet, a->size));
            break;
        }
    }
    MUST(tftp_engine_running(b.engine) == b.open_count);
}

static void put_in(struct reader *r, unsigned who, bool request)
{
    const struct udp_local local = {.size = 4, .raw = {127, 0, 0, 1}};
    struct address peer;
    char host[16] = "192.0.2.1";
    host[8] = (char)('1' + who % PEERS);
    if (address_parse(&peer, host, (uint16_t)(5000 + who / PEERS)) != 0)
        abort();
    size_t size = reader_u8(r);
    struct bytes data = reader_bytes(r, size < reader_left(r) ? size : reader_left(r));
    struct tftp_datagram d = {.data = data,
                              .service_port = request,
                              .socket = POOL + (request ? 0 : who % POOL_SIZE),
                              .pool_size = POOL_SIZE,
                              .hint = who,
                              .peer = &peer,
                              .local = &local};
    b.error_in = tftp_opcode(data) == TFTP_ERROR;
    tftp_engine_input(b.engine, &d, b.now);
}

static void pass(int64_t ms)
{
    bool more = true;
    b.now += ms;
    while (more) {
        more = tftp_engine_tick(b.engine, b.now);
        take_actions();
    }
    b.answers = 0; /* as many as there are transfers */
}

static uint64_t any_id(unsigned which)
{
    return b.open_count ? b.open[which % b.open_count] : which;
}

static void do_step(struct reader *r)
{
    uint8_t what = reader_u8(r);
    unsigned who = what / STEP_COUNT;
    b.answers = 0;
    b.error_in = false;
    switch ((enum step)(what % STEP_COUNT)) {
    case STEP_REQUEST:
        put_in(r, who, true);
        break;
    case STEP_ANSWER:
        put_in(r, who, false);
        break;
    case STEP_TIME:
        pass((int64_t)reader_u8(r) * 40);
        break;
    case STEP_OPENED:
        tftp_engine_opened(b.engine, any_id(who), (uint64_t)reader_u16be(r) * 7, b.now);
        break;
    case STEP_REFUSE:
        tftp_engine_refuse(b.engine, any_id(who), (int)reader_u8(r) % 10 - 1, "no", b.now);
        break;
    case STEP_MISSING:
        tftp_engine_missing(b.engine, any_id(who), b.now);
        break;
    case STEP_READY:
        tftp_engine_ready(b.engine, any_id(who), b.now);
        break;
    case STEP_FAILED:
        tftp_engine_failed(b.engine, any_id(who), "broken", b.now);
        break;
    case STEP_COUNT:
        break;
    }
    take_actions();
    MUST(b.answers <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r;
    b = (struct bench){.now = 1000000};
    tftp_limits_default(&b.limits);
    b.limits.transfers = TRANSFERS;
    b.limits.per_address = 3;
    b.limits.window = 8;
    MUST(tftp_engine_new(&b.engine, &b.limits) == 0);
    reader_init(&r, bytes_of(data, size));
    while (reader_left(&r) && !r.error)
        do_step(&r);
    while (tftp_engine_stop(b.engine))
        take_actions();
    take_actions();
    MUST(b.open_count == 0);
    tftp_engine_free(b.engine);
    return 0;
}
