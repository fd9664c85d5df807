/* station: a phone says anything to a station that is joined with a call engine, as the service
 * does it; another phone, which behaves, is in a call with it or not. */
#include "fuzz.h"

#include "service/callmanager/station.h"

#include <string.h>

struct joined {
    struct station *station;
    struct call_phone *phone;
};
struct world {
    struct station_site site;
    struct station_now now;
    struct call_engine *engine;
    struct joined phones[2];
};

static void no_chance(void *context, void *out, size_t size)
{
    (void)context;
    memset(out, 0x5A, size);
}

/* What is sent can be read, and holds keys only where the connection is encrypted. */
static void read_output(struct joined *j)
{
    struct bytes rest = station_output(j->station);
    unsigned version = station_claim(j->station)->version;
    size_t size = 0;
    while (sccp_frame(&size, rest, NULL) == 0 && size) {
        struct sccp_message m;
        MUST(sccp_read(&m, version, bytes_slice(rest, 0, size), NULL) == 0);
        MUST(!sccp_from_phone(m.id));
        if (m.id == SCCP_OPEN_RECEIVE_CHANNEL && m.open_receive_channel.keys.algorithm)
            MUST(station_link(j->station) == CALL_LINK_ENCRYPTED);
        rest = bytes_slice(rest, size, rest.size);
    }
    MUST(rest.size == 0);
    station_sent(j->station);
}

static void act(struct world *w)
{
    const struct call_action *action;
    while ((action = call_engine_action(w->engine)))
        if (action->owner)
            station_act(((struct joined *)action->owner)->station, action, &w->now);
}

static void lose(struct world *w, struct joined *j, enum call_cause cause)
{
    if (j->phone)
        call_phone_remove(w->engine, j->phone, cause, w->now.ms);
    j->phone = NULL;
}

static void admit(struct world *w, struct joined *j)
{
    bool first = j == &w->phones[0];
    const struct station_line lines[] = {{first ? "1" : "2", "Anna", "", {{""}}}};
    const struct call_line plan[] = {{1, first ? "1" : "2", "Anna"}};
    const struct station_welcome welcome = {
        .lines = lines, .line_count = 1, .date_format = "D/M/Y", .load = ""};
    const struct call_phone_setup setup = {.device = "SEP000000000000",
                                           .security = CALL_ENCRYPTED,
                                           .lines = plan,
                                           .line_count = 1,
                                           .owner = j};
    MUST(station_admit(j->station, &welcome, &w->now) == 0);
    MUST(call_phone_add(w->engine, &setup, w->now.ms, &j->phone) == 0);
}

static bool serve(struct world *w, struct joined *j, struct station_event *event)
{
    switch (event->kind) {
    case STATION_WHO:
        lose(w, j, CALL_CAUSE_CONNECTION_LOST);
        admit(w, j);
        break;
    case STATION_TOKEN:
        station_token(j->station, event->message.token_req.instance & 1, &w->now);
        break;
    case STATION_CODECS:
        call_phone_codecs(j->phone, event->codecs);
        break;
    case STATION_USER:
        call_event(w->engine, j->phone, &event->call, w->now.ms);
        break;
    case STATION_GOODBYE:
        lose(w, j, CALL_CAUSE_UNREGISTERED);
        break;
    case STATION_OVER:
        lose(w, j, CALL_CAUSE_CONNECTION_LOST);
        MUST(event->reason[0] != '\0');
        return false;
    case STATION_ODD:
        MUST(event->reason[0] != '\0');
        break;
    default:
        break;
    }
    return true;
}

static bool run(struct world *w, struct joined *j)
{
    struct station_event event;
    bool goes_on = true;
    while (goes_on && station_step(j->station, &w->now, &event)) {
        goes_on = serve(w, j, &event);
        act(w);
        for (int i = 0; i < 2; i++)
            read_output(&w->phones[i]);
    }
    return goes_on;
}

static void sign_on(struct world *w, struct joined *j, unsigned version)
{
    struct sccp_message m;
    struct buffer b;
    sccp_message_init(&m, SCCP_REGISTER_REQ);
    m.register_req.version = (uint8_t)version;
    strcpy(m.register_req.device, "SEP000000000000");
    buffer_init(&b, SCCP_FRAME_MAX);
    MUST(sccp_write(&b, 0, &m, NULL) == 0);
    MUST(station_input(j->station, buffer_bytes(&b)) == 0);
    buffer_fini(&b);
    (void)run(w, j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct call_chance chance = {no_chance, NULL};
    struct world w = {.site = {.name = "n", .version = 22, .keep_alive_s = 30, .standby_s = 60},
                      .now = {.ms = 1, .unix_ms = 1700000000000}};
    struct call_limits limits;
    struct address peer;
    if (size < 2)
        return 0;
    unsigned flags = data[0], step = 1 + data[1];
    data += 2;
    size -= 2;
    station_limits_default(&w.site.limits);
    call_limits_default(&limits);
    MUST(address_parse(&peer, "192.0.2.1", 5000) == 0);
    MUST(call_engine_new(&w.engine, &limits, &chance) == 0);
    for (int i = 0; i < 2; i++)
        MUST(station_new(&w.phones[i].station, &w.site, CALL_LINK_ENCRYPTED, &peer, w.now.ms) == 0);
    sign_on(&w, &w.phones[1], 17);
    if (flags & 0x80)
        sign_on(&w, &w.phones[0], flags & 31);
    while (size && !station_is_full(w.phones[0].station)) {
        size_t piece = size < step ? size : step;
        MUST(station_input(w.phones[0].station, bytes_of(data, piece)) == 0);
        data += piece;
        size -= piece;
        w.now.ms += flags & 0x40 ? 1000 : 0;
        while (call_engine_tick(w.engine, w.now.ms))
            act(&w);
        if (!run(&w, &w.phones[0]) || !run(&w, &w.phones[1]))
            break;
    }
    for (int i = 0; i < 2; i++)
        station_free(w.phones[i].station);
    call_engine_free(w.engine);
    return 0;
}
