#include "cluster/plan.h"

#include "base/map.h"
#include "base/text.h"
#include "cluster/traits.h"
#include "net/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A list that some phone may hold, read once. */
struct held_list {
    char hash[LIST_HASH];
    enum list_kind kind;
    struct buffer body;
    struct trustlist *list;
};

struct phone {
    char name[DEVICE_NAME]; /* "" for phones nobody knows */
    char model_name[MODEL_NAME];
    const struct model *model;
    size_t *held; /* indices of lists */
    size_t held_count;
};

struct plan_phones {
    struct held_list *lists;
    size_t list_count;
    struct map *by_hash; /* hash -> held_list index + 1 */
    struct phone *phones;
    size_t phone_count;
    struct map *by_name; /* device -> phone index + 1 */
    struct address server;
    struct traits *traits;
    struct store_list served[2];   /* now, by enum list_kind */
    struct offer *served_offer[2]; /* of them; NULL: none is served */
};

void plan_init(struct plan *plan)
{
    *plan = (struct plan){0};
}

void plan_fini(struct plan *plan)
{
    free(plan->entries);
    plan_init(plan);
}

static enum trustlist_kind wire_kind(enum list_kind kind)
{
    return kind == LIST_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL;
}

/* ---- loading ---- */

enum { LISTS_MAX = 100000, PHONES_MAX = 1000000 };

struct loading {
    struct plan_phones *p;
    struct store *store;
};

static int add_phone(struct plan_phones *p, const char *name, const char *model_name,
                     struct phone **out)
{
    if ((p->phone_count & (p->phone_count - 1)) == 0) {
        size_t room = p->phone_count ? p->phone_count * 2 : 1;
        struct phone *phones = reallocarray(p->phones, room, sizeof *phones);
        if (!phones)
            return -ENOMEM;
        p->phones = phones;
    }
    struct phone *phone = &p->phones[p->phone_count];
    *phone = (struct phone){0};
    text_copy(phone->name, sizeof phone->name, name);
    text_copy(phone->model_name, sizeof phone->model_name, model_name);
    phone->model = traits_of(p->traits, name, model_name);
    int result = map_add(p->by_name, bytes_of_string(name), (void *)(p->phone_count + 1));
    if (result)
        return result;
    p->phone_count++;
    *out = phone;
    return 0;
}

static int load_device(void *context, const struct store_device *device)
{
    struct loading *l = context;
    struct phone *phone;
    return add_phone(l->p, device->name, device->model, &phone);
}

/* The index of a list, read from the store the first time. Lists that do not parse any more (they
 * were published once, so that cannot be) count as held and refuse everything. */
static int list_index(struct plan_phones *p, struct store *store, const char *hash, size_t *out)
{
    size_t known = (size_t)map_get(p->by_hash, bytes_of_string(hash));
    if (known) {
        *out = known - 1;
        return 0;
    }
    struct store_list stored;
    int result = store_list_get(store, hash, &stored);
    if (result)
        return result;
    struct held_list *lists = reallocarray(p->lists, p->list_count + 1, sizeof *lists);
    if (!lists) {
        store_list_fini(&stored);
        return -ENOMEM;
    }
    p->lists = lists;
    struct held_list *list = &lists[p->list_count];
    *list = (struct held_list){.kind = stored.kind, .body = stored.body};
    text_copy(list->hash, sizeof list->hash, hash);
    result = trustlist_parse(&list->list, buffer_bytes(&list->body), NULL);
    if (result == 0)
        result = map_add(p->by_hash, bytes_of_string(hash), (void *)(p->list_count + 1));
    if (result) {
        trustlist_free(list->list);
        buffer_fini(&list->body);
        return result;
    }
    *out = p->list_count++;
    return 0;
}

static int hold(struct phone *phone, size_t index)
{
    size_t *held = reallocarray(phone->held, phone->held_count + 1, sizeof *held);
    if (!held)
        return -ENOMEM;
    phone->held = held;
    held[phone->held_count++] = index;
    return 0;
}

