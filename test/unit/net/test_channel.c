#include "support.h"

#include "net/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_the_largest_message_arrives_whole(void **state)
{
    (void)state;
    int pair[2];
    uint8_t *large = malloc(CHANNEL_MESSAGE_MAX + 1);
    struct buffer in;
    int fds[CHANNEL_FDS_MAX];
    size_t count = 99;
    memset(large, 0x5a, CHANNEL_MESSAGE_MAX + 1);
    assert_int_equal(channel_pair(pair), 0);
    buffer_init(&in, CHANNEL_MESSAGE_MAX);
    assert_int_equal(channel_send(pair[0], bytes_of(large, CHANNEL_MESSAGE_MAX), NULL, 0), 0);
    assert_int_equal(channel_receive(pair[1], &in, fds, &count, 1000), 0);
    assert_bytes_equal(buffer_bytes(&in), bytes_of(large, CHANNEL_MESSAGE_MAX));
    assert_int_equal(count, 0);
    assert_int_equal(channel_send(pair[0], bytes_of(large, CHANNEL_MESSAGE_MAX + 1), NULL, 0),
                     ERR_LIMIT);
    assert_int_equal(channel_send(pair[0], bytes_of(NULL, 0), NULL, 0), ERR_USAGE);
    free(large);
    buffer_fini(&in);
    close(pair[0]);
    close(pair[1]);
}

static void test_descriptors_travel_with_their_message(void **state)
{
    (void)state;
    int pair[2], pipes[2];
    int send[CHANNEL_FDS_MAX + 1], fds[CHANNEL_FDS_MAX];
    size_t count = 0;
    struct buffer in;
    char c = 0;
    assert_int_equal(channel_pair(pair), 0);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    for (int i = 0; i <= CHANNEL_FDS_MAX; i++)
        send[i] = pipes[1];
    buffer_init(&in, 100);
    assert_int_equal(channel_send(pair[0], bytes_of_string("m"), send, CHANNEL_FDS_MAX), 0);
    assert_int_equal(channel_send(pair[0], bytes_of_string("m"), send, CHANNEL_FDS_MAX + 1),
                     ERR_LIMIT);
    assert_int_equal(channel_receive(pair[1], &in, fds, &count, 0), 0);
    assert_int_equal(count, CHANNEL_FDS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        assert_int_equal(write(fds[i], "x", 1), 1);
        assert_int_equal(read(pipes[0], &c, 1), 1);
        close(fds[i]);
    }
    buffer_fini(&in);
    for (int i = 0; i < 2; i++) {
        close(pair[i]);
        close(pipes[i]);
    }
}

/* As a process does that ends with an error while messages for it are on the way. */
static void test_last_words_are_heard_of_a_side_that_closed_without_reading(void **state)
{
    (void)state;
    int pair[2], fds[CHANNEL_FDS_MAX];
    size_t count = 0;
    struct buffer in;
    assert_int_equal(channel_pair(pair), 0);
    buffer_init(&in, 100);
    assert_int_equal(channel_send(pair[0], bytes_of_string("never read"), NULL, 0), 0);
    assert_int_equal(channel_send(pair[1], bytes_of_string("last words"), NULL, 0), 0);
    close(pair[1]);
    assert_int_equal(channel_receive(pair[0], &in, fds, &count, 1000), 0);
    assert_bytes_equal(buffer_bytes(&in), bytes_of_string("last words"));
    assert_int_equal(channel_receive(pair[0], &in, fds, &count, 1000), ERR_CLOSED);
    buffer_fini(&in);
    close(pair[0]);
}

