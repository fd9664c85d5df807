#include "cli/phones.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/text.h"
#include "cli/certs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PHONES_MAX = 1000000, PROFILES_MAX = 100000, LISTS_MAX = 100000 };

const char *list_state_text(enum list_state state)
{
    switch (state) {
    case LIST_STATE_NONE:
        return "none";
    case LIST_STATE_CURRENT:
        return "current";
    case LIST_STATE_OLD:
        return "old";
    case LIST_STATE_UNKNOWN:
        break;
    }
    return "unknown";
}

struct loading {
    struct phones *phones;
    size_t room;
    struct store_profile *profiles;
    size_t profile_count;
    struct map *by_profile; /* name -> index + 1 */
    struct map *by_device;
    struct map *published; /* hash -> anything: lists of the cluster's own */
};

static int load_profile(void *context, const struct store_profile *profile)
{
    struct loading *l = context;
    struct store_profile *profiles =
        reallocarray(l->profiles, l->profile_count + 1, sizeof *profiles);
    if (!profiles)
        return -ENOMEM;
    l->profiles = profiles;
    profiles[l->profile_count++] = *profile;
    return map_add(l->by_profile, bytes_of_string(profile->name), (void *)l->profile_count);
}

static int load_device(void *context, const struct store_device *device)
{
    struct loading *l = context;
    struct phones *phones = l->phones;
    if (phones->count == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        struct phone *items = reallocarray(phones->items, room, sizeof *items);
        if (!items)
            return -ENOMEM;
        phones->items = items;
        l->room = room;
    }
    struct phone *phone = &phones->items[phones->count++];
    *phone = (struct phone){.device = *device};
    size_t profile = (size_t)map_get(l->by_profile, bytes_of_string(device->profile));
    if (profile)
        phone->profile = l->profiles[profile - 1];
    return map_add(l->by_device, bytes_of_string(device->name), (void *)phones->count);
}

static int note_published(void *context, const struct store_list_row *row)
{
    struct loading *l = context;
    return map_add(l->published, bytes_of_string(row->hash), l);
}

static int load_held(void *context, const struct store_held *held)
{
    struct loading *l = context;
    size_t at = (size_t)map_get(l->by_device, bytes_of_string(held->device));
    if (!at)
        return 0;
    enum list_state *state = &l->phones->items[at - 1].lists[held->kind];
    enum list_state says = LIST_STATE_OLD;
    if (strcmp(held->hash, l->phones->current[held->kind]) == 0)
        says = LIST_STATE_CURRENT;
    else if (!map_get(l->published, bytes_of_string(held->hash)))
        says = LIST_STATE_UNKNOWN;
    *state = *state == LIST_STATE_NONE || *state == says ? says : LIST_STATE_UNKNOWN;
    return 0;
}

/* ---- enrolment ---- */

static struct phone *phone_of(const struct loading *l, const char *device)
{
    size_t at = (size_t)map_get(l->by_device, bytes_of_string(device));
    return at ? &l->phones->items[at - 1] : NULL;
}

static int load_lsc(void *context, const struct store_lsc *lsc)
{
    struct phone *phone = phone_of(context, lsc->device);
    if (phone) {
        phone->lsc = lsc->state;
        phone->lsc_not_after = lsc->not_after;
    }
    return 0;
}

static int load_enrolment(void *context, const struct store_enrolment *enrolment)
{
    struct phone *phone = phone_of(context, enrolment->device);
    if (phone)
        phone->enrolment = *enrolment;
    return 0;
}

/* The bulk order whose phones are walked. */
struct wave_walk {
    struct loading *loading;
    int64_t id;
    struct store *store;
};

/* The newest come first: what an older one says of a phone is past. */
static int load_wave_phone(void *context, const struct store_wave_phone *in)
{
    const struct wave_walk *w = context;
    struct phone *phone = phone_of(w->loading, in->device);
    if (phone && !phone->wave[0]) {
        text_format(phone->wave, sizeof phone->wave, "%lld", (long long)w->id);
        phone->wave_state = in->state;
    }
    return 0;
}

static int load_wave(void *context, const struct store_wave *wave)
{
    struct wave_walk *w = context;
    w->id = wave->id;
    return store_wave_phones(w->store, wave->id, load_wave_phone, w);
}

static int load_enrolments(struct loading *l, struct store *store)
{
    struct wave_walk walk = {.loading = l, .store = store};
    int result =
        store_lscs(store, NULL, clock_wall(), CERT_WARN_DAYS * INT64_C(86400), load_lsc, l);
    if (result == 0)
        result = store_enrolments(store, load_enrolment, l);
    return result ? result : store_waves(store, load_wave, &walk);
}

