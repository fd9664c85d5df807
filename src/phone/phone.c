#include "phone/phone_parts.h"

#include "base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 4 };

/* ---- the world ---- */

int phone_world_init(struct phone_world *out, size_t phones)
{
    struct phone_world world = {0};
    int result = loop_new(&world.loop);
    if (result == 0)
        result = tftpc_new(&world.tftpc, world.loop, NULL);
    if (result == 0)
        result = shelf_new(&world.shelf, 4 * phones + 16);
    if (result == 0)
        result = worker_new(&world.worker, world.loop, phones > 1 ? WORKERS : 1, 4 * phones + 1);
    if (result == 0)
        result = audio_room_new(&world.room, world.loop);
    if (result)
        phone_world_fini(&world);
    else
        *out = world;
    return result;
}

void phone_world_fini(struct phone_world *world)
{
    worker_free(world->worker);
    for (size_t i = 0; i <= TLS_OLD_PHONE; i++)
        tls_context_free(world->tls[i]);
    tls_context_free(world->null_tls);
    tls_context_free(world->plain);
    audio_room_free(world->room);
    tftpc_free(world->tftpc);
    shelf_free(world->shelf);
    loop_free(world->loop);
    *world = (struct phone_world){0};
}

/* ---- birth and death ---- */

static void timer_fired(void *context);

static int make_parts(struct phone *phone, const struct phone_setup *setup)
{
    const struct boot_setup boot = {
        .device = phone->device,
        .model = setup->model,
        .server = address_bytes(&phone->server),
        .http = fetch_http_port(address_port(&phone->server)) != 0,
        .shelf = phone->world->shelf,
        .enrols = setup->enrols,
        .registers = setup->registers,
        .string = setup->auth_string != NULL,
    };
    int result = boot_new(&phone->boot, &boot);
    if (result == 0)
        result = loop_timer_new(&phone->timer, phone->world->loop, timer_fired, phone);
    if (result == 0)
        result = phone_make_tvsc(phone, setup->tvs_answer_ms);
    if (result || !setup->home)
        return result;
    phone->home = strdup(setup->home);
    phone->job = calloc(1, sizeof *phone->job);
    return phone->home && phone->job ? 0 : -ENOMEM;
}

int phone_new(struct phone **out, struct phone_world *world, const struct phone_setup *setup)
{
    struct phone *phone = calloc(1, sizeof *phone);
    if (!phone)
        return -ENOMEM;
    phone->world = world;
    phone->server = setup->server;
    phone->has_source = setup->source != NULL;
    if (setup->source)
        phone->source = *setup->source;
    phone->events = setup->events;
    phone->context = setup->context;
    text_copy(phone->device, sizeof phone->device, setup->device);
    memcpy(phone->erase, setup->erase, sizeof phone->erase);
    phone->enrols = setup->enrols;
    phone->registers = setup->registers;
    phone->sound = setup->sound;
    phone->recording = setup->recording;
    phone->span = setup->span;
    phone->mute = setup->mute;
    registration_pace_default(&phone->registration);
    phone->registration.rounds = setup->registration_rounds;
    phone->has_pace = setup->registration != NULL;
    if (setup->registration)
        phone->registration = *setup->registration;
    phone->mic = setup->mic;
    phone->tls = setup->tls;
    enrolment_pace_default(&phone->pace);
    if (setup->pace)
        phone->pace = *setup->pace;
    text_copy(phone->auth_string, sizeof phone->auth_string,
              setup->auth_string ? setup->auth_string : "");
    int result = make_parts(phone, setup);
    if (result)
        phone_free(phone);
    else
        *out = phone;
    return result;
}

void phone_free(struct phone *phone)
{
    if (!phone)
        return;
    fetch_fini(&phone->fetch);
    signalling_free(phone->signalling);
    phone->signalling = NULL;
    enrolment_free(phone->enrolment);
    phone->enrolment = NULL;
    tvsc_ask_free(phone->ask);
    phone->ask = NULL;
    tvsc_free(phone->tvsc);
    phone->tvsc = NULL;
    loop_timer_free(phone->timer);
    phone->timer = NULL;
    boot_free(phone->boot);
    phone->boot = NULL;
    phone->doomed = true;
    if (phone->working)
        return; /* the worker has its memory, and gives it back to job_done() */
    if (phone->job)
        phone_clear_job(phone->job);
    identity_fini(&phone->lsc);
    secret_wipe(phone->auth_string, sizeof phone->auth_string);
    free(phone->job);
    free(phone->home);
    free(phone);
}

/* ---- the engine ---- */

int64_t phone_now(const struct phone *phone)
{
    return loop_now(phone->world->loop);
}

static void timer_fired(void *context)
{
    struct phone *phone = context;
    boot_tick(phone->boot, phone_now(phone));
    phone_pump(phone);
}

static void fetched(void *context, const struct fetch_result *result)
{
    struct phone *phone = context;
    int64_t now = phone_now(phone);
    if (result->end == FETCH_ARRIVED)
        boot_arrived(phone->boot, result->file, now);
    else if (result->end == FETCH_ABSENT)
        boot_absent(phone->boot, now);
    else
        boot_failed(phone->boot, result->failure, result->words, now);
    phone_pump(phone);
}

static void start_fetch(struct phone *phone, const struct boot_action *action)
{
    struct why why = WHY_NONE;
    const struct fetch_order order = {
        .tftpc = phone->world->tftpc,
        .loop = phone->world->loop,
        .server = &phone->server,
        .http_port = fetch_http_port(address_port(&phone->server)),
        .source = phone->has_source ? &phone->source : NULL,
        .transport = action->transport,
        .name = action->name,
        .tftp_options = habits_of(boot_model(phone->boot))->tftp_options,
        .max = action->max,
        .done = fetched,
        .context = phone,
    };
    int result = fetch_start(&phone->fetch, &order, &why);
    if (result)
        boot_failed(phone->boot, FAILURE_LOCAL, why_text(&why, result), phone_now(phone));
}

void phone_pump(struct phone *phone)
{
    const struct boot_action *action;
    bool over = false;
    while ((action = boot_action(phone->boot)) != NULL) {
        const struct boot_action copy = *action;
        phone->events->action(phone->context, phone->boot, &copy);
        listnews_action(&phone->listnews, &copy);
        if (copy.kind == BOOT_FETCH)
            start_fetch(phone, &copy);
        else if (copy.kind == BOOT_STORE)
            phone_start_store(phone, &copy);
        else if (copy.kind == BOOT_ASK)
            phone_ask_tvs(phone, &copy);
        else if (copy.kind == BOOT_ENROL)
            phone_start_enrolment(phone);
        over |= copy.kind == BOOT_OVER;
    }
    int64_t deadline = boot_deadline(phone->boot);
    if (over && phone->registers)
        phone_register(phone);
    else if (over)
        phone->events->finished(phone->context, 0, NULL);
    else if (deadline != BOOT_NEVER)
        loop_timer_start(phone->timer, deadline - phone_now(phone));
}

void phone_begin(struct phone *phone)
{
    phone_hold_certificates(phone);
    listnews_begin(&phone->listnews, phone->boot);
    phone->events->ready(phone->context, phone->boot);
    boot_erased(phone->boot, phone->erase[FLASH_CTL], phone->erase[FLASH_ITL]);
    boot_start(phone->boot, phone_now(phone));
    phone_pump(phone);
}

void phone_start(struct phone *phone)
{
    if (!phone->job) {
        phone_begin(phone);
        return;
    }
    int result = phone_open_flash(phone);
    if (result)
        phone->events->finished(phone->context, result, NULL);
}
