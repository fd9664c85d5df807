#include "phone/rtpseal.h"

#include "base/secret.h"

#include <errno.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

struct rtpseal {
    srtp_t session;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static srtp_err_status_t library_status;

static void end_library(void)
{
    (void)srtp_shutdown();
}

static void begin_library(void)
{
    library_status = srtp_init();
    if (library_status == srtp_err_status_ok)
        (void)atexit(end_library);
}

static int error_of(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return 0;
    case srtp_err_status_auth_fail:
        return ERR_VERIFY;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return ERR_DUPLICATE;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
        return ERR_FORMAT;
    case srtp_err_status_alloc_fail:
        return -ENOMEM;
    default:
        return ERR_CRYPTO;
    }
}

/* The helper with this name would shorten the tag of RTCP as well, which keeps its 10 bytes
 * (RFC 5764, 4.1.2): RTCP gets the default. */
static void choose_suite(srtp_policy_t *policy)
{
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy->rtp);
    srtp_crypto_policy_set_rtcp_default(&policy->rtcp);
}

int rtpseal_new(struct rtpseal **out, const struct rtp_keys *keys, enum rtpseal_direction direction,
                struct why *why)
{
    uint8_t master[RTP_KEY + RTP_SALT];
    srtp_policy_t policy;
    (void)pthread_once(&library_once, begin_library);
    if (library_status != srtp_err_status_ok)
        return why_error(why, ERR_CRYPTO, "libsrtp does not start (status %d)",
                         (int)library_status);
    struct rtpseal *seal = calloc(1, sizeof *seal);
    if (!seal)
        return -ENOMEM;
    memcpy(master, keys->key, RTP_KEY);
    memcpy(master + RTP_KEY, keys->salt, RTP_SALT);
    memset(&policy, 0, sizeof policy);
    choose_suite(&policy);
    policy.ssrc.type = direction == RTPSEAL_SENDS ? ssrc_any_outbound : ssrc_any_inbound;
    policy.key = master;
    srtp_err_status_t status = srtp_create(&seal->session, &policy);
    secret_wipe(master, sizeof master);
    if (status != srtp_err_status_ok) {
        free(seal);
        return why_error(why, error_of(status), "libsrtp does not take the keys (status %d)",
                         (int)status);
    }
    *out = seal;
    return 0;
}

void rtpseal_free(struct rtpseal *seal)
{
    if (!seal)
        return;
    (void)srtp_dealloc(seal->session);
    free(seal);
}

int rtpseal_close(struct rtpseal *seal, uint8_t *packet, size_t *size)
{
    int length = (int)*size;
    int result = error_of(srtp_protect(seal->session, packet, &length));
    if (result == 0)
        *size = (size_t)length;
    return result;
}

int rtpseal_open(struct rtpseal *seal, uint8_t *packet, size_t *size)
{
    int length = (int)*size;
    int result = error_of(srtp_unprotect(seal->session, packet, &length));
    if (result == 0)
        *size = (size_t)length;
    return result;
}
