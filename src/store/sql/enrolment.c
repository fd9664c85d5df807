#include "store/enrolment.h"

#include "store/sql/sql.h"
#include "store/sql/wave.h"

#include <string.h>

/* ---- words ---- */

static const char *const operations[ENROLMENT_OPERATION_COUNT] = {
    [ENROLMENT_INSTALL] = "Upgrade",
    [ENROLMENT_DELETE] = "Delete",
    [ENROLMENT_TROUBLESHOOT] = "Troubleshoot",
};

/* CUCM's words, and of which operations it says them. */
static const struct cause {
    const char *text;
    bool troubleshoot, delete;
} causes[CAUSE_COUNT] = {
    [CAUSE_NONE] = {NULL, true, true},
    [CAUSE_LSC] = {"Invalid LSC", true, true},
    [CAUSE_STRING] = {"Invalid Authentication String", true, true},
    [CAUSE_MIC] = {"Invalid MIC", true, true},
    [CAUSE_CREDENTIALS] = {"Invalid Credentials", true, true},
    [CAUSE_PHONE] = {"Phone Communication Failure", true, true},
    [CAUSE_KEY] = {"Key Generation Failed/Timeout", true, true},
    [CAUSE_CA_SILENT] = {"CA Communication Failure", false, true},
    [CAUSE_CA_REFUSED] = {"CA Rejected Connection", false, true},
    [CAUSE_LATE] = {"User Initiated Request Late/Timedout", true, true},
    [CAUSE_NO_EC] = {"No Support for EC only in CAPF version 3", false, false},
};

static bool is_cause_of(enum enrolment_cause cause, enum enrolment_operation operation)
{
    return (operation != ENROLMENT_TROUBLESHOOT || causes[cause].troubleshoot) &&
           (operation != ENROLMENT_DELETE || causes[cause].delete);
}

char *store_status_text(char out[ENROLMENT_STATUS], const struct store_status *status)
{
    const char *operation =
        status->operation < ENROLMENT_OPERATION_COUNT ? operations[status->operation] : NULL;
    const char *cause = status->cause < CAUSE_COUNT ? causes[status->cause].text : NULL;
    if (status->result == RESULT_PENDING)
        text_copy(out, ENROLMENT_STATUS, "Operation Pending");
    else if (status->result == RESULT_SUCCESS && operation)
        text_format(out, ENROLMENT_STATUS, "%s Success", operation);
    else if (status->result == RESULT_FAILED && operation)
        text_format(out, ENROLMENT_STATUS, "%s Failed%s%s", operation, cause ? ": " : "",
                    cause ? cause : "");
    else
        text_copy(out, ENROLMENT_STATUS, "None");
    return out;
}

/* ---- reading ---- */

#define ENROLMENT_COLUMNS                                                                         \
    "d.name, e.number, e.operation, e.authentication, e.key_order, e.rsa_bits, e.curve,"          \
    " e.complete_by, e.status_operation, e.result, e.cause, e.attempts, e.wrong, e.locked_until," \
    " CASE WHEN s.phone IS NULL THEN 0 ELSE 1 END, e.one_time, e.sends_sudi, e.changed, e.wave,"  \
    " p.capf_auth, p.key_size, p.curve FROM phone d JOIN profile p ON p.id = d.profile"           \
    " LEFT JOIN enrolment e ON e.phone = d.id LEFT JOIN enrolment_secret s ON s.phone = d.id"

void order_read(struct sql *q, struct store_order *out)
{
    out->operation = (enum enrolment_operation)sql_number(q);
    out->authentication = (enum capf_auth)sql_number(q);
    out->key_order = (enum key_order)sql_number(q);
    out->rsa_bits = (unsigned)sql_number(q);
    out->curve = (unsigned)sql_number(q);
    out->complete_by = sql_number(q);
}

enum { RSA_BITS_DEFAULT = 2048, CURVE_DEFAULT = 384 };

/* What holds: the order's word, else the profile's, else what every phone can do. A profile that
 * names both a size and a curve prefers the curve. */