static int load_held(void *context, const struct store_held *held)
{
    struct loading *l = context;
    size_t at = (size_t)map_get(l->p->by_name, bytes_of_string(held->device));
    size_t index;
    if (!at)
        return 0; /* deleted meanwhile */
    int result = list_index(l->p, l->store, held->hash, &index);
    if (result == ERR_NOT_FOUND)
        return 0; /* a list of its own from tftpboot/: such a phone does not follow the cluster's */
    return result ? result : hold(&l->p->phones[at - 1], index);
}

/* One phone stands for all that are in no row but were served a list. */
static int load_strangers(void *context, const struct store_list_row *row)
{
    struct loading *l = context;
    if (row->strangers == 0)
        return 0;
    size_t at = (size_t)map_get(l->p->by_name, bytes_of_string(""));
    struct phone *phone = at ? &l->p->phones[at - 1] : NULL;
    size_t index;
    int result = phone ? 0 : add_phone(l->p, "", "", &phone);
    if (result == 0)
        result = list_index(l->p, l->store, row->hash, &index);
    return result ? result : hold(phone, index);
}

/* The list that phones are offered now, or none. */
static int load_served(struct plan_phones *p, struct store *store, enum list_kind kind)
{
    struct store_list list;
    int result = store_list_current(store, kind, &list);
    if (result)
        return result == ERR_NOT_FOUND ? 0 : result;
    p->served[kind] = list;
    return offer_new_list(&p->served_offer[kind], wire_kind(kind), buffer_bytes(&list.body));
}

int plan_phones_load(struct plan_phones **out, struct store *store, const char *server_address,
                     struct why *why)
{
    struct plan_phones *p = calloc(1, sizeof *p);
    if (!p)
        return -ENOMEM;
    struct loading loading = {p, store};
    int result = map_new(&p->by_hash, LISTS_MAX);
    if (result == 0)
        result = map_new(&p->by_name, PHONES_MAX);
    if (result == 0)
        result = address_parse(&p->server, server_address, 0);
    if (result == 0)
        result = traits_load(&p->traits, store, why);
    if (result == 0)
        result = store_devices(store, load_device, &loading);
    if (result == 0)
        result = store_held(store, NULL, load_held, &loading);
    if (result == 0)
        result = store_lists(store, load_strangers, &loading);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL && result == 0; kind++)
        result = load_served(p, store, kind);
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
    for (size_t i = 0; i < p->list_count; i++) {
        trustlist_free(p->lists[i].list);
        buffer_fini(&p->lists[i].body);
    }
    for (size_t i = 0; i < p->phone_count; i++)
        free(p->phones[i].held);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++) {
        if (!p->served_offer[kind])
            continue;
        offer_free(p->served_offer[kind]);
        store_list_fini(&p->served[kind]);
    }
    traits_free(p->traits);
    free(p->lists);
    free(p->phones);
    map_free(p->by_hash);
    map_free(p->by_name);
    free(p);
}

/* ---- asking ---- */

/* The worse of two decides for a phone that may hold several lists. */
static int badness(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_YES:
        return 0;
    case VERDICT_THROUGH_TVS:
        return 1;
    case VERDICT_UNKNOWN:
        return 2;
    case VERDICT_NO:
        break;
    }
    return 3;
}

/* What a phone says that holds this list (NULL: none) and nothing else. */
static void ask_holder(struct answer *out, const struct plan_phones *phones,
                       const struct phone *phone, const struct held_list *held, struct offer *offer)
{
    struct phone_trust trust = {.model = phone->model, .server = address_bytes(&phones->server)};
    if (held && held->kind == LIST_CTL)
        trust.ctl = held->list;
    else if (held)
        trust.itl = held->list;
    accept_offer(out, &trust, offer);
}

/* The answer of a phone about a new list: that of the list it may hold which decides. */
struct decision {
    struct answer answer;
    const struct held_list *held; /* NULL when it holds none */
    bool lost_before;
};

static bool never_asks(const struct answer *answer)
{
    return answer->rule == RULE_NOT_ASKED;
}

/* No worse than what it says to the list that is served now? */
static bool was_lost_before(const struct plan_phones *phones, const struct phone *phone,
                            const struct held_list *held, enum list_kind kind,
                            const struct answer *answer)
{
    struct answer now;
    if (answer->verdict == VERDICT_YES || !phones->served_offer[kind])
        return false;
    ask_holder(&now, phones, phone, held, phones->served_offer[kind]);
    return badness(answer->verdict) <= badness(now.verdict);
}

