#include "service/callmanager/vetting.h"

#include "base/text.h"
#include "pki/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64, LARGEST = 1 << 22, REMEMBERED = 4096 };

/* A certificate whose signature was checked, in the place its SHA-256 says: the last that came
 * there. */
struct memory {
    bool used;
    uint8_t sha256[SHA256_SIZE];
    struct vetted vetted;
};

struct vetting {
    struct phone_cas cas;
    uint8_t (*revoked)[SHA256_SIZE]; /* in order */
    size_t count, room;
    struct memory memory[REMEMBERED];
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

static bool is_revoked(const struct vetting *v, const uint8_t *sha256)
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

static struct memory *memory_of(struct vetting *v, const uint8_t *sha256)
{
    return &v->memory[(sha256[0] << 8 | sha256[1]) % REMEMBERED];
}

static bool remembers(const struct memory *m, const uint8_t *sha256, int64_t now)
{
    return m->used && now < m->vetted.until && memcmp(m->sha256, sha256, SHA256_SIZE) == 0;
}

static int check(struct vetting *v, struct memory *m, const struct certificate *certificate,
                 int64_t now, struct why *why)
{
    const struct chain_rules rules = {.now = now};
    struct phone_ca ca;
    int result = phone_cas_check(&ca, &v->cas, certificate, NULL, 0, &rules, why);
    if (result)
        return result;
    *m = (struct memory){.used = true, .vetted = {.ours = ca.ours, .until = ca.until}};
    memcpy(m->vetted.ca, ca.sha256, sizeof m->vetted.ca);
    memcpy(m->sha256, certificate_sha256(certificate), sizeof m->sha256);
    return 0;
}

enum tls_verdict vetting_judge(struct vetting *v, struct vetted *out,
                               const struct certificate *certificate, int64_t now, struct why *why)
{
    const uint8_t *sha256 = certificate_sha256(certificate);
    struct memory *m = memory_of(v, sha256);
    int result = remembers(m, sha256, now) ? 0 : check(v, m, certificate, now, why);
    if (result)
        return verdict_of(result);
    if (is_revoked(v, sha256)) {
        why_error(why, ERR_POLICY, "%s is revoked", certificate_subject(certificate));
        return TLS_CERTIFICATE_REVOKED;
    }
    if (out)
        *out = m->vetted;
    return TLS_TRUSTED;
}

static bool is_trusted_ca(const struct vetting *v, const uint8_t *sha256)
{
    for (size_t i = 0; i < v->cas.count; i++)
        if (memcmp(certificate_sha256(v->cas.list[i]), sha256, SHA256_SIZE) == 0)
            return true;
    return false;
}

const char *vetting_objection(const struct vetting *v, const uint8_t sha256[SHA256_SIZE],
                              const struct vetted *once, int64_t now)
{
    if (is_revoked(v, sha256))
        return "its certificate was revoked";
    if (now >= once->until)
        return "its certificate has expired, or that of its CA has";
    if (!is_trusted_ca(v, once->ca))
        return "the CA of its certificate is not trusted for phones any more";
    return NULL;
}
