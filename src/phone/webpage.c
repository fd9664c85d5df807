#include "phone/webpage_parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "phone/console.h"

#include <string.h>
#include <time.h>

/* ---- what pages share ---- */

const char *webpage_mac(const struct webfacts *facts)
{
    return strlen(facts->device) > 3 ? facts->device + 3 : "";
}

const char *webpage_number(const struct webfacts *facts)
{
    if (facts->number)
        return facts->number;
    const struct cnf *cnf = facts->configuration;
    return cnf && cnf->line_count ? cnf->lines[0].number : "";
}

const char *webpage_load(const struct webfacts *facts)
{
    return facts->configuration ? facts->configuration->load : "";
}

struct webfacts_stream webpage_stream(const struct webfacts *facts, size_t n)
{
    if (n == 0 || n > facts->stream_count)
        return (struct webfacts_stream){0};
    return facts->streams[n - 1];
}

char *webpage_address(char out[WEBPAGE_ADDRESS], const struct address *address)
{
    char host[ADDRESS_TEXT];
    if (address->size == 0)
        text_copy(out, WEBPAGE_ADDRESS, "0.0.0.0/0");
    else
        text_format(out, WEBPAGE_ADDRESS, "%s/%u", address_host(host, address),
                    address_port(address));
    return out;
}

const char *webpage_status(const struct webfacts_stream *stream)
{
    return stream->active ? "Active" : "Not Ready";
}

char *webpage_time(char out[WEBPAGE_TIME], int64_t wall)
{
    time_t seconds = (time_t)wall;
    struct tm tm = {0};
    if (seconds)
        localtime_r(&seconds, &tm);
    strftime(out, WEBPAGE_TIME, "%H:%M:%S", &tm);
    return out;
}

/* ---- device ---- */

static void lsc_rows(struct buffer *out, const struct identity *lsc)
{
    char date[CLOCK_TEXT];
    webmarkup_row(out, "LSC", "%s", lsc ? "Installed" : "Not Installed");
    if (!lsc)
        return;
    webmarkup_row(out, "LSC Subject", "%s", certificate_subject(lsc->certificate));
    webmarkup_row(out, "LSC Issuer", "%s", certificate_issuer(lsc->certificate));
    webmarkup_row(out, "LSC Valid Until", "%s",
                  clock_java(date, certificate_not_after(lsc->certificate)));
}

static void device_page(struct buffer *out, const struct webfacts *facts, size_t stream)
{
    char date[CLOCK_TEXT];
    (void)stream;
    buffer_text(out, "<table>\n");
    webmarkup_row(out, "MAC Address", "%s", webpage_mac(facts));
    webmarkup_row(out, "Host Name", "%s", facts->device);
    webmarkup_row(out, "Phone DN", "%s", webpage_number(facts));
    webmarkup_row(out, "App Load ID", "%s", webpage_load(facts));
    webmarkup_row(out, "Model Number", "%s", facts->model->name);
    lsc_rows(out, facts->lsc);
    webmarkup_row(out, "MIC", "%s", facts->mic ? "Installed" : "Not Installed");
    webmarkup_row(out, "Date", "%s", clock_java(date, facts->now));
    buffer_text(out, "</table>\n");
}

/* ---- network ---- */

static void member_rows(struct buffer *out, const char *what, const struct cnf_member *members,
                        size_t count)
{
    char name[64];
    for (size_t i = 0; i < count; i++) {
        text_format(name, sizeof name, "%s %zu", what, i + 1);
        if (members[i].port)
            webmarkup_row(out, name, "%s, port %u", members[i].host, members[i].port);
        else
            webmarkup_row(out, name, "%s", members[i].host);
    }
}

static void configuration_rows(struct buffer *out, const struct webfacts *facts)
{
    const struct cnf *cnf = facts->configuration;
    if (!cnf) {
        webmarkup_row(out, "Configuration", "none");
        return;
    }
    webmarkup_row(out, "Configuration", "%s%s",
                  cnf->is_default ? "the default one, for phones the server does not know"
                  : cnf->encrypted && !cnf->full
                      ? "only its beginning, the rest is encrypted for a certificate of the phone's"
                      : "its own",
                  facts->is_configured ? "" : "; kept from an earlier boot");
    member_rows(out, "CallManager", cnf->managers, cnf->manager_count);
    member_rows(out, "TVS", cnf->tvs, cnf->tvs_count);
    member_rows(out, "CAPF", cnf->capf, cnf->capf_count);
    webmarkup_row(out, "Protocol", "%s", cnf->sip ? "SIP" : "SCCP");
    webmarkup_row(out, "Security Mode", "%s", console_mode_text(cnf->security_mode));
    webmarkup_row(out, "TFTP Encrypted Configuration", "%s", cnf->encrypted ? "Yes" : "No");
    webmarkup_row(out, "User Locale", "%s", cnf->user_locale);
    webmarkup_row(out, "Network Locale", "%s", cnf->network_locale);
}

