#include "store/sql/facts.h"
#include "store/sql/sql.h"

/* ---- certificates of our own ---- */

#define CERTIFICATE_COLUMNS \
    "id, node, name, serial, state, source, created, der, chain FROM own_certificate"

static void read_certificate(struct sql *q, struct store_certificate *out)
{
    *out = (struct store_certificate){.id = sql_number(q)};
    out->node = sql_number(q);
    sql_text(q, out->name, sizeof out->name);
    sql_text(q, out->serial, sizeof out->serial);
    out->state = (enum certificate_state)sql_number(q);
    out->source = (enum certificate_source)sql_number(q);
    out->created = sql_number(q);
    sql_bytes(q, &out->der);
    sql_bytes(q, &out->chain);
}

void store_certificate_fini(struct store_certificate *certificate)
{
    buffer_fini(&certificate->der);
    buffer_fini(&certificate->chain);
}

/* The active one of its name retires. */
static int retire(struct store *store, const struct store_certificate *c, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE own_certificate SET state = $1 WHERE node = $2 AND name = $3 AND state = $4",
              why);
    sql_put_number(&q, CERTIFICATE_RETIRED);
    sql_put_number(&q, c->node);
    sql_put_text(&q, c->name);
    sql_put_number(&q, CERTIFICATE_ACTIVE);
    sql_run(&q);
    return sql_end(&q, 0);
}

/* A retired one may become active again, but a serial number names one certificate only: the key
 * file is found by it. */
static int activate(struct store *store, const struct store_certificate *c, struct why *why)
{
    struct certificate_facts facts;
    int result = facts_of(&facts, buffer_bytes(&c->der), why);
    if (result)
        return why_prefix(why, result, "certificate %s %s", c->name, c->serial);
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO own_certificate (node, name, serial, state, source, created, subject,"
              " issuer, not_after, der, chain)"
              " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
              " ON CONFLICT (node, name, serial) DO UPDATE SET state = excluded.state,"
              " source = excluded.source, chain = excluded.chain"
              " WHERE own_certificate.der = excluded.der",
              why);
    sql_put_number(&q, c->node);
    sql_put_text(&q, c->name);
    sql_put_text(&q, c->serial);
    sql_put_number(&q, CERTIFICATE_ACTIVE);
    sql_put_number(&q, c->source);
    sql_put_number(&q, c->created);
    sql_put_text(&q, facts.subject);
    sql_put_text(&q, facts.issuer);
    sql_put_text(&q, facts.not_after);
    sql_put_bytes(&q, buffer_bytes(&c->der));
    sql_put_bytes(&q, buffer_bytes(&c->chain));
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_DUPLICATE,
                         "there is another certificate %s with the serial number %s", c->name,
                         c->serial);
    return result;
}

int store_certificate_put(struct store *store, const struct store_certificate *certificate,
                          struct why *why)
{
    int result =
        check_name(why, "name of the certificate", certificate->name, sizeof certificate->name);
    if (result == 0)
        result = check_name(why, "serial number of the certificate", certificate->serial,
                            sizeof certificate->serial);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    result = retire(store, certificate, why);
    if (result == 0)
        result = activate(store, certificate, why);
    return change_end(store, result, AREA(CERTIFICATES), why);
}

int store_certificate_active(struct store *store, int64_t node, const char *name,
                             struct store_certificate *out)
{
    struct store_certificate found = {.id = 0};
    struct sql q;
    sql_start(&q, store,
              "SELECT " CERTIFICATE_COLUMNS " WHERE node = $1 AND name = $2 AND state = $3", NULL);
    sql_put_number(&q, node);
    sql_put_text(&q, name);
    sql_put_number(&q, CERTIFICATE_ACTIVE);
    int result = sql_only(&q);
    if (result == 0)
        read_certificate(&q, &found);
    result = sql_end(&q, result);
    if (result)
        store_certificate_fini(&found);
    else
        *out = found;
    return result;
}

int store_certificates(struct store *store,
                       int (*each)(void *context, const struct store_certificate *certificate),
                       void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " CERTIFICATE_COLUMNS " ORDER BY state, created DESC, id DESC",
              NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_certificate certificate;
        read_certificate(&q, &certificate);
        if (!q.error)
            result = each(context, &certificate);
        store_certificate_fini(&certificate);
    }
    return sql_end(&q, result);
}

/* ---- requests ---- */

#define REQUEST_COLUMNS "node, name, key, created, pem FROM certificate_request"

static void read_request(struct sql *q, struct store_request *out)
{
    *out = (struct store_request){.node = sql_number(q)};
    sql_text(q, out->name, sizeof out->name);
    sql_text(q, out->key, sizeof out->key);
    out->created = sql_number(q);
    sql_bytes(q, &out->pem);
}

void store_request_fini(struct store_request *request)
{
    buffer_fini(&request->pem);
}

static int put_request(struct store *store, const struct store_request *request, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO certificate_request (node, name, key, created, pem)"
              " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (node, name) DO UPDATE"
              " SET key = excluded.key, created = excluded.created, pem = excluded.pem",
              why);
    sql_put_number(&q, request->node);
    sql_put_text(&q, request->name);
    sql_put_text(&q, request->key);
    sql_put_number(&q, request->created);
    sql_put_bytes(&q, buffer_bytes(&request->pem));
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_request_put(struct store *store, const struct store_request *request, struct why *why)
{
    int result = check_name(why, "name of the request", request->name, sizeof request->name);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, put_request(store, request, why), AREA(CERTIFICATES), why);
}

int store_request_get(struct store *store, int64_t node, const char *name,
                      struct store_request *out)
{
    struct store_request found = {.node = 0};
    struct sql q;
    sql_start(&q, store, "SELECT " REQUEST_COLUMNS " WHERE node = $1 AND name = $2", NULL);
    sql_put_number(&q, node);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == 0)
        read_request(&q, &found);
    result = sql_end(&q, result);
    if (result)
        store_request_fini(&found);
    else
        *out = found;
    return result;
}

int store_request_delete(struct store *store, int64_t node, const char *name)
{
    int result = change_begin(store, NULL);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store, "DELETE FROM certificate_request WHERE node = $1 AND name = $2", NULL);
    sql_put_number(&q, node);
    sql_put_text(&q, name);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        result = ERR_NOT_FOUND;
    return change_end(store, result, AREA(CERTIFICATES), NULL);
}

int store_requests(struct store *store,
                   int (*each)(void *context, const struct store_request *request), void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " REQUEST_COLUMNS " ORDER BY node, name", NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_request request;
        read_request(&q, &request);
        if (!q.error)
            result = each(context, &request);
        store_request_fini(&request);
    }
    return sql_end(&q, result);
}
