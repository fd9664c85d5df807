/*
 * A PKCS#11 module for what SoftHSM2 never does: crashing, hanging, leaving, locking itself. The
 * environment variable TRUSTLINE_FAKE_TOKEN chooses: crash, hang, exit, locked, final.
 */
#include <p11-kit/pkcs11.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);

static const char *behaviour(void)
{
    const char *value = getenv("TRUSTLINE_FAKE_TOKEN");
    return value ? value : "";
}

static CK_RV initialize(void *arguments)
{
    (void)arguments;
    if (strcmp(behaviour(), "crash") == 0)
        abort(); /* a signal that no sanitizer turns into an exit */
    if (strcmp(behaviour(), "exit") == 0)
        _exit(7);
    while (strcmp(behaviour(), "hang") == 0)
        pause();
    return CKR_OK;
}

static CK_RV finalize(void *reserved)
{
    (void)reserved;
    return CKR_OK;
}

static CK_RV get_info(CK_INFO *out)
{
    memset(out, 0, sizeof *out);
    out->cryptokiVersion.major = 2;
    out->cryptokiVersion.minor = 20;
    return CKR_OK;
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *out, CK_ULONG *count)
{
    (void)present;
    if (out && *count < 1)
        return CKR_BUFFER_TOO_SMALL;
    if (out)
        out[0] = 1;
    *count = 1;
    return CKR_OK;
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *out)
{
    (void)slot;
    memset(out, 0, sizeof *out);
    out->flags = CKF_TOKEN_PRESENT;
    return CKR_OK;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *out)
{
    (void)slot;
    memset(out, ' ', sizeof *out);
    memcpy(out->label, "fake", 4);
    out->flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED;
    if (strcmp(behaviour(), "locked") == 0)
        out->flags |= CKF_USER_PIN_LOCKED;
    if (strcmp(behaviour(), "final") == 0)
        out->flags |= CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY;
    return CKR_OK;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *out)
{
    (void)slot;
    memset(out, 0, sizeof *out);
    out->flags = CKF_SIGN;
    return type == CKM_RSA_PKCS ? CKR_OK : CKR_MECHANISM_INVALID;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *out)
{
    (void)slot;
    (void)flags;
    (void)application;
    (void)notify;
    *out = 1;
    return CKR_OK;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
    (void)session;
    return CKR_OK;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG size)
{
    (void)session;
    (void)user;
    (void)pin;
    (void)size;
    return CKR_PIN_INCORRECT;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
    static CK_FUNCTION_LIST functions = {
        .version = {2, 20},
        .C_Initialize = initialize,
        .C_Finalize = finalize,
        .C_GetInfo = get_info,
        .C_GetFunctionList = C_GetFunctionList,
        .C_GetSlotList = get_slot_list,
        .C_GetSlotInfo = get_slot_info,
        .C_GetTokenInfo = get_token_info,
        .C_GetMechanismInfo = get_mechanism_info,
        .C_OpenSession = open_session,
        .C_CloseSession = close_session,
        .C_Logout = close_session,
        .C_Login = login,
    };
    *list = &functions;
    return CKR_OK;
}
