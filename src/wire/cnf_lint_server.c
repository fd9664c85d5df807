/* Rules about servers and ports: 6 to 13, 42, 43, 60. */
#include "wire/cnf_lint.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { SCCP_PORT = 2000, SECURE_STEP = 443, SLOTS = 3 };

static const xmlNode *members_of(const struct lint *lint)
{
    return cnf_path(lint->root, lint->is_default ? "callManagerGroup/members"
                                                 : "devicePool/callManagerGroup/members");
}

static const xmlNode *port_of(const xmlNode *manager, const char *name)
{
    return cnf_path(cnf_child(manager, "ports"), name);
}

/* A short file names no servers, a default file must. */
static bool names_servers(const struct lint *lint)
{
    return lint->is_default || !lint->is_short;
}

static void check_there_is_a_server(struct lint *lint)
{
    char host[CNF_TEXT];
    if (!names_servers(lint))
        return;
    const xmlNode *members = members_of(lint);
    if (!cnf_child(members, "member"))
        lint_find(lint, members, "no member in callManagerGroup");
    for (const xmlNode *m = NULL; (m = lint_next_manager(lint, m)) != NULL;)
        if (!cnf_text(cnf_path(m, "processNodeName"), host, sizeof host))
            lint_find(lint, m, "a callManager without processNodeName");
}

static void check_order(struct lint *lint)
{
    if (!lint->sip && !lint->is_default)
        return;
    for (const xmlNode *m = NULL; (m = lint_next_manager(lint, m)) != NULL;) {
        const xmlNode *name = cnf_child(m, "processNodeName");
        if (name && cnf_next(name, "ports"))
            lint_find(lint, cnf_next(name, "ports"), "ports stands behind processNodeName");
    }
}

static void check_slots(struct lint *lint)
{
    unsigned count = 0;
    for (const xmlNode *m = cnf_child(members_of(lint), "member"); m; m = cnf_next(m, "member")) {
        if (++count != SLOTS + 1)
            continue;
        if (lint->sip)
            lint_find(lint, m, "more than %d members", SLOTS);
        else
            lint_say(lint, LINT_WARNING, cnf_line(m),
                     "more than %d members: a group of CUCM holds three, and SIP phones have no "
                     "room for more",
                     SLOTS);
    }
}

static void check_priorities(struct lint *lint)
{
    int64_t before = -1;
    for (const xmlNode *m = cnf_child(members_of(lint), "member"); m; m = cnf_next(m, "member")) {
        char text[16];
        int64_t priority = 0;
        if (!cnf_attribute(m, "priority", text, sizeof text) ||
            text_number(text, 0, 1000, &priority)) {
            lint_find(lint, m, "a member without priority");
            continue;
        }
        if (priority <= before)
            lint_find(lint, m, "priority %s %s", text,
                      priority == before ? "stands there twice" : "comes after a larger one");
        before = priority;
    }
}

/* ---- ports ---- */

static bool is_port(const char *text)
{
    int64_t number;
    return text_number(text, 1, UINT16_MAX, &number) == 0;
}

static void check_ports(struct lint *lint)
{
    char text[CNF_TEXT];
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n)) {
        const struct element *e = element_find((const char *)n->name);
        if (e && e->kind == ELEMENT_PORT && cnf_text(n, text, sizeof text) && !is_port(text))
            lint_find(lint, n, "%s is '%.20s', not a port", e->name, text);
    }
    if (lint->sip || lint->is_default || lint->is_short)
        return;
    for (const xmlNode *m = NULL; (m = lint_next_manager(lint, m)) != NULL;)
        if (!cnf_text(port_of(m, "ethernetPhonePort"), text, sizeof text))
            lint_find(lint, m, "a callManager without ethernetPhonePort");
}

static void check_secure_port_given(struct lint *lint)
{
    for (const xmlNode *m = NULL; (m = lint_next_manager(lint, m)) != NULL;) {
        const xmlNode *port = port_of(m, "ethernetPhonePort");
        if (cnf_number(port) == SCCP_PORT + SECURE_STEP)
            lint_find(lint, port, "ethernetPhonePort %d", SCCP_PORT + SECURE_STEP);
    }
}

static void check_unusual_port(struct lint *lint)
{
    if (lint->sip || !lint_is_secure(lint))
        return;
    for (const xmlNode *m = NULL; (m = lint_next_manager(lint, m)) != NULL;) {
        const xmlNode *node = port_of(m, "ethernetPhonePort");
        unsigned port = cnf_number(node);
        if (port && port <= UINT16_MAX && port != SCCP_PORT && port != SCCP_PORT + SECURE_STEP)
            lint_find(lint, node, "ethernetPhonePort %u in a secure mode", port);
    }
}

