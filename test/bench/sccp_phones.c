/*
 * sccp_phones: many phones with a line and an LSC each, in one transaction, where CAPF would be
 * asked for each.
 *
 *   sccp_phones DATABASE CAPF.pem FIRST COUNT KEY.pem OUT
 *
 * They are SEP + 12 hex digits, from the hexadecimal number FIRST on; the number of a line is
 * 1000000 + that number. All LSCs are of the one key KEY.pem. OUT gets them in this order, the DER
 * of each behind its size in two bytes.
 */
#include "base/clock.h"
#include "base/file.h"
#include "pki/key.h"
#include "pki/lsc.h"
#include "store/enrolment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    struct store *store;
    struct identity capf;
    struct public_key *key;
    FILE *out;
} site;

static int issue(const char *device, struct why *why)
{
    const int64_t now = clock_wall();
    const struct lsc_template how = {.subject = LSC_SUBJECT_DEFAULT,
                                     .not_before = now - 3600,
                                     .days = 365,
                                     .digest = DIGEST_KIND_SHA256};
    const struct lsc_request request = {.device = device, .key = site.key};
    uint8_t serial[SERIAL_BYTES];
    char sha256[LIST_HASH];
    struct buffer der;
    buffer_init(&der, CERTIFICATE_DER_MAX);
    serial_random(serial);
    int result = lsc_issue_der(&der, &site.capf, &how, &request, serial, why);
    if (result == 0)
        result = store_lsc_issue(site.store, device, buffer_bytes(&der), now, why);
    if (result == 0)
        result = digest_hex(DIGEST_KIND_SHA256, buffer_bytes(&der), sha256);
    if (result == 0)
        result = store_lsc_confirm(site.store, device, sha256, now, why);
    if (result == 0) {
        const uint8_t size[2] = {(uint8_t)(der.size >> 8), (uint8_t)der.size};
        if (fwrite(size, sizeof size, 1, site.out) != 1 ||
            fwrite(der.data, der.size, 1, site.out) != 1)
            result = why_error(why, -EIO, "the certificates cannot be written");
    }
    buffer_fini(&der);
    return result;
}

static int add_phone(unsigned number, struct why *why)
{
    struct store_device phone = {.model = "7975", .pool = "Default"};
    struct store_line line = {.position = 1};
    text_copy(phone.profile, sizeof phone.profile, "sccp-encrypted");
    text_format(phone.name, sizeof phone.name, "SEP%012X", number);
    text_format(line.number, sizeof line.number, "%u", 1000000 + number);
    int result = store_device_add(site.store, &phone, why);
    if (result == 0)
        result = store_lines_put(site.store, phone.name, &line, 1, why);
    return result ? result : issue(phone.name, why);
}

static int load_key(const char *path, struct why *why)
{
    struct buffer pem;
    struct buffer spki;
    struct key *key = NULL;
    buffer_init(&pem, 1 << 16);
    buffer_init(&spki, PUBLIC_KEY_DER_MAX);
    int result = file_read(&pem, path, why);
    if (result == 0)
        result = key_from_pem(&key, buffer_bytes(&pem), why);
    if (result == 0)
        result = key_write_spki(&spki, key);
    if (result == 0)
        result = public_key_from_spki(&site.key, buffer_bytes(&spki), why);
    key_free(key);
    buffer_fini_secret(&pem);
    buffer_fini(&spki);
    return result;
}

static int add_phones(char **argv, struct why *why)
{
    unsigned first = (unsigned)strtoul(argv[3], NULL, 16);
    unsigned count = (unsigned)strtoul(argv[4], NULL, 10);
    int result = store_open(&site.store, argv[1], STORE_WRITE, why);
    if (result == 0)
        result = identity_load(&site.capf, argv[2], why);
    if (result == 0)
        result = load_key(argv[5], why);
    site.out = fopen(argv[6], "wbe");
    if (result == 0 && !site.out)
        result = why_error(why, -EIO, "%s cannot be made", argv[6]);
    if (result == 0)
        result = store_begin(site.store, why);
    for (unsigned i = 0; i < count && result == 0; i++)
        result = add_phone(first + i, why);
    if (result == 0)
        result = store_commit(site.store, why);
    if (site.out && fclose(site.out) != 0 && result == 0)
        result = why_error(why, -EIO, "%s cannot be written", argv[6]);
    public_key_free(site.key);
    identity_fini(&site.capf);
    store_close(site.store);
    return result;
}

int main(int argc, char **argv)
{
    struct why why = WHY_NONE;
    if (argc != 7) {
        fprintf(stderr, "usage: sccp_phones DATABASE CAPF.pem FIRST COUNT KEY.pem OUT\n");
        return 2;
    }
    int result = add_phones(argv, &why);
    if (result)
        fprintf(stderr, "sccp_phones: %s\n", why_text(&why, result));
    return result ? 1 : 0;
}
