/*
 * store: the cluster's database, asked by meaning (docs/schema.md has the tables behind it).
 *
 * Synchronous: a role calls it on a worker thread only (store/async.h). Everything is given and
 * taken by value or through callbacks; nothing returned points into the database. A `struct store`
 * is one connection: one thread at a time, and never across a fork. A callback may ask the store
 * more; it may not change anything. Text is UTF-8 without NUL (ERR_FORMAT).
 *
 * Each function that changes something does it wholly or not at all, within store_begin() too, so
 * that a caller may go on after an error it understands.
 *
 * Errors: ERR_NOT_FOUND, ERR_DUPLICATE, ERR_CONFLICT (the row changed, or another writer kept the
 * database for 5 seconds), ERR_LIMIT and ERR_USAGE (a value is too long, empty, or outside what is
 * allowed), ERR_POLICY (a change with STORE_READ), ERR_STORE with the database's words in `why`:
 * no space, no right to write, damage, a broken disk. Functions without a `why` leave their words
 * with store_words().
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/bytes.h"
#include "base/text.h"
#include "wire/capf.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

enum store_mode {
    STORE_CREATE,  /* makes the schema; the database must not exist; then as STORE_WRITE */
    STORE_WRITE,   /* durable when a change is acknowledged */
    STORE_OBSERVE, /* writes observations: a crash may lose the last second */
    STORE_READ,    /* never writes */
};

/* `where` is a path (SQLite) or, in a program that has it, a postgresql:// address.
 *
 * STORE_CREATE: ERR_DUPLICATE when there is something already; when it fails, nothing is left. A
 * new file gets mode 0640 less the umask, and belongs to who makes it; the files SQLite puts beside
 * it get the same mode. So whoever wants it private to one user sets the umask or the directory.
 * Otherwise: ERR_NOT_FOUND when there is none, ERR_UNSUPPORTED when it is not ours or of a newer
 * schema (saying both versions). An older schema is migrated first, step by step, each whole (not
 * with STORE_READ: ERR_CONFLICT). */
int store_open(struct store **out, const char *where, enum store_mode mode,
               struct why *why) CHECKED;
/* Can this version keep a store there? ERR_UNSUPPORTED. Nothing is opened. */
int store_check_address(const char *where, struct why *why) CHECKED;
/* NULL is accepted. An open transaction is undone. */
void store_close(struct store *store);
/* The schema this program knows. */
unsigned store_schema_version(void);
/* What the last function without a `why` had to say about its failure, or the text of `error`.
 * Valid until the next call. */
const char *store_words(const struct store *store, int error);

/* A transaction over several calls. It takes the right to write at once and other writers wait, so
 * it should be short; with STORE_READ it is one unmoving view of the database instead. A second
 * store_begin() is an error. Rolling back after an error is the caller's duty (store_close() does,
 * too), except after a failed store_commit(): then all is undone already. When the database itself
 * had to undo the transaction (no space left), all further calls fail until store_rollback(). */
int store_begin(struct store *store, struct why *why) CHECKED;
int store_commit(struct store *store, struct why *why) CHECKED;
void store_rollback(struct store *store);
/* Within a transaction: what follows is a part that can be undone alone. store_part_end() undoes it
 * when `result` is an error, and returns that; or 0. A part has no parts. */
int store_part_begin(struct store *store, struct why *why) CHECKED;
int store_part_end(struct store *store, int result, struct why *why) CHECKED;

/* ---- noticing changes: poll store_changed() (cheap), then compare the areas you use ---- */
enum store_area {
    AREA_PARAMETERS,
    AREA_NODES,        /* nodes, CallManager groups, device pools */
    AREA_DEVICES,      /* devices, lines, profiles */
    AREA_CERTIFICATES, /* own, trusted, requests */
    AREA_LISTS,
    AREA_SERVICES,
    AREA_ENROLMENT,          /* orders and their status (store/enrolment.h) */
    AREA_PHONE_CERTIFICATES, /* LSCs and MICs */
    AREA_CRL,
    AREA_FORWARDS, /* where numbers are forwarded to (store/calls.h) */
    AREA_RESETS,   /* phones that are to restart (store/registration.h) */
    AREA_COUNT
};
/* Has anything been written by another connection since the last call, or since opening? Some
 * microseconds. True also when the database cannot be asked: the next question says why. */
