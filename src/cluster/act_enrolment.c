/* Acts on what phones are to do at CAPF: orders, authentication strings, MICs, bulk orders. */
#include "cluster/enrolment.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "cluster/own.h"
#include "cluster/parts.h"
#include "pki/chain.h"
#include "signer/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { GENERATED_DIGITS = 10, RSA_BITS_MIN = 1024 };

/* ---- what is asked for, by itself ---- */

static int check_string(const char *string, struct why *why)
{
    size_t size = strlen(string);
    if (strspn(string, "0123456789") != size)
        return why_error(why, ERR_USAGE,
                         "an authentication string has digits only, since it is typed on phones");
    if (size < ENROLMENT_STRING_MIN || size > ENROLMENT_STRING_MAX)
        return why_error(why, ERR_USAGE, "an authentication string has %d to %d digits, not %zu",
                         ENROLMENT_STRING_MIN, ENROLMENT_STRING_MAX, size);
    return 0;
}

static int check_wave(const struct device_update *u, struct why *why)
{
    if (!u->wave)
        return 0;
    if (!u->has_operation || u->operation == ENROLMENT_NONE)
        return why_error(why, ERR_USAGE,
                         "waves are of phones with an operation: install, delete or troubleshoot");
    if (u->profile)
        return why_error(why, ERR_USAGE,
                         "a profile changes for all phones at once, an operation in waves: do one "
                         "after the other");
    return 0;
}

static int check_update(const struct device_update *u, size_t count, int64_t now, struct why *why)
{
    int result = u->string ? check_string(u->string, why) : 0;
    if (result == 0)
        result = check_wave(u, why);
    if (result)
        return result;
    if (u->one_time && !u->string && !u->generate)
        return why_error(why, ERR_USAGE,
                         "only a new authentication string can be made a one-time string");
    if (u->complete_by && u->complete_by <= now)
        return why_error(why, ERR_USAGE, "the time the operation completes by has passed");
    if (u->mic && count != 1)
        return why_error(why, ERR_USAGE, "a MIC is of one phone");
    return 0;
}

/* ---- what it would mean for a phone ---- */

/* A phone as it would be. */
struct target {
    struct store_device device;
    struct store_profile profile;
    const struct model *model;
    struct store_enrolment enrolment; /* as it is */
    bool orders;                      /* it gets an order: */
    struct store_order order;         /* as it is given */
    struct store_order holds;         /* with what the profile says */
};

static struct store_order new_order(const struct store_order *old, const struct device_update *u)
{
    /* A bulk order is one for all its phones: what an earlier one of a phone said is not in it. */
    struct store_order o = u->wave ? (struct store_order){.operation = ENROLMENT_NONE} : *old;
    if (u->has_operation) {
        o.operation = u->operation;
        o.complete_by = 0;
    }
    if (u->complete_by)
        o.complete_by = u->complete_by;
    if (u->authentication)
        o.authentication = u->authentication;
    if (u->rsa_bits || u->curve) {
        o.key_order = !u->curve ? KEY_ORDER_RSA : u->rsa_bits ? KEY_ORDER_EC_RSA : KEY_ORDER_EC;
        o.rsa_bits = u->rsa_bits;
        o.curve = u->curve;
    }
    return o;
}

static int load_target(struct target *t, struct cluster *cluster, struct traits *traits,
                       const struct device_update *u, const char *name, struct why *why)
{
    struct store *store = cluster_store(cluster);
    *t = (struct target){.model = NULL};
    int result = cluster_device_find(cluster, name, &t->device, why);
    if (result)
        return result;
    if (u->profile)
        text_copy(t->device.profile, sizeof t->device.profile, u->profile);
    result = device_check(cluster, traits, &t->device, &t->profile, &t->model, why);
    if (result == 0)
        result = store_enrolment_get(store, t->device.name, &t->enrolment);
    if (result)
        return result;
    t->orders = u->has_operation || u->complete_by || u->authentication || u->rsa_bits || u->curve;
    t->order = t->orders ? new_order(&t->enrolment.order, u) : t->enrolment.order;
    t->holds = store_order_fill(&t->order, &t->profile);
    return 0;
}

