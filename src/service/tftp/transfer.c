#include "service/tftp/transfer.h"

#include "base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The wheel: one list for each tick of the next 25.6 s; what is due later passes several times. */
enum { WHEEL_SLOTS = 512 };

/* A place of the hash table: open addressing, linear probing. The tag keeps other peers' transfers
 * from being looked at. */
struct place {
    uint32_t tag;
    uint32_t slot; /* + 1; 0: free */
};

enum { PLACES_A_TRANSFER = 4 };

/* More than these are not kept when they are over. In a storm the transfers under way then use the
 * same memory again and again, which the processor still has at hand. */
enum { LINGERERS_MAX = 256 };

struct tftp_table {
    struct tftp_transfer *transfers;
    unsigned count;
    unsigned running;
    unsigned lingering;
    uint64_t last_id;
    struct crowd *crowd;
    struct place *places;
    size_t mask;
    uint64_t seed[2]; /* odd */
    struct tftp_link free;
    struct tftp_link lingerers; /* the longest first */
    struct tftp_link wheel[WHEEL_SLOTS];
    struct tftp_link due;
    int64_t tick; /* the next one to look at */
    bool ticking;
};

/* ---- lists ---- */

static void list_init(struct tftp_link *list)
{
    list->next = list->previous = list;
}

static void list_append(struct tftp_link *list, struct tftp_link *link)
{
    link->next = list;
    link->previous = list->previous;
    list->previous->next = link;
    list->previous = link;
}

static void list_remove(struct tftp_link *link)
{
    link->next->previous = link->previous;
    link->previous->next = link->next;
    list_init(link);
}

/* Moves all of `from` to the empty list `to`. */
static void list_move(struct tftp_link *to, struct tftp_link *from)
{
    if (from->next == from)
        return;
    *to = *from;
    to->next->previous = to;
    to->previous->next = to;
    list_init(from);
}

static struct tftp_transfer *by_timer(struct tftp_link *link)
{
    return (struct tftp_transfer *)((char *)link - offsetof(struct tftp_transfer, timer));
}

static struct tftp_transfer *by_queue(struct tftp_link *link)
{
    return (struct tftp_transfer *)((char *)link - offsetof(struct tftp_transfer, queue));
}

/* ---- the table ---- */

int tftp_table_new(struct tftp_table **out, unsigned transfers, unsigned per_address)
{
    struct tftp_table *table = calloc(1, sizeof *table);
    if (!table)
        return -ENOMEM;
    table->count = transfers;
    table->mask = 1;
    while (table->mask < (size_t)transfers * PLACES_A_TRANSFER)
        table->mask *= 2;
    table->places = calloc(table->mask, sizeof *table->places);
    table->mask--;
    table->transfers =
        aligned_alloc(_Alignof(struct tftp_transfer), transfers * sizeof *table->transfers);
    int result = table->places && table->transfers
                     ? crowd_new(&table->crowd, transfers, per_address)
                     : -ENOMEM;
    if (result) {
        tftp_table_free(table);
        return result;
    }
    secret_random(table->seed, sizeof table->seed);
    table->seed[0] |= 1;
    table->seed[1] |= 1;
    list_init(&table->free);
    list_init(&table->lingerers);
    list_init(&table->due);
    for (size_t i = 0; i < WHEEL_SLOTS; i++)
        list_init(&table->wheel[i]);
    for (unsigned i = 0; i < transfers; i++) {
        struct tftp_transfer *t = &table->transfers[i];
        *t = (struct tftp_transfer){.slot = i};
        list_init(&t->timer);
        list_append(&table->free, &t->queue);
    }
    *out = table;
    return 0;
}

void tftp_table_free(struct tftp_table *table)
{
    if (!table)
        return;
    crowd_free(table->crowd);
    free(table->places);
    free(table->transfers);
    free(table);
}

static struct tftp_peer key_of(const struct address *peer)
{
    struct tftp_peer key = {.rest = address_port(peer)};
    struct bytes raw = address_bytes(peer);
    memcpy(key.address, raw.data, raw.size);
    if (raw.size != 4)
        key.rest |= 1u << 16 | (uint64_t)peer->v6.sin6_scope_id << 32;
    return key;
}

static bool same_peer(const struct tftp_peer *a, const struct tftp_peer *b)
{
    return a->address[0] == b->address[0] && a->rest == b->rest && a->address[1] == b->address[1];
}

/* Multiplications by odd numbers of chance decide where a peer's transfers lie, and nobody outside
 * gets to see the place. Each datagram is looked up by it, so it is worth being faster than the map
 * of base/. */
static uint64_t stir(uint64_t x, uint64_t by)
{
    x *= by;
    return x ^ x >> 32;
}

static uint64_t hash_of(const struct tftp_table *table, const struct tftp_peer *key)
{
    uint64_t hash = stir(key->address[0] ^ table->seed[0], table->seed[1]);
    hash = stir(hash ^ key->address[1], table->seed[0]);
    return stir(hash ^ key->rest, table->seed[1]);
}

static void put_place(struct tftp_table *table, const struct tftp_transfer *t)
{
    uint64_t hash = hash_of(table, &t->key);
    size_t i = hash & table->mask;
    while (table->places[i].slot)
        i = (i + 1) & table->mask;
    table->places[i] = (struct place){.tag = (uint32_t)(hash >> 32), .slot = t->slot + 1};
}

