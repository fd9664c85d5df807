#include "signer/own_tls.h"

#include "signer/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_MAX = 8 };

struct own_tls {
    struct own_tls_setup setup;
    struct store_certificate row; /* for the store's thread while `asking` */
    bool asking, again;
    char made[CERTIFICATE_SERIAL]; /* of the certificate given out last */
};

int own_tls_new(struct own_tls **out, const struct own_tls_setup *setup)
{
    struct own_tls *o = calloc(1, sizeof *o);
    if (!o)
        return -ENOMEM;
    o->setup = *setup;
    *out = o;
    return 0;
}

void own_tls_free(struct own_tls *o)
{
    if (!o)
        return;
    store_certificate_fini(&o->row);
    free(o);
}

static int make_context(struct own_tls *o, struct tls_context **out, struct bytes pem,
                        struct why *why)
{
    struct certificate *chain[CHAIN_MAX] = {NULL};
    struct identity identity = {0};
    size_t count = 0;
    int result = identity_from_pem(&identity, pem, why);
    if (result == 0 && o->row.chain.size)
        result = certificates_from_file_bytes(chain, CHAIN_MAX, &count, buffer_bytes(&o->row.chain),
                                              why);
    if (result == 0) {
        const struct tls_server_setup setup = {.profile = o->setup.profile,
                                               .null_cipher = o->setup.null_cipher &&
                                                              o->setup.profile == TLS_PHONE_LEGACY,
                                               .identity = &identity,
                                               .chain = chain,
                                               .chain_count = count,
                                               .client_certificate = o->setup.client_certificate};
        result = tls_server_context_new(out, &setup, why);
    }
    for (size_t i = 0; i < count; i++)
        certificate_free(chain[i]);
    identity_fini(&identity);
    return result;
}

static void settle(struct own_tls *o, int result, const struct why *why)
{
    bool again = o->again;
    o->asking = o->again = false;
    if (result)
        o->setup.failed(o->setup.context, why_text(why, result));
    if (again)
        own_tls_ask(o);
}

static void on_identity(void *context, int result, struct bytes pem, const char *words)
{
    struct own_tls *o = context;
    struct tls_context *tls = NULL;
    struct why why = WHY_NONE;
    if (result)
        why_error(&why, result, "the key of the certificate %s cannot be had: %s", o->setup.name,
                  words && *words ? words : error_text(result));
    else
        result = make_context(o, &tls, pem, &why);
    if (result == 0) {
        text_copy(o->made, sizeof o->made, o->row.serial);
        o->setup.made(o->setup.context, tls, &o->row);
    }
    tls_context_free(tls);
    settle(o, result, &why);
}

static int read_row(void *context, struct store *store)
{
    struct own_tls *o = context;
    struct store_node node;
    store_certificate_fini(&o->row);
    o->row = (struct store_certificate){.id = 0};
    int result = store_node_get(store, o->setup.node, &node);
    return result ? result : store_certificate_active(store, node.id, o->setup.name, &o->row);
}

static void row_read(void *context, int result)
{
    struct own_tls *o = context;
    struct why why = WHY_NONE;
    if (result == 0 && strcmp(o->row.serial, o->made) == 0) {
        settle(o, 0, &why);
        return;
    }
    if (result == 0)
        result =
            signer_loop_identity(o->setup.signer, o->setup.name, o->row.serial, on_identity, o);
    if (result == 0)
        return;
    why_error(&why, result, "the certificate %s cannot be read: %s", o->setup.name,
              error_text(result));
    settle(o, result, &why);
}

void own_tls_ask(struct own_tls *o)
{
    o->again = o->asking;
    if (o->asking)
        return;
    o->asking = true;
    int result = store_async_do(o->setup.store, read_row, row_read, o);
    if (result)
        row_read(o, result);
}

void own_tls_set_profile(struct own_tls *o, enum tls_profile profile)
{
    if (profile == o->setup.profile)
        return;
    o->setup.profile = profile;
    o->made[0] = '\0';
    own_tls_ask(o);
}
