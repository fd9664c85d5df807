#include "cli/planview.h"

#include "base/map.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/grid.h"
#include "trust/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PHONES_MAX = 2000000,
    GROUPS_MAX = 10000,
    MODELS_MAX = 200,
    SHOWN_PHONES = 20, /* of each reason: more would bury the next */
    SHOWN_MODELS = 6,
    FEW_ANSWERS = 40, /* are shown one by one */
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

/* For people; programs get the words of verdict_text(). */
static const char *answer_word(const struct plan_entry *entry)
{
    switch (entry->answer.verdict) {
    case VERDICT_YES:
        return "accepts";
    case VERDICT_THROUGH_TVS:
        return "through TVS";
    case VERDICT_NO:
        return entry->lost_before ? "refuses, as now" : "refuses";
    case VERDICT_UNKNOWN:
        break;
    }
    return entry->lost_before ? "unknown, as now" : "unknown";
}

/* ---- counting ---- */

/* Sets of names. */
struct tally {
    struct map *fetching, *lost, *burnt, *lost_before, *through_tvs;
};

static int note_name(struct map *names, struct bytes name, bool is_one)
{
    return !is_one || map_get(names, name) ? 0 : map_add(names, name, names);
}

static int tally_init(struct tally *t)
{
    struct map **const maps[] = {&t->fetching, &t->lost, &t->burnt, &t->lost_before,
                                 &t->through_tvs};
    int result = 0;
    *t = (struct tally){.lost = NULL};
    for (size_t i = 0; i < sizeof maps / sizeof *maps && result == 0; i++)
        result = map_new(maps[i], PHONES_MAX);
    return result;
}

static void tally_fini(struct tally *t)
{
    map_free(t->fetching);
    map_free(t->lost);
    map_free(t->burnt);
    map_free(t->lost_before);
    map_free(t->through_tvs);
}

static int tally_entry(struct tally *t, const struct plan_entry *e)
{
    struct bytes name = bytes_of_string(e->device);
    bool is_list = e->topic == TOPIC_CTL || e->topic == TOPIC_ITL;
    int result = note_name(t->fetching, name, is_list);
    if (result == 0)
        result = note_name(t->lost, name, plan_loses(e));
    if (result == 0)
        result = note_name(t->burnt, name, plan_burns(e));
    if (result == 0)
        result = note_name(t->lost_before, name, e->lost_before);
    if (result == 0)
        result = note_name(t->through_tvs, name, e->answer.verdict == VERDICT_THROUGH_TVS);
    return result;
}

