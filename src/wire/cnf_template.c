#include "wire/cnf.h"

#include "base/text.h"
#include "wire/cnf_blocks.h"
#include "wire/cnf_builtin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the placeholders ---- */

#define TEXT_OF(field)                                                             \
    static void write_##field(struct buffer *out, const struct cnf_values *values) \
    {                                                                              \
        cnf_escape(out, values->field);                                            \
    }
#define NUMBER_OF(field)                                                           \
    static void write_##field(struct buffer *out, const struct cnf_values *values) \
    {                                                                              \
        buffer_format(out, "%u", values->field);                                   \
    }

TEXT_OF(device)
TEXT_OF(description)
TEXT_OF(load)
TEXT_OF(version_stamp)
TEXT_OF(certificate_hash)
TEXT_OF(date_template)
TEXT_OF(time_zone)
TEXT_OF(olson_zone)
TEXT_OF(user_locale)
TEXT_OF(network_locale)
TEXT_OF(ntp)
TEXT_OF(group_name)
NUMBER_OF(security_mode)
NUMBER_OF(transport)
NUMBER_OF(capf_auth)

static void write_protocol(struct buffer *out, const struct cnf_values *values)
{
    buffer_text(out, values->sip ? "SIP" : "SCCP");
}

static void write_encrypted(struct buffer *out, const struct cnf_values *values)
{
    buffer_text(out, values->encrypted ? "true" : "false");
}

/* Services over HTTPS where the signalling is protected too. */
static void write_use_https(struct buffer *out, const struct cnf_values *values)
{
    buffer_text(out, values->security_mode > 1 ? "true" : "false");
}

/* The description as a phone shows it beside its clock: 12 characters at most. */
static void write_phone_label(struct buffer *out, const struct cnf_values *values)
{
    enum { CHARACTERS = 12 };
    char label[CHARACTERS * 4 + 1];
    size_t bytes = 0;
    size_t characters = 0;
    const char *text = values->description ? values->description : "";
    for (; text[bytes] && bytes + 1 < sizeof label; bytes++) {
        bool begins = (text[bytes] & 0xc0) != 0x80;
        if (begins && characters == CHARACTERS)
            break;
        characters += begins;
    }
    text_copy_bytes(label, sizeof label, bytes_of(text, bytes));
    cnf_escape(out, label);
}

static void write_members(struct buffer *out, const struct cnf_values *values)
{
    cnf_write_members(out, values, values->sip ? CNF_PORTS_SIP : CNF_PORTS_SCCP);
}

static const struct placeholder {
    const char *word;
    void (*write)(struct buffer *out, const struct cnf_values *values);
} placeholders[] = {
    /* values */
    {"device", write_device},
    {"description", write_description},
    {"phone_label", write_phone_label},
    {"protocol", write_protocol},
    {"load", write_load},
    {"version_stamp", write_version_stamp},
    {"security_mode", write_security_mode},
    {"transport", write_transport},
    {"capf_auth", write_capf_auth},
    {"encrypted", write_encrypted},
    {"use_https", write_use_https},
    {"certificate_hash", write_certificate_hash},
    {"date_template", write_date_template},
    {"time_zone", write_time_zone},
    {"olson_zone", write_olson_zone},
    {"user_locale", write_user_locale},
    {"network_locale", write_network_locale},
    {"ntp", write_ntp},
    {"group_name", write_group_name},
    /* whole elements */
    {"members", write_members},
    {"ntps", cnf_write_ntps},
    {"tvs", cnf_write_tvs},
    {"capf_list", cnf_write_capf},
    {"lines", cnf_write_lines},
};

enum { PLACEHOLDERS = sizeof placeholders / sizeof *placeholders };

static const struct placeholder *find_placeholder(struct bytes word)
{
    for (size_t i = 0; i < PLACEHOLDERS; i++)
        if (bytes_equal_string(word, placeholders[i].word))
            return &placeholders[i];
    return NULL;
}

/* ---- compiling ---- */

struct segment {
    struct bytes literal;                  /* into the template's own text */
    const struct placeholder *placeholder; /* behind it; NULL at the end */
};

struct cnf_template {
    uint8_t *text;
    struct segment *segments;
    size_t count, capacity;
};

/* "{word}" of small letters and '_' at `at`: its word. Other braces are text, a uuid for instance.
 */
static struct bytes word_at(struct bytes text, size_t at)
{
    size_t end = at + 1;
    while (end < text.size &&
           ((text.data[end] >= 'a' && text.data[end] <= 'z') || text.data[end] == '_'))
        end++;
    if (end == at + 1 || end == text.size || text.data[end] != '}')
        return bytes_of(NULL, 0);
    return bytes_slice(text, at + 1, end - at - 1);
}

