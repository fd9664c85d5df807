#include "store/sql/phone_certificate.h"

#include "pki/facts.h"
#include "pki/publickey.h"
#include "store/enrolment.h"

#include <errno.h>

#define CERTIFICATE_COLUMNS                                                                      \
    "c.id, c.device, c.kind, c.state, c.serial, c.subject, c.issuer, c.not_before, c.not_after," \
    " c.sha256, c.md5, c.key_sha256, c.key_kind, c.key_bits, c.created, c.confirmed, c.revoked," \
    " c.reason, c.der FROM phone_certificate c"

/* ---- reading ---- */

static void read_certificate(struct sql *q, struct store_phone_certificate *out)
{
    *out = (struct store_phone_certificate){.id = sql_number(q)};
    sql_text(q, out->device, sizeof out->device);
    out->kind = (enum phone_certificate_kind)sql_number(q);
    out->state = (enum phone_certificate_state)sql_number(q);
    sql_text(q, out->serial, sizeof out->serial);
    sql_text(q, out->subject, sizeof out->subject);
    sql_text(q, out->issuer, sizeof out->issuer);
    out->not_before = sql_number(q);
    out->not_after = sql_number(q);
    sql_text(q, out->sha256, sizeof out->sha256);
    sql_text(q, out->md5, sizeof out->md5);
    sql_text(q, out->key_sha256, sizeof out->key_sha256);
    out->key_kind = (unsigned)sql_number(q);
    out->key_bits = (unsigned)sql_number(q);
    out->created = sql_number(q);
    out->confirmed = sql_number(q);
    out->revoked = sql_number(q);
    out->reason = (unsigned)sql_number(q);
    sql_bytes(q, &out->der);
}

void store_phone_certificate_fini(struct store_phone_certificate *certificate)
{
    buffer_fini(&certificate->der);
}

static int end_with_certificate(struct sql *q, struct store_phone_certificate *out)
{
    struct store_phone_certificate found = {.id = 0};
    int result = sql_only(q);
    if (result == 0)
        read_certificate(q, &found);
    result = sql_end(q, result);
    if (result)
        store_phone_certificate_fini(&found);
    else
        *out = found;
    return result;
}

int store_phone_certificate_get(struct store *store, const char *sha256,
                                struct store_phone_certificate *out)
{
    struct sql q;
    sql_start(&q, store, "SELECT " CERTIFICATE_COLUMNS " WHERE c.sha256 = $1", NULL);
    sql_put_text(&q, sha256);
    return end_with_certificate(&q, out);
}

int store_lsc_by_serial(struct store *store, const char *serial,
                        struct store_phone_certificate *out)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT " CERTIFICATE_COLUMNS " WHERE c.serial = $1 AND c.kind = $2"
              " ORDER BY c.id DESC LIMIT 1",
              NULL);
    sql_put_text(&q, serial);
    sql_put_number(&q, PHONE_LSC);
    return end_with_certificate(&q, out);
}

int store_phone_certificate_of(struct store *store, const char *device,
                               enum phone_certificate_kind kind, enum phone_certificate_state state,
                               struct store_phone_certificate *out)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT " CERTIFICATE_COLUMNS " JOIN phone d ON d.id = c.phone"
              " WHERE d.name = $1 AND c.kind = $2 AND c.state = $3 ORDER BY c.id DESC LIMIT 1",
              NULL);
    sql_put_text(&q, device);
    sql_put_number(&q, kind);
    sql_put_number(&q, state);
    return end_with_certificate(&q, out);
}