int plan_count(struct plan_count *out, const struct plan *plan)
{
    struct tally tally;
    struct plan_count count = {.known = plan->phones};
    int result = tally_init(&tally);
    for (size_t i = 0; i < plan->count && result == 0; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        if (entry->device[0]) {
            result = tally_entry(&tally, entry);
            continue;
        }
        count.unknown_lost = count.unknown_lost || plan_loses(entry);
        count.unknown_lost_before = count.unknown_lost_before || entry->lost_before;
    }
    if (result == 0) {
        count.known -= plan->strangers;
        count.fetching = map_count(tally.fetching);
        count.lost = map_count(tally.lost);
        count.burnt = map_count(tally.burnt);
        count.lost_before = map_count(tally.lost_before);
        count.through_tvs = map_count(tally.through_tvs);
        *out = count;
    }
    tally_fini(&tally);
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

static bool loses_any(const struct plan_count *count)
{
    return count->lost || count->unknown_lost;
}

char *plan_refusal_text(char out[PLAN_TEXT], const struct plan_count *count)
{
    char phones[PLAN_TEXT];
    if (loses_any(count))
        text_format(out, PLAN_TEXT, "%s would be locked out", plan_lost_text(phones, count));
    else
        text_format(out, PLAN_TEXT, "%s have not taken the last change yet",
                    phones_text(phones, count->burnt, count->known, false));
    return out;
}

void plan_print_lost_before(FILE *out, const struct plan_count *count)
{
    char lost[PLAN_TEXT];
    if (!count->lost_before && !count->unknown_lost_before)
        return;
    fprintf(out, "Lost before, since they refuse what is served now, too: %s\n",
            phones_text(lost, count->lost_before, count->known, count->unknown_lost_before));
}

/* ---- what phones have in common ---- */

struct model_count {
    const char *name;
    const struct plan_entry *one;
    size_t count;
};

/* Entries that differ in the phone alone. */
struct group {
    const struct plan_entry *first;
    size_t count;
    struct model_count models[MODELS_MAX];
    size_t model_count;
};

struct groups {
    struct group *all; /* in the order of the plan */
    size_t count;
};

/* What makes a group; padding is zero. */
struct group_key {
    int topic, verdict, rule, lost, burns, remedy, bridge;
};

static struct group_key key_of(const struct plan_entry *e)
{
    return (struct group_key){
        (int)e->topic,
        (int)e->answer.verdict,
        (int)e->answer.rule,
        plan_loses(e) + 2 * e->lost_before + 4 * e->again,
        plan_burns(e),
        (int)e->remedy,
        plan_burns(e) ? (int)e->bridge : 0,
    };
}

static void count_model(struct group *g, const struct plan_entry *e)
{
    for (size_t i = 0; i < g->model_count; i++) {
        if (strcmp(g->models[i].name, e->model) != 0)
            continue;
        g->models[i].count++;
        return;
    }
    if (g->model_count < MODELS_MAX)
        g->models[g->model_count++] = (struct model_count){e->model, e, 1};
}

/* NULL when memory ran out. */
static struct group *find_group(struct groups *groups, struct map *by_key,
                                const struct plan_entry *e)
{
    const struct group_key key = key_of(e);
    struct bytes bytes = bytes_of(&key, sizeof key);
    size_t at = (size_t)map_get(by_key, bytes);
    if (at)
        return &groups->all[at - 1];
    struct group *all = reallocarray(groups->all, groups->count + 1, sizeof *all);
    if (!all)
        return NULL;
    groups->all = all;
    all[groups->count] = (struct group){.first = e};
    if (map_add(by_key, bytes, (void *)(groups->count + 1)) != 0)
        return NULL;
    return &all[groups->count++];
}

static int groups_make(struct groups *out, const struct plan *plan)
{
    struct map *by_key = NULL;
    *out = (struct groups){.all = NULL};
    int result = map_new(&by_key, GROUPS_MAX);
    for (size_t i = 0; i < plan->count && result == 0; i++) {
        struct group *group = find_group(out, by_key, &plan->entries[i]);
        if (group) {
            group->count++;
            count_model(group, &plan->entries[i]);
        }
        result = group ? 0 : -ENOMEM;
    }
    map_free(by_key);
    return result;
}

static void groups_free(struct groups *groups)
{
    free(groups->all);
}

static int more_phones(const void *x, const void *y)
{
    const struct model_count *a = x;
    const struct model_count *b = y;
    return a->count == b->count ? strcmp(a->name, b->name) : a->count < b->count ? 1 : -1;
}

/* "120 7975, 40 8851, ..." */
static char *models_text(char *out, size_t size, struct group *g)
{
    size_t used = 0;
    qsort(g->models, g->model_count, sizeof *g->models, more_phones);
    out[0] = '\0';
    for (size_t i = 0; i < g->model_count && used < size; i++) {
        if (i == SHOWN_MODELS) {
            text_format(out + used, size - used, ", ...");
            break;
        }
        text_format(out + used, size - used, "%s%zu %s", i ? ", " : "", g->models[i].count,
                    g->models[i].name[0] ? g->models[i].name : "unknown");
        used = strlen(out);
    }
    return out;
}

/* ---- those in the way ---- */

static void print_phones(FILE *out, const struct plan *plan, const struct group *g)
{
    const struct group_key wanted = key_of(g->first);
    size_t shown = 0;
    for (size_t i = 0; i < plan->count && shown < SHOWN_PHONES; i++) {
        const struct plan_entry *e = &plan->entries[i];
        const struct group_key key = key_of(e);
        if (memcmp(&key, &wanted, sizeof key) != 0)
            continue;
        fprintf(out, "    %s  ", device_name(e));
        cli_print(out, model_name(e));
        fputc('\n', out);
        shown++;
    }
    if (g->count > shown)
        fprintf(out, "    ... and %zu more\n", g->count - shown);
}

static void print_hands(FILE *out, const struct group *g)
{
    fputs("nothing from here. Afterwards a person has to erase their lists:\n", out);
    for (size_t i = 0; i < g->model_count; i++) {
        const struct plan_entry *e = g->models[i].one;
        fprintf(out, "    %s%s: %s\n", model_name(e),
                e->erase && e->erase_inferred ? " (inferred)" : "",
                e->erase ? e->erase : "how is not known");
    }
}

/* Whole sentences; a person's keys are another matter. */
static const char *const helps[REMEDY_COUNT] = {
    [REMEDY_FETCH_FIRST] =
        "to wait. They need the lists that are served now, and it has to be\n"
        "  proved that they took them: by a registration over TLS, or by what newer phones "
        "report.\n",
    [REMEDY_SECOND_ANCHOR] =
        "a second anchor, which signs what follows a change of the first one:\n"
        "  trustline parameter set list_anchors callmanager,itlrecovery\n"
        "  and, when they have taken the lists that name it, this.\n",
    [REMEDY_START_TVS] = "TVS, which they would ask:\n"
                         "  trustline utils service start Cisco Trust Verification Service\n",
    [REMEDY_LEGACY_TLS] = "the TVS they would ask, if it spoke TLS 1.0: legacy_tls = on in\n"
                          "  trustline.conf, and then start trustlined anew.\n",
    [REMEDY_VOUCH] = "TVS, if it knew the signer:\n"
                     "  trustline set cert import trust Phone-SAST-trust FILE\n",
    [REMEDY_SHA1] =
        "SHA-1, which all phones know:\n"
        "  trustline parameter set TFTPFileSignatureAlgorithm SHA-1\n"
        "  Without it they keep the files they have, and take no new ones; nothing has to "
        "be erased.\n",
    [REMEDY_SMALLER_KEY] = "a key of a size they take:\n"
                           "  trustline parameter set key_size 2048\n"
                           "  and then a new certificate.\n",
    [REMEDY_TRAIT] = "to know what they can do:\n"
                     "  trustline model set MODEL TRAIT=VALUE, or phone update NAME --trait "
                     "TRAIT=VALUE\n",
};

static void print_remedy(FILE *out, const struct group *g)
{
    fputs("  What would save them: ", out);
    if (helps[g->first->remedy])
        fputs(helps[g->first->remedy], out);
    else
        print_hands(out, g);
}

static void print_group(FILE *out, const struct plan *plan, const struct group *g)
{
    const struct plan_entry *e = g->first;
    fprintf(out, "\n%s, %s (%s): %zu\n", topic_text(e->topic), accept_rule_text(e->answer.rule),
            verdict_text(e->answer.verdict), g->count);
    cli_print_wrapped(out, 2, e->answer.explanation);
    print_phones(out, plan, g);
    print_remedy(out, g);
}

static void print_burnt(FILE *out, const struct plan *plan, const struct group *g)
{
    const char *list = topic_text(g->first->topic);
    if (g->first->bridge == BRIDGE_ANCHORS)
        fprintf(out,
                "\n%s, both anchors: %zu\n"
                "  These phones have not fetched the lists that followed the last change of an "
                "anchor, and\n"
                "  this would change the other one they know.\n",
                list, g->count);
    else
        fprintf(out,
                "\n%s, the signer of files and TVS: %zu\n"
                "  These phones have not fetched the lists that followed the last change of one of "
                "them, and\n"
                "  this would change the other.\n",
                list, g->count);
    print_phones(out, plan, g);
    fputs("  What would save them: to wait until they have fetched ('trustline phone list' shows "
          "it).\n",
          out);
}

int plan_print_refusal(FILE *out, const struct plan *plan, const struct plan_count *count)
{
    struct groups groups;
    char text[PLAN_TEXT];
    int result = groups_make(&groups, plan);
    if (result == 0 && loses_any(count))
        fprintf(out, "Would be locked out: %s\n", plan_lost_text(text, count));
    for (size_t i = 0; i < groups.count && result == 0; i++)
        if (plan_loses(groups.all[i].first) && !groups.all[i].first->again)
            print_group(out, plan, &groups.all[i]);
    if (result == 0 && count->burnt)
        fprintf(out, "%sNot yet: %s\n", loses_any(count) ? "\n" : "",
                phones_text(text, count->burnt, count->known, false));
    for (size_t i = 0; i < groups.count && result == 0; i++)
        if (plan_burns(groups.all[i].first))
            print_burnt(out, plan, &groups.all[i]);
    groups_free(&groups);
    return result;
}

/* ---- all of them ---- */

static int print_rows(struct grid *grid, const struct plan *plan)
{
    static const char *const title[] = {"Phone", "Model", "About", "Holds", "Answer", "Rule"};
    for (size_t i = 0; i < sizeof title / sizeof *title; i++)
        grid_text(grid, title[i]);
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_entry *entry = &plan->entries[i];
        grid_text(grid, device_name(entry));
        grid_text(grid, model_name(entry));
        grid_text(grid, topic_text(entry->topic));
        grid_format(grid, "%.*s", HASH_SHOWN, entry->held[0] ? entry->held : "nothing");
        grid_text(grid, answer_word(entry));
        grid_text(grid, accept_rule_text(entry->answer.rule));
    }
    return 0;
}

