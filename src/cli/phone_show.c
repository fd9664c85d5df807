/* phone show: everything that is known of one phone. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/enrolview.h"
#include "cli/registerview.h"
#include "cli/trustview.h"
#include "cli/words.h"
#include "trust/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_MAX = 256, HASH_SHOWN = 16 };

struct facts {
    const struct phones *phones;
    const struct phone *phone;
    struct device_buttons buttons;
    struct store_held held[HELD_MAX];
    size_t held_count;
    struct store_observation seen[OBSERVATIONS_KEPT + CLAIMS_KEPT];
    size_t seen_count;
    struct cluster *cluster;
    struct store *store;
};

static int take_held(void *context, const struct store_held *held)
{
    struct facts *f = context;
    if (f->held_count < HELD_MAX)
        f->held[f->held_count++] = *held;
    return 0;
}

static int take_observation(void *context, const struct store_observation *observation)
{
    struct facts *f = context;
    if (f->seen_count < sizeof f->seen / sizeof *f->seen)
        f->seen[f->seen_count++] = *observation;
    return 0;
}

static int load_facts(struct facts *f, struct cluster *cluster, const char *name, struct why *why)
{
    f->cluster = cluster;
    f->store = cluster_store(cluster);
    struct device_buttons *b = &f->buttons;
    int result = store_lines_get(f->store, name, b->lines, DEVICE_LINES_MAX, &b->line_count);
    if (result == 0)
        result = store_speed_dials_get(f->store, name, b->speed_dials, DEVICE_LINES_MAX,
                                       &b->speed_dial_count);
    if (result == 0)
        result = store_held(f->store, name, take_held, f);
    if (result == 0)
        result = store_observations(f->store, name, sizeof f->seen / sizeof *f->seen,
                                    take_observation, f);
    return result ? why_error(why, result, "%s: cannot be read: %s", name, error_text(result)) : 0;
}

static const char *list_name(enum list_kind kind)
{
    return kind == LIST_CTL ? "CTL" : "ITL";
}

/* Whose list that is: the one served now, an older one, or the phone's own. */
static const char *held_word(const struct facts *f, const struct store_held *held)
{
    struct store_list list;
    if (strcmp(held->hash, f->phones->current[held->kind]) == 0)
        return "current";
    if (store_list_get(f->store, held->hash, &list) != 0)
        return "its own, from tftpboot/";
    store_list_fini(&list);
    return "old";
}

/* ---- in words ---- */

static void print_head(FILE *out, const struct facts *f)
{
    const struct store_device *d = &f->phone->device;
    const struct store_profile *p = &f->phone->profile;
    char seen[CLOCK_TEXT] = "never";
    char key[16];
    if (d->last_seen)
        clock_java(seen, d->last_seen);
    key_words(key, p->key_size, p->curve);
    fprintf(out, "%s\n  Model:        %s\n  Description:  ", d->name, d->model);
    cli_print(out, d->description[0] ? d->description : "-");
    fputs("\n  Profile:      ", out);
    cli_print(out, d->profile);
    fprintf(out,
            " (%s, %s%s, CAPF by %s, key %s)\n"
            "  Device pool:  %s\n"
            "  Load:         %s\n"
            "  Last seen:    %s%s%s\n",
            word_text(protocol_words, (int)p->protocol), word_text(mode_words, (int)p->mode),
            p->tftp_encrypted ? ", configuration encrypted" : "",
            word_text(capf_words, (int)p->capf_auth), key, d->pool, d->load[0] ? d->load : "-",
            seen, d->last_address[0] ? " at " : "", d->last_address);
}

static void print_numbers(FILE *out, const char *what, const struct store_line *numbers,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char title[32];
        text_format(title, sizeof title, "%s %u", what, numbers[i].position);
        fprintf(out, "  %-13s ", title);
        cli_print(out, numbers[i].number);
        if (numbers[i].label[0]) {
            fputs("  ", out);
            cli_print(out, numbers[i].label);
        }
        fputc('\n', out);
    }
}

static void print_buttons(FILE *out, const struct device_buttons *b)
{
    if (!b->line_count)
        fputs("  Lines:        none\n", out);
    print_numbers(out, "Line", b->lines, b->line_count);
    print_numbers(out, "Speed dial", b->speed_dials, b->speed_dial_count);
}

