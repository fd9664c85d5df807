/*
 * generate: configuration files out of the store - device, profile, device pool, CallManager group
 * and template. For a worker thread.
 */
#ifndef SERVICE_TFTP_GENERATE_H
#define SERVICE_TFTP_GENERATE_H

#include "service/tftp/sealing.h"
#include "service/tftp/templates.h"

/* The configuration of a device of this profile, whole. It sends the phone to CAPF when an order is
 * pending, or when it needs a certificate to read what is encrypted for it. The message says what
 * is missing. */
int generate_config(struct buffer *out, struct store *store, struct templates *templates,
                    const struct store_device *device, const struct store_profile *profile,
                    struct why *why) CHECKED;
/* XMLDefault.cnf.xml, out of the device pool "Default". */
int generate_default(struct buffer *out, struct store *store, struct why *why) CHECKED;

#endif
