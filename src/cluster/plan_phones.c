/* Who the phones are and what each may hold; phones that may hold the same are one class. */
#include "cluster/plan_parts.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PHONES_MAX = 1000000, NAMES_MAX = 100000 };

/* ---- loading ---- */

/* One list a phone was served, as it is put into the key of its class. */
struct event {
    size_t list;
    int64_t sequence, first;
    int64_t confirmed;
    bool refused, doubtful;
};

/* Until it is known of which class it is. */
struct raw_phone {
    const struct model *model;
    size_t group;
    bool secure;
    size_t first, count; /* of the events */
};

struct loading {
    struct plan_phones *p;
    struct store *store;
    struct map *by_name;   /* phones: index + 1 */
    struct map *by_group;  /* groups: index + 1 */
    struct map *by_pool;   /* group index + 1 */
    struct map *insecure;  /* names of profiles without TLS */
    struct map *by_key;    /* classes: index + 1 */
    struct raw_phone *raw; /* beside the phones */
    struct event *events;
    size_t event_count;
};

static size_t room_for(size_t count)
{
    return count ? count * 2 : 1;
}

static bool is_full(size_t count)
{
    return (count & (count - 1)) == 0;
}

static int note_group(struct loading *l, const char *name, size_t *out)
{
    struct plan_phones *p = l->p;
    size_t known = (size_t)map_get(l->by_group, bytes_of_string(name));
    if (known) {
        *out = known - 1;
        return 0;
    }
    char(*groups)[GROUP_NAME] = reallocarray(p->groups, p->group_count + 1, sizeof *groups);
    if (!groups)
        return -ENOMEM;
    p->groups = groups;
    text_copy(groups[p->group_count], GROUP_NAME, name);
    *out = p->group_count++;
    return map_add(l->by_group, bytes_of_string(name), (void *)p->group_count);
}

static int load_pool(void *context, const struct store_pool *pool)
{
    struct loading *l = context;
    size_t group;
    int result = note_group(l, pool->group, &group);
    return result ? result : map_add(l->by_pool, bytes_of_string(pool->name), (void *)(group + 1));
}

static int load_profile(void *context, const struct store_profile *profile)
{
    struct loading *l = context;
    return profile->mode == MODE_NON_SECURE
               ? map_add(l->insecure, bytes_of_string(profile->name), l)
               : 0;
}

static int add_phone(struct loading *l, const char *name, const char *model_name,
                     const struct raw_phone *raw)
{
    struct plan_phones *p = l->p;
    if (is_full(p->phone_count)) {
        size_t room = room_for(p->phone_count);
        struct plan_phone *phones = reallocarray(p->phones, room, sizeof *phones);
        if (phones)
            p->phones = phones;
        struct raw_phone *raws = reallocarray(l->raw, room, sizeof *raws);
        if (raws)
            l->raw = raws;
        if (!phones || !raws)
            return -ENOMEM;
    }
    struct plan_phone *phone = &p->phones[p->phone_count];
    *phone = (struct plan_phone){.class = 0};
    text_copy(phone->name, sizeof phone->name, name);
    text_copy(phone->model_name, sizeof phone->model_name, model_name);
    l->raw[p->phone_count] = *raw;
    int result = map_add(l->by_name, bytes_of_string(name), (void *)(p->phone_count + 1));
    p->phone_count += result == 0;
    return result;
}

static int load_device(void *context, const struct store_device *device)
{
    struct loading *l = context;
    size_t group = (size_t)map_get(l->by_pool, bytes_of_string(device->pool));
    const struct raw_phone raw = {
        .model = traits_of(l->p->traits, device->name, device->model),
        .group = group ? group - 1 : 0,
        .secure = !map_get(l->insecure, bytes_of_string(device->profile)),
    };
    return add_phone(l, device->name, device->model, &raw);
}

static int add_event(struct loading *l, struct raw_phone *raw, const struct event *event)
{
    if (is_full(l->event_count)) {
        struct event *events = reallocarray(l->events, room_for(l->event_count), sizeof *events);
        if (!events)
            return -ENOMEM;
        l->events = events;
    }
    if (raw->count == 0)
        raw->first = l->event_count;
    raw->count++;
    l->events[l->event_count++] = *event;
    return 0;
}

/* The rows of one phone come one after the other. */
static int load_held(void *context, const struct store_held *held)
{
    struct loading *l = context;
    size_t at = (size_t)map_get(l->by_name, bytes_of_string(held->device));
    struct event event = {.sequence = held->sequence,
                          .first = held->first_sequence,
                          .confirmed = held->confirmed,
                          .refused = held->refused != 0,
                          .doubtful = held->inferred || !held->complete};
    if (!at)
        return 0; /* deleted meanwhile */
    int result = list_cache_find(l->p->lists, l->store, held->hash, &event.list);
    if (result == ERR_NOT_FOUND)
        return 0; /* a list of its own from tftpboot/: such a phone does not follow the cluster's */
    return result ? result : add_event(l, &l->raw[at - 1], &event);
}

