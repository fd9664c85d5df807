#include "cluster/publish.h"

#include "base/log.h"
#include "base/text.h"

#include <string.h>

/* Stores of older versions have no such row. */
static int load_rollback(bool *out, struct store *store)
{
    char value[PARAMETER_VALUE];
    int result = store_parameter_get(store, PARAMETER_ROLLBACK, value);
    *out = result == 0 && strcmp(value, "1") == 0;
    return result == ERR_NOT_FOUND ? 0 : result;
}

static enum digest_code digest_of_files(struct store *store)
{
    char value[PARAMETER_VALUE];
    bool sha512 = store_parameter_get(store, PARAMETER_FILE_DIGEST, value) == 0 &&
                  strcmp(value, "SHA-512") == 0;
    return sha512 ? DIGEST_SHA512 : DIGEST_SHA1;
}

int change_init(struct change *change, struct cluster *cluster, struct why *why)
{
    struct store *store = cluster_store(cluster);
    char value[PARAMETER_VALUE];
    *change = (struct change){0};
    int result = store_parameter_get(store, PARAMETER_ANCHORS, value);
    if (result == 0)
        result = anchors_parse(&change->policy.anchors, value);
    if (result)
        why_error(why, result, "the parameter %s cannot be read", PARAMETER_ANCHORS);
    if (result == 0)
        result = load_rollback(&change->policy.rollback, store);
    if (result == 0)
        result = cluster_security_mode(cluster, &change->policy.security_mode, why);
    if (result == 0)
        result = roster_load(&change->roster, store, why);
    change->files = digest_of_files(store);
    if (result == 0)
        result = scene_new(&change->before, store, &change->roster, &change->policy, change->files,
                           !cluster_config(cluster)->legacy_tls, why);
    if (result) {
        change_fini(change);
        return result;
    }
    struct store_list list;
    change->make[LIST_ITL] = true;
    change->make[LIST_CTL] = change->policy.security_mode != 0;
    if (!change->make[LIST_CTL] && store_list_current(store, LIST_CTL, &list) == 0) {
        /* Non-secure after mixed: the CTL stays, with its servers' records emptied. */
        change->make[LIST_CTL] = true;
        store_list_fini(&list);
    }
    return 0;
}

void change_fini(struct change *change)
{
    if (!change)
        return;
    roster_fini(&change->roster);
    scene_free(change->before);
    *change = (struct change){0};
}

/* Does the list that is served say the same, signed by the same? */
static bool is_same(struct store *store, enum list_kind kind, struct bytes made)
{
    struct store_list current;
    struct envelope old;
    struct envelope new;
    if (store_list_current(store, kind, &current) != 0)
        return false;
    struct bytes body = buffer_bytes(&current.body);
    bool same = envelope_parse(&old, body, NULL) == 0 && envelope_parse(&new, made, NULL) == 0 &&
                bytes_equal(envelope_body(&old, body), envelope_body(&new, made)) &&
                bytes_equal(old.issuer, new.issuer) && bytes_equal(old.serial, new.serial);
    store_list_fini(&current);
    return same;
}

/* A list that was made and says nothing new is not published: the one of now stays. */
static int serve_present(struct scene *scene, struct store *store, enum list_kind kind)
{
    struct store_list list;
    int result = store_list_current(store, kind, &list);
    if (result)
        return result;
    result = scene_serve(scene, kind, buffer_bytes(&list.body));
    store_list_fini(&list);
    return result;
}

static int make_and_plan(struct change *change, struct cluster *cluster, struct act_report *report,
                         struct buffer bodies[2], struct why *why)
{
    struct list_audience audience = {.before = change->before};
    struct store *store = cluster_store(cluster);
    bool changed[2] = {false, false};
    int result =
        plan_phones_load(&audience.phones, store, cluster_node(cluster)->address, NULL, why);
    if (result == 0)
        result = scene_new(&audience.after, store, &change->roster, &change->policy, change->files,
                           !cluster_config(cluster)->legacy_tls, why);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL && result == 0; kind++) {
        struct act_list *list = &report->lists[kind];
        if (!change->make[kind])
            continue;
        result = list_make(cluster, kind, &change->roster, &change->policy, change->local,
                           &audience, &bodies[kind], list, why);
        if (result)
            break;
        list->changed = changed[kind] =
            !change->only_if_different || !is_same(store, kind, buffer_bytes(&bodies[kind]));
        if (!list->changed)
            result = serve_present(audience.after, store, kind);
    }
    if (result == 0)
        result = plan_make(&report->plan, audience.phones, change->before, audience.after, changed);
    plan_phones_free(audience.phones);
    scene_free(audience.after);
    return result;
}

