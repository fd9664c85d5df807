/*
 * inspect: looking over configuration files that people wrote, once for each content.
 */
#ifndef SERVICE_TFTP_INSPECT_H
#define SERVICE_TFTP_INSPECT_H

#include "pki/digest.h"
#include "service/tftp/root.h"
#include "store/store.h"

struct inspector;
int inspector_new(struct inspector **out) CHECKED;
void inspector_free(struct inspector *inspector);

/* What is known about the phone and the cluster. Pointers may be NULL. */
struct inspection {
    const char *file; /* as it lies in tftpboot/ */
    const uint8_t *hash;
    struct bytes xml;
    const struct store_device *device;
    struct store *store; /* where administrators say what the table of models has wrong */
    struct file_root *root;
    bool served_sealed; /* nothing of it but the short file leaves in clear */
    bool ctl_names_servers, itl_served, lists_known;
};
/* Logs each finding, those about security as warnings. Does nothing when this content was looked
 * over under this name before. For a worker thread. */
void inspector_look(struct inspector *inspector, const struct inspection *what);

#endif
