#include "service/tftp/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCHES_A_TURN = 4, /* of one socket, before others have their turn */
    ARENA = 1024 * 1024,
    RELEASES_MAX = 512,
    SOCKETS_MAX = PORT_SERVICES_MAX * (1 + PORT_POOL),
};

/* What a transfer sends: a line of the cache. */
struct serving {
    _Alignas(64) uint64_t id;
    /* Where the content lies, so that a datagram need not follow pointers to it. */
    const uint8_t *header;
    size_t header_size;
    const uint8_t *memory; /* NULL: it is in a file */
    struct content *content;
    struct disk_reader *reader;
    struct port *port;
};

/* Service sockets come first in the table, then the pools: that of service i begins at
 * `services` + i * PORT_POOL. */
struct socket {
    struct port *port;
    int fd;
    struct loop_watch *watch;
};

struct port {
    struct loop *loop;
    struct port_setup setup;
    struct tftp_engine *engine;
    struct udp_batch *batch;
    struct udp_sender *sender;
    struct socket sockets[SOCKETS_MAX];
    size_t services, socket_count;
    unsigned hint;                          /* which socket of a pool takes the next transfers */
    struct serving *servings;               /* by slot */
    struct content *releases[RELEASES_MAX]; /* contents that datagrams in the queue may look at */
    size_t release_count;
    struct loop_timer *tick;
    struct loop_timer *soon;
    bool ticking;
    bool draining;
    bool stopped;
    size_t receive_buffer;
};

/* ---- sending ---- */

static void flush(struct port *port)
{
    udp_sender_flush(port->sender);
    while (port->release_count)
        content_free(port->releases[--port->release_count]);
}

static void release(struct port *port, struct content *content)
{
    if (!content)
        return;
    if (port->release_count == RELEASES_MAX)
        flush(port);
    port->releases[port->release_count++] = content;
}

/* The bytes [offset, offset + size) as they lie in memory; empty when they do not lie together. */
static struct bytes view_of(const struct serving *s, uint64_t offset, size_t size)
{
    if (offset >= s->header_size && s->memory)
        return bytes_of(s->memory + (offset - s->header_size), size);
    if (offset + size <= s->header_size)
        return bytes_of(s->header + offset, size);
    return bytes_of(NULL, 0);
}

static int read_body(struct serving *serving, uint64_t offset, uint8_t *out, size_t size)
{
    const struct body *body = serving->content->body;
    size_t got = 0;
    if (body->memory) {
        memcpy(out, body->memory + offset, size);
        return 0;
    }
    int result = body_is_intact(body)
                     ? disk_read(serving->reader, body->offset + offset, out, size, &got)
                     : ERR_CONFLICT;
    return result == 0 && got < size ? ERR_TRUNCATED : result;
}

/* Copies [offset, offset + size) of the content. */
static int copy_content(struct serving *serving, uint64_t offset, uint8_t *out, size_t size)
{
    const struct content *content = serving->content;
    if (offset < content->header_size) {
        size_t n = content->header_size - (size_t)offset;
        if (n > size)
            n = size;
        memcpy(out, content->header + offset, n);
        out += n;
        offset += n;
        size -= n;
    }
    return size ? read_body(serving, offset - content->header_size, out, size) : 0;
}

static void send_block(struct port *port, const struct tftp_action *a, unsigned i,
                       struct bytes payload)
{
    uint8_t head[TFTP_DATA_HEADER];
    tftp_write_data_header(head, (uint16_t)(a->block + i));
    udp_send(port->sender, port->sockets[a->socket].fd, &a->peer, &a->local,
             bytes_of(head, sizeof head), payload);
}

static size_t block_bytes(const struct tftp_action *a, unsigned i)
{
    uint64_t at = (uint64_t)i * a->block_size;
    if (at >= a->bytes)
        return 0;
    return a->bytes - at < a->block_size ? (size_t)(a->bytes - at) : a->block_size;
}

