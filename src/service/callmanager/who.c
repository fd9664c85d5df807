#include "service/callmanager/who.h"

#include "base/log.h"
#include "base/text.h"
#include "cluster/auto_register.h"
#include "cluster/config.h"
#include "cluster/credential.h"
#include "cluster/parameters.h"
#include "service/callmanager/newcomers.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What was read stays: phones keep it. */
struct known_zone {
    struct known_zone *next;
    char name[POOL_TEXT];
    struct zone *zone; /* NULL: there is none */
};

struct who_desk {
    atomic_bool stale;
    struct newcomers *newcomers;
    struct known_zone *zones;
    struct auto_numbers numbers;
    bool mixed;
};

struct asking {
    struct who_answer *out;
    struct who_desk *desk;
    struct store *store;
    const struct who_question *question;
    struct store_device device;
    struct store_profile profile;
    struct credential credential; /* of its certificate, if it came so far */
    struct admission_facts facts;
    char shown[80]; /* the name, for logs */
    struct why *why;
};

/* ---- what every registration needs ---- */

int who_desk_new(struct who_desk **out)
{
    struct who_desk *desk = calloc(1, sizeof *desk);
    if (!desk)
        return -ENOMEM;
    atomic_init(&desk->stale, true);
    int result = newcomers_new(&desk->newcomers);
    if (result) {
        free(desk);
        return result;
    }
    *out = desk;
    return 0;
}

void who_desk_free(struct who_desk *desk)
{
    if (!desk)
        return;
    newcomers_free(desk->newcomers);
    while (desk->zones) {
        struct known_zone *known = desk->zones;
        desk->zones = known->next;
        zone_free(known->zone);
        free(known);
    }
    free(desk);
}

void who_desk_stale(struct who_desk *desk)
{
    atomic_store(&desk->stale, true);
    newcomers_look_again(desk->newcomers);
}

void who_desk_phones(struct who_desk *desk)
{
    newcomers_look_again(desk->newcomers);
}

/* Each is read once; without it the phone gets UTC, and the log says so. */
static const struct zone *zone_of(struct who_desk *desk, const char *name)
{
    struct why why = WHY_NONE;
    struct known_zone *known = desk->zones;
    while (known && strcmp(known->name, name) != 0)
        known = known->next;
    if (known || !name[0])
        return known ? known->zone : NULL;
    known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    *known = (struct known_zone){.next = desk->zones};
    text_copy(known->name, sizeof known->name, name);
    int result = zone_read(&known->zone, name, &why);
    if (result)
        log_event(LEVEL_WARNING, "event=time_zone_unknown reason=\"%s\"", why_text(&why, result));
    desk->zones = known;
    return known->zone;
}

static int refresh(struct who_desk *desk, struct store *store)
{
    char value[PARAMETER_VALUE];
    if (!atomic_exchange(&desk->stale, false))
        return 0;
    int result = auto_numbers_load(&desk->numbers, store);
    if (result == 0)
        result = store_parameter_get(store, PARAMETER_SECURITY_MODE, value);
    if (result == ERR_NOT_FOUND)
        result = text_copy(value, sizeof value, parameter_find(PARAMETER_SECURITY_MODE)->value)
                     ? 0
                     : ERR_BUG;
    if (result)
        who_desk_stale(desk);
    else
        desk->mixed = strcmp(value, "0") != 0;
    return result;
}

/* ---- its certificate ---- */

static enum admission_certificate standing_of(const struct credential *credential)
{
    switch (credential->standing) {
    case CREDENTIAL_FINE:
        return ADMISSION_CERTIFICATE_FINE;
    case CREDENTIAL_FOREIGN:
        return ADMISSION_CERTIFICATE_FOREIGN;
    case CREDENTIAL_REVOKED:
        return ADMISSION_CERTIFICATE_REVOKED;
    case CREDENTIAL_REPLACED:
        return ADMISSION_CERTIFICATE_REPLACED;
    case CREDENTIAL_UNKNOWN:
        break;
    }
    return ADMISSION_CERTIFICATE_UNKNOWN;
}

