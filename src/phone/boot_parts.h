/*
 * boot_parts: what the pieces of the boot engine share (internal to boot).
 */
#ifndef PHONE_BOOT_PARTS_H
#define PHONE_BOOT_PARTS_H

#include "phone/boot.h"

/* One piece of news leads to a few actions. */
#define BOOT_RING 16

enum boot_state {
    STATE_OFF,
    STATE_CTL,
    STATE_ITL,
    STATE_ITL_COMMON,   /* ITLFile.tlv, when there is none of the phone's own name */
    STATE_SEALED_FIRST, /* a phone whose configuration was encrypted asks for .enc.sgn first */
    STATE_CONFIGURATION,
    STATE_SHORT,  /* looks whether it was the short file, and whose certificate that names */
    STATE_SEALED, /* .enc.sgn */
    STATE_ENROL,  /* CAPF, without which there is no configuration */
    STATE_SETTLE, /* a pause before the configuration is asked for again */
    STATE_DEFAULT,
    STATE_SECURITY, /* looks whether the configuration can be lived with */
    STATE_PAUSE,    /* before the CTL is asked for again */
    STATE_CTL_AGAIN,
    STATE_EXTRAS,
    STATE_CAPF, /* CAPF, because the configuration says so */
    STATE_OVER,
    STATE_COUNT
};

/* What can happen in a state. */
enum boot_event {
    EVENT_NONE, /* nothing yet: wait */
    EVENT_START,
    EVENT_ACCEPTED,
    EVENT_REFUSED,
    EVENT_ABSENT,
    EVENT_FAILED,
    EVENT_TICK,
    EVENT_ENROL,
    EVENT_SKIP, /* this phone has nothing to do here */
    EVENT_COUNT
};

struct boot {
    char device[DEVICE_NAME_LENGTH + 1];
    const struct habits *habits;
    struct shelf *shelf;
    uint8_t server[16];
    struct phone_trust trust;                /* looks into `held` */
    struct held_list *held[2];               /* by enum trustlist_kind */
    struct cnf *configuration;               /* in effect, or NULL */
    uint8_t configuration_hash[SHA256_SIZE]; /* of its XML as it is in the flash */
    bool is_configured;
    const struct identity *lsc, *mic;
    bool enrols, registers, has_string;
    bool asked_capf, is_enrolled; /* in this boot */
    unsigned settles;
    struct buffer opened; /* the text of the sealed file that arrived last */

    enum boot_state state;
    int64_t deadline;
    unsigned ctl_tries;
    size_t extra;   /* number of the next one */
    bool has_http;  /* the phone asks by HTTP first */
    bool http;      /* not given up */
    bool asking;    /* for a file, which has not come yet */
    bool inquiring; /* of TVS, about the signer of `doubtful` */
    struct buffer doubtful;

    /* what is asked for */
    enum boot_kind kind;
    enum boot_transport transport;
    char name[BOOT_NAME];

    /* what has arrived, was accepted, and is on its way into the flash */
    bool storing;
    struct held_list *new_list;
    struct cnf *new_configuration;
    uint8_t new_hash[SHA256_SIZE];

    struct answer answer; /* about what arrived last */
    char words[512];      /* of the failure before the last action */
    bool list_updated;    /* and nobody was told yet */
    bool lists_told;
    bool refused, failed; /* a list or configuration was */
    struct why why;       /* the first failure */

    struct boot_action ring[BOOT_RING];
    unsigned first, used;
};

/* A new action about the file that is asked for. */
struct boot_action *boot_push(struct boot *boot, enum boot_action_kind kind);
void boot_push_status(struct boot *boot, enum boot_status status, const char *name);

/* Decides about a file: EVENT_REFUSED, EVENT_FAILED (memory), EVENT_ACCEPTED, or EVENT_NONE when
 * it is accepted and waits for the flash. */
enum boot_event boot_judge(struct boot *boot, struct bytes file);
/* What was accepted is in the flash and takes effect; or it is not, and is dropped. */
void boot_commit(struct boot *boot);
void boot_drop(struct boot *boot);
/* Something of this machine failed: the words of the event EVENT_FAILED that is returned. */
enum boot_event boot_fail_here(struct boot *boot, const char *words);

/* Asks for the file "a" followed by "b". */
enum boot_event boot_ask(struct boot *boot, enum boot_kind kind, const char *a, const char *b);
/* Tells once that there are new lists, or none. */
void boot_tell_lists(struct boot *boot);
void boot_happen(struct boot *boot, enum boot_event event, int64_t now);

/* ---- boot_sealed.c: encrypted configuration, and CAPF ---- */

/* What this phone opens sealed files with: its LSC, else its MIC; NULL: nothing. */
const struct identity *boot_own(const struct boot *boot);
enum boot_event boot_enter_sealed_first(struct boot *boot, int64_t now);
enum boot_event boot_enter_short(struct boot *boot, int64_t now);
enum boot_event boot_enter_sealed(struct boot *boot, int64_t now);
enum boot_event boot_enter_enrol(struct boot *boot, int64_t now);
enum boot_event boot_enter_settle(struct boot *boot, int64_t now);
enum boot_event boot_enter_capf(struct boot *boot, int64_t now);

#endif
