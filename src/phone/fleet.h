/*
 * fleet: thousands of phones in one process, switched on at a rate.
 *
 * A phone exists from its start until it is through, so memory follows how many boot at once, not
 * how many there are - unless they stay registered, or call each other.
 */
#ifndef PHONE_FLEET_H
#define PHONE_FLEET_H

#include "net/address.h"
#include "phone/arguments.h"

/* 0 when every phone has got as far as it should, and every call; 3 when a phone refused something,
 * else 1. */
enum phone_exit fleet_run(const struct arguments *arguments, const struct address *server);

/* The source address of phone number `n` where the server is at 127.0.0.0/8: one of 127.1.0.1 to
 * 127.254.255.254, another for each of the first 16 million. false elsewhere. */
bool fleet_source(struct address *out, const struct address *server, size_t n);

#endif
