/* Rules about the file as such: 1 to 5, 53 to 55, 59. */
#include "wire/cnf_lint.h"

#include "base/text.h"

#include <string.h>

enum { GENERATION_A_BYTES = 8 * 1024 };

static void check_form(struct lint *lint)
{
    if (lint->root || lint->fault == CNF_FAULT_SIZE)
        return;
    if (lint->document.root) {
        char name[64];
        const char *root = (const char *)lint->document.root->name;
        lint_find(lint, lint->document.root, "the root is '%s', not 'device' or 'Default'",
                  text_escape(name, sizeof name, bytes_of_string(root)));
        return;
    }
    /* The line has a field of its own. */
    const char *text = lint->fault_why.text;
    const char *behind = text_starts(text, "line ") ? strstr(text, ": ") : NULL;
    lint_say(lint, LINT_ERROR, lint->fault_line, "%s: %s", behind ? behind + 2 : text,
             lint->rule->text);
}

/* ---- the bytes ---- */

struct cursor {
    struct bytes xml;
    size_t at;
    unsigned line;
};

static bool looks_at(const struct cursor *c, const char *text)
{
    size_t n = strlen(text);
    return c->xml.size - c->at >= n && memcmp(c->xml.data + c->at, text, n) == 0;
}

static void step_past(struct cursor *c, const char *text)
{
    while (c->at < c->xml.size && !looks_at(c, text)) {
        c->line += c->xml.data[c->at] == '\n';
        c->at++;
    }
    c->at += c->at < c->xml.size ? strlen(text) : 0;
}

/* What stands behind an '&': one of XML's own five, or a number. */
static bool is_reference(struct bytes rest)
{
    static const char *const own[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (rest.size >= strlen(own[i]) && memcmp(rest.data, own[i], strlen(own[i])) == 0)
            return true;
    return rest.size > 2 && rest.data[1] == '#';
}

static void find_ampersand(struct lint *lint, const struct cursor *c)
{
    char shown[24];
    struct bytes rest = bytes_slice(lint->xml, c->at, 16);
    if (is_reference(rest))
        return;
    size_t n = 1;
    while (n < rest.size && rest.data[n] > ' ' && rest.data[n] != '<' && rest.data[n - 1] != ';')
        n++;
    lint_say(lint, LINT_ERROR, c->line, "'%s': %s",
             text_escape(shown, sizeof shown, bytes_slice(rest, 0, n)), lint->rule->text);
}

static void check_escapes(struct lint *lint)
{
    struct cursor c = {.xml = lint->xml, .line = 1};
    while (c.at < c.xml.size) {
        if (looks_at(&c, "<!--")) {
            step_past(&c, "-->");
            continue;
        }
        if (looks_at(&c, "<![CDATA[")) {
            lint_say(lint, LINT_ERROR, c.line, "a CDATA section: %s", lint->rule->text);
            step_past(&c, "]]>");
            continue;
        }
        if (c.xml.data[c.at] == '&')
            find_ampersand(lint, &c);
        c.line += c.xml.data[c.at] == '\n';
        c.at++;
    }
}

static void check_encoding(struct lint *lint)
{
    struct bytes xml = lint->xml;
    if (xml.size >= 3 && memcmp(xml.data, "\xef\xbb\xbf", 3) == 0)
        lint_say(lint, LINT_WARNING, 1, "a byte order mark: %s", lint->rule->text);
    unsigned line = 1;
    for (size_t i = 0; i < xml.size; i++) {
        uint8_t byte = xml.data[i];
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') {
            lint_say(lint, LINT_WARNING, line, "control character %u: %s", byte, lint->rule->text);
            break;
        }
        line += byte == '\n';
    }
    const char *declared = lint->document.doc ? (const char *)lint->document.doc->encoding : NULL;
    if (declared && !text_equal_nocase(declared, "UTF-8")) {
        char shown[48];
        lint_say(lint, LINT_WARNING, 1, "encoding '%s': %s",
                 text_escape(shown, sizeof shown, bytes_of_string(declared)), lint->rule->text);
    }
}

/* ---- its name ---- */

static bool is_device_file(const char *name)
{
    if (!text_starts(name, "SEP"))
        return false;
    const char *end = name + 3;
    while ((*end >= '0' && *end <= '9') || (*end >= 'A' && *end <= 'F'))
        end++;
    return end == name + 15 && (strcmp(end, ".cnf.xml") == 0 || strcmp(end, ".cnf.xml.sgn") == 0 ||
                                strcmp(end, ".cnf.xml.enc.sgn") == 0);
}

static bool is_default_file(const char *name)
{
    return strcmp(name, "XMLDefault.cnf.xml") == 0 || strcmp(name, "XmlDefault.cnf.xml") == 0 ||
           strcmp(name, "XMLDefault.cnf.xml.sgn") == 0;
}

/* Soft clients and analogue adapters have names of other forms. */
static void check_file_name(struct lint *lint)
{
    const char *name = lint->context->file_name;
    const char *model = lint->context->model;
    char shown[80];
    if (!name || lint_generation_is(lint, "J") || (model && text_starts(model, "ATA")))
        return;
    bool fine = lint->is_default ? is_default_file(name) || is_device_file(name)
                                 : is_device_file(name) || (!lint->root && is_default_file(name));
    if (!fine)
        lint_find(lint, NULL, "'%s'", text_escape(shown, sizeof shown, bytes_of_string(name)));
}