static enum admission_certificate distrusted(enum tls_verdict verdict)
{
    switch (verdict) {
    case TLS_CERTIFICATE_EXPIRED:
        return ADMISSION_CERTIFICATE_EXPIRED;
    case TLS_CERTIFICATE_REVOKED:
        return ADMISSION_CERTIFICATE_REVOKED;
    default:
        return ADMISSION_CERTIFICATE_UNTRUSTED;
    }
}

static void distrust(struct asking *a)
{
    a->facts.certificate = distrusted(a->question->verdict);
    a->facts.certificate_why = a->question->doubt;
}

/* One that is in use and known has nothing to be written about it. */
static int is_in_use(bool *out, struct asking *a)
{
    struct store_phone_certificate row;
    char sha256[LIST_HASH];
    *out = false;
    int result = store_phone_certificate_get(
        a->store, credential_sha256(sha256, a->question->certificate), &row);
    if (result)
        return result == ERR_NOT_FOUND
                   ? 0
                   : why_error(a->why, result, "%s", store_words(a->store, result));
    *out = row.state == PHONE_ACTIVE;
    store_phone_certificate_fini(&row);
    return 0;
}

static int recognise(struct asking *a)
{
    const struct who_question *q = a->question;
    bool in_use = false;
    int result = q->may_write ? 0 : is_in_use(&in_use, a);
    a->out->later = !q->may_write && !in_use;
    if (result || a->out->later)
        return result;
    result = credential_recognise(&a->credential, a->store, a->device.name, q->certificate, q->ours,
                                  q->now, a->why);
    if (result)
        return result;
    a->facts.certificate = standing_of(&a->credential);
    a->facts.certificate_why = a->credential.reason;
    return 0;
}

static int look_at_certificate(struct asking *a)
{
    const struct who_question *q = a->question;
    const struct certificate *c = q->certificate;
    if (q->link == CALL_LINK_PLAIN || !c)
        return 0;
    credential_sha256(a->out->sha256, c);
    a->out->not_after = certificate_not_after(c);
    if (!certificate_names_device(c, bytes_of_string(q->claim.device)))
        a->facts.certificate = ADMISSION_CERTIFICATE_FOREIGN;
    else if (q->verdict != TLS_TRUSTED)
        distrust(a);
    else if (!a->facts.known) /* nothing is written about phones nobody knows */
        a->facts.certificate = ADMISSION_CERTIFICATE_FINE;
    else
        return recognise(a);
    return 0;
}

/* ---- the phone ---- */

static int look_at_phone(struct asking *a)
{
    if (!a->facts.is_name)
        return 0;
    int result = store_device_get(a->store, a->question->claim.device, &a->device);
    if (result == ERR_NOT_FOUND)
        return 0;
    if (result == 0)
        result = store_profile_get(a->store, a->device.profile, &a->profile);
    if (result)
        return why_error(a->why, result, "%s cannot be read: %s", a->question->claim.device,
                         store_words(a->store, result));
    a->facts.known = true;
    a->facts.protocol = a->profile.protocol;
    a->facts.mode = a->profile.mode;
    a->facts.profile = a->profile.name;
    return 0;
}

/* By the facts there are. */
static bool decide(struct asking *a)
{
    return admission_decide(&a->out->admission, &a->facts) == 0;
}

/* The store is asked only if there may be a number for it. */
static int take_number(struct asking *a, struct why *why)
{
    const struct who_question *q = a->question;
    char number[LINE_NUMBER];
    int result = newcomers_admit(a->desk->newcomers, q->peer, q->ms, why);
    if (result)
        return result;
    result = auto_register(a->store, q->claim.device, q->claim.type, number, why);
    if (result == ERR_LIMIT)
        newcomers_full(a->desk->newcomers, why->text);
    return result;
}

