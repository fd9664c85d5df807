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

static bool is_lost(const struct plan_entry *entry)
{
    return entry->answer.verdict != VERDICT_YES;
}

int plan_count(struct plan_count *out, const struct plan *plan)
{
    struct map *seen = NULL;
    struct map *lost = NULL;
    int result = map_new(&seen, PHONES_MAX);
    if (result == 0)
        result = map_new(&lost, PHONES_MAX);
    bool unknown = false;
    bool unknown_lost = false;
    for (size_t i = 0; i < plan->count && result == 0; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        struct bytes name = bytes_of_string(entry->device);
        if (name.size == 0) {
            unknown = true;
            unknown_lost = unknown_lost || is_lost(entry);
            continue;
        }
        if (!map_get(seen, name))
            result = map_add(seen, name, plan->entries);
        if (result == 0 && is_lost(entry) && !map_get(lost, name))
            result = map_add(lost, name, plan->entries);
    }
    if (result == 0)
        *out = (struct plan_count){.known = plan->phones - (unknown && plan->phones),
                                   .lost = map_count(lost),
                                   .fetching = map_count(seen),
                                   .unknown_lost = unknown_lost};
    map_free(seen);
    map_free(lost);
    return result;
}

char *plan_lost_text(char out[80], const struct plan_count *count)
{
    text_format(out, 80, "%zu of %zu known phones%s", count->lost, count->known,
                count->unknown_lost ? ", and unknown ones" : "");
    return out;
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
    char lost[80];
    fprintf(out, "Would be locked out: %s\n", plan_lost_text(lost, count));
    for (size_t i = 0; i < plan->count && is_lost(&plan->entries[i]) && !hidden; i++) {
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
        if (is_lost(entry))
            continue;
        grid_text(grid, device_name(entry));
        grid_text(grid, model_name(entry));
        grid_text(grid, list_name(entry));
        grid_format(grid, "%.*s", HASH_SHOWN, entry->held[0] ? entry->held : "nothing");
        grid_text(grid, verdict_text(entry->answer.verdict));
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
    return json_pack("{s:o, s:o, s:s, s:o, s:s, s:s, s:o, s:b}", "device",
                     entry->device[0] ? json_string(entry->device) : json_null(), "model",
                     entry->model[0] ? cli_json_text(bytes_of_string(entry->model)) : json_null(),
                     "list", list_name(entry), "held",
                     entry->held[0] ? json_string(entry->held) : json_null(), "verdict",
                     verdict_text(entry->answer.verdict), "rule",
                     accept_rule_text(entry->answer.rule), "explanation",
                     cli_json_text(bytes_of_string(entry->answer.explanation)), "inferred",
                     (int)entry->answer.inferred);
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
