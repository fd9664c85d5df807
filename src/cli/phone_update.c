/* phone update: profile, enrolment and MIC of a phone, or of many. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/enrolview.h"
#include "cli/grid.h"
#include "cli/which.h"
#include "cli/words.h"
#include "cluster/enrolment.h"
#include "store/registration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STRING_READ_MAX = 4096, TRAITS_MAX = 32 };

/* ---- what is typed ---- */

struct changing {
    struct device_update update;
    struct buffer string;    /* a secret: what --auth-string said */
    struct certificate *mic; /* owned */
    struct which which;
    struct store_trait traits[TRAITS_MAX];
    struct update_report report;
    char would[64];
};

static void changing_fini(struct changing *c)
{
    buffer_fini_secret(&c->string);
    certificate_free(c->mic);
    which_fini(&c->which);
    update_report_fini(&c->report);
}

static int part_of_date(int *out, const char *typed, size_t at, size_t size, int low, int high)
{
    char digits[8];
    int64_t number;
    text_copy_bytes(digits, sizeof digits, bytes_of(typed + at, size));
    if (strspn(digits, "0123456789") != size || text_number(digits, low, high, &number) != 0)
        return ERR_USAGE;
    *out = (int)number;
    return 0;
}

/* YYYY:MM:DD:HH in local time, as CUCM has it. */
static int read_date(int64_t *out, const char *typed, struct why *why)
{
    struct tm asked = {.tm_isdst = -1};
    int bad = strlen(typed) != 13 || typed[4] != ':' || typed[7] != ':' || typed[10] != ':';
    if (!bad)
        bad = part_of_date(&asked.tm_year, typed, 0, 4, 1970, 9999) ||
              part_of_date(&asked.tm_mon, typed, 5, 2, 1, 12) ||
              part_of_date(&asked.tm_mday, typed, 8, 2, 1, 31) ||
              part_of_date(&asked.tm_hour, typed, 11, 2, 0, 23);
    asked.tm_year -= 1900;
    asked.tm_mon -= 1;
    struct tm real = asked;
    time_t time = bad ? 0 : mktime(&real);
    if (bad || time == (time_t)-1 || real.tm_mday != asked.tm_mday)
        return why_error(why, ERR_USAGE,
                         "--complete-by %s: year, month, day and hour are meant, as in "
                         "2026:12:31:18",
                         typed);
    *out = time;
    return 0;
}

static int read_string(struct changing *c, struct cli *cli, const struct call *call,
                       struct why *why)
{
    const char *typed = call_value(call, "auth-string");
    c->update.one_time = call_has(call, "one-time");
    c->update.forget_sudi = call_has(call, "forget-sudi");
    if (!typed)
        return 0;
    if (text_equal_nocase(typed, "generate")) {
        c->update.generate = true;
        return 0;
    }
    int result = buffer_reserve(&c->string, STRING_READ_MAX);
    if (result == 0 && strcmp(typed, "-") != 0)
        buffer_text(&c->string, typed);
    else if (result == 0 && isatty(cli->in))
        result = cli_ask_secret(&c->string, "Authentication string:", why);
    else if (result == 0)
        result = file_read(&c->string, "-", why);
    if (result)
        return result;
    c->string.size = strcspn(buffer_string(&c->string), "\r\n");
    c->update.string = buffer_string(&c->string);
    return 0;
}

static int read_word(int *out, const struct call *call, const char *option,
                     const struct word *words, struct why *why)
{
    const char *typed = call_value(call, option);
    return typed ? word_parse(out, words, option, typed, why) : 0;
}

static int read_order(struct device_update *u, const struct call *call, struct why *why)
{
    int operation = ENROLMENT_NONE;
    int authentication = 0;
    int bits = 0;
    int curve = 0;
    u->has_operation = call_has(call, "capf-operation");
    int result = read_word(&operation, call, "capf-operation", operation_words, why);
    if (result == 0)
        result = read_word(&authentication, call, "capf-auth", capf_words, why);
    if (result == 0)
        result = read_word(&bits, call, "key-size", key_size_words, why);
    if (result == 0)
        result = read_word(&curve, call, "curve", curve_words, why);
    if (result == 0 && call_has(call, "complete-by"))
        result = read_date(&u->complete_by, call_value(call, "complete-by"), why);
    u->operation = (enum enrolment_operation)operation;
    u->authentication = (enum capf_auth)authentication;
    u->rsa_bits = (unsigned)bits;
    u->curve = (unsigned)curve;
    return result;
}

