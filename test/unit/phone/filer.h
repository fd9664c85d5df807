/*
 * filer: a TFTP server on the loop of a test, on the server's half of the packets of wire/tftp. It
 * serves the files it is given, and can be told to lose packets.
 */
#ifndef TEST_FILER_H
#define TEST_FILER_H

#include "support.h"

#include "base/map.h"
#include "net/loop.h"
#include "net/udp.h"
#include "wire/tftp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct filer_file {
    const char *name;
    struct bytes file;
};

struct filer_transfer {
    struct bytes file;
    size_t block; /* sent last */
};

struct filer {
    struct loop *loop;
    int listening, answering;
    struct loop_watch *watches[2];
    struct udp_batch *batch;
    struct udp_sender *sender;
    struct address address;
    struct filer_file files[16];
    size_t count;
    struct map *transfers; /* by peer */
    unsigned drop;         /* every so many-th packet is lost, in both directions; 0: none */
    unsigned packets;
    unsigned requests;
    char sources[4096]; /* the addresses that asked, one after the other */
};

static inline bool filer_lost(struct filer *f)
{
    return f->drop && ++f->packets % f->drop == 0;
}

static inline void filer_send(struct filer *f, const struct address *peer, struct bytes packet)
{
    if (filer_lost(f))
        return;
    udp_send(f->sender, f->answering, peer, NULL, bytes_of("", 0), packet);
    udp_sender_flush(f->sender);
}

static inline struct bytes filer_key(uint8_t out[18], const struct address *peer)
{
    struct bytes raw = address_bytes(peer);
    uint16_t port = address_port(peer);
    memcpy(out, raw.data, raw.size);
    memcpy(out + raw.size, &port, sizeof port);
    return bytes_of(out, raw.size + sizeof port);
}

static inline void filer_block(struct filer *f, const struct address *peer,
                               const struct filer_transfer *t)
{
    struct buffer packet;
    uint8_t head[TFTP_DATA_HEADER];
    buffer_init(&packet, 600);
    tftp_write_data_header(head, (uint16_t)t->block);
    buffer_append(&packet, bytes_of(head, sizeof head));
    buffer_append(&packet, bytes_slice(t->file, (t->block - 1) * 512, 512));
    filer_send(f, peer, buffer_bytes(&packet));
    buffer_fini(&packet);
}

static inline const struct filer_file *filer_find(const struct filer *f, struct bytes name)
{
    for (size_t i = 0; i < f->count; i++)
        if (bytes_equal_string(name, f->files[i].name))
            return &f->files[i];
    return NULL;
}

static inline void filer_note(struct filer *f, const char *source)
{
    size_t used = strlen(f->sources);
    (void)snprintf(f->sources + used, sizeof f->sources - used, "%s ", source);
}

/* All of it was sent. */
static inline bool filer_done(const struct filer_transfer *t)
{
    return t->block * 512 > t->file.size;
}

static inline void filer_request(struct filer *f, const struct udp_packet *packet)
{
    struct tftp_request request;
    struct buffer error;
    uint8_t key[18];
    char host[ADDRESS_TEXT];
    assert_int_equal(tftp_read_request(&request, packet->data, NULL), 0);
    f->requests++;
    filer_note(f, address_host(host, &packet->peer));
    const struct filer_file *file = filer_find(f, request.name);
    if (!file) {
        buffer_init(&error, 200);
        tftp_write_error(&error, TFTP_NOT_FOUND, "File not found");
        filer_send(f, &packet->peer, buffer_bytes(&error));
        buffer_fini(&error);
        return;
    }
    struct filer_transfer *t = map_get(f->transfers, filer_key(key, &packet->peer));
    if (t && !filer_done(t)) { /* the same request, sent again */
        filer_block(f, &packet->peer, t);
        return;
    }
    free(map_remove(f->transfers, filer_key(key, &packet->peer)));
    t = calloc(1, sizeof *t);
    assert_non_null(t);
    *t = (struct filer_transfer){.file = file->file, .block = 1};
    assert_int_equal(map_add(f->transfers, filer_key(key, &packet->peer), t), 0);
    filer_block(f, &packet->peer, t);
}

static inline void filer_packet(struct filer *f, const struct udp_packet *packet)
{
    uint8_t key[18];
    uint16_t block;
    struct filer_transfer *t = map_get(f->transfers, filer_key(key, &packet->peer));
    if (filer_lost(f))
        return;
    if (tftp_opcode(packet->data) == TFTP_RRQ) {
        filer_request(f, packet);
    } else if (t && tftp_read_ack(&block, packet->data) == 0) {
        if (block == (uint16_t)t->block && !filer_done(t))
            t->block++;
        else if (block == (uint16_t)t->block)
            return;
        filer_block(f, &packet->peer, t);
    }
}

static inline void filer_ready(void *context, unsigned ready)
{
    struct filer *f = context;
    const int fds[] = {f->listening, f->answering};
    (void)ready;
    for (size_t i = 0; i < 2; i++) {
        const struct udp_packet *packets;
        size_t count;
        if (udp_receive(f->batch, fds[i], &packets, &count) != 0)
            continue;
        for (size_t k = 0; k < count; k++)
            filer_packet(f, &packets[k]);
    }
}

static inline void filer_open(struct filer *f, struct loop *loop, const char *host)
{
    struct address any;
    *f = (struct filer){.loop = loop};
    assert_int_equal(address_parse(&any, host, 0), 0);
    assert_int_equal(udp_bind(&f->listening, &any, NULL), 0);
    assert_int_equal(udp_bind(&f->answering, &any, NULL), 0);
    assert_int_equal(udp_local_address(f->listening, &f->address), 0);
    assert_int_equal(udp_batch_new(&f->batch), 0);
    assert_int_equal(udp_sender_new(&f->sender, 0), 0);
    assert_int_equal(map_new(&f->transfers, 100000), 0);
    assert_int_equal(loop_watch_new(&f->watches[0], loop, f->listening, filer_ready, f), 0);
    assert_int_equal(loop_watch_new(&f->watches[1], loop, f->answering, filer_ready, f), 0);
    assert_int_equal(loop_watch_set(f->watches[0], LOOP_READ), 0);
    assert_int_equal(loop_watch_set(f->watches[1], LOOP_READ), 0);
}

static inline void filer_put(struct filer *f, const char *name, struct bytes file)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->files[i].name, name) == 0) {
            f->files[i].file = file;
            return;
        }
    }
    f->files[f->count++] = (struct filer_file){name, file};
}

static inline void filer_close(struct filer *f)
{
    size_t position = 0;
    struct bytes key;
    void *t;
    while ((t = map_next(f->transfers, &position, &key)) != NULL)
        free(t);
    map_free(f->transfers);
    loop_watch_free(f->watches[0]);
    loop_watch_free(f->watches[1]);
    udp_batch_free(f->batch);
    udp_sender_free(f->sender);
    close(f->listening);
    close(f->answering);
}

#endif
