/* What is SQLite's alone: its files, their rights, and what may be wrong with them. */
#include "backend.h"

#include "store/sql/exposure.h"

#include <fcntl.h>
#include <sys/stat.h>

static mode_t mode_of(const char *suffix)
{
    struct stat st;
    char path[FILE_PATH];
    assert_true(text_format(path, sizeof path, "%s%s", where, suffix));
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void test_the_umask_of_the_maker_decides_who_may_read(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const struct {
        mode_t umask, mode;
    } cases[] = {{022, 0640}, {077, 0600}, {0, 0640}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        store_close(store);
        assert_int_equal(unlink(where), 0);
        mode_t old = umask(cases[i].umask);
        store = open_store(STORE_CREATE);
        assert_done(store_parameter_set(store, "a", "1", &why));
        umask(old);
        assert_int_equal(mode_of(""), cases[i].mode);
        assert_int_equal(mode_of("-wal"), cases[i].mode);
        assert_int_equal(mode_of("-shm"), cases[i].mode);
    }
}

static void test_closing_leaves_one_file(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_table *table = NULL;
    char wal[FILE_PATH];
    assert_true(text_format(wal, sizeof wal, "%s-wal", where));
    assert_done(store_parameter_set(store, "a", "1", &why));
    assert_done(store_query(store, "select count(*) from device", 5000, &table, &why));
    store_table_free(table);
    assert_true(file_exists(wal));
    store_close(store);
    store = NULL;
    assert_false(file_exists(wal));
    assert_true(file_exists(where));
}

static void write_file(const char *path, const char *text)
{
    assert_int_equal(file_replace(path, bytes_of_string(text), 0600, NULL), 0);
}

static void test_a_file_that_is_no_database_is_refused_and_kept(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = NULL;
    char path[FILE_PATH];
    assert_int_equal(file_path(path, directory, "letter.txt"), 0);
    write_file(path, "Dear Sir or Madam, this is a letter and no database at all. It is long "
                     "enough to be taken for one by its size, which is more than a hundred bytes.");
    assert_refused(store_open(&other, path, STORE_WRITE, &why), ERR_STORE, "not a database");
    assert_non_null(strstr(why.text, path));
    assert_refused(store_open(&other, path, STORE_READ, &why), ERR_STORE, "not a database");
    assert_refused(store_open(&other, path, STORE_CREATE, &why), ERR_DUPLICATE, path);
    struct buffer b;
    buffer_init(&b, 1000);
    assert_int_equal(file_read(&b, path, NULL), 0);
    assert_true(text_starts(buffer_string(&b), "Dear Sir"));
    buffer_fini(&b);
}

static void run_sqlite(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_a_database_of_another_program_is_refused(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = NULL;
    char path[FILE_PATH];
    assert_int_equal(file_path(path, directory, "other.db"), 0);
    run_sqlite(path, "PRAGMA journal_mode = WAL; CREATE TABLE song (title TEXT)");
    assert_refused(store_open(&other, path, STORE_WRITE, &why), ERR_UNSUPPORTED,
                   "not a database of Trustline");
    run_sqlite(path, "INSERT INTO song (title) VALUES ('untouched')");
}

static void test_a_newer_schema_is_refused_with_both_versions(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = NULL;
    char both[100];
    store_close(store);
    store = NULL;
    run_sqlite(where, "UPDATE schema_version SET version = 4711");
    text_format(both, sizeof both, "version 4711, this program knows version %u",
                store_schema_version());
    for (enum store_mode mode = STORE_WRITE; mode <= STORE_READ; mode++)
        assert_refused(store_open(&other, where, mode, &why), ERR_UNSUPPORTED, both);
}

static void test_files_left_of_a_database_that_is_gone_are_not_mixed_in(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = NULL;
    char path[FILE_PATH];
    char wal[FILE_PATH];
    assert_int_equal(file_path(path, directory, "new.db"), 0);
    assert_int_equal(file_path(wal, directory, "new.db-wal"), 0);
    write_file(wal, "old pages");
    assert_refused(store_open(&other, path, STORE_CREATE, &why), ERR_DUPLICATE, wal);
    assert_int_equal(unlink(wal), 0);
    assert_done(store_open(&other, path, STORE_CREATE, &why));
    store_close(other);
}

static void test_a_directory_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = NULL;
    char path[FILE_PATH];
    assert_int_equal(file_path(path, directory, "no/such/place.db"), 0);
    assert_refused(store_open(&other, path, STORE_CREATE, &why), -ENOENT, path);
    assert_non_null(strstr(why.text, "No such file"));
}

/* Names that mean something else to SQLite are names of files to us. */
static void test_special_names_are_files(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = NULL;
    char here[FILE_PATH];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(directory), 0);
    const char *const names[] = {":memory:", "file:x?mode=memory"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_done(store_open(&other, names[i], STORE_CREATE, &why));
        assert_true(file_exists(names[i]));
        store_close(other);
    }
    assert_int_equal(chdir(here), 0);
}

