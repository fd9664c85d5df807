/*
 * boot: how a phone gets its files, without input or output.
 *
 * News about files and the time go in; actions come out, in order, and must all be taken after
 * every call. Which file follows which is the table in boot.c (docs/protocols/boot.md); what
 * differs between generations is in phone/habits.h; whether a list or file is taken is decided by
 * trust/accept.h alone. The engine holds the phone's lists and its configuration, which is what the
 * phone knows when it goes on.
 */
#ifndef PHONE_BOOT_H
#define PHONE_BOOT_H

#include "phone/enrol.h"
#include "phone/flash.h"
#include "phone/habits.h"
#include "phone/shelf.h"

#define BOOT_NAME      (HABITS_NAME + 8) /* a file name with its .sgn and NUL */
#define BOOT_CTL_TRIES 4    /* of a phone that must have a CTL and has none; then no registration */
#define BOOT_PAUSE_MS  1000 /* between them; the phones' own pause is not known */
#define BOOT_SETTLE_MS 500  /* after CAPF, before the configuration is asked for again */
#define BOOT_SETTLES   10   /* times, while it names another certificate than the new one */
#define BOOT_NEVER     INT64_MAX

struct boot;

struct boot_setup {
    const char *device; /* SEP and 12 hex digits; copied */
    const struct model *model;
    struct bytes server; /* 4 or 16 bytes: the address of the TFTP server; copied */
    bool http;           /* there is a port to ask over HTTP */
    struct shelf *shelf;
    bool enrols;    /* goes to CAPF where its configuration says so, not only where it must */
    bool registers; /* goes on to a call manager: an LSC that nobody ordered is no goal */
    bool string;    /* its user has typed an authentication string */
};

int boot_new(struct boot **out, const struct boot_setup *setup) CHECKED;
void boot_free(struct boot *boot);

/* ---- what the flash holds, before the start ---- */

/* ERR_FORMAT when a phone could not read it. */
int boot_hold_list(struct boot *boot, enum trustlist_kind kind, struct bytes file,
                   struct why *why) CHECKED;
int boot_hold_configuration(struct boot *boot, struct bytes xml, struct why *why) CHECKED;
/* What it can show and unseal with; NULL: none. They stay until they are told anew. */
void boot_hold_certificates(struct boot *boot, const struct identity *lsc,
                            const struct identity *mic);
/* A person has erased them; they were not put in with boot_hold_list(). */
void boot_erased(struct boot *boot, bool ctl, bool itl);

/* ---- news; times are monotonic milliseconds ---- */

enum boot_failure {
    FAILURE_NONE,
    FAILURE_TIMEOUT,     /* nobody answers, or not to the end */
    FAILURE_UNREACHABLE, /* nobody is there: refused, no route */
    FAILURE_TOO_LARGE,   /* more bytes than the phone takes */
    FAILURE_ACCESS,      /* TFTP error 2 */
    FAILURE_SERVER,      /* another error of the server's, or nonsense */
    FAILURE_LOCAL,       /* of this machine: memory, sockets, flash */
};
/* "timeout", "unreachable", "too_large", "access", "server", "local". */
const char *boot_failure_text(enum boot_failure failure);

void boot_start(struct boot *boot, int64_t now);
/* After BOOT_OVER: it is reset, and starts anew with what it holds. */
void boot_restart(struct boot *boot, int64_t now);
/* What became of BOOT_FETCH: exactly one of these three. */
void boot_arrived(struct boot *boot, struct bytes file, int64_t now);
void boot_absent(struct boot *boot, int64_t now);
void boot_failed(struct boot *boot, enum boot_failure failure, const char *words, int64_t now);
/* What TVS said to BOOT_ASK. The testimony need not outlive the call. */
void boot_testified(struct boot *boot, const struct testimony *testimony, int64_t now);
/* What became of BOOT_STORE: NULL when it is in the flash, else why it is not. */
void boot_stored(struct boot *boot, const char *error, int64_t now);
/* What became of BOOT_ENROL, after boot_hold_certificates() of what it has now. */
void boot_enrolled(struct boot *boot, enum enrol_outcome outcome, const char *words, int64_t now);
/* At boot_deadline(), or any other time. */
void boot_tick(struct boot *boot, int64_t now);
int64_t boot_deadline(const struct boot *boot); /* BOOT_NEVER: none */

/* ---- actions ---- */

enum boot_transport { BOOT_TFTP, BOOT_HTTP };

enum boot_kind {
    BOOT_CTL,
    BOOT_ITL,
    BOOT_CONFIGURATION, /* SEP<MAC>.cnf.xml, .sgn or .enc.sgn */
    BOOT_DEFAULT,       /* XMLDefault.cnf.xml */
    BOOT_EXTRA,         /* what a configuration names */
};
/* "ctl", "itl", "configuration", "default_configuration", "other". */
const char *boot_kind_text(enum boot_kind kind);

