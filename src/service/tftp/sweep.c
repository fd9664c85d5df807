#include "service/tftp/sweep.h"

#include "base/map.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADDRESSES = 16384, /* in a minute; those beyond are not counted */
    NAMES = 65536,     /* the same; beyond them each request counts as a new name */
    NETWORK = 8,       /* bytes of an IPv6 address that are its network */
};

/* An address in this minute. */
struct crowd_of_names {
    struct crowd_of_names *next; /* of those that were noticed */
    struct sweep_report report;
    unsigned used;    /* of the allowance */
    int64_t next_due; /* when the next new name has its turn */
    bool noticed, said;
};

/* A name an address has asked for. */
struct asked_name {
    int64_t due;
    bool stranger;
};

struct sweep {
    unsigned allowance;
    int64_t start; /* of this minute */
    struct map *addresses, *names;
    struct crowd_of_names *noticed;
    struct crowd_of_names *ended; /* of the minute before, to be said */
    struct sweep_counters counters;
};

/* ---- keys ---- */

struct key {
    uint8_t bytes[16 + DEVICE_NAME_LENGTH];
    size_t address, size;
};

static struct key key_of(const struct address *peer, const char *device)
{
    struct key key = {0};
    struct bytes address = address_bytes(peer);
    key.address = address.size == 16 ? NETWORK : address.size;
    memcpy(key.bytes, address.data, key.address);
    key.size = key.address;
    for (; *device && key.size < sizeof key.bytes; device++)
        key.bytes[key.size++] = (uint8_t)*device;
    return key;
}

static struct bytes address_key(const struct key *key)
{
    return bytes_of(key->bytes, key->address);
}

static struct bytes name_key(const struct key *key)
{
    return bytes_of(key->bytes, key->size);
}

/* ---- minutes ---- */

static void empty(struct map *map)
{
    size_t position = 0;
    void *value;
    while (map && (value = map_next(map, &position, NULL)) != NULL)
        free(value);
    map_free(map);
}

static void forget_ended(struct sweep *sweep)
{
    while (sweep->ended) {
        struct crowd_of_names *c = sweep->ended;
        sweep->ended = c->next;
        free(c);
    }
}

/* Those that were noticed are copied, as what was in the tables goes. */
static void end_minute(struct sweep *sweep)
{
    for (struct crowd_of_names *c = sweep->noticed; c; c = c->next) {
        struct crowd_of_names *copy = malloc(sizeof *copy);
        if (!copy)
            break;
        *copy = *c;
        copy->next = sweep->ended;
        sweep->ended = copy;
    }
    sweep->noticed = NULL;
    empty(sweep->addresses);
    empty(sweep->names);
    sweep->addresses = sweep->names = NULL;
}

/* Tables of this minute; false when there is no memory for them: nobody is counted then. */
static bool have_tables(struct sweep *sweep, int64_t now)
{
    if (sweep->addresses && now - sweep->start >= SWEEP_WINDOW_MS)
        end_minute(sweep);
    if (sweep->addresses)
        return true;
    sweep->start = now;
    if (map_new(&sweep->addresses, ADDRESSES) != 0)
        return false;
    if (map_new(&sweep->names, NAMES) == 0)
        return true;
    map_free(sweep->addresses);
    sweep->addresses = NULL;
    return false;
}

int sweep_new(struct sweep **out, unsigned allowance)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep)
        return -ENOMEM;
    sweep->allowance = allowance;
    *out = sweep;
    return 0;
}

void sweep_free(struct sweep *sweep)
{
    if (!sweep)
        return;
    forget_ended(sweep);
    empty(sweep->addresses);
    empty(sweep->names);
    free(sweep);
}

/* ---- questions ---- */

static struct crowd_of_names *crowd_of(struct sweep *sweep, const struct key *key,
                                       const struct address *peer)
{
    struct crowd_of_names *c = map_get(sweep->addresses, address_key(key));
    if (c)
        return c;
    c = calloc(1, sizeof *c);
    if (c && map_add(sweep->addresses, address_key(key), c) != 0) {
        free(c);
        c = NULL;
    }
    if (c)
        c->report.peer = *peer;
    return c;
}

static void notice(struct sweep *sweep, struct crowd_of_names *c)
{
    if (c->used <= sweep->allowance || c->noticed)
        return;
    c->noticed = true;
    c->next = sweep->noticed;
    sweep->noticed = c;
    sweep->counters.sweeps++;
}

/* The turn of a new name: at once within the allowance, else behind the last one's. */
static int64_t turn_of(struct sweep *sweep, struct crowd_of_names *c, int64_t now)
{
    if (!c->noticed)
        return now;
    int64_t due = c->next_due > now ? c->next_due : now;
    if (due - now > SWEEP_LONGEST_MS) {
        c->report.unanswered++;
        sweep->counters.unanswered++;
        return -1;
    }
    c->next_due = due + SWEEP_STEP_MS;
    c->report.slowed += due > now;
    sweep->counters.slowed += due > now;
    return due;
}

/* When there is no room for it, it counts as new again the next time. */
static void remember(struct sweep *sweep, const struct key *key, int64_t due)
{
    struct asked_name *name = malloc(sizeof *name);
    if (!name)
        return;
    *name = (struct asked_name){.due = due};
    if (map_add(sweep->names, name_key(key), name) != 0)
        free(name);
}

int64_t sweep_ask(struct sweep *sweep, const struct address *peer, const char *device, int64_t now)
{
    if (sweep->allowance == 0 || !have_tables(sweep, now))
        return 0;
    const struct key key = key_of(peer, device);
    const struct asked_name *known = map_get(sweep->names, name_key(&key));
    if (known)
        return known->due > now ? known->due - now : 0;
    struct crowd_of_names *c = crowd_of(sweep, &key, peer);
    if (!c)
        return 0;
    int64_t due = turn_of(sweep, c, now);
    if (due < 0)
        return -1;
    remember(sweep, &key, due);
    c->report.names++;
    c->used++;
    notice(sweep, c);
    return due - now;
}

void sweep_stranger(struct sweep *sweep, const struct address *peer, const char *device,
                    int64_t now)
{
    if (sweep->allowance == 0 || !have_tables(sweep, now))
        return;
    const struct key key = key_of(peer, device);
    struct asked_name *name = map_get(sweep->names, name_key(&key));
    struct crowd_of_names *c = map_get(sweep->addresses, address_key(&key));
    if (!c || (name && name->stranger))
        return;
    if (name)
        name->stranger = true;
    c->report.strangers++;
    c->used += SWEEP_STRANGER - 1;
    notice(sweep, c);
}

/* ---- what is to be said ---- */

bool sweep_report(struct sweep *sweep, int64_t now, struct sweep_report *out)
{
    if (sweep->addresses && now - sweep->start >= SWEEP_WINDOW_MS)
        end_minute(sweep);
    if (sweep->ended) {
        struct crowd_of_names *c = sweep->ended;
        sweep->ended = c->next;
        *out = c->report;
        out->over = true;
        free(c);
        return true;
    }
    struct crowd_of_names *c = sweep->noticed;
    while (c && c->said)
        c = c->next;
    if (!c)
        return false;
    c->said = true;
    *out = c->report;
    return true;
}

const struct sweep_counters *sweep_counters(const struct sweep *sweep)
{
    return &sweep->counters;
}
