/*
 * turns: who is served next, so that no address delays another.
 *
 * Addresses take turns (of IPv6, links do: address_source()); within one it is first come, first
 * served.
 */
#ifndef NET_TURNS_H
#define NET_TURNS_H

#include "net/address.h"

struct turns;

/* Embedded in what waits; zeroed before its first use. */
struct turn {
    struct turn *next;
    struct turn_lane *lane; /* NULL: it does not wait */
};

/* At most `addresses` different ones wait at once. */
int turns_new(struct turns **out, size_t addresses) CHECKED;
/* Those who still wait are forgotten. */
void turns_free(struct turns *turns);
/* To the end of its address's lane; nothing when it waits already. */
int turns_add(struct turns *turns, struct turn *turn, const struct address *peer) CHECKED;
/* Takes out whose turn it is; NULL when nobody waits. */
struct turn *turns_next(struct turns *turns);
/* Waits no longer; nothing when it does not wait. */
void turns_remove(struct turns *turns, struct turn *turn);
bool turns_waiting(const struct turns *turns);

#endif