static void network_page(struct buffer *out, const struct webfacts *facts, size_t stream)
{
    char text[ADDRESS_TEXT];
    (void)stream;
    buffer_text(out, "<table>\n");
    webmarkup_row(out, "MAC Address", "%s", webpage_mac(facts));
    webmarkup_row(out, "Host Name", "%s", facts->device);
    if (facts->local)
        webmarkup_row(out, "IP Address", "%s", address_host(text, facts->local));
    if (facts->server)
        webmarkup_row(out, "TFTP Server 1", "%s", address_text(text, facts->server));
    configuration_rows(out, facts);
    if (facts->active)
        webmarkup_row(out, "Active CallManager", "%s", facts->active);
    if (facts->standby)
        webmarkup_row(out, "Standby CallManager", "%s", facts->standby);
    webpage_md5_row(out, "CTL File MD5", facts->ctl);
    webpage_md5_row(out, "ITL File MD5", facts->itl);
    buffer_text(out, "</table>\n");
}

/* ---- logs ---- */

static void log_page(struct buffer *out, const struct notebook *log)
{
    size_t count = notebook_count(log);
    if (count == 0) {
        buffer_text(out, "<p>Nothing yet.</p>\n");
        return;
    }
    buffer_text(out, "<pre>\n");
    for (size_t i = 0; i < count; i++) {
        webmarkup_text(out, bytes_of_string(notebook_text(log, i)));
        buffer_u8(out, '\n');
    }
    buffer_text(out, "</pre>\n");
}

static void messages_page(struct buffer *out, const struct webfacts *facts, size_t stream)
{
    (void)stream;
    log_page(out, facts->messages);
}

static void console_page(struct buffer *out, const struct webfacts *facts, size_t stream)
{
    (void)stream;
    log_page(out, facts->console);
}

/* ---- streaming statistics ---- */

static void count_row(struct buffer *out, const char *name, uint64_t count)
{
    webmarkup_row(out, name, "%llu", (unsigned long long)count);
}

static void stream_table(struct buffer *out, const struct webfacts *facts, size_t n)
{
    const struct webfacts_stream stream = webpage_stream(facts, n);
    const struct audio_counters *c = &stream.counters;
    char text[WEBPAGE_ADDRESS];
    buffer_format(out, "<h3>Stream %zu</h3>\n<table>\n", n);
    webmarkup_row(out, "Remote Address", "%s", webpage_address(text, &stream.remote));
    webmarkup_row(out, "Local Address", "%s", webpage_address(text, &stream.local));
    webmarkup_row(out, "Start Time", "%s", webpage_time(text, stream.began));
    webmarkup_row(out, "Stream Status", "%s", webpage_status(&stream));
    webmarkup_row(out, "Host Name", "%s", facts->device);
    count_row(out, "Sender Packets", c->sent);
    count_row(out, "Sender Octets", c->sent_octets);
    webmarkup_row(out, "Sender Codec", "%s", c->sent ? "G.711u" : "None");
    webmarkup_row(out, "Sender Encrypted", "%s", c->encrypts ? "Yes" : "No");
    count_row(out, "Sender Packets Not Sent", c->not_sent);
    count_row(out, "Rcvr Packets", c->received);
    count_row(out, "Rcvr Octets", c->received_octets);
    webmarkup_row(out, "Rcvr Codec", "%s", c->received ? "G.711u" : "None");
    webmarkup_row(out, "Rcvr Encrypted", "%s", c->decrypts ? "Yes" : "No");
    count_row(out, "Rcvr Lost Packets", c->lost);
    count_row(out, "Rcvr Late Packets", c->late);
    count_row(out, "Rcvr Duplicates", c->duplicates);
    webmarkup_row(out, "Avg Jitter", "%llu.%03llu ms", (unsigned long long)c->jitter_us / 1000,
                  (unsigned long long)c->jitter_us % 1000);
    count_row(out, "Rcvr Wrong Key", c->wrong_key);
    count_row(out, "Rcvr Replayed", c->replayed);
    count_row(out, "Rcvr Malformed", c->malformed);
    buffer_text(out, "</table>\n");
}

static void streaming_page(struct buffer *out, const struct webfacts *facts, size_t stream)
{
    (void)stream;
    if (facts->stream_count == 0)
        buffer_text(out, "<p>No call yet.</p>\n");
    for (size_t n = 1; n <= facts->stream_count; n++)
        stream_table(out, facts, n);
}

