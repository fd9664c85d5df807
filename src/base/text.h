/*
 * text: strings of people and of peers.
 *
 * Text from a peer is bytes and a length until it has been looked at; text_escape() makes it fit
 * for a log line or a terminal.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies what fits and always ends with a NUL. false when it was cut. */
bool text_copy(char *out, size_t size, const char *in);
bool text_copy_bytes(char *out, size_t size, struct bytes in);
/* As snprintf; false when it was cut. */
bool text_format(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

/* Printable ASCII stays, everything else and the backslash become \xNN. Cut with "..." when it
 * does not fit. Always ends with a NUL. Returns `out`. */
char *text_escape(char *out, size_t size, struct bytes in);
/* As text_escape, and in double quotes when it is empty or holds a blank, a quote or '=': one
 * value of a log line. */
char *text_value(char *out, size_t size, struct bytes in);

/* Hexadecimal digits, upper or lower case, with `separator` between bytes unless it is 0. What
 * does not fit is left out; always ends with a NUL. Returns `out`. */
char *text_hex(char *out, size_t size, struct bytes in, bool upper, char separator);
/* Reads an even number of hex digits, which may be separated by ':' each. */
int text_unhex(const char *in, uint8_t *out, size_t size, size_t *length) CHECKED;

/* A whole decimal number within bounds; no sign for the unsigned form, no blanks, no rest. */
int text_number(const char *in, int64_t low, int64_t high, int64_t *out) CHECKED;

bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
bool text_equal_nocase(const char *a, const char *b);
/* '*' any run, '?' any one character; no classes. Linear in the text for a fixed pattern: hostile
 * patterns cost at most pattern x text. */
bool text_match(const char *pattern, const char *text);
void text_upper(char *text);
/* Cuts blanks, tabs, CR and LF at both ends, in place; returns the new start. */
char *text_trim(char *text);
/* Valid UTF-8 without NUL? (RFC 3629: no surrogates, no overlong forms.) */
bool text_is_utf8(struct bytes in);
/* How many characters of `text` make the next line of at most `width`, cut at a blank that is not
 * printed; a longer word has a line of its own. */
size_t text_line(const char *text, size_t width);
/* 1234567 -> "1,234,567" as CUCM prints sizes. Returns `out`, which needs 28 bytes. */
char *text_thousands(char out[28], uint64_t number);

/* The typed word nearest to `word` in a NULL-ended list, or NULL when none is close: for "did you
 * mean". */
const char *text_nearest(const char *word, const char *const *list);

/* A device name: "SEP" and 12 upper-case hex digits. `out` gets it with a NUL when not NULL.
 * Lower-case digits are taken and written upper-case, since people type them. */
#define DEVICE_NAME_LENGTH 15
bool text_device_name(struct bytes in, char out[DEVICE_NAME_LENGTH + 1]);

#endif
