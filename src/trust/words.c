#include "trust/words.h"

#include "base/text.h"
#include "trust/holdings.h"

#include <arpa/inet.h>
#include <string.h>

enum { NAME_SHOWN = 56, SERIAL_SHOWN = 20 };

/* The first part of a name is the common name, in CUCM's order and in the other tools'. */
static struct bytes first_part(struct bytes name)
{
    size_t n = 0;
    while (n < name.size && name.data[n] != ';' && name.data[n] != ',')
        n++;
    return bytes_slice(name, 0, n);
}

char *words_certificate(char out[WORDS], struct bytes name, struct bytes serial)
{
    char shown[NAME_SHOWN];
    char digits[2 * SERIAL_SHOWN + 1];
    text_escape(shown, sizeof shown, first_part(name));
    text_hex(digits, sizeof digits, bytes_strip_zeros(serial), true, 0);
    text_format(out, WORDS, "%s (serial %s)", *shown ? shown : "a signer without a name", digits);
    return out;
}

char *words_signer(char out[WORDS], const struct envelope *header)
{
    return words_certificate(out, header->signer_name, header->serial);
}

char *words_record(char out[WORDS], const struct trustlist_record *record)
{
    return words_certificate(out, record->subject, record->serial);
}

char *words_model(char out[WORDS], const struct phone_trust *phone)
{
    const char *name = phone->model->name;
    if (strcmp(name, model_unknown()->name) == 0)
        text_copy(out, WORDS, "this phone");
    else
        text_format(out, WORDS, "%s %s", strchr("8A", name[0]) ? "an" : "a", name);
    return out;
}

char *words_erase(char out[WORDS], const struct phone_trust *phone)
{
    const struct model *m = phone->model;
    if (m->erase_lists)
        text_format(out, WORDS, "erase its lists by hand: %s", m->erase_lists);
    else if (m->factory_reset)
        text_format(out, WORDS, "reset it by hand: %s", m->factory_reset);
    else
        text_copy(out, WORDS, "erase its lists by hand");
    return out;
}

bool words_better_signer(char out[WORDS], const struct phone_trust *phone, bool for_list)
{
    for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++) {
        const struct trustlist *list = phone_list(phone, kind);
        const struct trustlist_record *r =
            for_list ? trustlist_find_role(list, ROLE_SAST) : trustlist_file_signer(list);
        if (!r)
            continue;
        char signer[WORDS];
        text_format(out, WORDS, "sign it with %s, which the phone's %s names",
                    words_record(signer, r), trustlist_kind_name(kind));
        return true;
    }
    return false;
}

char *words_address(char out[WORDS], struct bytes address)
{
    if (!inet_ntop(address.size == 4 ? AF_INET : AF_INET6, address.data, out, WORDS))
        text_copy(out, WORDS, "an address");
    return out;
}
