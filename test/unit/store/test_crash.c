/* kill -9, a full disk, a broken one: afterwards each transaction is there wholly or not at all. */
#include "backend.h"

#include "base/secret.h"
#include "store/enrolment.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct key *key;

static int enter_with_key(void **state)
{
    key = a_key("rsa1024.pem");
    enter(state);
    fill_store();
    return 0;
}

static int leave_with_key(void **state)
{
    key_free(key);
    return leave(state);
}

/* ---- an act of several calls ---- */

/* All parts of act number n name n. The list is large, so that an act is many pages. */
static void write_list_body(struct buffer *b, int64_t n)
{
    buffer_clear(b);
    buffer_format(b, "%lld ", (long long)n);
    buffer_fill(b, (uint8_t)('a' + n % 26), 20000);
}

static int certificate_numbered(struct certificate **out, int64_t n, struct why *why)
{
    uint8_t serial[SERIAL_BYTES] = {1};
    for (unsigned i = 0; i < 8; i++)
        serial[8 + i] = (uint8_t)(n >> (56 - 8 * i));
    const struct certificate_template template = {.use = USE_SERVER,
                                                  .subject = {.common_name = "pub"},
                                                  .not_before = 1704067200,
                                                  .days = 3650};
    return certificate_self_sign(out, key, &template, serial, why);
}

static int put_certificate(struct store *mine, int64_t node, int64_t n, struct why *why)
{
    struct certificate *certificate = NULL;
    int result = certificate_numbered(&certificate, n, why);
    if (result)
        return result;
    struct store_certificate row = a_row(certificate, node, "CallManager", n);
    result = store_certificate_put(mine, &row, why);
    store_certificate_fini(&row);
    certificate_free(certificate);
    return result;
}

static int act(struct store *mine, int64_t node, int64_t n, struct why *why)
{
    struct buffer body;
    char hash[LIST_HASH];
    char number[24];
    buffer_init(&body, 30000);
    write_list_body(&body, n);
    text_format(number, sizeof number, "%lld", (long long)n);
    int result = store_begin(mine, why);
    if (result == 0)
        result = store_list_publish(mine, LIST_CTL, buffer_bytes(&body), hash, why);
    if (result == 0)
        result = put_certificate(mine, node, n, why);
    if (result == 0)
        result = store_parameter_set(mine, "act", number, why);
    if (result == 0)
        result = store_commit(mine, why);
    if (result)
        store_rollback(mine);
    buffer_fini(&body);
    return result;
}

static int64_t parameter(struct store *mine, const char *name)
{
    char value[PARAMETER_VALUE] = "0";
    int result = store_parameter_get(mine, name, value);
    assert_true(result == 0 || result == ERR_NOT_FOUND);
    return strtoll(value, NULL, 10);
}

static int count_certificate(void *context, const struct store_certificate *certificate)
{
    int64_t *counts = context;
    counts[certificate->state]++;
    return 0;
}

/* The parts of one act: the last that is there, which is returned. */
static int64_t assert_whole(struct store *mine)
{
    struct store_list list;
    struct store_certificate certificate;
    struct buffer body;
    int64_t counts[2] = {0, 0};
    int64_t n = parameter(mine, "act");
    if (n == 0) {
        assert_int_equal(store_list_current(mine, LIST_CTL, &list), ERR_NOT_FOUND);
        return 0;
    }
    buffer_init(&body, 30000);
    write_list_body(&body, n);
    assert_int_equal(store_list_current(mine, LIST_CTL, &list), 0);
    assert_bytes_equal(buffer_bytes(&list.body), buffer_bytes(&body));
    assert_int_equal(store_certificate_active(mine, node_id("pub"), "CallManager", &certificate),
                     0);
    assert_int_equal(certificate.created, n);
    assert_int_equal(store_certificates(mine, count_certificate, counts), 0);
    assert_int_equal(counts[CERTIFICATE_ACTIVE], 1);
    assert_int_equal(counts[CERTIFICATE_RETIRED], n - 1);
    buffer_fini(&body);
    store_list_fini(&list);
    store_certificate_fini(&certificate);
    return n;
}

/* ---- kill -9 ---- */

static int gate[2]; /* acknowledged acts come out of it */

