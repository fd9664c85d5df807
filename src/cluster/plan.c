#include "cluster/plan.h"

#include "base/text.h"
#include "cluster/plan_parts.h"
#include "cluster/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_SHOWN = 8 };

void plan_init(struct plan *plan)
{
    *plan = (struct plan){0};
}

void plan_fini(struct plan *plan)
{
    free(plan->entries);
    plan_init(plan);
}

const char *plan_remedy_text(enum plan_remedy remedy)
{
    static const char *const words[REMEDY_COUNT] = {
        [REMEDY_NONE] = "",
        [REMEDY_FETCH_FIRST] = "fetch_first",
        [REMEDY_SECOND_ANCHOR] = "second_anchor",
        [REMEDY_START_TVS] = "start_tvs",
        [REMEDY_LEGACY_TLS] = "legacy_tls",
        [REMEDY_VOUCH] = "vouch",
        [REMEDY_SHA1] = "sha1",
        [REMEDY_SMALLER_KEY] = "smaller_key",
        [REMEDY_TRAIT] = "trait",
        [REMEDY_PROOF] = "proof",
        [REMEDY_HANDS] = "hands",
    };
    return words[remedy];
}

const char *plan_bridge_text(enum plan_bridge bridge)
{
    static const char *const words[] = {
        [BRIDGE_STANDS] = "", [BRIDGE_ANCHORS] = "anchors", [BRIDGE_SERVERS] = "servers"};
    return words[bridge];
}

/* ---- one state of a phone ---- */

/* The worse of two decides for a phone that may be in several states. */
static int badness(const struct answer *answer)
{
    switch (answer->verdict) {
    case VERDICT_YES:
        return 0;
    case VERDICT_THROUGH_TVS:
        return 1;
    case VERDICT_UNKNOWN:
        return 2;
    case VERDICT_NO:
        break;
    }
    return 3;
}

static bool is_bad(const struct answer *answer)
{
    return badness(answer) >= 2;
}

/* What the phones of a class meet. Servers they do not use are left out; of a crowd nothing is
 * known but its lists. */
static struct world world_of(const struct plan_phones *p, const struct plan_class *c,
                             const struct scene *scene)
{
    struct world world = *scene_world(scene, p->groups[c->group]);
    if (!c->secure || c->crowd)
        world.servers[SERVER_CALLMANAGER] = NULL;
    if (c->crowd) {
        world.servers[SERVER_CAPF] = world.servers[SERVER_HTTPS] = NULL;
        world.files = NULL;
    }
    return world;
}

/* No worse than now? */
static bool is_lost_before(const struct outlook *now, const struct outlook *then, enum topic t)
{
    return now->asked[t] && badness(&now->answers[t]) >= badness(&then->answers[t]);
}

/* ---- a class ---- */

/* What its phones say about one topic, put together from all states. */
struct opinion {
    bool asked;
    struct answer answer;        /* of the state that decides */
    const struct served *holder; /* the list of that state */
    bool lost_before;
    bool is_unsure;          /* what decides is not known in that state already */
    size_t states, refusals; /* in how many it is asked, and a no */
    size_t bad;
};

struct judgement {
    struct opinion opinions[TOPIC_COUNT];
    enum plan_remedy remedy;
    enum plan_bridge bridge;
};

static bool is_list(enum topic t)
{
    return t == TOPIC_CTL || t == TOPIC_ITL;
}

/* A phone that cannot take lists or files is lost; one that does not know a server is not. */
static bool may_be_lost(enum topic t)
{
    return is_list(t) || t == TOPIC_FILES;
}

/* The list of its flash that had to do with it: of the same kind, or whichever there is. */
static const struct served *holder_of(const struct history_state *state, enum topic t)
{
    enum trustlist_kind kind = t == TOPIC_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL;
    return state->held[kind] ? state->held[kind] : state->held[1 - kind];
}

/* Loss counts most, then loss of before. */
static int weight(const struct answer *answer, bool lost_before)
{
    return is_bad(answer) && !lost_before ? badness(answer) + 10 : badness(answer);
}

