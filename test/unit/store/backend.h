/*
 * backend: where the tests of store.h get a database from. The tests know nothing of the backend;
 * TRUSTLINE_TEST_STORE names one of the table (the first when it is not set), so that all backends
 * pass the same tests.
 */
#ifndef TEST_UNIT_STORE_BACKEND_H
#define TEST_UNIT_STORE_BACKEND_H

#include "support.h"

#include "base/file.h"
#include "base/text.h"
#include "pki/issue.h"
#include "store/sql/db.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct backend {
    const char *name;
    const struct db_driver *driver;
    /* An address where no database is yet, within the directory if it needs one. */
    void (*address)(char where[FILE_PATH], const char *directory);
    /* The first column of the first row, read without our code. "" when there is none. */
    void (*ask)(char *out, size_t size, const char *where, const char *sql);
    /* Asks the database itself, not our code, whether all in it is sound. */
    void (*judge)(const char *where);
    bool on_our_disk; /* what its disk does is ours to arrange */
};

static inline void sqlite_address(char where[FILE_PATH], const char *directory)
{
    assert_int_equal(file_path(where, directory, "test.db"), 0);
}

static inline void sqlite_ask(char *out, size_t size, const char *where, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(where, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        text_copy(out, size, (const char *)sqlite3_column_text(statement, 0));
    else
        text_copy(out, size, "");
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static inline void sqlite_judge(const char *where)
{
    char answer[200];
    sqlite_ask(answer, sizeof answer, where, "PRAGMA integrity_check");
    assert_string_equal(answer, "ok");
    sqlite_ask(answer, sizeof answer, where, "PRAGMA foreign_key_check");
    assert_string_equal(answer, "");
}

static const struct backend backends[] = {
    {"sqlite", &db_sqlite, sqlite_address, sqlite_ask, sqlite_judge, true},
};

static inline const struct backend *backend(void)
{
    const char *name = getenv("TRUSTLINE_TEST_STORE");
    for (size_t i = 0; name && i < sizeof backends / sizeof *backends; i++)
        if (strcmp(backends[i].name, name) == 0)
            return &backends[i];
    if (name)
        fail_msg("there is no backend %s", name);
    return &backends[0];
}

/* ---- a fresh database for each test ---- */

static char directory[1024];
static char where[FILE_PATH];
static struct store *store;

static inline struct store *open_store(enum store_mode mode)
{
    struct store *opened = NULL;
    struct why why = WHY_NONE;
    int result = store_open(&opened, where, mode, &why);
    if (result)
        fail_msg("store_open: %s", why_text(&why, result));
    return opened;
}

static inline int enter(void **state)
{
    (void)state;
    temporary_make(directory);
    backend()->address(where, directory);
    store = open_store(STORE_CREATE);
    return 0;
}

static inline int leave(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    temporary_remove(directory);
    return 0;
}

#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

/* The call succeeds; otherwise the test fails with its words. `why` is the name of a variable. */
#define assert_done(call)                                     \
    do {                                                      \
        why = (struct why)WHY_NONE;                           \
        int done_ = (call);                                   \
        if (done_)                                            \
            fail_msg("%s: %s", #call, why_text(&why, done_)); \
    } while (0)

/* The call fails with this error and says this. */
#define assert_refused(call, error, words)                           \
    do {                                                             \
        why = (struct why)WHY_NONE;                                  \
        assert_int_equal((call), (error));                           \
        if (!strstr(why.text, words))                                \
            fail_msg("\"%s\" does not say \"%s\"", why.text, words); \
    } while (0)

/* ---- a small cluster: node "pub", group, pool and profile "Default", phone SEP000000000001 ----
 */

#define PHONE "SEP000000000001"

static inline struct store_device a_phone(const char *name)
{
    struct store_device device = {.model = "7975", .profile = "Default", .pool = "Default"};
    text_copy(device.name, sizeof device.name, name);
    return device;
}

static inline int64_t node_id(const char *name)
{
    struct store_node node;
    assert_int_equal(store_node_get(store, name, &node), 0);
    return node.id;
}

static inline void fill_store(void)
{
    struct why why = WHY_NONE;
    const struct store_node node = {.name = "pub", .address = "192.0.2.1", .publisher = true};
    const struct store_group group = {.name = "Default", .count = 1, .members = {node}};
    const struct store_pool pool = {
        .name = "Default", .group = "Default", .date_template = "D/M/YA"};
    const struct store_profile profile = {.name = "Default",
                                          .model = "any",
                                          .mode = MODE_NON_SECURE,
                                          .capf_auth = CAPF_AUTH_STRING,
                                          .key_size = 2048};
    const struct store_device phone = a_phone(PHONE);
    assert_done(store_node_add(store, &node, &why));
    assert_done(store_group_put(store, &group, &why));
    assert_done(store_pool_put(store, &pool, &why));
    assert_done(store_profile_add(store, &profile, &why));
    assert_done(store_device_add(store, &phone, &why));
}

/* ---- certificates ---- */

static inline struct certificate *a_certificate(const struct key *key, const char *name,
                                                uint8_t last_of_serial)
{
    uint8_t serial[SERIAL_BYTES] = {1};
    serial[SERIAL_BYTES - 1] = last_of_serial;
    struct certificate *certificate = NULL;
    const struct certificate_template template = {.use = USE_SERVER,
                                                  .subject = {.common_name = name},
                                                  .not_before = 1704067200,
                                                  .days = 3650};
    assert_int_equal(certificate_self_sign(&certificate, key, &template, serial, NULL), 0);
    return certificate;
}

/* Of test/vector/pool, "rsa1024.pem" or another; RSA, so that the same certificate is the same
 * bytes. */
static inline struct key *a_key(const char *pem)
{
    char path[64];
    struct key *key = NULL;
    text_format(path, sizeof path, "pool/%s", pem);
    struct bytes file = vector_load(path);
    assert_int_equal(key_from_pem(&key, file, NULL), 0);
    vector_free(file);
    return key;
}

/* As the store takes it; freed with store_certificate_fini(). */
static inline struct store_certificate a_row(const struct certificate *certificate, int64_t node,
                                             const char *name, int64_t created)
{
    struct store_certificate row = {.node = node, .created = created};
    text_copy(row.name, sizeof row.name, name);
    text_hex(row.serial, sizeof row.serial, certificate_serial(certificate), false, 0);
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    buffer_init(&row.chain, CERTIFICATE_DER_MAX);
    buffer_append(&row.der, certificate_der(certificate));
    return row;
}

/* ---- other processes ---- */

/* Runs `body` in a child that must leave by _exit(). */
static inline pid_t spawn(void (*body)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        body();
        _exit(99);
    }
    return pid;
}

static inline void assert_child_succeeds(pid_t pid)
{
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
