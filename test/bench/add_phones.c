/*
 * add_phones: many phones in one transaction, where `trustline phone add` takes one for each.
 *
 *   add_phones DATABASE COUNT PROFILE
 *
 * Phone number i is SEP0011 + 8 hex digits, a 7975 with one line.
 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

static int add_phone(struct store *store, unsigned number, const char *profile, struct why *why)
{
    struct store_device phone = {.model = "7975", .pool = "Default"};
    struct store_line line = {.position = 1};
    text_copy(phone.profile, sizeof phone.profile, profile);
    text_format(phone.name, sizeof phone.name, "SEP0011%08X", number);
    text_format(phone.description, sizeof phone.description, "Phone number %u", number);
    text_format(line.number, sizeof line.number, "%u", 100000 + number);
    int result = store_device_add(store, &phone, why);
    return result ? result : store_lines_put(store, phone.name, &line, 1, why);
}

static int add_phones(const char *database, unsigned count, const char *profile, struct why *why)
{
    struct store *store = NULL;
    int result = store_open(&store, database, STORE_WRITE, why);
    if (result)
        return result;
    result = store_begin(store, why);
    for (unsigned i = 0; i < count && result == 0; i++)
        result = add_phone(store, i, profile, why);
    if (result == 0)
        result = store_commit(store, why);
    store_close(store);
    return result;
}

int main(int argc, char **argv)
{
    struct why why = WHY_NONE;
    if (argc != 4) {
        fprintf(stderr, "usage: add_phones DATABASE COUNT PROFILE\n");
        return 2;
    }
    int result = add_phones(argv[1], (unsigned)strtoul(argv[2], NULL, 10), argv[3], &why);
    if (result)
        fprintf(stderr, "add_phones: %s: %s\n", argv[1], why_text(&why, result));
    return result ? 1 : 0;
}
