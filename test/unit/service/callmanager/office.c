#include "office.h"

#include "base/secret.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct office office;

/* Not the system's: the same keys every time, each other than those before. */
static void fake_random(void *context, void *out, size_t size)
{
    static uint8_t next;
    (void)context;
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)out)[i] = (uint8_t)(next + i);
    next = (uint8_t)(next + 37);
}

int office_enter(void **state)
{
    static const struct call_chance chance = {fake_random, NULL};
    struct call_limits limits;
    (void)state;
    memset(&office, 0, sizeof office);
    office.site = (struct station_site){
        .name = "publisher", .version = SCCP_VERSION_MAX, .keep_alive_s = 30, .standby_s = 60};
    station_limits_default(&office.site.limits);
    office.now = (struct station_now){.ms = 1000, .unix_ms = 1700000000123, .utc_offset = 3600};
    office.answers_who = true;
    call_limits_default(&limits);
    return call_engine_new(&office.engine, &limits, &chance);
}

int office_leave(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PHONES; i++)
        station_free(office.phones[i].station);
    call_engine_free(office.engine);
    return 0;
}

/* ---- the phone ---- */

/* The oldest goes when there were too many. */
static size_t slot_of(struct phone *p, uint32_t call)
{
    size_t i = 0;
    while (i < p->call_count && p->calls_seen[i] != call)
        i++;
    if (i == PHONE_CALLS) {
        i = --p->call_count;
        memmove(p->calls_seen, p->calls_seen + 1, i * sizeof *p->calls_seen);
        memmove(p->states, p->states + 1, i * sizeof *p->states);
    }
    if (i == p->call_count) {
        p->calls_seen[i] = call;
        p->call_count++;
    }
    return i;
}

/* After all that came at once. */
static void answer_media(unsigned index)
{
    struct phone *p = &office.phones[index];
    struct sccp_message m;
    if (!p->must_answer)
        return;
    p->must_answer = false;
    sccp_message_init(&m, SCCP_OPEN_RECEIVE_CHANNEL_ACK);
    m.media_ack.party = p->in.party;
    m.media_ack.call = p->in.call;
    memcpy(m.media_ack.address.bytes, (uint8_t[]){10, 0, 0, (uint8_t)(index + 1)}, 4);
    m.media_ack.port = 16384 + 2 * index;
    say(index, &m);
}

static void shut(struct stream *stream, const struct sccp_end_media *end)
{
    assert_true(stream->on);
    assert_int_equal(stream->party, end->party);
    assert_int_equal(stream->conference, end->conference);
    assert_int_equal(stream->call, end->call);
    memset(stream, 0, sizeof *stream);
}

/* Keys are whole and come over encrypted connections only. */
static bool check_keys(const struct phone *p, const struct sccp_keys *keys)
{
    static const struct sccp_keys none;
    if (keys->algorithm == SCCP_SRTP_NONE) {
        assert_memory_equal(keys, &none, sizeof none);
        return false;
    }
    assert_int_equal(sccp_keys_check(keys, NULL), 0);
    assert_int_equal(p->link, CALL_LINK_ENCRYPTED);
    assert_int_equal(p->security, CALL_ENCRYPTED);
    return true;
}

