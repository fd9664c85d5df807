/* A phone goes on to its call managers. */
#include "phone/phone_parts.h"

static void finished(void *context, const struct signalling_end *end);

static int take_context(struct tls_context **out, struct phone *phone,
                        const struct managers *managers, struct why *why)
{
    struct phone_world *world = phone->world;
    const struct tls_client_setup null_tls = {.profile = TLS_OLD_PHONE, .null_cipher = true};
    int result = 0;
    if (!managers->tls) {
        if (!world->plain)
            result = tls_plain_context_new(&world->plain, false);
        *out = world->plain;
    } else if (managers->null_cipher) {
        if (!world->null_tls)
            result = tls_client_context_new(&world->null_tls, &null_tls, why);
        *out = world->null_tls;
    } else {
        result = phone_take_tls(out, phone, why);
    }
    return result;
}

static void take_news(void *context, const struct signalling_news *news)
{
    struct phone *phone = context;
    if (phone->events->signalling)
        phone->events->signalling(phone->context, phone->boot, news);
}

/* The load that the configuration names is the one the phone has; where it names none, what its
 * model's begin with. */
static const char *load_of(const struct phone *phone)
{
    const struct cnf *configuration = boot_configuration(phone->boot);
    const char *usual = boot_model(phone->boot)->load_sccp;
    return configuration->load[0] ? configuration->load : usual ? usual : "";
}

static int start(struct phone *phone, struct why *why)
{
    const struct cnf *configuration = boot_configuration(phone->boot);
    const struct model *model = boot_model(phone->boot);
    struct managers managers;
    bool old_tls = phone_speaks_old_tls(phone);
    managers_choose(&managers, configuration, boot_trust(phone->boot),
                    phone_shifted_port(phone, MANAGERS_PORT), old_tls);
    struct registration_setup registration = {
        .device = phone->device,
        .device_type = model->type,
        .idiom = idiom_of(model),
        .load = load_of(phone),
        .config_stamp = configuration->version_stamp,
        .pace = phone->registration,
        .last = phone->last,
        .lists = listnews_alarm(&phone->listnews),
    };
    if (!phone->has_pace && configuration->monitor_seconds)
        registration.pace.monitor_ms = (int64_t)configuration->monitor_seconds * 1000;
    struct signalling_setup setup = {
        .loop = phone->world->loop,
        .worker = phone->world->worker,
        .room = phone->world->room,
        .old_tls = old_tls,
        .identity = phone->lsc.certificate ? &phone->lsc : phone->mic,
        .source = phone->has_source ? &phone->source : NULL,
        .managers = &managers,
        .trust = boot_trust(phone->boot),
        .tvsc = phone->tvsc,
        .registration = &registration,
        .sound = phone->sound,
        .recording = phone->recording,
        .span = phone->span,
        .mute = phone->mute,
        .news = take_news,
        .finished = finished,
        .context = phone,
    };
    if (managers.count == 0)
        return why_error(why, ERR_NOT_FOUND,
                         "its configuration names no call manager it could "
                         "reach");
    phone_set_circle(phone);
    int result = take_context(&setup.tls, phone, &managers, why);
    return result ? result : signalling_start(&phone->signalling, &setup);
}

void phone_register(struct phone *phone)
{
    struct why why = WHY_NONE;
    int result = phone->leaves ? 0 : boot_check_registration(phone->boot, &why);
    if (result == 0 && !phone->leaves)
        result = start(phone, &why);
    if (result || phone->leaves)
        phone->events->finished(phone->context, result, &why);
}

static void boot_again(struct phone *phone, enum sccp_reset_type reset)
{
    phone->last = reset == SCCP_RESET_DEVICE ? LAST_RESET : LAST_RESTART;
    listnews_begin(&phone->listnews, phone->boot);
    boot_restart(phone->boot, phone_now(phone));
    phone_pump(phone);
}

static void finished(void *context, const struct signalling_end *end)
{
    struct phone *phone = context;
    enum sccp_reset_type reset = end->reset;
    bool again = end->again && !phone->leaves;
    if (phone->events->unregistered)
        phone->events->unregistered(phone->context, end);
    signalling_free(phone->signalling);
    phone->signalling = NULL;
    if (again)
        boot_again(phone, reset);
    else
        phone->events->finished(phone->context, 0, NULL);
}

struct signalling *phone_signalling(struct phone *phone)
{
    return phone->signalling;
}

void phone_leave(struct phone *phone)
{
    phone->leaves = true;
    if (phone->signalling)
        signalling_leave(phone->signalling);
    else
        phone->events->finished(phone->context, 0, NULL);
}
