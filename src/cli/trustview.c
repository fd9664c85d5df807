#include "cli/trustview.h"

#include "cli/cli.h"

#include <errno.h>

static const char *answer_word(enum verdict verdict)
{
    static const char *const words[] = {
        [VERDICT_YES] = "accepts",
        [VERDICT_THROUGH_TVS] = "accepts through TVS",
        [VERDICT_NO] = "refuses",
        [VERDICT_UNKNOWN] = "not known",
    };
    return words[verdict];
}

/* The first that has one: they are all of one phone. */
static const struct plan_entry *find_trouble(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->entries[i].remedy != REMEDY_NONE)
            return &plan->entries[i];
    return NULL;
}

/* ---- in words ---- */

static void print_hands(FILE *out, const struct plan_entry *e)
{
    fputs("a person at the phone. Erase its lists by hand: ", out);
    if (e->erase)
        fprintf(out, "%s%s", e->erase, e->erase_inferred ? " (inferred)" : "");
    else
        fputs("how is not known for this model", out);
    fputs(";\n"
          "  when it starts it takes those that are served. If it registers over TLS, that is "
          "seen; else\n"
          "  delete it here and add it again, so that it counts as new.\n",
          out);
}

static void print_help(FILE *out, const struct plan_entry *e, const char *name)
{
    fputs("  What helps: ", out);
    switch (e->remedy) {
    case REMEDY_START_TVS:
        fputs("the TVS that its ITL names, which does not run:\n"
              "  trustline utils service start Cisco Trust Verification Service\n"
              "  and then restart the phone.\n",
              out);
        break;
    case REMEDY_LEGACY_TLS:
        fputs("its TVS, if that spoke TLS 1.0: legacy_tls = on in trustline.conf; start trustlined "
              "anew,\n"
              "  and then restart the phone.\n",
              out);
        break;
    case REMEDY_VOUCH:
        fputs("TVS, if it knew the signer:\n"
              "  trustline set cert import trust Phone-SAST-trust FILE\n"
              "  and then restart the phone.\n",
              out);
        break;
    case REMEDY_SHA1:
        fputs("files signed with SHA-1, which all phones know; nothing has to be erased:\n"
              "  trustline parameter set TFTPFileSignatureAlgorithm SHA-1\n"
              "  and then restart the phone.\n",
              out);
        break;
    case REMEDY_SMALLER_KEY:
        fputs(
            "a signer with a key of a size it takes: trustline parameter set key_size 2048, then\n"
            "  a new certificate ('trustline plan set cert regen CallManager' says what that "
            "means).\n",
            out);
        break;
    case REMEDY_TRAIT:
        fprintf(out,
                "to know what it can do:\n"
                "  trustline phone update %s --trait TRAIT=VALUE\n",
                name);
        break;
    case REMEDY_PROOF:
        fprintf(
            out,
            "to see which lists it has: 'trustline phone restart %s'. When it registers over\n"
            "  TLS after that, it has taken those that are served. Else compare the MD5 that its "
            "settings show\n"
            "  with that of 'trustline show ctl' and 'show itl'. If they differ, erase its lists "
            "by hand: %s%s.\n",
            name, e->erase ? e->erase : "how is not known for this model",
            e->erase && e->erase_inferred ? " (inferred)" : "");
        break;
    default:
        print_hands(out, e);
    }
}

static void print_entry(FILE *out, const struct plan_entry *e)
{
    fprintf(out, "  %-12s  %s (%s)\n", topic_text(e->topic), answer_word(e->answer.verdict),
            accept_rule_text(e->answer.rule));
    cli_print_wrapped(out, 4, e->answer.explanation);
}

static size_t count_verdicts(const struct plan *plan, enum verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++)
        count += plan->entries[i].answer.verdict == verdict;
    return count;
}

/* "CTL, files": what it says that of. */
static void print_topics(FILE *out, const struct plan *plan, enum verdict verdict)
{
    const char *before = "";
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->entries[i].answer.verdict != verdict)
            continue;
        fprintf(out, "%s%s", before, topic_text(plan->entries[i].topic));
        before = ", ";
    }
}

/* All in a sentence. */
static void print_heading(FILE *out, const struct plan *plan)
{
    fputs("\nWhat it makes of what is served now: ", out);
    if (count_verdicts(plan, VERDICT_NO)) {
        fputs("it refuses ", out);
        print_topics(out, plan, VERDICT_NO);
        fputs(", and keeps what it holds", out);
    } else if (count_verdicts(plan, VERDICT_UNKNOWN)) {
        fputs("whether it takes ", out);
        print_topics(out, plan, VERDICT_UNKNOWN);
        fputs(" is not known", out);
    } else if (count_verdicts(plan, VERDICT_THROUGH_TVS)) {
        fputs("it takes all, asking TVS about ", out);
        print_topics(out, plan, VERDICT_THROUGH_TVS);
    } else {
        fputs("it takes all", out);
    }
    fputc('\n', out);
}

int trustview_print(FILE *out, struct cluster *cluster, const struct store_device *device,
                    struct why *why)
{
    struct plan plan;
    plan_init(&plan);
    int result = cluster_explain_phone(cluster, &plan, device->name, why);
    if (result == 0 && plan.count)
        print_heading(out, &plan);
    for (size_t i = 0; i < plan.count && result == 0; i++)
        print_entry(out, &plan.entries[i]);
    const struct plan_entry *trouble = find_trouble(&plan);
    if (result == 0 && trouble)
        print_help(out, trouble, device->name);
    plan_fini(&plan);
    return result;
}

/* ---- as JSON ---- */

static int add_entry(json_t *answers, const struct plan_entry *e)
{
    json_t *object = json_pack(
        "{s:s, s:o, s:s, s:s, s:o, s:b}", "topic", topic_word(e->topic), "held",
        e->held[0] ? json_string(e->held) : json_null(), "verdict", verdict_text(e->answer.verdict),
        "rule", accept_rule_text(e->answer.rule), "explanation",
        cli_json_text(bytes_of_string(e->answer.explanation)), "inferred", (int)e->answer.inferred);
    return json_array_append_new(answers, object) == 0 ? 0 : -ENOMEM;
}

int trustview_add(json_t *json, struct cluster *cluster, const struct store_device *device,
                  struct why *why)
{
    struct plan plan;
    json_t *answers = json_array();
    plan_init(&plan);
    int result = cluster_explain_phone(cluster, &plan, device->name, why);
    for (size_t i = 0; i < plan.count && result == 0; i++)
        result = add_entry(answers, &plan.entries[i]);
    const struct plan_entry *trouble = find_trouble(&plan);
    if (result == 0 && (json_object_set(json, "answers", answers) != 0 ||
                        json_object_set_new(json, "remedy",
                                            trouble ? json_string(plan_remedy_text(trouble->remedy))
                                                    : json_null()) != 0))
        result = -ENOMEM;
    json_decref(answers);
    plan_fini(&plan);
    return result;
}
