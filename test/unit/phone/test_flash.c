#include "support.h"

#include "base/file.h"
#include "phone/flash.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[1024];
static char home[1100];

#define DEVICE "SEP001122334455"

static int enter(void **state)
{
    (void)state;
    temporary_make(base);
    snprintf(home, sizeof home, "%s/phones/%s", base, DEVICE);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    temporary_remove(base);
    return 0;
}

static struct flash opened(void)
{
    struct flash flash;
    struct why why = WHY_NONE;
    int result = flash_open(&flash, home, DEVICE, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    return flash;
}

static void expect_content(const struct flash *flash, enum flash_slot slot, const char *text)
{
    struct buffer content;
    buffer_init(&content, 10000);
    assert_int_equal(flash_read(flash, slot, &content, NULL), 0);
    assert_bytes_text(buffer_bytes(&content), text);
    buffer_fini(&content);
}

static void test_what_is_written_survives(void **state)
{
    (void)state;
    struct flash flash = opened();
    struct buffer content;
    char path[1200];
    buffer_init(&content, 100);
    assert_int_equal(flash_read(&flash, FLASH_CTL, &content, NULL), ERR_NOT_FOUND);
    assert_int_equal(flash_write(&flash, FLASH_CTL, bytes_of_string("ctl"), NULL), 0);
    assert_int_equal(flash_write(&flash, FLASH_ITL, bytes_of_string("itl"), NULL), 0);
    assert_int_equal(flash_write(&flash, FLASH_CONFIGURATION, bytes_of_string("old"), NULL), 0);
    assert_int_equal(flash_write(&flash, FLASH_CONFIGURATION, bytes_of_string("xml"), NULL), 0);
    flash = opened();
    expect_content(&flash, FLASH_CTL, "ctl");
    expect_content(&flash, FLASH_ITL, "itl");
    expect_content(&flash, FLASH_CONFIGURATION, "xml");
    snprintf(path, sizeof path, "%s/" DEVICE ".cnf.xml", home);
    assert_true(file_exists(path));
    snprintf(path, sizeof path, "%s/CTLFile.tlv", home);
    assert_true(file_exists(path));
}

static void test_nobody_else_can_read_it(void **state)
{
    (void)state;
    struct flash flash = opened();
    char path[1200];
    struct stat st;
    assert_int_equal(flash_write(&flash, FLASH_LSC, bytes_of_string("key"), NULL), 0);
    snprintf(path, sizeof path, "%s/LSC.pem", home);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(home, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void test_erasing_takes_one_thing_and_leaves_the_others(void **state)
{
    (void)state;
    struct flash flash = opened();
    struct buffer content;
    buffer_init(&content, 100);
    assert_int_equal(flash_erase(&flash, FLASH_CTL, NULL), 0); /* nothing there: fine */
    assert_int_equal(flash_write(&flash, FLASH_CTL, bytes_of_string("ctl"), NULL), 0);
    assert_int_equal(flash_write(&flash, FLASH_ITL, bytes_of_string("itl"), NULL), 0);
    assert_int_equal(flash_erase(&flash, FLASH_CTL, NULL), 0);
    assert_int_equal(flash_read(&flash, FLASH_CTL, &content, NULL), ERR_NOT_FOUND);
    expect_content(&flash, FLASH_ITL, "itl");
}

static void test_the_flash_of_another_phone_is_refused(void **state)
{
    (void)state;
    struct flash flash = opened();
    struct why why = WHY_NONE;
    assert_int_equal(flash_open(&flash, home, "SEP0011223344FF", &why), ERR_CONFLICT);
    assert_non_null(strstr(why.text, "this is the flash of SEP001122334455, not of "
                                     "SEP0011223344FF"));
}

static void test_a_directory_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    struct flash flash;
    struct why why = WHY_NONE;
    assert_int_not_equal(flash_open(&flash, "/dev/null/home", DEVICE, &why), 0);
    assert_non_null(strstr(why.text, "/dev/null/home"));
    assert_int_equal(flash_open(&flash, "", DEVICE, NULL), ERR_USAGE);
}

static void test_two_processes_cannot_be_one_phone(void **state)
{
    (void)state;
    int first, second;
    struct why why = WHY_NONE;
    assert_int_equal(flash_lock(&first, home, NULL), 0);
    assert_int_equal(flash_lock(&second, home, &why), ERR_TIMEOUT);
    assert_non_null(strstr(why.text, "still at work"));
    close(first);
    assert_int_equal(flash_lock(&second, home, NULL), 0);
    close(second);
}

/* A disk that takes no more than some bytes of a file: the old content stays, nothing lies about.
 * In a child, since the limit is the process's. */
static void test_a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    struct flash flash = opened();
    static uint8_t large[8192];
    assert_int_equal(flash_write(&flash, FLASH_CTL, bytes_of_string("old"), NULL), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit small = {.rlim_cur = 1000, .rlim_max = 1000};
        const struct sigaction ignore = {.sa_handler = SIG_IGN};
        sigaction(SIGXFSZ, &ignore, NULL);
        if (setrlimit(RLIMIT_FSIZE, &small) != 0)
            _exit(2);
        _exit(flash_write(&flash, FLASH_CTL, bytes_of(large, sizeof large), NULL) < 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    expect_content(&flash, FLASH_CTL, "old");
    DIR *dir = opendir(home);
    assert_non_null(dir);
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        assert_null(strchr(entry->d_name, '~'));
    closedir(dir);
}

/* Killed in the middle of ever new writes: the file is always one of the two. */
static void test_a_kill_leaves_the_old_file_or_the_new_one(void **state)
{
    (void)state;
    static uint8_t pages[2][20000];
    struct flash flash = opened();
    int rounds = test_is_long() ? 200 : 20;
    memset(pages[1], 1, sizeof pages[1]);
    assert_int_equal(flash_write(&flash, FLASH_CTL, bytes_of(pages[0], 20000), NULL), 0);
    for (int round = 0; round < rounds; round++) {
        int ready[2];
        char byte;
        assert_int_equal(pipe(ready), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (unsigned i = 0;; i++) {
                if (flash_write(&flash, FLASH_CTL, bytes_of(pages[i % 2], 20000), NULL) != 0 ||
                    (i == (unsigned)round % 5 && write(ready[1], "", 1) != 1))
                    _exit(1);
            }
        }
        assert_int_equal(read(ready[0], &byte, 1), 1);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        close(ready[0]);
        close(ready[1]);
        struct buffer content;
        buffer_init(&content, 100000);
        assert_int_equal(flash_read(&flash, FLASH_CTL, &content, NULL), 0);
        assert_int_equal(content.size, 20000);
        assert_memory_equal(content.data, pages[content.data[0] != 0], 20000);
        buffer_fini(&content);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_written_survives),
        TEST(test_nobody_else_can_read_it),
        TEST(test_erasing_takes_one_thing_and_leaves_the_others),
        TEST(test_the_flash_of_another_phone_is_refused),
        TEST(test_a_directory_that_cannot_be_made_is_told),
        TEST(test_two_processes_cannot_be_one_phone),
        TEST(test_a_full_disk_leaves_the_old_file),
        TEST(test_a_kill_leaves_the_old_file_or_the_new_one),
    };
    return RUN(tests);
}
