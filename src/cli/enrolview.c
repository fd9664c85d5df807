#include "cli/enrolview.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/grid.h"
#include "cli/words.h"
#include "pki/certificate.h"

#include <time.h>

const char *operation_text(enum enrolment_operation operation)
{
    static const char *const texts[ENROLMENT_OPERATION_COUNT] = {
        [ENROLMENT_NONE] = "No Pending Operation",
        [ENROLMENT_INSTALL] = "Install/Upgrade",
        [ENROLMENT_DELETE] = "Delete",
        [ENROLMENT_TROUBLESHOOT] = "Troubleshoot",
    };
    return (unsigned)operation < ENROLMENT_OPERATION_COUNT ? texts[operation] : "?";
}

const char *authentication_text(enum capf_auth authentication)
{
    switch (authentication) {
    case CAPF_AUTH_STRING:
        return "By Authentication String";
    case CAPF_AUTH_NULL_STRING:
        return "By Null String";
    case CAPF_AUTH_LSC:
        return "By Existing Certificate (precedence to LSC)";
    case CAPF_AUTH_MIC:
        return "By Existing Certificate (precedence to MIC)";
    default:
        return "?";
    }
}

const char *key_order_text(enum key_order order)
{
    static const char *const texts[KEY_ORDER_COUNT] = {
        [KEY_ORDER_PROFILE] = "?",
        [KEY_ORDER_RSA] = "RSA Only",
        [KEY_ORDER_EC] = "EC Only",
        [KEY_ORDER_EC_RSA] = "EC Preferred, RSA Backup",
    };
    return (unsigned)order < KEY_ORDER_COUNT ? texts[order] : "?";
}

char *completes_by_text(char out[COMPLETES_BY], int64_t time)
{
    struct tm local;
    time_t seconds = (time_t)time;
    if (time == 0 || !localtime_r(&seconds, &local) ||
        strftime(out, COMPLETES_BY, "%Y:%m:%d:%H", &local) == 0)
        text_copy(out, COMPLETES_BY, "-");
    return out;
}

const char *certificate_state_text(enum phone_certificate_state state)
{
    static const char *const texts[] = {
        [PHONE_PENDING] = "pending", [PHONE_ACTIVE] = "active",   [PHONE_RETIRED] = "retired",
        [PHONE_REVOKED] = "revoked", [PHONE_DROPPED] = "dropped",
    };
    return (unsigned)state < sizeof texts / sizeof *texts ? texts[state] : "?";
}

static const char *wave_state_text(enum wave_state state)
{
    static const char *const texts[WAVE_STATE_COUNT] = {
        [WAVE_WAITING] = "waiting", [WAVE_RELEASED] = "released",   [WAVE_DONE] = "done",
        [WAVE_FAILED] = "failed",   [WAVE_WITHDRAWN] = "withdrawn",
    };
    return (unsigned)state < WAVE_STATE_COUNT ? texts[state] : "?";
}

static const char *kind_text(enum phone_certificate_kind kind)
{
    return kind == PHONE_LSC ? "LSC" : "MIC";
}

static void key_text(char out[24], const struct store_phone_certificate *c)
{
    text_format(out, 24, "%s%u", c->key_kind == KEY_EC ? "P-" : "RSA ", c->key_bits);
}

static int64_t locked_until(const struct store_enrolment *e)
{
    return e->locked_until > clock_wall() ? e->locked_until : 0;
}

/* The whole bulk order the phone is of. ERR_NOT_FOUND when it is of none. */
static int wave_of(struct store_wave *out, struct store *store, const struct phone *phone)
{
    int64_t id = 0;
    if (text_number(phone->wave, 1, INT64_MAX, &id) != 0)
        return ERR_NOT_FOUND;
    return store_wave_get(store, id, out);
}

/* ---- in words ---- */

static void print_order(FILE *out, const struct store_enrolment *e)
{
    const struct store_order *o = &e->holds;
    char by[COMPLETES_BY];
    fprintf(out,
            "\n"
            "Certification Authority Proxy Function (CAPF) Information\n"
            "  Certificate Operation:         %s\n"
            "  Authentication Mode:           %s\n"
            "  Authentication String:         %s\n"
            "  Key Order:                     %s\n",
            operation_text(o->operation), authentication_text(o->authentication),
            !e->has_string ? "not set"
            : e->one_time  ? "set, for one success"
                           : "set",
            key_order_text(o->key_order));
    if (o->rsa_bits)
        fprintf(out, "  RSA Key Size (Bits):           %u\n", o->rsa_bits);
    if (o->curve)
        fprintf(out, "  EC Key Size (Bits):            %u\n", o->curve);
    fprintf(out, "  Operation Completes By:        %s\n", completes_by_text(by, o->complete_by));
}

