/*
 * tally: what became of the phones of a fleet, in numbers.
 */
#ifndef PHONE_TALLY_H
#define PHONE_TALLY_H

#include "phone/boot.h"
#include "phone/enrolment.h"

#include <stdio.h>

#define TALLY_TROUBLES 5 /* different things that went wrong, each with the first phone it hit */
#define TALLY_SETUPS   (1 << 20) /* calls whose time is kept */

struct tally_trouble {
    int kind;
    char device[DEVICE_NAME_LENGTH + 1];
    char words[800];
};

struct tally {
    size_t expected;                      /* phones of the fleet */
    size_t phones;                        /* that are through */
    size_t outcomes[OUTCOME_REFUSED + 1]; /* of them */
    size_t results[RESULT_BY_TFTP + 1];   /* files */
    size_t failures[FAILURE_LOCAL + 1];   /* files that failed */
    size_t taken[RULE_COUNT];             /* files that were accepted, by rule */
    size_t refused[RULE_COUNT];           /* by rule */
    uint64_t bytes;                       /* of files that arrived */
    uint32_t *boot_ms;                    /* how long each phone took that has its files */
    size_t enrolments[ENROL_OUTCOMES];    /* how CAPF went */
    size_t tvs[TESTIMONY_VOUCHED + 1];    /* what TVS said, remembered answers included */
    uint32_t *enrol_ms; /* how long it took each phone that got an LSC, the key included */
    /* of a fleet that registers */
    size_t registered;      /* phones, each once */
    size_t lost;            /* registrations that ended by themselves */
    uint32_t *register_ms;  /* from setting out for the call manager; NULL: it does not register */
    int64_t registering_ms; /* from the first phone's start to the last one's registration */
    size_t calls, calls_failed;  /* that are over */
    size_t connected, encrypted; /* and with audio; with SRTP both ways */
    uint32_t *setup_ms;          /* from dialling to audio both ways */
    int64_t calling_ms;          /* filled in by who runs the fleet */
    struct tally_trouble troubles[TALLY_TROUBLES];
    size_t trouble_count;
    /* filled in by who runs the fleet */
    int64_t elapsed_ms;
    uint64_t resent;   /* TFTP datagrams */
    size_t most_lists; /* different lists held at one time */
};

int tally_init(struct tally *tally, size_t phones) CHECKED;
/* It registers, too. */
int tally_init_calls(struct tally *tally) CHECKED;
void tally_fini(struct tally *tally);

/* Every action of every phone. */
void tally_action(struct tally *tally, const struct boot *boot, const struct boot_action *action);
/* A phone has been to CAPF; `ms` from when it set out. */
void tally_enrolled(struct tally *tally, const char *device, const struct enrolment_result *result,
                    int64_t ms);
/* TVS was asked, or remembered. */
void tally_tvs(struct tally *tally, const struct tvsc_news *news);
/* A phone is through; `ms` from its start. */
void tally_phone(struct tally *tally, enum boot_outcome outcome, int64_t ms);
/* A phone whose flash could not be used. */
void tally_trouble(struct tally *tally, const char *device, const char *words);

/* ---- of a fleet that registers ---- */

/* A phone has its buttons and lines, for the first time; `ms` from when it set out for its call
 * manager, `since_ms` from the start of all. */
void tally_registered(struct tally *tally, int64_t ms, int64_t since_ms);
/* It could not register. */
void tally_not_registered(struct tally *tally, const char *device, const char *words);
/* It was registered, and its call manager has gone. */
void tally_lost(struct tally *tally, const char *device, const char *words);
/* Who called is connected and has audio both ways; `ms` from dialling. */
void tally_connected(struct tally *tally, int64_t ms, bool encrypted);
/* A call is over; `failure`: why it was none as it should be, or NULL. */
void tally_call(struct tally *tally, const char *device, const char *failure);

/* ---- telling ---- */

/* The time within which `percent` of the phones that have their files had them (nearest rank); 0
 * when there are none. Sorts. */
unsigned tally_percentile(struct tally *tally, unsigned percent);

void tally_print(struct tally *tally, FILE *out);
int tally_print_json(struct tally *tally, FILE *out) CHECKED;

#endif
