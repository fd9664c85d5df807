#include "phone/tally_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

int tally_init(struct tally *tally, size_t phones)
{
    *tally = (struct tally){.expected = phones,
                            .boot_ms = calloc(phones, sizeof *tally->boot_ms),
                            .enrol_ms = calloc(phones, sizeof *tally->enrol_ms)};
    if (tally->boot_ms && tally->enrol_ms)
        return 0;
    tally_fini(tally);
    return -ENOMEM;
}

void tally_fini(struct tally *tally)
{
    free(tally->boot_ms);
    free(tally->enrol_ms);
    free(tally->register_ms);
    free(tally->setup_ms);
    *tally = (struct tally){0};
}

/* ---- counting ---- */

void tally_note(struct tally *tally, int kind, const char *device, const char *words)
{
    for (size_t i = 0; i < tally->trouble_count; i++)
        if (tally->troubles[i].kind == kind)
            return;
    if (tally->trouble_count == TALLY_TROUBLES)
        return;
    struct tally_trouble *t = &tally->troubles[tally->trouble_count++];
    t->kind = kind;
    text_copy(t->device, sizeof t->device, device);
    text_copy(t->words, sizeof t->words, words);
}

void tally_trouble(struct tally *tally, const char *device, const char *words)
{
    tally_note(tally, TROUBLE_FLASH, device, words);
}

static void count_file(struct tally *tally, const struct boot *boot,
                       const struct boot_action *action)
{
    tally->results[action->result]++;
    tally->bytes += action->content.size;
    if (action->result == RESULT_FAILED)
        tally->failures[action->failure]++;
    if (!action->answer)
        return;
    if (action->result == RESULT_NOT_OURS)
        return;
    if (action->result != RESULT_REFUSED) {
        tally->taken[action->answer->rule]++;
        return;
    }
    char words[800];
    char name[200];
    tally->refused[action->answer->rule]++;
    text_format(words, sizeof words, "%s is refused by rule %s: %s",
                text_escape(name, sizeof name, bytes_of_string(action->name)),
                accept_rule_text(action->answer->rule), action->answer->explanation);
    tally_note(tally, (int)action->answer->rule, boot_device(boot), words);
}

void tally_action(struct tally *tally, const struct boot *boot, const struct boot_action *action)
{
    if (action->kind == BOOT_FILE)
        count_file(tally, boot, action);
    else if (action->kind == BOOT_OVER && action->outcome == OUTCOME_FAILED)
        tally_note(tally, TROUBLE_FILES, boot_device(boot), action->words);
}

void tally_enrolled(struct tally *tally, const char *device, const struct enrolment_result *result,
                    int64_t ms)
{
    enum enrol_outcome outcome = result->outcome;
    size_t *installed = &tally->enrolments[ENROL_INSTALLED];
    if (outcome == ENROL_INSTALLED && *installed < tally->expected)
        tally->enrol_ms[*installed] = (uint32_t)ms;
    tally->enrolments[outcome]++;
    if (*result->words)
        tally_note(tally, TROUBLE_CAPF + (int)outcome, device, result->words);
}

void tally_tvs(struct tally *tally, const struct tvsc_news *news)
{
    if (news->testimony)
        tally->tvs[news->testimony->kind]++;
}

