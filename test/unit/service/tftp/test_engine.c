#include "support.h"

#include "service/tftp/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An engine, and what it did last: one letter an action. */
struct bench {
    struct tftp_engine *engine;
    struct tftp_limits limits;
    int64_t now;
    char did[64];
    struct tftp_action last[16];
    size_t count;
    uint64_t id; /* of the last TFTP_OPEN */
};

static struct bench b;

static struct address peer_at(const char *host, uint16_t port)
{
    struct address a;
    assert_int_equal(address_parse(&a, host, port), 0);
    return a;
}

static int enter(void **state)
{
    (void)state;
    b = (struct bench){.now = 1000000};
    tftp_limits_default(&b.limits);
    b.limits.transfers = 16;
    b.limits.per_address = 8;
    return tftp_engine_new(&b.engine, &b.limits);
}

static int leave(void **state)
{
    (void)state;
    tftp_engine_free(b.engine);
    return 0;
}

static void take_actions(void)
{
    const struct tftp_action *a;
    b.count = 0;
    while ((a = tftp_engine_action(b.engine)) != NULL) {
        assert_true(b.count < sizeof b.last / sizeof *b.last);
        b.did[b.count] = "SBODR"[a->kind];
        b.last[b.count++] = *a;
        if (a->kind == TFTP_OPEN)
            b.id = a->id;
    }
    b.did[b.count] = '\0';
}

enum { POOL = 10, POOL_SIZE = 2 };

static void input_from(struct address peer, bool service, unsigned socket, struct bytes data)
{
    struct tftp_datagram d = {.data = data,
                              .service_port = service,
                              .socket = service ? POOL : socket,
                              .pool_size = POOL_SIZE,
                              .peer = &peer};
    tftp_engine_input(b.engine, &d, b.now);
    take_actions();
}

/* The client of most tests. */
static struct address client(void)
{
    return peer_at("192.0.2.1", 5000);
}

#define PACKET(literal) bytes_of(literal, sizeof(literal) - 1)
#define RRQ             PACKET("\0\1file\0octet\0")

static void request(struct bytes data)
{
    input_from(client(), true, 0, data);
}

static void ack(unsigned number)
{
    const uint8_t raw[4] = {0, TFTP_ACK, (uint8_t)(number >> 8), (uint8_t)number};
    input_from(client(), false, POOL, bytes_of(raw, sizeof raw));
}

static void opened(uint64_t size)
{
    tftp_engine_opened(b.engine, b.id, size, b.now);
    take_actions();
}

static void pass(int64_t ms)
{
    b.now += ms;
    char all[128] = "";
    size_t used = 0;
    bool more;
    do {
        more = tftp_engine_tick(b.engine, b.now);
        take_actions();
        used += (size_t)snprintf(all + used, sizeof all - used, "%s", b.did);
        assert_true(used < sizeof b.did);
    } while (more);
    memcpy(b.did, all, sizeof b.did);
}

static enum tftp_state state_of(uint64_t id)
{
    /* the last action of the transfer shows it; a question about a content is harmless */
    const struct tftp_transfer *t = NULL;
    for (size_t i = 0; i < b.count; i++)
        if (b.last[i].id == id)
            t = b.last[i].transfer;
    return t ? t->state : TFTP_FREE;
}

#define assert_did(text) assert_string_equal(b.did, text)

static void assert_blocks(unsigned first, unsigned count, uint64_t offset, uint64_t bytes)
{
    assert_did("B");
    assert_int_equal(b.last[0].block, first);
    assert_int_equal(b.last[0].count, count);
    assert_int_equal(b.last[0].offset, offset);
    assert_int_equal(b.last[0].bytes, bytes);
}

static void assert_sent(size_t i, struct bytes packet)
{
    assert_int_equal(b.last[i].kind, TFTP_SEND);
    assert_bytes_equal(bytes_of(b.last[i].packet, b.last[i].size), packet);
}

static void assert_error(size_t i, unsigned code)
{
    assert_int_equal(b.last[i].kind, TFTP_SEND);
    assert_int_equal(b.last[i].packet[1], TFTP_ERROR);
    assert_int_equal(b.last[i].packet[3], code);
    assert_int_equal(b.last[i].packet[b.last[i].size - 1], 0);
}