bool store_changed(struct store *store);
/* The number grows with every transaction that changed something of the area; what is said again
 * without being new does not count. Observations, held lists, calls, registrations, counters,
 * administrators and authentication strings move none. AREA_SERVICES moves with what is wanted and
 * with what was seen. */
int store_revisions(struct store *store, uint64_t numbers[AREA_COUNT]) CHECKED;

/* ---- parameters: table processconfig(paramname, paramvalue), one value per cluster ---- */
#define PARAMETER_NAME  64
#define PARAMETER_VALUE 512
int store_parameter_get(struct store *store, const char *name, char value[PARAMETER_VALUE]) CHECKED;
int store_parameter_set(struct store *store, const char *name, const char *value,
                        struct why *why) CHECKED;
/* All of them, by name. */
int store_parameters(struct store *store,
                     int (*each)(void *context, const char *name, const char *value),
                     void *context) CHECKED;
/* Sets it only when it has no value yet; for defaults of a new version. */
int store_parameter_default(struct store *store, const char *name, const char *value) CHECKED;

/* ---- nodes and groups ---- */
#define NODE_NAME    64
#define ADDRESS_NAME 64
struct store_node {
    int64_t id;
    char name[NODE_NAME];
    char address[ADDRESS_NAME];
    uint16_t port_offset;
    bool publisher;
};
/* The id is given by the store. ERR_DUPLICATE for a second node of that name, or a second
 * publisher. */
int store_node_add(struct store *store, const struct store_node *node, struct why *why) CHECKED;
/* The node with that id. */
int store_node_update(struct store *store, const struct store_node *node, struct why *why) CHECKED;
/* In order of id: the publisher first. A callback that returns non-zero ends the walk with that. */
int store_nodes(struct store *store, int (*each)(void *context, const struct store_node *node),
                void *context) CHECKED;
int store_node_get(struct store *store, const char *name, struct store_node *out) CHECKED;

#define GROUP_NAME        64
#define GROUP_MEMBERS_MAX 3
/* A CallManager group: up to three nodes in order. It is a phone's failover and TVS order. */
struct store_group {
    char name[GROUP_NAME];
    unsigned count;
    struct store_node members[GROUP_MEMBERS_MAX];
};
/* Adds it or replaces its members, whose names alone count (ERR_NOT_FOUND names the missing one).
 */
int store_group_put(struct store *store, const struct store_group *group, struct why *why) CHECKED;
int store_group_get(struct store *store, const char *name, struct store_group *out) CHECKED;

#define POOL_NAME 64
#define POOL_TEXT 64
struct store_pool {
    char name[POOL_NAME];
    char group[GROUP_NAME];
    char date_template[16];      /* "D/M/YA" */
    char time_zone[POOL_TEXT];   /* Windows-like name, for generations A to D */
    char olson_zone[POOL_TEXT];  /* "Europe/Vienna", for generation E */
    char user_locale[POOL_TEXT]; /* directory under tftpboot, or "" */
    char network_locale[POOL_TEXT];
    char ntp[ADDRESS_NAME]; /* or "" */
};
/* Adds or replaces it. The group must exist. */
int store_pool_put(struct store *store, const struct store_pool *pool, struct why *why) CHECKED;
int store_pool_get(struct store *store, const char *name, struct store_pool *out) CHECKED;
int store_pools(struct store *store, int (*each)(void *context, const struct store_pool *pool),
                void *context) CHECKED;

/* ---- security profiles ---- */
#define PROFILE_NAME 96
#define MODEL_NAME   32
enum device_protocol { PROTOCOL_SCCP, PROTOCOL_SIP };
enum device_mode { MODE_NON_SECURE = 1, MODE_AUTHENTICATED = 2, MODE_ENCRYPTED = 3 };
struct store_profile {
    int64_t id;
    char name[PROFILE_NAME];
    char model[MODEL_NAME]; /* or "any" */
    enum device_protocol protocol;
    enum device_mode mode;
    bool tftp_encrypted;
    enum capf_auth capf_auth;
    unsigned key_size; /* RSA bits; 0 when an EC curve is asked for */
    unsigned curve;    /* 256, 384, 521, or 0 */
    bool built_in;
};
int store_profile_add(struct store *store, const struct store_profile *profile,
                      struct why *why) CHECKED;
/* ERR_POLICY when a device uses it, or when it is built in. */
int store_profile_delete(struct store *store, const char *name, struct why *why) CHECKED;
int store_profile_get(struct store *store, const char *name, struct store_profile *out) CHECKED;
int store_profiles(struct store *store,
                   int (*each)(void *context, const struct store_profile *profile),
                   void *context) CHECKED;

