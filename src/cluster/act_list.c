/* Acts on the lists themselves: modes, updates, resets, deletion. */
#include "cluster/publish.h"

#include "base/log.h"
#include "base/text.h"
#include "cluster/auto_register.h"
#include "signer/protocol.h"

#include <string.h>

static int write_mode(void *context, struct store *store, struct why *why)
{
    const bool *mixed = context;
    return store_parameter_set(store, PARAMETER_SECURITY_MODE, *mixed ? "1" : "0", why);
}

/* Said where somebody might wait for phones to come by themselves. */
static void note_auto_registration(struct act_report *report)
{
    text_copy(report->note, sizeof report->note,
              "auto-registration is enabled (" PARAMETER_AUTO_NUMBERS
              ") and has no effect in mixed mode: phones that nobody has added cannot register");
}

int cluster_set_mode(struct cluster *cluster, struct act_report *report, bool mixed,
                     const struct act_options *options, struct why *why)
{
    struct change change;
    struct auto_numbers numbers = {.on = false};
    int result = change_init(&change, cluster, why);
    if (result)
        return result;
    bool already = (change.policy.security_mode != 0) == mixed;
    if (mixed)
        result = auto_numbers_load(&numbers, cluster_store(cluster));
    change.policy.security_mode = mixed;
    change.only_if_different = true;
    if (mixed)
        change.make[LIST_CTL] = true;
    if (!already) {
        change.rows = write_mode;
        change.context = &mixed;
    }
    if (result == 0)
        result = change_publish(&change, cluster, report, options, why);
    if (result == 0 && already)
        report->already = true;
    if (result == 0 && numbers.on)
        note_auto_registration(report);
    change_fini(&change);
    return result;
}

int cluster_update_ctl(struct cluster *cluster, struct act_report *report,
                       const struct act_options *options, struct why *why)
{
    struct change change;
    int result = change_init(&change, cluster, why);
    if (result)
        return result;
    if (!change.make[LIST_CTL])
        result = why_error(why, ERR_POLICY,
                           "the cluster is in non-secure mode and has no CTL; make one with: "
                           "trustline utils ctl set-cluster mixed-mode");
    change.only_if_different = true;
    if (result == 0)
        result = change_publish(&change, cluster, report, options, why);
    change_fini(&change);
    return result;
}

int cluster_reset_localkey(struct cluster *cluster, struct act_report *report, enum list_kind kind,
                           const struct act_options *options, struct why *why)
{
    struct change change;
    int result = change_init(&change, cluster, why);
    if (result)
        return result;
    const struct anchors *anchors = &change.policy.anchors;
    change.policy.force_signer =
        kind == LIST_CTL ? KEY_CALLMANAGER : anchors->key[anchors->count - 1];
    bool is_anchor = false;
    for (size_t i = 0; i < anchors->count; i++)
        is_anchor = is_anchor || strcmp(anchors->key[i], change.policy.force_signer) == 0;
    if (kind == LIST_CTL && !change.make[LIST_CTL])
        result = why_error(why, ERR_POLICY,
                           "the cluster has no CTL to sign; make one with: "
                           "trustline utils ctl set-cluster mixed-mode");
    else if (!is_anchor)
        result = why_error(why, ERR_POLICY,
                           "%s is no anchor of this cluster (parameter %s); phones would not take "
                           "its signature",
                           change.policy.force_signer, PARAMETER_ANCHORS);
    for (enum list_kind other = LIST_CTL; other <= LIST_ITL; other++)
        change.make[other] = other == kind;
    if (result == 0)
        result = change_publish(&change, cluster, report, options, why);
    change_fini(&change);
    return result;
}

int cluster_reset_remotekey(struct cluster *cluster, struct act_report *report, struct bytes pkcs12,
                            const char *password, const struct act_options *options,
                            struct why *why)
{
    struct identity guest = {0};
    struct change change;
    int result = change_init(&change, cluster, why);
    if (result)
        return result;
    result = identity_from_pkcs12(&guest, pkcs12, password, why);
    if (result == 0) {
        change.roster.guest_anchor = guest.certificate;
        change.local = &guest;
        change.make[LIST_CTL] = false;
        result = change_publish(&change, cluster, report, options, why);
    }
    change_fini(&change);
    identity_fini(&guest);
    return result;
}

int cluster_list_delete(struct cluster *cluster, struct act_report *report, enum list_kind kind,
                        const struct act_options *options, struct why *why)
{
    struct store *store = cluster_store(cluster);
    struct store_list current;
    const char *name = trustlist_file_name(kind == LIST_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL);
    struct act_list *list = &report->lists[kind];
    int result = store_list_current(store, kind, &current);
    if (result)
        return why_error(why, result, "%s: there is no such file", name);
    list->touched = list->removed = true;
    text_copy(list->old_hash, sizeof list->old_hash, current.hash);
    store_list_fini(&current);
    if (options->dry_run)
        return 0;
    result = store_begin(store, why);
    if (result == 0)
        result = store_list_unpublish(store, kind);
    if (result == 0)
        result = store_commit(store, why);
    if (result) {
        store_rollback(store);
        return why_error(why, result, "%s: cannot be deleted: %s", name, error_text(result));
    }
    log_event(LEVEL_NOTICE, "event=list_deleted list=%s old=%.16s", name, list->old_hash);
    return 0;
}
