#include "service/tvs/visit.h"

#include "base/text.h"
#include "pki/certificate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct visit {
    struct office *office;
    struct visit *next, **link;
    struct tls_connection *connection; /* NULL: it has gone */
    struct tvs_session *session;
    struct address peer;
    uint64_t number;
    char device[DEVICE_NAME]; /* as it said last; "" when it was no name of a phone */
    bool traced;              /* what it says now */
    bool stepping;
    bool closing; /* tls_close() was called */
    bool waits;   /* for the store */
    /* what the store's thread works on while it `waits` */
    char purpose[TRUST_PURPOSE];
    uint8_t sha256[SHA256_SIZE];
    struct buffer der;
};

static void go_on(struct visit *v);

static struct speaker speaker_of(const struct visit *v)
{
    return (struct speaker){v->number, v->device, &v->peer, v->traced};
}

static void visit_free(struct visit *v)
{
    *v->link = v->next;
    if (v->next)
        v->next->link = v->link;
    tls_free(v->connection);
    tvs_session_free(v->session);
    buffer_fini(&v->der);
    free(v);
}

/* ---- a certificate of the trust stores ---- */

static int fetch_run(void *context, struct store *store)
{
    struct visit *v = context;
    char sha256[LIST_HASH];
    text_hex(sha256, sizeof sha256, bytes_of(v->sha256, sizeof v->sha256), false, 0);
    return store_trust_der(store, v->purpose, sha256, &v->der);
}

static void fetch_done(void *context, int result)
{
    struct visit *v = context;
    struct speaker speaker = speaker_of(v);
    v->waits = false;
    if (result == 0)
        recent_put(&v->office->recent, v->sha256, buffer_bytes(&v->der));
    else if (result != ERR_NOT_FOUND) /* taken away a moment ago */
        tvs_journal_event(v->office->journal, LEVEL_ERROR, "tvs_store_failed", &speaker,
                          error_text(result));
    tvs_session_fetched(v->session, result ? bytes_of(NULL, 0) : buffer_bytes(&v->der));
    go_on(v);
}

static void fetch(struct visit *v, const struct finding *found)
{
    struct bytes recent = recent_get(&v->office->recent, found->sha256);
    if (recent.size) {
        tvs_session_fetched(v->session, recent);
        return;
    }
    v->office->counts.fetched++;
    v->waits = true;
    text_copy(v->purpose, sizeof v->purpose, found->purpose);
    memcpy(v->sha256, found->sha256, sizeof v->sha256);
    buffer_clear(&v->der);
    int result = store_async_do(v->office->store, fetch_run, fetch_done, v);
    if (result)
        fetch_done(v, result);
}

/* ---- steps ---- */

/* The name of a phone at its end: "CP-8861-SEP...", or the name alone. */
static void take_device(struct visit *v, const struct tvs_message *request)
{
    struct bytes name = request->device_name;
    struct bytes tail = name;
    v->device[0] = '\0';
    if (name.size > DEVICE_NAME_LENGTH)
        tail = bytes_slice(name, name.size - DEVICE_NAME_LENGTH, DEVICE_NAME_LENGTH);
    bool whole = tail.size == name.size;
    if ((whole || name.data[name.size - DEVICE_NAME_LENGTH - 1] == '-') &&
        !text_device_name(tail, v->device))
        v->device[0] = '\0';
}

static void count(struct tvs_counts *counts, const struct tvs_step *step)
{
    if (step->sent) {
        counts->queries += step->sent == TVS_QUERY_CERT_RES;
        counts->verifications += step->sent == TVS_CERT_VERIFICATION_RES;
        counts->trusted += step->trusted;
        counts->not_trusted += !step->trusted;
    }
    counts->refused += step->close;
}