void tally_phone(struct tally *tally, enum boot_outcome outcome, int64_t ms)
{
    if (tally->phones == tally->expected)
        return;
    if (outcome == OUTCOME_FILES)
        tally->boot_ms[tally->outcomes[OUTCOME_FILES]] = (uint32_t)ms;
    tally->outcomes[outcome]++;
    tally->phones++;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

unsigned tally_rank(uint32_t *ms, size_t n, unsigned percent)
{
    if (n == 0)
        return 0;
    qsort(ms, n, sizeof *ms, compare);
    size_t rank = (n * percent + 99) / 100;
    return ms[rank ? rank - 1 : 0];
}

unsigned tally_percentile(struct tally *tally, unsigned percent)
{
    return tally_rank(tally->boot_ms, tally->outcomes[OUTCOME_FILES], percent);
}

/* ---- printing ---- */

static size_t arrived(const struct tally *t)
{
    return t->results[RESULT_ACCEPTED] + t->results[RESULT_UNCHANGED] + t->results[RESULT_REFUSED] +
           t->results[RESULT_NOT_OURS];
}

static double seconds(const struct tally *t)
{
    return t->elapsed_ms > 0 ? (double)t->elapsed_ms / 1000.0 : 0.001;
}

void tally_print_times(FILE *out, uint32_t *ms, size_t n)
{
    if (n)
        fprintf(out, "50%% in %u ms, 90%% in %u ms, 99%% in %u ms, all in %u ms",
                tally_rank(ms, n, 50), tally_rank(ms, n, 90), tally_rank(ms, n, 99),
                tally_rank(ms, n, 100));
    fputc('\n', out);
}

/* "first_list 2, unsigned 4" of the counts that are not zero. */
static void print_counts(FILE *out, const char *what, const size_t *counts, size_t size,
                         const char *(*word)(int number))
{
    const char *separator = what;
    for (size_t i = 0; i < size; i++) {
        if (counts[i] == 0)
            continue;
        fprintf(out, "%s%s %zu", separator, word((int)i), counts[i]);
        separator = ", ";
    }
    if (separator != what)
        fputc('\n', out);
}

static const char *rule_word(int number)
{
    return accept_rule_text((enum accept_rule)number);
}

static const char *enrolment_word(int number)
{
    return enrol_outcome_text((enum enrol_outcome)number);
}

static const char *tvs_word(int number)
{
    return testimony_text((enum testimony_kind)number);
}

static const char *failure_word(int number)
{
    return boot_failure_text((enum boot_failure)number);
}

void tally_print(struct tally *t, FILE *out)
{
    fprintf(out, "%zu phones: %zu %s, %zu failed, %zu refused something\n", t->phones,
            t->outcomes[OUTCOME_FILES], t->register_ms ? "are registered" : "have their files",
            t->outcomes[OUTCOME_FAILED], t->outcomes[OUTCOME_REFUSED]);
    fprintf(out, "  time        %.1f s: %.0f phones/s, %.0f files/s, %.1f MB/s\n", seconds(t),
            (double)t->phones / seconds(t), (double)arrived(t) / seconds(t),
            (double)t->bytes / 1e6 / seconds(t));
    if (t->outcomes[OUTCOME_FILES])
        fputs("  boot        ", out);
    if (t->outcomes[OUTCOME_FILES])
        tally_print_times(out, t->boot_ms, t->outcomes[OUTCOME_FILES]);
    fprintf(out, "  files       %zu arrived (%.1f MB), %zu were not there, %zu failed\n",
            arrived(t), (double)t->bytes / 1e6, t->results[RESULT_ABSENT],
            t->results[RESULT_FAILED]);
    fprintf(out, "  sent again  %" PRIu64 " datagrams\n", t->resent);
    print_counts(out, "  TVS         ", t->tvs, TESTIMONY_VOUCHED + 1, tvs_word);
    print_counts(out, "  CAPF        ", t->enrolments, ENROL_OUTCOMES, enrolment_word);
    if (t->enrolments[ENROL_INSTALLED]) {
        fprintf(out, "  enrolled    %.1f phones/s; ",
                (double)t->enrolments[ENROL_INSTALLED] / seconds(t));
        tally_print_times(out, t->enrol_ms, t->enrolments[ENROL_INSTALLED]);
    }
    tally_print_calls(t, out);
    print_counts(out, "  taken by    ", t->taken, RULE_COUNT, rule_word);
    print_counts(out, "  refused by  ", t->refused, RULE_COUNT, rule_word);
    print_counts(out, "  failed by   ", t->failures, FAILURE_LOCAL + 1, failure_word);
    if (t->results[RESULT_BY_TFTP])
        fprintf(out, "  by TFTP     %zu files, after HTTP had failed\n",
                t->results[RESULT_BY_TFTP]);
    for (size_t i = 0; i < t->trouble_count; i++)
        fprintf(out, "such as %s: %s\n", t->troubles[i].device, t->troubles[i].words);
}

/* ---- JSON ---- */

json_t *tally_times(uint32_t *ms, size_t n)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "p50", (json_int_t)tally_rank(ms, n, 50), "p90",
                     (json_int_t)tally_rank(ms, n, 90), "p99", (json_int_t)tally_rank(ms, n, 99),
                     "max", (json_int_t)tally_rank(ms, n, 100));
}

static json_t *counts_of(const size_t *counts, size_t size, const char *(*word)(int number))
{
    json_t *object = json_object();
    for (size_t i = 0; i < size; i++)
        if (counts[i] &&
            json_object_set_new(object, word((int)i), json_integer((json_int_t)counts[i])) != 0)
            break;
    return object;
}

static json_t *troubles_of(const struct tally *t)
{
    json_t *array = json_array();
    for (size_t i = 0; i < t->trouble_count; i++)
        if (json_array_append_new(array, json_pack("{s:s, s:s}", "device", t->troubles[i].device,
                                                   "error", t->troubles[i].words)) != 0)
            break;
    return array;
}

static const char *result_word(int number)
{
    return boot_result_text((enum boot_result)number);
}

static int put_enrolments(json_t *root, struct tally *t)
{
    json_t *times = tally_times(t->enrol_ms, t->enrolments[ENROL_INSTALLED]);
    json_t *counts = counts_of(t->enrolments, ENROL_OUTCOMES, enrolment_word);
    double rate = (double)t->enrolments[ENROL_INSTALLED] / seconds(t);
    int result = json_object_set_new(root, "enrolments", counts);
    result |= json_object_set_new(root, "enrol_ms", times);
    result |= json_object_set_new(root, "tvs", counts_of(t->tvs, TESTIMONY_VOUCHED + 1, tvs_word));
    return result | json_object_set_new(root, "enrolled_per_second", json_real(rate));
}

int tally_print_json(struct tally *t, FILE *out)
{
    json_t *root = json_pack(
        "{s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",
        "phones", (json_int_t)t->phones, "reached", (json_int_t)t->outcomes[OUTCOME_FILES],
        "failed", (json_int_t)t->outcomes[OUTCOME_FAILED], "refused",
        (json_int_t)t->outcomes[OUTCOME_REFUSED], "seconds", seconds(t), "phones_per_second",
        (double)t->phones / seconds(t), "files_per_second", (double)arrived(t) / seconds(t),
        "boot_ms", tally_times(t->boot_ms, t->outcomes[OUTCOME_FILES]), "bytes",
        (json_int_t)t->bytes, "resent", (json_int_t)t->resent, "lists", (json_int_t)t->most_lists,
        "files", counts_of(t->results, RESULT_BY_TFTP + 1, result_word), "taken_by_rule",
        counts_of(t->taken, RULE_COUNT, rule_word), "refused_by_rule",
        counts_of(t->refused, RULE_COUNT, rule_word), "failures",
        counts_of(t->failures, FAILURE_LOCAL + 1, failure_word), "troubles", troubles_of(t));
    if (root && (put_enrolments(root, t) != 0 || tally_put_calls(t, root) != 0)) {
        json_decref(root);
        root = NULL;
    }
    int printed = root ? json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : -1;
    json_decref(root);
    if (printed == 0)
        fputc('\n', out);
    return printed == 0 ? 0 : -ENOMEM;
}