static void body_act_for_ever(void)
{
    struct store *mine = NULL;
    struct why why = WHY_NONE;
    if (store_open(&mine, where, STORE_WRITE, &why) != 0)
        _exit(1);
    struct store_node node;
    if (store_node_get(mine, "pub", &node) != 0)
        _exit(2);
    for (int64_t n = parameter(mine, "act") + 1;; n++)
        if (act(mine, node.id, n, &why) != 0 || write(gate[1], &n, sizeof n) != sizeof n)
            _exit(3);
}

/* The last act that was acknowledged before the child died, or `last` when none was. */
static int64_t drain(int64_t last)
{
    int64_t n;
    while (read(gate[0], &n, sizeof n) == sizeof n)
        last = n;
    return last;
}

static void kill_after_a_moment(pid_t child)
{
    uint32_t moment;
    secret_random(&moment, sizeof moment);
    poll(NULL, 0, (int)(moment % 40)); /* the moment is the thing tested, nothing waits for it */
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_killed_at_any_moment_each_transaction_is_there_wholly_or_not(void **state)
{
    (void)state;
    int64_t last = 0;
    store_close(store);
    store = NULL;
    for (int round = 0; round < (test_is_long() ? 400 : 20); round++) {
        assert_int_equal(pipe(gate), 0);
        pid_t child = spawn(body_act_for_ever);
        close(gate[1]);
        /* Every second time it has at least begun. */
        int64_t n;
        if (round % 2 && read(gate[0], &n, sizeof n) == sizeof n)
            last = n;
        kill_after_a_moment(child);
        last = drain(last);
        close(gate[0]);
        store = open_store(STORE_WRITE);
        int64_t found = assert_whole(store);
        /* What was acknowledged is there; one more may be that could not be acknowledged. */
        assert_in_range(found, last, last + 1);
        last = found;
        store_close(store);
        store = NULL;
        backend()->judge(where);
    }
    assert_true(last > 0);
}

/* ---- kill -9 during enrolments ---- */

struct enrolled {
    unsigned all, active, pending, confirmed;
    bool newest_is_active;
};

static int count_enrolled(void *context, const struct store_phone_certificate *c)
{
    struct enrolled *e = context;
    if (e->all == 0)
        e->newest_is_active = c->state == PHONE_ACTIVE;
    e->all++;
    e->active += c->state == PHONE_ACTIVE;
    e->pending += c->state == PHONE_PENDING;
    e->confirmed += c->confirmed > 0;
    return 0;
}

static struct enrolled enrolled(struct store *mine)
{
    struct enrolled e = {0};
    assert_int_equal(store_phone_certificates(mine, PHONE, count_enrolled, &e), 0);
    return e;
}

/* The phone keeps its new certificate: all that this changes, in one transaction. `size` of the
 * observation says which enrolment it was. */
static int conclude(struct store *mine, const char *sha256, int64_t n, struct why *why)
{
    struct store_enrolment order;
    const struct store_observation seen = {.device = PHONE,
                                           .time = n,
                                           .kind = OBSERVED_ENROLMENT,
                                           .transport = TRANSPORT_CAPF,
                                           .size = (uint64_t)n,
                                           .complete = true};
    int result = store_enrolment_get(mine, PHONE, &order);
    if (result == 0)
        result = store_begin(mine, why);
    if (result)
        return result;
    const struct store_outcome outcome = {.number = order.number, .success = true, .time = n};
    result = store_lsc_confirm(mine, PHONE, sha256, n, why);
    if (result == 0)
        result = store_order_finish(mine, PHONE, &outcome, why);
    if (result == 0)
        result = store_observe(mine, &seen, 1, why);
    if (result == 0)
        result = store_commit(mine, why);
    if (result)
        store_rollback(mine);
    return result;
}

static int enrol(struct store *mine, int64_t n, struct why *why)
{
    struct certificate *c = NULL;
    struct buffer der;
    char hash[LIST_HASH];
    const struct store_order order = {.operation = ENROLMENT_INSTALL};
    int result = certificate_numbered(&c, enrolled(mine).all + 1, why);
    if (result)
        return result;
    buffer_init(&der, CERTIFICATE_DER_MAX);
    buffer_append(&der, certificate_der(c));
    certificate_free(c);
    result = digest_hex(DIGEST_KIND_SHA256, buffer_bytes(&der), hash);
    if (result == 0)
        result = store_order_put(mine, PHONE, &order, n, why);
    if (result == 0)
        result = store_lsc_issue(mine, PHONE, buffer_bytes(&der), n, why);
    if (result == 0)
        result = conclude(mine, hash, n, why);
    buffer_fini(&der);
    return result;
}

static void body_enrol_for_ever(void)
{
    struct store *mine = NULL;
    struct why why = WHY_NONE;
    if (store_open(&mine, where, STORE_WRITE, &why) != 0)
        _exit(1);
    for (int64_t n = enrolled(mine).confirmed + 1;; n++)
        if (enrol(mine, n, &why) != 0 || write(gate[1], &n, sizeof n) != sizeof n)
            _exit(3);
}

static int read_size(void *context, const struct store_observation *o)
{
    *(int64_t *)context = (int64_t)o->size;
    return ERR_CLOSED; /* the newest alone */
}

/* Order, certificates and observation tell the same story. Returns how many were concluded. */
static int64_t assert_enrolled(struct store *mine)
{
    struct store_enrolment order;
    int64_t observed = 0;
    struct enrolled e = enrolled(mine);
    assert_int_equal(store_enrolment_get(mine, PHONE, &order), 0);
    int result = store_observations(mine, PHONE, 1, read_size, &observed);
    assert_true(result == 0 || result == ERR_CLOSED);
    assert_int_equal(observed, e.confirmed);
    assert_int_equal(e.active, e.confirmed ? 1 : 0);
    assert_true(e.pending <= 1);
    if (order.status.result == RESULT_SUCCESS) {
        assert_true(e.newest_is_active);
        assert_int_equal(order.order.operation, ENROLMENT_NONE);
    } else if (order.status.result == RESULT_PENDING) {
        assert_int_equal(order.order.operation, ENROLMENT_INSTALL);
        assert_true(e.pending == 1 || e.all == 0 || e.newest_is_active);
    }
    return e.confirmed;
}

static void test_killed_at_any_moment_of_an_enrolment_a_phone_has_one_lsc(void **state)
{
    (void)state;
    int64_t last = 0;
    store_close(store);
    store = NULL;
    for (int round = 0; round < (test_is_long() ? 400 : 20); round++) {
        int64_t n;
        assert_int_equal(pipe(gate), 0);
        pid_t child = spawn(body_enrol_for_ever);
        close(gate[1]);
        if (round % 2 && read(gate[0], &n, sizeof n) == sizeof n)
            last = n;
        kill_after_a_moment(child);
        last = drain(last);
        close(gate[0]);
        store = open_store(STORE_WRITE);
        int64_t found = assert_enrolled(store);
        assert_in_range(found, last, last + 1);
        last = found;
        store_close(store);
        store = NULL;
        backend()->judge(where);
    }
    assert_true(last > 0);
}

static void body_create(void)
{
    struct store *mine = NULL;
    if (store_open(&mine, where, STORE_CREATE, NULL) != 0)
        _exit(1);
    _exit(0);
}

static void test_killed_while_it_is_made_a_database_is_whole_or_not_there(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    unsigned made = 0;
    for (int round = 0; round < (test_is_long() ? 400 : 20); round++) {
        struct store *other = NULL;
        text_format(where, sizeof where, "%s/round-%d.db", directory, round);
        pid_t child = spawn(body_create);
        kill_after_a_moment(child);
        int result = store_open(&other, where, STORE_WRITE, NULL);
        assert_true(result == 0 || result == ERR_NOT_FOUND);
        if (result == 0)
            made++;
        else
            assert_done(store_open(&other, where, STORE_CREATE, &why));
        assert_done(store_parameter_set(other, "a", "1", &why));
        store_close(other);
        backend()->judge(where);
    }
    print_message("# %u of the databases were made before the end\n", made);
}

/* ---- a full disk ---- */

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, text, strlen(text)) < 0) {
            /* The mount will tell. */
        }
        close(fd);
    }
}

