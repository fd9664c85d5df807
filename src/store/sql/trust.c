#include "store/sql/facts.h"
#include "store/sql/sql.h"

static void read_trust(struct sql *q, struct store_trust *out)
{
    *out = (struct store_trust){.purpose = ""};
    sql_text(q, out->purpose, sizeof out->purpose);
    sql_text(q, out->file, sizeof out->file);
    out->created = sql_number(q);
    sql_bytes(q, &out->der);
}

void store_trust_fini(struct store_trust *trust)
{
    buffer_fini(&trust->der);
}

/* Whether the certificate itself is there, or another under its name. */
static int say_duplicate(struct store *store, const struct store_trust *trust, const char *sha256,
                         struct why *why)
{
    char file[TRUST_FILE];
    struct sql q;
    sql_start(&q, store, "SELECT file FROM trusted_certificate WHERE purpose = $1 AND sha256 = $2",
              why);
    sql_put_text(&q, trust->purpose);
    sql_put_text(&q, sha256);
    bool same = sql_next(&q);
    sql_text(&q, file, sizeof file);
    int result = sql_end(&q, 0);
    if (result)
        return result;
    if (same)
        return why_error(why, ERR_DUPLICATE, "the certificate is in %s already, as %s",
                         trust->purpose, file);
    return why_error(why, ERR_DUPLICATE, "there is another certificate called %s in %s",
                     trust->file, trust->purpose);
}

static int insert_trust(struct store *store, const struct store_trust *trust, struct why *why)
{
    struct certificate_facts facts;
    int result = facts_of(&facts, buffer_bytes(&trust->der), why);
    if (result)
        return why_prefix(why, result, "%s", trust->file);
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO trusted_certificate (purpose, file, serial, created, subject, issuer,"
              " not_after, sha256, der) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
              " ON CONFLICT DO NOTHING",
              why);
    sql_put_text(&q, trust->purpose);
    sql_put_text(&q, trust->file);
    sql_put_text(&q, facts.serial);
    sql_put_number(&q, trust->created);
    sql_put_text(&q, facts.subject);
    sql_put_text(&q, facts.issuer);
    sql_put_text(&q, facts.not_after);
    sql_put_text(&q, facts.sha256);
    sql_put_bytes(&q, buffer_bytes(&trust->der));
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    return result || changed ? result : say_duplicate(store, trust, facts.sha256, why);
}

int store_trust_add(struct store *store, const struct store_trust *trust, struct why *why)
{
    int result = check_name(why, "purpose", trust->purpose, sizeof trust->purpose);
    if (result == 0)
        result = check_name(why, "name of the certificate", trust->file, sizeof trust->file);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, insert_trust(store, trust, why), AREA(CERTIFICATES), why);
}

static int delete_trust(struct store *store, const char *purpose, const char *file, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "DELETE FROM trusted_certificate WHERE purpose = $1 AND file = $2", why);
    sql_put_text(&q, purpose);
    sql_put_text(&q, file);
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_NOT_FOUND, "there is no certificate %s in %s", file, purpose);
    return result;
}

int store_trust_delete(struct store *store, const char *purpose, const char *file, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, delete_trust(store, purpose, file, why), AREA(CERTIFICATES), why);
}

int store_trusts(struct store *store, int (*each)(void *context, const struct store_trust *trust),
                 void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT purpose, file, created, der FROM trusted_certificate ORDER BY purpose, file",
              NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_trust trust;
        read_trust(&q, &trust);
        if (!q.error)
            result = each(context, &trust);
        store_trust_fini(&trust);
    }
    return sql_end(&q, result);
}

int store_trust_facts(struct store *store,
                      int (*each)(void *context, const struct store_trust_fact *fact),
                      void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT purpose, serial, sha256, issuer, not_after FROM trusted_certificate"
              " ORDER BY id",
              NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_trust_fact fact;
        sql_text(&q, fact.purpose, sizeof fact.purpose);
        sql_text(&q, fact.serial, sizeof fact.serial);
        sql_text(&q, fact.sha256, sizeof fact.sha256);
        sql_text(&q, fact.issuer, sizeof fact.issuer);
        sql_text(&q, fact.not_after, sizeof fact.not_after);
        if (!q.error)
            result = each(context, &fact);
    }
    return sql_end(&q, result);
}

int store_trust_der(struct store *store, const char *purpose, const char *sha256,
                    struct buffer *der)
{
    struct buffer found = {.size = 0};
    struct sql q;
    sql_start(&q, store, "SELECT der FROM trusted_certificate WHERE purpose = $1 AND sha256 = $2",
              NULL);
    sql_put_text(&q, purpose);
    sql_put_text(&q, sha256);
    int result = sql_only(&q);
    if (result == 0)
        sql_bytes(&q, &found);
    result = sql_end(&q, result);
    if (result == 0) {
        buffer_append(der, buffer_bytes(&found));
        result = der->error;
    }
    buffer_fini(&found);
    return result;
}
