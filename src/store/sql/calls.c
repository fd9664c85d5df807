#include "store/calls.h"

#include "store/sql/sql.h"

static const char *const securities[] = {
    [CALL_SECURITY_UNKNOWN] = "unknown",
    [CALL_NOT_SECURE] = "non-secure",
    [CALL_AUTHENTICATED] = "authenticated",
    [CALL_ENCRYPTED] = "encrypted",
};

static const char *const suites[] = {
    [CALL_SUITE_NONE] = "",
    [CALL_SUITE_AES_CM_128_HMAC_SHA1_32] = "AES_CM_128_HMAC_SHA1_32",
};

static const char *const progresses[] = {
    [CALL_PROGRESS_RINGING] = "ringing",
    [CALL_PROGRESS_TALKING] = "talking",
    [CALL_PROGRESS_HELD] = "on hold",
    [CALL_PROGRESS_PRESERVED] = "preserved",
};

static const char *const causes[] = {
    [CALL_CAUSE_NONE] = "",
    [CALL_CAUSE_HUNG_UP] = "hung up",
    [CALL_CAUSE_ABANDONED] = "abandoned",
    [CALL_CAUSE_BUSY] = "busy",
    [CALL_CAUSE_DECLINED] = "declined",
    [CALL_CAUSE_NO_ANSWER] = "no answer",
    [CALL_CAUSE_UNKNOWN_NUMBER] = "unknown number",
    [CALL_CAUSE_UNREACHABLE] = "not registered",
    [CALL_CAUSE_TRANSFERRED] = "transferred",
    [CALL_CAUSE_CONNECTION_LOST] = "connection lost",
    [CALL_CAUSE_UNREGISTERED] = "unregistered",
    [CALL_CAUSE_NO_CODEC] = "no common codec",
    [CALL_CAUSE_MEDIA_FAILED] = "media failed",
    [CALL_CAUSE_FORWARD_LOOP] = "forward loop",
    [CALL_CAUSE_NO_ROOM] = "no room",
    [CALL_CAUSE_NO_DIGITS] = "no digits",
    [CALL_CAUSE_ELSEWHERE] = "answered elsewhere",
    [CALL_CAUSE_SERVER_ENDED] = "server ended",
    [CALL_CAUSE_SHOWN_OUT] = "shown out",
};

#define WORD(table, at) \
    ((size_t)(at) < sizeof(table) / sizeof *(table) ? (table)[(size_t)(at)] : "?")

const char *call_security_name(enum call_security security)
{
    return WORD(securities, security);
}

const char *call_suite_name(enum call_suite suite)
{
    return WORD(suites, suite);
}

const char *call_progress_name(enum call_progress progress)
{
    return WORD(progresses, progress);
}

const char *call_cause_name(enum call_cause cause)
{
    return WORD(causes, cause);
}

/* ---- writing ---- */

/* In the order of CALL_COLUMNS. */
#define CALL_COLUMNS                                                          \
    "dialled, caller, caller_device, caller_security, callee, callee_device," \
    " callee_security, began, answered, security, suite"

static void put_columns(struct sql *q, const struct store_call *call)
{
    sql_put_text(q, call->dialled);
    for (int side = CALL_CALLER; side < CALL_SIDES; side++) {
        sql_put_text(q, call->party[side].number);
        sql_put_text(q, call->party[side].device);
        sql_put_number(q, call->party[side].security);
    }
    sql_put_number(q, call->began);
    sql_put_number(q, call->answered);
    sql_put_number(q, call->security);
    sql_put_number(q, call->suite);
}

static int put_live(struct store *store, int64_t node, const struct store_call *call,
                    struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO call_live (node, reference, " CALL_COLUMNS ", progress)"
              " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
              " ON CONFLICT (node, reference) DO UPDATE SET dialled = excluded.dialled,"
              " caller = excluded.caller, caller_device = excluded.caller_device,"
              " caller_security = excluded.caller_security, callee = excluded.callee,"
              " callee_device = excluded.callee_device,"
              " callee_security = excluded.callee_security, began = excluded.began,"
              " answered = excluded.answered, security = excluded.security,"
              " suite = excluded.suite, progress = excluded.progress",
              why);
    sql_put_number(&q, node);
    sql_put_number(&q, call->reference);
    put_columns(&q, call);
    sql_put_number(&q, call->progress);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int drop_live(struct store *store, int64_t node, const struct store_call *call,
                     struct why *why)
{
    struct sql q;
    sql_start(&q, store, "DELETE FROM call_live WHERE node = $1 AND reference = $2", why);
    sql_put_number(&q, node);
    sql_put_number(&q, call->reference);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int put_record(struct store *store, int64_t node, const struct store_call *call,
                      struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO call_record (node, " CALL_COLUMNS ", ended, talked_ms, cause, ended_by)"
              " SELECT name, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16"
              " FROM node WHERE id = $1",
              why);
    sql_put_number(&q, node);
    put_columns(&q, call);
    sql_put_number(&q, call->ended);
    sql_put_number(&q, call->talked_ms);
    sql_put_number(&q, call->cause);
    sql_put_number(&q, call->ended_by);
    bool written = sql_run(&q) == 1;
    int result = sql_end(&q, 0);
    if (result == 0 && !written)
        return why_error(why, ERR_NOT_FOUND, "there is no node %lld", (long long)node);
    return result;
}