/* ---- every state meets every event ---- */

enum happening {
    REQUEST_AGAIN,
    ACK_EXPECTED,
    ACK_OLD,
    ACK_BEYOND,
    PEER_ERROR,
    PEER_DATA,
    TIME,
    OPENED,
    REFUSED,
    MISSING,
    READY,
    FAILED,
    HAPPENINGS
};

static const struct tftp_transfer *probe;

/* A transfer of 3 blocks in the state wanted; the offering one asked for a tsize. */
static void reach(enum tftp_state state)
{
    leave(NULL);
    enter(NULL);
    if (state == TFTP_OFFERING)
        request(PACKET("\0\1file\0octet\0tsize\0"
                       "0\0"));
    else
        request(RRQ);
    assert_did("O");
    probe = b.last[0].transfer;
    if (state == TFTP_OPENING)
        return;
    opened(1200);
    assert_did(state == TFTP_OFFERING ? "S" : "B");
    if (state == TFTP_READING) {
        tftp_engine_missing(b.engine, b.id, b.now);
        take_actions();
    } else if (state == TFTP_LINGERING) {
        ack(1);
        ack(2);
        ack(3);
        assert_did("D");
    } else if (state == TFTP_SENDING) {
        ack(1); /* so that there is an old acknowledgement */
    }
    assert_int_equal(probe->state, state);
}

static void let_happen(enum happening what, enum tftp_state state)
{
    unsigned expected = state == TFTP_OFFERING ? 0 : state == TFTP_LINGERING ? 3 : 2;
    switch (what) {
    case REQUEST_AGAIN:
        request(RRQ);
        return;
    case ACK_EXPECTED:
        ack(state == TFTP_OPENING || state == TFTP_READING ? 1 : expected);
        return;
    case ACK_OLD:
        ack(state == TFTP_OFFERING ? 65535 : expected - 1);
        return;
    case ACK_BEYOND:
        ack(expected + 2);
        return;
    case PEER_ERROR:
        input_from(client(), false, POOL, PACKET("\0\5\0\0full\0"));
        return;
    case PEER_DATA:
        input_from(client(), false, POOL, PACKET("\0\3\0\1data"));
        return;
    case TIME:
        pass(60000);
        return;
    case OPENED:
        opened(77);
        return;
    case REFUSED:
        tftp_engine_refuse(b.engine, b.id, TFTP_NOT_FOUND, "no", b.now);
        break;
    case MISSING:
        tftp_engine_missing(b.engine, b.id, b.now);
        break;
    case READY:
        tftp_engine_ready(b.engine, b.id, b.now);
        break;
    case FAILED:
        tftp_engine_failed(b.engine, b.id, "gone", b.now);
        break;
    case HAPPENINGS:
        break;
    }
    take_actions();
}

