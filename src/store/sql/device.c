#include "base/clock.h"
#include "base/secret.h"
#include "store/sql/phone_certificate.h"
#include "store/sql/sql.h"

/* PHONE_LSC is 1, PHONE_MIC 2 and PHONE_ACTIVE 1: written out, so that the database knows which
 * index fits. The table is called phone, since the view that CUCM's administrators know is called
 * device. */
#define DEVICE_COLUMNS                                                                       \
    "d.id, d.name, d.model, s.name, p.name, d.description, d.load, d.version_stamp, c.seen," \
    " c.address, l.id, l.md5, l.key_kind, l.key_bits, m.id, m.md5, m.key_kind, m.key_bits"   \
    " FROM phone d JOIN profile s ON s.id = d.profile JOIN pool p ON p.id = d.pool"          \
    " LEFT JOIN phone_contact c ON c.phone = d.id"                                           \
    " LEFT JOIN phone_certificate l ON l.phone = d.id AND l.kind = 1 AND l.state = 1"        \
    " LEFT JOIN phone_certificate m ON m.phone = d.id AND m.kind = 2 AND m.state = 1"

static void read_credential(struct sql *q, struct store_credential *out)
{
    out->id = sql_number(q);
    sql_text(q, out->md5, sizeof out->md5);
    out->key_kind = (unsigned)sql_number(q);
    out->key_bits = (unsigned)sql_number(q);
}

static void read_device(struct sql *q, struct store_device *out)
{
    *out = (struct store_device){.id = sql_number(q)};
    sql_text(q, out->name, sizeof out->name);
    sql_text(q, out->model, sizeof out->model);
    sql_text(q, out->profile, sizeof out->profile);
    sql_text(q, out->pool, sizeof out->pool);
    sql_text(q, out->description, sizeof out->description);
    sql_text(q, out->load, sizeof out->load);
    sql_text(q, out->version_stamp, sizeof out->version_stamp);
    out->last_seen = sql_number(q);
    sql_text(q, out->last_address, sizeof out->last_address);
    read_credential(q, &out->lsc);
    read_credential(q, &out->mic);
}

/* The UUID is random (RFC 4122, version 4). */
static void fresh_stamp(char out[DEVICE_STAMP])
{
    uint8_t u[16];
    char hex[33];
    secret_random(u, sizeof u);
    u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
    u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
    text_hex(hex, sizeof hex, bytes_of(u, sizeof u), false, 0);
    text_format(out, DEVICE_STAMP, "%lld-%.8s-%.4s-%.4s-%.4s-%.12s", (long long)clock_wall(), hex,
                hex + 8, hex + 12, hex + 16, hex + 20);
}

static int named_id(struct store *store, const char *text, const char *what, const char *name,
                    int64_t *out, struct why *why)
{
    struct sql q;
    sql_start(&q, store, text, why);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == ERR_NOT_FOUND)
        why_error(why, result, "there is no %s \"%s\"", what, name);
    *out = sql_number(&q);
    return sql_end(&q, result);
}

int find_phone(struct store *store, const char *name, int64_t *out, struct why *why)
{
    return named_id(store, "SELECT id FROM phone WHERE name = $1", "device", name, out, why);
}

int stamp_phone(struct store *store, int64_t id, struct why *why)
{
    char stamp[DEVICE_STAMP];
    struct sql q;
    fresh_stamp(stamp);
    sql_start(&q, store, "UPDATE phone SET version_stamp = $1 WHERE id = $2", why);
    sql_put_text(&q, stamp);
    sql_put_number(&q, id);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int profile_and_pool(struct store *store, const struct store_device *device,
                            int64_t *profile, int64_t *pool, struct why *why)
{
    int result = named_id(store, "SELECT id FROM profile WHERE name = $1", "security profile",
                          device->profile, profile, why);
    return result ? result
                  : named_id(store, "SELECT id FROM pool WHERE name = $1", "device pool",
                             device->pool, pool, why);
}

static int insert_device(struct store *store, const struct store_device *device, struct why *why)
{
    int64_t profile = 0;
    int64_t pool = 0;
    char stamp[DEVICE_STAMP];
    int result = profile_and_pool(store, device, &profile, &pool, why);
    if (result)
        return result;
    fresh_stamp(stamp);
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO phone (name, model, profile, pool, description, load, version_stamp)"
              " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING",
              why);
    sql_put_text(&q, device->name);
    sql_put_text(&q, device->model);
    sql_put_number(&q, profile);
    sql_put_number(&q, pool);
    sql_put_text(&q, device->description);
    sql_put_text(&q, device->load);
    sql_put_text(&q, stamp);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_DUPLICATE, "there is a phone %s already", device->name);
    return result;
}

