#include "service/tftp/shelf.h"

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct shelf {
    void (*changed)(struct work *work, const struct change *change);
    size_t names_max, memory_max;
    struct map *entries; /* by name */
    struct map *stems;   /* the first entry of each */
    struct map *bodies;  /* by hash; each counts as an owner */
    struct entry *newest, *oldest;
    size_t memory;
};

int shelf_new(struct shelf **out, size_t names, size_t memory,
              void (*changed)(struct work *work, const struct change *change))
{
    struct shelf *shelf = calloc(1, sizeof *shelf);
    if (!shelf)
        return -ENOMEM;
    shelf->changed = changed;
    shelf->names_max = names;
    shelf->memory_max = memory;
    int result = map_new(&shelf->entries, names + 1);
    if (result == 0)
        result = map_new(&shelf->stems, names + 1);
    if (result == 0)
        result = map_new(&shelf->bodies, 4 * (names + 1));
    if (result) {
        shelf_free(shelf);
        return result;
    }
    *out = shelf;
    return 0;
}

/* ---- the order of use ---- */

static void unlink_use(struct shelf *shelf, struct entry *e)
{
    *(e->newer ? &e->newer->older : &shelf->newest) = e->older;
    *(e->older ? &e->older->newer : &shelf->oldest) = e->newer;
    e->newer = e->older = NULL;
}

static void link_newest(struct shelf *shelf, struct entry *e)
{
    e->older = shelf->newest;
    *(e->older ? &e->older->newer : &shelf->oldest) = e;
    shelf->newest = e;
}

/* ---- bodies ---- */

static size_t weight_of(const struct body *body)
{
    return sizeof *body + (body->memory ? (size_t)body->size : 0);
}

static struct bytes key_of(const struct body *body)
{
    return bytes_of(body->hash, sizeof body->hash);
}

/* Lets a body go that is kept, if nobody else has it. */
static void release_body(struct shelf *shelf, struct body *body)
{
    if (body->owners > 1)
        return;
    map_remove(shelf->bodies, key_of(body));
    shelf->memory -= weight_of(body);
    body_free(body);
}

struct body *shelf_body(struct shelf *shelf, struct body *body)
{
    struct body *kept = map_get(shelf->bodies, key_of(body));
    if (kept && body_is_intact(kept)) {
        body_free(body);
        return body_share(kept);
    }
    if (kept) { /* the file it was made of has been written over */
        map_remove(shelf->bodies, key_of(kept));
        shelf->memory -= weight_of(kept);
        body_free(kept);
    }
    if (map_add(shelf->bodies, key_of(body), body) == 0) {
        body_share(body);
        shelf->memory += weight_of(body);
    }
    return body;
}

/* ---- entries ---- */

static void drop_content(struct shelf *shelf, struct entry *e)
{
    if (!e->content)
        return;
    struct body *body = e->content->body;
    bool kept = map_get(shelf->bodies, key_of(body)) == body;
    shelf->memory -= e->content->header_size;
    content_free(e->content);
    e->content = NULL;
    if (kept)
        release_body(shelf, body);
}

static void unlink_stem(struct shelf *shelf, struct entry *e)
{
    struct bytes key = bytes_of_string(e->stem);
    struct entry *first = map_remove(shelf->stems, key);
    struct entry **link = &first;
    while (*link && *link != e)
        link = &(*link)->next_of_stem;
    if (*link)
        *link = e->next_of_stem;
    /* There was room for it a moment ago; if not, the stem is only looked for in vain. */
    if (first && map_add(shelf->stems, key, first) != 0)
        for (struct entry *other = first; other; other = other->next_of_stem)
            other->fresh = false;
}

static int link_stem(struct shelf *shelf, struct entry *e)
{
    struct bytes key = bytes_of_string(e->stem);
    struct entry *first = map_get(shelf->stems, key);
    if (!first)
        return map_add(shelf->stems, key, e);
    e->next_of_stem = first->next_of_stem;
    first->next_of_stem = e;
    return 0;
}

static void entry_free(struct shelf *shelf, struct entry *e)
{
    if (!e)
        return;
    drop_content(shelf, e);
    free(e->asked);
    free(e->stem);
    free(e->words);
    free(e);
}

static void throw_out(struct shelf *shelf, struct entry *e)
{
    map_remove(shelf->entries, bytes_of_string(e->asked));
    unlink_stem(shelf, e);
    unlink_use(shelf, e);
    entry_free(shelf, e);
}