static void test_every_state_meets_every_event(void **state)
{
    (void)state;
#define O TFTP_OPENING
#define F TFTP_OFFERING
#define S TFTP_SENDING
#define R TFTP_READING
#define L TFTP_LINGERING
#define X TFTP_FREE
    static const struct {
        const char *did;
        enum tftp_state then;
    } expected[TFTP_STATE_COUNT][HAPPENINGS] = {
        /*               again      ack        old        beyond     error      data
         *               time       opened     refused    missing    ready      failed */
        [TFTP_OPENING] = {{"", O},
                          {"", O},
                          {"", O},
                          {"", O},
                          {"D", L},
                          {"", O},
                          {"SD", L},
                          {"B", S},
                          {"SD", L},
                          {"", O},
                          {"", O},
                          {"SD", L}},
        [TFTP_OFFERING] = {{"B", S},
                           {"B", S},
                           {"", F},
                           {"", F},
                           {"D", L},
                           {"", F},
                           {"S", F},
                           {"", F},
                           {"", F},
                           {"", F},
                           {"", F},
                           {"SD", L}},
        [TFTP_SENDING] = {{"", S},
                          {"B", S},
                          {"", S},
                          {"", S},
                          {"D", L},
                          {"", S},
                          {"B", S},
                          {"", S},
                          {"", S},
                          {"", R},
                          {"", S},
                          {"SD", L}},
        [TFTP_READING] = {{"", R},
                          {"", R},
                          {"", R},
                          {"", R},
                          {"D", L},
                          {"", R},
                          {"SD", L},
                          {"", R},
                          {"", R},
                          {"", R},
                          {"B", S},
                          {"SD", L}},
        [TFTP_LINGERING] = {{"O", L},
                            {"", L},
                            {"", L},
                            {"", L},
                            {"", L},
                            {"", L},
                            {"", X},
                            {"", L},
                            {"", L},
                            {"", L},
                            {"", L},
                            {"", L}},
    };
#undef O
#undef F
#undef S
#undef R
#undef L
#undef X
    for (enum tftp_state s = TFTP_OPENING; s < TFTP_STATE_COUNT; s++) {
        for (enum happening h = 0; h < HAPPENINGS; h++) {
            reach(s);
            let_happen(h, s);
            if (strcmp(b.did, expected[s][h].did) != 0 || probe->state != expected[s][h].then)
                fail_msg("state %d, event %d: did '%s' and is in state %d", s, h, b.did,
                         probe->state);
        }
    }
}

/* ---- plain transfers ---- */

static void test_a_small_file_goes_out_in_blocks_of_512(void **state)
{
    (void)state;
    request(RRQ);
    assert_did("O");
    assert_bytes_text(bytes_of(b.last[0].transfer->name, b.last[0].transfer->name_size), "file");
    opened(1200);
    assert_blocks(1, 1, 0, 512);
    assert_int_equal(b.last[0].socket, POOL);
    ack(1);
    assert_blocks(2, 1, 512, 512);
    ack(2);
    assert_blocks(3, 1, 1024, 176);
    ack(3);
    assert_did("D");
    assert_int_equal(b.last[0].outcome, OUTCOME_COMPLETE);
    assert_int_equal(tftp_engine_running(b.engine), 0);
}

static void test_an_empty_file_is_one_empty_block(void **state)
{
    (void)state;
    request(RRQ);
    opened(0);
    assert_blocks(1, 1, 0, 0);
    ack(1);
    assert_did("D");
}

static void test_a_file_of_whole_blocks_ends_with_an_empty_one(void **state)
{
    (void)state;
    request(RRQ);
    opened(1024);
    ack(1);
    assert_blocks(2, 1, 512, 512);
    ack(2);
    assert_blocks(3, 1, 1024, 0);
    ack(3);
    assert_did("D");
}

static void test_block_numbers_of_a_40_mb_file_wrap_to_zero(void **state)
{
    (void)state;
    const uint64_t size = 40 * 1000 * 1000;
    const uint64_t blocks = size / 512 + 1;
    request(RRQ);
    opened(size);
    for (uint64_t n = 1; n <= blocks; n++) {
        uint64_t offset = (n - 1) * 512;
        assert_blocks((unsigned)(n % 65536), 1, offset, n == blocks ? size - offset : 512);
        ack((unsigned)(n % 65536));
    }
    assert_did("D");
    assert_int_equal(b.last[0].outcome, OUTCOME_COMPLETE);
    assert_int_equal(tftp_engine_counters(b.engine)->resent, 0);
}

/* ---- options ---- */

static void test_only_granted_options_are_in_the_oack(void **state)
{
    (void)state;
    request(PACKET("\0\1file\0octet\0blksize\0"
                   "1428\0tsize\0"
                   "0\0timeout\0"
                   "3\0windowsize\0"
                   "4\0multicast\0\0"));
    opened(10000);
    assert_did("S");
    assert_sent(0, PACKET("\0\6blksize\0"
                          "1428\0timeout\0"
                          "3\0tsize\0"
                          "10000\0windowsize\0"
                          "4\0"));
    ack(0);
    assert_blocks(1, 4, 0, 4 * 1428);
    ack(4);
    assert_blocks(5, 4, 4 * 1428, 10000 - 4 * 1428);
    ack(8);
    assert_did("D");
}

