#include "service/callmanager/phone_names.h"

#include "base/text.h"
#include "cluster/parameters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 256, LARGEST = 1 << 24 };

struct entry {
    char name[DEVICE_NAME];
    enum device_mode mode;
};

struct phone_names {
    struct entry *list; /* by name */
    size_t count, room;
    bool mixed;
};

static int take(void *context, const char *device, enum device_mode mode)
{
    struct phone_names *n = context;
    if (n->count == n->room) {
        size_t room = n->room ? 2 * n->room : SMALLEST;
        struct entry *list = NULL;
        if (room <= LARGEST)
            list = realloc(n->list, room * sizeof *list);
        if (!list)
            return -ENOMEM;
        n->list = list;
        n->room = room;
    }
    struct entry *entry = &n->list[n->count++];
    text_copy(entry->name, sizeof entry->name, device);
    entry->mode = mode;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    return strcmp(x->name, y->name);
}

/* Never set, it is non-secure. */
static int read_mode(struct phone_names *n, struct store *store)
{
    char value[PARAMETER_VALUE];
    int result = store_parameter_get(store, PARAMETER_SECURITY_MODE, value);
    n->mixed = result == 0 && strcmp(value, "0") != 0;
    return result == ERR_NOT_FOUND ? 0 : result;
}

int phone_names_read(struct phone_names **out, struct store *store)
{
    struct phone_names *n = calloc(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    int result = store_device_modes(store, take, n);
    if (result == 0)
        result = read_mode(n, store);
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

bool phone_names_find(const struct phone_names *n, const char *device, enum device_mode *mode)
{
    struct entry wanted;
    text_copy(wanted.name, sizeof wanted.name, device);
    const struct entry *found =
        n->count ? bsearch(&wanted, n->list, n->count, sizeof *n->list, compare) : NULL;
    if (found)
        *mode = n->mixed ? found->mode : MODE_NON_SECURE;
    return found != NULL;
}
