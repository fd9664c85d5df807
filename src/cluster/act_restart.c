/* Telling phones to restart. The services they are registered with do it. */
#include "cluster/restart.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cluster/parts.h"

static int write_order(struct store *store, struct restart_report *report,
                       const struct store_reset *reset, const char *const *devices, size_t count,
                       struct why *why)
{
    struct store_reset made;
    int result = store_reset_add(store, reset, devices, count, &report->id, why);
    if (result == 0)
        result = store_reset_release(store, report->id, reset->created, &report->released, why);
    if (result == 0)
        result = store_reset_get(store, report->id, &made);
    if (result)
        return result;
    report->absent = made.count[RESET_ABSENT];
    if (count == 1 && report->absent)
        return why_error(why, ERR_CONFLICT,
                         "%s is not registered, so it cannot be told; it reads everything anew "
                         "when it comes",
                         devices[0]);
    return 0;
}

int cluster_phones_restart(struct cluster *cluster, struct restart_report *report,
                           enum reset_kind kind, const char *const *devices, size_t count,
                           unsigned wave, const char *filter, const struct act_options *options,
                           struct why *why)
{
    struct store *store = cluster_store(cluster);
    struct restart_report made = {.id = 0};
    struct store_reset reset = {.created = clock_wall(), .kind = kind, .size = wave};
    if (!text_copy(reset.filter, sizeof reset.filter, filter))
        return why_error(why, ERR_USAGE, "the conditions are longer than %zu characters",
                         sizeof reset.filter - 1);
    int result = store_begin(store, why);
    if (result)
        return result;
    result =
        act_finish(store, write_order(store, &made, &reset, devices, count, why), options, why);
    if (result)
        return result;
    if (options->dry_run)
        made.id = 0;
    else
        log_event(LEVEL_NOTICE, "event=phones_told_to_%s reset=%lld phones=%zu wave=%u",
                  reset_kind_name(kind), (long long)made.id, count, wave);
    *report = made;
    return 0;
}