static void test_options_that_make_no_sense_are_as_if_not_asked(void **state)
{
    (void)state;
    request(PACKET("\0\1file\0octet\0blksize\0"
                   "7\0windowsize\0"
                   "0\0timeout\0"
                   "0\0"));
    opened(600);
    assert_blocks(1, 1, 0, 512); /* no OACK */
    input_from(peer_at("192.0.2.1", 5001), true, 0,
               PACKET("\0\1file\0octet\0blksize\0"
                      "0\0timeout\0"
                      "256\0tsize\0"
                      "-1\0blksize\0"
                      "x\0windowsize\0\0unknown\0"
                      "1\0"));
    opened(600);
    assert_blocks(1, 1, 0, 512);
}

static void test_options_too_large_are_granted_smaller(void **state)
{
    (void)state;
    request(PACKET("\0\1file\0octet\0blksize\0"
                   "70000\0windowsize\0"
                   "65535\0"));
    opened(1000000);
    assert_sent(0, PACKET("\0\6blksize\0"
                          "65464\0windowsize\0"
                          "2\0"));
    ack(0);
    assert_blocks(1, 2, 0, 2 * 65464);
}

static void test_the_window_has_a_bound_of_its_own(void **state)
{
    (void)state;
    request(PACKET("\0\1file\0octet\0windowsize\0"
                   "1000\0"));
    opened(1000000);
    assert_sent(0, PACKET("\0\6windowsize\0"
                          "64\0"));
}

/* ---- acknowledgements ---- */

static void test_who_acknowledges_everything_twice_gets_everything_once(void **state)
{
    (void)state;
    request(RRQ);
    opened(5000);
    for (unsigned n = 1; n <= 10; n++) {
        ack(n);
        assert_did(n == 10 ? "D" : "B");
        ack(n);
        assert_did(""); /* the last one, too: no error 5 for it */
    }
    assert_int_equal(tftp_engine_counters(b.engine)->blocks, 10);
    assert_int_equal(tftp_engine_counters(b.engine)->resent, 0);
}

static void start_window(void)
{
    request(PACKET("\0\1file\0octet\0windowsize\0"
                   "4\0"));
    opened(512 * 11);
    ack(0);
    assert_blocks(1, 4, 0, 2048);
}

static void test_a_gap_in_a_window_is_filled_from_where_it_begins(void **state)
{
    (void)state;
    start_window();
    ack(2); /* 3 was lost */
    assert_blocks(3, 4, 1024, 2048);
    assert_int_equal(b.last[0].transfer->resent, 2);
    ack(2); /* one that was under way: not believed again */
    assert_did("");
    ack(6);
    assert_blocks(7, 4, 3072, 2048);
    ack(10);
    assert_blocks(11, 2, 5120, 512);
    ack(12);
    assert_did("D");
}

static void test_a_lost_first_block_of_a_window_is_sent_again_once(void **state)
{
    (void)state;
    start_window();
    ack(4);
    assert_blocks(5, 4, 2048, 2048);
    ack(4);
    assert_blocks(5, 4, 2048, 2048);
    for (int i = 0; i < 10; i++) {
        ack(4);
        assert_did("");
    }
    assert_int_equal(tftp_engine_counters(b.engine)->resent, 4);
}

static void test_acknowledgements_of_blocks_never_sent_are_ignored(void **state)
{
    (void)state;
    start_window();
    const unsigned wrong[] = {5, 6, 1000, 32768, 40000, 65535};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ack(wrong[i]);
        assert_did("");
    }
    ack(4);
    assert_did("B");
}

/* ---- silence ---- */

