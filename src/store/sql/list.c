#include "base/clock.h"
#include "pki/digest.h"
#include "store/sql/sql.h"

#define LIST_COLUMNS "l.hash, l.kind, l.published, l.body"

static void read_list(struct sql *q, struct store_list *out)
{
    *out = (struct store_list){.hash = ""};
    sql_text(q, out->hash, sizeof out->hash);
    out->kind = (enum list_kind)sql_number(q);
    out->published = sql_number(q);
    sql_bytes(q, &out->body);
}

void store_list_fini(struct store_list *list)
{
    buffer_fini(&list->body);
}

/* Once there, a list is never changed: only a list of the other kind can be in its way. */
static int insert_list(struct store *store, const char *hash, enum list_kind kind,
                       struct bytes body, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO published_list (hash, kind, published, body) VALUES ($1, $2, $3, $4)"
              " ON CONFLICT (hash) DO NOTHING",
              why);
    sql_put_text(&q, hash);
    sql_put_number(&q, kind);
    sql_put_number(&q, clock_wall());
    sql_put_bytes(&q, body);
    sql_run(&q);
    int result = sql_end(&q, 0);
    if (result)
        return result;
    sql_start(&q, store, "SELECT kind FROM published_list WHERE hash = $1", why);
    sql_put_text(&q, hash);
    result = sql_only(&q);
    bool other = result == 0 && sql_number(&q) != (int64_t)kind;
    result = sql_end(&q, result);
    if (result == 0 && other)
        return why_error(why, ERR_CONFLICT, "this file was published as %s before",
                         kind == LIST_CTL ? "an ITL" : "a CTL");
    return result;
}

static int make_current(struct store *store, const char *hash, enum list_kind kind, bool *changed,
                        struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO current_list (kind, hash) VALUES ($1, $2) ON CONFLICT (kind)"
              " DO UPDATE SET hash = excluded.hash WHERE current_list.hash <> excluded.hash",
              why);
    sql_put_number(&q, kind);
    sql_put_text(&q, hash);
    *changed = sql_run(&q) > 0;
    return sql_end(&q, 0);
}

int store_list_publish(struct store *store, enum list_kind kind, struct bytes body,
                       char hash[LIST_HASH], struct why *why)
{
    if (body.size == 0 || body.size > LIST_BODY_MAX)
        return why_error(why, ERR_LIMIT, "a list of %zu bytes cannot be published (1 to %d)",
                         body.size, LIST_BODY_MAX);
    char digest[LIST_HASH];
    bool changed = false;
    int result = digest_hex(DIGEST_KIND_SHA256, body, digest);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    result = insert_list(store, digest, kind, body, why);
    if (result == 0)
        result = make_current(store, digest, kind, &changed, why);
    result = change_end(store, result, changed ? AREA(LISTS) : 0, why);
    if (result == 0)
        text_copy(hash, LIST_HASH, digest);
    return result;
}

int store_list_unpublish(struct store *store, enum list_kind kind)
{
    int result = change_begin(store, NULL);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store, "DELETE FROM current_list WHERE kind = $1", NULL);
    sql_put_number(&q, kind);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        result = ERR_NOT_FOUND;
    return change_end(store, result, AREA(LISTS), NULL);
}

static int end_with_list(struct sql *q, int result, struct store_list *out)
{
    struct store_list found = {.hash = ""};
    if (result == 0)
        read_list(q, &found);
    result = sql_end(q, result);
    if (result)
        store_list_fini(&found);
    else
        *out = found;
    return result;
}

int store_list_current(struct store *store, enum list_kind kind, struct store_list *out)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT " LIST_COLUMNS " FROM current_list c JOIN published_list l"
              " ON l.hash = c.hash WHERE c.kind = $1",
              NULL);
    sql_put_number(&q, kind);
    int result = sql_only(&q);
    return end_with_list(&q, result, out);
}

int store_list_get(struct store *store, const char *hash, struct store_list *out)
{
    struct sql q;
    sql_start(&q, store, "SELECT " LIST_COLUMNS " FROM published_list l WHERE l.hash = $1", NULL);
    sql_put_text(&q, hash);
    int result = sql_only(&q);
    return end_with_list(&q, result, out);
}

int store_list_strangers(struct store *store, const char *hash, uint64_t *out)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT s.served FROM published_list l LEFT JOIN list_stranger s"
              " ON s.hash = l.hash WHERE l.hash = $1",
              NULL);
    sql_put_text(&q, hash);
    int result = sql_only(&q);
    if (result == 0)
        *out = (uint64_t)sql_number(&q);
    return sql_end(&q, result);
}

int store_lists(struct store *store, int (*each)(void *context, const struct store_list_row *row),
                void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT l.hash, l.kind, l.published, s.served FROM published_list l"
              " LEFT JOIN list_stranger s ON s.hash = l.hash ORDER BY l.published, l.hash",
              NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_list_row row;
        sql_text(&q, row.hash, sizeof row.hash);
        row.kind = (enum list_kind)sql_number(&q);
        row.published = sql_number(&q);
        row.strangers = (uint64_t)sql_number(&q);
        if (!q.error)
            result = each(context, &row);
    }
    return sql_end(&q, result);
}