enum boot_result {
    RESULT_ACCEPTED,
    RESULT_UNCHANGED, /* accepted, and the same bytes as the phone had */
    RESULT_REFUSED,   /* by trust/accept.h, or it is no configuration; what was there stays */
    RESULT_ABSENT,
    RESULT_FAILED,
    RESULT_NOT_OURS, /* sealed, and not for a certificate of this phone */
    RESULT_BY_TFTP,  /* HTTP failed, TFTP is tried next */
};
/* "accepted", "unchanged", "refused", "absent", "failed", "not_ours",
 * "by_tftp". */
const char *boot_result_text(enum boot_result result);

/* The messages of a phone's status menu. */
enum boot_status {
    STATUS_ERASING,         /* "Erasing CTL and ITL files" */
    STATUS_ERASING_CTL,     /* "Erasing CTL file" */
    STATUS_ERASING_ITL,     /* "Erasing ITL file" */
    STATUS_LIST_UPDATED,    /* "Trust List Updated" */
    STATUS_LIST_FAILED,     /* "Trust List Update Failed" */
    STATUS_LIST_UNVERIFIED, /* "Trust List Verification Failed" */
    STATUS_NO_LIST,         /* "No Trust List Installed" */
    STATUS_NOT_FOUND,       /* "File Not Found <NAME>" */
    STATUS_FILE_AUTH,       /* "File Auth Error <NAME>": a file that is not a list */
    STATUS_CONFIG_ERROR,    /* "Error Verifying Config Info": it cannot be read */
    STATUS_TIMEOUT,         /* "TFTP Timeout" */
    STATUS_ACCESS,          /* "TFTP Access Error" */
    STATUS_ERROR,           /* "TFTP Error" */
    STATUS_SIZE,            /* "TFTP Size Error" */
    STATUS_NO_CAPF,         /* "No valid CAPF server" */
    STATUS_CONFIGURED,      /* "NAME": the configuration that was taken */
};

enum boot_outcome {
    OUTCOME_FILES,   /* it has what it needs to go on */
    OUTCOME_FAILED,  /* something was not to be had */
    OUTCOME_REFUSED, /* a list or configuration was refused */
};

enum boot_action_kind {
    BOOT_FETCH,  /* get `name` by `transport`, at most `max` bytes */
    BOOT_STORE,  /* put `content` into `slot` of the flash */
    BOOT_FILE,   /* for whoever watches: what became of a file */
    BOOT_STATUS, /* for whoever watches: a status message */
    BOOT_ASK,    /* ask TVS about the signer of `name`, which no list names -> boot_testified() */
    BOOT_ENROL,  /* go to CAPF as the configuration says */
    BOOT_OVER,   /* the last action: `outcome`, and `words` when that is OUTCOME_FAILED */
};

/* `content` is valid as long as the bytes given to boot_arrived(), and no longer than until the
 * next call that brings news; so are the other views. */
struct boot_action {
    enum boot_action_kind kind;
    enum boot_kind file;
    char name[BOOT_NAME]; /* as it is asked for; bytes of the server's choosing: escape it */
    enum boot_transport transport;
    size_t max;
    enum flash_slot slot;
    struct bytes content; /* BOOT_STORE; BOOT_FILE, BOOT_ASK: as it arrived */
    enum boot_result result;
    enum boot_failure failure; /* RESULT_FAILED, RESULT_BY_TFTP */
    const struct answer
        *answer;    /* RESULT_ACCEPTED, _UNCHANGED, _REFUSED, and their status; or NULL */
    bool asked_tvs; /* BOOT_FILE: BOOT_ASK came before */
    struct bytes subject, issuer, serial; /* BOOT_ASK: of the signer, as the file writes them; valid
                                           * until boot_testified() */
    unsigned header_size;                 /* of a signed file that could be read; else 0 */
    const char *words;                    /* of a failure */
    enum boot_status status;
    enum boot_outcome outcome;
};

/* The next action, or NULL. */
const struct boot_action *boot_action(struct boot *boot);

/* "Trust List Updated", "File Not Found <CTLFile.tlv>": the message of a BOOT_STATUS. */
#define BOOT_STATUS_TEXT (4 * BOOT_NAME + 32)
char *boot_status_text(char out[BOOT_STATUS_TEXT], const struct boot_action *action);

/* ---- what the phone knows ---- */

const char *boot_device(const struct boot *boot);
const struct model *boot_model(const struct boot *boot);
/* NULL: none is held. */
const struct held_list *boot_list(const struct boot *boot, enum trustlist_kind kind);
/* What decides for it. Valid until the next call that brings news. */
const struct phone_trust *boot_trust(const struct boot *boot);
/* The configuration in effect; NULL: none. It may be that of the flash. */
const struct cnf *boot_configuration(const struct boot *boot);
/* NULL: none. */
const struct identity *boot_lsc(const struct boot *boot);
/* How it would show CAPF who it is. */
enum capf_auth boot_capf_auth(const struct boot *boot);
/* Was CAPF asked in this boot, and did all go well? */
bool boot_is_enrolled(const struct boot *boot);
/* Was it taken in this boot? */
bool boot_is_configured(const struct boot *boot);
/* Can it register now? What was refused or not to be had keeps no phone that holds a configuration
 * from it; ERR_NOT_FOUND, ERR_UNSUPPORTED say what does. */
int boot_check_registration(const struct boot *boot, struct why *why) CHECKED;

#endif
