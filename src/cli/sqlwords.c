#include "cli/sqlwords.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Where a walk over a statement stands. */
struct walk {
    const char *at;
    bool compared; /* what comes next is compared with what came before */
    unsigned in;   /* depth of the parenthesis that follows the word in; 0: not in one */
    unsigned depth;
    bool in_next; /* the word in came last */
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* A quoted text or name, with its quotes: "''" inside does not end it. */
static size_t quoted_size(const char *at)
{
    char quote = *at == '[' ? ']' : *at;
    size_t n = 1;
    while (at[n] && (at[n] != quote || at[n + 1] == quote))
        n += at[n] == quote ? 2 : 1;
    return at[n] ? n + 1 : n;
}

/* A value without quotes: up to what cannot be part of one. */
static size_t value_size(const char *at)
{
    return strcspn(at, " \t\n(),;'\"");
}

static bool is_number(const char *at, size_t size)
{
    size_t dots = 0;
    size_t i = *at == '-' || *at == '+';
    size_t digits = 0;
    for (; i < size; i++) {
        if (at[i] == '.')
            dots++;
        else if (isdigit((unsigned char)at[i]))
            digits++;
        else
            return false;
    }
    return digits > 0 && dots <= 1;
}

/* device, d.name: nothing to be quoted without the database's word for it. */
static bool is_name(const char *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!is_word(at[i]) && !(at[i] == '.' && i > 0 && i + 1 < size))
            return false;
    return !isdigit((unsigned char)at[0]);
}

/* Is the culprit a whole word of the value? "SEP" is one of "SEP-x", not of "SEPX". */
static bool holds(const char *at, size_t size, const char *culprit)
{
    size_t length = strlen(culprit);
    for (size_t i = 0; i + length <= size; i++)
        if (strncasecmp(at + i, culprit, length) == 0 && (i == 0 || !is_word(at[i - 1])) &&
            (i + length == size || !is_word(at[i + length])))
            return true;
    return false;
}

static bool is_keyword(const char *at, size_t size)
{
    static const char *const words[] = {"select", "null",  "not", "case", "cast", "exists",
                                        "true",   "false", "all", "any",  "and",  "or",
                                        "like",   "glob",  "in",  "is",   "from", "where",
                                        "order",  "group", "by",  "limit"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == size && strncasecmp(words[i], at, size) == 0)
            return true;
    return false;
}

static bool wants_quotes(const char *at, size_t size, const char *culprit)
{
    if (size == 0 || is_number(at, size) || is_keyword(at, size) || at[size] == '(')
        return false;
    return culprit ? holds(at, size, culprit) : !is_name(at, size);
}

static bool word_is(const char *at, size_t size, const char *word)
{
    return strlen(word) == size && strncasecmp(at, word, size) == 0;
}

/* A word that is not compared: like and glob compare what follows, in what its parenthesis holds.
 */
static void pass_word(struct walk *w, size_t size)
{
    w->in_next = word_is(w->at, size, "in");
    w->compared = word_is(w->at, size, "like") || word_is(w->at, size, "glob");
    w->at += size;
}

static void pass_sign(struct walk *w)
{
    char c = *w->at++;
    w->depth += c == '(';
    if (c == '(' && w->in_next)
        w->in = w->depth;
    if (c == ')') {
        if (w->in == w->depth)
            w->in = 0;
        w->depth -= w->depth > 0;
    }
    w->in_next = false;
    w->compared =
        c == '=' || c == '<' || c == '>' || (w->in && w->in == w->depth && (c == '(' || c == ','));
}

/* Passes what needs no look: blanks, and texts that are quoted already. false when a value that is
 * compared, or anything else, comes next. */
static bool pass_plain(struct walk *w)
{
    if (isspace((unsigned char)*w->at)) {
        w->at++;
        return true;
    }
    if (!strchr("'\"[`", *w->at))
        return false;
    w->at += quoted_size(w->at);
    w->compared = w->in_next = false;
    return true;
}

static void copy_quoted(struct buffer *out, const char *at, size_t size, char quoted[128])
{
    if (!quoted[0])
        text_copy_bytes(quoted, 128, bytes_of(at, size));
    buffer_u8(out, '\'');
    buffer_append(out, bytes_of(at, size)); /* has no quotes itself */
    buffer_u8(out, '\'');
}

bool sqlwords_quote(struct buffer *out, const char *sql, const char *culprit, char quoted[128])
{
    struct walk w = {.at = sql};
    quoted[0] = '\0';
    while (*w.at) {
        const char *begin = w.at;
        size_t size = value_size(w.at);
        if (pass_plain(&w)) {
            buffer_append(out, bytes_of(begin, (size_t)(w.at - begin)));
            continue;
        }
        if (w.compared && !strchr("=<>", *begin) && wants_quotes(begin, size, culprit)) {
            copy_quoted(out, begin, size, quoted);
            w.at += size;
            w.compared = false;
            continue;
        }
        size = 0;
        while (is_word(begin[size]))
            size++;
        if (size)
            pass_word(&w, size);
        else
            pass_sign(&w);
        buffer_append(out, bytes_of(begin, (size_t)(w.at - begin)));
    }
    return quoted[0] != '\0' && !out->error;
}
