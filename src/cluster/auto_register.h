/*
 * auto_register: phones that nobody has added get a number of a range when they register.
 *
 * In non-secure mode only: in mixed mode nobody would know whom to trust.
 */
#ifndef CLUSTER_AUTO_REGISTER_H
#define CLUSTER_AUTO_REGISTER_H

#include "store/store.h"

#define AUTO_NUMBERS_MAX 100000 /* of a range */

/* The parameter auto_registration taken apart: "off", or "1000-1999". */
struct auto_numbers {
    bool on;
    uint64_t first, last;
    unsigned digits; /* of each number, leading zeros among them */
};
/* ERR_USAGE when it is neither: the ends of a range have as many digits, and are in order. */
int auto_numbers_parse(struct auto_numbers *out, const char *value) CHECKED;
/* As the cluster has it now: off in mixed mode, whatever the parameter says. */
int auto_numbers_load(struct auto_numbers *out, struct store *store) CHECKED;

/* Adds the phone with the first free number, as one of the profile sccp-non-secure in the pool
 * Default; `type` is the device type it registers with. Mode and range are those of the moment it
 * is added. ERR_POLICY: phones may not, or that is no model known, or one that does not speak SCCP;
 * ERR_LIMIT: no number is left; ERR_DUPLICATE: the phone is there. */
int auto_register(struct store *store, const char *device, uint32_t type, char number[LINE_NUMBER],
                  struct why *why) CHECKED;

#endif