static int print_sums(struct grid *grid, const struct plan *plan)
{
    static const char *const title[] = {"Phones", "About", "Answer", "Rule", "Models"};
    struct groups groups;
    char models[200];
    int result = groups_make(&groups, plan);
    for (size_t i = 0; i < sizeof title / sizeof *title; i++)
        grid_text(grid, title[i]);
    for (size_t i = 0; i < groups.count && result == 0; i++) {
        struct group *g = &groups.all[i];
        grid_format(grid, "%zu", g->count);
        grid_text(grid, topic_text(g->first->topic));
        grid_format(grid, "%s%s", answer_word(g->first), plan_burns(g->first) ? ", not yet" : "");
        grid_text(grid, accept_rule_text(g->first->answer.rule));
        grid_text(grid, models_text(models, sizeof models, g));
    }
    groups_free(&groups);
    return result;
}

int plan_print_answers(FILE *out, const struct plan *plan)
{
    struct grid *grid = NULL;
    bool few = plan->count <= FEW_ANSWERS;
    if (!plan->count)
        return 0;
    int result = grid_new(&grid, few ? 6 : 5);
    if (result)
        return result;
    result = few ? print_rows(grid, plan) : print_sums(grid, plan);
    if (result == 0)
        result = grid_print(grid, out, GRID_TITLED);
    if (result == 0 && !few)
        fputs("(--json names every phone)\n", out);
    grid_free(grid);
    return result;
}

/* ---- as JSON ---- */

static json_t *word_or_null(const char *word)
{
    return word && *word ? json_string(word) : json_null();
}

static json_t *entry_json(const struct plan_entry *e)
{
    bool is_list = e->topic == TOPIC_CTL || e->topic == TOPIC_ITL;
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:s, s:s, s:o, s:b, s:b, s:b, s:o, s:o, s:o}",
                     "device", word_or_null(e->device), "model",
                     e->model[0] ? cli_json_text(bytes_of_string(e->model)) : json_null(), "topic",
                     topic_word(e->topic), "list",
                     is_list ? json_string(topic_text(e->topic)) : json_null(), "held",
                     word_or_null(e->held), "verdict", verdict_text(e->answer.verdict), "rule",
                     accept_rule_text(e->answer.rule), "explanation",
                     cli_json_text(bytes_of_string(e->answer.explanation)), "inferred",
                     (int)e->answer.inferred, "lost", (int)plan_loses(e), "lost_before",
                     (int)e->lost_before, "remedy", word_or_null(plan_remedy_text(e->remedy)),
                     "bridge", word_or_null(plan_burns(e) ? plan_bridge_text(e->bridge) : ""),
                     "erase_lists", word_or_null(e->erase));
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