/* A content that cannot be read any more: one line, and the peer is told. */
static void content_broken(struct port *port, const struct tftp_action *a, int result)
{
    const struct tftp_transfer *t = a->transfer;
    const char *words = result == ERR_TRUNCATED || result == ERR_CONFLICT
                            ? "The file changed while it was sent"
                            : "The file cannot be read any more";
    journal_peer(port->setup.journal, LEVEL_WARNING, "transfer_broken", &t->peer,
                 bytes_of(t->name, t->name_size),
                 result == ERR_TRUNCATED || result == ERR_CONFLICT ? words : error_text(result));
    tftp_engine_failed(port->engine, a->id, words, loop_now(port->loop));
}

/* Blocks whose bytes do not lie together in memory: through the sender's own. */
static void send_copied(struct port *port, const struct tftp_action *a, struct serving *serving)
{
    uint8_t *room =
        udp_sender_room(port->sender, port->sockets[a->socket].fd, a->count, (size_t)a->bytes);
    int result = room ? copy_content(serving, a->offset, room, (size_t)a->bytes) : ERR_LIMIT;
    if (result == -EAGAIN) {
        tftp_engine_missing(port->engine, a->id, loop_now(port->loop));
        return;
    }
    if (result) {
        content_broken(port, a, result);
        return;
    }
    for (unsigned i = 0; i < a->count; i++)
        send_block(port, a, i, bytes_of(room + (size_t)i * a->block_size, block_bytes(a, i)));
}

static void send_blocks(struct port *port, const struct tftp_action *a)
{
    struct serving *serving = &port->servings[a->transfer->slot];
    struct bytes whole = view_of(serving, a->offset, (size_t)a->bytes);
    if (a->bytes && !whole.data) {
        send_copied(port, a, serving);
        return;
    }
    for (unsigned i = 0; i < a->count; i++)
        send_block(port, a, i, bytes_slice(whole, (size_t)i * a->block_size, block_bytes(a, i)));
}

/* ---- transfers ---- */

static void send_soon(struct port *port);

static void content_ready(void *context, int result)
{
    struct serving *serving = context;
    struct port *port = serving->port;
    if (result)
        tftp_engine_failed(port->engine, serving->id, "The file cannot be read any more",
                           loop_now(port->loop));
    else
        tftp_engine_ready(port->engine, serving->id, loop_now(port->loop));
    send_soon(port);
}

/* What a peer hears about a content it cannot have. */
static int refusal(const struct library_answer *answer, const char **text)
{
    *text = "File not found";
    if (answer->result == ERR_NOT_FOUND)
        return TFTP_NOT_FOUND;
    if (answer->result == ERR_LIMIT)
        return -1; /* too much at once: it will ask again */
    *text = answer->result == ERR_POLICY ? "Access violation: not for this phone, or no file"
                                         : "The file cannot be served now";
    return answer->result == ERR_POLICY ? TFTP_ACCESS : TFTP_UNDEFINED;
}

static void refuse(struct port *port, const struct tftp_transfer *t,
                   const struct library_answer *answer)
{
    const char *text;
    int code = refusal(answer, &text);
    bool absent = answer->result == ERR_NOT_FOUND;
    if (code >= 0)
        journal_peer(port->setup.journal, absent ? LEVEL_INFO : LEVEL_WARNING,
                     absent ? "file_absent" : "file_refused", &t->peer,
                     bytes_of(t->name, t->name_size), answer->words);
    tftp_engine_refuse(port->engine, t->id, code, text, loop_now(port->loop));
}

static int start_serving(struct port *port, const struct tftp_transfer *t, struct content *content)
{
    struct serving *serving = &port->servings[t->slot];
    *serving = (struct serving){.port = port, .id = t->id};
    if (content->body->file && disk_reader_new(&serving->reader, content->body->file,
                                               port->setup.disk, content_ready, serving) != 0)
        return -ENOMEM;
    serving->content = content_share(content);
    serving->header = content->header;
    serving->header_size = content->header_size;
    serving->memory = content->body->memory;
    return 0;
}

