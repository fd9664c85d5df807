#include "service/capf/who.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "pki/proof.h"

#include <stdio.h>
#include <string.h>

struct asking {
    struct who_answer *out;
    struct store *store;
    const struct who_question *question;
    struct store_enrolment enrolment;
    struct why *why;
};

/* A verdict that is no error of ours. */
enum { REFUSED = 1 };

static int refuse(struct asking *a, enum capf_verdict verdict, const char *format, ...)
    PRINTF_LIKE(3, 4);

static int refuse(struct asking *a, enum capf_verdict verdict, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(a->out->reason, sizeof a->out->reason, format, values);
    va_end(values);
    a->out->knowledge.verdict = verdict;
    return REFUSED;
}

/* It is not believed, and an order it came for has failed by that; it stays to be tried again. */
static int disbelieve(struct asking *a, enum enrolment_cause cause)
{
    const struct store_outcome outcome = {
        .number = a->enrolment.number, .cause = cause, .time = a->question->now};
    if (a->enrolment.order.operation == ENROLMENT_NONE)
        return REFUSED;
    int result = store_order_finish(a->store, a->enrolment.device, &outcome, a->why);
    return result == 0 || result == ERR_CONFLICT ? REFUSED : result;
}

/* ---- by string ---- */

static int is_locked(struct asking *a)
{
    char until[CLOCK_TEXT];
    if (a->enrolment.locked_until <= a->question->now)
        return 0;
    return refuse(a, CAPF_NOT_BELIEVED,
                  "%d wrong authentication strings in a row: its enrolment is locked until %s, or "
                  "until it gets a new string (trustline phone update %s --auth-string generate)",
                  ENROLMENT_TRIES, clock_java(until, a->enrolment.locked_until),
                  a->enrolment.device);
}

static int said_wrong(struct asking *a)
{
    int64_t locked = 0;
    int result = store_string_wrong(a->store, a->enrolment.device, a->question->now, &locked);
    if (result)
        return result;
    result = refuse(a, CAPF_NOT_BELIEVED,
                    locked ? "wrong authentication string, the last of %d: its enrolment is locked "
                             "for ten minutes"
                           : "wrong authentication string (%d in a row lock its enrolment)",
                    ENROLMENT_TRIES);
    return result == REFUSED ? disbelieve(a, CAUSE_STRING) : result;
}

static int by_string(struct asking *a)
{
    uint8_t mac[ENROLMENT_MAC];
    int result = is_locked(a);
    if (result)
        return result;
    result = store_string_get(a->store, a->enrolment.device, mac);
    if (result == ERR_NOT_FOUND) {
        refuse(a, CAPF_NOT_BELIEVED,
               "no authentication string is set for it: trustline phone update %s --auth-string "
               "generate",
               a->enrolment.device);
        return disbelieve(a, CAUSE_STRING);
    }
    if (result)
        return result;
    bool right = a->question->has_mac && secret_equal(mac, a->question->mac, sizeof mac);
    secret_wipe(mac, sizeof mac);
    if (!right)
        return said_wrong(a);
    a->out->knowledge.by_string = true;
    return store_string_right(a->store, a->enrolment.device);
}

/* ---- by certificate ---- */

static int distrust(struct asking *a, enum enrolment_cause cause, const char *what, int error,
                    const struct why *why)
{
    refuse(a, CAPF_NOT_BELIEVED, "its %s is not accepted: %s", what, why_text(why, error));
    return disbelieve(a, cause);
}

/* Comes it from a CA we trust, is it valid, and is it this phone's? */
static int check_certificate(struct asking *a, const struct certificate *c, bool *ours,
                             struct why *why)
{
    const struct who_question *q = a->question;
    const struct chain_rules rules = {.now = q->now,
                                      .expired_is_fine = q->rules.expired_mic_is_fine};
    struct phone_ca ca = {.ours = false};
    int result = certificate_check_device(c, q->answer->device_name, why);
    if (result == 0)
        result = phone_cas_check(&ca, q->trusted, c, NULL, 0, &rules, why);
    *ours = ca.ours;
    if (result == ERR_NOT_FOUND)
        result = why_error(why, result, "no CA that is trusted for CAPF issued it");
    return result;
}

/* A certificate of ours must be one that counts; another is a MIC, and is learned. */
static int recognise(struct asking *a, const struct certificate *c, bool ours)
{
    struct credential credential;
    int result = credential_recognise(&credential, a->store, a->enrolment.device, c, ours,
                                      a->question->now, a->why);
    if (result)
        return result;
    text_copy(a->out->certificate, sizeof a->out->certificate, credential.sha256);
    if (credential.standing == CREDENTIAL_FINE)
        return 0;
    refuse(a, CAPF_NOT_BELIEVED, "its certificate is not accepted: %s", credential.reason);
    return disbelieve(a, credential.kind == PHONE_MIC ? CAUSE_MIC : CAUSE_LSC);
}

