/*
 * mic: factory certificates for the lab, where there is no factory.
 */
#ifndef PHONE_MIC_H
#define PHONE_MIC_H

#include "pki/key.h"

/* Makes a certificate and key for this device, signed by the CA of the file, and writes both to
 * `out_path` (0600). The CA is made, too, when its file is not there. An existing `out_path` is not
 * overwritten. */
int mic_make(const char *ca_path, const char *device, const char *out_path, bool *made_ca,
             struct why *why) CHECKED;

#endif