/* A file system of this size over the directory, seen by this process alone; as an ordinary user
 * with a user namespace, where that is allowed. */
static bool mount_small(const char *options)
{
    if (geteuid() == 0) {
        if (unshare(CLONE_NEWNS) != 0)
            return false;
    } else {
        char map[64];
        uid_t user = geteuid();
        gid_t group = getegid();
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return false;
        write_text("/proc/self/setgroups", "deny");
        text_format(map, sizeof map, "0 %u 1", user);
        write_text("/proc/self/uid_map", map);
        text_format(map, sizeof map, "0 %u 1", group);
        write_text("/proc/self/gid_map", map);
    }
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", directory, "tmpfs", 0, options) == 0;
}

enum { SKIPPED = 77 };

/* Runs it in a child that has a small disk of its own, or skips the test. */
static void on_small_disk(const char *options, void (*body)(void))
{
    if (!backend()->on_our_disk)
        skip();
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!mount_small(options))
            _exit(SKIPPED);
        body();
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED) {
        print_message("# skipped: a small file system cannot be mounted here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* A failed assertion would go on with the next test in the child: a failed check leaves it. */
#define CHECK(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "line %d: not so: %s (%s)\n", __LINE__, #condition, why.text); \
            _exit(1);                                                                      \
        }                                                                                  \
    } while (0)

