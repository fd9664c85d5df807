#include "phone/phone.h"

#include "base/secret.h"
#include "phone/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 4, SLOT_MAX = CNF_BYTES_MAX, TFTP_STANDARD_PORT = 69 };

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
};

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
        .string = setup->auth_string != NULL,
    };
    int result = boot_new(&phone->boot, &boot);
    if (result == 0)
        result = loop_timer_new(&phone->timer, phone->world->loop, timer_fired, phone);
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

static void job_clear(struct flash_job *job)
{
    for (size_t i = 0; i < FLASH_SLOTS; i++)
        buffer_fini_secret(&job->files[i]);
}

void phone_free(struct phone *phone)
{
    if (!phone)
        return;
    fetch_fini(&phone->fetch);
    enrolment_free(phone->enrolment);
    phone->enrolment = NULL;
    loop_timer_free(phone->timer);
    phone->timer = NULL;
    boot_free(phone->boot);
    phone->boot = NULL;
    phone->doomed = true;
    if (phone->working)
        return; /* the worker has its memory, and gives it back to job_done() */
    if (phone->job)
        job_clear(phone->job);
    identity_fini(&phone->lsc);
    secret_wipe(phone->auth_string, sizeof phone->auth_string);
    free(phone->job);
    free(phone->home);
    free(phone);
}

/* ---- the engine ---- */

static void pump(struct phone *phone);

static int64_t now_of(const struct phone *phone)
{
    return loop_now(phone->world->loop);
}

static void timer_fired(void *context)
{
    struct phone *phone = context;
    boot_tick(phone->boot, now_of(phone));
    pump(phone);
}

static void fetched(void *context, const struct fetch_result *result)
{
    struct phone *phone = context;
    int64_t now = now_of(phone);
    if (result->end == FETCH_ARRIVED)
        boot_arrived(phone->boot, result->file, now);
    else if (result->end == FETCH_ABSENT)
        boot_absent(phone->boot, now);
    else
        boot_failed(phone->boot, result->failure, result->words, now);
    pump(phone);
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
        boot_failed(phone->boot, FAILURE_LOCAL, why_text(&why, result), now_of(phone));
}

static void start_store(struct phone *phone, const struct boot_action *action);
static void start_enrolment(struct phone *phone);

/* Does what the engine asks for, until it waits for something. The last call here may have freed
 * the phone. */
static void pump(struct phone *phone)
{
    const struct boot_action *action;
    bool over = false;
    while ((action = boot_action(phone->boot)) != NULL) {
        const struct boot_action copy = *action;
        phone->events->action(phone->context, phone->boot, &copy);
        if (copy.kind == BOOT_FETCH)
            start_fetch(phone, &copy);
        else if (copy.kind == BOOT_STORE)
            start_store(phone, &copy);
        else if (copy.kind == BOOT_ENROL)
            start_enrolment(phone);
        over |= copy.kind == BOOT_OVER;
    }
    int64_t deadline = boot_deadline(phone->boot);
    if (over)
        phone->events->finished(phone->context, 0, NULL);
    else if (deadline != BOOT_NEVER)
        loop_timer_start(phone->timer, deadline - now_of(phone));
}

/* ---- CAPF ---- */

static void hold_certificates(struct phone *phone)
{
    boot_hold_certificates(phone->boot, phone->lsc.certificate ? &phone->lsc : NULL, phone->mic);
}

/* Profiles follow the model, unless somebody wants another phone than it is. */
static enum tls_profile tls_profile_of(const struct phone *phone)
{
    const struct model *model = boot_model(phone->boot);
    bool old = phone->tls == PHONE_TLS_OF_MODEL
                   ? model->tls_max && strcmp(model->tls_max, "1.0") == 0
                   : phone->tls == PHONE_TLS_LEGACY;
    return old ? TLS_OLD_PHONE : TLS_MODERN;
}

static int take_tls(struct tls_context **out, struct phone *phone, struct why *why)
{
    enum tls_profile profile = tls_profile_of(phone);
    const struct tls_client_setup setup = {.profile = profile};
    struct tls_context **kept = &phone->world->tls[profile];
    int result = *kept ? 0 : tls_client_context_new(kept, &setup, why);
    *out = *kept;
    return result;
}

/* Traits that are inferred keep no phone from doing what it is told. */
static struct enrol_setup session_of(const struct phone *phone)
{
    const struct model *model = boot_model(phone->boot);
    struct enrol_setup session = {
        .device = phone->device,
        .auth = boot_capf_auth(phone->boot),
        .string = phone->auth_string[0] ? phone->auth_string : NULL,
        .lsc = phone->lsc.certificate ? &phone->lsc : NULL,
        .mic = phone->mic,
        .rsa_max = model->rsa_max_inferred ? 0 : model->rsa_max,
        .no_ec = model->ec_lsc.value == TRAIT_NO && !model->ec_lsc.inferred,
    };
    enrol_limits_default(&session.limits);
    return session;
}

