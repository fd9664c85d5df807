/*
 * tvs_trust: many certificates for a trust store, in one transaction.
 *
 *   tvs_trust DATABASE PURPOSE TEMPLATE.der COUNT
 *
 * Each is the template with another number in the place of "00000000" wherever that stands - in its
 * names - and as the last eight bytes of its serial number. Nobody verifies their signatures.
 */
#include "pki/certificate.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZEROS "00000000"

static void number_it(uint8_t *der, size_t size, struct bytes serial, unsigned number)
{
    char digits[sizeof ZEROS];
    text_format(digits, sizeof digits, "%08u", number);
    for (size_t i = 0; i + sizeof digits - 1 <= size; i++)
        if (memcmp(der + i, ZEROS, sizeof digits - 1) == 0)
            memcpy(der + i, digits, sizeof digits - 1);
    uint8_t *at = memmem(der, size, serial.data, serial.size);
    if (at)
        memcpy(at + serial.size - 8, digits, 8);
}

static int add_all(struct store *store, const char *purpose, const struct certificate *template,
                   unsigned count, struct why *why)
{
    struct bytes der = certificate_der(template);
    struct store_trust row = {.created = 1};
    int result = 0;
    text_copy(row.purpose, sizeof row.purpose, purpose);
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    for (unsigned i = 1; i <= count && result == 0; i++) {
        buffer_clear(&row.der);
        buffer_append(&row.der, der);
        number_it(row.der.data, row.der.size, certificate_serial(template), i);
        text_format(row.file, sizeof row.file, "server%08u.pem", i);
        result = store_trust_add(store, &row, why);
    }
    store_trust_fini(&row);
    return result;
}

int main(int argc, char **argv)
{
    struct why why = WHY_NONE;
    struct store *store = NULL;
    struct certificate *template = NULL;
    if (argc != 5) {
        fprintf(stderr, "usage: tvs_trust DATABASE PURPOSE TEMPLATE.der COUNT\n");
        return 2;
    }
    int result = certificate_load(&template, argv[3], &why);
    if (result == 0)
        result = store_open(&store, argv[1], STORE_WRITE, &why);
    if (result == 0)
        result = store_begin(store, &why);
    if (result == 0)
        result = add_all(store, argv[2], template, (unsigned)strtoul(argv[4], NULL, 10), &why);
    if (result == 0)
        result = store_commit(store, &why);
    if (result)
        fprintf(stderr, "tvs_trust: %s\n", why_text(&why, result));
    store_close(store);
    certificate_free(template);
    return result ? 1 : 0;
}
