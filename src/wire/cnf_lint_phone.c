/* Rules about lines, firmware and the files a phone fetches: 47, 51, 52, 56 to 58. */
#include "wire/cnf_lint.h"

#include "base/text.h"
#include "wire/cnf_zones.h"

#include <string.h>

/* ---- SIP lines ---- */

static bool button_is_good(const xmlNode *line, int64_t *button)
{
    char text[16];
    return cnf_attribute(line, "button", text, sizeof text) &&
           text_number(text, 1, 1000, button) == 0;
}

static bool button_is_taken(const xmlNode *lines, const xmlNode *line, int64_t button)
{
    int64_t other;
    for (const xmlNode *l = cnf_child(lines, "line"); l && l != line; l = cnf_next(l, "line"))
        if (button_is_good(l, &other) && other == button)
            return true;
    return false;
}

/* A phone has some 150 buttons; beyond this many lines the comparison of each with each ends. */
enum { LINES_COMPARED = 500 };

static void check_line(struct lint *lint, const xmlNode *lines, const xmlNode *line)
{
    int64_t button = 0;
    char text[CNF_TEXT];
    if (!button_is_good(line, &button))
        lint_find(lint, line, "a line whose button is missing or 0");
    else if (button_is_taken(lines, line, button))
        lint_find(lint, line, "button %d stands there twice", (int)button);
    if (cnf_number(cnf_path(line, "featureID")) != 9)
        return;
    if (!cnf_text(cnf_path(line, "name"), text, sizeof text))
        lint_find(lint, line, "a line without name");
    if (!cnf_text(cnf_path(line, "proxy"), text, sizeof text))
        lint_find(lint, line, "a line without proxy");
}

static void check_lines(struct lint *lint)
{
    if (!lint->sip)
        return;
    const xmlNode *lines = cnf_path(lint->root, "sipProfile/sipLines");
    unsigned count = 0;
    bool real = false;
    for (const xmlNode *l = cnf_child(lines, "line"); l; l = cnf_next(l, "line")) {
        real |= cnf_number(cnf_path(l, "featureID")) == 9;
        if (++count <= LINES_COMPARED)
            check_line(lint, lines, l);
    }
    if (!real)
        lint_find(lint, lines, "no line (featureID 9)");
}

/* ---- firmware ---- */

static bool has_ending(const char *load)
{
    static const char *const endings[] = {".loads", ".LOADS", ".sbn", ".SBN", ".bin", ".zup"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (text_ends(load, endings[i]))
            return true;
    return false;
}

static bool is_load(const xmlNode *node)
{
    return text_starts((const char *)node->name, "loadInformation") ||
           cnf_is(node, "inactiveLoadInformation");
}

static void check_load_prefix(struct lint *lint, const xmlNode *node, const char *load)
{
    const struct lint_context *c = lint->context;
    const char *prefix = lint->sip ? c->load_prefix_sip : c->load_prefix_sccp;
    char shown[48];
    if (lint->is_default || node->parent != lint->root || !prefix[0] || text_starts(load, prefix))
        return;
    lint_say(lint, LINT_ERROR, cnf_line(node),
             "loadInformation '%s': %s loads of a %.20s begin with '%s'",
             text_escape(shown, sizeof shown, bytes_of_string(load)), lint->sip ? "SIP" : "SCCP",
             c->model && *c->model ? c->model : "phone of this model", prefix);
}

static void check_loads(struct lint *lint)
{
    char load[CNF_TEXT];
    char shown[48];
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n)) {
        if (!is_load(n) || !cnf_text(n, load, sizeof load))
            continue;
        if (has_ending(load))
            lint_find(lint, n, "load '%s'",
                      text_escape(shown, sizeof shown, bytes_of_string(load)));
        check_load_prefix(lint, n, load);
    }
}

static void check_protocol(struct lint *lint)
{
    const xmlNode *node = cnf_path(lint->root, "deviceProtocol");
    unsigned known = lint->context->protocols;
    const char *model = lint->context->model;
    if (lint->sip && lint_generation_is(lint, "A"))
        lint_say(lint, LINT_ERROR, cnf_line(node),
                 "SIP for a 7940 or 7960: their SIP loads read text files, not this one");
    else if (known && !(known & (lint->sip ? CNF_SIP : CNF_SCCP)))
        lint_find(lint, node, "%s for a %.20s", lint->sip ? "SIP" : "SCCP",
                  model && *model ? model : "phone of this model");
}

/* ---- time zones ---- */