/* One phone stands for all that are in no row but were served a list. */
static int load_strangers(void *context, const struct store_list_row *row)
{
    struct loading *l = context;
    struct event event = {.sequence = 1};
    if (row->strangers == 0)
        return 0;
    int result = list_cache_find(l->p->lists, l->store, row->hash, &event.list);
    if (result == 0 && !map_get(l->by_name, bytes_of_string(""))) {
        const struct raw_phone raw = {.model = model_unknown()};
        result = note_group(l, "", &(size_t){0});
        if (result == 0)
            result = add_phone(l, "", "", &raw);
    }
    return result ? result : add_event(l, &l->raw[l->p->phone_count - 1], &event);
}

/* ---- classes ---- */

/* Of each kind the list that was proved last is what the phone starts from. */
static bool is_proved(const struct loading *l, const struct raw_phone *raw, const struct event *e)
{
    const struct offer *offer = list_cache_offer(l->p->lists, e->list);
    if (!e->confirmed || !offer_trustlist(offer))
        return false;
    enum trustlist_kind kind = offer_kind(offer);
    for (size_t i = raw->first; i < raw->first + raw->count; i++) {
        const struct event *other = &l->events[i];
        if (other != e && offer_kind(list_cache_offer(l->p->lists, other->list)) == kind &&
            (other->confirmed > e->confirmed || (other->confirmed == e->confirmed && other > e)))
            return false;
    }
    return true;
}

static int by_number(const void *x, const void *y)
{
    const int64_t *a = x;
    const int64_t *b = y;
    return *a < *b ? -1 : *a > *b;
}

/* Small numbers in the same order, and next to each other where the others are: what of a sequence
 * counts, so that phones with like histories are of one class. 0 stays 0. */
static int64_t shrink(const int64_t *sorted, size_t count, int64_t number)
{
    int64_t small = 1;
    if (number == 0)
        return 0;
    for (size_t i = 1; i < count && sorted[i - 1] != number; i++)
        if (sorted[i] != sorted[i - 1])
            small += sorted[i] - sorted[i - 1] > HISTORY_ADJACENT ? HISTORY_ADJACENT + 1 : 1;
    return small;
}

static int take_events(const struct loading *l, const struct raw_phone *raw, struct served *served,
                       size_t *lists, size_t *count)
{
    const struct event *events = l->events + raw->first;
    int64_t *sorted = calloc(2 * raw->count + 1, sizeof *sorted);
    size_t numbers = 0;
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < raw->count; i++) {
        sorted[numbers++] = events[i].sequence;
        sorted[numbers++] = events[i].first;
    }
    if (numbers)
        qsort(sorted, numbers, sizeof *sorted, by_number);
    *count = 0;
    for (size_t i = 0; i < raw->count; i++) {
        const struct event *e = &events[i];
        struct offer *offer = list_cache_offer(l->p->lists, e->list);
        if (!offer_trustlist(offer))
            continue; /* no phone holds what it could not read */
        served[*count] = (struct served){.list = offer_trustlist(offer),
                                         .offer = offer,
                                         .sequence = shrink(sorted, numbers, e->sequence),
                                         .first = shrink(sorted, numbers, e->first),
                                         .proved = is_proved(l, raw, e),
                                         .refused = e->refused,
                                         .doubtful = e->doubtful};
        lists[(*count)++] = e->list;
    }
    free(sorted);
    return 0;
}

static int fill_class(struct plan_phones *p, struct plan_class *c)
{
    struct phone_trust phone = plan_class_phone(p, c);
    c->too_many = !c->crowd && c->count > HISTORY_SERVED_MAX;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed with its class */
    int result = c->crowd || c->too_many ? history_init_crowd(&c->history, c->served, c->count)
                                         : history_init(&c->history, &phone, c->served, c->count);
    if (result == 0 && !c->crowd)
        history_suppose_taken(&c->history, c->model);
    return result;
}

static int key_of(struct buffer *out, const struct plan_class *c)
{
    const struct {
        const struct model *model;
        size_t group, secure;
    } head = {c->model, c->group, (size_t)c->secure + 2 * (size_t)c->crowd};
    buffer_clear(out);
    buffer_append(out, bytes_of(&head, sizeof head));
    for (size_t i = 0; i < c->count; i++) {
        const struct served *s = &c->served[i];
        const size_t row[] = {c->lists[i], (size_t)s->sequence, (size_t)s->first,
                              (size_t)s->proved + 2 * (size_t)s->refused + 4 * (size_t)s->doubtful};
        buffer_append(out, bytes_of(row, sizeof row));
    }
    return out->error;
}

static void class_fini(struct plan_class *c)
{
    history_fini(&c->history);
    free(c->served);
    free(c->lists);
}

