#include "cluster/time_zone.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/zone.h"
#include "cluster/parameters.h"
#include "wire/cnf_zones.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MONTHS = 12, MONTH_S = 30 * 24 * 60 * 60, POOLS_MAX = 4096 };

int time_zone_check(const char *name, struct why *why)
{
    struct zone *zone = NULL;
    if (strcmp(name, TIME_ZONE_DEFAULT) == 0)
        return 0;
    int result = zone_read(&zone, name, why);
    zone_free(zone);
    return result;
}

/* ---- by the names of 79xx ---- */

/* Its offsets in the months to come; false: nobody knows. */
static bool sample(int32_t offsets[MONTHS], const char *name, int64_t now)
{
    struct zone *zone = NULL;
    memset(offsets, 0, MONTHS * sizeof *offsets);
    if (zone_read(&zone, name, NULL) != 0)
        return false;
    for (int i = 0; i < MONTHS; i++)
        offsets[i] = zone_at(zone, now + (int64_t)i * MONTH_S).offset;
    zone_free(zone);
    return true;
}

static bool has_summer(const int32_t offsets[MONTHS])
{
    for (int i = 1; i < MONTHS; i++)
        if (offsets[i] != offsets[0])
            return true;
    return false;
}

/* Twice the seconds they are apart, summed up; a phone that has summer time where there is none is
 * worse than another name for the same time. */
static int64_t distance(const struct cnf_zone *known, const char *name,
                        const int32_t wanted[MONTHS], int64_t now)
{
    int32_t offsets[MONTHS];
    int64_t sum = 0;
    if (!sample(offsets, known->place, now))
        return INT64_MAX;
    for (int i = 0; i < MONTHS; i++)
        sum += 2 * llabs((long long)offsets[i] - wanted[i]);
    bool fits = (strstr(known->name, "/Daylight") != NULL) == has_summer(wanted);
    return sum + (fits ? 0 : 2) - (fits && strcmp(known->place, name) == 0);
}

const char *time_zone_of_phones(const char *name, int64_t now)
{
    int32_t wanted[MONTHS];
    int64_t least = INT64_MAX;
    const char *found = "Greenwich Standard Time"; /* UTC */
    (void)sample(wanted, name, now);
    for (size_t i = 0; i < CNF_ZONES; i++) {
        int64_t apart = distance(&cnf_zones[i], name, wanted, now);
        if (apart < least) {
            least = apart;
            found = cnf_zones[i].name;
        }
    }
    return found;
}

/* ---- pools ---- */

struct pools {
    struct store_pool *list;
    size_t count;
};

static int take_pool(void *context, const struct store_pool *pool)
{
    struct pools *pools = context;
    struct store_pool *list =
        pools->count < POOLS_MAX ? realloc(pools->list, (pools->count + 1) * sizeof *list) : NULL;
    if (!list)
        return -ENOMEM;
    pools->list = list;
    list[pools->count++] = *pool;
    return 0;
}

static int put_pools(struct store *store, struct pools *pools, const char *zone, struct why *why)
{
    const char *of_phones = time_zone_of_phones(zone, clock_wall());
    int result = store_pools(store, take_pool, pools);
    for (size_t i = 0; i < pools->count && result == 0; i++) {
        struct store_pool *pool = &pools->list[i];
        text_copy(pool->olson_zone, sizeof pool->olson_zone, zone);
        text_copy(pool->time_zone, sizeof pool->time_zone, of_phones);
        result = store_pool_put(store, pool, why);
    }
    return result;
}

int time_zone_set(struct store *store, const char *zone, struct why *why)
{
    struct pools pools = {.list = NULL};
    int result = store_parameter_set(store, PARAMETER_TIME_ZONE, zone, why);
    if (result == 0)
        result = put_pools(store, &pools, zone, why);
    free(pools.list);
    return result;
}