/* Loss counts most, then loss of before. */
static int weight(const struct decision *d)
{
    int bad = badness(d->answer.verdict);
    return bad && !d->lost_before ? bad + 10 : bad;
}

/* What the phone says when each list it may hold is all it holds; the worst decides. */
static void ask_phone(struct decision *out, const struct plan_phones *phones,
                      const struct phone *phone, enum list_kind kind, struct offer *offer)
{
    for (size_t i = 0; i < phone->held_count || i == 0; i++) {
        struct decision d = {.held = phone->held_count ? &phones->lists[phone->held[i]] : NULL};
        ask_holder(&d.answer, phones, phone, d.held, offer);
        d.lost_before = was_lost_before(phones, phone, d.held, kind, &d.answer);
        if (i == 0 || weight(&d) > weight(out))
            *out = d;
    }
}

int plan_count_lost(const struct plan_phones *phones, enum list_kind kind, struct bytes list,
                    struct plan_losses *out)
{
    struct offer *offer = NULL;
    struct plan_losses losses = {0};
    int result = offer_new_list(&offer, wire_kind(kind), list);
    if (result)
        return result;
    for (size_t i = 0; i < phones->phone_count; i++) {
        struct decision d;
        ask_phone(&d, phones, &phones->phones[i], kind, offer);
        if (d.answer.verdict == VERDICT_YES || never_asks(&d.answer))
            continue;
        losses.lost += !d.lost_before;
        losses.lost_before += d.lost_before;
    }
    offer_free(offer);
    *out = losses;
    return 0;
}

static int append(struct plan *plan, const struct phone *phone, enum list_kind kind,
                  const struct decision *decision)
{
    if ((plan->count & (plan->count - 1)) == 0) {
        size_t room = plan->count ? plan->count * 2 : 1;
        struct plan_entry *entries = reallocarray(plan->entries, room, sizeof *entries);
        if (!entries)
            return -ENOMEM;
        plan->entries = entries;
    }
    struct plan_entry *entry = &plan->entries[plan->count++];
    *entry = (struct plan_entry){
        .list = kind, .answer = decision->answer, .lost_before = decision->lost_before};
    text_copy(entry->device, sizeof entry->device, phone->name);
    text_copy(entry->model, sizeof entry->model, phone->model_name);
    if (decision->held)
        text_copy(entry->held, sizeof entry->held, decision->held->hash);
    return 0;
}

int plan_list(struct plan *plan, const struct plan_phones *phones, enum list_kind kind,
              struct bytes list)
{
    struct offer *offer = NULL;
    int result = offer_new_list(&offer, wire_kind(kind), list);
    if (result)
        return result;
    for (size_t i = 0; i < phones->phone_count && result == 0; i++) {
        struct decision d;
        ask_phone(&d, phones, &phones->phones[i], kind, offer);
        if (!never_asks(&d.answer))
            result = append(plan, &phones->phones[i], kind, &d);
    }
    offer_free(offer);
    plan->phones = phones->phone_count;
    return result;
}

bool plan_loses(const struct plan_entry *entry)
{
    return entry->answer.verdict != VERDICT_YES && !entry->lost_before;
}

static int compare(const void *x, const void *y)
{
    const struct plan_entry *a = x;
    const struct plan_entry *b = y;
    int order = plan_loses(b) - plan_loses(a);
    if (order == 0)
        order = badness(b->answer.verdict) - badness(a->answer.verdict);
    if (order == 0)
        order = strcmp(a->device, b->device);
    return order ? order : (int)a->list - (int)b->list;
}

void plan_sort(struct plan *plan)
{
    if (plan->count)
        qsort(plan->entries, plan->count, sizeof *plan->entries, compare);
    plan->lost = plan->lost_before = 0;
    for (size_t i = 0; i < plan->count; i++) {
        plan->lost += plan_loses(&plan->entries[i]);
        plan->lost_before += plan->entries[i].lost_before;
    }
}
