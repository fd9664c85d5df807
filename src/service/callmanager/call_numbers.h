/*
 * call_numbers: the number plan, from the store to the engine: read on the store's thread, told on
 * the loop.
 */
#ifndef SERVICE_CALLMANAGER_CALL_NUMBERS_H
#define SERVICE_CALLMANAGER_CALL_NUMBERS_H

#include "service/callmanager/call.h"

struct call_numbers;

/* All numbers and their forwards, at one moment. */
int call_numbers_read(struct call_numbers **out, struct store *store) CHECKED;
/* Makes them the engine's plan; *left_out is how many cannot be dialled, or are too many. Without
 * `forwards` those stay as they are. Take the actions afterwards. */
void call_numbers_tell(const struct call_numbers *numbers, struct call_engine *engine,
                       bool forwards, size_t *left_out);
/* The numbers that are forwarded alone, as few as they are: for when only forwards have changed. */
int call_numbers_read_forwards(struct call_numbers **out, struct store *store) CHECKED;
void call_numbers_tell_forwards(const struct call_numbers *numbers, struct call_engine *engine);
void call_numbers_free(struct call_numbers *numbers);

#endif
