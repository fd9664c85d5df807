/* Rules about what a phone opens to its surroundings: 33 to 41, 44 to 46. */
#include "wire/cnf_lint.h"

#include "base/text.h"

#include <string.h>

static void check_ssh(struct lint *lint)
{
    const xmlNode *at = NULL;
    char text[CNF_TEXT];
    if (lint_product_is(lint, "sshAccess", "0", &at))
        lint_find(lint, at, "sshAccess 0");
    const xmlNode *user = cnf_path(lint->root, "sshUserId");
    if (cnf_text(user, text, sizeof text))
        lint_find(lint, user, "sshUserId is set");
}

static void check_console(struct lint *lint)
{
    const xmlNode *at = NULL;
    if (lint_product_is(lint, "ConsoleAccess", "0", &at))
        lint_find(lint, at, "ConsoleAccess 0");
}

static void check_web(struct lint *lint)
{
    const xmlNode *at = NULL;
    char text[CNF_TEXT];
    bool there = lint_product(lint, "webAccess", text, sizeof text, &at);
    if (there && strcmp(text, "0") == 0)
        lint_find(lint, at, "webAccess 0");
    else if (!there && lint_generation_is(lint, "A"))
        lint_find(lint, NULL, "no webAccess, which a 7940 or 7960 takes for 0");
    else if (there && strcmp(text, "2") == 0 && !lint_generation_is(lint, "W") &&
             lint->context->generation)
        lint_say(lint, LINT_WARNING, cnf_line(at),
                 "webAccess 2: only the wireless 792x know this value");
}

static void check_web_protocol(struct lint *lint)
{
    const xmlNode *at = NULL;
    if (!lint_product_is(lint, "webAccess", "0", &at))
        return;
    const xmlNode *protocol = at;
    if (!lint_product_is(lint, "webProtocol", "1", &protocol))
        lint_find(lint, protocol, "webAccess 0 without webProtocol 1");
    else if (lint_generation_is(lint, "B"))
        lint_say(lint, LINT_NOTE, cnf_line(protocol),
                 "webProtocol 1: the HTTPS of this generation is TLS 1.0");
}

static void check_web_administration(struct lint *lint)
{
    enum { SHORT_PASSWORD = 8 };
    const xmlNode *at = NULL;
    const xmlNode *password = NULL;
    char text[CNF_TEXT] = "";
    bool on = lint_product_is(lint, "webAdmin", "1", &at);
    bool there = lint_product(lint, "adminPassword", text, sizeof text, &password);
    if (on)
        lint_find(lint, at, "webAdmin 1");
    if (on && !there)
        lint_find(lint, at, "no adminPassword");
    else if (there && strlen(text) < SHORT_PASSWORD)
        lint_find(lint, password, "adminPassword has fewer than %d characters", SHORT_PASSWORD);
}

/* Whether the place is public nobody tells us; that a 79xx unlocks for everybody can be seen. */
static void check_settings(struct lint *lint)
{
    const xmlNode *password = cnf_path(lint->root, "commonProfile/phonePassword");
    char text[CNF_TEXT];
    if (lint_generation_is(lint, "B") && !cnf_text(password, text, sizeof text) &&
        !lint_product_is(lint, "settingsAccess", "0", NULL))
        lint_find(lint, password, "phonePassword is empty");
}

static void check_tapping(struct lint *lint)
{
    static const char *const names[] = {"spanToPCPort", "voiceVlanAccess", "garp"};
    const xmlNode *at = NULL;
    char text[CNF_TEXT];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lint_product_is(lint, names[i], "0", &at))
            lint_find(lint, at, "%s 0", names[i]);
    if (lint_generation_is(lint, "A") && !lint_product(lint, "garp", text, sizeof text, NULL))
        lint_find(lint, NULL, "no garp, which a 7940 or 7960 takes for 0");
}

static void check_ports_and_peers(struct lint *lint)
{
    const xmlNode *at = NULL;
    if (lint->context->no_pc_expected && lint_product_is(lint, "pcPort", "0", &at))
        lint_say(lint, LINT_NOTE, cnf_line(at),
                 "pcPort 0: the port for a computer is open where none is expected");
    if (lint_product_is(lint, "peerFirmwareSharing", "1", &at))
        lint_find(lint, at, "peerFirmwareSharing 1");
}

/* Is this number in a list of numbers, "1,2,3"? */
static bool list_has(const char *list, char number)
{
    for (const char *p = list; *p; p++)
        if (*p == number && (p == list || p[-1] < '0' || p[-1] > '9') && (p[1] < '0' || p[1] > '9'))
            return true;
    return false;
}

