/* parameter list, show, set: the settings of the whole cluster. */
#include "cli/commands.h"

#include "base/text.h"
#include "cli/act.h"
#include "cli/grid.h"

#include <string.h>

static int get_value(struct cluster *cluster, const struct parameter *parameter,
                     char value[PARAMETER_VALUE])
{
    int result = store_parameter_get(cluster_store(cluster), parameter->name, value);
    if (result != ERR_NOT_FOUND)
        return result;
    text_copy(value, PARAMETER_VALUE, parameter->value);
    return 0;
}

static json_t *parameter_json(const struct parameter *p, const char *value)
{
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:b, s:o}", "name", p->name, "value",
                     cli_json_text(bytes_of_string(value)), "default", p->value, "range", p->range,
                     "help", p->help, "settable", p->check != NULL, "changes_with",
                     p->check ? json_null() : json_string(p->instead));
}

static int list_text(FILE *out, struct cluster *cluster)
{
    struct grid *grid = NULL;
    int result = grid_new(&grid, 3);
    if (result)
        return result;
    grid_text(grid, "Parameter");
    grid_text(grid, "Value");
    grid_text(grid, "Meaning");
    for (const struct parameter *p = parameter_table(); p->name && result == 0; p++) {
        char value[PARAMETER_VALUE];
        result = get_value(cluster, p, value);
        grid_text(grid, p->name);
        grid_text(grid, result == 0 ? value : "");
        grid_text(grid, p->help);
    }
    if (result == 0)
        result = grid_print(grid, out, GRID_TITLED);
    grid_free(grid);
    return result;
}

static int list_json(json_t **out, struct cluster *cluster)
{
    json_t *all = json_array();
    int result = 0;
    for (const struct parameter *p = parameter_table(); p->name && result == 0; p++) {
        char value[PARAMETER_VALUE];
        result = get_value(cluster, p, value);
        if (result == 0)
            json_array_append_new(all, parameter_json(p, value));
    }
    if (result)
        json_decref(all);
    else
        *out = all;
    return result;
}

enum cli_status parameter_list(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    json_t *json = NULL;
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result)
        return cli_failed(cli, result, &why);
    result = call->json ? list_json(&json, cluster) : list_text(cli->out, cluster);
    session_close(cluster);
    if (result)
        return cli_failed(cli, result, &why);
    return call->json ? cli_json(cli, json, STATUS_DONE) : STATUS_DONE;
}

static int find_parameter(const struct parameter **out, const char *typed, struct why *why)
{
    const char *names[64] = {NULL};
    size_t count = 0;
    for (const struct parameter *p = parameter_table(); p->name && count < 63; p++)
        names[count++] = p->name;
    *out = parameter_find(typed);
    if (*out)
        return 0;
    const char *near = text_nearest(typed, names);
    return near ? why_error(why, ERR_USAGE, "there is no parameter %s; did you mean %s?", typed,
                            near)
                : why_error(why, ERR_USAGE, "there is no parameter %s (trustline parameter list)",
                            typed);
}

static void print_parameter(FILE *out, const struct parameter *p, const char *value)
{
    fprintf(out, "%s\n  Value:    ", p->name);
    cli_print(out, value);
    fprintf(out, "\n  Default:  %s\n  Range:    %s\n  Meaning:  %s\n", p->value, p->range, p->help);
    if (!p->check)
        fprintf(out, "  Changes with: %s\n", p->instead);
    if (p->planned && p->check)
        fputs("  Setting it is planned: phones that would be lost stand in its way.\n", out);
}

enum cli_status parameter_show(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    const struct parameter *parameter = NULL;
    char value[PARAMETER_VALUE];
    int result = find_parameter(&parameter, call->operands[0], &why);
    if (result == 0)
        result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result)
        return cli_failed(cli, result, &why);
    result = get_value(cluster, parameter, value);
    session_close(cluster);
    if (result)
        return cli_failed(cli, result, &why);
    if (call->json)
        return cli_json(cli, parameter_json(parameter, value), STATUS_DONE);
    print_parameter(cli->out, parameter, value);
    return STATUS_DONE;
}

/* ---- set ---- */

struct setting {
    const struct parameter *parameter;
    const char *value;
    char old[PARAMETER_VALUE];
};

static int set(struct cluster *cluster, struct act_report *report,
               const struct act_options *options, void *context, struct why *why)
{
    struct setting *s = context;
    int result = get_value(cluster, s->parameter, s->old);
    return result
               ? result
               : cluster_parameter_set(cluster, report, s->parameter->name, s->value, options, why);
}

static void say_set(FILE *out, struct cluster *cluster, const struct act_report *report,
                    void *context)
{
    const struct setting *s = context;
    (void)cluster;
    if (report->already)
        return;
    fprintf(out, "%s: ", s->parameter->name);
    cli_print(out, s->value);
    fputs(" (was: ", out);
    cli_print(out, s->old);
    fputs(")\n", out);
}

static int add_setting(json_t *json, void *context)
{
    const struct setting *s = context;
    return json_object_update_new(json,
                                  json_pack("{s:s, s:o, s:o}", "parameter", s->parameter->name,
                                            "value", cli_json_text(bytes_of_string(s->value)),
                                            "old_value", cli_json_text(bytes_of_string(s->old))));
}

enum cli_status parameter_set(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct setting setting = {.value = call->operands[1]};
    char would[PARAMETER_NAME + PARAMETER_VALUE];
    char already[PARAMETER_NAME + PARAMETER_VALUE];
    int result = find_parameter(&setting.parameter, call->operands[0], &why);
    if (result)
        return cli_failed(cli, result, &why);
    text_format(would, sizeof would, "%s would be set.", setting.parameter->name);
    text_format(already, sizeof already, "%s has that value already.", setting.parameter->name);
    const struct act act = {
        .run = set,
        .say = say_set,
        .would = would,
        .already = already,
        .add = add_setting,
        .context = &setting,
    };
    return act_run(cli, call, &act);
}
