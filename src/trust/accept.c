#include "trust/accept.h"

#include "base/text.h"
#include "pki/digest.h"
#include "trust/holdings.h"
#include "trust/offer.h"
#include "trust/testimony.h"
#include "trust/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const verdict_words[] = {
    [VERDICT_YES] = "yes",
    [VERDICT_THROUGH_TVS] = "through_tvs",
    [VERDICT_NO] = "no",
    [VERDICT_UNKNOWN] = "unknown",
};

static const char *const rule_words[RULE_COUNT] = {
    [RULE_FIRST_LIST] = "first_list",
    [RULE_SIGNER_IN_CTL] = "signer_in_ctl",
    [RULE_SIGNER_IN_ITL] = "signer_in_itl",
    [RULE_EMPTY_ITL] = "empty_itl",
    [RULE_UNSIGNED] = "unsigned",
    [RULE_ASK_TVS] = "ask_tvs",
    [RULE_TVS_VOUCHES] = "tvs_vouches",
    [RULE_TVS_REFUSES] = "tvs_refuses",
    [RULE_TVS_SILENT] = "tvs_silent",
    [RULE_UNKNOWN_SIGNER] = "unknown_signer",
    [RULE_CERTIFICATE_IN_CTL] = "certificate_in_ctl",
    [RULE_CERTIFICATE_IN_ITL] = "certificate_in_itl",
    [RULE_UNKNOWN_CERTIFICATE] = "unknown_certificate",
    [RULE_BAD_SIGNATURE] = "bad_signature",
    [RULE_INCONSISTENT] = "inconsistent",
    [RULE_MALFORMED] = "malformed",
    [RULE_FILE_NAME] = "file_name",
    [RULE_SIZE_LIMIT] = "size_limit",
    [RULE_COUNT_LIMIT] = "count_limit",
    [RULE_DIGEST] = "digest",
    [RULE_KEY_SIZE] = "key_size",
    [RULE_SERVER_ADDRESS] = "server_address",
    [RULE_NOT_SIGNED] = "not_signed",
    [RULE_NOT_ASKED] = "not_asked",
    [RULE_NOT_DECIDED] = "not_decided",
};

const char *verdict_text(enum verdict verdict)
{
    return verdict_words[verdict];
}

const char *accept_rule_text(enum accept_rule rule)
{
    return rule_words[rule];
}

/* Every rule that applies gives its opinion, and the strongest one is the answer: a refusal that is
 * certain, one that rests on an inferred trait, a trait nobody knows, a question to TVS, a yes. Of
 * equally strong ones the first stands, so the rules come in the order a phone meets them. */
enum strength { CERTAIN_NO, INFERRED_NO, NOT_KNOWN, TVS_DECIDES, A_YES, NOTHING_SAID };

struct question {
    const struct phone_trust *phone;
    struct offer *offer;
    struct answer *out;
    enum strength strength;
    bool relied_on_inferred; /* a rule let it through because of an inferred trait */
};

static enum strength strength_of(enum verdict verdict, bool inferred)
{
    switch (verdict) {
    case VERDICT_NO:
        return inferred ? INFERRED_NO : CERTAIN_NO;
    case VERDICT_UNKNOWN:
        return NOT_KNOWN;
    case VERDICT_THROUGH_TVS:
        return TVS_DECIDES;
    default:
        return A_YES;
    }
}

static void say(struct question *q, enum verdict verdict, enum accept_rule rule, bool inferred,
                const char *format, ...) PRINTF_LIKE(5, 6);

static void say(struct question *q, enum verdict verdict, enum accept_rule rule, bool inferred,
                const char *format, ...)
{
    enum strength strength = strength_of(verdict, inferred);
    if (strength >= q->strength)
        return;
    q->strength = strength;
    q->out->verdict = verdict;
    q->out->rule = rule;
    q->out->inferred = inferred;
    va_list values;
    va_start(values, format);
    vsnprintf(q->out->explanation, sizeof q->out->explanation, format, values);
    va_end(values);
}

/* What a trait makes of an objection: it stands, it is not known, or it falls. */
static bool object(struct question *q, struct trait allowed, enum verdict *verdict)
{
    q->relied_on_inferred |= allowed.value == TRAIT_YES && allowed.inferred;
    *verdict = allowed.value == TRAIT_NO ? VERDICT_NO : VERDICT_UNKNOWN;
    return allowed.value != TRAIT_YES;
}

/* ---- the envelope ---- */

