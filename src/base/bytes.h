/*
 * bytes: views, a bounded reader and a bounded writer.
 *
 * Every byte that comes from outside is read through `struct reader`. An error sticks: after the
 * first read past the end every further read gives zeros, so a parser reads everything and looks
 * at `error` once, at the end. Nothing here ever reads or writes outside its bounds.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A view. Owns nothing; valid as long as what it looks at. {NULL, 0} is the empty view. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

struct bytes bytes_of(const void *data, size_t size);
/* The characters of a C string, without its NUL. NULL gives the empty view. */
struct bytes bytes_of_string(const char *text);
/* [from, from+size) of `whole`, cut to what there is. */
struct bytes bytes_slice(struct bytes whole, size_t from, size_t size);
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_equal_string(struct bytes a, const char *text);
/* memcmp order, the shorter first when one begins with the other. */
int bytes_compare(struct bytes a, struct bytes b);
/* Without leading zero bytes; all zeros give the empty view. */
struct bytes bytes_strip_zeros(struct bytes b);

/* ---- reading ---- */

struct reader {
    const uint8_t *data;
    size_t size;
    size_t offset; /* of the next byte; where the error happened once there is one */
    int error;     /* 0 or ERR_TRUNCATED, sticky */
};

void reader_init(struct reader *r, struct bytes input);
size_t reader_left(const struct reader *r); /* 0 after an error */
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16be(struct reader *r);
uint32_t reader_u32be(struct reader *r);
uint16_t reader_u16le(struct reader *r);
uint32_t reader_u32le(struct reader *r);
/* The next `size` bytes as a view into the input; the empty view when they are not all there. */
struct bytes reader_bytes(struct reader *r, size_t size);
/* Characters up to a NUL, which is consumed but not in the view. No NUL: error. */
struct bytes reader_string(struct reader *r);
/* All that is left. */
struct bytes reader_rest(struct reader *r);
/* 0 when nothing went wrong and the input is used up exactly; ERR_FORMAT when bytes are left. */
int reader_end(const struct reader *r) CHECKED;

/* ---- writing ---- */

/* Grows on the heap up to `max`, chosen at birth. An error sticks: after the first write that does
 * not fit (ERR_LIMIT) or finds no memory (-ENOMEM) further writes do nothing. */
struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t max;
    int error;
};

void buffer_init(struct buffer *b, size_t max);
/* Frees the bytes. NULL and a zeroed buffer are accepted; the buffer can be initialised again. */
void buffer_fini(struct buffer *b);
/* As buffer_fini, and the bytes are overwritten first. For buffers that hold secrets; such a
 * buffer must be given its whole room with buffer_reserve, since growing leaves copies behind. */
void buffer_fini_secret(struct buffer *b);
/* Empties it and keeps the memory; clears the error. */
void buffer_clear(struct buffer *b);
int buffer_reserve(struct buffer *b, size_t room) CHECKED;
void buffer_append(struct buffer *b, struct bytes data);
void buffer_fill(struct buffer *b, uint8_t value, size_t count);
void buffer_u8(struct buffer *b, uint8_t value);
void buffer_u16be(struct buffer *b, uint16_t value);
void buffer_u32be(struct buffer *b, uint32_t value);
void buffer_u16le(struct buffer *b, uint16_t value);
void buffer_u32le(struct buffer *b, uint32_t value);
/* Overwrites bytes written before. Out of range is an error (ERR_BUG). */
void buffer_set_u16be(struct buffer *b, size_t at, uint16_t value);
void buffer_set_u32le(struct buffer *b, size_t at, uint32_t value);
void buffer_text(struct buffer *b, const char *text);
void buffer_format(struct buffer *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* A NUL after the bytes that does not count as one of them, so that data can be read as a string.
 * Returns "" when the buffer is in error or empty. */
const char *buffer_string(struct buffer *b);
struct bytes buffer_bytes(const struct buffer *b);
/* Takes from the front. Taking more than there is empties it. */
void buffer_drop_front(struct buffer *b, size_t count);

#endif