static void hear(unsigned index, const struct sccp_message *m)
{
    struct phone *p = &office.phones[index];
    assert_in_range(p->heard_count, 0, HEARD_MAX - 1);
    p->heard[p->heard_count++] = *m;
    switch (m->id) {
    case SCCP_CALL_STATE:
        p->call = m->call_state.call;
        p->line = m->call_state.line;
        p->states[slot_of(p, p->call)] = m->call_state.state;
        break;
    case SCCP_SET_LAMP:
        assert_int_equal(m->set_lamp.button, SCCP_BUTTON_LINE);
        p->lamp[m->set_lamp.instance] = m->set_lamp.mode;
        break;
    case SCCP_CALL_INFO:
        p->icon = m->call_info.security;
        break;
    case SCCP_START_TONE:
        p->tone = m->start_tone.tone;
        break;
    case SCCP_STOP_TONE:
        p->tone = 0;
        break;
    case SCCP_SET_RINGER:
        p->ring = m->set_ringer.mode;
        break;
    case SCCP_SET_SPEAKER_MODE:
        p->speaker = m->switched.mode;
        break;
    case SCCP_DISPLAY_PROMPT:
        text_copy(p->prompt, sizeof p->prompt, m->display_prompt.text);
        break;
    case SCCP_OPEN_RECEIVE_CHANNEL: {
        const struct sccp_open_receive_channel *o = &m->open_receive_channel;
        assert_false(p->in.on);
        p->in = (struct stream){.on = true,
                                .encrypted = check_keys(p, &o->keys),
                                .party = o->party,
                                .conference = o->conference,
                                .call = o->call,
                                .keys = o->keys};
        p->must_answer = p->answers_media;
        break;
    }
    case SCCP_START_MEDIA_TRANSMISSION: {
        const struct sccp_start_media_transmission *t = &m->start_media_transmission;
        assert_false(p->out.on);
        p->out = (struct stream){.on = true,
                                 .encrypted = check_keys(p, &t->keys),
                                 .party = t->party,
                                 .conference = t->conference,
                                 .call = t->call,
                                 .keys = t->keys,
                                 .remote = t->remote,
                                 .port = t->remote_port};
        break;
    }
    case SCCP_CLOSE_RECEIVE_CHANNEL:
        shut(&p->in, &m->end_media);
        break;
    case SCCP_STOP_MEDIA_TRANSMISSION:
        shut(&p->out, &m->end_media);
        break;
    default:
        break;
    }
}

static void deliver(unsigned index)
{
    struct phone *p = &office.phones[index];
    struct buffer copy;
    struct bytes rest = station_output(p->station);
    size_t size;
    buffer_init(&copy, 1 << 20);
    buffer_append(&copy, rest);
    assert_int_equal(copy.error, 0);
    station_sent(p->station);
    assert_int_equal(station_output(p->station).size, 0);
    for (rest = buffer_bytes(&copy); sccp_frame(&size, rest, NULL) == 0 && size;
         rest = bytes_slice(rest, size, rest.size)) {
        struct sccp_message m;
        struct why why = WHY_NONE;
        uint32_t id = sccp_frame_id(rest);
        if (p->hears_nothing)
            continue;
        /* what comes before the agreement, and with it, does not depend on it */
        if (sccp_read(&m, p->version, bytes_slice(rest, 0, size), &why))
            fail_msg("%s: %s", sccp_name(id), why.text);
        assert_false(sccp_from_phone(m.id));
        assert_int_equal(m.cut, 0);
        hear(index, &m);
    }
    assert_int_equal(rest.size, 0);
    buffer_fini(&copy);
    answer_media(index);
}

/* ---- the service ---- */

void welcome(unsigned index)
{
    struct phone *p = &office.phones[index];
    char numbers[2][8];
    struct station_line lines[2] = {{numbers[0], p->name, "first", {{""}}},
                                    {numbers[1], "Bert", "second", {{""}}}};
    struct call_line plan[2] = {{1, numbers[0], p->name}, {2, numbers[1], "Bert"}};
    static struct station_server servers[2] = {{.name = "publisher"}, {.name = "subscriber"}};
    static const struct station_speed_dial dials[2] = {{"1001", "Bert"}, {"1002", ""}};
    const struct station_welcome w = {.lines = lines,
                                      .line_count = 2,
                                      .speed_dials = dials,
                                      .speed_dial_count = 2,
                                      .date_format = "D/M/YA",
                                      .load = "",
                                      .servers = servers,
                                      .server_count = 2};
    text_format(numbers[0], sizeof numbers[0], "%u", 1000 + index);
    text_format(numbers[1], sizeof numbers[1], "%u", 2000 + index);
    assert_int_equal(address_parse(&servers[0].address, "192.0.2.1", 2000), 0);
    assert_int_equal(address_parse(&servers[1].address, "192.0.2.2", 2000), 0);
    assert_int_equal(station_admit(p->station, &w, &office.now), 0);
    p->version = station_claim(p->station)->version;
    const struct call_phone_setup setup = {.device = station_claim(p->station)->device,
                                           .security = p->security,
                                           .media_up = station_claim(p->station)->media_up,
                                           .lines = plan,
                                           .line_count = 2,
                                           .owner = p};
    assert_int_equal(call_phone_add(office.engine, &setup, office.now.ms, &p->calls), 0);
}

