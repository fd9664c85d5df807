#include "net/tls_failure.h"

#include "base/text.h"
#include "net/tls_parts.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <string.h>

const char *tls_end_name(enum tls_end_kind kind)
{
    static const char *const names[TLS_END_KINDS] = {
        [TLS_END_CLOSED] = "closed",   [TLS_END_CUT] = "cut",
        [TLS_END_OURS] = "ours",       [TLS_END_LATE] = "late",
        [TLS_END_SYSTEM] = "system",   [TLS_END_GARBAGE] = "garbage",
        [TLS_END_VERSION] = "version", [TLS_END_CIPHER] = "cipher",
        [TLS_END_ALERT] = "alert",     [TLS_END_CERTIFICATE] = "certificate",
        [TLS_END_EVICTED] = "evicted", [TLS_END_PROTOCOL] = "protocol",
    };
    return names[kind];
}

/* ---- what a hello offers ---- */

enum { EXTENSION_VERSIONS = 43 };

static uint16_t highest_version(struct bytes extension)
{
    struct reader r;
    uint16_t highest = 0;
    reader_init(&r, extension);
    struct bytes list = reader_bytes(&r, reader_u8(&r));
    reader_init(&r, list);
    while (reader_left(&r) >= 2) {
        uint16_t version = reader_u16be(&r);
        /* Values like 0x7a7a are there to keep servers from stumbling over what they do not know.
         */
        if ((version >> 8) == 3 && version > highest)
            highest = version;
    }
    return highest;
}

void tls_hello_read(struct tls_hello *out, SSL *ssl)
{
    const unsigned char *data;
    size_t size;
    *out = (struct tls_hello){.version = (uint16_t)SSL_client_hello_get0_legacy_version(ssl)};
    if (SSL_client_hello_get0_ext(ssl, EXTENSION_VERSIONS, &data, &size) == 1)
        out->version = highest_version(bytes_of(data, size));
    struct reader r;
    size = SSL_client_hello_get0_ciphers(ssl, &data);
    reader_init(&r, bytes_of(data, size));
    while (reader_left(&r) >= 2 && out->suite_count < TLS_HELLO_SUITES)
        out->suites[out->suite_count++] = reader_u16be(&r);
}

static const char *version_name(char out[24], uint16_t version)
{
    if (version >= 0x0301 && version <= 0x0304)
        snprintf(out, 24, "TLS 1.%d", version - 0x0301);
    else if (version == 0x0300)
        snprintf(out, 24, "SSL 3.0");
    else
        snprintf(out, 24, "version 0x%04x", version);
    return out;
}

/* Names where OpenSSL has one (those compiled in), else numbers. Signalling values are no suites.
 */
static void suites_text(struct buffer *out, const struct tls_hello *hello, SSL_CTX *ctx)
{
    SSL *names = SSL_new(ctx); /* SSL_CIPHER_find asks a connection's method */
    for (size_t i = 0; i < hello->suite_count; i++) {
        uint16_t suite = hello->suites[i];
        if (suite == 0x00ff || suite == 0x5600 || (suite & 0x0f0f) == 0x0a0a)
            continue;
        const unsigned char id[2] = {(unsigned char)(suite >> 8), (unsigned char)suite};
        const SSL_CIPHER *cipher = names ? SSL_CIPHER_find(names, id) : NULL;
        buffer_text(out, out->size ? ", " : "");
        if (cipher)
            buffer_text(out, SSL_CIPHER_get_name(cipher));
        else
            buffer_format(out, "0x%04x", suite);
    }
    if (hello->suite_count == TLS_HELLO_SUITES)
        buffer_text(out, ", ...");
    SSL_free(names);
}

/* ---- alerts the other side sent ---- */

static const struct {
    unsigned number;
    const char *text; /* follows "the phone" or "the server" */
} alerts[] = {
    {SSL_AD_UNEXPECTED_MESSAGE, "says that a message came out of turn"},
    {SSL_AD_BAD_RECORD_MAC, "could not verify a record: the bytes were damaged, or keys differ"},
    {SSL_AD_RECORD_OVERFLOW, "says that a record was too large"},
    {SSL_AD_HANDSHAKE_FAILURE, "found nothing that both sides speak"},
    {SSL_AD_BAD_CERTIFICATE, "refuses our certificate"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "does not support the kind of our certificate"},
    {SSL_AD_CERTIFICATE_REVOKED, "says that our certificate was revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, "says that our certificate has expired: or its clock is wrong"},
    {SSL_AD_CERTIFICATE_UNKNOWN, "does not trust our certificate: none of its lists names it"},
    {SSL_AD_ILLEGAL_PARAMETER, "says that a value in the handshake is illegal"},
    {SSL_AD_UNKNOWN_CA, "does not know this CA: none of its lists names our certificate or its "
                        "issuer"},
    {SSL_AD_ACCESS_DENIED, "accepts our certificate but denies us access"},
    {SSL_AD_DECODE_ERROR, "could not read a message of ours"},
    {SSL_AD_DECRYPT_ERROR, "could not verify a signature or decrypt a key of ours"},
    {SSL_AD_PROTOCOL_VERSION, "does not speak a TLS version that we speak"},
    {SSL_AD_INSUFFICIENT_SECURITY, "asks for stronger cipher suites"},
    {SSL_AD_INTERNAL_ERROR, "reports a fault of its own"},
    {SSL_AD_USER_CANCELLED, "gave up the handshake"},
    {SSL_AD_NO_RENEGOTIATION, "refuses to renegotiate"},
    {SSL_AD_UNRECOGNIZED_NAME, "does not serve the name that was asked for"},
    {SSL_AD_CERTIFICATE_REQUIRED, "asks for a certificate, and we showed none"},
};

static const char *alert_text(unsigned number)
{
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
        if (alerts[i].number == number)
            return alerts[i].text;
    return "refused the connection";
}

/* ---- reading OpenSSL's mind ---- */

static const char *other_side(const struct tls_blame *b)
{
    return b->context->server ? "the phone" : "the server";
}

static enum tls_end_kind kind_of_reason(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
        return TLS_END_GARBAGE;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK:
        return TLS_END_VERSION;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_WRONG_CIPHER_RETURNED:
        return TLS_END_CIPHER;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS:
        return TLS_END_CERTIFICATE;
    default:
        return TLS_END_PROTOCOL;
    }
}

