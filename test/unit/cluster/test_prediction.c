/*
 * Prediction equals behaviour: random clusters, phones and changes. The plan of a change is made,
 * then the change is done for real, and every phone restarts: no phone that the plan called safe is
 * lost, and none that it called lost survives.
 *
 * TRUSTLINE_TEST_SEED=N runs the one case with that seed, which a failure prints.
 */
#include "lab.h"

enum {
    CASES = 200,
    CASES_LONG = 4000,
    HISTORY = 5,
    SIGNER_CASES = 500, /* a signer keeps the keys it has seen, up to a limit */
};

static uint64_t seed;

static struct cases {
    size_t safe, through_tvs, lost, unknown, files;
} seen;

/* ---- changes ---- */

/* Chosen once, so that the plan and the act are about the same. */
struct change_of {
    unsigned kind;
    unsigned which;
    const struct card *next; /* of an import; NULL: not drawn yet */
};

static struct change_of choose(void)
{
    return (struct change_of){.kind = chance(12), .which = chance(4)};
}

static int import(struct lab *lab, struct act_report *report, const char *name,
                  struct change_of *change, const struct act_options *options)
{
    if (!change->next)
        change->next = lab_draw(lab, &lab->nodes[0], name);
    int result = cluster_certificate_import(lab->cluster, report, name,
                                            buffer_bytes(&change->next->pem), options, NULL);
    if (result == 0 && !options->dry_run && strcmp(name, KEY_CALLMANAGER) == 0)
        lab->callmanager = change->next;
    return result;
}

static int parameter(struct lab *lab, struct act_report *report, const char *name,
                     const char *value, const struct act_options *options)
{
    return cluster_parameter_set(lab->cluster, report, name, value, options, NULL);
}

static int do_change(struct lab *lab, struct act_report *report, struct change_of *change,
                     const struct act_options *options)
{
    static const char *const names[] = {KEY_CALLMANAGER, KEY_CALLMANAGER, KEY_RECOVERY, KEY_TVS,
                                        KEY_CAPF};
    static const char *const anchors[] = {"callmanager,itlrecovery", "itlrecovery,callmanager",
                                          "callmanager", "itlrecovery"};
    int mode = 0;
    assert_int_equal(cluster_security_mode(lab->cluster, &mode, NULL), 0);
    switch (change->kind) {
    case 5:
        return cluster_set_mode(lab->cluster, report, change->which % 2, options, NULL);
    case 6:
        return parameter(lab, report, PARAMETER_ANCHORS, anchors[change->which], options);
    case 7:
        return parameter(lab, report, PARAMETER_ROLLBACK, change->which ? "0" : "1", options);
    case 8:
        return parameter(lab, report, PARAMETER_FILE_DIGEST, change->which ? "SHA-1" : "SHA-512",
                         options);
    case 9:
        return cluster_reset_localkey(lab->cluster, report, mode ? LIST_CTL : LIST_ITL, options,
                                      NULL);
    case 10:
        return cluster_reset_localkey(lab->cluster, report, LIST_ITL, options, NULL);
    case 11:
        return cluster_update_ctl(lab->cluster, report, options, NULL);
    default:
        return import(lab, report, names[change->kind], change, options);
    }
}

static const struct act_options plan_only = {.dry_run = true, .accept_lockout = true};
static const struct act_options for_real = {.accept_lockout = true};

static void change_at_random(struct lab *lab)
{
    struct change_of change = choose();
    struct act_report report;
    act_report_init(&report);
    int result = do_change(lab, &report, &change, &for_real);
    assert_true(result == 0 || result == ERR_POLICY); /* no CTL to update, no such anchor */
    act_report_fini(&report);
}

/* ---- what happens besides ---- */

/* The phone was switched off after its first list, and the end of that was not acknowledged. */
static void boot_broken(struct lab *lab, struct lab_phone *p)
{
    struct lab_result ignored = {.asked = false};
    lab_fetch(lab, p, LIST_CTL, one_in(2), &ignored);
    lab_observe(lab, p, LIST_CTL, NULL, false);
    lab_observe(lab, p, LIST_CTL, NULL, false);
    lab_observe(lab, p, LIST_CTL, NULL, false);
}