static void print_status(FILE *out, const struct store_enrolment *e)
{
    char status[ENROLMENT_STATUS];
    char when[CLOCK_TEXT];
    fprintf(out, "  Certificate Operation Status:  %s\n", store_status_text(status, &e->status));
    if (e->changed)
        fprintf(out, "  Status since:                  %s\n", clock_java(when, e->changed));
    if (e->attempts)
        fprintf(out, "  Attempts that failed:          %u\n", e->attempts);
    if (e->wrong)
        fprintf(out, "  Wrong strings in a row:        %u\n", e->wrong);
    if (locked_until(e))
        fprintf(out,
                "  Locked until:                  %s (a new string unlocks it: --auth-string)\n",
                clock_java(when, e->locked_until));
}

static int print_wave(FILE *out, struct store *store, const struct phone *phone)
{
    struct store_wave wave;
    int result = wave_of(&wave, store, phone);
    if (result)
        return result == ERR_NOT_FOUND ? 0 : result;
    fprintf(out, "  Bulk order:                    %s, it is %s (%u at once of ", phone->wave,
            wave_state_text(phone->wave_state), wave.size);
    cli_print(out, wave.filter);
    fprintf(out, ": %u wait, %u have it, %u done, %u failed, %u withdrawn)\n",
            wave.count[WAVE_WAITING], wave.count[WAVE_RELEASED], wave.count[WAVE_DONE],
            wave.count[WAVE_FAILED], wave.count[WAVE_WITHDRAWN]);
    return 0;
}

struct printing {
    FILE *out;
    size_t count;
};

static int print_certificate(void *context, const struct store_phone_certificate *c)
{
    struct printing *p = context;
    char key[24];
    char when[CLOCK_TEXT];
    int64_t now = clock_wall();
    key_text(key, c);
    p->count++;
    fprintf(p->out, "  %s, %s%s: ", kind_text(c->kind), certificate_state_text(c->state),
            c->not_after <= now ? ", expired" : "");
    cli_print(p->out, c->subject);
    fputs("\n    issued by ", p->out);
    cli_print(p->out, c->issuer);
    fprintf(p->out, "\n    serial number %s, %s\n", c->serial, key);
    fprintf(p->out, "    valid until %s (%lld days)\n", clock_java(when, c->not_after),
            (long long)((c->not_after - now) / 86400));
    if (c->state == PHONE_REVOKED)
        fprintf(p->out, "    revoked %s\n", clock_java(when, c->revoked));
    return 0;
}

int enrolview_print(FILE *out, struct store *store, const struct phone *phone)
{
    struct printing printing = {.out = out};
    print_order(out, &phone->enrolment);
    print_status(out, &phone->enrolment);
    int result = print_wave(out, store, phone);
    if (result)
        return result;
    fputs("\nIts certificates\n", out);
    result = store_phone_certificates(store, phone->device.name, print_certificate, &printing);
    if (result == 0 && !printing.count)
        fputs("  none is known\n", out);
    return result;
}

/* ---- as JSON ---- */

static const char *operation_word(enum enrolment_operation operation)
{
    return word_text(operation_words, (int)operation);
}

/* How many phones of a bulk order are how far. */
static json_t *wave_json(const struct store_wave *w)
{
    return json_pack(
        "{s:I, s:I, s:o, s:s, s:I, s:I, s:I, s:I, s:I}", "number", (json_int_t)w->id, "at_once",
        (json_int_t)w->size, "filter", cli_json_text(bytes_of_string(w->filter)), "operation",
        operation_word(w->order.operation), "waiting", (json_int_t)w->count[WAVE_WAITING],
        "released", (json_int_t)w->count[WAVE_RELEASED], "done", (json_int_t)w->count[WAVE_DONE],
        "failed", (json_int_t)w->count[WAVE_FAILED], "withdrawn",
        (json_int_t)w->count[WAVE_WITHDRAWN]);
}

static json_t *wave_of_json(struct store *store, const struct phone *phone)
{
    struct store_wave wave;
    if (wave_of(&wave, store, phone) != 0)
        return json_null();
    json_t *json = wave_json(&wave);
    if (json)
        json_object_set_new(json, "state", json_string(wave_state_text(phone->wave_state)));
    return json;
}

