/* Encrypted configuration, and when a phone goes to CAPF (docs/protocols/boot.md). */
#include "phone/boot_parts.h"

#include "pki/seal.h"

#include <string.h>

void boot_hold_certificates(struct boot *boot, const struct identity *lsc,
                            const struct identity *mic)
{
    boot->lsc = lsc;
    boot->mic = mic;
}

const struct identity *boot_lsc(const struct boot *boot)
{
    return boot->lsc;
}

bool boot_is_enrolled(const struct boot *boot)
{
    return boot->is_enrolled;
}

/* A user who opens LSC > Update and types digits goes to CAPF whatever the configuration says. */
enum capf_auth boot_capf_auth(const struct boot *boot)
{
    unsigned auth = boot->configuration ? boot->configuration->capf_auth : CAPF_AUTH_NONE;
    if (auth == CAPF_AUTH_NONE && boot->has_string)
        return CAPF_AUTH_STRING;
    return auth <= CAPF_AUTH_MIC ? (enum capf_auth)auth : CAPF_AUTH_NONE;
}

const struct identity *boot_own(const struct boot *boot)
{
    return boot->lsc ? boot->lsc : boot->mic;
}

static bool opens_sealed_files(const struct boot *boot)
{
    const struct model *m = boot->trust.model;
    return m->encryption == ENCRYPTION_PKI || m->encryption == ENCRYPTION_UNKNOWN ||
           m->encryption_inferred;
}

static enum boot_event give_up(struct boot *boot)
{
    boot->failed = true;
    return EVENT_FAILED;
}

/* ---- files ---- */

static enum boot_event ask_sealed(struct boot *boot)
{
    return boot_ask(boot, BOOT_CONFIGURATION, boot->device, ".cnf.xml.enc.sgn");
}

/* The configuration in its flash is an encrypted one, so the next will be, too. */
enum boot_event boot_enter_sealed_first(struct boot *boot, int64_t now)
{
    const struct cnf *c = boot->configuration;
    const struct identity *own = boot_own(boot);
    (void)now;
    boot_tell_lists(boot);
    if (!c || !c->encrypted || !own || key_kind(own->key) != KEY_RSA || !opens_sealed_files(boot) ||
        !phone_asks_signed(&boot->trust))
        return EVENT_SKIP;
    return ask_sealed(boot);
}

enum boot_event boot_enter_sealed(struct boot *boot, int64_t now)
{
    (void)now;
    return ask_sealed(boot);
}

/* ---- whose certificate does the short file name? ---- */

static bool is_own_hash(const struct boot *boot, const char *hash)
{
    char own[SEAL_HASH_TEXT];
    const struct identity *identity = boot_own(boot);
    return identity && *hash && seal_certificate_hash(own, identity->certificate) == 0 &&
           strcmp(own, hash) == 0;
}

/* ERR_POLICY when this phone could not read the file even if it were sealed for it. */
static int check_ability(struct boot *boot)
{
    const struct identity *own = boot_own(boot);
    if (!opens_sealed_files(boot))
        return why_error(
            &boot->why, ERR_POLICY,
            "its configuration is encrypted for a certificate, which a %s cannot read: "
            "give it a profile without TFTP encryption",
            boot->trust.model->name);
    if (own && is_own_hash(boot, boot->configuration->certificate_hash) &&
        key_kind(own->key) != KEY_RSA)
        return why_error(&boot->why, ERR_POLICY,
                         "its configuration is encrypted, and the key of its certificate is EC, "
                         "which cannot unwrap the file's key: order an RSA key for it");
    return 0;
}

/* ERR_POLICY when its configuration leaves it no way to CAPF by itself. */
static int check_way_to_capf(struct boot *boot, const char *what_for)
{
    enum capf_auth auth = boot_capf_auth(boot);
    if (auth == CAPF_AUTH_NONE)
        return why_error(&boot->why, ERR_POLICY,
                         "%s, and its configuration does not send it to CAPF (capfAuthMode 0): "
                         "order an installation for it",
                         what_for);
    if (auth == CAPF_AUTH_STRING && !boot->has_string)
        return why_error(&boot->why, ERR_POLICY,
                         "%s, and CAPF wants its authentication string: the phone waits for its "
                         "user to type it (--auth-string)",
                         what_for);
    if ((auth == CAPF_AUTH_LSC || auth == CAPF_AUTH_MIC) && !boot_own(boot))
        return why_error(&boot->why, ERR_POLICY,
                         "%s, and CAPF wants an existing certificate, of which it has none: give "
                         "it a MIC (--mic), or choose another authentication mode",
                         what_for);
    return 0;
}

