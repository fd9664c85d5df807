#include "cli/act.h"

#include "base/text.h"
#include "cli/planview.h"
#include "cli/serving.h"

#include <string.h>

static const char *list_name(enum list_kind kind)
{
    return kind == LIST_CTL ? "CTL" : "ITL";
}

/* ---- in words ---- */

static void print_list(FILE *out, const struct act_list *list, enum list_kind kind, bool done)
{
    if (list->removed) {
        fprintf(out,
                done ? "The %s is not served any more.\n"
                     : "  The %s would not be served any "
                       "more.\n",
                list_name(kind));
        return;
    }
    if (!list->changed)
        return;
    bool guest = strcmp(list->signer_key, SIGNER_KEY_GUEST) == 0;
    fprintf(out, "%s %s: %zu certificates, %zu bytes, signed by %s (", done ? "New" : "  A new",
            list_name(kind), list->certificates, list->bytes,
            guest ? "a key from outside" : list->signer_key);
    cli_print(out, list->signer);
    fputs(")\n", out);
}

/* An anchor that could not sign, where the other one did. */
static void print_unable(FILE *out, const struct act_list *list, enum list_kind kind)
{
    if (!list->unable_key[0])
        return;
    fprintf(out, "Note: the %s key cannot sign the %s: ", list->unable_key, list_name(kind));
    cli_print(out, list->unable_reason);
    fprintf(out, "; bring keys/ back from a backup, or renew it: trustline set cert regen %s\n",
            list->unable_key);
}

/* Long before a list is refused for its size there is time to do something about it. */
static void print_limits(FILE *out, const struct act_report *report)
{
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++) {
        const struct act_list *list = &report->lists[kind];
        if (list->changed && list->near_limit)
            fprintf(
                out,
                "Warning: the %s has %zu of %d certificates and %zu of %d bytes; beyond, phones "
                "fail to register and it is not published\n",
                list_name(kind), list->certificates, TRUSTLIST_CERTIFICATES_MAX, list->bytes,
                TRUSTLIST_BYTES_MAX);
    }
}

static void print_serving(FILE *out, struct cluster *cluster)
{
    struct serving s;
    if (serving_init(&s, cluster) == 0)
        serving_print(out, &s, cluster);
    serving_fini(&s);
}

static bool is_published(const struct act_report *report)
{
    return report->lists[LIST_CTL].changed || report->lists[LIST_ITL].changed;
}

static void print_done(FILE *out, struct cluster *cluster, const struct act_report *report,
                       const struct plan_count *count)
{
    char lost[PLAN_TEXT];
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++)
        print_list(out, &report->lists[kind], kind, true);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++)
        print_unable(out, &report->lists[kind], kind);
    if (is_published(report)) {
        print_serving(out, cluster);
        fprintf(out, "Phones that fetch it with their next reset: %zu\n", count->fetching);
    }
    print_limits(out, report);
    if (count->lost || count->unknown_lost)
        fprintf(out, "Locked out, as accepted: %s\n", plan_lost_text(lost, count));
    if (count->through_tvs)
        fprintf(out, "Phones that ask TVS about it: %zu\n", count->through_tvs);
    plan_print_lost_before(out, count);
    if (report->note[0])
        fprintf(out, "Note: %s\n", report->note);
}

/* What is refused, and how to go on all the same. */
static int print_refusal(FILE *out, const struct act_report *report, const struct plan_count *count)
{
    int result = plan_print_refusal(out, &report->plan, count);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL && result == 0; kind++) {
        const struct act_list *list = &report->lists[kind];
        if (list->other_key[0])
            fprintf(out, "\nSigned with %s, the %s would lose %zu.\n", list->other_key,
                    list_name(kind), list->other_lost);
    }
    fputs("\n--accept-lockout goes on all the same. What would save phones now may not "
          "afterwards:\n"
          "those that lost their anchors are helped by hand only, by erasing their lists; deleting "
          "and\n"
          "adding them afterwards makes them known as new.\n",
          out);
    return result;
}