static void test_a_silent_client_is_asked_with_growing_patience_and_given_up(void **state)
{
    (void)state;
    request(RRQ);
    opened(5000);
    int64_t start = b.now, sent_at[16];
    unsigned sends = 0;
    while (b.now < start + 120000 && strcmp(b.did, "D") != 0) {
        pass(10);
        if (strcmp(b.did, "B") == 0) {
            assert_int_equal(b.last[0].block, 1);
            sent_at[sends++] = b.now - start;
        }
    }
    assert_did("D");
    assert_int_equal(b.last[0].outcome, OUTCOME_SILENT);
    assert_int_equal(sends, 5);
    const int64_t wanted[] = {1000, 3000, 7000, 15000, 23000};
    for (unsigned i = 0; i < 5; i++)
        assert_true(sent_at[i] > wanted[i] && sent_at[i] <= wanted[i] + (i + 1) * 60);
    assert_true(b.now - start <= 31000 + 400);
    assert_int_equal(tftp_engine_counters(b.engine)->silent, 1);
    pass(5000);
    assert_false(tftp_engine_wants_tick(b.engine));
}

static void test_a_client_sets_its_own_patience_with_the_timeout_option(void **state)
{
    (void)state;
    request(PACKET("\0\1file\0octet\0timeout\0"
                   "2\0"));
    opened(5000);
    for (int i = 0; i < 3; i++) {
        pass(1990);
        assert_did("");
        pass(70);
        assert_did("S"); /* the OACK again */
    }
    ack(0);
    assert_did("B");
    pass(1990);
    assert_did("");
    pass(70);
    assert_blocks(1, 1, 0, 512);
}

static void test_progress_gives_the_whole_patience_again(void **state)
{
    (void)state;
    request(RRQ);
    opened(512 * 100);
    for (unsigned n = 1; n < 100; n++) {
        pass(1060); /* two times silent, each block */
        assert_did("B");
        pass(2060);
        assert_did("B");
        ack(n);
        assert_did("B");
    }
    ack(100);
    assert_did("B");
    ack(101);
    assert_int_equal(b.last[0].outcome, OUTCOME_COMPLETE);
}

/* ---- what is no read request, and strangers ---- */

static void assert_rejected(enum tftp_reason reason, int code)
{
    if (code >= 0) {
        assert_did("SR");
        assert_error(0, (unsigned)code);
    } else {
        assert_did("R");
    }
    assert_int_equal(b.last[b.count - 1].reason, reason);
    assert_int_equal(tftp_engine_running(b.engine), 0);
}

static void test_what_is_no_read_request_is_answered_as_the_rfcs_say(void **state)
{
    (void)state;
    request(PACKET("\0\2file\0octet\0"));
    assert_rejected(REASON_WRITE, TFTP_ACCESS);
    request(PACKET("\0\1file\0netascii\0"));
    assert_rejected(REASON_MODE, TFTP_ILLEGAL);
    assert_non_null(strstr((const char *)b.last[0].packet + 4, "octet"));
    request(PACKET("\0\1file\0mail\0"));
    assert_rejected(REASON_MODE, TFTP_ILLEGAL);
    request(PACKET("\0\1file\0"));
    assert_rejected(REASON_MALFORMED, TFTP_ILLEGAL);
    request(PACKET("\0\4\0\1"));
    assert_rejected(REASON_MALFORMED, TFTP_ILLEGAL);
    request(PACKET("\0\377"));
    assert_rejected(REASON_MALFORMED, TFTP_ILLEGAL);
    assert_int_equal(tftp_engine_counters(b.engine)->rejected, 6);
}

static void test_an_error_is_never_answered_by_an_error(void **state)
{
    (void)state;
    request(PACKET("\0\5\0\0x\0"));
    assert_rejected(REASON_MALFORMED, -1);
    input_from(client(), false, POOL, PACKET("\0\5\0\0x\0"));
    assert_rejected(REASON_STRANGER, -1);
    input_from(client(), false, POOL, PACKET("\0\5")); /* cut short */
    assert_rejected(REASON_STRANGER, -1);
    input_from(client(), false, POOL, PACKET("\0")); /* what is no TFTP is not answered either */
    assert_rejected(REASON_STRANGER, -1);
    request(PACKET("\0"));
    assert_rejected(REASON_MALFORMED, -1);
}

static void test_a_name_of_600_bytes_is_refused(void **state)
{
    (void)state;
    uint8_t packet[700] = {0, 1};
    memset(packet + 2, 'x', 600);
    memcpy(packet + 602, "\0octet\0", 7);
    request(bytes_of(packet, 609));
    assert_rejected(REASON_NAME, TFTP_ACCESS);
}

