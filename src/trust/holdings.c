#include "trust/holdings.h"

#include "base/text.h"

#include <arpa/inet.h>

const struct trustlist *phone_list(const struct phone_trust *phone, enum trustlist_kind kind)
{
    return kind == TRUSTLIST_CTL ? phone->ctl : phone->itl;
}

const struct trustlist_record *trustlist_find_role(const struct trustlist *list, uint16_t role)
{
    for (size_t i = 0; list && i < list->count; i++) {
        const struct trustlist_record *r = &list->records[i];
        if (r->has_role && r->role == role && record_names_certificate(r))
            return r;
    }
    return NULL;
}

const struct trustlist_record *trustlist_file_signer(const struct trustlist *list)
{
    const struct trustlist_record *r = trustlist_find_role(list, ROLE_CCM_TFTP);
    return r ? r : trustlist_find_role(list, ROLE_TFTP);
}

bool phone_asks_signed(const struct phone_trust *phone)
{
    return phone->model->signed_config.value != TRAIT_NO &&
           (trustlist_file_signer(phone->ctl) || trustlist_file_signer(phone->itl));
}

bool trustlist_is_empty_itl(const struct trustlist *itl)
{
    return !trustlist_file_signer(itl) && !trustlist_find_role(itl, ROLE_TVS);
}

static bool may_have_signed(const struct trustlist_record *r, const struct envelope *header,
                            bool for_list)
{
    if (for_list)
        return record_is_signer(r, header);
    return r->has_role && role_signs_files(r->role) && record_names_certificate(r) &&
           record_is(r, header->issuer, header->serial);
}

const struct trustlist_record *signer_next(struct signer_walk *walk)
{
    for (;;) {
        const struct trustlist *list = phone_list(walk->phone, walk->kind);
        while (list && walk->index < list->count) {
            const struct trustlist_record *r = &list->records[walk->index++];
            if (may_have_signed(r, walk->header, walk->for_list))
                return r;
        }
        if (walk->kind == TRUSTLIST_ITL)
            return NULL;
        walk->kind = TRUSTLIST_ITL;
        walk->index = 0;
    }
}

const struct trustlist_record *phone_find_signer(const struct phone_trust *phone,
                                                 const struct envelope *header, bool for_list,
                                                 enum trustlist_kind *kind)
{
    struct signer_walk walk = {.phone = phone, .header = header, .for_list = for_list};
    const struct trustlist_record *found = signer_next(&walk);
    if (found)
        *kind = walk.kind;
    return found;
}

/* Host names do not count: nobody has seen a phone resolve one to compare it. */
static bool text_is_address(struct bytes text, struct bytes address)
{
    char host[INET6_ADDRSTRLEN];
    uint8_t binary[16];
    return text_copy_bytes(host, sizeof host, text) &&
           inet_pton(address.size == 4 ? AF_INET : AF_INET6, host, binary) == 1 &&
           bytes_equal(bytes_of(binary, address.size), address);
}

bool trustlist_has_address(const struct trustlist *list, struct bytes address)
{
    if (address.size != 4 && address.size != 16)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct trustlist_record *r = &list->records[i];
        if (bytes_equal(r->address, address) || text_is_address(r->dns_name, address))
            return true;
    }
    return false;
}