int profile_check_keys(const struct store_profile *profile, enum key_order order, struct why *why)
{
    if (!profile->tftp_encrypted || order != KEY_ORDER_EC)
        return 0;
    return why_error(why, ERR_POLICY,
                     "profile %s encrypts configuration files, and they can be sealed for RSA keys "
                     "only: a phone with nothing but an EC key could not read its own (order RSA, "
                     "or take a profile without TFTP encryption)",
                     profile->name);
}

/* The certificate it has already must do until there is another. */
static int judge_sealing(const struct target *t, struct why *why)
{
    const struct store_device *d = &t->device;
    /* Where EC is preferred, CAPF takes the backup for such a profile. */
    bool gets_rsa = t->holds.operation == ENROLMENT_INSTALL && t->holds.key_order != KEY_ORDER_EC;
    bool has_rsa_mic = d->mic.id && d->mic.key_kind == KEY_RSA;
    if (!t->profile.tftp_encrypted || !d->lsc.id || d->lsc.key_kind == KEY_RSA || has_rsa_mic ||
        gets_rsa)
        return 0;
    return why_error(why, ERR_POLICY,
                     "its LSC has an EC key, and profile %s encrypts configuration files, which "
                     "can be sealed for RSA keys only (order a new one with it: --capf-operation "
                     "install --key-size 2048)",
                     t->profile.name);
}

static int judge_size(const struct target *t, struct why *why)
{
    const struct model *m = t->model;
    unsigned bits = t->holds.rsa_bits;
    if (bits && bits < RSA_BITS_MIN)
        return why_error(why, ERR_POLICY,
                         "an RSA key of %u bits, as profile %s has it, can be broken by anybody "
                         "and is not issued (--key-size 1024 or more)",
                         bits, t->profile.name);
    if (bits && m->rsa_max && !m->rsa_max_inferred && bits > m->rsa_max)
        return why_error(why, ERR_POLICY, "a %s makes RSA keys of at most %u bits, not %u", m->name,
                         m->rsa_max, bits);
    if (t->holds.key_order == KEY_ORDER_EC && trait_is_surely_not(m->ec_lsc))
        return why_error(why, ERR_POLICY, "a %s makes no EC keys", m->name);
    return 0;
}

/* Could the phone prove who it is? */
static int judge_proof(const struct target *t, const struct device_update *u, struct why *why)
{
    const struct store_device *d = &t->device;
    bool by_certificate =
        t->holds.authentication == CAPF_AUTH_LSC || t->holds.authentication == CAPF_AUTH_MIC;
    if (t->holds.authentication == CAPF_AUTH_STRING && !t->enrolment.has_string && !u->string &&
        !u->generate)
        return why_error(why, ERR_POLICY,
                         "it is to prove who it is by an authentication string, and none is set "
                         "(--auth-string generate makes one, --auth-string - reads one)");
    if (by_certificate && !d->lsc.id && !d->mic.id && !u->mic && trait_is_surely_not(t->model->mic))
        return why_error(why, ERR_POLICY,
                         "it is to prove who it is by a certificate; it has no LSC, and a %s has "
                         "no MIC (--capf-auth string)",
                         t->model->name);
    return 0;
}

static int judge_order(const struct target *t, const struct device_update *u, struct why *why)
{
    if (t->order.operation == ENROLMENT_NONE)
        return t->order.complete_by && u->complete_by
                   ? why_error(why, ERR_USAGE, "it has no operation that could be completed")
                   : 0;
    if (trait_is_surely_not(t->model->lsc))
        return why_error(why, ERR_POLICY, "a %s knows no CAPF and can have no LSC", t->model->name);
    int result = judge_proof(t, u, why);
    if (result == 0 && t->order.operation == ENROLMENT_INSTALL)
        result = judge_size(t, why);
    return result;
}

