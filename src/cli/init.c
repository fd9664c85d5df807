/* trustline init: makes a cluster. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/zone.h"
#include "cli/certs.h"
#include "cli/machine.h"
#include "cli/session.h"
#include "cluster/time_zone.h"

#include <string.h>
#include <sys/stat.h>

static int read_number(int64_t *out, const struct call *call, const char *option, int64_t low,
                       int64_t high, struct why *why)
{
    const char *typed = call_value(call, option);
    if (typed && text_number(typed, low, high, out) != 0)
        return why_error(why, ERR_USAGE, "--%s %s: a number from %lld to %lld is meant", option,
                         typed, (long long)low, (long long)high);
    return 0;
}

/* What is asked for; otherwise that of this server, if phones can be told it. */
static const char *zone_of(const struct call *call, char machines[ZONE_NAME])
{
    const char *typed = call_value(call, "time-zone");
    machine_zone(machines, ZONE_NAME);
    if (typed || strcmp(machines, "UTC") == 0 || time_zone_check(machines, NULL) != 0)
        return typed;
    return machines;
}

static int read_options(struct init_options *out, const struct call *call,
                        char machines_zone[ZONE_NAME], struct why *why)
{
    int64_t offset = 0;
    int64_t bits = 0;
    *out = (struct init_options){.state = call->state,
                                 .node = call_value(call, "node"),
                                 .address = call_value(call, "address"),
                                 .database = call_value(call, "database"),
                                 .organization = call_value(call, "organization"),
                                 .unit = call_value(call, "unit"),
                                 .locality = call_value(call, "locality"),
                                 .province = call_value(call, "province"),
                                 .country = call_value(call, "country"),
                                 .time_zone = zone_of(call, machines_zone)};
    if (!out->node)
        return why_error(why, ERR_USAGE, "--node is missing: the name of this server");
    if (!out->address)
        return why_error(why, ERR_USAGE,
                         "--address is missing: the IP address phones reach this server at");
    if (out->database && strcmp(out->database, "sqlite") != 0 &&
        !text_starts(out->database, "postgresql://"))
        return why_error(why, ERR_USAGE, "--database %s: sqlite or postgresql://... is meant",
                         out->database);
    int result = read_number(&offset, call, "port-offset", 0, PORT_OFFSET_MAX, why);
    if (result == 0)
        result = read_number(&bits, call, "key-size", 1024, 4096, why);
    out->port_offset = (uint16_t)offset;
    out->key_size = (unsigned)bits;
    return result;
}

/* As it is typed into a shell: in quotes when it has to be. */
static void shell_word(struct buffer *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+,:=@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        buffer_text(out, word);
        return;
    }
    buffer_text(out, "'");
    for (const char *p = word; *p; p++) {
        if (*p == '\'')
            buffer_text(out, "'\\'");
        buffer_u8(out, (uint8_t)*p);
    }
    buffer_text(out, "'");
}

static void print_made(FILE *out, struct cluster *cluster, const struct certs *certs,
                       const char *password)
{
    const struct store_node *node = cluster_node(cluster);
    fprintf(out,
            "Made a cluster in non-secure mode.\n"
            "\n"
            "Node:           %s, %s, publisher\n"
            "State:          %s\n",
            node->name, node->address, cluster_state(cluster));
    if (node->port_offset)
        fprintf(out, "Port offset:    %u\n", node->port_offset);
    for (size_t i = 0; i < certs->count; i++) {
        const struct certificate *c = certs->items[i].certificate;
        char until[CLOCK_TEXT];
        fprintf(out, "%-16s%-12s  ", i ? "" : "Certificates:", certs->items[i].unit);
        cli_print(out, certificate_subject(c));
        fprintf(out, ", until %s\n", clock_java(until, certificate_not_after(c)));
    }
    struct buffer typed;
    buffer_init(&typed, 4 * FILE_PATH);
    shell_word(&typed, cluster_state(cluster));
    const char *state = buffer_string(&typed);
    fprintf(out,
            "\n"
            "Administrator:  administrator\n"
            "Password:       %s   (shown this once)\n"
            "\n"
            "Next:\n"
            "  start the services   trustlined --state %s\n"
            "  mixed mode           trustline utils ctl set-cluster mixed-mode --state %s\n"
            "  a phone              trustline phone add SEP001122334455 --model 7975 --profile "
            "sccp-encrypted --line 1001 --state %s\n",
            password, state, state, state);
    buffer_fini(&typed);
}

static json_t *made_json(struct cluster *cluster, const struct certs *certs, const char *password)
{
    const struct store_node *node = cluster_node(cluster);
    json_t *names = json_array();
    for (size_t i = 0; i < certs->count; i++)
        json_array_append_new(names,
                              json_pack("{s:s, s:o}", "name", certs->items[i].unit, "subject",
                                        cli_json_text(bytes_of_string(
                                            certificate_subject(certs->items[i].certificate)))));
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:o, s:s, s:s}", "node", node->name, "address",
                     node->address, "port_offset", (int)node->port_offset, "state",
                     cluster_state(cluster), "mode", "non-secure", "certificates", names,
                     "administrator", "administrator", "password", password);
}

/* What came into being is read back from where it lies. */
static enum cli_status show_made(struct cli *cli, const struct call *call, const char *password)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct certs certs = {.items = NULL};
    enum cli_status status = STATUS_DONE;
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result == 0)
        result = certs_load_own(&certs, cluster, &why);
    if (result == 0 && call->json)
        status = cli_json(cli, made_json(cluster, &certs, password), STATUS_DONE);
    else if (result == 0)
        print_made(cli->out, cluster, &certs, password);
    else
        status = cli_failed(cli, result, &why);
    certs_free(&certs);
    session_close(cluster);
    return status;
}

/* What would come into being. */
static enum cli_status show_wanted(struct cli *cli, const struct call *call,
                                   const struct init_options *o)
{
    if (call->json)
        return cli_json(cli,
                        json_pack("{s:s, s:s, s:i, s:s, s:b}", "node", o->node, "address",
                                  o->address, "port_offset", (int)o->port_offset, "state", o->state,
                                  "dry_run", 1),
                        STATUS_DONE);
    fprintf(cli->out, "Would make a cluster in non-secure mode: node %s at %s", o->node,
            o->address);
    if (o->port_offset)
        fprintf(cli->out, ", port offset %u", o->port_offset);
    fprintf(cli->out, ", in %s.\n", o->state);
    return STATUS_DONE;
}

enum cli_status init_cluster(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct init_options options;
    char password[32] = "";
    enum cli_status status;
    char zone[ZONE_NAME];
    int result = read_options(&options, call, zone, &why);
    if (result)
        return cli_misuse(cli, call, "%s", why_text(&why, result));
    if (call->dry_run) {
        result = cluster_init_check(&options, &why);
        return result ? cli_failed(cli, result, &why) : show_wanted(cli, call, &options);
    }
    umask(027); /* what is made is for its owner, and for his group to read */
    result = session_quiet(&why);
    if (result == 0)
        result = cluster_init(&options, password, &why);
    status = result ? cli_failed(cli, result, &why) : show_made(cli, call, password);
    secret_wipe(password, sizeof password);
    return status;
}
