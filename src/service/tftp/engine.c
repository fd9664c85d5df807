#include "service/tftp/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void tftp_limits_default(struct tftp_limits *limits)
{
    *limits = (struct tftp_limits){.transfers = 8192,
                                   .per_address = 256,
                                   .block_size = TFTP_BLOCK_MAX,
                                   .window = 64,
                                   .window_bytes = 128 * 1024,
                                   .first_wait_ms = 1000,
                                   .longest_wait_ms = 8000,
                                   .tries = 6,
                                   .open_wait_ms = 30000,
                                   .linger_ms = 2000};
}

int tftp_engine_new(struct tftp_engine **out, const struct tftp_limits *limits)
{
    struct tftp_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return -ENOMEM;
    engine->limits = *limits;
    buffer_init(&engine->scratch, UDP_HEAD_MAX);
    int result = buffer_reserve(&engine->scratch, UDP_HEAD_MAX);
    if (result == 0)
        result = tftp_table_new(&engine->table, limits->transfers, limits->per_address);
    if (result) {
        tftp_engine_free(engine);
        return result;
    }
    *out = engine;
    return 0;
}

void tftp_engine_free(struct tftp_engine *engine)
{
    if (!engine)
        return;
    tftp_table_free(engine->table);
    buffer_fini(&engine->scratch);
    free(engine);
}

/* ---- actions ---- */

struct tftp_action *tftp_push(struct tftp_engine *engine, enum tftp_action_kind kind)
{
    /* Who takes the actions after each call never fills the ring; else the newest is lost. One
     * place stays free: that of the action that was taken last. */
    if (engine->used < TFTP_RING - 1)
        engine->used++;
    unsigned at = (engine->first + engine->used - 1) % TFTP_RING;
    struct tftp_action *action = &engine->ring[at];
    action->kind = kind;
    action->id = 0;
    action->transfer = NULL;
    action->size = 0;
    action->code = 0;
    return action;
}

struct tftp_action *tftp_push_for(struct tftp_engine *engine, enum tftp_action_kind kind,
                                  struct tftp_transfer *t)
{
    struct tftp_action *action = tftp_push(engine, kind);
    action->id = t->id;
    action->transfer = t;
    action->socket = t->socket;
    action->peer = t->peer;
    action->local = t->local;
    return action;
}

void tftp_action_fill(struct tftp_action *action, struct bytes packet)
{
    action->size = packet.size < sizeof action->packet ? packet.size : sizeof action->packet;
    if (action->size)
        memcpy(action->packet, packet.data, action->size);
}

const struct tftp_action *tftp_engine_action(struct tftp_engine *engine)
{
    if (engine->used == 0)
        return NULL;
    const struct tftp_action *action = &engine->ring[engine->first];
    engine->first = (engine->first + 1) % TFTP_RING;
    engine->used--;
    return action;
}

static struct tftp_action *push_back(struct tftp_engine *engine, enum tftp_action_kind kind,
                                     const struct tftp_datagram *d)
{
    struct tftp_action *action = tftp_push(engine, kind);
    action->socket = d->service_port ? d->socket + d->hint % d->pool_size : d->socket;
    action->peer = *d->peer;
    action->local = d->local ? *d->local : (struct udp_local){0};
    return action;
}

/* No transfer comes of this datagram; `code` below 0: and no answer. */
static void reject(struct tftp_engine *engine, const struct tftp_datagram *d,
                   enum tftp_reason reason, int code, const char *text, struct bytes name)
{
    if (reason == REASON_BUSY)
        engine->counters.busy++;
    else
        engine->counters.rejected++;
    if (code >= 0) {
        tftp_write_error(&engine->scratch, (enum tftp_error)code, text);
        tftp_action_fill(push_back(engine, TFTP_SEND, d), buffer_bytes(&engine->scratch));
    }
    struct tftp_action *action = push_back(engine, TFTP_REJECT, d);
    action->reason = reason;
    tftp_action_fill(action, name);
}

/* ---- requests ---- */

static bool same_request(const struct tftp_transfer *t, const struct tftp_request *request)
{
    return t->state != TFTP_LINGERING &&
           bytes_equal(bytes_of(t->name, t->name_size), request->name);
}

