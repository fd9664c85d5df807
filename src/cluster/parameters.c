#include "cluster/parameters.h"

#include "base/text.h"
#include "cluster/auto_register.h"
#include "cluster/time_zone.h"
#include "cluster/vouching.h"
#include "pki/lsc.h"
#include "signer/protocol.h"

#include <string.h>

static int check_anchors(const char *value)
{
    struct anchors anchors;
    return anchors_parse(&anchors, value);
}

static int check_digest(const char *value)
{
    return strcmp(value, "SHA-1") == 0 || strcmp(value, "SHA-512") == 0 ? 0 : ERR_USAGE;
}

static int check_days(const char *value)
{
    int64_t number;
    return text_number(value, 1, 7300, &number) ? ERR_USAGE : 0;
}

static int check_key_size(const char *value)
{
    return strcmp(value, "1024") == 0 || strcmp(value, "2048") == 0 || strcmp(value, "4096") == 0
               ? 0
               : ERR_USAGE;
}

static int check_per_address(const char *value)
{
    int64_t number;
    return text_number(value, 1, 65535, &number) ? ERR_USAGE : 0;
}

static int check_lsc_days(const char *value)
{
    int64_t number;
    return text_number(value, 1, LSC_DAYS_MAX, &number) ? ERR_USAGE : 0;
}

static int check_lsc_subject(const char *value)
{
    return lsc_subject_check(value, NULL);
}

static int check_switch(const char *value)
{
    return strcmp(value, "0") == 0 || strcmp(value, "1") == 0 ? 0 : ERR_USAGE;
}

static int check_ttl(const char *value)
{
    int64_t number;
    return text_number(value, 1, TVS_TTL_MAX, &number) ? ERR_USAGE : 0;
}

static int check_auto_registration(const char *value)
{
    struct auto_numbers numbers;
    return auto_numbers_parse(&numbers, value);
}

static int check_time_zone(const char *value)
{
    return time_zone_check(value, NULL) ? ERR_USAGE : 0;
}

static const struct parameter table[] = {
    {PARAMETER_SECURITY_MODE, "0", "0 (non-secure) or 1 (mixed)",
     "Whether secure and non-secure phones stand side by side.", NULL,
     "utils ctl set-cluster mixed-mode | non-secure-mode", true},
    {PARAMETER_ANCHORS, "callmanager,itlrecovery",
     "callmanager and itlrecovery, one or both, the preferred signer first",
     "Which certificates may sign the next trust list; all of them are records of each list.",
     check_anchors, NULL, true},
    {PARAMETER_ROLLBACK, "0", "0 or 1",
     "\"Prepare Cluster for Rollback to pre 8.0\": the ITL has empty TFTP and TVS sections, and "
     "phones that hold it take any ITL and unsigned files.",
     check_switch, NULL, true},
    {PARAMETER_FILE_DIGEST, "SHA-1", "SHA-1 or SHA-512",
     "The digest under the signature of configuration files; phones that do not know SHA-512 stop "
     "working with it.",
     check_digest, NULL, true},
    {PARAMETER_CERTIFICATE_DAYS, "1825", "1 to 7300",
     "How many days a certificate of the cluster's own is valid.", check_days, NULL, false},
    {PARAMETER_KEY_SIZE, "2048", "1024, 2048 or 4096",
     "RSA bits of new keys of the cluster's own; phones are known to take signers up to 2048.",
     check_key_size, NULL, false},
    {PARAMETER_SUBJECT, "", "OU=...;O=...;L=...;ST=...;C=.., chosen at init",
     "What the names of the cluster's own certificates say besides the CN.", NULL,
     "trustline init (the names of a cluster stay as they are)", false},
    {PARAMETER_PER_ADDRESS, "256", "1 to 65535",
     "How many connections without authentication an address, of IPv6 a /64, may hold open.",
     check_per_address, NULL, false},
    {PARAMETER_LSC_DAYS, "1825", "1 to 3650",
     "How many days a certificate that CAPF issues to a phone is valid.", check_lsc_days, NULL,
     false},
    {PARAMETER_LSC_SUBJECT, "CN=%d",
     "CN=%d or CN=%m-%d, and more attributes after a comma: %d is the device name, %m the model",
     "The name in a phone's certificate.", check_lsc_subject, NULL, false},
    {PARAMETER_LSC_UNIQUE_KEYS, "1", "0 or 1",
     "Whether CAPF refuses a public key that some certificate has already.", check_switch, NULL,
     false},
    {PARAMETER_EXPIRED_MIC, "0", "0 or 1",
     "Whether CAPF believes factory certificates (MICs) that have expired, as those of old phones "
     "have.",
     check_switch, NULL, false},
    {PARAMETER_SHA1_PROOF, "0", "0 or 1",
     "Whether CAPF believes phones that sign with SHA-1 alone, as old firmware may.", check_switch,
     NULL, false},
    {PARAMETER_TVS_TTL, "86400", "1 to 2592000",
     "For how many seconds phones may keep what TVS told them; so long they hold an old answer.",
     check_ttl, NULL, false},
    {PARAMETER_TVS_TTL_CHANGING, "300", "1 to 2592000",
     "The same for the certificates that tvs_changing names.", check_ttl, NULL, false},
    {PARAMETER_TVS_CHANGING, "none",
     "none, all, or names with commas between them: CallManager, CAPF, TVS, ITLRecovery, web, or "
     "a trust store like Phone-SAST-trust",
     "Which certificates are about to change: phones are told to ask TVS about them soon again.",
     vouching_check_changing, NULL, false},
    {PARAMETER_AUTO_NUMBERS, "off", "off, or a range of numbers like 1000-1999",
     "Whether phones that nobody has added are added when they register, with a number of this "
     "range, in non-secure mode; in mixed mode they never are. 30 a minute of one address, 120 in "
     "all.",
     check_auto_registration, NULL, false},
    {PARAMETER_TIME_ZONE, TIME_ZONE_DEFAULT, "a name like Europe/Vienna, of those this server has",
     "What time phones show. SCCP phones are told when they register again, SIP phones find it in "
     "their configuration.",
     check_time_zone, NULL, false},
    {NULL, NULL, NULL, NULL, NULL, NULL, false},
};

const struct parameter *parameter_table(void)
{
    return table;
}

const struct parameter *parameter_find(const char *name)
{
    for (const struct parameter *p = table; p->name; p++)
        if (text_equal_nocase(p->name, name))
            return p;
    return NULL;
}

int parameters_fill(struct store *store)
{
    int result = 0;
    for (const struct parameter *p = table; p->name && result == 0; p++)
        result = store_parameter_default(store, p->name, p->value);
    return result;
}

int anchors_parse(struct anchors *out, const char *value)
{
    static const struct {
        const char *word;
        const char *key;
    } words[] = {{"callmanager", KEY_CALLMANAGER}, {"itlrecovery", KEY_RECOVERY}};
    struct anchors anchors = {0};
    const char *rest = value;
    for (;;) {
        size_t size = strcspn(rest, ",");
        const char *key = NULL;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strlen(words[i].word) == size && strncmp(words[i].word, rest, size) == 0)
                key = words[i].key;
        if (!key || anchors.count == ANCHORS_MAX || (anchors.count && anchors.key[0] == key))
            return ERR_USAGE;
        anchors.key[anchors.count++] = key;
        if (rest[size] == '\0')
            break;
        rest += size + 1;
    }
    *out = anchors;
    return 0;
}
