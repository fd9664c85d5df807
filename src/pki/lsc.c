#include "pki/lsc.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

/* ---- the subject ---- */

enum { VALUE_MAX = 128 };

static const struct {
    const char *word;
    int nid;
} attributes[] = {
    {"CN", NID_commonName},
    {"OU", NID_organizationalUnitName},
    {"O", NID_organizationName},
    {"L", NID_localityName},
    {"ST", NID_stateOrProvinceName},
    {"C", NID_countryName},
    {"serialNumber", NID_serialNumber},
};

static int attribute_nid(struct bytes word)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (bytes_equal_string(word, attributes[i].word))
            return attributes[i].nid;
    return NID_undef;
}

/* The value of one part, its percent signs replaced. */
static int expand(struct buffer *out, struct bytes value, const struct lsc_request *request,
                  struct why *why)
{
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] != '%') {
            buffer_u8(out, value.data[i]);
            continue;
        }
        i++;
        char what = i < value.size ? (char)value.data[i] : '\0';
        if (what == '%')
            buffer_u8(out, '%');
        else if (what == 'd')
            buffer_text(out, request->device);
        else if (what == 'm' && request->model)
            buffer_text(out, request->model);
        else if (what == 'm')
            return why_error(why, ERR_USAGE,
                             "the subject asks for the model (%%m), which is not "
                             "known of this phone");
        else
            return why_error(why, ERR_USAGE,
                             "%%d, %%m and %%%% are what a subject template can have");
    }
    return out->error ? why_error(why, out->error, "a value in the subject is too long") : 0;
}

static int add_value(X509_NAME *name, int nid, struct bytes value, struct why *why)
{
    char error[160];
    if (value.size && X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, value.data,
                                                 (int)value.size, -1, 0) == 1)
        return 0;
    char shown[80];
    return why_error(why, ERR_USAGE, "%s=%s cannot be part of a subject: %s", OBJ_nid2sn(nid),
                     text_escape(shown, sizeof shown, value),
                     value.size ? crypto_error(error) : "it is empty");
}

/* The CN must tell the device: everything that meets the certificate later looks there. */
static int check_common_name(struct bytes value, const char *device, struct why *why)
{
    size_t size = strlen(device);
    struct bytes tail = bytes_slice(value, value.size < size ? 0 : value.size - size, size);
    if (bytes_equal_string(tail, device) &&
        (value.size == size || value.data[value.size - size - 1] == '-'))
        return 0;
    return why_error(why, ERR_USAGE,
                     "the CN of the subject must be %%d or end in -%%d, since phones are known by "
                     "that name");
}

static int add_part(X509_NAME *name, struct bytes part, const struct lsc_request *request,
                    struct why *why)
{
    const uint8_t *equal = part.size ? memchr(part.data, '=', part.size) : NULL;
    size_t key_size = equal ? (size_t)(equal - part.data) : part.size;
    int nid = attribute_nid(bytes_slice(part, 0, key_size));
    char shown[80];
    if (!equal || nid == NID_undef)
        return why_error(why, ERR_USAGE,
                         "'%s' is no part of a subject: CN=, OU=, O=, L=, ST=, C= and "
                         "serialNumber= are, with commas between",
                         text_escape(shown, sizeof shown, part));
    if (nid == NID_commonName && X509_NAME_get_index_by_NID(name, nid, -1) >= 0)
        return why_error(why, ERR_USAGE, "a subject has one CN only");
    struct buffer value;
    buffer_init(&value, VALUE_MAX);
    int result = expand(&value, bytes_slice(part, key_size + 1, part.size), request, why);
    if (result == 0 && nid == NID_commonName)
        result = check_common_name(buffer_bytes(&value), request->device, why);
    if (result == 0)
        result = add_value(name, nid, buffer_bytes(&value), why);
    buffer_fini(&value);
    return result;
}