/* Has the peer a transfer on this socket? *lingering gets one that is over. */
static bool socket_taken(struct tftp_engine *engine, const struct tftp_datagram *d, unsigned socket,
                         struct tftp_transfer **lingering)
{
    *lingering = NULL;
    struct tftp_transfer *t;
    size_t position = 0;
    while ((t = tftp_table_find(engine->table, d->peer, &position)) != NULL) {
        if (t->socket != socket)
            continue;
        if (t->state != TFTP_LINGERING)
            return true;
        *lingering = t;
    }
    return false;
}

/* A socket of the pool on which this peer has no transfer, best not even one that is over: the two
 * ports are all that tells transfers apart. */
static bool choose_socket(struct tftp_engine *engine, unsigned *out, const struct tftp_datagram *d)
{
    struct tftp_transfer *oldest = NULL;
    for (unsigned i = 0; i < d->pool_size; i++) {
        struct tftp_transfer *lingering;
        unsigned socket = d->socket + (d->hint + i) % d->pool_size;
        if (socket_taken(engine, d, socket, &lingering))
            continue;
        if (!lingering) {
            *out = socket;
            return true;
        }
        if (!oldest || lingering->id < oldest->id)
            oldest = lingering;
    }
    if (!oldest)
        return false;
    *out = oldest->socket;
    tftp_table_remove(engine->table, oldest);
    return true;
}

static void take_request(struct tftp_engine *engine, const struct tftp_datagram *d,
                         const struct tftp_request *request, int64_t now)
{
    struct tftp_transfer *t;
    size_t position = 0;
    while ((t = tftp_table_find(engine->table, d->peer, &position)) != NULL) {
        if (!same_request(t, request))
            continue;
        const struct tftp_input in = {.now = now, .asked = &request->options};
        engine->counters.repeated++;
        tftp_protocol_happen(engine, t, EVENT_REQUEST, &in);
        return;
    }
    unsigned socket;
    if (!choose_socket(engine, &socket, d) ||
        tftp_table_add(engine->table, &t, d->peer, now) != 0) {
        reject(engine, d, REASON_BUSY, -1, "", request->name);
        return;
    }
    t->socket = socket;
    t->local = d->local ? *d->local : (struct udp_local){0};
    t->name_size = (uint16_t)request->name.size;
    if (t->name_size)
        memcpy(t->name, request->name.data, t->name_size);
    t->asked = request->options;
    engine->counters.requests++;
    tftp_protocol_await(engine, t, now, engine->limits.open_wait_ms);
    tftp_push_for(engine, TFTP_OPEN, t);
}

static void input_request(struct tftp_engine *engine, const struct tftp_datagram *d, int64_t now)
{
    const struct bytes none = {0};
    struct tftp_request request;
    unsigned opcode = tftp_opcode(d->data);
    if (opcode == TFTP_ERROR || opcode == 0)
        reject(engine, d, REASON_MALFORMED, -1, "", none); /* an error is never answered by one */
    else if (opcode != TFTP_RRQ && opcode != TFTP_WRQ)
        reject(engine, d, REASON_MALFORMED, TFTP_ILLEGAL, "This port takes requests only", none);
    else if (d->cut || tftp_read_request(&request, d->data, NULL) != 0)
        reject(engine, d, REASON_MALFORMED, TFTP_ILLEGAL, "Malformed request", none);
    else if (request.opcode == TFTP_WRQ)
        reject(engine, d, REASON_WRITE, TFTP_ACCESS, "This server takes no files", request.name);
    else if (request.mode != TFTP_OCTET)
        reject(engine, d, REASON_MODE, TFTP_ILLEGAL,
               "Only mode octet is served: set the client to binary", request.name);
    else if (request.name.size > TFTP_NAME_MAX)
        reject(engine, d, REASON_NAME, TFTP_ACCESS, "File name too long", request.name);
    else
        take_request(engine, d, &request, now);
}

/* ---- what comes to the socket of a transfer ---- */

