/*
 * webpage_parts: what HTML and XML pages share (internal to webpage).
 */
#ifndef PHONE_WEBPAGE_PARTS_H
#define PHONE_WEBPAGE_PARTS_H

#include "phone/webmarkup.h"
#include "phone/webpage.h"

/* Phones number their streams from 1 to 5, whether there is a call or not. */
#define WEBPAGE_STREAMS_SHOWN 5

struct webpage {
    const char *path;
    const char *adapter; /* of real phones; NULL: none is known */
    bool prefix;         /* the adapter goes on with a number that does not count */
    bool xml, of_a_stream;
    const char *title; /* NULL: not in the menu */
    void (*make)(struct buffer *out, const struct webfacts *facts, size_t stream);
};

/* "001122334455": the device's name without SEP. */
const char *webpage_mac(const struct webfacts *facts);
/* Its number, by its call manager, or by the configuration of a SIP phone; "" when not known. */
const char *webpage_number(const struct webfacts *facts);
/* The firmware that its configuration names; "" when none. */
const char *webpage_load(const struct webfacts *facts);
/* Number `n` from 1 on; of a stream there never was all is zero. */
struct webfacts_stream webpage_stream(const struct webfacts *facts, size_t n);
/* "192.0.2.1/20480", as phones write it; 0.0.0.0/0 when not known. */
#define WEBPAGE_ADDRESS (ADDRESS_TEXT + 8)
char *webpage_address(char out[WEBPAGE_ADDRESS], const struct address *address);
/* "Active", "Not Ready". */
const char *webpage_status(const struct webfacts_stream *stream);
/* "13:28:03" of the phone's time; "00:00:00" when it is 0. */
#define WEBPAGE_TIME 16
char *webpage_time(char out[WEBPAGE_TIME], int64_t wall);

/* ---- webpage_xml.c ---- */

void webpage_xml_device(struct buffer *out, const struct webfacts *facts, size_t stream);
void webpage_xml_network(struct buffer *out, const struct webfacts *facts, size_t stream);
void webpage_xml_log(struct buffer *out, const struct webfacts *facts, size_t stream);
void webpage_xml_streaming(struct buffer *out, const struct webfacts *facts, size_t stream);

/* ---- webpage_trust.c ---- */

void webpage_trust(struct buffer *out, const struct webfacts *facts, size_t stream);
/* The MD5 of a list as a row of the table that is open, or that there is none. */
void webpage_md5_row(struct buffer *out, const char *name, const struct held_list *list);

#endif
