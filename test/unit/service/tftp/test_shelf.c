#include "support.h"

#include "service/tftp/shelf.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

static struct shelf *shelf;
static unsigned told;

static void changed(struct work *work, const struct change *change)
{
    assert_non_null(work);
    assert_non_null(change);
    told++;
}

static struct entry *entry_of(const char *name)
{
    struct file_name parsed;
    struct entry *e = NULL;
    assert_int_equal(file_name_parse(&parsed, bytes_of_string(name), NULL), 0);
    assert_int_equal(shelf_entry(shelf, &e, &parsed), 0);
    return e;
}

/* Puts a content of that text under a name. */
static struct entry *put(const char *name, const char *text, const char *header)
{
    struct body *body = NULL;
    struct content *content = NULL;
    struct entry *e = entry_of(name);
    assert_int_equal(body_from_bytes(&body, bytes_of_string(text)), 0);
    body = shelf_body(shelf, body);
    assert_int_equal(content_new(&content, body, bytes_of_string(header), NULL), 0);
    shelf_put(shelf, e, 0, "", content);
    e->fresh = true;
    e->depends.files = true;
    content_free(content);
    body_free(body);
    return e;
}

static int enter(void **state)
{
    (void)state;
    told = 0;
    return shelf_new(&shelf, 4, 100000, changed);
}

static int leave(void **state)
{
    (void)state;
    shelf_free(shelf);
    return 0;
}

static void test_the_same_bytes_are_kept_once(void **state)
{
    (void)state;
    struct entry *a = put("CTLSEP000000000001.tlv", "the list", "");
    struct entry *b = put("CTLSEP000000000002.tlv", "the list", "");
    assert_ptr_equal(a->content->body, b->content->body);
    struct entry *c = put("x.xml", "text", "");
    size_t before = shelf_memory(shelf);
    struct entry *d = put("x.xml.sgn", "text", "a header");
    assert_ptr_equal(c->content->body, d->content->body);
    assert_int_equal(shelf_memory(shelf), before + strlen("a header"));
    assert_memory_not_equal(c->content->hash, d->content->hash, SHA256_SIZE);
}

static void test_who_was_asked_for_again_stays_longer(void **state)
{
    (void)state;
    put("a", "1", "");
    put("b", "2", "");
    put("c", "3", "");
    put("d", "4", "");
    entry_of("a");
    put("e", "5", "");
    assert_int_equal(shelf_names(shelf), 4);
    assert_true(entry_of("a")->fresh);
    assert_false(entry_of("b")->fresh); /* made anew, and c went for it */
    assert_true(entry_of("d")->fresh);
    assert_false(entry_of("c")->fresh);
}

static void test_what_is_under_way_stays(void **state)
{
    (void)state;
    int something;
    struct file_name name;
    struct entry *e;
    for (char c = 'a'; c < 'e'; c++) {
        const char text[] = {c, '\0'};
        entry_of(text)->work = (struct work *)(void *)&something;
    }
    assert_int_equal(file_name_parse(&name, bytes_of_string("e"), NULL), 0);
    assert_int_equal(shelf_entry(shelf, &e, &name), ERR_LIMIT);
    entry_of("b")->work = NULL;
    assert_int_equal(shelf_entry(shelf, &e, &name), 0);
    for (char c = 'a'; c < 'e'; c++) {
        const char text[] = {c, '\0'};
        if (c != 'b')
            entry_of(text)->work = NULL;
    }
}

static void test_a_changed_file_concerns_all_its_names_and_no_other(void **state)
{
    (void)state;
    const struct change files = {.files = true};
    struct entry *plain = put("Ring.xml", "1", "");
    struct entry *sgn = put("ring.XML.sgn", "1", "h");
    struct entry *other = put("other.xml", "1", "");
    char stem[FILE_NAME_MAX + 1];
    shelf_stem(stem, "RING.xml");
    shelf_stale_stem(shelf, stem, &files);
    assert_false(plain->fresh);
    assert_false(sgn->fresh);
    assert_true(other->fresh);
    assert_non_null(plain->content); /* kept, to see whether it has really changed */
}

static void test_only_what_depends_on_it_becomes_stale(void **state)
{
    (void)state;
    struct entry *file = put("file", "1", "");
    struct entry *device = put("SEP000000000001.cnf.xml", "2", "");
    device->depends = (struct change){.areas = 1u << AREA_DEVICES, .templates = true};
    shelf_stale(shelf, &(struct change){.areas = 1u << AREA_LISTS});
    assert_true(file->fresh && device->fresh);
    shelf_stale(shelf, &(struct change){.areas = 1u << AREA_DEVICES});
    assert_true(file->fresh && !device->fresh);
    device->fresh = true;
    shelf_stale(shelf, &(struct change){.templates = true});
    assert_true(file->fresh && !device->fresh);
    int something;
    file->work = (struct work *)(void *)&something;
    shelf_stale(shelf, &(struct change){.files = true});
    assert_int_equal(told, 1);
    file->work = NULL;
}

static void test_memory_has_its_bound_and_what_is_being_sent_stays_whole(void **state)
{
    (void)state;
    static char text[40001];
    memset(text, 'x', 40000);
    text[0] = 'a';
    struct content *sent = content_share(put("a", text, "")->content);
    text[0] = 'b';
    put("b", text, "");
    text[0] = 'c';
    put("c", text, "");
    assert_true(shelf_memory(shelf) > 100000);
    shelf_trim(shelf);
    assert_int_equal(shelf_names(shelf), 2);
    assert_int_equal(sent->body->memory[0], 'a');
    content_free(sent);
    shelf_trim(shelf);
    assert_true(shelf_memory(shelf) < 100000);
}

int main(void)
{
#define ON_SHELF(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        ON_SHELF(test_the_same_bytes_are_kept_once),
        ON_SHELF(test_who_was_asked_for_again_stays_longer),
        ON_SHELF(test_what_is_under_way_stays),
        ON_SHELF(test_a_changed_file_concerns_all_its_names_and_no_other),
        ON_SHELF(test_only_what_depends_on_it_becomes_stale),
        ON_SHELF(test_memory_has_its_bound_and_what_is_being_sent_stays_whole),
    };
    return RUN(tests);
}
