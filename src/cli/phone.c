/* phone list, add, delete. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/grid.h"
#include "cli/phones.h"
#include "cli/words.h"
#include "trust/model.h"

#include <ctype.h>
#include <string.h>

/* ---- list ---- */

/* What --where can ask about. */
static const char *model_of(const struct phone *phone)
{
    return phone->device.model;
}

static const char *profile_of(const struct phone *phone)
{
    return phone->device.profile;
}

static const char *mode_of(const struct phone *phone)
{
    return word_text(mode_words, (int)phone->profile.mode);
}

static const char *protocol_of(const struct phone *phone)
{
    return word_text(protocol_words, (int)phone->profile.protocol);
}

static const char *ctl_of(const struct phone *phone)
{
    return list_state_text(phone->lists[LIST_CTL]);
}

static const char *itl_of(const struct phone *phone)
{
    return list_state_text(phone->lists[LIST_ITL]);
}

static const char *const state_values[] = {"current", "old", "none", "unknown", NULL};
static const char *const mode_values[] = {"non-secure", "authenticated", "encrypted", NULL};
static const char *const protocol_values[] = {"sccp", "sip", NULL};

static const struct where_key {
    const char *key;
    const char *(*value)(const struct phone *phone); /* NULL: nothing is known of it yet, */
    const char *missing;                             /* and this is why */
    const char *const *values;                       /* the only ones there are, or NULL */
} where_keys[] = {
    {"model", model_of, NULL, NULL},
    {"profile", profile_of, NULL, NULL},
    {"mode", mode_of, NULL, mode_values},
    {"protocol", protocol_of, NULL, protocol_values},
    {"ctl", ctl_of, NULL, state_values},
    {"itl", itl_of, NULL, state_values},
    {"status", NULL, "no service of this version registers phones", NULL},
    {"node", NULL, "no service of this version registers phones", NULL},
    {"lsc", NULL, "no service of this version issues phone certificates", NULL},
    {NULL, NULL, NULL, NULL},
};

enum { WHERE_MAX = 16 };

/* All conditions must hold. */
struct where {
    const struct where_key *keys[WHERE_MAX];
    char values[WHERE_MAX][PROFILE_NAME];
    size_t count;
};

static void to_lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

static int check_value(const struct where_key *key, const char *value, struct why *why)
{
    char all[128] = "";
    bool found = !key->values || strpbrk(value, "*?");
    for (size_t i = 0; key->values && key->values[i]; i++) {
        size_t used = strlen(all);
        found = found || text_equal_nocase(key->values[i], value);
        text_format(all + used, sizeof all - used, "%s%s", used ? ", " : "", key->values[i]);
    }
    return found
               ? 0
               : why_error(why, ERR_USAGE, "--where %s=%s: it is one of %s", key->key, value, all);
}

