#include "cluster/crlfile.h"

#include "base/text.h"
#include "pki/lsc.h"
#include "signer/protocol.h"
#include "store/enrolment.h"

#include <string.h>

struct issuer_search {
    int64_t node;
    char subject[1024];
};

/* This node's CAPF, or else any other's: nodes that only serve files have none. */
static int consider_issuer(void *context, const struct store_certificate *row)
{
    struct issuer_search *search = context;
    struct certificate *certificate = NULL;
    if (row->state != CERTIFICATE_ACTIVE || strcmp(row->name, KEY_CAPF) != 0 ||
        (search->subject[0] && row->node != search->node))
        return 0;
    int result = certificate_from_der(&certificate, buffer_bytes(&row->der), NULL);
    if (result == 0)
        text_copy(search->subject, sizeof search->subject, certificate_subject(certificate));
    certificate_free(certificate);
    return result;
}

void crlfile_fini(struct crlfile *file)
{
    buffer_fini(&file->body);
}

int crlfile_read(struct crlfile *out, struct store *store, const char *name)
{
    struct store_node node;
    struct store_crl crl;
    struct issuer_search search = {.subject = ""};
    int result = store_node_get(store, name, &node);
    search.node = result == 0 ? node.id : 0;
    if (result == 0)
        result = store_certificates(store, consider_issuer, &search);
    if (result == 0 && !search.subject[0])
        result = ERR_NOT_FOUND;
    if (result == 0)
        result = store_crl_get(store, search.subject, &crl);
    if (result == 0) /* the bytes are taken over */
        *out = (struct crlfile){.updated = crl.this_update, .body = crl.der};
    return result;
}

enum { PEM_MAX = 2 * STORE_CRL_MAX };

static int add_list(void *context, const struct store_crl *crl)
{
    struct crlfile *file = context;
    if (crl->this_update > file->updated)
        file->updated = crl->this_update;
    return crl_to_pem(&file->body, buffer_bytes(&crl->der));
}

int crlfile_read_pem(struct crlfile *out, struct store *store, int64_t now)
{
    struct crlfile file = {.updated = 0};
    buffer_init(&file.body, PEM_MAX);
    int result = store_crls(store, now, add_list, &file);
    if (result == 0 && !file.body.size)
        result = ERR_NOT_FOUND;
    if (result)
        crlfile_fini(&file);
    else
        *out = file;
    return result;
}