/* ---- the table ---- */

static const struct webpage pages[] = {
    {"/", "device.statistics.device", false, false, false, "Device Information", device_page},
    {"/network", "device.statistics.configuration", false, false, false, "Network Configuration",
     network_page},
    {"/messages", "device.settings.status.messages", false, false, false, "Status Messages",
     messages_page},
    {"/console", "device.statistics.consolelog", false, false, false, "Console Logs", console_page},
    {"/trust", NULL, false, false, false, "Trust List", webpage_trust},
    {"/streaming", "device.statistics.streaming.", true, false, false, "Streaming Statistics",
     streaming_page},
    {"/DeviceInformationX", NULL, false, true, false, NULL, webpage_xml_device},
    {"/NetworkConfigurationX", NULL, false, true, false, NULL, webpage_xml_network},
    {"/DeviceLogX", NULL, false, true, false, NULL, webpage_xml_log},
    {"/StreamingStatisticsX", NULL, false, true, true, NULL, webpage_xml_streaming},
};
#define PAGES (sizeof pages / sizeof *pages)

static bool has_adapter(const struct webpage *page, struct bytes adapter)
{
    size_t size = page->adapter ? strlen(page->adapter) : 0;
    if (size == 0 || adapter.size < size)
        return false;
    if (!bytes_equal_string(bytes_slice(adapter, 0, size), page->adapter))
        return false;
    return page->prefix
               ? adapter.size == size + 1 && adapter.data[size] >= '0' && adapter.data[size] <= '9'
               : adapter.size == size;
}

const struct webpage *webpage_find(struct bytes path, struct bytes adapter)
{
    bool by_adapter = bytes_equal_string(path, "/CGI/Java/Serviceability");
    for (size_t i = 0; i < PAGES; i++)
        if (by_adapter ? has_adapter(&pages[i], adapter) : bytes_equal_string(path, pages[i].path))
            return &pages[i];
    return NULL;
}

const char *webpage_type(const struct webpage *page)
{
    return page->xml ? "text/xml; charset=utf-8" : "text/html; charset=utf-8";
}

bool webpage_is_of_a_stream(const struct webpage *page)
{
    return page->of_a_stream;
}

/* ---- around each page ---- */

static const char style[] =
    "body{font:16px/1.4 sans-serif;margin:0 auto;max-width:64em;padding:0 1em 2em;color:#222}\n"
    "header{border-bottom:2px solid #069}h1{font-size:1.4em;margin:.6em 0 0}header p{margin:0 0 "
    ".6em}\n"
    "nav a{display:inline-block;margin:.6em 1em .2em 0}nav "
    "a[aria-current]{font-weight:bold;color:#222}\n"
    "a{color:#069}div{overflow-x:auto}table{border-collapse:collapse;margin-bottom:1em}\n"
    "th,td{text-align:left;vertical-align:top;padding:.2em 1em .2em .4em;"
    "border-bottom:1px solid #ddd;overflow-wrap:anywhere}\n"
    "th{font-weight:normal;color:#555;white-space:nowrap}code,pre{font-size:14px}"
    "pre{overflow-x:auto}\n";

static void add_menu(struct buffer *out, const struct webpage *here)
{
    buffer_text(out, "<nav>");
    for (size_t i = 0; i < PAGES; i++)
        if (pages[i].title)
            buffer_format(out, "<a href=\"%s\"%s>%s</a>\n", pages[i].path,
                          &pages[i] == here ? " aria-current=\"page\"" : "", pages[i].title);
    buffer_text(out, "</nav>\n");
}

static void make_html(struct buffer *out, const struct webpage *page, const struct webfacts *facts)
{
    buffer_format(out,
                  "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width\">\n"
                  "<title>%s: %s</title>\n<style>%s</style></head>\n<body><header>"
                  "<h1>IP Phone %s</h1><p>%s, simulated by Trustline</p></header>\n",
                  facts->device, page->title, style, facts->model->name, facts->device);
    add_menu(out, page);
    buffer_format(out, "<main><h2>%s</h2>\n<div>\n", page->title);
    page->make(out, facts, 0);
    buffer_text(out, "</div></main></body></html>\n");
}

int webpage_make(struct buffer *out, const struct webpage *page, const struct webfacts *facts,
                 size_t stream)
{
    size_t most =
        facts->stream_count > WEBPAGE_STREAMS_SHOWN ? facts->stream_count : WEBPAGE_STREAMS_SHOWN;
    if (page->of_a_stream && (stream == 0 || stream > most))
        return ERR_NOT_FOUND;
    if (page->xml) {
        buffer_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        page->make(out, facts, stream);
    } else {
        make_html(out, page, facts);
    }
    return out->error;
}
