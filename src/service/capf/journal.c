#include "service/capf/journal.h"

#include "base/limit.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEERS = 1024,
    PHONES = 16384,
    LINES_A_PEER = 10,
    LINES_A_PHONE = 20, /* ten wrong strings lock it: that is among them */
    SESSIONS_A_PEER = 20,
    WINDOW_MS = 60000,
};

struct capf_journal {
    struct loop *loop;
    struct trace *trace;
    struct limit *lines;    /* about those we do not know, by address */
    struct limit *phones;   /* about phones, by name */
    struct limit *sessions; /* traced of those we do not know, by address */
};

int capf_journal_new(struct capf_journal **out, struct loop *loop, const char *directory,
                     size_t log_size, unsigned log_keep, struct why *why)
{
    struct capf_journal *j = calloc(1, sizeof *j);
    if (!j)
        return -ENOMEM;
    j->loop = loop;
    int result = limit_new(&j->lines, PEERS, LINES_A_PEER, WINDOW_MS);
    if (result == 0)
        result = limit_new(&j->phones, PHONES, LINES_A_PHONE, WINDOW_MS);
    if (result == 0)
        result = limit_new(&j->sessions, PEERS, SESSIONS_A_PEER, WINDOW_MS);
    if (result == 0 && directory)
        result = trace_open(&j->trace, directory, "capf.log", " | debug ", log_size, log_keep, why);
    if (result) {
        capf_journal_free(j);
        return result;
    }
    *out = j;
    return 0;
}

void capf_journal_free(struct capf_journal *j)
{
    if (!j)
        return;
    trace_close(j->trace);
    limit_free(j->lines);
    limit_free(j->phones);
    limit_free(j->sessions);
    free(j);
}

static const char *name_of(const struct speaker *s)
{
    return s->device && s->device[0] ? s->device : "UNKNOWN";
}

static bool is_traced(const struct capf_journal *j, const struct speaker *s)
{
    return j->trace && !s->untraced;
}

bool capf_journal_traces(struct capf_journal *j, const struct address *peer)
{
    return !limit_is_reached(j->sessions, address_bytes(peer), loop_now(j->loop));
}

void capf_journal_stranger(struct capf_journal *j, const struct address *peer)
{
    uint64_t before;
    (void)limit_allows(j->sessions, address_bytes(peer), loop_now(j->loop), &before);
}

/* ---- what was kept back ---- */

static const char *peer_text(char out[ADDRESS_TEXT], struct bytes peer)
{
    struct address a = {0};
    a.any.sa_family = peer.size == 4 ? AF_INET : AF_INET6;
    if (peer.size == 4)
        memcpy(&a.v4.sin_addr, peer.data, 4);
    else if (peer.size == 16)
        memcpy(&a.v6.sin6_addr, peer.data, 16);
    return address_host(out, &a);
}

void capf_journal_settle(struct capf_journal *j)
{
    struct bytes who;
    uint64_t count;
    char text[ADDRESS_TEXT];
    char device[DEVICE_NAME];
    int64_t now = loop_now(j->loop);
    while (limit_leftover(j->lines, now, &who, &count))
        log_event(LEVEL_NOTICE, "event=capf_lines_suppressed peer=%s count=%llu",
                  peer_text(text, who), (unsigned long long)count);
    while (limit_leftover(j->sessions, now, &who, &count))
        log_event(LEVEL_NOTICE, "event=capf_sessions_not_traced peer=%s count=%llu",
                  peer_text(text, who), (unsigned long long)count);
    while (limit_leftover(j->phones, now, &who, &count)) {
        text_copy_bytes(device, sizeof device, who);
        log_event(LEVEL_NOTICE, "event=capf_lines_suppressed device=%s count=%llu", device,
                  (unsigned long long)count);
    }
}

/* ---- sessions ---- */

void capf_journal_arrived(struct capf_journal *j, const struct speaker *s,
                          const struct tls_connection *c)
{
    char host[ADDRESS_TEXT];
    if (!is_traced(j, s))
        return;
    /* CUCM names a descriptor here; ours is the connection's number, which tells them apart. */
    trace_line(j->trace, "%llu:%s:Got a new ph conn %s on %llu", (unsigned long long)s->number,
               name_of(s), address_host(host, s->peer), (unsigned long long)s->number);
    trace_line(j->trace, "%llu:%s:TLS %s, cipher %s", (unsigned long long)s->number, name_of(s),
               tls_version(c), tls_cipher(c));
    trace_line(j->trace, "TLS HS Done for ph_conn .");
}

