/* The helper process of token.c: the only place where a PKCS#11 module runs. */
#include "pki/token.h"

#include "base/secret.h"
#include "base/text.h"
#include "pki/token_protocol.h"

#include <errno.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOTS_MAX = 64, OBJECTS_MAX = 64, ID_MAX = 128, LABEL_MAX = 128, NAMES_TEXT = 200 };

/* What is known of a certificate or a private key of the token. */
struct object {
    CK_OBJECT_HANDLE handle;
    uint8_t id[ID_MAX];
    CK_ULONG id_size;
    uint8_t label[LABEL_MAX];
    CK_ULONG label_size;
};

struct helper {
    P11KitUri *uri;
    CK_FUNCTION_LIST **modules; /* registered ones, ended by NULL; or NULL */
    CK_FUNCTION_LIST *single;   /* the one that was named; or NULL */
    CK_FUNCTION_LIST *module;   /* of the token found */
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    char label[33];
    CK_SESSION_HANDLE session;
    bool has_session;
    CK_OBJECT_HANDLE key;
    bool has_key;
    bool asks_always; /* the key wants the PIN for every signature */
    struct buffer pin;
    struct object certificates[OBJECTS_MAX], keys[OBJECTS_MAX];
    size_t certificate_count, key_count;
};

static int refused(struct why *why, CK_RV rv, const char *what)
{
    return why_error(why, ERR_CRYPTO, "the token's module cannot %s: %s", what,
                     p11_kit_strerror(rv));
}

/* ---- finding the token ---- */

static int load_one(struct helper *h, const char *path, struct why *why)
{
    if (strchr(path, '/') && access(path, R_OK) != 0)
        return why_error(why, ERR_NOT_FOUND, "PKCS#11 module %s: %s", path, error_text(-errno));
    h->single = p11_kit_module_load(path, 0);
    if (!h->single)
        return why_error(why, ERR_FORMAT, "PKCS#11 module %s: cannot be loaded as a module", path);
    CK_RV rv = p11_kit_module_initialize(h->single);
    if (rv != CKR_OK)
        return why_error(why, ERR_CRYPTO, "PKCS#11 module %s: cannot start: %s", path,
                         p11_kit_strerror(rv));
    return 0;
}

static int load_modules(struct helper *h, const char *path, struct why *why)
{
    if (path[0])
        return load_one(h, path, why);
    h->modules = p11_kit_modules_load_and_initialize(0);
    if (!h->modules || !h->modules[0])
        return why_error(why, ERR_NOT_FOUND,
                         "no PKCS#11 module is registered with p11-kit; name one with --module or "
                         "with module-path in the URI");
    const char *name = p11_kit_uri_get_module_name(h->uri);
    if (!name)
        return 0;
    h->single = p11_kit_module_for_name(h->modules, name);
    return h->single ? 0
                     : why_error(why, ERR_NOT_FOUND, "no PKCS#11 module '%s' is registered", name);
}

/* Texts of PKCS#11 are of fixed size, padded with blanks. */
static void take_padded(char *out, size_t size, const CK_UTF8CHAR *text, size_t length)
{
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\0'))
        length--;
    text_escape(out, size, bytes_of(text, length));
}

static bool can_sign(CK_FUNCTION_LIST *module, CK_SLOT_ID slot)
{
    CK_MECHANISM_INFO mechanism;
    return module->C_GetMechanismInfo(slot, CKM_RSA_PKCS, &mechanism) == CKR_OK &&
           mechanism.flags & CKF_SIGN;
}

/* Is there a token in this slot that the URI can mean, and that can sign for us? */
static bool is_meant(struct helper *h, CK_FUNCTION_LIST *module, CK_SLOT_ID slot,
                     CK_TOKEN_INFO *info)
{
    CK_SLOT_INFO slot_info;
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(h->uri);
    if (wanted != (CK_SLOT_ID)-1 && wanted != slot)
        return false;
    return module->C_GetSlotInfo(slot, &slot_info) == CKR_OK &&
           p11_kit_uri_match_slot_info(h->uri, &slot_info) &&
           module->C_GetTokenInfo(slot, info) == CKR_OK && info->flags & CKF_TOKEN_INITIALIZED &&
           p11_kit_uri_match_token_info(h->uri, info) && can_sign(module, slot);
}