static void check_name(struct question *q)
{
    const struct offer *o = q->offer;
    char inside[WORDS];
    if (bytes_equal_string(o->header.filename, o->name))
        return;
    say(q, VERDICT_NO, RULE_FILE_NAME, false,
        "The FILENAME inside is '%s' where a phone that asks for this %s expects '%.120s': sign it "
        "again under that name.",
        text_escape(inside, sizeof inside, o->header.filename), offer_kind_name(o), o->name);
}

static void check_digest(struct question *q)
{
    const struct envelope *h = &q->offer->header;
    const char *kind = offer_kind_name(q->offer);
    char model[WORDS];
    enum verdict verdict;
    if (h->algorithm != 0) {
        say(q, VERDICT_NO, RULE_DIGEST, false,
            "The signature of this %s has algorithm code %u where every phone known takes 0 (RSA) "
            "alone: sign it with an RSA key.",
            kind, h->algorithm);
    } else if (h->digest == DIGEST_SHA512) {
        if (!object(q, q->phone->model->sha512, &verdict))
            return;
        words_model(model, q->phone);
        if (verdict == VERDICT_NO)
            say(q, verdict, RULE_DIGEST, q->phone->model->sha512.inferred,
                "This %s is signed with SHA-512, which %s does not know: sign it with SHA-1.", kind,
                model);
        else
            say(q, verdict, RULE_DIGEST, false,
                "This %s is signed with SHA-512, and nobody has said whether %s takes that: sign "
                "it with SHA-1, or name the model.",
                kind, model);
    } else if (h->digest != DIGEST_SHA1) {
        say(q, VERDICT_NO, RULE_DIGEST, false,
            "This %s is signed with digest code %u (%s), which no phone is known to take: sign it "
            "with SHA-1.",
            kind, h->digest, digest_code_text(h->digest));
    }
}

/* Keys up to 2048 bit are taken by every phone that checks signatures at all. */
static void check_key_size(struct question *q)
{
    const struct model *m = q->phone->model;
    unsigned bits = (unsigned)envelope_modulus_size(q->offer->header.modulus) * 8;
    char model[WORDS];
    if (bits <= 2048)
        return;
    words_model(model, q->phone);
    if (m->rsa_max == 0)
        say(q, VERDICT_UNKNOWN, RULE_KEY_SIZE, false,
            "The signer of this %s has a key of %u bit, and nobody has said whether %s takes more "
            "than 2048: sign it with a key of 2048 bit.",
            offer_kind_name(q->offer), bits, model);
    else if (bits > m->rsa_max)
        say(q, VERDICT_NO, RULE_KEY_SIZE, m->rsa_max_inferred,
            "The signer of this %s has a key of %u bit where %s takes %u at most: sign it with a "
            "key of that size.",
            offer_kind_name(q->offer), bits, model, m->rsa_max);
    else
        q->relied_on_inferred |= m->rsa_max_inferred;
}

/* ---- the server ---- */

/* Without a stored CTL there is nothing to compare with. A model of which nobody knows the rule is
 * asked only when the server is known to fail it. */
static void check_server(struct question *q)
{
    const struct phone_trust *p = q->phone;
    struct trait wants = p->model->tftp_address;
    char model[WORDS];
    char server[WORDS];
    char erase[WORDS];
    if (!p->ctl || wants.value == TRAIT_NO || trustlist_has_address(p->ctl, p->server))
        return;
    words_model(model, p);
    if (p->server.size == 0) {
        if (wants.value == TRAIT_YES)
            say(q, VERDICT_UNKNOWN, RULE_SERVER_ADDRESS, false,
                "Of all servers %s trusts only those whose address is in its CTL, and the address "
                "it asks is not known here: name the server.",
                model);
        return;
    }
    words_address(server, p->server);
    if (wants.value == TRAIT_YES)
        say(q, VERDICT_NO, RULE_SERVER_ADDRESS, wants.inferred,
            "Of all servers %s trusts only those whose address is in its CTL, and %s is not: let "
            "it fetch a CTL that names this address from its old server first, or %s.",
            model, server, words_erase(erase, p));
    else
        say(q, VERDICT_UNKNOWN, RULE_SERVER_ADDRESS, false,
            "The server's address, %s, is not in the CTL the phone holds, and nobody has said "
            "whether %s minds (a 7940 or 7960 would): add the address to the CTL, or name the "
            "model.",
            server, model);
}

/* ---- the signer ---- */

