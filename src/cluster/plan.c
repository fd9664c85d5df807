#include "cluster/plan.h"

#include "base/map.h"
#include "base/text.h"
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
    phone->model = model_find(model_name);
    if (!phone->model)
        phone->model = model_unknown();
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
        result = store_devices(store, load_device, &loading);
    if (result == 0)
        result = store_held(store, NULL, load_held, &loading);
    if (result == 0)
        result = store_lists(store, load_strangers, &loading);
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
    free(p->lists);
    free(p->phones);
    map_free(p->by_hash);
    map_free(p->by_name);
    free(p);
}

/* ---- asking ---- */

static enum trustlist_kind wire_kind(enum list_kind kind)
{
    return kind == LIST_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL;
}

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

/* What the phone says when each list it may hold is all it holds; *decided is NULL when it holds
 * none. */
static void ask_phone(struct answer *worst, const struct held_list **decided,
                      const struct plan_phones *phones, const struct phone *phone,
                      struct offer *offer)
{
    *decided = NULL;
    for (size_t i = 0; i < phone->held_count || i == 0; i++) {
        const struct held_list *held = phone->held_count ? &phones->lists[phone->held[i]] : NULL;
        struct phone_trust trust = {.model = phone->model,
                                    .server = address_bytes(&phones->server)};
        struct answer answer;
        if (held && held->kind == LIST_CTL)
            trust.ctl = held->list;
        else if (held)
            trust.itl = held->list;
        accept_offer(&answer, &trust, offer);
        if (i == 0 || badness(answer.verdict) > badness(worst->verdict)) {
            *worst = answer;
            *decided = held;
        }
    }
}

static bool never_asks(const struct answer *answer)
{
    return answer->rule == RULE_NOT_ASKED;
}

int plan_count_lost(const struct plan_phones *phones, enum list_kind kind, struct bytes list,
                    size_t *lost)
{
    struct offer *offer = NULL;
    size_t count = 0;
    int result = offer_new_list(&offer, wire_kind(kind), list);
    if (result)
        return result;
    for (size_t i = 0; i < phones->phone_count; i++) {
        struct answer answer;
        const struct held_list *held;
        ask_phone(&answer, &held, phones, &phones->phones[i], offer);
        count += answer.verdict != VERDICT_YES && !never_asks(&answer);
    }
    offer_free(offer);
    *lost = count;
    return 0;
}

static int append(struct plan *plan, const struct phone *phone, enum list_kind kind,
                  const struct held_list *held, const struct answer *answer)
{
    if ((plan->count & (plan->count - 1)) == 0) {
        size_t room = plan->count ? plan->count * 2 : 1;
        struct plan_entry *entries = reallocarray(plan->entries, room, sizeof *entries);
        if (!entries)
            return -ENOMEM;
        plan->entries = entries;
    }
    struct plan_entry *entry = &plan->entries[plan->count++];
    *entry = (struct plan_entry){.list = kind, .answer = *answer};
    text_copy(entry->device, sizeof entry->device, phone->name);
    text_copy(entry->model, sizeof entry->model, phone->model_name);
    if (held)
        text_copy(entry->held, sizeof entry->held, held->hash);
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
        struct answer answer;
        const struct held_list *held;
        ask_phone(&answer, &held, phones, &phones->phones[i], offer);
        if (!never_asks(&answer))
            result = append(plan, &phones->phones[i], kind, held, &answer);
    }
    offer_free(offer);
    plan->phones = phones->phone_count;
    return result;
}

static int compare(const void *x, const void *y)
{
    const struct plan_entry *a = x;
    const struct plan_entry *b = y;
    int order = badness(b->answer.verdict) - badness(a->answer.verdict);
    if (order == 0)
        order = strcmp(a->device, b->device);
    return order ? order : (int)a->list - (int)b->list;
}

void plan_sort(struct plan *plan)
{
    if (plan->count)
        qsort(plan->entries, plan->count, sizeof *plan->entries, compare);
    plan->lost = 0;
    for (size_t i = 0; i < plan->count; i++)
        plan->lost += plan->entries[i].answer.verdict != VERDICT_YES;
}
