#include "store/sql/sql.h"

/* ---- nodes ---- */

#define NODE_COLUMNS "n.id, n.name, n.address, n.port_offset, n.publisher"

static void read_node(struct sql *q, struct store_node *out)
{
    *out = (struct store_node){.id = sql_number(q)};
    sql_text(q, out->name, sizeof out->name);
    sql_text(q, out->address, sizeof out->address);
    out->port_offset = (uint16_t)sql_number(q);
    out->publisher = sql_number(q) != 0;
}

static int check_node(const struct store_node *node, struct why *why)
{
    int result = check_name(why, "name of the node", node->name, sizeof node->name);
    return result ? result
                  : check_name(why, "address of the node", node->address, sizeof node->address);
}

/* The publisher is one; whoever wants to be it too hears who is. */
static int check_publisher(struct store *store, const struct store_node *node, struct why *why)
{
    if (!node->publisher)
        return 0;
    struct sql q;
    struct store_node other = {.id = 0};
    sql_start(&q, store, "SELECT " NODE_COLUMNS " FROM node n WHERE publisher = 1 AND id <> $1",
              why);
    sql_put_number(&q, node->id);
    if (sql_next(&q))
        read_node(&q, &other);
    int result = sql_end(&q, 0);
    if (result == 0 && other.id)
        return why_error(why, ERR_DUPLICATE, "%s is the publisher already", other.name);
    return result;
}

static int insert_node(struct store *store, const struct store_node *node, struct why *why)
{
    struct store_node fresh = *node;
    fresh.id = 0;
    int result = check_publisher(store, &fresh, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO node (name, address, port_offset, publisher) VALUES ($1, $2, $3, $4)"
              " ON CONFLICT (name) DO NOTHING",
              why);
    sql_put_text(&q, node->name);
    sql_put_text(&q, node->address);
    sql_put_number(&q, node->port_offset);
    sql_put_number(&q, node->publisher);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_DUPLICATE, "there is a node %s already", node->name);
    return result;
}

int store_node_add(struct store *store, const struct store_node *node, struct why *why)
{
    int result = check_node(node, why);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, insert_node(store, node, why), AREA(NODES), why);
}

static int update_node(struct store *store, const struct store_node *node, struct why *why)
{
    int result = check_publisher(store, node, why);
    if (result)
        return result;
    struct store_node other = {.id = 0};
    result = store_node_get(store, node->name, &other);
    if (result == 0 && other.id != node->id)
        return why_error(why, ERR_DUPLICATE, "there is another node %s already", node->name);
    if (result && result != ERR_NOT_FOUND)
        return why_error(why, result, "%s", store_words(store, result));
    struct sql q;
    sql_start(&q, store,
              "UPDATE node SET name = $1, address = $2, port_offset = $3, publisher = $4"
              " WHERE id = $5",
              why);
    sql_put_text(&q, node->name);
    sql_put_text(&q, node->address);
    sql_put_number(&q, node->port_offset);
    sql_put_number(&q, node->publisher);
    sql_put_number(&q, node->id);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_NOT_FOUND, "there is no node with the id %lld",
                         (long long)node->id);
    return result;
}

int store_node_update(struct store *store, const struct store_node *node, struct why *why)
{
    int result = check_node(node, why);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, update_node(store, node, why), AREA(NODES), why);
}

int store_nodes(struct store *store, int (*each)(void *context, const struct store_node *node),
                void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " NODE_COLUMNS " FROM node n ORDER BY n.publisher DESC, n.id",
              NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_node node;
        read_node(&q, &node);
        if (!q.error)
            result = each(context, &node);
    }
    return sql_end(&q, result);
}

int store_node_get(struct store *store, const char *name, struct store_node *out)
{
    struct sql q;
    sql_start(&q, store, "SELECT " NODE_COLUMNS " FROM node n WHERE n.name = $1", NULL);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == 0)
        read_node(&q, out);
    return sql_end(&q, result);
}

/* ---- CallManager groups ---- */

static int group_id(struct store *store, const char *name, int64_t *out, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "SELECT id FROM callmanager_group WHERE name = $1", why);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == ERR_NOT_FOUND)
        why_error(why, result, "there is no CallManager group \"%s\"", name);
    *out = sql_number(&q);
    return sql_end(&q, result);
}

static int put_member(struct store *store, int64_t group, unsigned position, const char *node,
                      struct why *why)
{
    struct store_node found = {.id = 0};
    int result = store_node_get(store, node, &found);
    if (result)
        return why_error(why, result, "node \"%s\" of the group: %s", node,
                         store_words(store, result));
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO group_member (group_id, position, node) VALUES ($1, $2, $3)"
              " ON CONFLICT (group_id, node) DO NOTHING",
              why);
    sql_put_number(&q, group);
    sql_put_number(&q, position);
    sql_put_number(&q, found.id);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_DUPLICATE, "node %s is named twice in the group", node);
    return result;
}

