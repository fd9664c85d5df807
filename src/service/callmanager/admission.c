#include "service/callmanager/admission.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    const char *screen; /* 31 characters at most */
} words[] = {
    [ADMISSION_WELCOME] = {"welcome", ""},
    [ADMISSION_AUTO_REGISTER] = {"auto_register", ""},
    [ADMISSION_NO_NAME] = {"no_name", "No name of a phone"},
    [ADMISSION_NO_CERTIFICATE] = {"no_certificate", "Certificate required"},
    [ADMISSION_UNTRUSTED] = {"untrusted", "Certificate is not trusted"},
    [ADMISSION_NOT_ISSUED] = {"not_issued", "Certificate is not known"},
    [ADMISSION_EXPIRED] = {"expired", "Certificate has expired"},
    [ADMISSION_REVOKED] = {"revoked", "Certificate is revoked"},
    [ADMISSION_REPLACED] = {"replaced", "Certificate was replaced"},
    [ADMISSION_FOREIGN] = {"foreign", "Certificate of another phone"},
    [ADMISSION_UNKNOWN] = {"unknown", "Phone is not configured"},
    [ADMISSION_PROTOCOL] = {"protocol", "Phone is configured for SIP"},
    [ADMISSION_NEEDS_TLS] = {"needs_tls", "Secure connection required"},
    [ADMISSION_NOT_SECURE] = {"not_secure", "Phone is not set up as secure"},
    [ADMISSION_NOT_CONFIDENTIAL] = {"not_confidential", "Encryption required"},
    [ADMISSION_CROSSED] = {"crossed", "Crossover session"},
};

const char *admission_verdict_name(enum admission_verdict verdict)
{
    return (size_t)verdict < sizeof words / sizeof *words ? words[verdict].name : "?";
}

/* Who may come how. In mixed mode a phone comes as its profile says. In non-secure mode no profile
 * makes a phone secure: one with a secure profile may come over TCP, as it does without a CTL, or
 * over TLS, as it does with the CTL of mixed mode that it still has; it is non-secure in both. An
 * encrypted phone never comes with a NULL cipher, and a non-secure one never over TLS. */
static const enum admission_verdict by_mode[2][4][3] = {
    [false] = {[MODE_NON_SECURE] = {[CALL_LINK_PLAIN] = ADMISSION_WELCOME,
                                    [CALL_LINK_AUTHENTICATED] = ADMISSION_NOT_SECURE,
                                    [CALL_LINK_ENCRYPTED] = ADMISSION_NOT_SECURE},
               [MODE_AUTHENTICATED] = {[CALL_LINK_PLAIN] = ADMISSION_WELCOME,
                                       [CALL_LINK_AUTHENTICATED] = ADMISSION_WELCOME,
                                       [CALL_LINK_ENCRYPTED] = ADMISSION_WELCOME},
               [MODE_ENCRYPTED] = {[CALL_LINK_PLAIN] = ADMISSION_WELCOME,
                                   [CALL_LINK_AUTHENTICATED] = ADMISSION_NOT_CONFIDENTIAL,
                                   [CALL_LINK_ENCRYPTED] = ADMISSION_WELCOME}},
    [true] = {[MODE_NON_SECURE] = {[CALL_LINK_PLAIN] = ADMISSION_WELCOME,
                                   [CALL_LINK_AUTHENTICATED] = ADMISSION_NOT_SECURE,
                                   [CALL_LINK_ENCRYPTED] = ADMISSION_NOT_SECURE},
              [MODE_AUTHENTICATED] = {[CALL_LINK_PLAIN] = ADMISSION_NEEDS_TLS,
                                      [CALL_LINK_AUTHENTICATED] = ADMISSION_WELCOME,
                                      [CALL_LINK_ENCRYPTED] = ADMISSION_WELCOME},
              [MODE_ENCRYPTED] = {[CALL_LINK_PLAIN] = ADMISSION_NEEDS_TLS,
                                  [CALL_LINK_AUTHENTICATED] = ADMISSION_NOT_CONFIDENTIAL,
                                  [CALL_LINK_ENCRYPTED] = ADMISSION_WELCOME}},
};

static const enum admission_verdict by_certificate[ADMISSION_CERTIFICATES] = {
    [ADMISSION_CERTIFICATE_NONE] = ADMISSION_NO_CERTIFICATE,
    [ADMISSION_CERTIFICATE_UNTRUSTED] = ADMISSION_UNTRUSTED,
    [ADMISSION_CERTIFICATE_EXPIRED] = ADMISSION_EXPIRED,
    [ADMISSION_CERTIFICATE_UNKNOWN] = ADMISSION_NOT_ISSUED,
    [ADMISSION_CERTIFICATE_REVOKED] = ADMISSION_REVOKED,
    [ADMISSION_CERTIFICATE_REPLACED] = ADMISSION_REPLACED,
    [ADMISSION_CERTIFICATE_FOREIGN] = ADMISSION_FOREIGN,
    [ADMISSION_CERTIFICATE_FINE] = ADMISSION_WELCOME,
};

static enum admission_verdict decide(const struct admission_facts *f)
{
    if (!f->is_name)
        return ADMISSION_NO_NAME;
    if (f->link != CALL_LINK_PLAIN && f->certificate != ADMISSION_CERTIFICATE_FINE)
        return f->certificate < ADMISSION_CERTIFICATES ? by_certificate[f->certificate]
                                                       : ADMISSION_UNTRUSTED;
    if (!f->known)
        return f->auto_register && !f->mixed && f->link == CALL_LINK_PLAIN ? ADMISSION_AUTO_REGISTER
                                                                           : ADMISSION_UNKNOWN;
    if (f->protocol != PROTOCOL_SCCP)
        return ADMISSION_PROTOCOL;
    if (f->mode < MODE_NON_SECURE || f->mode > MODE_ENCRYPTED || f->link > CALL_LINK_ENCRYPTED)
        return ADMISSION_UNKNOWN;
    return by_mode[f->mixed][f->mode][f->link];
}