static int judge_mic(const struct target *t, const struct device_update *u, struct why *why)
{
    return u->mic ? certificate_check_device(u->mic, bytes_of_string(t->device.name), why) : 0;
}

static int judge(const struct target *t, const struct device_update *u, struct why *why)
{
    int result = 0;
    if (u->profile || t->orders)
        result = profile_check_keys(&t->profile, t->holds.key_order, why);
    if (result == 0 && u->profile)
        result = judge_sealing(t, why);
    if (result == 0 && t->orders)
        result = judge_order(t, u, why);
    return result ? result : judge_mic(t, u, why);
}

/* ---- strings ---- */

/* What becomes of one phone's string. */
struct string_change {
    char text[ENROLMENT_STRING_MAX + 1];
    uint8_t mac[ENROLMENT_MAC];
};

/* Each digit as likely as any other: bytes above the last whole ten are not used. */
static void generate_digits(char out[ENROLMENT_STRING_MAX + 1])
{
    size_t used = 0;
    while (used < GENERATED_DIGITS) {
        uint8_t byte;
        secret_random(&byte, 1);
        if (byte < 250)
            out[used++] = (char)('0' + byte % 10);
    }
    out[used] = '\0';
}

/* The signer is asked before the store is kept from others. */
static int make_strings(struct string_change *changes, struct cluster *cluster,
                        const struct device_update *u, const char *const *devices, size_t count,
                        struct why *why)
{
    struct signer *signer = NULL;
    int result = cluster_signer(cluster, &signer, why);
    for (size_t i = 0; i < count && result == 0; i++) {
        if (u->generate)
            generate_digits(changes[i].text);
        else
            text_copy(changes[i].text, sizeof changes[i].text, u->string);
        result = signer_mac(signer, changes[i].mac, devices[i], changes[i].text, why);
    }
    return result;
}

static int show_strings(struct update_report *report, const struct string_change *changes,
                        const char *const *devices, size_t count)
{
    report->strings = calloc(count, sizeof *report->strings);
    if (!report->strings)
        return -ENOMEM;
    report->string_count = count;
    for (size_t i = 0; i < count; i++) {
        text_copy(report->strings[i].device, DEVICE_NAME, devices[i]);
        text_copy(report->strings[i].text, sizeof report->strings[i].text, changes[i].text);
    }
    return 0;
}

void update_report_fini(struct update_report *report)
{
    if (!report)
        return;
    if (report->strings)
        secret_wipe(report->strings, report->string_count * sizeof *report->strings);
    free(report->strings);
    *report = (struct update_report){.strings = NULL};
}

/* ---- the MIC ---- */

struct anchors_found {
    struct certificate *all[256];
    size_t count;
};

static int collect_anchor(void *context, const struct store_trust *trust)
{
    struct anchors_found *a = context;
    if (strcmp(trust->purpose, own_trust_purpose(KEY_CAPF)) == 0 &&
        a->count < sizeof a->all / sizeof *a->all &&
        certificate_from_der(&a->all[a->count], buffer_bytes(&trust->der), NULL) == 0)
        a->count++;
    return 0;
}

/* An administrator vouches for it: that no trusted CA does is worth a note. */
static int note_issuer(struct update_report *report, struct cluster *cluster,
                       const struct certificate *mic)
{
    const struct chain_rules rules = {.now = clock_wall(), .expired_is_fine = true};
    struct anchors_found anchors = {.count = 0};
    struct why why = WHY_NONE;
    int result = store_trusts(cluster_store(cluster), collect_anchor, &anchors);
    if (result == 0 &&
        chain_check(NULL, mic, NULL, 0, anchors.all, anchors.count, &rules, &why) != 0)
        text_format(report->note, sizeof report->note,
                    "CAPF will not take this MIC as a proof yet: %.120s (trustline set cert import "
                    "trust CAPF-trust FILE)",
                    why.text);
    if (result == 0 && !report->note[0] && certificate_key_kind(mic) != KEY_RSA)
        text_copy(report->note, sizeof report->note,
                  "the MIC has no RSA key, so no configuration can be sealed for it");
    while (anchors.count)
        certificate_free(anchors.all[--anchors.count]);
    return result;
}