int store_phone_certificates(struct store *store, const char *device,
                             int (*each)(void *context, const struct store_phone_certificate *c),
                             void *context)
{
    struct sql q;
    int result = 0;
    if (device) {
        sql_start(&q, store,
                  "SELECT " CERTIFICATE_COLUMNS " JOIN phone d ON d.id = c.phone"
                  " WHERE d.name = $1 ORDER BY c.id DESC",
                  NULL);
        sql_put_text(&q, device);
    } else {
        sql_start(&q, store, "SELECT " CERTIFICATE_COLUMNS " ORDER BY c.device, c.id DESC", NULL);
    }
    while (result == 0 && sql_next(&q)) {
        struct store_phone_certificate certificate;
        read_certificate(&q, &certificate);
        if (!q.error)
            result = each(context, &certificate);
        store_phone_certificate_fini(&certificate);
    }
    return sql_end(&q, result);
}

int store_phone_key_known(struct store *store, const char *key_sha256, bool *known,
                          char device[DEVICE_NAME])
{
    struct sql q;
    sql_start(&q, store,
              "SELECT device FROM phone_certificate WHERE key_sha256 = $1 ORDER BY id LIMIT 1",
              NULL);
    sql_put_text(&q, key_sha256);
    bool found = sql_next(&q);
    sql_text(&q, device, DEVICE_NAME);
    int result = sql_end(&q, 0);
    if (result == 0)
        *known = found;
    return result;
}

/* ---- writing ---- */

/* A key of a kind that no LSC has (a MIC's may be) is told by its bytes alone. */
static int read_key(struct store_phone_certificate *out, struct bytes spki)
{
    struct public_key *key = NULL;
    int result = public_key_from_spki(&key, spki, NULL);
    if (result == -ENOMEM)
        return result;
    out->key_kind = key ? public_key_kind(key) : KEY_OTHER;
    out->key_bits = key ? public_key_bits(key) : 0;
    result = digest_hex(DIGEST_KIND_SHA256, key ? public_key_spki(key) : spki, out->key_sha256);
    public_key_free(key);
    return result;
}

/* What the columns beside the bytes say. */
static int read_facts(struct store_phone_certificate *out, struct bytes der, struct why *why)
{
    struct certificate_facts facts;
    *out = (struct store_phone_certificate){.id = 0};
    int result = certificate_facts_read(&facts, der, why);
    if (result)
        return result;
    text_hex(out->serial, sizeof out->serial, bytes_of(facts.serial, facts.serial_size), false, 0);
    copy_readable(out->subject, sizeof out->subject, (const char *)facts.subject.data);
    copy_readable(out->issuer, sizeof out->issuer, (const char *)facts.issuer.data);
    out->not_before = facts.not_before;
    out->not_after = facts.not_after;
    result = digest_hex(DIGEST_KIND_SHA256, der, out->sha256);
    if (result == 0)
        result = digest_hex(DIGEST_KIND_MD5, der, out->md5);
    if (result == 0)
        result = read_key(out, buffer_bytes(&facts.spki));
    certificate_facts_fini(&facts);
    return result;
}

/* All of one kind and state of a phone take another state. */
static int move_all(struct store *store, int64_t phone, enum phone_certificate_kind kind,
                    enum phone_certificate_state from, enum phone_certificate_state to,
                    bool *changed, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE phone_certificate SET state = $1 WHERE phone = $2 AND kind = $3"
              " AND state = $4",
              why);
    sql_put_number(&q, to);
    sql_put_number(&q, phone);
    sql_put_number(&q, kind);
    sql_put_number(&q, from);
    if (sql_run(&q) > 0)
        *changed = true;
    return sql_end(&q, 0);
}

