#include "service/tvs/journal.h"

#include "base/limit.h"
#include "base/text.h"
#include "pki/certificate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEERS = 1024,
    LINES_A_PEER = 10, /* events */
    TRACED_A_PEER = 120,
    WINDOW_MS = 60000,
    NAME_SHOWN = 2 * TVS_NAME_MAX,
    SERIAL_SHOWN = 2 * TVS_SERIAL_MAX + 1,
};

struct tvs_journal {
    struct loop *loop;
    struct trace *trace;
    struct limit *limit;  /* of events */
    struct limit *traced; /* of connections and questions */
};

int tvs_journal_new(struct tvs_journal **out, struct loop *loop, const char *directory,
                    size_t log_size, unsigned log_keep, struct why *why)
{
    struct tvs_journal *j = calloc(1, sizeof *j);
    if (!j)
        return -ENOMEM;
    j->loop = loop;
    int result = limit_new(&j->limit, PEERS, LINES_A_PEER, WINDOW_MS);
    if (result == 0)
        result = limit_new(&j->traced, PEERS, TRACED_A_PEER, WINDOW_MS);
    if (result == 0 && directory)
        result = trace_open(&j->trace, directory, "tvs.log", " | debug ", log_size, log_keep, why);
    if (result) {
        tvs_journal_free(j);
        return result;
    }
    *out = j;
    return 0;
}

void tvs_journal_free(struct tvs_journal *j)
{
    if (!j)
        return;
    trace_close(j->trace);
    limit_free(j->limit);
    limit_free(j->traced);
    free(j);
}

static const char *name_of(const struct speaker *s)
{
    return s->device && s->device[0] ? s->device : "UNKNOWN";
}

/* ---- limits ---- */

bool tvs_journal_traces(struct tvs_journal *j, const struct address *peer)
{
    uint64_t before;
    char host[ADDRESS_TEXT];
    if (!j->trace || !limit_allows(j->traced, address_bytes(peer), loop_now(j->loop), &before))
        return false;
    if (before)
        trace_line(j->trace, "%s: %llu connections and messages were not traced",
                   address_host(host, peer), (unsigned long long)before);
    return true;
}

static const char *leftover_host(char host[ADDRESS_TEXT], struct bytes peer)
{
    struct address a = {0};
    a.any.sa_family = peer.size == 4 ? AF_INET : AF_INET6;
    if (peer.size == 4)
        memcpy(&a.v4.sin_addr, peer.data, 4);
    else if (peer.size == 16)
        memcpy(&a.v6.sin6_addr, peer.data, 16);
    return address_host(host, &a);
}

void tvs_journal_settle(struct tvs_journal *j)
{
    struct bytes peer;
    uint64_t count;
    char host[ADDRESS_TEXT];
    while (limit_leftover(j->limit, loop_now(j->loop), &peer, &count))
        log_event(LEVEL_NOTICE, "event=tvs_lines_suppressed peer=%s count=%llu",
                  leftover_host(host, peer), (unsigned long long)count);
    while (limit_leftover(j->traced, loop_now(j->loop), &peer, &count))
        if (j->trace)
            trace_line(j->trace, "%s: %llu connections and messages were not traced",
                       leftover_host(host, peer), (unsigned long long)count);
}

/* ---- connections ---- */

void tvs_journal_arrived(struct tvs_journal *j, const struct speaker *s,
                         const struct tls_connection *c)
{
    char host[ADDRESS_TEXT];
    unsigned long long number = (unsigned long long)s->number;
    if (!s->traced)
        return;
    /* CUCM names a descriptor here; ours is the connection's number, which tells them apart. */
    trace_line(j->trace, "%llu:%s:Got a new ph conn %s on %llu, Total Acc = %llu..", number,
               name_of(s), address_host(host, s->peer), number, number);
    trace_line(j->trace, "%s: tvsSSLHandShake Session ciphers - %s", host, tls_cipher(c));
    trace_line(j->trace, "TLS HS Done for ph_conn");
}

void tvs_journal_handshake_failed(struct tvs_journal *j, const struct address *peer,
                                  const struct tls_end *end)
{
    const struct speaker nobody = {.peer = peer};
    char host[ADDRESS_TEXT];
    if (tvs_journal_traces(j, peer))
        trace_line(j->trace, "%s: tvsSSLHandShake failed: %s", address_host(host, peer), end->text);
    tvs_journal_event(j, LEVEL_WARNING, "tvs_handshake_failed", &nobody, end->text);
}

/* ---- requests ---- */

