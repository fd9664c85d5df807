#include "net/crowd.h"

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

struct crowd {
    struct map *map; /* source -> struct group */
    size_t all, each;
    size_t count;
};

struct group {
    size_t count;
};

int crowd_new(struct crowd **out, size_t all, size_t each)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);
    if (!crowd)
        return -ENOMEM;
    crowd->all = all;
    crowd->each = each;
    int result = map_new(&crowd->map, all);
    if (result) {
        free(crowd);
        return result;
    }
    *out = crowd;
    return 0;
}

void crowd_free(struct crowd *crowd)
{
    if (!crowd)
        return;
    size_t position = 0;
    struct group *group;
    while ((group = map_next(crowd->map, &position, NULL)) != NULL)
        free(group);
    map_free(crowd->map);
    free(crowd);
}

void crowd_set_each(struct crowd *crowd, size_t each)
{
    crowd->each = each;
}

int crowd_enter(struct crowd *crowd, struct bytes source)
{
    struct group *group = map_get(crowd->map, source);
    if (crowd->count >= crowd->all || (group && group->count >= crowd->each))
        return ERR_LIMIT;
    if (!group) {
        group = calloc(1, sizeof *group);
        int result = group ? map_add(crowd->map, source, group) : -ENOMEM;
        if (result) {
            free(group);
            return result;
        }
    }
    group->count++;
    crowd->count++;
    return 0;
}

void crowd_leave(struct crowd *crowd, struct bytes source)
{
    struct group *group = map_get(crowd->map, source);
    if (!group)
        return;
    crowd->count--;
    if (--group->count == 0) {
        map_remove(crowd->map, source);
        free(group);
    }
}

size_t crowd_count(const struct crowd *crowd)
{
    return crowd->count;
}
