#include "support.h"

#include "base/file.h"
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[1024];

static int enter(void **state)
{
    (void)state;
    temporary_make(dir);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    temporary_remove(dir);
    return 0;
}

static void open_log(size_t max_size)
{
    struct log_setup setup = {
        .program = "test", .directory = dir, .level = LEVEL_INFO, .max_size = max_size, .keep = 3};
    assert_int_equal(log_open(&setup, NULL), 0);
}

static char *read_log(const char *name, struct buffer *b)
{
    char path[FILE_PATH];
    buffer_init(b, 16 * 1024 * 1024);
    assert_int_equal(file_path(path, dir, name), 0);
    assert_int_equal(file_read(b, path, NULL), 0);
    buffer_string(b);
    return (char *)b->data;
}

static size_t lines_in(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void test_an_event_is_one_line_with_time_program_and_level(void **state)
{
    (void)state;
    struct buffer b;
    open_log(0);
    log_event(LEVEL_NOTICE, "event=test value=%s", "a\nb");
    log_event(LEVEL_DEBUG, "event=unsaid");
    log_close();
    char *text = read_log("trustline.log", &b);
    assert_int_equal(lines_in(text), 1);
    assert_non_null(strstr(text, "Z test notice event=test value=a b\n"));
    buffer_fini(&b);
}

static void test_queued_lines_are_all_written_before_close_returns(void **state)
{
    (void)state;
    enum { LINES = 3000 };
    struct buffer b;
    open_log(0);
    assert_int_equal(log_start_writer(), 0);
    for (int i = 0; i < LINES; i++)
        log_event(LEVEL_INFO, "event=line number=%d", i);
    log_close();
    char *text = read_log("trustline.log", &b);
    assert_int_equal(lines_in(text), LINES);
    buffer_fini(&b);
}

static void test_what_the_queue_cannot_take_is_counted(void **state)
{
    (void)state;
    struct buffer b;
    char long_text[2000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    open_log(100 * 1024 * 1024);
    assert_int_equal(log_start_writer(), 0);
    for (int i = 0; i < 20000; i++)
        log_event(LEVEL_INFO, "event=flood text=%s", long_text);
    log_close();
    char *text = read_log("trustline.log", &b);
    size_t written = 0;
    unsigned long dropped = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *count = strstr(line, "event=log_lines_dropped count=");
        unsigned long n = 0;
        if (count && sscanf(count, "event=log_lines_dropped count=%lu", &n) == 1)
            dropped += n;
        else
            written++;
    }
    assert_true(dropped > 0);
    assert_int_equal(written + dropped, 20000);
    buffer_fini(&b);
}

static void test_a_full_file_is_rotated_and_the_oldest_goes(void **state)
{
    (void)state;
    struct stat st;
    char path[FILE_PATH];
    open_log(2000);
    for (int i = 0; i < 400; i++)
        log_event(LEVEL_INFO, "event=line number=%d", i);
    log_close();
    assert_int_equal(file_path(path, dir, "trustline.log.3"), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 2200);
    assert_int_equal(file_path(path, dir, "trustline.log.4"), 0);
    assert_int_not_equal(stat(path, &st), 0);
}

static void test_a_trace_has_the_line_shape_of_cucm(void **state)
{
    (void)state;
    struct trace *trace = NULL;
    struct buffer b;
    assert_int_equal(trace_open(&trace, dir, "tftp.log", " |", 0, 0, NULL), 0);
    trace_line(trace, "TFTPEngine::isReadRequest[0x9950830~188~], [%s]", "CTLSEP0011215A1AE3.tlv");
    trace_line(NULL, "nothing happens");
    trace_close(trace);
    char *text = read_log("tftp.log", &b);
    int h, m, s, ms, n = 0;
    assert_int_equal(sscanf(text, "%2d:%2d:%2d.%3d |TFTPEngine::%n", &h, &m, &s, &ms, &n), 4);
    assert_true(n > 0);
    buffer_fini(&b);
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_DIR(test_an_event_is_one_line_with_time_program_and_level),
        IN_DIR(test_queued_lines_are_all_written_before_close_returns),
        IN_DIR(test_what_the_queue_cannot_take_is_counted),
        IN_DIR(test_a_full_file_is_rotated_and_the_oldest_goes),
        IN_DIR(test_a_trace_has_the_line_shape_of_cucm),
    };
    return RUN(tests);
}
