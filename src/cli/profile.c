/* profile list, show, add, delete: security profiles of phones. */
#include "cli/commands.h"

#include "base/text.h"
#include "cli/act.h"
#include "cli/grid.h"
#include "cli/words.h"

#include <string.h>

static json_t *profile_json(const struct store_profile *p)
{
    return json_pack(
        "{s:o, s:s, s:s, s:s, s:b, s:s, s:i, s:o, s:b}", "name",
        cli_json_text(bytes_of_string(p->name)), "model", p->model, "protocol",
        word_text(protocol_words, (int)p->protocol), "mode", word_text(mode_words, (int)p->mode),
        "tftp_encrypted", (int)p->tftp_encrypted, "capf_auth",
        word_text(capf_words, (int)p->capf_auth), "key_size", (int)p->key_size, "curve",
        p->curve ? json_sprintf("P-%u", p->curve) : json_null(), "built_in", (int)p->built_in);
}

/* ---- list ---- */

struct listing {
    struct grid *grid;
    json_t *json;
};

static int list_one(void *context, const struct store_profile *p)
{
    struct listing *l = context;
    char key[16];
    if (l->json)
        return cli_json_append(l->json, profile_json(p));
    key_words(key, p->key_size, p->curve);
    grid_text(l->grid, p->name);
    grid_text(l->grid, p->model);
    grid_text(l->grid, word_text(protocol_words, (int)p->protocol));
    grid_text(l->grid, word_text(mode_words, (int)p->mode));
    grid_text(l->grid, word_text(yes_words, p->tftp_encrypted));
    grid_text(l->grid, word_text(capf_words, (int)p->capf_auth));
    grid_text(l->grid, key);
    grid_text(l->grid, word_text(yes_words, p->built_in));
    return 0;
}

enum cli_status profile_list(struct cli *cli, const struct call *call)
{
    static const char *const title[] = {"Name",           "Model",     "Protocol", "Mode",
                                        "TFTP encrypted", "CAPF auth", "Key",      "Built in"};
    enum { COLUMNS = sizeof title / sizeof *title };
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct listing listing = {.json = call->json ? json_array() : NULL};
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result == 0)
        result = grid_new(&listing.grid, COLUMNS);
    for (size_t i = 0; i < COLUMNS && result == 0; i++)
        grid_text(listing.grid, title[i]);
    if (result == 0)
        result = store_profiles(cluster_store(cluster), list_one, &listing);
    if (result == 0 && !call->json)
        result = grid_print(listing.grid, cli->out, GRID_TITLED);
    grid_free(listing.grid);
    session_close(cluster);
    if (result) {
        json_decref(listing.json);
        return cli_failed(cli, result, &why);
    }
    return call->json ? cli_json(cli, listing.json, STATUS_DONE) : STATUS_DONE;
}

/* ---- show ---- */

struct users {
    const char *name; /* of the profile */
    size_t count;
};

static int count_user(void *context, const struct store_device *device)
{
    struct users *users = context;
    users->count += strcmp(device->profile, users->name) == 0;
    return 0;
}

static void print_profile(FILE *out, const struct store_profile *p, size_t users)
{
    char key[16];
    key_words(key, p->key_size, p->curve);
    cli_print(out, p->name);
    fprintf(out,
            "\n"
            "  Model:           %s\n"
            "  Protocol:        %s\n"
            "  Mode:            %s\n"
            "  TFTP encrypted:  %s\n"
            "  CAPF auth:       %s\n"
            "  Key of LSCs:     %s %s\n"
            "  Built in:        %s\n"
            "  Phones:          %zu\n",
            p->model, word_text(protocol_words, (int)p->protocol),
            word_text(mode_words, (int)p->mode), word_text(yes_words, p->tftp_encrypted),
            word_text(capf_words, (int)p->capf_auth), p->curve ? "EC" : "RSA", key,
            word_text(yes_words, p->built_in), users);
}

enum cli_status profile_show(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct store_profile profile;
    struct users users = {.name = profile.name};
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result)
        return cli_failed(cli, result, &why);
    result = cluster_profile_find(cluster, call->operands[0], &profile, &why);
    if (result == 0)
        result = store_devices(cluster_store(cluster), count_user, &users);
    session_close(cluster);
    if (result)
        return cli_failed(cli, result, &why);
    if (call->json) {
        json_t *json = profile_json(&profile);
        if (json)
            json_object_set_new(json, "phones", json_integer((json_int_t)users.count));
        return cli_json(cli, json, STATUS_DONE);
    }
    print_profile(cli->out, &profile, users.count);
    return STATUS_DONE;
}

/* ---- add ---- */