/* Somebody else fetches its lists. Of a phone that was served lists and holds none the plan says
 * more than is so (trust/history.h): a stranger comes only after the phone has taken one. */
static void spoof(struct lab *lab, const struct lab_phone *p)
{
    if (!p->flash[LIST_CTL].size && !p->flash[LIST_ITL].size)
        return;
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++) {
        struct store_list list;
        if (store_list_current(lab->store, kind, &list) != 0)
            continue;
        lab_observe(lab, p, kind, list.hash, true);
        store_list_fini(&list);
    }
}

/* Evidence for what it really holds. */
static void prove(struct lab *lab, const struct lab_phone *p)
{
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++) {
        char hash[LIST_HASH];
        if (!p->flash[kind].size || one_in(2))
            continue;
        assert_int_equal(digest_hex(DIGEST_KIND_SHA256, buffer_bytes(&p->flash[kind]), hash), 0);
        assert_int_equal(store_held_confirm(lab->store, p->name, hash, lab->now++), 0);
    }
}

/* As newer phones report it. */
static void report_refusal(struct lab *lab, const struct lab_phone *p, const struct lab_boot *boot)
{
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++)
        if (boot->lists[kind].asked && boot->lists[kind].answer.verdict != VERDICT_YES)
            assert_int_equal(
                store_held_refuse(lab->store, p->name, boot->lists[kind].hash, lab->now++), 0);
}

static bool is_update(const struct lab_boot *boot, enum list_kind kind)
{
    const struct lab_result *r = &boot->lists[kind];
    return r->asked && r->answer.verdict == VERDICT_YES && !r->same;
}

static bool is_refusal(const struct lab_boot *boot, enum list_kind kind)
{
    const struct lab_result *r = &boot->lists[kind];
    return r->asked && r->answer.verdict != VERDICT_YES;
}

/* What became of its lists, as newer phones report it. */
static enum list_alarm alarm_of(const struct lab_boot *boot, const bool held[2])
{
    bool refused_ctl = is_refusal(boot, LIST_CTL);
    bool refused_itl = is_refusal(boot, LIST_ITL);
    bool ctl = is_update(boot, LIST_CTL);
    bool itl = is_update(boot, LIST_ITL);
    if (refused_ctl && refused_itl)
        return held[LIST_CTL] && held[LIST_ITL] ? LIST_ALARM_FAILED_OLD_BOTH : LIST_ALARM_FAILED;
    if (refused_ctl)
        return held[LIST_CTL] ? LIST_ALARM_FAILED_OLD_CTL : LIST_ALARM_FAILED;
    if (refused_itl)
        return held[LIST_ITL] ? LIST_ALARM_FAILED_OLD_ITL : LIST_ALARM_FAILED;
    if (!held[LIST_CTL] && !held[LIST_ITL] && (ctl || itl))
        return ctl && itl ? LIST_ALARM_BOTH_INITIAL
               : ctl      ? LIST_ALARM_CTL_INITIAL
                          : LIST_ALARM_ITL_INITIAL;
    return ctl || itl ? LIST_ALARM_SUCCESS : LIST_ALARM_NONE;
}

/* A whole boot, and what the phone does when it is up. */
static void start(struct lab *lab, struct lab_phone *p)
{
    struct lab_boot boot;
    const bool held[2] = {p->flash[LIST_CTL].size != 0, p->flash[LIST_ITL].size != 0};
    lab_boot(lab, p, &boot);
    if (one_in(3))
        report_refusal(lab, p, &boot);
    enum list_alarm alarm = alarm_of(&boot, held);
    if (one_in(2) && lab_registers(lab, p) && alarm && one_in(2))
        lab_reports(lab, p, alarm);
    if (one_in(2))
        lab->now += 1000;
}

static void trust_something(struct lab *lab)
{
    char file[TRUST_FILE];
    static const char *const purposes[] = {"Phone-SAST-trust", "CallManager-trust"};
    int result = cluster_trust_import(lab->cluster, purposes[chance(2)],
                                      buffer_bytes(&lab->callmanager->pem), file, &for_real, NULL);
    assert_true(result == 0 || result == ERR_DUPLICATE);
}

