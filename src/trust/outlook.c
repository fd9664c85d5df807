#include "trust/outlook.h"

#include "pki/signedfile.h"
#include "trust/holdings.h"

const char *topic_text(enum topic topic)
{
    static const char *const words[TOPIC_COUNT] = {
        [TOPIC_CTL] = "CTL",
        [TOPIC_ITL] = "ITL",
        [TOPIC_FILES] = "files",
        [TOPIC_CAPF] = "CAPF",
        [TOPIC_CALLMANAGER] = "CallManager",
        [TOPIC_HTTPS] = "HTTPS",
    };
    return words[topic];
}

const char *topic_word(enum topic topic)
{
    static const char *const words[TOPIC_COUNT] = {
        [TOPIC_CTL] = "ctl",
        [TOPIC_ITL] = "itl",
        [TOPIC_FILES] = "files",
        [TOPIC_CAPF] = "capf",
        [TOPIC_CALLMANAGER] = "callmanager",
        [TOPIC_HTTPS] = "https",
    };
    return words[topic];
}

/* ---- a restart ---- */

static bool is_taken(const struct answer *answer)
{
    return answer->verdict == VERDICT_YES || answer->verdict == VERDICT_THROUGH_TVS;
}

static void ask_list(struct outlook *out, struct phone_trust *phone, const struct world *world,
                     enum trustlist_kind kind)
{
    enum topic topic = kind == TRUSTLIST_CTL ? TOPIC_CTL : TOPIC_ITL;
    struct offer *offer = world->lists[kind];
    struct answer *answer = &out->answers[topic];
    if (!offer)
        return;
    accept_offer_foreseen(answer, phone, offer, &world->tvs);
    out->asked[topic] = answer->rule != RULE_NOT_ASKED;
    if (!is_taken(answer))
        return;
    if (kind == TRUSTLIST_CTL)
        phone->ctl = offer_trustlist(offer);
    else
        phone->itl = offer_trustlist(offer);
}

static void ask_server(struct outlook *out, const struct phone_trust *phone,
                       const struct world *world, enum server_kind kind, enum topic topic)
{
    if (!world->servers[kind])
        return;
    out->asked[topic] = true;
    accept_server_foreseen(&out->answers[topic], phone, kind, world->servers[kind], &world->tvs);
}

/* `asks` says of which kind the phone asks for a list. */
static void restart(struct outlook *out, const struct phone_trust *phone, const struct world *world,
                    const bool asks[2])
{
    struct phone_trust then = *phone;
    for (enum topic t = 0; t < TOPIC_COUNT; t++)
        out->asked[t] = false;
    for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++)
        if (asks[kind])
            ask_list(out, &then, world, kind);
    out->ctl = then.ctl;
    out->itl = then.itl;
    if (world->files) {
        out->asked[TOPIC_FILES] = true;
        accept_offer_foreseen(&out->answers[TOPIC_FILES], &then, world->files, &world->tvs);
    }
    /* A phone without lists has nothing to know a server by, and asks for none. */
    if (!then.ctl && !then.itl)
        return;
    ask_server(out, &then, world, SERVER_CAPF, TOPIC_CAPF);
    ask_server(out, &then, world, SERVER_CALLMANAGER, TOPIC_CALLMANAGER);
    ask_server(out, &then, world, SERVER_HTTPS, TOPIC_HTTPS);
}

/* May it be that it does not ask? Then it must not count on what it would have got. */
static bool may_not_ask(const struct phone_trust *phone, enum trustlist_kind kind)
{
    const struct trait asks = kind == TRUSTLIST_CTL ? phone->model->ctl : phone->model->itl;
    return !phone_list(phone, kind) &&
           (asks.value == TRAIT_UNKNOWN || (asks.value == TRAIT_YES && asks.inferred));
}

/* The worse of two answers about the same. */
static int badness(const struct answer *answer)
{
    static const int ranks[] = {
        [VERDICT_YES] = 0, [VERDICT_THROUGH_TVS] = 1, [VERDICT_UNKNOWN] = 2, [VERDICT_NO] = 3};
    return ranks[answer->verdict];
}

