#include "service/capf/trusted.h"

#include "base/log.h"
#include "signer/protocol.h"

#include <string.h>

#define PURPOSE "CAPF-trust"

static int take(struct trusted *t, const char *name, struct bytes der)
{
    struct certificate *certificate = NULL;
    struct why why = WHY_NONE;
    int result = t->count == TRUSTED_MAX
                     ? why_error(&why, ERR_LIMIT, "more than %d of them", TRUSTED_MAX)
                     : certificate_from_der(&certificate, der, &why);
    if (result) {
        log_event(LEVEL_WARNING, "event=capf_trust_left_out certificate=%s reason=\"%s\"", name,
                  why_text(&why, result));
        return 0;
    }
    for (size_t i = 0; i < t->count; i++) {
        if (certificates_equal(t->list[i], certificate)) {
            certificate_free(certificate);
            return 0;
        }
    }
    t->list[t->count++] = certificate;
    return 0;
}

/* Retired ones too: phones hold LSCs they issued. */
static int take_own(void *context, const struct store_certificate *row)
{
    return strcmp(row->name, KEY_CAPF) == 0 ? take(context, row->name, buffer_bytes(&row->der)) : 0;
}

static int take_trust(void *context, const struct store_trust *row)
{
    return strcmp(row->purpose, PURPOSE) == 0 ? take(context, row->file, buffer_bytes(&row->der))
                                              : 0;
}

void trusted_fini(struct trusted *trusted)
{
    while (trusted->count)
        certificate_free(trusted->list[--trusted->count]);
}

int trusted_load(struct trusted *trusted, struct store *store)
{
    trusted_fini(trusted);
    int result = store_certificates(store, take_own, trusted);
    trusted->own = trusted->count;
    return result ? result : store_trusts(store, take_trust, trusted);
}