static size_t home_of(const struct tftp_table *table, size_t i)
{
    return hash_of(table, &table->transfers[table->places[i].slot - 1].key) & table->mask;
}

/* Closes the gap that it leaves. */
static void clear_place(struct tftp_table *table, const struct tftp_transfer *t)
{
    size_t hole = hash_of(table, &t->key) & table->mask;
    while (table->places[hole].slot != t->slot + 1)
        hole = (hole + 1) & table->mask;
    for (size_t i = (hole + 1) & table->mask; table->places[i].slot; i = (i + 1) & table->mask) {
        if (((i - home_of(table, i)) & table->mask) < ((i - hole) & table->mask))
            continue;
        table->places[hole] = table->places[i];
        hole = i;
    }
    table->places[hole] = (struct place){0};
}

int tftp_table_add(struct tftp_table *table, struct tftp_transfer **out, const struct address *peer,
                   int64_t now)
{
    if (table->free.next == &table->free && table->lingerers.next == &table->lingerers)
        return ERR_LIMIT;
    int result = crowd_enter(table->crowd, address_bytes(peer));
    if (result)
        return result;
    if (table->free.next == &table->free)
        tftp_table_remove(table, by_queue(table->lingerers.next));
    struct tftp_transfer *t = by_queue(table->free.next);
    unsigned slot = t->slot;
    list_remove(&t->queue);
    uint64_t number = ++table->last_id;
    *t = (struct tftp_transfer){.id = number * table->count + slot,
                                .number = number,
                                .slot = slot,
                                .state = TFTP_OPENING,
                                .peer = *peer,
                                .started = now,
                                .progress = now};
    list_init(&t->timer);
    list_init(&t->queue);
    t->key = key_of(peer);
    put_place(table, t);
    table->running++;
    *out = t;
    return 0;
}

static void stop_running(struct tftp_table *table, struct tftp_transfer *t)
{
    if (t->state == TFTP_LINGERING || t->state == TFTP_FREE)
        return;
    crowd_leave(table->crowd, address_bytes(&t->peer));
    table->running--;
}

void tftp_table_linger(struct tftp_table *table, struct tftp_transfer *t)
{
    if (t->state == TFTP_LINGERING || t->state == TFTP_FREE)
        return;
    stop_running(table, t);
    t->state = TFTP_LINGERING;
    table->lingering++;
    list_append(&table->lingerers, &t->queue);
    if (table->lingering > LINGERERS_MAX)
        tftp_table_remove(table, by_queue(table->lingerers.next));
}

void tftp_table_remove(struct tftp_table *table, struct tftp_transfer *t)
{
    if (t->state == TFTP_FREE)
        return;
    if (t->state == TFTP_LINGERING)
        table->lingering--;
    stop_running(table, t);
    clear_place(table, t);
    list_remove(&t->timer);
    list_remove(&t->queue);
    t->state = TFTP_FREE;
    t->id = 0;
    list_append(table->free.next, &t->queue); /* to the front: its memory is warm */
}

struct tftp_transfer *tftp_table_find(const struct tftp_table *table, const struct address *peer,
                                      size_t *position)
{
    const struct tftp_peer key = key_of(peer);
    uint64_t hash = hash_of(table, &key);
    for (;;) {
        const struct place *place = &table->places[(hash + *position) & table->mask];
        if (!place->slot)
            return NULL;
        (*position)++;
        struct tftp_transfer *t = &table->transfers[place->slot - 1];
        if (place->tag == (uint32_t)(hash >> 32) && same_peer(&t->key, &key))
            return t;
    }
}

struct tftp_transfer *tftp_table_by_id(struct tftp_table *table, uint64_t id)
{
    struct tftp_transfer *t = &table->transfers[id % table->count];
    return id && t->id == id ? t : NULL;
}

struct tftp_transfer *tftp_table_any(struct tftp_table *table)
{
    for (unsigned i = 0; i < table->count; i++)
        if (table->transfers[i].state != TFTP_FREE)
            return &table->transfers[i];
    return NULL;
}

unsigned tftp_table_running(const struct tftp_table *table)
{
    return table->running;
}

bool tftp_table_is_empty(const struct tftp_table *table)
{
    return table->running + table->lingering == 0;
}

/* ---- deadlines ---- */

/* The first tick at which the deadline has passed for sure. */
static int64_t tick_of(int64_t deadline)
{
    return deadline / TFTP_TICK_MS + 1;
}

void tftp_table_schedule(struct tftp_table *table, struct tftp_transfer *t)
{
    int64_t tick = tick_of(t->deadline);
    if (table->ticking && tick < table->tick)
        tick = table->tick;
    list_remove(&t->timer);
    list_append(&table->wheel[tick % WHEEL_SLOTS], &t->timer);
}

struct tftp_transfer *tftp_table_due(struct tftp_table *table, int64_t now)
{
    int64_t last = now / TFTP_TICK_MS;
    if (!table->ticking || last - table->tick > WHEEL_SLOTS)
        table->tick = last < WHEEL_SLOTS ? 0 : last - WHEEL_SLOTS + 1; /* once around: all lists */
    table->ticking = true;
    for (;;) {
        while (table->due.next != &table->due) {
            struct tftp_transfer *t = by_timer(table->due.next);
            list_remove(&t->timer);
            if (t->deadline < now)
                return t;
            tftp_table_schedule(table, t);
        }
        if (table->tick > last)
            return NULL;
        list_move(&table->due, &table->wheel[table->tick++ % WHEEL_SLOTS]);
    }
}
