#include "daemon/check.h"

#include "base/clock.h"
#include "base/text.h"
#include "cluster/cluster.h"
#include "cluster/vouching.h"
#include "daemon/listen.h"
#include "pki/signedfile.h"
#include "signer/protocol.h"
#include "store/enrolment.h"
#include "trust/accept.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WARN_DAYS = 60 };

struct check {
    const char *state;
    struct config config;
    struct cluster *cluster;
    struct signer *signer;
    unsigned wrong, warned;
};

static void fine(const char *format, ...) PRINTF_LIKE(1, 2);
static void warning(struct check *c, const char *format, ...) PRINTF_LIKE(2, 3);
static void wrong(struct check *c, const char *format, ...) PRINTF_LIKE(2, 3);

static void fine(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("ok       ", stdout);
    vprintf(format, values);
    putchar('\n');
    va_end(values);
}

static void warning(struct check *c, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("warning  ", stdout);
    vprintf(format, values);
    putchar('\n');
    va_end(values);
    c->warned++;
}

static void wrong(struct check *c, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("error    ", stdout);
    vprintf(format, values);
    putchar('\n');
    va_end(values);
    c->wrong++;
}

/* ---- users and ports, before we may become somebody else ---- */

static void check_wall(struct check *c)
{
    struct stat state;
    struct stat keys;
    char path[FILE_PATH];
    if (stat(c->state, &state) != 0 || file_path(path, c->state, STATE_KEYS) != 0 ||
        stat(path, &keys) != 0) {
        wrong(c, "%s: keys/ cannot be looked at", c->state);
        return;
    }
    if (keys.st_mode & 077)
        wrong(c, "%s: others than its owner may look into it (chmod 700 %s)", path, path);
    if (state.st_uid != keys.st_uid && !(state.st_mode & 001) && state.st_gid != keys.st_gid)
        wrong(c, "%s: the signer's user cannot get through to keys/ (chmod o+x %s)", c->state,
              c->state);
    if (state.st_uid == keys.st_uid)
        warning(c, "no wall: services and signer run as the same user, so a service that is broken "
                   "into can read the private keys (install as root for users of their own)");
    else
        fine("wall: services run as user %u, the signer as user %u", (unsigned)state.st_uid,
             (unsigned)keys.st_uid);
}

static void check_ports(struct check *c, bool served)
{
    struct listeners listeners;
    struct why why = WHY_NONE;
    if (served) {
        fine("ports: a running trustlined has them");
        return;
    }
    int result = listeners_open(&listeners, &c->config, &why);
    if (result) {
        wrong(c, "ports: %s", why_text(&why, result));
        return;
    }
    fine("ports: all %zu sockets can be opened", listeners.count);
    listeners_close(&listeners);
}

/* ---- certificates and keys ---- */

static void check_dates(struct check *c, const char *name, const struct certificate *certificate)
{
    char when[CLOCK_TEXT];
    int64_t now = clock_wall();
    int64_t days = (certificate_not_after(certificate) - now) / 86400;
    clock_java(when, certificate_not_after(certificate));
    if (certificate_not_after(certificate) < now)
        wrong(c,
              "certificate %s expired on %s (most phones do not look, so the service runs; renew "
              "it: trustline set cert regen %s)",
              name, when, name);
    else if (certificate_not_before(certificate) > now)
        wrong(c, "certificate %s is not valid before %s", name,
              clock_java(when, certificate_not_before(certificate)));
    else if (days < WARN_DAYS)
        warning(c, "certificate %s expires in %lld days, on %s", name, (long long)days, when);
    else
        fine("certificate %s: valid until %s", name, when);
}

/* A service whose key TLS refuses does not start, and the node not without it. */
static void check_tls_key(struct check *c, const char *name, const struct certificate *certificate)
{
    bool small =
        certificate_key_kind(certificate) == KEY_RSA && certificate_key_bits(certificate) < 2048;
    if (!small || strcmp(name, KEY_RECOVERY) == 0) /* which signs lists, and speaks no TLS */
        return;
    if (c->config.legacy_tls)
        fine("certificate %s: its %u-bit key is used because legacy_tls is on", name,
             certificate_key_bits(certificate));
    else
        wrong(c,
              "certificate %s: TLS refuses its %u-bit key (legacy_tls = on lets it; or renew it: "
              "trustline parameter set %s 2048, trustline set cert regen %s)",
              name, certificate_key_bits(certificate), PARAMETER_KEY_SIZE, name);
}

