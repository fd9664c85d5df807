#include "pki/chain.h"

#include "base/text.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <time.h>

static int add_all(STACK_OF(X509) * stack, struct certificate *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!X509_add_cert(stack, certificate_x509(list[i]),
                           X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP))
            return -ENOMEM;
    return 0;
}

static int overlook_expiry(int fine, X509_STORE_CTX *ctx)
{
    if (fine || X509_STORE_CTX_get_error(ctx) != X509_V_ERR_CERT_HAS_EXPIRED)
        return fine;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

static const char *date_text(char out[32], const ASN1_TIME *time)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(out, 32, "%Y-%m-%d", &tm) == 0)
        text_copy(out, 32, "an unreadable date");
    return out;
}

/* What OpenSSL found, for people. */
static int explain(X509_STORE_CTX *ctx, size_t trusted_count, struct why *why)
{
    int error = X509_STORE_CTX_get_error(ctx);
    X509 *at = X509_STORE_CTX_get_current_cert(ctx);
    char subject[256] = "the certificate";
    char issuer[256] = "nobody";
    char date[32];
    struct buffer name;
    buffer_init(&name, sizeof subject - 1);
    if (at && name_write(&name, X509_get_subject_name(at), ";") == 0)
        text_copy(subject, sizeof subject, buffer_string(&name));
    buffer_clear(&name);
    if (at && name_write(&name, X509_get_issuer_name(at), ";") == 0)
        text_copy(issuer, sizeof issuer, buffer_string(&name));
    buffer_fini(&name);
    switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return why_error(why, ERR_NOT_FOUND,
                         "%s was issued by %s, which is none of the %zu CAs trusted for phones: "
                         "import its certificate if it is to be trusted",
                         subject, issuer, trusted_count);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return why_error(why, ERR_POLICY, "%s expired on %s", subject,
                         date_text(date, X509_get0_notAfter(at)));
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return why_error(why, ERR_POLICY,
                         "%s is valid from %s on only: is the clock of this machine right?",
                         subject, date_text(date, X509_get0_notBefore(at)));
    default:
        return why_error(why, ERR_VERIFY, "%s: %s", subject, X509_verify_cert_error_string(error));
    }
}

/* Which of the trusted ones the chain comes to first. */
static size_t find_anchor(STACK_OF(X509) * chain, struct certificate *const *trusted, size_t count)
{
    for (int i = 0; i < sk_X509_num(chain); i++)
        for (size_t k = 0; k < count; k++)
            if (X509_cmp(sk_X509_value(chain, i), certificate_x509(trusted[k])) == 0)
                return k;
    return count; /* cannot be: a verified chain ends at one of them */
}

static int64_t first_end(STACK_OF(X509) * chain)
{
    int64_t until = INT64_MAX;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        struct tm tm;
        const ASN1_TIME *time = X509_get0_notAfter(sk_X509_value(chain, i));
        int64_t end = ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
        if (end < until)
            until = end;
    }
    return until;
}

int chain_check(struct chain_way *out, const struct certificate *leaf,
                struct certificate *const *others, size_t other_count,
                struct certificate *const *trusted, size_t trusted_count,
                const struct chain_rules *rules, struct why *why)
{
    int result = -ENOMEM;
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    STACK_OF(X509) *roots = sk_X509_new_null();
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (!untrusted || !roots || !store || !ctx || add_all(untrusted, others, other_count) ||
        add_all(roots, trusted, trusted_count) ||
        X509_STORE_CTX_init(ctx, store, certificate_x509(leaf), untrusted) != 1)
        goto out;
    X509_STORE_CTX_set0_trusted_stack(ctx, roots);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)rules->now);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
    if (rules->expired_is_fine)
        X509_STORE_CTX_set_verify_cb(ctx, overlook_expiry);
    if (X509_verify_cert(ctx) != 1) {
        result = explain(ctx, trusted_count, why);
        goto out;
    }
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    struct chain_way way = {.anchor = find_anchor(chain, trusted, trusted_count),
                            .until = first_end(chain)};
    result = way.anchor < trusted_count ? 0 : ERR_BUG;
    if (result == 0 && out)
        *out = way;
out:
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_pop_free(untrusted, X509_free);
    sk_X509_pop_free(roots, X509_free);
    ERR_clear_error();
    return result;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* Some MICs have the digits of the MAC in small letters. */
static bool ends_in_device(struct bytes name, struct bytes device)
{
    if (device.size == 0 || name.size < device.size)
        return false;
    size_t front = name.size - device.size;
    for (size_t i = 0; i < device.size; i++)
        if (lower(name.data[front + i]) != lower(device.data[i]))
            return false;
    return front == 0 || name.data[front - 1] == '-';
}

bool certificate_names_device(const struct certificate *c, struct bytes device)
{
    const X509_NAME *subject = X509_get_subject_name(certificate_x509(c));
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return false;
    unsigned char *text = NULL;
    int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    bool names = size > 0 && ends_in_device(bytes_of(text, (size_t)size), device);
    OPENSSL_free(text);
    ERR_clear_error();
    return names;
}

int certificate_check_device(const struct certificate *c, struct bytes device, struct why *why)
{
    if (certificate_names_device(c, device))
        return 0;
    char shown[160];
    return why_error(
        why, ERR_POLICY,
        "the certificate is of %s, and %s presents it: its CN must be that name or end "
        "in '-' and it",
        certificate_subject(c), text_escape(shown, sizeof shown, device));
}
