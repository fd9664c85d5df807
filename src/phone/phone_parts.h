/*
 * phone_parts: what the pieces of a phone share (internal to phone).
 */
#ifndef PHONE_PHONE_PARTS_H
#define PHONE_PHONE_PARTS_H

#include "phone/fetch.h"
#include "phone/listnews.h"
#include "phone/phone.h"

/* What the flash is asked, on a worker: one question of a phone at a time. */
struct flash_job {
    struct flash flash;
    struct buffer files[FLASH_SLOTS]; /* opening: what was read; storing: what is written */
    bool found[FLASH_SLOTS];
    enum flash_slot slot;
    int result;
    struct why why;
};

struct phone {
    struct phone_world *world;
    struct boot *boot;
    struct address server, source;
    bool has_source;
    char *home;
    char device[DEVICE_NAME_LENGTH + 1];
    bool erase[FLASH_SLOTS];
    struct fetch fetch;
    struct loop_timer *timer;
    struct flash_job *job; /* NULL: without a home */
    bool working;          /* a worker has the job */
    bool doomed;           /* freed meanwhile */
    const struct phone_events *events;
    void *context;
    /* CAPF */
    bool enrols;
    char auth_string[ENROL_STRING_MAX + 1];
    const struct identity *mic;
    struct identity lsc; /* empty: none */
    enum phone_tls tls;
    struct enrolment_pace pace;
    struct enrolment *enrolment; /* under way, or through and not yet freed */
    /* TVS */
    struct tvsc *tvsc;
    struct tvsc_ask *ask; /* under way, or answered and not yet freed */
    /* call managers */
    bool registers, leaves;
    struct registration_pace registration;
    bool has_pace;
    struct sound *sound;
    struct recording *recording;
    struct span *span;
    bool mute;
    struct listnews listnews;
    enum registration_last last; /* why its last session ended */
    struct signalling *signalling;
};

int64_t phone_now(const struct phone *phone);
/* Does what the engine asks for, until it waits for something. The last call here may have freed
 * the phone. */
void phone_pump(struct phone *phone);
/* The flash has been read, or there is none: the boot begins. */
void phone_begin(struct phone *phone);

/* ---- phone_flash.c ---- */

/* Reads the flash, then the phone begins, or is finished with an error. */
int phone_open_flash(struct phone *phone) CHECKED;
void phone_start_store(struct phone *phone, const struct boot_action *action);
void phone_clear_job(struct flash_job *job);

/* ---- phone_secure.c: CAPF and TVS ---- */

int phone_make_tvsc(struct phone *phone, int64_t answer_ms) CHECKED;
void phone_hold_certificates(struct phone *phone);
void phone_start_enrolment(struct phone *phone);
void phone_ask_tvs(struct phone *phone, const struct boot_action *action);
/* Whom TVS questions go to, by what the phone holds now. */
void phone_set_circle(struct phone *phone);
bool phone_speaks_old_tls(const struct phone *phone);
int phone_take_tls(struct tls_context **out, struct phone *phone, struct why *why) CHECKED;
/* Of a server whose port the configuration does not name: shifted as far as TFTP's. */
uint16_t phone_shifted_port(const struct phone *phone, uint16_t standard);
/* A new list is in: what TVS said is forgotten. */
void phone_flush_tvs(struct phone *phone);

/* ---- phone_register.c: call managers ---- */

/* Goes on to them, or is finished because it cannot. */
void phone_register(struct phone *phone);

#endif