static void content_found(void *context, uint64_t id, const struct library_answer *answer)
{
    struct port *port = context;
    const struct tftp_transfer *t = tftp_engine_transfer(port->engine, id);
    if (!t || t->state != TFTP_OPENING)
        return; /* the peer has gone meanwhile */
    struct library_answer a = *answer;
    struct file_name name;
    if (a.stranger && file_name_parse(&name, bytes_of(t->name, t->name_size), NULL) == 0)
        gate_answered(port->setup.gate, &t->peer, &name, &a);
    if (a.result == 0)
        a.result = start_serving(port, t, a.content);
    if (a.result)
        refuse(port, t, &a);
    else
        tftp_engine_opened(port->engine, id, a.content->size, loop_now(port->loop));
    send_soon(port);
}

static void open_content(struct port *port, const struct tftp_action *a)
{
    const struct tftp_transfer *t = a->transfer;
    struct bytes asked = bytes_of(t->name, t->name_size);
    struct file_name name;
    struct why why = WHY_NONE;
    journal_request(port->setup.journal, t->number, &t->peer, asked,
                    tftp_engine_running(port->engine) - 1);
    int result = file_name_parse(&name, asked, &why);
    if (result == 0) {
        gate_ask(port->setup.gate, &t->peer, &name, content_found, port, a->id);
        return;
    }
    journal_peer(port->setup.journal, LEVEL_NOTICE, "name_refused", &t->peer, asked, why.text);
    tftp_engine_refuse(port->engine, a->id, TFTP_ACCESS, why.text, loop_now(port->loop));
}

/* Did all of it go out, so that the peer may have it? */
static bool may_have_arrived(const struct tftp_transfer *t, enum tftp_outcome outcome)
{
    return outcome == OUTCOME_COMPLETE || (outcome != OUTCOME_FAILED && t->top >= t->blocks);
}

static void say_how_it_ended(struct port *port, const struct tftp_action *a)
{
    const struct tftp_transfer *t = a->transfer;
    struct bytes name = bytes_of(t->name, t->name_size);
    char words[200];
    char peers[120];
    if (a->outcome == OUTCOME_SILENT) {
        text_format(words, sizeof words, "no answer to block %llu of %llu",
                    (unsigned long long)t->acked + 1, (unsigned long long)t->blocks);
        journal_peer(port->setup.journal, LEVEL_NOTICE, "client_silent", &t->peer, name, words);
    } else if (a->outcome == OUTCOME_ABORTED) {
        text_escape(peers, sizeof peers, bytes_of(a->packet, a->size));
        text_format(words, sizeof words, "error %u: %s", a->code, peers);
        journal_peer(port->setup.journal, LEVEL_INFO, "client_aborted", &t->peer, name, words);
    }
}

static void finish(struct port *port, const struct tftp_action *a)
{
    const struct tftp_transfer *t = a->transfer;
    struct serving *serving = &port->servings[t->slot];
    struct file_name name;
    say_how_it_ended(port, a);
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a port has its servings */
    if (serving->id == a->id && serving->content && may_have_arrived(t, a->outcome) &&
        file_name_parse(&name, bytes_of(t->name, t->name_size), NULL) == 0) {
        if (a->outcome == OUTCOME_COMPLETE)
            journal_transferred(port->setup.journal, t->number, &t->peer, file_name_shown(&name),
                                port->sockets[a->socket].fd);
        port->setup.served(port->setup.context, &t->peer, &name, serving->content,
                           a->outcome == OUTCOME_COMPLETE);
    }
    if (serving->id != a->id)
        return;
    disk_reader_free(serving->reader);
    release(port, serving->content);
    *serving = (struct serving){0};
}

static void say_rejection(struct port *port, const struct tftp_action *a)
{
    static const char *const words[] = {
        [REASON_BUSY] = "too many transfers, of this address or in all: it has to ask again",
        [REASON_MALFORMED] = "no TFTP request",
        [REASON_WRITE] = "a write request",
        [REASON_MODE] = "a mode other than octet",
        [REASON_NAME] = "the name is too long",
        [REASON_STRANGER] = "no transfer of this peer",
    };
    enum log_level level = a->reason == REASON_STRANGER ? LEVEL_DEBUG : LEVEL_NOTICE;
    journal_peer(port->setup.journal, level, "tftp_rejected", &a->peer,
                 bytes_of(a->packet, a->size), words[a->reason]);
}

