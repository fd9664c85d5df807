#include "phone/habits.h"

#include "base/text.h"

#include <string.h>

/* ---- what is asked for after the configuration ---- */

static const struct extra_file extras_of_a[] = {
    {"%N/7960-tones.xml", .with_locale = true},
    {"%L/7960-font.xml", .with_locale = true},
    {"%L/7960-dictionary.xml", .with_locale = true},
    {"%L/7960-kate.xml", .with_locale = true},
    {"%L/SCCP-dictionary.xml", .with_locale = true},
    {"%D"},
    {"Ringlist.xml"},
    {NULL},
};

/* With no locale set, g3-tones.xml is asked for all the same, archives are not. */
static const struct extra_file extras_of_b[] = {
    {"%L/%J", .with_locale = true}, {"%N/%T"},        {"%D"}, {"%S"},
    {"AppDialRules.xml"},           {"Ringlist.xml"}, {NULL},
};

static const struct extra_file extras_of_c[] = {
    {"%L/%J", .with_locale = true}, {"%N/%T"}, {"%D"}, {"Ringlist.xml"}, {NULL},
};

static const struct extra_file extras_of_w[] = {
    {"WLANDefault.xml"},
    {"%N/%T"},
    {"Ringlist.xml"},
    {NULL},
};

static const struct extra_file extras_of_d[] = {
    {"%L/%J", .with_locale = true}, {"%N/%T"},        {"%D"}, {"%S"},
    {"AppDialRules.xml"},           {"Ringlist.xml"}, {NULL},
};

static const struct extra_file extras_of_e[] = {
    {"%L/%J"}, {"%N/%T"}, {"%D"}, {"%S"}, {"AppDialRules.xml"}, {"Ringlist-wb.xml"}, {NULL},
};

/* Nothing is known to be asked for: soft clients bring their own, first phones have none. */
static const struct extra_file no_extras[] = {{NULL}};

static const struct habits table[] = {
    {GENERATION_A, .extras = extras_of_a},
    {GENERATION_B, .extras = extras_of_b},
    {GENERATION_C, .extras = extras_of_c},
    {GENERATION_W, .extras = extras_of_w},
    {GENERATION_D, .http_first = true, .extras = extras_of_d},
    {GENERATION_E, .http_first = true, .tftp_options = true, .extras = extras_of_e},
    {GENERATION_CLIENT, .http_first = true, .extras = no_extras},
    {GENERATION_OLD, .extras = no_extras},
    {GENERATION_UNKNOWN, .extras = no_extras},
};

const struct habits *habits_of(const struct model *model)
{
    const size_t last = sizeof table / sizeof *table - 1;
    size_t i = 0;
    while (i < last && table[i].generation != model->generation)
        i++;
    return &table[i];
}

/* ---- names ---- */

/* The Java archive of a locale, by the beginning of the model's name; the first row that fits
 * counts. Models that are not here have none that is known. */
struct archive {
    const char *model, *sip, *sccp;
};

static const struct archive archives[] = {
    {"7941", "mk-sip.jar", "mk-sccp.jar"},
    {"7942", "mk-sip.jar", "mk-sccp.jar"},
    {"7961", "mk-sip.jar", "mk-sccp.jar"},
    {"7962", "mk-sip.jar", "mk-sccp.jar"},
    {"7945", "be-sip.jar", "be-sccp.jar"},
    {"7965", "be-sip.jar", "be-sccp.jar"},
    {"797", "td-sip.jar", "td-sccp.jar"},
    {"7906", "tc-sip.jar", "tc-sccp.jar"},
    {"7911", "tc-sip.jar", "tc-sccp.jar"},
    {"69", "rtl-sip.jar", ""},
    {"78", "sp-sip.jar", ""},
    {"8845", "sl-bev-sip.jar", ""},
    {"8865", "sl-bev-sip.jar", ""},
    {"881", "sl-be-sip.jar", ""},
    {"884", "sl-be-sip.jar", ""},
    {"885", "sl-be-sip.jar", ""},
    {"886", "sl-be-sip.jar", ""},
    {"894", "gb-sccp-sip.jar", "gb-sccp-sip.jar"},
    {"8961", "gh-sip.jar", ""},
    {"9951", "lk-sip.jar", ""},
    {"9971", "gd-sip.jar", ""},
};

static const char *archive_of(const struct model *model, bool sip)
{
    for (size_t i = 0; i < sizeof archives / sizeof *archives; i++)
        if (text_starts(model->name, archives[i].model))
            return sip ? archives[i].sip : archives[i].sccp;
    return "";
}

/* What a letter of a pattern stands for; NULL: this phone has nothing there and does not ask. */
static const char *value_of(char letter, const struct model *model, const struct cnf *cnf)
{
    const char *value = "";
    switch (letter) {
    case 'L':
        return cnf->user_locale;
    case 'N':
        return cnf->network_locale;
    case 'T':
        return text_starts(model->name, "99") ? "g4-tones.xml" : "g3-tones.xml";
    case 'J':
        value = archive_of(model, cnf->sip);
        break;
    case 'D':
        value = cnf->dial_template;
        break;
    case 'S':
        value = cnf->soft_keys;
        break;
    default:
        break;
    }
    return *value ? value : NULL;
}

static bool fill_in(char out[HABITS_NAME], const struct extra_file *extra,
                    const struct model *model, const struct cnf *cnf)
{
    size_t size = 0;
    for (const char *p = extra->pattern; *p; p++) {
        char letter[2] = {*p, '\0'};
        const char *value = letter;
        if (*p == '%') {
            value = value_of(*++p, model, cnf);
            if (!value || (extra->with_locale && !*value))
                return false;
        }
        if (!text_copy(out + size, HABITS_NAME - size, value))
            return false;
        size += strlen(value);
    }
    return true;
}

bool habits_extra(char out[HABITS_NAME], bool *skip, const struct model *model,
                  const struct cnf *configuration, size_t n)
{
    const struct extra_file *extra = &habits_of(model)->extras[n];
    if (!extra->pattern)
        return false;
    *skip = !fill_in(out, extra, model, configuration);
    return true;
}
