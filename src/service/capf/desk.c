#include "service/capf/desk.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cluster/parameters.h"
#include "cluster/traits.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct desk {
    atomic_bool stale, stale_traits;
    struct phone_cas trusted;
    struct traits *traits;
    struct who_rules rules;
    struct desk_rules issuing; /* but for the model */
};

int desk_new(struct desk **out)
{
    struct desk *desk = calloc(1, sizeof *desk);
    if (!desk)
        return -ENOMEM;
    atomic_init(&desk->stale, true);
    atomic_init(&desk->stale_traits, true);
    *out = desk;
    return 0;
}

void desk_free(struct desk *desk)
{
    if (!desk)
        return;
    phone_cas_fini(&desk->trusted);
    traits_free(desk->traits);
    free(desk);
}

void desk_stale(struct desk *desk)
{
    atomic_store(&desk->stale, true);
}

void desk_stale_traits(struct desk *desk)
{
    atomic_store(&desk->stale_traits, true);
}

/* ---- what every session needs ---- */

int desk_number(struct store *store, const char *name, int64_t *out)
{
    char value[PARAMETER_VALUE];
    int result = store_parameter_get(store, name, value);
    if (result == ERR_NOT_FOUND)
        text_copy(value, sizeof value, parameter_find(name)->value);
    else if (result)
        return result;
    return text_number(value, 0, INT32_MAX, out);
}

static int refresh_traits(struct desk *desk, struct store *store)
{
    struct traits *traits = NULL;
    if (!atomic_exchange(&desk->stale_traits, false))
        return 0;
    int result = traits_load(&traits, store, NULL);
    if (result) {
        desk_stale_traits(desk);
        return result;
    }
    traits_free(desk->traits);
    desk->traits = traits;
    return 0;
}

static int refresh(struct desk *desk, struct store *store)
{
    int64_t days = 0;
    int64_t unique = 0;
    int64_t expired = 0;
    int64_t sha1 = 0;
    if (!atomic_exchange(&desk->stale, false))
        return 0;
    int result = phone_cas_load(&desk->trusted, store);
    if (result == 0)
        result = desk_number(store, PARAMETER_LSC_DAYS, &days);
    if (result == 0)
        result = desk_number(store, PARAMETER_LSC_UNIQUE_KEYS, &unique);
    if (result == 0)
        result = desk_number(store, PARAMETER_EXPIRED_MIC, &expired);
    if (result == 0)
        result = desk_number(store, PARAMETER_SHA1_PROOF, &sha1);
    if (result == 0)
        result = store_parameter_get(store, PARAMETER_LSC_SUBJECT, desk->issuing.subject);
    if (result == ERR_NOT_FOUND) {
        text_copy(desk->issuing.subject, sizeof desk->issuing.subject,
                  parameter_find(PARAMETER_LSC_SUBJECT)->value);
        result = 0;
    }
    if (result) {
        desk_stale(desk);
        return result;
    }
    desk->issuing.days = (unsigned)days;
    desk->issuing.unique_keys = unique;
    desk->rules = (struct who_rules){.expired_mic_is_fine = expired, .sha1_alone = sha1};
    return 0;
}

/* What of a phone decides how its certificate is made. */
static int look_at_phone(struct desk *desk, struct store *store, struct who_answer *answer,
                         struct desk_rules *issuing)
{
    struct capf_knowledge *k = &answer->knowledge;
    struct store_device device;
    struct store_profile profile;
    int result = store_device_get(store, k->device, &device);
    if (result == 0)
        result = store_profile_get(store, device.profile, &profile);
    if (result)
        return result;
    const struct model *model = traits_of(desk->traits, device.name, device.model);
    text_copy(issuing->model, sizeof issuing->model, device.model);
    if (profile.tftp_encrypted)
        text_copy(k->no_ec, sizeof k->no_ec,
                  "its configuration is encrypted, which takes an RSA key");
    else if (trait_is_surely_not(model->ec_lsc))
        text_format(k->no_ec, sizeof k->no_ec, "a %s makes no EC keys", model->name);
    return 0;
}

int desk_who(struct desk *desk, struct store *store, struct who_question *question,
             struct who_answer *answer, struct desk_rules *issuing, struct why *why)
{
    int result = refresh(desk, store);
    if (result == 0)
        result = refresh_traits(desk, store);
    if (result)
        return why_error(why, result, "parameters and CAs cannot be read: %s", error_text(result));
    question->trusted = &desk->trusted;
    question->rules = desk->rules;
    result = who_ask(answer, store, question, why);
    if (result || answer->knowledge.verdict != CAPF_WELCOME)
        return result;
    *issuing = desk->issuing;
    result = look_at_phone(desk, store, answer, issuing);
    return result ? why_error(why, result, "%s cannot be read: %s", answer->knowledge.device,
                              error_text(result))
                  : 0;
}

/* ---- keys ---- */

static struct key_spec asked_for(const struct desk_key *k)
{
    if (k->ec)
        return (struct key_spec){.kind = KEY_EC, .bits = k->order.curve};
    return (struct key_spec){.kind = KEY_RSA, .bits = k->order.rsa_bits};
}