struct store_order store_order_fill(const struct store_order *order,
                                    const struct store_profile *profile)
{
    struct store_order filled = *order;
    struct store_order *o = &filled;
    unsigned bits = profile->key_size;
    unsigned curve = profile->curve;
    if (o->authentication == 0)
        o->authentication = profile->capf_auth;
    if (o->key_order == KEY_ORDER_PROFILE)
        o->key_order = !curve ? KEY_ORDER_RSA : bits ? KEY_ORDER_EC_RSA : KEY_ORDER_EC;
    if (o->rsa_bits == 0)
        o->rsa_bits = bits ? bits : RSA_BITS_DEFAULT;
    if (o->curve == 0)
        o->curve = curve ? curve : CURVE_DEFAULT;
    if (o->key_order == KEY_ORDER_RSA)
        o->curve = 0;
    if (o->key_order == KEY_ORDER_EC)
        o->rsa_bits = 0;
    return filled;
}

static void read_enrolment(struct sql *q, struct store_enrolment *out)
{
    *out = (struct store_enrolment){.device = ""};
    sql_text(q, out->device, sizeof out->device);
    out->number = sql_number(q);
    order_read(q, &out->order);
    out->status.operation = (enum enrolment_operation)sql_number(q);
    out->status.result = (enum enrolment_result)sql_number(q);
    out->status.cause = (enum enrolment_cause)sql_number(q);
    out->attempts = (unsigned)sql_number(q);
    out->wrong = (unsigned)sql_number(q);
    out->locked_until = sql_number(q);
    out->has_string = sql_number(q) != 0;
    out->one_time = sql_number(q) != 0;
    out->sends_sudi = sql_number(q) != 0;
    out->changed = sql_number(q);
    out->wave = sql_number(q);
    struct store_profile profile = {.capf_auth = (enum capf_auth)sql_number(q)};
    profile.key_size = (unsigned)sql_number(q);
    profile.curve = (unsigned)sql_number(q);
    out->holds = store_order_fill(&out->order, &profile);
}

int store_enrolment_get(struct store *store, const char *device, struct store_enrolment *out)
{
    struct sql q;
    sql_start(&q, store, "SELECT " ENROLMENT_COLUMNS " WHERE d.name = $1", NULL);
    sql_put_text(&q, device);
    int result = sql_only(&q);
    if (result == 0)
        read_enrolment(&q, out);
    return sql_end(&q, result);
}

int store_enrolments(struct store *store,
                     int (*each)(void *context, const struct store_enrolment *enrolment),
                     void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " ENROLMENT_COLUMNS " ORDER BY d.name", NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_enrolment enrolment;
        read_enrolment(&q, &enrolment);
        if (!q.error)
            result = each(context, &enrolment);
    }
    return sql_end(&q, result);
}

/* ---- orders ---- */

int order_check(const struct store_order *o, struct why *why)
{
    if ((unsigned)o->operation >= ENROLMENT_OPERATION_COUNT ||
        (unsigned)o->authentication > CAPF_AUTH_MIC || (unsigned)o->key_order >= KEY_ORDER_COUNT)
        return why_error(why, ERR_USAGE, "the operation, authentication or key order is unknown");
    if (o->rsa_bits && o->rsa_bits != 1024 && o->rsa_bits != 2048 && o->rsa_bits != 3072 &&
        o->rsa_bits != 4096)
        return why_error(why, ERR_USAGE,
                         "an RSA key of %u bits cannot be ordered: 1024, 2048, 3072 or 4096",
                         o->rsa_bits);
    if (o->curve && o->curve != 256 && o->curve != 384 && o->curve != 521)
        return why_error(why, ERR_USAGE, "an EC key of %u bits cannot be ordered: 256, 384 or 521",
                         o->curve);
    if (o->complete_by < 0)
        return why_error(why, ERR_USAGE, "the order would end before 1970");
    return 0;
}

/* The number tells a session whether the order it carries out is still the one that is there. It is
 * at least the time, so that a phone that was deleted and added anew does not repeat one. */
