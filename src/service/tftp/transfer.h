/*
 * transfer: one TFTP transfer, and the table of all of them.
 *
 * The table finds transfers by their peer (address and port) and tells which have reached their
 * deadline. Nothing is allocated after its birth. The fields of a transfer are the engine's to
 * write; others may read them while they handle its actions.
 */
#ifndef SERVICE_TFTP_TRANSFER_H
#define SERVICE_TFTP_TRANSFER_H

#include "net/crowd.h"
#include "net/udp.h"
#include "wire/tftp.h"

#define TFTP_NAME_MAX \
    255 /* bytes of a file name; RFC 1350 sets no limit, a longer one is refused */

enum tftp_state {
    TFTP_FREE,
    TFTP_OPENING,   /* the request is taken; its content is being looked for */
    TFTP_OFFERING,  /* an OACK is out, to be acknowledged as block 0 */
    TFTP_SENDING,   /* blocks are out, to be acknowledged */
    TFTP_READING,   /* the next blocks are being read */
    TFTP_LINGERING, /* over; late duplicates of the last ACK are still known for what they are */
    TFTP_STATE_COUNT
};

/* A peer in a form that is compared fast: address (and interface, of IPv6 link-local ones), port.
 */
struct tftp_peer {
    uint64_t address[2];
    uint64_t rest; /* port, interface, and which kind of address */
};

struct tftp_link {
    struct tftp_link *next, *previous;
};

/* What each datagram needs comes first, so that it lies together: in three lines of the cache. */
struct tftp_transfer {
    _Alignas(64) uint64_t id; /* of this transfer alone, never 0 */
    unsigned slot;            /* its place in the table: a small number that is used again */
    enum tftp_state state;
    struct tftp_peer key;
    unsigned socket;     /* it is answered from */
    uint32_t block_size; /* as granted */
    uint32_t window_size;
    unsigned tries;        /* how often the peer did not answer */
    uint64_t size;         /* bytes of the content */
    uint64_t blocks;       /* the last one is shorter than a block, maybe empty */
    uint64_t acked;        /* blocks acknowledged */
    uint64_t sent;         /* blocks sent, or being read to be sent */
    uint64_t top;          /* the highest block ever sent */
    uint64_t emitted_from; /* `top` before the last blocks went out */
    int64_t progress;      /* when the peer last acknowledged something new */
    int64_t deadline;
    int64_t wait_ms; /* the present wait for an answer */
    bool gap_answered;
    bool offered; /* granted options go out as an OACK */
    struct address peer;
    struct udp_local local; /* the address it was asked at, when the socket has several */
    /* the rest is for its beginning and its end */
    uint64_t number; /* counts from 1: for people */
    uint64_t resent; /* datagrams sent again */
    int64_t started;
    struct tftp_options asked, granted;
    struct tftp_link timer; /* the table's own */
    struct tftp_link queue; /* free, or lingering */
    uint16_t name_size;
    uint8_t name[TFTP_NAME_MAX];
};

struct tftp_table;

/* `transfers` at most, `per_address` of one address. */
int tftp_table_new(struct tftp_table **out, unsigned transfers, unsigned per_address) CHECKED;
void tftp_table_free(struct tftp_table *table);

/* A new transfer with this peer. When the table is full the one that lingers longest makes room.
 * ERR_LIMIT: the table is full of running ones, or the address has enough. */
int tftp_table_add(struct tftp_table *table, struct tftp_transfer **out, const struct address *peer,
                   int64_t now) CHECKED;
/* It is over, but stays known for a while; its address may have another one at once. */
void tftp_table_linger(struct tftp_table *table, struct tftp_transfer *transfer);
void tftp_table_remove(struct tftp_table *table, struct tftp_transfer *transfer);

/* The transfers of a peer, one after the other: start with *position 0. NULL at the end. The table
 * must not change in between. */
struct tftp_transfer *tftp_table_find(const struct tftp_table *table, const struct address *peer,
                                      size_t *position);
struct tftp_transfer *tftp_table_by_id(struct tftp_table *table, uint64_t id);
/* Any transfer that is not free, or NULL. */
struct tftp_transfer *tftp_table_any(struct tftp_table *table);
unsigned tftp_table_running(const struct tftp_table *table);
bool tftp_table_is_empty(const struct tftp_table *table); /* nothing running or lingering */

/* ---- deadlines ----
 *
 * A deadline may be moved to later by just setting it: the table looks at it when its old time has
 * come. Moving it to earlier needs tftp_table_schedule(). Nothing is due early, and it is due at
 * most TFTP_TICK_MS late. */
#define TFTP_TICK_MS 50
void tftp_table_schedule(struct tftp_table *table, struct tftp_transfer *transfer);
/* The next transfer whose deadline has passed, NULL when there is none (left). Its deadline must be
 * set again by the caller, or the transfer removed. */
struct tftp_transfer *tftp_table_due(struct tftp_table *table, int64_t now);

#endif
