/*
 * forge: real signed lists and files for the tests of this folder, made with throw-away keys.
 *
 * The cast: `old` is the anchor the phones know, `other` a second anchor, `fresh` one they have
 * never heard of, `big` has 4096 bit; `tvs` and `capf` are what their names say.
 */
#ifndef TEST_FORGE_H
#define TEST_FORGE_H

#include "support.h"

#include "pki/signedfile.h"
#include "trust/accept.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cast {
    struct identity old, other, fresh, big, tvs, capf;
};

static inline void cast_from_vector(struct identity *out, const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "%s.der", name);
    assert_int_equal(certificate_load(&out->certificate, vector_path(file), NULL), 0);
    snprintf(file, sizeof file, "%s.key.pem", name);
    struct bytes pem = vector_load(file);
    assert_int_equal(key_from_pem(&out->key, pem, NULL), 0);
    vector_free(pem);
}

static inline int cast_make(void **state)
{
    struct cast *cast = calloc(1, sizeof *cast);
    cast_from_vector(&cast->old, "signer");
    cast_from_vector(&cast->other, "device");
    cast_from_vector(&cast->tvs, "tvs");
    cast_from_vector(&cast->capf, "capf");
    assert_int_equal(identity_load(&cast->fresh, vector_path("pool/rsa2048.pem"), NULL), 0);
    assert_int_equal(identity_load(&cast->big, vector_path("pool/rsa4096.pem"), NULL), 0);
    *state = cast;
    return 0;
}

static inline int cast_drop(void **state)
{
    struct cast *cast = *state;
    struct identity *all[] = {&cast->old, &cast->other, &cast->fresh,
                              &cast->big, &cast->tvs,   &cast->capf};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        identity_fini(all[i]);
    free(cast);
    return 0;
}

/* One record. `who` NULL with a role: an emptied one. `role` of the last entry is END. */
#define END 0xffff
struct entry {
    const struct identity *who;
    unsigned role;
    bool hashed;
    const char *dns;     /* NULL: no DNSNAME */
    const char *address; /* NULL: no IPADDRESS */
};

struct list_plan {
    enum trustlist_kind kind;
    const struct identity *signer;
    const struct entry *entries;
    enum digest_code digest; /* 0: SHA-1 */
    const char *filename;    /* NULL: the right one */
};

static inline void forge_record(struct buffer *body, const struct entry *e)
{
    uint8_t binary[16];
    struct bytes address = bytes_of(NULL, 0);
    if (e->address && inet_pton(AF_INET, e->address, binary) == 1)
        address = bytes_of(binary, 4);
    else if (e->address && inet_pton(AF_INET6, e->address, binary) == 1)
        address = bytes_of(binary, 16);
    struct trustlist_record r = {.has_role = true,
                                 .role = (uint16_t)e->role,
                                 .dns_name = bytes_of_string(e->dns),
                                 .address = address};
    if (e->who)
        r = record_of_certificate(e->who->certificate, (uint16_t)e->role,
                                  e->hashed ? RECORD_HASHED : RECORD_FULL, e->dns, address);
    assert_int_equal(record_write(body, &r, NULL), 0);
}