static void fill_disk(const char *path)
{
    static const char zeros[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && write(fd, zeros, sizeof zeros) > 0) {
        /* until nothing fits */
    }
    close(fd);
}

static void body_full_while_working(void)
{
    struct why why = WHY_NONE;
    struct store_node node;
    char ballast[FILE_PATH];
    int64_t n = 0;
    int result = 0;
    store = NULL;
    CHECK(store_open(&store, where, STORE_CREATE, &why) == 0);
    fill_store();
    CHECK(store_node_get(store, "pub", &node) == 0);
    CHECK(file_path(ballast, directory, "ballast") == 0);
    CHECK(act(store, node.id, 1, &why) == 0);
    fill_disk(ballast);
    for (n = 2; result == 0 && n < 10000; n++)
        result = act(store, node.id, n, &why);
    int64_t last = n - 2; /* the one before the one that failed */
    CHECK(result == ERR_STORE);
    CHECK(strstr(why.text, "no space left"));
    CHECK(strstr(why.text, where));
    CHECK(assert_whole(store) == last); /* asked on the connection that failed */
    /* Still full, a second try fails as clearly, and a new connection reads. */
    struct store *reader = NULL;
    struct why second = WHY_NONE;
    CHECK(act(store, node.id, last + 1, &second) == ERR_STORE);
    CHECK(strstr(second.text, "no space left"));
    CHECK(store_open(&reader, where, STORE_READ, &why) == 0);
    CHECK(assert_whole(reader) == last);
    store_close(reader);
    /* With room again all goes on as if nothing had been. */
    CHECK(unlink(ballast) == 0);
    CHECK(act(store, node.id, last + 1, &why) == 0);
    CHECK(assert_whole(store) == last + 1);
    store_close(store);
    backend()->judge(where);
}

static void test_a_full_disk_is_said_clearly_and_forgotten_when_there_is_room(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    on_small_disk("size=2m", body_full_while_working);
}

static void body_full_inside_a_transaction(void)
{
    struct why why = WHY_NONE;
    char ballast[FILE_PATH];
    char hash[LIST_HASH];
    struct buffer body;
    int result = 0;
    store = NULL;
    CHECK(store_open(&store, where, STORE_CREATE, &why) == 0);
    CHECK(store_parameter_set(store, "a", "1", &why) == 0);
    CHECK(file_path(ballast, directory, "ballast") == 0);
    fill_disk(ballast);
    buffer_init(&body, LIST_BODY_MAX);
    CHECK(store_begin(store, &why) == 0);
    CHECK(store_parameter_set(store, "half", "1", &why) == 0);
    for (unsigned i = 0; result == 0 && i < 16; i++) {
        buffer_clear(&body);
        buffer_fill(&body, (uint8_t)('a' + i), LIST_BODY_MAX);
        result = store_list_publish(store, LIST_CTL, buffer_bytes(&body), hash, &why);
    }
    if (result == 0) /* all fitted into memory: then the commit finds out */
        result = store_commit(store, &why);
    CHECK(result == ERR_STORE);
    CHECK(strstr(why.text, "no space left"));
    /* Nothing that follows may be written outside the transaction. */
    CHECK(unlink(ballast) == 0);
    result = store_parameter_set(store, "after", "1", NULL);
    store_rollback(store);
    CHECK(result == 0 || result == ERR_STORE);
    if (result == ERR_STORE)
        CHECK(parameter(store, "after") == 0);
    CHECK(parameter(store, "half") == 0);
    CHECK(parameter(store, "a") == 1);
    CHECK(store_parameter_set(store, "again", "1", &why) == 0);
    CHECK(parameter(store, "again") == 1);
    buffer_fini(&body);
    store_close(store);
    backend()->judge(where);
}

