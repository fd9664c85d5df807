#include "trust/traits.h"

#include "base/text.h"

#include <string.h>

enum trait_form { FORM_TRAIT, FORM_ENCRYPTION, FORM_BITS, FORM_TLS };

/* Where each is in a struct model. */
static const struct row {
    const char *name;
    const char *about;
    enum trait_form form;
    size_t offset; /* of FORM_TRAIT */
} rows[] = {
    {"ctl", "asks for a CTL", FORM_TRAIT, offsetof(struct model, ctl)},
    {"itl", "asks for an ITL", FORM_TRAIT, offsetof(struct model, itl)},
    {"tvs", "asks TVS about what it does not know", FORM_TRAIT, offsetof(struct model, tvs)},
    {"tftp_address", "trusts a server only when its address is in the CTL", FORM_TRAIT,
     offsetof(struct model, tftp_address)},
    {"signed_config", "checks the signatures of files", FORM_TRAIT,
     offsetof(struct model, signed_config)},
    {"mic", "has a certificate from the factory", FORM_TRAIT, offsetof(struct model, mic)},
    {"lsc", "can get a certificate from CAPF", FORM_TRAIT, offsetof(struct model, lsc)},
    {"ec_lsc", "can get one with an EC key", FORM_TRAIT, offsetof(struct model, ec_lsc)},
    {"sha512", "takes SHA-512 signatures", FORM_TRAIT, offsetof(struct model, sha512)},
    {"http", "asks port 6970 before TFTP", FORM_TRAIT, offsetof(struct model, http)},
    {"https", "asks port 6971", FORM_TRAIT, offsetof(struct model, https)},
    {"encryption", "how its configuration can be encrypted", FORM_ENCRYPTION, 0},
    {"rsa_max", "the longest RSA key it takes", FORM_BITS, 0},
    {"tls_max", "the newest TLS it speaks", FORM_TLS, 0},
};

enum { ROWS = sizeof rows / sizeof *rows };

const char *const *trait_names(void)
{
    static const char *const names[ROWS + 1] = {
        "ctl",    "itl",    "tvs",  "tftp_address", "signed_config", "mic",     "lsc",
        "ec_lsc", "sha512", "http", "https",        "encryption",    "rsa_max", "tls_max"};
    return names;
}

static const struct row *find(const char *name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

const char *trait_about(const char *name)
{
    const struct row *row = find(name);
    return row ? row->about : NULL;
}

/* ---- values ---- */

static const char *const trait_words[] = {
    [TRAIT_NO] = "no", [TRAIT_YES] = "yes", [TRAIT_UNKNOWN] = "unknown"};
static const char *const encryption_words[] = {[ENCRYPTION_NONE] = "none",
                                               [ENCRYPTION_MANUAL_RC4] = "rc4",
                                               [ENCRYPTION_MANUAL_AES] = "aes",
                                               [ENCRYPTION_PKI] = "pki",
                                               [ENCRYPTION_UNKNOWN] = "unknown"};
/* As the table of models spells them; "?" is what people call unknown. */
static const char *const tls_words[] = {"none", "1.0", "1.2", "1.3", "?"};

enum { RSA_LEAST = 512, RSA_MOST = 16384 };

static bool among(size_t *out, const char *const *words, size_t count, const char *value)
{
    for (size_t i = 0; i < count; i++) {
        if (!text_equal_nocase(words[i], value))
            continue;
        *out = i;
        return true;
    }
    return false;
}
#define AMONG(out, words, value) among(out, words, sizeof(words) / sizeof *(words), value)

static bool set_trait(struct model *model, const struct row *row, const char *value)
{
    size_t i;
    if (!AMONG(&i, trait_words, value))
        return false;
    *(struct trait *)((char *)model + row->offset) = (struct trait){(enum trait_value)i, false};
    return true;
}

static bool set_encryption(struct model *model, const char *value)
{
    size_t i;
    if (!AMONG(&i, encryption_words, value))
        return false;
    model->encryption = (enum config_encryption)i;
    model->encryption_inferred = false;
    return true;
}

static bool set_bits(struct model *model, const char *value)
{
    int64_t bits = 0;
    if (!text_equal_nocase(value, "unknown") && text_number(value, RSA_LEAST, RSA_MOST, &bits) != 0)
        return false;
    model->rsa_max = (unsigned)bits;
    model->rsa_max_inferred = false;
    return true;
}

static bool set_tls(struct model *model, const char *value)
{
    size_t i;
    if (!AMONG(&i, tls_words, text_equal_nocase(value, "unknown") ? "?" : value))
        return false;
    model->tls_max = tls_words[i];
    model->tls_max_inferred = false;
    return true;
}

static const char *const ranges[] = {
    [FORM_TRAIT] = "yes, no or unknown",
    [FORM_ENCRYPTION] = "none, rc4, aes, pki or unknown",
    [FORM_BITS] = "512 to 16384, or unknown",
    [FORM_TLS] = "none, 1.0, 1.2, 1.3 or unknown",
};

int model_set_trait(struct model *model, const char *name, const char *value, struct why *why)
{
    const struct row *row = find(name);
    bool set = false;
    if (!row) {
        const char *near = text_nearest(name, trait_names());
        return why_error(why, ERR_USAGE, "there is no trait %s%s%s%s", name,
                         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    switch (row->form) {
    case FORM_TRAIT:
        set = set_trait(model, row, value);
        break;
    case FORM_ENCRYPTION:
        set = set_encryption(model, value);
        break;
    case FORM_BITS:
        set = set_bits(model, value);
        break;
    case FORM_TLS:
        set = set_tls(model, value);
        break;
    }
    return set ? 0
               : why_error(why, ERR_USAGE, "the trait %s cannot be %s; it may be %s", name, value,
                           ranges[row->form]);
}

char *model_trait_text(char out[TRAIT_WORD], bool *inferred, const struct model *model,
                       const char *name)
{
    const struct row *row = find(name);
    const struct trait *trait = (const struct trait *)((const char *)model + row->offset);
    switch (row->form) {
    case FORM_TRAIT:
        *inferred = trait->inferred;
        text_copy(out, TRAIT_WORD, trait_words[trait->value]);
        break;
    case FORM_ENCRYPTION:
        *inferred = model->encryption_inferred;
        text_copy(out, TRAIT_WORD, encryption_words[model->encryption]);
        break;
    case FORM_BITS:
        *inferred = model->rsa_max_inferred;
        text_format(out, TRAIT_WORD, "%u", model->rsa_max);
        if (!model->rsa_max)
            text_copy(out, TRAIT_WORD, "unknown");
        break;
    case FORM_TLS:
        *inferred = model->tls_max_inferred;
        text_copy(out, TRAIT_WORD, strcmp(model->tls_max, "?") == 0 ? "unknown" : model->tls_max);
        break;
    }
    return out;
}
