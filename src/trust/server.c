#include "trust/server.h"

#include "base/text.h"
#include "pki/signedfile.h"
#include "trust/holdings.h"
#include "trust/words.h"

#include <stdio.h>

static const struct kind {
    const char *name;
    const char *roles_text;
    uint16_t roles[2];
    size_t role_count;
} kinds[] = {
    [SERVER_CAPF] = {"CAPF server", "CAPF", {ROLE_CAPF}, 1},
    [SERVER_CALLMANAGER] = {"CallManager", "CCM or CCM+TFTP", {ROLE_CCM_TFTP, ROLE_CCM}, 2},
    [SERVER_HTTPS] = {"HTTPS server", "APP-SERVER", {ROLE_APP}, 1},
    [SERVER_TVS] = {"TVS", "TVS", {ROLE_TVS}, 1},
};

static bool has_role(const struct trustlist_record *record, const struct kind *kind)
{
    for (size_t i = 0; i < kind->role_count; i++)
        if (record->has_role && record->role == kind->roles[i])
            return true;
    return false;
}

static const struct trustlist_record *find_in(const struct trustlist *list, const struct kind *kind,
                                              const struct certificate *shown)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (has_role(&list->records[i], kind) && record_fits(&list->records[i], shown))
            return &list->records[i];
    return NULL;
}

/* A CTL never names TVS, and one that did would not be believed. */
const struct trustlist_record *phone_find_server(const struct phone_trust *phone,
                                                 enum server_kind kind,
                                                 const struct certificate *shown,
                                                 enum trustlist_kind *list)
{
    const struct trustlist_record *record = NULL;
    if (kind != SERVER_TVS)
        record = find_in(phone->ctl, &kinds[kind], shown);
    *list = record ? TRUSTLIST_CTL : TRUSTLIST_ITL;
    return record ? record : find_in(phone->itl, &kinds[kind], shown);
}

/* ---- the answer ---- */

/* What is asked, for the functions below. */
struct question {
    const struct phone_trust *phone;
    const struct kind *kind;
    struct answer *out;
    char shown[2 * WORDS]; /* "The certificate of the CAPF server, CN=... (serial ...)" */
};

static void say(struct question *q, enum verdict verdict, enum accept_rule rule, const char *format,
                ...) PRINTF_LIKE(4, 5);

static void say(struct question *q, enum verdict verdict, enum accept_rule rule, const char *format,
                ...)
{
    va_list values;
    va_start(values, format);
    q->out->verdict = verdict;
    q->out->rule = rule;
    vsnprintf(q->out->explanation, sizeof q->out->explanation, format, values);
    va_end(values);
}

static void hear_testimony(struct question *q)
{
    const struct testimony *t = q->phone->testimony;
    bool fits = false;
    for (size_t i = 0; i < q->kind->role_count; i++)
        fits = fits || testimony_has_role(t, q->kind->roles[i]);
    if (t->kind == TESTIMONY_SILENCE)
        say(q, VERDICT_NO, RULE_TVS_SILENT,
            "%s, is not in the phone's lists, and no TVS could be asked%s%.200s%s: have one "
            "running that its configuration names, with the certificate its ITL names.",
            q->shown, t->words ? " (" : "", t->words ? t->words : "", t->words ? ")" : "");
    else if (t->kind == TESTIMONY_DENIED)
        say(q, VERDICT_NO, RULE_TVS_REFUSES,
            "%s, is not in the phone's lists, and the TVS it asked does not know it either: put it "
            "into the trust store, or let the phone load the lists that are served now.",
            q->shown);
    else if (!fits)
        say(q, VERDICT_NO, RULE_TVS_REFUSES,
            "%s, is not in the phone's lists, and TVS knows it, but not with the role %s: put it "
            "into the trust store for that purpose.",
            q->shown, q->kind->roles_text);
    else
        say(q, VERDICT_YES, RULE_TVS_VOUCHES,
            "%s, is not in the phone's lists, and the TVS it asked vouches for it.", q->shown);
}

/* "; its ITL names CN=... (serial ...)", which a server of this kind was known by. */
static char *words_instead(char out[2 * WORDS], const struct question *q)
{
    char record[WORDS];
    const struct trustlist *lists[] = {q->kind == &kinds[SERVER_TVS] ? NULL : q->phone->ctl,
                                       q->phone->itl};
    out[0] = '\0';
    for (size_t i = 0; i < 2; i++) {
        for (size_t r = 0; r < q->kind->role_count && !*out; r++) {
            const struct trustlist_record *other = trustlist_find_role(lists[i], q->kind->roles[r]);
            if (other)
                text_format(out, 2 * WORDS, "; %s %s", i == 0 ? "its CTL names" : "its ITL names",
                            words_record(record, other));
        }
    }
    return out;
}

static void refuse(struct question *q)
{
    char instead[2 * WORDS];
    if (!q->phone->ctl && !q->phone->itl)
        say(q, VERDICT_NO, RULE_UNKNOWN_CERTIFICATE,
            "%s, is unknown to a phone that holds no list: let it load the lists first.", q->shown);
    else if (q->kind == &kinds[SERVER_TVS])
        say(q, VERDICT_NO, RULE_UNKNOWN_CERTIFICATE,
            "%s, is not in the phone's ITL%s: let the phone load the ITL that is served now.",
            q->shown, words_instead(instead, q));
    else
        say(q, VERDICT_NO, RULE_UNKNOWN_CERTIFICATE,
            "%s, is not in the phone's lists with the role %s, and there is no TVS it could ask "
            "about it%s: let it load the lists that are served now.",
            q->shown, q->kind->roles_text, words_instead(instead, q));
}

static void ask_tvs(struct question *q, bool may_ask)
{
    struct trait asks = q->phone->model->tvs;
    char model[WORDS];
    words_model(model, q->phone);
    q->out->inferred = may_ask && asks.value != TRAIT_UNKNOWN && asks.inferred;
    if (!may_ask || asks.value == TRAIT_NO)
        refuse(q);
    else if (asks.value == TRAIT_UNKNOWN)
        say(q, VERDICT_UNKNOWN, RULE_ASK_TVS,
            "%s, is not in the phone's lists, and nobody has said whether %s asks TVS: name the "
            "model.",
            q->shown, model);
    else if (q->phone->testimony)
        hear_testimony(q);
    else
        say(q, VERDICT_THROUGH_TVS, RULE_ASK_TVS,
            "%s, is not in the phone's lists, so %s asks the TVS its ITL names.", q->shown, model);
}

void accept_server(struct answer *out, const struct phone_trust *phone, enum server_kind kind,
                   const struct certificate *shown)
{
    struct question q = {.phone = phone, .kind = &kinds[kind], .out = out};
    enum trustlist_kind list;
    char certificate[WORDS];
    words_certificate(certificate, bytes_of_string(certificate_subject(shown)),
                      certificate_serial(shown));
    text_format(q.shown, sizeof q.shown, "The certificate of the %s, %s", q.kind->name,
                certificate);
    out->inferred = false;
    if (phone_find_server(phone, kind, shown, &list))
        say(&q, VERDICT_YES,
            list == TRUSTLIST_CTL ? RULE_CERTIFICATE_IN_CTL : RULE_CERTIFICATE_IN_ITL,
            "%s, is named by the %s the phone holds.", q.shown, trustlist_kind_name(list));
    else
        ask_tvs(&q, kind != SERVER_TVS && trustlist_find_role(phone->itl, ROLE_TVS));
}