/* Should it not work, the phone stays as unknown as it was. */
static int add_phone(struct asking *a)
{
    struct why why = WHY_NONE;
    int result = take_number(a, &why);
    if (result == ERR_POLICY || result == ERR_LIMIT) {
        a->facts.auto_register = false;
        decide(a);
        text_copy(a->out->admission.reason, sizeof a->out->admission.reason,
                  why_text(&why, result));
        return 0;
    }
    if (result && result != ERR_DUPLICATE) /* another connection of its was faster */
        return why_error(a->why, result, "%s", why_text(&why, result));
    a->out->by_itself = result == 0;
    result = look_at_phone(a);
    if (result == 0)
        decide(a);
    return result;
}

/* ---- what it gets ---- */

static int take_servers(struct asking *a, const char *group_name)
{
    struct store_group group;
    int result = store_group_get(a->store, group_name, &group);
    for (unsigned i = 0; i < group.count && result == 0; i++) {
        const struct store_node *node = &group.members[i];
        struct station_server *server = &a->out->servers[a->out->server_count];
        text_copy(server->name, sizeof server->name, node->name);
        if (address_parse(&server->address, node->address,
                          (uint16_t)(PORT_SCCP + node->port_offset)) == 0)
            a->out->server_count++;
    }
    return result;
}

static int take_buttons(struct store *store, const char *device, struct who_answer *out)
{
    int result = store_lines_get(store, device, out->lines, DEVICE_LINES_MAX, &out->line_count);
    if (out->line_count > DEVICE_LINES_MAX)
        out->line_count = DEVICE_LINES_MAX;
    if (result == 0)
        result = store_speed_dials_get(store, device, out->speed_dials, DEVICE_LINES_MAX,
                                       &out->speed_dial_count);
    if (out->speed_dial_count > DEVICE_LINES_MAX)
        out->speed_dial_count = DEVICE_LINES_MAX;
    return result;
}

static int take_rest(struct asking *a)
{
    struct store_pool pool;
    struct who_answer *out = a->out;
    int result = take_buttons(a->store, a->device.name, out);
    if (result == 0)
        result = store_pool_get(a->store, a->device.pool, &pool);
    if (result == 0)
        result = take_servers(a, pool.group);
    if (result)
        return why_error(a->why, result, "what %s gets cannot be read: %s", a->device.name,
                         store_words(a->store, result));
    text_copy(out->load, sizeof out->load, a->device.load);
    text_copy(out->date_template, sizeof out->date_template, pool.date_template);
    out->zone = zone_of(a->desk, pool.olson_zone);
    return 0;
}

int callmanager_who_ask(struct who_answer *out, struct who_desk *desk, struct store *store,
                        const struct who_question *question, struct why *why)
{
    struct asking a = {.out = out, .desk = desk, .store = store, .question = question, .why = why};
    *out = (struct who_answer){.line_count = 0};
    int result = refresh(desk, store);
    if (result)
        return why_error(why, result, "parameters cannot be read: %s", store_words(store, result));
    out->mixed = desk->mixed;
    a.facts = (struct admission_facts){
        .device = text_escape(a.shown, sizeof a.shown, bytes_of_string(question->claim.device)),
        .is_name = question->claim.is_name,
        .link = question->link,
        .cipher = question->cipher,
        .mixed = desk->mixed,
        .auto_register = desk->numbers.on};
    result = look_at_phone(&a);
    if (result == 0)
        result = look_at_certificate(&a);
    if (result || out->later)
        return result;
    if (decide(&a) && out->admission.verdict == ADMISSION_AUTO_REGISTER && !question->token) {
        out->later = !question->may_write;
        if (out->later)
            return 0;
        result = add_phone(&a);
    }
    out->proved = out->admission.verdict == ADMISSION_WELCOME &&
                  (question->link != CALL_LINK_PLAIN || a.facts.mode == MODE_NON_SECURE);
    if (result == 0 && out->admission.verdict == ADMISSION_WELCOME && !question->token)
        result = take_rest(&a);
    return result;
}