static const struct where_key *find_key(const char *condition, size_t size, struct why *why)
{
    const char *names[16] = {NULL};
    size_t count = 0;
    char name[32];
    text_copy_bytes(name, sizeof name, bytes_of(condition, size));
    for (const struct where_key *key = where_keys; key->key; key++) {
        if (text_equal_nocase(key->key, name))
            return key;
        names[count++] = key->key;
    }
    const char *near = text_nearest(name, names);
    why_error(why, ERR_USAGE,
              "--where %s: there is no key %s%s%s%s (model, profile, mode, protocol, ctl, itl)",
              condition, name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    return NULL;
}

static int add_condition(struct where *where, const char *condition, struct why *why)
{
    size_t size = strcspn(condition, "=");
    if (condition[size] != '=' || size == 0)
        return why_error(why, ERR_USAGE, "--where %s: KEY=VALUE is meant", condition);
    if (where->count == WHERE_MAX)
        return why_error(why, ERR_USAGE, "more than %d conditions", WHERE_MAX);
    const struct where_key *key = find_key(condition, size, why);
    if (!key)
        return ERR_USAGE;
    if (!key->value)
        return why_error(why, ERR_UNSUPPORTED, "--where %s: not known yet: %s", condition,
                         key->missing);
    const char *typed = condition + size + 1;
    const struct model *model = key->value == model_of ? model_find(typed) : NULL;
    char *value = where->values[where->count];
    if (!text_copy(value, sizeof where->values[0], model ? model->name : typed))
        return why_error(why, ERR_USAGE, "--where %s: too long", condition);
    to_lower(value);
    where->keys[where->count++] = key;
    return check_value(key, value, why);
}

static int read_where(struct where *out, const struct call *call, struct why *why)
{
    int result = 0;
    *out = (struct where){.count = 0};
    for (size_t i = 0; i < call->option_count && result == 0; i++)
        if (strcmp(call->options[i].option->name, "where") == 0)
            result = add_condition(out, call->options[i].value, why);
    return result;
}

static bool holds(const struct where *where, const struct phone *phone)
{
    for (size_t i = 0; i < where->count; i++) {
        char value[PROFILE_NAME];
        text_copy(value, sizeof value, where->keys[i]->value(phone));
        to_lower(value);
        if (!text_match(where->values[i], value))
            return false;
    }
    return true;
}

static void list_title(struct grid *grid)
{
    static const char *const title[] = {"Name",      "Model",   "Profile", "Mode", "Description",
                                        "Last seen", "Address", "CTL",     "ITL"};
    for (size_t i = 0; i < sizeof title / sizeof *title; i++)
        grid_text(grid, title[i]);
}

static void list_row(struct grid *grid, const struct phone *phone)
{
    const struct store_device *d = &phone->device;
    char seen[CLOCK_TEXT] = "never";
    if (d->last_seen)
        clock_java(seen, d->last_seen);
    grid_text(grid, d->name);
    grid_text(grid, d->model);
    grid_text(grid, d->profile);
    grid_text(grid, mode_of(phone));
    grid_text(grid, d->description[0] ? d->description : "-");
    grid_text(grid, seen);
    grid_text(grid, d->last_address[0] ? d->last_address : "-");
    grid_text(grid, ctl_of(phone));
    grid_text(grid, itl_of(phone));
}

static json_t *row_json(const struct phone *phone)
{
    const struct store_device *d = &phone->device;
    return json_pack(
        "{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:s}", "name", d->name, "model", d->model,
        "profile", cli_json_text(bytes_of_string(d->profile)), "mode", mode_of(phone), "protocol",
        protocol_of(phone), "description", cli_json_text(bytes_of_string(d->description)),
        "last_seen", cli_json_time(d->last_seen), "address",
        d->last_address[0] ? cli_json_text(bytes_of_string(d->last_address)) : json_null(), "ctl",
        ctl_of(phone), "itl", itl_of(phone));
}

static enum cli_status print_phones(struct cli *cli, const struct call *call,
                                    const struct phones *phones, const struct where *where)
{
    enum { COLUMNS = 9 };
    struct grid *grid = NULL;
    json_t *json = call->json ? json_array() : NULL;
    int result = grid_new(&grid, COLUMNS);
    if (result == 0)
        list_title(grid);
    for (size_t i = 0; i < phones->count && result == 0; i++) {
        if (!holds(where, &phones->items[i]))
            continue;
        if (call->json)
            result = cli_json_append(json, row_json(&phones->items[i]));
        else
            list_row(grid, &phones->items[i]);
    }
    if (result == 0 && !call->json)
        result = grid_print(grid, cli->out, GRID_TITLED);
    grid_free(grid);
    if (result) {
        json_decref(json);
        return cli_failed(cli, result, NULL);
    }
    return call->json ? cli_json(cli, json, STATUS_DONE) : STATUS_DONE;
}

enum cli_status phones_list(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct phones phones = {.items = NULL};
    struct where where;
    int result = read_where(&where, call, &why);
    if (result == 0)
        result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result)
        return cli_failed(cli, result, &why);
    result = phones_load(&phones, cluster, &why);
    session_close(cluster);
    enum cli_status status =
        result ? cli_failed(cli, result, &why) : print_phones(cli, call, &phones, &where);
    phones_free(&phones);
    return status;
}

/* ---- add ---- */

struct new_phone {
    struct store_device device;
    struct store_line lines[DEVICE_LINES_MAX];
    size_t line_count;
};

/* DN[,LABEL] */
static int add_line(struct new_phone *phone, const char *typed, struct why *why)
{
    size_t size = strcspn(typed, ",");
    const char *label = typed[size] ? typed + size + 1 : "";
    if (phone->line_count == DEVICE_LINES_MAX)
        return why_error(why, ERR_USAGE, "a phone has at most %d lines", DEVICE_LINES_MAX);
    struct store_line *line = &phone->lines[phone->line_count++];
    line->position = (unsigned)phone->line_count;
    if (size == 0 || !text_copy_bytes(line->number, sizeof line->number, bytes_of(typed, size)))
        return why_error(why, ERR_USAGE, "--line %s: a number of 1 to %d characters comes first",
                         typed, LINE_NUMBER - 1);
    if (strpbrk(line->number, " \t<>&\"'"))
        return why_error(why, ERR_USAGE, "--line %s: %s is no directory number", typed,
                         line->number);
    if (!text_copy(line->label, sizeof line->label, label))
        return why_error(why, ERR_USAGE, "--line %s: the label is longer than %d bytes", typed,
                         DEVICE_TEXT - 1);
    return 0;
}