static void test_a_disk_that_fills_inside_a_transaction_undoes_all_of_it(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    on_small_disk("size=2m", body_full_inside_a_transaction);
}

static unsigned entries_of(const char *path)
{
    unsigned count = 0;
    DIR *d = opendir(path);
    while (d && readdir(d))
        count++;
    if (d)
        closedir(d);
    return count - 2;
}

static void body_full_from_the_start(void)
{
    struct why why = WHY_NONE;
    struct store *other = NULL;
    char ballast[FILE_PATH];
    CHECK(file_path(ballast, directory, "ballast") == 0);
    fill_disk(ballast);
    int result = store_open(&other, where, STORE_CREATE, &why);
    CHECK(result == ERR_STORE || result == -ENOSPC);
    CHECK(strstr(why.text, "space"));
    CHECK(other == NULL);
    CHECK(entries_of(directory) == 1); /* the ballast: nothing half-made */
    CHECK(unlink(ballast) == 0);
    why.text[0] = '\0';
    CHECK(store_open(&other, where, STORE_CREATE, &why) == 0);
    store_close(other);
}

static void test_on_a_full_disk_no_half_database_is_made(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    on_small_disk("size=2m", body_full_from_the_start);
}

/* ---- a disk that refuses: no file may grow over a limit, which needs no rights to arrange ---- */

static void body_files_may_not_grow(void)
{
    struct why why = WHY_NONE;
    struct store_node node;
    struct rlimit limit;
    int64_t n = 1;
    int result = 0;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(store_open(&store, where, STORE_WRITE, &why) == 0);
    CHECK(store_node_get(store, "pub", &node) == 0);
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    struct rlimit small = {.rlim_cur = 600 * 1024, .rlim_max = limit.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    for (; result == 0 && n < 10000; n++)
        result = act(store, node.id, n, &why);
    int64_t last = n - 2;
    CHECK(result == ERR_STORE);
    CHECK(strstr(why.text, "disk"));
    CHECK(last > 0);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(assert_whole(store) == last);
    CHECK(act(store, node.id, last + 1, &why) == 0);
    CHECK(assert_whole(store) == last + 1);
    store_close(store);
    backend()->judge(where);
    _exit(0);
}

static void test_a_disk_that_refuses_to_write_is_said_clearly(void **state)
{
    (void)state;
    if (!backend()->on_our_disk)
        skip();
    store_close(store);
    store = NULL;
    assert_child_succeeds(spawn(body_files_may_not_grow));
}

int main(void)
{
#define WITH_KEY(test) cmocka_unit_test_setup_teardown(test, enter_with_key, leave_with_key)
    const struct CMUnitTest tests[] = {
        WITH_KEY(test_killed_at_any_moment_each_transaction_is_there_wholly_or_not),
        WITH_KEY(test_killed_at_any_moment_of_an_enrolment_a_phone_has_one_lsc),
        WITH_KEY(test_killed_while_it_is_made_a_database_is_whole_or_not_there),
        WITH_KEY(test_a_full_disk_is_said_clearly_and_forgotten_when_there_is_room),
        WITH_KEY(test_a_disk_that_fills_inside_a_transaction_undoes_all_of_it),
        WITH_KEY(test_on_a_full_disk_no_half_database_is_made),
        WITH_KEY(test_a_disk_that_refuses_to_write_is_said_clearly),
    };
    return RUN(tests);
}
