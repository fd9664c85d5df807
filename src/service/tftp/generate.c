#include "service/tftp/generate.h"

#include "base/text.h"
#include "cluster/auto_register.h"
#include "cluster/config.h"
#include "cluster/parameters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define POOL_DEFAULT  "Default"
#define TRANSPORT_TCP 1 /* transportLayerProtocol: TCP */
#define TRANSPORT_TLS 3 /* TLS */

/* Everything a file is made of, and the room its texts live in. */
struct material {
    struct store_pool pool;
    struct store_group group;
    struct cnf_member managers[GROUP_MEMBERS_MAX];
    struct cnf_member tvs[GROUP_MEMBERS_MAX];
    struct cnf_member capf[1];
    struct store_line stored[DEVICE_LINES_MAX];
    struct cnf_line lines[DEVICE_LINES_MAX];
    struct cnf_line speed_dials[DEVICE_LINES_MAX];
    struct cnf_values values;
};

static struct cnf_member member_of(const struct store_node *node, unsigned port)
{
    struct cnf_member member = {.port = (uint16_t)(port + node->port_offset)};
    text_copy(member.host, sizeof member.host, node->address);
    return member;
}

/* The servers of a group: the first is also the phone's CAPF. A phone adds 443 to the SCCP port by
 * itself when it is secure. SIP is another server's, on this host, and knows no port offset of
 * ours.
 */
static void take_group(struct material *m)
{
    for (unsigned i = 0; i < m->group.count; i++) {
        const struct store_node *node = &m->group.members[i];
        m->managers[i] = member_of(node, PORT_SCCP);
        m->managers[i].secure_sip_port = PORT_SIP_TLS;
        m->tvs[i] = member_of(node, PORT_TVS);
    }
    m->values.managers = m->managers;
    m->values.manager_count = m->group.count;
    m->values.tvs = m->tvs;
    m->values.tvs_count = m->group.count;
    if (m->group.count)
        m->capf[0] = member_of(&m->group.members[0], PORT_CAPF);
    m->values.capf = m->capf;
    m->values.capf_count = m->group.count ? 1 : 0;
    m->values.group_name = m->group.name;
}

static int take_pool(struct material *m, struct store *store, const char *name, struct why *why)
{
    int result = store_pool_get(store, name, &m->pool);
    if (result)
        return why_error(why, result, "device pool %s: %s", name, store_words(store, result));
    result = store_group_get(store, m->pool.group, &m->group);
    if (result)
        return why_error(why, result, "CallManager group %s: %s", m->pool.group,
                         store_words(store, result));
    struct cnf_values *v = &m->values;
    v->date_template = m->pool.date_template;
    v->time_zone = m->pool.time_zone;
    v->olson_zone = m->pool.olson_zone;
    v->user_locale = m->pool.user_locale;
    v->network_locale = m->pool.network_locale;
    v->ntp = m->pool.ntp;
    v->device = v->description = v->load = v->version_stamp = v->certificate_hash = "";
    take_group(m);
    return 0;
}

/* What is stored, behind `before` buttons. */
static size_t take_numbers(struct cnf_line *out, const struct store_line *stored, size_t count,
                           unsigned before)
{
    if (count > DEVICE_LINES_MAX)
        count = DEVICE_LINES_MAX;
    for (size_t i = 0; i < count; i++) {
        out[i].button = before + stored[i].position;
        text_copy(out[i].number, sizeof out[i].number, stored[i].number);
        text_copy(out[i].label, sizeof out[i].label, stored[i].label);
    }
    return count;
}

static int take_buttons(struct material *m, struct store *store, const char *device)
{
    size_t count = 0;
    int result = store_lines_get(store, device, m->stored, DEVICE_LINES_MAX, &count);
    if (result)
        return result;
    m->values.lines = m->lines;
    m->values.line_count = take_numbers(m->lines, m->stored, count, 0);
    unsigned before = m->values.line_count ? m->lines[m->values.line_count - 1].button : 0;
    result = store_speed_dials_get(store, device, m->stored, DEVICE_LINES_MAX, &count);
    if (result)
        return result;
    m->values.speed_dials = m->speed_dials;
    m->values.speed_dial_count = take_numbers(m->speed_dials, m->stored, count, before);
    return 0;
}