static void hear(struct opinion *o, const struct answer *answer, bool lost_before,
                 const struct served *holder)
{
    bool worse = !o->asked || weight(answer, lost_before) > weight(&o->answer, o->lost_before);
    o->asked = true;
    o->states++;
    o->refusals += answer->verdict == VERDICT_NO;
    o->bad += is_bad(answer);
    if (!worse)
        return;
    o->answer = *answer;
    o->is_unsure = answer->verdict == VERDICT_UNKNOWN;
    o->lost_before = lost_before;
    o->holder = holder;
}

/* States that do not agree: which one the phone is in is what nobody knows. */
static void settle(struct opinion *o, const char *hash)
{
    struct answer worst = o->answer;
    if (!o->asked || o->bad == 0 || o->refusals == o->states)
        return;
    o->answer.verdict = VERDICT_UNKNOWN;
    if (o->states == 1)
        return;
    text_format(o->answer.explanation, sizeof o->answer.explanation,
                "Which lists it took is not proved; if it holds %s %.*s: %s",
                o->holder ? trustlist_kind_name(offer_kind(o->holder->offer)) : "no list",
                HASH_SHOWN, hash, worst.explanation);
}

/* Of phones nobody knows each list is asked by itself: what is said is said of that one. */
static void suppose(struct opinion *o, const char *hash)
{
    struct answer worst = o->answer;
    if (o->asked && o->holder && is_bad(&worst))
        text_format(o->answer.explanation, sizeof o->answer.explanation,
                    "If one of them holds %s %.*s alone: %s",
                    trustlist_kind_name(offer_kind(o->holder->offer)), HASH_SHOWN, hash,
                    worst.explanation);
}

static void ask_states(struct judgement *out, const struct plan_phones *p,
                       const struct plan_class *c, const struct world *before,
                       const struct world *after)
{
    const struct phone_trust base = plan_class_phone(p, c);
    struct outlook now;
    struct outlook then;
    for (size_t i = 0; i < c->history.count; i++) {
        const struct history_state *state = &c->history.states[i];
        const struct phone_trust phone = history_phone(&base, state);
        outlook_restart(&now, &phone, before);
        outlook_restart(&then, &phone, after);
        for (enum topic t = 0; t < TOPIC_COUNT; t++)
            if (then.asked[t])
                hear(&out->opinions[t], &then.answers[t], is_lost_before(&now, &then, t),
                     holder_of(state, t));
    }
    for (enum topic t = 0; t < TOPIC_COUNT; t++) {
        struct opinion *o = &out->opinions[t];
        (c->crowd ? suppose : settle)(o, plan_class_hash(p, c, o->holder));
    }
}

static bool loses(const struct opinion *o, enum topic t)
{
    return o->asked && may_be_lost(t) && is_bad(&o->answer) && !o->lost_before;
}

/* Nothing can be said of a phone with too many lists, now or then. */
static void say_too_many(struct judgement *j)
{
    for (enum topic t = 0; t < TOPIC_COUNT; t++) {
        struct opinion *o = &j->opinions[t];
        o->answer = (struct answer){.verdict = VERDICT_UNKNOWN, .rule = RULE_NOT_DECIDED};
        text_copy(o->answer.explanation, sizeof o->answer.explanation,
                  "It was served more lists than can be told apart since it last proved what it "
                  "holds: look at the phone.");
        o->lost_before = true;
    }
}

/* ---- what would save it ---- */

static bool takes_all(const struct outlook *outlook)
{
    for (enum topic t = 0; t <= TOPIC_FILES; t++)
        if (outlook->asked[t] && is_bad(&outlook->answers[t]))
            return false;
    return true;
}

/* Whatever state it is in: restarting in one world after the other, does it take all in the last?
 */
static bool is_safe(const struct plan_phones *p, const struct plan_class *c,
                    const struct world *const *worlds, size_t count)
{
    const struct phone_trust base = plan_class_phone(p, c);
    for (size_t i = 0; i < c->history.count; i++) {
        struct phone_trust phone = history_phone(&base, &c->history.states[i]);
        struct outlook outlook;
        for (size_t w = 0; w < count; w++) {
            outlook_restart(&outlook, &phone, worlds[w]);
            phone.ctl = outlook.ctl;
            phone.itl = outlook.itl;
        }
        if (!takes_all(&outlook))
            return false;
    }
    return true;
}