/* ---- devices ---- */
#define DEVICE_NAME      (DEVICE_NAME_LENGTH + 1)
#define DEVICE_TEXT      128
#define DEVICE_STAMP     80
#define DEVICE_LINES_MAX 64 /* and as many speed dials */
#define LINE_NUMBER      32
#define PHONE_MD5        33 /* lower-case hex with NUL */
/* A line, or a speed dial: what it calls. */
struct store_line {
    unsigned position; /* from 1, among its kind */
    char number[LINE_NUMBER];
    char label[DEVICE_TEXT];
};
/* What a configuration file can be sealed for. */
struct store_credential {
    int64_t id;          /* 0: there is none */
    char md5[PHONE_MD5]; /* of the certificate: certHash of the short configuration file */
    unsigned key_kind;   /* enum key_kind of pki/certificate.h */
    unsigned key_bits;
};
struct store_device {
    int64_t id;
    char name[DEVICE_NAME];
    char model[MODEL_NAME];
    char profile[PROFILE_NAME];
    char pool[POOL_NAME];
    char description[DEVICE_TEXT];
    char load[DEVICE_TEXT];           /* loadInformation, or "" */
    char version_stamp[DEVICE_STAMP]; /* "<unix>-<uuid>": new at every change of the device */
    int64_t last_seen;                /* unix seconds of the last contact, 0: never */
    char last_address[ADDRESS_NAME];
    struct store_credential lsc; /* the active one; see store/enrolment.h */
    struct store_credential mic;
};
/* Gives it a fresh version stamp. The profile and the pool must exist. */
int store_device_add(struct store *store, const struct store_device *device,
                     struct why *why) CHECKED;
/* The device of that name. When `version_stamp` is not empty it must be the one that is stored, as
 * store_device_get() gave it: otherwise somebody changed the device meanwhile, ERR_CONFLICT. */
int store_device_update(struct store *store, const struct store_device *device,
                        struct why *why) CHECKED;
/* Its lines, order, observations, held lists and MIC go with it. Its LSCs retire and are kept,
 * since they may have to be revoked. */
int store_device_delete(struct store *store, const char *name, struct why *why) CHECKED;
int store_device_get(struct store *store, const char *name, struct store_device *out) CHECKED;
int store_devices(struct store *store,
                  int (*each)(void *context, const struct store_device *device),
                  void *context) CHECKED;
int store_device_count(struct store *store, uint64_t *out) CHECKED;
/* By name; the mode is that of its profile. */
int store_device_modes(struct store *store,
                       int (*each)(void *context, const char *device, enum device_mode mode),
                       void *context) CHECKED;
/* Replaces all lines of a device, which gets a fresh version stamp. */
int store_lines_put(struct store *store, const char *device, const struct store_line *lines,
                    size_t count, struct why *why) CHECKED;
/* At most `max`; *count is how many there are. */
int store_lines_get(struct store *store, const char *device, struct store_line *lines, size_t max,
                    size_t *count) CHECKED;
/* The same for its speed dials, whose buttons follow those of the lines. */
int store_speed_dials_put(struct store *store, const char *device, const struct store_line *dials,
                          size_t count, struct why *why) CHECKED;
int store_speed_dials_get(struct store *store, const char *device, struct store_line *dials,
                          size_t max, size_t *count) CHECKED;

/* ---- certificates of our own ---- */
#define CERTIFICATE_NAME   32 /* CallManager, CAPF, TVS, ITLRecovery, web */
#define CERTIFICATE_SERIAL 80 /* lower-case hex */
#define LIST_HASH          65 /* a SHA-256 of a list or certificate: lower-case hex with NUL */
enum certificate_state { CERTIFICATE_ACTIVE, CERTIFICATE_RETIRED };
enum certificate_source { CERTIFICATE_SELF_SIGNED, CERTIFICATE_IMPORTED };
struct store_certificate {
    int64_t id;
    int64_t node; /* of which it is: every node has its own CallManager and TVS */
    char name[CERTIFICATE_NAME];
    char serial[CERTIFICATE_SERIAL];
    enum certificate_state state;
    enum certificate_source source;
    int64_t created;     /* unix seconds */
    struct buffer der;   /* initialised by the store for the callback or by get; owner: see below */
    struct buffer chain; /* PEM of issuing certificates that came with an import; may be empty */
};
/* Frees the buffers. */
void store_certificate_fini(struct store_certificate *certificate);
/* Makes it the active one of its name and node; the one that was becomes retired, and is kept. A
 * retired one can be made active again. ERR_FORMAT when the DER is no certificate, ERR_DUPLICATE
 * when another certificate of that name and node has the serial number. `id` and `state` are not
 * looked at. */
