#include "wire/cnf_lint.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* ---- findings ---- */

static int rank(enum lint_severity severity)
{
    return severity == LINT_ERROR ? 0 : severity == LINT_WARNING ? 1 : 2;
}

static bool comes_before(const struct lint_finding *a, const struct lint_finding *b)
{
    if (a->severity != b->severity)
        return rank(a->severity) < rank(b->severity);
    if (a->line != b->line)
        return a->line < b->line;
    return a->rule < b->rule;
}

/* The best `max` are kept in order; what does not fit is only counted. */
static void keep(struct lint *lint, const struct lint_finding *finding)
{
    lint->count++;
    size_t at = lint->kept;
    while (at > 0 && comes_before(finding, &lint->out[at - 1]))
        at--;
    if (at == lint->max)
        return;
    size_t last = lint->kept < lint->max ? lint->kept++ : lint->max - 1;
    memmove(&lint->out[at + 1], &lint->out[at], (last - at) * sizeof *lint->out);
    lint->out[at] = *finding;
}

/* Findings are logged and become JSON: one line of UTF-8, whatever the file holds. */
static void make_safe(char *text)
{
    bool utf8 = text_is_utf8(bytes_of_string(text));
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f || ((*text & 0x80) && !utf8))
            *text = '?';
}

static void found(struct lint *lint, enum lint_severity severity, unsigned line, const char *format,
                  va_list values) PRINTF_LIKE(4, 0);

static void found(struct lint *lint, enum lint_severity severity, unsigned line, const char *format,
                  va_list values)
{
    struct lint_finding f = {
        .rule = lint->rule->number,
        .severity = severity,
        .security = lint->rule->security,
        .line = line,
    };
    vsnprintf(f.text, sizeof f.text, format, values);
    make_safe(f.text);
    keep(lint, &f);
}

void lint_say(struct lint *lint, enum lint_severity severity, unsigned line, const char *format,
              ...)
{
    va_list values;
    va_start(values, format);
    found(lint, severity, line, format, values);
    va_end(values);
}

void lint_find(struct lint *lint, const xmlNode *at, const char *format, ...)
{
    char what[160];
    va_list values;
    va_start(values, format);
    vsnprintf(what, sizeof what, format, values);
    va_end(values);
    lint_say(lint, lint->rule->severity, at ? cnf_line(at) : 0, "%s: %s", what, lint->rule->text);
}

/* ---- what the checks ask ---- */

bool lint_generation_is(const struct lint *lint, const char *letters)
{
    return lint->context->generation && strchr(letters, lint->context->generation);
}

bool lint_is_secure(const struct lint *lint)
{
    return lint->mode == 2 || lint->mode == 3;
}

bool lint_product(const struct lint *lint, const char *name, char *out, size_t size,
                  const xmlNode **at)
{
    static const char *const blocks[] = {"vendorConfig", "commonConfig", "enterpriseConfig"};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        const xmlNode *node = cnf_path(cnf_path(lint->root, blocks[i]), name);
        if (!cnf_text(node, out, size))
            continue;
        if (at)
            *at = node;
        return true;
    }
    return false;
}

bool lint_product_is(const struct lint *lint, const char *name, const char *value,
                     const xmlNode **at)
{
    char text[CNF_TEXT];
    return lint_product(lint, name, text, sizeof text, at) && strcmp(text, value) == 0;
}

static const xmlNode *next_element(const xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

const xmlNode *lint_next(const struct lint *lint, const xmlNode *node)
{
    if (!node)
        return lint->root;
    const xmlNode *next = next_element(node->children);
    while (!next && node != lint->root) {
        next = next_element(node->next);
        node = node->parent;
    }
    return next;
}

bool lint_is_leaf(const xmlNode *node)
{
    return !next_element(node->children);
}

const xmlNode *lint_next_manager(const struct lint *lint, const xmlNode *manager)
{
    const char *path =
        lint->is_default ? "callManagerGroup/members" : "devicePool/callManagerGroup/members";
    const xmlNode *member = manager ? cnf_next(manager->parent, "member")
                                    : cnf_child(cnf_path(lint->root, path), "member");
    for (; member; member = cnf_next(member, "member")) {
        const xmlNode *found_one = cnf_child(member, "callManager");
        if (found_one)
            return found_one;
    }
    return NULL;
}

const char *lint_text(const xmlNode *node, char out[CNF_TEXT])
{
    cnf_text(node, out, CNF_TEXT);
    return out;
}

bool lint_is_ip(const char *host)
{
    uint8_t binary[16];
    return inet_pton(AF_INET, host, binary) == 1 || inet_pton(AF_INET6, host, binary) == 1;
}

/* ---- running ---- */

static void look_over(struct lint *lint)
{
    char text[CNF_TEXT];
    const xmlNode *root = lint->root;
    lint->is_default = cnf_is(root, "Default");
    lint->is_short = strcmp(lint_text(cnf_path(root, "fullConfig"), text), "false") == 0;
    lint_text(cnf_path(root, "deviceProtocol"), text);
    lint->sip = text[0] ? strcmp(text, "SIP") == 0 : cnf_child(root, "sipProfile") != NULL;
    lint->mode = cnf_number(cnf_path(root, "deviceSecurityMode"));
    lint->transport = cnf_number(cnf_path(root, "transportLayerProtocol"));
    lint->capf_auth = cnf_number(cnf_path(root, "capfAuthMode"));
    lint->encrypted = strcmp(lint_text(cnf_path(root, "encrConfig"), text), "true") == 0;
}

static bool applies(const struct lint *lint, enum lint_scope scope)
{
    switch (scope) {
    case LINT_BYTES:
        return true;
    case LINT_TREE:
        return lint->root;
    case LINT_DEVICE:
        return lint->root && !lint->is_default;
    default:
        return lint->root && !lint->is_default && !lint->is_short;
    }
}

static void run(struct lint *lint, const struct lint_rule *table)
{
    for (const struct lint_rule *rule = table; rule->number; rule++) {
        if (!applies(lint, rule->scope))
            continue;
        lint->rule = rule;
        rule->check(lint);
    }
}

void cnf_lint(struct lint_finding *out, size_t max, size_t *count, struct bytes xml,
              const struct lint_context *context)
{
    static const struct lint_rule *const tables[] = {
        lint_file_rules,    lint_server_rules, lint_trust_rules,
        lint_surface_rules, lint_phone_rules,  lint_value_rules,
    };
    struct lint lint = {
        .xml = xml, .context = context, .out = out, .max = max, .fault_why = WHY_NONE};
    if (cnf_document_read(&lint.document, xml, &lint.fault, &lint.fault_line, &lint.fault_why) ==
            0 &&
        (cnf_is(lint.document.root, "device") || cnf_is(lint.document.root, "Default"))) {
        lint.root = lint.document.root;
        look_over(&lint);
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        run(&lint, tables[i]);
    cnf_document_fini(&lint.document);
    *count = lint.count;
}
