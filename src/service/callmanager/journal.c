#include "service/callmanager/journal.h"

#include "base/limit.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum { PEERS = 1024, LINES_A_PEER = 10, WINDOW_MS = 60000, LOAD_SHOWN = 140, TEXT_SHOWN = 330 };

struct callmanager_journal {
    struct loop *loop;
    struct trace *trace;
    struct limit *limit;
};

int callmanager_journal_new(struct callmanager_journal **out, struct loop *loop,
                            const char *directory, size_t log_size, unsigned log_keep,
                            struct why *why)
{
    struct callmanager_journal *j = calloc(1, sizeof *j);
    if (!j)
        return -ENOMEM;
    j->loop = loop;
    int result = limit_new(&j->limit, PEERS, LINES_A_PEER, WINDOW_MS);
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
    limit_free(j->limit);
    free(j);
}

static unsigned long long number_of(const struct speaker *s)
{
    return (unsigned long long)s->number;
}

/* ---- events ---- */

void callmanager_journal_event(struct callmanager_journal *j, enum log_level level,
                               const char *event, const struct speaker *s, const char *reason)
{
    char text[ADDRESS_TEXT];
    char words[2 * ADMISSION_REASON];
    char more[48] = "";
    uint64_t suppressed = 0;
    if (!log_says(level) || (!s->registered && !limit_allows(j->limit, address_bytes(s->peer),
                                                             loop_now(j->loop), &suppressed)))
        return;
    if (suppressed)
        text_format(more, sizeof more, " suppressed=%llu", (unsigned long long)suppressed);
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
    if (!j->trace)
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
    if (j->trace && end->kind == TLS_END_CERTIFICATE)
        line_verified(j, 0, 1);
    if (j->trace)
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
    if (j->trace)
        trace_admission(j, s, a, claim, cipher);
    if (a->admission.verdict != ADMISSION_WELCOME) {
        text_format(reason, sizeof reason, "%s: %s", admission_verdict_name(a->admission.verdict),
                    a->admission.reason);
        callmanager_journal_event(j, LEVEL_WARNING, "phone_refused", s, reason);
        return;
    }
    log_event(LEVEL_INFO,
              "event=phone_registered device=%s peer=%s mode=%s tls=%s cipher=%s version=%u",
              s->device, address_text(peer, s->peer), mode_word(a->admission.mode),
              tls[0] ? tls : "none", cipher[0] ? cipher : "none", claim->version);
}

/* ---- what is said ---- */

void callmanager_journal_heard(struct callmanager_journal *j, const struct speaker *s,
                               const struct station_event *e)
{
    char text[TEXT_SHOWN];
    if (!j->trace)
        return;
    switch (e->kind) {
    case STATION_ALARM:
        trace_line(j->trace, "StationInit: (%07llu) Alarm severity=%u text=%s param1=%u param2=%u",
                   number_of(s), (unsigned)e->message.alarm.severity,
                   text_escape(text, sizeof text, bytes_of_string(e->message.alarm.text)),
                   (unsigned)e->message.alarm.parameter1, (unsigned)e->message.alarm.parameter2);
        break;
    case STATION_USER:
        trace_line(j->trace, "StationInit: (%07llu) %s DeviceName=%s line=%u call=%u", number_of(s),
                   call_event_name(e->call.kind), s->device, e->call.line, (unsigned)e->call.call);
        break;
    case STATION_STATISTICS:
        trace_line(j->trace,
                   "StationInit: (%07llu) ConnectionStatistics DeviceName=%s sent=%u received=%u "
                   "lost=%u jitter=%u latency=%u",
                   number_of(s), s->device, (unsigned)e->message.connection_statistics.packets_sent,
                   (unsigned)e->message.connection_statistics.packets_received,
                   (unsigned)e->message.connection_statistics.packets_lost,
                   (unsigned)e->message.connection_statistics.jitter,
                   (unsigned)e->message.connection_statistics.latency);
        break;
    case STATION_GOODBYE:
        trace_line(j->trace, "StationInit: (%07llu) Unregister DeviceName=%s", number_of(s),
                   s->device);
        break;
    case STATION_TOKEN:
        trace_line(j->trace, "StationInit: (%07llu) RegisterTokenReq", number_of(s));
        break;
    default:
        break;
    }
}

void callmanager_journal_told(struct callmanager_journal *j, const struct speaker *s,
                              const struct call_action *a)
{
    char more[64] = "";
    if (!j->trace)
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
