/*
 * capf_phones: many phones that are to install an LSC, in one transaction, where `trustline phone
 * add` and `phone update` take one for each.
 *
 *   capf_phones DATABASE FIRST COUNT
 *
 * They are SEP + 12 hex digits, from the hexadecimal number FIRST on, and are known by the null
 * string: what is asked of the signer for a string is asked when a phone says one nevertheless.
 */
#include "base/clock.h"
#include "store/enrolment.h"

#include <stdio.h>
#include <stdlib.h>

static int add_phone(struct store *store, unsigned number, struct why *why)
{
    struct store_device phone = {.model = "7975", .pool = "Default"};
    struct store_line line = {.position = 1};
    const struct store_order order = {.operation = ENROLMENT_INSTALL,
                                      .authentication = CAPF_AUTH_NULL_STRING,
                                      .key_order = KEY_ORDER_RSA,
                                      .rsa_bits = 2048};
    text_copy(phone.profile, sizeof phone.profile, "sccp-authenticated");
    text_format(phone.name, sizeof phone.name, "SEP%012X", number);
    text_format(line.number, sizeof line.number, "%u", 1000000 + number);
    int result = store_device_add(store, &phone, why);
    if (result == 0)
        result = store_lines_put(store, phone.name, &line, 1, why);
    return result ? result : store_order_put(store, phone.name, &order, clock_wall(), why);
}

static int add_phones(const char *database, unsigned first, unsigned count, struct why *why)
{
    struct store *store = NULL;
    int result = store_open(&store, database, STORE_WRITE, why);
    if (result)
        return result;
    result = store_begin(store, why);
    for (unsigned i = 0; i < count && result == 0; i++)
        result = add_phone(store, first + i, why);
    if (result == 0)
        result = store_commit(store, why);
    store_close(store);
    return result;
}

int main(int argc, char **argv)
{
    struct why why = WHY_NONE;
    if (argc != 4) {
        fprintf(stderr, "usage: capf_phones DATABASE FIRST COUNT\n");
        return 2;
    }
    int result = add_phones(argv[1], (unsigned)strtoul(argv[2], NULL, 16),
                            (unsigned)strtoul(argv[3], NULL, 10), &why);
    if (result)
        fprintf(stderr, "capf_phones: %s: %s\n", argv[1], why_text(&why, result));
    return result ? 1 : 0;
}