static int fill_subject(X509_NAME *name, const char *subject, const struct lsc_request *request,
                        struct why *why)
{
    struct bytes left = bytes_of_string(subject);
    if (left.size > LSC_SUBJECT_MAX)
        return why_error(why, ERR_LIMIT, "a subject template of %zu characters; %d are the most",
                         left.size, LSC_SUBJECT_MAX);
    int result = 0;
    while (result == 0 && left.size) {
        const uint8_t *comma = memchr(left.data, ',', left.size);
        size_t size = comma ? (size_t)(comma - left.data) : left.size;
        result = add_part(name, bytes_slice(left, 0, size), request, why);
        left = bytes_slice(left, size + 1, left.size);
    }
    if (result == 0 && X509_NAME_get_index_by_NID(name, NID_commonName, -1) < 0)
        result = why_error(why, ERR_USAGE, "a subject needs a CN, such as %s", LSC_SUBJECT_DEFAULT);
    return result;
}

/* What the issuer says about where it belongs, in the issuer's order. */
static int add_issuer_attributes(X509_NAME *name, const X509_NAME *issuer, struct why *why)
{
    static const int wanted[] = {NID_countryName, NID_stateOrProvinceName, NID_localityName,
                                 NID_organizationName, NID_organizationalUnitName};
    bool given[sizeof wanted / sizeof *wanted];
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
        given[k] = X509_NAME_get_index_by_NID(name, wanted[k], -1) >= 0;
    for (int i = 0; i < X509_NAME_entry_count(issuer); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(issuer, i);
        int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
            if (wanted[k] == nid && !given[k] && X509_NAME_add_entry(name, entry, -1, 0) != 1)
                return why_error(why, ERR_CRYPTO, "cannot copy the issuer's name");
    }
    return 0;
}

/* Letters, digits and these. */
static bool is_plain(const char *text, const char *others)
{
    if (!text || !*text)
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr(others, *text))
            return false;
    return true;
}

int lsc_subject_check(const char *subject, struct why *why)
{
    const struct lsc_request sample = {.device = "SEP001122334455", .model = "CP-8861"};
    X509_NAME *name = X509_NAME_new();
    int result = name ? fill_subject(name, subject, &sample, why) : -ENOMEM;
    X509_NAME_free(name);
    ERR_clear_error();
    return result;
}

/* ---- the certificate ---- */

static int add_extensions(X509 *x509, X509 *issuer, const char *device, struct why *why)
{
    char name[VALUE_MAX];
    char error[160];
    text_format(name, sizeof name, "URI:%s", device);
    const struct {
        int nid;
        const char *value;
    } extensions[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature,keyEncipherment"},
        {NID_ext_key_usage, "serverAuth,clientAuth,1.3.6.1.5.5.7.3.5"},
        {NID_subject_alt_name, name},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid,issuer"},
    };
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, extensions[i].nid, extensions[i].value);
        bool added = e && X509_add_ext(x509, e, -1) == 1;
        X509_EXTENSION_free(e);
        if (!added)
            return why_error(why, ERR_CRYPTO, "the extension %s cannot be made: %s",
                             extensions[i].value, crypto_error(error));
    }
    return 0;
}

static int check_issuer(const struct identity *issuer, uint32_t usage, const char *what,
                        struct why *why)
{
    if (!certificate_may_sign_certificates(issuer->certificate) ||
        !(X509_get_key_usage(certificate_x509(issuer->certificate)) & usage))
        return why_error(why, ERR_POLICY,
                         "%s may not sign %s: its extensions make it no CA for "
                         "that",
                         certificate_subject(issuer->certificate), what);
    if (!key_fits(issuer->key, issuer->certificate))
        return why_error(why, ERR_VERIFY, "the private key does not fit the certificate %s",
                         certificate_subject(issuer->certificate));
    return 0;
}

static int check_request(const struct lsc_template *t, const struct lsc_request *request,
                         struct why *why)
{
    if (!is_plain(request->device, "._-"))
        return why_error(why, ERR_USAGE,
                         "names of phones have letters, digits, '.', '_' and '-' only");
    if (request->model && !is_plain(request->model, "._-+/ "))
        return why_error(why, ERR_USAGE,
                         "names of models have letters, digits, blanks, '.', '_', '-', '+' and '/' "
                         "only");
    if (t->days < 1 || t->days > LSC_DAYS_MAX)
        return why_error(why, ERR_USAGE, "an LSC of %u days: 1 to %d are possible", t->days,
                         LSC_DAYS_MAX);
    if (!digest_signature_method(t->digest))
        return why_error(why, ERR_UNSUPPORTED, "certificates are not signed with this digest");
    return 0;
}