/* Of a certificate found, or its name alone. */
static void observe(struct visit *v, const struct tvs_step *step)
{
    const struct search *search = step->search;
    char name[TRUST_FILE];
    bool found = search->database || search->ctl;
    struct bytes shown = search->by_name ? step->request->subject : search->found.issuer;
    text_escape(name, sizeof name, shown);
    observer_note(v->office->observer,
                  &(struct observed){.peer = &v->peer,
                                     .device = v->device,
                                     .file = name,
                                     .hash = found ? search->found.sha256 : NULL,
                                     .size = step->trusted ? search->found.ttl : 0,
                                     .kind = OBSERVED_TVS,
                                     .transport = TRANSPORT_TVS,
                                     .complete = step->trusted});
}

static void take_step(struct visit *v, const struct tvs_step *step)
{
    if (step->received) {
        take_device(v, step->request);
        v->traced = tvs_journal_traces(v->office->journal, &v->peer);
    }
    struct speaker speaker = speaker_of(v);
    tvs_journal_step(v->office->journal, &speaker, step);
    count(&v->office->counts, step);
    if (step->sent && v->connection)
        observe(v, step);
    if (step->send.size && v->connection && !v->closing) {
        int result = tls_write(v->connection, step->send);
        if (result)
            tvs_journal_event(v->office->journal, LEVEL_WARNING, "tvs_not_sent", &speaker,
                              error_text(result));
        tls_set_deadline(v->connection, v->office->request_ms, "no whole request in time");
    }
    if (step->close && v->connection && !v->closing) {
        v->closing = true;
        tls_close(v->connection);
    }
    if (step->fetch)
        fetch(v, &step->search->found);
}

/* Answers may come while a question is being asked; they are taken up by the outermost call. */
static void go_on(struct visit *v)
{
    struct tvs_step step;
    if (v->stepping)
        return;
    v->stepping = true;
    while (tvs_session_step(v->session, &v->office->shelves, &step))
        take_step(v, &step);
    v->stepping = false;
    if (!v->connection && !v->waits)
        visit_free(v);
    else if (v->connection && !v->closing)
        tls_pause(v->connection, v->waits);
}

static void on_received(void *context, struct bytes data)
{
    struct visit *v = context;
    if (tvs_session_input(v->session, data) != 0) {
        struct speaker speaker = speaker_of(v);
        v->office->counts.refused++;
        tvs_journal_event(v->office->journal, LEVEL_WARNING, "tvs_refused", &speaker,
                          "it says more at once than a phone does");
        v->closing = true;
        tls_close(v->connection);
        return;
    }
    go_on(v);
}

static void on_closed(void *context, const struct tls_end *end)
{
    struct visit *v = context;
    struct speaker speaker = speaker_of(v);
    if (!v->closing && end->kind != TLS_END_CLOSED)
        tvs_journal_event(v->office->journal, LEVEL_INFO, "tvs_connection_ended", &speaker,
                          end->text);
    tls_free(v->connection);
    v->connection = NULL;
    if (!v->waits && !v->stepping)
        visit_free(v);
}

void tvs_visit_begin(struct office *office, struct tls_connection *connection)
{
    const struct tls_events events = {.received = on_received, .closed = on_closed};
    struct visit *v = calloc(1, sizeof *v);
    int result = v ? tvs_session_new(&v->session) : -ENOMEM;
    if (result) {
        free(v);
        tls_free(connection);
        return;
    }
    v->office = office;
    v->number = ++office->number;
    v->peer = *tls_peer(connection);
    v->connection = connection;
    buffer_init(&v->der, CERTIFICATE_DER_MAX);
    v->link = &office->first;
    v->next = office->first;
    if (v->next)
        v->next->link = &v->next;
    office->first = v;
    tls_set_events(connection, &events, v);
    tls_set_deadline(connection, office->request_ms, "no whole request in time");
    v->traced = tvs_journal_traces(office->journal, &v->peer);
    struct speaker speaker = speaker_of(v);
    tvs_journal_arrived(office->journal, &speaker, connection);
}

void tvs_visits_cut(struct office *office)
{
    struct visit *next;
    for (struct visit *v = office->first; v; v = next) {
        next = v->next;
        tls_free(v->connection);
        v->connection = NULL;
        if (!v->waits)
            visit_free(v);
    }
}

void tvs_visits_free(struct office *office)
{
    while (office->first)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is freed leaves the list */
        visit_free(office->first);
}