/* Would its TVS save it, if only it ran, or spoke old TLS? */
static enum plan_remedy find_tvs(const struct plan_phones *p, const struct plan_class *c,
                                 const struct world *world, const struct scene *scene)
{
    struct world better = *world;
    const struct world *const with_tvs[] = {&better};
    better.tvs = scene_world_all_tvs(scene, p->groups[c->group])->tvs;
    if (is_safe(p, c, with_tvs, 1))
        return REMEDY_START_TVS;
    better.tvs.modern = false;
    return is_safe(p, c, with_tvs, 1) ? REMEDY_LEGACY_TLS : REMEDY_NONE;
}

/* What it can never check no erased list helps with; what is signed otherwise does. */
static enum plan_remedy find_signature(const struct opinion *worst)
{
    if (worst->answer.rule == RULE_DIGEST)
        return REMEDY_SHA1;
    return worst->answer.rule == RULE_KEY_SIZE ? REMEDY_SMALLER_KEY : REMEDY_NONE;
}

static enum plan_remedy find_remedy(const struct judgement *j, const struct plan_phones *p,
                                    const struct plan_class *c, const struct scene *scene_before,
                                    const struct scene *scene_after)
{
    const struct world before = world_of(p, c, scene_before);
    const struct world after = world_of(p, c, scene_after);
    const struct world *const now_then[] = {&before, &after};
    const struct opinion *worst = NULL;
    for (enum topic t = 0; t < TOPIC_COUNT; t++)
        if (loses(&j->opinions[t], t) && !worst)
            worst = &j->opinions[t];
    if (!worst)
        return REMEDY_NONE;
    if (is_safe(p, c, now_then, 2))
        return REMEDY_FETCH_FIRST;
    enum plan_remedy tvs = find_tvs(p, c, &after, scene_after);
    if (tvs != REMEDY_NONE)
        return tvs;
    /* A list that names one more anchor is as good as the one of now. */
    if (scene_anchors(scene_after) == 1 && is_safe(p, c, now_then, 1))
        return REMEDY_SECOND_ANCHOR;
    if (worst->answer.rule == RULE_TVS_REFUSES)
        return REMEDY_VOUCH;
    if (worst->is_unsure && !c->crowd)
        return REMEDY_TRAIT;
    enum plan_remedy signature = find_signature(worst);
    return signature != REMEDY_NONE ? signature : REMEDY_HANDS;
}

/* The same of a phone that is in trouble already. */
static enum plan_remedy find_help(const struct judgement *j, const struct plan_phones *p,
                                  const struct plan_class *c, const struct scene *scene)
{
    const struct world world = world_of(p, c, scene);
    const struct opinion *worst = NULL;
    for (enum topic t = 0; t < TOPIC_COUNT && !worst; t++)
        if (j->opinions[t].asked && may_be_lost(t) && is_bad(&j->opinions[t].answer))
            worst = &j->opinions[t];
    if (!worst)
        return REMEDY_NONE;
    enum plan_remedy tvs = find_tvs(p, c, &world, scene);
    if (tvs != REMEDY_NONE)
        return tvs;
    if (worst->answer.rule == RULE_TVS_REFUSES)
        return REMEDY_VOUCH;
    if (worst->is_unsure)
        return REMEDY_TRAIT;
    enum plan_remedy signature = find_signature(worst);
    if (signature != REMEDY_NONE)
        return signature;
    return worst->bad < worst->states || c->too_many ? REMEDY_PROOF : REMEDY_HANDS;
}

/* Of the state it is most likely in: a bridge guards against what goes wrong, not against
 * strangers. A TVS that rests is no other TVS. */
