/*
 * call_ledger: what the engine says for the books, written to the store a moment later: calls that
 * go on (`trustline call list`), calls that are over (`trustline call history`), and forwards.
 *
 * Nothing here makes a call wait. Of a call that changes several times between two writings the
 * last is written; one that begins and ends between them is written once, as over. What
 * the store does not take is tried again; when it cannot keep up records are lost and counted.
 * One phone does not push the calls of all others out of the records: of those it places in a
 * minute so many leave one.
 */
#ifndef SERVICE_CALLMANAGER_CALL_LEDGER_H
#define SERVICE_CALLMANAGER_CALL_LEDGER_H

#include "service/callmanager/call.h"
#include "store/async.h"

#define CALL_RECORDS_A_MINUTE 60

struct call_ledger;

/* `node` is this node's name. What the service before this one left going on becomes records
 * first. `keep`: see store_calls_write(). */
int call_ledger_new(struct call_ledger **out, struct loop *loop, struct store_async *store,
                    const char *node, uint64_t keep) CHECKED;
/* Takes CALL_ACT_PROGRESS, CALL_ACT_OVER and CALL_ACT_KEEP_FORWARD. Their times are loop_now()'s.
 */
void call_ledger_note(struct call_ledger *ledger, const struct call_action *action);
/* Hands what is queued to the store, whose end, store_async_free(), writes it; what still goes on
 * becomes records. After that the ledger can be freed. */
void call_ledger_flush(struct call_ledger *ledger);
void call_ledger_free(struct call_ledger *ledger);
/* Forwards that were set so far; and whether some of them are not in the store yet, so that what is
 * read there is older. */
uint64_t call_ledger_forwards_set(const struct call_ledger *ledger);
bool call_ledger_owes_forwards(const struct call_ledger *ledger);
/* Calls and forwards that were not written. */
uint64_t call_ledger_lost(const struct call_ledger *ledger);
/* Calls that left no record, since their phone had placed CALL_RECORDS_A_MINUTE before. */
uint64_t call_ledger_left_out(const struct call_ledger *ledger);

#endif
