/*
 * enrolment: what phones are to do at CAPF, the certificates they have, and the list of those that
 * are revoked; the part of store.h that enrolment needs, under the same rules and errors.
 *
 * A session of CAPF changes several things at once (the certificate is confirmed, the order is
 * done, the observation is written): it puts store_begin() and store_commit() around them. Each
 * function alone is whole, too.
 */
#ifndef STORE_ENROLMENT_H
#define STORE_ENROLMENT_H

#include "store/store.h"

/* ---- orders: one a phone; CUCM's "Certification Authority Proxy Function Information" ---- */

enum enrolment_operation {
    ENROLMENT_NONE,
    ENROLMENT_INSTALL, /* install or upgrade */
    ENROLMENT_DELETE,
    ENROLMENT_TROUBLESHOOT, /* fetch what the phone has */
    ENROLMENT_OPERATION_COUNT
};
enum key_order {
    KEY_ORDER_PROFILE, /* what the security profile says */
    KEY_ORDER_RSA,
    KEY_ORDER_EC,
    KEY_ORDER_EC_RSA, /* EC preferred, RSA backup */
    KEY_ORDER_COUNT
};
/* What an administrator asks for. */
struct store_order {
    enum enrolment_operation operation;
    enum capf_auth authentication; /* 0: the profile's */
    enum key_order key_order;
    unsigned rsa_bits;   /* 1024, 2048, 3072, 4096; 0: the profile's */
    unsigned curve;      /* 256, 384, 521; 0: the profile's */
    int64_t complete_by; /* unix seconds, 0: no end */
};

/* How it stands. The texts are those of CUCM (docs/protocols/capf.md). */
enum enrolment_result { RESULT_NONE, RESULT_PENDING, RESULT_SUCCESS, RESULT_FAILED };
enum enrolment_cause {
    CAUSE_NONE,
    CAUSE_LSC,
    CAUSE_STRING,
    CAUSE_MIC,
    CAUSE_CREDENTIALS,
    CAUSE_PHONE,
    CAUSE_KEY,
    CAUSE_CA_SILENT,  /* not for troubleshoot */
    CAUSE_CA_REFUSED, /* not for troubleshoot */
    CAUSE_LATE,
    CAUSE_NO_EC, /* for install only */
    CAUSE_COUNT
};
struct store_status {
    enum enrolment_operation operation; /* of the last order */
    enum enrolment_result result;
    enum enrolment_cause cause;
};
/* "None", "Operation Pending", "Upgrade Success", "Upgrade Failed: Invalid Authentication String";
 * returns `out`. */
#define ENROLMENT_STATUS 80
char *store_status_text(char out[ENROLMENT_STATUS], const struct store_status *status);

struct store_enrolment {
    char device[DEVICE_NAME];
    int64_t number;           /* of the order: grows with each; 0 when there never was one */
    struct store_order order; /* as it was given */
    struct store_order holds; /* with what comes from the profile filled in: nothing is 0 but the
                                 operation, complete_by, and the size or curve that is not wanted */
    struct store_status status;
    unsigned attempts;    /* sessions of this order that failed */
    unsigned wrong;       /* wrong strings in a row */
    int64_t locked_until; /* unix seconds; 0 or past: not locked */
    bool has_string;      /* an authentication string is set */
    bool one_time;        /* which is forgotten after a success */
    bool sends_sudi;      /* it was seen sending SUDI data: without it is a replay from now on */
    int64_t changed;      /* unix seconds of the last change of order or status; 0: never */
    int64_t wave;         /* the bulk order this one is of, or 0 */
};
/* A phone that never had an order has one of no operation. ERR_NOT_FOUND: no such phone. */
int store_enrolment_get(struct store *store, const char *device,
                        struct store_enrolment *out) CHECKED;
/* Of all phones, by name. */
int store_enrolments(struct store *store,
                     int (*each)(void *context, const struct store_enrolment *enrolment),
                     void *context) CHECKED;
/* An order with what comes from the profile filled in, as `holds` has it. */
struct store_order store_order_fill(const struct store_order *order,
                                    const struct store_profile *profile);
