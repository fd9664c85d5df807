#include "phone/boot_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int boot_new(struct boot **out, const struct boot_setup *setup)
{
    struct boot *boot = calloc(1, sizeof *boot);
    if (!boot)
        return -ENOMEM;
    text_copy(boot->device, sizeof boot->device, setup->device);
    boot->habits = habits_of(setup->model);
    boot->shelf = setup->shelf;
    boot->has_http = setup->http && boot->habits->http_first;
    boot->http = boot->has_http;
    boot->enrols = setup->enrols;
    boot->registers = setup->registers;
    boot->has_string = setup->string;
    buffer_init(&boot->opened, CNF_BYTES_MAX);
    buffer_init(&boot->doubtful, CNF_BYTES_MAX);
    struct bytes server = bytes_slice(setup->server, 0, sizeof boot->server);
    if (server.size)
        memcpy(boot->server, server.data, server.size);
    boot->trust =
        (struct phone_trust){.model = setup->model, .server = bytes_of(boot->server, server.size)};
    boot->deadline = BOOT_NEVER;
    *out = boot;
    return 0;
}

void boot_free(struct boot *boot)
{
    if (!boot)
        return;
    boot_drop(boot);
    shelf_put_back(boot->shelf, boot->held[TRUSTLIST_CTL]);
    shelf_put_back(boot->shelf, boot->held[TRUSTLIST_ITL]);
    free(boot->configuration);
    buffer_fini(&boot->doubtful);
    buffer_fini_secret(&boot->opened);
    free(boot);
}

/* ---- actions ---- */

struct boot_action *boot_push(struct boot *boot, enum boot_action_kind kind)
{
    /* Who takes the actions after each call never fills the ring; else the newest is lost. */
    if (boot->used < BOOT_RING)
        boot->used++;
    struct boot_action *action = &boot->ring[(boot->first + boot->used - 1) % BOOT_RING];
    *action = (struct boot_action){.kind = kind, .file = boot->kind, .transport = boot->transport};
    text_copy(action->name, sizeof action->name, boot->name);
    return action;
}

void boot_push_status(struct boot *boot, enum boot_status status, const char *name)
{
    struct boot_action *action = boot_push(boot, BOOT_STATUS);
    action->status = status;
    text_copy(action->name, sizeof action->name, name);
}

const struct boot_action *boot_action(struct boot *boot)
{
    if (boot->used == 0)
        return NULL;
    const struct boot_action *action = &boot->ring[boot->first];
    boot->first = (boot->first + 1) % BOOT_RING;
    boot->used--;
    return action;
}

/* ---- asking ---- */

static void push_fetch(struct boot *boot)
{
    boot->asking = true;
    bool is_list = boot->kind == BOOT_CTL || boot->kind == BOOT_ITL;
    boot->transport = boot->http ? BOOT_HTTP : BOOT_TFTP;
    boot_push(boot, BOOT_FETCH)->max = is_list ? TRUSTLIST_READ_MAX : CNF_BYTES_MAX;
}

enum boot_event boot_ask(struct boot *boot, enum boot_kind kind, const char *a, const char *b)
{
    boot->kind = kind;
    text_format(boot->name, sizeof boot->name, "%s%s", a, b);
    push_fetch(boot);
    return EVENT_NONE;
}

static bool asks_for_list(const struct boot *boot, enum trustlist_kind kind)
{
    const struct model *m = boot->trust.model;
    return trait_is(kind == TRUSTLIST_CTL ? m->ctl : m->itl);
}

static const char *signed_suffix(const struct boot *boot)
{
    return phone_asks_signed(&boot->trust) ? ".sgn" : "";
}

/* ---- what is done on entering a state; the event returned leads on at once ---- */

static enum boot_event enter_ctl(struct boot *boot, int64_t now)
{
    char name[32];
    (void)now;
    if (!asks_for_list(boot, TRUSTLIST_CTL))
        return EVENT_SKIP;
    boot->ctl_tries++;
    text_format(name, sizeof name, "CTL%s", boot->device);
    return boot_ask(boot, BOOT_CTL, name, ".tlv");
}