static void enrolment_news(void *context, const struct enrolment_news *news)
{
    struct phone *phone = context;
    if (phone->events->enrolment)
        phone->events->enrolment(phone->context, news);
}

static void keep_lsc(struct phone *phone, struct enrolment_result *result)
{
    if (!result->lsc.certificate && !result->erased)
        return;
    identity_fini(&phone->lsc);
    phone->lsc = result->lsc;
    result->lsc = (struct identity){0};
}

static void enrolment_finished(void *context, struct enrolment_result *result)
{
    struct phone *phone = context;
    char words[300];
    enum enrol_outcome outcome = result->outcome;
    text_copy(words, sizeof words, result->words);
    keep_lsc(phone, result);
    hold_certificates(phone);
    if (phone->events->enrolled)
        phone->events->enrolled(phone->context, result);
    enrolment_free(phone->enrolment);
    phone->enrolment = NULL;
    boot_enrolled(phone->boot, outcome, words, now_of(phone));
    pump(phone);
}

static const struct trustlist *list_of(const struct phone *phone, enum trustlist_kind kind)
{
    const struct held_list *held = boot_list(phone->boot, kind);
    return held ? held->list : NULL;
}

static uint16_t capf_port(const struct phone *phone)
{
    int port = CAPF_PORT + address_port(&phone->server) - TFTP_STANDARD_PORT;
    return port >= 1 && port <= UINT16_MAX ? (uint16_t)port : CAPF_PORT;
}

static void start_enrolment(struct phone *phone)
{
    const struct cnf *configuration = boot_configuration(phone->boot);
    struct why why = WHY_NONE;
    struct enrolment_setup setup = {
        .loop = phone->world->loop,
        .worker = phone->world->worker,
        .old_tls = tls_profile_of(phone) == TLS_OLD_PHONE,
        .source = phone->has_source ? &phone->source : NULL,
        .servers = configuration->capf,
        .server_count = configuration->capf_count,
        .port = capf_port(phone),
        .ctl = list_of(phone, TRUSTLIST_CTL),
        .itl = list_of(phone, TRUSTLIST_ITL),
        .session = session_of(phone),
        .flash = phone->job ? &phone->job->flash : NULL,
        .keys = phone->world->keys,
        .pace = phone->pace,
        .news = enrolment_news,
        .finished = enrolment_finished,
        .context = phone,
    };
    int result = take_tls(&setup.tls, phone, &why);
    if (result == 0)
        result = enrolment_start(&phone->enrolment, &setup);
    if (result)
        boot_enrolled(phone->boot, ENROL_BROKEN, why_text(&why, result), now_of(phone));
}

/* ---- the flash ---- */

static void store_run(void *context)
{
    struct flash_job *job = ((struct phone *)context)->job;
    job->result =
        flash_write(&job->flash, job->slot, buffer_bytes(&job->files[job->slot]), &job->why);
}

static void store_done(void *context)
{
    struct phone *phone = context;
    struct flash_job *job = phone->job;
    phone->working = false;
    job_clear(job);
    if (phone->doomed) {
        phone_free(phone);
        return;
    }
    const char *error = job->result ? why_text(&job->why, job->result) : NULL;
    boot_stored(phone->boot, error, now_of(phone));
    pump(phone);
}

static void start_store(struct phone *phone, const struct boot_action *action)
{
    struct flash_job *job = phone->job;
    if (!job) {
        boot_stored(phone->boot, NULL, now_of(phone));
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
    job_clear(job);
    boot_stored(phone->boot, error_text(result), now_of(phone));
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

static void begin(struct phone *phone)
{
    hold_certificates(phone);
    phone->events->ready(phone->context, phone->boot);
    boot_erased(phone->boot, phone->erase[FLASH_CTL], phone->erase[FLASH_ITL]);
    boot_start(phone->boot, now_of(phone));
    pump(phone);
}

static void open_done(void *context)
{
    struct phone *phone = context;
    struct flash_job *job = phone->job;
    phone->working = false;
    int result = phone->doomed ? 0 : hold_all(phone);
    job_clear(job);
    if (phone->doomed)
        phone_free(phone);
    else if (result)
        phone->events->finished(phone->context, result, &job->why);
    else
        begin(phone);
}

void phone_start(struct phone *phone)
{
    if (!phone->job) {
        begin(phone);
        return;
    }
    int result = worker_submit(phone->world->worker, open_run, open_done, phone);
    phone->working = result == 0;
    if (result)
        phone->events->finished(phone->context, result, NULL);
}
