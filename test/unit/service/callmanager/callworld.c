#include "callworld.h"

#include "base/text.h"
#include "service/callmanager/call_parts.h"

#include <stdlib.h>
#include <string.h>

struct world world;

/* ---- keys that can be told apart ---- */

/* Each is a number, so that the world knows whether it was given out before. Where the engine
 * begins to count is asked for, too. */
static void count_up(void *context, void *out, size_t size)
{
    (void)context;
    if (size == sizeof world.first) {
        memcpy(out, &world.first, size);
        return;
    }
    uint64_t number = ++world.key_count;
    assert_int_equal(size, sizeof(struct call_keys));
    assert_true(number < KEYS_MAX);
    memset(out, 0xA5, size);
    memcpy(out, &number, sizeof number);
}

/* `direction`: of what the caller or the callee sends. */
static void note_keys(const struct call_media *media, uint64_t session, int direction)
{
    uint64_t number;
    uint64_t whose = 2 * session + (uint64_t)direction;
    memcpy(&number, media->keys.key, sizeof number);
    assert_true(number > 0 && number <= world.key_count);
    assert_true(world.keys[number] == 0 || world.keys[number] == whose);
    world.keys[number] = whose;
}

static bool has_no_keys(const struct call_media *media)
{
    static const struct call_keys none;
    return memcmp(&media->keys, &none, sizeof none) == 0;
}

/* ---- what phones have ---- */

static struct seen *find_seen(struct tel *tel, uint32_t reference)
{
    for (size_t i = 0; i < TEL_CALLS; i++)
        if (tel->calls[i].reference == reference)
            return &tel->calls[i];
    return NULL;
}

static struct seen *take_seen(struct tel *tel, const struct call_action *action)
{
    struct seen *s = find_seen(tel, action->call);
    if (s) {
        assert_int_equal(s->line, action->line);
        return s;
    }
    s = find_seen(tel, 0);
    assert_non_null(s);
    *s = (struct seen){.reference = action->call, .line = action->line};
    return s;
}

static struct channel *find_channel(struct tel *tel, uint32_t id)
{
    for (size_t i = 0; i < TEL_CHANNELS; i++)
        if (tel->channels[i].id == id)
            return &tel->channels[i];
    return NULL;
}

static struct channel *other_end(const struct tel *tel, const struct channel *channel,
                                 struct tel **owner)
{
    for (unsigned i = 0; i < TELS; i++)
        for (size_t j = 0; j < TEL_CHANNELS; j++) {
            struct channel *c = &world.tels[i].channels[j];
            if (c->id && c->session == channel->session && c != channel) {
                *owner = &world.tels[i];
                return c;
            }
        }
    (void)tel;
    return NULL;
}

static void listen_on(const struct tel *tel, struct channel *channel)
{
    char text[ADDRESS_TEXT];
    text_format(text, sizeof text, "192.0.2.%u", (unsigned)(tel - world.tels) + 1);
    assert_int_equal(
        address_parse(&channel->listens, text, (uint16_t)(20000 + channel->id % 40000)), 0);
}

/* ---- actions ---- */

static void on_show(struct tel *tel, const struct call_action *action)
{
    struct seen *s = take_seen(tel, action);
    s->state = action->show.state;
    s->cause = action->show.cause;
    s->completes = action->show.completes;
    if (s->state != CALL_STATE_IDLE)
        return;
    tel->ended = s->cause;
    /* Nothing is left of it. */
    assert_false(s->rings);
    assert_int_equal(s->tone, CALL_TONE_NONE);
    for (size_t i = 0; i < TEL_CHANNELS; i++)
        assert_false(tel->channels[i].id && tel->channels[i].reference == action->call);
    *s = (struct seen){.reference = 0};
}

static void on_tone(struct tel *tel, const struct call_action *action)
{
    struct seen *s = take_seen(tel, action);
    if (action->tone == CALL_TONE_WAITING)
        tel->waiting_tones++;
    else
        s->tone = action->tone;
}

static void on_ring(struct tel *tel, const struct call_action *action)
{
    struct seen *s = take_seen(tel, action);
    assert_int_not_equal(s->rings, action->ring);
    s->rings = action->ring;
}