void shelf_free(struct shelf *shelf)
{
    if (!shelf)
        return;
    while (shelf->newest)
        throw_out(shelf, shelf->newest);
    size_t position = 0;
    struct body *body;
    while (shelf->bodies && (body = map_next(shelf->bodies, &position, NULL)) != NULL)
        body_free(body);
    map_free(shelf->bodies);
    map_free(shelf->stems);
    map_free(shelf->entries);
    free(shelf);
}

void shelf_stem(char out[FILE_NAME_MAX + 1], const char *path)
{
    text_copy(out, FILE_NAME_MAX + 1, path);
    for (char *p = out; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    size_t size = strlen(out);
    if (size > 4 && strcmp(out + size - 4, ".sgn") == 0)
        out[size - 4] = '\0';
}

/* The next that may go. Those used since they were last looked at begin anew, as do those under
 * way; so a question costs no more than setting a mark. */
static struct entry *next_to_go(struct shelf *shelf)
{
    for (size_t n = 2 * map_count(shelf->entries); n; n--) {
        struct entry *e = shelf->oldest;
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): one that was freed is not in the list */
        if (!e->used && !e->work)
            return e;
        e->used = false;
        unlink_use(shelf, e);
        link_newest(shelf, e);
    }
    return NULL;
}

static int make_entry(struct shelf *shelf, struct entry **out, const struct file_name *name)
{
    char stem[FILE_NAME_MAX + 1];
    struct entry *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    shelf_stem(stem, name->path);
    e->asked = strdup(name->asked);
    e->stem = strdup(stem);
    int result = e->asked && e->stem ? 0 : -ENOMEM;
    if (result == 0)
        result = map_add(shelf->entries, bytes_of_string(e->asked), e);
    if (result == 0) {
        result = link_stem(shelf, e);
        if (result)
            map_remove(shelf->entries, bytes_of_string(e->asked));
    }
    if (result) {
        entry_free(shelf, e);
        return result;
    }
    link_newest(shelf, e);
    *out = e;
    return 0;
}

int shelf_entry(struct shelf *shelf, struct entry **out, const struct file_name *name)
{
    struct entry *e = map_get(shelf->entries, bytes_of_string(name->asked));
    if (e) {
        e->used = true;
        *out = e;
        return 0;
    }
    if (map_count(shelf->entries) >= shelf->names_max) {
        struct entry *old = next_to_go(shelf);
        if (!old)
            return ERR_LIMIT;
        throw_out(shelf, old);
    }
    return make_entry(shelf, out, name);
}

void shelf_put(struct shelf *shelf, struct entry *e, int result, const char *words,
               struct content *content)
{
    if (content)
        content_share(content); /* first: it may be the one that is there */
    drop_content(shelf, e);
    free(e->words);
    e->words = words && *words ? strdup(words) : NULL;
    e->result = result;
    e->content = content;
    if (content)
        shelf->memory += content->header_size;
}

/* ---- what has changed ---- */

bool change_concerns(const struct change *change, const struct change *dependence)
{
    return (change->areas & dependence->areas) || (change->files && dependence->files) ||
           (change->templates && dependence->templates);
}

static void note_change(struct shelf *shelf, struct entry *e, const struct change *change)
{
    if (change_concerns(change, &e->depends))
        e->fresh = false;
    if (e->work)
        shelf->changed(e->work, change);
}

void shelf_stale_stem(struct shelf *shelf, const char *stem, const struct change *change)
{
    struct entry *e = map_get(shelf->stems, bytes_of_string(stem));
    for (; e; e = e->next_of_stem)
        note_change(shelf, e, change);
}

void shelf_stale(struct shelf *shelf, const struct change *change)
{
    for (struct entry *e = shelf->newest; e; e = e->older)
        note_change(shelf, e, change);
}

/* ---- bounds ---- */

void shelf_trim(struct shelf *shelf)
{
    /* What is being sent goes when that is over: it counts as gone here. */
    size_t excess = shelf->memory > shelf->memory_max ? shelf->memory - shelf->memory_max : 0;
    struct entry *old;
    while (excess && (old = next_to_go(shelf)) != NULL) {
        size_t weight =
            old->content ? old->content->header_size + weight_of(old->content->body) : 0;
        throw_out(shelf, old);
        excess -= weight < excess ? weight : excess;
    }
    /* Bodies that were being sent when their entries went. */
    size_t position = 0;
    struct body *body;
    while ((body = map_next(shelf->bodies, &position, NULL)) != NULL)
        if (body->owners == 1)
            release_body(shelf, body);
}

size_t shelf_names(const struct shelf *shelf)
{
    return map_count(shelf->entries);
}

size_t shelf_memory(const struct shelf *shelf)
{
    return shelf->memory;
}
