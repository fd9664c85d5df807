/* ca: certification authorities and phones' certificates for tests, and the openssl command as the
 * judge of what we make. */
#ifndef TEST_CA_H
#define TEST_CA_H

#include "support.h"

#include "base/file.h"
#include "base/text.h"
#include "pki/lsc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define CA_START 1700000000 /* 2023-11-14 */

/* A shell command in `directory`; its exit status. */
static inline int shell(const char *directory, const char *command)
{
    char line[2048];
    assert_true(
        text_format(line, sizeof line, "cd '%s' && { %s; } >out.txt 2>&1", directory, command));
    int status = system(line); /* NOLINT: a shell is what is meant */
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* As shell(), which must succeed and print `words`. */
static inline void judge(const char *directory, const char *command, const char *words)
{
    int status = shell(directory, command);
    char path[1200];
    struct buffer said;
    buffer_init(&said, 1 << 20);
    text_format(path, sizeof path, "%s/out.txt", directory);
    assert_int_equal(file_read(&said, path, NULL), 0);
    if (status || !strstr(buffer_string(&said), words))
        fail_msg("%s: status %d, without \"%s\":\n%s", command, status, words,
                 buffer_string(&said));
    buffer_fini(&said);
}

static inline void put(const char *directory, const char *name, struct bytes data)
{
    char path[1200];
    text_format(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data.data, 1, data.size, f), data.size);
    assert_int_equal(fclose(f), 0);
}

static inline void put_certificate(const char *directory, const char *name,
                                   const struct certificate *c)
{
    struct buffer pem;
    buffer_init(&pem, 1 << 16);
    assert_int_equal(certificate_write_pem(&pem, c), 0);
    put(directory, name, buffer_bytes(&pem));
    buffer_fini(&pem);
}

static inline struct key *pool_key(const char *name)
{
    struct bytes pem = vector_load(name);
    struct key *key = NULL;
    assert_int_equal(key_from_pem(&key, pem, NULL), 0);
    vector_free(pem);
    return key;
}

/* A self-signed certificate of a use, with a key of the pool. */
static inline struct identity own_identity(const char *key, const char *cn,
                                           enum certificate_use use)
{
    struct certificate_template t = {.use = use,
                                     .subject = {.common_name = cn,
                                                 .unit = "Voice",
                                                 .organization = "Example",
                                                 .locality = "Town",
                                                 .province = "ZZ",
                                                 .country = "XX"},
                                     .not_before = CA_START,
                                     .days = 7300};
    struct identity identity = {.key = pool_key(key)};
    uint8_t serial[SERIAL_BYTES];
    serial_random(serial);
    assert_int_equal(certificate_self_sign(&identity.certificate, identity.key, &t, serial, NULL),
                     0);
    return identity;
}

static inline struct public_key *public_of(const struct key *key)
{
    struct buffer spki;
    struct public_key *public = NULL;
    buffer_init(&spki, 2000);
    assert_int_equal(key_write_spki(&spki, key), 0);
    assert_int_equal(public_key_from_spki(&public, buffer_bytes(&spki), NULL), 0);
    buffer_fini(&spki);
    return public;
}

static inline struct lsc_template usual_lsc(void)
{
    return (struct lsc_template){.subject = LSC_SUBJECT_DEFAULT,
                                 .issuer_attributes = true,
                                 .not_before = CA_START,
                                 .days = 1825,
                                 .digest = DIGEST_KIND_SHA256};
}

/* An LSC of the usual template for the key. */
static inline struct certificate *lsc_of(const struct identity *issuer, const struct key *key,
                                         const char *device)
{
    struct lsc_template t = usual_lsc();
    struct public_key *public = public_of(key);
    struct lsc_request request = {.device = device, .key = public};
    struct certificate *c = NULL;
    struct why why = WHY_NONE;
    uint8_t serial[SERIAL_BYTES];
    serial_random(serial);
    if (lsc_issue(&c, issuer, &t, &request, serial, &why))
        fail_msg("%s", why.text);
    public_key_free(public);
    return c;
}

#endif