static enum boot_event enter_itl(struct boot *boot, int64_t now)
{
    char name[32];
    (void)now;
    if (!asks_for_list(boot, TRUSTLIST_ITL))
        return EVENT_SKIP;
    text_format(name, sizeof name, "ITL%s", boot->device);
    return boot_ask(boot, BOOT_ITL, name, ".tlv");
}

static enum boot_event enter_itl_common(struct boot *boot, int64_t now)
{
    (void)now;
    return boot_ask(boot, BOOT_ITL, trustlist_file_name(TRUSTLIST_ITL), "");
}

void boot_tell_lists(struct boot *boot)
{
    bool asks = asks_for_list(boot, TRUSTLIST_CTL) || asks_for_list(boot, TRUSTLIST_ITL);
    if (boot->list_updated)
        boot_push_status(boot, STATUS_LIST_UPDATED, "");
    else if (asks && !boot->lists_told && !boot->trust.ctl && !boot->trust.itl)
        boot_push_status(boot, STATUS_NO_LIST, "");
    boot->list_updated = false;
    boot->lists_told = true;
}

static enum boot_event enter_configuration(struct boot *boot, int64_t now)
{
    char name[64];
    (void)now;
    boot_tell_lists(boot);
    text_format(name, sizeof name, "%s.cnf.xml", boot->device);
    return boot_ask(boot, BOOT_CONFIGURATION, name, signed_suffix(boot));
}

static enum boot_event enter_default(struct boot *boot, int64_t now)
{
    (void)now;
    return boot_ask(boot, BOOT_DEFAULT, "XMLDefault.cnf.xml", signed_suffix(boot));
}

/* Authenticated and encrypted need a CTL, which a phone asks for a few times. */
static enum boot_event enter_security(struct boot *boot, int64_t now)
{
    const struct cnf *c = boot->configuration;
    (void)now;
    if (!c)
        return EVENT_FAILED;
    if (c->security_mode == 1 || boot->trust.ctl || !asks_for_list(boot, TRUSTLIST_CTL))
        return EVENT_SKIP;
    if (boot->ctl_tries < BOOT_CTL_TRIES)
        return EVENT_ABSENT;
    boot->failed = true;
    why_error(&boot->why, ERR_NOT_FOUND,
              "its configuration demands mode %s, and after %u tries there is no CTL to be had: "
              "set the cluster to mixed mode, or give the phone a non-secure profile",
              c->security_mode == 2 ? "authenticated" : "encrypted", boot->ctl_tries);
    return EVENT_FAILED;
}

static enum boot_event enter_pause(struct boot *boot, int64_t now)
{
    boot->deadline = now + BOOT_PAUSE_MS;
    return EVENT_NONE;
}

static enum boot_event enter_extras(struct boot *boot, int64_t now)
{
    char name[HABITS_NAME];
    bool skip = true;
    (void)now;
    while (habits_extra(name, &skip, boot->trust.model, boot->configuration, boot->extra)) {
        boot->extra++;
        if (!skip)
            return boot_ask(boot, BOOT_EXTRA, name, signed_suffix(boot));
    }
    return EVENT_SKIP;
}

static enum boot_event enter_over(struct boot *boot, int64_t now)
{
    (void)now;
    struct boot_action *action = boot_push(boot, BOOT_OVER);
    action->outcome = boot->refused                          ? OUTCOME_REFUSED
                      : boot->failed || !boot->configuration ? OUTCOME_FAILED
                                                             : OUTCOME_FILES;
    action->words = why_text(&boot->why, ERR_NOT_FOUND);
    return EVENT_NONE;
}

/* ---- which file follows which ---- */

/* A CTL that is asked for again changes what the configuration must be, so that comes again too.
 * Without an answer about the configuration there is no going on; a refused one leaves the old. */
