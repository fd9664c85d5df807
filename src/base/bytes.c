#include "base/bytes.h"

#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){.data = data, .size = size};
}

struct bytes bytes_of_string(const char *text)
{
    return bytes_of(text, text ? strlen(text) : 0);
}

struct bytes bytes_slice(struct bytes whole, size_t from, size_t size)
{
    if (from >= whole.size)
        return bytes_of(NULL, 0);
    if (size > whole.size - from)
        size = whole.size - from;
    return bytes_of(whole.data + from, size);
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool bytes_equal_string(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_of_string(text));
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order)
        return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

struct bytes bytes_strip_zeros(struct bytes b)
{
    while (b.size && b.data[0] == 0) {
        b.data++;
        b.size--;
    }
    return b;
}

void reader_init(struct reader *r, struct bytes input)
{
    *r = (struct reader){.data = input.data, .size = input.size};
}

size_t reader_left(const struct reader *r)
{
    return r->error ? 0 : r->size - r->offset;
}

/* The next `size` bytes, or NULL with the error set. */
static const uint8_t *take(struct reader *r, size_t size)
{
    if (r->error)
        return NULL;
    if (size > r->size - r->offset) {
        r->error = ERR_TRUNCATED;
        return NULL;
    }
    const uint8_t *p = r->data + r->offset;
    r->offset += size;
    return p;
}

uint8_t reader_u8(struct reader *r)
{
    const uint8_t *p = take(r, 1);
    return p ? p[0] : 0;
}

uint16_t reader_u16be(struct reader *r)
{
    const uint8_t *p = take(r, 2);
    return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

uint32_t reader_u32be(struct reader *r)
{
    const uint8_t *p = take(r, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

uint16_t reader_u16le(struct reader *r)
{
    const uint8_t *p = take(r, 2);
    return p ? (uint16_t)(p[1] << 8 | p[0]) : 0;
}

uint32_t reader_u32le(struct reader *r)
{
    const uint8_t *p = take(r, 4);
    return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

struct bytes reader_bytes(struct reader *r, size_t size)
{
    const uint8_t *p = take(r, size);
    return p ? bytes_of(p, size) : bytes_of(NULL, 0);
}

struct bytes reader_string(struct reader *r)
{
    size_t left = reader_left(r);
    const uint8_t *start = r->data + r->offset;
    const uint8_t *nul = left ? memchr(start, 0, left) : NULL;
    if (!nul) {
        if (!r->error)
            r->error = ERR_TRUNCATED;
        return bytes_of(NULL, 0);
    }
    size_t size = (size_t)(nul - start);
    r->offset += size + 1;
    return bytes_of(start, size);
}

struct bytes reader_rest(struct reader *r)
{
    return reader_bytes(r, reader_left(r));
}

int reader_end(const struct reader *r)
{
    if (r->error)
        return r->error;
    return r->offset == r->size ? 0 : ERR_FORMAT;
}

void buffer_init(struct buffer *b, size_t max)
{
    *b = (struct buffer){.max = max};
}

void buffer_fini(struct buffer *b)
{
    if (!b)
        return;
    free(b->data);
    *b = (struct buffer){.max = b->max};
}

void buffer_fini_secret(struct buffer *b)
{
    if (b && b->data)
        secret_wipe(b->data, b->capacity);
    buffer_fini(b);
}

void buffer_clear(struct buffer *b)
{
    b->size = 0;
    b->error = 0;
}

/* Room for `more` bytes and one hidden NUL behind them. */
static int grow(struct buffer *b, size_t more)
{
    if (b->error)
        return b->error;
    if (more > b->max || b->size > b->max - more)
        return b->error = ERR_LIMIT;
    size_t need = b->size + more + 1;
    if (need <= b->capacity)
        return 0;
    size_t capacity = b->capacity ? b->capacity : 64;
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    if (capacity > b->max + 1)
        capacity = b->max + 1;
    uint8_t *data = realloc(b->data, capacity);
    if (!data)
        return b->error = -ENOMEM;
    b->data = data;
    b->capacity = capacity;
    return 0;
}

int buffer_reserve(struct buffer *b, size_t room)
{
    return grow(b, room);
}

void buffer_append(struct buffer *b, struct bytes data)
{
    if (data.size == 0 || grow(b, data.size))
        return;
    memcpy(b->data + b->size, data.data, data.size);
    b->size += data.size;
}

void buffer_fill(struct buffer *b, uint8_t value, size_t count)
{
    if (count == 0 || grow(b, count))
        return;
    memset(b->data + b->size, value, count);
    b->size += count;
}

void buffer_u8(struct buffer *b, uint8_t value)
{
    buffer_append(b, bytes_of(&value, 1));
}

void buffer_u16be(struct buffer *b, uint16_t value)
{
    const uint8_t raw[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    buffer_append(b, bytes_of(raw, sizeof raw));
}

void buffer_u32be(struct buffer *b, uint32_t value)
{
    const uint8_t raw[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                            (uint8_t)value};
    buffer_append(b, bytes_of(raw, sizeof raw));
}

void buffer_u16le(struct buffer *b, uint16_t value)
{
    const uint8_t raw[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    buffer_append(b, bytes_of(raw, sizeof raw));
}

void buffer_u32le(struct buffer *b, uint32_t value)
{
    const uint8_t raw[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                            (uint8_t)(value >> 24)};
    buffer_append(b, bytes_of(raw, sizeof raw));
}

static void overwrite(struct buffer *b, size_t at, struct bytes data)
{
    if (b->error)
        return;
    if (b->size < data.size || at > b->size - data.size) {
        b->error = ERR_BUG;
        return;
    }
    memcpy(b->data + at, data.data, data.size);
}

void buffer_set_u16be(struct buffer *b, size_t at, uint16_t value)
{
    const uint8_t raw[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    overwrite(b, at, bytes_of(raw, sizeof raw));
}

void buffer_set_u32le(struct buffer *b, size_t at, uint32_t value)
{
    const uint8_t raw[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                            (uint8_t)(value >> 24)};
    overwrite(b, at, bytes_of(raw, sizeof raw));
}

void buffer_text(struct buffer *b, const char *text)
{
    buffer_append(b, bytes_of_string(text));
}

void buffer_format(struct buffer *b, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    va_list again;
    va_copy(again, values);
    int n = vsnprintf(NULL, 0, format, values);
    va_end(values);
    if (n > 0 && grow(b, (size_t)n) == 0) {
        vsnprintf((char *)b->data + b->size, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    } else if (n < 0 && !b->error) {
        b->error = ERR_BUG;
    }
    va_end(again);
}

const char *buffer_string(struct buffer *b)
{
    if (b->error || !b->data)
        return "";
    b->data[b->size] = '\0'; /* grow() always keeps this byte free */
    return (const char *)b->data;
}

struct bytes buffer_bytes(const struct buffer *b)
{
    return b->error ? bytes_of(NULL, 0) : bytes_of(b->data, b->size);
}

void buffer_drop_front(struct buffer *b, size_t count)
{
    if (count >= b->size) {
        b->size = 0;
        return;
    }
    memmove(b->data, b->data + count, b->size - count);
    b->size -= count;
}
