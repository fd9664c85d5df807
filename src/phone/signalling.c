#include "phone/signalling_parts.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum { LISTEN_MS = 1000 };

static int64_t now_of(const struct signalling *s)
{
    return loop_now(s->setup.loop);
}

/* ---- birth and death ---- */

static void timer_fired(void *context)
{
    signalling_pump(context);
}

static bool has_preserved(const struct signalling *s)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++) {
        const struct handset_call *call = handset_call(s->handset, i);
        if (call && call->preserved)
            return true;
    }
    return false;
}

static void listen_again(void *context)
{
    struct signalling *s = context;
    signalling_listen(s);
    if (has_preserved(s))
        loop_timer_start(s->listener, LISTEN_MS);
    signalling_pump(s);
}

static int make_parts(struct signalling *s)
{
    struct registration_setup registration = *s->setup.registration;
    registration.servers = s->managers.count;
    int result = registration_new(&s->registration, &registration);
    if (result == 0)
        result = handset_new(&s->handset, registration.idiom);
    if (result == 0)
        result = loop_timer_new(&s->timer, s->setup.loop, timer_fired, s);
    if (result == 0)
        result = loop_timer_new(&s->listener, s->setup.loop, listen_again, s);
    return result;
}

int signalling_start(struct signalling **out, const struct signalling_setup *setup)
{
    struct signalling *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->setup = *setup;
    s->managers = *setup->managers;
    if (setup->source)
        s->source = *setup->source;
    for (size_t i = 0; i < s->managers.count; i++) {
        const struct managers_member *manager = &s->managers.list[i];
        char host[CNF_HOST];
        s->lines[i] = (struct line){.signalling = s, .server = i};
        text_escape(host, sizeof host, bytes_of_string(manager->host));
        text_format(s->lines[i].name, sizeof s->lines[i].name, "%s:%u", host, manager->port);
    }
    int result = make_parts(s);
    if (result) {
        signalling_free(s);
        return result;
    }
    registration_start(s->registration, now_of(s));
    loop_timer_start(s->timer, 0);
    *out = s;
    return 0;
}

void signalling_free(struct signalling *s)
{
    if (!s)
        return;
    s->doomed = true;
    if (s->pumping) /* by `finished`, within the pump: it frees then */
        return;
    for (size_t i = 0; i < s->managers.count; i++)
        line_close(&s->lines[i]);
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        audio_close(s->audio[i]);
    loop_timer_free(s->timer);
    loop_timer_free(s->listener);
    registration_free(s->registration);
    handset_free(s->handset);
    free(s);
}

void signalling_leave(struct signalling *s)
{
    registration_leave(s->registration, now_of(s));
    loop_timer_start(s->timer, 0);
}

/* ---- steps ---- */

void signalling_tell(struct signalling *s, struct signalling_news news)
{
    s->setup.news(s->setup.context, &news);
}

/* What the registration means for the handset. */
static void follow(struct signalling *s, const struct registration_step *step)
{
    const struct line *line = &s->lines[step->server];
    bool encrypted = s->managers.tls && line->connection && tls_is_encrypted(line->connection);
    switch (step->what) {
    case REGISTRATION_TAKEN:
        handset_attach(s->handset, encrypted);
        break;
    case REGISTRATION_LOST:
    case REGISTRATION_GOES_BACK:
        handset_detach(s->handset);
        loop_timer_start(s->listener, LISTEN_MS);
        break;
    default:
        break;
    }
}

static void take_registration(struct signalling *s, const struct registration_step *step)
{
    struct line *line = &s->lines[step->server];
    switch (step->kind) {
    case REGISTRATION_OPEN:
        line_open(line);
        break;
    case REGISTRATION_CLOSE:
        line_close(line);
        break;
    case REGISTRATION_SEND:
        line_send(line, step->bytes);
        break;
    case REGISTRATION_MESSAGE:
        handset_message(s->handset, step->message);
        break;
    case REGISTRATION_TELL:
        follow(s, step);
        signalling_tell(s, (struct signalling_news){.what = SIGNALLING_REGISTRATION,
                                                    .server = line->name,
                                                    .registration = step});
        break;
    case REGISTRATION_AGAIN:
    case REGISTRATION_OVER:
        s->ended = true;
        s->end = (struct signalling_end){.again = step->kind == REGISTRATION_AGAIN,
                                         .reset = step->reset,
                                         .server = line->name,
                                         .words = step->words};
        break;
    }
}

static void take_handset(struct signalling *s, const struct handset_step *step)
{
    switch (step->kind) {
    case HANDSET_SAY:
        if (registration_say(s->registration, step->message) != 0)
            break; /* nobody is there to hear it */
        break;
    case HANDSET_RECEIVE:
        signalling_receive(s, step);
        break;
    case HANDSET_TRANSMIT:
        signalling_transmit(s, step);
        break;
    case HANDSET_STOP_RECEIVING:
        if (s->audio[step->call])
            audio_receive_no_more(s->audio[step->call]);
        break;
    case HANDSET_STOP_TRANSMITTING:
        if (s->audio[step->call])
            audio_send_no_more(s->audio[step->call]);
        break;
    case HANDSET_REPORT:
        signalling_report(s, step->call);
        break;
    case HANDSET_TELL:
        if (step->what == HANDSET_OVER)
            signalling_hang_up(s, step->call);
        signalling_tell(s, (struct signalling_news){.what = SIGNALLING_HANDSET, .handset = step});
        break;
    }
}

/* The handset's steps come first: they are about the message the registration has just handed on.
 */
static bool take_one(struct signalling *s)
{
    struct registration_step registration;
    struct handset_step handset;
    if (handset_step(s->handset, &handset))
        take_handset(s, &handset);
    else if (registration_step(s->registration, now_of(s), &registration))
        take_registration(s, &registration);
    else
        return false;
    registration_set_streams(s->registration, handset_streams(s->handset));
    return true;
}

/* What happens while steps are taken may call for more: the outermost call takes them. */
void signalling_pump(struct signalling *s)
{
    s->again = true;
    if (s->pumping)
        return;
    s->pumping = true;
    while (s->again && !s->doomed && !s->ended) {
        s->again = false;
        while (!s->doomed && !s->ended && take_one(s))
            ;
    }
    if (s->ended && !s->doomed)
        s->setup.finished(s->setup.context, &s->end);
    s->pumping = false;
    if (s->doomed) {
        signalling_free(s);
        return;
    }
    int64_t due = registration_due(s->registration);
    if (!s->ended && due != REGISTRATION_NEVER)
        loop_timer_start(s->timer, due > now_of(s) ? due - now_of(s) : 0);
}

/* ---- what is so ---- */

struct handset *signalling_handset(struct signalling *s)
{
    return s->handset;
}

const struct registration *signalling_registration(const struct signalling *s)
{
    return s->registration;
}

const char *signalling_server(const struct signalling *s, size_t server)
{
    return server < s->managers.count ? s->lines[server].name : "";
}

const struct address *signalling_local(const struct signalling *s)
{
    size_t server = 0;
    unsigned version;
    if (!registration_server(s->registration, &server, &version) || !s->lines[server].local.size)
        return NULL;
    return &s->lines[server].local;
}

bool signalling_lacks_ctl(const struct signalling *s)
{
    return s->managers.lacks_ctl;
}
