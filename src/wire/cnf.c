#include "wire/cnf.h"

#include "base/text.h"
#include "wire/cnf_document.h"

#include <string.h>

static void take_text(const xmlNode *from, const char *path, char *out, size_t size)
{
    if (!cnf_text(cnf_path(from, path), out, size))
        out[0] = '\0';
}

static uint16_t take_port(const xmlNode *from, const char *path)
{
    unsigned number = cnf_number(cnf_path(from, path));
    return number <= UINT16_MAX ? (uint16_t)number : 0;
}

/* Exactly "true"; anything else that is there is false, as the phones' own reader has it. */
static bool take_flag(const xmlNode *from, const char *name, bool absent)
{
    char text[16];
    return cnf_text(cnf_path(from, name), text, sizeof text) ? strcmp(text, "true") == 0 : absent;
}

static void take_managers(struct cnf *out, const xmlNode *group)
{
    const xmlNode *members = cnf_path(group, "members");
    for (const xmlNode *m = cnf_child(members, "member"); m && out->manager_count < CNF_MEMBERS;
         m = cnf_next(m, "member")) {
        struct cnf_member *one = &out->managers[out->manager_count];
        const xmlNode *manager = cnf_child(m, "callManager");
        const xmlNode *ports = cnf_child(manager, "ports");
        take_text(manager, "processNodeName", one->host, sizeof one->host);
        if (!one->host[0])
            continue;
        one->port = take_port(ports, out->sip ? "sipPort" : "ethernetPhonePort");
        one->secure_sip_port = take_port(ports, "securedSipPort");
        out->manager_count++;
    }
}

/* A member without a priority comes after those before it. */
static void take_tvs(struct cnf *out, const xmlNode *root)
{
    unsigned priorities[CNF_MEMBERS];
    const xmlNode *members = cnf_path(root, "TVS/members");
    for (const xmlNode *m = cnf_child(members, "member"); m && out->tvs_count < CNF_MEMBERS;
         m = cnf_next(m, "member")) {
        struct cnf_member one = {.port = take_port(m, "port")};
        char text[16];
        int64_t priority = out->tvs_count ? priorities[out->tvs_count - 1] : 0;
        take_text(m, "address", one.host, sizeof one.host);
        if (!one.host[0])
            continue;
        if (cnf_attribute(m, "priority", text, sizeof text) &&
            text_number(text, 0, 1000, &priority))
            priority = 1000;
        size_t at = out->tvs_count++;
        for (; at > 0 && priorities[at - 1] > (unsigned)priority; at--) {
            priorities[at] = priorities[at - 1];
            out->tvs[at] = out->tvs[at - 1];
        }
        priorities[at] = (unsigned)priority;
        out->tvs[at] = one;
    }
}

static void take_capf(struct cnf *out, const xmlNode *root)
{
    const xmlNode *list = cnf_path(root, "capfList");
    for (const xmlNode *c = cnf_child(list, "capf"); c && out->capf_count < CNF_MEMBERS;
         c = cnf_next(c, "capf")) {
        struct cnf_member *one = &out->capf[out->capf_count];
        take_text(c, "processNodeName", one->host, sizeof one->host);
        one->port = take_port(c, "phonePort");
        out->capf_count += one->host[0] != '\0';
    }
}

/* Buttons of feature 9 are lines; the others are speed dials and the like. */
static void take_lines(struct cnf *out, const xmlNode *root)
{
    const size_t most = sizeof out->lines / sizeof *out->lines;
    const xmlNode *lines = cnf_path(root, "sipProfile/sipLines");
    for (const xmlNode *l = cnf_child(lines, "line"); l && out->line_count < most;
         l = cnf_next(l, "line")) {
        struct cnf_line *one = &out->lines[out->line_count];
        char button[16] = "";
        int64_t number = 0;
        cnf_attribute(l, "button", button, sizeof button);
        if (cnf_number(cnf_path(l, "featureID")) != 9 || text_number(button, 1, 1000, &number))
            continue;
        one->button = (unsigned)number;
        take_text(l, "name", one->number, sizeof one->number);
        take_text(l, "featureLabel", one->label, sizeof one->label);
        out->line_count++;
    }
}

/* loadInformation434 is a load for device type 434. */
static void take_default_load(struct cnf *out, const xmlNode *root, uint32_t device_type)
{
    char name[32];
    if (!device_type)
        return;
    text_format(name, sizeof name, "loadInformation%u", device_type);
    take_text(root, name, out->load, sizeof out->load);
}

static void take_security(struct cnf *out, const xmlNode *root)
{
    unsigned mode = cnf_number(cnf_path(root, "deviceSecurityMode"));
    out->security_mode = mode >= 1 && mode <= 3 ? mode : 1;
    out->transport = cnf_number(cnf_path(root, "transportLayerProtocol"));
    out->encrypted = take_flag(root, "encrConfig", false);
    out->capf_auth = cnf_number(cnf_path(root, "capfAuthMode"));
    take_text(root, "certHash", out->certificate_hash, sizeof out->certificate_hash);
}

static void take_device(struct cnf *out, const xmlNode *root)
{
    char protocol[16] = "";
    bool stated = cnf_text(cnf_path(root, "deviceProtocol"), protocol, sizeof protocol);
    out->full = take_flag(root, "fullConfig", true);
    out->sip = stated ? strcmp(protocol, "SIP") == 0 : cnf_child(root, "sipProfile") != NULL;
    take_security(out, root);
    take_text(root, "loadInformation", out->load, sizeof out->load);
    take_text(root, "versionStamp", out->version_stamp, sizeof out->version_stamp);
    take_text(root, "userLocale/name", out->user_locale, sizeof out->user_locale);
    take_text(root, "networkLocale", out->network_locale, sizeof out->network_locale);
    take_text(root, "sipProfile/dialTemplate", out->dial_template, sizeof out->dial_template);
    take_text(root, "sipProfile/softKeyFile", out->soft_keys, sizeof out->soft_keys);
    take_managers(out, cnf_path(root, "devicePool/callManagerGroup"));
    out->monitor_seconds = cnf_number(cnf_path(root, "devicePool/connectionMonitorDuration"));
    take_tvs(out, root);
    take_capf(out, root);
    take_lines(out, root);
}

int cnf_parse(struct cnf *out, struct bytes xml, uint32_t device_type, struct why *why)
{
    struct cnf_document document;
    enum cnf_fault fault;
    unsigned line;
    int result = cnf_document_read(&document, xml, &fault, &line, why);
    if (result)
        return result;
    struct cnf cnf = {.full = true, .security_mode = 1};
    if (cnf_is(document.root, "Default")) {
        cnf.is_default = true;
        take_managers(&cnf, cnf_path(document.root, "callManagerGroup"));
        take_tvs(&cnf, document.root);
        take_default_load(&cnf, document.root, device_type);
    } else if (cnf_is(document.root, "device")) {
        take_device(&cnf, document.root);
    } else {
        char name[64];
        result = why_error(
            why, ERR_FORMAT, "line %u: the root is '%s', not 'device' or 'Default'",
            cnf_line(document.root),
            text_escape(name, sizeof name, bytes_of_string((const char *)document.root->name)));
    }
    if (result == 0)
        *out = cnf;
    cnf_document_fini(&document);
    return result;
}