static int check_certificate(void *context, const struct store_certificate *row)
{
    struct check *c = context;
    struct certificate *certificate = NULL;
    struct why why = WHY_NONE;
    if (row->state != CERTIFICATE_ACTIVE)
        return 0;
    int result = certificate_from_der(&certificate, buffer_bytes(&row->der), &why);
    if (result == 0 && row->node == cluster_node(c->cluster)->id)
        result = signer_check(c->signer, row->name, certificate, &why);
    if (result)
        wrong(c, "key %s: %s", row->name, why_text(&why, result));
    else {
        check_dates(c, row->name, certificate);
        check_tls_key(c, row->name, certificate);
    }
    certificate_free(certificate);
    return 0;
}

/* ---- lists ---- */

/* A certificate in use that a list should name. */
struct wanted {
    const struct trustlist *list;
    const char *name;
    bool named;
};

static int look_for(void *context, const struct store_certificate *row)
{
    struct wanted *w = context;
    struct certificate *certificate = NULL;
    if (row->state != CERTIFICATE_ACTIVE || strcmp(row->name, w->name) != 0 ||
        certificate_from_der(&certificate, buffer_bytes(&row->der), NULL) != 0)
        return 0;
    for (size_t i = 0; i < w->list->count; i++)
        w->named = w->named ||
                   record_is(&w->list->records[i], bytes_of_string(certificate_issuer(certificate)),
                             certificate_serial(certificate));
    certificate_free(certificate);
    return 0;
}

/* The certificate the cluster signs files with; and that of TVS, which phones know from the ITL
 * alone. */
static void check_named(struct check *c, enum list_kind kind, const struct trustlist *list)
{
    static const char *const names[] = {KEY_CALLMANAGER, KEY_TVS};
    if (kind == LIST_ITL && trustlist_is_empty_itl(list)) {
        warning(c, "ITL: it is empty, for a rollback: phones that hold it take any list and "
                   "unsigned files");
        return;
    }
    for (size_t i = 0; i < (kind == LIST_ITL ? 2 : 1); i++) {
        struct wanted wanted = {.list = list, .name = names[i]};
        if (store_certificates(cluster_store(c->cluster), look_for, &wanted) == 0 && !wanted.named)
            wrong(c, "%s: it does not name the %s certificate in use",
                  kind == LIST_CTL ? "CTL" : "ITL", names[i]);
    }
}

static void check_list(struct check *c, enum list_kind kind, bool needed)
{
    const char *name = kind == LIST_CTL ? "CTL" : "ITL";
    struct store_list stored;
    struct trustlist *list = NULL;
    struct why why = WHY_NONE;
    size_t signer;
    int result = store_list_current(cluster_store(c->cluster), kind, &stored);
    if (result == ERR_NOT_FOUND) {
        if (needed)
            wrong(c, "%s: none is served, and phones of this cluster need one", name);
        return;
    }
    if (result == 0) {
        result = trustlist_parse(&list, buffer_bytes(&stored.body), &why);
        if (result == 0)
            result = trustlist_verify(list, &signer, &why);
        if (result == 0) {
            check_named(c, kind, list);
            size_t count = trustlist_certificates(list);
            if (count > TRUSTLIST_CERTIFICATES_MAX * 8 / 10 ||
                stored.body.size > TRUSTLIST_BYTES_MAX * 8 / 10)
                warning(c, "%s: %zu certificates, %zu bytes; phones take %d and %d", name, count,
                        stored.body.size, TRUSTLIST_CERTIFICATES_MAX, TRUSTLIST_BYTES_MAX);
            else
                fine("%s: verified, %zu certificates, %zu bytes", name, count, stored.body.size);
        }
        trustlist_free(list);
        store_list_fini(&stored);
    }
    if (result)
        wrong(c, "%s: %s", name, why_text(&why, result));
}

/* ---- what phones have and are to do ---- */

static int count_lsc(void *context, const struct store_lsc *lsc)
{
    size_t *counts = context;
    counts[lsc->state]++;
    return 0;
}

static int check_lscs(struct check *c)
{
    size_t counts[LSC_STATE_COUNT] = {0};
    int result = store_lscs(cluster_store(c->cluster), NULL, clock_wall(),
                            WARN_DAYS * INT64_C(86400), count_lsc, counts);
    if (result)
        return result;
    size_t soon = counts[LSC_EXPIRING];
    if (counts[LSC_EXPIRED])
        warning(c,
                "phones: %zu have an LSC that has expired (trustline phone list --where "
                "lsc=expired)",
                counts[LSC_EXPIRED]);
    if (soon)
        warning(c,
                "phones: %zu have an LSC that expires within %d days (trustline phone list "
                "--where lsc=expiring)",
                soon, WARN_DAYS);
    if (counts[LSC_VALID] + soon + counts[LSC_EXPIRED])
        fine("phones: %zu have a valid LSC", counts[LSC_VALID] + soon);
    return 0;
}

