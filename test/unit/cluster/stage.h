/*
 * stage: a store with a node, a group, a profile and identities, for tests about what phones hold.
 */
#ifndef TEST_UNIT_CLUSTER_STAGE_H
#define TEST_UNIT_CLUSTER_STAGE_H

#include "support.h"

#include "base/file.h"
#include "cluster/scene.h"
#include "pki/signedfile.h"

#include <stdio.h>
#include <string.h>

static char dir[1024];
static struct store *store;
static struct identity one, two, three;  /* anchors */
static struct identity tvs, another_tvs; /* what TVS shows */

static inline void run_tvs(bool runs)
{
    struct store_node node;
    const struct store_service service = {
        .name = SERVICE_TVS, .activated = true, .wanted = runs, .state = "STARTED"};
    assert_int_equal(store_node_get(store, "n1", &node), 0);
    assert_int_equal(store_service_put(store, node.id, &service, NULL), 0);
}

static inline int enter(void **state)
{
    (void)state;
    char path[FILE_PATH];
    temporary_make(dir);
    assert_int_equal(file_path(path, dir, "t.db"), 0);
    assert_int_equal(store_open(&store, path, STORE_CREATE, NULL), 0);
    struct store_node node = {.name = "n1", .address = "192.0.2.10", .publisher = true};
    assert_int_equal(store_node_add(store, &node, NULL), 0);
    assert_int_equal(store_node_get(store, "n1", &node), 0);
    struct store_group group = {.name = "Default", .count = 1, .members = {node}};
    assert_int_equal(store_group_put(store, &group, NULL), 0);
    struct store_pool pool = {.name = "Default", .group = "Default", .date_template = "D/M/Y"};
    assert_int_equal(store_pool_put(store, &pool, NULL), 0);
    struct store_profile profile = {.name = "p",
                                    .model = "any",
                                    .mode = MODE_ENCRYPTED,
                                    .capf_auth = CAPF_AUTH_STRING,
                                    .key_size = 2048};
    assert_int_equal(store_profile_add(store, &profile, NULL), 0);
    assert_int_equal(identity_load(&one, vector_path("pool/rsa1024.pem"), NULL), 0);
    assert_int_equal(identity_load(&two, vector_path("pool/rsa2048.pem"), NULL), 0);
    assert_int_equal(identity_load(&three, vector_path("pool/rsa2048-2.pem"), NULL), 0);
    assert_int_equal(identity_load(&tvs, vector_path("pool/rsa2048-3.pem"), NULL), 0);
    assert_int_equal(identity_load(&another_tvs, vector_path("pool/rsa2048-4.pem"), NULL), 0);
    run_tvs(true);
    return 0;
}

static inline int leave(void **state)
{
    (void)state;
    store_close(store);
    identity_fini(&one);
    identity_fini(&two);
    identity_fini(&three);
    identity_fini(&tvs);
    identity_fini(&another_tvs);
    temporary_remove(dir);
    return 0;
}

struct stage_list {
    const struct identity *anchors[2], *server, *tvs, *signer;
};

/* The server is at 192.0.2.10; no TVS when that is NULL. */
static inline void make_any_list(struct buffer *out, enum list_kind kind,
                                 const struct stage_list *list)
{
    struct buffer body;
    static const uint8_t address[4] = {192, 0, 2, 10};
    buffer_init(&body, 65536);
    buffer_init(out, 65536);
    for (size_t i = 0; i < 2; i++) {
        struct trustlist_record r = record_of_certificate(list->anchors[i]->certificate, ROLE_SAST,
                                                          RECORD_FULL, "n1", bytes_of(address, 4));
        assert_int_equal(record_write(&body, &r, NULL), 0);
    }
    struct trustlist_record r = record_of_certificate(list->server->certificate, ROLE_CCM_TFTP,
                                                      RECORD_FULL, "n1", bytes_of(address, 4));
    assert_int_equal(record_write(&body, &r, NULL), 0);
    if (list->tvs) {
        r = record_of_certificate(list->tvs->certificate, ROLE_TVS, RECORD_HASHED, NULL,
                                  bytes_of(NULL, 0));
        assert_int_equal(record_write(&body, &r, NULL), 0);
    }
    struct envelope_spec spec = {
        .version_major = 1,
        .version_minor = 2,
        .digest = DIGEST_SHA1,
        .filename = bytes_of_string(kind == LIST_CTL ? "CTLFile.tlv" : "ITLFile.tlv"),
        .has_timestamp = true,
        .timestamp = 1704067200};
    assert_int_equal(signedfile_write(out, &spec, list->signer, buffer_bytes(&body), NULL), 0);
    buffer_fini(&body);
}

/* `a` is the server, too, and signs it; `b` is the other anchor. */
static inline void make_list_with(struct buffer *out, enum list_kind kind, const struct identity *a,
                                  const struct identity *b, const struct identity *shown)
{
    make_any_list(out, kind, &(struct stage_list){{a, b}, a, shown, a});
}

static inline void make_list(struct buffer *out, enum list_kind kind, const struct identity *a,
                             const struct identity *b)
{
    make_list_with(out, kind, a, b, NULL);
}

static inline void add_phone(const char *name, const char *model)
{
    struct store_device d = {.pool = "Default", .profile = "p"};
    snprintf(d.name, sizeof d.name, "%s", name);
    snprintf(d.model, sizeof d.model, "%s", model);
    assert_int_equal(store_device_add(store, &d, NULL), 0);
}

#define SERVED 1704067200 /* when lists are, unless it is said */

static inline void serve_at(const char *device, enum list_kind kind, const struct buffer *list,
                            int64_t time)
{
    struct store_observation o = {
        .time = time, .kind = OBSERVED_LIST, .transport = TRANSPORT_TFTP, .complete = true};
    snprintf(o.device, sizeof o.device, "%s", device);
    snprintf(o.address, sizeof o.address, "192.0.2.77");
    snprintf(o.file, sizeof o.file, "%sFile.tlv", kind == LIST_CTL ? "CTL" : "ITL");
    o.size = list->size;
    assert_int_equal(store_list_publish(store, kind, buffer_bytes(list), o.hash, NULL), 0);
    assert_int_equal(store_observe(store, &o, 1, NULL), 0);
}

static inline void serve(const char *device, enum list_kind kind, const struct buffer *list)
{
    serve_at(device, kind, list, SERVED);
}

#endif
