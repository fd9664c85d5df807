#include "service/tvs/recent.h"

#include "pki/certificate.h"

#include <string.h>

void recent_init(struct recent *r)
{
    for (size_t i = 0; i < RECENT_KEPT; i++)
        buffer_init(&r->kept[i].der, CERTIFICATE_DER_MAX);
}

void recent_fini(struct recent *r)
{
    for (size_t i = 0; i < RECENT_KEPT; i++)
        buffer_fini(&r->kept[i].der);
}

/* Each has one place, by its hash. */
static size_t place_of(const uint8_t *sha256)
{
    return sha256[0] % RECENT_KEPT;
}

void recent_put(struct recent *r, const uint8_t sha256[SHA256_SIZE], struct bytes der)
{
    struct recent_certificate *c = &r->kept[place_of(sha256)];
    buffer_clear(&c->der);
    buffer_append(&c->der, der);
    if (c->der.error)
        buffer_clear(&c->der);
    memcpy(c->sha256, sha256, sizeof c->sha256);
}

struct bytes recent_get(const struct recent *r, const uint8_t sha256[SHA256_SIZE])
{
    const struct recent_certificate *c = &r->kept[place_of(sha256)];
    if (!c->der.size || memcmp(c->sha256, sha256, sizeof c->sha256) != 0)
        return bytes_of(NULL, 0);
    return buffer_bytes(&c->der);
}
