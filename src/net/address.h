/*
 * address: IPv4 and IPv6 socket addresses as values.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "base/bytes.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t size;
};

#define ADDRESS_TEXT 64

/* A numeric address; no names are looked up. "::" and "0.0.0.0" are fine. */
int address_parse(struct address *out, const char *text, uint16_t port) CHECKED;
/* "host", "host:port", "[v6]:port": names are looked up (this may wait: not on a loop). */
int address_resolve(struct address *out, const char *text, uint16_t default_port,
                    struct why *why) CHECKED;
/* "192.0.2.1" or "2001:db8::1"; IPv4 inside IPv6 is written as IPv4. */
char *address_host(char out[ADDRESS_TEXT], const struct address *address);
/* "192.0.2.1:69" or "[2001:db8::1]:69". */
char *address_text(char out[ADDRESS_TEXT], const struct address *address);
uint16_t address_port(const struct address *address);
/* The address bytes alone (4 or 16; IPv4 inside IPv6 gives 4): the key of limits and maps. */
struct bytes address_bytes(const struct address *address);
/* Who is behind it, for limits: the address, or of IPv6 the first 8 bytes, since who has a link has
 * 2^64 addresses. */
struct bytes address_source(const struct address *address);
bool address_equal(const struct address *a, const struct address *b);
/* 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct address *address);
/* Can it be that of one machine: no wildcard, broadcast or multicast address? */
bool address_is_of_a_host(const struct address *address);

#endif