static int set_serial(ASN1_INTEGER *out, struct bytes serial)
{
    BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
    int result = number && BN_to_ASN1_INTEGER(number, out) ? 0 : ERR_CRYPTO;
    BN_free(number);
    return result;
}

static int set_frame(X509 *x509, X509 *issuer, const struct lsc_template *t,
                     const struct public_key *key, const uint8_t serial[SERIAL_BYTES])
{
    time_t start = (time_t)t->not_before;
    if (X509_set_version(x509, X509_VERSION_3) != 1 ||
        X509_set_issuer_name(x509, X509_get_subject_name(issuer)) != 1 ||
        public_key_put(x509, key) != 0 ||
        !X509_time_adj_ex(X509_getm_notBefore(x509), 0, 0, &start) ||
        !X509_time_adj_ex(X509_getm_notAfter(x509), (int)t->days, 0, &start))
        return ERR_CRYPTO;
    return set_serial(X509_get_serialNumber(x509), bytes_of(serial, SERIAL_BYTES));
}

int lsc_issue_der(struct buffer *out, const struct identity *issuer, const struct lsc_template *t,
                  const struct lsc_request *request, const uint8_t serial[SERIAL_BYTES],
                  struct why *why)
{
    char error[160];
    X509 *by = certificate_x509(issuer->certificate);
    int result = check_issuer(issuer, KU_KEY_CERT_SIGN, "certificates", why);
    if (result == 0)
        result = check_request(t, request, why);
    if (result)
        return result;
    unsigned char *der = NULL;
    X509 *x509 = X509_new();
    if (!x509)
        return -ENOMEM;
    result = fill_subject(X509_get_subject_name(x509), t->subject, request, why);
    if (result == 0 && t->issuer_attributes)
        result = add_issuer_attributes(X509_get_subject_name(x509), X509_get_subject_name(by), why);
    if (result == 0)
        result = set_frame(x509, by, t, request->key, serial);
    if (result == 0)
        result = add_extensions(x509, by, request->device, why);
    if (result == 0 &&
        X509_sign(x509, key_pkey(issuer->key), digest_signature_method(t->digest)) <= 0)
        result = ERR_CRYPTO;
    int size = result == 0 ? i2d_X509(x509, &der) : 0;
    if (result == 0 && size <= 0)
        result = ERR_CRYPTO;
    if (result == 0) {
        buffer_append(out, bytes_of(der, (size_t)size));
        result = out->error;
    }
    if (result)
        why_error(why, result, "cannot issue a certificate: %s", crypto_error(error));
    ERR_clear_error();
    OPENSSL_free(der);
    X509_free(x509);
    return result;
}

int lsc_issue(struct certificate **out, const struct identity *issuer, const struct lsc_template *t,
              const struct lsc_request *request, const uint8_t serial[SERIAL_BYTES],
              struct why *why)
{
    struct buffer der;
    buffer_init(&der, CERTIFICATE_DER_MAX);
    int result = lsc_issue_der(&der, issuer, t, request, serial, why);
    if (result == 0)
        result = certificate_from_der(out, buffer_bytes(&der), why);
    buffer_fini(&der);
    return result;
}

/* ---- the revoked ---- */

static int set_time(ASN1_TIME *out, int64_t at)
{
    return ASN1_TIME_adj(out, (time_t)at, 0, 0) ? 0 : ERR_CRYPTO;
}

static int set_reason(X509_REVOKED *revoked, unsigned reason)
{
    if (!reason)
        return 0;
    ASN1_ENUMERATED *value = ASN1_ENUMERATED_new();
    bool fine = value && ASN1_ENUMERATED_set(value, (long)reason) == 1 &&
                X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, value, 0, 0) == 1;
    ASN1_ENUMERATED_free(value);
    return fine ? 0 : ERR_CRYPTO;
}

