/*
 * phone: one simulated phone on a loop. It joins the boot engine to network and flash.
 */
#ifndef PHONE_PHONE_H
#define PHONE_PHONE_H

#include "net/worker.h"
#include "phone/boot.h"
#include "phone/enrolment.h"
#include "phone/signalling.h"
#include "phone/tftpc.h"

/* What the phones of a process share. */
struct phone_world {
    struct loop *loop;
    struct tftpc *tftpc;
    struct shelf *shelf;
    struct worker *worker; /* for flashes and keys */
    struct keypool *keys;  /* NULL: phones make their keys; not the world's to free */
    struct tls_context *tls[TLS_OLD_PHONE + 1]; /* of clients, by profile; made when needed */
    struct tls_context *null_tls;               /* that offers NULL-SHA alone; likewise */
    struct tls_context *plain;                  /* no TLS at all */
    struct audio_room *room;
};

/* For `phones` phones at once. */
int phone_world_init(struct phone_world *out, size_t phones) CHECKED;
/* After all phones. A zeroed world is accepted. */
void phone_world_fini(struct phone_world *world);

struct phone;

struct phone_events {
    /* The flash has been read, and nothing was asked for yet. */
    void (*ready)(void *context, const struct boot *boot);
    /* Every action of the engine, in order. */
    void (*action)(void *context, const struct boot *boot, const struct boot_action *action);
    /* Once, the last: after BOOT_OVER, or when it is registered no more, or with an error when the
     * flash could not be used or it cannot register. The phone may be freed here. */
    void (*finished)(void *context, int error, const struct why *why);
    /* What happens at CAPF, and what came of it. May be NULL, both. */
    void (*enrolment)(void *context, const struct enrolment_news *news);
    void (*enrolled)(void *context, const struct enrolment_result *result);
    /* What happens between it and TVS. May be NULL. */
    void (*tvs)(void *context, const struct boot *boot, const struct tvsc_news *news);
    /* What happens between it and its call managers. May be NULL. */
    void (*signalling)(void *context, const struct boot *boot, const struct signalling_news *news);
    /* It is registered no more: it boots again when `end` says so, else `finished` follows. May be
     * NULL. */
    void (*unregistered)(void *context, const struct signalling_end *end);
};

/* Which TLS it speaks. */
enum phone_tls {
    PHONE_TLS_OF_MODEL,
    PHONE_TLS_LEGACY, /* TLS 1.0 alone */
    PHONE_TLS_MODERN, /* TLS 1.2 and 1.3 */
};

/* How often all call managers are tried by a phone that is not to stay. */
#define PHONE_ROUNDS 3

struct phone_setup {
    const char *device;
    const struct model *model;
    struct address server;        /* with the TFTP port */
    const struct address *source; /* copied; NULL: the system chooses */
    const char *home;             /* directory of its flash, copied; NULL: it has none, and what it
                                     learns lasts as long as it does */
    bool erase[FLASH_SLOTS];      /* before it boots */
    bool enrols;                  /* goes to CAPF where its configuration says so */
    bool registers;               /* goes on to its call managers, and stays */
    const char *auth_string;      /* copied; NULL: its user types none */
    const struct identity *mic;   /* must stay; NULL: none */
    enum phone_tls tls;
    const struct enrolment_pace *pace; /* copied; NULL: that of real phones */
    int64_t tvs_answer_ms;             /* for each TVS server; 0: that of phone/inquiry.h */
    const struct registration_pace *registration; /* copied; NULL: that of real phones */
    unsigned registration_rounds; /* how often all call managers are tried; 0: for ever */
    struct sound *sound;          /* what its user says, or NULL: silence; must stay */
    struct recording *recording;  /* what its user hears, or NULL; must stay */
    struct span *span;            /* takes a copy of its audio packets, or NULL; must stay */
    bool mute;                    /* it opens audio, and sends none */
    const struct phone_events *events;
    void *context;
};

int phone_new(struct phone **out, struct phone_world *world,
              const struct phone_setup *setup) CHECKED;
/* Switches it off. At any time, from its callbacks `finished` alone; NULL is accepted. */
void phone_free(struct phone *phone);
/* Switches it on, once. Callbacks come later, or during the call. */
void phone_start(struct phone *phone);
/* Once it is booted and registers; else NULL. For what its user does (phone/handset.h). */
struct signalling *phone_signalling(struct phone *phone);
/* Says goodbye to its call manager and is finished; at once when it has none. */
void phone_leave(struct phone *phone);

#endif
