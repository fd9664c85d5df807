/*
 * enrolment: acts on what phones are to do at CAPF, and on the certificates they have.
 *
 * An update is one act, of one phone or of thousands: all of it is done, or nothing is, and the
 * message names the phone that stands in the way. Authentication strings leave here once, in the
 * report; the store gets the signer's MAC of them.
 */
#ifndef CLUSTER_ENROLMENT_H
#define CLUSTER_ENROLMENT_H

#include "cluster/traits.h"
#include "store/enrolment.h"

#define ENROLMENT_STRING_MIN 4 /* digits of an authentication string */
#define ENROLMENT_STRING_MAX 15

/* What changes; all else stays as it is. */
struct device_update {
    const char *profile; /* NULL: stays */
    bool has_operation;
    enum enrolment_operation operation;
    enum capf_auth authentication; /* 0: stays */
    /* Neither: the key order stays. Only one: RSA only, EC only. Both: EC preferred, RSA backup. */
    unsigned rsa_bits, curve;
    int64_t complete_by; /* 0: a new operation has no end, that of one there is stays */
    const char *string;  /* digits; NULL: stays, or is generated: */
    bool generate;
    bool one_time;    /* the new string is forgotten after a success */
    bool forget_sudi; /* it was seen sending SUDI data, and need not any more */
    const struct certificate *mic;
    const struct store_trait *traits; /* what is said of the phones; `device` is not looked at */
    size_t trait_count;
    unsigned wave;      /* a bulk order: at most so many phones at once; 0: all have it now */
    const char *filter; /* of the bulk order: which phones, in the administrator's words */
};

struct device_string {
    char device[DEVICE_NAME];
    char text[ENROLMENT_STRING_MAX + 1];
};
struct update_report {
    struct device_string *strings; /* the generated ones; NULL when there are none */
    size_t string_count;
    int64_t wave; /* the number of the bulk order, or 0 */
    unsigned released;
    bool mic_learned; /* false: it was known */
    char note[256];   /* something worth saying, or "" */
};
/* Wipes the strings. */
void update_report_fini(struct update_report *report);

/* `devices` by their names. The report is filled when this returns 0; in a dry run without strings
 * and the number of the wave. */
int cluster_device_update(struct cluster *cluster, struct update_report *report,
                          const struct device_update *update, const char *const *devices,
                          size_t count, const struct act_options *options, struct why *why) CHECKED;

/* Is this what the profile of a phone, and the keys it would get, allow? Files can be sealed for
 * RSA keys only. ERR_POLICY. */
int profile_check_keys(const struct store_profile *profile, enum key_order order,
                       struct why *why) CHECKED;

/* Revokes the LSCs of a phone, also of one that was deleted: all that have not expired, or the one
 * of that serial number. `each` is told what is revoked; *count is 0 when it was revoked before. */
int cluster_lsc_revoke(struct cluster *cluster, const char *device, const char *serial,
                       unsigned reason,
                       void (*each)(void *context, const struct store_phone_certificate *lsc),
                       void *context, size_t *count, const struct act_options *options,
                       struct why *why) CHECKED;

#endif