/* ---- white space ---- */

static bool has_own_text(const xmlNode *node)
{
    for (const xmlNode *n = node->children; n; n = n->next)
        if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE)
            return true;
    return false;
}

static void check_white_space(struct lint *lint)
{
    const xmlNode *first = NULL;
    unsigned tight = 0;
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n)) {
        if (lint_is_leaf(n) || has_own_text(n))
            continue;
        if (!first)
            first = n;
        tight++;
    }
    if (tight)
        lint_find(lint, first, "%u element%s without inner white space, '%.40s' first", tight,
                  tight > 1 ? "s" : "", (const char *)first->name);
}

/* ---- sizes ---- */

static void check_size(struct lint *lint)
{
    size_t size = lint->xml.size;
    if (size > CNF_BYTES_MAX)
        lint_say(lint, LINT_ERROR, 0, "%zu bytes: no phone takes a file of more than 2 MB", size);
    else if (size > GENERATION_A_BYTES && lint_generation_is(lint, "A"))
        lint_find(lint, NULL, "%zu bytes", size);
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

/* How long it may be; 0 when nobody has said. */
static size_t longest(const xmlNode *node)
{
    const struct element *e = element_find((const char *)node->name);
    if (cnf_is(node, "versionStamp"))
        return 79;
    if (cnf_is(node, "phoneLabel"))
        return 12;
    if (!e)
        return 0;
    switch (e->kind) {
    case ELEMENT_HOST:
        return 50;
    case ELEMENT_URL:
        return 255;
    case ELEMENT_LABEL:
    case ELEMENT_SECRET:
        return 30;
    default:
        return 0;
    }
}

static void check_lengths(struct lint *lint)
{
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n)) {
        char text[1024];
        size_t most = lint_is_leaf(n) ? longest(n) : 0;
        if (most && cnf_text(n, text, sizeof text) && characters(text) > most)
            lint_find(lint, n, "%s has %zu characters where %zu are the most",
                      (const char *)n->name, characters(text), most);
    }
}

/* ---- the stamp ---- */

static void check_stamp(struct lint *lint)
{
    char stamp[CNF_TEXT];
    const xmlNode *node = cnf_path(lint->root, "versionStamp");
    struct bytes previous = lint->context->previous;
    if (!cnf_text(node, stamp, sizeof stamp)) {
        lint_find(lint, NULL, "no versionStamp");
        return;
    }
    struct cnf before;
    if (previous.size && !bytes_equal(previous, lint->xml) &&
        cnf_parse(&before, previous, 0, NULL) == 0 && strcmp(before.version_stamp, stamp) == 0)
        lint_find(lint, node, "the content has changed and versionStamp has not");
}

/* ---- left-overs ---- */

static bool is_uuid(struct bytes text)
{
    if (text.size != 36)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.data[i] != '-' : !strchr("0123456789abcdefABCDEF", text.data[i]))
            return false;
    }
    return true;
}

static bool is_left_over(const char *text)
{
    if (strcmp(text, "HOST") == 0 || strcmp(text, "SECRET") == 0 || strstr(text, "x.x.x.x"))
        return true;
    const char *open = strchr(text, '{');
    const char *close = open ? strchr(open, '}') : NULL;
    return close && close > open + 1 && !is_uuid(bytes_of(open + 1, (size_t)(close - open - 1)));
}

static void check_left_overs(struct lint *lint)
{
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n)) {
        char text[CNF_TEXT];
        char shown[48];
        if (lint_is_leaf(n) && cnf_text(n, text, sizeof text) && is_left_over(text))
            lint_find(lint, n, "%s is '%s'", (const char *)n->name,
                      text_escape(shown, sizeof shown, bytes_of_string(text)));
        for (const xmlAttr *a = n->properties; a; a = a->next) {
            const char *name = (const char *)a->name;
            if (cnf_attribute(n, name, text, sizeof text) && is_left_over(text))
                lint_find(lint, n, "%s of %s is '%s'", name, (const char *)n->name,
                          text_escape(shown, sizeof shown, bytes_of_string(text)));
        }
    }
}

const struct lint_rule lint_file_rules[] = {
    {1, LINT_ERROR, true, LINT_BYTES, "the phone refuses the file and keeps its old one",
     check_form},
    {2, LINT_ERROR, false, LINT_BYTES,
     "phones know no entities but &amp; &lt; &gt;: write those, and no CDATA", check_escapes},
    {3, LINT_ERROR, false, LINT_BYTES,
     "no phone asks for this name: it asks for SEP, twelve upper-case hex digits, .cnf.xml",
     check_file_name},
    {4, LINT_WARNING, false, LINT_BYTES,
     "phones read UTF-8 without a mark in front, and text alone", check_encoding},
    {5, LINT_WARNING, false, LINT_TREE,
     "SIP phones skip an element that has no text of its own; keep the line ends",
     check_white_space},
    {53, LINT_WARNING, false, LINT_BYTES, "7940 and 7960 are said to take 8 KB at most",
     check_size},
    {54, LINT_WARNING, false, LINT_TREE, "the phone cuts it", check_lengths},
    {55, LINT_WARNING, false, LINT_FULL, "phones apply a change when the stamp differs",
     check_stamp},
    {59, LINT_ERROR, false, LINT_TREE, "a placeholder that nobody has filled", check_left_overs},
    {0},
};