/* The tokens of one module. Their labels are collected in `names`, for the message. */
static void search_module(struct helper *h, CK_FUNCTION_LIST *module, size_t *found,
                          struct buffer *names)
{
    CK_INFO about;
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    if (module->C_GetInfo(&about) != CKR_OK || !p11_kit_uri_match_module_info(h->uri, &about) ||
        module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return;
    for (CK_ULONG i = 0; i < count && i < SLOTS_MAX; i++) {
        CK_TOKEN_INFO info;
        if (!is_meant(h, module, slots[i], &info))
            continue;
        char label[33];
        take_padded(label, sizeof label, info.label, sizeof info.label);
        buffer_format(names, "%s'%s'", *found ? ", " : "", label);
        if ((*found)++ == 0) {
            h->module = module;
            h->slot = slots[i];
            h->info = info;
            text_copy(h->label, sizeof h->label, label);
        }
    }
}

static int find_token(struct helper *h, struct why *why)
{
    size_t found = 0;
    struct buffer names;
    buffer_init(&names, 2000);
    if (h->single)
        search_module(h, h->single, &found, &names);
    for (CK_FUNCTION_LIST **m = h->single ? NULL : h->modules; m && *m; m++)
        search_module(h, *m, &found, &names);
    int result = 0;
    if (found == 0)
        result = why_error(why, ERR_NOT_FOUND,
                           "no token that can sign fits this URI (is it plugged in?)");
    else if (found > 1)
        result = why_error(why, ERR_DUPLICATE,
                           "fits %zu tokens (%s): say which with token= or serial=", found,
                           buffer_string(&names));
    buffer_fini(&names);
    return result;
}

static uint8_t flags_of(const CK_TOKEN_INFO *info)
{
    static const struct {
        CK_FLAGS theirs;
        uint8_t ours;
    } flags[] = {
        {CKF_LOGIN_REQUIRED, TOKEN_NEEDS_PIN},
        {CKF_PROTECTED_AUTHENTICATION_PATH, TOKEN_KEYPAD},
        {CKF_USER_PIN_COUNT_LOW, TOKEN_FEW_TRIES},
        {CKF_USER_PIN_FINAL_TRY, TOKEN_FINAL_TRY},
        {CKF_USER_PIN_LOCKED, TOKEN_LOCKED},
    };
    uint8_t out = 0;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (info->flags & flags[i].theirs)
            out |= flags[i].ours;
    return out;
}

static void put_padded(struct buffer *answer, const CK_UTF8CHAR *text, size_t length)
{
    char escaped[33];
    take_padded(escaped, length + 1, text, length);
    token_put(answer, bytes_of_string(escaped));
}

static int answer_find(struct helper *h, struct reader *in, struct buffer *answer, struct why *why)
{
    char path[4096];
    char uri[4096];
    bool fits = text_copy_bytes(path, sizeof path, token_get(in));
    fits &= text_copy_bytes(uri, sizeof uri, token_get(in));
    if (reader_end(in) != 0 || !fits || h->uri)
        return ERR_BUG;
    h->uri = p11_kit_uri_new();
    if (!h->uri || p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, h->uri) != P11_KIT_URI_OK)
        return ERR_BUG; /* the caller has parsed it already */
    int result = load_modules(h, path, why);
    if (result == 0)
        result = find_token(h, why);
    if (result)
        return result;
    put_padded(answer, h->info.label, sizeof h->info.label);
    put_padded(answer, h->info.manufacturerID, sizeof h->info.manufacturerID);
    put_padded(answer, h->info.model, sizeof h->info.model);
    put_padded(answer, h->info.serialNumber, sizeof h->info.serialNumber);
    buffer_u8(answer, flags_of(&h->info));
    return 0;
}

/* ---- the PIN ---- */