/* It was asked, and this came of it. */
static void hear_testimony(struct question *q, bool inferred)
{
    enum accept_rule rule;
    char text[TESTIMONY_TEXT];
    enum verdict verdict = testimony_judge(&rule, text, q->phone->testimony, q->offer);
    say(q, verdict, rule, inferred, "%s", text);
}

/* Nobody the phone holds is the signer: TVS may be asked, if the ITL names one. */
static void ask_tvs(struct question *q)
{
    const struct phone_trust *p = q->phone;
    const struct trustlist_record *tvs = trustlist_find_role(p->itl, ROLE_TVS);
    struct trait asks = p->model->tvs;
    char signer[WORDS];
    char vouching[WORDS];
    char model[WORDS];
    char better[WORDS] = "";
    char erase[WORDS];
    const char *signers = q->offer->is_list ? "anchors" : "file signers";
    words_signer(signer, &q->offer->header);
    words_model(model, p);
    if (!tvs || asks.value == TRAIT_NO) {
        bool known = words_better_signer(better, p, q->offer->is_list);
        say(q, VERDICT_NO, RULE_UNKNOWN_SIGNER, tvs && asks.inferred,
            "The signer of this %s, %s, is none of the %s in the phone's lists, and %s%s to "
            "ask: %s%s%s.",
            offer_kind_name(q->offer), signer, signers, tvs ? model : "they name no TVS",
            tvs ? " has no TVS" : "", better, known ? ", or " : "", words_erase(erase, p));
        return;
    }
    q->relied_on_inferred |= asks.inferred;
    if (asks.value == TRAIT_YES && p->testimony) {
        hear_testimony(q, asks.inferred);
        return;
    }
    words_record(vouching, tvs);
    if (asks.value == TRAIT_YES)
        say(q, VERDICT_THROUGH_TVS, RULE_ASK_TVS, asks.inferred,
            "The signer of this %s, %s, is none of the %s in the phone's lists, so %s asks the TVS "
            "its ITL names, %s: keep that one running with its certificate, and the signer in its "
            "trust store.",
            offer_kind_name(q->offer), signer, signers, model, vouching);
    else
        say(q, VERDICT_UNKNOWN, RULE_ASK_TVS, false,
            "The signer of this %s, %s, is none of the %s in the phone's lists, and nobody has "
            "said whether %s asks TVS: name the model, or sign it with a signer it knows.",
            offer_kind_name(q->offer), signer, signers, model);
}

/* The stored lists are asked first; true when one of them names the signer, whatever comes of it.
 */
static bool check_known_signer(struct question *q)
{
    struct offer *o = q->offer;
    struct signer_walk walk = {.phone = q->phone, .header = &o->header, .for_list = o->is_list};
    const struct trustlist_record *r;
    const char *trusted = NULL; /* the list that names a signer which did not fit */
    char signer[WORDS];
    char role[WORDS];
    while ((r = signer_next(&walk)) != NULL) {
        const char *list = trustlist_kind_name(walk.kind);
        text_format(role, sizeof role, o->is_list ? "as an anchor (SAST)" : "to sign files (%s)",
                    role_text(r->role));
        if (offer_check(o, r) == 0) {
            say(q, VERDICT_YES,
                walk.kind == TRUSTLIST_CTL ? RULE_SIGNER_IN_CTL : RULE_SIGNER_IN_ITL, false,
                "This %s is signed by %s, which the %s the phone holds names %s.",
                offer_kind_name(o), words_record(signer, r), list, role);
            return true;
        }
        if (!trusted)
            trusted = list;
    }
    if (!trusted)
        return false;
    say(q, VERDICT_NO, RULE_BAD_SIGNATURE, false,
        "This %s says it is signed by %s, which the %s the phone holds names, but the signature "
        "does not fit that key: the bytes were changed on the way, or another key signed under "
        "that name and serial; sign it again.",
        offer_kind_name(o), words_signer(signer, &o->header), trusted);
    return true;
}

/* A list that is taken without knowing its signer must at least have been signed by an anchor of
 * its own. `kind_words` says why it is taken at all. */
