/* Acts on trusted certificates, parameters, phones and profiles. */
#include "cluster/parts.h"
#include "cluster/publish.h"
#include "cluster/time_zone.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static const char *const purposes[] = {
    "CallManager-trust", "CAPF-trust", "TVS-trust", "Phone-SAST-trust",
    "Phone-trust",       "web-trust",  NULL};

const char *const *cluster_trust_purposes(void)
{
    return purposes;
}

int cluster_trust_unknown(const char *typed, const char *near, struct why *why)
{
    char all[200] = "";
    size_t used = 0;
    if (near)
        return why_error(why, ERR_USAGE, "there is no trust store %s; did you mean %s?", typed,
                         near);
    for (size_t i = 0; purposes[i]; i++) {
        text_format(all + used, sizeof all - used, "%s%s", i ? ", " : "", purposes[i]);
        used += strlen(all + used);
    }
    return why_error(why, ERR_USAGE, "there is no trust store %s; there are %s", typed, all);
}

static const char *purpose_name(const char *typed)
{
    for (size_t i = 0; purposes[i]; i++)
        if (text_equal_nocase(purposes[i], typed))
            return purposes[i];
    return NULL;
}

static int check_purpose(const char **out, const char *typed, struct why *why)
{
    *out = purpose_name(typed);
    if (*out)
        return 0;
    return cluster_trust_unknown(typed, text_nearest(typed, purposes), why);
}

