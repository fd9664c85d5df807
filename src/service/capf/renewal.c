#include "service/capf/renewal.h"

#include "base/clock.h"
#include "base/limit.h"
#include "base/log.h"
#include "base/text.h"
#include "signer/protocol.h"
#include "store/enrolment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_MS = 3600 * 1000,
    VALID_S = 7 * 86400,
    MARGIN_S = 3 * 86400, /* renewed so long before its end: who fetches it daily has a fresh one */
    SKEW_S = 3600,        /* clocks of those who check it */
    ISSUERS_MAX = 64,     /* CAPF certificates with LSCs that hold; the newest count */
};

/* A CAPF certificate of ours that has a list: the active one, and those before it as long as an
 * LSC of theirs could be believed by somebody. */
struct issuer {
    char subject[1024];
    char serial[CERTIFICATE_SERIAL];
};

struct renewal {
    struct loop *loop;
    struct store_async *store;
    struct signer_loop *signer;
    const char *node;
    struct loop_timer *timer;
    struct limit *complaints; /* about the same issuer: the store moves often */
    bool busy, again, stopped;
    /* for the store's thread while busy */
    struct why why;
    int64_t node_id;
    struct issuer *issuers;
    size_t issuer_count, at; /* and the one whose turn it is */
    bool due;
    struct store_crl crl;
    struct buffer serials; /* of the entries, one after the other */
    struct crl_entry *entries;
    size_t count, room;
};

static void next_issuer(struct renewal *r);

static void forget_list(struct renewal *r)
{
    free(r->entries);
    r->entries = NULL;
    r->count = r->room = 0;
    buffer_fini(&r->serials);
    store_crl_fini(&r->crl);
    r->crl = (struct store_crl){0};
    r->why = (struct why)WHY_NONE;
    r->due = false;
}

static void finish(struct renewal *r)
{
    forget_list(r);
    free(r->issuers);
    r->issuers = NULL;
    r->issuer_count = r->at = 0;
    r->busy = false;
    if (r->stopped)
        return;
    loop_timer_start(r->timer, LOOK_MS);
    if (r->again)
        renewal_look(r);
}

static void complain(struct renewal *r, int result, const char *words)
{
    const struct issuer *issuer = r->at < r->issuer_count ? &r->issuers[r->at] : NULL;
    const char *subject = issuer ? issuer->subject : "-";
    uint64_t before;
    if (limit_allows(r->complaints, bytes_of_string(issuer ? issuer->serial : "-"),
                     loop_now(r->loop), &before))
        log_event(LEVEL_ERROR, "event=crl_not_renewed issuer=\"%s\" reason=\"%s\"", subject,
                  words && *words ? words : why_text(&r->why, result));
}

/* One issuer's list is none of the next one's business: a key that is lost is its own. */
static void fail(struct renewal *r, int result, const char *words)
{
    complain(r, result, words);
    r->at++;
    next_issuer(r);
}

/* ---- in the store ---- */

static bool has_issuer(const struct renewal *r, const char *subject)
{
    for (size_t i = 0; i < r->issuer_count; i++)
        if (strcmp(r->issuers[i].subject, subject) == 0)
            return true;
    return false;
}

/* Active first, then the newest first: a name that comes again has its list already. */
static int note_issuer(void *context, const struct store_certificate *row)
{
    struct renewal *r = context;
    struct certificate *certificate = NULL;
    if (row->node != r->node_id || strcmp(row->name, KEY_CAPF) != 0 ||
        r->issuer_count == ISSUERS_MAX)
        return 0;
    int result = certificate_from_der(&certificate, buffer_bytes(&row->der), &r->why);
    if (result)
        return result;
    if (!has_issuer(r, certificate_subject(certificate))) {
        struct issuer *issuer = &r->issuers[r->issuer_count++];
        text_copy(issuer->subject, sizeof issuer->subject, certificate_subject(certificate));
        text_copy(issuer->serial, sizeof issuer->serial, row->serial);
    }
    certificate_free(certificate);
    return 0;
}

/* The active one has a list from its first day on. */
static int drop_idle(struct renewal *r, struct store *store, int64_t now)
{
    size_t kept = 1;
    for (size_t i = 1; i < r->issuer_count; i++) {
        bool left = false;
        int result = store_lsc_left(store, r->issuers[i].subject, now, &left);
        if (result)
            return result;
        if (left && kept++ != i)
            r->issuers[kept - 1] = r->issuers[i];
    }
    r->issuer_count = kept;
    return 0;
}

static int gather_run(void *context, struct store *store)
{
    struct renewal *r = context;
    struct store_node node;
    r->issuers = calloc(ISSUERS_MAX, sizeof *r->issuers);
    if (!r->issuers)
        return -ENOMEM;
    int result = store_node_get(store, r->node, &node);
    r->node_id = result == 0 ? node.id : 0;
    if (result == 0)
        result = store_certificates(store, note_issuer, r);
    if (result == 0 && r->issuer_count == 0)
        result = why_error(&r->why, ERR_NOT_FOUND, "this node has no CAPF certificate");
    return result ? result : drop_idle(r, store, clock_wall());
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
    r->entries[r->count++] = (struct crl_entry){
        .serial = {.size = size}, .revoked = revoked->time, .reason = revoked->reason};
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
    const struct issuer *issuer = &r->issuers[r->at];
    int64_t now = clock_wall();
    text_copy(r->crl.issuer, sizeof r->crl.issuer, issuer->subject);
    text_copy(r->crl.issuer_serial, sizeof r->crl.issuer_serial, issuer->serial);
    int result = store_crl_due(store, r->crl.issuer, r->crl.issuer_serial, now, MARGIN_S, &r->due,
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
        log_event(LEVEL_NOTICE, "event=crl_published issuer=\"%s\" number=%lld revoked=%zu",
                  r->crl.issuer, (long long)r->crl.number, r->count);
    r->at++;
    next_issuer(r);
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
    if (result) {
        fail(r, result, NULL);
        return;
    }
    if (!r->due || r->stopped) {
        r->at++;
        next_issuer(r);
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

/* Fails no deeper than there are issuers. */
static void next_issuer(struct renewal *r)
{
    if (r->at >= r->issuer_count || r->stopped) {
        finish(r);
        return;
    }
    forget_list(r);
    buffer_init(&r->serials, CRL_DER_MAX);
    int result = store_async_do(r->store, look_run, looked, r);
    if (result)
        fail(r, result, NULL);
}

static void gathered(void *context, int result)
{
    struct renewal *r = context;
    if (result) {
        r->at = r->issuer_count;
        complain(r, result, NULL);
    }
    next_issuer(r);
}

void renewal_look(struct renewal *r)
{
    r->again = r->busy;
    if (r->busy || r->stopped)
        return;
    r->busy = true;
    int result = store_async_do(r->store, gather_run, gathered, r);
    if (result)
        gathered(r, result);
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
    int result = limit_new(&r->complaints, ISSUERS_MAX, 1, LOOK_MS);
    if (result == 0)
        result = loop_timer_new(&r->timer, loop, hour_is_over, r);
    if (result) {
        limit_free(r->complaints);
        free(r);
        return result;
    }
    *out = r;
    return 0;
}

void renewal_stop(struct renewal *r)
{
    r->stopped = true;
    loop_timer_stop(r->timer);
}

void renewal_free(struct renewal *r)
{
    if (!r)
        return;
    forget_list(r);
    free(r->issuers);
    limit_free(r->complaints);
    loop_timer_free(r->timer);
    free(r);
}