static void check_own_signer(struct question *q, enum accept_rule rule, const char *because)
{
    struct offer *o = q->offer;
    const struct trustlist_record *own = offer_own_signer(o);
    char signer[WORDS];
    words_signer(signer, &o->header);
    if (!own)
        say(q, VERDICT_NO, RULE_INCONSISTENT, false,
            "%s, but no SAST record of this %s is its signer, %s: sign it with an anchor that it "
            "names.",
            because, offer_kind_name(o), signer);
    else if (offer_check(o, own) != 0)
        say(q, VERDICT_NO, RULE_INCONSISTENT, false,
            "%s, but the signature of this %s does not fit its own record of the signer, %s: the "
            "bytes were changed on the way, or another key signed; sign it again.",
            because, offer_kind_name(o), signer);
    else
        say(q, VERDICT_YES, rule, false, "%s; this %s is signed by an anchor of its own, %s.",
            because, offer_kind_name(o), signer);
}

/* ---- lists ---- */

static void check_list_signer(struct question *q)
{
    const struct phone_trust *p = q->phone;
    struct offer *o = q->offer;
    if (!p->ctl && !p->itl) {
        check_own_signer(q, RULE_FIRST_LIST,
                         "The phone holds no trust list and takes the first one unverified");
        return;
    }
    /* The empty ITL stands in for "no ITL"; a CTL beside it still guards the CTL. */
    if (p->itl && trustlist_is_empty_itl(p->itl) && (o->kind == TRUSTLIST_ITL || !p->ctl)) {
        check_own_signer(q, RULE_EMPTY_ITL,
                         "The ITL the phone holds is empty (no TFTP and no TVS certificate, as in "
                         "a rollback), so it takes the next list unverified");
        return;
    }
    if (check_known_signer(q))
        return;
    ask_tvs(q);
    /* Whoever TVS vouches for, the signature must be that one's. */
    const struct trustlist_record *own = offer_own_signer(o);
    char signer[WORDS];
    if (own && offer_check(o, own) != 0)
        say(q, VERDICT_NO, RULE_BAD_SIGNATURE, false,
            "The signature of this %s does not fit its own record of the signer, %s: the bytes "
            "were changed on the way, or another key signed; sign it again.",
            offer_kind_name(o), words_signer(signer, &o->header));
}

/* true when the phone is known never to ask, which ends the matter. One that holds such a list asks
 * for it, whatever has been inferred about its model. */
static bool check_asks(struct question *q)
{
    const struct model *m = q->phone->model;
    enum trustlist_kind kind = q->offer->kind;
    struct trait asks = kind == TRUSTLIST_CTL ? m->ctl : m->itl;
    char model[WORDS];
    if (asks.value != TRAIT_NO || (asks.inferred && phone_list(q->phone, kind)))
        return false;
    say(q, VERDICT_NO, RULE_NOT_ASKED, asks.inferred,
        "%s never asks for %s, so this one neither helps nor harms it.",
        words_model(model, q->phone), kind == TRUSTLIST_CTL ? "a CTL" : "an ITL");
    return true;
}

static void judge_list(struct question *q)
{
    const struct offer *o = q->offer;
    if (check_asks(q))
        return;
    if (o->file.size > TRUSTLIST_BYTES_MAX) {
        say(q, VERDICT_NO, RULE_SIZE_LIMIT, false,
            "This %s has %zu bytes, and beyond %d phones fail to register: leave certificates out.",
            offer_kind_name(o), o->file.size, TRUSTLIST_BYTES_MAX);
        return;
    }
    if (o->malformed) {
        say(q, VERDICT_NO, RULE_MALFORMED, false, "The phone cannot read this %s: %s.",
            offer_kind_name(o), why_text(&o->why, o->malformed));
        return;
    }
    check_name(q);
    if (o->certificates > TRUSTLIST_CERTIFICATES_MAX)
        say(q, VERDICT_NO, RULE_COUNT_LIMIT, false,
            "This %s names %zu certificates, and beyond %d phones fail to register: leave "
            "certificates out.",
            offer_kind_name(o), o->certificates, TRUSTLIST_CERTIFICATES_MAX);
    check_digest(q);
    check_key_size(q);
    check_server(q);
    check_list_signer(q);
}

/* ---- files ---- */

/* No signature is demanded: what comes is taken as it is. */
static void judge_unchecked(struct question *q)
{
    const struct phone_trust *p = q->phone;
    struct trait checks = p->model->signed_config;
    char model[WORDS];
    check_server(q);
    if (checks.value == TRAIT_NO)
        say(q, VERDICT_YES, RULE_UNSIGNED, checks.inferred,
            "%s checks no signatures and takes the file as it is.", words_model(model, p));
    else if (!p->ctl && !p->itl)
        say(q, VERDICT_YES, RULE_UNSIGNED, false,
            "The phone holds no trust list, so it asks for plain files and takes them as they "
            "are.");
    else if (p->itl && trustlist_is_empty_itl(p->itl))
        say(q, VERDICT_YES, RULE_EMPTY_ITL, false,
            "The ITL the phone holds is empty (no TFTP and no TVS certificate, as in a rollback), "
            "so it takes unsigned files.");
    else
        say(q, VERDICT_YES, RULE_UNSIGNED, false,
            "No list the phone holds names a certificate that signs files, so it asks for plain "
            "files and takes them as they are.");
}