static void lose(struct phone *p, enum call_cause cause)
{
    if (p->calls)
        call_phone_remove(office.engine, p->calls, cause, office.now.ms);
    p->calls = NULL;
}

static void serve(unsigned index, const struct station_event *event)
{
    struct phone *p = &office.phones[index];
    switch (event->kind) {
    case STATION_WHO:
        p->whos++;
        lose(p, CALL_CAUSE_CONNECTION_LOST);
        if (office.answers_who)
            welcome(index);
        break;
    case STATION_TOKEN:
        p->tokens++;
        break;
    case STATION_CODECS:
        call_phone_codecs(p->calls, event->codecs);
        break;
    case STATION_USER:
        call_event(office.engine, p->calls, &event->call, office.now.ms);
        break;
    case STATION_ALARM:
        p->alarms++;
        break;
    case STATION_STATISTICS:
        p->statistics++;
        break;
    case STATION_GOODBYE:
        p->goodbyes++;
        lose(p, CALL_CAUSE_UNREGISTERED);
        break;
    case STATION_ODD:
        p->odds++;
        text_copy(p->reason, sizeof p->reason, event->reason);
        break;
    case STATION_OVER:
        p->over = true;
        text_copy(p->reason, sizeof p->reason, event->reason);
        lose(p, CALL_CAUSE_CONNECTION_LOST);
        break;
    case STATION_NOTHING:
        fail();
    }
}

static bool act(void)
{
    const struct call_action *action;
    bool acted = false;
    while ((action = call_engine_action(office.engine))) {
        acted = true;
        if (action->owner)
            station_act(((struct phone *)action->owner)->station, action, &office.now);
        if (action->kind == CALL_ACT_OVER) {
            office.last = action->record;
            office.over++;
        }
    }
    return acted;
}

void office_run(void)
{
    struct station_event event;
    bool more = true;
    while (more) {
        more = act();
        while (call_engine_tick(office.engine, office.now.ms))
            more |= act();
        for (unsigned i = 0; i < PHONES; i++) {
            struct phone *p = &office.phones[i];
            if (!p->station)
                continue;
            while (station_step(p->station, &office.now, &event)) {
                serve(i, &event);
                act();
                more = true;
            }
            if (station_output(p->station).size) {
                deliver(i);
                more = true;
            }
        }
    }
}

void office_pass(int64_t ms)
{
    int64_t until = office.now.ms + ms;
    for (;;) {
        int64_t next = call_engine_due(office.engine);
        for (unsigned i = 0; i < PHONES; i++)
            if (office.phones[i].station && station_due(office.phones[i].station) < next)
                next = station_due(office.phones[i].station);
        if (next > until)
            break;
        if (next > office.now.ms)
            office.now.ms = next;
        office_run();
    }
    office.now.ms = until;
    office_run();
}

/* ---- what a test does ---- */

struct phone *plug(unsigned index, enum call_link link, unsigned version)
{
    struct phone *p = &office.phones[index];
    struct address peer;
    unplug(index);
    memset(p, 0, sizeof *p);
    p->link = link;
    p->version = version;
    p->answers_media = true;
    p->security = CALL_NOT_SECURE;
    text_format(p->device, sizeof p->device, "SEP00000000000%u", index);
    text_copy(p->load, sizeof p->load, "SCCP45.9-4-2SR3-1S");
    p->name = "Anna";
    assert_int_equal(address_parse(&peer, "10.9.9.9", 40000), 0);
    assert_int_equal(station_new(&p->station, &office.site, link, &peer, office.now.ms), 0);
    return p;
}

