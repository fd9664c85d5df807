#include "trust/foresee.h"

#include "pki/signedfile.h"
#include "trust/offer.h"

#include <string.h>

static bool names_tvs(const struct trustlist *itl, const struct certificate *shown)
{
    const struct phone_trust phone = {.itl = itl};
    enum trustlist_kind list;
    return phone_find_server(&phone, SERVER_TVS, shown, &list) != NULL;
}

/* Is one of them a TVS that this ITL names? */
static bool knows_one(const struct trustlist *itl, const struct tvs_set *tvs)
{
    for (size_t i = 0; itl && i < tvs->shown_count; i++)
        if (names_tvs(itl, tvs->shown[i]))
            return true;
    return false;
}

/* Certificates of one serial number are told apart by the signature: TVS, which is asked by the
 * issuer's name, too, knows which is meant. */
static const struct vouched *find_signer(struct offer *offer, const struct tvs_set *tvs)
{
    struct bytes serial = bytes_strip_zeros(offer->header.serial);
    const struct vouched *found = NULL;
    for (size_t i = 0; i < tvs->known_count; i++) {
        const struct vouched *known = &tvs->known[i];
        if (!bytes_equal(certificate_serial(known->certificate), serial))
            continue;
        const struct trustlist_record record = {.certificate = certificate_der(known->certificate)};
        if (offer_check(offer, &record) == 0)
            return known;
        found = known;
    }
    return found;
}

static void testify(struct testimony *out, const struct trustlist *itl, const struct vouched *known,
                    const struct tvs_set *tvs)
{
    *out = (struct testimony){.kind = TESTIMONY_SILENCE};
    if (!knows_one(itl, tvs))
        return;
    out->kind = known ? TESTIMONY_VOUCHED : TESTIMONY_DENIED;
    if (!known)
        return;
    out->roles = known->roles;
    out->certificate = certificate_der(known->certificate);
}

void foresee_signer(struct testimony *out, const struct trustlist *itl, struct offer *offer,
                    const struct tvs_set *tvs)
{
    testify(out, itl, find_signer(offer, tvs), tvs);
}

void foresee_server(struct testimony *out, const struct trustlist *itl,
                    const struct certificate *shown, const struct tvs_set *tvs)
{
    const struct vouched *known = NULL;
    for (size_t i = 0; i < tvs->known_count && !known; i++)
        if (certificates_equal(tvs->known[i].certificate, shown))
            known = &tvs->known[i];
    testify(out, itl, known, tvs);
}

/* ---- the answer ---- */

/* The phone and its TVS have no version of TLS in common. */
static bool is_cut_off(const struct model *model, const struct tvs_set *tvs)
{
    return tvs->modern && model->tls_max && strcmp(model->tls_max, "1.0") == 0;
}

static const struct testimony cut_off = {
    .kind = TESTIMONY_SILENCE,
    .words = "its TVS speaks TLS 1.2 and newer, and this model TLS 1.0 alone: legacy_tls = on in "
             "trustline.conf lets it ask"};

/* A model of which nobody has said whether it asks: asked as if it did, which settles the matter
 * when TVS could not help it. */
static struct model as_if_it_asked(const struct phone_trust *phone)
{
    struct model model = *phone->model;
    model.tvs = (struct trait){TRAIT_YES, phone->model->tvs.inferred};
    return model;
}

/* What the lists leave to TVS stays "through TVS" when TVS says yes, and is refused when it does
 * not. */
static void settle(struct answer *out, const struct answer *said, const struct phone_trust *phone,
                   const struct tvs_set *tvs)
{
    if (said->verdict != VERDICT_NO)
        return;
    *out = *said;
    if (is_cut_off(phone->model, tvs) && phone->model->tls_max_inferred)
        out->inferred = true;
}

void accept_offer_foreseen(struct answer *out, const struct phone_trust *phone, struct offer *offer,
                           const struct tvs_set *tvs)
{
    struct phone_trust asking = *phone;
    struct testimony testimony;
    struct answer said;
    asking.testimony = NULL;
    accept_offer(out, &asking, offer);
    if (out->rule != RULE_ASK_TVS)
        return;
    struct model model = as_if_it_asked(phone);
    foresee_signer(&testimony, phone->itl, offer, tvs);
    if (is_cut_off(phone->model, tvs))
        testimony = cut_off;
    asking.testimony = &testimony;
    if (out->verdict == VERDICT_UNKNOWN)
        asking.model = &model;
    accept_offer(&said, &asking, offer);
    settle(out, &said, phone, tvs);
}

void accept_server_foreseen(struct answer *out, const struct phone_trust *phone,
                            enum server_kind kind, const struct certificate *shown,
                            const struct tvs_set *tvs)
{
    struct phone_trust asking = *phone;
    struct testimony testimony;
    struct answer said;
    asking.testimony = NULL;
    accept_server(out, &asking, kind, shown);
    if (out->rule != RULE_ASK_TVS)
        return;
    struct model model = as_if_it_asked(phone);
    foresee_server(&testimony, phone->itl, shown, tvs);
    if (is_cut_off(phone->model, tvs))
        testimony = cut_off;
    asking.testimony = &testimony;
    if (out->verdict == VERDICT_UNKNOWN)
        asking.model = &model;
    accept_server(&said, &asking, kind, shown);
    settle(out, &said, phone, tvs);
}