/* What the token tells about further tries, after a wrong PIN. */
static const char *tries_left(struct helper *h)
{
    CK_TOKEN_INFO info;
    if (h->module->C_GetTokenInfo(h->slot, &info) != CKR_OK)
        return "";
    if (info.flags & CKF_USER_PIN_LOCKED)
        return "; the token is locked now";
    if (info.flags & CKF_USER_PIN_FINAL_TRY)
        return "; one try is left, then the token locks";
    if (info.flags & CKF_USER_PIN_COUNT_LOW)
        return "; the token counts wrong PINs and locks after too many";
    return "";
}

static int login(struct helper *h, bool has_pin, struct why *why)
{
    CK_UTF8CHAR *pin = has_pin ? h->pin.data : NULL;
    CK_RV rv = h->module->C_Login(h->session, CKU_USER, pin, has_pin ? h->pin.size : 0);
    switch (rv) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:
        return 0;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        return why_error(why, -EACCES, "token '%s': the PIN is wrong%s", h->label, tries_left(h));
    case CKR_PIN_LOCKED:
        return why_error(why, ERR_POLICY, "token '%s' is locked: its PIN must be reset", h->label);
    case CKR_USER_PIN_NOT_INITIALIZED:
        return why_error(why, ERR_POLICY, "token '%s' has no user PIN yet", h->label);
    case CKR_PIN_EXPIRED:
        return why_error(why, ERR_POLICY, "token '%s': its PIN has expired", h->label);
    case CKR_FUNCTION_CANCELED:
        return why_error(why, ERR_POLICY, "token '%s': the PIN was not typed", h->label);
    default:
        return refused(why, rv, "log in");
    }
}

/* ---- finding the certificate and its key ---- */

static CK_ULONG read_attribute(struct helper *h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                               void *out, CK_ULONG size)
{
    CK_ATTRIBUTE attribute = {type, out, size};
    CK_RV rv = h->module->C_GetAttributeValue(h->session, object, &attribute, 1);
    return rv == CKR_OK && attribute.ulValueLen <= size ? attribute.ulValueLen : 0;
}

static int list_objects(struct helper *h, CK_OBJECT_CLASS class, struct object *out, size_t *count,
                        struct why *why)
{
    CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof class};
    CK_OBJECT_HANDLE handles[OBJECTS_MAX];
    CK_ULONG found = 0;
    CK_RV rv = h->module->C_FindObjectsInit(h->session, &template, 1);
    if (rv == CKR_OK) {
        rv = h->module->C_FindObjects(h->session, handles, OBJECTS_MAX, &found);
        h->module->C_FindObjectsFinal(h->session);
    }
    if (rv != CKR_OK)
        return refused(why, rv, "list what the token holds");
    for (CK_ULONG i = 0; i < found && i < OBJECTS_MAX; i++) {
        struct object *o = &out[i];
        o->handle = handles[i];
        o->id_size = read_attribute(h, o->handle, CKA_ID, o->id, sizeof o->id);
        o->label_size = read_attribute(h, o->handle, CKA_LABEL, o->label, sizeof o->label);
    }
    *count = found;
    return 0;
}

static bool same(const CK_ATTRIBUTE *wanted, const uint8_t *data, CK_ULONG size)
{
    return !wanted ||
           bytes_equal(bytes_of(wanted->pValue, wanted->ulValueLen), bytes_of(data, size));
}

static bool is_named(struct helper *h, const struct object *o)
{
    return same(p11_kit_uri_get_attribute(h->uri, CKA_ID), o->id, o->id_size) &&
           same(p11_kit_uri_get_attribute(h->uri, CKA_LABEL), o->label, o->label_size);
}

/* Does the URI mean this certificate with this key? It may name either, unless it says which. */
static bool is_pair_named(struct helper *h, const struct object *certificate,
                          const struct object *key)
{
    const CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(h->uri, CKA_CLASS);
    CK_OBJECT_CLASS only = CKO_DATA;
    if (class && class->ulValueLen == sizeof only)
        memcpy(&only, class->pValue, sizeof only);
    return (only != CKO_PRIVATE_KEY && is_named(h, certificate)) ||
           (only != CKO_CERTIFICATE && key && is_named(h, key));
}

