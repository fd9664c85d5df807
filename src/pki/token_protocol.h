/*
 * token_protocol: what token.c and its helper process say to each other, one question and one
 * answer at a time, each a message of a SOCK_SEQPACKET pair.
 *
 *   question: code(1) fields
 *   answer:   0(1) fields   or   1(1) error(4, negative number as two's complement) text
 *
 * A field is length(2) bytes; numbers are big-endian.
 */
#ifndef PKI_TOKEN_PROTOCOL_H
#define PKI_TOKEN_PROTOCOL_H

#include "base/bytes.h"

enum token_question {
    TOKEN_FIND = 1,  /* module, uri -> label, manufacturer, model, serial, flags(1) */
    TOKEN_LOGIN = 2, /* has_pin(1), pin -> certificate */
    TOKEN_SIGN = 3,  /* DigestInfo -> signature */
};

enum token_answer { TOKEN_FINE = 0, TOKEN_FAILED = 1 };

/* The flags of the answer to TOKEN_FIND. */
enum token_flag {
    TOKEN_NEEDS_PIN = 1 << 0,
    TOKEN_KEYPAD = 1 << 1,
    TOKEN_FEW_TRIES = 1 << 2,
    TOKEN_FINAL_TRY = 1 << 3,
    TOKEN_LOCKED = 1 << 4,
};

#define TOKEN_HELPER_FD   3
#define TOKEN_MESSAGE_MAX 65000

/* A field of a message, behind its length. */
static inline void token_put(struct buffer *out, struct bytes field)
{
    if (field.size > UINT16_MAX && !out->error)
        out->error = ERR_LIMIT;
    buffer_u16be(out, (uint16_t)field.size);
    buffer_append(out, field);
}

static inline struct bytes token_get(struct reader *in)
{
    return reader_bytes(in, reader_u16be(in));
}

#endif
