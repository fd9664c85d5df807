/*
 * cnf_blocks: the pieces of XML that are the same in every configuration file (internal to this
 * room). Each writes its elements, with white space inside every container: phones skip a container
 * that has none of its own (docs/protocols/configuration.md, "The file").
 */
#ifndef WIRE_CNF_BLOCKS_H
#define WIRE_CNF_BLOCKS_H

#include "wire/cnf.h"

#define CNF_MANAGERS_MAX 3

/* Text as element or attribute content. NULL is "". */
void cnf_escape(struct buffer *out, const char *text);

/* <member ...> elements, one a line. An SCCP member carries ethernetPhonePort, a SIP member the two
 * SIP ports, a member for both (XMLDefault) all three. */
enum cnf_ports { CNF_PORTS_SCCP, CNF_PORTS_SIP, CNF_PORTS_BOTH };
void cnf_write_members(struct buffer *out, const struct cnf_values *values, enum cnf_ports ports);
/* A whole <TVS>, <capfList> or <ntps>; nothing when there is nobody to name. */
void cnf_write_tvs(struct buffer *out, const struct cnf_values *values);
void cnf_write_capf(struct buffer *out, const struct cnf_values *values);
void cnf_write_ntps(struct buffer *out, const struct cnf_values *values);
/* <line ...> elements, one a line. */
void cnf_write_lines(struct buffer *out, const struct cnf_values *values);

#endif