static int check_sudi(struct asking *a)
{
    const struct capf_message *m = a->question->answer;
    struct certificate *sudi = NULL;
    struct why why = WHY_NONE;
    bool learned = false;
    bool ours = false;
    if (!m->has_sudi) {
        if (!a->enrolment.sends_sudi)
            return 0;
        refuse(a, CAPF_NOT_BELIEVED,
               "it came without SUDI_DATA, which this phone is known to send: this may be a replay "
               "of an earlier session (if its firmware was changed: trustline phone update %s "
               "--forget-sudi)",
               a->enrolment.device);
        return disbelieve(a, CAUSE_CREDENTIALS);
    }
    int result = certificate_from_der(&sudi, m->sudi.certificate, &why);
    if (result == 0)
        result = proof_check_sudi(m, sudi, a->question->session, &why);
    if (result == 0)
        result = check_certificate(a, sudi, &ours, &why);
    if (result) {
        certificate_free(sudi);
        return distrust(a, CAUSE_MIC, "SUDI_DATA", result, &why);
    }
    result = store_sudi_seen(a->store, a->enrolment.device);
    /* Where the factory certificate is not the one it shows anyhow. */
    if (result == 0 && !certificate_is_self_signed(sudi)) {
        struct store_phone_certificate row;
        char sha256[LIST_HASH];
        result = store_phone_certificate_get(a->store, credential_sha256(sha256, sudi), &row);
        if (result == 0)
            store_phone_certificate_fini(&row);
        else if (result == ERR_NOT_FOUND)
            result = store_mic_put(a->store, a->enrolment.device, certificate_der(sudi),
                                   a->question->now, &learned, a->why);
        if (result == ERR_DUPLICATE) {
            refuse(a, CAPF_NOT_BELIEVED, "its factory certificate is known as another phone's");
            result = disbelieve(a, CAUSE_MIC);
        }
    }
    certificate_free(sudi);
    return result;
}

static int by_certificate(struct asking *a)
{
    const struct capf_message *m = a->question->answer;
    enum enrolment_cause cause =
        a->enrolment.holds.authentication == CAPF_AUTH_MIC ? CAUSE_MIC : CAUSE_LSC;
    struct certificate *certificate = NULL;
    struct why why = WHY_NONE;
    bool ours = false;
    if (!m->has_certificate) {
        refuse(a, CAPF_NOT_BELIEVED, "it showed no certificate, and is to be known by one");
        return disbelieve(a, CAUSE_CREDENTIALS);
    }
    int result = certificate_from_der(&certificate, m->certificate, &why);
    if (result == 0)
        result = proof_check(m, certificate, a->question->rules.sha1_alone, &why);
    if (result == 0)
        result = check_certificate(a, certificate, &ours, &why);
    if (result)
        result = distrust(a, cause, "certificate", result, &why);
    else
        result = check_sudi(a);
    if (result == 0)
        result = recognise(a, certificate, ours);
    certificate_free(certificate);
    return result;
}

/* ---- all of it ---- */

static int believe(struct asking *a)
{
    switch (a->enrolment.holds.authentication) {
    case CAPF_AUTH_NULL_STRING:
        return is_locked(a);
    case CAPF_AUTH_LSC:
    case CAPF_AUTH_MIC:
        return by_certificate(a);
    default:
        return by_string(a);
    }
}

static int find_phone(struct asking *a)
{
    char name[DEVICE_NAME];
    char shown[3 * DEVICE_NAME];
    struct bytes said = a->question->answer->device_name;
    int result = ERR_NOT_FOUND;
    if (said.size < sizeof name && !memchr(said.data, '\0', said.size)) {
        text_copy_bytes(name, sizeof name, said);
        result = store_enrolment_get(a->store, name, &a->enrolment);
    }
    if (result == ERR_NOT_FOUND)
        return refuse(a, CAPF_UNKNOWN_DEVICE, "there is no phone %s (trustline phone add)",
                      text_escape(shown, sizeof shown, said));
    return result;
}

/* The order, unless its time has passed. */
static int find_order(struct asking *a)
{
    struct capf_knowledge *k = &a->out->knowledge;
    const struct store_enrolment *e = &a->enrolment;
    char when[CLOCK_TEXT];
    k->number = e->number;
    k->order = e->holds;
    k->order.operation = e->order.operation;
    if (e->order.operation == ENROLMENT_NONE || e->order.complete_by == 0 ||
        e->order.complete_by > a->question->now)
        return 0;
    const struct store_outcome outcome = {
        .number = e->number, .cause = CAUSE_LATE, .over = true, .time = a->question->now};
    int result = store_order_finish(a->store, e->device, &outcome, a->why);
    if (result && result != ERR_CONFLICT)
        return result;
    return refuse(a, CAPF_LATE, "its operation was to be completed by %s; order it again",
                  clock_java(when, e->order.complete_by));
}

int who_ask(struct who_answer *out, struct store *store, const struct who_question *question,
            struct why *why)
{
    struct asking a = {.out = out, .store = store, .question = question, .why = why};
    *out = (struct who_answer){.knowledge = {.verdict = CAPF_WELCOME}};
    int result = find_phone(&a);
    if (result == 0) {
        text_copy(out->knowledge.device, sizeof out->knowledge.device, a.enrolment.device);
        result = believe(&a);
    }
    if (result == 0)
        result = find_order(&a);
    if (result && result != REFUSED) {
        out->knowledge.verdict = CAPF_FAULT;
        text_copy(out->reason, sizeof out->reason, why_text(why, result));
    }
    out->knowledge.reason = out->reason;
    return result == REFUSED ? 0 : result;
}