static bool is_waiting(const struct phone *phone)
{
    return phone->wave[0] && phone->wave_state == WAVE_WAITING;
}

const char *phone_enrolment_word(const struct phone *phone)
{
    static const char *const words[] = {
        [RESULT_NONE] = "none",
        [RESULT_PENDING] = "pending",
        [RESULT_SUCCESS] = "success",
        [RESULT_FAILED] = "failed",
    };
    return is_waiting(phone) ? "waiting" : words[phone->enrolment.status.result];
}

char *phone_enrolment_text(char out[ENROLMENT_STATUS], const struct phone *phone)
{
    if (!is_waiting(phone))
        return store_status_text(out, &phone->enrolment.status);
    text_format(out, ENROLMENT_STATUS, "Waiting in bulk order %s", phone->wave);
    return out;
}

/* ---- registrations ---- */

#define SERVICE_CALLMANAGER "Cisco CallManager"

/* What a node wrote counts as long as its service runs: one that was killed wrote nothing more. */
static bool is_serving(struct cluster *cluster, const char *name)
{
    struct store_node node;
    struct store_service service;
    if (strcmp(name, cluster_node(cluster)->name) == 0 &&
        !cluster_is_served(cluster_state(cluster)))
        return false;
    return store_node_get(cluster_store(cluster), name, &node) == 0 &&
           store_service_get(cluster_store(cluster), node.id, SERVICE_CALLMANAGER, &service) == 0 &&
           strcmp(service.state, "STARTED") == 0;
}

static int load_registration(void *context, const struct store_registration *registration)
{
    struct phone *phone = phone_of(context, registration->device);
    if (phone) {
        phone->registered = true;
        phone->registration = *registration;
    }
    return 0;
}

/* Nodes are few: each is asked about once. */
static int drop_stale(struct loading *l, struct cluster *cluster)
{
    char node[NODE_NAME] = "";
    bool serving = false;
    for (size_t i = 0; i < l->phones->count; i++) {
        struct phone *phone = &l->phones->items[i];
        if (!phone->registered)
            continue;
        if (strcmp(node, phone->registration.node) != 0) {
            text_copy(node, sizeof node, phone->registration.node);
            serving = is_serving(cluster, node);
        }
        phone->registered = serving;
    }
    return 0;
}

static int load_registrations(struct loading *l, struct cluster *cluster)
{
    int result = store_registrations(cluster_store(cluster), NULL, load_registration, l);
    return result ? result : drop_stale(l, cluster);
}

const char *phone_status_word(const struct phone *phone)
{
    return phone->registered ? "registered" : "unregistered";
}

/* ---- all of it ---- */

static int load_current(struct phones *phones, struct store *store)
{
    int result = 0;
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL && result == 0; kind++) {
        struct store_list list;
        result = store_list_current(store, kind, &list);
        if (result == 0) {
            text_copy(phones->current[kind], LIST_HASH, list.hash);
            store_list_fini(&list);
        } else if (result == ERR_NOT_FOUND) {
            result = 0;
        }
    }
    return result;
}

static int load_all(struct loading *l, struct store *store)
{
    int result = map_new(&l->by_profile, PROFILES_MAX);
    if (result == 0)
        result = map_new(&l->by_device, PHONES_MAX);
    if (result == 0)
        result = map_new(&l->published, LISTS_MAX);
    if (result == 0)
        result = load_current(l->phones, store);
    if (result == 0)
        result = store_profiles(store, load_profile, l);
    if (result == 0)
        result = store_devices(store, load_device, l);
    if (result == 0)
        result = store_lists(store, note_published, l);
    if (result == 0)
        result = store_held(store, NULL, load_held, l);
    return result ? result : load_enrolments(l, store);
}

int phones_load(struct phones *out, struct cluster *cluster, struct why *why)
{
    struct phones phones = {.items = NULL};
    struct loading l = {.phones = &phones};
    int result = load_all(&l, cluster_store(cluster));
    if (result == 0)
        result = load_registrations(&l, cluster);
    map_free(l.by_profile);
    map_free(l.by_device);
    map_free(l.published);
    free(l.profiles);
    if (result) {
        phones_free(&phones);
        return why_error(why, result, "the phones cannot be read: %s", error_text(result));
    }
    *out = phones;
    return 0;
}

void phones_free(struct phones *phones)
{
    free(phones->items);
    *phones = (struct phones){.items = NULL};
}
