/* run sql: what may be asked, and what may not. */
#include "backend.h"

#include "base/clock.h"

static int enter_filled(void **state)
{
    struct why why = WHY_NONE;
    enter(state);
    fill_store();
    assert_done(store_parameter_set(store, "ClusterSecurityMode", "1", &why));
    assert_done(store_admin_put(store, "admin", "scrypt$s3cret", &why));
    return 0;
}

static struct store_table *ask(const char *sql)
{
    struct why why = WHY_NONE;
    struct store_table *table = NULL;
    int result = store_query(store, sql, 5000, &table, &why);
    if (result)
        fail_msg("%s: %s", sql, why_text(&why, result));
    return table;
}

static void assert_answer(const char *sql, const char *expected)
{
    struct buffer b;
    struct store_table *table = ask(sql);
    buffer_init(&b, 100000);
    for (size_t i = 0; i < table->columns; i++)
        buffer_format(&b, "%s ", table->names[i]);
    for (size_t i = 0; i < table->columns * table->rows; i++)
        buffer_format(&b, "%s%s ", i % table->columns ? "" : "| ",
                      table->values[i] ? table->values[i] : "NULL");
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
    store_table_free(table);
}

static void test_the_mode_of_the_cluster_is_asked_as_on_cucm(void **state)
{
    (void)state;
    assert_answer("select paramname,paramvalue from processconfig"
                  " where paramname='ClusterSecurityMode'",
                  "paramname paramvalue | ClusterSecurityMode 1 ");
    assert_answer("SELECT ParamValue FROM ProcessConfig WHERE paramname = 'none';", "paramvalue ");
}

static void test_relations_have_the_names_of_cucm(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    const struct store_line line = {.position = 1, .number = "1001", .label = "Anna"};
    assert_done(store_lines_put(store, PHONE, &line, 1, &why));
    assert_answer("select name, description, model, deviceprotocol, devicesecuritymode,"
                  " securityprofile, devicepool, specialloadinformation, lastseen from device",
                  "name description model deviceprotocol devicesecuritymode securityprofile "
                  "devicepool specialloadinformation lastseen "
                  "| " PHONE "  7975 SCCP 1 Default Default  NULL ");
    assert_answer("select d.name, p.name from device d inner join devicepool p"
                  " on d.fkdevicepool = p.pkid",
                  "name name | " PHONE " Default ");
    assert_answer("select name, address, publisher from processnode",
                  "name address publisher | pub 192.0.2.1 t ");
    assert_answer("select name, builtin, tftpencrypted from securityprofile",
                  "name builtin tftpencrypted | Default f f ");
    assert_answer("select dnorpattern, device, label from numplan",
                  "dnorpattern device label | 1001 " PHONE " Anna ");
    assert_answer("select name, priority, processnode from callmanagergroup",
                  "name priority processnode | Default 1 pub ");
    assert_answer("select name, callmanagergroup, datetemplate from devicepool",
                  "name callmanagergroup datetemplate | Default Default D/M/YA ");
}

static void test_certificates_are_asked_by_what_they_say(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct key *key = a_key("rsa1024.pem");
    struct certificate *certificate = a_certificate(key, "pub.example", 9);
    struct store_certificate row = a_row(certificate, node_id("pub"), "CallManager", 5);
    struct bytes capf = vector_load("capf.der");
    struct store_trust trust = {.purpose = "CAPF-trust", .file = "CAPF-1.pem"};
    buffer_init(&trust.der, capf.size);
    buffer_append(&trust.der, capf);
    assert_done(store_certificate_put(store, &row, &why));
    assert_done(store_trust_add(store, &trust, &why));
    assert_answer("select name, servername, unit, state, subjectname, serialnumber, notafter"
                  " from certificate order by unit",
                  "name servername unit state subjectname serialnumber notafter "
                  "| CAPF-1.pem  CAPF-trust trusted "
                  "CN=CAPF-00c0ffee;OU=LAB;O=Example;L=Town;ST=ZZ;C=XX 1122334455667788 "
                  "2044-01-01T00:00:00 "
                  "| CallManager pub CallManager active CN=pub.example "
                  "01000000000000000000000000000009 2033-12-29T00:00:00 ");
    store_trust_fini(&trust);
    store_certificate_fini(&row);
    certificate_free(certificate);
    key_free(key);
    vector_free(capf);
}