/* Who vouches for MICs, and whether anybody needs one who does. */
struct mics {
    struct check *check;
    size_t issuers, ordered;
};

static int check_mic_issuer(void *context, const struct store_trust *trust)
{
    struct mics *m = context;
    struct certificate *certificate = NULL;
    if (strcmp(trust->purpose, "CAPF-trust") != 0 ||
        certificate_from_der(&certificate, buffer_bytes(&trust->der), NULL) != 0)
        return 0;
    m->issuers++;
    if (!certificate_may_sign_certificates(certificate))
        warning(m->check, "CAPF-trust: %s may not sign certificates, so it vouches for no MIC",
                trust->file);
    certificate_free(certificate);
    return 0;
}

static int count_ordered(void *context, const struct store_enrolment *e)
{
    struct mics *m = context;
    m->ordered += e->holds.operation != ENROLMENT_NONE && e->holds.authentication == CAPF_AUTH_MIC;
    return 0;
}

static int check_mics(struct check *c)
{
    struct mics mics = {.check = c};
    int result = store_trusts(cluster_store(c->cluster), check_mic_issuer, &mics);
    if (result == 0)
        result = store_enrolments(cluster_store(c->cluster), count_ordered, &mics);
    if (result == 0 && mics.issuers == 0 && mics.ordered)
        warning(c,
                "CAPF-trust: no CA is in it, and %zu phones are to prove who they are by a MIC "
                "(trustline set cert import trust CAPF-trust FILE)",
                mics.ordered);
    else if (result == 0 && mics.issuers)
        fine("CAPF-trust: %zu CAs vouch for MICs", mics.issuers);
    return result;
}

/* What TVS vouches for besides our own. */
struct vouched_for {
    size_t count, signers, expired;
    char now[CLOCK_TEXT];
};

static int count_trusted(void *context, const struct store_trust_fact *fact)
{
    struct vouched_for *v = context;
    v->count++;
    v->signers += strcmp(fact->purpose, "Phone-SAST-trust") == 0;
    v->expired += strncmp(fact->not_after, v->now, strlen("2031-01-01T00:00:00")) < 0;
    return 0;
}

static int check_tvs(struct check *c)
{
    struct vouched_for v = {.count = 0};
    struct vouching vouching;
    clock_iso(v.now, clock_wall_ms());
    int result = vouching_load(&vouching, cluster_store(c->cluster));
    if (result == 0)
        result = store_trust_facts(cluster_store(c->cluster), count_trusted, &v);
    if (result)
        return result;
    fine("TVS: vouches for %zu trusted certificates, %zu of them signers of lists; phones keep its "
         "answers for %lu s",
         v.count, v.signers, (unsigned long)vouching.ttl);
    if (v.expired)
        warning(c,
                "TVS: %zu trusted certificates have expired, and it vouches for them until they "
                "are taken away (trustline show cert list trust --long)",
                v.expired);
    if (strcmp(vouching.changing, "none") != 0)
        warning(c,
                "TVS: for a change of %s phones ask again after %lu s; when it is done: trustline "
                "parameter set %s none",
                vouching.changing, (unsigned long)vouching.ttl_changing, PARAMETER_TVS_CHANGING);
    return 0;
}

static void check_inside(struct check *c)
{
    struct why why = WHY_NONE;
    int mode = 0;
    int result = cluster_open(&c->cluster, c->state, CLUSTER_ACT, &why);
    if (result == 0)
        result = cluster_signer(c->cluster, &c->signer, &why);
    if (result == 0)
        result = cluster_security_mode(c->cluster, &mode, &why);
    if (result == 0) {
        fine("store: opened, the cluster is in %s mode", mode ? "mixed" : "non-secure");
        result = store_certificates(cluster_store(c->cluster), check_certificate, c);
    }
    if (result == 0) {
        check_list(c, LIST_CTL, mode != 0);
        check_list(c, LIST_ITL, true);
        result = check_lscs(c);
    }
    if (result == 0)
        result = check_mics(c);
    if (result == 0)
        result = check_tvs(c);
    if (result)
        wrong(c, "%s", why_text(&why, result));
    cluster_close(c->cluster);
}

int check_run(const char *state)
{
    struct check c = {.state = state};
    struct why why = WHY_NONE;
    int result = config_load(&c.config, state, &why);
    if (result) {
        wrong(&c, "configuration: %s", why_text(&why, result));
        return 1;
    }
    fine("configuration: node %s, port offset %u", c.config.node, c.config.port_offset);
    check_wall(&c);
    check_ports(&c, cluster_is_served(state));
    check_inside(&c);
    if (c.wrong)
        printf("%u wrong, %u to know\n", c.wrong, c.warned);
    return c.wrong ? 1 : 0;
}