/* ---- why not, for who reads the log ---- */

static const char *mode_word(enum device_mode mode)
{
    return mode == MODE_ENCRYPTED       ? "encrypted"
           : mode == MODE_AUTHENTICATED ? "authenticated"
                                        : "non-secure";
}

static void explain(struct admission *out, const char *format, ...) PRINTF_LIKE(2, 3);

static void explain(struct admission *out, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(out->reason, sizeof out->reason, format, values);
    va_end(values);
}

static void explain_unknown(struct admission *out, const struct admission_facts *f)
{
    const char *also = "auto-registration is off";
    if (f->mixed)
        also = "phones do not register by themselves in mixed mode";
    else if (f->link != CALL_LINK_PLAIN)
        also = "phones register by themselves over TCP only";
    explain(out, "there is no phone %s, and %s: trustline phone add %s --model M --profile P",
            f->device, also, f->device);
}

static void explain_verdict(struct admission *out, const struct admission_facts *f)
{
    switch (out->verdict) {
    case ADMISSION_NO_NAME:
        explain(out, "'%s' is not the name of a phone: SEP and twelve hex digits", f->device);
        break;
    case ADMISSION_NO_CERTIFICATE:
        explain(out,
                "it showed no certificate: give it one (trustline phone update %s "
                "--capf-operation install)",
                f->device);
        break;
    case ADMISSION_UNTRUSTED:
        explain(out,
                "its certificate is from no CA that is trusted for phones: install an LSC "
                "(trustline phone update %s --capf-operation install), or trust the maker's CA "
                "(trustline set cert import trust CAPF-trust FILE)",
                f->device);
        break;
    case ADMISSION_NOT_ISSUED:
        explain(
            out,
            "the store does not have it, as after a step back to an older backup: install a new "
            "LSC (trustline phone update %s --capf-operation install); should somebody else "
            "have the key of CAPF, renew that (trustline set cert regen CAPF)",
            f->device);
        break;
    case ADMISSION_EXPIRED:
        explain(out,
                "its certificate is outside its time of validity: install a new LSC (trustline "
                "phone update %s --capf-operation install)",
                f->device);
        break;
    case ADMISSION_REVOKED:
        explain(out,
                "its certificate is revoked: should the phone be in the right hands, install a "
                "new LSC (trustline phone update %s --capf-operation install)",
                f->device);
        break;
    case ADMISSION_REPLACED:
        explain(out,
                "its certificate was replaced by a newer one, or is one the phone once refused: "
                "install a new LSC (trustline phone update %s --capf-operation install)",
                f->device);
        break;
    case ADMISSION_FOREIGN:
        explain(out,
                "its certificate is another phone's: the name in it must be %s, or end with -%s",
                f->device, f->device);
        break;
    case ADMISSION_UNKNOWN:
        explain_unknown(out, f);
        break;
    case ADMISSION_PROTOCOL:
        explain(out, "its profile %s is for SIP, and it speaks SCCP (trustline phone update %s)",
                f->profile, f->device);
        break;
    case ADMISSION_NEEDS_TLS:
        explain(out,
                "its profile %s says %s, and it came over TCP without TLS: a phone does so when "
                "it has no CTL that names this server (trustline phone show %s)",
                f->profile, mode_word(f->mode), f->device);
        break;
    case ADMISSION_NOT_SECURE:
        explain(out,
                "its profile %s says non-secure, and it came over TLS: it has an older "
                "configuration (trustline phone reset %s), or needs another profile",
                f->profile, f->device);
        break;
    case ADMISSION_NOT_CONFIDENTIAL:
        explain(out,
                "its profile %s says encrypted, and %s encrypts nothing: keys would travel in "
                "clear; use an authenticated profile, or a phone that offers AES128-SHA",
                f->profile, f->cipher);
        break;
    case ADMISSION_WELCOME:
    case ADMISSION_AUTO_REGISTER:
    case ADMISSION_CROSSED:
    case ADMISSION_VERDICTS:
        break;
    }
}

/* What exactly is wrong with a certificate stands before what that means. */
static void explain_why(struct admission *out, const struct admission_facts *f)
{
    char rest[ADMISSION_REASON];
    bool about_it = out->verdict >= ADMISSION_NO_CERTIFICATE && out->verdict <= ADMISSION_FOREIGN;
    if (!about_it || !f->certificate_why || !f->certificate_why[0])
        return;
    text_copy(rest, sizeof rest, out->reason);
    explain(out, "%s; %s", f->certificate_why, rest);
}

int admission_decide(struct admission *out, const struct admission_facts *facts)
{
    *out = (struct admission){.verdict = decide(facts), .mode = MODE_NON_SECURE};
    if (facts->known && facts->mixed)
        out->mode = facts->mode;
    out->security = call_security_of(out->mode, facts->link);
    out->screen = words[out->verdict].screen;
    explain_verdict(out, facts);
    explain_why(out, facts);
    return out->verdict <= ADMISSION_AUTO_REGISTER ? 0 : ERR_POLICY;
}

void admission_cross(struct admission *out, const char *device, const char *elsewhere)
{
    out->verdict = ADMISSION_CROSSED;
    out->screen = words[ADMISSION_CROSSED].screen;
    explain(out,
            "%s is registered from %s and has just been heard there: two phones have one name, or "
            "somebody would like to be this one; a phone that has moved may come when the other is "
            "silent (a secure profile makes phones prove who they are: trustline phone update %s "
            "--profile P)",
            device, elsewhere, device);
}
