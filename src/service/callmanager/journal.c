#include "service/callmanager/journal.h"

#include "base/limit.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADDRESSES = 1024,
    PHONES = 16384,
    ADDRESS_LINES = 10,   /* events a minute */
    PHONE_LINES = 30,     /* it may flap, and there are other things to say of it */
    ADDRESS_TRACED = 120, /* connections and messages */
    PHONE_TRACED = 600,
    WINDOW_MS = 60000,
    LOAD_SHOWN = 140,
    TEXT_SHOWN = 330,
    LINE = TEXT_SHOWN + 200,
};

/* Who is registered has a share of its own, everybody else that of the address. */
struct shares {
    struct limit *phones, *addresses;
};

struct callmanager_journal {
    struct loop *loop;
    struct trace *trace;
    struct shares events, traced;
};

static int shares_init(struct shares *s, unsigned of_a_phone, unsigned of_an_address)
{
    int result = limit_new(&s->phones, PHONES, of_a_phone, WINDOW_MS);
    return result ? result : limit_new(&s->addresses, ADDRESSES, of_an_address, WINDOW_MS);
}

static void shares_fini(struct shares *s)
{
    limit_free(s->phones);
    limit_free(s->addresses);
}

int callmanager_journal_new(struct callmanager_journal **out, struct loop *loop,
                            const char *directory, size_t log_size, unsigned log_keep,
                            struct why *why)
{
    struct callmanager_journal *j = calloc(1, sizeof *j);
    if (!j)
        return -ENOMEM;
    j->loop = loop;
    int result = shares_init(&j->events, PHONE_LINES, ADDRESS_LINES);
    if (result == 0)
        result = shares_init(&j->traced, PHONE_TRACED, ADDRESS_TRACED);
    if (result == 0 && directory)
        result = trace_open(&j->trace, directory, "callmanager.log", " |", log_size, log_keep, why);
    if (result) {
        callmanager_journal_free(j);
        return result;
    }
    *out = j;
    return 0;
}

void callmanager_journal_free(struct callmanager_journal *j)
{
    if (!j)
        return;
    trace_close(j->trace);
    shares_fini(&j->events);
    shares_fini(&j->traced);
    free(j);
}

static unsigned long long number_of(const struct speaker *s)
{
    return (unsigned long long)s->number;
}

/* ---- limits ---- */

static bool may_say(const struct callmanager_journal *j, const struct shares *shares,
                    const struct speaker *s, uint64_t *suppressed)
{
    if (s->registered)
        return limit_allows(shares->phones, bytes_of_string(s->device), loop_now(j->loop),
                            suppressed);
    return limit_allows(shares->addresses, address_source(s->peer), loop_now(j->loop), suppressed);
}

/* For what is said at the end of a line. */
static bool may_log(const struct callmanager_journal *j, enum log_level level,
                    const struct speaker *s, char more[48])
{
    uint64_t suppressed;
    more[0] = '\0';
    if (!log_says(level) || !may_say(j, &j->events, s, &suppressed))
        return false;
    if (suppressed)
        text_format(more, 48, " suppressed=%llu", (unsigned long long)suppressed);
    return true;
}

static void line_not_traced(struct callmanager_journal *j, const char *whose, uint64_t count)
{
    trace_line(j->trace, "%s: %llu connections and messages were not traced", whose,
               (unsigned long long)count);
}

static bool may_trace(struct callmanager_journal *j, const struct speaker *s)
{
    char host[ADDRESS_TEXT];
    uint64_t before;
    if (!j->trace || !may_say(j, &j->traced, s, &before))
        return false;
    if (before)
        line_not_traced(j, s->registered ? s->device : address_host(host, s->peer), before);
    return true;
}

/* Of address_source(). */
static const char *source_host(char host[ADDRESS_TEXT], struct bytes source)
{
    struct address a = {0};
    a.any.sa_family = source.size == 4 ? AF_INET : AF_INET6;
    memcpy(source.size == 4 ? (void *)&a.v4.sin_addr : (void *)&a.v6.sin6_addr, source.data,
           source.size);
    return address_host(host, &a);
}