static void print_held(FILE *out, const struct facts *f)
{
    fprintf(out,
            "\n"
            "Lists it may hold (CTL: %s, ITL: %s)\n",
            list_state_text(f->phone->lists[LIST_CTL]), list_state_text(f->phone->lists[LIST_ITL]));
    if (!f->held_count)
        fputs("  none: it was never served one\n", out);
    for (size_t i = 0; i < f->held_count; i++) {
        const struct store_held *h = &f->held[i];
        char when[CLOCK_TEXT];
        fprintf(out, "  %s %.*s  %s; served last %s%s", list_name(h->kind), HASH_SHOWN, h->hash,
                held_word(f, h), clock_java(when, h->last_served),
                h->inferred ? " (to its address)" : "");
        if (h->confirmed)
            fprintf(out, "; confirmed %s\n", clock_java(when, h->confirmed));
        else
            fputs(h->refused ? "; refused by the phone\n" : "; not confirmed\n", out);
    }
}

static const char *const transports[] = {[TRANSPORT_TFTP] = "TFTP",
                                         [TRANSPORT_HTTP] = "HTTP",
                                         [TRANSPORT_CAPF] = "CAPF",
                                         [TRANSPORT_TVS] = "TVS",
                                         [TRANSPORT_SCCP] = "SCCP"};

static bool is_file(const struct store_observation *o)
{
    return o->kind <= OBSERVED_FILE;
}

/* Of a query the subject, of a verification the issuer; nothing of a certificate TVS does not know.
 */
static void print_question(FILE *out, const struct store_observation *o)
{
    fputs("it asked TVS about ", out);
    cli_print(out, o->file[0] ? o->file : "a certificate that TVS has never seen");
    if (o->complete)
        fprintf(out, ": trusted, for %llu s", (unsigned long long)o->size);
    else
        fputs(": not trusted", out);
    fputs(", from ", out);
    cli_print(out, o->address);
    fputc('\n', out);
}

static void print_observation(FILE *out, const struct facts *f, const struct store_observation *o)
{
    char when[CLOCK_TEXT];
    fprintf(out, "  %s  ", clock_java(when, o->time));
    if (o->kind == OBSERVED_TVS) {
        print_question(out, o);
        return;
    }
    cli_print(out, o->file);
    if (is_file(o))
        fprintf(out, ", %llu bytes", (unsigned long long)o->size);
    fprintf(out, ", by %s %s ", transports[o->transport], is_file(o) ? "to" : "from");
    cli_print(out, o->address);
    if (o->kind == OBSERVED_LIST) {
        bool current = strcmp(o->hash, f->phones->current[LIST_CTL]) == 0 ||
                       strcmp(o->hash, f->phones->current[LIST_ITL]) == 0;
        fprintf(out, " (list %.*s%s)", HASH_SHOWN, o->hash, current ? ", current" : "");
    }
    fprintf(out, "%s%s\n", is_file(o) && !o->complete ? "; the end was not acknowledged" : "",
            o->inferred ? "; known by its address only" : "");
}

static int print_facts(FILE *out, const struct facts *f, struct why *why)
{
    print_head(out, f);
    registerview_print(out, f->phone);
    print_buttons(out, &f->buttons);
    int result = enrolview_print(out, f->store, f->phone);
    print_held(out, f);
    if (result == 0 && f->held_count)
        result = trustview_print(out, f->cluster, &f->phone->device, why);
    fputs("\nServed to it, the newest first\n", out);
    if (!f->seen_count)
        fputs("  nothing yet\n", out);
    for (size_t i = 0; i < f->seen_count; i++)
        print_observation(out, f, &f->seen[i]);
    return result;
}

/* ---- as JSON ---- */

static json_t *numbers_json(const struct store_line *numbers, size_t count)
{
    json_t *json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json,
                              json_pack("{s:i, s:o, s:o}", "position", (int)numbers[i].position,
                                        "number", cli_json_text(bytes_of_string(numbers[i].number)),
                                        "label", cli_json_text(bytes_of_string(numbers[i].label))));
    return json;
}

static json_t *held_json(const struct facts *f)
{
    json_t *held = json_array();
    for (size_t i = 0; i < f->held_count; i++) {
        const struct store_held *h = &f->held[i];
        json_array_append_new(
            held,
            json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:b}", "list", list_name(h->kind),
                      "hash", h->hash, "current", strcmp(h->hash, f->phones->current[h->kind]) == 0,
                      "first_served", cli_json_time(h->first_served), "last_served",
                      cli_json_time(h->last_served), "confirmed", cli_json_time(h->confirmed),
                      "refused", cli_json_time(h->refused), "inferred", (int)h->inferred));
    }
    return held;
}

