/*
 * console_parts: what the pieces of the console share (internal to console).
 */
#ifndef PHONE_CONSOLE_PARTS_H
#define PHONE_CONSOLE_PARTS_H

#include "phone/console.h"

enum { CONSOLE_INDENT = 9 }; /* of what stands under a status message */

/* "7: NOT 09:13:17.561856 ...". */
void console_line(struct console *c, const char *level, const char *format, ...) PRINTF_LIKE(3, 4);
/* "16:01:16 ...". */
void console_status(struct console *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* Under it: indented, and broken between words. */
void console_wrapped(struct console *c, const char *text);

#endif