static enum boot_event enter_mismatch(struct boot *boot)
{
    bool names_one = boot->configuration->certificate_hash[0] != '\0';
    const char *what = names_one ? "its configuration is encrypted for another certificate"
                                 : "its configuration is encrypted, and it needs an LSC to read it";
    if (!boot->asked_capf)
        return check_way_to_capf(boot, what) ? give_up(boot) : EVENT_ENROL;
    if (boot->settles < BOOT_SETTLES)
        return EVENT_ABSENT;
    why_error(&boot->why, ERR_CONFLICT,
              "CAPF was asked, and its configuration still does not name the phone's certificate "
              "(certHash %.40s)",
              names_one ? boot->configuration->certificate_hash : "is empty");
    return give_up(boot);
}

enum boot_event boot_enter_short(struct boot *boot, int64_t now)
{
    const struct cnf *c = boot->configuration;
    (void)now;
    if (!c || c->full || !c->encrypted)
        return EVENT_SKIP;
    if (check_ability(boot))
        return give_up(boot);
    return is_own_hash(boot, c->certificate_hash) ? EVENT_ACCEPTED : enter_mismatch(boot);
}

/* ---- CAPF ---- */

enum boot_event boot_enter_enrol(struct boot *boot, int64_t now)
{
    (void)now;
    boot->asked_capf = true;
    boot_push(boot, BOOT_ENROL);
    return EVENT_NONE;
}

enum boot_event boot_enter_settle(struct boot *boot, int64_t now)
{
    boot->settles++;
    boot->deadline = now + BOOT_SETTLE_MS;
    return EVENT_NONE;
}

/* A phone that has its LSC, or needs none, and that nothing sends to CAPF is where it should be. */
enum boot_event boot_enter_capf(struct boot *boot, int64_t now)
{
    enum capf_auth auth = boot_capf_auth(boot);
    if (!boot->enrols || boot->asked_capf)
        return EVENT_SKIP;
    bool sent = auth != CAPF_AUTH_NONE && (auth != CAPF_AUTH_STRING || boot->has_string);
    if (!sent && (boot->lsc || boot->registers))
        return EVENT_SKIP;
    if (check_way_to_capf(boot, "it has no LSC"))
        return give_up(boot);
    return boot_enter_enrol(boot, now);
}

/* With nothing to do it has what it should have: for a file that may be its MIC. */
static bool went_well(const struct boot *boot, enum enrol_outcome outcome)
{
    const struct identity *has = boot->state == STATE_ENROL ? boot_own(boot) : boot->lsc;
    return outcome == ENROL_INSTALLED || outcome == ENROL_FETCHED || outcome == ENROL_DELETED ||
           (outcome == ENROL_NOTHING && has);
}

void boot_enrolled(struct boot *boot, enum enrol_outcome outcome, const char *words, int64_t now)
{
    if (boot->state != STATE_ENROL && boot->state != STATE_CAPF)
        return;
    boot->is_enrolled = went_well(boot, outcome);
    if (boot->is_enrolled) {
        boot_happen(boot, EVENT_ACCEPTED, now);
        return;
    }
    if (outcome == ENROL_UNTRUSTED || outcome == ENROL_UNREACHABLE)
        boot_push_status(boot, STATUS_NO_CAPF, "");
    if (outcome == ENROL_NOTHING)
        why_error(&boot->why, ERR_NOT_FOUND,
                  "CAPF has nothing for it to do, and it has no LSC: order an installation for it "
                  "(trustline phone update %s --capf-operation install)",
                  boot->device);
    else
        why_error(&boot->why, ERR_CLOSED, "CAPF: %.400s", words);
    boot_happen(boot, give_up(boot), now);
}