static void line_request(struct tvs_journal *j, const struct speaker *s,
                         const struct tvs_step *step)
{
    unsigned long long number = (unsigned long long)s->number;
    trace_line(j->trace, "%llu:%s:Incoming Phone Msg:", number, name_of(s));
    trace_line(j->trace, "tvsPhoneDecodeMsg - Decoded Phone Msg:");
    trace_line(j->trace, "Protocol Discriminator: %x", TVS_PROTOCOL_ID);
    trace_line(j->trace, "MsgType : %s", tvs_message_name(step->request->command));
    trace_line(j->trace, "Session Id : %lu", (unsigned long)step->request->session);
    trace_line(j->trace, "Length : %zu", step->length);
    trace_line(j->trace, "%llu:%s:TVS CORE: Rcvd Event: %s in State: %s", number, name_of(s),
               tvs_event_name(step->request->command), step->state);
}

static void line_cache(struct tvs_journal *j, const char *cache, const char *key, bool with_length,
                       const struct finding *found)
{
    if (with_length)
        trace_line(j->trace,
                   "%s::getCertificateInformation - Looking up the certificate cache using Unique "
                   "MAP ID : %s, len : %zu",
                   cache, key, strlen(key));
    else
        trace_line(j->trace,
                   "%s::getCertificateInformation - Looking up the certificate cache using Unique "
                   "MAP ID : %s",
                   cache, key);
    if (!found) {
        trace_line(j->trace,
                   "ERROR:%s::getCertificateInformation - Cannot find the certificate in the cache",
                   cache);
        return;
    }
    trace_line(j->trace, "%s::getCertificateInformation - Found entry {rolecount : %zu}", cache,
               found->roles.size);
    for (size_t i = 0; i < found->roles.size; i++)
        trace_line(j->trace, "%s::getCertificateInformation - {role : %u}", cache,
                   found->roles.data[i]);
}

/* The database's first, and the CTL's when that does not know it. */
static void line_caches(struct tvs_journal *j, const struct search *search, const char *serial,
                        const char *issuer)
{
    char key[SERIAL_SHOWN + NAME_SHOWN];
    text_format(key, sizeof key, "%s%s", serial, issuer);
    line_cache(j, "CertificateDBCache", key, false, search->database ? &search->found : NULL);
    if (!search->database)
        line_cache(j, "CertificateCTLCache", key, true, search->ctl ? &search->found : NULL);
}

static void line_query(struct tvs_journal *j, const struct tvs_step *step)
{
    const struct tvs_message *m = step->request;
    char subject[NAME_SHOWN];
    char issuer[NAME_SHOWN];
    char serial[SERIAL_SHOWN];
    text_escape(subject, sizeof subject, m->subject);
    text_escape(issuer, sizeof issuer, m->issuer);
    text_hex(serial, sizeof serial, m->serial, true, 0);
    trace_line(j->trace, "tvsHandleQueryCertReq");
    trace_line(j->trace, "tvsHandleQueryCertReq : Subject Name is: %s", subject);
    trace_line(j->trace, "tvsHandleQueryCertReq : Issuer Name is: %s", issuer);
    if (step->search->etoken) {
        trace_line(j->trace, "tvsHandleQueryCertReq :subjectName and issuerName matches for eToken "
                             "certificate");
        trace_line(j->trace, "tvsHandleQueryCertReq : SAST Issuer Name  is: %s", issuer);
        trace_line(j->trace, "tvsHandleQueryCertReq : This is SAST eToken cert");
    }
    trace_line(j->trace, "tvsHandleQueryCertReq : Serial Number is: %s", serial);
    line_caches(j, step->search, serial, issuer);
}

/* What was found tells its names; what was not is only worth parsing for the event. */
static void line_verification(struct tvs_journal *j, const struct tvs_step *step)
{
    const struct search *search = step->search;
    char issuer[NAME_SHOWN];
    char serial[SERIAL_SHOWN];
    trace_line(j->trace, "tvsHandleCertVerificationReq");
    if (!search->database && !search->ctl) {
        trace_line(j->trace, "getCertificateInformation(cert) : certificate not found");
        return;
    }
    text_escape(issuer, sizeof issuer, search->found.issuer);
    text_hex(serial, sizeof serial, search->found.serial, true, 0);
    trace_line(j->trace, "tvsGetIssuerNameFromX509 - issuerName : %s and Length: %zu", issuer,
               search->found.issuer.size);
    trace_line(j->trace, "tvsGetSerialNumberFromX509 - serialNumber : %s and Length: %zu", serial,
               search->found.serial.size);
    line_caches(j, search, serial, issuer);
    trace_line(j->trace, "Certificate compare return =0");
    trace_line(j->trace, "Certificate found and equal");
}

