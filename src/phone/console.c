#include "phone/console_parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "phone/fetch.h"

#include <string.h>

const char *console_mode_text(unsigned security_mode)
{
    return security_mode == 3 ? "encrypted" : security_mode == 2 ? "authenticated" : "non-secure";
}

/* ---- lines ---- */

static char *shown(char out[4 * BOOT_NAME], const struct boot_action *action)
{
    return text_escape(out, 4 * BOOT_NAME, bytes_of_string(action->name));
}

static const char *transport(const struct boot_action *action)
{
    return action->transport == BOOT_HTTP ? "HTTP" : "TFTP";
}

/* ---- requests ---- */

static void say_fetch(struct console *c, const struct boot_action *action)
{
    char name[4 * BOOT_NAME];
    char host[ADDRESS_TEXT];
    uint16_t port = address_port(&c->server);
    shown(name, action);
    c->request++;
    if (action->file == BOOT_CTL || action->file == BOOT_ITL)
        console_line(c, "NOT", "SECD: tlRequestFile: Request %s", name);
    address_host(host, &c->server);
    if (action->transport == BOOT_HTTP)
        console_line(c, "NOT", "HTTP: [%u]:Requesting %s from %s port %u", c->request, name, host,
                     fetch_http_port(port));
    else if (port != 69)
        console_line(c, "NOT", "TFTP: [%u]:Requesting %s from %s port %u", c->request, name, host,
                     port);
    else
        console_line(c, "NOT", "TFTP: [%u]:Requesting %s from %s", c->request, name, host);
}

/* ---- what became of them ---- */

static bool is_list(const struct boot_action *action)
{
    return action->file == BOOT_CTL || action->file == BOOT_ITL;
}

/* Newer phones have other words for the same. */
static void say_accepted_by_new(struct console *c, const struct boot_action *action)
{
    bool list = is_list(action);
    if (list && action->answer->rule == RULE_FIRST_LIST)
        console_line(c, "NOT", "SECD: Using leap of faith to accept TL file");
    console_line(c, "NOT", "SECD: Hashes match... authentication successful.");
    if (list)
        console_line(c, "NOT", "SECD: TL file verified successfully.");
    if (list && action->result == RESULT_ACCEPTED) {
        console_line(c, "NOT", "SECD: updateFromFile: TL parse to table: %s_SUCCESS",
                     action->file == BOOT_CTL ? "CTL" : "ITL");
        console_line(c, "NOT", "SECD: Updating master TL table");
        console_line(c, "NOT", "SECD: TL file updated.");
    }
}

static void say_accepted(struct console *c, const struct boot *boot,
                         const struct boot_action *action)
{
    enum generation generation = boot_model(boot)->generation;
    bool checked = action->answer->rule != RULE_UNSIGNED && action->header_size;
    if (checked && (generation == GENERATION_D || generation == GENERATION_E))
        say_accepted_by_new(c, action);
    else if (checked)
        console_line(c, "NOT",
                     "SECD: validate_file_envelope: File sign verify SUCCESS; header length <%u>",
                     action->header_size);
    if (is_list(action))
        console_line(c, "NOT", "SECD: %s %s; rule <%s>", action->file == BOOT_CTL ? "CTL" : "ITL",
                     action->result == RESULT_UNCHANGED ? "is the one stored" : "taken",
                     accept_rule_text(action->answer->rule));
}

static void say_refused(struct console *c, const struct boot_action *action)
{
    const char *rule = accept_rule_text(action->answer->rule);
    if (action->header_size)
        console_line(
            c, "ERR",
            "SECD: EROR:validate_file_envelope: ** File sign verify FAILED; header length <%u>; "
            "rule <%s>",
            action->header_size, rule);
    else
        console_line(c, "ERR", "SECD: EROR:validate_file_envelope: ** File refused; rule <%s>",
                     rule);
}

static void say_arrived(struct console *c, const struct boot_action *action)
{
    console_line(c, "NOT", "%s: [%u]:Finished --> rcvd %zu bytes", transport(action), c->request,
                 action->content.size);
}

