#include "cli/planview.h"

#include "base/map.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/grid.h"

#include <errno.h>
#include <string.h>

enum {
    PHONES_MAX = 2000000,
    SHOWN_REASONS = 8, /* different ones, and phones of each: more would bury the first */
    SHOWN_PHONES = 20,
    HASH_SHOWN = 8,
};

/* Phones in no row of the store stand under the empty name. */
static const char *device_name(const struct plan_entry *entry)
{
    return entry->device[0] ? entry->device : "(unknown phones)";
}

static const char *model_name(const struct plan_entry *entry)
{
    return entry->model[0] ? entry->model : "-";
}

static const char *list_name(const struct plan_entry *entry)
{
    return entry->list == LIST_CTL ? "CTL" : "ITL";
}

static int note_name(struct map *names, struct bytes name)
{
    return map_get(names, name) ? 0 : map_add(names, name, names);
}

int plan_count(struct plan_count *out, const struct plan *plan)
{
    struct map *seen = NULL; /* by name */
    struct map *lost = NULL;
    struct map *lost_before = NULL;
    struct plan_count count = {.known = plan->phones};
    int result = map_new(&seen, PHONES_MAX);
    if (result == 0)
        result = map_new(&lost, PHONES_MAX);
    if (result == 0)
        result = map_new(&lost_before, PHONES_MAX);
    bool unknown = false;
    for (size_t i = 0; i < plan->count && result == 0; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        struct bytes name = bytes_of_string(entry->device);
        if (name.size == 0) {
            unknown = true;
            count.unknown_lost = count.unknown_lost || plan_loses(entry);
            count.unknown_lost_before = count.unknown_lost_before || entry->lost_before;
            continue;
        }
        result = note_name(seen, name);
        if (result == 0 && plan_loses(entry))
            result = note_name(lost, name);
        if (result == 0 && entry->lost_before)
            result = note_name(lost_before, name);
    }
    if (result == 0) {
        count.known -= unknown && plan->phones;
        count.fetching = map_count(seen);
        count.lost = map_count(lost);
        count.lost_before = map_count(lost_before);
        *out = count;
    }
    map_free(seen);
    map_free(lost);
    map_free(lost_before);
    return result;
}

static char *phones_text(char out[PLAN_TEXT], size_t some, size_t all, bool unknown)
{
    if (unknown && some == 0)
        text_copy(out, PLAN_TEXT, "unknown phones that were served a list");
    else
        text_format(out, PLAN_TEXT, "%zu of %zu known phones%s", some, all,
                    unknown ? ", and unknown ones" : "");
    return out;
}

char *plan_lost_text(char out[PLAN_TEXT], const struct plan_count *count)
{
    return phones_text(out, count->lost, count->known, count->unknown_lost);
}

void plan_print_lost_before(FILE *out, const struct plan_count *count)
{
    char lost[PLAN_TEXT];
    if (!count->lost_before && !count->unknown_lost_before)
        return;
    fprintf(out, "Lost before, since they refuse what is served now, too: %s\n",
            phones_text(lost, count->lost_before, count->known, count->unknown_lost_before));
}

static bool same_reason(const struct plan_entry *a, const struct plan_entry *b)
{
    return a->list == b->list && a->answer.rule == b->answer.rule &&
           a->answer.verdict == b->answer.verdict &&
           strcmp(a->answer.explanation, b->answer.explanation) == 0;
}

/* Has an entry before this one its reason? Then it was shown with that one. */
static bool is_first_of_reason(const struct plan *plan, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (same_reason(&plan->entries[i], &plan->entries[index]))
            return false;
    return true;
}

static void print_reason(FILE *out, const struct plan *plan, size_t first)
{
    const struct plan_entry *reason = &plan->entries[first];
    size_t count = 0;
    fprintf(out, "\n%s, %s (%s):\n  ", list_name(reason), accept_rule_text(reason->answer.rule),
            verdict_text(reason->answer.verdict));
    cli_print(out, reason->answer.explanation);
    fputc('\n', out);
    for (size_t i = first; i < plan->count; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        if (!same_reason(entry, reason) || count++ >= SHOWN_PHONES)
            continue;
        fprintf(out, "    %s  ", device_name(entry));
        cli_print(out, model_name(entry));
        fputc('\n', out);
    }
    if (count > SHOWN_PHONES)
        fprintf(out, "    ... and %zu more\n", count - SHOWN_PHONES);
}

void plan_print_lost(FILE *out, const struct plan *plan, const struct plan_count *count)
{
    size_t reasons = 0;
    bool hidden = false;
    char lost[PLAN_TEXT];
    fprintf(out, "Would be locked out: %s\n", plan_lost_text(lost, count));
    for (size_t i = 0; i < plan->count && plan_loses(&plan->entries[i]) && !hidden; i++) {
        if (!is_first_of_reason(plan, i))
            continue;
        if (reasons++ == SHOWN_REASONS)
            hidden = true;
        else
            print_reason(out, plan, i);
    }
    if (hidden)
        fprintf(out, "\n... and others for further reasons (--json shows all)\n");
}

int plan_print_rest(FILE *out, const struct plan *plan)
{
    static const char *const title[] = {"Phone", "Model", "List", "Holds", "Verdict", "Rule"};
    struct grid *grid = NULL;
    size_t count = 0;
    int result = grid_new(&grid, sizeof title / sizeof *title);
    if (result)
        return result;
    for (size_t i = 0; i < sizeof title / sizeof *title; i++)
        grid_text(grid, title[i]);
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        if (plan_loses(entry))
            continue;
        grid_text(grid, device_name(entry));
        grid_text(grid, model_name(entry));
        grid_text(grid, list_name(entry));
        grid_format(grid, "%.*s", HASH_SHOWN, entry->held[0] ? entry->held : "nothing");
        grid_format(grid, "%s%s", verdict_text(entry->answer.verdict),
                    entry->lost_before ? ", as now" : "");
        grid_text(grid, accept_rule_text(entry->answer.rule));
        count++;
    }
    if (count)
        result = grid_print(grid, out, GRID_TITLED);
    grid_free(grid);
    return result;
}

static json_t *entry_json(const struct plan_entry *entry)
{
    return json_pack("{s:o, s:o, s:s, s:o, s:s, s:s, s:o, s:b, s:b}", "device",
                     entry->device[0] ? json_string(entry->device) : json_null(), "model",
                     entry->model[0] ? cli_json_text(bytes_of_string(entry->model)) : json_null(),
                     "list", list_name(entry), "held",
                     entry->held[0] ? json_string(entry->held) : json_null(), "verdict",
                     verdict_text(entry->answer.verdict), "rule",
                     accept_rule_text(entry->answer.rule), "explanation",
                     cli_json_text(bytes_of_string(entry->answer.explanation)), "inferred",
                     (int)entry->answer.inferred, "lost_before", (int)entry->lost_before);
}

json_t *plan_json(const struct plan *plan)
{
    json_t *phones = json_array();
    for (size_t i = 0; i < plan->count; i++) {
        if (json_array_append_new(phones, entry_json(&plan->entries[i])) != 0) {
            json_decref(phones);
            return NULL;
        }
    }
    return phones;
}