static void refuse_plain(struct question *q)
{
    const struct phone_trust *p = q->phone;
    const struct trustlist_record *r = trustlist_file_signer(p->ctl);
    const char *list = r ? "CTL" : "ITL";
    char signer[WORDS];
    char model[WORDS];
    words_record(signer, r ? r : trustlist_file_signer(p->itl));
    words_model(model, p);
    if (trait_is(p->model->signed_config))
        say(q, VERDICT_NO, RULE_NOT_SIGNED, p->model->signed_config.inferred,
            "The %s the phone holds names %s to sign files, so %s takes none without a signature: "
            "serve '%.120s.sgn'.",
            list, signer, model, q->offer->name);
    else
        say(q, VERDICT_UNKNOWN, RULE_NOT_SIGNED, false,
            "The %s the phone holds names %s to sign files, and nobody has said whether %s "
            "demands a signature then: serve '%.120s.sgn' as well.",
            list, signer, model, q->offer->name);
}

/* What is wrong with a signature is wrong for phones that check it: of this model nobody has said
 * whether it does. */
static void doubt_check(struct question *q)
{
    struct answer *out = q->out;
    struct answer said = *out;
    char model[WORDS];
    if (q->phone->model->signed_config.value != TRAIT_UNKNOWN || out->verdict != VERDICT_NO ||
        out->rule == RULE_FILE_NAME || out->rule == RULE_SERVER_ADDRESS)
        return;
    out->verdict = VERDICT_UNKNOWN;
    out->inferred = false;
    snprintf(out->explanation, sizeof out->explanation,
             "Nobody has said whether %s checks signatures; if it does: %s",
             words_model(model, q->phone), said.explanation);
}

static void judge_file(struct question *q)
{
    const struct offer *o = q->offer;
    if (o->malformed) {
        say(q, VERDICT_NO, RULE_MALFORMED, false, "The phone cannot read this signed file: %s.",
            why_text(&o->why, o->malformed));
        return;
    }
    if (o->is_signed)
        check_name(q);
    if (!phone_asks_signed(q->phone)) {
        judge_unchecked(q);
        return;
    }
    if (!o->is_signed) {
        refuse_plain(q);
        return;
    }
    check_digest(q);
    check_key_size(q);
    check_server(q);
    if (!check_known_signer(q))
        ask_tvs(q);
    doubt_check(q);
}

static void mark_inferred(struct answer *out)
{
    size_t length = strlen(out->explanation);
    if (length && out->explanation[length - 1] == '.')
        text_copy(out->explanation + length - 1, sizeof out->explanation - length + 1,
                  " (this rests on what is inferred of the model).");
}

void accept_offer(struct answer *out, const struct phone_trust *phone, struct offer *offer)
{
    struct question q = {.phone = phone, .offer = offer, .out = out, .strength = NOTHING_SAID};
    if (offer->is_list)
        judge_list(&q);
    else
        judge_file(&q);
    if (out->verdict != VERDICT_NO)
        out->inferred |= q.relied_on_inferred;
    if (out->inferred)
        mark_inferred(out);
    out->explanation[0] = (char)toupper((unsigned char)out->explanation[0]);
}

static void not_decided(struct answer *out)
{
    *out = (struct answer){VERDICT_UNKNOWN, RULE_NOT_DECIDED, false,
                           "Memory ran out before an answer was found: ask again."};
}

void accept_list(struct answer *out, const struct phone_trust *phone, enum trustlist_kind kind,
                 struct bytes file)
{
    struct offer offer;
    if (offer_init_list(&offer, kind, file)) {
        not_decided(out);
        return;
    }
    accept_offer(out, phone, &offer);
    offer_fini(&offer);
}

void accept_file(struct answer *out, const struct phone_trust *phone, const char *name,
                 struct bytes file)
{
    struct offer offer;
    if (offer_init_file(&offer, name, file)) {
        not_decided(out);
        return;
    }
    accept_offer(out, phone, &offer);
    offer_fini(&offer);
}
