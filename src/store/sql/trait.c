#include "store/traits.h"

#include "store/sql/sql.h"

static int put_model_trait(struct store *store, const struct store_trait *trait, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO model_trait (model, trait, value) VALUES ($1, $2, $3)"
              " ON CONFLICT (model, trait) DO UPDATE SET value = excluded.value",
              why);
    sql_put_text(&q, trait->model);
    sql_put_text(&q, trait->name);
    sql_put_text(&q, trait->value);
    sql_run(&q);
    return sql_end(&q, 0);
}

static int put_phone_trait(struct store *store, const struct store_trait *trait, struct why *why)
{
    struct sql q;
    sql_start(&q, store,
              "INSERT INTO phone_trait (phone, trait, value)"
              " SELECT id, $2, $3 FROM phone WHERE name = $1"
              " ON CONFLICT (phone, trait) DO UPDATE SET value = excluded.value",
              why);
    sql_put_text(&q, trait->device);
    sql_put_text(&q, trait->name);
    sql_put_text(&q, trait->value);
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_NOT_FOUND, "there is no phone %s", trait->device);
    return result;
}

static int check_whose(const struct store_trait *trait, struct why *why)
{
    if ((trait->model[0] == '\0') == (trait->device[0] == '\0'))
        return why_error(why, ERR_USAGE, "a trait is one of a model or of a phone");
    return check_name(why, "name of the trait", trait->name, sizeof trait->name);
}

int store_trait_put(struct store *store, const struct store_trait *trait, struct why *why)
{
    int result = check_whose(trait, why);
    if (result == 0)
        result = check_name(why, "value of the trait", trait->value, sizeof trait->value);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    result =
        trait->model[0] ? put_model_trait(store, trait, why) : put_phone_trait(store, trait, why);
    return change_end(store, result, AREA(DEVICES), why);
}

static int delete_trait(struct store *store, const struct store_trait *trait, struct why *why)
{
    struct sql q;
    bool model = trait->model[0] != '\0';
    sql_start(&q, store,
              model ? "DELETE FROM model_trait WHERE model = $1 AND trait = $2"
                    : "DELETE FROM phone_trait WHERE trait = $2"
                      " AND phone = (SELECT id FROM phone WHERE name = $1)",
              why);
    sql_put_text(&q, model ? trait->model : trait->device);
    sql_put_text(&q, trait->name);
    uint64_t changed = sql_run(&q);
    int result = sql_end(&q, 0);
    if (result == 0 && changed == 0)
        return why_error(why, ERR_NOT_FOUND, "nothing was said about %s of %s", trait->name,
                         model ? trait->model : trait->device);
    return result;
}

int store_trait_delete(struct store *store, const struct store_trait *trait, struct why *why)
{
    int result = check_whose(trait, why);
    if (result == 0)
        result = change_begin(store, why);
    if (result)
        return result;
    return change_end(store, delete_trait(store, trait, why), AREA(DEVICES), why);
}

int store_traits(struct store *store, int (*each)(void *context, const struct store_trait *trait),
                 void *context)
{
    struct sql q;
    int result = 0;
    sql_start(&q, store,
              "SELECT 0 AS part, model, '' AS device, trait, value FROM model_trait UNION ALL"
              " SELECT 1, '', d.name, t.trait, t.value FROM phone_trait t"
              " JOIN phone d ON d.id = t.phone ORDER BY 1, 2, 3, 4",
              NULL);
    while (result == 0 && sql_next(&q)) {
        struct store_trait trait = {.model = ""};
        sql_number(&q);
        sql_text(&q, trait.model, sizeof trait.model);
        sql_text(&q, trait.device, sizeof trait.device);
        sql_text(&q, trait.name, sizeof trait.name);
        sql_text(&q, trait.value, sizeof trait.value);
        if (!q.error)
            result = each(context, &trait);
    }
    return sql_end(&q, result);
}
