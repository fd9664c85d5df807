/* sccp_payload: payloads as they are written, looked into byte by byte. */
#ifndef TEST_SCCP_PAYLOAD_H
#define TEST_SCCP_PAYLOAD_H

#include "support.h"

#include "base/text.h"
#include "wire/sccp.h"

#include <string.h>

static uint8_t payload[SCCP_FRAME_MAX];

/* Writes it, checks the header, leaves the payload in `payload`; its size. */
static inline size_t write_as(unsigned version, const struct sccp_message *m, uint32_t wire)
{
    struct buffer b;
    struct why why = WHY_NONE;
    buffer_init(&b, SCCP_FRAME_MAX);
    if (sccp_write(&b, version, m, &why))
        fail_msg("%s", why.text);
    struct reader r;
    reader_init(&r, buffer_bytes(&b));
    assert_int_equal(reader_u32le(&r), b.size - 8);
    assert_int_equal(reader_u32le(&r) & ~UINT32_C(31), 0);
    assert_int_equal(reader_u32le(&r), wire);
    struct bytes rest = reader_rest(&r);
    memcpy(payload, rest.data, rest.size);
    buffer_fini(&b);
    return rest.size;
}

static inline uint32_t at(size_t offset)
{
    struct reader r;
    reader_init(&r, bytes_of(payload + offset, 4));
    return reader_u32le(&r);
}

static inline bool text_at(size_t offset, const char *text)
{
    return memcmp(payload + offset, text, strlen(text) + 1) == 0;
}

/* Reads what write_as() left. */
static inline void read_back(struct sccp_message *m, unsigned version, uint32_t wire, size_t size)
{
    struct buffer b;
    buffer_init(&b, SCCP_FRAME_MAX);
    buffer_u32le(&b, (uint32_t)size + 4);
    buffer_u32le(&b, version);
    buffer_u32le(&b, wire);
    buffer_append(&b, bytes_of(payload, size));
    assert_int_equal(sccp_read(m, version, buffer_bytes(&b), NULL), 0);
    buffer_fini(&b);
}

#endif