/* CUCM's name: the CN with _ for what a file name should not have, and the serial. */
static void trust_file_name(char out[TRUST_FILE], const struct certificate *c)
{
    char serial[64];
    const char *name = certificate_common_name(c);
    text_hex(serial, sizeof serial, certificate_serial(c), false, 0);
    if (!text_format(out, TRUST_FILE, "%.60s_%s.pem", *name ? name : "certificate", serial))
        text_format(out, TRUST_FILE, "%.40s.pem", serial);
    for (char *p = out; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
            *p = '_';
}

static int add_one(struct cluster *cluster, const char *purpose, const struct certificate *c,
                   char file_name[TRUST_FILE], struct why *why)
{
    struct store_trust row = {.created = clock_wall()};
    text_copy(row.purpose, sizeof row.purpose, purpose);
    trust_file_name(row.file, c);
    text_copy(file_name, TRUST_FILE, row.file);
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    buffer_append(&row.der, certificate_der(c));
    int result = row.der.error ? row.der.error : store_trust_add(cluster_store(cluster), &row, why);
    store_trust_fini(&row);
    if (result == ERR_DUPLICATE)
        return why_error(why, result, "%s is in %s already", file_name, purpose);
    return result;
}

int cluster_trust_import(struct cluster *cluster, const char *typed, struct bytes file,
                         char file_name[TRUST_FILE], const struct act_options *options,
                         struct why *why)
{
    enum { MANY = 64 };
    struct certificate *all[MANY];
    size_t count = 0;
    const char *purpose;
    struct store *store = cluster_store(cluster);
    int result = check_purpose(&purpose, typed, why);
    if (result == 0)
        result = certificates_from_file_bytes(all, MANY, &count, file, why);
    if (result)
        return result;
    result = store_begin(store, why);
    if (result == 0) {
        for (size_t i = 0; i < count && result == 0; i++)
            result = add_one(cluster, purpose, all[i], file_name, why);
        result = act_finish(store, result, options, why);
    }
    if (result == 0 && !options->dry_run)
        log_event(LEVEL_NOTICE, "event=trust_added purpose=%s file=%s certificates=%zu", purpose,
                  file_name, count);
    while (count)
        certificate_free(all[--count]);
    return result;
}

struct search {
    const char *file;
    const char *purpose; /* of the one found */
    size_t found;
};

static int match_trust(void *context, const struct store_trust *trust)
{
    struct search *s = context;
    if (strcmp(trust->file, s->file) == 0) {
        s->purpose = purpose_name(trust->purpose);
        s->found++;
    }
    return 0;
}

int cluster_trust_delete(struct cluster *cluster, const char *typed, const char *file_name,
                         const struct act_options *options, struct why *why)
{
    struct store *store = cluster_store(cluster);
    struct search search = {.file = file_name};
    const char *purpose = NULL;
    int result = typed ? check_purpose(&purpose, typed, why) : 0;
    if (result == 0)
        result = store_trusts(store, match_trust, &search);
    if (result == 0 && !typed) {
        purpose = search.purpose;
        if (search.found > 1)
            result = why_error(why, ERR_USAGE,
                               "%s is in several trust stores; say which: set cert delete PURPOSE "
                               "%s",
                               file_name, file_name);
    }
    if (result == 0 && (search.found == 0 || !purpose))
        result = why_error(why, ERR_NOT_FOUND, "no trust store has a certificate %s", file_name);
    if (result || options->dry_run)
        return result;
    result = store_trust_delete(store, purpose, file_name, why);
    if (result == ERR_NOT_FOUND)
        return why_error(why, result, "%s has no certificate %s", purpose, file_name);
    if (result == 0)
        log_event(LEVEL_NOTICE, "event=trust_deleted purpose=%s file=%s", purpose, file_name);
    return result;
}

/* ---- parameters ---- */

struct setting {
    const struct parameter *parameter;
    const char *value;
};

static int write_setting(void *context, struct store *store, struct why *why)
{
    const struct setting *s = context;
    return store_parameter_set(store, s->parameter->name, s->value, why);
}

/* What no phone is asked about. */
static int write_unplanned(const struct setting *s, struct store *store,
                           const struct act_options *options, struct why *why)
{
    int result;
    if (options->dry_run)
        return 0;
    if (strcmp(s->parameter->name, PARAMETER_TIME_ZONE) != 0)
        return store_parameter_set(store, s->parameter->name, s->value, why);
    result = store_begin(store, why);
    return result ? result : act_finish(store, time_zone_set(store, s->value, why), options, why);
}

static int check_setting(struct setting *out, const char *name, const char *value, struct why *why)
{
    const char *names[64] = {NULL};
    size_t count = 0;
    for (const struct parameter *p = parameter_table(); p->name && count < 63; p++)
        names[count++] = p->name;
    *out = (struct setting){parameter_find(name), value};
    if (!out->parameter) {
        const char *near = text_nearest(name, names);
        return why_error(why, ERR_USAGE, "there is no parameter %s%s%s%s", name,
                         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    if (!out->parameter->check)
        return why_error(why, ERR_POLICY, "%s is not set by hand; it changes with: %s",
                         out->parameter->name, out->parameter->instead);
    if (out->parameter->check(value) != 0)
        return why_error(why, ERR_USAGE, "%s cannot be %s; it may be %s", out->parameter->name,
                         value, out->parameter->range);
    return 0;
}

/* What phones are to meet once it is set. */
static int apply_setting(struct change *change, const struct setting *setting)
{
    const char *name = setting->parameter->name;
    if (strcmp(name, PARAMETER_ANCHORS) == 0)
        return anchors_parse(&change->policy.anchors, setting->value);
    if (strcmp(name, PARAMETER_ROLLBACK) == 0)
        change->policy.rollback = strcmp(setting->value, "1") == 0;
    if (strcmp(name, PARAMETER_FILE_DIGEST) == 0) {
        change->files = strcmp(setting->value, "SHA-512") == 0 ? DIGEST_SHA512 : DIGEST_SHA1;
        change->make[LIST_CTL] = change->make[LIST_ITL] = false;
    }
    return 0;
}

int cluster_parameter_set(struct cluster *cluster, struct act_report *report, const char *name,
                          const char *value, const struct act_options *options, struct why *why)
{
    struct setting setting;
    char old[PARAMETER_VALUE] = "";
    int result = check_setting(&setting, name, value, why);
    if (result == 0 &&
        store_parameter_get(cluster_store(cluster), setting.parameter->name, old) == 0 &&
        strcmp(old, value) == 0) {
        report->already = true;
        return 0;
    }
    if (result)
        return result;
    if (setting.parameter->planned) {
        struct change change;
        result = change_init(&change, cluster, why);
        if (result)
            return result;
        result = apply_setting(&change, &setting);
        change.only_if_different = true;
        change.rows = write_setting;
        change.context = &setting;
        if (result == 0)
            result = change_publish(&change, cluster, report, options, why);
        change_fini(&change);
    } else {
        result = write_unplanned(&setting, cluster_store(cluster), options, why);
    }
    if (result == 0 && strcmp(setting.parameter->name, PARAMETER_ROLLBACK) == 0 && *value == '1')
        text_copy(report->note, sizeof report->note,
                  "a phone that holds the empty ITL takes any ITL and unsigned files, from whoever "
                  "serves them: set it back to 0 as soon as it has served its purpose");
    if (result == 0 && !options->dry_run)
        log_event(LEVEL_NOTICE, "event=parameter_set name=%s old=%s new=%s",
                  setting.parameter->name, old[0] ? old : "none", value);
    return result;
}