static size_t open_descriptors(void)
{
    size_t n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void test_a_message_too_large_is_refused_and_its_descriptors_closed(void **state)
{
    (void)state;
    int pair[2], fds[CHANNEL_FDS_MAX];
    size_t count = 0;
    struct buffer in;
    assert_int_equal(channel_pair(pair), 0);
    buffer_init(&in, 4);
    size_t before = open_descriptors();
    assert_int_equal(channel_send(pair[0], bytes_of_string("12345"), pair, 2), 0);
    assert_int_equal(channel_send(pair[0], bytes_of_string("1234"), NULL, 0), 0);
    assert_int_equal(channel_receive(pair[1], &in, fds, &count, 0), ERR_LIMIT);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(channel_receive(pair[1], &in, fds, &count, 0), 0);
    assert_bytes_text(buffer_bytes(&in), "1234");
    buffer_fini(&in);
    close(pair[0]);
    close(pair[1]);
}

static void test_waiting_ends_at_its_deadline_and_with_the_other_side(void **state)
{
    (void)state;
    int pair[2], fds[CHANNEL_FDS_MAX];
    size_t count = 0;
    struct buffer in;
    assert_int_equal(channel_pair(pair), 0);
    buffer_init(&in, 100);
    assert_int_equal(channel_receive(pair[1], &in, fds, &count, 0), -EAGAIN);
    assert_int_equal(channel_receive(pair[1], &in, fds, &count, 5), ERR_TIMEOUT);
    assert_int_equal(channel_send(pair[0], bytes_of_string("last"), NULL, 0), 0);
    close(pair[0]);
    assert_int_equal(channel_receive(pair[1], &in, fds, &count, -1), 0);
    assert_int_equal(channel_receive(pair[1], &in, fds, &count, -1), ERR_CLOSED);
    assert_int_equal(channel_send(pair[1], bytes_of_string("x"), NULL, 0), ERR_CLOSED);
    buffer_fini(&in);
    close(pair[1]);
}

static void test_try_send_never_waits(void **state)
{
    (void)state;
    int pair[2];
    int result = 0;
    assert_int_equal(channel_pair(pair), 0);
    for (int i = 0; i < 100000 && result == 0; i++)
        result = channel_try_send(pair[0], bytes_of_string("message"), NULL, 0);
    assert_int_equal(result, -EAGAIN);
    close(pair[0]);
    close(pair[1]);
}

/* ---- on a loop ---- */

struct side {
    struct loop *loop;
    struct channel *channel;
    unsigned messages, closed, stop_at;
    uint32_t expected;
    bool free_on_message;
};

static void on_message(void *context, struct bytes message, const int *fds, size_t count)
{
    struct side *side = context;
    struct reader r;
    reader_init(&r, message);
    assert_int_equal(reader_u32be(&r), side->expected++);
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    side->messages++;
    if (side->free_on_message) {
        channel_free(side->channel);
        side->channel = NULL;
    }
    if (side->messages == side->stop_at)
        loop_stop(side->loop);
}

static void on_closed(void *context)
{
    struct side *side = context;
    side->closed++;
    channel_free(side->channel);
    side->channel = NULL;
    loop_stop(side->loop);
}

static const struct channel_events events = {on_message, on_closed};

static int write_number(struct channel *channel, uint32_t number, const int *fds, size_t count)
{
    uint8_t raw[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                      (uint8_t)number};
    return channel_write(channel, bytes_of(raw, sizeof raw), fds, count);
}

static void test_a_slow_reader_is_queued_for_and_gets_everything_in_order(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    int pair[2];
    struct side a = {.stop_at = 0}, b = {.stop_at = MANY};
    assert_int_equal(loop_new(&a.loop), 0);
    b.loop = a.loop;
    assert_int_equal(channel_pair(pair), 0);
    int one = pair[0];
    assert_int_equal(channel_new(&a.channel, a.loop, pair[0], MANY, &events, &a), 0);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(write_number(a.channel, i, &one, i % 64 == 0), 0);
    assert_int_equal(channel_new(&b.channel, a.loop, pair[1], 1, &events, &b), 0);
    assert_int_equal(loop_run(a.loop), 0);
    assert_int_equal(b.messages, MANY);
    channel_free(a.channel);
    assert_int_equal(loop_run(a.loop), 0); /* b sees the end, and frees itself */
    assert_int_equal(b.closed, 1);
    loop_free(a.loop);
}

static void test_a_queue_has_its_bound(void **state)
{
    (void)state;
    int pair[2];
    struct side a = {0};
    int result = 0;
    uint32_t taken = 0;
    assert_int_equal(loop_new(&a.loop), 0);
    assert_int_equal(channel_pair(pair), 0);
    assert_int_equal(channel_new(&a.channel, a.loop, pair[0], 5, &events, &a), 0);
    while ((result = write_number(a.channel, taken, NULL, 0)) == 0)
        taken++;
    assert_int_equal(result, ERR_LIMIT);
    close(pair[1]);
    assert_int_equal(loop_run(a.loop), 0);
    assert_int_equal(a.closed, 1);
    loop_free(a.loop);
}

static void test_a_channel_freed_in_its_callback_says_no_more(void **state)
{
    (void)state;
    int pair[2];
    struct side b = {.free_on_message = true, .stop_at = 1};
    const uint8_t zero[4] = {0};
    assert_int_equal(loop_new(&b.loop), 0);
    assert_int_equal(channel_pair(pair), 0);
    assert_int_equal(channel_send(pair[0], bytes_of(zero, 4), NULL, 0), 0);
    assert_int_equal(channel_send(pair[0], bytes_of(zero, 4), NULL, 0), 0);
    assert_int_equal(channel_new(&b.channel, b.loop, pair[1], 5, &events, &b), 0);
    assert_int_equal(loop_run(b.loop), 0);
    assert_int_equal(b.messages, 1);
    assert_int_equal(b.closed, 0);
    close(pair[0]);
    loop_free(b.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_largest_message_arrives_whole),
        cmocka_unit_test(test_descriptors_travel_with_their_message),
        cmocka_unit_test(test_last_words_are_heard_of_a_side_that_closed_without_reading),
        cmocka_unit_test(test_a_message_too_large_is_refused_and_its_descriptors_closed),
        cmocka_unit_test(test_waiting_ends_at_its_deadline_and_with_the_other_side),
        cmocka_unit_test(test_try_send_never_waits),
        cmocka_unit_test(test_a_slow_reader_is_queued_for_and_gets_everything_in_order),
        cmocka_unit_test(test_a_queue_has_its_bound),
        cmocka_unit_test(test_a_channel_freed_in_its_callback_says_no_more),
    };
    return RUN(tests);
}
