#include "store/sql/sql.h"

#define PROFILE_COLUMNS                                                                     \
    "id, name, model, protocol, mode, tftp_encrypted, capf_auth, key_size, curve, built_in" \
    " FROM profile"

static void read_profile(struct sql *q, struct store_profile *out)
{
    *out = (struct store_profile){.id = sql_number(q)};
    sql_text(q, out->name, sizeof out->name);
    sql_text(q, out->model, sizeof out->model);
    out->protocol = (enum device_protocol)sql_number(q);
    out->mode = (enum device_mode)sql_number(q);
    out->tftp_encrypted = sql_number(q) != 0;
    out->capf_auth = (enum capf_auth)sql_number(q);
    out->key_size = (unsigned)sql_number(q);
    out->curve = (unsigned)sql_number(q);
    out->built_in = sql_number(q) != 0;
}

static int insert_profile(struct store *store, const struct store_profile *profile, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO profile (name, model, protocol, mode, tftp_encrypted, capf_auth,"
              " key_size, curve, built_in) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
              " ON CONFLICT (name) DO NOTHING",
              why);
    sql_put_text(&q, profile->name);
    sql_put_text(&q, profile->model);
    sql_put_number(&q, profile->protocol);
    sql_put_number(&q, profile->mode);
    sql_put_number(&q, profile->tftp_encrypted);
    sql_put_number(&q, profile->capf_auth);
    sql_put_number(&q, profile->key_size);
    sql_put_number(&q, profile->curve);
    sql_put_number(&q, profile->built_in);
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_DUPLICATE, "there is a profile \"%s\" already", profile->name);
    return result;
}

int store_profile_add(struct store *store, const struct store_profile *profile, struct why *why)
{
    int result = check_name(why, "name of the profile", profile->name, sizeof profile->name);
    if (result == 0)
        result = check_name(why, "model of the profile", profile->model, sizeof profile->model);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, insert_profile(store, profile, why), AREA(DEVICES), why);
}

/* How many devices have the profile, and the name of one of them. */
static int count_users(struct store *store, int64_t profile, int64_t *count,
                       char device[DEVICE_NAME], struct why *why)
{
    struct sql q;
    sql_start(&q, store, "SELECT count(*), min(name) FROM phone WHERE profile = $1", why);
    sql_put_number(&q, profile);
    int result = sql_only(&q);
    *count = sql_number(&q);
    sql_text(&q, device, DEVICE_NAME);
    return sql_end(&q, result);
}

static int delete_profile(struct store *store, const char *name, struct why *why)
{
    struct store_profile profile = {.id = 0};
    int64_t users = 0;
    char device[DEVICE_NAME];
    int result = store_profile_get(store, name, &profile);
    if (result == ERR_NOT_FOUND)
        return why_error(why, result, "there is no profile \"%s\"", name);
    if (result)
        return why_error(why, result, "%s", store_words(store, result));
    if (profile.built_in)
        return why_error(why, ERR_POLICY, "the profile \"%s\" is built in", name);
    result = count_users(store, profile.id, &users, device, why);
    if (result)
        return result;
    if (users)
        return why_error(why, ERR_POLICY, "the profile \"%s\" is in use by %lld phone%s (%s)", name,
                         (long long)users, users == 1 ? "" : "s", device);
    struct sql q;
    sql_start(&q, store, "DELETE FROM profile WHERE id = $1", why);
    sql_put_number(&q, profile.id);
    sql_run(&q);
    return sql_end(&q, 0);
}

int store_profile_delete(struct store *store, const char *name, struct why *why)
{
    int result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, delete_profile(store, name, why), AREA(DEVICES), why);
}

int store_profile_get(struct store *store, const char *name, struct store_profile *out)
{
    struct sql q;
    sql_start(&q, store, "SELECT " PROFILE_COLUMNS " WHERE name = $1", NULL);
    sql_put_text(&q, name);
    int result = sql_only(&q);
    if (result == 0)
        read_profile(&q, out);
    return sql_end(&q, result);
}

int store_profiles(struct store *store,
                   int (*each)(void *context, const struct store_profile *profile), void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store, "SELECT " PROFILE_COLUMNS " ORDER BY name", NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_profile profile;
        read_profile(&q, &profile);
        if (!q.error)
            result = each(context, &profile);
    }
    return sql_end(&q, result);
}
