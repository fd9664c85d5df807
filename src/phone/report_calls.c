/* Registration and calls, as JSON. */
#include "phone/report_parts.h"

#include "base/clock.h"
#include "base/text.h"

/* ---- registration ---- */

static json_t *lines_of(struct report *r, const struct handset *h)
{
    json_t *array = json_array();
    for (size_t i = 0; i < handset_lines(h); i++) {
        const struct handset_line *line = handset_line(h, i);
        json_t *object = json_object();
        report_put(r, object, "line", json_integer(line->instance));
        report_put(r, object, "number", report_text(line->number));
        report_put(r, object, "label", report_text(line->label));
        report_put(r, object, "forwarded_to",
                   line->forward_all[0] ? report_text(line->forward_all) : json_null());
        if (json_array_append_new(array, object) != 0)
            r->broken = true;
    }
    return array;
}

static void put_registration(struct report *r, struct signalling *s, const char *server)
{
    json_t *object = json_object();
    size_t number = 0;
    unsigned version = 0;
    bool tls = r->tls[0] != '\0';
    (void)registration_server(signalling_registration(s), &number, &version);
    report_put(r, object, "server", report_text(server));
    report_put(r, object, "tls", tls ? json_string(r->tls) : json_null());
    report_put(r, object, "cipher", tls ? json_string(r->cipher) : json_null());
    report_put(r, object, "version", json_integer(version));
    report_put(r, object, "lines", lines_of(r, signalling_handset(s)));
    report_put(r, r->root, "registration", object);
}

/* ---- calls ---- */

static const char *direction_of(const struct handset_call *call)
{
    return call->type == SCCP_CALL_OUTBOUND ? "out" : "in";
}

static void add_call(struct report *r, struct signalling *s, size_t place)
{
    const struct handset_call *call = handset_call(signalling_handset(s), place);
    struct audio_counters n = {0};
    json_t *object = json_object();
    int64_t connected = r->connected_ms[place];
    bool talked = connected && signalling_counters(s, place, &n);
    report_put(r, object, "number", report_text(call->number));
    report_put(r, object, "name", report_text(call->name));
    report_put(r, object, "direction", json_string(direction_of(call)));
    report_put(r, object, "seconds",
               connected ? json_real((double)(clock_ms() - connected) / 1000.0) : json_null());
    report_put(r, object, "icon",
               connected ? json_string(handset_icon_text(r->icons[place])) : json_null());
    report_put(r, object, "encrypts", json_boolean(talked && n.encrypts));
    report_put(r, object, "decrypts", json_boolean(talked && n.decrypts));
    report_put(r, object, "sent", json_integer((json_int_t)(talked ? n.sent : 0)));
    report_put(r, object, "received", json_integer((json_int_t)(talked ? n.received : 0)));
    report_put(r, object, "lost", json_integer((json_int_t)(talked ? n.lost : 0)));
    report_put(r, object, "late", json_integer((json_int_t)(talked ? n.late : 0)));
    report_put(r, object, "jitter_us", json_integer((json_int_t)(talked ? n.jitter_us : 0)));
    if (json_array_append_new(r->calls, object) != 0)
        r->broken = true;
    r->connected_ms[place] = 0;
    r->icons[place] = SCCP_SECURITY_UNKNOWN;
}

static void take_handset(struct report *r, struct signalling *s, const struct handset_step *step)
{
    const struct handset_call *call = handset_call(signalling_handset(s), step->call);
    if (!call)
        return;
    if (step->what == HANDSET_CALL && call->state == SCCP_STATE_CONNECTED &&
        !r->connected_ms[step->call])
        r->connected_ms[step->call] = clock_ms();
    else if (step->what == HANDSET_ICON)
        r->icons[step->call] = step->number;
    else if (step->what == HANDSET_OVER)
        add_call(r, s, step->call);
}

void report_signalling(struct report *r, struct signalling *s, const struct signalling_news *news)
{
    if (news->what == SIGNALLING_CONNECTED) {
        text_copy(r->tls, sizeof r->tls, news->tls ? news->tls : "");
        text_copy(r->cipher, sizeof r->cipher, news->cipher ? news->cipher : "");
    } else if (news->what == SIGNALLING_HANDSET) {
        take_handset(r, s, news->handset);
    } else if (news->what == SIGNALLING_REGISTRATION &&
               news->registration->what == REGISTRATION_DONE) {
        put_registration(r, s, news->server);
    }
}

void report_unregistered(struct report *r, struct signalling *s)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        if (handset_call(signalling_handset(s), i))
            add_call(r, s, i);
}
