#include "wire/cnf_blocks.h"

#include "base/text.h"

#include <string.h>

enum {
    PORT_SCCP = 2000,
    PORT_SIP = 5060,
    PORT_SIP_TLS = 5061,
    PORT_TVS = 2445,
    PORT_CAPF = 3804,
};

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

/* Whatever a value is, the file stays well-formed: a control character is a blank, and text that is
 * not UTF-8 keeps its ASCII. */
static char harmless(char c, bool utf8)
{
    if ((unsigned char)c < 0x20 || c == 0x7f)
        return ' ';
    return (c & 0x80) && !utf8 ? '?' : c;
}

/* U+FFFE and U+FFFF are UTF-8, but no characters of XML. */
static bool is_xml_text(const char *text)
{
    return text_is_utf8(bytes_of_string(text)) && !strstr(text, "\xef\xbf\xbe") &&
           !strstr(text, "\xef\xbf\xbf");
}

void cnf_escape(struct buffer *out, const char *text)
{
    if (!text)
        return;
    bool utf8 = is_xml_text(text);
    for (; *text; text++) {
        const char *name = entity(*text);
        if (name)
            buffer_text(out, name);
        else
            buffer_u8(out, (uint8_t)harmless(*text, utf8));
    }
}

static void element(struct buffer *out, const char *name, const char *text)
{
    buffer_format(out, "<%s>", name);
    cnf_escape(out, text);
    buffer_format(out, "</%s>", name);
}

static void port_element(struct buffer *out, const char *name, unsigned port, unsigned usual)
{
    buffer_format(out, "<%s>%u</%s> ", name, port ? port : usual, name);
}

static void newline_between(struct buffer *out, size_t index)
{
    if (index)
        buffer_u8(out, '\n');
}

static void write_ports(struct buffer *out, const struct cnf_member *m, enum cnf_ports ports)
{
    buffer_text(out, " <ports> ");
    if (ports != CNF_PORTS_SIP)
        port_element(out, "ethernetPhonePort", m->port, PORT_SCCP);
    /* Where both kinds of phones read, `port` is the SCCP port. */
    if (ports != CNF_PORTS_SCCP) {
        port_element(out, "sipPort", ports == CNF_PORTS_SIP ? m->port : 0, PORT_SIP);
        port_element(out, "securedSipPort", m->secure_sip_port, PORT_SIP_TLS);
    }
    buffer_text(out, "</ports> ");
}

/* The ports come before processNodeName, which closes the entry on SIP phones. */
void cnf_write_members(struct buffer *out, const struct cnf_values *values, enum cnf_ports ports)
{
    for (size_t i = 0; i < values->manager_count; i++) {
        const struct cnf_member *m = &values->managers[i];
        newline_between(out, i);
        buffer_format(out, "<member priority=\"%zu\"> <callManager> ", i);
        element(out, "name", m->host);
        write_ports(out, m, ports);
        element(out, "processNodeName", m->host);
        buffer_text(out, " </callManager> </member>");
    }
}

void cnf_write_tvs(struct buffer *out, const struct cnf_values *values)
{
    if (!values->tvs_count)
        return;
    buffer_text(out, "<TVS> <members> ");
    for (size_t i = 0; i < values->tvs_count; i++) {
        newline_between(out, i);
        buffer_format(out, "<member priority=\"%zu\"> ", i);
        port_element(out, "port", values->tvs[i].port, PORT_TVS);
        element(out, "address", values->tvs[i].host);
        buffer_text(out, " </member>");
    }
    buffer_text(out, " </members> </TVS>");
}

void cnf_write_capf(struct buffer *out, const struct cnf_values *values)
{
    if (!values->capf_count)
        return;
    buffer_text(out, "<capfList> ");
    for (size_t i = 0; i < values->capf_count; i++) {
        newline_between(out, i);
        buffer_text(out, "<capf> ");
        port_element(out, "phonePort", values->capf[i].port, PORT_CAPF);
        element(out, "processNodeName", values->capf[i].host);
        buffer_text(out, " </capf>");
    }
    buffer_text(out, " </capfList>");
}

void cnf_write_ntps(struct buffer *out, const struct cnf_values *values)
{
    if (!values->ntp || !values->ntp[0])
        return;
    buffer_text(out, "<ntps> <ntp> ");
    element(out, "name", values->ntp);
    buffer_text(out, " <ntpMode>Unicast</ntpMode> </ntp> </ntps>");
}

static void write_speed_dials(struct buffer *out, const struct cnf_values *values)
{
    for (size_t i = 0; i < values->speed_dial_count; i++) {
        const struct cnf_line *dial = &values->speed_dials[i];
        newline_between(out, values->line_count + i);
        buffer_format(out, "<line button=\"%u\"> <featureID>2</featureID> ", dial->button);
        element(out, "featureLabel", dial->label[0] ? dial->label : dial->number);
        buffer_u8(out, ' ');
        element(out, "speedDialNumber", dial->number);
        buffer_text(out, " </line>");
    }
}

/* Port 5060 stands here with TLS too: USECALLMANAGER makes the phone take the ports of the members.
 */
void cnf_write_lines(struct buffer *out, const struct cnf_values *values)
{
    for (size_t i = 0; i < values->line_count; i++) {
        const struct cnf_line *line = &values->lines[i];
        const char *label = line->label[0] ? line->label : line->number;
        newline_between(out, i);
        buffer_format(out, "<line button=\"%u\" lineIndex=\"%zu\"> <featureID>9</featureID> ",
                      line->button ? line->button : (unsigned)i + 1, i + 1);
        element(out, "featureLabel", label);
        buffer_text(out, " <proxy>USECALLMANAGER</proxy> <port>5060</port> ");
        element(out, "name", line->number);
        buffer_u8(out, ' ');
        element(out, "displayName", label);
        buffer_u8(out, ' ');
        element(out, "contact", line->number);
        buffer_text(out, " <sharedLine>false</sharedLine>"
                         " <messageWaitingLampPolicy>3</messageWaitingLampPolicy>"
                         " <ringSettingIdle>4</ringSettingIdle>"
                         " <ringSettingActive>5</ringSettingActive>"
                         " <forwardCallInfoDisplay> <callerName>true</callerName>"
                         " <callerNumber>true</callerNumber>"
                         " <redirectedNumber>false</redirectedNumber>"
                         " <dialedNumber>true</dialedNumber> </forwardCallInfoDisplay>"
                         " <maxNumCalls>4</maxNumCalls> <busyTrigger>2</busyTrigger> </line>");
    }
    write_speed_dials(out, values);
}