/* The kind, state, device and times of `c` are given; `c` and `der` say the rest. */
static int insert(struct store *store, int64_t phone, const struct store_phone_certificate *c,
                  struct bytes der, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO phone_certificate (phone, device, kind, state, serial, subject, issuer,"
              " not_before, not_after, sha256, md5, key_sha256, key_kind, key_bits, created,"
              " confirmed, revoked, reason, revocation, der) VALUES ($1, $2, $3, $4, $5, $6, $7,"
              " $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, 0, 0, $17)"
              " ON CONFLICT (sha256) DO NOTHING",
              why);
    sql_put_number(&q, phone);
    sql_put_text(&q, c->device);
    sql_put_number(&q, c->kind);
    sql_put_number(&q, c->state);
    sql_put_text(&q, c->serial);
    sql_put_text(&q, c->subject);
    sql_put_text(&q, c->issuer);
    sql_put_number(&q, c->not_before);
    sql_put_number(&q, c->not_after);
    sql_put_text(&q, c->sha256);
    sql_put_text(&q, c->md5);
    sql_put_text(&q, c->key_sha256);
    sql_put_number(&q, c->key_kind);
    sql_put_number(&q, c->key_bits);
    sql_put_number(&q, c->created);
    sql_put_number(&q, c->confirmed);
    sql_put_bytes(&q, der);
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_DUPLICATE, "the certificate %s is known already", c->serial);
    return result;
}

/* What decides whether a certificate may be confirmed. */
struct head {
    int64_t id, phone, confirmed;
    enum phone_certificate_kind kind;
    enum phone_certificate_state state;
    char device[DEVICE_NAME];
    bool overtaken; /* one that was issued later has been confirmed */
};

static int read_head(struct store *store, const char *sha256, struct head *out, struct why *why)
{
    *out = (struct head){.id = 0};
    struct sql q;
    sql_start(&q, store,
              "SELECT c.id, c.phone, c.confirmed, c.kind, c.state, c.device,"
              " CASE WHEN EXISTS (SELECT 1 FROM phone_certificate n WHERE n.phone = c.phone"
              " AND n.kind = c.kind AND n.id > c.id AND n.confirmed > 0) THEN 1 ELSE 0 END"
              " FROM phone_certificate c WHERE c.sha256 = $1",
              why);
    sql_put_text(&q, sha256);
    int result = sql_only(&q);
    if (result == ERR_NOT_FOUND)
        why_error(why, result, "there is no such certificate of a phone");
    out->id = sql_number(&q);
    out->phone = sql_number(&q);
    out->confirmed = sql_number(&q);
    out->kind = (enum phone_certificate_kind)sql_number(&q);
    out->state = (enum phone_certificate_state)sql_number(&q);
    sql_text(&q, out->device, sizeof out->device);
    out->overtaken = sql_number(&q) != 0;
    return sql_end(&q, result);
}

/* As read_head, of an LSC of this phone. */
static int read_lsc(struct store *store, const char *device, const char *sha256, struct head *out,
                    struct why *why)
{
    int result = read_head(store, sha256, out, why);
    if (result == 0 && (out->phone == 0 || out->kind != PHONE_LSC ||
                        !bytes_equal_string(bytes_of_string(out->device), device)))
        return why_error(why, ERR_NOT_FOUND, "there is no such LSC of %s", device);
    return result;
}

/* One that was replaced before the phone said anything may still be the one it keeps. */
static bool is_confirmable(const struct head *h)
{
    return h->kind == PHONE_LSC && h->phone != 0 &&
           (h->state == PHONE_PENDING ||
            (h->state == PHONE_RETIRED && h->confirmed == 0 && !h->overtaken));
}

static int activate(struct store *store, const struct head *h, int64_t now, struct why *why)
{
    bool changed = false;
    int result = move_all(store, h->phone, h->kind, PHONE_ACTIVE, PHONE_RETIRED, &changed, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store, "UPDATE phone_certificate SET state = $1, confirmed = $2 WHERE id = $3",
              why);
    sql_put_number(&q, PHONE_ACTIVE);
    sql_put_number(&q, now > 0 ? now : 1);
    sql_put_number(&q, h->id);
    sql_run(&q);
    return sql_end(&q, 0);
}

/* ---- LSCs ---- */

static int issue(struct store *store, struct store_phone_certificate *c, struct bytes der,
                 struct why *why)
{
    int64_t phone = 0;
    bool changed = false;
    int result = find_phone(store, c->device, &phone, why);
    if (result == 0)
        result = move_all(store, phone, PHONE_LSC, PHONE_PENDING, PHONE_RETIRED, &changed, why);
    return result ? result : insert(store, phone, c, der, why);
}