int order_write(struct store *store, int64_t phone, const struct store_order *order, int64_t wave,
                int64_t now, struct why *why)
{
    struct sql q;
    sql_start(
        &q, store,
        "INSERT INTO enrolment (phone, number, operation, authentication, key_order, rsa_bits,"
        " curve, complete_by, status_operation, result, changed, wave)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $3, CASE WHEN $3 > 0 THEN 1 ELSE 0 END, $2,"
        " nullif($9, 0)) ON CONFLICT (phone) DO UPDATE SET"
        " number = CASE WHEN enrolment.number >= excluded.number THEN enrolment.number + 1"
        " ELSE excluded.number END,"
        " operation = excluded.operation, authentication = excluded.authentication,"
        " key_order = excluded.key_order, rsa_bits = excluded.rsa_bits,"
        " curve = excluded.curve, complete_by = excluded.complete_by,"
        " status_operation = CASE WHEN excluded.operation > 0 THEN excluded.operation"
        " ELSE enrolment.status_operation END,"
        " result = CASE WHEN excluded.operation > 0 THEN 1"
        " WHEN enrolment.result = 1 THEN 0 ELSE enrolment.result END,"
        " cause = CASE WHEN excluded.operation > 0 THEN 0 ELSE enrolment.cause END,"
        " attempts = 0, changed = excluded.changed, wave = excluded.wave",
        why);
    sql_put_number(&q, phone);
    sql_put_number(&q, now);
    sql_put_number(&q, order->operation);
    sql_put_number(&q, order->authentication);
    sql_put_number(&q, order->key_order);
    sql_put_number(&q, order->rsa_bits);
    sql_put_number(&q, order->curve);
    sql_put_number(&q, order->complete_by);
    sql_put_number(&q, wave);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int put_order(struct store *store, const char *device, const struct store_order *order,
                     int64_t now, struct why *why)
{
    int64_t phone = 0;
    int result = find_phone(store, device, &phone, why);
    if (result == 0)
        result = wave_withdraw(store, phone, why);
    return result ? result : order_write(store, phone, order, 0, now, why);
}

int store_order_put(struct store *store, const char *device, const struct store_order *order,
                    int64_t now, struct why *why)
{
    int result = order_check(order, why);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, put_order(store, device, order, now, why), AREA(ENROLMENT), why);
}

struct open_order {
    int64_t phone, number, wave;
    enum enrolment_operation operation;
    bool one_time;
};

static int read_open(struct store *store, const char *device, struct open_order *out,
                     struct why *why)
{
    *out = (struct open_order){.phone = 0};
    int result = find_phone(store, device, &out->phone, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store, "SELECT number, wave, operation, one_time FROM enrolment WHERE phone = $1",
              why);
    sql_put_number(&q, out->phone);
    if (sql_next(&q)) {
        out->number = sql_number(&q);
        out->wave = sql_number(&q);
        out->operation = (enum enrolment_operation)sql_number(&q);
        out->one_time = sql_number(&q) != 0;
    }
    return sql_end(&q, 0);
}

static int write_outcome(struct store *store, int64_t phone, const struct store_outcome *outcome,
                         struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "UPDATE enrolment SET status_operation = operation, result = $1, cause = $2,"
              " attempts = attempts + $3, operation = CASE WHEN $4 > 0 THEN 0 ELSE operation END,"
              " changed = $5 WHERE phone = $6",
              why);
    sql_put_number(&q, outcome->success ? RESULT_SUCCESS : RESULT_FAILED);
    sql_put_number(&q, outcome->success ? CAUSE_NONE : outcome->cause);
    sql_put_number(&q, !outcome->success);
    sql_put_number(&q, outcome->success || outcome->over);
    sql_put_number(&q, outcome->time);
    sql_put_number(&q, phone);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int forget_string(struct store *store, int64_t phone, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "DELETE FROM enrolment_secret WHERE phone = $1", why);
    sql_put_number(&q, phone);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int finish_order(struct store *store, const char *device,
                        const struct store_outcome *outcome, struct why *why)
{
    struct open_order open;
    int result = read_open(store, device, &open, why);
    if (result)
        return result;
    if (open.operation == ENROLMENT_NONE || open.number != outcome->number)
        return why_error(why, ERR_CONFLICT,
                         "the order of %s was changed while it was carried out; the new one stays",
                         device);
    if (!outcome->success && !is_cause_of(outcome->cause, open.operation))
        return why_error(why, ERR_USAGE, "\"%s\" is no cause for \"%s\" to fail",
                         causes[outcome->cause].text, operations[open.operation]);
    result = write_outcome(store, open.phone, outcome, why);
    if (result == 0 && open.wave)
        result = wave_note(store, open.wave, open.phone, outcome->success ? WAVE_DONE : WAVE_FAILED,
                           why);
    if (result == 0 && outcome->success && outcome->by_string && open.one_time)
        result = forget_string(store, open.phone, why);
    return result;
}

