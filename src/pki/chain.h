/*
 * chain: does this certificate of a phone come from a CA we trust, and is it this phone's?
 */
#ifndef PKI_CHAIN_H
#define PKI_CHAIN_H

#include "pki/certificate.h"

struct chain_rules {
    int64_t now; /* unix seconds */
    /* Factory certificates end after ten years and phones live longer: the end of validity, and
     * nothing else, is overlooked for the phone's certificate and its CAs. */
    bool expired_is_fine;
};

/* The way from `leaf` over any of `others` (may be NULL when there are none) to one of `trusted`,
 * which need not be self-signed: an imported intermediate CA is enough. `out` may be NULL.
 * ERR_NOT_FOUND: no trusted CA issued it; ERR_POLICY: it has expired or is not yet valid;
 * ERR_VERIFY: anything else. The explanation names the certificate at fault. */
struct chain_way {
    size_t anchor; /* index of the trusted one that is next to the leaf */
    int64_t until; /* unix seconds: then the first certificate on it ends */
};
int chain_check(struct chain_way *out, const struct certificate *leaf,
                struct certificate *const *others, size_t other_count,
                struct certificate *const *trusted, size_t trusted_count,
                const struct chain_rules *rules, struct why *why) CHECKED;

/* Is it this device's certificate? True when it has exactly one CN, which is the device name or
 * ends in '-' and the device name (CP-7962G-SEP001122334455), whether in capitals or small letters.
 */
bool certificate_names_device(const struct certificate *c, struct bytes device);
/* The same as a rule: ERR_POLICY says whose certificate it is instead. */
int certificate_check_device(const struct certificate *c, struct bytes device,
                             struct why *why) CHECKED;

#endif
