/*
 * plan_phones: phones of every generation, each with lists it was served.
 *
 *   plan_phones DATABASE COUNT
 *
 * Phone number i was served the lists that were published since some moment, the newest or not, and
 * every third has proved that it has one of them.
 */
#include "store/store.h"
#include "trust/model.h"

#include <stdio.h>
#include <stdlib.h>

enum { LISTS = 64 };

static const char *const models[] = {"7940", "7960", "7975", "7962", "7945", "6941", "8841",
                                     "8861", "8945", "9971", "7921", "CIPC", "CSF",  "9841"};

struct history {
    struct store_list_row lists[LISTS]; /* the oldest first */
    size_t count;
};

static int note_list(void *context, const struct store_list_row *row)
{
    struct history *h = context;
    if (h->count < LISTS)
        h->lists[h->count++] = *row;
    return 0;
}

static bool asks(const struct model *model, enum list_kind kind)
{
    return (kind == LIST_CTL ? model->ctl : model->itl).value != TRAIT_NO;
}

static int serve(struct store *store, const struct history *h, unsigned number, const char *name,
                 const struct model *model, struct why *why)
{
    struct store_observation seen[LISTS];
    size_t count = 0;
    size_t first = number % h->count;
    size_t missing = number / 7 % 3; /* of the newest */
    for (size_t i = first; i + missing < h->count || i == first; i++) {
        struct store_observation *o = &seen[count];
        if (!asks(model, h->lists[i].kind))
            continue;
        *o = (struct store_observation){.time = 1700000000 + (int64_t)i,
                                        .kind = OBSERVED_LIST,
                                        .transport = TRANSPORT_TFTP,
                                        .complete = true,
                                        .address = "192.0.2.1",
                                        .file = "list"};
        text_copy(o->device, sizeof o->device, name);
        text_copy(o->hash, sizeof o->hash, h->lists[i].hash);
        count++;
    }
    int result = count ? store_observe(store, seen, count, why) : 0;
    if (result == 0 && count && number % 3 == 0)
        result = store_held_confirm(store, name, seen[count / 2].hash, 1700001000);
    return result;
}

static int add_phone(struct store *store, const struct history *h, unsigned number, struct why *why)
{
    struct store_device phone = {.pool = "Default", .profile = "sccp-encrypted"};
    const struct model *model = model_find(models[number % (sizeof models / sizeof *models)]);
    text_copy(phone.model, sizeof phone.model, model->name);
    text_format(phone.name, sizeof phone.name, "SEP0011%08X", number);
    int result = store_device_add(store, &phone, why);
    return result ? result : serve(store, h, number, phone.name, model, why);
}

static int add_phones(struct store *store, unsigned count, struct why *why)
{
    struct history history = {.count = 0};
    int result = store_lists(store, note_list, &history);
    if (result == 0 && history.count == 0)
        result = ERR_NOT_FOUND;
    if (result == 0)
        result = store_begin(store, why);
    for (unsigned i = 0; i < count && result == 0; i++)
        result = add_phone(store, &history, i, why);
    return result ? result : store_commit(store, why);
}

int main(int argc, char **argv)
{
    struct why why = WHY_NONE;
    struct store *store = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: plan_phones DATABASE COUNT\n");
        return 2;
    }
    int result = store_open(&store, argv[1], STORE_WRITE, &why);
    if (result == 0)
        result = add_phones(store, (unsigned)strtoul(argv[2], NULL, 10), &why);
    store_close(store);
    if (result)
        fprintf(stderr, "plan_phones: %s: %s\n", argv[1], why_text(&why, result));
    return result ? 1 : 0;
}
