/* Published lists, observations, and what phones hold. */
#include "backend.h"

#define OTHER "SEP000000000002"

static int enter_filled(void **state)
{
    enter(state);
    fill_store();
    struct why why = WHY_NONE;
    struct store_device other = a_phone(OTHER);
    assert_done(store_device_add(store, &other, &why));
    return 0;
}

static void publish(enum list_kind kind, const char *body, char hash[LIST_HASH])
{
    struct why why = WHY_NONE;
    assert_done(store_list_publish(store, kind, bytes_of_string(body), hash, &why));
}

/* ---- lists ---- */

static void test_a_list_is_served_until_another_is_published_and_kept_for_ever(void **state)
{
    (void)state;
    char first[LIST_HASH], second[LIST_HASH], itl[LIST_HASH];
    struct store_list list;
    publish(LIST_CTL, "abc", first);
    /* SHA-256 of "abc", from FIPS 180-4. */
    assert_string_equal(first, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    publish(LIST_CTL, "two", second);
    publish(LIST_ITL, "itl", itl);
    assert_int_equal(store_list_current(store, LIST_CTL, &list), 0);
    assert_string_equal(list.hash, second);
    assert_bytes_text(buffer_bytes(&list.body), "two");
    store_list_fini(&list);
    assert_int_equal(store_list_get(store, first, &list), 0);
    assert_bytes_text(buffer_bytes(&list.body), "abc");
    assert_int_equal(list.kind, LIST_CTL);
    assert_true(list.published > 1700000000);
    store_list_fini(&list);
    assert_int_equal(store_list_current(store, LIST_ITL, &list), 0);
    assert_string_equal(list.hash, itl);
    store_list_fini(&list);
}

static void test_the_same_bytes_again_are_only_made_current(void **state)
{
    (void)state;
    char hash[LIST_HASH], again[LIST_HASH], other[LIST_HASH];
    uint64_t before[AREA_COUNT], after[AREA_COUNT];
    struct store_list list;
    publish(LIST_CTL, "abc", hash);
    publish(LIST_CTL, "two", other);
    publish(LIST_CTL, "abc", again);
    assert_string_equal(hash, again);
    assert_int_equal(store_list_current(store, LIST_CTL, &list), 0);
    assert_string_equal(list.hash, hash);
    store_list_fini(&list);
    assert_int_equal(store_revisions(store, before), 0);
    publish(LIST_CTL, "abc", again);
    assert_int_equal(store_revisions(store, after), 0);
    assert_int_equal(after[AREA_LISTS], before[AREA_LISTS]);
}

static void test_an_unpublished_list_is_not_served_but_kept(void **state)
{
    (void)state;
    char hash[LIST_HASH];
    struct store_list list;
    assert_int_equal(store_list_unpublish(store, LIST_CTL), ERR_NOT_FOUND);
    publish(LIST_CTL, "abc", hash);
    assert_int_equal(store_list_unpublish(store, LIST_ITL), ERR_NOT_FOUND);
    assert_int_equal(store_list_unpublish(store, LIST_CTL), 0);
    assert_int_equal(store_list_current(store, LIST_CTL, &list), ERR_NOT_FOUND);
    assert_int_equal(store_list_get(store, hash, &list), 0);
    store_list_fini(&list);
    publish(LIST_CTL, "abc", hash);
    assert_int_equal(store_list_current(store, LIST_CTL, &list), 0);
    store_list_fini(&list);
}

static void test_wrong_lists_are_not_published(void **state)
{
    (void)state;
    struct why why = WHY_NONE;
    char hash[LIST_HASH] = "unset";
    struct store_list list;
    struct buffer large;
    assert_refused(store_list_publish(store, LIST_CTL, bytes_of(NULL, 0), hash, &why), ERR_LIMIT,
                   "0 bytes");
    buffer_init(&large, LIST_BODY_MAX + 1);
    buffer_fill(&large, 'x', LIST_BODY_MAX + 1);
    assert_refused(store_list_publish(store, LIST_CTL, buffer_bytes(&large), hash, &why), ERR_LIMIT,
                   "1048577 bytes");
    buffer_fini(&large);
    assert_string_equal(hash, "unset");
    publish(LIST_CTL, "abc", hash);
    assert_refused(store_list_publish(store, LIST_ITL, bytes_of_string("abc"), hash, &why),
                   ERR_CONFLICT, "as a CTL before");
    assert_int_equal(store_list_current(store, LIST_ITL, &list), ERR_NOT_FOUND);
    assert_int_equal(store_list_get(store, "00", &list), ERR_NOT_FOUND);
}

/* ---- observations ---- */

static struct store_observation seen(const char *device, int64_t time, const char *hash)
{
    struct store_observation o = {.address = "192.0.2.50",
                                  .time = time,
                                  .kind = hash ? OBSERVED_LIST : OBSERVED_CONFIG,
                                  .transport = TRANSPORT_TFTP,
                                  .size = 4711,
                                  .complete = true};
    text_copy(o.device, sizeof o.device, device);
    text_copy(o.hash, sizeof o.hash, hash ? hash : "aa");
    text_format(o.file, sizeof o.file, hash ? "CTL%s.tlv" : "%s.cnf.xml.sgn", device);
    return o;
}

static void observe(const struct store_observation *list, size_t count)
{
    struct why why = WHY_NONE;
    assert_done(store_observe(store, list, count, &why));
}

static int append_observation(void *context, const struct store_observation *o)
{
    buffer_format(context, "%lld ", (long long)o->time);
    return 0;
}

static void assert_times(const char *device, size_t max, const char *expected)
{
    struct buffer b;
    buffer_init(&b, 4000);
    assert_int_equal(store_observations(store, device, max, append_observation, &b), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
}

static int keep(void *context, const struct store_observation *o)
{
    *(struct store_observation *)context = *o;
    return 0;
}

static void test_an_observation_is_read_as_it_was_made(void **state)
{
    (void)state;
    struct store_observation o = seen(PHONE, 1700000000, "ff00");
    struct store_observation found;
    struct store_device device;
    o.inferred = true;
    o.transport = TRANSPORT_HTTP;
    o.complete = false;
    o.size = 5000000000;
    observe(&o, 1);
    assert_int_equal(store_observations(store, PHONE, 1, keep, &found), 0);
    assert_string_equal(found.device, PHONE);
    assert_true(found.inferred);
    assert_string_equal(found.address, "192.0.2.50");
    assert_int_equal(found.time, 1700000000);
    assert_int_equal(found.kind, OBSERVED_LIST);
    assert_int_equal(found.transport, TRANSPORT_HTTP);
    assert_string_equal(found.file, "CTL" PHONE ".tlv");
    assert_string_equal(found.hash, "ff00");
    assert_true(found.size == 5000000000);
    assert_false(found.complete);
    /* It was found by its address, so it is no news of where it is. */
    assert_int_equal(store_device_get(store, PHONE, &device), 0);
    assert_int_equal(device.last_seen, 0);
}

static void test_only_the_newest_observations_are_kept(void **state)
{
    (void)state;
    struct store_observation batch[3 * OBSERVATIONS_KEPT];
    struct buffer expected;
    for (size_t i = 0; i < sizeof batch / sizeof *batch; i++)
        batch[i] = seen(PHONE, 1000 + (int64_t)i, NULL);
    struct store_observation other = seen(OTHER, 5, NULL);
    observe(&other, 1);
    observe(batch, OBSERVATIONS_KEPT + 5);
    observe(batch + OBSERVATIONS_KEPT + 5, sizeof batch / sizeof *batch - OBSERVATIONS_KEPT - 5);
    buffer_init(&expected, 4000);
    for (int i = 0; i < OBSERVATIONS_KEPT; i++)
        buffer_format(&expected, "%d ", 1000 + 3 * OBSERVATIONS_KEPT - 1 - i);
    assert_times(PHONE, 100000, buffer_string(&expected));
    assert_times(PHONE, 2, "1095 1094 ");
    assert_times(OTHER, 100, "5 ");
    assert_times("SEP0000000000EE", 100, "");
    buffer_fini(&expected);
}

/* However many there are, and in a batch with what was proved. */
static void test_what_somebody_only_claims_pushes_nothing_out_and_moves_nothing(void **state)
{
    (void)state;
    enum { CLAIMS = 2 * OBSERVATIONS_KEPT };
    struct store_observation batch[CLAIMS + 2];
    struct store_device device;
    struct buffer expected;
    char name[DEVICE_NAME];
    for (size_t i = 0; i < CLAIMS + 2; i++) {
        batch[i] = seen(PHONE, 2000 + (int64_t)i, NULL);
        batch[i].claimed = i != 0 && i != CLAIMS + 1;
        if (batch[i].claimed)
            text_copy(batch[i].address, sizeof batch[i].address, "192.0.2.66");
    }
    observe(batch, CLAIMS + 2);
    observe(batch + 1, CLAIMS);
    buffer_init(&expected, 4000);
    buffer_format(&expected, "%d ", 2000 + CLAIMS + 1);
    for (int i = 0; i < CLAIMS_KEPT; i++)
        buffer_format(&expected, "%d ", 2000 + CLAIMS - i);
    buffer_format(&expected, "2000 ");
    assert_times(PHONE, 100, buffer_string(&expected));
    buffer_fini(&expected);
    assert_int_equal(store_device_get(store, PHONE, &device), 0);
    assert_int_equal(device.last_seen, 2000 + CLAIMS + 1);
    assert_string_equal(device.last_address, "192.0.2.50");
    assert_int_equal(store_device_at(store, "192.0.2.66", name), ERR_NOT_FOUND);
    /* Of a phone nobody knows there is nothing to keep. */
    batch[1] = seen("SEP0000000000EE", 1, NULL);
    batch[1].claimed = true;
    observe(batch + 1, 1);
    assert_times("SEP0000000000EE", 100, "");
}

static void test_observations_tell_where_a_phone_is(void **state)
{
    (void)state;
    char name[DEVICE_NAME];
    struct store_device device;
    struct store_observation a = seen(PHONE, 100, NULL);
    struct store_observation b = seen(OTHER, 200, NULL);
    assert_int_equal(store_device_at(store, "192.0.2.50", name), ERR_NOT_FOUND);
    observe(&a, 1);
    assert_int_equal(store_device_at(store, "192.0.2.50", name), 0);
    assert_string_equal(name, PHONE);
    observe(&b, 1); /* the address went to another phone */
    assert_int_equal(store_device_at(store, "192.0.2.50", name), 0);
    assert_string_equal(name, OTHER);
    text_copy(b.address, sizeof b.address, "192.0.2.51");
    b.time = 300;
    observe(&b, 1);
    assert_int_equal(store_device_at(store, "192.0.2.51", name), 0);
    assert_string_equal(name, OTHER);
    assert_int_equal(store_device_at(store, "192.0.2.50", name), 0);
    assert_string_equal(name, PHONE);
    /* An older one that comes late does not move it back. */
    b = seen(OTHER, 250, NULL);
    observe(&b, 1);
    assert_int_equal(store_device_get(store, OTHER, &device), 0);
    assert_int_equal(device.last_seen, 300);
    assert_string_equal(device.last_address, "192.0.2.51");
    assert_int_equal(store_device_at(store, "", name), ERR_NOT_FOUND);
}

static void test_a_batch_keeps_the_order_of_each_phone(void **state)
{
    (void)state;
    char name[DEVICE_NAME];
    struct store_device device;
    struct store_observation found;
    struct store_observation batch[6] = {
        seen(PHONE, 100, NULL), seen(OTHER, 101, NULL), seen(PHONE, 102, NULL),
        seen(PHONE, 103, NULL), seen(OTHER, 104, NULL), seen(PHONE, 105, NULL),
    };
    /* It moves to another address in the middle, and the last one was a guess. */
    text_copy(batch[3].address, sizeof batch[3].address, "192.0.2.77");
    batch[5].inferred = true;
    observe(batch, 6);
    assert_times(PHONE, 10, "105 103 102 100 ");
    assert_times(OTHER, 10, "104 101 ");
    assert_int_equal(store_device_get(store, PHONE, &device), 0);
    assert_int_equal(device.last_seen, 103);
    assert_string_equal(device.last_address, "192.0.2.77");
    assert_int_equal(store_device_at(store, "192.0.2.77", name), 0);
    assert_string_equal(name, PHONE);
    assert_int_equal(store_observations(store, PHONE, 1, keep, &found), 0);
    assert_true(found.inferred);
    observe(batch, 1); /* written later, by another process, and older all the same */
    assert_times(PHONE, 3, "105 103 102 ");
}

static void test_odd_bytes_of_a_peer_do_not_spoil_a_batch(void **state)
{
    (void)state;
    struct store_observation batch[2] = {seen(PHONE, 1, NULL), seen(PHONE, 2, NULL)};
    struct store_observation found;
    text_copy(batch[0].file, sizeof batch[0].file, "ring\xff\n.raw");
    observe(batch, 2);
    assert_times(PHONE, 10, "2 1 ");
    batch[0].time = 3;
    observe(batch, 1);
    assert_int_equal(store_observations(store, PHONE, 1, keep, &found), 0);
    assert_string_equal(found.file, "ring\\xff\\x0a.raw");
}

static void test_observations_move_no_revision(void **state)
{
    (void)state;
    uint64_t before[AREA_COUNT], after[AREA_COUNT];
    char hash[LIST_HASH];
    publish(LIST_CTL, "abc", hash);
    struct store_observation o = seen(PHONE, 1, hash);
    assert_int_equal(store_revisions(store, before), 0);
    observe(&o, 1);
    assert_int_equal(store_held_confirm(store, PHONE, hash, 2), 0);
    observe(NULL, 0);
    assert_int_equal(store_revisions(store, after), 0);
    assert_memory_equal(before, after, sizeof before);
}

static void test_strangers_leave_a_number_and_no_row(void **state)
{
    (void)state;
    char hash[LIST_HASH];
    uint64_t count = 99;
    publish(LIST_CTL, "abc", hash);
    assert_int_equal(store_list_strangers(store, hash, &count), 0);
    assert_int_equal(count, 0);
    struct store_observation batch[4] = {seen("", 1, hash), seen("SEP0000000000EE", 2, hash),
                                         seen("", 3, "unpublished"), seen("", 4, NULL)};
    observe(batch, 4);
    observe(batch, 1);
    assert_int_equal(store_list_strangers(store, hash, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(store_list_strangers(store, "unpublished", &count), ERR_NOT_FOUND);
}

static int collect_row(void *context, const struct store_list_row *row)
{
    struct store_list_row *rows = context;
    for (size_t i = 0; i < 3; i++) {
        if (rows[i].hash[0])
            continue;
        rows[i] = *row;
        return 0;
    }
    return ERR_LIMIT;
}

static void test_every_list_ever_published_is_told_with_its_strangers(void **state)
{
    (void)state;
    char ctl[LIST_HASH];
    char itl[LIST_HASH];
    struct store_list_row rows[3] = {{.hash = ""}};
    assert_int_equal(store_lists(store, collect_row, rows), 0);
    assert_string_equal(rows[0].hash, "");
    publish(LIST_CTL, "abc", ctl);
    publish(LIST_ITL, "def", itl);
    assert_int_equal(store_list_unpublish(store, LIST_CTL), 0);
    struct store_observation stranger = seen("", 1, itl);
    observe(&stranger, 1);
    assert_int_equal(store_lists(store, collect_row, rows), 0);
    size_t at = strcmp(rows[0].hash, itl) == 0 ? 0 : 1;
    assert_string_equal(rows[at].hash, itl);
    assert_string_equal(rows[1 - at].hash, ctl);
    assert_int_equal(rows[at].strangers, 1);
    assert_int_equal(rows[1 - at].strangers, 0);
    assert_int_equal(rows[1 - at].kind, LIST_CTL);
    assert_string_equal(rows[2].hash, "");
}

/* ---- held lists ---- */

static int append_held(void *context, const struct store_held *held)
{
    buffer_format(context, "%.3s/%.2s/%s%s%s ", held->device + 12, held->hash,
                  held->kind == LIST_CTL ? "ctl" : "itl", held->confirmed ? "!" : "",
                  held->inferred ? "?" : "");
    return 0;
}

static void assert_held(const char *device, const char *expected)
{
    struct buffer b;
    buffer_init(&b, 4000);
    assert_int_equal(store_held(store, device, append_held, &b), 0);
    assert_string_equal(buffer_string(&b), expected);
    buffer_fini(&b);
}

static struct store_observation list_seen(const char *device, int64_t time, const char *file,
                                          const char *hash)
{
    struct store_observation o = seen(device, time, hash);
    text_copy(o.file, sizeof o.file, file);
    return o;
}

static void test_a_phone_may_hold_every_list_it_was_served(void **state)
{
    (void)state;
    struct store_observation batch[] = {
        list_seen(PHONE, 1, "CTL" PHONE ".tlv", "aa"),
        list_seen(PHONE, 2, "/ITL" PHONE ".tlv", "bb"), list_seen(PHONE, 3, "CTLFile.tlv", "cc"),
        list_seen(OTHER, 3, "ITLFile.tlv", "bb"), list_seen(PHONE, 4, "CTL" PHONE ".tlv", "aa")};
    batch[2].inferred = true;
    observe(batch, sizeof batch / sizeof *batch);
    assert_held(PHONE, "001/bb/itl 001/cc/ctl? 001/aa/ctl ");
    assert_held(NULL, "001/bb/itl 001/cc/ctl? 001/aa/ctl 002/bb/itl ");
    assert_held("SEP0000000000EE", "");
    batch[2].inferred = false; /* now it asked by name */
    observe(batch + 2, 1);
    assert_held(PHONE, "001/bb/itl 001/aa/ctl 001/cc/ctl ");
    batch[2].inferred = true; /* and what is known stays known */
    observe(batch + 2, 1);
    assert_held(PHONE, "001/bb/itl 001/aa/ctl 001/cc/ctl ");
}

static void test_evidence_for_a_list_forgets_the_older_ones_of_its_kind(void **state)
{
    (void)state;
    struct store_observation batch[] = {list_seen(PHONE, 1, "CTL" PHONE ".tlv", "aa"),
                                        list_seen(PHONE, 1, "ITL" PHONE ".tlv", "ii"),
                                        list_seen(PHONE, 1, "CTL" PHONE ".tlv", "bb"),
                                        list_seen(PHONE, 1, "CTL" PHONE ".tlv", "cc"),
                                        list_seen(OTHER, 1, "CTL" OTHER ".tlv", "aa")};
    observe(batch, sizeof batch / sizeof *batch);
    assert_int_equal(store_held_confirm(store, PHONE, "bb", 10), 0);
    assert_held(NULL, "001/ii/itl 001/bb/ctl! 001/cc/ctl 002/aa/ctl ");
    assert_int_equal(store_held_confirm(store, PHONE, "cc", 11), 0);
    assert_held(PHONE, "001/ii/itl 001/cc/ctl! ");
    assert_int_equal(store_held_confirm(store, PHONE, "ii", 12), 0);
    assert_held(PHONE, "001/ii/itl! 001/cc/ctl! ");
    /* An old list that was served again later is not older than the evidence. */
    observe(batch, 1);
    assert_int_equal(store_held_confirm(store, PHONE, "cc", 13), 0);
    assert_held(PHONE, "001/ii/itl! 001/cc/ctl! 001/aa/ctl ");
}

static void test_evidence_for_a_list_never_seen_served_adds_it_and_forgets_nothing(void **state)
{
    (void)state;
    char hash[LIST_HASH];
    publish(LIST_CTL, "abc", hash); /* ba78... */
    struct store_observation o = list_seen(PHONE, 1, "CTL" PHONE ".tlv", "aa");
    observe(&o, 1);
    assert_int_equal(store_held_confirm(store, PHONE, hash, 10), 0);
    assert_held(PHONE, "001/ba/ctl! 001/aa/ctl ");
    assert_int_equal(store_held_confirm(store, PHONE, "aa", 20), 0);
    assert_held(PHONE, "001/aa/ctl! ");
}

static int last_held(void *context, const struct store_held *held)
{
    *(struct store_held *)context = *held;
    return 0;
}

/* A refusal stands until the list is served once more, or proved. */
static void test_a_list_that_a_phone_refused_stays_with_that_mark(void **state)
{
    (void)state;
    struct store_held held;
    struct store_observation o = list_seen(PHONE, 7, "CTL" PHONE ".tlv", "aa");
    o.complete = false;
    observe(&o, 1);
    assert_int_equal(store_held_refuse(store, PHONE, "aa", 20), 0);
    assert_int_equal(store_held(store, PHONE, last_held, &held), 0);
    assert_int_equal(held.refused, 20);
    assert_int_equal(held.confirmed, 0);
    assert_false(held.complete);
    assert_true(held.sequence > 0);
    int64_t before = held.sequence;
    o.complete = true;
    observe(&o, 1);
    assert_int_equal(store_held(store, PHONE, last_held, &held), 0);
    assert_int_equal(held.refused, 0);
    assert_true(held.complete);
    assert_true(held.sequence > before);
    assert_int_equal(store_held_refuse(store, PHONE, "aa", 21), 0);
    assert_int_equal(store_held_confirm(store, PHONE, "aa", 22), 0);
    assert_int_equal(store_held(store, PHONE, last_held, &held), 0);
    assert_int_equal(held.refused, 0);
    assert_int_equal(store_held_refuse(store, PHONE, "bb", 23), ERR_NOT_FOUND);
    assert_int_equal(store_held_refuse(store, "SEP0000000000EE", "aa", 23), ERR_NOT_FOUND);
}

static void test_evidence_about_nothing_known_is_refused(void **state)
{
    (void)state;
    char hash[LIST_HASH];
    publish(LIST_CTL, "abc", hash);
    assert_int_equal(store_held_confirm(store, PHONE, "unheard", 10), ERR_NOT_FOUND);
    assert_int_equal(store_held_confirm(store, "SEP0000000000EE", hash, 10), ERR_NOT_FOUND);
    assert_held(NULL, "");
}

int main(void)
{
#define FILLED(test) cmocka_unit_test_setup_teardown(test, enter_filled, leave)
    const struct CMUnitTest tests[] = {
        FILLED(test_a_list_is_served_until_another_is_published_and_kept_for_ever),
        FILLED(test_the_same_bytes_again_are_only_made_current),
        FILLED(test_an_unpublished_list_is_not_served_but_kept),
        FILLED(test_wrong_lists_are_not_published),
        FILLED(test_an_observation_is_read_as_it_was_made),
        FILLED(test_only_the_newest_observations_are_kept),
        FILLED(test_what_somebody_only_claims_pushes_nothing_out_and_moves_nothing),
        FILLED(test_observations_tell_where_a_phone_is),
        FILLED(test_a_batch_keeps_the_order_of_each_phone),
        FILLED(test_odd_bytes_of_a_peer_do_not_spoil_a_batch),
        FILLED(test_observations_move_no_revision),
        FILLED(test_strangers_leave_a_number_and_no_row),
        FILLED(test_every_list_ever_published_is_told_with_its_strangers),
        FILLED(test_a_phone_may_hold_every_list_it_was_served),
        FILLED(test_evidence_for_a_list_forgets_the_older_ones_of_its_kind),
        FILLED(test_evidence_for_a_list_never_seen_served_adds_it_and_forgets_nothing),
        FILLED(test_a_list_that_a_phone_refused_stays_with_that_mark),
        FILLED(test_evidence_about_nothing_known_is_refused),
    };
    return RUN(tests);
}
