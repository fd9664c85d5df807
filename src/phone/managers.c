#include "phone/managers.h"

#include "base/text.h"

/* Some call manager, that is: a record says by its certificate which. */
static bool names_manager(const struct trustlist *list)
{
    for (size_t i = 0; list && i < list->count; i++) {
        const struct trustlist_record *record = &list->records[i];
        bool role = record->has_role && (record->role == ROLE_CCM || record->role == ROLE_CCM_TFTP);
        if (role && record_names_certificate(record))
            return true;
    }
    return false;
}

/* One whose secure port would be none is left out. */
static void add_manager(struct managers *out, const struct cnf_member *member, uint16_t port)
{
    unsigned number = member->port ? member->port : port;
    if (out->tls)
        number += MANAGERS_TLS_FURTHER;
    if (number > UINT16_MAX)
        return;
    struct managers_member *manager = &out->list[out->count++];
    text_copy(manager->host, sizeof manager->host, member->host);
    manager->port = (uint16_t)number;
}

void managers_choose(struct managers *out, const struct cnf *configuration,
                     const struct phone_trust *trust, uint16_t port, bool old_tls)
{
    bool secure = configuration->security_mode > 1;
    *out = (struct managers){.tls = secure && names_manager(trust->ctl)};
    out->lacks_ctl = secure && !out->tls;
    out->null_cipher = out->tls && old_tls && configuration->security_mode == 2;
    for (size_t i = 0; i < configuration->manager_count; i++)
        add_manager(out, &configuration->managers[i], port);
}