/* A new order: the status becomes pending (or none, when the operation is none; the last result
 * stays to be seen then), attempts begin anew. What a wave had for the phone is withdrawn. */
int store_order_put(struct store *store, const char *device, const struct store_order *order,
                    int64_t now, struct why *why) CHECKED;

/* The end of a session. */
struct store_outcome {
    int64_t number; /* of the order that was carried out */
    bool success;
    enum enrolment_cause cause; /* of a failure; CAUSE_NONE when none of CUCM's fits */
    bool over;                  /* a failure that ends the order; otherwise it stays to be tried
                                   again. A success always ends it. */
    bool by_string; /* the phone said its string: a one-time string is used up by success */
    int64_t time;
};
/* ERR_CONFLICT when the order was changed meanwhile: the outcome is not of the one that is there,
 * which stays as it is. */
int store_order_finish(struct store *store, const char *device, const struct store_outcome *outcome,
                       struct why *why) CHECKED;
/* Orders whose time has passed fail with CAUSE_LATE; how many. */
int store_orders_expire(struct store *store, int64_t now, unsigned *expired,
                        struct why *why) CHECKED;
int store_sudi_seen(struct store *store, const char *device) CHECKED;
/* It may leave SUDI data out again. ERR_NOT_FOUND: no such phone. */
int store_sudi_forget(struct store *store, const char *device) CHECKED;

/* ---- authentication strings: kept as the signer's MAC, in a table nobody is shown ---- */

#define ENROLMENT_MAC          32
#define ENROLMENT_TRIES        10  /* wrong strings in a row that lock a phone's enrolment */
#define ENROLMENT_LOCK_SECONDS 600 /* for so long */
/* A new string unlocks and counts anew. `mac` NULL forgets it. */
int store_string_put(struct store *store, const char *device, const uint8_t mac[ENROLMENT_MAC],
                     bool one_time, struct why *why) CHECKED;
/* ERR_NOT_FOUND when none is set. Compare with secret_equal() and wipe it. */
int store_string_get(struct store *store, const char *device, uint8_t mac[ENROLMENT_MAC]) CHECKED;
/* A wrong string was said: counts it, and locks with the tenth in a row. While it is locked nothing
 * is counted. *locked_until is 0 or the end of the lock. */
int store_string_wrong(struct store *store, const char *device, int64_t now,
                       int64_t *locked_until) CHECKED;
/* The right one: the row of wrong ones ends. Nothing is written when there was none. */
int store_string_right(struct store *store, const char *device) CHECKED;

/* ---- bulk orders, released a wave at a time ---- */

#define WAVE_FILTER 512
enum wave_state {
    WAVE_WAITING,
    WAVE_RELEASED,  /* the phone has the order */
    WAVE_DONE,      /* with success */
    WAVE_FAILED,    /* at least once; a later success makes it done */
    WAVE_WITHDRAWN, /* the phone got another order, or the bulk order was cancelled */
    WAVE_STATE_COUNT
};
struct store_wave {
    int64_t id;
    int64_t created;
    unsigned size;            /* phones with an open order at once */
    char filter[WAVE_FILTER]; /* which phones: the administrator's words */
    struct store_order order; /* what each of them gets */
    unsigned released;        /* the number of the last wave: 0 before the first */
    unsigned count[WAVE_STATE_COUNT];
};
/* Writes down all phones as waiting, in this order; none gets its order yet. *id is the store's. */
int store_wave_add(struct store *store, const struct store_wave *wave, const char *const *devices,
                   size_t count, int64_t *id, struct why *why) CHECKED;
/* Gives the next waiting phones their order, as many as leave `size` open. *released is how many:
 * 0 when enough are open or none waits. After a crash of whoever calls it, the same call goes on
 * where it stopped. */
int store_wave_release(struct store *store, int64_t id, int64_t now, unsigned *released,
                       struct why *why) CHECKED;
/* Those that wait will not be released; those released keep their order. */
int store_wave_cancel(struct store *store, int64_t id, struct why *why) CHECKED;
int store_wave_get(struct store *store, int64_t id, struct store_wave *out) CHECKED;
/* The newest first. */
int store_waves(struct store *store, int (*each)(void *context, const struct store_wave *wave),
                void *context) CHECKED;