static void test_a_stranger_gets_error_5_and_harms_nobody(void **state)
{
    (void)state;
    request(RRQ);
    opened(5000);
    input_from(peer_at("192.0.2.1", 5001), false, POOL, PACKET("\0\4\0\1"));
    assert_did("SR");
    assert_error(0, TFTP_UNKNOWN_TID);
    assert_int_equal(address_port(&b.last[0].peer), 5001);
    /* our own client, but to the other socket of the pool */
    input_from(client(), false, POOL + 1, PACKET("\0\4\0\1"));
    assert_did("SR");
    assert_error(0, TFTP_UNKNOWN_TID);
    ack(1);
    assert_did("B");
}

static void test_an_error_of_the_client_ends_its_transfer(void **state)
{
    (void)state;
    request(RRQ);
    opened(5000);
    input_from(client(), false, POOL, PACKET("\0\5\0\3Disk full\0"));
    assert_did("D");
    assert_int_equal(b.last[0].outcome, OUTCOME_ABORTED);
    assert_int_equal(b.last[0].code, 3);
    assert_bytes_text(bytes_of(b.last[0].packet, b.last[0].size), "Disk full");
    pass(1500);
    assert_did("");
}

/* ---- requests again ---- */

static void test_a_request_sent_twice_is_one_transfer(void **state)
{
    (void)state;
    request(RRQ);
    assert_did("O");
    request(RRQ);
    assert_did("");
    opened(5000);
    assert_blocks(1, 1, 0, 512);
    request(RRQ);
    assert_blocks(1, 1, 0, 512);
    assert_int_equal(tftp_engine_running(b.engine), 1);
    ack(1);
    ack(2);
    request(RRQ); /* a late copy: the client goes on */
    assert_did("");
    ack(3);
    assert_blocks(4, 1, 1536, 512);
    assert_int_equal(tftp_engine_counters(b.engine)->requests, 1);
    assert_int_equal(tftp_engine_counters(b.engine)->repeated, 3);
}

static void test_a_client_that_began_anew_is_heard(void **state)
{
    (void)state;
    request(RRQ);
    opened(5000);
    ack(1);
    ack(2);
    b.now += 1500; /* it was restarted, and asks from the same port, now with options */
    request(PACKET("\0\1file\0octet\0blksize\0"
                   "1024\0"));
    assert_sent(0, PACKET("\0\6blksize\0"
                          "1024\0"));
    ack(0);
    assert_blocks(1, 1, 0, 1024);
    assert_int_equal(tftp_engine_running(b.engine), 1);
}

static void test_two_files_for_one_port_leave_from_two_sockets(void **state)
{
    (void)state;
    request(RRQ);
    opened(600);
    assert_int_equal(b.last[0].socket, POOL);
    request(PACKET("\0\1other\0octet\0"));
    assert_did("O");
    opened(600);
    assert_int_equal(b.last[0].socket, POOL + 1);
    request(PACKET("\0\1third\0octet\0"));
    assert_did("R");
    assert_int_equal(b.last[0].reason, REASON_BUSY);
}

static void test_the_next_file_of_the_same_port_is_a_new_transfer(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        request(RRQ);
        assert_did("O");
        unsigned socket = b.last[0].socket;
        assert_int_equal(socket, POOL + i % POOL_SIZE); /* not the one it had before */
        opened(10);
        const uint8_t raw[4] = {0, TFTP_ACK, 0, 1};
        input_from(client(), false, socket, bytes_of(raw, 4));
        assert_did("D");
        input_from(client(), false, socket, bytes_of(raw, 4));
        assert_did("");
    }
}

/* ---- bounds ---- */

