#include "service/callmanager/phone_names.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 256, LARGEST = 1 << 24 };

struct phone_names {
    char (*list)[DEVICE_NAME]; /* in order */
    size_t count, room;
};

static int take(void *context, const char *device)
{
    struct phone_names *n = context;
    if (n->count == n->room) {
        size_t room = n->room ? 2 * n->room : SMALLEST;
        char(*list)[DEVICE_NAME] = NULL;
        if (room <= LARGEST)
            list = realloc(n->list, room * sizeof *list);
        if (!list)
            return -ENOMEM;
        n->list = list;
        n->room = room;
    }
    text_copy(n->list[n->count++], DEVICE_NAME, device);
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

int phone_names_read(struct phone_names **out, struct store *store)
{
    struct phone_names *n = calloc(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    int result = store_device_names(store, take, n);
    if (result) {
        phone_names_free(n);
        return result;
    }
    if (n->count)
        qsort(n->list, n->count, sizeof *n->list, compare); /* whatever the store's order */
    *out = n;
    return 0;
}

void phone_names_free(struct phone_names *n)
{
    if (!n)
        return;
    free(n->list);
    free(n);
}

bool phone_names_has(const struct phone_names *n, const char *device)
{
    return n->count && bsearch(device, n->list, n->count, sizeof *n->list, compare);
}
