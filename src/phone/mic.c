#include "phone/mic.h"

#include "base/clock.h"
#include "base/file.h"
#include "pki/lsc.h"

#define CA_NAME "Trustline Lab Manufacturing CA"

enum {
    KEY_BITS = 2048,
    DAY = 86400,
    CA_DAYS = 7300,
    MIC_DAYS = 3650, /* ten years, as those of the factory */
    PEM_MAX = 32 * 1024,
};

static int write_identity(const struct identity *identity, const char *path, struct why *why)
{
    struct buffer pem;
    buffer_init(&pem, PEM_MAX);
    int result = buffer_reserve(&pem, PEM_MAX);
    if (result == 0)
        result = identity_write_pem(&pem, identity);
    if (result == 0)
        result = file_create(path, buffer_bytes(&pem), 0600, why);
    buffer_fini_secret(&pem);
    return result;
}

static int make_ca(struct identity *out, const char *path, struct why *why)
{
    const struct key_spec spec = {.kind = KEY_RSA, .bits = KEY_BITS};
    const struct certificate_template template = {.use = USE_CA,
                                                  .subject = {.common_name = CA_NAME},
                                                  .not_before = clock_wall() - DAY,
                                                  .days = CA_DAYS};
    uint8_t serial[SERIAL_BYTES];
    serial_random(serial);
    int result = key_generate(&out->key, &spec, why);
    if (result == 0)
        result = certificate_self_sign(&out->certificate, out->key, &template, serial, why);
    return result ? result : write_identity(out, path, why);
}

/* A MIC is made as an LSC is: for a device, with a key of its own. */
static int make_mic(struct identity *out, const struct identity *ca, const char *device,
                    struct why *why)
{
    const struct key_spec spec = {.kind = KEY_RSA, .bits = KEY_BITS};
    const struct lsc_template template = {.subject = "CN=%d,O=Trustline Lab",
                                          .not_before = clock_wall() - DAY,
                                          .days = MIC_DAYS,
                                          .digest = DIGEST_KIND_SHA256};
    struct lsc_request request = {.device = device};
    struct public_key *public = NULL;
    struct buffer spki;
    uint8_t serial[SERIAL_BYTES];
    buffer_init(&spki, PUBLIC_KEY_DER_MAX);
    serial_random(serial);
    int result = key_generate(&out->key, &spec, why);
    if (result == 0)
        result = key_write_spki(&spki, out->key);
    if (result == 0)
        result = public_key_from_spki(&public, buffer_bytes(&spki), why);
    request.key = public;
    if (result == 0)
        result = lsc_issue(&out->certificate, ca, &template, &request, serial, why);
    public_key_free(public);
    buffer_fini(&spki);
    return result;
}

int mic_make(const char *ca_path, const char *device, const char *out_path, bool *made_ca,
             struct why *why)
{
    struct identity ca = {0}, mic = {0};
    bool make = !file_exists(ca_path);
    int result = 0;
    if (file_exists(out_path))
        return why_error(why, ERR_DUPLICATE, "%s: is there already; remove it for a new one",
                         out_path);
    result = make ? make_ca(&ca, ca_path, why) : identity_load(&ca, ca_path, why);
    if (result == 0)
        result = make_mic(&mic, &ca, device, why);
    if (result == 0)
        result = write_identity(&mic, out_path, why);
    if (result == 0)
        *made_ca = make;
    identity_fini(&mic);
    identity_fini(&ca);
    return result;
}