static void test_one_address_cannot_take_all_transfers(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 8; i++) {
        input_from(peer_at("192.0.2.1", (uint16_t)(6000 + i)), true, 0, RRQ);
        assert_did("O");
    }
    input_from(peer_at("192.0.2.1", 6100), true, 0, RRQ);
    assert_did("R"); /* unanswered: it will ask again */
    assert_int_equal(b.last[0].reason, REASON_BUSY);
    for (uint16_t i = 0; i < 8; i++) {
        input_from(peer_at("192.0.2.2", (uint16_t)(6000 + i)), true, 0, RRQ);
        assert_did("O");
    }
    input_from(peer_at("192.0.2.3", 6000), true, 0, RRQ);
    assert_int_equal(b.last[0].reason, REASON_BUSY);
    tftp_engine_refuse(b.engine, b.id, TFTP_NOT_FOUND, "File not found", b.now);
    take_actions();
    assert_did("SD");
    input_from(peer_at("192.0.2.3", 6000), true, 0, RRQ);
    assert_did("O"); /* in the place of the one that lingers */
    assert_int_equal(tftp_engine_counters(b.engine)->busy, 2);
}

/* One block fetched by a client of this port, and acknowledged. */
static unsigned fetch_from(uint16_t port)
{
    const struct address peer = peer_at("192.0.2.1", port);
    input_from(peer, true, 0, RRQ);
    assert_did("O");
    unsigned socket = b.last[0].socket;
    opened(10);
    input_from(peer, false, socket, PACKET("\0\4\0\1"));
    assert_did("D");
    return socket;
}

static void test_only_so_many_transfers_that_are_over_are_remembered(void **state)
{
    (void)state;
    tftp_engine_free(b.engine);
    b.engine = NULL;
    b.limits.transfers = 1024;
    assert_int_equal(tftp_engine_new(&b.engine, &b.limits), 0);
    unsigned first = fetch_from(5000);
    unsigned last = first;
    for (uint16_t i = 1; i < 600; i++)
        last = fetch_from((uint16_t)(5000 + i));
    /* What comes late from one of the last is known for what it is; the first is a stranger. */
    input_from(peer_at("192.0.2.1", 5599), false, last, PACKET("\0\4\0\1"));
    assert_did("");
    input_from(peer_at("192.0.2.1", 5000), false, first, PACKET("\0\4\0\1"));
    assert_did("SR");
    assert_error(0, TFTP_UNKNOWN_TID);
    pass(b.limits.linger_ms + TFTP_TICK_MS);
    assert_false(tftp_engine_wants_tick(b.engine));
}

static void test_a_refusal_may_be_silent(void **state)
{
    (void)state;
    request(RRQ);
    tftp_engine_refuse(b.engine, b.id, -1, "", b.now);
    take_actions();
    assert_did("D");
    request(RRQ);
    assert_did("O");
}

static void test_news_about_a_transfer_that_is_over_change_nothing(void **state)
{
    (void)state;
    request(RRQ);
    uint64_t old = b.id;
    opened(10);
    ack(1);
    pass(3000);
    request(RRQ); /* the same place in the table */
    tftp_engine_opened(b.engine, old, 5, b.now);
    tftp_engine_failed(b.engine, old, "x", b.now);
    tftp_engine_ready(b.engine, old, b.now);
    take_actions();
    assert_did("");
    tftp_engine_opened(b.engine, 0, 5, b.now);
    take_actions();
    assert_did("");
}

static void test_blocks_that_had_to_be_read_are_counted_once(void **state)
{
    (void)state;
    start_window();
    ack(2); /* two again, two new ones */
    tftp_engine_missing(b.engine, b.id, b.now);
    take_actions();
    assert_int_equal(tftp_engine_counters(b.engine)->blocks, 4);
    assert_int_equal(tftp_engine_counters(b.engine)->resent, 0);
    pass(5000);
    assert_did(""); /* the client is not bothered meanwhile */
    tftp_engine_ready(b.engine, b.id, b.now);
    take_actions();
    assert_blocks(3, 4, 1024, 2048);
    assert_int_equal(tftp_engine_counters(b.engine)->blocks, 6);
    assert_int_equal(tftp_engine_counters(b.engine)->resent, 2);
    assert_int_equal(state_of(b.id), TFTP_SENDING);
}

