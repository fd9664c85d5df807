#include "support.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static const char *in_dir(const char *name)
{
    static char path[FILE_PATH];
    assert_int_equal(file_path(path, dir, name), 0);
    return path;
}

static int entries(void)
{
    int count = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d))
        count++;
    closedir(d);
    return count - 2;
}

static void test_a_replaced_file_has_the_new_content_and_the_exact_mode(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct stat st;
    umask(077);
    assert_int_equal(file_replace(in_dir("a"), bytes_of_string("one"), 0644, &why), 0);
    assert_int_equal(file_replace(in_dir("a"), bytes_of_string("two"), 0640, &why), 0);
    umask(022);
    assert_int_equal(stat(in_dir("a"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    struct buffer b;
    buffer_init(&b, 100);
    assert_int_equal(file_read(&b, in_dir("a"), &why), 0);
    assert_string_equal(buffer_string(&b), "two");
    assert_int_equal(entries(), 1); /* nothing temporary is left */
    buffer_fini(&b);
}

static void test_create_never_overwrites(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_int_equal(file_create(in_dir("a"), bytes_of_string("one"), 0600, &why), 0);
    assert_int_equal(file_create(in_dir("a"), bytes_of_string("two"), 0600, &why), ERR_DUPLICATE);
    struct buffer b;
    buffer_init(&b, 100);
    assert_int_equal(file_read(&b, in_dir("a"), NULL), 0);
    assert_string_equal(buffer_string(&b), "one");
    assert_int_equal(entries(), 1);
    buffer_fini(&b);
}

static void test_a_failed_write_names_the_file_and_leaves_nothing(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_int_equal(file_replace(in_dir("no/such/dir"), bytes_of_string("x"), 0600, &why),
                     -ENOENT);
    assert_non_null(strstr(why.text, "no/such/dir"));
    assert_non_null(strstr(why.text, "No such file"));
    assert_int_equal(entries(), 0);
}

static void test_a_file_over_the_bound_is_refused(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    buffer_init(&b, 3);
    assert_int_equal(file_replace(in_dir("a"), bytes_of_string("four"), 0600, &why), 0);
    assert_int_equal(file_read(&b, in_dir("a"), &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "larger than the 3 bytes"));
    buffer_fini(&b);
}

static void test_reading_a_directory_says_so(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    buffer_init(&b, 3);
    assert_int_equal(file_read(&b, dir, &why), -EISDIR);
    assert_non_null(strstr(why.text, "is a directory"));
}

static void test_a_lock_held_elsewhere_names_its_holder(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    int fd = -1;
    assert_int_equal(file_lock(&fd, in_dir("lock"), 0, &why), 0);
    pid_t child = fork();
    if (child == 0) {
        struct why theirs = WHY_NONE;
        char holder[64];
        int other = -1;
        snprintf(holder, sizeof holder, "process %ld is still at work", (long)getppid());
        int result = file_lock(&other, in_dir("lock"), 30, &theirs);
        _exit(result == ERR_TIMEOUT && strstr(theirs.text, holder) ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    close(fd);
    assert_int_equal(file_lock(&fd, in_dir("lock"), 0, &why), 0);
    close(fd);
}

static void test_a_tree_is_removed_without_following_links(void **state)
{
    (void)state;
    assert_int_equal(file_mkdirs(in_dir("t/u/v"), 0700, NULL), 0);
    assert_int_equal(file_mkdirs(in_dir("keep"), 0700, NULL), 0);
    assert_int_equal(file_replace(in_dir("keep/me"), bytes_of_string("x"), 0600, NULL), 0);
    char target[FILE_PATH];
    assert_int_equal(file_path(target, dir, "keep"), 0);
    assert_int_equal(symlink(target, in_dir("t/link")), 0);
    assert_int_equal(file_remove_tree(in_dir("t")), 0);
    assert_false(file_exists(in_dir("t")));
    assert_true(file_exists(in_dir("keep/me")));
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_DIR(test_a_replaced_file_has_the_new_content_and_the_exact_mode),
        IN_DIR(test_create_never_overwrites),
        IN_DIR(test_a_failed_write_names_the_file_and_leaves_nothing),
        IN_DIR(test_a_file_over_the_bound_is_refused),
        IN_DIR(test_reading_a_directory_says_so),
        IN_DIR(test_a_lock_held_elsewhere_names_its_holder),
        IN_DIR(test_a_tree_is_removed_without_following_links),
    };
    return RUN(tests);
}