void callmanager_journal_settle(struct callmanager_journal *j)
{
    struct bytes source;
    uint64_t count;
    char host[ADDRESS_TEXT];
    while (limit_leftover(j->events.addresses, loop_now(j->loop), &source, &count))
        log_event(LEVEL_NOTICE, "event=callmanager_lines_suppressed peer=%s count=%llu",
                  source_host(host, source), (unsigned long long)count);
    while (limit_leftover(j->traced.addresses, loop_now(j->loop), &source, &count))
        if (j->trace)
            line_not_traced(j, source_host(host, source), count);
}

/* ---- events ---- */

void callmanager_journal_event(struct callmanager_journal *j, enum log_level level,
                               const char *event, const struct speaker *s, const char *reason)
{
    char text[ADDRESS_TEXT];
    char words[2 * ADMISSION_REASON];
    char more[48];
    if (!may_log(j, level, s, more))
        return;
    log_event(level, "event=%s device=%s peer=%s reason=%s%s", event,
              s->device[0] ? s->device : "UNKNOWN", address_text(text, s->peer),
              text_value(words, sizeof words, bytes_of_string(reason ? reason : "")), more);
}

/* ---- connections ---- */

static void line_verified(struct callmanager_journal *j, int verified, int error)
{
    trace_line(j->trace,
               "SdlSSLTCPListener::verify_cb pre-verified=%d,cert verification errno=%d"
               ",depth=0",
               verified, error);
}

void callmanager_journal_arrived(struct callmanager_journal *j, const struct speaker *s,
                                 const struct tls_connection *c)
{
    char host[ADDRESS_TEXT];
    if (!may_trace(j, s))
        return;
    if (tls_version(c)[0])
        line_verified(j, 1, 0);
    trace_line(j->trace,
               "New connection accepted. DeviceName=, TCPPid = [%llu], IPAddr=%s, Port=%u,",
               number_of(s), address_host(host, s->peer), address_port(s->peer));
}

void callmanager_journal_handshake_failed(struct callmanager_journal *j, const struct address *peer,
                                          const struct tls_end *end)
{
    const struct speaker nobody = {.peer = peer, .device = ""};
    char host[ADDRESS_TEXT];
    bool traced = may_trace(j, &nobody);
    if (traced && end->kind == TLS_END_CERTIFICATE)
        line_verified(j, 0, 1);
    if (traced)
        trace_line(j->trace, "Connection not accepted. IPAddr=%s, Port=%u, reason=%s",
                   address_host(host, peer), address_port(peer), end->text);
    callmanager_journal_event(j, LEVEL_WARNING, "callmanager_handshake_failed", &nobody, end->text);
}

/* ---- registrations ---- */

static void trace_admission(struct callmanager_journal *j, const struct speaker *s,
                            const struct who_answer *a, const struct station_claim *claim,
                            const char *cipher)
{
    char name[80];
    char load[LOAD_SHOWN];
    text_escape(name, sizeof name, bytes_of_string(claim->device));
    trace_line(j->trace,
               "StationInit: (%07llu) RegisterReq DeviceName=%s, Type=%u, Version=%u, Load=%s",
               number_of(s), name, (unsigned)claim->type, claim->version,
               text_escape(load, sizeof load, bytes_of_string(claim->load)));
    trace_line(j->trace, "StationD: (%07llu) ClusterSecurityMode = (%d) DeviceSecurityMode = (%d)",
               number_of(s), a->mixed, (int)a->admission.mode);
    if (cipher[0])
        trace_line(j->trace,
                   "StationD: (%07llu) TLS Connection Cipher - INFO:deviceName=%s, Cipher=%s, "
                   "Security Mode=%d",
                   number_of(s), name, cipher, (int)a->admission.mode);
    if (a->admission.verdict != ADMISSION_WELCOME)
        trace_line(j->trace, "StationD: (%07llu) RegisterReject text=%s", number_of(s),
                   a->admission.screen);
    else
        trace_line(j->trace, "StationD: (%07llu) RegisterAck DeviceName=%s", number_of(s), name);
}

