#include "net/turned_away.h"

#include "base/limit.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum { ADDRESSES = 1024, LINES = 1, WINDOW_MS = 60 * 1000 };

struct turned_away {
    const char *service, *setting;
    struct limit *limit;
};

int turned_away_new(struct turned_away **out, const char *service, const char *setting)
{
    struct turned_away *away = calloc(1, sizeof *away);
    if (!away)
        return -ENOMEM;
    *away = (struct turned_away){.service = service, .setting = setting};
    int result = limit_new(&away->limit, ADDRESSES, LINES, WINDOW_MS);
    if (result) {
        turned_away_free(away);
        return result;
    }
    *out = away;
    return 0;
}

void turned_away_free(struct turned_away *away)
{
    if (away)
        limit_free(away->limit);
    free(away);
}

void turned_away_note(struct turned_away *away, const struct address *peer, size_t each,
                      int64_t now)
{
    char text[ADDRESS_TEXT];
    char more[48] = "";
    uint64_t suppressed;
    if (!limit_allows(away->limit, address_source(peer), now, &suppressed))
        return;
    if (suppressed)
        text_format(more, sizeof more, " suppressed=%llu", (unsigned long long)suppressed);
    log_event(LEVEL_WARNING,
              "event=%s_turned_away peer=%s reason=\"the address has %zu connections that have not "
              "authenticated, and %s allows no more: raise it if so many phones are behind one "
              "address\"%s",
              away->service, address_text(text, peer), each, away->setting, more);
}
