#include "service/tvs/engine.h"

#include "base/text.h"
#include "pki/certificate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum state {
    ANY,
    AWAIT_REQ,
    AWAIT_CERT,
    CLOSED,
};

/* AWAIT_REQ is CUCM's spelling; the others follow it. */
static const char *const state_names[] = {
    [AWAIT_REQ] = "TVS_STATE_AWAIT_REQ",
    [AWAIT_CERT] = "TVS_STATE_AWAIT_CERT",
    [CLOSED] = "TVS_STATE_CLOSED",
};

enum {
    REASON_TEXT = 200,
    INPUT_MAX = 2 * (TVS_HEADER_SIZE + TVS_PHONE_BODY_MAX),
    /* events that are no commands */
    EV_BROKEN = 256,
    EV_FETCHED,
    EV_ANY,
};

struct tvs_session {
    enum state state;
    unsigned requests;
    struct buffer in;           /* what came and is not dealt with */
    size_t frame;               /* bytes of it that `request` lies in */
    struct tvs_message request; /* the one that is being answered */
    struct search search;
    /* of the search, while its certificate is fetched and the caches may go */
    uint8_t sha256[SHA256_SIZE];
    uint8_t roles[CACHE_ROLES_MAX];
    struct buffer der; /* what was fetched */
    bool fetched;
    struct buffer out;
    char reason[REASON_TEXT];
};

int tvs_session_new(struct tvs_session **out)
{
    struct tvs_session *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->state = AWAIT_REQ;
    buffer_init(&s->in, INPUT_MAX);
    buffer_init(&s->out, TVS_FRAME_MAX);
    buffer_init(&s->der, CERTIFICATE_DER_MAX);
    *out = s;
    return 0;
}

void tvs_session_free(struct tvs_session *s)
{
    if (!s)
        return;
    buffer_fini(&s->in);
    buffer_fini(&s->out);
    buffer_fini(&s->der);
    free(s);
}

int tvs_session_input(struct tvs_session *s, struct bytes bytes)
{
    buffer_append(&s->in, bytes);
    return s->in.error;
}

bool tvs_session_waits(const struct tvs_session *s)
{
    return s->state == AWAIT_CERT && !s->fetched;
}

void tvs_session_fetched(struct tvs_session *s, struct bytes der)
{
    buffer_clear(&s->der);
    buffer_append(&s->der, der);
    if (s->der.error)
        buffer_clear(&s->der);
    s->fetched = true;
}

/* ---- what is done ---- */

static void end(struct tvs_session *s, struct tvs_step *step)
{
    s->state = CLOSED;
    step->close = true;
    step->reason = s->reason;
}

static void say(struct tvs_session *s, struct tvs_step *step, struct tvs_message *answer)
{
    struct why why = WHY_NONE;
    answer->command = (uint8_t)(s->request.command + 1);
    answer->session = s->request.session;
    answer->has_status = true;
    buffer_clear(&s->out);
    if (tvs_write(&s->out, answer, &why) != 0) {
        text_copy(s->reason, sizeof s->reason, why.text);
        end(s, step);
        return;
    }
    step->send = buffer_bytes(&s->out);
    step->sent = answer->command;
    s->state = AWAIT_REQ;
}

static void say_not_trusted(struct tvs_session *s, struct tvs_step *step)
{
    struct tvs_message answer = {.status = TVS_NOT_TRUSTED};
    say(s, step, &answer);
}

/* `der` goes with the answer to a query. */
static void say_trusted(struct tvs_session *s, struct tvs_step *step, struct bytes der)
{
    struct tvs_message answer = {.status = TVS_TRUSTED,
                                 .has_certificate = s->search.by_name,
                                 .certificate = der,
                                 .has_roles = true,
                                 .roles = s->search.found.roles,
                                 .has_ttl = true,
                                 .ttl = s->search.found.ttl};
    step->trusted = true;
    say(s, step, &answer);
}

static bool is_found(const struct tvs_session *s)
{
    return s->search.database || s->search.ctl;
}

static void verify(struct tvs_session *s, const struct shelves *shelves, struct tvs_step *step)
{
    step->search = &s->search;
    if (shelves_find_certificate(&s->search, shelves, s->request.certificate) != 0) {
        text_copy(s->reason, sizeof s->reason, "the certificate cannot be hashed");
        end(s, step);
    } else if (is_found(s)) {
        say_trusted(s, step, bytes_of(NULL, 0));
    } else {
        say_not_trusted(s, step);
    }
}

