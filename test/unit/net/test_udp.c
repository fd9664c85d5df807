#include "support.h"

#include "net/udp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int open_at(const char *host, struct address *bound)
{
    struct address local;
    int fd = -1;
    struct why why = WHY_NONE;
    assert_int_equal(address_parse(&local, host, 0), 0);
    int result = udp_bind(&fd, &local, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    assert_int_equal(udp_local_address(fd, bound), 0);
    return fd;
}

static void wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 5000), 1);
}

static void test_heads_and_payloads_arrive_as_one_datagram(void **state)
{
    (void)state;
    struct address server, client;
    int a = open_at("127.0.0.1", &server);
    int b = open_at("127.0.0.1", &client);
    struct udp_sender *sender;
    struct udp_batch *batch;
    const struct udp_packet *packets;
    size_t count = 0, total = 0;
    assert_int_equal(udp_sender_new(&sender, 4096), 0);
    assert_int_equal(udp_batch_new(&batch), 0);
    for (uint8_t i = 0; i < 200; i++) {
        const uint8_t head[2] = {'h', i};
        udp_send(sender, a, &client, NULL, bytes_of(head, sizeof head),
                 i % 2 ? bytes_of_string("payload") : bytes_of(NULL, 0));
    }
    udp_sender_flush(sender);
    assert_int_equal(udp_sender_counters(sender)->sent, 200);
    while (total < 200) {
        wait_readable(b);
        assert_int_equal(udp_receive(batch, b, &packets, &count), 0);
        for (size_t i = 0; i < count; i++, total++) {
            assert_int_equal(packets[i].data.data[1], total);
            assert_int_equal(packets[i].data.size, total % 2 ? 9 : 2);
            assert_true(address_equal(&packets[i].peer, &server));
            assert_false(packets[i].cut);
            assert_int_equal(packets[i].local.size, 0);
        }
    }
    assert_int_equal(udp_receive(batch, b, &packets, &count), 0);
    assert_int_equal(count, 0);
    udp_sender_free(sender);
    udp_batch_free(batch);
    close(a);
    close(b);
}

/* Asked at `asked`, an address of the wildcard socket's host, it answers from there. */
static void check_wildcard(const char *any, const char *asked, const char *from)
{
    struct address bound, client, target;
    int server = open_at(any, &bound);
    int fd = open_at(from, &client);
    struct udp_sender *sender;
    struct udp_batch *batch;
    const struct udp_packet *packets;
    size_t count = 0;
    assert_int_equal(udp_sender_new(&sender, 0), 0);
    assert_int_equal(udp_batch_new(&batch), 0);
    assert_int_equal(address_parse(&target, asked, address_port(&bound)), 0);
    udp_send(sender, fd, &target, NULL, bytes_of_string("ask"), bytes_of(NULL, 0));
    udp_sender_flush(sender);
    wait_readable(server);
    assert_int_equal(udp_receive(batch, server, &packets, &count), 0);
    assert_int_equal(count, 1);
    assert_bytes_equal(bytes_of(packets[0].local.raw, packets[0].local.size),
                       address_bytes(&target));
    udp_send(sender, server, &packets[0].peer, &packets[0].local, bytes_of_string("answer"),
             bytes_of(NULL, 0));
    udp_sender_flush(sender);
    wait_readable(fd);
    assert_int_equal(udp_receive(batch, fd, &packets, &count), 0);
    assert_true(address_equal(&packets[0].peer, &target));
    udp_sender_free(sender);
    udp_batch_free(batch);
    close(server);
    close(fd);
}

static void test_a_wildcard_socket_answers_from_where_it_was_asked(void **state)
{
    (void)state;
    check_wildcard("0.0.0.0", "127.0.0.77", "127.0.0.3");
    check_wildcard("::", "::1", "::1");
}

static void test_ipv6_sockets_leave_ipv4_alone(void **state)
{
    (void)state;
    struct address six, four;
    int a = open_at("::", &six);
    assert_int_equal(address_parse(&four, "0.0.0.0", address_port(&six)), 0);
    int b = -1;
    assert_int_equal(udp_bind(&b, &four, NULL), 0);
    close(a);
    close(b);
}

static void test_a_long_datagram_is_marked_cut(void **state)
{
    (void)state;
    struct address server, client;
    int a = open_at("127.0.0.1", &server);
    int b = open_at("127.0.0.1", &client);
    static uint8_t large[UDP_RECEIVE_MAX + 1];
    struct udp_batch *batch;
    const struct udp_packet *packets;
    size_t count = 0;
    assert_int_equal(udp_batch_new(&batch), 0);
    assert_int_equal(sendto(b, large, sizeof large, 0, &server.any, server.size), sizeof large);
    wait_readable(a);
    assert_int_equal(udp_receive(batch, a, &packets, &count), 0);
    assert_int_equal(count, 1);
    assert_true(packets[0].cut);
    assert_int_equal(packets[0].data.size, UDP_RECEIVE_MAX);
    udp_batch_free(batch);
    close(a);
    close(b);
}

