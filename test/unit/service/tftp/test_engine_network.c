/* The engine against a client of the book over a network that loses, doubles and delays. */
#include "support.h"

#include "service/tftp/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_MAX = 4096, DATA_MAX = 1600, CONTENT = 60000 };

/* A datagram under way. */
struct datagram {
    bool to_client;
    bool service_port;
    unsigned socket;
    int64_t arrives;
    size_t size;
    uint8_t data[DATA_MAX];
};

struct client {
    uint32_t block_size, window;
    bool options;
    unsigned socket; /* of the server, once known */
    bool known;
    bool offered;
    uint64_t have; /* whole blocks */
    uint64_t last_acked;
    unsigned in_window;
    int64_t heard;
    bool complete;
    size_t size;
    uint8_t data[CONTENT + DATA_MAX];
};

struct world {
    struct tftp_engine *engine;
    uint64_t random;
    int64_t now;
    unsigned loss, doubles; /* in a thousand */
    struct datagram *wire[WIRE_MAX];
    size_t on_wire;
    uint8_t content[CONTENT];
    size_t size;
    bool done;
    enum tftp_outcome outcome;
    unsigned missing; /* in a thousand: blocks that must be read first */
    uint64_t waits_for;
    struct client client;
    struct address peer;
};

static struct world w;

static unsigned chance(void)
{
    w.random = w.random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w.random >> 33) % 1000;
}

static void put_on_wire(const struct datagram *d)
{
    unsigned copies = chance() < w.loss ? 0 : chance() < w.doubles ? 2 : 1;
    for (unsigned i = 0; i < copies && w.on_wire < WIRE_MAX; i++) {
        struct datagram *copy = malloc(sizeof *copy);
        *copy = *d;
        copy->arrives = w.now + 1 + chance() % 20;
        w.wire[w.on_wire++] = copy;
    }
}

static void to_server(const uint8_t *data, size_t size, bool service_port)
{
    struct datagram d = {.service_port = service_port, .socket = w.client.socket, .size = size};
    memcpy(d.data, data, size);
    put_on_wire(&d);
}

static void to_client(unsigned socket, struct bytes head, const uint8_t *payload, size_t size)
{
    struct datagram d = {.to_client = true, .socket = socket, .size = head.size + size};
    memcpy(d.data, head.data, head.size);
    if (size)
        memcpy(d.data + head.size, payload, size);
    put_on_wire(&d);
}

static void send_blocks(const struct tftp_action *a)
{
    if (chance() < w.missing) {
        w.waits_for = a->id;
        tftp_engine_missing(w.engine, a->id, w.now);
        return;
    }
    for (unsigned i = 0; i < a->count; i++) {
        uint8_t head[4];
        uint64_t at = (uint64_t)i * a->block_size;
        size_t size = a->bytes > at ? (size_t)(a->bytes - at) : 0;
        if (size > a->block_size)
            size = a->block_size;
        tftp_write_data_header(head, (uint16_t)(a->block + i));
        to_client(a->socket, bytes_of(head, 4), w.content + a->offset + at, size);
    }
}

static void take_actions(void)
{
    const struct tftp_action *a;
    while ((a = tftp_engine_action(w.engine)) != NULL) {
        if (a->kind == TFTP_SEND) {
            to_client(a->socket, bytes_of(a->packet, a->size), NULL, 0);
        } else if (a->kind == TFTP_BLOCKS) {
            send_blocks(a);
        } else if (a->kind == TFTP_OPEN) {
            tftp_engine_opened(w.engine, a->id, w.size, w.now);
        } else if (a->kind == TFTP_DONE) {
            w.done = true;
            w.outcome = a->outcome;
        }
    }
}

/* ---- the client, as RFC 1350 and 7440 describe one ---- */

static void client_ask(void)
{
    struct buffer b;
    struct tftp_options o = {.has_block_size = true,
                             .block_size = w.client.block_size,
                             .has_window_size = true,
                             .window_size = w.client.window};
    buffer_init(&b, 600);
    tftp_write_request(&b, TFTP_RRQ, "file", w.client.options ? &o : NULL);
    to_server(b.data, b.size, true);
    buffer_fini(&b);
}

static void client_ack(void)
{
    const uint8_t raw[4] = {0, TFTP_ACK, (uint8_t)(w.client.have >> 8), (uint8_t)w.client.have};
    w.client.in_window = 0;
    w.client.last_acked = w.client.have;
    to_server(raw, 4, false);
}

static void client_data(struct client *c, uint16_t block, struct bytes payload)
{
    if (block != (uint16_t)(c->have + 1)) {
        /* out of order: what is there so far is acknowledged again, once for each window */
        if (c->window == 1 || c->in_window || c->last_acked != c->have)
            client_ack();
        return;
    }
    assert_true(c->size + payload.size <= sizeof c->data);
    if (payload.size)
        memcpy(c->data + c->size, payload.data, payload.size);
    c->size += payload.size;
    c->have++;
    c->complete = payload.size < c->block_size;
    if (c->complete || ++c->in_window == c->window)
        client_ack();
}