static void test_a_content_that_breaks_ends_with_error_0(void **state)
{
    (void)state;
    request(RRQ);
    opened(5000);
    tftp_engine_failed(b.engine, b.id, "The file changed while it was sent", b.now);
    take_actions();
    assert_did("SD");
    assert_sent(0, PACKET("\0\5\0\0The file changed while it was sent\0"));
    assert_int_equal(b.last[1].outcome, OUTCOME_FAILED);
}

static void test_stopping_ends_every_transfer(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 16; i++)
        input_from(peer_at(i < 8 ? "192.0.2.1" : "192.0.2.2", (uint16_t)(6000 + i)), true, 0, RRQ);
    unsigned done = 0;
    bool more;
    do {
        more = tftp_engine_stop(b.engine);
        take_actions();
        for (size_t i = 0; i < b.count; i++)
            done += b.last[i].kind == TFTP_DONE && b.last[i].outcome == OUTCOME_STOPPED;
    } while (more);
    assert_int_equal(done, 16);
    assert_int_equal(tftp_engine_running(b.engine), 0);
}

static void test_deadlines_far_away_are_kept(void **state)
{
    (void)state;
    request(PACKET("\0\1file\0octet\0timeout\0"
                   "200\0"));
    opened(10);
    for (int i = 0; i < 1999; i++) {
        pass(100);
        assert_did("");
    }
    pass(200);
    assert_did("S");
    b.now += 1000 * 1000; /* nobody ticked for a long time */
    pass(0);
    assert_did("S");
}

int main(void)
{
#define ON_ENGINE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        ON_ENGINE(test_every_state_meets_every_event),
        ON_ENGINE(test_a_small_file_goes_out_in_blocks_of_512),
        ON_ENGINE(test_an_empty_file_is_one_empty_block),
        ON_ENGINE(test_a_file_of_whole_blocks_ends_with_an_empty_one),
        ON_ENGINE(test_block_numbers_of_a_40_mb_file_wrap_to_zero),
        ON_ENGINE(test_only_granted_options_are_in_the_oack),
        ON_ENGINE(test_options_that_make_no_sense_are_as_if_not_asked),
        ON_ENGINE(test_options_too_large_are_granted_smaller),
        ON_ENGINE(test_the_window_has_a_bound_of_its_own),
        ON_ENGINE(test_who_acknowledges_everything_twice_gets_everything_once),
        ON_ENGINE(test_a_gap_in_a_window_is_filled_from_where_it_begins),
        ON_ENGINE(test_a_lost_first_block_of_a_window_is_sent_again_once),
        ON_ENGINE(test_acknowledgements_of_blocks_never_sent_are_ignored),
        ON_ENGINE(test_a_silent_client_is_asked_with_growing_patience_and_given_up),
        ON_ENGINE(test_a_client_sets_its_own_patience_with_the_timeout_option),
        ON_ENGINE(test_progress_gives_the_whole_patience_again),
        ON_ENGINE(test_what_is_no_read_request_is_answered_as_the_rfcs_say),
        ON_ENGINE(test_an_error_is_never_answered_by_an_error),
        ON_ENGINE(test_a_name_of_600_bytes_is_refused),
        ON_ENGINE(test_a_stranger_gets_error_5_and_harms_nobody),
        ON_ENGINE(test_an_error_of_the_client_ends_its_transfer),
        ON_ENGINE(test_a_request_sent_twice_is_one_transfer),
        ON_ENGINE(test_a_client_that_began_anew_is_heard),
        ON_ENGINE(test_two_files_for_one_port_leave_from_two_sockets),
        ON_ENGINE(test_the_next_file_of_the_same_port_is_a_new_transfer),
        ON_ENGINE(test_one_address_cannot_take_all_transfers),
        ON_ENGINE(test_only_so_many_transfers_that_are_over_are_remembered),
        ON_ENGINE(test_a_refusal_may_be_silent),
        ON_ENGINE(test_news_about_a_transfer_that_is_over_change_nothing),
        ON_ENGINE(test_blocks_that_had_to_be_read_are_counted_once),
        ON_ENGINE(test_a_content_that_breaks_ends_with_error_0),
        ON_ENGINE(test_stopping_ends_every_transfer),
        ON_ENGINE(test_deadlines_far_away_are_kept),
    };
    return RUN(tests);
}