static void check_secure_sip_port(struct lint *lint)
{
    if (!lint->sip || !lint_is_secure(lint))
        return;
    for (const xmlNode *m = NULL; (m = lint_next_manager(lint, m)) != NULL;) {
        const xmlNode *secure = port_of(m, "securedSipPort");
        char text[CNF_TEXT];
        unsigned plain = cnf_number(port_of(m, "sipPort"));
        if (!cnf_text(secure, text, sizeof text))
            lint_find(lint, m, "a callManager without securedSipPort");
        else if (cnf_number(secure) == (plain ? plain : 5060))
            lint_say(lint, LINT_ERROR, cnf_line(secure),
                     "securedSipPort %s is sipPort too: TLS and plain SIP cannot share a port",
                     text);
    }
}

/* ---- TVS ---- */

static void check_tvs(struct lint *lint)
{
    const xmlNode *tvs = cnf_child(lint->root, "TVS");
    const xmlNode *members = cnf_path(tvs, "members");
    bool reads_tvs = !lint_generation_is(lint, "AOJ");
    if (lint->context->itl_served && reads_tvs && names_servers(lint) &&
        !cnf_child(members, "member"))
        lint_find(lint, tvs, "an ITL is served, but no TVS is named");
    for (const xmlNode *m = cnf_child(members, "member"); m; m = cnf_next(m, "member")) {
        const xmlNode *port = cnf_path(m, "port");
        char text[CNF_TEXT];
        if (cnf_text(port, text, sizeof text) && cnf_number(port) != 2445)
            lint_say(lint, LINT_WARNING, cnf_line(port),
                     "TVS port %.20s: a TVS listens on 2445, unless this one was moved", text);
    }
}

static void check_tvs_is_read(struct lint *lint)
{
    const xmlNode *tvs = cnf_child(lint->root, "TVS");
    if (tvs && lint_generation_is(lint, "A"))
        lint_find(lint, tvs, "TVS");
}

/* ---- names in certificates ---- */

static void check_host(struct lint *lint, const xmlNode *node)
{
    char host[CNF_TEXT];
    if (!cnf_text(node, host, sizeof host) ||
        lint->context->host_in_certificate(lint->context->context, host))
        return;
    char shown[80];
    lint_say(lint, LINT_NOTE, cnf_line(node),
             "%s %s is not in the certificate phones see there: %s",
             lint_is_ip(host) ? "address" : "host",
             text_escape(shown, sizeof shown, bytes_of_string(host)), lint->rule->text);
}

static void check_hosts(struct lint *lint)
{
    if (!lint->context->host_in_certificate)
        return;
    for (const xmlNode *m = NULL; (m = lint_next_manager(lint, m)) != NULL;)
        check_host(lint, cnf_path(m, "processNodeName"));
    const xmlNode *members = cnf_path(lint->root, "TVS/members");
    for (const xmlNode *m = cnf_child(members, "member"); m; m = cnf_next(m, "member"))
        check_host(lint, cnf_path(m, "address"));
    const xmlNode *list = cnf_path(lint->root, "capfList");
    for (const xmlNode *c = cnf_child(list, "capf"); c; c = cnf_next(c, "capf"))
        check_host(lint, cnf_path(c, "processNodeName"));
}

const struct lint_rule lint_server_rules[] = {
    {6, LINT_ERROR, false, LINT_TREE, "the phone has no server", check_there_is_a_server},
    {7, LINT_ERROR, false, LINT_TREE,
     "on SIP phones the name closes the entry, and the ports go to the next server", check_order},
    {8, LINT_ERROR, false, LINT_TREE, "SIP phones have room for three and do not check",
     check_slots},
    {9, LINT_WARNING, false, LINT_TREE, "SIP phones take the servers in document order",
     check_priorities},
    {10, LINT_ERROR, false, LINT_TREE, "the phone cannot connect", check_ports},
    {11, LINT_ERROR, true, LINT_TREE, "the phone adds 443 itself and would connect to 2886",
     check_secure_port_given},
    {12, LINT_WARNING, false, LINT_FULL, "the server must listen on this port plus 443",
     check_unusual_port},
    {13, LINT_WARNING, true, LINT_FULL, "the phone supposes 5061", check_secure_sip_port},
    {42, LINT_WARNING, true, LINT_TREE,
     "HTTPS services and certificates that are new will not be trusted", check_tvs},
    {43, LINT_NOTE, false, LINT_DEVICE, "7940 and 7960 have no TVS and ignore it",
     check_tvs_is_read},
    {60, LINT_NOTE, true, LINT_TREE, "a phone that compares names refuses the server", check_hosts},
    {0},
};
