/* call list, call history. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/grid.h"
#include "cli/session.h"
#include "store/calls.h"

#include <ctype.h>
#include <string.h>

enum { CONDITIONS_MAX = 16, VALUE = 64, LIST_COLUMNS = 8, HISTORY_COLUMNS = 9 };

/* ---- --where ---- */

static bool holds(const char *pattern, const char *text)
{
    char lower[VALUE];
    text_copy(lower, sizeof lower, text);
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return text_match(pattern, lower);
}

static bool has_device(const struct store_call *call, const char *pattern)
{
    return holds(pattern, call->party[CALL_CALLER].device) ||
           holds(pattern, call->party[CALL_CALLEE].device);
}

static bool has_caller(const struct store_call *call, const char *pattern)
{
    return holds(pattern, call->party[CALL_CALLER].number);
}

static bool has_callee(const struct store_call *call, const char *pattern)
{
    return holds(pattern, call->party[CALL_CALLEE].number) || holds(pattern, call->dialled);
}

static bool has_number(const struct store_call *call, const char *pattern)
{
    return has_caller(call, pattern) || has_callee(call, pattern);
}

static bool has_security(const struct store_call *call, const char *pattern)
{
    return holds(pattern, call_security_name(call->security));
}

static bool has_cause(const struct store_call *call, const char *pattern)
{
    return holds(pattern, call_cause_name(call->cause));
}

static bool has_node(const struct store_call *call, const char *pattern)
{
    return holds(pattern, call->node);
}

static const struct condition_key {
    const char *key;
    bool (*holds)(const struct store_call *call, const char *pattern);
} condition_keys[] = {
    {"device", has_device},     {"number", has_number},
    {"caller", has_caller},     {"callee", has_callee},
    {"security", has_security}, {"cause", has_cause},
    {"node", has_node},         {NULL, NULL},
};

struct conditions {
    const struct condition_key *keys[CONDITIONS_MAX];
    char patterns[CONDITIONS_MAX][VALUE];
    size_t count;
};

static const struct condition_key *find_key(struct bytes typed)
{
    const struct condition_key *key = condition_keys;
    while (key->key && !bytes_equal_string(typed, key->key))
        key++;
    return key->key ? key : NULL;
}