static const struct object *key_of(struct helper *h, const struct object *certificate)
{
    for (size_t i = 0; i < h->key_count; i++)
        if (certificate->id_size && bytes_equal(bytes_of(h->keys[i].id, h->keys[i].id_size),
                                                bytes_of(certificate->id, certificate->id_size)))
            return &h->keys[i];
    return NULL;
}

static void add_name(struct buffer *names, const struct object *o)
{
    char label[64];
    text_escape(label, sizeof label, bytes_of(o->label, o->label_size));
    buffer_format(names, "%s'%s'", names->size ? ", " : "", label);
}

/* What the token has instead, so that the URI can be put right. */
static int no_pair(struct helper *h, const struct object *keyless, struct why *why)
{
    char label[64];
    struct buffer names;
    if (keyless)
        return why_error(
            why, ERR_NOT_FOUND, "token '%s': no private key has the CKA_ID of the certificate '%s'",
            h->label,
            text_escape(label, sizeof label, bytes_of(keyless->label, keyless->label_size)));
    buffer_init(&names, NAMES_TEXT);
    for (size_t i = 0; i < h->certificate_count; i++)
        add_name(&names, &h->certificates[i]);
    int result = h->certificate_count
                     ? why_error(why, ERR_NOT_FOUND,
                                 "token '%s' holds no certificate or key of that name; it holds %s",
                                 h->label, names.error ? "others" : buffer_string(&names))
                     : why_error(why, ERR_NOT_FOUND,
                                 "token '%s' holds no certificate (one is needed beside the key, "
                                 "with the same CKA_ID)",
                                 h->label);
    buffer_fini(&names);
    return result;
}

/* Chooses the one certificate that has a key and that the URI means. */
static int choose(struct helper *h, const struct object **out, struct why *why)
{
    const struct object *keyless = NULL;
    const struct object *chosen = NULL;
    CK_OBJECT_HANDLE chosen_key = 0;
    size_t found = 0;
    struct buffer names;
    buffer_init(&names, NAMES_TEXT);
    for (size_t i = 0; i < h->certificate_count; i++) {
        const struct object *certificate = &h->certificates[i];
        const struct object *key = key_of(h, certificate);
        if (!is_pair_named(h, certificate, key))
            continue;
        if (!key) {
            keyless = certificate;
            continue;
        }
        add_name(&names, certificate);
        chosen = certificate;
        chosen_key = key->handle;
        found++;
    }
    int result = 0;
    if (!chosen) {
        result = no_pair(h, keyless, why);
    } else if (found == 1) {
        *out = chosen;
        h->key = chosen_key;
    } else {
        result = why_error(why, ERR_DUPLICATE,
                           "token '%s': the URI fits %zu certificates (%s): say which with object= "
                           "or id=",
                           h->label, found, names.error ? "..." : buffer_string(&names));
    }
    buffer_fini(&names);
    return result;
}

static int take_key(struct helper *h, struct buffer *answer, struct why *why)
{
    const struct object *certificate = NULL;
    uint8_t der[CERTIFICATE_DER_MAX];
    CK_BBOOL always = CK_FALSE;
    int result = list_objects(h, CKO_CERTIFICATE, h->certificates, &h->certificate_count, why);
    if (result == 0)
        result = list_objects(h, CKO_PRIVATE_KEY, h->keys, &h->key_count, why);
    if (result == 0)
        result = choose(h, &certificate, why);
    if (result)
        return result;
    CK_ULONG size = read_attribute(h, certificate->handle, CKA_VALUE, der, sizeof der);
    if (size == 0)
        return why_error(why, ERR_FORMAT, "token '%s': the certificate cannot be read", h->label);
    token_put(answer, bytes_of(der, size));
    read_attribute(h, h->key, CKA_ALWAYS_AUTHENTICATE, &always, sizeof always);
    h->asks_always = always == CK_TRUE;
    h->has_key = true;
    return 0;
}