static int add_segment(struct cnf_template *t, struct bytes literal, const struct placeholder *p)
{
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? t->capacity * 2 : 32;
        struct segment *grown = reallocarray(t->segments, capacity, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        t->segments = grown;
        t->capacity = capacity;
    }
    t->segments[t->count++] = (struct segment){literal, p};
    return 0;
}

static int unknown_word(struct bytes word, unsigned line, struct why *why)
{
    const char *known[PLACEHOLDERS + 1] = {NULL};
    char shown[48];
    for (size_t i = 0; i < PLACEHOLDERS; i++)
        known[i] = placeholders[i].word;
    text_escape(shown, sizeof shown, word);
    const char *near = text_nearest(shown, known);
    return why_error(why, ERR_FORMAT, "line %u: nothing is known that could fill {%s}%s%s%s", line,
                     shown, near ? "; did you mean {" : "", near ? near : "", near ? "}?" : "");
}

static int split(struct cnf_template *t, struct bytes text, struct why *why)
{
    size_t begun = 0;
    unsigned line = 1;
    for (size_t at = 0; at < text.size; at++) {
        line += text.data[at] == '\n';
        struct bytes word = text.data[at] == '{' ? word_at(text, at) : bytes_of(NULL, 0);
        if (!word.size)
            continue;
        const struct placeholder *p = find_placeholder(word);
        if (!p)
            return unknown_word(word, line, why);
        int result = add_segment(t, bytes_slice(text, begun, at - begun), p);
        if (result)
            return result;
        at += word.size + 1;
        begun = at + 1;
    }
    return add_segment(t, bytes_slice(text, begun, text.size), NULL);
}

/* A file made of it must be one that a phone can read. Every block of the sample is one line, so
 * that the parser's line is the template's. */
static int try_it(const struct cnf_template *t, struct why *why)
{
    static const struct cnf_member member = {.host = "192.0.2.10"};
    static const struct cnf_line line = {.button = 1, .number = "201"};
    const struct cnf_values sample = {
        .device = "SEP001122334455",
        .description = "sample",
        .load = "SCCP42.9-4-2SR3-1S",
        .version_stamp = "1",
        .security_mode = 1,
        .ntp = "192.0.2.5",
        .managers = &member,
        .manager_count = 1,
        .tvs = &member,
        .tvs_count = 1,
        .capf = &member,
        .capf_count = 1,
        .lines = &line,
        .line_count = 1,
    };
    struct buffer out;
    struct cnf cnf;
    buffer_init(&out, CNF_BYTES_MAX);
    int result = cnf_template_render(&out, t, &sample);
    if (result == 0)
        result = cnf_parse(&cnf, buffer_bytes(&out), 0, why);
    buffer_fini(&out);
    return result;
}

int cnf_template_compile(struct cnf_template **out, struct bytes text, struct why *why)
{
    if (text.size > CNF_BYTES_MAX)
        return why_error(why, ERR_LIMIT, "a template of more than 2 MB");
    struct cnf_template *t = calloc(1, sizeof *t);
    int result = t && (t->text = malloc(text.size ? text.size : 1)) ? 0 : -ENOMEM;
    if (result == 0) {
        if (text.size)
            memcpy(t->text, text.data, text.size);
        result = split(t, bytes_of(t->text, text.size), why);
    }
    if (result == 0)
        result = try_it(t, why);
    if (result)
        cnf_template_free(t);
    else
        *out = t;
    return result;
}

void cnf_template_free(struct cnf_template *template)
{
    if (!template)
        return;
    free(template->segments);
    free(template->text);
    free(template);
}

int cnf_template_render(struct buffer *out, const struct cnf_template *template,
                        const struct cnf_values *values)
{
    if (values->manager_count > CNF_MANAGERS_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < template->count; i++) {
        const struct segment *s = &template->segments[i];
        buffer_append(out, s->literal);
        if (s->placeholder)
            s->placeholder->write(out, values);
    }
    return out->error;
}

/* ---- built in ---- */

static const struct cnf_builtin *find_builtin(char generation, bool sip)
{
    for (const struct cnf_builtin *b = cnf_builtins; b->generation; b++)
        if (b->generation == generation && b->sip == sip)
            return b;
    return NULL;
}

/* A generation without a template of its own has the plainest one: its elements are read by all. */
struct bytes cnf_template_builtin(char generation, bool sip)
{
    const struct cnf_builtin *b = find_builtin(generation, sip);
    if (!b)
        b = find_builtin('O', sip);
    return b ? bytes_of(b->text, b->size) : bytes_of("", 0);
}
