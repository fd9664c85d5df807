/* Acts on the cluster's own certificates: a new key, a request, an import. */
#include "cluster/publish.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cluster/own.h"
#include "signer/keystore.h"
#include "signer/protocol.h"

#include <stdlib.h>
#include <string.h>

enum { CHAIN_MAX = 8 };

const char *const *cluster_certificate_names(void)
{
    return own_names();
}

/* The new certificate of a name, and how it goes into the store. */
struct renewal {
    const char *name;
    const struct store_node *node;
    struct certificate *certificate;
    enum certificate_source source;
    struct buffer chain;
    bool drop_request;
};

static int write_renewal(void *context, struct store *store, struct why *why)
{
    const struct renewal *r = context;
    struct store_certificate row = {
        .node = r->node->id,
        .state = CERTIFICATE_ACTIVE,
        .source = r->source,
        .created = clock_wall(),
        .chain = r->chain,
    };
    struct bytes der = certificate_der(r->certificate);
    text_copy(row.name, sizeof row.name, r->name);
    text_hex(row.serial, sizeof row.serial, certificate_serial(r->certificate), false, 0);
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    buffer_append(&row.der, der);
    int result = row.der.error ? row.der.error : store_certificate_put(store, &row, why);
    if (result == 0 && r->drop_request) {
        result = store_request_delete(store, r->node->id, r->name);
        if (result == ERR_NOT_FOUND)
            result = 0;
    }
    buffer_fini(&row.der);
    return result;
}

/* Plans with this certificate in its place; publishes unless it is only asked for (dry run). */
static int renew(struct cluster *cluster, struct act_report *report, struct renewal *renewal,
                 const struct identity *local, const struct act_options *options, struct why *why)
{
    struct change change;
    int result = change_init(&change, cluster, why);
    if (result)
        return result;
    result = roster_replace(&change.roster, renewal->node, renewal->name, renewal->certificate);
    change.local = local;
    change.rows = write_renewal;
    change.context = renewal;
    if (!own_is_listed(renewal->name))
        change.make[LIST_CTL] = change.make[LIST_ITL] = false;
    change.only_if_different = true;
    if (result == 0)
        result = change_publish(&change, cluster, report, options, why);
    change_fini(&change);
    return result;
}

static int spec_and_template(struct cluster *cluster, const char *name, struct key_spec *spec,
                             struct own_template *template, struct why *why)
{
    struct store *store = cluster_store(cluster);
    char subject[PARAMETER_VALUE];
    char days[PARAMETER_VALUE];
    char bits[PARAMETER_VALUE];
    int64_t day_count = 0;
    int64_t bit_count = 0;
    int result = store_parameter_get(store, PARAMETER_SUBJECT, subject);
    if (result == 0)
        result = store_parameter_get(store, PARAMETER_CERTIFICATE_DAYS, days);
    if (result == 0)
        result = store_parameter_get(store, PARAMETER_KEY_SIZE, bits);
    if (result == 0)
        result = text_number(days, 1, 7300, &day_count);
    if (result == 0)
        result = text_number(bits, 1024, 4096, &bit_count);
    if (result)
        return why_error(why, result, "the parameters of certificates cannot be read: %s",
                         error_text(result));
    *spec = (struct key_spec){KEY_RSA, (unsigned)bit_count};
    return own_template(template, name, cluster_node(cluster), subject, (unsigned)day_count, why);
}