/* The phones of a session, when both are there: their least security decides. */
static void check_keys(const struct tel *tel, const struct channel *channel,
                       const struct call_media *media)
{
    struct tel *other;
    assert_true(media->encrypted || has_no_keys(media));
    if (media->encrypted)
        assert_int_equal(tel->security, CALL_ENCRYPTED);
    if (!other_end(tel, channel, &other))
        return;
    bool both = tel->security == CALL_ENCRYPTED && other->security == CALL_ENCRYPTED;
    assert_int_equal(media->encrypted, both);
}

static void on_open(struct tel *tel, const struct call_action *action)
{
    struct channel *c = find_channel(tel, 0);
    assert_null(find_channel(tel, action->media.id));
    assert_non_null(c);
    const struct seen *s = find_seen(tel, action->call);
    assert_non_null(s);
    /* No audio in clear below a lock. */
    assert_true(action->media.encrypted || s->info.security != CALL_ENCRYPTED);
    *c = (struct channel){.id = action->media.id,
                          .session = action->media.session,
                          .reference = action->call,
                          .open = true,
                          .in = action->media};
    check_keys(tel, c, &action->media);
    tel->opened++;
    if (!world.answers_media)
        return;
    listen_on(tel, c);
    const struct call_event event = {
        .kind = CALL_EV_RECEIVING, .call = action->call, .media = c->id, .address = &c->listens};
    call_event(world.engine, tel->phone, &event, world.now);
}

static void on_start(struct tel *tel, const struct call_action *action)
{
    struct channel *c = find_channel(tel, action->media.id);
    struct tel *owner;
    assert_non_null(c);
    assert_false(c->sends);
    assert_int_equal(c->reference, action->call);
    assert_int_equal(c->session, action->media.session);
    c->sends = true;
    c->out = action->media;
    tel->started++;
    check_keys(tel, c, &action->media);
    struct channel *other = other_end(tel, c, &owner);
    assert_non_null(other);
    assert_int_equal(other->in.codec, c->out.codec);
    assert_true(address_equal(&other->listens, &c->out.remote));
    assert_memory_equal(&c->out.keys, &other->in.keys, sizeof c->out.keys);
    if (!c->out.encrypted)
        return;
    assert_memory_not_equal(&c->out.keys, &c->in.keys, sizeof c->out.keys);
    note_keys(&c->out, c->session, c < other);
    note_keys(&c->in, c->session, other < c);
}

static void on_close(struct tel *tel, const struct call_action *action)
{
    struct channel *c = find_channel(tel, action->media.id);
    assert_non_null(c);
    assert_true(c->open);
    assert_true(has_no_keys(&action->media));
    c->open = false;
    tel->closed++;
    if (!c->sends)
        *c = (struct channel){.id = 0};
}

static void on_stop(struct tel *tel, const struct call_action *action)
{
    struct channel *c = find_channel(tel, action->media.id);
    assert_non_null(c);
    assert_true(c->sends && !c->open);
    assert_true(has_no_keys(&action->media));
    tel->stopped++;
    *c = (struct channel){.id = 0};
}

static void on_phone(struct tel *tel, const struct call_action *action)
{
    assert_non_null(tel->phone);
    switch (action->kind) {
    case CALL_ACT_SHOW:
        on_show(tel, action);
        break;
    case CALL_ACT_INFO:
        take_seen(tel, action)->info = action->info;
        take_seen(tel, action)->has_info = true;
        break;
    case CALL_ACT_DIALLED:
        text_copy(take_seen(tel, action)->dialled, CALL_NUMBER, action->number);
        break;
    case CALL_ACT_TONE:
        on_tone(tel, action);
        break;
    case CALL_ACT_RING:
        on_ring(tel, action);
        break;
    case CALL_ACT_OPEN:
        on_open(tel, action);
        break;
    case CALL_ACT_START:
        on_start(tel, action);
        break;
    case CALL_ACT_CLOSE:
        on_close(tel, action);
        break;
    case CALL_ACT_STOP:
        on_stop(tel, action);
        break;
    case CALL_ACT_SHOW_FORWARD:
        world.forwards_told++;
        if (action->line == 1)
            tel->forwards = action->forwards;
        break;
    case CALL_ACT_FORGET:
        assert_null(find_seen(tel, action->call));
        world.forgets++;
        break;
    case CALL_ACT_NOTICE:
        tel->notices.count++;
        tel->notices.last = action->notice;
        break;
    case CALL_ACT_FLOODED:
        tel->floods++;
        break;
    default:
        break;
    }
}

