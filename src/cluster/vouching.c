#include "cluster/vouching.h"

#include "base/text.h"
#include "cluster/cluster.h"
#include "cluster/own.h"
#include "signer/protocol.h"
#include "wire/trustlist.h"

#include <string.h>

#define CHANGING_NONE "none"
#define CHANGING_ALL  "all"

/* What a certificate that somebody imported is worth. Phone-SAST-trust has the signers of other
 * clusters' lists, which sign their configuration as well. */
static const struct {
    const char *purpose;
    uint8_t roles[WORTH_ROLES_MAX];
    size_t count;
} stores[] = {
    {"CallManager-trust", {ROLE_CCM}, 1}, {"CAPF-trust", {ROLE_CAPF}, 1},
    {"TVS-trust", {ROLE_TVS}, 1},         {"Phone-SAST-trust", {ROLE_SAST, ROLE_TFTP}, 2},
    {"Phone-trust", {ROLE_APP}, 1},       {"web-trust", {ROLE_APP}, 1},
};

/* ---- which certificates are about to change ---- */

/* The next of "a,b,c"; NULL at the end. */
static const char *next_word(const char **rest, size_t *size)
{
    const char *word = *rest;
    if (!word)
        return NULL;
    *size = strcspn(word, ",");
    *rest = word[*size] ? word + *size + 1 : NULL;
    return word;
}

static bool is_word(const char *word, size_t size, const char *name)
{
    return strlen(name) == size && strncmp(word, name, size) == 0;
}

static bool among(const char *const *names, const char *word, size_t size)
{
    for (; *names; names++)
        if (is_word(word, size, *names))
            return true;
    return false;
}

int vouching_check_changing(const char *value)
{
    const char *rest = value;
    const char *word;
    size_t size;
    if (strcmp(value, CHANGING_NONE) == 0 || strcmp(value, CHANGING_ALL) == 0)
        return 0;
    while ((word = next_word(&rest, &size)))
        if (!among(own_names(), word, size) && !among(cluster_trust_purposes(), word, size))
            return ERR_USAGE;
    return 0;
}

static uint32_t ttl_of(const struct vouching *v, const char *name)
{
    const char *rest = v->changing;
    const char *word;
    size_t size;
    while ((word = next_word(&rest, &size)))
        if (is_word(word, size, name) || is_word(word, size, CHANGING_ALL))
            return v->ttl_changing;
    return v->ttl;
}

/* ---- what a certificate is worth ---- */

static void add_role(struct worth *out, enum trust_role role)
{
    out->roles[out->count++] = (uint8_t)role;
}

static bool is_anchor(const struct vouching *v, const char *name)
{
    for (size_t i = 0; i < v->anchors.count; i++)
        if (strcmp(v->anchors.key[i], name) == 0)
            return true;
    return false;
}

/* The roles of the lists, and those that no list names. */
struct worth vouching_own(const struct vouching *v, const char *name)
{
    struct worth worth = {.ttl = ttl_of(v, name)};
    if (is_anchor(v, name))
        add_role(&worth, ROLE_SAST);
    if (strcmp(name, KEY_CALLMANAGER) == 0)
        add_role(&worth, v->security_mode ? ROLE_CCM_TFTP : ROLE_TFTP);
    else if (strcmp(name, KEY_CAPF) == 0)
        add_role(&worth, ROLE_CAPF);
    else if (strcmp(name, KEY_TVS) == 0)
        add_role(&worth, ROLE_TVS);
    else if (strcmp(name, KEY_WEB) == 0)
        add_role(&worth, ROLE_APP);
    return worth;
}

struct worth vouching_trust(const struct vouching *v, const char *purpose)
{
    struct worth worth = {.ttl = ttl_of(v, purpose)};
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        if (strcmp(stores[i].purpose, purpose) != 0)
            continue;
        memcpy(worth.roles, stores[i].roles, sizeof worth.roles);
        worth.count = stores[i].count;
    }
    return worth;
}

uint32_t vouching_list_ttl(const struct vouching *v)
{
    return ttl_of(v, CHANGING_ALL);
}

/* ---- what of the cluster decides ---- */

static int read_value(struct store *store, const char *name, char value[PARAMETER_VALUE])
{
    int result = store_parameter_get(store, name, value);
    if (result == ERR_NOT_FOUND) {
        text_copy(value, PARAMETER_VALUE, parameter_find(name)->value);
        result = 0;
    }
    return result;
}

static int read_number(struct store *store, const char *name, int64_t *out)
{
    char value[PARAMETER_VALUE];
    int result = read_value(store, name, value);
    return result ? result : text_number(value, 0, TVS_TTL_MAX, out);
}

int vouching_load(struct vouching *out, struct store *store)
{
    struct vouching v = {0};
    char anchors[PARAMETER_VALUE];
    int64_t mode = 0;
    int64_t ttl = 0;
    int64_t changing = 0;
    int result = read_number(store, PARAMETER_SECURITY_MODE, &mode);
    if (result == 0)
        result = read_value(store, PARAMETER_ANCHORS, anchors);
    if (result == 0)
        result = anchors_parse(&v.anchors, anchors);
    if (result == 0)
        result = read_number(store, PARAMETER_TVS_TTL, &ttl);
    if (result == 0)
        result = read_number(store, PARAMETER_TVS_TTL_CHANGING, &changing);
    if (result == 0)
        result = read_value(store, PARAMETER_TVS_CHANGING, v.changing);
    if (result)
        return result;
    v.security_mode = (int)mode;
    v.ttl = (uint32_t)ttl;
    v.ttl_changing = (uint32_t)changing;
    *out = v;
    return 0;
}
