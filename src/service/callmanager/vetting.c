#include "service/callmanager/vetting.h"

#include "base/text.h"
#include "pki/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64, LARGEST = 1 << 22 };

struct vetting {
    struct phone_cas cas;
    uint8_t (*revoked)[SHA256_SIZE]; /* in order */
    size_t count, room;
};

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, SHA256_SIZE);
}

static int take_revoked(void *context, const char *sha256)
{
    struct vetting *v = context;
    if (v->count == v->room) {
        size_t room = v->room ? 2 * v->room : SMALLEST;
        uint8_t(*list)[SHA256_SIZE] = NULL;
        if (room <= LARGEST)
            list = realloc(v->revoked, room * sizeof *list);
        if (!list)
            return -ENOMEM;
        v->revoked = list;
        v->room = room;
    }
    size_t size = 0;
    int result = text_unhex(sha256, v->revoked[v->count], SHA256_SIZE, &size);
    if (result || size != SHA256_SIZE)
        return result ? result : ERR_FORMAT;
    v->count++;
    return 0;
}

int vetting_load(struct vetting **out, struct store *store)
{
    struct vetting *v = calloc(1, sizeof *v);
    if (!v)
        return -ENOMEM;
    int result = phone_cas_load(&v->cas, store);
    if (result == 0)
        result = store_revoked(store, take_revoked, v);
    if (result) {
        vetting_free(v);
        return result;
    }
    if (v->count)
        qsort(v->revoked, v->count, sizeof *v->revoked, by_bytes);
    *out = v;
    return 0;
}

void vetting_free(struct vetting *v)
{
    if (!v)
        return;
    phone_cas_fini(&v->cas);
    free(v->revoked);
    free(v);
}

bool vetting_is_revoked(const struct vetting *v, const uint8_t *sha256)
{
    return v->count && bsearch(sha256, v->revoked, v->count, sizeof *v->revoked, by_bytes);
}

/* The words of the alert the phone hears. */
static enum tls_verdict verdict_of(int error)
{
    switch (error) {
    case 0:
        return TLS_TRUSTED;
    case ERR_NOT_FOUND:
        return TLS_UNKNOWN_CA;
    case ERR_POLICY:
        return TLS_CERTIFICATE_EXPIRED;
    default:
        return TLS_BAD_CERTIFICATE;
    }
}

enum tls_verdict vetting_judge(const struct vetting *v, const struct certificate *certificate,
                               int64_t now, struct why *why)
{
    const struct chain_rules rules = {.now = now};
    int result = phone_cas_check(&v->cas, certificate, NULL, 0, &rules, NULL, why);
    if (result == 0 && vetting_is_revoked(v, certificate_sha256(certificate))) {
        why_error(why, ERR_POLICY, "%s is revoked", certificate_subject(certificate));
        return TLS_CERTIFICATE_REVOKED;
    }
    return verdict_of(result);
}
