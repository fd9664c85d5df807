#include "cluster/own.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "signer/protocol.h"

#include <string.h>

static const struct own {
    const char *name;
    enum certificate_use use;
    const char *purpose;
    bool listed;
} table[] = {
    {KEY_CALLMANAGER, USE_SERVER, "CallManager-trust", true},
    {KEY_CAPF, USE_CA, "CAPF-trust", true},
    {KEY_TVS, USE_SERVER, "TVS-trust", true},
    {KEY_RECOVERY, USE_ANCHOR, NULL, true},
    {KEY_WEB, USE_SERVER, "web-trust", false},
};

enum { OWN = sizeof table / sizeof *table };

static const struct own *find(const char *typed)
{
    for (size_t i = 0; i < OWN; i++)
        if (text_equal_nocase(table[i].name, typed))
            return &table[i];
    return NULL;
}

const char *own_name(const char *typed)
{
    const struct own *own = find(typed);
    return own ? own->name : NULL;
}

const char *const *own_names(void)
{
    static const char *const names[] = {KEY_WEB,  KEY_RECOVERY, KEY_CALLMANAGER,
                                        KEY_CAPF, KEY_TVS,      NULL};
    return names;
}

const char *own_trust_purpose(const char *name)
{
    const struct own *own = find(name);
    return own ? own->purpose : NULL;
}

bool own_is_listed(const char *name)
{
    const struct own *own = find(name);
    return own && own->listed;
}

static const char *const keys[5] = {"OU", "O", "L", "ST", "C"};

int own_subject(char *out, size_t size, const char *const parts[5], struct why *why)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < 5; i++) {
        const char *part = parts[i];
        if (!part || !*part)
            continue;
        if (strpbrk(part, ";\"\n\r") || strlen(part) > 100 || !text_is_utf8(bytes_of_string(part)))
            return why_error(why, ERR_USAGE,
                             "%s=%s cannot be part of a name: up to 100 letters, no ; or quotes",
                             keys[i], part);
        if (i == 4 && strlen(part) != 2)
            return why_error(why, ERR_USAGE, "C=%s: a country has two letters", part);
        if (!text_format(out + used, size - used, "%s%s=%s", used ? ";" : "", keys[i], part))
            return why_error(why, ERR_LIMIT, "the name is too long");
        used = strlen(out);
    }
    return 0;
}

/* Takes "OU=a;O=b" apart into the template's rooms. */
static int take_subject(struct own_template *t, const char *subject)
{
    while (*subject) {
        size_t size = strcspn(subject, ";");
        size_t i = 0;
        while (i < 5 && !(strncmp(subject, keys[i], strlen(keys[i])) == 0 &&
                          subject[strlen(keys[i])] == '='))
            i++;
        if (i == 5)
            return ERR_FORMAT;
        size_t skip = strlen(keys[i]) + 1;
        if (!text_copy_bytes(t->subject[i], sizeof t->subject[i],
                             bytes_of(subject + skip, size - skip)))
            return ERR_LIMIT;
        subject += size + (subject[size] == ';');
    }
    return 0;
}

static void name_it(char *out, size_t size, const char *name, const struct store_node *node)
{
    if (strcmp(name, KEY_CAPF) == 0) {
        /* A new one looks different at a glance: eight random digits, as CUCM's has. */
        uint8_t random[4];
        char hex[9];
        secret_random(random, sizeof random);
        text_format(out, size, "CAPF-%s",
                    text_hex(hex, sizeof hex, bytes_of(random, sizeof random), false, 0));
    } else if (strcmp(name, KEY_RECOVERY) == 0) {
        text_format(out, size, "ITLRECOVERY_%s", node->name);
    } else {
        text_copy(out, size, node->name);
    }
}

int own_template(struct own_template *out, const char *name, const struct store_node *node,
                 const char *subject, unsigned days, struct why *why)
{
    const struct own *own = find(name);
    *out = (struct own_template){0};
    if (!own)
        return why_error(why, ERR_USAGE, "there is no certificate %s", name);
    int result = take_subject(out, subject);
    if (result)
        return why_error(why, result, "the parameter certificate_subject cannot be read: %s",
                         subject);
    name_it(out->common_name, sizeof out->common_name, own->name, node);
    out->template = (struct certificate_template){
        .use = own->use,
        .subject = {.common_name = out->common_name,
                    .unit = out->subject[0],
                    .organization = out->subject[1],
                    .locality = out->subject[2],
                    .province = out->subject[3],
                    .country = out->subject[4]},
        .not_before = clock_wall() - 86400,
        .days = days + 1, /* the day back is not taken from the validity */
    };
    if (own->use == USE_SERVER) {
        out->template.dns_name = node->name;
        out->template.address = node->address;
    }
    return 0;
}
