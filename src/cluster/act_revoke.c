/* Revoking LSCs. The list that names them is made by the service that issues. */
#include "cluster/enrolment.h"

#include "base/clock.h"
#include "base/log.h"
#include "cluster/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LSCS_MAX = 4096 }; /* of one phone */

/* What is to be revoked: gathered first, since a walk over the store changes nothing. */
struct doomed {
    const char *device;
    const char *serial; /* only this one, or NULL */
    int64_t now;
    char (*serials)[CERTIFICATE_SERIAL];
    size_t count, revoked_before;
    bool found; /* the one of that serial number */
    void (*each)(void *context, const struct store_phone_certificate *lsc);
    void *context;
};

static int gather(void *context, const struct store_phone_certificate *c)
{
    struct doomed *d = context;
    if (c->kind != PHONE_LSC || strcmp(c->device, d->device) != 0 ||
        (d->serial && strcmp(c->serial, d->serial) != 0))
        return 0;
    d->found = true;
    if (c->state == PHONE_REVOKED) {
        d->revoked_before++;
        return 0;
    }
    if (!d->serial && c->not_after <= d->now)
        return 0;
    if (d->count == LSCS_MAX)
        return ERR_LIMIT;
    char(*serials)[CERTIFICATE_SERIAL] = reallocarray(d->serials, d->count + 1, sizeof *serials);
    if (!serials)
        return -ENOMEM;
    d->serials = serials;
    text_copy(serials[d->count++], CERTIFICATE_SERIAL, c->serial);
    if (d->each)
        d->each(d->context, c);
    return 0;
}

static int check_found(const struct doomed *d, const char *device, struct why *why)
{
    if (d->serial && !d->found)
        return why_error(why, ERR_NOT_FOUND, "%s has no LSC with the serial number %s", device,
                         d->serial);
    if (d->count || d->revoked_before)
        return 0;
    return why_error(why, ERR_NOT_FOUND, "%s has no LSC that could be revoked%s", device,
                     d->found ? ": those it had have expired" : "");
}

static int revoke_all(const struct doomed *d, struct store *store, unsigned reason, struct why *why)
{
    int result = 0;
    for (size_t i = 0; i < d->count && result == 0; i++)
        result = store_lsc_revoke(store, d->serials[i], reason, d->now, why);
    return result;
}

int cluster_lsc_revoke(struct cluster *cluster, const char *device, const char *serial,
                       unsigned reason,
                       void (*each)(void *context, const struct store_phone_certificate *lsc),
                       void *context, size_t *count, const struct act_options *options,
                       struct why *why)
{
    struct store *store = cluster_store(cluster);
    struct doomed d = {
        .device = device, .serial = serial, .now = clock_wall(), .each = each, .context = context};
    int result = store_begin(store, why);
    if (result)
        return result;
    /* All there are: those of a deleted phone are no phone's any more, but bear its name. */
    result = store_phone_certificates(store, NULL, gather, &d);
    if (result == 0)
        result = check_found(&d, device, why);
    if (result == 0)
        result = revoke_all(&d, store, reason, why);
    result = act_finish(store, result, options, why);
    for (size_t i = 0; i < d.count && result == 0 && !options->dry_run; i++)
        log_event(LEVEL_NOTICE, "event=lsc_revoked device=%s serial=%s reason=%u", device,
                  d.serials[i], reason);
    free(d.serials);
    if (result == 0)
        *count = d.count;
    return result;
}
