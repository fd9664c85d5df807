/*
 * phone: one simulated phone on a loop. It joins the boot engine to network and flash.
 */
#ifndef PHONE_PHONE_H
#define PHONE_PHONE_H

#include "net/worker.h"
#include "phone/boot.h"
#include "phone/tftpc.h"

/* What the phones of a process share. */
struct phone_world {
    struct loop *loop;
    struct tftpc *tftpc;
    struct shelf *shelf;
    struct worker *worker; /* for flashes */
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
    /* Once, the last: after BOOT_OVER, or with an error when the flash could not be used. The phone
     * may be freed here. */
    void (*finished)(void *context, int error, const struct why *why);
};

struct phone_setup {
    const char *device;
    const struct model *model;
    struct address server;        /* with the TFTP port */
    const struct address *source; /* copied; NULL: the system chooses */
    const char *home;             /* directory of its flash, copied; NULL: it has none, and what it
                                     learns lasts as long as it does */
    bool erase[FLASH_SLOTS];      /* before it boots */
    const struct phone_events *events;
    void *context;
};

int phone_new(struct phone **out, struct phone_world *world,
              const struct phone_setup *setup) CHECKED;
/* Switches it off. At any time, from its callbacks `finished` alone; NULL is accepted. */
void phone_free(struct phone *phone);
/* Switches it on, once. Callbacks come later, or during the call. */
void phone_start(struct phone *phone);

#endif