static void on_books(const struct call_action *action)
{
    switch (action->kind) {
    case CALL_ACT_PROGRESS:
        world.progress++;
        break;
    case CALL_ACT_OVER:
        world.over++;
        world.last = action->record;
        assert_int_not_equal(action->record.cause, CALL_CAUSE_NONE);
        assert_true(action->record.ended >= action->record.began);
        break;
    case CALL_ACT_KEEP_FORWARD:
        text_copy(world.kept.number, CALL_NUMBER, action->kept.number);
        text_copy(world.kept.to, CALL_NUMBER, action->kept.to);
        world.kept.forward = action->kept.forward;
        world.kept.count++;
        break;
    default:
        fail_msg("%s is for no phone", call_action_name(action->kind));
    }
}

void world_drain(void)
{
    const struct call_action *action;
    while ((action = call_engine_action(world.engine))) {
        if (action->owner)
            on_phone(action->owner, action);
        else
            on_books(action);
    }
    assert_int_equal(call_engine_counters(world.engine)->lost, 0);
}

void world_pass(int64_t ms)
{
    int64_t until = world.now + ms;
    while (call_engine_due(world.engine) <= until) {
        int64_t due = call_engine_due(world.engine);
        if (due > world.now)
            world.now = due;
        assert_true(call_engine_tick(world.engine, world.now));
        world_drain();
    }
    world.now = until;
    assert_false(call_engine_tick(world.engine, world.now));
}

/* ---- phones ---- */

void tel_add_as(unsigned n, enum call_security security, bool media_up)
{
    struct tel *tel = &world.tels[n];
    struct call_line lines[TEL_LINES];
    struct call_phone_setup setup = {
        .device = tel->device, .security = security, .media_up = media_up, .owner = tel};
    char names[TEL_LINES][32];
    for (unsigned i = 0; i < TEL_LINES && tel->numbers[i][0]; i++) {
        text_format(names[i], sizeof names[i], "phone %u line %u", n, i + 1);
        lines[i] = (struct call_line){i + 1, tel->numbers[i], names[i]};
        setup.line_count = i + 1;
    }
    setup.lines = lines;
    tel->security = security;
    assert_null(tel->phone);
    assert_int_equal(call_phone_add(world.engine, &setup, world.now, &tel->phone), 0);
    call_phone_codecs(tel->phone, tel->codecs);
    world_drain();
}

void tel_add(unsigned n, enum call_security security)
{
    if (world.tels[n].phone)
        tel_remove(n, CALL_CAUSE_UNREGISTERED);
    tel_add_as(n, security, false);
}

void tel_remove(unsigned n, enum call_cause cause)
{
    struct tel *tel = &world.tels[n];
    struct call_phone *phone = tel->phone;
    memset(tel->calls, 0, sizeof tel->calls);
    memset(tel->channels, 0, sizeof tel->channels);
    tel->phone = NULL;
    call_phone_remove(world.engine, phone, cause, world.now);
    world_drain();
}

void world_enter_at(uint32_t first)
{
    const struct call_chance chance = {.random = count_up};
    memset(&world, 0, sizeof world);
    world.first = first;
    world.keys = calloc(KEYS_MAX, sizeof *world.keys);
    world.now = 1000;
    world.answers_media = true;
    call_limits_default(&world.limits);
    assert_non_null(world.keys);
    assert_int_equal(call_engine_new(&world.engine, &world.limits, &chance), 0);
    for (unsigned i = 0; i < TELS; i++) {
        struct tel *tel = &world.tels[i];
        tel->codecs = CALL_PCMU | CALL_PCMA;
        text_format(tel->device, sizeof tel->device, "SEP%012X", i);
        text_format(tel->numbers[0], CALL_NUMBER, "%u", 1000 + i);
        text_format(tel->numbers[1], CALL_NUMBER, "%u", 2000 + i);
    }
    for (unsigned i = 0; i < 5; i++)
        tel_add(i, CALL_ENCRYPTED);
}

