/*
 * history: what a phone may hold, from what it was served and what is known of it since.
 *
 * Served is not taken: whoever knows a phone's name may ask for its lists, and a phone that refuses
 * a list looks like one that takes it. So a phone has a set of states, pairs of a CTL and an ITL:
 * those it comes to from the lists that are proved when each later restart was its own or was not,
 * and went by the rules of trust/accept.h when it was. It is in one of them; which one, nobody
 * knows. Pure. See docs/decisions/0040-states-of-a-phone.md.
 */
#ifndef TRUST_HISTORY_H
#define TRUST_HISTORY_H

#include "trust/accept.h"

/* A restart asks for the CTL, then for the ITL: an ITL that comes right after a CTL came with it.
 */
#define HISTORY_ADJACENT 1

/* A list the phone was served. Views; nothing is owned. */
struct served {
    const struct trustlist *list;
    struct offer *offer; /* of the same bytes; its kind is the list's */
    /* Of the time it was served last; grows with everything the phone is served. 0: it was never
     * seen served, so what came before it is not known. */
    int64_t sequence;
    int64_t first; /* the same of the first time; 0: that is not known */
    bool proved;   /* the phone had it once: evidence that needs it. At most one of each kind */
    bool refused;  /* the phone said that it did not take it */
    bool doubtful; /* the end was not acknowledged, or the phone was guessed from its address */
};

/* One state: what is held of each kind, by enum trustlist_kind; NULL: none. */
struct history_state {
    const struct served *held[2];
};
struct history {
    struct history_state *states; /* at least one */
    size_t count;
};

/* More lists than this since the last that was proved, and nothing is known: ERR_LIMIT. */
#define HISTORY_SERVED_MAX 128

/* `served` in the order of their sequence; they must stay as long as the history. `phone` is the
 * model and the server's address, its lists are not looked at. -ENOMEM, ERR_LIMIT. */
int history_init(struct history *out, const struct phone_trust *phone, const struct served *served,
                 size_t count) CHECKED;
/* Of phones nobody can tell apart: each of these lists may be all that one of them holds. */
int history_init_crowd(struct history *out, const struct served *served, size_t count) CHECKED;
/* Every pair of these lists, and none: of a phone that has come to its lists in another way than by
 * the rules, since a person has erased what it had. -ENOMEM, ERR_LIMIT. */
int history_init_any(struct history *out, const struct served *served, size_t count) CHECKED;
void history_fini(struct history *history);

/* The phone with the lists of that state. */
struct phone_trust history_phone(const struct phone_trust *phone,
                                 const struct history_state *state);

/* The state of a phone that was the one that asked each time: what it most likely holds. */
const struct history_state *history_likely(const struct history *history);

/* Leaves the state without lists out, if a list was served whole to a phone whose model is known to
 * ask for such: it has taken the first one. A phone that holds none takes any, so nothing is called
 * safe because of it. */
void history_suppose_taken(struct history *history, const struct model *model);

/* Leaves out the states for which the phone could not have done what it did. false: none is left,
 * so all stay: then it was somebody else, or holds what we never served. */
bool history_restrict(struct history *history,
                      bool (*could)(void *context, const struct history_state *state),
                      void *context);

/* The oldest list of that kind it may hold, when it surely holds one; NULL: it may hold none. */
const struct served *history_oldest(const struct history *history, enum trustlist_kind kind);

#endif