static void check_tls_versions(struct lint *lint)
{
    const xmlNode *at = NULL;
    char list[CNF_TEXT] = "";
    if (!lint_generation_is(lint, "E"))
        return;
    if (!lint_product_is(lint, "tls12Only", "1", &at))
        lint_say(lint, LINT_WARNING, at ? cnf_line(at) : 0,
                 "tls12Only is not 1: the phone speaks TLS 1.0 and 1.1 too");
    at = NULL;
    lint_product(lint, "disableTLSCiphers", list, sizeof list, &at);
    unsigned listed = 0;
    for (const char *number = "1234567"; *number; number++)
        listed += list_has(list, *number);
    if (listed == 7)
        lint_say(lint, LINT_ERROR, cnf_line(at),
                 "disableTLSCiphers lists all seven: the phone can make no TLS connection");
    else if (!list_has(list, '1'))
        lint_say(lint, LINT_WARNING, at ? cnf_line(at) : 0,
                 "disableTLSCiphers without 1: the phone offers triple DES");
}

/* ---- services ---- */

static bool is_plain_http(const char *url)
{
    return text_starts(url, "http://");
}

static void check_https(struct lint *lint)
{
    static const char *const names[][2] = {
        {"authenticationURL", "secureAuthenticationURL"},
        {"directoryURL", "secureDirectoryURL"},
        {"idleURL", "secureIdleURL"},
        {"informationURL", "secureInformationURL"},
        {"messagesURL", "secureMessagesURL"},
        {"servicesURL", "secureServicesURL"},
    };
    char text[CNF_TEXT];
    char twin[CNF_TEXT];
    char https[16];
    for (size_t i = 0; i < sizeof names / sizeof *names && !lint_generation_is(lint, "A"); i++) {
        const xmlNode *node = cnf_path(lint->root, names[i][0]);
        if (cnf_text(node, text, sizeof text) && is_plain_http(text) &&
            !cnf_text(cnf_path(lint->root, names[i][1]), twin, sizeof twin))
            lint_find(lint, node, "%s is http, and %s is empty", names[i][0], names[i][1]);
    }
    const xmlNode *services = cnf_child(lint->root, "phoneServices");
    if (services && lint_is_secure(lint) &&
        cnf_attribute(services, "useHTTPS", https, sizeof https) && strcmp(https, "true") != 0)
        lint_find(lint, services, "phoneServices without useHTTPS in a secure mode");
}

static void check_push(struct lint *lint)
{
    const xmlNode *at = NULL;
    char text[CNF_TEXT];
    if (lint_product_is(lint, "webAccess", "0", &at) &&
        !cnf_text(cnf_path(lint->root, "authenticationURL"), text, sizeof text) &&
        !cnf_text(cnf_path(lint->root, "secureAuthenticationURL"), text, sizeof text))
        lint_find(lint, at, "webAccess 0 and no authenticationURL");
}

static void check_survivable(struct lint *lint)
{
    static const char *const gateways[] = {"ipAddr1",    "ipAddr2",    "ipAddr3",
                                           "sipIpAddr1", "sipIpAddr2", "sipIpAddr3"};
    const xmlNode *info = cnf_path(lint->root, "devicePool/srstInfo");
    const xmlNode *secure = cnf_path(info, "isSecure");
    char text[CNF_TEXT];
    bool gateway = false;
    for (size_t i = 0; i < sizeof gateways / sizeof *gateways; i++)
        gateway |= cnf_text(cnf_path(info, gateways[i]), text, sizeof text);
    if (lint->mode == 3 && gateway && strcmp(lint_text(secure, text), "true") != 0)
        lint_find(lint, secure ? secure : info, "isSecure is not true for a survivable gateway");
}

const struct lint_rule lint_surface_rules[] = {
    {33, LINT_WARNING, true, LINT_DEVICE, "the phone lets people in by SSH", check_ssh},
    {34, LINT_WARNING, true, LINT_FULL, "the phone has a console on its serial port",
     check_console},
    {35, LINT_WARNING, true, LINT_FULL, "its web pages are open", check_web},
    {36, LINT_WARNING, true, LINT_FULL, "the pages are served over HTTP, in clear",
     check_web_protocol},
    {37, LINT_WARNING, true, LINT_FULL, "the phone can be administered over its web page",
     check_web_administration},
    {38, LINT_WARNING, true, LINT_FULL,
     "everybody at the phone can unlock its settings and erase its trust lists", check_settings},
    {39, LINT_WARNING, true, LINT_FULL, "calls can be tapped from the port for the computer",
     check_tapping},
    {40, LINT_NOTE, true, LINT_FULL, "phones take firmware from each other", check_ports_and_peers},
    {41, LINT_WARNING, true, LINT_FULL, "old TLS stays possible", check_tls_versions},
    {44, LINT_WARNING, true, LINT_FULL, "the phone asks its services in clear", check_https},
    {45, LINT_WARNING, true, LINT_FULL, "whoever reaches the phone may push pages and keys to it",
     check_push},
    {46, LINT_WARNING, true, LINT_FULL, "calls are in clear when the gateway takes over",
     check_survivable},
    {0},
};