int desk_look_at_key(struct desk_key *k)
{
    struct why wrong = WHY_NONE;
    k->key = NULL;
    k->asked = asked_for(k);
    int result = public_key_from_spki(&k->key, k->spki, &wrong);
    if (result == 0)
        result = public_key_check_asked(k->key, &k->asked, &wrong);
    if (result == 0)
        result = public_key_check_strength(k->key, &wrong);
    if (result == 0 || result == -ENOMEM)
        return result;
    text_format(k->reason, sizeof k->reason, "the phone's key is not certified: %s",
                why_text(&wrong, result));
    public_key_free(k->key);
    k->key = NULL;
    return 0;
}

/* A key that two phones have is one that was copied, or made by a broken generator. */
static int look_for_twins(struct store *store, const struct desk_key *k, struct why *why)
{
    char sha256[LIST_HASH];
    char device[DEVICE_NAME];
    bool known = false;
    text_hex(sha256, sizeof sha256, bytes_of(public_key_fingerprint(k->key), 32), false, '\0');
    int result = store_phone_key_known(store, sha256, &known, device);
    if (result == 0 && known)
        return why_error(why, ERR_POLICY,
                         "the phone's key is not new: a certificate of %s has it (parameter %s)",
                         device, PARAMETER_LSC_UNIQUE_KEYS);
    return result;
}

int desk_issued(struct store *store, const struct desk_key *k, const struct desk_rules *rules,
                struct bytes der, struct why *why)
{
    int result = rules->unique_keys ? look_for_twins(store, k, why) : 0;
    return result ? result : store_lsc_issue(store, k->device, der, clock_wall(), why);
}

/* ---- the end of a session ---- */

/* What a phone shows is worth writing down when it is one of ours, or a MIC. */
static int save_fetched(struct store *store, const struct desk_result *r, struct why *why)
{
    struct certificate *certificate = NULL;
    struct store_phone_certificate row;
    struct why wrong = WHY_NONE;
    char sha256[LIST_HASH];
    int result = certificate_from_der(&certificate, r->fetched, &wrong);
    if (result) {
        log_event(LEVEL_WARNING, "event=capf_fetched_no_certificate device=%s reason=\"%s\"",
                  r->device, why_text(&wrong, result));
        return 0;
    }
    text_hex(sha256, sizeof sha256, bytes_of(certificate_sha256(certificate), 32), false, '\0');
    result = store_phone_certificate_get(store, sha256, &row);
    if (result == 0 && row.kind == PHONE_LSC && row.state == PHONE_PENDING &&
        strcmp(row.device, r->device) == 0)
        result = store_lsc_confirm(store, r->device, sha256, r->outcome.time, why);
    if (result == 0 || result == ERR_NOT_FOUND)
        log_event(LEVEL_NOTICE, "event=capf_fetched device=%s subject=\"%s\" serial=%s known=%s",
                  r->device, certificate_subject(certificate), result == 0 ? row.serial : "-",
                  result == 0 ? "yes" : "no");
    if (result == 0)
        store_phone_certificate_fini(&row);
    certificate_free(certificate);
    return result == ERR_NOT_FOUND ? 0 : result;
}

static int save_certificate(struct store *store, const struct desk_result *r, struct why *why)
{
    switch (r->save) {
    case CAPF_SAVE_KEPT:
        return store_lsc_confirm(store, r->device, r->certificate, r->outcome.time, why);
    case CAPF_SAVE_REFUSED:
        return store_lsc_drop(store, r->device, r->certificate, why);
    case CAPF_SAVE_DELETED:
        return store_lsc_delete(store, r->device, why);
    case CAPF_SAVE_FETCHED:
        return save_fetched(store, r, why);
    case CAPF_SAVE_ATTEMPT:
        break;
    }
    return 0;
}

static const char *done_word(enum enrolment_operation operation)
{
    static const char *const words[] = {"none", "upgrade", "delete", "troubleshoot"};
    return words[operation < ENROLMENT_OPERATION_COUNT ? operation : 0];
}

static int observe(struct store *store, const struct desk_result *r, struct why *why)
{
    struct store_observation o = {.kind = OBSERVED_ENROLMENT,
                                  .transport = TRANSPORT_CAPF,
                                  .time = r->outcome.time,
                                  .complete = r->outcome.success};
    text_copy(o.device, sizeof o.device, r->device);
    text_copy(o.address, sizeof o.address, r->address);
    text_format(o.file, sizeof o.file, "%s %s", done_word(r->operation),
                r->outcome.success ? "success" : "failed");
    text_copy(o.hash, sizeof o.hash, r->certificate);
    return store_observe(store, &o, 1, why);
}

int desk_save(struct desk *desk, struct store *store, const struct desk_result *r, struct why *why)
{
    (void)desk;
    int result = save_certificate(store, r, why);
    /* An order that was changed meanwhile is not this one's to finish. */
    if (result == 0) {
        result = store_order_finish(store, r->device, &r->outcome, why);
        if (result == ERR_CONFLICT) {
            *why = (struct why)WHY_NONE;
            result = 0;
        }
    }
    return result ? result : observe(store, r, why);
}
