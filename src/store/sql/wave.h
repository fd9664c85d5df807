/*
 * wave: bulk orders, seen from the orders; private to store/sql. All run inside a change of their
 * caller.
 */
#ifndef STORE_SQL_WAVE_H
#define STORE_SQL_WAVE_H

#include "store/enrolment.h"
#include "store/sql/sql.h"

/* Of sql/enrolment.c. */
void order_read(struct sql *q, struct store_order *out);
int order_check(const struct store_order *order, struct why *why) CHECKED;
/* `wave` 0: the order is of none. */
int order_write(struct store *store, int64_t phone, const struct store_order *order, int64_t wave,
                int64_t now, struct why *why) CHECKED;

/* The phone gets an order of its own: no wave waits for it any more, or will give it one. */
int wave_withdraw(struct store *store, int64_t phone, struct why *why) CHECKED;
/* How the phone of a wave ended. */
int wave_note(struct store *store, int64_t wave, int64_t phone, enum wave_state state,
              struct why *why) CHECKED;
/* Orders that are late now are failures of their waves. */
int wave_note_late(struct store *store, int64_t now, struct why *why) CHECKED;

#endif