int store_lsc_issue(struct store *store, const char *device, struct bytes der, int64_t now,
                    struct why *why)
{
    struct store_phone_certificate c;
    int result = check_name(why, "name of the device", device, sizeof c.device);
    if (result == 0)
        result = read_facts(&c, der, why);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    text_copy(c.device, sizeof c.device, device);
    c.kind = PHONE_LSC;
    c.state = PHONE_PENDING;
    c.created = now;
    return change_end(store, issue(store, &c, der, why), AREA(PHONE_CERTIFICATES), why);
}

static int confirm(struct store *store, const char *device, const char *sha256, int64_t now,
                   bool *changed, struct why *why)
{
    struct head h;
    int result = read_lsc(store, device, sha256, &h, why);
    if (result || h.state == PHONE_ACTIVE)
        return result;
    if (h.state == PHONE_REVOKED)
        return why_error(why, ERR_POLICY, "the LSC of %s was revoked", device);
    if (!is_confirmable(&h))
        return why_error(why, ERR_CONFLICT, "the LSC of %s was %s", device,
                         h.state == PHONE_DROPPED ? "refused by the phone before"
                                                  : "replaced by one that it has confirmed");
    *changed = true;
    return activate(store, &h, now, why);
}

int store_lsc_confirm(struct store *store, const char *device, const char *sha256, int64_t now,
                      struct why *why)
{
    bool changed = false;
    int result = change_begin(store, why);
    if (result)
        return result;
    result = confirm(store, device, sha256, now, &changed, why);
    return change_end(store, result, changed ? AREA(PHONE_CERTIFICATES) : 0, why);
}

static int set_state(struct store *store, int64_t id, enum phone_certificate_state state,
                     struct why *why)
{
    struct sql q;
    sql_start(&q, store, "UPDATE phone_certificate SET state = $1 WHERE id = $2", why);
    sql_put_number(&q, state);
    sql_put_number(&q, id);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int drop(struct store *store, const char *device, const char *sha256, struct why *why)
{
    struct head h;
    int result = read_lsc(store, device, sha256, &h, why);
    if (result == 0 && h.state != PHONE_PENDING)
        result = why_error(why, ERR_CONFLICT, "the LSC of %s is not pending any more", device);
    return result ? result : set_state(store, h.id, PHONE_DROPPED, why);
}

int store_lsc_drop(struct store *store, const char *device, const char *sha256, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, drop(store, device, sha256, why), AREA(PHONE_CERTIFICATES), why);
}

static int recognise(struct store *store, const char *sha256, int64_t now, bool *changed,
                     struct why *why)
{
    struct head h;
    int result = read_head(store, sha256, &h, why);
    if (result || !is_confirmable(&h))
        return result;
    *changed = true;
    return activate(store, &h, now, why);
}

int store_phone_certificate_recognise(struct store *store, const char *sha256, int64_t now,
                                      struct store_phone_certificate *out, struct why *why)
{
    struct head h;
    bool changed = false;
    int result = read_head(store, sha256, &h, why);
    if (result == 0 && is_confirmable(&h)) {
        result = change_begin(store, why);
        if (result)
            return result;
        result = recognise(store, sha256, now, &changed, why); /* looks again, now alone */
        result = change_end(store, result, changed ? AREA(PHONE_CERTIFICATES) : 0, why);
    }
    if (result)
        return result;
    result = store_phone_certificate_get(store, sha256, out);
    return result ? why_error(why, result, "%s", store_words(store, result)) : 0;
}

/* A pending one that is deleted was never confirmed: retired it could come back. */
static int clear_lscs(struct store *store, int64_t phone, bool *changed, struct why *why)
{
    int result = move_all(store, phone, PHONE_LSC, PHONE_PENDING, PHONE_DROPPED, changed, why);
    return result ? result
                  : move_all(store, phone, PHONE_LSC, PHONE_ACTIVE, PHONE_RETIRED, changed, why);
}