static int add_revoked(X509_CRL *crl, const struct crl_entry *entry)
{
    X509_REVOKED *revoked = X509_REVOKED_new();
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_TIME *date = ASN1_TIME_new();
    int result = revoked && serial && date ? set_serial(serial, entry->serial) : -ENOMEM;
    if (result == 0)
        result = set_time(date, entry->revoked);
    if (result == 0)
        result = set_reason(revoked, entry->reason);
    if (result == 0 && (X509_REVOKED_set_serialNumber(revoked, serial) != 1 ||
                        X509_REVOKED_set_revocationDate(revoked, date) != 1 ||
                        X509_CRL_add0_revoked(crl, revoked) != 1))
        result = ERR_CRYPTO;
    if (result)
        X509_REVOKED_free(revoked);
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(date);
    return result;
}

static int set_crl_frame(X509_CRL *crl, X509 *issuer, const struct crl_spec *spec)
{
    ASN1_TIME *time = ASN1_TIME_new();
    bool fine = time && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
                X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1 &&
                set_time(time, spec->this_update) == 0 &&
                X509_CRL_set1_lastUpdate(crl, time) == 1 &&
                set_time(time, spec->next_update) == 0 && X509_CRL_set1_nextUpdate(crl, time) == 1;
    ASN1_TIME_free(time);
    return fine ? 0 : ERR_CRYPTO;
}

static int add_crl_extensions(X509_CRL *crl, X509 *issuer, uint64_t number)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
    X509_EXTENSION *who =
        X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid,issuer");
    ASN1_INTEGER *value = ASN1_INTEGER_new();
    bool fine = who && value && X509_CRL_add_ext(crl, who, -1) == 1 &&
                ASN1_INTEGER_set_uint64(value, number) == 1 &&
                X509_CRL_add1_ext_i2d(crl, NID_crl_number, value, 0, 0) == 1;
    X509_EXTENSION_free(who);
    ASN1_INTEGER_free(value);
    return fine ? 0 : ERR_CRYPTO;
}

int crl_write(struct buffer *out, const struct identity *issuer, const struct crl_spec *spec,
              struct why *why)
{
    char error[160];
    X509 *by = certificate_x509(issuer->certificate);
    int result = check_issuer(issuer, KU_CRL_SIGN, "revocation lists", why);
    if (result == 0 &&
        (spec->next_update <= spec->this_update || !digest_signature_method(spec->digest)))
        result = why_error(why, ERR_USAGE,
                           "a revocation list must be valid for some time, and be "
                           "signed with SHA-1, SHA-256 or SHA-512");
    if (result)
        return result;
    unsigned char *der = NULL;
    X509_CRL *crl = X509_CRL_new();
    result = crl ? set_crl_frame(crl, by, spec) : -ENOMEM;
    for (size_t i = 0; result == 0 && i < spec->count; i++)
        result = add_revoked(crl, &spec->entries[i]);
    if (result == 0)
        result = add_crl_extensions(crl, by, spec->number);
    if (result == 0 &&
        (X509_CRL_sort(crl) != 1 ||
         X509_CRL_sign(crl, key_pkey(issuer->key), digest_signature_method(spec->digest)) <= 0))
        result = ERR_CRYPTO;
    int size = result == 0 ? i2d_X509_CRL(crl, &der) : 0;
    if (result == 0 && size <= 0)
        result = ERR_CRYPTO;
    if (result == 0) {
        buffer_append(out, bytes_of(der, (size_t)size));
        result = out->error;
    }
    if (result)
        why_error(why, result, "cannot make a revocation list: %s", crypto_error(error));
    ERR_clear_error();
    OPENSSL_free(der);
    X509_CRL_free(crl);
    return result;
}

int crl_to_pem(struct buffer *out, struct bytes der)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return -ENOMEM;
    int result =
        PEM_write_bio(bio, PEM_STRING_X509_CRL, "", der.data, (long)der.size) > 0 ? 0 : ERR_CRYPTO;
    if (result == 0) {
        char *data = NULL;
        long size = BIO_get_mem_data(bio, &data);
        buffer_append(out, bytes_of(data, (size_t)size));
        result = out->error;
    }
    BIO_free(bio);
    return result;
}