struct store_wave_phone {
    char device[DEVICE_NAME];
    unsigned number; /* of its wave, from 1; 0 while it waits */
    enum wave_state state;
};
/* In the order they were given. */
int store_wave_phones(struct store *store, int64_t id,
                      int (*each)(void *context, const struct store_wave_phone *phone),
                      void *context) CHECKED;

/* ---- certificates of phones ---- */

enum phone_certificate_kind { PHONE_LSC = 1, PHONE_MIC = 2 }; /* as CERTIFICATE_TYPE of CAPF */
enum phone_certificate_state {
    PHONE_PENDING, /* issued; the phone has not said that it keeps it */
    PHONE_ACTIVE,
    PHONE_RETIRED, /* replaced, deleted, or of a phone that was deleted */
    PHONE_REVOKED,
    PHONE_DROPPED, /* the phone refused it */
};
struct store_phone_certificate {
    int64_t id;
    char device[DEVICE_NAME]; /* for whom it was made, also when that phone was deleted */
    enum phone_certificate_kind kind;
    enum phone_certificate_state state;
    char serial[CERTIFICATE_SERIAL];
    char subject[1024];
    char issuer[1024];
    int64_t not_before, not_after;
    char sha256[LIST_HASH];     /* of the DER */
    char md5[PHONE_MD5];        /* of the DER: certHash of the short configuration file */
    char key_sha256[LIST_HASH]; /* of the SubjectPublicKeyInfo */
    unsigned key_kind;          /* enum key_kind of pki/certificate.h */
    unsigned key_bits;
    int64_t created, confirmed, revoked; /* unix seconds, 0: never */
    unsigned reason;                     /* of the revocation: CRLReason of RFC 5280 */
    struct buffer der;                   /* as that of store_certificate */
};
void store_phone_certificate_fini(struct store_phone_certificate *certificate);

/* A new LSC, pending. An earlier pending one retires, since the phone was told to keep the new one;
 * should it have kept the earlier one after all, store_lsc_recognise() takes it back.
 * ERR_DUPLICATE when the certificate is known, ERR_FORMAT when it is none. */
int store_lsc_issue(struct store *store, const char *device, struct bytes der, int64_t now,
                    struct why *why) CHECKED;
/* The phone keeps it: pending becomes active, and the active one retires. Said again it changes
 * nothing. ERR_NOT_FOUND: no LSC of that phone; ERR_POLICY: revoked; ERR_CONFLICT: dropped, or
 * replaced by one that was confirmed since. */
int store_lsc_confirm(struct store *store, const char *device, const char *sha256, int64_t now,
                      struct why *why) CHECKED;
/* The phone refused it: pending becomes dropped; the active one stays. ERR_CONFLICT when it is not
 * pending. */
int store_lsc_drop(struct store *store, const char *device, const char *sha256,
                   struct why *why) CHECKED;
/* A phone has proved that it has the key of this certificate. A pending LSC is confirmed by that,
 * and so is one that was replaced while pending, as long as none issued after it was confirmed.
 * *out is the certificate as it is now, whatever its state: the caller looks at that. Writes only
 * when there is something to confirm. ERR_NOT_FOUND: unknown. */
int store_phone_certificate_recognise(struct store *store, const char *sha256, int64_t now,
                                      struct store_phone_certificate *out, struct why *why) CHECKED;
/* The phone has no LSC any more: what was active or pending retires. None is fine. */
int store_lsc_delete(struct store *store, const char *device, struct why *why) CHECKED;
/* For good, from any state; said again it changes nothing. `reason`: 0 to 6, 9 or 10 without 8.
 * ERR_POLICY for a MIC, whose issuer alone can revoke it. */
int store_lsc_revoke(struct store *store, const char *serial, unsigned reason, int64_t now,
                     struct why *why) CHECKED;
/* The MIC a phone was seen with, or that was imported; a different one before it retires. *learned
 * is false when it was known. ERR_DUPLICATE when it is another phone's. */
int store_mic_put(struct store *store, const char *device, struct bytes der, int64_t now,
                  bool *learned, struct why *why) CHECKED;