static void live(struct lab *lab)
{
    for (size_t i = 0; i < lab->phone_count; i++) {
        struct lab_phone *p = &lab->phones[i];
        switch (chance(7)) {
        case 0:
            break;
        case 1:
            boot_broken(lab, p);
            break;
        case 2:
            spoof(lab, p);
            break;
        default:
            start(lab, p);
        }
        if (one_in(6))
            prove(lab, p);
    }
    lab_weigh(lab);
    if (one_in(3))
        lab_tvs(lab, chance((unsigned)lab->node_count), one_in(2));
    if (one_in(6))
        trust_something(lab);
}

/* ---- the comparison ---- */

static const char *story(const struct lab_phone *p, const struct plan_entry *e,
                         const struct answer *real)
{
    static char text[2048];
    snprintf(text, sizeof text,
             "seed %llu: %s, a %s, about %s: the plan says %s (%s: %s), the phone says %s (%s: %s)",
             (unsigned long long)seed, p->name, p->truth.name, e ? topic_text(e->topic) : "files",
             e ? verdict_text(e->answer.verdict) : "nothing",
             e ? accept_rule_text(e->answer.rule) : "-", e ? e->answer.explanation : "",
             verdict_text(real->verdict), accept_rule_text(real->rule), real->explanation);
    return text;
}

static const struct plan_entry *entry_of(const struct plan *plan, const struct lab_phone *p,
                                         enum topic topic)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->entries[i].topic == topic && strcmp(plan->entries[i].device, p->name) == 0)
            return &plan->entries[i];
    return NULL;
}

static void compare(const struct lab_phone *p, const struct plan_entry *e,
                    const struct lab_result *real)
{
    bool taken = real->answer.verdict == VERDICT_YES;
    if (!real->asked) {
        /* What is inferred of its model may be wrong; then a stranger's fetch looks like its own.
         */
        const struct model *table = model_find(p->truth.name);
        const struct trait asks = e->topic == TOPIC_CTL ? table->ctl : table->itl;
        if (e->answer.verdict == VERDICT_NO && asks.value == TRAIT_YES && !asks.inferred)
            fail_msg("called lost, and never asks: %s", story(p, e, &real->answer));
        return;
    }
    switch (e->answer.verdict) {
    case VERDICT_YES:
    case VERDICT_THROUGH_TVS:
        seen.safe += e->answer.verdict == VERDICT_YES;
        seen.through_tvs += e->answer.verdict == VERDICT_THROUGH_TVS;
        if (!taken)
            fail_msg("called safe, and lost: %s", story(p, e, &real->answer));
        break;
    case VERDICT_NO:
        seen.lost++;
        if (taken)
            fail_msg("called lost, and survives: %s", story(p, e, &real->answer));
        break;
    default:
        seen.unknown++;
    }
}

/* Files are shown only where the act makes them worse. */
static void compare_files(const struct plan *plan, const struct lab_phone *p,
                          const struct lab_result *before, const struct lab_result *after)
{
    const struct plan_entry *e = entry_of(plan, p, TOPIC_FILES);
    bool worse = before->answer.verdict == VERDICT_YES && after->answer.verdict != VERDICT_YES;
    if (e) {
        compare(p, e, after);
        return;
    }
    seen.files++;
    if (worse)
        fail_msg("not said to be lost, and lost: %s", story(p, NULL, &after->answer));
}

/* What it would make of its files now, without a restart coming of it. */
static void taste(struct lab *lab, const struct lab_phone *p, struct lab_boot *out)
{
    struct lab_phone copy = *p;
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++) {
        buffer_init(&copy.flash[kind], LIST_BODY_MAX);
        buffer_append(&copy.flash[kind], buffer_bytes(&p->flash[kind]));
    }
    text_copy(copy.name, sizeof copy.name, "SEP0000000000FF"); /* nobody: nothing is observed */
    lab_boot(lab, &copy, out);
    buffer_fini(&copy.flash[LIST_CTL]);
    buffer_fini(&copy.flash[LIST_ITL]);
}

