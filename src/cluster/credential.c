#include "cluster/credential.h"

#include "base/log.h"
#include "base/text.h"
#include "cluster/own.h"
#include "signer/protocol.h"

#include <string.h>

/* ---- CAs ---- */

static int take(struct phone_cas *cas, const char *name, struct bytes der)
{
    struct certificate *certificate = NULL;
    struct why why = WHY_NONE;
    int result = cas->count == PHONE_CAS_MAX
                     ? why_error(&why, ERR_LIMIT, "more than %d of them", PHONE_CAS_MAX)
                     : certificate_from_der(&certificate, der, &why);
    if (result) {
        log_event(LEVEL_WARNING, "event=phone_ca_left_out certificate=%s reason=\"%s\"", name,
                  why_text(&why, result));
        return 0;
    }
    for (size_t i = 0; i < cas->count; i++) {
        if (certificates_equal(cas->list[i], certificate)) {
            certificate_free(certificate);
            return 0;
        }
    }
    cas->list[cas->count++] = certificate;
    return 0;
}

/* Retired ones too: phones hold LSCs they issued. */
static int take_own(void *context, const struct store_certificate *row)
{
    return strcmp(row->name, KEY_CAPF) == 0 ? take(context, row->name, buffer_bytes(&row->der)) : 0;
}

static int take_trust(void *context, const struct store_trust *row)
{
    bool is_for_phones = strcmp(row->purpose, own_trust_purpose(KEY_CAPF)) == 0;
    return is_for_phones ? take(context, row->file, buffer_bytes(&row->der)) : 0;
}

void phone_cas_fini(struct phone_cas *cas)
{
    while (cas->count)
        certificate_free(cas->list[--cas->count]);
}

int phone_cas_load(struct phone_cas *cas, struct store *store)
{
    phone_cas_fini(cas);
    int result = store_certificates(store, take_own, cas);
    cas->own = cas->count;
    return result ? result : store_trusts(store, take_trust, cas);
}

int phone_cas_check(struct phone_ca *out, const struct phone_cas *cas,
                    const struct certificate *certificate, struct certificate *const *others,
                    size_t other_count, const struct chain_rules *rules, struct why *why)
{
    struct chain_way way;
    int result =
        chain_check(&way, certificate, others, other_count, cas->list, cas->count, rules, why);
    if (result == 0 && out)
        *out = (struct phone_ca){.ours = way.anchor < cas->own,
                                 .sha256 = certificate_sha256(cas->list[way.anchor]),
                                 .until = way.until};
    return result;
}

/* ---- what is known of one ---- */

char *credential_sha256(char out[LIST_HASH], const struct certificate *certificate)
{
    text_hex(out, LIST_HASH, bytes_of(certificate_sha256(certificate), 32), false, '\0');
    return out;
}

static void stand(struct credential *out, enum credential_standing standing, const char *reason)
{
    out->standing = standing;
    text_copy(out->reason, sizeof out->reason, reason);
}

/* A certificate of ours must be one we know; another is a MIC, and is learned. */
static int meet(struct credential *out, struct store *store, const char *device,
                const struct certificate *certificate, bool ours, int64_t now, struct why *why)
{
    bool learned = false;
    if (ours) {
        stand(out, CREDENTIAL_UNKNOWN, "CAPF issued it, and the store knows nothing of it");
        return 0;
    }
    out->kind = PHONE_MIC;
    int result = store_mic_put(store, device, certificate_der(certificate), now, &learned, why);
    if (result != ERR_DUPLICATE)
        return result;
    stand(out, CREDENTIAL_FOREIGN, why_text(why, result));
    return 0;
}

static void judge(struct credential *out, const struct store_phone_certificate *row,
                  const char *device)
{
    char reason[CREDENTIAL_REASON];
    out->kind = row->kind;
    if (strcmp(row->device, device) != 0) {
        text_format(reason, sizeof reason, "it is known as that of %s", row->device);
        stand(out, CREDENTIAL_FOREIGN, reason);
    } else if (row->state == PHONE_REVOKED) {
        stand(out, CREDENTIAL_REVOKED, "it is revoked");
    } else if (row->state == PHONE_DROPPED || row->state == PHONE_RETIRED) {
        stand(out, CREDENTIAL_REPLACED, "a newer one took its place");
    }
}

int credential_recognise(struct credential *out, struct store *store, const char *device,
                         const struct certificate *certificate, bool ours, int64_t now,
                         struct why *why)
{
    struct store_phone_certificate row;
    struct credential found = {.kind = PHONE_LSC};
    struct why inner = WHY_NONE;
    credential_sha256(found.sha256, certificate);
    int result = store_phone_certificate_recognise(store, found.sha256, now, &row, &inner);
    if (result == 0) {
        judge(&found, &row, device);
        store_phone_certificate_fini(&row);
    } else if (result == ERR_NOT_FOUND) {
        result = meet(&found, store, device, certificate, ours, now, &inner);
    }
    if (result)
        return why_error(why, result, "%s", why_text(&inner, result));
    *out = found;
    return 0;
}