static void check_zone(struct lint *lint)
{
    const xmlNode *setting = cnf_path(lint->root, "devicePool/dateTimeSetting");
    const xmlNode *node = cnf_path(setting, "timeZone");
    char zone[CNF_TEXT];
    char shown[48];
    if (lint_generation_is(lint, "E") &&
        !cnf_text(cnf_path(setting, "olsonTimeZone"), zone, sizeof zone))
        lint_say(lint, LINT_WARNING, setting ? cnf_line(setting) : 0,
                 "no olsonTimeZone: the clock of this generation shows UTC");
    if (!lint_generation_is(lint, "ABCD") || !cnf_text(node, zone, sizeof zone))
        return;
    const char *names[CNF_ZONES + 1] = {NULL};
    for (size_t i = 0; i < CNF_ZONES; i++) {
        names[i] = cnf_zones[i].name;
        if (strcmp(zone, names[i]) == 0)
            return;
    }
    const char *near = text_nearest(zone, names);
    lint_find(lint, node, "timeZone '%s'%s%s%s",
              text_escape(shown, sizeof shown, bytes_of_string(zone)), near ? " (perhaps '" : "",
              near ? near : "", near ? "')" : "");
}

/* ---- other files ---- */

static void check_file(struct lint *lint, const xmlNode *node, const char *name)
{
    char shown[96];
    if (!lint->context->has_file(lint->context->context, name))
        lint_find(lint, node, "'%s', which %s names, is not there",
                  text_escape(shown, sizeof shown, bytes_of_string(name)),
                  (const char *)node->name);
}

/* These locales are built in; their files need not be served. */
static bool is_built_in(const char *locale)
{
    return strcmp(locale, "United_States") == 0 || strcmp(locale, "English_United_States") == 0;
}

static void check_files(struct lint *lint)
{
    static const char *const paths[] = {"sipProfile/dialTemplate", "sipProfile/softKeyFile",
                                        "featurePolicyFile"};
    char text[CNF_TEXT];
    char name[CNF_TEXT + 32];
    if (!lint->context->has_file)
        return;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const xmlNode *node = cnf_path(lint->root, paths[i]);
        if (cnf_text(node, text, sizeof text))
            check_file(lint, node, text);
    }
    const xmlNode *locale = cnf_path(lint->root, "networkLocale");
    if (cnf_text(locale, text, sizeof text) && !is_built_in(text)) {
        text_format(name, sizeof name, "%s/%s", text,
                    lint_generation_is(lint, "A") ? "7960-tones.xml" : "g3-tones.xml");
        check_file(lint, locale, name);
    }
    const xmlNode *load = cnf_path(lint->root, "loadInformation");
    if (cnf_text(load, text, sizeof text) && !has_ending(text)) {
        text_format(name, sizeof name, "%s%s", text,
                    lint_generation_is(lint, "W") ? ".LOADS" : ".loads");
        check_file(lint, load, name);
    }
}

/* ---- XMLDefault ---- */

/* "<loadInformation434 ...>x</loadInformation7>", seen often enough to be told by name. */
static void check_load_tags(struct lint *lint)
{
    struct bytes xml = lint->xml;
    size_t opened = 0;
    size_t opened_size = 0;
    unsigned line = 1;
    static const char word[] = "loadInformation";
    const size_t n = sizeof word - 1;
    for (size_t i = 1; i + n < xml.size; i++) {
        line += xml.data[i - 1] == '\n';
        if (memcmp(xml.data + i, word, n) != 0)
            continue;
        size_t size = n;
        while (i + size < xml.size && xml.data[i + size] >= '0' && xml.data[i + size] <= '9')
            size++;
        if (xml.data[i - 1] == '<') {
            opened = i;
            opened_size = size;
        } else if (xml.data[i - 1] == '/' && opened) {
            if (!bytes_equal(bytes_slice(xml, opened, opened_size), bytes_slice(xml, i, size)))
                lint_say(lint, LINT_ERROR, line,
                         "<%.*s> is closed by </%.*s>: the phone refuses the file",
                         (int)(opened_size < 24 ? opened_size : 24), xml.data + opened,
                         (int)(size < 24 ? size : 24), xml.data + i);
            opened = 0;
        }
    }
}

static void check_default(struct lint *lint)
{
    char text[CNF_TEXT];
    if (!lint->document.root)
        check_load_tags(lint);
    if (!lint->root || !lint->is_default)
        return;
    const xmlNode *node = cnf_path(lint->root, "autoRegistration");
    if (strcmp(lint_text(node, text), "enabled") == 0 && lint->context->list_with_ccm_served)
        lint_find(lint, node, "autoRegistration enabled while phones are secured");
}

const struct lint_rule lint_phone_rules[] = {
    {47, LINT_ERROR, false, LINT_FULL, "SIP phones do not register it", check_lines},
    {51, LINT_ERROR, false, LINT_TREE, "the phone adds the ending itself", check_loads},
    {52, LINT_ERROR, false, LINT_FULL, "there is no such load", check_protocol},
    {56, LINT_WARNING, false, LINT_FULL, "phones know fixed names alone", check_zone},
    {57, LINT_WARNING, false, LINT_DEVICE, "the phone keeps what it has, or its own default",
     check_files},
    {58, LINT_WARNING, true, LINT_BYTES, "whoever plugs a phone in gets a line", check_default},
    {0},
};