static int check_name(const char **out, const char *typed, struct why *why)
{
    *out = own_name(typed);
    if (*out)
        return 0;
    const char *near = text_nearest(typed, own_names());
    return why_error(why, ERR_USAGE, "there is no certificate %s%s%s%s", typed,
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static void describe(struct act_report *report, const char *name,
                     const struct certificate *certificate)
{
    char serial[KEY_SERIAL_HEX];
    char until[CLOCK_TEXT];
    text_format(report->certificate, sizeof report->certificate,
                "%s: %s, serial %s, valid until %s", name, certificate_subject(certificate),
                text_hex(serial, sizeof serial, certificate_serial(certificate), false, 0),
                clock_java(until, certificate_not_after(certificate)));
}

/* After the commit: the link is for people, so a failure is only worth a note. */
static void finish(struct cluster *cluster, struct act_report *report,
                   const struct renewal *renewal)
{
    struct signer *signer = NULL;
    char serial[KEY_SERIAL_HEX];
    struct why why = WHY_NONE;
    text_hex(serial, sizeof serial, certificate_serial(renewal->certificate), false, 0);
    int result = cluster_signer(cluster, &signer, &why);
    if (result == 0)
        result = signer_link(signer, renewal->name, serial, &why);
    if (result)
        text_format(report->note, sizeof report->note, "keys/%s.pem still links to the old key: %s",
                    renewal->name, why_text(&why, result));
    log_event(LEVEL_NOTICE, "event=certificate_renewed name=%s serial=%s", renewal->name, serial);
}

/* What the phones would say, with a throw-away key in the place of the one to come: nothing is made
 * before they agree. */
static int plan_regeneration(struct cluster *cluster, struct act_report *report, const char *name,
                             const struct act_options *options, struct why *why)
{
    struct own_template template;
    struct key_spec spec;
    struct identity trial = {0};
    uint8_t serial[SERIAL_BYTES];
    struct act_options look = *options;
    look.dry_run = true;
    serial_random(serial);
    int result = spec_and_template(cluster, name, &spec, &template, why);
    if (result == 0)
        result = key_generate(&trial.key, &spec, why);
    if (result == 0)
        result =
            certificate_self_sign(&trial.certificate, trial.key, &template.template, serial, why);
    if (result == 0) {
        struct renewal renewal = {
            .name = name, .node = cluster_node(cluster), .certificate = trial.certificate};
        result = renew(cluster, report, &renewal, &trial, &look, why);
    }
    identity_fini(&trial);
    return result;
}

/* Removes the key of an act that came to nothing; the next start would do it too. */
static void sweep_quietly(struct cluster *cluster)
{
    unsigned removed;
    struct why why = WHY_NONE;
    int result = cluster_sweep(cluster, &removed, &why);
    if (result)
        log_event(LEVEL_WARNING, "event=keys_not_swept reason=\"%s\"", why_text(&why, result));
}

static void start_again(struct act_report *report)
{
    act_report_fini(report);
    act_report_init(report);
}

int cluster_certificate_regenerate(struct cluster *cluster, struct act_report *report,
                                   const char *typed, const struct act_options *options,
                                   struct why *why)
{
    const char *name;
    struct own_template template;
    struct key_spec spec;
    struct signer *signer = NULL;
    int result = check_name(&name, typed, why);
    if (result == 0)
        result = plan_regeneration(cluster, report, name, options, why);
    if (result || options->dry_run)
        return result;
    start_again(report);
    struct renewal renewal = {
        .name = name, .node = cluster_node(cluster), .source = CERTIFICATE_SELF_SIGNED};
    buffer_init(&renewal.chain, 1);
    result = spec_and_template(cluster, name, &spec, &template, why);
    if (result == 0)
        result = cluster_signer(cluster, &signer, why);
    if (result == 0)
        result = signer_create(signer, &renewal.certificate, name, &spec, &template.template, why);
    if (result == 0)
        result = renew(cluster, report, &renewal, NULL, options, why);
    if (result == 0) {
        describe(report, name, renewal.certificate);
        finish(cluster, report, &renewal);
    } else if (renewal.certificate) {
        sweep_quietly(cluster);
    }
    certificate_free(renewal.certificate);
    return result;
}

int cluster_request_generate(struct cluster *cluster, const char *typed, struct buffer *pem,
                             const struct act_options *options, struct why *why)
{
    const char *name;
    struct own_template template;
    struct key_spec spec;
    struct signer *signer = NULL;
    struct store_request request = {.created = clock_wall()};
    int result = check_name(&name, typed, why);
    if (result == 0)
        result = spec_and_template(cluster, name, &spec, &template, why);
    if (result || options->dry_run)
        return result;
    buffer_init(&request.pem, CERTIFICATE_FILE_MAX);
    request.node = cluster_node(cluster)->id;
    text_copy(request.name, sizeof request.name, name);
    result = cluster_signer(cluster, &signer, why);
    if (result == 0)
        result =
            signer_request(signer, &request.pem, request.key, name, &spec, &template.template, why);
    if (result == 0)
        result = store_request_put(cluster_store(cluster), &request, why);
    if (result == 0) {
        buffer_append(pem, buffer_bytes(&request.pem));
        log_event(LEVEL_NOTICE, "event=certificate_requested name=%s", name);
    }
    store_request_fini(&request);
    return result;
}

/* ---- import ---- */

/* A certificate that comes from outside, and what came with it. */
struct import {
    struct certificate *all[CHAIN_MAX]; /* the leaf first */
    size_t count;
    bool with_key; /* the file holds the key too */
};

static void import_fini(struct import *import)
{
    while (import->count)
        certificate_free(import->all[--import->count]);
}

static int check_dates(const struct certificate *c, struct why *why)
{
    char when[CLOCK_TEXT];
    int64_t now = clock_wall();
    if (certificate_not_after(c) < now)
        return why_error(why, ERR_POLICY, "%s expired on %s", certificate_subject(c),
                         clock_java(when, certificate_not_after(c)));
    if (certificate_not_before(c) > now)
        return why_error(why, ERR_POLICY, "%s is not valid before %s", certificate_subject(c),
                         clock_java(when, certificate_not_before(c)));
    return 0;
}

/* Can a certificate of this kind do what the name stands for? */
static int check_use(const struct certificate *c, const char *name, struct why *why)
{
    struct envelope_spec spec = {0};
    if (strcmp(name, KEY_CAPF) == 0 && !certificate_may_sign_certificates(c))
        return why_error(
            why, ERR_POLICY,
            "%s may not sign certificates (basicConstraints CA, keyCertSign), and that "
            "is what CAPF does",
            certificate_subject(c));
    if (strcmp(name, KEY_CALLMANAGER) == 0 || strcmp(name, KEY_RECOVERY) == 0)
        return envelope_spec_signer(&spec, c, why);
    return 0;
}

struct trusted {
    const char *purpose;
    struct certificate *roots[256];
    size_t count;
};

static int collect_trusted(void *context, const struct store_trust *trust)
{
    struct trusted *t = context;
    if (strcmp(trust->purpose, t->purpose) != 0 || t->count == sizeof t->roots / sizeof *t->roots)
        return 0;
    if (certificate_from_der(&t->roots[t->count], buffer_bytes(&trust->der), NULL) == 0)
        t->count++;
    return 0;
}

static int check_chain(struct cluster *cluster, const struct import *import, const char *name,
                       struct why *why)
{
    const struct certificate *leaf = import->all[0];
    if (certificate_is_self_signed(leaf))
        return 0;
    struct trusted trusted = {.purpose = own_trust_purpose(name)};
    struct why chain = WHY_NONE;
    if (!trusted.purpose)
        return why_error(why, ERR_POLICY, "%s is always self-signed; regenerate it instead", name);
    int result = store_trusts(cluster_store(cluster), collect_trusted, &trusted);
    if (result == 0)
        result = certificate_verify_chain(leaf, import->all + 1, import->count - 1, trusted.roots,
                                          trusted.count, clock_wall(), &chain);
    while (trusted.count)
        certificate_free(trusted.roots[--trusted.count]);
    return result ? why_error(why, result,
                              "no chain of trust: %s (import its root and intermediate "
                              "certificates first: trustline set cert import trust %s FILE)",
                              why_text(&chain, result), trusted.purpose)
                  : 0;
}

static int read_import(struct import *out, struct bytes file, struct why *why)
{
    int result = certificates_from_file_bytes(out->all, CHAIN_MAX, &out->count, file, why);
    struct key *key = NULL;
    if (result == 0 && key_from_pem(&key, file, NULL) == 0)
        out->with_key = true;
    key_free(key);
    return result;
}

/* Is there a key for it? From the file itself, or from the last request. */
static int check_key(struct cluster *cluster, const struct import *import, const char *name,
                     char key[CERTIFICATE_SERIAL], struct why *why)
{
    struct store_request request;
    if (import->with_key)
        return 0;
    int result =
        store_request_get(cluster_store(cluster), cluster_node(cluster)->id, name, &request);
    if (result == ERR_NOT_FOUND)
        return why_error(why, ERR_POLICY,
                         "there is no request for %s this certificate could answer (make one with: "
                         "trustline set csr gen %s), and the file holds no private key",
                         name, name);
    if (result)
        return result;
    if (!csr_fits(buffer_bytes(&request.pem), import->all[0]))
        result =
            why_error(why, ERR_VERIFY, "the key in %s is not the one of the last request for %s",
                      certificate_subject(import->all[0]), name);
    text_copy(key, CERTIFICATE_SERIAL, request.key);
    store_request_fini(&request);
    return result;
}

/* Key and certificate come together in keys/. */
static int join(struct cluster *cluster, const struct import *import, const char *name,
                const char *key, struct bytes file, struct why *why)
{
    struct signer *signer = NULL;
    int result = cluster_signer(cluster, &signer, why);
    if (result)
        return result;
    if (!import->with_key)
        return signer_adopt(signer, name, key, import->all[0], why);
    struct certificate *same = NULL;
    result = signer_import(signer, &same, name, file, why);
    certificate_free(same);
    return result;
}

static int write_chain(struct buffer *out, const struct import *import)
{
    int result = 0;
    for (size_t i = 1; i < import->count && result == 0; i++)
        result = certificate_write_pem(out, import->all[i]);
    return result;
}

int cluster_certificate_import(struct cluster *cluster, struct act_report *report,
                               const char *typed, struct bytes file,
                               const struct act_options *options, struct why *why)
{
    const char *name;
    char key[CERTIFICATE_SERIAL] = "";
    struct import import = {.count = 0};
    struct identity own = {0};
    struct renewal renewal = {
        .node = cluster_node(cluster), .source = CERTIFICATE_IMPORTED, .drop_request = true};
    buffer_init(&renewal.chain, CERTIFICATE_FILE_MAX);
    int result = check_name(&name, typed, why);
    if (result == 0)
        result = read_import(&import, file, why);
    if (result == 0)
        result = check_dates(import.all[0], why);
    if (result == 0)
        result = check_use(import.all[0], name, why);
    if (result == 0)
        result = check_chain(cluster, &import, name, why);
    if (result == 0)
        result = check_key(cluster, &import, name, key, why);
    if (result == 0 && import.with_key)
        result = identity_from_pem(&own, file, why);
    if (result == 0)
        result = write_chain(&renewal.chain, &import);
    if (result)
        goto out;
    renewal.name = name;
    renewal.certificate = import.all[0];
    /* The key must be there before a list can be signed with it; what is then refused is swept. */
    if (!options->dry_run)
        result = join(cluster, &import, name, key, file, why);
    if (result == 0)
        result = renew(cluster, report, &renewal, import.with_key ? &own : NULL, options, why);
    if (result && !options->dry_run)
        sweep_quietly(cluster);
    if (result == 0 && !options->dry_run) {
        describe(report, name, renewal.certificate);
        finish(cluster, report, &renewal);
    }
out:
    import_fini(&import);
    identity_fini(&own);
    buffer_fini(&renewal.chain);
    return result;
}