/* An order says how the phone has to show itself at CAPF. Without one it stays away from there,
 * unless there is nothing its configuration could be sealed for.
 *
 * What is sealed says that it is not encrypted: phones take that, and one that went by its word
 * would ask for the sealed file in a circle. */
static int take_enrolment(struct material *m, struct store *store,
                          const struct store_device *device, const struct store_profile *profile)
{
    enum phone_certificate_kind kind;
    const struct store_credential *credential = sealing_credential(device, &kind);
    struct store_enrolment enrolment;
    int result = store_enrolment_get(store, device->name, &enrolment);
    if (result)
        return result;
    if (enrolment.order.operation != ENROLMENT_NONE) /* also after an attempt that failed */
        m->values.capf_auth = enrolment.holds.authentication;
    else if (profile->tftp_encrypted && !credential)
        m->values.capf_auth = profile->capf_auth;
    if (profile->tftp_encrypted && credential)
        m->values.certificate_hash = credential->md5;
    return 0;
}

/* In non-secure mode no list names a server for TLS, and a phone that was told to speak it would
 * find nobody it could trust: as in CUCM, what the profile says counts from mixed mode on. */
static int take_mode(struct material *m, struct store *store, const struct store_profile *profile)
{
    char mixed[PARAMETER_VALUE];
    int result = store_parameter_get(store, PARAMETER_SECURITY_MODE, mixed);
    if (result)
        return result;
    bool secure = strcmp(mixed, "1") == 0 && profile->mode > MODE_NON_SECURE;
    m->values.security_mode = secure ? profile->mode : MODE_NON_SECURE;
    m->values.transport = secure ? TRANSPORT_TLS : TRANSPORT_TCP;
    return 0;
}

static void take_device(struct material *m, const struct store_device *device,
                        const struct store_profile *profile)
{
    struct cnf_values *v = &m->values;
    v->device = device->name;
    v->description = device->description;
    v->load = device->load;
    v->version_stamp = device->version_stamp;
    v->sip = profile->protocol == PROTOCOL_SIP;
    for (unsigned i = 0; v->sip && i < m->group.count; i++)
        m->managers[i].port = PORT_SIP;
}

int generate_config(struct buffer *out, struct store *store, struct templates *templates,
                    const struct store_device *device, const struct store_profile *profile,
                    struct why *why)
{
    const struct cnf_template *template = NULL;
    const struct model *model = model_find(device->model);
    struct material *m = calloc(1, sizeof *m);
    int result = m ? take_pool(m, store, device->pool, why) : -ENOMEM;
    if (result == 0)
        result = take_buttons(m, store, device->name);
    if (result == 0)
        result = take_enrolment(m, store, device, profile);
    if (result == 0)
        result = take_mode(m, store, profile);
    if (result == 0) {
        take_device(m, device, profile);
        result =
            templates_get(templates, &template, model ? model : model_unknown(), m->values.sip);
    }
    if (result == 0)
        result = cnf_template_render(out, template, &m->values);
    free(m);
    return result;
}

int generate_default(struct buffer *out, struct store *store, struct why *why)
{
    struct auto_numbers numbers = {.on = false};
    struct material *m = calloc(1, sizeof *m);
    int result = m ? take_pool(m, store, POOL_DEFAULT, why) : -ENOMEM;
    if (result == 0)
        result = auto_numbers_load(&numbers, store);
    /* No load is named: phones keep the one they run. */
    if (result == 0)
        result = cnf_write_default(out, &m->values, NULL, 0, numbers.on);
    free(m);
    return result;
}
