#include "service/capf/renewal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "signer/protocol.h"
#include "store/enrolment.h"

#include <errno.h>
#include <stdlib.h>

enum {
    LOOK_MS = 3600 * 1000,
    VALID_S = 7 * 86400,
    MARGIN_S = 3 * 86400, /* renewed so long before its end: who fetches it daily has a fresh one */
    SKEW_S = 3600,        /* clocks of those who check it */
};

struct renewal {
    struct loop *loop;
    struct store_async *store;
    struct signer_loop *signer;
    const char *node;
    struct loop_timer *timer;
    bool busy, again;
    /* for the store's thread while busy */
    struct why why;
    bool due;
    struct store_crl crl;
    struct buffer serials; /* of the entries, one after the other */
    struct crl_entry *entries;
    size_t count, room;
};

static void finish(struct renewal *r)
{
    free(r->entries);
    r->entries = NULL;
    r->count = r->room = 0;
    buffer_fini(&r->serials);
    store_crl_fini(&r->crl);
    r->crl = (struct store_crl){0};
    r->busy = false;
    loop_timer_start(r->timer, LOOK_MS);
    if (r->again)
        renewal_look(r);
}

static void fail(struct renewal *r, int result, const char *words)
{
    log_event(LEVEL_ERROR, "event=crl_not_renewed reason=\"%s\"",
              words && *words ? words : why_text(&r->why, result));
    finish(r);
}

/* ---- in the store ---- */

static int find_issuer(struct renewal *r, struct store *store)
{
    struct store_node node;
    struct store_certificate row;
    struct certificate *certificate = NULL;
    int result = store_node_get(store, r->node, &node);
    if (result == 0)
        result = store_certificate_active(store, node.id, KEY_CAPF, &row);
    if (result)
        return result;
    result = certificate_from_der(&certificate, buffer_bytes(&row.der), &r->why);
    if (result == 0) {
        text_copy(r->crl.issuer, sizeof r->crl.issuer, certificate_subject(certificate));
        text_copy(r->crl.issuer_serial, sizeof r->crl.issuer_serial, row.serial);
    }
    certificate_free(certificate);
    store_certificate_fini(&row);
    return result;
}

/* The serial's bytes move while the buffer grows: entries get offsets first. */
static int note_revoked(void *context, const struct store_revoked *revoked)
{
    struct renewal *r = context;
    uint8_t serial[SERIAL_MAX];
    size_t size = 0;
    if (text_unhex(revoked->serial, serial, sizeof serial, &size) != 0)
        return why_error(&r->why, ERR_FORMAT, "serial number %s of a revoked LSC", revoked->serial);
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        struct crl_entry *grown = realloc(r->entries, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        r->entries = grown;
        r->room = room;
    }
    r->entries[r->count++] = (struct crl_entry){.serial = {.size = size}, .revoked = revoked->time};
    buffer_append(&r->serials, bytes_of(serial, size));
    return r->serials.error;
}

static void point_at_serials(struct renewal *r)
{
    size_t at = 0;
    for (size_t i = 0; i < r->count; i++) {
        r->entries[i].serial =
            bytes_slice(buffer_bytes(&r->serials), at, r->entries[i].serial.size);
        at += r->entries[i].serial.size;
    }
}

static int look_run(void *context, struct store *store)
{
    struct renewal *r = context;
    int64_t now = clock_wall();
    int result = find_issuer(r, store);
    if (result == 0)
        result = store_crl_due(store, r->crl.issuer, r->crl.issuer_serial, now, MARGIN_S, &r->due,
                               &r->crl.number);
    if (result || !r->due)
        return result;
    r->crl.this_update = now - SKEW_S;
    r->crl.next_update = now + VALID_S;
    result = store_revocations(store, r->crl.issuer, now, note_revoked, r, &r->crl.through);
    point_at_serials(r);
    return result;
}

static int publish_run(void *context, struct store *store)
{
    struct renewal *r = context;
    return store_crl_publish(store, &r->crl, &r->why);
}

/* ---- on the loop ---- */

static void published(void *context, int result)
{
    struct renewal *r = context;
    if (result && result != ERR_CONFLICT) {
        fail(r, result, NULL);
        return;
    }
    if (result == 0)
        log_event(LEVEL_NOTICE, "event=crl_published number=%lld revoked=%zu",
                  (long long)r->crl.number, r->count);
    finish(r);
}

static void signed_done(void *context, int result, struct bytes der, const char *words)
{
    struct renewal *r = context;
    if (result == 0) {
        buffer_init(&r->crl.der, CRL_DER_MAX);
        buffer_append(&r->crl.der, der);
        result = r->crl.der.error;
    }
    if (result == 0)
        result = store_async_do(r->store, publish_run, published, r);
    if (result)
        fail(r, result, words);
}

static void looked(void *context, int result)
{
    struct renewal *r = context;
    if (result || !r->due) {
        if (result)
            fail(r, result, NULL);
        else
            finish(r);
        return;
    }
    const struct signer_crl crl = {.issuer = r->crl.issuer_serial,
                                   .number = (uint64_t)r->crl.number,
                                   .this_update = r->crl.this_update,
                                   .next_update = r->crl.next_update,
                                   .entries = r->entries,
                                   .count = r->count};
    result = signer_loop_crl(r->signer, &crl, signed_done, r);
    if (result)
        fail(r, result, NULL);
}

void renewal_look(struct renewal *r)
{
    r->again = r->busy;
    if (r->busy)
        return;
    r->busy = true;
    r->due = false;
    r->why = (struct why)WHY_NONE;
    buffer_init(&r->serials, CRL_DER_MAX);
    int result = store_async_do(r->store, look_run, looked, r);
    if (result)
        fail(r, result, NULL);
}

static void hour_is_over(void *context)
{
    renewal_look(context);
}

int renewal_new(struct renewal **out, struct loop *loop, struct store_async *store,
                struct signer_loop *signer, const char *node)
{
    struct renewal *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    *r = (struct renewal){.loop = loop, .store = store, .signer = signer, .node = node};
    int result = loop_timer_new(&r->timer, loop, hour_is_over, r);
    if (result) {
        free(r);
        return result;
    }
    *out = r;
    return 0;
}

void renewal_free(struct renewal *r)
{
    if (!r)
        return;
    free(r->entries);
    buffer_fini(&r->serials);
    store_crl_fini(&r->crl);
    loop_timer_free(r->timer);
    free(r);
}