void unplug(unsigned index)
{
    struct phone *p = &office.phones[index];
    lose(p, CALL_CAUSE_CONNECTION_LOST);
    station_free(p->station);
    p->station = NULL;
    office_run();
}

void say_bytes(unsigned index, struct bytes bytes)
{
    assert_int_equal(station_input(office.phones[index].station, bytes), 0);
    office_run();
}

void say(unsigned index, const struct sccp_message *m)
{
    struct buffer b;
    buffer_init(&b, SCCP_FRAME_MAX);
    assert_int_equal(sccp_write(&b, office.phones[index].version, m, NULL), 0);
    say_bytes(index, buffer_bytes(&b));
    buffer_fini(&b);
}

void say_empty(unsigned index, enum sccp_id id)
{
    struct sccp_message m;
    sccp_message_init(&m, id);
    say(index, &m);
}

void say_register(unsigned index)
{
    struct phone *p = &office.phones[index];
    struct sccp_message m;
    sccp_message_init(&m, SCCP_REGISTER_REQ);
    text_copy(m.register_req.device, sizeof m.register_req.device, p->device);
    text_copy(m.register_req.load, sizeof m.register_req.load, p->load);
    memcpy(m.register_req.address, (uint8_t[]){10, 0, 0, (uint8_t)(index + 1)}, 4);
    m.register_req.features[1] = p->latin1 ? 0x60 : 0x72; /* 7960, 7941 */
    m.register_req.features[2] = 0x85;
    m.register_req.device_type = 437;
    m.register_req.version = (uint8_t)p->version;
    m.register_req.active_streams = p->in.on;
    say(index, &m);
}

struct phone *sign_on(unsigned index, enum call_link link, unsigned version,
                      enum call_security security)
{
    struct phone *p = plug(index, link, version);
    p->security = security;
    say_register(index);
    assert_true(station_is_registered(p->station));
    told_count(index);
    return p;
}

const struct sccp_message *told(unsigned index, enum sccp_id id)
{
    struct phone *p = &office.phones[index];
    while (p->looked < p->heard_count)
        if (p->heard[p->looked++].id == id)
            return &p->heard[p->looked - 1];
    return NULL;
}

size_t told_count(unsigned index)
{
    struct phone *p = &office.phones[index];
    size_t count = p->heard_count - p->looked;
    p->looked = p->heard_count = 0;
    return count;
}

uint32_t state_of(unsigned index)
{
    struct phone *p = &office.phones[index];
    assert_true(p->call_count > 0);
    return p->states[p->call_count - 1];
}

void press_about(unsigned index, enum sccp_key key, uint32_t call)
{
    struct sccp_message m;
    sccp_message_init(&m, SCCP_SOFT_KEY_EVENT);
    m.soft_key_event.event = key;
    m.soft_key_event.line = call ? 1 : 0;
    m.soft_key_event.call = call;
    say(index, &m);
}

void press_soft_key(unsigned index, enum sccp_key key)
{
    struct phone *p = &office.phones[index];
    bool goes_on = p->call_count && state_of(index) != SCCP_STATE_ON_HOOK;
    press_about(index, key, goes_on ? p->calls_seen[p->call_count - 1] : 0);
}

void press_keys(unsigned index, const char *digits)
{
    for (const char *d = digits; *d; d++) {
        struct sccp_message m;
        sccp_message_init(&m, SCCP_KEYPAD_BUTTON);
        m.keypad_button.button = *d == '*'   ? SCCP_KEYPAD_STAR
                                 : *d == '#' ? SCCP_KEYPAD_POUND
                                             : (uint32_t)(*d - '0');
        say(index, &m);
    }
}
