#include "net/turns.h"

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Those of one source. Lanes are a ring; a lane exists as long as somebody waits in it. */
struct turn_lane {
    struct turn_lane *previous, *next;
    struct turn *first;
    struct turn **last;
    size_t key_size;
    uint8_t key[16];
};

struct turns {
    struct map *lanes;         /* source -> struct turn_lane */
    struct turn_lane *current; /* whose turn it is */
};

int turns_new(struct turns **out, size_t addresses)
{
    struct turns *turns = calloc(1, sizeof *turns);
    if (!turns)
        return -ENOMEM;
    int result = map_new(&turns->lanes, addresses);
    if (result) {
        free(turns);
        return result;
    }
    *out = turns;
    return 0;
}

static void lane_free(struct turns *turns, struct turn_lane *lane)
{
    map_remove(turns->lanes, bytes_of(lane->key, lane->key_size));
    if (turns->current == lane)
        turns->current = lane->next == lane ? NULL : lane->next;
    lane->previous->next = lane->next;
    lane->next->previous = lane->previous;
    free(lane);
}

/* A new lane is the last whose turn comes. */
static int lane_new(struct turn_lane **out, struct turns *turns, struct bytes key)
{
    struct turn_lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return -ENOMEM;
    int result = key.size > sizeof lane->key ? ERR_BUG : map_add(turns->lanes, key, lane);
    if (result) {
        free(lane);
        return result;
    }
    lane->last = &lane->first;
    lane->key_size = key.size;
    memcpy(lane->key, key.data, key.size);
    lane->next = lane->previous = lane;
    if (turns->current) {
        lane->next = turns->current;
        lane->previous = turns->current->previous;
        lane->previous->next = lane->next->previous = lane;
    } else {
        turns->current = lane;
    }
    *out = lane;
    return 0;
}

void turns_free(struct turns *turns)
{
    if (!turns)
        return;
    while (turns->current) {
        for (struct turn *t = turns->current->first; t; t = t->next)
            t->lane = NULL;
        lane_free(turns, turns->current);
    }
    map_free(turns->lanes);
    free(turns);
}

int turns_add(struct turns *turns, struct turn *turn, const struct address *peer)
{
    if (turn->lane)
        return 0;
    struct bytes key = address_source(peer);
    struct turn_lane *lane = map_get(turns->lanes, key);
    int result = lane ? 0 : lane_new(&lane, turns, key);
    if (result)
        return result;
    turn->next = NULL;
    turn->lane = lane;
    *lane->last = turn;
    lane->last = &turn->next;
    return 0;
}

void turns_remove(struct turns *turns, struct turn *turn)
{
    struct turn_lane *lane = turn->lane;
    if (!lane)
        return;
    struct turn **link = &lane->first;
    while (*link != turn)
        link = &(*link)->next;
    *link = turn->next;
    if (!*link)
        lane->last = link;
    turn->lane = NULL;
    if (!lane->first)
        lane_free(turns, lane);
}

struct turn *turns_next(struct turns *turns)
{
    struct turn_lane *lane = turns->current;
    if (!lane)
        return NULL;
    struct turn *turn = lane->first;
    turns->current = lane->next;
    turns_remove(turns, turn);
    return turn;
}

bool turns_waiting(const struct turns *turns)
{
    return turns->current != NULL;
}