static int parse_option(int *out, const struct call *call, const char *option,
                        const struct word *words, int otherwise, struct why *why)
{
    const char *typed = call_value(call, option);
    *out = otherwise;
    return typed ? word_parse(out, words, option, typed, why) : 0;
}

/* An RSA size or a curve; 2048 when neither is given. */
static int parse_key(struct store_profile *out, const struct call *call, struct why *why)
{
    int size = 0;
    int curve = 0;
    if (call_has(call, "key-size") && call_has(call, "curve"))
        return why_error(why, ERR_USAGE, "either --key-size (RSA) or --curve (EC)");
    int result = parse_option(&curve, call, "curve", curve_words, 0, why);
    if (result == 0)
        result = parse_option(&size, call, "key-size", key_size_words, curve ? 0 : 2048, why);
    out->key_size = (unsigned)size;
    out->curve = (unsigned)curve;
    return result;
}

static int parse_profile(struct store_profile *out, const struct call *call, struct why *why)
{
    static const char *const needed[] = {"model", "protocol", "mode"};
    int protocol = 0;
    int mode = 0;
    int encrypted = 0;
    int capf = 0;
    *out = (struct store_profile){.built_in = false};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!call_has(call, needed[i]))
            return why_error(why, ERR_USAGE, "--%s is missing", needed[i]);
    if (!text_copy(out->name, sizeof out->name, call->operands[0]))
        return why_error(why, ERR_USAGE, "the name is longer than %zu bytes", sizeof out->name - 1);
    if (!text_copy(out->model, sizeof out->model, call_value(call, "model")))
        return why_error(why, ERR_USAGE, "--model %s: there is no such model",
                         call_value(call, "model"));
    if (text_equal_nocase(out->model, "any"))
        text_copy(out->model, sizeof out->model, "any");
    int result = parse_option(&protocol, call, "protocol", protocol_words, 0, why);
    if (result == 0)
        result = parse_option(&mode, call, "mode", mode_words, 0, why);
    if (result == 0)
        result = parse_option(&encrypted, call, "tftp-encrypted", yes_words, 0, why);
    if (result == 0)
        result = parse_option(&capf, call, "capf-auth", capf_words, CAPF_AUTH_STRING, why);
    if (result == 0)
        result = parse_key(out, call, why);
    out->protocol = (enum device_protocol)protocol;
    out->mode = (enum device_mode)mode;
    out->tftp_encrypted = encrypted != 0;
    out->capf_auth = (enum capf_auth)capf;
    return result;
}

static int add(struct cluster *cluster, struct act_report *report,
               const struct act_options *options, void *context, struct why *why)
{
    return cluster_profile_add(cluster, report, context, options, why);
}

static void say_added(FILE *out, struct cluster *cluster, const struct act_report *report,
                      void *context)
{
    const struct store_profile *p = context;
    (void)cluster;
    (void)report;
    fputs("Added the profile ", out);
    cli_print(out, p->name);
    fprintf(out, " (%s, %s, %s).\n", p->model, word_text(protocol_words, (int)p->protocol),
            word_text(mode_words, (int)p->mode));
}

enum cli_status profile_add(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct store_profile profile;
    int result = parse_profile(&profile, call, &why);
    if (result == ERR_USAGE)
        return cli_misuse(cli, call, "%s", why_text(&why, result));
    if (result)
        return cli_failed(cli, result, &why);
    const struct act act = {
        .run = add,
        .say = say_added,
        .would = "The profile would be added.",
        .about = "profile",
        .name = profile.name,
        .context = &profile,
    };
    return act_run(cli, call, &act);
}

/* ---- delete ---- */

/* The one named becomes known only while it is deleted. */
struct doomed {
    const char *typed;
    struct store_profile profile;
};

static int delete_profile(struct cluster *cluster, struct act_report *report,
                          const struct act_options *options, void *context, struct why *why)
{
    struct doomed *d = context;
    (void)report;
    int result = cluster_profile_find(cluster, d->typed, &d->profile, why);
    return result ? result : cluster_profile_delete(cluster, d->profile.name, options, why);
}

static void say_deleted(FILE *out, struct cluster *cluster, const struct act_report *report,
                        void *context)
{
    const struct doomed *d = context;
    (void)cluster;
    (void)report;
    fputs("Deleted the profile ", out);
    cli_print(out, d->profile.name);
    fputs(".\n", out);
}

enum cli_status profile_delete(struct cli *cli, const struct call *call)
{
    struct doomed doomed = {.typed = call->operands[0]};
    const struct act act = {
        .run = delete_profile,
        .say = say_deleted,
        .would = "The profile would be deleted.",
        .about = "profile",
        .name = doomed.typed,
        .context = &doomed,
    };
    return act_run(cli, call, &act);
}
