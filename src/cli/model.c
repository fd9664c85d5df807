/* model list, show, set: what each phone model can do, and what an administrator says instead. */
#include "cli/commands.h"

#include "base/text.h"
#include "cli/act.h"
#include "cli/grid.h"
#include "cluster/traits.h"

#include <string.h>

enum { SETTINGS_MAX = 32 };

/* The models, and the traits of one of them. */
struct view {
    struct cluster *cluster;
    struct traits *traits;
};

static int view_open(struct view *v, const struct call *call, struct why *why)
{
    *v = (struct view){.cluster = NULL};
    int result = session_open(&v->cluster, call, CLUSTER_LOOK, why);
    return result ? result : traits_load(&v->traits, cluster_store(v->cluster), why);
}

static void view_close(struct view *v)
{
    traits_free(v->traits);
    session_close(v->cluster);
}

/* Where a value is from. The table's own differs from what is said, or says that it is inferred. */
static const char *source_of(const struct model *said, const struct model *table, const char *name)
{
    char here[TRAIT_WORD];
    char there[TRAIT_WORD];
    bool inferred_here;
    bool inferred_there;
    model_trait_text(here, &inferred_here, said, name);
    model_trait_text(there, &inferred_there, table, name);
    if (strcmp(here, there) != 0 || inferred_here != inferred_there)
        return "administrator";
    if (strcmp(here, "unknown") == 0)
        return "no source";
    return inferred_here ? "inferred" : "documented";
}

/* "yes", "(yes)" when inferred, "yes*" when an administrator said so. */
static void add_cell(struct grid *grid, const struct model *said, const struct model *table,
                     const char *name)
{
    const char *source = source_of(said, table, name);
    char value[TRAIT_WORD];
    bool inferred;
    model_trait_text(value, &inferred, said, name);
    if (strcmp(source, "inferred") == 0)
        grid_format(grid, "(%s)", value);
    else
        grid_format(grid, "%s%s", value, strcmp(source, "administrator") == 0 ? "*" : "");
}

static json_t *traits_json(const struct model *said, const struct model *table)
{
    json_t *all = json_object();
    for (const char *const *name = trait_names(); *name; name++) {
        char value[TRAIT_WORD];
        bool inferred;
        model_trait_text(value, &inferred, said, *name);
        json_object_set_new(
            all, *name,
            json_pack("{s:s, s:s}", "value", value, "source", source_of(said, table, *name)));
    }
    return all;
}

static json_t *model_json(const struct model *said, const struct model *table)
{
    return json_pack("{s:s, s:o, s:s?, s:s?}", "name", table->name, "traits",
                     traits_json(said, table), "erase_lists", table->erase_lists, "factory_reset",
                     table->factory_reset);
}

/* ---- list ---- */

/* Those that decide about lists; the rest is shown one model at a time. */
static const char *const shown_traits[] = {"ctl",           "itl",    "tvs",     "tftp_address",
                                           "signed_config", "sha512", "rsa_max", NULL};

static int list_models(FILE *out, struct traits *traits)
{
    struct grid *grid = NULL;
    int result = grid_new(&grid, sizeof shown_traits / sizeof *shown_traits);
    if (result)
        return result;
    grid_text(grid, "Model");
    for (const char *const *name = shown_traits; *name; name++)
        grid_text(grid, *name);
    for (const struct model *m = model_table(); m->name; m++) {
        grid_text(grid, m->name);
        for (const char *const *name = shown_traits; *name; name++)
            add_cell(grid, traits_of(traits, "", m->name), m, *name);
    }
    result = grid_print(grid, out, GRID_TITLED);
    grid_free(grid);
    fputs(
        "\n(yes): inferred, stated by no source for this model.  yes*: set by an administrator.\n",
        out);
    return result;
}

enum cli_status model_list(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct view view;
    json_t *json = call->json ? json_array() : NULL;
    int result = view_open(&view, call, &why);
    if (result == 0 && !call->json)
        result = list_models(cli->out, view.traits);
    for (const struct model *m = model_table(); m->name && result == 0 && call->json; m++)
        result = cli_json_append(json, model_json(traits_of(view.traits, "", m->name), m));
    view_close(&view);
    if (result) {
        json_decref(json);
        return cli_failed(cli, result, &why);
    }
    return call->json ? cli_json(cli, json, STATUS_DONE) : STATUS_DONE;
}

/* ---- show ---- */

static int print_model(FILE *out, const struct model *said, const struct model *table)
{
    struct grid *grid = NULL;
    int result = grid_new(&grid, 4);
    if (result)
        return result;
    fprintf(out, "%s\n", table->name);
    grid_text(grid, "Trait");
    grid_text(grid, "Value");
    grid_text(grid, "From");
    grid_text(grid, "It says");
    for (const char *const *name = trait_names(); *name; name++) {
        char value[TRAIT_WORD];
        bool inferred;
        grid_text(grid, *name);
        grid_text(grid, model_trait_text(value, &inferred, said, *name));
        grid_text(grid, source_of(said, table, *name));
        grid_text(grid, trait_about(*name));
    }
    result = grid_print(grid, out, GRID_TITLED);
    grid_free(grid);
    fprintf(out, "\nErasing its lists by hand%s: %s\nFactory reset%s: %s\n",
            table->erase_lists && table->erase_lists_inferred ? " (inferred)" : "",
            table->erase_lists ? table->erase_lists : "not known, or nothing to erase",
            table->factory_reset && table->factory_reset_inferred ? " (inferred)" : "",
            table->factory_reset ? table->factory_reset : "not known");
    return result;
}

enum cli_status model_show(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct view view;
    const struct model *table = cluster_model_find(call->operands[0], &why);
    if (!table)
        return cli_failed(cli, ERR_USAGE, &why);
    enum cli_status status = STATUS_DONE;
    int result = view_open(&view, call, &why);
    const struct model *said = result == 0 ? traits_of(view.traits, "", table->name) : NULL;
    if (result == 0 && call->json)
        status = cli_json(cli, model_json(said, table), STATUS_DONE);
    else if (result == 0)
        result = print_model(cli->out, said, table);
    view_close(&view);
    return result ? cli_failed(cli, result, &why) : status;
}

/* ---- set ---- */

struct setting {
    const char *model;
    struct store_trait traits[SETTINGS_MAX];
    size_t count;
};

static int set(struct cluster *cluster, struct act_report *report,
               const struct act_options *options, void *context, struct why *why)
{
    const struct setting *s = context;
    (void)report;
    return cluster_model_set(cluster, s->model, s->traits, s->count, options, why);
}

static void say_set(FILE *out, struct cluster *cluster, const struct act_report *report,
                    void *context)
{
    const struct setting *s = context;
    (void)cluster;
    (void)report;
    for (size_t i = 0; i < s->count; i++)
        fprintf(out, "%s: %s is %s.\n", s->model, s->traits[i].name,
                text_equal_nocase(s->traits[i].value, TRAIT_DEFAULT) ? "as the table says"
                                                                     : s->traits[i].value);
}

enum cli_status model_set(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct setting setting = {.count = 0};
    const struct model *table = cluster_model_find(call->operands[0], &why);
    int result = table ? 0 : ERR_USAGE;
    for (size_t i = 1; i < call->operand_count && result == 0; i++)
        result = trait_parse(&setting.traits[setting.count++], call->operands[i], &why);
    if (result)
        return cli_failed(cli, result, &why);
    setting.model = table->name;
    const struct act act = {
        .run = set,
        .say = say_set,
        .would = "These traits can be set.",
        .about = "model",
        .name = table->name,
        .context = &setting,
    };
    return act_run(cli, call, &act);
}