static int take_text(char *out, size_t size, const struct call *call, const char *option,
                     bool needed, struct why *why)
{
    const char *typed = call_value(call, option);
    if (!typed && needed)
        return why_error(why, ERR_USAGE, "--%s is missing", option);
    if (typed && !text_copy(out, size, typed))
        return why_error(why, ERR_USAGE, "--%s is longer than %zu bytes", option, size - 1);
    return 0;
}

static int read_phone(struct new_phone *out, const struct call *call, struct why *why)
{
    struct store_device *d = &out->device;
    *out = (struct new_phone){.device.pool = "Default"};
    int result = phone_name(d->name, call->operands[0], why);
    if (result == 0)
        result = take_text(d->model, sizeof d->model, call, "model", true, why);
    const struct model *model = result == 0 ? model_find(d->model) : NULL;
    if (model)
        text_copy(d->model, sizeof d->model, model->name);
    if (result == 0)
        result = take_text(d->profile, sizeof d->profile, call, "profile", true, why);
    if (result == 0)
        result = take_text(d->description, sizeof d->description, call, "description", false, why);
    for (size_t i = 0; i < call->option_count && result == 0; i++)
        if (strcmp(call->options[i].option->name, "line") == 0)
            result = add_line(out, call->options[i].value, why);
    return result;
}

static int add(struct cluster *cluster, struct act_report *report,
               const struct act_options *options, void *context, struct why *why)
{
    const struct new_phone *phone = context;
    (void)report;
    return cluster_device_add(cluster, &phone->device, phone->lines, phone->line_count, options,
                              why);
}

static void say_added(FILE *out, struct cluster *cluster, const struct act_report *report,
                      void *context)
{
    const struct new_phone *phone = context;
    (void)cluster;
    (void)report;
    fprintf(out, "Added %s: ", phone->device.name);
    cli_print(out, phone->device.model);
    fputs(", profile ", out);
    cli_print(out, phone->device.profile);
    for (size_t i = 0; i < phone->line_count; i++) {
        fprintf(out, "%s", i ? ", " : phone->line_count > 1 ? ", lines " : ", line ");
        cli_print(out, phone->lines[i].number);
    }
    fputs(".\n", out);
}

enum cli_status phones_add(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct new_phone phone;
    const struct act act = {
        .run = add,
        .say = say_added,
        .would = "The phone would be added.",
        .about = "phone",
        .name = phone.device.name,
        .context = &phone,
    };
    int result = read_phone(&phone, call, &why);
    if (result == ERR_USAGE)
        return cli_misuse(cli, call, "%s", why_text(&why, result));
    return result ? cli_failed(cli, result, &why) : act_run(cli, call, &act);
}

/* ---- delete ---- */

/* The one named becomes known only while it is deleted. */
struct doomed {
    const char *typed;
    struct store_device device;
};

static int delete_phone(struct cluster *cluster, struct act_report *report,
                        const struct act_options *options, void *context, struct why *why)
{
    struct doomed *d = context;
    (void)report;
    int result = cluster_device_find(cluster, d->typed, &d->device, why);
    return result ? result : cluster_device_delete(cluster, d->device.name, options, why);
}

static void say_deleted(FILE *out, struct cluster *cluster, const struct act_report *report,
                        void *context)
{
    const struct doomed *d = context;
    (void)cluster;
    (void)report;
    fprintf(out, "Deleted %s", d->device.name);
    fputs(", with its lines and all that was observed of it.\n", out);
}

enum cli_status phones_delete(struct cli *cli, const struct call *call)
{
    struct doomed doomed = {.typed = call->operands[0]};
    const struct act act = {
        .run = delete_phone,
        .say = say_deleted,
        .would = "The phone would be deleted.",
        .about = "phone",
        .name = doomed.typed,
        .context = &doomed,
    };
    return act_run(cli, call, &act);
}
