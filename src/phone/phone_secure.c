/* A phone goes to CAPF and asks TVS. */
#include "phone/phone_parts.h"

#include <string.h>

enum { TFTP_STANDARD_PORT = 69 };

void phone_hold_certificates(struct phone *phone)
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

bool phone_speaks_old_tls(const struct phone *phone)
{
    return tls_profile_of(phone) == TLS_OLD_PHONE;
}

int phone_take_tls(struct tls_context **out, struct phone *phone, struct why *why)
{
    enum tls_profile profile = tls_profile_of(phone);
    const struct tls_client_setup setup = {.profile = profile};
    struct tls_context **kept = &phone->world->tls[profile];
    int result = *kept ? 0 : tls_client_context_new(kept, &setup, why);
    *out = *kept;
    return result;
}

/* An inferred size keeps no phone from doing what it is told. That a model makes no EC keys is
 * mostly inferred, from nobody naming it; a phone that made them all the same would show less. */
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
        .no_ec = model->ec_lsc.value == TRAIT_NO,
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
    char words[512];
    enum enrol_outcome outcome = result->outcome;
    text_copy(words, sizeof words, result->words);
    keep_lsc(phone, result);
    phone_hold_certificates(phone);
    if (phone->events->enrolled)
        phone->events->enrolled(phone->context, result);
    enrolment_free(phone->enrolment);
    phone->enrolment = NULL;
    boot_enrolled(phone->boot, outcome, words, phone_now(phone));
    phone_pump(phone);
}

uint16_t phone_shifted_port(const struct phone *phone, uint16_t standard)
{
    int port = standard + address_port(&phone->server) - TFTP_STANDARD_PORT;
    return port >= 1 && port <= UINT16_MAX ? (uint16_t)port : standard;
}

void phone_set_circle(struct phone *phone)
{
    const struct cnf *configuration = boot_configuration(phone->boot);
    struct tvsc_circle circle = {
        .trust = *boot_trust(phone->boot),
        .old_tls = phone_speaks_old_tls(phone),
    };
    if (configuration && phone_take_tls(&circle.tls, phone, NULL) == 0) {
        circle.servers = configuration->tvs;
        circle.server_count = configuration->tvs_count;
    }
    tvsc_set_circle(phone->tvsc, &circle);
}

void phone_start_enrolment(struct phone *phone)
{
    const struct cnf *configuration = boot_configuration(phone->boot);
    struct why why = WHY_NONE;
    struct enrolment_setup setup = {
        .loop = phone->world->loop,
        .worker = phone->world->worker,
        .old_tls = phone_speaks_old_tls(phone),
        .source = phone->has_source ? &phone->source : NULL,
        .servers = configuration->capf,
        .server_count = configuration->capf_count,
        .port = phone_shifted_port(phone, CAPF_PORT),
        .trust = *boot_trust(phone->boot),
        .tvsc = phone->tvsc,
        .session = session_of(phone),
        .flash = phone->job ? &phone->job->flash : NULL,
        .keys = phone->world->keys,
        .pace = phone->pace,
        .news = enrolment_news,
        .finished = enrolment_finished,
        .context = phone,
    };
    phone_set_circle(phone);
    int result = phone_take_tls(&setup.tls, phone, &why);
    if (result == 0)
        result = enrolment_start(&phone->enrolment, &setup);
    if (result)
        boot_enrolled(phone->boot, ENROL_BROKEN, why_text(&why, result), phone_now(phone));
}

/* ---- TVS ---- */

static void tvs_news(void *context, const struct tvsc_news *news)
{
    struct phone *phone = context;
    if (phone->events->tvs)
        phone->events->tvs(phone->context, phone->boot, news);
}

/* It calls itself by its model, as an 8861 was seen to. */
int phone_make_tvsc(struct phone *phone, int64_t answer_ms)
{
    char device[TVS_DEVICE_MAX];
    const struct tvsc_setup setup = {
        .loop = phone->world->loop,
        .worker = phone->world->worker,
        .source = phone->has_source ? &phone->source : NULL,
        .device = device,
        .port = phone_shifted_port(phone, TVS_PORT),
        .answer_ms = answer_ms,
        .news = tvs_news,
        .context = phone,
    };
    text_format(device, sizeof device, "CP-%s-%s", boot_model(phone->boot)->name, phone->device);
    return tvsc_new(&phone->tvsc, &setup);
}

void phone_flush_tvs(struct phone *phone)
{
    if (trait_is(boot_model(phone->boot)->tvs))
        tvsc_flush(phone->tvsc);
}

static void testified(void *context, const struct testimony *testimony)
{
    struct phone *phone = context;
    boot_testified(phone->boot, testimony, phone_now(phone));
    tvsc_ask_free(phone->ask);
    phone->ask = NULL;
    phone_pump(phone);
}

void phone_ask_tvs(struct phone *phone, const struct boot_action *action)
{
    const struct inquiry_question question = {
        .subject = action->subject, .issuer = action->issuer, .serial = action->serial};
    phone_set_circle(phone);
    int result = tvsc_ask(&phone->ask, phone->tvsc, &question, testified, phone);
    if (result) {
        const struct testimony silence = {.kind = TESTIMONY_SILENCE, .words = error_text(result)};
        boot_testified(phone->boot, &silence, phone_now(phone));
    }
}