static json_t *capf_json(struct store *store, const struct phone *phone)
{
    const struct store_enrolment *e = &phone->enrolment;
    const struct store_order *o = &e->holds;
    char status[ENROLMENT_STATUS];
    return json_pack("{s:s, s:s, s:b, s:b, s:s, s:o, s:o, s:o, s:s, s:o, s:I, s:I, s:o, s:o}",
                     "operation", operation_word(o->operation), "auth",
                     word_text(capf_words, (int)o->authentication), "auth_string_set",
                     (int)e->has_string, "auth_string_one_time", (int)e->one_time, "key_order",
                     key_order_text(o->key_order), "key_size",
                     o->rsa_bits ? json_integer(o->rsa_bits) : json_null(), "curve",
                     o->curve ? json_sprintf("P-%u", o->curve) : json_null(), "complete_by",
                     cli_json_time(o->complete_by), "status", store_status_text(status, &e->status),
                     "status_since", cli_json_time(e->changed), "failed_attempts",
                     (json_int_t)e->attempts, "wrong_strings", (json_int_t)e->wrong, "locked_until",
                     cli_json_time(locked_until(e)), "bulk_order", wave_of_json(store, phone));
}

static int add_certificate(void *context, const struct store_phone_certificate *c)
{
    char key[24];
    key_text(key, c);
    return cli_json_append(
        context,
        json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:o}", "kind",
                  kind_text(c->kind), "state", certificate_state_text(c->state), "subject",
                  cli_json_text(bytes_of_string(c->subject)), "issuer",
                  cli_json_text(bytes_of_string(c->issuer)), "serial", c->serial, "key", key,
                  "not_before", cli_json_time(c->not_before), "not_after",
                  cli_json_time(c->not_after), "sha256", c->sha256, "md5", c->md5, "created",
                  cli_json_time(c->created), "revoked", cli_json_time(c->revoked)));
}

int enrolview_add(json_t *json, struct store *store, const struct phone *phone)
{
    json_t *certificates = json_array();
    int result = store_phone_certificates(store, phone->device.name, add_certificate, certificates);
    if (result) {
        json_decref(certificates);
        return result;
    }
    bool fine = json_object_set_new(json, "certificates", certificates) == 0;
    fine = json_object_set_new(json, "capf", capf_json(store, phone)) == 0 && fine;
    return fine ? 0 : ERR_BUG;
}

/* ---- bulk orders ---- */

static bool is_open(const struct store_wave *wave)
{
    return wave->count[WAVE_WAITING] + wave->count[WAVE_RELEASED] > 0;
}

static const char *const bulk_title[] = {"Bulk order", "Operation", "At once",   "Waiting", "Open",
                                         "Done",       "Failed",    "Withdrawn", "Phones"};
enum { BULK_COLUMNS = sizeof bulk_title / sizeof *bulk_title };

/* The title comes with the first. */
static int add_row(void *context, const struct store_wave *wave)
{
    struct grid **grid = context;
    if (!is_open(wave))
        return 0;
    if (!*grid) {
        int result = grid_new(grid, BULK_COLUMNS);
        for (size_t i = 0; i < BULK_COLUMNS && result == 0; i++)
            grid_text(*grid, bulk_title[i]);
        if (result)
            return result;
    }
    grid_format(*grid, "%lld", (long long)wave->id);
    grid_text(*grid, operation_word(wave->order.operation));
    grid_format(*grid, "%u", wave->size);
    for (enum wave_state state = WAVE_WAITING; state < WAVE_STATE_COUNT; state++)
        grid_format(*grid, "%u", wave->count[state]);
    grid_text(*grid, wave->filter);
    return 0;
}

int bulk_orders_print(FILE *out, struct store *store)
{
    struct grid *grid = NULL;
    int result = store_waves(store, add_row, &grid);
    if (result == 0 && grid) {
        fputc('\n', out);
        result = grid_print(grid, out, GRID_TITLED);
    }
    grid_free(grid);
    return result;
}

static int add_open(void *context, const struct store_wave *wave)
{
    return is_open(wave) ? cli_json_append(context, wave_json(wave)) : 0;
}

json_t *bulk_orders_json(struct store *store)
{
    json_t *all = json_array();
    if (store_waves(store, add_open, all) == 0)
        return all;
    json_decref(all);
    return NULL;
}