static json_t *observations_json(const struct facts *f)
{
    static const char *const words[] = {
        [TRANSPORT_TFTP] = "tftp", [TRANSPORT_HTTP] = "http", [TRANSPORT_CAPF] = "capf",
        [TRANSPORT_TVS] = "tvs",   [TRANSPORT_SCCP] = "sccp",
    };
    static const char *const kinds[] = {
        [OBSERVED_LIST] = "list",   [OBSERVED_CONFIG] = "configuration",
        [OBSERVED_FILE] = "file",   [OBSERVED_ENROLMENT] = "enrolment",
        [OBSERVED_TVS] = "tvs",     [OBSERVED_REGISTRATION] = "registration",
        [OBSERVED_ALARM] = "alarm",
    };
    json_t *all = json_array();
    for (size_t i = 0; i < f->seen_count; i++) {
        const struct store_observation *o = &f->seen[i];
        json_array_append_new(all, json_pack("{s:o, s:s, s:o, s:s, s:I, s:s, s:o, s:b, s:b}",
                                             "time", cli_json_time(o->time), "kind", kinds[o->kind],
                                             "file", cli_json_text(bytes_of_string(o->file)),
                                             "hash", o->hash, "size", (json_int_t)o->size,
                                             "transport", words[o->transport], "address",
                                             cli_json_text(bytes_of_string(o->address)), "complete",
                                             (int)o->complete, "inferred", (int)o->inferred));
    }
    return all;
}

static json_t *facts_json(const struct facts *f)
{
    const struct store_device *d = &f->phone->device;
    const struct store_profile *p = &f->phone->profile;
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o}",
        "name", d->name, "model", d->model, "description",
        cli_json_text(bytes_of_string(d->description)), "profile",
        cli_json_text(bytes_of_string(d->profile)), "protocol",
        word_text(protocol_words, (int)p->protocol), "mode", word_text(mode_words, (int)p->mode),
        "pool", d->pool, "load", cli_json_text(bytes_of_string(d->load)), "version_stamp",
        cli_json_text(bytes_of_string(d->version_stamp)), "last_seen", cli_json_time(d->last_seen),
        "address",
        d->last_address[0] ? cli_json_text(bytes_of_string(d->last_address)) : json_null(), "ctl",
        list_state_text(f->phone->lists[LIST_CTL]), "itl",
        list_state_text(f->phone->lists[LIST_ITL]), "lines",
        numbers_json(f->buttons.lines, f->buttons.line_count), "speed_dials",
        numbers_json(f->buttons.speed_dials, f->buttons.speed_dial_count), "held", held_json(f),
        "observations", observations_json(f));
}

/* ---- the command ---- */

static int find_phone(const struct phone **out, const struct phones *phones, const char *name)
{
    for (size_t i = 0; i < phones->count; i++) {
        if (strcmp(phones->items[i].device.name, name) == 0) {
            *out = &phones->items[i];
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

static int say_facts(struct cli *cli, const struct call *call, const struct facts *f,
                     enum cli_status *status, struct why *why)
{
    if (!call->json)
        return print_facts(cli->out, f, why);
    json_t *json = facts_json(f);
    int result = json ? enrolview_add(json, f->store, f->phone) : -ENOMEM;
    if (result == 0)
        result = registerview_add(json, f->phone);
    if (result == 0)
        result = trustview_add(json, f->cluster, &f->phone->device, why);
    if (result) {
        json_decref(json);
        return result;
    }
    *status = cli_json(cli, json, STATUS_DONE);
    return 0;
}

enum cli_status phones_show(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct store_device device;
    struct phones phones = {.items = NULL};
    struct facts *facts = calloc(1, sizeof *facts);
    enum cli_status status = STATUS_DONE;
    int result = facts ? session_open(&cluster, call, CLUSTER_LOOK, &why) : -ENOMEM;
    if (result == 0)
        result = cluster_device_find(cluster, call->operands[0], &device, &why);
    if (result == 0)
        result = phones_load(&phones, cluster, &why);
    if (result == 0)
        result = find_phone(&facts->phone, &phones, device.name);
    if (result == 0) {
        facts->phones = &phones;
        result = load_facts(facts, cluster, device.name, &why);
    }
    if (result == 0)
        result = say_facts(cli, call, facts, &status, &why);
    if (result)
        status = cli_failed(cli, result, &why);
    phones_free(&phones);
    free(facts);
    session_close(cluster);
    return status;
}
