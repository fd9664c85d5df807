#include "wire/cnf_document.h"

#include "base/text.h"

#include <string.h>

struct scan {
    struct bytes xml;
    size_t at;
    unsigned line; /* of `at` */
    unsigned depth;
    unsigned elements;
    enum cnf_fault fault;
    struct why *why;
};

static int refuse(struct scan *s, enum cnf_fault fault, const char *what)
{
    s->fault = fault;
    return why_error(s->why,
                     fault == CNF_FAULT_SIZE || fault == CNF_FAULT_BOUNDS ? ERR_LIMIT : ERR_FORMAT,
                     "line %u: %s", s->line, what);
}

static bool looks_at(const struct scan *s, const char *text)
{
    size_t n = strlen(text);
    return s->xml.size - s->at >= n && memcmp(s->xml.data + s->at, text, n) == 0;
}

static void step(struct scan *s)
{
    s->line += s->xml.data[s->at] == '\n';
    s->at++;
}

/* Behind the next `text`, or at the end when there is none: then the parser will complain. */
static void skip_past(struct scan *s, const char *text)
{
    while (s->at < s->xml.size && !looks_at(s, text))
        step(s);
    for (size_t n = strlen(text); n && s->at < s->xml.size; n--)
        step(s);
}

/* A tag, from its '<'. A '>' inside a quoted value does not end it. */
static int scan_tag(struct scan *s)
{
    bool closing = looks_at(s, "</");
    unsigned attributes = 0;
    uint8_t quote = 0;
    uint8_t before = 0;
    for (; s->at < s->xml.size; step(s)) {
        uint8_t c = s->xml.data[s->at];
        if (quote) {
            if (c == quote)
                quote = 0;
        } else if (c == '>') {
            break;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '=' && ++attributes > CNF_ATTRIBUTES_MAX) {
            return refuse(s, CNF_FAULT_BOUNDS, "an element with too many attributes");
        }
        before = c;
    }
    if (closing)
        s->depth -= s->depth > 0;
    else if (++s->elements > CNF_ELEMENTS_MAX)
        return refuse(s, CNF_FAULT_BOUNDS, "more elements than any phone's configuration has");
    else if (before != '/' && ++s->depth > CNF_DEPTH_MAX)
        return refuse(s, CNF_FAULT_BOUNDS,
                      "elements nested deeper than in any phone's configuration");
    return 0;
}

static int scan_markup(struct scan *s)
{
    if (looks_at(s, "<!--")) {
        skip_past(s, "-->");
    } else if (looks_at(s, "<![CDATA[")) {
        skip_past(s, "]]>");
    } else if (looks_at(s, "<!")) {
        return refuse(s, CNF_FAULT_DTD, "a document type; phones read files without one");
    } else if (looks_at(s, "<?")) {
        skip_past(s, "?>");
    } else {
        return scan_tag(s);
    }
    return 0;
}

/* Only encodings in which every byte below 128 is ASCII: in others markup could hide from here. */
static bool encoding_is_plain(struct bytes name)
{
    static const char *const plain[] = {"utf-8", "us-ascii", "ascii", "iso-8859-", "windows-125"};
    char word[32];
    if (!text_copy_bytes(word, sizeof word, name))
        return false;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        size_t n = strlen(plain[i]);
        bool family = plain[i][n - 1] == '-' || i == 4;
        if (strncasecmp(word, plain[i], n) == 0 && (family ? word[n] != '\0' : word[n] == '\0'))
            return true;
    }
    return false;
}

static int scan_declaration(struct scan *s)
{
    if (!looks_at(s, "<?xml"))
        return 0;
    struct bytes rest = bytes_slice(s->xml, s->at, s->xml.size);
    const uint8_t *end = memmem(rest.data, rest.size, "?>", 2);
    size_t size = end ? (size_t)(end - rest.data) : rest.size;
    const uint8_t *found = memmem(rest.data, size, "encoding", 8);
    if (!found)
        return 0;
    size_t at = (size_t)(found - rest.data) + 8;
    while (at < size && strchr(" \t\r\n=", rest.data[at]))
        at++;
    size_t start = at + 1;
    size_t stop = start;
    while (stop < size && rest.data[stop] != '"' && rest.data[stop] != '\'')
        stop++;
    if (start >= size || !encoding_is_plain(bytes_slice(rest, start, stop - start)))
        return refuse(s, CNF_FAULT_ENCODING, "an encoding that phones do not read; use UTF-8");
    return 0;
}

static int scan(struct scan *s)
{
    static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};
    if (s->xml.size > CNF_BYTES_MAX)
        return refuse(s, CNF_FAULT_SIZE, "more than 2 MB, which no phone takes");
    if (s->xml.size && memchr(s->xml.data, 0, s->xml.size))
        return refuse(s, CNF_FAULT_ENCODING, "NUL bytes: not text in UTF-8");
    if (s->xml.size >= 3 && memcmp(s->xml.data, mark, 3) == 0)
        s->at = 3;
    int result = scan_declaration(s);
    bool begun = false;
    while (result == 0 && s->at < s->xml.size) {
        if (s->xml.data[s->at] == '<') {
            begun = true;
            result = scan_markup(s);
        } else if (!begun && !strchr(" \t\r\n", s->xml.data[s->at]))
            return refuse(s, CNF_FAULT_FORM, "the file does not begin with an element");
        else
            step(s);
    }
    if (result == 0 && !begun)
        result = refuse(s, CNF_FAULT_FORM, "the file is empty");
    return result;
}

int cnf_scan(struct bytes xml, enum cnf_fault *fault, unsigned *line, struct why *why)
{
    struct scan s = {.xml = xml, .line = 1, .why = why};
    int result = scan(&s);
    *fault = s.fault;
    *line = result ? s.line : 0;
    return result;
}