int store_certificate_put(struct store *store, const struct store_certificate *certificate,
                          struct why *why) CHECKED;
/* The active one; the caller frees it with store_certificate_fini. */
int store_certificate_active(struct store *store, int64_t node, const char *name,
                             struct store_certificate *out) CHECKED;
/* All, active first, then the newest first; the store frees them after the callback. */
int store_certificates(struct store *store,
                       int (*each)(void *context, const struct store_certificate *certificate),
                       void *context) CHECKED;

/* Certificate requests, one per node and name; a newer one replaces it. */
struct store_request {
    int64_t node;
    char name[CERTIFICATE_NAME];
    char key[CERTIFICATE_SERIAL]; /* names the key file: keys/NAME-csr-KEY.pem */
    int64_t created;
    struct buffer pem;
};
void store_request_fini(struct store_request *request);
int store_request_put(struct store *store, const struct store_request *request,
                      struct why *why) CHECKED;
int store_request_get(struct store *store, int64_t node, const char *name,
                      struct store_request *out) CHECKED;
int store_request_delete(struct store *store, int64_t node, const char *name) CHECKED;
int store_requests(struct store *store,
                   int (*each)(void *context, const struct store_request *request),
                   void *context) CHECKED;

/* ---- trusted certificates, by purpose ---- */
#define TRUST_PURPOSE 32  /* CallManager-trust, CAPF-trust, TVS-trust, Phone-SAST-trust, ... */
#define TRUST_FILE    128 /* CUCM's name: "CAPF-36205338.pem" */
struct store_trust {
    char purpose[TRUST_PURPOSE];
    char file[TRUST_FILE];
    int64_t created;
    struct buffer der;
};
void store_trust_fini(struct store_trust *trust);
/* ERR_DUPLICATE when the same certificate is there for that purpose, or another one of that file
 * name; ERR_FORMAT when the DER is no certificate. */
int store_trust_add(struct store *store, const struct store_trust *trust, struct why *why) CHECKED;
int store_trust_delete(struct store *store, const char *purpose, const char *file,
                       struct why *why) CHECKED;
int store_trusts(struct store *store, int (*each)(void *context, const struct store_trust *trust),
                 void *context) CHECKED;
/* What can be known of them without reading the certificates themselves, which is much faster; in
 * no order of meaning. */
#define TRUST_ISSUER 1024
struct store_trust_fact {
    char purpose[TRUST_PURPOSE];
    char serial[CERTIFICATE_SERIAL];
    char sha256[LIST_HASH];
    char issuer[TRUST_ISSUER]; /* CUCM's text; cut when it is longer */
    char not_after[24];        /* "2031-01-01T00:00:00", UTC */
};
int store_trust_facts(struct store *store,
                      int (*each)(void *context, const struct store_trust_fact *fact),
                      void *context) CHECKED;
/* The DER of one, appended; ERR_NOT_FOUND. */
int store_trust_der(struct store *store, const char *purpose, const char *sha256,
                    struct buffer *der) CHECKED;

/* ---- published trust lists: every one ever published is kept, by its SHA-256 ---- */
#define LIST_BODY_MAX (1024 * 1024) /* bytes; what phones take (64 KB) is for cluster/ to say */
enum list_kind { LIST_CTL, LIST_ITL };
struct store_list {
    char hash[LIST_HASH];
    enum list_kind kind;
    int64_t published;  /* unix seconds, of the first time */
    struct buffer body; /* the whole file */
};
void store_list_fini(struct store_list *list);
/* Makes this the list of its kind that is served. The same bytes again are only made current. */
int store_list_publish(struct store *store, enum list_kind kind, struct bytes body,
                       char hash[LIST_HASH], struct why *why) CHECKED;
/* Serves none of this kind any more. ERR_NOT_FOUND when none was. */
int store_list_unpublish(struct store *store, enum list_kind kind) CHECKED;
/* The one that is served; ERR_NOT_FOUND when there is none. */
int store_list_current(struct store *store, enum list_kind kind, struct store_list *out) CHECKED;
int store_list_get(struct store *store, const char *hash, struct store_list *out) CHECKED;