int store_order_finish(struct store *store, const char *device, const struct store_outcome *outcome,
                       struct why *why)
{
    if ((unsigned)outcome->cause >= CAUSE_COUNT)
        return why_error(why, ERR_USAGE, "the cause %d is unknown", (int)outcome->cause);
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, finish_order(store, device, outcome, why), AREA(ENROLMENT), why);
}

/* ---- orders whose time has passed ---- */

#define IS_LATE "operation > 0 AND complete_by > 0 AND complete_by <= $1"

static int any_late(struct store *store, int64_t now, bool *late, struct why *why)
{
    struct sql q;
    sql_start(&q, store, "SELECT phone FROM enrolment WHERE " IS_LATE " LIMIT 1", why);
    sql_put_number(&q, now);
    *late = sql_next(&q);
    return sql_end(&q, 0);
}

static int expire_orders(struct store *store, int64_t now, unsigned *expired, struct why *why)
{
    struct sql q;
    int result = wave_note_late(store, now, why);
    if (result)
        return result;
    sql_start(&q, store,
              "UPDATE enrolment SET status_operation = operation, result = $2, cause = $3,"
              " operation = 0, changed = $1 WHERE " IS_LATE,
              why);
    sql_put_number(&q, now);
    sql_put_number(&q, RESULT_FAILED);
    sql_put_number(&q, CAUSE_LATE);
    *expired = (unsigned)sql_run(&q);
    return sql_end(&q, 0);
}

int store_orders_expire(struct store *store, int64_t now, unsigned *expired, struct why *why)
{
    bool late = false;
    unsigned count = 0;
    int result = any_late(store, now, &late, why); /* asked every minute: mostly there is none */
    if (result == 0 && late)
        result = change_begin(store, why);
    if (result)
        return result;
    if (late)
        result = change_end(store, expire_orders(store, now, &count, why), AREA(ENROLMENT), why);
    if (result == 0)
        *expired = count;
    return result;
}

/* A statement that makes or changes the row of a phone by its name ($1) and a number ($2). */
static int change_row(struct store *store, const char *text, const char *device, int64_t number)
{
    int result = change_begin(store, NULL);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store, text, NULL);
    sql_put_text(&q, device);
    sql_put_number(&q, number);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    return change_end(store, result || changed ? result : ERR_NOT_FOUND, 0, NULL);
}

static int set_sends_sudi(struct store *store, const char *device, bool sends)
{
    return change_row(store,
                      "INSERT INTO enrolment (phone, sends_sudi) SELECT id, $2 FROM phone"
                      " WHERE name = $1 ON CONFLICT (phone) DO UPDATE"
                      " SET sends_sudi = excluded.sends_sudi",
                      device, sends);
}

int store_sudi_seen(struct store *store, const char *device)
{
    return set_sends_sudi(store, device, true);
}

int store_sudi_forget(struct store *store, const char *device)
{
    return set_sends_sudi(store, device, false);
}

/* ---- authentication strings ---- */

