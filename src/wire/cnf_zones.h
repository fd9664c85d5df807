/*
 * cnf_zones: the time zones that 79xx phones know, by names of their own
 * (docs/protocols/configuration.md).
 */
#ifndef WIRE_CNF_ZONES_H
#define WIRE_CNF_ZONES_H

enum { CNF_ZONES = 53 };
struct cnf_zone {
    const char *name;  /* "W. Europe Standard/Daylight Time" */
    const char *place; /* one that has that time: "Europe/Berlin" */
};
extern const struct cnf_zone cnf_zones[CNF_ZONES];

#endif