static enum plan_bridge find_bridge(const struct plan_phones *p, const struct plan_class *c,
                                    const struct scene *before, const struct scene *after)
{
    const struct phone_trust base = plan_class_phone(p, c);
    const struct phone_trust phone = history_phone(&base, history_likely(&c->history));
    const char *group = p->groups[c->group];
    if (c->crowd || c->too_many)
        return BRIDGE_STANDS;
    struct bridges now = outlook_bridges(&phone, scene_world_all_tvs(before, group));
    struct bridges then = outlook_bridges(&phone, scene_world_all_tvs(after, group));
    if (now.anchors && !then.anchors)
        return BRIDGE_ANCHORS;
    return now.servers && !then.servers ? BRIDGE_SERVERS : BRIDGE_STANDS;
}

static void judge(struct judgement *out, const struct plan_phones *p, const struct plan_class *c,
                  const struct scene *scene_before, const struct scene *scene_after)
{
    const struct world before = world_of(p, c, scene_before);
    const struct world after = world_of(p, c, scene_after);
    *out = (struct judgement){.remedy = REMEDY_NONE};
    ask_states(out, p, c, &before, &after);
    if (c->too_many) {
        say_too_many(out);
        return;
    }
    out->bridge = find_bridge(p, c, scene_before, scene_after);
    out->remedy = find_remedy(out, p, c, scene_before, scene_after);
}

/* ---- the plan ---- */

bool plan_loses(const struct plan_entry *entry)
{
    return may_be_lost(entry->topic) && is_bad(&entry->answer) && !entry->lost_before;
}

bool plan_burns(const struct plan_entry *entry)
{
    return entry->bridge != BRIDGE_STANDS;
}

static int append(struct plan *plan, const struct plan_entry *entry)
{
    if ((plan->count & (plan->count - 1)) == 0) {
        size_t room = plan->count ? plan->count * 2 : 1;
        struct plan_entry *entries = reallocarray(plan->entries, room, sizeof *entries);
        if (!entries)
            return -ENOMEM;
        plan->entries = entries;
    }
    plan->entries[plan->count++] = *entry;
    return 0;
}

/* Lists that change are shown for every phone; the rest when the act makes something of it worse.
 */
static bool is_shown(const struct opinion *o, enum topic t, const bool changed[2])
{
    if (!o->asked)
        return false;
    if (is_list(t) && changed[t == TOPIC_CTL ? LIST_CTL : LIST_ITL])
        return true;
    return is_bad(&o->answer) && !o->lost_before;
}

static struct plan_entry make_entry(const struct plan_phones *p, const struct plan_phone *phone,
                                    const struct opinion *o, enum topic t, enum plan_remedy remedy)
{
    const struct plan_class *c = &p->classes[phone->class];
    const struct model *m = c->model;
    struct plan_entry entry = {
        .topic = t,
        .answer = o->answer,
        .lost_before = is_bad(&o->answer) && o->lost_before,
        .remedy = loses(o, t) ? remedy : REMEDY_NONE,
        .erase = m->erase_lists ? m->erase_lists : m->factory_reset,
        .erase_inferred = m->erase_lists ? m->erase_lists_inferred : m->factory_reset_inferred,
    };
    text_copy(entry.device, sizeof entry.device, phone->name);
    text_copy(entry.model, sizeof entry.model, phone->model_name);
    text_copy(entry.held, sizeof entry.held, plan_class_hash(p, c, o->holder));
    return entry;
}

static int add_phone(struct plan *plan, const struct plan_phones *p, const struct plan_phone *phone,
                     const struct judgement *j, const bool changed[2])
{
    enum plan_bridge bridge = j->bridge;
    bool lost = false;
    for (enum topic t = 0; t < TOPIC_COUNT; t++) {
        const struct opinion *o = &j->opinions[t];
        if (!is_shown(o, t, changed))
            continue;
        struct plan_entry entry = make_entry(p, phone, o, t, j->remedy);
        if (is_list(t) && !is_bad(&o->answer)) {
            entry.bridge = bridge; /* it is said once */
            bridge = BRIDGE_STANDS;
        }
        entry.again = lost && loses(o, t);
        lost = lost || loses(o, t);
        int result = append(plan, &entry);
        if (result)
            return result;
    }
    return 0;
}

