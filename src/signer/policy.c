#include "signer/policy.h"

#include "base/text.h"
#include "wire/trustlist.h"

#include <string.h>

static bool is_list_name(struct bytes name)
{
    return bytes_equal_string(name, trustlist_file_name(TRUSTLIST_CTL)) ||
           bytes_equal_string(name, trustlist_file_name(TRUSTLIST_ITL));
}

/* Files, never lists: a role that the network can reach must not be able to make an anchor. */
static int only_files(const struct envelope *header, struct why *why)
{
    char shown[80];
    struct bytes name = header->filename;
    text_escape(shown, sizeof shown, name);
    if (is_list_name(name))
        return why_error(why, ERR_POLICY,
                         "FILENAME %s is a trust list; only acts of an administrator have lists "
                         "signed",
                         shown);
    if (name.size < 5 || memcmp(name.data + name.size - 4, ".sgn", 4) != 0)
        return why_error(why, ERR_POLICY, "FILENAME %s does not end in .sgn", shown);
    return 0;
}

static int only_lists(const struct envelope *header, struct why *why)
{
    char shown[80];
    if (is_list_name(header->filename))
        return 0;
    return why_error(why, ERR_POLICY,
                     "FILENAME %s is no trust list; files are signed for tftp only",
                     text_escape(shown, sizeof shown, header->filename));
}

/* One line a permission. `keys` are looked at where a question names one, `header` for SIGN. What
 * is not here is refused. */
static const struct permission {
    enum signer_role role;
    enum signer_operation operation;
    const char *keys[3];
    int (*header)(const struct envelope *header, struct why *why);
} permissions[] = {
    {SIGNER_TFTP, SIGNER_SIGN, {KEY_CALLMANAGER}, only_files},
    {SIGNER_CLUSTER, SIGNER_SIGN, {KEY_CALLMANAGER, KEY_RECOVERY}, only_lists},
    {SIGNER_CLUSTER, SIGNER_CREATE, {NULL}, NULL},
    {SIGNER_CLUSTER, SIGNER_REQUEST, {NULL}, NULL},
    {SIGNER_CLUSTER, SIGNER_ADOPT, {NULL}, NULL},
    {SIGNER_CLUSTER, SIGNER_IMPORT, {NULL}, NULL},
    {SIGNER_CLUSTER, SIGNER_LINK, {NULL}, NULL},
    {SIGNER_CLUSTER, SIGNER_CHECK, {NULL}, NULL},
    {SIGNER_CLUSTER, SIGNER_SWEEP, {NULL}, NULL},
    {SIGNER_CLUSTER, SIGNER_COUNTERS, {NULL}, NULL},
    {SIGNER_CLUSTER, SIGNER_CRL, {KEY_CAPF}, NULL},
    {SIGNER_CLUSTER, SIGNER_MAC, {NULL}, NULL},
    {SIGNER_CAPF, SIGNER_ISSUE, {KEY_CAPF}, NULL},
    {SIGNER_CAPF, SIGNER_CRL, {KEY_CAPF}, NULL},
    {SIGNER_CAPF, SIGNER_MAC, {NULL}, NULL},
    /* The private keys that leave: these roles end their TLS themselves, CAPF with the key that
     * issues and CallManager with an anchor, until that goes through here, too (SECURITY.md). */
    {SIGNER_CAPF, SIGNER_IDENTITY, {KEY_CAPF}, NULL},
    {SIGNER_TVS, SIGNER_IDENTITY, {KEY_TVS}, NULL},
    {SIGNER_CALLMANAGER, SIGNER_IDENTITY, {KEY_CALLMANAGER}, NULL},
    {SIGNER_CLERK, SIGNER_LINK, {NULL}, NULL},
    {SIGNER_CLERK, SIGNER_CHECK, {NULL}, NULL},
    {SIGNER_CLERK, SIGNER_SWEEP, {NULL}, NULL},
};

static const struct permission *permission_of(enum signer_role role, unsigned operation)
{
    for (size_t i = 0; i < sizeof permissions / sizeof *permissions; i++)
        if (permissions[i].role == role && permissions[i].operation == operation)
            return &permissions[i];
    return NULL;
}

int policy_operation(enum signer_role role, unsigned operation, struct why *why)
{
    if (permission_of(role, operation))
        return 0;
    return why_error(why, ERR_POLICY, "the role %s may not ask for %s", signer_role_name(role),
                     signer_operation_name(operation));
}

int policy_key(enum signer_role role, enum signer_operation operation, const char *key_name,
               struct why *why)
{
    const struct permission *p = permission_of(role, operation);
    if (!p)
        return policy_operation(role, operation, why);
    for (size_t i = 0; i < sizeof p->keys / sizeof *p->keys && p->keys[i]; i++)
        if (strcmp(p->keys[i], key_name) == 0)
            return 0;
    return why_error(why, ERR_POLICY, "the role %s may not ask for %s with the key %s",
                     signer_role_name(role), signer_operation_name(operation), key_name);
}

int policy_sign(enum signer_role role, const struct envelope *header, const char *key_name,
                struct why *why)
{
    int result = policy_key(role, SIGNER_SIGN, key_name, why);
    return result ? result : permission_of(role, SIGNER_SIGN)->header(header, why);
}
