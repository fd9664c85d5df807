/* enrolled DATABASE success|failed NAME...: ends the orders of phones as sessions of CAPF do;
 * enrolled DATABASE lsc|pending NAME CERT: gives a phone an LSC, kept by it or not yet;
 * enrolled DATABASE phones NAME...: adds many phones in one go;
 * enrolled DATABASE lock WORD: says the word, and lets nobody write until its input ends. */
#include "base/clock.h"
#include "pki/certificate.h"
#include "store/enrolment.h"

#include <stdio.h>
#include <string.h>

static int end_order(struct store *store, const char *name, bool success, struct why *why)
{
    struct store_enrolment enrolment;
    struct store_outcome outcome = {.success = success, .over = true, .by_string = true};
    int result = store_enrolment_get(store, name, &enrolment);
    if (result)
        return result;
    outcome.number = enrolment.number;
    outcome.cause = success ? CAUSE_NONE : CAUSE_STRING;
    outcome.time = clock_wall();
    return store_order_finish(store, name, &outcome, why);
}

static int give_lsc(struct store *store, const char *name, const char *path, bool keeps,
                    struct why *why)
{
    struct certificate *certificate = NULL;
    char sha256[LIST_HASH];
    int result = certificate_load(&certificate, path, why);
    if (result)
        return result;
    text_hex(sha256, sizeof sha256, bytes_of(certificate_sha256(certificate), 32), false, 0);
    result = store_lsc_issue(store, name, certificate_der(certificate), clock_wall(), why);
    if (result == 0 && keeps)
        result = store_lsc_confirm(store, name, sha256, clock_wall(), why);
    certificate_free(certificate);
    return result;
}

static int add_phones(struct store *store, char **names, struct why *why)
{
    int result = store_begin(store, why);
    for (; *names && result == 0; names++) {
        struct store_device device = {
            .model = "7941", .profile = "sccp-encrypted", .pool = "Default"};
        text_copy(device.name, sizeof device.name, *names);
        result = store_device_add(store, &device, why);
    }
    return result ? result : store_commit(store, why);
}

static int lock(struct store *store, const char *word, struct why *why)
{
    int result = store_begin(store, why);
    if (result)
        return result;
    puts(word);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    store_rollback(store);
    return 0;
}

static int end_orders(struct store *store, char **names, bool success, struct why *why)
{
    int result = 0;
    for (; *names && result == 0; names++)
        result = end_order(store, *names, success, why);
    return result;
}

int main(int argc, char **argv)
{
    struct store *store = NULL;
    struct why why = WHY_NONE;
    if (argc < 4)
        return 2;
    const char *what = argv[2];
    int result = store_open(&store, argv[1], STORE_WRITE, &why);
    if (result == 0 && strcmp(what, "phones") == 0)
        result = add_phones(store, argv + 3, &why);
    else if (result == 0 && strcmp(what, "lock") == 0)
        result = lock(store, argv[3], &why);
    else if (result == 0 && argc == 5 && (strcmp(what, "lsc") == 0 || strcmp(what, "pending") == 0))
        result = give_lsc(store, argv[3], argv[4], strcmp(what, "lsc") == 0, &why);
    else if (result == 0)
        result = end_orders(store, argv + 3, strcmp(what, "success") == 0, &why);
    if (result)
        fprintf(stderr, "enrolled: %s\n", why_text(&why, result));
    store_close(store);
    return result != 0;
}
