/* Rules about values and names of elements: 48 to 50. */
#include "wire/cnf_lint.h"

#include "base/map.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* ---- flags ---- */

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (strncmp(p, value, n) == 0 && (p[n] == '|' || p[n] == '\0'))
            return true;
    return false;
}

static bool is_spelled_out(const char *value)
{
    static const char *const words[] = {"on", "off", "yes", "no"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_equal_nocase(value, words[i]))
            return true;
    return false;
}

static void check_flag(struct lint *lint, const xmlNode *node, const char *value)
{
    const struct element *e = element_find((const char *)node->name);
    char shown[32];
    text_escape(shown, sizeof shown, bytes_of_string(value));
    const char *choices = !e                          ? NULL
                          : e->kind == ELEMENT_FLAG   ? "true|false"
                          : e->kind == ELEMENT_CHOICE ? e->choices
                                                      : NULL;
    if (choices ? !is_choice(choices, value) : !e && is_spelled_out(value))
        lint_find(lint, node, "%.60s is '%s' where %s is right", (const char *)node->name, shown,
                  choices ? choices : "true|false or 0|1");
}

static void check_flags(struct lint *lint)
{
    char value[CNF_TEXT];
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n))
        if (lint_is_leaf(n) && cnf_text(n, value, sizeof value))
            check_flag(lint, n, value);
}

/* ---- empty elements ---- */

/* CUCM writes empty texts all the time, and they mean nothing. An empty flag, number or secret is
 * one that somebody wanted to clear. */
static bool means_to_clear(const xmlNode *node)
{
    const struct element *e = element_find((const char *)node->name);
    if (!e)
        return false;
    switch (e->kind) {
    case ELEMENT_FLAG:
    case ELEMENT_CHOICE:
    case ELEMENT_NUMBER:
    case ELEMENT_PORT:
    case ELEMENT_SECRET:
        return true;
    default:
        return false;
    }
}

static void check_empty(struct lint *lint)
{
    char text[CNF_TEXT];
    if (!lint->sip)
        return;
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n))
        if (lint_is_leaf(n) && !cnf_text(n, text, sizeof text) && means_to_clear(n))
            lint_find(lint, n, "%s is empty", (const char *)n->name);
}

/* ---- names ---- */

static bool is_opaque(const xmlNode *node)
{
    const struct element *e = element_find((const char *)node->name);
    return e && e->kind == ELEMENT_OPAQUE;
}

static bool is_inside_opaque(const struct lint *lint, const xmlNode *node)
{
    for (const xmlNode *p = node->parent; p && p != lint->root->parent; p = p->parent)
        if (is_opaque(p))
            return true;
    return false;
}

static void check_name(struct lint *lint, const xmlNode *node)
{
    const char *name = (const char *)node->name;
    if (element_find(name))
        return;
    const struct element *like = element_find_nocase(name);
    if (like)
        lint_find(lint, node, "'%.60s' is '%s' in the wrong case", name, like->name);
    else if (!is_inside_opaque(lint, node))
        lint_find(lint, node, "'%.60s' is a name nobody knows", name);
}

/* Names of one parent's children that were seen. */
static void check_duplicates(struct lint *lint, const xmlNode *parent)
{
    struct map *seen = NULL;
    if (map_new(&seen, CNF_ELEMENTS_MAX))
        return;
    for (const xmlNode *n = cnf_child(parent, NULL); n; n = cnf_next(n, NULL)) {
        struct bytes name = bytes_of_string((const char *)n->name);
        const xmlNode *first = map_get(seen, name);
        if (first && !element_repeats((const char *)n->name))
            lint_find(lint, n, "'%.60s' stands in line %u already; SIP phones take the last",
                      (const char *)n->name, cnf_line(first));
        else if (!first && map_add(seen, name, (void *)(uintptr_t)n))
            break;
    }
    map_free(seen);
}

static void check_names(struct lint *lint)
{
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n)) {
        check_name(lint, n);
        if (!lint_is_leaf(n))
            check_duplicates(lint, n);
    }
}

const struct lint_rule lint_value_rules[] = {
    {48, LINT_ERROR, false, LINT_TREE,
     "a wrong flag is a wrong setting, and on or off stops a 7940 or 7960 at boot", check_flags},
    {49, LINT_WARNING, false, LINT_DEVICE,
     "SIP phones take an empty element for an absent one and keep the old value", check_empty},
    {50, LINT_WARNING, false, LINT_TREE, "the phone will not do what was meant", check_names},
    {0},
};
