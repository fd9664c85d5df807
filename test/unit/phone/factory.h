/*
 * factory: lists and signed files for the tests of the phone, made with throw-away keys and
 * certificates of test/vector. Everything returned is freed with vector_free().
 */
#ifndef TEST_FACTORY_H
#define TEST_FACTORY_H

#include "support.h"

#include "pki/signedfile.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `signer` is the anchor of the vectors, `foreign` somebody no vector knows. */
static inline void factory_signer(struct identity *out)
{
    assert_int_equal(certificate_load(&out->certificate, vector_path("signer.der"), NULL), 0);
    struct bytes pem = vector_load("signer.key.pem");
    assert_int_equal(key_from_pem(&out->key, pem, NULL), 0);
    vector_free(pem);
}

static inline void factory_foreign(struct identity *out)
{
    assert_int_equal(identity_load(out, vector_path("pool/rsa2048.pem"), NULL), 0);
}

static inline struct bytes factory_envelope(const struct identity *signer, const char *filename,
                                            struct bytes body)
{
    struct buffer out;
    struct why why = WHY_NONE;
    const struct envelope_spec spec = {.version_major = 1,
                                       .version_minor = 2,
                                       .digest = DIGEST_SHA1,
                                       .filename = bytes_of_string(filename),
                                       .has_timestamp = true,
                                       .timestamp = 1704067200};
    buffer_init(&out, 4 * 1024 * 1024);
    int result = signedfile_write(&out, &spec, signer, body, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    return buffer_bytes(&out);
}

/* A list that names its signer as anchor and CCM+TFTP, there with an address when one is given. */
static inline struct bytes factory_list(enum trustlist_kind kind, const struct identity *signer,
                                        const char *address)
{
    uint8_t raw[4];
    struct buffer body;
    struct bytes none = bytes_of(NULL, 0);
    struct bytes where = address && inet_pton(AF_INET, address, raw) == 1 ? bytes_of(raw, 4) : none;
    struct trustlist_record records[] = {
        record_of_certificate(signer->certificate, ROLE_SAST, RECORD_FULL, NULL, none),
        record_of_certificate(signer->certificate, ROLE_CCM_TFTP, RECORD_FULL, NULL, where),
    };
    buffer_init(&body, 65536);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        assert_int_equal(record_write(&body, &records[i], NULL), 0);
    struct bytes list = factory_envelope(signer, trustlist_file_name(kind), buffer_bytes(&body));
    buffer_fini(&body);
    return list;
}

/* The bytes again, with one bit changed. */
static inline struct bytes factory_flip(struct bytes from, size_t at)
{
    uint8_t *copy = malloc(from.size);
    assert_non_null(copy);
    memcpy(copy, from.data, from.size);
    copy[at] ^= 0x10;
    return bytes_of(copy, from.size);
}

#endif
