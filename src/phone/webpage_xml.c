#include "phone/webpage_parts.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>
#include <time.h>

void webpage_xml_device(struct buffer *out, const struct webfacts *facts, size_t stream)
{
    char text[WEBPAGE_TIME], zone[32] = "";
    time_t now = (time_t)facts->now;
    struct tm tm = {0};
    (void)stream;
    localtime_r(&now, &tm);
    strftime(zone, sizeof zone, "%Z", &tm);
    buffer_text(out, "<DeviceInformation>\n");
    webmarkup_element(out, "MACAddress", "%s", webpage_mac(facts));
    webmarkup_element(out, "HostName", "%s", facts->device);
    webmarkup_element(out, "phoneDN", "%s", webpage_number(facts));
    webmarkup_element(out, "appLoadID", "%s", webpage_load(facts));
    webmarkup_element(out, "modelNumber", "%s", facts->model->name);
    webmarkup_element(out, "time", "%s", webpage_time(text, facts->now));
    webmarkup_element(out, "timezone", "%s", zone);
    webmarkup_element(out, "date", "%02d/%02d/%02d", tm.tm_mon + 1, tm.tm_mday, tm.tm_year % 100);
    buffer_text(out, "</DeviceInformation>\n");
}

static const char *manager_state(const struct webfacts *facts, const struct cnf_member *member)
{
    char host[CNF_HOST + 1];
    text_format(host, sizeof host, "%s:", member->host);
    if (facts->active && text_starts(facts->active, host))
        return " Active";
    if (facts->standby && text_starts(facts->standby, host))
        return " Standby";
    return "";
}

static void add_managers(struct buffer *out, const struct webfacts *facts)
{
    const struct cnf *cnf = facts->configuration;
    char name[32];
    for (size_t i = 0; i < cnf->manager_count; i++) {
        text_format(name, sizeof name, "CallManager%zu", i + 1);
        webmarkup_element(out, name, "%s%s", cnf->managers[i].host,
                          manager_state(facts, &cnf->managers[i]));
    }
}

void webpage_xml_network(struct buffer *out, const struct webfacts *facts, size_t stream)
{
    static const char *const modes[] = {"", "Non Secure", "Authenticated", "Encrypted"};
    const struct cnf *cnf = facts->configuration;
    char host[ADDRESS_TEXT];
    (void)stream;
    buffer_text(out, "<NetworkConfiguration>\n");
    webmarkup_element(out, "MACAddress", "%s", webpage_mac(facts));
    webmarkup_element(out, "HostName", "%s", facts->device);
    if (facts->local)
        webmarkup_element(out, "IPAddress", "%s", address_host(host, facts->local));
    if (facts->server)
        webmarkup_element(out, "TFTPServer1", "%s", address_host(host, facts->server));
    if (cnf) {
        add_managers(out, facts);
        webmarkup_element(out, "UserLocale", "%s", cnf->user_locale);
        webmarkup_element(out, "NetworkLocale", "%s", cnf->network_locale);
        webmarkup_element(out, "SecurityMode", "%s", modes[cnf->security_mode & 3]);
    }
    buffer_text(out, "</NetworkConfiguration>\n");
}

void webpage_xml_log(struct buffer *out, const struct webfacts *facts, size_t stream)
{
    (void)stream;
    buffer_text(out, "<DeviceLog>\n");
    for (size_t i = 0; i < notebook_count(facts->messages); i++)
        webmarkup_element(out, "status", "%s", notebook_text(facts->messages, i));
    buffer_text(out, "</DeviceLog>\n");
}

static void add_count(struct buffer *out, const char *name, uint64_t count)
{
    webmarkup_element(out, name, "%llu", (unsigned long long)count);
}

void webpage_xml_streaming(struct buffer *out, const struct webfacts *facts, size_t n)
{
    const struct webfacts_stream stream = webpage_stream(facts, n);
    const struct audio_counters *c = &stream.counters;
    char text[WEBPAGE_ADDRESS];
    buffer_text(out, "<StreamingStatistics>\n");
    webmarkup_element(out, "remoteAddr", "%s", webpage_address(text, &stream.remote));
    webmarkup_element(out, "localAddr", "%s", webpage_address(text, &stream.local));
    webmarkup_element(out, "startTime", "%s", webpage_time(text, stream.began));
    webmarkup_element(out, "streamStatus", "%s", webpage_status(&stream));
    webmarkup_element(out, "name", "%s", facts->device);
    add_count(out, "senderPackets", c->sent);
    add_count(out, "senderOctets", c->sent_octets);
    webmarkup_element(out, "senderCodec", "%s", c->sent ? "G.711u" : "None");
    add_count(out, "rcvrLostPackets", c->lost);
    add_count(out, "avgJitter", c->jitter_us / 1000);
    webmarkup_element(out, "rcvrCodec", "%s", c->received ? "G.711u" : "None");
    add_count(out, "rcvrPackets", c->received);
    add_count(out, "rcvrOctets", c->received_octets);
    buffer_text(out, "</StreamingStatistics>\n");
}