/* When it is not known which of the two is so, a no is not certain either. */
static void merge(struct outlook *out, const struct outlook *other)
{
    for (enum topic t = 0; t < TOPIC_COUNT; t++) {
        struct answer *answer = &out->answers[t];
        const struct answer *second = &other->answers[t];
        if (!out->asked[t] || !other->asked[t] || badness(answer) == badness(second))
            continue;
        if (badness(second) > badness(answer))
            *answer = *second;
        if (answer->verdict == VERDICT_NO)
            answer->verdict = VERDICT_UNKNOWN;
    }
}

void outlook_restart(struct outlook *out, const struct phone_trust *phone,
                     const struct world *world)
{
    static const bool both[2] = {true, true};
    restart(out, phone, world, both);
    for (unsigned without = 1; without < 4; without++) {
        const bool asks[2] = {!(without & 1), !(without & 2)};
        struct outlook other;
        if ((!asks[TRUSTLIST_CTL] && !may_not_ask(phone, TRUSTLIST_CTL)) ||
            (!asks[TRUSTLIST_ITL] && !may_not_ask(phone, TRUSTLIST_ITL)))
            continue;
        restart(&other, phone, world, asks);
        merge(out, &other);
    }
}

/* ---- bridges ---- */

static bool same_certificate(const struct trustlist_record *a, const struct trustlist_record *b)
{
    return record_is(a, b->issuer, b->serial);
}

static bool names_anchor(const struct trustlist *list, const struct trustlist_record *anchor)
{
    for (size_t i = 0; list && i < list->count; i++) {
        const struct trustlist_record *r = &list->records[i];
        if (r->has_role && r->role == ROLE_SAST && record_names_certificate(r) &&
            same_certificate(r, anchor))
            return true;
    }
    return false;
}

/* Walks the anchors of both lists that the phone holds. */
struct anchor_walk {
    const struct phone_trust *phone;
    enum trustlist_kind kind;
    size_t index;
};

static const struct trustlist_record *next_anchor(struct anchor_walk *w)
{
    for (; w->kind <= TRUSTLIST_ITL; w->kind++, w->index = 0) {
        const struct trustlist *list = phone_list(w->phone, w->kind);
        while (list && w->index < list->count) {
            const struct trustlist_record *r = &list->records[w->index++];
            if (r->has_role && r->role == ROLE_SAST && record_names_certificate(r))
                return r;
        }
    }
    return NULL;
}

static bool anchors_stand(const struct phone_trust *phone, const struct world *world)
{
    struct anchor_walk walk = {.phone = phone};
    const struct trustlist_record *first = NULL;
    const struct trustlist_record *r;
    bool pair = false;
    while ((r = next_anchor(&walk)) != NULL) {
        for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++)
            if (world->lists[kind] && names_anchor(offer_trustlist(world->lists[kind]), r))
                return true;
        if (!first)
            first = r;
        pair = pair || !same_certificate(first, r);
    }
    return !pair;
}

static bool servers_stand(const struct phone_trust *phone, const struct world *world)
{
    enum trustlist_kind kind;
    struct answer answer;
    if (!trustlist_find_role(phone->itl, ROLE_TVS) || phone->model->tvs.value == TRAIT_NO ||
        !(trustlist_file_signer(phone->ctl) || trustlist_file_signer(phone->itl)))
        return true;
    for (size_t i = 0; i < world->tvs.shown_count; i++)
        if (phone_find_server(phone, SERVER_TVS, world->tvs.shown[i], &kind))
            return true;
    if (!world->files)
        return false;
    accept_offer(&answer, phone, world->files);
    return answer.verdict == VERDICT_YES;
}

struct bridges outlook_bridges(const struct phone_trust *phone, const struct world *world)
{
    return (struct bridges){anchors_stand(phone, world), servers_stand(phone, world)};
}
