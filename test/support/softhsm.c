#include "softhsm.h"

#include "base/file.h"
#include "base/text.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PART_MAX = 512 };
#define SO_PIN "so-4711"

struct softhsm {
    void *library;
    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE session;
};

const char *softhsm_module(void)
{
    static const char *const places[] = {
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

int softhsm_use(const char *directory)
{
    char path[FILE_PATH];
    char text[2 * FILE_PATH];
    if (!text_format(path, sizeof path, "%s/tokens", directory) || file_mkdir(path, 0700, NULL))
        return -EIO;
    if (!text_format(text, sizeof text, "directories.tokendir = %s\nlog.level = ERROR\n", path) ||
        !text_format(path, sizeof path, "%s/softhsm2.conf", directory))
        return ERR_LIMIT;
    if (file_replace(path, bytes_of_string(text), 0600, NULL))
        return -EIO;
    return setenv("SOFTHSM2_CONF", path, 1) == 0 ? 0 : -errno;
}

static int load(struct softhsm *hsm)
{
    CK_RV (*get)(CK_FUNCTION_LIST **);
    const char *path = softhsm_module();
    hsm->library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!hsm->library)
        return ERR_NOT_FOUND;
    *(void **)&get = dlsym(hsm->library, "C_GetFunctionList");
    if (!get || get(&hsm->f) != CKR_OK || hsm->f->C_Initialize(NULL) != CKR_OK)
        return ERR_CRYPTO;
    return 0;
}

static void pad(CK_UTF8CHAR out[32], const char *label)
{
    memset(out, ' ', 32);
    memcpy(out, label, strlen(label) < 32 ? strlen(label) : 32);
}

/* The slot of the token with this label; or, with NULL, the one that waits for a new token. */
static int find_slot(struct softhsm *hsm, const char *label, CK_SLOT_ID *out)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    CK_UTF8CHAR padded[32];
    if (hsm->f->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return ERR_CRYPTO;
    if (label)
        pad(padded, label);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (hsm->f->C_GetTokenInfo(slots[i], &info) != CKR_OK)
            continue;
        bool made = info.flags & CKF_TOKEN_INITIALIZED;
        if (label ? made && memcmp(info.label, padded, 32) == 0 : !made) {
            *out = slots[i];
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

static int log_in(struct softhsm *hsm, CK_SLOT_ID slot, CK_USER_TYPE user, const char *pin)
{
    if (hsm->f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                              &hsm->session) != CKR_OK)
        return ERR_CRYPTO;
    return hsm->f->C_Login(hsm->session, user, (CK_UTF8CHAR *)pin, strlen(pin)) == CKR_OK
               ? 0
               : ERR_CRYPTO;
}

static int make_token(struct softhsm *hsm, const char *label, const char *pin)
{
    CK_SLOT_ID slot;
    CK_UTF8CHAR padded[32];
    int result = find_slot(hsm, NULL, &slot);
    if (result)
        return result;
    pad(padded, label);
    if (hsm->f->C_InitToken(slot, (CK_UTF8CHAR *)SO_PIN, strlen(SO_PIN), padded) != CKR_OK)
        return ERR_CRYPTO;
    result = log_in(hsm, slot, CKU_SO, SO_PIN);
    if (result)
        return result;
    CK_RV rv = hsm->f->C_InitPIN(hsm->session, (CK_UTF8CHAR *)pin, strlen(pin));
    hsm->f->C_CloseSession(hsm->session);
    return rv == CKR_OK ? 0 : ERR_CRYPTO;
}

static int start(struct softhsm **out, const char *label, const char *pin, bool make)
{
    struct softhsm *hsm = calloc(1, sizeof *hsm);
    CK_SLOT_ID slot;
    if (!hsm)
        return -ENOMEM;
    int result = load(hsm);
    if (result == 0 && make)
        result = make_token(hsm, label, pin);
    if (result == 0)
        result = find_slot(hsm, label, &slot);
    if (result == 0)
        result = log_in(hsm, slot, CKU_USER, pin);
    if (result) {
        softhsm_close(hsm);
        return result;
    }
    *out = hsm;
    return 0;
}

int softhsm_init(struct softhsm **out, const char *label, const char *pin)
{
    return start(out, label, pin, true);
}

int softhsm_open(struct softhsm **out, const char *label, const char *pin)
{
    return start(out, label, pin, false);
}

void softhsm_close(struct softhsm *hsm)
{
    if (!hsm)
        return;
    if (hsm->f)
        hsm->f->C_Finalize(NULL);
    if (hsm->library)
        dlclose(hsm->library);
    free(hsm);
}

int softhsm_put_certificate(struct softhsm *hsm, const char *label, uint8_t id,
                            const struct certificate *certificate)
{
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    struct bytes der = certificate_der(certificate);
    static uint8_t subject[] = {0x30, 0x00}; /* SoftHSM wants one; nobody reads it */
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_CERTIFICATE_TYPE, &type, sizeof type},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_SUBJECT, subject, sizeof subject},
        {CKA_ID, &id, sizeof id},
        {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
        {CKA_VALUE, (void *)(uintptr_t)der.data, der.size},
    };
    CK_OBJECT_HANDLE object;
    return hsm->f->C_CreateObject(hsm->session, template, sizeof template / sizeof *template,
                                  &object) == CKR_OK
               ? 0
               : ERR_CRYPTO;
}

int softhsm_put_key(struct softhsm *hsm, const char *label, uint8_t id, const struct key *key,
                    bool always)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        const char *name;
    } parts[] = {
        {CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
        {CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
        {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
        {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
        {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
        {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
        {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
        {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
    };
    enum { PARTS = sizeof parts / sizeof *parts, FIXED = 9 };
    uint8_t values[PARTS][PART_MAX];
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_RSA;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL asks = always ? CK_TRUE : CK_FALSE;
    CK_ATTRIBUTE template[FIXED + PARTS] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_SIGN, &yes, sizeof yes},
        {CKA_ALWAYS_AUTHENTICATE, &asks, sizeof asks},
        {CKA_ID, &id, sizeof id},
        {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
    };
    for (size_t i = 0; i < PARTS; i++) {
        BIGNUM *number = NULL;
        if (EVP_PKEY_get_bn_param(key_pkey(key), parts[i].name, &number) != 1)
            return ERR_CRYPTO;
        int size = BN_bn2bin(number, values[i]); /* at most 512 bytes, for RSA 4096 */
        BN_clear_free(number);
        template[FIXED + i] = (CK_ATTRIBUTE){parts[i].type, values[i], (CK_ULONG)size};
    }
    CK_OBJECT_HANDLE object;
    return hsm->f->C_CreateObject(hsm->session, template, FIXED + PARTS, &object) == CKR_OK
               ? 0
               : ERR_CRYPTO;
}
