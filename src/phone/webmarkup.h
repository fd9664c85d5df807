/*
 * webmarkup: text of anybody's in HTML and XML.
 */
#ifndef PHONE_WEBMARKUP_H
#define PHONE_WEBMARKUP_H

#include "base/bytes.h"

#define WEBMARKUP_VALUE 1024 /* of a row or element, with its NUL; longer ones are cut */

/* As text between tags and in attributes of either language: the five characters that mean
 * something become entities; control characters, and all beyond ASCII unless it is UTF-8 that XML
 * takes, become \xNN. */
void webmarkup_text(struct buffer *out, struct bytes text);

/* <tr><th>NAME</th><td>VALUE</td></tr>, both escaped. */
void webmarkup_row(struct buffer *out, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same, of a peer's bytes; nothing when there are none (data NULL). */
void webmarkup_row_bytes(struct buffer *out, const char *name, struct bytes value);
/* <NAME>VALUE</NAME>, the value escaped. */
void webmarkup_element(struct buffer *out, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