static void input_answer(struct tftp_engine *engine, const struct tftp_datagram *d, int64_t now)
{
    const struct bytes none = {0};
    struct tftp_input in = {.now = now};
    struct tftp_transfer *t;
    unsigned opcode = tftp_opcode(d->data);
    enum tftp_event event = opcode == TFTP_ERROR ? EVENT_ERROR : EVENT_JUNK;
    uint16_t code = 0;
    size_t position = 0;
    do {
        t = tftp_table_find(engine->table, d->peer, &position);
    } while (t && t->socket != d->socket);
    if (tftp_read_ack(&in.block, d->data) == 0)
        event = EVENT_ACK;
    else if (tftp_read_error(&code, &in.text, d->data) == 0)
        in.code = code; /* one that is cut short is an error, too */
    if (t)
        tftp_protocol_happen(engine, t, event, &in);
    else
        reject(engine, d, REASON_STRANGER,
               opcode == 0 || opcode == TFTP_ERROR ? -1 : TFTP_UNKNOWN_TID,
               "No transfer of yours is on this port", none);
}

void tftp_engine_input(struct tftp_engine *engine, const struct tftp_datagram *datagram,
                       int64_t now)
{
    if (datagram->service_port)
        input_request(engine, datagram, now);
    else
        input_answer(engine, datagram, now);
}

/* ---- news about contents, and the time ---- */

static void happen(struct tftp_engine *engine, uint64_t id, enum tftp_event event,
                   const struct tftp_input *in)
{
    struct tftp_transfer *t = tftp_table_by_id(engine->table, id);
    if (t)
        tftp_protocol_happen(engine, t, event, in);
}

void tftp_engine_opened(struct tftp_engine *engine, uint64_t id, uint64_t size, int64_t now)
{
    happen(engine, id, EVENT_OPENED, &(struct tftp_input){.now = now, .size = size});
}

void tftp_engine_refuse(struct tftp_engine *engine, uint64_t id, int code, const char *text,
                        int64_t now)
{
    const struct tftp_input in = {.now = now, .code = code, .text = bytes_of_string(text)};
    happen(engine, id, EVENT_REFUSED, &in);
}

void tftp_engine_missing(struct tftp_engine *engine, uint64_t id, int64_t now)
{
    happen(engine, id, EVENT_MISSING, &(struct tftp_input){.now = now});
}

void tftp_engine_ready(struct tftp_engine *engine, uint64_t id, int64_t now)
{
    happen(engine, id, EVENT_READY, &(struct tftp_input){.now = now});
}

void tftp_engine_failed(struct tftp_engine *engine, uint64_t id, const char *text, int64_t now)
{
    const struct tftp_input in = {.now = now, .text = bytes_of_string(text)};
    happen(engine, id, EVENT_FAILED, &in);
}

bool tftp_engine_tick(struct tftp_engine *engine, int64_t now)
{
    const struct tftp_input in = {.now = now};
    struct tftp_transfer *t;
    while (engine->used < TFTP_RING / 2) {
        t = tftp_table_due(engine->table, now);
        if (!t)
            return false;
        tftp_protocol_happen(engine, t, EVENT_TIMEOUT, &in);
    }
    return true;
}

bool tftp_engine_wants_tick(const struct tftp_engine *engine)
{
    return !tftp_table_is_empty(engine->table);
}

bool tftp_engine_stop(struct tftp_engine *engine)
{
    struct tftp_transfer *t;
    while (engine->used < TFTP_RING / 2) {
        t = tftp_table_any(engine->table);
        if (!t)
            return false;
        if (t->state != TFTP_LINGERING)
            tftp_push_for(engine, TFTP_DONE, t)->outcome = OUTCOME_STOPPED;
        tftp_table_remove(engine->table, t);
    }
    return true;
}

const struct tftp_engine_counters *tftp_engine_counters(const struct tftp_engine *engine)
{
    return &engine->counters;
}

unsigned tftp_engine_running(const struct tftp_engine *engine)
{
    return tftp_table_running(engine->table);
}

const struct tftp_transfer *tftp_engine_transfer(struct tftp_engine *engine, uint64_t id)
{
    return tftp_table_by_id(engine->table, id);
}
