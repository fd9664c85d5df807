/*
 * span: what a phone's PC port shows where "Span to PC Port" is on: a copy of the packets that pass
 * its network port, here those of its audio. Kept as a capture file (pcap, raw IP packets), which
 * Wireshark and tcpdump read.
 */
#ifndef PHONE_SPAN_H
#define PHONE_SPAN_H

#include "net/address.h"

#define SPAN_MAX (64 * 1024 * 1024) /* bytes that are kept, of a call some 50 minutes */

struct span;
int span_new(struct span **out) CHECKED;
void span_free(struct span *span);
/* A datagram that was sent or has come; both addresses are of one family. What there is no room for
 * is left out. */
void span_add(struct span *span, const struct address *from, const struct address *to,
              struct bytes payload);
int span_save(const struct span *span, const char *path, struct why *why) CHECKED;

#endif