static void say_file(struct console *c, const struct boot *boot, const struct boot_action *action)
{
    switch (action->result) {
    case RESULT_ACCEPTED:
    case RESULT_UNCHANGED:
    case RESULT_REFUSED:
    case RESULT_NOT_OURS:
        if (!action->asked_tvs)
            say_arrived(c, action);
        if (action->result == RESULT_NOT_OURS)
            console_line(c, "ERR", "SECD: EROR: sealed for another certificate than the phone's");
        else if (action->result == RESULT_REFUSED)
            say_refused(c, action);
        else
            say_accepted(c, boot, action);
        break;
    case RESULT_ABSENT:
        console_line(c, "NOT", "%s: [%u]:File not found", transport(action), c->request);
        break;
    case RESULT_FAILED:
        console_line(c, "ERR", "%s: [%u]:%s", transport(action), c->request, action->words);
        break;
    case RESULT_BY_TFTP:
        console_line(c, "ERR", "HTTP: [%u]:%s", c->request, action->words);
        console_line(c, "NOT", "HTTP download error, try tftp download");
        break;
    }
}

/* ---- status messages ---- */

static const char *what_stays(const struct boot *boot, const struct boot_action *action)
{
    switch (action->file) {
    case BOOT_CTL:
        return boot_list(boot, TRUSTLIST_CTL) ? "The old CTL stays." : "The phone has no CTL.";
    case BOOT_ITL:
        return boot_list(boot, TRUSTLIST_ITL) ? "The old ITL stays." : "The phone has no ITL.";
    case BOOT_CONFIGURATION:
    case BOOT_DEFAULT:
        return boot_configuration(boot) ? "The old configuration stays."
                                        : "The phone has no configuration.";
    default:
        return "The phone goes on without it.";
    }
}

static void say_status(struct console *c, const struct boot *boot, const struct boot_action *action)
{
    char text[BOOT_STATUS_TEXT];
    char name[4 * BOOT_NAME];
    console_status(c, "%s", boot_status_text(text, action));
    if (!action->answer)
        return;
    struct buffer words;
    buffer_init(&words, 4096);
    buffer_format(&words, "%s is refused by rule %s: %s", shown(name, action),
                  accept_rule_text(action->answer->rule), action->answer->explanation);
    buffer_format(&words, " %s", what_stays(boot, action));
    console_wrapped(c, buffer_string(&words));
    buffer_fini(&words);
}

/* ---- the end ---- */

static void print_list(struct console *c, const struct boot *boot, enum trustlist_kind kind)
{
    const struct held_list *list = boot_list(boot, kind);
    char md5[2 * MD5_SIZE + 1];
    if (list)
        fprintf(c->out, "%*s%s: %zu bytes, md5 %s\n", CONSOLE_INDENT, "", trustlist_kind_name(kind),
                list->file.size,
                text_hex(md5, sizeof md5, bytes_of(list->md5, MD5_SIZE), false, 0));
    else
        fprintf(c->out, "%*s%s: none\n", CONSOLE_INDENT, "", trustlist_kind_name(kind));
}

static void print_members(struct console *c, const char *what, const struct cnf_member *members,
                          size_t count)
{
    char host[4 * CNF_HOST];
    for (size_t i = 0; i < count; i++)
        fprintf(c->out, "%s%s", i ? ", " : what,
                text_escape(host, sizeof host, bytes_of_string(members[i].host)));
}

static void print_configuration(struct console *c, const struct boot *boot)
{
    const struct cnf *cnf = boot_configuration(boot);
    fprintf(c->out, "%*sConfiguration%s: ", CONSOLE_INDENT, "",
            cnf && !boot_is_configured(boot) ? " (kept)" : "");
    if (!cnf) {
        fputs("none\n", c->out);
        return;
    }
    if (cnf->is_default)
        fputs("the default one, for phones the server does not know", c->out);
    else
        fprintf(c->out, "%s, %s", console_mode_text(cnf->security_mode), cnf->sip ? "SIP" : "SCCP");
    if (cnf->encrypted)
        fputs(cnf->full ? "; TFTP encrypted"
                        : "; only its beginning, the rest is encrypted for a certificate of the "
                          "phone's",
              c->out);
    print_members(c, "; CallManager ", cnf->managers, cnf->manager_count);
    print_members(c, "; TVS ", cnf->tvs, cnf->tvs_count);
    print_members(c, "; CAPF ", cnf->capf, cnf->capf_count);
    fputc('\n', c->out);
}

