/*
 * lint: helpers for the tests of the linter.
 */
#ifndef TEST_LINT_H
#define TEST_LINT_H

#include "support.h"

#include "wire/cnf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINDINGS_MAX = 64 };

struct findings {
    struct lint_finding list[FINDINGS_MAX];
    size_t count;
};

static inline void lint_bytes(struct findings *out, struct bytes xml,
                              const struct lint_context *context)
{
    static const struct lint_context nothing = {0};
    cnf_lint(out->list, FINDINGS_MAX, &out->count, xml, context ? context : &nothing);
    assert_true(out->count <= FINDINGS_MAX);
    for (size_t i = 0; i < out->count; i++) {
        const struct lint_finding *f = &out->list[i];
        if (strlen(f->text) < 12 || strlen(f->text) + 1 >= sizeof f->text)
            fail_msg("rule %u says too little or too much: '%s'", f->rule, f->text);
    }
}

/* The first finding of a rule, or NULL. */
static inline const struct lint_finding *find_rule(const struct findings *f, unsigned rule)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].rule == rule)
            return &f->list[i];
    return NULL;
}

static inline void print_findings(const struct findings *f)
{
    for (size_t i = 0; i < f->count; i++)
        print_message("# %c%u line %u: %s\n", f->list[i].severity, f->list[i].rule, f->list[i].line,
                      f->list[i].text);
}

#endif