static int answer_login(struct helper *h, struct reader *in, struct buffer *answer, struct why *why)
{
    bool has_pin = reader_u8(in) != 0;
    buffer_append(&h->pin, token_get(in));
    if (reader_end(in) != 0 || h->pin.error || !h->module || h->has_session)
        return ERR_BUG;
    CK_RV rv = h->module->C_OpenSession(h->slot, CKF_SERIAL_SESSION, NULL, NULL, &h->session);
    if (rv != CKR_OK)
        return refused(why, rv, "open a session");
    h->has_session = true;
    int result = 0;
    if (has_pin || h->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH)
        result = login(h, has_pin, why);
    return result ? result : take_key(h, answer, why);
}

/* ---- signing ---- */

static int answer_sign(struct helper *h, struct reader *in, struct buffer *answer, struct why *why)
{
    struct bytes info = token_get(in);
    if (reader_end(in) != 0 || !h->has_key)
        return ERR_BUG;
    uint8_t copy[DIGEST_SIZE_MAX + 32];
    uint8_t signature[KEY_SIGNATURE_MAX];
    CK_ULONG size = sizeof signature;
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    if (info.size == 0 || info.size > sizeof copy)
        return ERR_BUG;
    memcpy(copy, info.data, info.size);
    CK_RV rv = h->module->C_SignInit(h->session, &mechanism, h->key);
    /* A key may want its PIN for every signature; it is known to be right by now. */
    if (rv == CKR_OK && h->asks_always)
        rv = h->module->C_Login(h->session, CKU_CONTEXT_SPECIFIC, h->pin.data, h->pin.size);
    if (rv == CKR_OK)
        rv = h->module->C_Sign(h->session, copy, info.size, signature, &size);
    if (rv != CKR_OK)
        return refused(why, rv, "sign");
    token_put(answer, bytes_of(signature, size));
    return 0;
}

/* ---- the conversation ---- */

static int answer_question(struct helper *h, struct bytes question, struct buffer *answer,
                           struct why *why)
{
    struct reader in;
    reader_init(&in, question);
    buffer_u8(answer, TOKEN_FINE);
    switch (reader_u8(&in)) {
    case TOKEN_FIND:
        return answer_find(h, &in, answer, why);
    case TOKEN_LOGIN:
        return answer_login(h, &in, answer, why);
    case TOKEN_SIGN:
        return answer_sign(h, &in, answer, why);
    default:
        return ERR_BUG;
    }
}

static void finish(struct helper *h)
{
    if (h->has_session) {
        h->module->C_Logout(h->session);
        h->module->C_CloseSession(h->session);
    }
    if (h->modules)
        p11_kit_modules_finalize_and_release(h->modules);
    else if (h->single)
        p11_kit_module_finalize(h->single);
    buffer_fini_secret(&h->pin);
}

/* The parent's death must not leave a process with a PIN behind, and no dump of it either. */
static void protect(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    secret_guard_process();
    p11_kit_be_quiet();
}

int token_helper(void)
{
    struct helper h = {0};
    uint8_t question[TOKEN_MESSAGE_MAX];
    struct buffer answer;
    protect();
    buffer_init(&answer, TOKEN_MESSAGE_MAX);
    buffer_init(&h.pin, TOKEN_PIN_MAX);
    int ready = buffer_reserve(&h.pin, TOKEN_PIN_MAX);
    for (;;) {
        ssize_t n = recv(TOKEN_HELPER_FD, question, sizeof question, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || ready != 0)
            _exit(1);
        if (n == 0)
            break;
        struct why why = WHY_NONE;
        buffer_clear(&answer);
        int result = answer_question(&h, bytes_of(question, (size_t)n), &answer, &why);
        secret_wipe(question, (size_t)n);
        if (result == 0)
            result = answer.error;
        if (result) {
            buffer_clear(&answer);
            buffer_u8(&answer, TOKEN_FAILED);
            buffer_u32be(&answer, (uint32_t)result);
            token_put(&answer, bytes_of_string(why_text(&why, result)));
        }
        if (send(TOKEN_HELPER_FD, answer.data, answer.size, MSG_NOSIGNAL) < 0)
            break;
    }
    finish(&h);
    /* What a module left to be run at exit is none of our business. */
    _exit(0);
}
