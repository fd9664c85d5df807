#include "service/tvs/names.h"

#include <ctype.h>
#include <string.h>

enum { ATTRIBUTES_MAX = 32, KEY_MAX = 32 };

struct attribute {
    struct bytes key, value;
    bool cut; /* the quote was never closed */
};

struct name {
    struct attribute list[ATTRIBUTES_MAX];
    size_t count;
    bool fine; /* all of it was understood */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct bytes trim(struct bytes text)
{
    while (text.size && is_blank(text.data[0]))
        text = bytes_slice(text, 1, text.size);
    while (text.size && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

/* How long the key is whose `=` stands behind it; 0: no attribute begins here. */
static size_t key_at(struct bytes text, size_t at)
{
    size_t end = at;
    while (end < text.size && end - at <= KEY_MAX &&
           (isalnum(text.data[end]) || text.data[end] == '.'))
        end++;
    return end < text.size && text.data[end] == '=' ? end - at : 0;
}

/* Does an attribute follow the separator at `at`? A comma in a value is none. */
static bool separates(struct bytes text, size_t at)
{
    if (text.data[at] != ';' && text.data[at] != ',')
        return false;
    for (at++; at < text.size && is_blank(text.data[at]); at++)
        ;
    return key_at(text, at) > 0;
}

/* The value that begins at `at`, up to its separator; *next is behind that. */
static struct bytes value_at(struct bytes text, size_t at, size_t *next)
{
    size_t end = at;
    while (end < text.size && !separates(text, end))
        end += text.data[end] == '\\' && end + 1 < text.size ? 2 : 1;
    *next = end < text.size ? end + 1 : text.size;
    return trim(bytes_slice(text, at, end - at));
}

static void unquote(struct attribute *a)
{
    struct bytes v = a->value;
    if (!v.size || v.data[0] != '"')
        return;
    v = bytes_slice(v, 1, v.size);
    a->cut = !v.size || v.data[v.size - 1] != '"';
    if (!a->cut)
        v.size--;
    a->value = trim(v);
}

static struct name take_apart(struct bytes text)
{
    struct name name = {.fine = true};
    size_t at = 0;
    while (at < text.size && name.fine) {
        while (at < text.size && is_blank(text.data[at]))
            at++;
        size_t key = key_at(text, at);
        name.fine = key > 0 && name.count < ATTRIBUTES_MAX;
        if (!name.fine)
            break;
        struct attribute *a = &name.list[name.count++];
        a->key = bytes_slice(text, at, key);
        a->value = value_at(text, at + key + 1, &at);
        unquote(a);
    }
    return name;
}

static bool same_key(struct bytes a, struct bytes b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (toupper(a.data[i]) != toupper(b.data[i]))
            return false;
    return true;
}

/* The next character of a value, backslashes left out, or -1. */
static int next_character(struct bytes value, size_t *at)
{
    while (*at < value.size && value.data[*at] == '\\')
        (*at)++;
    return *at < value.size ? value.data[(*at)++] : -1;
}

/* A value that was cut ended at a comma; what stood behind it has gone. */
static bool same_value(const struct attribute *said, const struct attribute *known)
{
    size_t i = 0;
    size_t k = 0;
    for (;;) {
        int a = next_character(said->value, &i);
        int b = next_character(known->value, &k);
        if (a < 0)
            return b < 0 || (said->cut && b == ',');
        if (a != b)
            return false;
    }
}

bool names_match(struct bytes said_text, struct bytes known_text)
{
    if (bytes_equal(said_text, known_text))
        return true;
    const struct name said = take_apart(said_text);
    const struct name known = take_apart(known_text);
    bool taken[ATTRIBUTES_MAX] = {false};
    bool cut = false;
    if (!said.fine || !known.fine || said.count == 0)
        return false;
    for (size_t i = 0; i < said.count; i++) {
        size_t k = 0;
        while (k < known.count && (taken[k] || !same_key(said.list[i].key, known.list[k].key) ||
                                   !same_value(&said.list[i], &known.list[k])))
            k++;
        if (k == known.count)
            return false;
        taken[k] = true;
        cut = cut || said.list[i].cut;
    }
    return cut || said.count == known.count;
}

static bool has(struct bytes text, const char *key, const char *value, bool whole)
{
    const struct name name = take_apart(text);
    for (size_t i = 0; i < name.count; i++) {
        struct bytes found = name.list[i].value;
        if (same_key(name.list[i].key, bytes_of_string(key)) &&
            bytes_equal_string(whole ? found : bytes_slice(found, 0, strlen(value)), value))
            return true;
    }
    return false;
}

bool names_are_etoken(struct bytes subject, struct bytes issuer)
{
    return has(subject, "CN", "SAST-", false) && has(issuer, "CN", "Cisco Manufacturing CA", true);
}