static const struct {
    enum boot_event (*enter)(struct boot *boot, int64_t now);
    enum boot_state next[EVENT_COUNT]; /* STATE_OFF: the event does not concern this state */
} table[STATE_COUNT] = {
    [STATE_OFF] = {NULL, {[EVENT_START] = STATE_CTL}},
    [STATE_CTL] = {enter_ctl,
                   {[EVENT_ACCEPTED] = STATE_ITL,
                    [EVENT_REFUSED] = STATE_ITL,
                    [EVENT_ABSENT] = STATE_ITL,
                    [EVENT_FAILED] = STATE_ITL,
                    [EVENT_SKIP] = STATE_ITL}},
    [STATE_ITL] = {enter_itl,
                   {[EVENT_ACCEPTED] = STATE_SEALED_FIRST,
                    [EVENT_REFUSED] = STATE_SEALED_FIRST,
                    [EVENT_ABSENT] = STATE_ITL_COMMON,
                    [EVENT_FAILED] = STATE_SEALED_FIRST,
                    [EVENT_SKIP] = STATE_SEALED_FIRST}},
    [STATE_ITL_COMMON] = {enter_itl_common,
                          {[EVENT_ACCEPTED] = STATE_SEALED_FIRST,
                           [EVENT_REFUSED] = STATE_SEALED_FIRST,
                           [EVENT_ABSENT] = STATE_SEALED_FIRST,
                           [EVENT_FAILED] = STATE_SEALED_FIRST}},
    [STATE_SEALED_FIRST] = {boot_enter_sealed_first,
                            {[EVENT_ACCEPTED] = STATE_SECURITY,
                             [EVENT_REFUSED] = STATE_SECURITY,
                             [EVENT_ABSENT] = STATE_CONFIGURATION,
                             [EVENT_FAILED] = STATE_OVER,
                             [EVENT_SKIP] = STATE_CONFIGURATION}},
    [STATE_CONFIGURATION] = {enter_configuration,
                             {[EVENT_ACCEPTED] = STATE_SHORT,
                              [EVENT_REFUSED] = STATE_SECURITY,
                              [EVENT_ABSENT] = STATE_DEFAULT,
                              [EVENT_FAILED] = STATE_OVER}},
    [STATE_SHORT] = {boot_enter_short,
                     {[EVENT_SKIP] = STATE_SECURITY,
                      [EVENT_ACCEPTED] = STATE_SEALED,
                      [EVENT_ABSENT] = STATE_SETTLE,
                      [EVENT_ENROL] = STATE_ENROL,
                      [EVENT_FAILED] = STATE_OVER}},
    [STATE_SEALED] = {boot_enter_sealed,
                      {[EVENT_ACCEPTED] = STATE_SECURITY,
                       [EVENT_REFUSED] = STATE_OVER,
                       [EVENT_ABSENT] = STATE_OVER,
                       [EVENT_FAILED] = STATE_OVER}},
    [STATE_ENROL] = {boot_enter_enrol,
                     {[EVENT_ACCEPTED] = STATE_SETTLE, [EVENT_FAILED] = STATE_OVER}},
    [STATE_SETTLE] = {boot_enter_settle, {[EVENT_TICK] = STATE_CONFIGURATION}},
    [STATE_DEFAULT] = {enter_default,
                       {[EVENT_ACCEPTED] = STATE_SECURITY,
                        [EVENT_REFUSED] = STATE_SECURITY,
                        [EVENT_ABSENT] = STATE_OVER,
                        [EVENT_FAILED] = STATE_OVER}},
    [STATE_SECURITY] =
        {enter_security,
         {[EVENT_SKIP] = STATE_EXTRAS, [EVENT_ABSENT] = STATE_PAUSE, [EVENT_FAILED] = STATE_OVER}},
    [STATE_PAUSE] = {enter_pause, {[EVENT_TICK] = STATE_CTL_AGAIN}},
    [STATE_CTL_AGAIN] = {enter_ctl,
                         {[EVENT_ACCEPTED] = STATE_CONFIGURATION,
                          [EVENT_REFUSED] = STATE_SECURITY,
                          [EVENT_ABSENT] = STATE_SECURITY,
                          [EVENT_FAILED] = STATE_SECURITY}},
    [STATE_EXTRAS] = {enter_extras,
                      {[EVENT_ACCEPTED] = STATE_EXTRAS,
                       [EVENT_REFUSED] = STATE_EXTRAS,
                       [EVENT_ABSENT] = STATE_EXTRAS,
                       [EVENT_FAILED] = STATE_OVER,
                       [EVENT_SKIP] = STATE_CAPF}},
    [STATE_CAPF] =
        {boot_enter_capf,
         {[EVENT_ACCEPTED] = STATE_OVER, [EVENT_FAILED] = STATE_OVER, [EVENT_SKIP] = STATE_OVER}},
    [STATE_OVER] = {enter_over, {0}},
};