static int write_string(struct store *store, int64_t phone, const uint8_t mac[ENROLMENT_MAC],
                        struct why *why)
{
    if (!mac)
        return forget_string(store, phone, why);
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO enrolment_secret (phone, mac) VALUES ($1, $2)"
              " ON CONFLICT (phone) DO UPDATE SET mac = excluded.mac",
              why);
    sql_put_number(&q, phone);
    sql_put_bytes(&q, bytes_of(mac, ENROLMENT_MAC));
    sql_run(&q);
    return sql_end(&q, 0);
}

static int put_string(struct store *store, const char *device, const uint8_t mac[ENROLMENT_MAC],
                      bool one_time, struct why *why)
{
    int64_t phone = 0;
    int result = find_phone(store, device, &phone, why);
    if (result == 0)
        result = write_string(store, phone, mac, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO enrolment (phone, one_time) VALUES ($1, $2) ON CONFLICT (phone)"
              " DO UPDATE SET one_time = excluded.one_time, wrong = 0, locked_until = 0",
              why);
    sql_put_number(&q, phone);
    sql_put_number(&q, mac && one_time);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_string_put(struct store *store, const char *device, const uint8_t mac[ENROLMENT_MAC],
                     bool one_time, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, put_string(store, device, mac, one_time, why), 0, why);
}

int store_string_get(struct store *store, const char *device, uint8_t mac[ENROLMENT_MAC])
{
    struct buffer found = {NULL, 0, 0, 0, 0};
    struct sql q;
    sql_start(&q, store,
              "SELECT s.mac FROM phone d JOIN enrolment_secret s ON s.phone = d.id"
              " WHERE d.name = $1",
              NULL);
    sql_put_text(&q, device);
    int result = sql_only(&q);
    if (result == 0)
        sql_bytes(&q, &found);
    result = sql_end(&q, result);
    if (result == 0 && found.size != ENROLMENT_MAC)
        result = ERR_STORE;
    if (result == 0)
        memcpy(mac, found.data, ENROLMENT_MAC);
    buffer_fini_secret(&found);
    return result;
}

static int locked(struct store *store, const char *device, int64_t *until)
{
    struct sql q;
    sql_start(&q, store,
              "SELECT e.locked_until FROM phone d JOIN enrolment e ON e.phone = d.id"
              " WHERE d.name = $1",
              NULL);
    sql_put_text(&q, device);
    int result = sql_only(&q);
    if (result == 0)
        *until = sql_number(&q);
    return sql_end(&q, result);
}

static int count_wrong(struct store *store, const char *device, int64_t now, int64_t *until)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO enrolment (phone, wrong) SELECT id, 1 FROM phone WHERE name = $1"
              " ON CONFLICT (phone) DO UPDATE SET"
              " wrong = CASE WHEN enrolment.locked_until > $2 THEN enrolment.wrong"
              " WHEN enrolment.wrong + 1 >= $3 THEN 0 ELSE enrolment.wrong + 1 END,"
              " locked_until = CASE WHEN enrolment.locked_until > $2 THEN enrolment.locked_until"
              " WHEN enrolment.wrong + 1 >= $3 THEN $4 ELSE 0 END",
              NULL);
    sql_put_text(&q, device);
    sql_put_number(&q, now);
    sql_put_number(&q, ENROLMENT_TRIES);
    sql_put_number(&q, now + ENROLMENT_LOCK_SECONDS);
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return ERR_NOT_FOUND;
    return result ? result : locked(store, device, until);
}

int store_string_wrong(struct store *store, const char *device, int64_t now, int64_t *locked_until)
{
    int64_t until = 0;
    int result = change_begin(store, NULL);
    if (result)
        return result;
    result = change_end(store, count_wrong(store, device, now, &until), 0, NULL);
    if (result == 0)
        *locked_until = until > now ? until : 0;
    return result;
}

int store_string_right(struct store *store, const char *device)
{
    struct store_enrolment enrolment = {.wrong = 0};
    int result = store_enrolment_get(store, device, &enrolment);
    if (result || (enrolment.wrong == 0 && enrolment.locked_until == 0))
        return result;
    return change_row(store,
                      "UPDATE enrolment SET wrong = $2, locked_until = $2"
                      " WHERE phone = (SELECT id FROM phone WHERE name = $1)",
                      device, 0);
}
