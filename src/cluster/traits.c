#include "cluster/traits.h"

#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "cluster/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PHONES_MAX = 1000000, MODELS_MAX = 1000 };

/* One model, or one phone, of which something is said. */
struct said {
    struct model model; /* what comes of it, once it was asked for */
    bool made;
    size_t first, count; /* of the rows */
};

struct traits {
    struct store_trait *rows; /* those of one model or phone are together */
    size_t count;
    struct map *models;  /* name -> struct said */
    struct map *devices; /* name -> struct said */
};

static struct map *room_of(const struct traits *t, const struct store_trait *row)
{
    return row->model[0] ? t->models : t->devices;
}

static struct bytes whose(const struct store_trait *row)
{
    return bytes_of_string(row->model[0] ? row->model : row->device);
}

static int note_row(void *context, const struct store_trait *row)
{
    struct traits *t = context;
    if ((t->count & (t->count - 1)) == 0) {
        struct store_trait *rows = reallocarray(t->rows, t->count ? t->count * 2 : 1, sizeof *rows);
        if (!rows)
            return -ENOMEM;
        t->rows = rows;
    }
    struct said *said = map_get(room_of(t, row), whose(row));
    if (!said) {
        said = calloc(1, sizeof *said);
        int result = said ? map_add(room_of(t, row), whose(row), said) : -ENOMEM;
        if (result) {
            free(said);
            return result;
        }
        said->first = t->count;
    }
    said->count++;
    t->rows[t->count++] = *row;
    return 0;
}

int traits_load(struct traits **out, struct store *store, struct why *why)
{
    struct traits *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    int result = map_new(&t->models, MODELS_MAX);
    if (result == 0)
        result = map_new(&t->devices, PHONES_MAX);
    if (result == 0)
        result = store_traits(store, note_row, t);
    if (result) {
        traits_free(t);
        return why_error(why, result, "cannot read what the phones can do: %s", error_text(result));
    }
    *out = t;
    return 0;
}

static void free_all(struct map *map)
{
    size_t position = 0;
    struct said *said;
    while (map && (said = map_next(map, &position, NULL)) != NULL)
        free(said);
    map_free(map);
}

void traits_free(struct traits *t)
{
    if (!t)
        return;
    free_all(t->models);
    free_all(t->devices);
    free(t->rows);
    free(t);
}

/* What a newer program said, and this one does not know, changes nothing. */
static const struct model *apply(struct traits *t, struct said *said, const struct model *base)
{
    if (!said)
        return base;
    if (said->made)
        return &said->model;
    said->model = *base;
    said->made = true;
    for (size_t i = said->first; i < said->first + said->count; i++) {
        struct model changed = said->model;
        if (model_set_trait(&changed, t->rows[i].name, t->rows[i].value, NULL) == 0)
            said->model = changed;
    }
    return &said->model;
}

const struct model *traits_of(struct traits *t, const char *device, const char *name)
{
    const struct model *model = model_find(name);
    if (!model)
        model = model_unknown();
    model = apply(t, map_get(t->models, bytes_of_string(model->name)), model);
    return apply(t, map_get(t->devices, bytes_of_string(device)), model);
}

/* ---- saying it ---- */

int trait_parse(struct store_trait *out, const char *typed, struct why *why)
{
    const char *equals = strchr(typed, '=');
    struct model model = *model_unknown();
    *out = (struct store_trait){.model = ""};
    if (!equals || !equals[1] ||
        !text_copy_bytes(out->name, sizeof out->name, bytes_of(typed, (size_t)(equals - typed))) ||
        !text_copy(out->value, sizeof out->value, equals + 1))
        return why_error(why, ERR_USAGE, "%s is not of the form TRAIT=VALUE", typed);
    bool back = text_equal_nocase(out->value, TRAIT_DEFAULT);
    return model_set_trait(&model, out->name,
                           back && trait_about(out->name) ? "unknown" : out->value, why);
}

int trait_write(struct store *store, const struct store_trait *trait, struct why *why)
{
    if (!text_equal_nocase(trait->value, TRAIT_DEFAULT))
        return store_trait_put(store, trait, why);
    int result = store_trait_delete(store, trait, why);
    return result == ERR_NOT_FOUND ? 0 : result;
}

const struct model *cluster_model_find(const char *typed, struct why *why)
{
    const struct model *model = model_find(typed);
    if (model)
        return model;
    const char *names[256] = {NULL};
    size_t count = 0;
    for (const struct model *m = model_table(); m->name && count < 255; m++)
        names[count++] = m->name;
    const char *near = text_nearest(typed, names);
    why_error(why, ERR_USAGE, "there is no phone model %s%s%s%s", typed,
              near ? "; did you mean " : " (trustline model list shows them)", near ? near : "",
              near ? "?" : "");
    return NULL;
}

int cluster_model_set(struct cluster *cluster, const char *typed, const struct store_trait *traits,
                      size_t count, const struct act_options *options, struct why *why)
{
    struct store *store = cluster_store(cluster);
    const struct model *model = cluster_model_find(typed, why);
    int result = model ? store_begin(store, why) : ERR_USAGE;
    if (result)
        return result;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct store_trait trait = traits[i];
        text_copy(trait.model, sizeof trait.model, model->name);
        result = trait_write(store, &trait, why);
    }
    result = act_finish(store, result, options, why);
    for (size_t i = 0; i < count && result == 0 && !options->dry_run; i++)
        log_event(LEVEL_NOTICE, "event=trait_set model=\"%s\" trait=%s value=%s", model->name,
                  traits[i].name, traits[i].value);
    return result;
}