int store_phone_certificate_get(struct store *store, const char *sha256,
                                struct store_phone_certificate *out) CHECKED;
/* By the serial number of an LSC: lower-case hex. */
int store_lsc_by_serial(struct store *store, const char *serial,
                        struct store_phone_certificate *out) CHECKED;
/* The active, or pending, one of a phone. */
int store_phone_certificate_of(struct store *store, const char *device,
                               enum phone_certificate_kind kind, enum phone_certificate_state state,
                               struct store_phone_certificate *out) CHECKED;
/* Of one phone, or of all with device NULL: by phone, then the newest first. */
int store_phone_certificates(struct store *store, const char *device,
                             int (*each)(void *context, const struct store_phone_certificate *c),
                             void *context) CHECKED;
/* Is this public key that of a certificate we know, of any phone and in any state? `device` gets
 * the phone's name. `key_sha256` is of its SubjectPublicKeyInfo, in lower-case hex. */
int store_phone_key_known(struct store *store, const char *key_sha256, bool *known,
                          char device[DEVICE_NAME]) CHECKED;

/* The SHA-256 of every certificate that was revoked, of any phone. */
int store_revoked(struct store *store, int (*each)(void *context, const char *sha256),
                  void *context) CHECKED;

/* How each phone stands, for reports and filters. */
enum lsc_state {
    LSC_NONE,
    LSC_PENDING, /* issued, and none active */
    LSC_VALID,
    LSC_EXPIRING, /* within `margin` seconds */
    LSC_EXPIRED,
    LSC_STATE_COUNT
};
const char *store_lsc_state_name(enum lsc_state state); /* "none", "pending", ... */
struct store_lsc {
    char device[DEVICE_NAME];
    enum lsc_state state;
    int64_t not_after; /* of the active one, 0: none */
};
/* Of one phone, or of all with device NULL, by name. */
int store_lscs(struct store *store, const char *device, int64_t now, int64_t margin,
               int (*each)(void *context, const struct store_lsc *lsc), void *context) CHECKED;

/* ---- the list of revoked LSCs (CRL): one for each issuing certificate ---- */

#define STORE_CRL_MAX (16 * 1024 * 1024)
struct store_revoked {
    char serial[CERTIFICATE_SERIAL];
    int64_t time;
    unsigned reason;
};
/* What a CRL of this issuer (its subject in CUCM's form) has to name: revoked and not expired. By
 * the time of revocation. *through is what store_crl_publish() is told. */
int store_revocations(struct store *store, const char *issuer, int64_t now,
                      int (*each)(void *context, const struct store_revoked *revoked),
                      void *context, int64_t *through) CHECKED;
struct store_crl {
    char issuer[1024]; /* subject of the issuing certificate */
    char issuer_serial[CERTIFICATE_SERIAL];
    int64_t number;                   /* grows with each */
    int64_t this_update, next_update; /* unix seconds */
    int64_t through;                  /* the last revocation it knows */
    struct buffer der;
};
void store_crl_fini(struct store_crl *crl);
/* Makes it the issuer's CRL, durable when this returns. ERR_CONFLICT unless its number is above
 * that of the one before: another process was faster. */
int store_crl_publish(struct store *store, const struct store_crl *crl, struct why *why) CHECKED;
/* ERR_NOT_FOUND before the first. */
int store_crl_get(struct store *store, const char *issuer, struct store_crl *out) CHECKED;
/* Those that hold at `now`, and those whose issuer has LSCs that still do: by issuer. Without
 * `through`. */
int store_crls(struct store *store, int64_t now,
               int (*each)(void *context, const struct store_crl *crl), void *context) CHECKED;
/* Has this issuer LSCs that have not expired, whatever became of them? */
int store_lsc_left(struct store *store, const char *issuer, int64_t now, bool *left) CHECKED;
/* Is a new one needed: there is none, it ends within `margin` seconds of `now`, a revocation came
 * since, or the issuer's key is another than that of `issuer_serial`? *number is the one to use. */
int store_crl_due(struct store *store, const char *issuer, const char *issuer_serial, int64_t now,
                  int64_t margin, bool *due, int64_t *number) CHECKED;

#endif