static void trace_step(struct tvs_journal *j, const struct speaker *s, const struct tvs_step *step)
{
    if (step->received)
        line_request(j, s, step);
    if (step->received && step->search)
        (step->search->by_name ? line_query : line_verification)(j, step);
    if (!step->sent)
        return;
    if (step->sent == TVS_QUERY_CERT_RES)
        trace_line(j->trace, "tvsHandleQueryCertReq: Timer started from tvsHandleNewPhConnection");
    trace_line(j->trace, "%llu:%s:Sending %s msg", (unsigned long long)s->number, name_of(s),
               step->sent == TVS_QUERY_CERT_RES ? "QUERY_CERT_RES" : "CERT_VERIF_RES");
}

/* ---- events ---- */

/* May a line about this peer be said? What was kept back before it is appended. */
static bool may_say(struct tvs_journal *j, enum log_level level, const struct speaker *s,
                    char more[48])
{
    uint64_t suppressed;
    more[0] = '\0';
    if (!log_says(level) ||
        !limit_allows(j->limit, address_bytes(s->peer), loop_now(j->loop), &suppressed))
        return false;
    if (suppressed)
        text_format(more, 48, " suppressed=%llu", (unsigned long long)suppressed);
    return true;
}

void tvs_journal_event(struct tvs_journal *j, enum log_level level, const char *event,
                       const struct speaker *s, const char *reason)
{
    char text[ADDRESS_TEXT];
    char words[400];
    char more[48];
    if (may_say(j, level, s, more))
        log_event(level, "event=%s device=%s peer=%s reason=%s%s", event, name_of(s),
                  address_text(text, s->peer),
                  text_value(words, sizeof words, bytes_of_string(reason ? reason : "")), more);
}

/* Somebody's certificate, as well as it can be told. */
static void describe(const struct tvs_step *step, char subject[NAME_SHOWN], char issuer[NAME_SHOWN],
                     char serial[SERIAL_SHOWN])
{
    const struct tvs_message *m = step->request;
    struct certificate *certificate = NULL;
    struct bytes names[2] = {m->subject, m->issuer};
    struct bytes number = m->serial;
    if (!step->search->by_name && certificate_from_der(&certificate, m->certificate, NULL) == 0) {
        names[0] = bytes_of_string(certificate_subject(certificate));
        names[1] = bytes_of_string(certificate_issuer(certificate));
        number = certificate_serial(certificate);
    }
    text_value(subject, NAME_SHOWN, names[0]);
    text_value(issuer, NAME_SHOWN, names[1]);
    text_hex(serial, SERIAL_SHOWN, number, false, 0);
    certificate_free(certificate);
}

/* A phone asked about something TVS does not vouch for: what the phone then refuses is a riddle
 * without this line. A certificate is parsed for it, which the limit of lines limits. */
static void say_not_trusted(struct tvs_journal *j, const struct speaker *s,
                            const struct tvs_step *step)
{
    char subject[NAME_SHOWN];
    char issuer[NAME_SHOWN];
    char serial[SERIAL_SHOWN];
    char text[ADDRESS_TEXT];
    char more[48];
    if (!may_say(j, LEVEL_NOTICE, s, more))
        return;
    describe(step, subject, issuer, serial);
    log_event(
        LEVEL_NOTICE, "event=tvs_not_trusted device=%s peer=%s subject=%s issuer=%s serial=%s%s",
        name_of(s), address_text(text, s->peer), subject, issuer, serial[0] ? serial : "-", more);
}

void tvs_journal_step(struct tvs_journal *j, const struct speaker *s, const struct tvs_step *step)
{
    if (s->traced)
        trace_step(j, s, step);
    if (step->sent && !step->trusted && step->search)
        say_not_trusted(j, s, step);
    if (step->close)
        tvs_journal_event(j, LEVEL_WARNING, "tvs_refused", s, step->reason);
}

/* ---- the CTL ---- */

void tvs_journal_ctl(struct tvs_journal *j, bool modified)
{
    if (!j->trace)
        return;
    if (modified)
        trace_line(j->trace, "CertificateCache::localCTLCacheMonitor - CTLFile.tlv has been "
                             "modified. Recaching CTL Certificate Cache");
    trace_line(j->trace, "updateLocalCTLCache : Refreshing the local CTL certificate cache");
}

void tvs_journal_ctl_key(struct tvs_journal *j, struct bytes serial, struct bytes issuer)
{
    char shown[NAME_SHOWN];
    char number[SERIAL_SHOWN];
    if (!j->trace)
        return;
    text_hex(number, sizeof number, serial, true, 0);
    text_escape(shown, sizeof shown, issuer);
    trace_line(
        j->trace,
        "tvs_sql_get_all_CTL_certificate - Unique Key used for Caching :: %s%s, length : %zu",
        number, shown, strlen(number) + issuer.size);
}
