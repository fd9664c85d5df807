/* Rules about security mode, enrolment, encryption and secrets: 14 to 32. */
#include "wire/cnf_lint.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

/* ---- the mode ---- */

static void check_mode(struct lint *lint)
{
    const xmlNode *node = cnf_path(lint->root, "deviceSecurityMode");
    char text[CNF_TEXT];
    if (cnf_text(node, text, sizeof text) && (lint->mode < 1 || lint->mode > 3))
        lint_find(lint, node, "deviceSecurityMode is '%.20s'", text);
}

static void check_transport_is_tls(struct lint *lint)
{
    if (lint->sip && lint_is_secure(lint) && lint->transport != 3)
        lint_find(lint, cnf_path(lint->root, "transportLayerProtocol"),
                  "security mode %u without transportLayerProtocol 3", lint->mode);
}

static void check_tls_has_mode(struct lint *lint)
{
    if (lint->sip && lint->transport == 3 && lint->mode < 2)
        lint_find(lint, cnf_path(lint->root, "transportLayerProtocol"),
                  "transportLayerProtocol 3 in a non-secure mode");
}

static void check_null_cipher(struct lint *lint)
{
    if (lint->mode == 2)
        lint_find(lint, cnf_path(lint->root, "deviceSecurityMode"), "deviceSecurityMode 2");
}

static void check_transport(struct lint *lint)
{
    if (lint->sip && (lint->transport == 2 || lint->transport == 4))
        lint_find(lint, cnf_path(lint->root, "transportLayerProtocol"), "transportLayerProtocol %u",
                  lint->transport);
}

static void check_list_is_served(struct lint *lint)
{
    if (lint_is_secure(lint) && lint->context->lists_known && !lint->context->list_with_ccm_served)
        lint_find(lint, cnf_path(lint->root, "deviceSecurityMode"),
                  "security mode %u, and no CTL or ITL that names a call manager is served",
                  lint->mode);
}

/* ---- enrolment ---- */

static void check_capf_server(struct lint *lint)
{
    const xmlNode *list = cnf_path(lint->root, "capfList");
    char host[CNF_TEXT];
    if (!lint->capf_auth)
        return;
    if (!cnf_child(list, "capf"))
        lint_find(lint, cnf_path(lint->root, "capfAuthMode"), "capfAuthMode %u without a server",
                  lint->capf_auth);
    for (const xmlNode *c = cnf_child(list, "capf"); c; c = cnf_next(c, "capf"))
        if (!cnf_text(cnf_path(c, "processNodeName"), host, sizeof host))
            lint_find(lint, c, "a capf without processNodeName");
}

static void check_capf_mode(struct lint *lint)
{
    const xmlNode *node = cnf_path(lint->root, "capfAuthMode");
    if (lint->capf_auth == 1 && lint->context->phone_known && !lint->context->has_auth_string)
        lint_say(lint, LINT_WARNING, cnf_line(node),
                 "capfAuthMode 1, and no authentication string is on record: the enrolment cannot "
                 "succeed");
    if ((lint->capf_auth == 3 || lint->capf_auth == 4) && lint_generation_is(lint, "J"))
        lint_find(lint, node, "capfAuthMode %u", lint->capf_auth);
}

static void check_capf_port(struct lint *lint)
{
    const xmlNode *list = cnf_path(lint->root, "capfList");
    for (const xmlNode *c = cnf_child(list, "capf"); c; c = cnf_next(c, "capf")) {
        const xmlNode *port = cnf_path(c, "phonePort");
        char text[CNF_TEXT];
        if (cnf_text(port, text, sizeof text) && cnf_number(port) != 3804)
            lint_find(lint, port, "CAPF port %.20s", text);
    }
}

static void check_capf_armed(struct lint *lint)
{
    if (lint->capf_auth && lint->context->has_lsc)
        lint_find(lint, cnf_path(lint->root, "capfAuthMode"),
                  "capfAuthMode %u for a phone that has its certificate", lint->capf_auth);
}

/* ---- encryption ---- */

static void check_hash(struct lint *lint)
{
    const xmlNode *node = cnf_path(lint->root, "certHash");
    char text[CNF_TEXT];
    if (cnf_text(node, text, sizeof text) &&
        (strlen(text) != 32 || strspn(text, "0123456789abcdef") != 32))
        lint_find(lint, node, "certHash is '%.40s'", text);
}

static void check_can_decrypt(struct lint *lint)
{
    char text[CNF_TEXT];
    const xmlNode *hash = cnf_path(lint->root, "certHash");
    if (lint->is_short && lint->encrypted && !lint->capf_auth && !cnf_text(hash, text, sizeof text))
        lint_find(lint, hash, "encrConfig true, no certHash and capfAuthMode 0");
}

/* The full file under its plain name is what every stranger can fetch. */
static void check_lies_open(struct lint *lint)
{
    const char *name = lint->context->file_name;
    if (lint->encrypted && name && text_ends(name, ".cnf.xml") && !lint->context->served_sealed)
        lint_find(lint, cnf_path(lint->root, "encrConfig"), "encrConfig true in '%.60s'", name);
}

static void check_short(struct lint *lint)
{
    static const char *const heavy[] = {
        "sipProfile", "vendorConfig",      "commonConfig", "enterpriseConfig", "commonProfile",
        "sshUserId",  "sshPassword",       "devicePool",   "phoneServices",    "userId",
        "vpnGroup",   "authenticationURL", "servicesURL",  "directoryURL",
    };
    if (!lint->is_short)
        return;
    for (size_t i = 0; i < sizeof heavy / sizeof *heavy; i++) {
        const xmlNode *node = cnf_child(lint->root, heavy[i]);
        if (node)
            lint_find(lint, node, "%s in a short file", heavy[i]);
    }
}