void boot_happen(struct boot *boot, enum boot_event event, int64_t now)
{
    while (event != EVENT_NONE) {
        enum boot_state next = table[boot->state].next[event];
        if (next == STATE_OFF)
            return;
        boot->state = next;
        boot->deadline = BOOT_NEVER;
        event = table[next].enter(boot, now);
    }
}

/* ---- news ---- */

void boot_start(struct boot *boot, int64_t now)
{
    boot_happen(boot, EVENT_START, now);
}

void boot_restart(struct boot *boot, int64_t now)
{
    boot->state = STATE_OFF;
    boot->http = boot->has_http;
    boot->ctl_tries = boot->settles = 0;
    boot->extra = 0;
    boot->is_configured = boot->is_enrolled = boot->asked_capf = false;
    boot->list_updated = boot->lists_told = boot->refused = boot->failed = false;
    boot->why = (struct why)WHY_NONE;
    boot_start(boot, now);
}

void boot_arrived(struct boot *boot, struct bytes file, int64_t now)
{
    if (!boot->asking)
        return;
    boot->asking = false;
    boot_happen(boot, boot_judge(boot, file), now);
}

void boot_testified(struct boot *boot, const struct testimony *testimony, int64_t now)
{
    if (!boot->inquiring)
        return;
    boot->inquiring = false;
    boot->trust.testimony = testimony;
    enum boot_event event = boot_judge(boot, buffer_bytes(&boot->doubtful));
    boot->trust.testimony = NULL;
    boot_happen(boot, event, now);
}

/* A file that is not there is a status message when nothing else can take its place. */
static void tell_absent(struct boot *boot)
{
    if (boot->kind == BOOT_CTL)
        boot_push_status(boot, STATUS_NOT_FOUND, trustlist_file_name(TRUSTLIST_CTL));
    if (boot->state == STATE_ITL_COMMON)
        boot_push_status(boot, STATUS_NOT_FOUND, trustlist_file_name(TRUSTLIST_ITL));
    if (boot->state == STATE_SEALED) {
        boot_push_status(boot, STATUS_NOT_FOUND, boot->name);
        boot->failed = true;
        why_error(&boot->why, ERR_NOT_FOUND,
                  "the short configuration names the phone's own certificate, and the server has "
                  "no %s",
                  boot->name);
    }
    if (boot->kind != BOOT_DEFAULT)
        return;
    const char *suffix = signed_suffix(boot);
    boot_push_status(boot, STATUS_NOT_FOUND, "Cfg File");
    boot->failed = true;
    why_error(&boot->why, ERR_NOT_FOUND,
              "the server has neither %s.cnf.xml%s nor XMLDefault.cnf.xml%s for it", boot->device,
              suffix, suffix);
}

void boot_absent(struct boot *boot, int64_t now)
{
    if (!boot->asking)
        return;
    boot->asking = false;
    boot_push(boot, BOOT_FILE)->result = RESULT_ABSENT;
    tell_absent(boot);
    boot_happen(boot, EVENT_ABSENT, now);
}

