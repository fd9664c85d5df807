/* template list, show: what the configuration files of phones are made of. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/grid.h"
#include "cli/session.h"
#include "cli/words.h"
#include "cluster/traits.h"
#include "trust/model.h"
#include "wire/cnf.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

/* A template has one of two names in STATE/templates: that of a model, "7975.cnf.xml", which goes
 * before that of a generation and protocol, "B-sccp.cnf.xml", which goes before the built-in one.
 */
#define TEMPLATE_END ".cnf.xml"

enum { NAME_SIZE = 64, DIRECTORY_MAX = 1000 };

static char generation_of(const struct model *model)
{
    return model->generation ? (char)model->generation : (char)GENERATION_OLD;
}

static void generation_file(char out[NAME_SIZE], char generation, bool sip)
{
    text_format(out, NAME_SIZE, "%c-%s" TEMPLATE_END, generation, sip ? "sip" : "sccp");
}

/* ---- list ---- */

static const char generations[] = {GENERATION_A,      GENERATION_B,   GENERATION_C,
                                   GENERATION_W,      GENERATION_D,   GENERATION_E,
                                   GENERATION_CLIENT, GENERATION_OLD, '\0'};

static bool speaks(const struct model *model, bool sip)
{
    return model->protocols & (sip ? MODEL_SIP : MODEL_SCCP);
}

/* The models a built-in template is for. */
static void models_of(struct buffer *out, char generation, bool sip)
{
    for (const struct model *m = model_table(); m->name; m++)
        if (generation_of(m) == generation && speaks(m, sip))
            buffer_format(out, "%s%s", out->size ? ", " : "", m->name);
}

struct listing {
    struct grid *grid;
    json_t *json;
    char directory[FILE_PATH];
};

static int add_row(struct listing *l, const char *name, const char *source, const char *models)
{
    if (l->json)
        return cli_json_append(l->json, json_pack("{s:o, s:s, s:s}", "name",
                                                  cli_json_text(bytes_of_string(name)), "source",
                                                  source, "models", models));
    grid_text(l->grid, name);
    grid_text(l->grid, source);
    grid_text(l->grid, models);
    return 0;
}

static int add_builtin(struct listing *l, char generation, bool sip)
{
    char name[NAME_SIZE];
    char path[FILE_PATH];
    struct buffer models;
    buffer_init(&models, 4096);
    models_of(&models, generation, sip);
    generation_file(name, generation, sip);
    bool own = file_path(path, l->directory, name) == 0 && file_exists(path);
    int result = 0;
    if (models.size)
        result = add_row(l, name, own ? "templates/" : "built in", buffer_string(&models));
    buffer_fini(&models);
    return result;
}

/* A file of templates/ that is named for a model. */
static int add_own(struct listing *l, const char *name)
{
    char model_name[NAME_SIZE];
    size_t size = strlen(name);
    if (!text_ends(name, TEMPLATE_END))
        return 0;
    text_copy_bytes(model_name, sizeof model_name, bytes_of(name, size - strlen(TEMPLATE_END)));
    const struct model *model = model_find(model_name);
    if (model && strcmp(model->name, model_name) == 0)
        return add_row(l, name, "templates/", model->name);
    bool known = false;
    for (const char *g = generations; *g; g++)
        for (int sip = 0; sip < 2; sip++) {
            char builtin[NAME_SIZE];
            generation_file(builtin, *g, sip);
            known = known || strcmp(builtin, name) == 0;
        }
    return known ? 0 : add_row(l, name, "templates/", "none: no model or generation has that name");
}

static int list_templates(struct listing *l)
{
    int result = 0;
    for (const char *g = generations; *g && result == 0; g++)
        for (int sip = 0; sip < 2 && result == 0; sip++)
            result = add_builtin(l, *g, sip);
    DIR *dir = result == 0 ? opendir(l->directory) : NULL;
    struct dirent *e;
    while (dir && result == 0 && (e = readdir(dir)))
        result = add_own(l, e->d_name);
    if (dir)
        closedir(dir);
    return result;
}

