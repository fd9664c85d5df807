/* phone list, add, delete. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/grid.h"
#include "cli/registerview.h"
#include "cli/where.h"
#include "cli/words.h"
#include "trust/model.h"

#include <stdlib.h>
#include <string.h>

/* ---- list ---- */

enum { COLUMNS = 11 + REGISTER_COLUMNS };

static void list_title(struct grid *grid)
{
    static const char *const before[] = {"Name",        "Model",     "Profile", "Mode",
                                         "Description", "Last seen", "Address"};
    static const char *const after[] = {"CTL", "ITL", "LSC", "Enrolment"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        grid_text(grid, before[i]);
    registerview_title(grid);
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        grid_text(grid, after[i]);
}

static void list_row(struct grid *grid, const struct phone *phone)
{
    const struct store_device *d = &phone->device;
    char seen[CLOCK_TEXT] = "never";
    char enrolment[ENROLMENT_STATUS];
    if (d->last_seen)
        clock_java(seen, d->last_seen);
    grid_text(grid, d->name);
    grid_text(grid, d->model);
    grid_text(grid, d->profile);
    grid_text(grid, word_text(mode_words, (int)phone->profile.mode));
    grid_text(grid, d->description[0] ? d->description : "-");
    grid_text(grid, seen);
    grid_text(grid, d->last_address[0] ? d->last_address : "-");
    registerview_row(grid, phone);
    grid_text(grid, list_state_text(phone->lists[LIST_CTL]));
    grid_text(grid, list_state_text(phone->lists[LIST_ITL]));
    grid_text(grid, store_lsc_state_name(phone->lsc));
    grid_text(grid, phone_enrolment_text(enrolment, phone));
}

static json_t *base_json(const struct phone *phone)
{
    char enrolment[ENROLMENT_STATUS];
    const struct store_device *d = &phone->device;
    return json_pack(
        "{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:s, s:s, s:o}", "name",
        d->name, "model", d->model, "profile", cli_json_text(bytes_of_string(d->profile)), "mode",
        word_text(mode_words, (int)phone->profile.mode), "protocol",
        word_text(protocol_words, (int)phone->profile.protocol), "description",
        cli_json_text(bytes_of_string(d->description)), "last_seen", cli_json_time(d->last_seen),
        "address",
        d->last_address[0] ? cli_json_text(bytes_of_string(d->last_address)) : json_null(), "ctl",
        list_state_text(phone->lists[LIST_CTL]), "itl", list_state_text(phone->lists[LIST_ITL]),
        "lsc", store_lsc_state_name(phone->lsc), "lsc_not_after",
        cli_json_time(phone->lsc_not_after), "enrolment", phone_enrolment_word(phone),
        "enrolment_status", phone_enrolment_text(enrolment, phone), "wave",
        phone->wave[0] ? json_integer(strtoll(phone->wave, NULL, 10)) : json_null());
}

static json_t *row_json(const struct phone *phone)
{
    json_t *row = base_json(phone);
    if (!row || registerview_add(row, phone) == 0)
        return row;
    json_decref(row);
    return NULL;
}

static enum cli_status print_phones(struct cli *cli, const struct call *call,
                                    const struct phones *phones, const struct where *where)
{
    struct grid *grid = NULL;
    json_t *json = call->json ? json_array() : NULL;
    int result = grid_new(&grid, COLUMNS);
    if (result == 0)
        list_title(grid);
    for (size_t i = 0; i < phones->count && result == 0; i++) {
        if (!where_holds(where, &phones->items[i]))
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
    int result = where_read(&where, call, &why);
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
    struct device_buttons buttons;
};

/* DN[,LABEL] */
static int add_number(struct store_line *numbers, size_t *count, const char *option,
                      const char *typed, struct why *why)
{
    size_t size = strcspn(typed, ",");
    const char *label = typed[size] ? typed + size + 1 : "";
    if (*count == DEVICE_LINES_MAX)
        return why_error(why, ERR_USAGE, "--%s: a phone has at most %d of them", option,
                         DEVICE_LINES_MAX);
    struct store_line *line = &numbers[(*count)++];
    line->position = (unsigned)*count;
    if (size == 0 || !text_copy_bytes(line->number, sizeof line->number, bytes_of(typed, size)))
        return why_error(why, ERR_USAGE, "--%s %s: a number of 1 to %d characters comes first",
                         option, typed, LINE_NUMBER - 1);
    if (strpbrk(line->number, " \t<>&\"'"))
        return why_error(why, ERR_USAGE, "--%s %s: %s is no directory number", option, typed,
                         line->number);
    if (!text_copy(line->label, sizeof line->label, label))
        return why_error(why, ERR_USAGE, "--%s %s: the label is longer than %d bytes", option,
                         typed, DEVICE_TEXT - 1);
    return 0;
}

static int add_button(struct device_buttons *buttons, const char *option, const char *typed,
                      struct why *why)
{
    if (strcmp(option, "line") == 0)
        return add_number(buttons->lines, &buttons->line_count, option, typed, why);
    if (strcmp(option, "speed-dial") == 0)
        return add_number(buttons->speed_dials, &buttons->speed_dial_count, option, typed, why);
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
        result =
            add_button(&out->buttons, call->options[i].option->name, call->options[i].value, why);
    return result;
}

static int add(struct cluster *cluster, struct act_report *report,
               const struct act_options *options, void *context, struct why *why)
{
    const struct new_phone *phone = context;
    return cluster_device_add(cluster, report, &phone->device, &phone->buttons, options, why);
}

static void say_numbers(FILE *out, const char *what, const struct store_line *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i == 0)
            fprintf(out, ", %s%s ", what, count > 1 ? "s" : "");
        else
            fputs(", ", out);
        cli_print(out, numbers[i].number);
    }
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
    say_numbers(out, "line", phone->buttons.lines, phone->buttons.line_count);
    say_numbers(out, "speed dial", phone->buttons.speed_dials, phone->buttons.speed_dial_count);
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
