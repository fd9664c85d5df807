#include "service/callmanager/badges.h"

#include "base/map.h"
#include "pki/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct badge_group {
    uint8_t sha256[SHA256_SIZE];
    size_t count;
    struct badge *first; /* the oldest */
    struct badge **end;
};

struct badges {
    struct map *groups; /* by certificate */
};

int badges_new(struct badges **out, size_t max)
{
    struct badges *badges = calloc(1, sizeof *badges);
    if (!badges)
        return -ENOMEM;
    int result = map_new(&badges->groups, max);
    if (result) {
        free(badges);
        return result;
    }
    *out = badges;
    return 0;
}

void badges_free(struct badges *badges)
{
    if (badges)
        map_free(badges->groups);
    free(badges);
}

static int group_new(struct badge_group **out, struct badges *badges, const uint8_t *sha256)
{
    struct badge_group *group = calloc(1, sizeof *group);
    if (!group)
        return -ENOMEM;
    memcpy(group->sha256, sha256, sizeof group->sha256);
    group->end = &group->first;
    int result = map_add(badges->groups, bytes_of(group->sha256, sizeof group->sha256), group);
    if (result) {
        free(group);
        return result;
    }
    *out = group;
    return 0;
}

int badges_enter(struct badges *badges, struct badge *badge, const uint8_t *sha256, void *owner)
{
    struct badge_group *group = map_get(badges->groups, bytes_of(sha256, SHA256_SIZE));
    int result = group ? 0 : group_new(&group, badges, sha256);
    if (result)
        return result;
    *badge = (struct badge){.link = group->end, .group = group, .owner = owner};
    *group->end = badge;
    group->end = &badge->next;
    group->count++;
    return 0;
}

void badges_leave(struct badges *badges, struct badge *badge)
{
    struct badge_group *group = badge->group;
    if (!group)
        return;
    *badge->link = badge->next;
    if (badge->next)
        badge->next->link = badge->link;
    else
        group->end = badge->link;
    badge->group = NULL;
    if (--group->count == 0) {
        (void)map_remove(badges->groups, bytes_of(group->sha256, sizeof group->sha256));
        free(group);
    }
}

size_t badge_count(const struct badge *badge)
{
    return badge->group ? badge->group->count : 0;
}

struct badge *badge_oldest(const struct badge *badge)
{
    return badge->group ? badge->group->first : NULL;
}