static const char *mode_word(enum device_mode mode)
{
    return mode == MODE_ENCRYPTED       ? "encrypted"
           : mode == MODE_AUTHENTICATED ? "authenticated"
                                        : "non-secure";
}

void callmanager_journal_admission(struct callmanager_journal *j, const struct speaker *s,
                                   const struct who_answer *a, const struct station_claim *claim,
                                   const char *tls, const char *cipher)
{
    char peer[ADDRESS_TEXT];
    char reason[ADMISSION_REASON + 40];
    char more[48];
    if (may_trace(j, s))
        trace_admission(j, s, a, claim, cipher);
    if (a->admission.verdict != ADMISSION_WELCOME) {
        text_format(reason, sizeof reason, "%s: %s", admission_verdict_name(a->admission.verdict),
                    a->admission.reason);
        callmanager_journal_event(j, LEVEL_WARNING, "phone_refused", s, reason);
        return;
    }
    if (may_log(j, LEVEL_INFO, s, more))
        log_event(LEVEL_INFO,
                  "event=phone_registered device=%s peer=%s mode=%s tls=%s cipher=%s version=%u%s",
                  s->device, address_text(peer, s->peer), mode_word(a->admission.mode),
                  tls[0] ? tls : "none", cipher[0] ? cipher : "none", claim->version, more);
}

/* ---- what is said ---- */

void callmanager_journal_heard(struct callmanager_journal *j, const struct speaker *s,
                               const struct station_event *e)
{
    char text[TEXT_SHOWN];
    char line[LINE];
    line[0] = '\0';
    if (!j->trace)
        return;
    switch (e->kind) {
    case STATION_ALARM:
        text_format(line, sizeof line,
                    "StationInit: (%07llu) Alarm severity=%u text=%s param1=%u param2=%u",
                    number_of(s), (unsigned)e->message.alarm.severity,
                    text_escape(text, sizeof text, bytes_of_string(e->message.alarm.text)),
                    (unsigned)e->message.alarm.parameter1, (unsigned)e->message.alarm.parameter2);
        break;
    case STATION_USER:
        text_format(line, sizeof line, "StationInit: (%07llu) %s DeviceName=%s line=%u call=%u",
                    number_of(s), call_event_name(e->call.kind), s->device, e->call.line,
                    (unsigned)e->call.call);
        break;
    case STATION_STATISTICS:
        text_format(line, sizeof line,
                    "StationInit: (%07llu) ConnectionStatistics DeviceName=%s sent=%u received=%u "
                    "lost=%u jitter=%u latency=%u",
                    number_of(s), s->device,
                    (unsigned)e->message.connection_statistics.packets_sent,
                    (unsigned)e->message.connection_statistics.packets_received,
                    (unsigned)e->message.connection_statistics.packets_lost,
                    (unsigned)e->message.connection_statistics.jitter,
                    (unsigned)e->message.connection_statistics.latency);
        break;
    case STATION_GOODBYE:
        text_format(line, sizeof line, "StationInit: (%07llu) Unregister DeviceName=%s",
                    number_of(s), s->device);
        break;
    case STATION_TOKEN:
        text_format(line, sizeof line, "StationInit: (%07llu) RegisterTokenReq", number_of(s));
        break;
    default:
        break;
    }
    if (line[0] && may_trace(j, s))
        trace_line(j->trace, "%s", line);
}

void callmanager_journal_told(struct callmanager_journal *j, const struct speaker *s,
                              const struct call_action *a)
{
    char more[64] = "";
    if (!may_trace(j, s))
        return;
    if (a->kind == CALL_ACT_SHOW)
        text_format(more, sizeof more, " state=%s", call_state_name(a->show.state));
    else if (a->kind == CALL_ACT_INFO)
        text_format(more, sizeof more, " security=%d", (int)a->info.security);
    else if (a->kind == CALL_ACT_OPEN || a->kind == CALL_ACT_START)
        text_format(more, sizeof more, " media=%u encrypted=%d", (unsigned)a->media.id,
                    a->media.encrypted);
    trace_line(j->trace, "StationD: (%07llu) %s DeviceName=%s line=%u call=%u%s", number_of(s),
               call_action_name(a->kind), s->device, a->line, (unsigned)a->call, more);
}