/* ---- what stands in the phone's way at the server ---- */

static void note_old_tls(struct update_report *report, const struct cluster *cluster,
                         const struct target *t)
{
    const struct model *m = t->model;
    if (!t->orders || t->order.operation == ENROLMENT_NONE || report->note[0] ||
        cluster_config(cluster)->legacy_tls || m->tls_max_inferred ||
        strcmp(m->tls_max, "1.0") != 0)
        return;
    text_format(report->note, sizeof report->note,
                "%s is a %s, which speaks TLS 1.0 alone: without legacy_tls = on in "
                "trustline.conf it cannot talk to CAPF",
                t->device.name, m->name);
}

/* Its short file is all that it could read after that. */
static void note_sealed(struct update_report *report, const struct target *t)
{
    const struct store_device *d = &t->device;
    bool has_rsa_mic = d->mic.id && d->mic.key_kind == KEY_RSA;
    if (!t->orders || t->order.operation != ENROLMENT_DELETE || !t->profile.tftp_encrypted ||
        has_rsa_mic || report->note[0])
        return;
    text_format(report->note, sizeof report->note,
                "%s has profile %s, which encrypts its configuration, and no MIC it could be "
                "sealed for: without its LSC it cannot read it (change the profile first)",
                d->name, t->profile.name);
}

/* What is only inferred of its model. */
static void note_model(struct update_report *report, const struct device_update *u,
                       const struct target *t)
{
    bool ordered = t->orders && t->order.operation != ENROLMENT_NONE;
    if (report->note[0])
        return;
    if (u->profile)
        profile_note(report->note, t->model, &t->profile);
    if (!report->note[0] && ordered && t->model->lsc.value == TRAIT_NO)
        text_format(report->note, sizeof report->note,
                    "%s is a %s, which probably knows no CAPF: then the order stays open",
                    t->device.name, t->model->name);
}

static void note_target(struct update_report *report, const struct cluster *cluster,
                        const struct device_update *update, const struct target *target)
{
    note_sealed(report, target);
    note_old_tls(report, cluster, target);
    note_model(report, update, target);
}

/* ---- writing ---- */

struct writing {
    struct cluster *cluster;
    const struct device_update *update;
    const char *const *devices;
    size_t count;
    struct string_change *strings; /* NULL when no string changes */
    int64_t now;
    struct traits *traits; /* as they are when those of the update are written */
    struct update_report *report;
};

/* Before anything is judged by them. */
static int write_traits(struct writing *w, struct why *why)
{
    struct store *store = cluster_store(w->cluster);
    int result = 0;
    for (size_t i = 0; i < w->count; i++) {
        for (size_t k = 0; k < w->update->trait_count && result == 0; k++) {
            struct store_trait trait = w->update->traits[k];
            text_copy(trait.device, sizeof trait.device, w->devices[i]);
            result = trait_write(store, &trait, why);
        }
    }
    return result ? result : traits_load(&w->traits, store, why);
}

static int write_target(struct writing *w, const struct target *t, const struct string_change *s,
                        struct why *why)
{
    struct store *store = cluster_store(w->cluster);
    const struct device_update *u = w->update;
    int result = 0;
    if (u->profile)
        result = store_device_update(store, &t->device, why);
    if (result == 0 && u->mic)
        result = store_mic_put(store, t->device.name, certificate_der(u->mic), w->now,
                               &w->report->mic_learned, why);
    if (result == 0 && u->forget_sudi)
        result = store_sudi_forget(store, t->device.name);
    if (result == 0 && s)
        result = store_string_put(store, t->device.name, s->mac, u->one_time, why);
    if (result == 0 && t->orders && !u->wave)
        result = store_order_put(store, t->device.name, &t->order, w->now, why);
    return result;
}

