/*
 * terminal: lines that a person types, on a loop.
 */
#ifndef PHONE_TERMINAL_H
#define PHONE_TERMINAL_H

#include "net/loop.h"

struct terminal;

/* `line` is called for each, without its end; with NULL, once, when there will be no more. The
 * descriptor stays the caller's. */
int terminal_new(struct terminal **out, struct loop *loop, int fd,
                 void (*line)(void *context, const char *text), void *context) CHECKED;
/* From anywhere, `line` included. NULL is accepted. */
void terminal_free(struct terminal *terminal);

#endif
