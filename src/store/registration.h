/*
 * registration: which phones are registered, where and how, and which are told to restart; the part
 * of store.h that signalling needs, under the same rules and errors.
 *
 * A phone is registered at one node at a time. The rows are written behind by the callmanager role
 * of each node and may be a second old.
 */
#ifndef STORE_REGISTRATION_H
#define STORE_REGISTRATION_H

#include "store/store.h"

/* ---- who is registered ---- */

#define REGISTRATION_TLS    16 /* "TLSv1.2" */
#define REGISTRATION_CIPHER 64 /* "AES128-SHA" */
#define REGISTRATION_LOAD   33
struct store_registration {
    char device[DEVICE_NAME];
    char node[NODE_NAME];
    char address[ADDRESS_NAME];
    enum device_mode mode;            /* that counts: the profile's, or non-secure */
    char tls[REGISTRATION_TLS];       /* "" over TCP */
    char cipher[REGISTRATION_CIPHER]; /* "" over TCP */
    char certificate[LIST_HASH];      /* SHA-256 of what it showed; "" over TCP */
    int64_t not_after;                /* of that; 0 over TCP */
    unsigned version;                 /* of the protocol that is spoken */
    char load[REGISTRATION_LOAD];     /* firmware */
    int64_t since;                    /* unix seconds */
};
/* A phone has registered (in place of what was known of it, at any node), or is not registered at
 * this node any more: then `device` alone counts. */
struct store_presence {
    bool here;
    struct store_registration registration; /* but for `node` */
};
/* What happened at a node, in its order, in one transaction. Of phones nobody knows nothing is
 * written. Who has registered since it was told to restart has done so: AREA_RESETS moves then, and
 * for nothing else. */
int store_presences_write(struct store *store, int64_t node, const struct store_presence *list,
                          size_t count, struct why *why) CHECKED;
/* The service of that node begins, or has ended: nobody is registered there. */
int store_registrations_clear(struct store *store, int64_t node, struct why *why) CHECKED;
/* Of one phone, or of all with device NULL: by name. */
int store_registrations(struct store *store, const char *device,
                        int (*each)(void *context, const struct store_registration *registration),
                        void *context) CHECKED;

/* ---- phones that are told to restart, a wave at a time ---- */

enum reset_kind { RESET_RESET = 1, RESET_RESTART = 2, RESET_APPLY = 3 };
enum reset_state {
    RESET_WAITING,
    RESET_RELEASED,  /* the node where it is registered is to tell it */
    RESET_TOLD,      /* it is on its way: phones in a call wait for its end */
    RESET_DONE,      /* it has registered again */
    RESET_LOST,      /* it has not, in RESET_BACK_SECONDS; should it still, it is done */
    RESET_ABSENT,    /* it was not registered when its turn came */
    RESET_WITHDRAWN, /* overtaken by a later order */
    RESET_STATE_COUNT
};
#define RESET_BACK_SECONDS 600
#define RESET_TELL_SECONDS 30 /* a phone that was not told by then is not there */
#define RESET_FILTER       512
struct store_reset {
    int64_t id;
    int64_t created; /* unix seconds */
    enum reset_kind kind;
    unsigned size;             /* phones on their way at once; 0: all */
    char filter[RESET_FILTER]; /* which phones: the administrator's words */
    unsigned released;         /* the number of the last wave: 0 before the first */
    unsigned count[RESET_STATE_COUNT];
};
/* Writes down all phones as waiting, in this order; an earlier order for one of them is overtaken.
 * *id is the store's. */
int store_reset_add(struct store *store, const struct store_reset *reset,
                    const char *const *devices, size_t count, int64_t *id, struct why *why) CHECKED;
/* The next waiting phones have their turn, as many as leave `size` on their way; those that are not
 * registered are absent at once, and count for nothing. *released is how many are to be told: 0
 * when enough are on their way or none waits. */
int store_reset_release(struct store *store, int64_t id, int64_t now, unsigned *released,
                        struct why *why) CHECKED;
/* Who was to be told and was not is absent; who was told and did not come back is lost. *expired is
 * how many. */
int store_resets_expire(struct store *store, int64_t now, unsigned *expired,
                        struct why *why) CHECKED;
/* The phones a node has to tell now: those registered there whose turn has come. */
int store_resets_due(struct store *store, int64_t node,
                     int (*each)(void *context, const char *device, enum reset_kind kind),
                     void *context) CHECKED;
/* They were told. */
int store_resets_told(struct store *store, const char *const *devices, size_t count, int64_t now,
                      struct why *why) CHECKED;
int store_reset_get(struct store *store, int64_t id, struct store_reset *out) CHECKED;
/* The newest first. */
int store_resets(struct store *store, int (*each)(void *context, const struct store_reset *reset),
                 void *context) CHECKED;
struct store_reset_phone {
    char device[DEVICE_NAME];
    unsigned number; /* of its wave, from 1; 0 while it waits */
    enum reset_state state;
};
/* In the order they were given. */
int store_reset_phones(struct store *store, int64_t id,
                       int (*each)(void *context, const struct store_reset_phone *phone),
                       void *context) CHECKED;

/* Words for people and scripts: "reset", "restart", "apply"; "waiting", "told", ... Never NULL. */
const char *reset_kind_name(enum reset_kind kind);
const char *reset_state_name(enum reset_state state);

#endif