static int print_plan(FILE *out, const struct act *act, const struct act_report *report,
                      const struct plan_count *count)
{
    bool removed = report->lists[LIST_CTL].removed || report->lists[LIST_ITL].removed;
    bool touched = report->lists[LIST_CTL].touched || report->lists[LIST_ITL].touched;
    if (act->would)
        fprintf(out, "%s\n", act->would);
    if (report->already && act->already)
        fprintf(out, "%s\n", act->already);
    if (is_published(report) || removed)
        fputs("Would be published:\n", out);
    else if (touched || !act->would)
        fputs("No trust list would change.\n", out);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++)
        print_list(out, &report->lists[kind], kind, false);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++)
        print_unable(out, &report->lists[kind], kind);
    print_limits(out, report);
    if (report->plan.lost || report->plan.burnt) {
        fputc('\n', out);
        int result = print_refusal(out, report, count);
        if (result)
            return result;
    }
    if (report->plan.count)
        fputc('\n', out);
    plan_print_lost_before(out, count);
    if (report->note[0])
        fprintf(out, "Note: %s\n", report->note);
    return plan_print_answers(out, &report->plan);
}

/* ---- as JSON ---- */

static json_t *text_or_null(const char *text)
{
    return text[0] ? cli_json_text(bytes_of_string(text)) : json_null();
}

static json_t *list_json(const struct act_list *list, enum list_kind kind)
{
    return json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b}", "list",
                     list_name(kind), "changed", (int)list->changed, "removed", (int)list->removed,
                     "old_hash", text_or_null(list->old_hash), "hash", text_or_null(list->new_hash),
                     "signer", text_or_null(list->signer), "signer_key",
                     text_or_null(list->signer_key), "unable_key", text_or_null(list->unable_key),
                     "unable_reason", text_or_null(list->unable_reason), "certificates",
                     (json_int_t)list->certificates, "bytes", (json_int_t)list->bytes, "near_limit",
                     (int)list->near_limit);
}

static json_t *lists_json(const struct act_report *report)
{
    json_t *lists = json_array();
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++)
        if (report->lists[kind].touched)
            json_array_append_new(lists, list_json(&report->lists[kind], kind));
    return lists;
}

static json_t *report_json(struct cluster *cluster, const struct call *call,
                           const struct act_report *report, const struct plan_count *count,
                           bool refused)
{
    struct serving serving;
    if (serving_init(&serving, cluster) != 0) {
        serving_fini(&serving);
        return NULL;
    }
    json_t *nodes = serving.json;
    serving.json = NULL;
    serving_fini(&serving);
    return json_pack(
        "{s:s, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:o, s:o}",
        "command", call->command->words, "done", !refused && !call->dry_run, "dry_run",
        (int)call->dry_run, "refused", (int)refused, "already", (int)report->already, "lists",
        lists_json(report), "nodes", nodes, "phones", plan_json(&report->plan), "phones_known",
        (json_int_t)count->known, "phones_lost", (json_int_t)count->lost, "unknown_phones_lost",
        (int)count->unknown_lost, "phones_lost_before", (json_int_t)count->lost_before,
        "phones_through_tvs", (json_int_t)count->through_tvs, "phones_unbridged",
        (json_int_t)count->burnt, "phones_to_reset",
        (json_int_t)(is_published(report) ? count->fetching : 0), "certificate",
        text_or_null(report->certificate), "note", text_or_null(report->note));
}

static enum cli_status print_json(struct cli *cli, const struct call *call, const struct act *act,
                                  struct cluster *cluster, const struct act_report *report,
                                  const struct plan_count *count, enum cli_status status)
{
    json_t *json = report_json(cluster, call, report, count, status == STATUS_REFUSED);
    bool fine = json != NULL;
    if (fine && act->about)
        fine =
            json_object_set_new(json, act->about, cli_json_text(bytes_of_string(act->name))) == 0;
    if (fine && act->add)
        fine = act->add(json, act->context) == 0;
    if (!fine) {
        json_decref(json);
        json = NULL;
    }
    return cli_json(cli, json, status);
}

