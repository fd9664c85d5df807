/*
 * engine: TFTP as a server speaks it (RFC 1350, 2347, 2348, 2349, 7440), without input or output.
 *
 * Datagrams, the time and news about contents go in; actions come out, in order, and must be taken
 * after every call. The engine knows a content by its size alone: it says which bytes go into which
 * blocks. What it does in which state is the table in engine.c; docs/protocols/tftp.md says why.
 */
#ifndef SERVICE_TFTP_ENGINE_H
#define SERVICE_TFTP_ENGINE_H

#include "service/tftp/transfer.h"

struct tftp_engine;

struct tftp_limits {
    unsigned transfers;    /* at once */
    unsigned per_address;  /* of them with one address */
    uint32_t block_size;   /* the largest that is granted */
    uint32_t window;       /* blocks: the most that is granted */
    uint32_t window_bytes; /* and never more than so many bytes, unless it is one block */
    int64_t first_wait_ms; /* for an answer; doubles with each try */
    int64_t longest_wait_ms;
    unsigned tries;       /* unanswered, before a peer is given up */
    int64_t open_wait_ms; /* for a content to be found, or the next blocks to be read */
    int64_t linger_ms;
};
/* What a server should use. */
void tftp_limits_default(struct tftp_limits *limits);

int tftp_engine_new(struct tftp_engine **out, const struct tftp_limits *limits) CHECKED;
void tftp_engine_free(struct tftp_engine *engine);

/* A datagram. Those that come to the service port are requests; a request is answered from one of
 * the sockets [pool, pool + pool_size), the one at `hint` if the peer has no transfer there. */
struct tftp_datagram {
    struct bytes data;
    bool cut; /* it was longer */
    bool service_port;
    unsigned socket; /* it came to; for requests the first of the pool */
    unsigned pool_size;
    unsigned hint;
    const struct address *peer;
    const struct udp_local *local;
};
void tftp_engine_input(struct tftp_engine *engine, const struct tftp_datagram *datagram,
                       int64_t now);

/* Answers to TFTP_OPEN: the content has so many bytes, or the peer gets an error, or (code below 0)
 * nothing, so that it asks again. Ids of transfers that are over are fine in all of these. */
void tftp_engine_opened(struct tftp_engine *engine, uint64_t id, uint64_t size, int64_t now);
void tftp_engine_refuse(struct tftp_engine *engine, uint64_t id, int code, const char *text,
                        int64_t now);
/* Instead of sending what TFTP_BLOCKS says: it must be read first, and can be read now. */
void tftp_engine_missing(struct tftp_engine *engine, uint64_t id, int64_t now);
void tftp_engine_ready(struct tftp_engine *engine, uint64_t id, int64_t now);
/* The content can no longer be read: the peer gets error 0 with this text. */
void tftp_engine_failed(struct tftp_engine *engine, uint64_t id, const char *text, int64_t now);

/* Does what is due. True: there is more, take the actions and call again. */
bool tftp_engine_tick(struct tftp_engine *engine, int64_t now);
/* Does it want to be ticked (every TFTP_TICK_MS)? */
bool tftp_engine_wants_tick(const struct tftp_engine *engine);
/* Ends the transfers one after the other: call until it returns false, taking the actions. */
bool tftp_engine_stop(struct tftp_engine *engine);

enum tftp_action_kind {
    TFTP_SEND,   /* `packet` to the peer */
    TFTP_BLOCKS, /* `count` blocks of the transfer's content, from `block` on */
    TFTP_OPEN,   /* find the content of the transfer's name: tftp_engine_opened() or _refuse() */
    TFTP_DONE,   /* the transfer is over: `outcome` */
    TFTP_REJECT, /* a datagram led to no transfer: `reason`; an answer, if any, is a TFTP_SEND */
};

enum tftp_outcome {
    OUTCOME_COMPLETE, /* every block was acknowledged */
    OUTCOME_REFUSED,  /* by tftp_engine_refuse() */
    OUTCOME_ABORTED,  /* by an error of the peer's: `code` and `text` */
    OUTCOME_SILENT,   /* the peer did not answer any more */
    OUTCOME_FAILED,   /* the content could not be read to its end, or was not found in time */
    OUTCOME_STOPPED,  /* by tftp_engine_stop(): the peer is not told */
};

enum tftp_reason {
    REASON_BUSY,      /* the table is full, or the address has enough: not answered */
    REASON_MALFORMED, /* no TFTP, or a request that ends too early */
    REASON_WRITE,     /* a write request */
    REASON_MODE,      /* netascii, mail or another mode */
    REASON_NAME,      /* a name longer than TFTP_NAME_MAX */
    REASON_STRANGER,  /* no transfer of this peer on this socket */
};

struct tftp_action {
    enum tftp_action_kind kind;
    uint64_t id;                          /* of the transfer; 0 when there is none */
    const struct tftp_transfer *transfer; /* or NULL */
    unsigned socket;
    struct address peer;
    struct udp_local local;
    /* TFTP_SEND; of TFTP_DONE the text of the error, of TFTP_REJECT the name asked for (cut) */
    uint8_t packet[UDP_HEAD_MAX];
    size_t size;
    /* TFTP_BLOCKS: the content's bytes [offset, offset + bytes) in blocks of block_size, the last
     * of which may be shorter, or empty */
    uint16_t block; /* number of the first; it wraps from 65535 to 0 */
    unsigned count;
    uint32_t block_size;
    uint64_t offset;
    uint64_t bytes;
    /* TFTP_DONE, TFTP_REJECT */
    enum tftp_outcome outcome;
    enum tftp_reason reason;
    unsigned code; /* of an error */
};

/* The next action, or NULL. It is valid until the next call of this function, its `transfer` until
 * the next datagram or tick. */
const struct tftp_action *tftp_engine_action(struct tftp_engine *engine);

struct tftp_engine_counters {
    uint64_t requests; /* read requests that were taken up */
    uint64_t repeated; /* requests for a transfer that was under way */
    uint64_t complete; /* transfers that came to their end */
    uint64_t blocks;   /* sent for the first time */
    uint64_t resent;   /* sent again */
    uint64_t silent;   /* transfers given up */
    uint64_t aborted;  /* by an error of the peer's */
    uint64_t rejected; /* datagrams that led to no transfer, without those of a busy moment */
    uint64_t busy;
};
const struct tftp_engine_counters *tftp_engine_counters(const struct tftp_engine *engine);
/* NULL when there is no such transfer (any more). */
const struct tftp_transfer *tftp_engine_transfer(struct tftp_engine *engine, uint64_t id);
unsigned tftp_engine_running(const struct tftp_engine *engine);

#endif