/* The bytes of a list; the caller frees them with vector_free(). */
static inline struct bytes forge_list(const struct list_plan *plan)
{
    struct buffer body;
    struct buffer out;
    struct why why = WHY_NONE;
    buffer_init(&body, 1024 * 1024);
    buffer_init(&out, 1024 * 1024);
    for (const struct entry *e = plan->entries; e->role != END; e++)
        forge_record(&body, e);
    const struct envelope_spec spec = {
        .version_major = 1,
        .version_minor = 2,
        .digest = plan->digest ? plan->digest : DIGEST_SHA1,
        .filename =
            bytes_of_string(plan->filename ? plan->filename : trustlist_file_name(plan->kind)),
        .has_timestamp = true,
        .timestamp = 1704067200,
    };
    int result = signedfile_write(&out, &spec, plan->signer, buffer_bytes(&body), &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    buffer_fini(&body);
    return buffer_bytes(&out);
}

static inline struct bytes forge_file(const struct identity *signer, const char *filename,
                                      enum digest_code digest)
{
    struct buffer out;
    struct why why = WHY_NONE;
    buffer_init(&out, 65536);
    const struct envelope_spec spec = {.version_major = 1,
                                       .digest = digest,
                                       .filename = bytes_of_string(filename),
                                       .has_timestamp = true,
                                       .timestamp = 1704067200};
    int result =
        signedfile_write(&out, &spec, signer, bytes_of_string("<device> </device>\n"), &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    return buffer_bytes(&out);
}

/* A list as a phone holds it: bytes and what was read from them. */
struct held {
    struct bytes file;
    struct trustlist *list;
};

static inline struct held hold(const struct list_plan *plan)
{
    struct held held = {.file = forge_list(plan)};
    struct why why = WHY_NONE;
    int result = trustlist_parse(&held.list, held.file, &why);
    if (result)
        fail_msg("%s", why_text(&why, result));
    return held;
}

static inline void held_drop(struct held *held)
{
    trustlist_free(held->list);
    vector_free(held->file);
}

static inline void expect_answer(const struct answer *got, enum verdict verdict,
                                 enum accept_rule rule)
{
    if (got->verdict != verdict || got->rule != rule)
        fail_msg("%s/%s where %s/%s is right: %s", verdict_text(got->verdict),
                 accept_rule_text(got->rule), verdict_text(verdict), accept_rule_text(rule),
                 got->explanation);
    /* One sentence: begins large, ends with a full stop, was not cut. */
    size_t length = strlen(got->explanation);
    if (length < 20 || length + 1 >= sizeof got->explanation ||
        got->explanation[length - 1] != '.' ||
        (got->explanation[0] >= 'a' && got->explanation[0] <= 'z'))
        fail_msg("not a sentence: '%s'", got->explanation);
    if (getenv("SHOW_EXPLANATIONS"))
        print_message("# %-11s %-14s %s\n", verdict_text(verdict), accept_rule_text(rule),
                      got->explanation);
}

static inline void expect_says(const struct answer *got, const char *words)
{
    if (!strstr(got->explanation, words))
        fail_msg("'%s' does not say '%s'", got->explanation, words);
}

/* ---- lists that come again and again ---- */

static const uint8_t home[4] = {192, 0, 2, 10};
#define HOME bytes_of(home, 4)

/* The usual CTL: two anchors, a server, CAPF. */
static inline struct held usual_ctl(const struct cast *c)
{
    const struct entry entries[] = {
        {&c->old, ROLE_SAST, false, "pub1", "192.0.2.10"},
        {&c->old, ROLE_CCM_TFTP, false, "pub1", "192.0.2.10"},
        {&c->other, ROLE_SAST, false, "", "192.0.2.10"},
        {&c->capf, ROLE_CAPF, false, "pub1", "192.0.2.10"},
        {NULL, END},
    };
    return hold(&(struct list_plan){TRUSTLIST_CTL, &c->old, entries});
}

static inline struct held usual_itl(const struct cast *c)
{
    const struct entry entries[] = {
        {&c->old, ROLE_SAST},        {&c->old, ROLE_TFTP},      {&c->other, ROLE_SAST},
        {&c->capf, ROLE_CAPF, true}, {&c->tvs, ROLE_TVS, true}, {NULL, END},
    };
    return hold(&(struct list_plan){TRUSTLIST_ITL, &c->old, entries});
}

/* As after "prepare cluster for rollback": anchors and CAPF alone. */
static inline struct held empty_itl(const struct cast *c)
{
    const struct entry entries[] = {
        {&c->old, ROLE_SAST}, {&c->capf, ROLE_CAPF, true}, {NULL, ROLE_TFTP}, {NULL, END}};
    return hold(&(struct list_plan){TRUSTLIST_ITL, &c->old, entries});
}

/* A list that names and is signed by `signer` alone. */
static inline struct bytes offered(const struct cast *c, enum trustlist_kind kind,
                                   const struct identity *signer, enum digest_code digest)
{
    const struct entry entries[] = {
        {signer, ROLE_SAST}, {signer, ROLE_TFTP}, {&c->tvs, ROLE_TVS, true}, {NULL, END}};
    return forge_list(&(struct list_plan){kind, signer, entries, digest});
}

static inline struct phone_trust phone(const char *model, const struct held *ctl,
                                       const struct held *itl)
{
    return (struct phone_trust){.model = model ? model_find(model) : model_unknown(),
                                .ctl = ctl ? ctl->list : NULL,
                                .itl = itl ? itl->list : NULL,
                                .server = HOME};
}

static inline void expect_list(const struct phone_trust *p, enum trustlist_kind kind,
                               struct bytes file, enum verdict verdict, enum accept_rule rule,
                               struct answer *out)
{
    struct answer answer;
    accept_list(&answer, p, kind, file);
    expect_answer(&answer, verdict, rule);
    if (out)
        *out = answer;
}

#define WITH_CAST(test) cmocka_unit_test_setup_teardown(test, cast_make, cast_drop)

#endif