static int add_condition(struct conditions *out, const char *typed, struct why *why)
{
    size_t size = strcspn(typed, "=");
    if (typed[size] != '=')
        return why_error(why, ERR_USAGE, "--where %s: KEY=VALUE is meant", typed);
    if (out->count == CONDITIONS_MAX)
        return why_error(why, ERR_USAGE, "more than %d conditions", CONDITIONS_MAX);
    const struct condition_key *key = find_key(bytes_of(typed, size));
    if (!key)
        return why_error(why, ERR_USAGE,
                         "--where %s: the keys are device, number, caller, callee, security, "
                         "cause and node",
                         typed);
    char *pattern = out->patterns[out->count];
    if (!text_copy(pattern, VALUE, typed + size + 1))
        return why_error(why, ERR_USAGE, "--where %s: too long", typed);
    for (char *c = pattern; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    out->keys[out->count++] = key;
    return 0;
}

static int read_conditions(struct conditions *out, const struct call *call, struct why *why)
{
    int result = 0;
    *out = (struct conditions){.count = 0};
    for (size_t i = 0; i < call->option_count && result == 0; i++)
        if (strcmp(call->options[i].option->name, "where") == 0)
            result = add_condition(out, call->options[i].value, why);
    return result;
}

/* ---- what is shown ---- */

struct view {
    const struct call *call;
    struct conditions conditions;
    int64_t last; /* so many at most */
    int64_t now;
    struct grid *grid;
    json_t *json;
    int (*show)(struct view *view, const struct store_call *call);
};

static int64_t seconds_of(const struct view *view, const struct store_call *call)
{
    if (call->answered == 0)
        return 0;
    if (call->id)
        return call->talked_ms / 1000;
    return view->now > call->answered ? view->now - call->answered : 0;
}

static void grid_party(struct grid *grid, const struct store_call_party *party)
{
    const char *number = party->number[0] ? party->number : "-";
    if (party->device[0])
        grid_format(grid, "%s (%s)", number, party->device);
    else
        grid_text(grid, number);
}

static void grid_duration(struct grid *grid, const struct view *view, const struct store_call *call)
{
    long long s = seconds_of(view, call);
    if (call->answered == 0 || (call->id && call->ended == 0))
        grid_text(grid, "-");
    else
        grid_format(grid, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

static void grid_secured(struct grid *grid, const struct store_call *call)
{
    const char *suite = call_suite_name(call->suite);
    grid_text(grid, call->answered ? call_security_name(call->security) : "-");
    grid_text(grid, suite[0] ? suite : "-");
}

static json_t *party_json(const struct store_call_party *party)
{
    return json_pack("{s:s, s:o, s:o}", "number", party->number, "device",
                     party->device[0] ? json_string(party->device) : json_null(), "security",
                     party->device[0] ? json_string(call_security_name(party->security))
                                      : json_null());
}

static json_t *call_json(const struct view *view, const struct store_call *call)
{
    const char *suite = call_suite_name(call->suite);
    bool known = call->answered && (!call->id || call->ended);
    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "node", call->node, "caller",
                     party_json(&call->party[CALL_CALLER]), "callee",
                     party_json(&call->party[CALL_CALLEE]), "dialled", call->dialled, "began",
                     cli_json_time(call->began), "answered", cli_json_time(call->answered),
                     "duration", known ? json_integer(seconds_of(view, call)) : json_null(),
                     "security",
                     call->answered ? json_string(call_security_name(call->security)) : json_null(),
                     "suite", suite[0] ? json_string(suite) : json_null());
}

static int show_live(struct view *view, const struct store_call *call)
{
    if (view->call->json) {
        json_t *json = call_json(view, call);
        if (json && json_object_set_new(json, "state",
                                        json_string(call_progress_name(call->progress))) != 0) {
            json_decref(json);
            json = NULL;
        }
        return cli_json_append(view->json, json);
    }
    char when[CLOCK_TEXT];
    grid_party(view->grid, &call->party[CALL_CALLER]);
    grid_party(view->grid, &call->party[CALL_CALLEE]);
    grid_text(view->grid, call_progress_name(call->progress));
    grid_secured(view->grid, call);
    grid_text(view->grid, clock_java(when, call->began));
    grid_duration(view->grid, view, call);
    grid_text(view->grid, call->node);
    return 0;
}

/* Who hung up; nobody did in another case. */
static const char *ended_by(const struct store_call *call)
{
    if (call->cause != CALL_CAUSE_HUNG_UP)
        return "";
    return call->ended_by == CALL_CALLER ? "caller" : "callee";
}

static int show_record(struct view *view, const struct store_call *call)
{
    const char *by = ended_by(call);
    if (view->call->json) {
        json_t *json = call_json(view, call);
        json_t *end =
            json_pack("{s:o, s:s, s:o, s:o}", "ended", cli_json_time(call->ended), "cause",
                      call_cause_name(call->cause), "ended_by",
                      by[0] ? json_string(by) : json_null(), "duration_ms",
                      call->answered && call->ended ? json_integer(call->talked_ms) : json_null());
        if (!json || !end || json_object_update(json, end) != 0) {
            json_decref(json);
            json = NULL;
        }
        json_decref(end);
        return cli_json_append(view->json, json);
    }
    char when[CLOCK_TEXT];
    grid_text(view->grid, clock_java(when, call->began));
    grid_party(view->grid, &call->party[CALL_CALLER]);
    grid_party(view->grid, &call->party[CALL_CALLEE]);
    grid_text(view->grid, call->dialled);
    grid_duration(view->grid, view, call);
    grid_secured(view->grid, call);
    if (by[0])
        grid_format(view->grid, "%s by the %s", call_cause_name(call->cause), by);
    else
        grid_text(view->grid, call_cause_name(call->cause));
    grid_text(view->grid, call->node);
    return 0;
}

enum { ENOUGH = 1 }; /* ends a walk that has shown what it should */

static int show_some(void *context, const struct store_call *call)
{
    struct view *view = context;
    for (size_t i = 0; i < view->conditions.count; i++)
        if (!view->conditions.keys[i]->holds(call, view->conditions.patterns[i]))
            return 0;
    if (view->last-- == 0)
        return ENOUGH;
    return view->show(view, call);
}

/* ---- the commands ---- */

static int print_calls(struct cli *cli, struct view *view, const char *const *title, size_t columns,
                       int (*walk)(struct store *store,
                                   int (*each)(void *context, const struct store_call *call),
                                   void *context),
                       struct why *why)
{
    struct cluster *cluster = NULL;
    int result = session_open(&cluster, view->call, CLUSTER_LOOK, why);
    if (result)
        return result;
    result = grid_new(&view->grid, columns);
    for (size_t i = 0; i < columns && result == 0; i++)
        grid_text(view->grid, title[i]);
    view->json = view->call->json ? json_array() : NULL;
    view->now = clock_wall();
    if (result == 0)
        result = walk(cluster_store(cluster), show_some, view);
    if (result == ENOUGH)
        result = 0;
    if (result == 0 && !view->call->json)
        result = grid_print(view->grid, cli->out, GRID_TITLED);
    grid_free(view->grid);
    session_close(cluster);
    return result;
}

static enum cli_status finish(struct cli *cli, struct view *view, int result, struct why *why)
{
    if (result) {
        json_decref(view->json);
        return cli_failed(cli, result, why);
    }
    return view->call->json ? cli_json(cli, view->json, STATUS_DONE) : STATUS_DONE;
}

enum cli_status calls_list(struct cli *cli, const struct call *call)
{
    static const char *const titles[LIST_COLUMNS] = {"Caller", "Callee", "State",    "Security",
                                                     "Suite",  "Began",  "Duration", "Node"};
    struct why why = WHY_NONE;
    struct view view = {.call = call, .last = -1, .show = show_live};
    return finish(cli, &view, print_calls(cli, &view, titles, LIST_COLUMNS, store_calls, &why),
                  &why);
}

enum cli_status calls_history(struct cli *cli, const struct call *call)
{
    static const char *const titles[HISTORY_COLUMNS] = {
        "Began", "Caller", "Callee", "Dialled", "Duration", "Security", "Suite", "Ended", "Node"};
    struct why why = WHY_NONE;
    struct view view = {.call = call, .last = -1, .show = show_record};
    const char *last = call_value(call, "last");
    int result = read_conditions(&view.conditions, call, &why);
    if (result == 0 && last && text_number(last, 1, INT64_MAX, &view.last) != 0)
        result = why_error(&why, ERR_USAGE, "--last %s: a number from 1 is meant", last);
    if (result == 0)
        result = print_calls(cli, &view, titles, HISTORY_COLUMNS, store_call_records, &why);
    return finish(cli, &view, result, &why);
}
