/* Migration: artificial schemas on a real database. */
#include "backend.h"

#include "store/sql/schema.h"

static const char one[] = "CREATE TABLE song (id {id}, title TEXT NOT NULL) {strict};"
                          "INSERT INTO song (title) VALUES ('first')";
static const char two[] = "ALTER TABLE song ADD COLUMN length {number} NOT NULL DEFAULT 0;"
                          "UPDATE song SET length = 180";
static const char broken[] = "UPDATE song SET title = 'spoiled';"
                             "CREATE TABLE album (name TEXT PRIMARY KEY) {strict};"
                             "INSERT INTO nowhere (x) VALUES (1)";

static const struct schema_view old_views[] = {{"shown", "SELECT title FROM song"}, {NULL, NULL}};
static const struct schema_view new_views[] = {
    {"shown", NULL}, {"listed", "SELECT title, length FROM song"}, {NULL, NULL}};

static const char *const steps[] = {one, two, broken};
static const struct schema version_1 = {steps, 1, old_views};
static const struct schema version_2 = {steps, 2, new_views};
static const struct schema version_3_broken = {steps, 3, old_views};

static struct db *db;

/* A database that holds nothing yet. */
static int enter_empty(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    temporary_make(directory);
    backend()->address(where, directory);
    assert_done(backend()->driver->open(&db, where, STORE_CREATE, &why));
    assert_done(db->driver->settle(db, &why));
    return 0;
}

static int leave_empty(void **state)
{
    (void)state;
    db->driver->close(db);
    temporary_remove(directory);
    return 0;
}

static unsigned version(void)
{
    struct why why = WHY_NONE;
    unsigned found = 99;
    assert_done(schema_version(db, &found, &why));
    return found;
}

/* Looked at from outside. */
static void assert_holds(const char *sql, const char *expected)
{
    char answer[200];
    backend()->ask(answer, sizeof answer, where, sql);
    assert_string_equal(answer, expected);
}

static void test_an_empty_database_gets_every_step(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_int_equal(version(), 0);
    assert_done(schema_migrate(db, &version_2, &why));
    assert_int_equal(version(), 2);
    assert_holds("SELECT title || length FROM listed", "first180");
}

static void test_an_older_database_gets_the_steps_it_lacks_and_the_new_views(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(schema_migrate(db, &version_1, &why));
    assert_int_equal(version(), 1);
    assert_done(db->driver->run(db, "UPDATE song SET title = 'kept'", &why));
    assert_holds("SELECT title FROM shown", "kept");
    assert_done(schema_migrate(db, &version_2, &why));
    assert_int_equal(version(), 2);
    assert_holds("SELECT title || length FROM listed", "kept180");
    assert_holds("SELECT name FROM sqlite_schema WHERE name = 'shown'", "");
    assert_done(schema_migrate(db, &version_2, &why)); /* nothing to do */
    assert_holds("SELECT count(*) FROM song", "1");
}

static void test_a_failing_step_changes_nothing(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(schema_migrate(db, &version_1, &why));
    /* Step 2 works and stays; step 3 fails at its third statement. */
    assert_refused(schema_migrate(db, &version_3_broken, &why), ERR_STORE,
                   "making version 3 of the schema");
    assert_non_null(strstr(why.text, "nowhere"));
    assert_false(db->driver->in_transaction(db));
    assert_int_equal(version(), 2);
    assert_holds("SELECT title || length FROM song", "first180");
    assert_holds("SELECT name FROM sqlite_schema WHERE name = 'album'", "");
    assert_done(schema_migrate(db, &version_2, &why));
}

static void test_a_view_that_fails_takes_its_step_back(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(schema_migrate(db, &version_1, &why));
    /* SQLite takes any view and finds out when it is used; a syntax error it finds at once. */
    static const struct schema_view wrong[] = {{"shown", "SELECT FROM WHERE"}, {NULL, NULL}};
    const struct schema version_2_wrong = {steps, 2, wrong};
    assert_refused(schema_migrate(db, &version_2_wrong, &why), ERR_STORE, "version 2");
    assert_int_equal(version(), 1);
    assert_holds("SELECT title FROM shown", "first");
}

static void test_a_newer_database_is_refused_with_both_versions(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(schema_migrate(db, &version_2, &why));
    assert_refused(schema_migrate(db, &version_1, &why), ERR_UNSUPPORTED,
                   "schema version 2, this program knows version 1");
    assert_int_equal(version(), 2);
    assert_holds("SELECT title || length FROM listed", "first180");
}

static void test_a_database_with_other_tables_is_not_taken_over(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(db->driver->run(db, "CREATE TABLE theirs (x TEXT)", &why));
    assert_refused(schema_migrate(db, &version_1, &why), ERR_UNSUPPORTED, "something else");
    assert_int_equal(version(), 0);
    assert_holds("SELECT count(*) FROM sqlite_schema", "1");
}

static void body_migrate(void)
{
    struct db *mine = NULL;
    if (backend()->driver->open(&mine, where, STORE_WRITE, NULL) != 0)
        _exit(1);
    int result = schema_migrate(mine, &version_2, NULL);
    mine->driver->close(mine);
    _exit(result == 0 ? 0 : 2);
}

static void test_processes_that_migrate_at_once_do_each_step_once(void **state)
{
    (void)state;
    enum { PROCESSES = 6 };
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++)
        children[i] = spawn(body_migrate);
    for (int i = 0; i < PROCESSES; i++)
        assert_child_succeeds(children[i]);
    assert_int_equal(version(), 2);
    assert_holds("SELECT count(*) FROM song", "1");
}

static void test_words_of_the_backend_are_filled_in(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct buffer b;
    buffer_init(&b, 200);
    assert_done(schema_expand(&b, db, "a {number}, b {bytes} {strict}", &why));
    assert_string_equal(buffer_string(&b), "a INTEGER, b BLOB STRICT");
    assert_refused(schema_expand(&b, db, "a {nonsense}", &why), ERR_BUG, "{nonsense}");
    assert_refused(schema_expand(&b, db, "a {number", &why), ERR_BUG, "{number}");
    buffer_fini(&b);
}

int main(void)
{
#define EMPTY(test) cmocka_unit_test_setup_teardown(test, enter_empty, leave_empty)
    const struct CMUnitTest tests[] = {
        EMPTY(test_an_empty_database_gets_every_step),
        EMPTY(test_an_older_database_gets_the_steps_it_lacks_and_the_new_views),
        EMPTY(test_a_failing_step_changes_nothing),
        EMPTY(test_a_view_that_fails_takes_its_step_back),
        EMPTY(test_a_newer_database_is_refused_with_both_versions),
        EMPTY(test_a_database_with_other_tables_is_not_taken_over),
        EMPTY(test_processes_that_migrate_at_once_do_each_step_once),
        EMPTY(test_words_of_the_backend_are_filled_in),
    };
    return RUN(tests);
}