static void print_lsc(struct console *c, const struct boot *boot)
{
    const struct identity *lsc = boot_lsc(boot);
    char subject[400], issuer[400], serial[2 * 32 + 1], date[CLOCK_TEXT];
    if (!lsc) {
        fprintf(c->out, "%*sLSC: Not Installed\n", CONSOLE_INDENT, "");
        return;
    }
    const struct certificate *certificate = lsc->certificate;
    text_escape(subject, sizeof subject, bytes_of_string(certificate_subject(certificate)));
    text_escape(issuer, sizeof issuer, bytes_of_string(certificate_issuer(certificate)));
    text_hex(serial, sizeof serial, certificate_serial(certificate), true, 0);
    clock_java(date, certificate_not_after(certificate));
    fprintf(c->out, "%*sLSC: Installed, %s, serial %s, issued by %s, %s, until %s\n",
            CONSOLE_INDENT, "", subject, serial, issuer, certificate_key_name(certificate), date);
}

static void say_over(struct console *c, const struct boot *boot, const struct boot_action *action)
{
    static const char *const words[] = {
        [OUTCOME_FILES] = "has its files",
        [OUTCOME_FAILED] = "did not get all its files",
        [OUTCOME_REFUSED] = "refused a list or its configuration, and keeps what it had",
    };
    console_status(c, "%s (%s) %s", boot_device(boot), boot_model(boot)->name,
                   words[action->outcome]);
    print_list(c, boot, TRUSTLIST_CTL);
    print_list(c, boot, TRUSTLIST_ITL);
    print_lsc(c, boot);
    print_configuration(c, boot);
}

void console_action(struct console *console, const struct boot *boot,
                    const struct boot_action *action)
{
    switch (action->kind) {
    case BOOT_FETCH:
        say_fetch(console, action);
        break;
    case BOOT_FILE:
        say_file(console, boot, action);
        break;
    case BOOT_STATUS:
        say_status(console, boot, action);
        break;
    case BOOT_OVER:
        say_over(console, boot, action);
        break;
    case BOOT_ASK: /* and console_tvs() */
        say_arrived(console, action);
        break;
    case BOOT_STORE:
    case BOOT_ENROL: /* console_enrolment() tells it */
        break;
    }
}

/* ---- TVS ---- */

/* The phone's own process for TVS has a socket; what is written there is one of its own messages,
 * of this size in every log that has been published. */
enum { PROXY_MESSAGE = 3708, HOUR = 3600 };

static void say_flush(struct console *c)
{
    console_line(c, "NOT", "SECD: setupSocketToTvsProxy: Connected to TVS proxy server");
    console_line(c, "NOT", "SECD: tvsReqFlushTvsCertCache: Sent Request to TVS proxy, len: %d",
                 PROXY_MESSAGE);
    console_line(c, "NOT", "SECD: clpTvsInit: Client message received on TVS proxy socket");
    console_line(c, "NOT",
                 "SECD: processTvsClntReq: Success reading the client TVS request, len : %d",
                 PROXY_MESSAGE);
    console_line(c, "NOT", "SECD: processTvsClntReq: TVS Certificate cache flush request received");
    console_line(c, "NOT",
                 "SECD: tvsFlushCertCache: Completed TVS Certificate cache flush request");
}

/* Yes or no, and not a silence. */
static bool is_answer(const struct tvsc_news *news)
{
    return news->what == TVSC_ANSWERED && news->testimony &&
           news->testimony->kind != TESTIMONY_SILENCE;
}

/* A line that both generations have, each behind its own word. */
static void say_tvs_trouble(struct console *c, const char *prefix, const struct tvsc_news *news)
{
    if (news->what == TVSC_FAILED)
        console_line(c, "ERR", "%sTVS server %s: %s", prefix, news->server, news->words);
    else if (news->what == TVSC_ANSWERED)
        console_line(c, "ERR", "%sNo TVS server answers", prefix);
    else if (news->what == TVSC_CACHED)
        console_line(c, "NOT", "%sMatching entry found at cache", prefix);
}

static void say_tvs(struct console *c, const struct tvsc_news *news)
{
    if (news->what == TVSC_ASK) {
        console_line(c, "NOT", "SECD: -TVS service available, can attempt via TVS");
        console_line(c, "NOT", "SECD: -TVS Certificate Authentication request");
        console_line(c, "NOT", "SECD: -No matching entry found at cache");
    } else if (news->what == TVSC_CONNECTED) {
        console_line(c, "NOT", "SECD: -Successfully obtained a TLS connection to the TVS server");
    } else if (news->what == TVSC_SENT) {
        console_line(
            c, "NOT",
            "SECD: -Successfully sent the certificate Authentication request to TVS server, "
            "bytes written : %zu",
            news->size);
    } else if (is_answer(news)) {
        console_line(c, "NOT", "SECD: -Authentication Response received, status : %d",
                     news->testimony->kind == TESTIMONY_VOUCHED ? TVS_TRUSTED : TVS_NOT_TRUSTED);
    } else {
        say_tvs_trouble(c, "SECD: -", news);
    }
}

