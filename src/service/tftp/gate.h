/*
 * gate: between those who ask and the library. It keeps addresses that ask for the configurations
 * of many phones to a slow pace (sweep.h), and says who they are. Everything else goes through.
 */
#ifndef SERVICE_TFTP_GATE_H
#define SERVICE_TFTP_GATE_H

#include "service/tftp/library.h"
#include "service/tftp/sweep.h"

struct gate;

/* `allowance` as of sweep_new(). */
int gate_new(struct gate **out, struct loop *loop, struct library *library,
             unsigned allowance) CHECKED;
/* When the library has ended. Who still waits here is told ERR_CLOSED. */
void gate_free(struct gate *gate);

/* As library_ask(), for this peer. ERR_LIMIT is also an answer to who asks for too many. */
void gate_ask(struct gate *gate, const struct address *peer, const struct file_name *name,
              void (*done)(void *context, uint64_t id, const struct library_answer *answer),
              void *context, uint64_t id);
/* What came of it: whoever gets an answer passes it on. */
void gate_answered(struct gate *gate, const struct address *peer, const struct file_name *name,
                   const struct library_answer *answer);

/* Logs what is to be said. Now and then. */
void gate_settle(struct gate *gate);
const struct sweep_counters *gate_counters(const struct gate *gate);

#endif