static void foretell(struct lab *lab)
{
    struct change_of change = choose();
    struct act_report report;
    struct act_report done;
    struct lab_boot before[LAB_PHONES];
    struct lab_boot after;
    act_report_init(&report);
    act_report_init(&done);
    int planned = do_change(lab, &report, &change, &plan_only);
    for (size_t i = 0; i < lab->phone_count; i++)
        taste(lab, &lab->phones[i], &before[i]);
    assert_int_equal(do_change(lab, &done, &change, &for_real), planned);
    for (size_t i = 0; i < lab->phone_count && planned == 0; i++) {
        struct lab_phone *p = &lab->phones[i];
        lab_boot(lab, p, &after);
        for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++) {
            const struct plan_entry *e =
                entry_of(&report.plan, p, kind == LIST_CTL ? TOPIC_CTL : TOPIC_ITL);
            if (e)
                compare(p, e, &after.lists[kind]);
            else if (report.lists[kind].changed && after.lists[kind].asked)
                fail_msg("seed %llu: nothing was said of %s", (unsigned long long)seed, p->name);
        }
        compare_files(&report.plan, p, &before[i].files, &after.files);
    }
    act_report_fini(&report);
    act_report_fini(&done);
}

/* ---- cases ---- */

static void add_phones(struct lab *lab)
{
    static const char *const models[] = {"7940", "7960", "7906", "7975", "7961G-GE", "7921",
                                         "6901", "6941", "8841", "8831", "8945",     "9971",
                                         "9841", "CIPC", "CSF",  "7902", "840",      "7937"};
    size_t count = 2 + chance(LAB_PHONES - 1);
    for (size_t i = 0; i < count; i++)
        lab_add_phone(lab, models[chance(sizeof models / sizeof *models)], chance(2));
}

/* Where an anchor's change costs most. */
static void with_one_anchor(struct lab *lab)
{
    struct act_report report;
    act_report_init(&report);
    assert_int_equal(parameter(lab, &report, PARAMETER_ANCHORS,
                               one_in(3) ? "itlrecovery" : "callmanager", &for_real),
                     0);
    act_report_fini(&report);
}

static void play(uint64_t number)
{
    struct lab lab;
    struct act_report report;
    seed = number;
    lab_chance = number * 0x9e3779b97f4a7c15u + 1;
    for (int i = 0; i < 8; i++)
        chance(2);
    lab_open(&lab, 1 + chance(2));
    act_report_init(&report);
    assert_int_equal(cluster_reset_localkey(lab.cluster, &report, LIST_ITL, &for_real, NULL), 0);
    act_report_fini(&report);
    add_phones(&lab);
    if (one_in(2))
        with_one_anchor(&lab);
    for (unsigned i = chance(HISTORY + 1); i > 0; i--) {
        change_at_random(&lab);
        live(&lab);
    }
    foretell(&lab);
    lab_close(&lab);
}

static void test_no_phone_called_safe_is_lost_and_none_called_lost_survives(void **state)
{
    (void)state;
    const char *chosen = getenv("TRUSTLINE_TEST_SEED");
    uint64_t count = test_is_long() ? CASES_LONG : CASES;
    lab_enter();
    for (uint64_t i = 1; i <= count && !chosen; i++) {
        play(i);
        if (i % SIGNER_CASES == 0) {
            lab_leave();
            lab_enter();
        }
    }
    if (chosen)
        play(strtoull(chosen, NULL, 10));
    lab_leave();
    print_message("# %zu safe, %zu through TVS, %zu lost, %zu not known, %zu files\n", seen.safe,
                  seen.through_tvs, seen.lost, seen.unknown, seen.files);
    /* A test of nothing is no test. */
    if (!chosen) {
        assert_true(seen.safe > count / 4);
        assert_true(seen.through_tvs > 5);
        assert_true(seen.lost > count / 20);
    }
}

/* Whatever fails, the case can be played again. */
static int say_seed(void **state)
{
    (void)state;
    print_message("# the last case: TRUSTLINE_TEST_SEED=%llu\n", (unsigned long long)seed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_no_phone_called_safe_is_lost_and_none_called_lost_survives,
                                  say_seed),
    };
    return RUN(tests);
}