static int drop_oldest(struct store *store, uint64_t keep, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "DELETE FROM call_record WHERE id <= (SELECT MAX(id) FROM call_record) - $1", why);
    sql_put_number(&q, keep > INT64_MAX ? INT64_MAX : (int64_t)keep);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int write_calls(struct store *store, int64_t node, const struct store_call *calls,
                       size_t count, uint64_t keep, struct why *why)
{
    bool recorded = false;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        const struct store_call *call = &calls[i];
        if (call->ended == 0) {
            result = put_live(store, node, call, why);
            continue;
        }
        result = drop_live(store, node, call, why);
        if (result || call->unrecorded)
            continue;
        recorded = true;
        result = put_record(store, node, call, why);
    }
    return result || !recorded ? result : drop_oldest(store, keep, why);
}

int store_calls_write(struct store *store, int64_t node, const struct store_call *calls,
                      size_t count, uint64_t keep, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, write_calls(store, node, calls, count, keep, why), 0, why);
}

static int abandon(struct store *store, int64_t node, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO call_record (node, " CALL_COLUMNS ", ended, talked_ms, cause, ended_by)"
              " SELECT n.name, l.dialled, l.caller, l.caller_device, l.caller_security, l.callee,"
              " l.callee_device, l.callee_security, l.began, l.answered, l.security, l.suite, 0, 0,"
              " $2, 0 FROM call_live l JOIN node n ON n.id = l.node WHERE l.node = $1"
              " ORDER BY l.reference",
              why);
    sql_put_number(&q, node);
    sql_put_number(&q, CALL_CAUSE_SERVER_ENDED);
    sql_run(&q);
    int result = sql_end(&q, 0);
    if (result)
        return result;
    sql_start(&q, store, "DELETE FROM call_live WHERE node = $1", why);
    sql_put_number(&q, node);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_calls_abandon(struct store *store, int64_t node, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, abandon(store, node, why), 0, why);
}

/* ---- reading ---- */

static void read_columns(struct sql *q, struct store_call *out)
{
    sql_text(q, out->node, sizeof out->node);
    sql_text(q, out->dialled, sizeof out->dialled);
    for (int side = CALL_CALLER; side < CALL_SIDES; side++) {
        struct store_call_party *party = &out->party[side];
        sql_text(q, party->number, sizeof party->number);
        sql_text(q, party->device, sizeof party->device);
        party->security = (enum call_security)sql_number(q);
    }
    out->began = sql_number(q);
    out->answered = sql_number(q);
    out->security = (enum call_security)sql_number(q);
    out->suite = (enum call_suite)sql_number(q);
}

int store_calls(struct store *store, int (*each)(void *context, const struct store_call *call),
                void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT n.name, l.dialled, l.caller, l.caller_device, l.caller_security, l.callee,"
              " l.callee_device, l.callee_security, l.began, l.answered, l.security, l.suite,"
              " l.reference, l.progress FROM call_live l JOIN node n ON n.id = l.node"
              " ORDER BY l.began, n.name, l.reference",
              NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_call call = {.id = 0};
        read_columns(&q, &call);
        call.reference = (uint32_t)sql_number(&q);
        call.progress = (enum call_progress)sql_number(&q);
        if (!q.error)
            result = each(context, &call);
    }
    return sql_end(&q, result);
}

int store_call_records(struct store *store,
                       int (*each)(void *context, const struct store_call *call), void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT node, " CALL_COLUMNS ", id, ended, talked_ms, cause, ended_by"
              " FROM call_record ORDER BY id DESC",
              NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_call call = {.id = 0};
        read_columns(&q, &call);
        call.id = sql_number(&q);
        call.ended = sql_number(&q);
        call.talked_ms = sql_number(&q);
        call.cause = (enum call_cause)sql_number(&q);
        call.ended_by = (enum call_side)sql_number(&q);
        if (!q.error)
            result = each(context, &call);
    }
    return sql_end(&q, result);
}

/* ---- forwards ---- */

static int put_forward(struct store *store, const struct store_forward *forward, bool *news,
                       struct why *why)
{
    struct sql q;
    if (forward->to[0]) {
        sql_start(&q, store,
                  "INSERT INTO line_forward (number, kind, target) VALUES ($1, $2, $3)"
                  " ON CONFLICT (number, kind) DO UPDATE SET target = excluded.target"
                  " WHERE line_forward.target <> excluded.target",
                  why);
        sql_put_text(&q, forward->number);
        sql_put_number(&q, forward->kind);
        sql_put_text(&q, forward->to);
    } else {
        sql_start(&q, store, "DELETE FROM line_forward WHERE number = $1 AND kind = $2", why);
        sql_put_text(&q, forward->number);
        sql_put_number(&q, forward->kind);
    }
    *news = sql_run(&q) != 0;
    return sql_end(&q, 0);
}

int store_forward_put(struct store *store, const struct store_forward *forward, struct why *why)
{
    bool news = false;
    int result = check_name(why, "number that is forwarded", forward->number, LINE_NUMBER);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    result = put_forward(store, forward, &news, why);
    return change_end(store, result, news ? AREA(FORWARDS) : 0, why);
}

int store_forwards(struct store *store,
                   int (*each)(void *context, const struct store_forward *forward), void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT number, kind, target FROM line_forward ORDER BY number, kind",
              NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_forward forward = {.number = ""};
        sql_text(&q, forward.number, sizeof forward.number);
        forward.kind = (enum call_forward)sql_number(&q);
        sql_text(&q, forward.to, sizeof forward.to);
        if (!q.error)
            result = each(context, &forward);
    }
    return sql_end(&q, result);
}

int store_numbers(struct store *store, int (*each)(void *context, const char *number),
                  void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT DISTINCT number FROM phone_line ORDER BY number", NULL);
    while (result == 0 && sql_next(&q)) {
        char number[LINE_NUMBER];
        sql_text(&q, number, sizeof number);
        if (!q.error)
            result = each(context, number);
    }
    return sql_end(&q, result);
}
