#include "cli/which.h"

#include "base/text.h"
#include "cli/phones.h"

#include <errno.h>
#include <stdlib.h>

/* ---- what is typed ---- */

int which_read(struct which *out, const struct call *call, struct why *why)
{
    *out = (struct which){.name = call->operands[0]};
    if (out->name && call_has(call, "where"))
        return why_error(why, ERR_USAGE, "either NAME or --where");
    if (!out->name && !call_has(call, "where"))
        return why_error(why, ERR_USAGE, "NAME is missing, or --where for many phones");
    where_text(out->filter, sizeof out->filter, call);
    return where_read(&out->where, call, why);
}

int which_wave(unsigned *out, const struct call *call, struct why *why)
{
    const char *typed = call_value(call, "wave");
    int64_t size = 0;
    if (typed && text_number(typed, 1, 1000000, &size) != 0)
        return why_error(why, ERR_USAGE, "--wave %s: how many phones at once, 1 to 1000000", typed);
    if (typed && !call_has(call, "where"))
        return why_error(why, ERR_USAGE, "--wave is for many phones: --where says which");
    *out = (unsigned)size;
    return 0;
}

/* ---- what is meant ---- */

static int take_name(struct which *w, const char *name)
{
    text_copy(w->names[w->count], DEVICE_NAME, name);
    w->devices[w->count] = w->names[w->count];
    w->count++;
    return 0;
}

static int make_room(struct which *w, size_t count)
{
    which_fini(w);
    w->names = calloc(count, sizeof *w->names);
    w->devices = calloc(count, sizeof *w->devices);
    return w->names && w->devices ? 0 : -ENOMEM;
}

static int find_one(struct which *w, struct cluster *cluster, struct why *why)
{
    struct store_device device;
    int result = cluster_device_find(cluster, w->name, &device, why);
    if (result == 0)
        result = make_room(w, 1);
    return result ? result : take_name(w, device.name);
}

static int find_many(struct which *w, struct cluster *cluster, struct why *why)
{
    struct phones phones = {.items = NULL};
    int result = phones_load(&phones, cluster, why);
    if (result == 0)
        result = make_room(w, phones.count + 1);
    for (size_t i = 0; i < phones.count && result == 0; i++)
        if (where_holds(&w->where, &phones.items[i]))
            result = take_name(w, phones.items[i].device.name);
    phones_free(&phones);
    if (result == 0 && w->count == 0)
        return why_error(why, ERR_NOT_FOUND, "no phone fits %s", w->filter);
    return result;
}

int which_find(struct which *w, struct cluster *cluster, struct why *why)
{
    return w->name ? find_one(w, cluster, why) : find_many(w, cluster, why);
}

void which_fini(struct which *w)
{
    free(w->names);
    free(w->devices);
    w->names = NULL;
    w->devices = NULL;
    w->count = 0;
}

const char *which_about(const struct which *w)
{
    return w->name ? "phone" : "where";
}

const char *which_words(const struct which *w)
{
    return w->name ? w->name : w->filter;
}
