#include "cli/words.h"

#include <string.h>

const struct word protocol_words[] = {
    {"sccp", PROTOCOL_SCCP},
    {"sip", PROTOCOL_SIP},
    {NULL, 0},
};

const struct word mode_words[] = {
    {"non-secure", MODE_NON_SECURE},
    {"authenticated", MODE_AUTHENTICATED},
    {"encrypted", MODE_ENCRYPTED},
    {NULL, 0},
};

const struct word capf_words[] = {
    {"string", CAPF_AUTH_STRING},
    {"null-string", CAPF_AUTH_NULL_STRING},
    {"lsc", CAPF_AUTH_LSC},
    {"mic", CAPF_AUTH_MIC},
    {NULL, 0},
};

const struct word operation_words[] = {
    {"none", ENROLMENT_NONE},
    {"install", ENROLMENT_INSTALL},
    {"delete", ENROLMENT_DELETE},
    {"troubleshoot", ENROLMENT_TROUBLESHOOT},
    {NULL, 0},
};

const struct word key_size_words[] = {
    {"512", 512}, {"1024", 1024}, {"2048", 2048}, {"3072", 3072}, {"4096", 4096}, {NULL, 0},
};

const struct word curve_words[] = {
    {"P-256", 256},
    {"P-384", 384},
    {"P-521", 521},
    {NULL, 0},
};

const struct word yes_words[] = {
    {"no", false},
    {"yes", true},
    {NULL, 0},
};

const char *word_text(const struct word *words, int value)
{
    for (; words->word; words++)
        if (words->value == value)
            return words->word;
    return "?";
}

int word_parse(int *out, const struct word *words, const char *option, const char *typed,
               struct why *why)
{
    const char *list[16] = {NULL};
    char all[128] = "";
    for (size_t i = 0; words[i].word && i < 15; i++) {
        size_t used = strlen(all);
        if (text_equal_nocase(words[i].word, typed)) {
            *out = words[i].value;
            return 0;
        }
        list[i] = words[i].word;
        text_format(all + used, sizeof all - used, "%s%s", used ? ", " : "", words[i].word);
    }
    const char *near = text_nearest(typed, list);
    return why_error(why, ERR_USAGE, "--%s %s: it is one of %s%s%s%s", option, typed, all,
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

void key_words(char out[16], unsigned key_size, unsigned curve)
{
    text_format(out, 16, curve ? "P-%u" : "%u", curve ? curve : key_size);
}

int phone_name(char out[DEVICE_NAME], const char *typed, struct why *why)
{
    char upper[DEVICE_NAME];
    if (text_copy(upper, sizeof upper, typed)) {
        text_upper(upper);
        if (text_device_name(bytes_of_string(upper), out))
            return 0;
    }
    return why_error(why, ERR_USAGE,
                     "%s is no name of a phone: SEP and the 12 hexadecimal digits of its MAC",
                     typed);
}
