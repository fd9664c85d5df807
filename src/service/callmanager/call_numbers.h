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
/* Makes them the engine's plan; *left_out is how many cannot be dialled, or are too many. Take the
 * actions afterwards. */
void call_numbers_tell(const struct call_numbers *numbers, struct call_engine *engine,
                       size_t *left_out);
void call_numbers_free(struct call_numbers *numbers);

#endif
