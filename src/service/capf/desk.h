/*
 * desk: CAPF's work in the store, for the store's thread.
 *
 * It keeps what every session needs - trusted CAs, parameters, traits - and reads it again when
 * told that it is stale.
 */
#ifndef SERVICE_CAPF_DESK_H
#define SERVICE_CAPF_DESK_H

#include "pki/publickey.h"
#include "service/capf/who.h"

#define DESK_REASON 512

struct desk;

int desk_new(struct desk **out) CHECKED;
void desk_free(struct desk *desk);
/* From any thread: parameters or certificates have changed. */
void desk_stale(struct desk *desk);
/* The same: what phones can do. */
void desk_stale_traits(struct desk *desk);

/* A parameter that is a number; its default when nothing is written. */
int desk_number(struct store *store, const char *parameter, int64_t *out) CHECKED;

/* How certificates are issued to a phone. */
struct desk_rules {
    char model[MODEL_NAME];
    char subject[PARAMETER_VALUE];
    unsigned days;
    bool unique_keys;
};

/* Who is it? `question->trusted` and `rules` are filled in here; `issuing` when it is welcome. */
int desk_who(struct desk *desk, struct store *store, struct who_question *question,
             struct who_answer *answer, struct desk_rules *issuing, struct why *why) CHECKED;

/* A key that came to be certified. */
struct desk_key {
    /* in */
    char device[DEVICE_NAME];
    struct store_order order;
    bool ec; /* an EC key was asked for */
    struct bytes spki;
    /* out */
    struct key_spec asked;
    struct public_key *key;   /* the caller's; NULL when it is refused */
    char reason[DESK_REASON]; /* of a refusal */
};
/* Is it what was asked for, and strong? -ENOMEM, or 0 with the key or a reason. For any thread. */
int desk_look_at_key(struct desk_key *key) CHECKED;
/* What was issued for it is pending from now on, within the caller's transaction. ERR_POLICY when
 * the key is not new, and must be (`rules`). */
int desk_issued(struct store *store, const struct desk_key *key, const struct desk_rules *rules,
                struct bytes der, struct why *why) CHECKED;

/* What became of a session. */
struct desk_result {
    char device[DEVICE_NAME];
    enum enrolment_operation operation;
    enum capf_save save;
    struct store_outcome outcome; /* its time is filled in by the caller */
    char certificate[LIST_HASH];  /* issued in this session, or "" */
    struct bytes fetched;         /* DER of what the phone showed */
    char address[ADDRESS_NAME];
};
/* Certificate, order and observation, within the caller's transaction. */
int desk_save(struct desk *desk, struct store *store, const struct desk_result *result,
              struct why *why) CHECKED;

#endif