void capf_journal_handshake_failed(struct capf_journal *j, const struct address *peer,
                                   const struct tls_end *end)
{
    const struct speaker nobody = {.peer = peer};
    char host[ADDRESS_TEXT];
    if (j->trace && capf_journal_traces(j, peer))
        trace_line(j->trace, "TLS HS failed for ph_conn %s: %s", address_host(host, peer),
                   end->text);
    capf_journal_stranger(j, peer);
    capf_journal_event(j, LEVEL_WARNING, "capf_handshake_failed", &nobody, end->text);
}

static void line_message(struct capf_journal *j, uint8_t command)
{
    trace_line(j->trace, "MsgType      : %s", capf_message_name(command));
}

void capf_journal_step(struct capf_journal *j, const struct speaker *s,
                       const struct capf_step *step)
{
    if (!is_traced(j, s))
        return;
    unsigned long long number = (unsigned long long)s->number;
    if (step->received) {
        trace_line(j->trace, "%llu:%s:Incoming Phone Msg:", number, name_of(s));
        line_message(j, step->received);
        trace_line(j->trace, "%llu:%s:CAPF CORE: Rcvd Event: %s in State: %s", number, name_of(s),
                   step->event, step->state);
    }
    if (step->sent) {
        trace_line(j->trace, "%llu:%s:Outgoing Phone Msg:", number, name_of(s));
        line_message(j, step->sent);
    }
}

void capf_journal_issued(struct capf_journal *j, const struct speaker *s)
{
    if (is_traced(j, s))
        trace_line(j->trace, "Generated the cert");
}

static const char *operation_name(enum enrolment_operation operation)
{
    switch (operation) {
    case ENROLMENT_DELETE:
        return "delete";
    case ENROLMENT_TROUBLESHOOT:
        return "fetch";
    default:
        return "upgrade";
    }
}

static const char *authentication_name(enum capf_auth authentication)
{
    switch (authentication) {
    case CAPF_AUTH_STRING:
        return "string";
    case CAPF_AUTH_NULL_STRING:
        return "null-string";
    case CAPF_AUTH_LSC:
        return "lsc";
    case CAPF_AUTH_MIC:
        return "mic";
    default:
        return "none";
    }
}

void capf_journal_outcome(struct capf_journal *j, const struct speaker *s,
                          const struct capf_ending *ending)
{
    const char *what = operation_name(ending->operation);
    const char *reason = ending->reason ? ending->reason : "no reason is known";
    char text[ADDRESS_TEXT];
    unsigned long long number = (unsigned long long)s->number;
    if (is_traced(j, s) && ending->success)
        trace_line(j->trace, "%llu:%s:Certificate %s successful", number, name_of(s), what);
    else if (is_traced(j, s))
        trace_line(j->trace, "%llu:%s:Certificate %s failed: %s", number, name_of(s), what, reason);
    if (ending->success)
        log_event(
            LEVEL_NOTICE, "event=capf_order_done device=%s peer=%s operation=%s auth=%s serial=%s",
            name_of(s), address_text(text, s->peer), what,
            authentication_name(ending->authentication), ending->serial[0] ? ending->serial : "-");
    else
        capf_journal_event(j, LEVEL_WARNING, "capf_order_failed", s, reason);
}

void capf_journal_refused(struct capf_journal *j, const struct speaker *s, const char *reason)
{
    if (is_traced(j, s))
        trace_line(j->trace, "%llu:%s:Session refused: %s", (unsigned long long)s->number,
                   name_of(s), reason);
    capf_journal_event(j, LEVEL_WARNING, "capf_refused", s, reason);
}

static bool may_say(struct capf_journal *j, const struct speaker *s, uint64_t *suppressed)
{
    int64_t now = loop_now(j->loop);
    if (s->device && s->device[0])
        return limit_allows(j->phones, bytes_of_string(s->device), now, suppressed);
    return limit_allows(j->lines, address_bytes(s->peer), now, suppressed);
}

void capf_journal_event(struct capf_journal *j, enum log_level level, const char *event,
                        const struct speaker *s, const char *reason)
{
    char text[ADDRESS_TEXT];
    char words[600];
    char more[48] = "";
    uint64_t suppressed;
    if (!log_says(level) || !may_say(j, s, &suppressed))
        return;
    if (suppressed)
        text_format(more, sizeof more, " suppressed=%llu", (unsigned long long)suppressed);
    log_event(level, "event=%s device=%s peer=%s reason=%s%s", event, name_of(s),
              address_text(text, s->peer),
              text_value(words, sizeof words, bytes_of_string(reason ? reason : "")), more);
}