static void test_one_bad_destination_does_not_keep_the_others_waiting(void **state)
{
    (void)state;
    struct address server, client, nowhere;
    int a = open_at("127.0.0.1", &server);
    int b = open_at("127.0.0.1", &client);
    struct udp_sender *sender;
    struct udp_batch *batch;
    const struct udp_packet *packets;
    size_t count = 0;
    assert_int_equal(udp_sender_new(&sender, 0), 0);
    assert_int_equal(udp_batch_new(&batch), 0);
    /* from loopback there is no way out, and not to port 0 */
    assert_int_equal(address_parse(&nowhere, "127.0.0.1", 0), 0);
    udp_send(sender, a, &client, NULL, bytes_of_string("1"), bytes_of(NULL, 0));
    udp_send(sender, a, &nowhere, NULL, bytes_of_string("2"), bytes_of(NULL, 0));
    udp_send(sender, a, &client, NULL, bytes_of_string("3"), bytes_of(NULL, 0));
    udp_sender_flush(sender);
    assert_int_equal(udp_sender_counters(sender)->sent, 2);
    assert_int_equal(udp_sender_counters(sender)->failed, 1);
    wait_readable(b);
    assert_int_equal(udp_receive(batch, b, &packets, &count), 0);
    assert_int_equal(count, 2);
    assert_bytes_text(packets[1].data, "3");
    udp_sender_free(sender);
    udp_batch_free(batch);
    close(a);
    close(b);
}

static void test_what_the_kernel_drops_is_counted(void **state)
{
    (void)state;
    struct address server, client;
    int a = open_at("127.0.0.1", &server);
    int b = open_at("127.0.0.1", &client);
    size_t got = 0;
    uint64_t dropped = 99;
    assert_int_equal(udp_set_buffers(a, 4096, &got), 0);
    assert_true(got >= 4096);
    assert_int_equal(udp_dropped(a, &dropped), 0);
    assert_int_equal(dropped, 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(sendto(b, "x", 1, 0, &server.any, server.size), 1);
    assert_int_equal(udp_dropped(a, &dropped), 0);
    assert_true(dropped > 100 && dropped < 500);
    close(a);
    close(b);
}

static void test_room_in_the_arena_stays_until_it_is_sent(void **state)
{
    (void)state;
    struct address server, client;
    int a = open_at("127.0.0.1", &server);
    int b = open_at("127.0.0.1", &client);
    struct udp_sender *sender;
    struct udp_batch *batch;
    const struct udp_packet *packets;
    size_t count = 0, total = 0;
    assert_int_equal(udp_sender_new(&sender, 1000), 0);
    assert_int_equal(udp_batch_new(&batch), 0);
    assert_null(udp_sender_room(sender, a, 1, 1001));
    assert_null(udp_sender_room(sender, a, UDP_SEND_BATCH + 1, 1));
    for (uint8_t i = 0; i < 60; i++) {
        uint8_t *room = udp_sender_room(sender, a, 2, 300);
        assert_non_null(room);
        memset(room, i, 300);
        udp_send(sender, a, &client, NULL, bytes_of(&i, 1), bytes_of(room, 150));
        udp_send(sender, a, &client, NULL, bytes_of(&i, 1), bytes_of(room + 150, 150));
        /* another user of the queue in between */
        udp_send(sender, a, &client, NULL, bytes_of(&i, 1), bytes_of(NULL, 0));
    }
    udp_sender_flush(sender);
    while (total < 180) {
        wait_readable(b);
        assert_int_equal(udp_receive(batch, b, &packets, &count), 0);
        for (size_t i = 0; i < count; i++, total++) {
            struct bytes data = packets[i].data;
            assert_int_equal(data.size, total % 3 == 2 ? 1 : 151);
            assert_int_equal(data.data[data.size - 1], total / 3);
        }
    }
    udp_sender_free(sender);
    udp_batch_free(batch);
    close(a);
    close(b);
}

static void test_a_busy_port_is_named(void **state)
{
    (void)state;
    struct address server;
    struct why why = WHY_NONE;
    int a = open_at("127.0.0.1", &server);
    int b = -1;
    assert_int_equal(udp_bind(&b, &server, &why), -EADDRINUSE);
    assert_non_null(strstr(why.text, "UDP 127.0.0.1:"));
    close(a);
}

static void test_a_datagram_may_be_payload_alone_or_nothing(void **state)
{
    (void)state;
    struct address server, client;
    int a = open_at("127.0.0.1", &server);
    int b = open_at("127.0.0.1", &client);
    struct udp_sender *sender;
    struct udp_batch *batch;
    const struct udp_packet *packets;
    size_t count = 0;
    assert_int_equal(udp_sender_new(&sender, 0), 0);
    assert_int_equal(udp_batch_new(&batch), 0);
    udp_send(sender, a, &client, NULL, bytes_of(NULL, 0), bytes_of_string("payload"));
    udp_send(sender, a, &client, NULL, bytes_of(NULL, 0), bytes_of(NULL, 0));
    udp_sender_flush(sender);
    wait_readable(b);
    assert_int_equal(udp_receive(batch, b, &packets, &count), 0);
    assert_int_equal(count, 2);
    assert_bytes_equal(packets[0].data, bytes_of_string("payload"));
    assert_int_equal(packets[1].data.size, 0);
    udp_sender_free(sender);
    udp_batch_free(batch);
    close(a);
    close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_and_payloads_arrive_as_one_datagram),
        cmocka_unit_test(test_a_datagram_may_be_payload_alone_or_nothing),
        cmocka_unit_test(test_a_wildcard_socket_answers_from_where_it_was_asked),
        cmocka_unit_test(test_ipv6_sockets_leave_ipv4_alone),
        cmocka_unit_test(test_a_long_datagram_is_marked_cut),
        cmocka_unit_test(test_one_bad_destination_does_not_keep_the_others_waiting),
        cmocka_unit_test(test_what_the_kernel_drops_is_counted),
        cmocka_unit_test(test_room_in_the_arena_stays_until_it_is_sent),
        cmocka_unit_test(test_a_busy_port_is_named),
    };
    return RUN(tests);
}