/* Does what the engine wants done, until there is nothing left. */
static void drain(struct port *port)
{
    const struct tftp_action *a;
    if (port->draining)
        return; /* the outer call goes on with it */
    port->draining = true;
    while ((a = tftp_engine_action(port->engine)) != NULL) {
        switch (a->kind) {
        case TFTP_SEND:
            udp_send(port->sender, port->sockets[a->socket].fd, &a->peer, &a->local,
                     bytes_of(a->packet, a->size), bytes_of(NULL, 0));
            break;
        case TFTP_BLOCKS:
            send_blocks(port, a);
            break;
        case TFTP_OPEN:
            open_content(port, a);
            break;
        case TFTP_DONE:
            finish(port, a);
            break;
        case TFTP_REJECT:
            say_rejection(port, a);
            break;
        }
    }
    port->draining = false;
}

/* ---- time ---- */

static void keep_ticking(struct port *port)
{
    if (port->ticking || !tftp_engine_wants_tick(port->engine))
        return;
    port->ticking = true;
    loop_timer_start(port->tick, TFTP_TICK_MS);
}

static void ticked(void *context)
{
    struct port *port = context;
    port->ticking = false;
    while (tftp_engine_tick(port->engine, loop_now(port->loop)))
        drain(port);
    drain(port);
    flush(port);
    keep_ticking(port);
}

/* News that come one by one in a turn of the loop are sent together at its end. */
static void send_soon(struct port *port)
{
    if (port->draining)
        return;
    drain(port);
    loop_timer_start(port->soon, 0);
}

static void soon(void *context)
{
    struct port *port = context;
    flush(port);
    keep_ticking(port);
}

/* ---- receiving ---- */

static void take_packets(struct port *port, size_t index, const struct udp_packet *packets,
                         size_t count)
{
    bool service = index < port->services;
    struct tftp_datagram d = {.service_port = service,
                              .socket =
                                  (unsigned)(service ? port->services + index * PORT_POOL : index),
                              .pool_size = PORT_POOL,
                              .hint = port->hint};
    int64_t now = loop_now(port->loop);
    for (size_t i = 0; i < count; i++) {
        d.data = packets[i].data;
        d.cut = packets[i].cut;
        d.peer = &packets[i].peer;
        d.local = &packets[i].local;
        tftp_engine_input(port->engine, &d, now);
        drain(port);
    }
}

static void readable(void *context, unsigned ready)
{
    struct socket *s = context;
    struct port *port = s->port;
    size_t index = (size_t)(s - port->sockets);
    (void)ready;
    if (index < port->services) {
        /* Requests that come together are answered from one socket, so that the answers leave with
         * one call; and a file that was changed before a request is not served as it was. */
        port->hint = (port->hint + 1) % PORT_POOL;
        library_poll(port->setup.library);
    }
    for (int i = 0; i < BATCHES_A_TURN; i++) {
        const struct udp_packet *packets;
        size_t count = 0;
        if (udp_receive(port->batch, s->fd, &packets, &count) != 0)
            break;
        take_packets(port, index, packets, count);
        if (count < UDP_BATCH)
            break;
    }
    flush(port);
    keep_ticking(port);
}

/* ---- birth and end ---- */

static int open_socket(struct port *port, int fd)
{
    struct socket *s = &port->sockets[port->socket_count++];
    size_t got = 0;
    *s = (struct socket){.port = port, .fd = fd};
    int result = udp_prepare(fd);
    if (result == 0)
        result = udp_set_buffers(fd, port->setup.receive_buffer, &got);
    if (result == 0)
        result = loop_watch_new(&s->watch, port->loop, fd, readable, s);
    if (result == 0)
        result = loop_watch_set(s->watch, LOOP_READ);
    if (port->receive_buffer == 0 || got < port->receive_buffer)
        port->receive_buffer = got;
    return result;
}