/* ---- observations: what phones were served and said ---- */
#define OBSERVATIONS_KEPT 32 /* of each device, the newest: some four restarts of a phone */
#define CLAIMS_KEPT       8  /* of each device besides: see store_observation.claimed */
enum observation_kind {
    OBSERVED_LIST = 1,   /* a CTL or ITL was served: `hash` is its SHA-256 */
    OBSERVED_CONFIG = 2, /* its configuration, or XMLDefault */
    OBSERVED_FILE = 3,   /* any other file */
    /* A session of CAPF: `file` is what was done and how it ended, `hash` the SHA-256 of the
     * certificate it was about or "", `complete` whether it succeeded. */
    OBSERVED_ENROLMENT = 4,
    /* A question to TVS: `file` is the name of the certificate it was about - of a query its
     * subject as the phone gave it, of a verification its issuer, if TVS knows it -, `hash` that
     * certificate's SHA-256 or "", `size` for how many seconds the answer may be kept, `complete`
     * whether TVS vouched for it. The phone showed that its ITL names the certificate of this TVS;
     * which phone it is it said itself. */
    OBSERVED_TVS = 5,
    /* A registration: `file` is how it went ("registered, encrypted, AES128-SHA"), `hash` the
     * SHA-256 of the certificate that our server showed ("" over TCP), `complete` whether it
     * succeeded. */
    OBSERVED_REGISTRATION = 6,
    /* What a phone reported: `file` is its text, `complete` true when it came over a connection
     * that the phone's certificate proved. */
    OBSERVED_ALARM = 7,
};
enum observation_transport {
    TRANSPORT_TFTP = 1,
    TRANSPORT_HTTP = 2,
    TRANSPORT_CAPF = 3,
    TRANSPORT_TVS = 4,
    TRANSPORT_SCCP = 5,
};
struct store_observation {
    char device[DEVICE_NAME]; /* "" when no known device is at that address */
    bool inferred;            /* the device was guessed from the address */
    /* Somebody said to be the device and could not prove it: kept apart, so that it pushes nothing
     * out, and no news of where the device is. Only written: read, it is false. */
    bool claimed;
    char address[ADDRESS_NAME];
    int64_t time; /* unix seconds */
    enum observation_kind kind;
    enum observation_transport transport;
    char file[TRUST_FILE]; /* as asked for, cut */
    char hash[LIST_HASH];  /* SHA-256 of what was served */
    uint64_t size;
    bool complete; /* the last block was acknowledged; otherwise it may or may not have arrived */
};
/* Writes a batch in one transaction: the rows, each device's held lists, when and where it was last
 * seen (not from inferred ones, which were found by just that, nor from claims). Observations of
 * unknown devices leave no row: those of a published list are counted with it, the rest is dropped.
 * Bytes of a peer that are no UTF-8 are kept as \xNN. */
int store_observe(struct store *store, const struct store_observation *list, size_t count,
                  struct why *why) CHECKED;
/* The newest first; at most `max` are shown. */
int store_observations(struct store *store, const char *device, size_t max,
                       int (*each)(void *context, const struct store_observation *observation),
                       void *context) CHECKED;
/* What phones did over connections that their own certificates proved to be theirs, after `after`
 * and until `until` (unix seconds): complete registrations over TLS, and alarms. By device, then by
 * time. */
int store_proofs(struct store *store, int64_t after, int64_t until,
                 int (*each)(void *context, const struct store_observation *observation),
                 void *context) CHECKED;
/* Which device was last seen at this address; ERR_NOT_FOUND. */
int store_device_at(struct store *store, const char *address, char device[DEVICE_NAME]) CHECKED;

/* A list a device may hold: the last confirmed one of its kind and all served since. One that
 * store_list_get() does not know was the phone's own, in tftpboot/. */
struct store_held {
    char device[DEVICE_NAME];
    char hash[LIST_HASH];
    enum list_kind kind;
    /* Of the observations that served it last, and first. 0: it was never seen served; that the
     * first time is not known. */
    int64_t sequence, first_sequence;
    int64_t first_served, last_served;
    bool complete;     /* the last time, its end was acknowledged */
    int64_t confirmed; /* unix seconds, 0: never */
    int64_t refused;   /* the phone said that it did not take it, since it was served last; 0: no */
    bool inferred;
};
/* Of one device, or of all with device NULL: ordered by device, then by when it was served last. */
int store_held(struct store *store, const char *device,
               int (*each)(void *context, const struct store_held *held), void *context) CHECKED;
