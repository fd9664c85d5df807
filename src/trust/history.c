#include "trust/history.h"

#include "trust/offer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum trustlist_kind kind_of(const struct served *s)
{
    return s->offer->kind;
}

struct phone_trust history_phone(const struct phone_trust *phone, const struct history_state *state)
{
    struct phone_trust with = *phone;
    const struct served *ctl = state->held[TRUSTLIST_CTL];
    const struct served *itl = state->held[TRUSTLIST_ITL];
    with.ctl = ctl ? ctl->list : NULL;
    with.itl = itl ? itl->list : NULL;
    return with;
}

/* ---- the walk ---- */

/* The states reached so far. Each is there once: `seen` has a place for every pair. */
struct walk {
    const struct phone_trust *phone;
    const struct served *served;
    size_t count;
    struct history_state base;
    struct history_state *states;
    size_t state_count;
    bool *seen;
};

/* A list at one of the times that count: when it was served first, and last. */
struct serving {
    const struct served *list;
    int64_t sequence;
    bool last;
};

static size_t place(const struct walk *w, const struct history_state *s)
{
    size_t ctl = s->held[TRUSTLIST_CTL] ? (size_t)(s->held[TRUSTLIST_CTL] - w->served) + 1 : 0;
    size_t itl = s->held[TRUSTLIST_ITL] ? (size_t)(s->held[TRUSTLIST_ITL] - w->served) + 1 : 0;
    return ctl * (w->count + 1) + itl;
}

static void reach(struct walk *w, const struct history_state *s)
{
    size_t at = place(w, s);
    if (w->seen[at])
        return;
    w->seen[at] = true;
    w->states[w->state_count++] = *s;
}

enum taking { TAKES, LEAVES, EITHER };

/* Was it served before the list of the other kind that is proved, or may it have been? Then what
 * the phone held at that time is not known, and the rules do not say what came of it. */
static bool is_before_proof(const struct walk *w, const struct serving *at)
{
    for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++) {
        const struct served *proved = w->base.held[kind];
        if (proved && (proved->sequence == 0 || at->sequence < proved->sequence))
            return true;
    }
    return false;
}

static enum taking would_take(const struct walk *w, const struct history_state *state,
                              const struct serving *at)
{
    const struct served *s = at->list;
    struct answer answer;
    struct phone_trust phone = history_phone(w->phone, state);
    if (s->refused && at->last)
        return LEAVES;
    if (is_before_proof(w, at))
        return EITHER;
    accept_offer(&answer, &phone, s->offer);
    if (answer.verdict == VERDICT_YES)
        return TAKES;
    return answer.verdict == VERDICT_NO && !answer.inferred ? LEAVES : EITHER;
}

/* What comes of a state when the phone is served these lists in one restart. */
static void restart(struct walk *w, struct history_state state, const struct serving *first,
                    const struct serving *second)
{
    const struct serving *both[] = {first, second};
    for (size_t i = 0; i < 2 && both[i]; i++) {
        enum taking taking = would_take(w, &state, both[i]);
        if (taking == EITHER && i == 0)
            restart(w, state, second, NULL);
        else if (taking == EITHER)
            reach(w, &state);
        if (taking != LEAVES)
            state.held[kind_of(both[i]->list)] = both[i]->list;
    }
    reach(w, &state);
}

/* Lists that one restart of the phone brought, both or none. */
static bool are_together(const struct serving *a, const struct serving *b)
{
    return kind_of(a->list) == TRUSTLIST_CTL && kind_of(b->list) == TRUSTLIST_ITL &&
           !a->list->doubtful && !b->list->doubtful &&
           b->sequence - a->sequence <= HISTORY_ADJACENT;
}

static void find_base(struct walk *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->served[i].proved)
            w->base.held[kind_of(&w->served[i])] = &w->served[i];
}

static int by_sequence(const void *x, const void *y)
{
    const struct serving *a = x;
    const struct serving *b = y;
    if (a->sequence != b->sequence)
        return a->sequence < b->sequence ? -1 : 1;
    return a->last - b->last;
}

/* In between it was served more often, or not: what was in use then was in use before or after. */
static size_t list_servings(struct serving *out, const struct walk *w)
{
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        const struct served *s = &w->served[i];
        if (s->sequence == 0)
            continue;
        if (s->first && s->first != s->sequence)
            out[count++] = (struct serving){s, s->first, false};
        out[count++] = (struct serving){s, s->sequence, true};
    }
    qsort(out, count, sizeof *out, by_sequence);
    return count;
}