static void say_kept(struct console *c, uint32_t ttl)
{
    if (ttl % HOUR == 0)
        console_line(c, "NOT", "SECUREAPP-TVS added cert to TVS cache - expires in %u hours",
                     ttl / HOUR);
    else
        console_line(c, "NOT", "SECUREAPP-TVS added cert to TVS cache - expires in %u seconds",
                     ttl);
}

static void say_tvs_by_new(struct console *c, const struct tvsc_news *news)
{
    if (news->what == TVSC_CONNECT) {
        console_line(c, "NOT", "SECUREAPP-Attempting connect to TVS server addr [%s]",
                     news->server);
    } else if (news->what == TVSC_SENT) {
        console_line(
            c, "NOT",
            "SECUREAPP-TVS process request - Successfully sent the TVS request to TVS server, "
            "bytes written : %zu",
            news->size);
    } else if (is_answer(news)) {
        console_line(c, "NOT", "SECUREAPP-TVS Service receives %zu bytes of data", news->size);
        if (news->testimony->kind == TESTIMONY_VOUCHED && news->ttl)
            say_kept(c, news->ttl);
    } else {
        say_tvs_trouble(c, "SECUREAPP-", news);
    }
}

void console_tvs(struct console *c, const struct boot *boot, const struct tvsc_news *news)
{
    if (news->what == TVSC_FLUSHED)
        say_flush(c);
    else if (boot_model(boot)->generation == GENERATION_E)
        say_tvs_by_new(c, news);
    else
        say_tvs(c, news);
}

/* ---- CAPF: no console of a real phone in an enrolment has been published, so these are ours ----
 */

void console_enrolment(struct console *c, const struct enrolment_news *news)
{
    switch (news->what) {
    case HAPPENING_CONNECT:
        console_line(c, "NOT", "SECD: capf: connecting to %s", news->server);
        break;
    case HAPPENING_CONNECTED:
        console_line(c, "NOT", "SECD: capf: server %s trusted, [%s], cipher [%s]", news->server,
                     news->tls, news->cipher);
        break;
    case HAPPENING_RECEIVED:
        console_line(c, "NOT", "SECD: capf: rcvd %s", capf_message_name(news->command));
        break;
    case HAPPENING_SENT:
        console_line(c, "NOT", "SECD: capf: sent %s", capf_message_name(news->command));
        break;
    case HAPPENING_KEY:
        console_line(c, "NOT", "SECD: capf: making a key, %s %u",
                     news->key.kind == KEY_EC ? "P" : "RSA", news->key.bits);
        break;
    case HAPPENING_STORED:
        console_line(c, "NOT", "SECD: capf: LSC stored");
        break;
    case HAPPENING_ERASED:
        console_line(c, "NOT", "SECD: capf: LSC erased");
        break;
    case HAPPENING_FAILED:
        console_line(c, "ERR", "SECD: EROR:capf: ** %s: %s", news->server, news->words);
        break;
    case HAPPENING_PAUSE:
        console_line(c, "NOT", "SECD: capf: trying again in %lld s", (long long)(news->ms / 1000));
        break;
    }
}

void console_enrolled(struct console *c, const struct enrolment_result *result)
{
    static const char *const words[ENROL_OUTCOMES] = {
        [ENROL_NOTHING] = "CAPF has nothing to do for this phone",
        [ENROL_INSTALLED] = "LSC Installed",
        [ENROL_FETCHED] = "CAPF has fetched the certificate",
        [ENROL_DELETED] = "LSC Not Installed",
        [ENROL_REFUSED] = "CAPF refuses this phone",
        [ENROL_UNKNOWN] = "CAPF does not know this phone",
        [ENROL_BAD_ORDER] = "CAPF orders what this phone cannot do",
        [ENROL_RETRY_LATER] = "CAPF is busy",
        [ENROL_BROKEN] = "CAPF cannot be spoken with",
        [ENROL_UNREACHABLE] = "CAPF cannot be reached",
        [ENROL_UNTRUSTED] = "CAPF is not trusted",
    };
    console_status(c, "%s", words[result->outcome]);
    console_wrapped(c, result->words);
}