static void test_every_relation_for_people_can_be_asked(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct store_relation *r = store_relations(); r->name; r++, count++) {
        char sql[200];
        text_format(sql, sizeof sql, "select * from %s", r->name);
        struct store_table *table = ask(sql);
        assert_true(table->columns > 1);
        assert_true(strlen(r->about) > 10);
        store_table_free(table);
    }
    assert_true(count >= 4);
}

static void test_numbers_nulls_bytes_and_controls_are_shown(void **state)
{
    (void)state;
    assert_answer("select 1, -9223372036854775807-1 as low, 1.5, null, x'00ff', 'a' || char(10)"
                  " || 'b' || char(233) as T",
                  "1 low 1.5 null x'00ff' t "
                  "| 1 -9223372036854775808 1.5 NULL 00ff a\\x0ab\xc3\xa9 ");
    assert_answer("-- a comment\nselect count(*) from administrator /* another */ ; ; -- end",
                  "count(*) | 1 ");
    assert_answer("with x as (select name from device) select count(*) from x", "count(*) | 1 ");
    assert_answer("values (1), (2)", "column1 | 1 | 2 ");
}

/* Whatever is tried: an error of the asker, and nothing has changed. */
static void test_hostile_statements_are_refused_and_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        int error;
        const char *words;
    } cases[] = {
        /* secrets, by every way round */
        {"select hash from administrator", ERR_USAGE, "hash"},
        {"select hash from administrator_secret", ERR_POLICY, "administrator_secret is secret"},
        {"select * from administrator_secret", ERR_POLICY, "secret"},
        {"select HASH from ADMINISTRATOR_SECRET", ERR_POLICY, "secret"},
        {"select \"hash\" from main.administrator_secret a", ERR_POLICY, "secret"},
        {"select `hash` from [administrator_secret]", ERR_POLICY, "secret"},
        {"select name from administrator_secret where hash like 's%'", ERR_POLICY, "secret"},
        {"select 1 from administrator_secret order by hash", ERR_POLICY, "secret"},
        {"select rowid from administrator_secret", ERR_POLICY, "secret"},
        {"select count(*) from administrator_secret", ERR_POLICY, "secret"},
        {"select exists (select 1 from administrator_secret)", ERR_POLICY, "secret"},
        {"select (select hash from administrator_secret) from device", ERR_POLICY, "secret"},
        {"with a as (select * from administrator_secret) select name from a", ERR_POLICY, "secret"},
        {"with a(x, y) as (select * from administrator_secret) select y from a", ERR_POLICY,
         "secret"},
        {"select name from device union select hash from administrator_secret", ERR_POLICY,
         "secret"},
        {"select 1 from device d join administrator_secret a on a.hash = d.name", ERR_POLICY,
         "secret"},
        {"select 1 from administrator_secret a natural join administrator_secret b", ERR_POLICY,
         "secret"},
        {"select 1 from administrator_secret natural join (select 'x' as hash)", ERR_POLICY,
         "secret"},
        {"select 1 from administrator_secret join (select 'x' as hash) using (hash)", ERR_POLICY,
         "secret"},
        {"select name from device where (1, 2) in administrator_secret", ERR_POLICY, "secret"},
        {"values (1), ((select hash from administrator_secret))", ERR_POLICY, "secret"},
        {"select max(name) over (order by hash) from administrator_secret", ERR_POLICY, "secret"},
        {"select name from administrator_secret indexed by"
         " sqlite_autoindex_administrator_secret_1",
         ERR_POLICY, "secret"},
        {"select sql from sqlite_schema", ERR_POLICY, "sqlite_"},
        {"select name from sqlite_master", ERR_POLICY, "sqlite_"},
        {"select 1 from sqlite_schema natural join (select 'x' as sql)", ERR_POLICY, "sqlite_"},
        {"select count(*) from sqlite_schema", ERR_POLICY, "sqlite_"},
        {"select * from sqlite_temp_schema", ERR_POLICY, "sqlite_"},
        {"select * from dbstat", ERR_POLICY, "only reads"},
        {"select * from sqlite_stmt", ERR_POLICY, "only reads"},
        {"select * from pragma_table_info('administrator')", ERR_POLICY, "only reads"},
        {"select * from json_each('[1]')", ERR_POLICY, "only reads"},
        /* changing */
        {"delete from phone", ERR_POLICY, "only reads"},
        {"delete from device", ERR_POLICY, "only reads"},
        {"update processconfig set paramvalue = '0'", ERR_POLICY, "only reads"},
        {"insert into processconfig values ('a', 'b')", ERR_POLICY, "only reads"},
        {"insert into processconfig values ('a', 'b') returning paramname", ERR_POLICY,
         "only reads"},
        {"with x as (select 1) delete from phone", ERR_POLICY, "only reads"},
        {"replace into processconfig values ('a', 'b')", ERR_POLICY, "only reads"},
        {"drop table phone", ERR_POLICY, "only reads"},
        {"drop view device", ERR_POLICY, "only reads"},
        {"create table x (y)", ERR_POLICY, "only reads"},
        {"create temp table x (y)", ERR_POLICY, "only reads"},
        {"create temp view device as select 1", ERR_POLICY, "only reads"},
        {"create virtual table x using fts5(y)", ERR_POLICY, "only reads"},
        {"alter table phone rename to x", ERR_POLICY, "only reads"},
        {"reindex", ERR_POLICY, "only reads"},
        {"analyze", ERR_POLICY, "only reads"},
        {"vacuum", ERR_POLICY, "only reads"},
        {"vacuum into 'stolen.db'", ERR_POLICY, "only reads"},
        {"attach 'stolen.db' as stolen", ERR_POLICY, "only reads"},
        {"detach main", ERR_POLICY, "only reads"},
        {"begin", ERR_POLICY, "only reads"},
        {"begin exclusive", ERR_POLICY, "only reads"},
        {"savepoint x", ERR_POLICY, "only reads"},
        {"commit", ERR_POLICY, "only reads"},
        {"pragma query_only = off", ERR_POLICY, "only reads"},
        {"pragma journal_mode = delete", ERR_POLICY, "only reads"},
        {"pragma table_info(administrator)", ERR_POLICY, "only reads"},
        {"pragma writable_schema = on", ERR_POLICY, "only reads"},
        {"explain select hash from administrator_secret", ERR_POLICY, "secret"},
        {"explain select name from device", ERR_POLICY, "only reads"},
        {"explain query plan select name from device", ERR_POLICY, "only reads"},
        /* functions that reach outside */
        {"select load_extension('/tmp/x.so')", ERR_POLICY, "load_extension"},
        {"select writefile('stolen.db', 'x')", ERR_USAGE, "writefile"},
        {"select readfile('/etc/passwd')", ERR_USAGE, "readfile"},
        {"select fts3_tokenizer('simple')", ERR_POLICY, "fts3_tokenizer"},
        {"select sqlite_version()", ERR_POLICY, "sqlite_version"},
        {"select randomblob(100)", ERR_POLICY, "randomblob"},
        {"select zeroblob(1000000000)", ERR_POLICY, "zeroblob"},
        /* more than one, none, nonsense */
        {"select 1; delete from device", ERR_USAGE, "more than one"},
        {"select 1; select 2", ERR_USAGE, "more than one"},
        {"select 1; garbage", ERR_USAGE, "more than one"},
        {"", ERR_USAGE, "no statement"},
        {"  ; -- nothing", ERR_USAGE, "no statement"},
        {"slect 1", ERR_USAGE, "\"slect\""},
        {"select nme from device", ERR_USAGE, "nme"},
        {"select name from devices", ERR_USAGE, "devices"},
        {"select name from device where", ERR_USAGE, "incomplete"},
        {"select nofunction(1)", ERR_USAGE, "nofunction"},
        {"select $1", ERR_USAGE, "variables"},
        {"select ?", ERR_USAGE, "variables"},
        {"select name from device where name = $name", ERR_USAGE, "variables"},
        {"select \x01 from device", ERR_USAGE, ""},
        /* too much */
        {"with recursive x(n) as (select 1 union all select n + 1 from x) select n from x",
         ERR_POLICY, "recursive"},
        {"select replace(hex(printf('%.*c', 2000000, 'x')), '7', 'yyyyyyyyyyyyyyyy')", ERR_LIMIT,
         "too large"},
    };
    uint64_t before[AREA_COUNT], after[AREA_COUNT], devices = 0;
    assert_int_equal(store_revisions(store, before), 0);
    char here[FILE_PATH];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(directory), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct why why = WHY_NONE;
        struct store_table *table = NULL;
        int result = store_query(store, cases[i].sql, 5000, &table, &why);
        if (result != cases[i].error || !strstr(why.text, cases[i].words))
            fail_msg("%s: %d \"%s\", expected %d \"%s\"", cases[i].sql, result, why.text,
                     cases[i].error, cases[i].words);
        assert_null(table);
        assert_null(strstr(why.text, "s3cret"));
        assert_false(file_exists("stolen.db"));
    }
    assert_int_equal(chdir(here), 0);
    assert_int_equal(store_revisions(store, after), 0);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(store_device_count(store, &devices), 0);
    assert_int_equal(devices, 1);
    /* And the connection is as good as before. */
    assert_answer("select name from administrator", "name | admin ");
    backend()->judge(where);
}