static int add_class(struct loading *l, struct plan_class *c, struct bytes key)
{
    struct plan_phones *p = l->p;
    struct plan_class *classes = p->classes;
    if (is_full(p->class_count)) {
        classes = reallocarray(classes, room_for(p->class_count), sizeof *classes);
        if (!classes)
            return -ENOMEM;
        p->classes = classes;
    }
    int result = fill_class(p, c);
    if (result == 0)
        result = map_add(l->by_key, key, (void *)(p->class_count + 1));
    if (result == 0)
        classes[p->class_count++] = *c;
    return result;
}

static int classify(struct loading *l, size_t index, struct buffer *key)
{
    struct plan_phone *phone = &l->p->phones[index];
    const struct raw_phone *raw = &l->raw[index];
    struct plan_class c = {.model = raw->model,
                           .group = raw->group,
                           .secure = raw->secure,
                           .crowd = phone->name[0] == '\0',
                           .served = calloc(raw->count + 1, sizeof *c.served),
                           .lists = calloc(raw->count + 1, sizeof *c.lists)};
    int result = c.served && c.lists ? 0 : -ENOMEM;
    if (result == 0) {
        result = take_events(l, raw, c.served, c.lists, &c.count);
        if (result == 0)
            result = key_of(key, &c);
    }
    size_t known = result ? 0 : (size_t)map_get(l->by_key, buffer_bytes(key));
    if (result == 0 && !known)
        result = add_class(l, &c, buffer_bytes(key));
    if (result || known)
        class_fini(&c);
    phone->class = known ? known - 1 : l->p->class_count - 1;
    return result;
}

static int classify_all(struct loading *l)
{
    struct buffer key;
    int result = 0;
    buffer_init(&key, 1024 * 1024);
    for (size_t i = 0; i < l->p->phone_count && result == 0; i++)
        result = classify(l, i, &key);
    buffer_fini(&key);
    return result;
}

/* ---- the whole ---- */

/* The phones with what they were served. */
static int load_phones(struct loading *l, const char *only)
{
    struct store_device device;
    int result;
    if (!only) {
        result = store_devices(l->store, load_device, l);
        if (result == 0)
            result = store_held(l->store, NULL, load_held, l);
        return result ? result : store_lists(l->store, load_strangers, l);
    }
    result = store_device_get(l->store, only, &device);
    if (result == 0)
        result = load_device(l, &device);
    return result ? result : store_held(l->store, only, load_held, l);
}

static int load_all(struct loading *l, const char *server_address, const char *only,
                    struct why *why)
{
    struct plan_phones *p = l->p;
    struct map **maps[] = {&l->by_name, &l->by_group, &l->by_pool, &l->insecure, &l->by_key};
    static const size_t sizes[] = {PHONES_MAX, NAMES_MAX, NAMES_MAX, NAMES_MAX, PHONES_MAX};
    int result = 0;
    for (size_t i = 0; i < sizeof maps / sizeof *maps && result == 0; i++)
        result = map_new(maps[i], sizes[i]);
    if (result == 0)
        result = list_cache_new(&p->lists);
    if (result == 0)
        result = address_parse(&p->server, server_address, 0);
    if (result == 0)
        result = traits_load(&p->traits, l->store, why);
    if (result == 0)
        result = store_pools(l->store, load_pool, l);
    if (result == 0)
        result = store_profiles(l->store, load_profile, l);
    if (result == 0)
        result = load_phones(l, only);
    return result ? result : classify_all(l);
}

int plan_phones_load(struct plan_phones **out, struct store *store, const char *server_address,
                     const char *only, struct why *why)
{
    struct plan_phones *p = calloc(1, sizeof *p);
    if (!p)
        return -ENOMEM;
    struct loading l = {.p = p, .store = store};
    int result = load_all(&l, server_address, only, why);
    map_free(l.by_name);
    map_free(l.by_group);
    map_free(l.by_pool);
    map_free(l.insecure);
    map_free(l.by_key);
    free(l.raw);
    free(l.events);
    if (result) {
        plan_phones_free(p);
        return why_error(why, result, "cannot find out what the phones hold: %s",
                         error_text(result));
    }
    *out = p;
    return 0;
}

void plan_phones_free(struct plan_phones *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->class_count; i++)
        class_fini(&p->classes[i]);
    free(p->classes);
    list_cache_free(p->lists);
    free(p->phones);
    free(p->groups);
    traits_free(p->traits);
    free(p);
}

struct phone_trust plan_class_phone(const struct plan_phones *p, const struct plan_class *c)
{
    return (struct phone_trust){.model = c->model, .server = address_bytes(&p->server)};
}

const char *plan_class_hash(const struct plan_phones *p, const struct plan_class *c,
                            const struct served *served)
{
    return served ? list_cache_hash(p->lists, c->lists[served - c->served]) : "";
}
