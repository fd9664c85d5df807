#include "support.h"

#include "base/file.h"
#include "net/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 300 * 1000 };

static struct loop *loop;
static struct worker *worker;
static char dir[1024];
static char path[FILE_PATH];

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 7 + offset / 251);
}

static int enter(void **state)
{
    (void)state;
    uint8_t *data = malloc(SIZE);
    temporary_make(dir);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = byte_at(i);
    assert_int_equal(file_path(path, dir, "file"), 0);
    assert_int_equal(file_replace(path, bytes_of(data, SIZE), 0600, NULL), 0);
    free(data);
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(worker_new(&worker, loop, 1, 16), 0);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    worker_free(worker);
    loop_free(loop);
    temporary_remove(dir);
    return 0;
}

static struct disk_file *open_file(bool cold)
{
    struct disk_file *file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    if (cold)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    assert_int_equal(disk_file_new(&file, fd), 0);
    return file;
}

struct news {
    unsigned calls;
    int result;
};

static void ready(void *context, int result)
{
    struct news *news = context;
    news->calls++;
    news->result = result;
    loop_stop(loop);
}

static void read_all(size_t piece, bool cold)
{
    struct disk_file *file = open_file(cold);
    struct disk_reader *reader;
    struct news news = {0};
    uint8_t *out = malloc(piece);
    uint64_t offset = 0;
    assert_int_equal(disk_reader_new(&reader, file, worker, ready, &news), 0);
    disk_file_free(file); /* the reader has it, too */
    while (offset < SIZE) {
        size_t got = 0;
        int result = disk_read(reader, offset, out, piece, &got);
        if (result == -EAGAIN) {
            assert_int_equal(loop_run(loop), 0);
            assert_int_equal(news.result, 0);
            continue;
        }
        assert_int_equal(result, 0);
        assert_int_equal(got, SIZE - offset < piece ? SIZE - offset : piece);
        for (size_t i = 0; i < got; i++)
            if (out[i] != byte_at(offset + i))
                fail_msg("byte %llu is wrong", (unsigned long long)(offset + i));
        offset += got;
    }
    disk_reader_free(reader);
    free(out);
}

static void test_a_file_in_memory_or_not_is_read_alike(void **state)
{
    (void)state;
    read_all(512, false);
    read_all(512, true);
    read_all(100 * 1000, true);
    read_all(7777, true);
}

static void test_a_file_that_shrinks_gives_less_and_no_signal(void **state)
{
    (void)state;
    struct disk_file *file = open_file(false);
    struct disk_reader *reader;
    struct news news = {0};
    uint8_t out[1000];
    size_t got = 99;
    assert_int_equal(disk_reader_new(&reader, file, worker, ready, &news), 0);
    assert_int_equal(truncate(path, 100500), 0);
    int result;
    while ((result = disk_read(reader, 100000, out, sizeof out, &got)) == -EAGAIN)
        assert_int_equal(loop_run(loop), 0);
    assert_int_equal(result, 0);
    assert_int_equal(got, 500);
    while ((result = disk_read(reader, 200000, out, sizeof out, &got)) == -EAGAIN)
        assert_int_equal(loop_run(loop), 0);
    assert_int_equal(got, 0);
    disk_reader_free(reader);
    disk_file_free(file);
}

static void test_a_file_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct disk_file *file;
    struct disk_reader *reader;
    struct news news = {0};
    uint8_t out[10];
    size_t got = 0;
    int fd = open(dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    assert_int_equal(disk_file_new(&file, fd), 0);
    assert_int_equal(disk_reader_new(&reader, file, worker, ready, &news), 0);
    int result = disk_read(reader, 0, out, sizeof out, &got);
    if (result == -EAGAIN) {
        assert_int_equal(loop_run(loop), 0);
        result = news.result;
    }
    assert_int_equal(result, -EISDIR);
    disk_reader_free(reader);
    disk_file_free(file);
}

static void test_a_reader_may_go_while_its_piece_is_being_fetched(void **state)
{
    (void)state;
    struct news news = {0};
    uint8_t out[512];
    size_t got;
    for (int i = 0; i < 20; i++) {
        struct disk_file *file = open_file(true);
        struct disk_reader *reader;
        assert_int_equal(disk_reader_new(&reader, file, worker, ready, &news), 0);
        int result = disk_read(reader, 0, out, sizeof out, &got);
        assert_true(result == 0 || result == -EAGAIN || result == ERR_LIMIT);
        disk_reader_free(reader);
        disk_file_free(file);
    }
    worker_free(worker);
    worker = NULL;
    assert_int_equal(news.calls, 0);
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_DIR(test_a_file_in_memory_or_not_is_read_alike),
        IN_DIR(test_a_file_that_shrinks_gives_less_and_no_signal),
        IN_DIR(test_a_file_that_cannot_be_read_says_why),
        IN_DIR(test_a_reader_may_go_while_its_piece_is_being_fetched),
    };
    return RUN(tests);
}
