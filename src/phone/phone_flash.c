/* A phone's flash is read and written by a worker. */
#include "phone/phone_parts.h"

#include <errno.h>

enum { SLOT_MAX = CNF_BYTES_MAX };

void phone_clear_job(struct flash_job *job)
{
    for (size_t i = 0; i < FLASH_SLOTS; i++)
        buffer_fini_secret(&job->files[i]);
}

static void store_run(void *context)
{
    struct flash_job *job = ((struct phone *)context)->job;
    job->result =
        flash_write(&job->flash, job->slot, buffer_bytes(&job->files[job->slot]), &job->why);
}

/* What TVS said before a new list came may have been said by a TVS of old. */
static void tell_stored(struct phone *phone, enum flash_slot slot, const char *error)
{
    if (!error && (slot == FLASH_CTL || slot == FLASH_ITL))
        phone_flush_tvs(phone);
    boot_stored(phone->boot, error, phone_now(phone));
}

static void store_done(void *context)
{
    struct phone *phone = context;
    struct flash_job *job = phone->job;
    phone->working = false;
    phone_clear_job(job);
    if (phone->doomed) {
        phone_free(phone);
        return;
    }
    const char *error = job->result ? why_text(&job->why, job->result) : NULL;
    tell_stored(phone, job->slot, error);
    phone_pump(phone);
}

void phone_start_store(struct phone *phone, const struct boot_action *action)
{
    struct flash_job *job = phone->job;
    if (!job) {
        tell_stored(phone, action->slot, NULL);
        return;
    }
    struct buffer *file = &job->files[action->slot];
    job->slot = action->slot;
    job->why = (struct why)WHY_NONE;
    buffer_init(file, SLOT_MAX);
    buffer_append(file, action->content);
    int result = file->error;
    if (result == 0)
        result = worker_submit(phone->world->worker, store_run, store_done, phone);
    phone->working = result == 0;
    if (result == 0)
        return;
    phone_clear_job(job);
    tell_stored(phone, action->slot, error_text(result));
}

static void open_run(void *context)
{
    struct phone *phone = context;
    struct flash_job *job = phone->job;
    job->result = flash_open(&job->flash, phone->home, phone->device, &job->why);
    for (enum flash_slot slot = 0; slot < FLASH_SLOTS && job->result == 0; slot++)
        if (phone->erase[slot])
            job->result = flash_erase(&job->flash, slot, &job->why);
    for (enum flash_slot slot = 0; slot < FLASH_SLOTS && job->result == 0; slot++) {
        buffer_init(&job->files[slot], SLOT_MAX);
        if (slot == FLASH_LSC) /* holds a key: no copies stay behind */
            job->result = buffer_reserve(&job->files[slot], KEY_FILE_MAX);
        if (job->result == 0)
            job->result = flash_read(&job->flash, slot, &job->files[slot], &job->why);
        job->found[slot] = job->result == 0;
        if (job->result == ERR_NOT_FOUND)
            job->result = 0;
    }
}

static int hold_list(struct phone *phone, enum flash_slot slot, enum trustlist_kind kind)
{
    struct flash_job *job = phone->job;
    if (!job->found[slot])
        return 0;
    int result = boot_hold_list(phone->boot, kind, buffer_bytes(&job->files[slot]), &job->why);
    return result ? why_prefix(&job->why, result, "the %s in %s cannot be read (--erase %s helps)",
                               trustlist_kind_name(kind), phone->home,
                               kind == TRUSTLIST_CTL ? "ctl" : "itl")
                  : 0;
}

/* A configuration that cannot be read any more is as none: the phone asks for another anyway. */
static int hold_configuration(struct phone *phone)
{
    struct flash_job *job = phone->job;
    if (!job->found[FLASH_CONFIGURATION])
        return 0;
    int result =
        boot_hold_configuration(phone->boot, buffer_bytes(&job->files[FLASH_CONFIGURATION]), NULL);
    return result == -ENOMEM ? result : 0;
}

static int hold_lsc(struct phone *phone)
{
    struct flash_job *job = phone->job;
    if (!job->found[FLASH_LSC])
        return 0;
    int result = identity_from_pem(&phone->lsc, buffer_bytes(&job->files[FLASH_LSC]), &job->why);
    return result ? why_prefix(&job->why, result,
                               "the LSC in %s cannot be read (--erase lsc helps)", phone->home)
                  : 0;
}

static int hold_all(struct phone *phone)
{
    int result = phone->job->result;
    if (result == 0)
        result = hold_list(phone, FLASH_CTL, TRUSTLIST_CTL);
    if (result == 0)
        result = hold_list(phone, FLASH_ITL, TRUSTLIST_ITL);
    if (result == 0)
        result = hold_configuration(phone);
    if (result == 0)
        result = hold_lsc(phone);
    return result;
}

static void open_done(void *context)
{
    struct phone *phone = context;
    struct flash_job *job = phone->job;
    phone->working = false;
    int result = phone->doomed ? 0 : hold_all(phone);
    phone_clear_job(job);
    if (phone->doomed)
        phone_free(phone);
    else if (result)
        phone->events->finished(phone->context, result, &job->why);
    else
        phone_begin(phone);
}

int phone_open_flash(struct phone *phone)
{
    int result = worker_submit(phone->world->worker, open_run, open_done, phone);
    phone->working = result == 0;
    return result;
}