int world_enter(void **state)
{
    (void)state;
    world_enter_at(0);
    return 0;
}

int world_leave(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TELS; i++)
        if (world.tels[i].phone)
            tel_remove(i, CALL_CAUSE_UNREGISTERED);
    assert_int_equal(call_engine_calls(world.engine), 0);
    assert_true(call_engine_due(world.engine) == INT64_MAX);
    call_engine_free(world.engine);
    free(world.keys);
    return 0;
}

/* ---- people ---- */

static void happen(unsigned n, struct call_event event)
{
    assert_non_null(world.tels[n].phone);
    call_event(world.engine, world.tels[n].phone, &event, world.now);
    world_drain();
}

void press(unsigned n, enum call_event_kind kind)
{
    happen(n, (struct call_event){.kind = kind});
}

void press_call(unsigned n, enum call_event_kind kind, uint32_t reference)
{
    happen(n, (struct call_event){.kind = kind, .call = reference});
}

void press_line(unsigned n, enum call_event_kind kind, unsigned line)
{
    happen(n, (struct call_event){.kind = kind, .line = line});
}

void press_digits(unsigned n, const char *digits)
{
    for (; *digits; digits++)
        happen(n, (struct call_event){.kind = CALL_EV_DIGIT, .digit = *digits});
}

void press_forward(unsigned n, enum call_forward forward)
{
    happen(n, (struct call_event){.kind = CALL_EV_SET_FORWARD, .forward = forward});
}

void dial(unsigned n, const char *number)
{
    happen(n, (struct call_event){.kind = CALL_EV_DIAL, .number = number});
}

void say_listening(unsigned n, struct channel *channel)
{
    listen_on(&world.tels[n], channel);
    happen(n, (struct call_event){.kind = CALL_EV_RECEIVING,
                                  .call = channel->reference,
                                  .media = channel->id,
                                  .address = &channel->listens});
}

void say_receiving(unsigned n, uint32_t media, const char *host, uint16_t port)
{
    struct channel *channel = find_channel(&world.tels[n], media);
    struct address address;
    if (host)
        assert_int_equal(address_parse(&address, host, port), 0);
    if (host && channel)
        channel->listens = address;
    happen(n, (struct call_event){
                  .kind = CALL_EV_RECEIVING, .media = media, .address = host ? &address : NULL});
}

/* ---- looking ---- */

struct seen *seen(unsigned n, enum call_state state)
{
    struct seen *found = NULL;
    for (size_t i = 0; i < TEL_CALLS; i++) {
        struct seen *s = &world.tels[n].calls[i];
        if (!s->reference || s->state != state)
            continue;
        assert_null(found);
        found = s;
    }
    return found;
}

unsigned seen_count(unsigned n)
{
    unsigned count = 0;
    for (size_t i = 0; i < TEL_CALLS; i++)
        count += world.tels[n].calls[i].reference != 0;
    return count;
}

unsigned channels(unsigned n)
{
    unsigned count = 0;
    for (size_t i = 0; i < TEL_CHANNELS; i++)
        count += world.tels[n].channels[i].id != 0;
    return count;
}

struct channel *hears(unsigned n, unsigned other)
{
    for (size_t i = 0; i < TEL_CHANNELS; i++) {
        struct channel *c = &world.tels[n].channels[i];
        struct tel *owner = NULL;
        if (!c->id || !c->open)
            continue;
        struct channel *end = other_end(&world.tels[n], c, &owner);
        if (end && owner == &world.tels[other] && end->sends)
            return c;
    }
    return NULL;
}

void connect_two(unsigned a, unsigned b)
{
    dial(a, world.tels[b].numbers[0]);
    press(b, CALL_EV_ANSWER);
    assert_shows(a, CALL_STATE_CONNECTED);
    assert_shows(b, CALL_STATE_CONNECTED);
    assert_hear_each_other(a, b);
}