static int refuse_losses(const struct act_report *report, const struct act_options *options,
                         struct why *why)
{
    const struct plan *plan = &report->plan;
    if (options->accept_lockout || !(plan->lost || plan->burnt))
        return 0;
    return why_error(why, ERR_PLAN,
                     "%zu of the answers of %zu phones would be neither yes nor through TVS, and "
                     "%zu would leave a phone without a bridge",
                     plan->lost, plan->phones, plan->burnt);
}

int change_plan(const struct change *change, struct cluster *cluster, struct act_report *report,
                const struct scene *after, const struct act_options *options, struct why *why)
{
    static const bool none[2] = {false, false};
    struct plan_phones *phones = NULL;
    int result = plan_phones_load(&phones, cluster_store(cluster), cluster_node(cluster)->address,
                                  NULL, why);
    if (result == 0)
        result = plan_make(&report->plan, phones, change->before, after, none);
    plan_phones_free(phones);
    return result ? result : refuse_losses(report, options, why);
}

int cluster_explain_phone(struct cluster *cluster, struct plan *plan, const char *device,
                          struct why *why)
{
    struct plan_phones *phones = NULL;
    struct change now;
    int result = change_init(&now, cluster, why);
    if (result)
        return result;
    result = plan_phones_load(&phones, cluster_store(cluster), cluster_node(cluster)->address,
                              device, why);
    if (result == 0)
        result = plan_explain(plan, phones, now.before);
    plan_phones_free(phones);
    change_fini(&now);
    return result;
}

static int commit(struct change *change, struct cluster *cluster, struct act_report *report,
                  const struct buffer bodies[2], struct why *why)
{
    struct store *store = cluster_store(cluster);
    int result = store_begin(store, why);
    if (result)
        return result;
    if (change->rows)
        result = change->rows(change->context, store, why);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL && result == 0; kind++) {
        struct act_list *list = &report->lists[kind];
        if (list->changed)
            result =
                store_list_publish(store, kind, buffer_bytes(&bodies[kind]), list->new_hash, why);
    }
    if (result == 0)
        result = store_commit(store, why);
    if (result)
        store_rollback(store);
    return result;
}

/* Somebody else signed, so the act goes on; the key that cannot be used is no less broken. */
static void log_unable(const struct act_report *report)
{
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++) {
        const struct act_list *list = &report->lists[kind];
        char words[300];
        if (list->unable_key[0])
            log_event(LEVEL_ERROR, "event=anchor_cannot_sign list=%s key=%s reason=%s",
                      kind == LIST_CTL ? "CTL" : "ITL", list->unable_key,
                      text_value(words, sizeof words, bytes_of_string(list->unable_reason)));
    }
}

static void log_lists(const struct act_report *report)
{
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++) {
        const struct act_list *list = &report->lists[kind];
        char signer[300];
        if (list->changed)
            log_event(LEVEL_NOTICE,
                      "event=list_published list=%s old=%.16s new=%.16s signer=%s bytes=%zu "
                      "phones_lost=%zu",
                      kind == LIST_CTL ? "CTL" : "ITL", list->old_hash[0] ? list->old_hash : "none",
                      list->new_hash,
                      text_value(signer, sizeof signer, bytes_of_string(list->signer)), list->bytes,
                      report->plan.lost);
    }
}

int change_publish(struct change *change, struct cluster *cluster, struct act_report *report,
                   const struct act_options *options, struct why *why)
{
    struct buffer bodies[2];
    buffer_init(&bodies[LIST_CTL], TRUSTLIST_READ_MAX);
    buffer_init(&bodies[LIST_ITL], TRUSTLIST_READ_MAX);
    int result = make_and_plan(change, cluster, report, bodies, why);
    if (result == 0 && !options->dry_run)
        log_unable(report);
    if (result == 0)
        result = refuse_losses(report, options, why);
    bool anything = report->lists[LIST_CTL].changed || report->lists[LIST_ITL].changed ||
                    report->lists[LIST_CTL].removed || change->rows;
    report->already = result == 0 && !anything;
    if (result == 0 && anything && !options->dry_run) {
        result = commit(change, cluster, report, bodies, why);
        if (result == 0)
            log_lists(report);
    }
    buffer_fini(&bodies[LIST_CTL]);
    buffer_fini(&bodies[LIST_ITL]);
    return result;
}