static int compare(const void *x, const void *y)
{
    const struct plan_entry *a = x;
    const struct plan_entry *b = y;
    int order = plan_loses(b) - plan_loses(a);
    if (order == 0)
        order = plan_burns(b) - plan_burns(a);
    if (order == 0)
        order = badness(&b->answer) - badness(&a->answer);
    if (order == 0)
        order = strcmp(a->device, b->device);
    return order ? order : (int)a->topic - (int)b->topic;
}

static void finish(struct plan *plan)
{
    if (plan->count)
        qsort(plan->entries, plan->count, sizeof *plan->entries, compare);
    plan->lost = plan->burnt = plan->lost_before = plan->through_tvs = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        plan->lost += plan_loses(entry);
        plan->burnt += plan_burns(entry);
        plan->lost_before += entry->lost_before;
        plan->through_tvs += entry->answer.verdict == VERDICT_THROUGH_TVS;
    }
}

int plan_make(struct plan *plan, struct plan_phones *p, const struct scene *before,
              const struct scene *after, const bool changed[2])
{
    struct judgement *judgements = calloc(p->class_count + 1, sizeof *judgements);
    int result = judgements ? 0 : -ENOMEM;
    for (size_t i = 0; i < p->class_count && result == 0; i++)
        judge(&judgements[i], p, &p->classes[i], before, after);
    for (size_t i = 0; i < p->phone_count && result == 0; i++)
        result = add_phone(plan, p, &p->phones[i], &judgements[p->phones[i].class], changed);
    free(judgements);
    plan->phones = p->phone_count;
    plan->strangers = p->phone_count && p->phones[p->phone_count - 1].name[0] == '\0';
    finish(plan);
    return result;
}

static int explain_phone(struct plan *plan, const struct plan_phones *p,
                         const struct plan_phone *phone, const struct scene *now)
{
    const struct plan_class *c = &p->classes[phone->class];
    const struct world world = world_of(p, c, now);
    struct judgement j = {.remedy = REMEDY_NONE};
    int result = 0;
    ask_states(&j, p, c, &world, &world);
    if (c->too_many)
        say_too_many(&j);
    j.remedy = find_help(&j, p, c, now);
    /* Without the web a phone works. */
    for (enum topic t = 0; t < TOPIC_HTTPS && result == 0; t++) {
        struct plan_entry entry = make_entry(p, phone, &j.opinions[t], t, REMEDY_NONE);
        entry.lost_before = false; /* there is nothing to compare with */
        if (may_be_lost(t) && is_bad(&entry.answer))
            entry.remedy = j.remedy;
        if (j.opinions[t].asked)
            result = append(plan, &entry);
    }
    return result;
}

int plan_explain(struct plan *plan, struct plan_phones *p, const struct scene *now)
{
    int result = 0;
    for (size_t i = 0; i < p->phone_count && result == 0; i++)
        result = explain_phone(plan, p, &p->phones[i], now);
    plan->phones = p->phone_count;
    return result;
}

int plan_count_lost(struct plan_phones *p, const struct scene *before, const struct scene *after,
                    enum list_kind kind, struct plan_losses *out)
{
    enum topic topic = kind == LIST_CTL ? TOPIC_CTL : TOPIC_ITL;
    size_t *phones = calloc(p->class_count + 1, sizeof *phones);
    struct plan_losses losses = {0};
    if (!phones)
        return -ENOMEM;
    for (size_t i = 0; i < p->phone_count; i++)
        phones[p->phones[i].class]++;
    for (size_t i = 0; i < p->class_count; i++) {
        const struct plan_class *c = &p->classes[i];
        const struct world now = world_of(p, c, before);
        const struct world then = world_of(p, c, after);
        struct judgement v = {.remedy = REMEDY_NONE};
        ask_states(&v, p, c, &now, &then);
        if (c->too_many)
            say_too_many(&v);
        const struct opinion *o = &v.opinions[topic];
        if (!o->asked)
            continue;
        if (o->answer.verdict == VERDICT_THROUGH_TVS)
            losses.through_tvs += phones[i];
        else if (is_bad(&o->answer))
            *(o->lost_before ? &losses.lost_before : &losses.lost) += phones[i];
    }
    free(phones);
    *out = losses;
    return 0;
}
