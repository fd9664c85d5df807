#include "store/enrolment.h"
#include "store/sql/sql.h"

int store_revocations(struct store *store, const char *issuer, int64_t now,
                      int (*each)(void *context, const struct store_revoked *revoked),
                      void *context, int64_t *through)
{
    struct sql q;
    int result = 0;
    int64_t last = 0;
    sql_start(&q, store,
              "SELECT revocation, not_after, serial, revoked, reason FROM phone_certificate"
              " WHERE state = 3 AND issuer = $1 ORDER BY revocation",
              NULL);
    sql_put_text(&q, issuer);
    while (result == 0 && sql_next(&q)) {
        struct store_revoked revoked;
        last = sql_number(&q);
        bool expired = sql_number(&q) <= now;
        sql_text(&q, revoked.serial, sizeof revoked.serial);
        revoked.time = sql_number(&q);
        revoked.reason = (unsigned)sql_number(&q);
        if (!q.error && !expired)
            result = each(context, &revoked);
    }
    result = sql_end(&q, result);
    if (result == 0)
        *through = last;
    return result;
}

void store_crl_fini(struct store_crl *crl)
{
    buffer_fini(&crl->der);
}

static int publish(struct store *store, const struct store_crl *crl, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO crl (issuer, issuer_serial, number, this_update, next_update, through,"
              " der) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (issuer) DO UPDATE"
              " SET issuer_serial = excluded.issuer_serial, number = excluded.number,"
              " this_update = excluded.this_update, next_update = excluded.next_update,"
              " through = excluded.through, der = excluded.der"
              " WHERE crl.number < excluded.number",
              why);
    sql_put_text(&q, crl->issuer);
    sql_put_text(&q, crl->issuer_serial);
    sql_put_number(&q, crl->number);
    sql_put_number(&q, crl->this_update);
    sql_put_number(&q, crl->next_update);
    sql_put_number(&q, crl->through);
    sql_put_bytes(&q, buffer_bytes(&crl->der));
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_CONFLICT,
                         "a CRL with number %lld or above was published meanwhile",
                         (long long)crl->number);
    return result;
}

int store_crl_publish(struct store *store, const struct store_crl *crl, struct why *why)
{
    if (crl->der.size == 0 || crl->der.size > STORE_CRL_MAX)
        return why_error(why, ERR_LIMIT, "a CRL of %zu bytes cannot be published (1 to %d)",
                         crl->der.size, STORE_CRL_MAX);
    int result = check_name(why, "issuer of the CRL", crl->issuer, sizeof crl->issuer);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, publish(store, crl, why), AREA(CRL), why);
}

int store_crl_get(struct store *store, const char *issuer, struct store_crl *out)
{
    struct store_crl found = {.issuer = ""};
    struct sql q;
    sql_start(&q, store,
              "SELECT issuer, issuer_serial, number, this_update, next_update, through, der"
              " FROM crl WHERE issuer = $1",
              NULL);
    sql_put_text(&q, issuer);
    int result = sql_only(&q);
    if (result == 0) {
        sql_text(&q, found.issuer, sizeof found.issuer);
        sql_text(&q, found.issuer_serial, sizeof found.issuer_serial);
        found.number = sql_number(&q);
        found.this_update = sql_number(&q);
        found.next_update = sql_number(&q);
        found.through = sql_number(&q);
        sql_bytes(&q, &found.der);
    }
    result = sql_end(&q, result);
    if (result)
        store_crl_fini(&found);
    else
        *out = found;
    return result;
}

int store_crls(struct store *store, int64_t now,
               int (*each)(void *context, const struct store_crl *crl), void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT issuer, issuer_serial, number, this_update, next_update, der FROM crl"
              " WHERE next_update > $1 OR EXISTS (SELECT 1 FROM phone_certificate p"
              " WHERE p.kind = 1 AND p.issuer = crl.issuer AND p.not_after > $1) ORDER BY issuer",
              NULL);
    sql_put_number(&q, now);
    while (result == 0 && sql_next(&q)) {
        struct store_crl crl = {.issuer = ""};
        sql_text(&q, crl.issuer, sizeof crl.issuer);
        sql_text(&q, crl.issuer_serial, sizeof crl.issuer_serial);
        crl.number = sql_number(&q);
        crl.this_update = sql_number(&q);
        crl.next_update = sql_number(&q);
        sql_bytes(&q, &crl.der);
        if (!q.error)
            result = each(context, &crl);
        store_crl_fini(&crl);
    }
    return sql_end(&q, result);
}

int store_lsc_left(struct store *store, const char *issuer, int64_t now, bool *left)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT 1 FROM phone_certificate WHERE kind = 1 AND issuer = $1 AND not_after > $2"
              " LIMIT 1",
              NULL);
    sql_put_text(&q, issuer);
    sql_put_number(&q, now);
    bool found = sql_next(&q);
    int result = sql_end(&q, 0);
    if (result == 0)
        *left = found;
    return result;
}

/* By the numbers of the revocations, not by the clock, which may be set back. */
int store_crl_due(struct store *store, const char *issuer, const char *issuer_serial, int64_t now,
                  int64_t margin, bool *due, int64_t *number)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT c.number, CASE WHEN c.issuer_serial = $2 AND c.next_update > $3"
              " AND c.this_update <= $4 AND c.through >= coalesce((SELECT max(p.revocation)"
              " FROM phone_certificate p WHERE p.state = 3 AND p.issuer = $1), 0)"
              " THEN 0 ELSE 1 END FROM crl c WHERE c.issuer = $1",
              NULL);
    sql_put_text(&q, issuer);
    sql_put_text(&q, issuer_serial);
    sql_put_number(&q, now + margin);
    sql_put_number(&q, now);
    bool there = sql_next(&q);
    int64_t last = sql_number(&q);
    bool needed = !there || sql_number(&q) != 0;
    int result = sql_end(&q, 0);
    if (result == 0) {
        *due = needed;
        *number = last + 1;
    }
    return result;
}

int store_revoked(struct store *store, int (*each)(void *context, const char *sha256),
                  void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT sha256 FROM phone_certificate WHERE state = 3 ORDER BY revocation",
              NULL);
    while (result == 0 && sql_next(&q)) {
        char sha256[LIST_HASH];
        sql_text(&q, sha256, sizeof sha256);
        if (!q.error)
            result = each(context, sha256);
    }
    return sql_end(&q, result);
}
