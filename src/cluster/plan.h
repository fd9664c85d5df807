/*
 * plan: what an act would mean for each phone, before it is done.
 *
 * For every known phone, and for phones nobody knows that were served a list once, each state it
 * may be in (trust/history.h) is taken through a restart (trust/outlook.h) in the world as it is
 * and as the act would make it. Phones of the same history and model are asked once.
 *
 * An act locks out whom it makes worse off. A phone that refuses what is served now, too, was lost
 * before, and keeps no act from being done.
 */
#ifndef CLUSTER_PLAN_H
#define CLUSTER_PLAN_H

#include "store/store.h"
#include "trust/outlook.h"

struct scene;

/* What would save a phone; the first that does. */
enum plan_remedy {
    REMEDY_NONE,          /* it is not lost */
    REMEDY_FETCH_FIRST,   /* wait until it has taken the lists that are served now */
    REMEDY_SECOND_ANCHOR, /* a second anchor in the lists first, which signs after the change */
    REMEDY_START_TVS,     /* the TVS its ITL names has to run */
    REMEDY_LEGACY_TLS,    /* that TVS has to speak TLS 1.0: legacy_tls */
    REMEDY_VOUCH,         /* TVS has to know the signer: Phone-SAST-trust */
    REMEDY_SHA1,          /* sign files with SHA-1 (again): it never learns SHA-512 */
    REMEDY_SMALLER_KEY,   /* sign with a key of a size it takes */
    REMEDY_TRAIT,         /* say what its model can do */
    REMEDY_PROOF,         /* whether it is lost is not known: restart it and see */
    REMEDY_HANDS,         /* nothing but a person at the phone, afterwards */
    REMEDY_COUNT
};
/* "fetch_first", "second_anchor", ...; "" for none. */
const char *plan_remedy_text(enum plan_remedy remedy);

/* Both of a pair by which a phone follows changes would have changed since it last took lists. */
enum plan_bridge { BRIDGE_STANDS, BRIDGE_ANCHORS, BRIDGE_SERVERS };
/* "", "anchors", "servers". */
const char *plan_bridge_text(enum plan_bridge bridge);

struct plan_entry {
    char device[DEVICE_NAME]; /* "" stands for phones that are in no row of the store */
    char model[MODEL_NAME];
    enum topic topic;        /* what the answer is about */
    char held[LIST_HASH];    /* the list in its flash that decided; "" when it holds none */
    struct answer answer;    /* of the worst of its states; unknown when they do not agree */
    bool lost_before;        /* neither yes nor through TVS, but no worse than it is now */
    enum plan_remedy remedy; /* when the act would lose it */
    bool again;              /* that it would be lost was said with an earlier topic */
    enum plan_bridge bridge; /* of a list that it takes, once a phone */
    const char *erase;       /* how a person erases its lists, or NULL; static */
    bool erase_inferred;
};

/* Would the act lose it? Servers apart: a phone that does not know one can be helped from here. */
bool plan_loses(const struct plan_entry *entry);
/* Would it take away the last bridge of the phone? */
bool plan_burns(const struct plan_entry *entry);

struct plan {
    struct plan_entry *entries; /* those that would be lost first; lists that change are there for
                                   every phone, the rest only when something is wrong with it */
    size_t count;
    size_t phones;      /* looked at; also those nobody knows, as one: */
    size_t strangers;   /* 0 or 1 */
    size_t lost;        /* entries that plan_loses() */
    size_t burnt;       /* entries that plan_burns() */
    size_t lost_before; /* entries of phones that are lost already */
    size_t through_tvs; /* entries that need TVS */
};
void plan_init(struct plan *plan);
void plan_fini(struct plan *plan);

/* The phones and all they may hold, read once for many questions; `only` that one, or NULL: all,
 * and those nobody knows. */
struct plan_phones;
int plan_phones_load(struct plan_phones **out, struct store *store, const char *server_address,
                     const char *only, struct why *why) CHECKED;
void plan_phones_free(struct plan_phones *phones);

/* Asks every phone and appends to the plan. `changed` says which lists the act publishes. */
int plan_make(struct plan *plan, struct plan_phones *phones, const struct scene *before,
              const struct scene *after, const bool changed[2]) CHECKED;
/* What becomes of each thing that the phones ask for when they restart in the world as it is; an
 * entry that says no has what would help. */
int plan_explain(struct plan *plan, struct plan_phones *phones, const struct scene *now) CHECKED;
/* How many answers about that list would be lost, stay lost, or need TVS: the same question without
 * the answers, for choosing a signer. */
struct plan_losses {
    size_t lost, lost_before, through_tvs;
};
int plan_count_lost(struct plan_phones *phones, const struct scene *before,
                    const struct scene *after, enum list_kind kind,
                    struct plan_losses *out) CHECKED;

#endif