/* As an ordinary user, since nothing is forbidden to root. */
static void body_without_rights(void)
{
    struct why why = WHY_NONE;
    struct store *other = NULL;
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        _exit(1);
    if (store_open(&other, where, STORE_WRITE, &why) != ERR_STORE ||
        !strstr(why.text, "may not be written by this user"))
        _exit(2);
    why.text[0] = '\0';
    if (store_open(&other, where, STORE_OBSERVE, &why) != ERR_STORE)
        _exit(3);
    char path[FILE_PATH];
    why.text[0] = '\0';
    if (file_path(path, directory, "new.db") != 0 ||
        store_open(&other, path, STORE_CREATE, &why) != -EACCES ||
        !strstr(why.text, "Permission denied"))
        _exit(4);
    _exit(0);
}

static void test_a_user_without_rights_hears_so(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    assert_int_equal(chmod(where, 0444), 0);
    assert_int_equal(chmod(directory, 0555), 0);
    assert_child_succeeds(spawn(body_without_rights));
    assert_int_equal(chmod(directory, 0755), 0);
}

static void test_a_damaged_database_is_said_to_be_damaged(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store *other = NULL;
    fill_store();
    store_close(store);
    store = NULL;
    int fd = open(where, O_RDWR);
    assert_true(fd >= 0);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    char noise[4096];
    memset(noise, 0x5a, sizeof noise);
    for (off_t at = 4096; at < st.st_size; at += (off_t)sizeof noise)
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
    close(fd);
    assert_refused(store_open(&other, where, STORE_WRITE, &why), ERR_STORE, "damaged");
    assert_non_null(strstr(why.text, "backup"));
}

/* A new table must be entered in exposure.c before it can be seen, so that its
 * secrets are thought of; and nothing stands there that is not in the schema. */
static void test_every_table_is_known_to_the_list_of_what_is_shown(void **state)
{
    (void)state;
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    size_t count = 0;
    assert_int_equal(sqlite3_open_v2(where, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT name FROM sqlite_schema WHERE type IN"
                                        " ('table', 'view') AND name NOT LIKE 'sqlite_%'",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (exposure_shows(name) == exposure_hides(name))
            fail_msg("%s must stand in one list of exposure.c", name);
        count++;
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    assert_true(count > 25);
    assert_true(exposure_shows("Device"));
    assert_true(exposure_hides("ADMINISTRATOR_secret"));
    assert_false(exposure_shows("administrator_secret"));
    assert_false(exposure_shows("sqlite_schema"));
    assert_true(exposure_calls("COUNT"));
    assert_false(exposure_calls("load_extension"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_STORE(test_the_umask_of_the_maker_decides_who_may_read),
        IN_STORE(test_closing_leaves_one_file),
        IN_STORE(test_a_file_that_is_no_database_is_refused_and_kept),
        IN_STORE(test_a_database_of_another_program_is_refused),
        IN_STORE(test_a_newer_schema_is_refused_with_both_versions),
        IN_STORE(test_files_left_of_a_database_that_is_gone_are_not_mixed_in),
        IN_STORE(test_a_directory_that_is_not_there_is_named),
        IN_STORE(test_special_names_are_files),
        IN_STORE(test_a_user_without_rights_hears_so),
        IN_STORE(test_a_damaged_database_is_said_to_be_damaged),
        IN_STORE(test_every_table_is_known_to_the_list_of_what_is_shown),
    };
    return RUN(tests);
}
