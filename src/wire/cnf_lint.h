/*
 * cnf_lint: the linter's inside (internal to this room). The rules lie in tables by subject, one
 * file a subject; docs/protocols/configuration.md, "The rules", lists them by number with the
 * evidence for each.
 */
#ifndef WIRE_CNF_LINT_H
#define WIRE_CNF_LINT_H

#include "wire/cnf_document.h"

enum lint_scope {
    LINT_BYTES,  /* looks at the bytes, also of files that do not parse */
    LINT_TREE,   /* any configuration: device or Default */
    LINT_DEVICE, /* a phone's own file, full or short */
    LINT_FULL,   /* a phone's own full file */
};

struct lint {
    struct bytes xml;
    const struct lint_context *context;
    struct cnf_document document; /* root NULL when it does not parse or is no configuration */
    const xmlNode *root;
    enum cnf_fault fault;
    unsigned fault_line;
    struct why fault_why;
    bool is_default, is_short, sip;
    unsigned mode; /* deviceSecurityMode as written; 0: absent */
    unsigned transport, capf_auth;
    bool encrypted;
    /* where findings go */
    const struct lint_rule *rule; /* the one that runs */
    struct lint_finding *out;
    size_t max, kept, count;
};

struct lint_rule {
    unsigned number; /* 0 ends a table */
    enum lint_severity severity;
    bool security;
    enum lint_scope scope;
    const char *text; /* what it means for the phone: the second half of most findings */
    void (*check)(struct lint *lint);
};

extern const struct lint_rule lint_file_rules[];
extern const struct lint_rule lint_server_rules[];
extern const struct lint_rule lint_trust_rules[];
extern const struct lint_rule lint_surface_rules[];
extern const struct lint_rule lint_phone_rules[];
extern const struct lint_rule lint_value_rules[];

/* ---- for the checks ---- */

/* A finding of the running rule: what is there, then the rule's own text. `at` may be NULL. */
void lint_find(struct lint *lint, const xmlNode *at, const char *format, ...) PRINTF_LIKE(3, 4);
/* A finding with a text, a severity and a line of its own. */
void lint_say(struct lint *lint, enum lint_severity severity, unsigned line, const char *format,
              ...) PRINTF_LIKE(4, 5);

bool lint_generation_is(const struct lint *lint, const char *letters);
bool lint_is_secure(const struct lint *lint); /* mode 2 or 3 */
/* A value of vendorConfig, commonConfig or enterpriseConfig, the first overruling the others. false
 * when none has it; *at is the element. `at` may be NULL. */
bool lint_product(const struct lint *lint, const char *name, char *out, size_t size,
                  const xmlNode **at);
bool lint_product_is(const struct lint *lint, const char *name, const char *value,
                     const xmlNode **at);
/* All elements in document order: NULL begins, NULL is the end. */
const xmlNode *lint_next(const struct lint *lint, const xmlNode *node);
bool lint_is_leaf(const xmlNode *node);
/* The members of the group of call managers, each member's callManager. NULL begins and ends. */
const xmlNode *lint_next_manager(const struct lint *lint, const xmlNode *manager);
/* Text of a leaf, "" when empty. */
const char *lint_text(const xmlNode *node, char out[CNF_TEXT]);
bool lint_is_ip(const char *host);

/* ---- what elements are ---- */

enum element_kind {
    ELEMENT_CONTAINER,
    ELEMENT_OPAQUE, /* a container of names we do not know */
    ELEMENT_TEXT,
    ELEMENT_LABEL,  /* at most 30 characters */
    ELEMENT_FLAG,   /* true or false */
    ELEMENT_CHOICE, /* one of `choices` */
    ELEMENT_NUMBER,
    ELEMENT_PORT,
    ELEMENT_HOST,
    ELEMENT_URL,
    ELEMENT_SECRET, /* a password or key in clear */
};
struct element {
    const char *name;
    enum element_kind kind;
    const char *choices; /* "0|1|2" */
};
/* NULL for names nobody has listed. loadInformationNNN counts as loadInformation. */
const struct element *element_find(const char *name);
/* One that differs in case alone, or NULL. */
const struct element *element_find_nocase(const char *name);
/* May it stand more than once in its parent? */
bool element_repeats(const char *name);
bool element_is_secret(const char *name);
/* The table in order of names; ended by a NULL name. */
const struct element *element_table(void);

#endif