static int read_mic(struct changing *c, const struct call *call, struct why *why)
{
    const char *path = call_value(call, "mic");
    if (!path)
        return 0;
    if (!c->which.name)
        return why_error(why, ERR_USAGE, "--mic is of one phone: NAME is missing");
    int result = certificate_load(&c->mic, path, why);
    c->update.mic = c->mic;
    return result;
}

static int read_traits(struct changing *c, const struct call *call, struct why *why)
{
    int result = 0;
    c->update.traits = c->traits;
    for (size_t i = 0; i < call->option_count && result == 0; i++) {
        if (strcmp(call->options[i].option->name, "trait") != 0)
            continue;
        if (c->update.trait_count == TRAITS_MAX)
            return why_error(why, ERR_USAGE, "--trait: more than %d at once", TRAITS_MAX);
        result = trait_parse(&c->traits[c->update.trait_count++], call->options[i].value, why);
    }
    return result;
}

static bool changes_something(const struct device_update *u)
{
    return u->profile || u->has_operation || u->authentication || u->rsa_bits || u->curve ||
           u->complete_by || u->string || u->generate || u->mic || u->trait_count;
}

static int read_changes(struct changing *c, struct cli *cli, const struct call *call,
                        struct why *why)
{
    int result = which_read(&c->which, call, why);
    c->update.filter = c->which.filter;
    c->update.profile = call_value(call, "profile");
    if (result == 0)
        result = read_order(&c->update, call, why);
    if (result == 0)
        result = which_wave(&c->update.wave, call, why);
    if (result == 0)
        result = read_mic(c, call, why);
    if (result == 0)
        result = read_traits(c, call, why);
    if (result == 0)
        result = read_string(c, cli, call, why);
    if (result == 0 && !changes_something(&c->update))
        result = why_error(why, ERR_USAGE, "nothing is said that could change");
    return result;
}

/* ---- the act ---- */

static int update(struct cluster *cluster, struct act_report *report,
                  const struct act_options *options, void *context, struct why *why)
{
    struct changing *c = context;
    int result = which_find(&c->which, cluster, why);
    if (result == 0)
        result = cluster_device_update(cluster, &c->report, &c->update, c->which.devices,
                                       c->which.count, options, why);
    if (result)
        return result;
    if (c->which.name)
        text_format(c->would, sizeof c->would, "%s would be updated.", c->which.devices[0]);
    else
        text_format(c->would, sizeof c->would, "%zu phone%s would be updated.", c->which.count,
                    c->which.count == 1 ? "" : "s");
    text_copy(report->note, sizeof report->note, c->report.note);
    return 0;
}

/* ---- what came of it ---- */

static void say_order(FILE *out, struct cluster *cluster, const char *device)
{
    struct store_enrolment e;
    char by[COMPLETES_BY];
    if (store_enrolment_get(cluster_store(cluster), device, &e) != 0 ||
        e.holds.operation == ENROLMENT_NONE)
        return;
    const struct store_order *o = &e.holds;
    fprintf(out, "Certificate operation: %s, %s", operation_text(o->operation),
            authentication_text(o->authentication));
    if (o->operation == ENROLMENT_INSTALL) {
        fprintf(out, ", %s", key_order_text(o->key_order));
        if (o->curve)
            fprintf(out, ", P-%u", o->curve);
        if (o->rsa_bits)
            fprintf(out, ", %u bits", o->rsa_bits);
    }
    if (o->complete_by)
        fprintf(out, ", completes by %s", completes_by_text(by, o->complete_by));
    fputs("\nThe phone does it when it starts or is reset.\n", out);
}

static void say_wave(FILE *out, struct cluster *cluster, const struct changing *c)
{
    const struct update_report *r = &c->report;
    fprintf(out,
            "Bulk order %lld: %u of %zu phones have it now, never more than %u at once.\n"
            "As they end, trustlined releases the next; this goes on after a restart.\n"
            "'trustline phone list --where wave=%lld' shows how far it is.\n",
            (long long)r->wave, r->released, c->which.count, c->update.wave, (long long)r->wave);
    if (!cluster_is_served(cluster_state(cluster)))
        fputs("trustlined does not run: nothing more is released until it does.\n", out);
}