/* The sockets answers leave from: the same local address, ports of the kernel's choice. */
static int open_pool(struct port *port, int service, struct why *why)
{
    struct address local;
    int result = udp_local_address(service, &local);
    for (int i = 0; i < PORT_POOL && result == 0; i++) {
        int fd = -1;
        if (local.any.sa_family == AF_INET)
            local.v4.sin_port = 0;
        else
            local.v6.sin6_port = 0;
        result = udp_bind(&fd, &local, why);
        if (result == 0)
            result = open_socket(port, fd);
    }
    return result;
}

static int open_sockets(struct port *port, struct why *why)
{
    int result = 0;
    size_t count = port->setup.count;
    port->services = count;
    for (size_t i = 0; i < count && result == 0; i++)
        result = open_socket(port, port->setup.sockets[i]);
    for (size_t i = port->socket_count; i < count; i++)
        port->sockets[port->socket_count++].fd = port->setup.sockets[i];
    for (size_t i = 0; i < count && result == 0; i++)
        result = open_pool(port, port->sockets[i].fd, why);
    port->setup.sockets = NULL; /* the caller's memory */
    return result;
}

int port_new(struct port **out, struct loop *loop, const struct port_setup *setup, struct why *why)
{
    struct port *port = calloc(1, sizeof *port);
    int result = !port ? -ENOMEM : setup->count > PORT_SERVICES_MAX ? ERR_LIMIT : 0;
    if (result) {
        for (size_t i = 0; i < setup->count; i++)
            close(setup->sockets[i]);
        free(port);
        return why_error(why, result, "no room for the TFTP sockets");
    }
    port->loop = loop;
    port->setup = *setup;
    result = open_sockets(port, why);
    if (result == 0)
        result = tftp_engine_new(&port->engine, &setup->limits);
    if (result == 0)
        result = udp_batch_new(&port->batch);
    if (result == 0)
        result = udp_sender_new(&port->sender, ARENA);
    if (result == 0)
        result = loop_timer_new(&port->tick, loop, ticked, port);
    if (result == 0)
        result = loop_timer_new(&port->soon, loop, soon, port);
    size_t size = setup->limits.transfers * sizeof *port->servings;
    port->servings = aligned_alloc(_Alignof(struct serving), size);
    if (port->servings)
        memset(port->servings, 0, size);
    else if (result == 0)
        result = -ENOMEM;
    if (result) {
        port_free(port);
        return why_error(why, result, "the TFTP sockets cannot be used: %s", error_text(result));
    }
    *out = port;
    return 0;
}

void port_stop(struct port *port)
{
    if (!port || port->stopped)
        return;
    port->stopped = true;
    for (size_t i = 0; i < port->socket_count; i++) {
        loop_watch_free(port->sockets[i].watch);
        port->sockets[i].watch = NULL;
    }
    while (port->engine && tftp_engine_stop(port->engine))
        drain(port);
    if (port->engine)
        drain(port);
    if (port->sender)
        flush(port);
}

void port_free(struct port *port)
{
    if (!port)
        return;
    port_stop(port);
    for (size_t i = 0; i < port->socket_count; i++)
        close(port->sockets[i].fd);
    loop_timer_free(port->tick);
    loop_timer_free(port->soon);
    tftp_engine_free(port->engine);
    udp_batch_free(port->batch);
    udp_sender_free(port->sender);
    free(port->servings);
    free(port);
}

void port_counters(struct port *port, struct port_counters *out)
{
    *out = (struct port_counters){.engine = *tftp_engine_counters(port->engine),
                                  .udp = *udp_sender_counters(port->sender),
                                  .receive_buffer = port->receive_buffer,
                                  .running = tftp_engine_running(port->engine)};
    for (size_t i = 0; i < port->socket_count; i++) {
        uint64_t dropped = 0;
        if (udp_dropped(port->sockets[i].fd, &dropped) == 0)
            out->dropped += dropped;
    }
}