static void explain_version(const struct tls_blame *b, const char *reason, struct why *why)
{
    char name[24];
    if (!b->context->server || b->hello->version == 0)
        why_error(why, ERR_UNSUPPORTED, "no TLS version that both sides speak: %s", reason);
    else if (b->context->profile == TLS_MODERN && b->hello->version < TLS1_2_VERSION)
        why_error(
            why, ERR_UNSUPPORTED,
            "the phone offers only %s, this service speaks TLS 1.2 and 1.3: legacy_tls is off",
            version_name(name, b->hello->version));
    else
        why_error(why, ERR_UNSUPPORTED, "no TLS version that both sides speak: the phone's is %s",
                  version_name(name, b->hello->version));
}

static void explain_cipher(const struct tls_blame *b, const char *reason, struct why *why)
{
    struct buffer suites;
    buffer_init(&suites, 300);
    if (b->context->server)
        suites_text(&suites, b->hello, b->context->ctx);
    const char *offered = buffer_string(&suites);
    if (!b->context->server || !offered[0])
        why_error(why, ERR_UNSUPPORTED, "no shared cipher: %s", reason);
    else if (b->context->profile == TLS_MODERN)
        why_error(why, ERR_UNSUPPORTED, "no shared cipher: the phone offers %s; legacy_tls is off",
                  offered);
    else
        why_error(why, ERR_UNSUPPORTED,
                  "no shared cipher: the phone offers %s, none of which this service takes",
                  offered);
    buffer_fini(&suites);
}

static void explain_certificate(const struct tls_blame *b, int code, const char *reason,
                                struct why *why)
{
    if (b->verdict)
        why_error(why, ERR_POLICY, "%s", b->verdict);
    else if (code == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        why_error(
            why, ERR_POLICY,
            "%s showed no certificate, and this service needs one: it has neither LSC nor MIC",
            other_side(b));
    else
        why_error(why, ERR_POLICY, "%s's certificate cannot be used: %s", other_side(b), reason);
}

static struct tls_end end_of_reason(const struct tls_blame *b, int code, const char *reason,
                                    struct why *why)
{
    struct tls_end end = {.kind = kind_of_reason(code)};
    switch (end.kind) {
    case TLS_END_GARBAGE:
        end.error =
            why_error(why, ERR_FORMAT, "what %s sent is not TLS: %s", other_side(b), reason);
        break;
    case TLS_END_VERSION:
        end.error = ERR_UNSUPPORTED;
        explain_version(b, reason, why);
        break;
    case TLS_END_CIPHER:
        end.error = ERR_UNSUPPORTED;
        explain_cipher(b, reason, why);
        break;
    case TLS_END_CERTIFICATE:
        end.error = ERR_POLICY;
        explain_certificate(b, code, reason, why);
        break;
    default:
        end.error =
            why_error(why, ERR_CRYPTO, "%s broke the rules of TLS: %s", other_side(b), reason);
    }
    return end;
}

static struct tls_end end_of_wire(const struct tls_blame *b, struct why *why)
{
    if (b->wire->error == ERR_LIMIT)
        return (struct tls_end){
            .kind = TLS_END_GARBAGE,
            .error = why_error(why, ERR_LIMIT, "a handshake of %s larger than %llu bytes",
                               other_side(b), (unsigned long long)b->wire->allowance)};
    return (struct tls_end){.kind = TLS_END_SYSTEM,
                            .error = why_error(why, b->wire->error, "%s: %s", other_side(b),
                                               error_text(b->wire->error))};
}

static struct tls_end end_of_stream(const struct tls_blame *b, struct why *why)
{
    const char *when = b->shaken           ? "without saying so (no close_notify)"
                       : b->wire->received ? "in the middle of the handshake"
                                           : "without a word";
    return (struct tls_end){
        .kind = TLS_END_CUT,
        .error = why_error(why, ERR_CLOSED, "%s closed the connection %s", other_side(b), when)};
}

struct tls_end tls_failure_read(const struct tls_blame *b, struct why *why)
{
    unsigned long code = ERR_peek_error();
    char reason[160];
    int number = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
    text_copy(reason, sizeof reason, ERR_reason_error_string(code) ?: "unknown");
    ERR_clear_error();
    if (b->wire->error)
        return end_of_wire(b, why);
    if (b->wire->ended && (code == 0 || number == SSL_R_UNEXPECTED_EOF_WHILE_READING))
        return end_of_stream(b, why);
    if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
        return (struct tls_end){.kind = TLS_END_SYSTEM,
                                .error = why_error(why, -ENOMEM, "%s", error_text(-ENOMEM))};
    if (number > SSL_AD_REASON_OFFSET && number <= SSL_AD_REASON_OFFSET + 255) {
        unsigned alert = (unsigned)(number - SSL_AD_REASON_OFFSET);
        return (struct tls_end){.kind = TLS_END_ALERT,
                                .alert = alert,
                                .error = why_error(why, ERR_CLOSED, "%s %s (alert %u)",
                                                   other_side(b), alert_text(alert), alert)};
    }
    return end_of_reason(b, number, reason, why);
}