/* What is needed of the search when its certificate has come. */
static void keep_search(struct tvs_session *s)
{
    struct finding *f = &s->search.found;
    size_t count = f->roles.size;
    memcpy(s->sha256, f->sha256, sizeof s->sha256);
    memcpy(s->roles, f->roles.data, count);
    f->sha256 = s->sha256;
    f->roles = bytes_of(s->roles, count);
}

static void query(struct tvs_session *s, const struct shelves *shelves, struct tvs_step *step)
{
    step->search = &s->search;
    shelves_find_name(&s->search, shelves, s->request.subject, s->request.issuer,
                      s->request.serial);
    if (!is_found(s)) {
        say_not_trusted(s, step);
    } else if (s->search.found.der.size) {
        say_trusted(s, step, s->search.found.der);
    } else {
        keep_search(s);
        s->fetched = false;
        s->state = AWAIT_CERT;
        step->fetch = true;
    }
}

static void answer_fetched(struct tvs_session *s, const struct shelves *shelves,
                           struct tvs_step *step)
{
    (void)shelves;
    struct finding *f = &s->search.found;
    f->serial = f->issuer = bytes_of(NULL, 0); /* their cache may have gone */
    step->search = &s->search;
    if (s->der.size)
        say_trusted(s, step, buffer_bytes(&s->der));
    else
        say_not_trusted(s, step);
}

static void refuse_command(struct tvs_session *s, const struct shelves *shelves,
                           struct tvs_step *step)
{
    (void)shelves;
    text_format(s->reason, sizeof s->reason, "%s (%u) is not for a phone to say",
                tvs_message_name(s->request.command), s->request.command);
    end(s, step);
}

static void refuse_broken(struct tvs_session *s, const struct shelves *shelves,
                          struct tvs_step *step)
{
    (void)shelves;
    end(s, step);
}

/* The first row that fits. */
static const struct row {
    enum state state;
    unsigned event; /* a command, or an event of ours */
    void (*run)(struct tvs_session *s, const struct shelves *shelves, struct tvs_step *step);
} table[] = {
    {AWAIT_REQ, TVS_CERT_VERIFICATION_REQ, verify},
    {AWAIT_REQ, TVS_QUERY_CERT_REQ, query},
    {AWAIT_CERT, EV_FETCHED, answer_fetched},
    {ANY, EV_BROKEN, refuse_broken},
    {ANY, EV_ANY, refuse_command},
};

/* ---- what happens ---- */

static void drop_frame(struct tvs_session *s)
{
    buffer_drop_front(&s->in, s->frame);
    s->frame = 0;
}

/* The next request, or what is wrong with it. False when it is not all there. */
static bool take_frame(struct tvs_session *s, unsigned *event)
{
    struct why why = WHY_NONE;
    struct bytes so_far = buffer_bytes(&s->in);
    int result = tvs_frame(&s->frame, so_far, TVS_PHONE_BODY_MAX, &why);
    if (result == 0 && s->frame == 0)
        return false;
    if (result == 0 && ++s->requests > TVS_REQUESTS_MAX)
        result = why_error(&why, ERR_LIMIT, "more than %d questions over one connection",
                           TVS_REQUESTS_MAX);
    if (result == 0)
        result = tvs_read(&s->request, bytes_slice(so_far, 0, s->frame), &why);
    *event = result ? EV_BROKEN : s->request.command;
    if (result)
        text_copy(s->reason, sizeof s->reason, why_text(&why, result));
    return true;
}

static bool next_event(struct tvs_session *s, unsigned *event)
{
    switch (s->state) {
    case AWAIT_REQ:
        drop_frame(s);
        return take_frame(s, event);
    case AWAIT_CERT:
        *event = EV_FETCHED;
        return s->fetched;
    default:
        return false;
    }
}

bool tvs_session_step(struct tvs_session *s, const struct shelves *shelves, struct tvs_step *step)
{
    unsigned event;
    if (!next_event(s, &event))
        return false;
    *step = (struct tvs_step){.state = state_names[s->state]};
    if (event != EV_BROKEN)
        step->request = &s->request;
    if (event < EV_BROKEN) {
        step->received = true;
        step->length = s->frame - TVS_HEADER_SIZE;
    }
    const struct row *row = table;
    while ((row->state != ANY && row->state != s->state) ||
           (row->event != EV_ANY && row->event != event))
        row++;
    row->run(s, shelves, step);
    return true;
}
