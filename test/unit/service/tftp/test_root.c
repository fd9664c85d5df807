#include "support.h"

#include "base/file.h"
#include "service/tftp/root.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[1024];
static char inside[FILE_PATH];
static struct file_root *root;

static void write_file(const char *name, const char *text)
{
    char path[FILE_PATH];
    assert_int_equal(file_path(path, inside, name), 0);
    assert_int_equal(file_replace(path, bytes_of_string(text), 0644, NULL), 0);
}

static void link_to(const char *target, const char *name)
{
    char path[FILE_PATH];
    assert_int_equal(file_path(path, inside, name), 0);
    assert_int_equal(symlink(target, path), 0);
}

static int enter(void **state)
{
    (void)state;
    temporary_make(dir);
    assert_int_equal(file_path(inside, dir, "root"), 0);
    assert_int_equal(file_mkdir(inside, 0755, NULL), 0);
    char secret[FILE_PATH];
    assert_int_equal(file_path(secret, dir, "secret"), 0);
    assert_int_equal(file_replace(secret, bytes_of_string("secret"), 0644, NULL), 0);
    return file_root_new(&root, inside);
}

static int leave(void **state)
{
    (void)state;
    file_root_free(root);
    temporary_remove(dir);
    return 0;
}

static void assert_holds(const char *name, const char *text, bool linked)
{
    struct found_file f;
    char data[100] = "";
    assert_int_equal(file_root_open(root, &f, name), 0);
    assert_int_equal(f.identity.size, strlen(text));
    assert_int_equal(f.linked, linked);
    assert_int_equal(read(f.fd, data, sizeof data - 1), strlen(text));
    assert_string_equal(data, text);
    close(f.fd);
}

static void assert_refused(const char *name, int error)
{
    struct found_file f;
    assert_int_equal(file_root_open(root, &f, name), error);
}

static void test_files_are_found_in_every_spelling(void **state)
{
    (void)state;
    char sub[FILE_PATH];
    assert_int_equal(file_path(sub, inside, "Sub"), 0);
    assert_int_equal(file_mkdir(sub, 0755, NULL), 0);
    write_file("Sub/File.XML", "1");
    assert_holds("Sub/File.XML", "1", false);
    assert_holds("sub/file.xml", "1", false);
    assert_refused("sub/file.xm", ERR_NOT_FOUND);
    write_file("Sub/file.xml", "2");          /* right after the directory was looked through */
    assert_holds("sub/file.xml", "1", false); /* the first in their order */
    assert_holds("Sub/file.xml", "2", false);
    write_file("Sub/new.xml", "3");
    assert_holds("SUB/NEW.XML", "3", false);
}

static void test_what_is_new_is_found_also_after_it_was_absent(void **state)
{
    (void)state;
    const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    write_file("Known.xml", "1");
    /* The time stamp says that nothing has changed for long: from now on the names are known. */
    assert_int_equal(utimensat(AT_FDCWD, inside, long_ago, 0), 0);
    assert_refused("new.xml", ERR_NOT_FOUND);
    assert_refused("new.xml", ERR_NOT_FOUND);
    assert_holds("known.xml", "1", false);
    write_file("New.xml", "2");
    assert_holds("new.xml", "2", false);
    assert_int_equal(utimensat(AT_FDCWD, inside, long_ago, 0), 0);
    assert_holds("new.xml", "2", false);
    char path[FILE_PATH];
    assert_int_equal(file_path(path, inside, "New.xml"), 0);
    assert_int_equal(unlink(path), 0);
    assert_refused("new.xml", ERR_NOT_FOUND);
    assert_holds("KNOWN.XML", "1", false);
}

static void test_nothing_leads_outside(void **state)
{
    (void)state;
    char path[FILE_PATH];
    link_to("../secret", "up");
    link_to("/etc/passwd", "away");
    link_to("..", "parent");
    link_to("loop", "loop");
    assert_refused("up", ERR_POLICY);
    assert_refused("away", ERR_POLICY);
    assert_refused("parent/secret", ERR_POLICY);
    assert_refused("loop", ERR_POLICY);
    assert_refused("../secret", ERR_POLICY); /* names like this do not come here, but still */
    assert_int_equal(file_path(path, inside, "fifo"), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused("fifo", ERR_POLICY);
    assert_refused("", ERR_NOT_FOUND);
}

static void test_links_inside_are_followed_and_marked(void **state)
{
    (void)state;
    write_file("real", "x");
    link_to("real", "link");
    assert_holds("link", "x", true);
    assert_holds("real", "x", false);
    assert_true(file_root_has(root, "real"));
    assert_false(file_root_has(root, "REAL"));
}

static void test_a_directory_is_no_file_and_may_be_absent(void **state)
{
    (void)state;
    char path[FILE_PATH];
    assert_int_equal(file_path(path, inside, "d"), 0);
    assert_int_equal(file_mkdir(path, 0755, NULL), 0);
    assert_refused("d", ERR_NOT_FOUND);
    struct file_root *none;
    struct found_file f;
    assert_int_equal(file_path(path, dir, "nowhere"), 0);
    assert_int_equal(file_root_new(&none, path), 0);
    assert_int_equal(file_root_open(none, &f, "x"), ERR_NOT_FOUND);
    file_root_free(none);
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_DIR(test_files_are_found_in_every_spelling),
        IN_DIR(test_what_is_new_is_found_also_after_it_was_absent),
        IN_DIR(test_nothing_leads_outside),
        IN_DIR(test_links_inside_are_followed_and_marked),
        IN_DIR(test_a_directory_is_no_file_and_may_be_absent),
    };
    return RUN(tests);
}
