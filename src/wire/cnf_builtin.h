/*
 * cnf_builtin: the templates of src/wire/templates/, compiled in by tools/embed-templates (internal
 * to this room).
 */
#ifndef WIRE_CNF_BUILTIN_H
#define WIRE_CNF_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

struct cnf_builtin {
    char generation; /* 0 ends the table */
    bool sip;
    const char *text;
    size_t size;
};

extern const struct cnf_builtin cnf_builtins[];

#endif