int store_device_add(struct store *store, const struct store_device *device, struct why *why)
{
    int result = check_name(why, "name of the device", device->name, sizeof device->name);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, insert_device(store, device, why), AREA(DEVICES), why);
}

static int update_device(struct store *store, const struct store_device *device, struct why *why)
{
    int64_t id = 0;
    int64_t profile = 0;
    int64_t pool = 0;
    char stamp[DEVICE_STAMP];
    int result = find_phone(store, device->name, &id, why);
    if (result == 0)
        result = profile_and_pool(store, device, &profile, &pool, why);
    if (result)
        return result;
    fresh_stamp(stamp);
    struct sql q;
    sql_start(&q, store,
              "UPDATE phone SET model = $1, profile = $2, pool = $3, description = $4, load = $5,"
              " version_stamp = $6 WHERE id = $7 AND ($8 = '' OR version_stamp = $8)",
              why);
    sql_put_text(&q, device->model);
    sql_put_number(&q, profile);
    sql_put_number(&q, pool);
    sql_put_text(&q, device->description);
    sql_put_text(&q, device->load);
    sql_put_text(&q, stamp);
    sql_put_number(&q, id);
    sql_put_text(&q, device->version_stamp);
    uint64_t changed = sql_run(&q);
    result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_CONFLICT,
                         "%s was changed by somebody else meanwhile; look at it again",
                         device->name);
    return result;
}

int store_device_update(struct store *store, const struct store_device *device, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, update_device(store, device, why), AREA(DEVICES), why);
}

static int delete_device(struct store *store, const char *name, bool *had_certificates,
                         struct why *why)
{
    int64_t id = 0;
    int result = find_phone(store, name, &id, why);
    if (result == 0)
        result = phone_certificates_part(store, id, had_certificates, why);
    if (result)
        return result;
    struct sql q;
    sql_start(&q, store, "DELETE FROM phone WHERE id = $1", why);
    sql_put_number(&q, id);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_device_delete(struct store *store, const char *name, struct why *why)
{
    bool had_certificates = false;
    int result = change_begin(store, why);
    if (result)
        return result;
    result = delete_device(store, name, &had_certificates, why);
    unsigned areas = AREA(DEVICES) | (had_certificates ? AREA(PHONE_CERTIFICATES) : 0);
    return change_end(store, result, areas, why);
}

int store_device_get(struct store *store, const char *name, struct store_device *out)
{
    struct sql q;
    sql_start(&q, store, "SELECT " DEVICE_COLUMNS " WHERE d.name = $1", NULL);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == 0)
        read_device(&q, out);
    return sql_end(&q, result);
}

int store_devices(struct store *store,
                  int (*each)(void *context, const struct store_device *device), void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " DEVICE_COLUMNS " ORDER BY d.name", NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_device device;
        read_device(&q, &device);
        if (!q.error)
            result = each(context, &device);
    }
    return sql_end(&q, result);
}

int store_device_modes(struct store *store,
                       int (*each)(void *context, const char *device, enum device_mode mode),
                       void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT d.name, s.mode FROM phone d JOIN profile s ON s.id = d.profile"
              " ORDER BY d.name",
              NULL);
    while (result == 0 && sql_next(&q)) {
        char device[DEVICE_NAME];
        sql_text(&q, device, sizeof device);
        enum device_mode mode = (enum device_mode)sql_number(&q);
        if (!q.error)
            result = each(context, device, mode);
    }
    return sql_end(&q, result);
}

int store_device_count(struct store *store, uint64_t *out)
{
    struct sql q;
    sql_start(&q, store, "SELECT count(*) FROM phone", NULL);
    int result = sql_only(&q);
    if (result == 0)
        *out = (uint64_t)sql_number(&q);
    return sql_end(&q, result);
}