static int write_wave(struct writing *w, struct why *why)
{
    struct store *store = cluster_store(w->cluster);
    struct store_wave wave = {.created = w->now, .size = w->update->wave};
    wave.order = new_order(&wave.order, w->update);
    if (!text_copy(wave.filter, sizeof wave.filter, w->update->filter ? w->update->filter : ""))
        return why_error(why, ERR_USAGE, "the conditions are longer than %zu characters",
                         sizeof wave.filter - 1);
    int result = store_wave_add(store, &wave, w->devices, w->count, &w->report->wave, why);
    if (result == 0)
        result = store_wave_release(store, w->report->wave, w->now, &w->report->released, why);
    return result;
}

static int write_all(struct writing *w, struct why *why)
{
    int result = write_traits(w, why);
    for (size_t i = 0; i < w->count && result == 0; i++) {
        struct target target;
        result = load_target(&target, w->cluster, w->traits, w->update, w->devices[i], why);
        if (result == 0)
            result = judge(&target, w->update, why);
        if (result == 0)
            result = write_target(w, &target, w->strings ? &w->strings[i] : NULL, why);
        if (result == 0)
            note_target(w->report, w->cluster, w->update, &target);
        if (result)
            result = why_prefix(why, result, "%s", w->devices[i]);
    }
    return result == 0 && w->update->wave ? write_wave(w, why) : result;
}

static void log_update(const struct writing *w)
{
    static const char *const operations[] = {"none", "install", "delete", "troubleshoot"};
    const struct device_update *u = w->update;
    char which[64];
    if (w->count == 1)
        text_format(which, sizeof which, "device=%s", w->devices[0]);
    else
        text_format(which, sizeof which, "phones=%zu", w->count);
    log_event(
        LEVEL_NOTICE,
        "event=phone_updated %s operation=%s profile=%s string=%s mic=%s traits=%zu wave=%lld",
        which, u->has_operation ? operations[u->operation] : "unchanged",
        u->profile ? "changed" : "unchanged", u->string || u->generate ? "changed" : "unchanged",
        w->report->mic_learned ? "learned" : "unchanged", u->trait_count,
        (long long)w->report->wave);
}

static int update(struct writing *w, const struct act_options *options, struct why *why)
{
    struct store *store = cluster_store(w->cluster);
    int result = store_begin(store, why);
    if (result)
        return result;
    result = write_all(w, why);
    traits_free(w->traits);
    if (result == 0 && w->update->generate && !options->dry_run)
        result = show_strings(w->report, w->strings, w->devices, w->count);
    result = act_finish(store, result, options, why);
    if (result == 0 && w->update->mic)
        result = note_issuer(w->report, w->cluster, w->update->mic);
    if (result || options->dry_run)
        return result;
    log_update(w);
    return 0;
}

int cluster_device_update(struct cluster *cluster, struct update_report *report,
                          const struct device_update *u, const char *const *devices, size_t count,
                          const struct act_options *options, struct why *why)
{
    struct update_report made = {.strings = NULL};
    struct writing w = {.cluster = cluster,
                        .update = u,
                        .devices = devices,
                        .count = count,
                        .now = clock_wall(),
                        .report = &made};
    int result = check_update(u, count, w.now, why);
    if (result)
        return result;
    struct string_change *strings = NULL;
    if (u->string || u->generate) {
        strings = calloc(count, sizeof *strings);
        result = strings ? 0 : -ENOMEM;
        if (result == 0 && !options->dry_run)
            result = make_strings(strings, cluster, u, devices, count, why);
    }
    w.strings = strings;
    if (result == 0)
        result = update(&w, options, why);
    if (options->dry_run)
        made.wave = 0;
    if (strings)
        secret_wipe(strings, count * sizeof *strings);
    free(strings);
    if (result)
        update_report_fini(&made);
    else
        *report = made;
    return result;
}