static enum boot_event fail(struct boot *boot, enum boot_failure failure, const char *words)
{
    static const enum boot_status statuses[] = {
        [FAILURE_TIMEOUT] = STATUS_TIMEOUT, [FAILURE_UNREACHABLE] = STATUS_TIMEOUT,
        [FAILURE_TOO_LARGE] = STATUS_SIZE,  [FAILURE_ACCESS] = STATUS_ACCESS,
        [FAILURE_SERVER] = STATUS_ERROR,    [FAILURE_LOCAL] = STATUS_ERROR,
    };
    text_copy(boot->words, sizeof boot->words, words);
    struct boot_action *action = boot_push(boot, BOOT_FILE);
    action->result = RESULT_FAILED;
    action->failure = failure;
    action->words = boot->words;
    boot_push_status(boot, statuses[failure], "");
    if (boot->kind != BOOT_EXTRA) {
        boot->failed = true;
        why_error(&boot->why, ERR_CLOSED, "%.200s: %s", boot->name, boot->words);
    }
    return EVENT_FAILED;
}

enum boot_event boot_fail_here(struct boot *boot, const char *words)
{
    return fail(boot, FAILURE_LOCAL, words);
}

/* Whatever goes wrong over HTTP is tried by TFTP; where nobody answers, HTTP is not tried again. */
static void fall_back(struct boot *boot, enum boot_failure failure, const char *words)
{
    bool nobody = failure == FAILURE_TIMEOUT || failure == FAILURE_UNREACHABLE;
    text_copy(boot->words, sizeof boot->words, words);
    struct boot_action *action = boot_push(boot, BOOT_FILE);
    action->result = RESULT_BY_TFTP;
    action->failure = failure;
    action->words = boot->words;
    boot->http = false;
    push_fetch(boot);
    boot->http = !nobody;
}

void boot_failed(struct boot *boot, enum boot_failure failure, const char *words, int64_t now)
{
    if (!boot->asking)
        return;
    boot->asking = false;
    if (boot->transport == BOOT_HTTP && failure != FAILURE_TOO_LARGE)
        fall_back(boot, failure, words);
    else
        boot_happen(boot, fail(boot, failure, words), now);
}

void boot_stored(struct boot *boot, const char *error, int64_t now)
{
    if (!boot->storing)
        return;
    if (!error) {
        boot_commit(boot);
        boot_happen(boot, EVENT_ACCEPTED, now);
        return;
    }
    boot_drop(boot);
    boot_happen(boot, boot_fail_here(boot, error), now);
}

void boot_tick(struct boot *boot, int64_t now)
{
    if (now >= boot->deadline)
        boot_happen(boot, EVENT_TICK, now);
}

int64_t boot_deadline(const struct boot *boot)
{
    return boot->deadline;
}

/* ---- what the phone knows ---- */

const char *boot_device(const struct boot *boot)
{
    return boot->device;
}

const struct model *boot_model(const struct boot *boot)
{
    return boot->trust.model;
}

const struct held_list *boot_list(const struct boot *boot, enum trustlist_kind kind)
{
    return boot->held[kind];
}

const struct phone_trust *boot_trust(const struct boot *boot)
{
    return &boot->trust;
}

const struct cnf *boot_configuration(const struct boot *boot)
{
    return boot->configuration;
}

bool boot_is_configured(const struct boot *boot)
{
    return boot->is_configured;
}

int boot_check_registration(const struct boot *boot, struct why *why)
{
    const struct cnf *c = boot->configuration;
    if (!c)
        return why_error(why, ERR_NOT_FOUND, "it has no configuration");
    if (c->sip)
        return why_error(why, ERR_UNSUPPORTED,
                         "its configuration says SIP, and this phone registers over SCCP alone");
    if (c->encrypted && !c->full)
        return why_error(why, ERR_NOT_FOUND,
                         "its configuration is encrypted, and it has only the beginning of it");
    if (c->security_mode > 1 && !boot->trust.ctl && asks_for_list(boot, TRUSTLIST_CTL))
        return why_error(why, ERR_NOT_FOUND,
                         "its configuration demands a secure mode, and it has no CTL");
    if (c->manager_count == 0)
        return why_error(why, ERR_NOT_FOUND, "its configuration names no call manager");
    return 0;
}