static int drop_unconfirmed(struct store *store, int64_t phone, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE phone_certificate SET state = $1 WHERE phone = $2 AND kind = $3"
              " AND state = $4 AND confirmed = 0",
              why);
    sql_put_number(&q, PHONE_DROPPED);
    sql_put_number(&q, phone);
    sql_put_number(&q, PHONE_LSC);
    sql_put_number(&q, PHONE_RETIRED);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int delete_lscs(struct store *store, const char *device, bool *changed, struct why *why)
{
    int64_t phone = 0;
    int result = find_phone(store, device, &phone, why);
    if (result == 0)
        result = clear_lscs(store, phone, changed, why);
    return result ? result : drop_unconfirmed(store, phone, why);
}

int store_lsc_delete(struct store *store, const char *device, struct why *why)
{
    bool changed = false;
    int result = change_begin(store, why);
    if (result)
        return result;
    result = delete_lscs(store, device, &changed, why);
    return change_end(store, result, changed ? AREA(PHONE_CERTIFICATES) : 0, why);
}

/* ---- revoking ---- */

static bool is_reason(unsigned reason)
{
    return reason <= 6 || reason == 9 || reason == 10; /* RFC 5280, 5.3.1: 8 takes one back */
}

/* Revocations are numbered, so that a CRL says exactly which it knows. */
static int revoke(struct store *store, const char *serial, unsigned reason, int64_t now,
                  bool *changed, struct why *why)
{
    struct store_phone_certificate c;
    int result = store_lsc_by_serial(store, serial, &c);
    if (result == ERR_NOT_FOUND)
        return why_error(why, result,
                         "there is no LSC with the serial number %s (a MIC can be revoked by its "
                         "issuer only)",
                         serial);
    if (result)
        return why_error(why, result, "%s", store_words(store, result));
    store_phone_certificate_fini(&c);
    if (c.state == PHONE_REVOKED)
        return 0;
    *changed = true;
    struct sql q;
    sql_start(&q, store,
              "UPDATE phone_certificate SET state = $1, revoked = $2, reason = $3, revocation = 1 +"
              " coalesce((SELECT max(revocation) FROM phone_certificate WHERE state = 3), 0)"
              " WHERE id = $4",
              why);
    sql_put_number(&q, PHONE_REVOKED);
    sql_put_number(&q, now);
    sql_put_number(&q, reason);
    sql_put_number(&q, c.id);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_lsc_revoke(struct store *store, const char *serial, unsigned reason, int64_t now,
                     struct why *why)
{
    bool changed = false;
    if (!is_reason(reason))
        return why_error(why, ERR_USAGE, "%u is no reason for a revocation (RFC 5280)", reason);
    int result = change_begin(store, why);
    if (result)
        return result;
    result = revoke(store, serial, reason, now, &changed, why);
    return change_end(store, result, changed ? AREA(PHONE_CERTIFICATES) | AREA(CRL) : 0, why);
}

/* ---- MICs ---- */

/* The certificate is there already: it may be the phone's own, once replaced, that comes back. */
static int put_known_mic(struct store *store, int64_t phone, const struct head *h, int64_t now,
                         bool *learned, struct why *why)
{
    if (h->kind != PHONE_MIC || h->phone != phone)
        return why_error(why, ERR_DUPLICATE, "the certificate is %s of %s",
                         h->kind == PHONE_MIC ? "the MIC" : "an LSC", h->device);
    if (h->state == PHONE_ACTIVE)
        return 0;
    *learned = true;
    return activate(store, h, now, why);
}

static int put_mic(struct store *store, struct store_phone_certificate *c, struct bytes der,
                   bool *learned, struct why *why)
{
    int64_t phone = 0;
    struct head h;
    int result = find_phone(store, c->device, &phone, why);
    if (result)
        return result;
    struct why unknown = WHY_NONE;
    result = read_head(store, c->sha256, &h, &unknown);
    if (result == 0)
        return put_known_mic(store, phone, &h, c->created, learned, why);
    if (result != ERR_NOT_FOUND)
        return why_error(why, result, "%s", why_text(&unknown, result));
    *learned = true;
    result = move_all(store, phone, PHONE_MIC, PHONE_ACTIVE, PHONE_RETIRED, learned, why);
    return result ? result : insert(store, phone, c, der, why);
}

int store_mic_put(struct store *store, const char *device, struct bytes der, int64_t now,
                  bool *learned, struct why *why)
{
    struct store_phone_certificate c;
    bool changed = false;
    int result = check_name(why, "name of the device", device, sizeof c.device);
    if (result == 0)
        result = read_facts(&c, der, why);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    text_copy(c.device, sizeof c.device, device);
    c.kind = PHONE_MIC;
    c.state = PHONE_ACTIVE;
    c.created = c.confirmed = now;
    result = put_mic(store, &c, der, &changed, why);
    result = change_end(store, result, changed ? AREA(PHONE_CERTIFICATES) : 0, why);
    if (result == 0)
        *learned = changed;
    return result;
}

/* ---- a phone that goes ---- */

int phone_certificates_part(struct store *store, int64_t phone, bool *changed, struct why *why)
{
    int result = clear_lscs(store, phone, changed, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store, "DELETE FROM phone_certificate WHERE phone = $1 AND kind = $2", why);
    sql_put_number(&q, phone);
    sql_put_number(&q, PHONE_MIC);
    if (sql_run(&q) > 0)
        *changed = true;
    return sql_end(&q, 0);
}

/* ---- how each phone stands ---- */

const char *store_lsc_state_name(enum lsc_state state)
{
    static const char *const names[LSC_STATE_COUNT] = {
        [LSC_NONE] = "none",         [LSC_PENDING] = "pending", [LSC_VALID] = "valid",
        [LSC_EXPIRING] = "expiring", [LSC_EXPIRED] = "expired",
    };
    return (unsigned)state < LSC_STATE_COUNT ? names[state] : "unknown";
}

static enum lsc_state state_of(int64_t not_after, bool pending, int64_t now, int64_t margin)
{
    if (not_after == 0)
        return pending ? LSC_PENDING : LSC_NONE;
    if (not_after <= now)
        return LSC_EXPIRED;
    return not_after - now <= margin ? LSC_EXPIRING : LSC_VALID;
}

/* The numbers are PHONE_LSC, PHONE_ACTIVE and PHONE_PENDING, written out so that the database knows
 * which of its indices fit. */
#define LSC_COLUMNS                                                                   \
    "d.name, a.not_after, CASE WHEN p.id IS NULL THEN 0 ELSE 1 END FROM phone d"      \
    " LEFT JOIN phone_certificate a ON a.phone = d.id AND a.kind = 1 AND a.state = 1" \
    " LEFT JOIN phone_certificate p ON p.phone = d.id AND p.state = 0"

int store_lscs(struct store *store, const char *device, int64_t now, int64_t margin,
               int (*each)(void *context, const struct store_lsc *lsc), void *context)
{
    struct sql q;
    int result = 0;
    if (device) {
        sql_start(&q, store, "SELECT " LSC_COLUMNS " WHERE d.name = $1", NULL);
        sql_put_text(&q, device);
    } else {
        sql_start(&q, store, "SELECT " LSC_COLUMNS " ORDER BY d.name", NULL);
    }
    while (result == 0 && sql_next(&q)) {
        struct store_lsc lsc = {.device = ""};
        sql_text(&q, lsc.device, sizeof lsc.device);
        lsc.not_after = sql_number(&q);
        lsc.state = state_of(lsc.not_after, sql_number(&q) != 0, now, margin);
        if (!q.error)
            result = each(context, &lsc);
    }
    return sql_end(&q, result);
}