static void add_phones(int count)
{
    struct why why = WHY_NONE;
    assert_done(store_begin(store, &why));
    for (int i = 2; i <= count; i++) {
        char name[DEVICE_NAME];
        text_format(name, sizeof name, "SEP%012d", i);
        struct store_device device = a_phone(name);
        assert_done(store_device_add(store, &device, &why));
    }
    assert_done(store_commit(store, &why));
}

static void test_an_answer_has_bounds(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_table *table = NULL;
    add_phones(320); /* 320 x 320 rows are just too many */
    assert_refused(store_query(store, "select 1 from device a, device b", 60000, &table, &why),
                   ERR_LIMIT, "more than 100000 rows");
    assert_refused(store_query(store,
                               "select a.name, printf('%.*c', 5000, 'x') from device a, device b",
                               60000, &table, &why),
                   ERR_LIMIT, "larger than 33554432 bytes");
    assert_null(table);
    table = ask("select name from device");
    assert_int_equal(table->rows, 320);
    store_table_free(table);
}

static void test_a_question_that_takes_too_long_is_ended(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    struct store_table *table = NULL;
    add_phones(100);
    int64_t start = clock_ms();
    assert_refused(store_query(store,
                               "select count(*) from device a, device b, device c, device d,"
                               " device e, device f",
                               100, &table, &why),
                   ERR_TIMEOUT, "too long");
    assert_in_range(clock_ms() - start, 90, 20000);
    assert_answer("select count(*) from device", "count(*) | 100 ");
}

static void test_a_question_does_not_see_an_open_transaction(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    assert_done(store_begin(store, &why));
    assert_done(store_parameter_set(store, "ClusterSecurityMode", "0", &why));
    assert_answer("select paramvalue from processconfig", "paramvalue | 1 ");
    assert_done(store_commit(store, &why));
    assert_answer("select paramvalue from processconfig", "paramvalue | 0 ");
}

int main(void)
{
#define FILLED(test) cmocka_unit_test_setup_teardown(test, enter_filled, leave)
    const struct CMUnitTest tests[] = {
        FILLED(test_the_mode_of_the_cluster_is_asked_as_on_cucm),
        FILLED(test_relations_have_the_names_of_cucm),
        FILLED(test_certificates_are_asked_by_what_they_say),
        FILLED(test_every_relation_for_people_can_be_asked),
        FILLED(test_numbers_nulls_bytes_and_controls_are_shown),
        FILLED(test_hostile_statements_are_refused_and_change_nothing),
        FILLED(test_an_answer_has_bounds),
        FILLED(test_a_question_that_takes_too_long_is_ended),
        FILLED(test_a_question_does_not_see_an_open_transaction),
    };
    return RUN(tests);
}
