#include "phone/vouch.h"

#include "base/text.h"
#include "pki/signedfile.h"

static const struct trustlist_record *find_in(const struct trustlist *list, uint16_t role,
                                              const struct certificate *certificate)
{
    for (size_t i = 0; list && i < list->count; i++) {
        const struct trustlist_record *record = &list->records[i];
        if (record->has_role && record->role == role && record_fits(record, certificate))
            return record;
    }
    return NULL;
}

const struct trustlist_record *vouch_find(const struct trustlist *ctl, const struct trustlist *itl,
                                          uint16_t role, const struct certificate *certificate,
                                          enum trustlist_kind *kind)
{
    const struct trustlist_record *record = find_in(ctl, role, certificate);
    if (kind)
        *kind = record ? TRUSTLIST_CTL : TRUSTLIST_ITL;
    return record ? record : find_in(itl, role, certificate);
}

/* The first record of this role that names a certificate. */
static const struct trustlist_record *first_of_role(const struct trustlist *list, uint16_t role)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (list->records[i].has_role && list->records[i].role == role &&
            record_names_certificate(&list->records[i]))
            return &list->records[i];
    return NULL;
}

bool vouch_names_role(const struct trustlist *list, uint16_t role)
{
    return first_of_role(list, role) != NULL;
}

bool vouch_testimony(const struct testimony *testimony, uint16_t role)
{
    return testimony->kind == TESTIMONY_VOUCHED &&
           (testimony_has_role(testimony, role) ||
            (role == ROLE_CCM && testimony_has_role(testimony, ROLE_CCM_TFTP)));
}

int vouch_check(const struct trustlist *ctl, const struct trustlist *itl, uint16_t role,
                const struct certificate *certificate, struct why *why)
{
    char shown[160], serial[48], known[160], known_serial[48];
    if (vouch_find(ctl, itl, role, certificate, NULL))
        return 0;
    const struct trustlist_record *other = first_of_role(ctl, role);
    if (!other)
        other = first_of_role(itl, role);
    text_escape(shown, sizeof shown, bytes_of_string(certificate_subject(certificate)));
    text_hex(serial, sizeof serial, certificate_serial(certificate), true, 0);
    if (!ctl && !itl)
        return why_error(why, ERR_POLICY,
                         "the server shows %s (serial %s), and the phone has no list to know it by",
                         shown, serial);
    if (!other)
        return why_error(why, ERR_POLICY,
                         "the server shows %s (serial %s), and neither list of the phone names a "
                         "certificate for this role",
                         shown, serial);
    text_escape(known, sizeof known, other->subject);
    text_hex(known_serial, sizeof known_serial, bytes_strip_zeros(other->serial), true, 0);
    return why_error(why, ERR_POLICY,
                     "the server shows %s (serial %s), and the phone's lists name %s (serial %s): "
                     "have it load the newest list",
                     shown, serial, known, known_serial);
}
