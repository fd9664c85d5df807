#include "service/tvs/shelves.h"

#include "base/log.h"
#include "base/text.h"
#include "cluster/cluster.h"
#include "pki/certificate.h"
#include "service/tvs/names.h"
#include "wire/trustlist.h"

#include <string.h>

/* ---- looking ---- */

static bool find_in(struct search *s, const struct shelves *shelves, struct bytes issuer,
                    struct bytes serial)
{
    s->database = cache_find_name(shelves->database, serial, issuer, &s->found);
    s->ctl = !s->database && cache_find_name(shelves->ctl, serial, issuer, &s->found);
    return s->database || s->ctl;
}

void shelves_find_name(struct search *out, const struct shelves *shelves, struct bytes subject,
                       struct bytes issuer, struct bytes serial)
{
    uint8_t backwards[SERIAL_MAX];
    *out = (struct search){.by_name = true, .etoken = names_are_etoken(subject, issuer)};
    if (find_in(out, shelves, issuer, serial) || !out->etoken || serial.size > sizeof backwards)
        return;
    for (size_t i = 0; i < serial.size; i++)
        backwards[i] = serial.data[serial.size - 1 - i];
    find_in(out, shelves, issuer, bytes_of(backwards, serial.size));
}

int shelves_find_certificate(struct search *out, const struct shelves *shelves, struct bytes der)
{
    uint8_t sha256[SHA256_SIZE];
    *out = (struct search){.by_name = false};
    int result = digest_bytes(DIGEST_KIND_SHA256, der, sha256);
    if (result)
        return result;
    out->database = cache_find_hash(shelves->database, sha256, &out->found);
    out->ctl = !out->database && cache_find_hash(shelves->ctl, sha256, &out->found);
    return 0;
}

/* ---- the database's ---- */

struct filling {
    struct cache *cache;
    struct vouching vouching;
};

static int add_own(void *context, const struct store_certificate *row)
{
    struct filling *f = context;
    struct certificate *certificate = NULL;
    struct why why = WHY_NONE;
    if (row->state != CERTIFICATE_ACTIVE)
        return 0;
    const struct worth worth = vouching_own(&f->vouching, row->name);
    int result = certificate_from_der(&certificate, buffer_bytes(&row->der), &why);
    if (result) {
        log_event(LEVEL_ERROR, "event=tvs_certificate_left_out certificate=%s reason=\"%s\"",
                  row->name, why_text(&why, result));
        return 0;
    }
    const struct fact fact = {.serial = certificate_serial(certificate),
                              .issuer = bytes_of_string(certificate_issuer(certificate)),
                              .sha256 = certificate_sha256(certificate),
                              .roles = bytes_of(worth.roles, worth.count),
                              .ttl = worth.ttl,
                              .der = certificate_der(certificate)};
    result = cache_add(f->cache, &fact);
    certificate_free(certificate);
    return result;
}

static const char *purpose_of(const char *name)
{
    for (const char *const *purpose = cluster_trust_purposes(); *purpose; purpose++)
        if (strcmp(*purpose, name) == 0)
            return *purpose;
    return NULL;
}

static int add_trusted(void *context, const struct store_trust_fact *row)
{
    struct filling *f = context;
    uint8_t serial[CERTIFICATE_SERIAL / 2];
    uint8_t sha256[SHA256_SIZE];
    size_t serial_size = 0;
    size_t hash_size = 0;
    const char *purpose = purpose_of(row->purpose);
    const struct worth worth = vouching_trust(&f->vouching, row->purpose);
    if (!purpose || text_unhex(row->serial, serial, sizeof serial, &serial_size) != 0 ||
        text_unhex(row->sha256, sha256, sizeof sha256, &hash_size) != 0 ||
        hash_size != sizeof sha256) {
        log_event(LEVEL_ERROR, "event=tvs_certificate_left_out store=%s serial=%s", row->purpose,
                  row->serial);
        return 0;
    }
    const struct fact fact = {.serial = bytes_of(serial, serial_size),
                              .issuer = bytes_of_string(row->issuer),
                              .sha256 = sha256,
                              .roles = bytes_of(worth.roles, worth.count),
                              .ttl = worth.ttl,
                              .purpose = purpose};
    return cache_add(f->cache, &fact);
}

/* Our own come first: their bytes are kept, so that asking for them needs no store. */
int shelves_load_database(struct cache **out, struct store *store)
{
    struct filling filling = {.cache = NULL};
    int result = cache_new(&filling.cache);
    if (result == 0)
        result = vouching_load(&filling.vouching, store);
    if (result == 0)
        result = store_certificates(store, add_own, &filling);
    if (result == 0)
        result = store_trust_facts(store, add_trusted, &filling);
    if (result)
        cache_free(filling.cache);
    else
        *out = filling.cache;
    return result;
}

/* ---- the CTL's ---- */

/* Records that name a certificate by hash tell a phone nothing it could use, and those without a
 * role carry no trust. */
static int add_record(struct cache *cache, const struct trustlist_record *record, uint32_t ttl)
{
    uint8_t sha256[SHA256_SIZE];
    const uint8_t role = (uint8_t)record->role;
    int result = digest_bytes(DIGEST_KIND_SHA256, record->certificate, sha256);
    const struct fact fact = {.serial = record->serial,
                              .issuer = record->issuer,
                              .sha256 = sha256,
                              .roles = bytes_of(&role, 1),
                              .ttl = ttl,
                              .der = record->certificate};
    return result ? result : cache_add(cache, &fact);
}

static int add_list(struct cache *cache, struct bytes file, uint32_t ttl,
                    void (*key)(void *context, struct bytes serial, struct bytes issuer),
                    void *context)
{
    struct trustlist *list = NULL;
    struct why why = WHY_NONE;
    int result = trustlist_parse(&list, file, &why);
    if (result) {
        log_event(LEVEL_ERROR, "event=tvs_ctl_not_read reason=\"%s\"", why_text(&why, result));
        return 0;
    }
    for (size_t i = 0; i < list->count && result == 0; i++) {
        const struct trustlist_record *record = &list->records[i];
        if (!record->certificate.size || !record->has_role || record->role > UINT8_MAX)
            continue;
        key(context, record->serial, record->issuer);
        result = add_record(cache, record, ttl);
    }
    trustlist_free(list);
    return result;
}

int shelves_load_ctl(struct ctl_shelf *out, struct store *store,
                     void (*key)(void *context, struct bytes serial, struct bytes issuer),
                     void *context)
{
    struct ctl_shelf shelf = {.cache = NULL};
    struct vouching vouching;
    struct store_list list;
    int result = cache_new(&shelf.cache);
    if (result == 0)
        result = vouching_load(&vouching, store);
    if (result == 0) {
        result = store_list_current(store, LIST_CTL, &list);
        if (result == 0) {
            text_copy(shelf.hash, sizeof shelf.hash, list.hash);
            result = add_list(shelf.cache, buffer_bytes(&list.body), vouching_list_ttl(&vouching),
                              key, context);
            store_list_fini(&list);
        } else if (result == ERR_NOT_FOUND) {
            result = 0;
        }
    }
    if (result)
        cache_free(shelf.cache);
    else
        *out = shelf;
    return result;
}
