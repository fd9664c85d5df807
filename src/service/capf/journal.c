#include "service/capf/journal.h"

#include "base/limit.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum { PEERS = 1024, LINES_A_PEER = 10, WINDOW_MS = 60000 };

struct capf_journal {
    struct loop *loop;
    struct trace *trace;
    struct limit *limit;
};

int capf_journal_new(struct capf_journal **out, struct loop *loop, const char *directory,
                     size_t log_size, unsigned log_keep, struct why *why)
{
    struct capf_journal *j = calloc(1, sizeof *j);
    if (!j)
        return -ENOMEM;
    j->loop = loop;
    int result = limit_new(&j->limit, PEERS, LINES_A_PEER, WINDOW_MS);
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
    limit_free(j->limit);
    free(j);
}

static const char *name_of(const struct speaker *s)
{
    return s->device && s->device[0] ? s->device : "UNKNOWN";
}

void capf_journal_arrived(struct capf_journal *j, const struct speaker *s,
                          const struct tls_connection *c)
{
    char host[ADDRESS_TEXT];
    if (!j->trace)
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
    if (j->trace)
        trace_line(j->trace, "TLS HS failed for ph_conn %s: %s", address_host(host, peer),
                   end->text);
    capf_journal_event(j, LEVEL_WARNING, "capf_handshake_failed", &nobody, end->text);
}

static void line_message(struct capf_journal *j, uint8_t command)
{
    trace_line(j->trace, "MsgType      : %s", capf_message_name(command));
}

void capf_journal_step(struct capf_journal *j, const struct speaker *s,
                       const struct capf_step *step)
{
    if (!j->trace)
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
    (void)s;
    if (j->trace)
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

void capf_journal_outcome(struct capf_journal *j, const struct speaker *s,
                          enum enrolment_operation operation, bool success, const char *reason)
{
    const char *what = operation_name(operation);
    if (j->trace && success)
        trace_line(j->trace, "%llu:%s:Certificate %s successful", (unsigned long long)s->number,
                   name_of(s), what);
    else if (j->trace)
        trace_line(j->trace, "%llu:%s:Certificate %s failed: %s", (unsigned long long)s->number,
                   name_of(s), what, reason ? reason : "no reason is known");
    capf_journal_event(j, success ? LEVEL_NOTICE : LEVEL_WARNING,
                       success ? "capf_order_done" : "capf_order_failed", s,
                       success ? what : reason);
}

void capf_journal_event(struct capf_journal *j, enum log_level level, const char *event,
                        const struct speaker *s, const char *reason)
{
    char text[ADDRESS_TEXT];
    char words[400];
    char more[48] = "";
    uint64_t suppressed;
    if (!log_says(level) ||
        !limit_allows(j->limit, address_bytes(s->peer), loop_now(j->loop), &suppressed))
        return;
    if (suppressed)
        text_format(more, sizeof more, " suppressed=%llu", (unsigned long long)suppressed);
    log_event(level, "event=%s device=%s peer=%s reason=%s%s", event, name_of(s),
              address_text(text, s->peer),
              text_value(words, sizeof words, bytes_of_string(reason ? reason : "")), more);
}