/* ---- the course ---- */

/* What is being done, for the functions below. */
struct course {
    struct cli *cli;
    const struct call *call;
    const struct act *act;
    struct cluster *cluster;
    struct act_report report;
};

static enum cli_status refused(struct course *c)
{
    char why[PLAN_TEXT];
    struct plan_count count;
    int result = plan_count(&count, &c->report.plan);
    if (result == 0 && !c->call->json)
        result = print_refusal(c->cli->out, &c->report, &count);
    if (result)
        return cli_failed(c->cli, result, NULL);
    if (c->call->json)
        print_json(c->cli, c->call, c->act, c->cluster, &c->report, &count, STATUS_REFUSED);
    cli_error(c->cli, "%s: %s, so nothing was changed", c->call->command->words,
              plan_refusal_text(why, &count));
    return STATUS_REFUSED;
}

static enum cli_status finished(struct course *c)
{
    FILE *out = c->cli->out;
    struct plan_count count;
    int result = plan_count(&count, &c->report.plan);
    if (result)
        return cli_failed(c->cli, result, NULL);
    if (c->call->json)
        return print_json(c->cli, c->call, c->act, c->cluster, &c->report, &count, STATUS_DONE);
    if (c->call->dry_run) {
        result = print_plan(out, c->act, &c->report, &count);
        return result ? cli_failed(c->cli, result, NULL) : STATUS_DONE;
    }
    if (c->act->say)
        c->act->say(out, c->cluster, &c->report, c->act->context);
    if (c->report.already && c->act->already)
        fprintf(out, "%s\n", c->act->already);
    print_done(out, c->cluster, &c->report, &count);
    return STATUS_DONE;
}

static enum cli_status do_it(struct course *c, const struct act_options *options)
{
    struct why why = WHY_NONE;
    int result = c->act->run(c->cluster, &c->report, options, c->act->context, &why);
    if (result == ERR_PLAN)
        return refused(c);
    return result ? cli_failed(c->cli, result, &why) : STATUS_DONE;
}

/* Whoever is asked may first see what would be lost. */
static enum cli_status plan_and_ask(struct course *c)
{
    struct act_options look = session_options(c->call);
    struct plan_count count;
    look.dry_run = true;
    enum cli_status status = do_it(c, &look);
    if (status != STATUS_DONE)
        return status;
    int result = plan_count(&count, &c->report.plan);
    if (result)
        return cli_failed(c->cli, result, NULL);
    if (c->report.plan.lost || c->report.plan.burnt) {
        result = print_refusal(c->cli->out, &c->report, &count);
        if (result)
            return cli_failed(c->cli, result, NULL);
        fputc('\n', c->cli->out);
    }
    act_report_fini(&c->report);
    act_report_init(&c->report);
    return c->act->closely ? cli_confirm_closely(c->cli, c->call, c->act->question)
                           : cli_confirm(c->cli, c->call, c->act->question);
}

enum cli_status act_run(struct cli *cli, const struct call *call, const struct act *act)
{
    struct why why = WHY_NONE;
    struct course course = {.cli = cli, .call = call, .act = act};
    struct act_options options = session_options(call);
    enum cli_status status = STATUS_DONE;
    bool ask = act->question && !call->dry_run && cli_asking(cli, call) != ASKING_NOBODY;
    if (ask && cli_asking(cli, call) == ASKING_IS_MISUSE)
        return cli_confirm(cli, call, act->question);
    int result = session_open(&course.cluster, call, CLUSTER_ACT, &why);
    if (result)
        return cli_failed(cli, result, &why);
    act_report_init(&course.report);
    if (ask)
        status = plan_and_ask(&course);
    if (status == STATUS_DONE)
        status = do_it(&course, &options);
    if (status == STATUS_DONE && !call->dry_run && (act->settles || is_published(&course.report)))
        serving_settle(course.cluster);
    if (status == STATUS_DONE)
        status = finished(&course);
    act_report_fini(&course.report);
    session_close(course.cluster);
    return status;
}
