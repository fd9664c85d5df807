#include "daemon/proofs.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cluster/evidence.h"
#include "net/loop.h"

#include <errno.h>
#include <stdlib.h>

enum { LOOK_MS = 2000, RETRY_MS = 60 * 1000 };

struct proofs {
    struct store_async *store;
    struct loop_timer *timer;
    char server[ADDRESS_NAME];
    int64_t weighed; /* until when; unix seconds. The worker's while it looks */
};

/* On the worker. */
static int look(void *context, struct store *store)
{
    struct proofs *p = context;
    struct evidence_found found;
    struct why why = WHY_NONE;
    int64_t until = clock_wall() - EVIDENCE_SETTLE;
    if (until <= p->weighed)
        return 0;
    int result = evidence_weigh(&found, store, p->server, p->weighed, until, &why);
    if (result)
        log_event(LEVEL_ERROR, "event=proofs_not_weighed reason=\"%s\" retry=60s",
                  why_text(&why, result));
    else
        p->weighed = until;
    return result;
}

static void looked(void *context, int result)
{
    struct proofs *p = context;
    loop_timer_start(p->timer, result ? RETRY_MS : LOOK_MS);
}

static void on_time(void *context)
{
    struct proofs *p = context;
    if (store_async_do(p->store, look, looked, p) != 0)
        loop_timer_start(p->timer, RETRY_MS);
}

int proofs_new(struct proofs **out, struct loop *loop, struct store_async *store,
               const char *server)
{
    struct proofs *p = calloc(1, sizeof *p);
    int result = p ? loop_timer_new(&p->timer, loop, on_time, p) : -ENOMEM;
    if (result) {
        free(p);
        return result;
    }
    p->store = store;
    text_copy(p->server, sizeof p->server, server);
    on_time(p);
    *out = p;
    return 0;
}

void proofs_free(struct proofs *p)
{
    if (!p)
        return;
    loop_timer_free(p->timer);
    free(p);
}