/* Later evidence that the device has this list: what was served to it before this one is forgotten.
 * A list it was never seen to be served is added, and nothing is forgotten, since the order is not
 * known. ERR_NOT_FOUND: no such device, or a list nobody knows. */
int store_held_confirm(struct store *store, const char *device, const char *hash,
                       int64_t time) CHECKED;
/* The device said that it refused this list, until it is served once more. ERR_NOT_FOUND: it was
 * never served it. */
int store_held_refuse(struct store *store, const char *device, const char *hash,
                      int64_t time) CHECKED;
/* How often the list went to addresses of no known device. */
int store_list_strangers(struct store *store, const char *hash, uint64_t *out) CHECKED;
/* Every list ever published, without its bytes: the oldest first. */
struct store_list_row {
    char hash[LIST_HASH];
    enum list_kind kind;
    int64_t published;
    uint64_t strangers; /* how often it went to addresses of no known device */
};
int store_lists(struct store *store, int (*each)(void *context, const struct store_list_row *row),
                void *context) CHECKED;

/* ---- services ---- */
#define SERVICE_NAME   64
#define SERVICE_REASON 200
struct store_service {
    char name[SERVICE_NAME];  /* "Cisco Tftp" */
    bool activated;           /* started with the node */
    bool wanted;              /* an administrator wants it to run */
    uint64_t restarts_wanted; /* grows with every "restart" */
    char state[16]; /* STARTED, STARTING, STOPPING, STOPPED: what the supervisor last saw */
    char reason[SERVICE_REASON];
    int64_t since;
    int64_t pid;
};
/* Adds it; of one that is there, only `activated` and `wanted` are set. */
int store_service_put(struct store *store, int64_t node, const struct store_service *service,
                      struct why *why) CHECKED;
int store_service_get(struct store *store, int64_t node, const char *name,
                      struct store_service *out) CHECKED;
int store_services(struct store *store, int64_t node,
                   int (*each)(void *context, const struct store_service *service),
                   void *context) CHECKED;
/* Only what an administrator wants, or only what the supervisor saw: neither overwrites the other.
 * `since` is when the state became what it is. Seeing the same again costs nothing and moves
 * nothing. */
int store_service_want(struct store *store, int64_t node, const char *name, bool wanted,
                       bool restart, struct why *why) CHECKED;
int store_service_seen(struct store *store, int64_t node, const char *name, const char *state,
                       const char *reason, int64_t pid) CHECKED;

/* Small numbers a role wants an administrator to see (kernel drops, refused requests), overwritten
 * each time; not part of any area. */
#define COUNTER_NAME 64
int store_counter_put(struct store *store, int64_t node, const char *name, uint64_t value) CHECKED;
int store_counters(struct store *store, int64_t node,
                   int (*each)(void *context, const char *name, uint64_t value),
                   void *context) CHECKED;

/* ---- administrators ---- */
#define ADMIN_NAME 64
#define ADMIN_HASH 256 /* "scrypt$..." */
int store_admin_put(struct store *store, const char *name, const char *hash,
                    struct why *why) CHECKED;
int store_admin_get(struct store *store, const char *name, char hash[ADMIN_HASH]) CHECKED;

/* ---- run sql: reading only, no secret columns ---- */
struct store_table {
    size_t columns, rows;
    char **names;  /* columns */
    char **values; /* rows x columns; NULL is SQL's NULL */
};
#define QUERY_ROWS_MAX  100000
#define QUERY_BYTES_MAX (32 * 1024 * 1024)
/* One SELECT over the tables of store_relations() and those of docs/schema.md, on a connection of
 * its own that cannot write: it does not see an open transaction. Ends after `timeout_ms`
 * (ERR_TIMEOUT). Names are in lower case, bytes in hex, control characters as \xNN. ERR_USAGE with
 * the database's words when the statement is wrong (they name the column or table), ERR_POLICY when
 * it would change something, look at a secret, or do more than a question needs; ERR_LIMIT when the
 * answer is over the maxima. */
int store_query(struct store *store, const char *sql, int timeout_ms, struct store_table **out,
                struct why *why) CHECKED;
void store_table_free(struct store_table *table);
/* The tables made to be asked, with CUCM's names, and what they hold; ended by a NULL name. */
struct store_relation {
    const char *name;
    const char *about;
};
const struct store_relation *store_relations(void);

#endif