static int put_group(struct store *store, const struct store_group *group, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO callmanager_group (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
              why);
    sql_put_text(&q, group->name);
    sql_run(&q);
    int64_t id = 0;
    int result = sql_end(&q, 0);
    if (result == 0)
        result = group_id(store, group->name, &id, why);
    if (result)
        return result;
    sql_start(&q, store, "DELETE FROM group_member WHERE group_id = $1", why);
    sql_put_number(&q, id);
    sql_run(&q);
    result = sql_end(&q, 0);
    for (unsigned i = 0; i < group->count && result == 0; i++)
        result = put_member(store, id, i + 1, group->members[i].name, why);
    return result;
}

int store_group_put(struct store *store, const struct store_group *group, struct why *why)
{
    int result = check_name(why, "name of the group", group->name, sizeof group->name);
    if (result == 0 && group->count > GROUP_MEMBERS_MAX)
        result = why_error(why, ERR_LIMIT, "a group has at most %d nodes", GROUP_MEMBERS_MAX);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, put_group(store, group, why), AREA(NODES), why);
}

int store_group_get(struct store *store, const char *name, struct store_group *out)
{
    struct store_group group = {.count = 0};
    struct sql q;
    /* One statement, so that no other process can change the group between two. */
    sql_start(&q, store,
              "SELECT g.name, " NODE_COLUMNS " FROM callmanager_group g"
              " LEFT JOIN group_member m ON m.group_id = g.id LEFT JOIN node n ON n.id = m.node"
              " WHERE g.name = $1 ORDER BY m.position",
              NULL);
    sql_put_text(&q, name);
    int result = ERR_NOT_FOUND;
    while (sql_next(&q)) {
        struct store_node node;
        result = 0;
        sql_text(&q, group.name, sizeof group.name);
        read_node(&q, &node);
        if (node.id && group.count < GROUP_MEMBERS_MAX)
            group.members[group.count++] = node;
    }
    result = sql_end(&q, result);
    if (result == 0)
        *out = group;
    return result;
}

/* ---- device pools ---- */

#define POOL_COLUMNS                                                             \
    "p.name, g.name, p.date_template, p.time_zone, p.olson_zone, p.user_locale," \
    " p.network_locale, p.ntp FROM pool p JOIN callmanager_group g ON g.id = p.group_id"

static void read_pool(struct sql *q, struct store_pool *out)
{
    *out = (struct store_pool){.name = ""};
    sql_text(q, out->name, sizeof out->name);
    sql_text(q, out->group, sizeof out->group);
    sql_text(q, out->date_template, sizeof out->date_template);
    sql_text(q, out->time_zone, sizeof out->time_zone);
    sql_text(q, out->olson_zone, sizeof out->olson_zone);
    sql_text(q, out->user_locale, sizeof out->user_locale);
    sql_text(q, out->network_locale, sizeof out->network_locale);
    sql_text(q, out->ntp, sizeof out->ntp);
}

static int put_pool(struct store *store, const struct store_pool *pool, struct why *why)
{
    int64_t group = 0;
    int result = group_id(store, pool->group, &group, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO pool (name, group_id, date_template, time_zone, olson_zone,"
              " user_locale, network_locale, ntp) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
              " ON CONFLICT (name) DO UPDATE SET group_id = excluded.group_id,"
              " date_template = excluded.date_template, time_zone = excluded.time_zone,"
              " olson_zone = excluded.olson_zone, user_locale = excluded.user_locale,"
              " network_locale = excluded.network_locale, ntp = excluded.ntp",
              why);
    sql_put_text(&q, pool->name);
    sql_put_number(&q, group);
    sql_put_text(&q, pool->date_template);
    sql_put_text(&q, pool->time_zone);
    sql_put_text(&q, pool->olson_zone);
    sql_put_text(&q, pool->user_locale);
    sql_put_text(&q, pool->network_locale);
    sql_put_text(&q, pool->ntp);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_pool_put(struct store *store, const struct store_pool *pool, struct why *why)
{
    int result = check_name(why, "name of the device pool", pool->name, sizeof pool->name);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, put_pool(store, pool, why), AREA(NODES), why);
}

int store_pool_get(struct store *store, const char *name, struct store_pool *out)
{
    struct sql q;
    sql_start(&q, store, "SELECT " POOL_COLUMNS " WHERE p.name = $1", NULL);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == 0)
        read_pool(&q, out);
    return sql_end(&q, result);
}

int store_pools(struct store *store, int (*each)(void *context, const struct store_pool *pool),
                void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " POOL_COLUMNS " ORDER BY p.name", NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_pool pool;
        read_pool(&q, &pool);
        if (!q.error)
            result = each(context, &pool);
    }
    return sql_end(&q, result);
}