/* Whether each restart was the phone's own is not known, so every state stays, too. */
static void run(struct walk *w)
{
    struct serving servings[2 * HISTORY_SERVED_MAX];
    size_t count = list_servings(servings, w);
    find_base(w);
    reach(w, &w->base);
    for (size_t i = 0; i < count; i++) {
        const struct serving *first = &servings[i];
        const struct serving *second = NULL;
        size_t before = w->state_count;
        if (i + 1 < count && are_together(first, first + 1))
            second = &servings[++i];
        for (size_t k = 0; k < before; k++)
            restart(w, w->states[k], first, second);
    }
}

int history_init(struct history *out, const struct phone_trust *phone, const struct served *served,
                 size_t count)
{
    struct walk w = {.phone = phone, .served = served, .count = count};
    size_t room = (count + 1) * (count + 1);
    if (count > HISTORY_SERVED_MAX)
        return ERR_LIMIT;
    w.states = calloc(room, sizeof *w.states);
    w.seen = calloc(room, sizeof *w.seen);
    if (w.states && w.seen)
        run(&w);
    free(w.seen);
    if (w.state_count == 0) {
        free(w.states);
        return -ENOMEM;
    }
    *out = (struct history){w.states, w.state_count};
    return 0;
}

int history_init_crowd(struct history *out, const struct served *served, size_t count)
{
    struct history crowd = {calloc(count + 1, sizeof *crowd.states), count ? count : 1};
    if (!crowd.states)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        crowd.states[i].held[kind_of(&served[i])] = &served[i];
    *out = crowd;
    return 0;
}

int history_init_any(struct history *out, const struct served *served, size_t count)
{
    struct history any = {.count = 0};
    if (count > HISTORY_SERVED_MAX)
        return ERR_LIMIT;
    any.states = calloc((count + 1) * (count + 1), sizeof *any.states);
    if (!any.states)
        return -ENOMEM;
    for (size_t c = 0; c <= count; c++) {
        if (c && kind_of(&served[c - 1]) != TRUSTLIST_CTL)
            continue;
        for (size_t i = 0; i <= count; i++)
            if (!i || kind_of(&served[i - 1]) == TRUSTLIST_ITL)
                any.states[any.count++] =
                    (struct history_state){.held = {[TRUSTLIST_CTL] = c ? &served[c - 1] : NULL,
                                                    [TRUSTLIST_ITL] = i ? &served[i - 1] : NULL}};
    }
    *out = any;
    return 0;
}

void history_fini(struct history *history)
{
    free(history->states);
    *history = (struct history){.states = NULL};
}

/* ---- asking ---- */

/* When it was the phone each time, every list that could be taken was: the newest ones. */
const struct history_state *history_likely(const struct history *history)
{
    const struct history_state *likely = &history->states[0];
    int64_t newest = -1;
    for (size_t i = 0; i < history->count; i++) {
        const struct history_state *s = &history->states[i];
        int64_t sum = 0;
        for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++)
            sum += s->held[kind] ? s->held[kind]->sequence : 0;
        if (sum <= newest)
            continue;
        newest = sum;
        likely = s;
    }
    return likely;
}

static bool holds_something(void *context, const struct history_state *s)
{
    (void)context;
    return s->held[TRUSTLIST_CTL] || s->held[TRUSTLIST_ITL];
}

static bool has_come(const struct served *s, const struct model *model)
{
    if (!s || s->doubtful)
        return false;
    const struct trait asks = kind_of(s) == TRUSTLIST_CTL ? model->ctl : model->itl;
    return asks.value == TRAIT_YES && !asks.inferred;
}

void history_suppose_taken(struct history *history, const struct model *model)
{
    bool any = false;
    for (size_t i = 0; i < history->count && !any; i++)
        any = has_come(history->states[i].held[TRUSTLIST_CTL], model) ||
              has_come(history->states[i].held[TRUSTLIST_ITL], model);
    if (any)
        (void)history_restrict(history, holds_something, NULL);
}

bool history_restrict(struct history *history,
                      bool (*could)(void *context, const struct history_state *state),
                      void *context)
{
    bool any = false;
    for (size_t i = 0; i < history->count && !any; i++)
        any = could(context, &history->states[i]);
    size_t left = 0;
    for (size_t i = 0; i < history->count && any; i++)
        if (could(context, &history->states[i]))
            history->states[left++] = history->states[i];
    if (any)
        history->count = left;
    return any;
}

const struct served *history_oldest(const struct history *history, enum trustlist_kind kind)
{
    const struct served *oldest = NULL;
    for (size_t i = 0; i < history->count; i++) {
        const struct served *s = history->states[i].held[kind];
        if (!s)
            return NULL;
        if (!oldest || s->sequence < oldest->sequence)
            oldest = s;
    }
    return oldest;
}
