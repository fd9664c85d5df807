/*
 * tcp: sockets that wait for connections.
 */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "net/address.h"

/* A non-blocking, close-on-exec socket bound to `local`, with SO_REUSEADDR, not listening yet. IPv6
 * sockets take IPv6 only. The message names the address. */
int tcp_bind(int *fd, const struct address *local, struct why *why) CHECKED;
/* The address a socket is bound to. */
int tcp_local_address(int fd, struct address *out) CHECKED;

#endif