/* certHash may be empty, but must be there. */
static void check_four(struct lint *lint)
{
    static const char *const four[] = {"fullConfig", "capfAuthMode", "certHash", "encrConfig"};
    bool strict = lint->is_short || lint_generation_is(lint, "J");
    for (size_t i = 0; i < sizeof four / sizeof *four; i++)
        if (!cnf_child(lint->root, four[i]))
            lint_say(lint, strict ? LINT_ERROR : LINT_WARNING, 0, "no %s: %s", four[i],
                     lint->rule->text);
}

static void check_encryption_possible(struct lint *lint)
{
    const struct lint_context *c = lint->context;
    const xmlNode *node = cnf_path(lint->root, "encrConfig");
    if (!lint->encrypted)
        return;
    if (c->encryption_known && !c->encryption_pki && !c->encryption_manual)
        lint_say(lint, LINT_ERROR, cnf_line(node),
                 "encrConfig true, and a %.20s cannot decrypt: it never reads its configuration",
                 c->model && *c->model ? c->model : "phone of this model");
    else if (c->certificate_is_ec)
        lint_find(lint, node, "encrConfig true for a phone with an EC certificate");
}

static void check_manual_encryption(struct lint *lint)
{
    if (lint->encrypted && lint->context->encryption_manual)
        lint_find(lint, cnf_path(lint->root, "encrConfig"), "encrConfig true");
}

/* ---- secrets ---- */

static void check_clear_secrets(struct lint *lint)
{
    char text[CNF_TEXT];
    if (lint->encrypted || lint->context->served_sealed)
        return;
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n))
        if (lint_is_leaf(n) && element_is_secret((const char *)n->name) &&
            cnf_text(n, text, sizeof text))
            lint_find(lint, n, "%.60s is set", (const char *)n->name);
}

static bool is_well_known(const char *secret)
{
    static const char *const known[] = {"cisco", "admin", "password", "12345", "123456"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (text_equal_nocase(secret, known[i]))
            return true;
    return strncasecmp(secret, "Example-", 8) == 0;
}

/* The secret itself is never repeated: findings are logged. */
static void check_default_secrets(struct lint *lint)
{
    char text[CNF_TEXT];
    for (const xmlNode *n = lint_next(lint, NULL); n; n = lint_next(lint, n))
        if (lint_is_leaf(n) && element_is_secret((const char *)n->name) &&
            cnf_text(n, text, sizeof text) && is_well_known(text))
            lint_find(lint, n, "%.60s is a value that everybody tries first",
                      (const char *)n->name);
}

const struct lint_rule lint_trust_rules[] = {
    {14, LINT_ERROR, true, LINT_DEVICE, "the phone falls back to non-secure", check_mode},
    {15, LINT_ERROR, true, LINT_DEVICE, "no TLS, whatever the mode says", check_transport_is_tls},
    {16, LINT_ERROR, true, LINT_FULL, "TLS needs deviceSecurityMode 2 or 3", check_tls_has_mode},
    {17, LINT_WARNING, true, LINT_DEVICE,
     "signalling is signed but not encrypted, and SRTP keys travel in it readable",
     check_null_cipher},
    {18, LINT_WARNING, false, LINT_DEVICE,
     "use 1; phones take 4 for TCP, and UDP cuts long messages", check_transport},
    {19, LINT_ERROR, true, LINT_DEVICE, "the phone tries four times and does not register",
     check_list_is_served},
    {20, LINT_ERROR, true, LINT_DEVICE, "the phone cannot enrol", check_capf_server},
    {21, LINT_WARNING, true, LINT_DEVICE, "Jabber knows 0 to 2 alone", check_capf_mode},
    {22, LINT_WARNING, false, LINT_DEVICE, "CAPF listens on 3804, unless this one was moved",
     check_capf_port},
    {23, LINT_WARNING, true, LINT_DEVICE, "enrolment stays armed; set it to 0", check_capf_armed},
    {24, LINT_ERROR, true, LINT_DEVICE,
     "it must be empty, or the certificate's MD5 in 32 lower-case hex digits", check_hash},
    {25, LINT_ERROR, true, LINT_DEVICE, "the phone can never decrypt, nor enrol",
     check_can_decrypt},
    {26, LINT_ERROR, true, LINT_FULL, "its secrets lie open under the plain name", check_lies_open},
    {27, LINT_ERROR, true, LINT_DEVICE,
     "the short file is readable by everybody and must not carry it", check_short},
    {28, LINT_WARNING, false, LINT_DEVICE,
     "soft clients refuse a file without it, others keep an old value", check_four},
    {29, LINT_ERROR, true, LINT_DEVICE, "a secret in clear, for everybody who asks by TFTP",
     check_clear_secrets},
    {30, LINT_ERROR, true, LINT_DEVICE, "choose another", check_default_secrets},
    {31, LINT_ERROR, true, LINT_DEVICE, "a file is sealed for RSA keys alone",
     check_encryption_possible},
    {32, LINT_WARNING, true, LINT_DEVICE,
     "this model knows only a key typed by hand, in a form that is not published",
     check_manual_encryption},
    {0},
};