enum cli_status template_list(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct listing listing = {.json = call->json ? json_array() : NULL};
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result == 0)
        result = file_path(listing.directory, call->state, STATE_TEMPLATES);
    if (result == 0)
        result = grid_new(&listing.grid, 3);
    if (result == 0) {
        grid_text(listing.grid, "Template");
        grid_text(listing.grid, "From");
        grid_text(listing.grid, "Models");
        result = list_templates(&listing);
    }
    if (result == 0 && !call->json)
        result = grid_print(listing.grid, cli->out, GRID_TITLED);
    grid_free(listing.grid);
    session_close(cluster);
    if (result) {
        json_decref(listing.json);
        return cli_failed(cli, result, &why);
    }
    return call->json ? cli_json(cli, listing.json, STATUS_DONE) : STATUS_DONE;
}

/* ---- show ---- */

/* SCCP when the model speaks it and nothing else is asked for. */
static int choose_protocol(bool *sip, const struct model *model, const struct call *call,
                           struct why *why)
{
    const char *typed = call_value(call, "protocol");
    int protocol = speaks(model, false) ? PROTOCOL_SCCP : PROTOCOL_SIP;
    int result = typed ? word_parse(&protocol, protocol_words, "protocol", typed, why) : 0;
    *sip = protocol == PROTOCOL_SIP;
    if (result == 0 && !speaks(model, *sip))
        result =
            why_error(why, ERR_USAGE, "a %s does not speak %s", model->name, *sip ? "SIP" : "SCCP");
    return result;
}

/* The one in use, and the path it comes from, "" for the built-in one. */
static int find_template(struct buffer *out, char path[FILE_PATH], const char *directory,
                         const struct model *model, bool sip, struct why *why)
{
    char names[2][NAME_SIZE];
    text_format(names[0], NAME_SIZE, "%s" TEMPLATE_END, model->name);
    generation_file(names[1], generation_of(model), sip);
    for (size_t i = 0; i < 2; i++) {
        int result = file_path(path, directory, names[i]);
        if (result == 0 && file_exists(path))
            return file_read(out, path, why);
        if (result)
            return result;
    }
    path[0] = '\0';
    buffer_append(out, cnf_template_builtin(generation_of(model), sip));
    return out->error;
}

/* To standard error, so that the template alone can be sent to a file. */
static void say_where(struct cli *cli, const char *directory, const struct model *model, bool sip,
                      const char *path, struct bytes text)
{
    struct cnf_template *compiled = NULL;
    struct why why = WHY_NONE;
    char generation[NAME_SIZE];
    int result = cnf_template_compile(&compiled, text, &why);
    cnf_template_free(compiled);
    generation_file(generation, generation_of(model), sip);
    if (result)
        cli_note(cli, "%s is not used, since it cannot be read: %s", path, why_text(&why, result));
    else if (path[0])
        cli_note(cli, "this is %s; without it the built-in one is used", path);
    else
        cli_note(cli,
                 "this is built in; edited, it goes to %s/%s" TEMPLATE_END
                 " (this model) or %s/%s (all like it)",
                 directory, model->name, directory, generation);
}

enum cli_status template_show(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct buffer text;
    char directory[FILE_PATH];
    char path[FILE_PATH] = "";
    bool sip = false;
    buffer_init(&text, CNF_BYTES_MAX);
    const struct model *model = cluster_model_find(call->operands[0], &why);
    int result = model ? choose_protocol(&sip, model, call, &why) : ERR_USAGE;
    if (result == 0)
        result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result == 0)
        result = file_path(directory, call->state, STATE_TEMPLATES);
    if (result == 0)
        result = find_template(&text, path, directory, model, sip, &why);
    session_close(cluster);
    if (result == 0) {
        fwrite(text.data, 1, text.size, cli->out);
        say_where(cli, directory, model, sip, path, buffer_bytes(&text));
    }
    buffer_fini(&text);
    return result ? cli_failed(cli, result, &why) : STATUS_DONE;
}