static void client_hear(const struct datagram *d)
{
    struct client *c = &w.client;
    struct bytes packet = bytes_of(d->data, d->size), payload;
    uint16_t block;
    struct tftp_options granted;
    if (!c->known)
        c->socket = d->socket;
    c->known = true;
    if (d->socket != c->socket)
        fail_msg("an answer from another socket");
    c->heard = w.now;
    if (tftp_read_oack(&granted, packet) == 0) {
        assert_true(c->options);
        if (c->offered && c->have)
            return;
        c->offered = true;
        c->block_size = granted.block_size;
        c->window = granted.window_size;
        client_ack();
    } else if (tftp_read_data(&block, &payload, packet) == 0) {
        if (c->complete)
            client_ack();
        else
            client_data(c, block, payload);
    } else {
        fail_msg("an answer that is neither OACK nor DATA");
    }
}

static void client_patience(void)
{
    struct client *c = &w.client;
    if (w.now - c->heard < 1300 || c->complete)
        return;
    c->heard = w.now;
    if (!c->known)
        client_ask();
    else
        client_ack();
}

/* ---- time ---- */

static void deliver(void)
{
    for (size_t i = 0; i < w.on_wire;) {
        struct datagram *d = w.wire[i];
        if (d->arrives > w.now) {
            i++;
            continue;
        }
        w.wire[i] = w.wire[--w.on_wire];
        if (d->to_client) {
            client_hear(d);
        } else {
            struct tftp_datagram in = {.data = bytes_of(d->data, d->size),
                                       .service_port = d->service_port,
                                       .socket = d->service_port ? 5 : d->socket,
                                       .pool_size = 3,
                                       .hint = chance(),
                                       .peer = &w.peer};
            tftp_engine_input(w.engine, &in, w.now);
            take_actions();
        }
        free(d);
    }
}

static void run_until_over(void)
{
    for (int64_t end = w.now + 200000; !w.done && w.now < end; w.now++) {
        deliver();
        client_patience();
        while (tftp_engine_tick(w.engine, w.now))
            take_actions();
        take_actions();
        if (w.waits_for && chance() < 100) {
            uint64_t id = w.waits_for;
            w.waits_for = 0;
            tftp_engine_ready(w.engine, id, w.now);
            take_actions();
        }
    }
    while (w.on_wire)
        free(w.wire[--w.on_wire]);
}

static void one_transfer(uint64_t seed, unsigned loss, unsigned doubles, unsigned missing)
{
    struct tftp_limits limits;
    tftp_limits_default(&limits);
    limits.transfers = 8;
    limits.tries = 12;
    w = (struct world){.random = seed, .now = 5000, .loss = loss, .doubles = doubles};
    w.missing = missing;
    w.size = (size_t)(chance() * chance()) % CONTENT;
    if (chance() < 300)
        w.size = w.size / 512 * 512;
    for (size_t i = 0; i < w.size; i++)
        w.content[i] = (uint8_t)chance();
    w.client = (struct client){.block_size = 512, .window = 1, .options = chance() < 700};
    if (w.client.options) {
        w.client.block_size = 8 + chance() % 1400;
        w.client.window = 1 + chance() % 20;
        if (w.size / w.client.block_size > 300)
            w.client.block_size = 512;
    }
    assert_int_equal(address_parse(&w.peer, "192.0.2.9", 4000), 0);
    assert_int_equal(tftp_engine_new(&w.engine, &limits), 0);
    client_ask();
    w.client.heard = w.now;
    run_until_over();
    if (!w.done || !w.client.complete)
        fail_msg("seed %llu: the transfer of %zu bytes did not end", (unsigned long long)seed,
                 w.size);
    /* The last acknowledgement may be lost again and again: then the server gives up, no more. */
    assert_true(w.outcome == OUTCOME_COMPLETE || w.outcome == OUTCOME_SILENT);
    assert_bytes_equal(bytes_of(w.client.data, w.client.size), bytes_of(w.content, w.size));
    tftp_engine_free(w.engine);
}

static void test_every_byte_arrives_over_a_bad_network(void **state)
{
    (void)state;
    uint64_t rounds = test_is_long() ? 4000 : 60;
    for (uint64_t seed = 1; seed <= rounds; seed++)
        one_transfer(seed, 50, 50, 0);
}

static void test_every_byte_arrives_when_the_disk_is_slow_too(void **state)
{
    (void)state;
    uint64_t rounds = test_is_long() ? 4000 : 40;
    for (uint64_t seed = 1000; seed < 1000 + rounds; seed++)
        one_transfer(seed, 30, 30, 300);
}

static void test_a_good_network_sees_no_block_twice(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct tftp_limits limits;
        tftp_limits_default(&limits);
        one_transfer(seed, 0, 0, 0);
    }
}

static void test_doubled_datagrams_do_not_breed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        one_transfer(seed, 0, 1000, 0); /* each one; a storm would fill the wire */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_arrives_over_a_bad_network),
        cmocka_unit_test(test_every_byte_arrives_when_the_disk_is_slow_too),
        cmocka_unit_test(test_a_good_network_sees_no_block_twice),
        cmocka_unit_test(test_doubled_datagrams_do_not_breed),
    };
    return RUN(tests);
}