static void say_strings(FILE *out, const struct changing *c)
{
    const struct update_report *r = &c->report;
    struct grid *grid = NULL;
    if (c->which.name && r->string_count) {
        fprintf(out, "Authentication string: %s (it is not shown again)\n", r->strings[0].text);
        return;
    }
    int result = r->string_count ? grid_new(&grid, 2) : ERR_NOT_FOUND;
    if (result)
        return;
    grid_text(grid, "Name");
    grid_text(grid, "Authentication string");
    for (size_t i = 0; i < r->string_count; i++) {
        grid_text(grid, r->strings[i].device);
        grid_text(grid, r->strings[i].text);
    }
    fputs("\nThese are not shown again:\n", out);
    result = grid_print(grid, out, GRID_TITLED);
    grid_free(grid);
    /* Without memory for a table, line by line: they are known nowhere else. */
    for (size_t i = 0; i < r->string_count && result; i++)
        fprintf(out, "%s  %s\n", r->strings[i].device, r->strings[i].text);
}

static int note_here(void *context, const struct store_registration *registration)
{
    bool *here = context;
    (void)registration;
    *here = true;
    return 0;
}

/* What a call manager makes of another profile, and when. */
static void say_registered(FILE *out, struct cluster *cluster, const struct changing *c)
{
    bool here = false;
    const char *one = c->which.name ? c->which.devices[0] : NULL;
    if (store_registrations(cluster_store(cluster), one, note_here, &here) != 0 || !here)
        return;
    if (one)
        fprintf(out,
                "%s is registered: it loses at once what the profile does not allow; all else\n"
                "counts when it registers again (trustline phone reset %s).\n",
                one, one);
    else
        fputs("Those that are registered lose at once what the profile does not allow; all else\n"
              "counts when they register again (trustline phone reset).\n",
              out);
}

static void say_updated(FILE *out, struct cluster *cluster, const struct act_report *report,
                        void *context)
{
    const struct changing *c = context;
    (void)report;
    if (c->which.name)
        fprintf(out, "Updated %s.\n", c->which.devices[0]);
    else
        fprintf(out, "Updated %zu phone%s.\n", c->which.count, c->which.count == 1 ? "" : "s");
    if (c->update.profile)
        say_registered(out, cluster, c);
    if (c->update.mic)
        fputs(c->report.mic_learned ? "Its MIC is known now.\n" : "Its MIC was known already.\n",
              out);
    for (size_t i = 0; i < c->update.trait_count; i++)
        fprintf(out, "Trait %s: %s.\n", c->traits[i].name,
                text_equal_nocase(c->traits[i].value, TRAIT_DEFAULT) ? "as its model"
                                                                     : c->traits[i].value);
    if (c->which.name)
        say_order(out, cluster, c->which.devices[0]);
    if (c->report.wave)
        say_wave(out, cluster, c);
    say_strings(out, c);
}

static int add_names(json_t *json, const struct changing *c)
{
    json_t *updated = json_array();
    json_t *strings = json_array();
    int result = 0;
    for (size_t i = 0; i < c->which.count && result == 0; i++)
        result = cli_json_append(updated, json_string(c->which.devices[i]));
    for (size_t i = 0; i < c->report.string_count && result == 0; i++)
        result =
            cli_json_append(strings, json_pack("{s:s, s:s}", "phone", c->report.strings[i].device,
                                               "auth_string", c->report.strings[i].text));
    bool fine = json_object_set_new(json, "updated", updated) == 0;
    fine = json_object_set_new(json, "auth_strings", strings) == 0 && fine;
    return fine && result == 0 ? 0 : -ENOMEM;
}

static int add_to_json(json_t *json, void *context)
{
    const struct changing *c = context;
    const struct update_report *r = &c->report;
    int result = json_object_update_new(
        json, json_pack("{s:o, s:I, s:b}", "bulk_order",
                        r->wave ? json_integer((json_int_t)r->wave) : json_null(), "released",
                        (json_int_t)r->released, "mic_learned", (int)r->mic_learned));
    return result ? result : add_names(json, c);
}

enum cli_status phones_update(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct changing changing = {.mic = NULL};
    enum cli_status status;
    buffer_init(&changing.string, STRING_READ_MAX);
    int result = read_changes(&changing, cli, call, &why);
    const struct act act = {
        .run = update,
        .settles = true,
        .say = say_updated,
        .would = changing.would,
        .about = which_about(&changing.which),
        .name = which_words(&changing.which),
        .add = add_to_json,
        .context = &changing,
    };
    if (result == ERR_USAGE)
        status = cli_misuse(cli, call, "%s", why_text(&why, result));
    else
        status = result ? cli_failed(cli, result, &why) : act_run(cli, call, &act);
    changing_fini(&changing);
    return status;
}
