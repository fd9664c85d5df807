#include "service/callmanager/newcomers.h"

#include "base/limit.h"
#include "base/text.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { ADDRESSES = 256, WINDOW_MS = 60 * 1000 };

struct newcomers {
    atomic_bool changed;
    struct limit *by_address, *all;
    char full[512]; /* why; "" when there are numbers */
};

int newcomers_new(struct newcomers **out)
{
    struct newcomers *n = calloc(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    atomic_init(&n->changed, false);
    int result = limit_new(&n->by_address, ADDRESSES, NEWCOMERS_ADDRESS, WINDOW_MS);
    if (result == 0)
        result = limit_new(&n->all, 1, NEWCOMERS_ALL, WINDOW_MS);
    if (result) {
        newcomers_free(n);
        return result;
    }
    *out = n;
    return 0;
}

void newcomers_free(struct newcomers *n)
{
    if (!n)
        return;
    limit_free(n->by_address);
    limit_free(n->all);
    free(n);
}

void newcomers_full(struct newcomers *n, const char *reason)
{
    text_copy(n->full, sizeof n->full, reason);
}

void newcomers_look_again(struct newcomers *n)
{
    atomic_store(&n->changed, true);
}

/* Who has used up its own share takes nothing of the others'. */
int newcomers_admit(struct newcomers *n, const struct address *peer, int64_t now, struct why *why)
{
    uint64_t suppressed;
    if (atomic_exchange(&n->changed, false))
        n->full[0] = '\0';
    if (n->full[0])
        return why_error(why, ERR_LIMIT, "%s", n->full);
    if (!limit_allows(n->by_address, address_source(peer), now, &suppressed))
        return why_error(why, ERR_LIMIT,
                         "%d phones have come by themselves from its address within a minute, and "
                         "no more may: it may try again, or be added by hand",
                         NEWCOMERS_ADDRESS);
    if (!limit_allows(n->all, bytes_of_string("all"), now, &suppressed))
        return why_error(why, ERR_LIMIT,
                         "%d phones have come by themselves within a minute, and no more may: it "
                         "may try again, or be added by hand",
                         NEWCOMERS_ALL);
    return 0;
}
