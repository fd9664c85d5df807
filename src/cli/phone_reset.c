/* phone reset, phone restart: phones are told to, one or many, in waves. */
#include "cli/commands.h"

#include "base/text.h"
#include "cli/act.h"
#include "cli/which.h"
#include "cluster/restart.h"

struct resetting {
    struct which which;
    enum reset_kind kind;
    unsigned wave;
    struct restart_report report;
    char would[80];
};

static int tell(struct cluster *cluster, struct act_report *report,
                const struct act_options *options, void *context, struct why *why)
{
    struct resetting *r = context;
    (void)report;
    int result = which_find(&r->which, cluster, why);
    if (result == 0)
        result = cluster_phones_restart(cluster, &r->report, r->kind, r->which.devices,
                                        r->which.count, r->wave, r->which.filter, options, why);
    if (result)
        return result;
    text_format(r->would, sizeof r->would, "%zu phone%s would be told to %s.", r->which.count,
                r->which.count == 1 ? "" : "s", reset_kind_name(r->kind));
    return 0;
}

static void say_many(FILE *out, const struct resetting *r)
{
    unsigned waiting = (unsigned)r->which.count - r->report.released - r->report.absent;
    fprintf(out, "Order %lld: %u of %zu phones are told to %s now", (long long)r->report.id,
            r->report.released, r->which.count, reset_kind_name(r->kind));
    if (r->report.absent)
        fprintf(out, ", %u are not registered", r->report.absent);
    fputs(".\n", out);
    if (waiting)
        fprintf(out,
                "%u wait: never more than %u are on their way, and as they come back trustlined "
                "tells the next.\n'trustline show status' shows how far it is.\n",
                waiting, r->wave);
}

static void say_told(FILE *out, struct cluster *cluster, const struct act_report *report,
                     void *context)
{
    const struct resetting *r = context;
    (void)report;
    if (r->which.name)
        fprintf(out, "%s is told to %s; in a call it waits for its end.\n", r->which.devices[0],
                reset_kind_name(r->kind));
    else
        say_many(out, r);
    if (!cluster_is_served(cluster_state(cluster)))
        fputs("trustlined does not run here: nobody is told until it does.\n", out);
}

static int add_to_json(json_t *json, void *context)
{
    const struct resetting *r = context;
    return json_object_update_new(
        json,
        json_pack("{s:s, s:o, s:I, s:I, s:I}", "kind", reset_kind_name(r->kind), "order",
                  r->report.id ? json_integer((json_int_t)r->report.id) : json_null(), "phones",
                  (json_int_t)r->which.count, "told", (json_int_t)r->report.released,
                  "not_registered", (json_int_t)r->report.absent));
}

static enum cli_status reset_phones(struct cli *cli, const struct call *call, enum reset_kind kind)
{
    struct why why = WHY_NONE;
    struct resetting r = {.kind = kind};
    enum cli_status status;
    int result = which_read(&r.which, call, &why);
    if (result == 0)
        result = which_wave(&r.wave, call, &why);
    const struct act act = {
        .run = tell,
        .say = say_told,
        .would = r.would,
        .about = which_about(&r.which),
        .name = which_words(&r.which),
        .add = add_to_json,
        .context = &r,
    };
    if (result == ERR_USAGE)
        status = cli_misuse(cli, call, "%s", why_text(&why, result));
    else
        status = result ? cli_failed(cli, result, &why) : act_run(cli, call, &act);
    which_fini(&r.which);
    return status;
}

enum cli_status phones_reset(struct cli *cli, const struct call *call)
{
    return reset_phones(cli, call, RESET_RESET);
}

enum cli_status phones_restart(struct cli *cli, const struct call *call)
{
    return reset_phones(cli, call, RESET_RESTART);
}
