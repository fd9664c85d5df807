/* utils ctl ..., utils itl ...: acts on the trust lists, in CUCM's words. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/source.h"
#include "pki/key.h"
#include "pki/password.h"
#include "store/registration.h"

#include <string.h>

/* ---- utils ctl set-cluster ---- */

static int note_here(void *context, const struct store_registration *registration)
{
    bool *here = context;
    (void)registration;
    *here = true;
    return 0;
}

/* Lists are for the next start of a phone, and so is most of this. */
static int note_registered(struct cluster *cluster, struct act_report *report, bool mixed)
{
    bool here = false;
    int result = store_registrations(cluster_store(cluster), NULL, note_here, &here);
    if (here && !report->note[0])
        text_format(report->note, sizeof report->note,
                    "phones that are registered %s (trustline phone reset --where "
                    "status=registered)",
                    mixed ? "stay as they are until they register again, as their profiles say then"
                          : "get no keys for audio that begins now; all else counts when they "
                            "register again");
    return result;
}

static int set_mode(struct cluster *cluster, struct act_report *report,
                    const struct act_options *options, void *context, struct why *why)
{
    const bool *mixed = context;
    int result = cluster_set_mode(cluster, report, *mixed, options, why);
    if (result || report->already)
        return result;
    return note_registered(cluster, report, *mixed);
}

static void say_mode(FILE *out, struct cluster *cluster, const struct act_report *report,
                     void *context)
{
    const bool *mixed = context;
    const char *mode = *mixed ? "Mixed" : "Non Secure";
    (void)cluster;
    (void)report;
    fprintf(out, "Moving Cluster to %s Mode\nCluster set to %s Mode\n", mode, mode);
}

static enum cli_status set_cluster(struct cli *cli, const struct call *call, bool mixed)
{
    const struct act act = {
        .question = mixed ? "This operation will set the cluster to Mixed mode. Do you want to "
                            "continue? (y/n):"
                          : "This operation will set the cluster to non secure mode. Do you want "
                            "to continue? (y/n):",
        .run = set_mode,
        .say = say_mode,
        .already = mixed ? "The cluster is in mixed mode already."
                         : "The cluster is in non-secure mode already.",
        .context = &mixed,
    };
    return act_run(cli, call, &act);
}

enum cli_status utils_ctl_mixed(struct cli *cli, const struct call *call)
{
    return set_cluster(cli, call, true);
}

enum cli_status utils_ctl_non_secure(struct cli *cli, const struct call *call)
{
    return set_cluster(cli, call, false);
}

/* ---- utils ctl update, reset ---- */

static void say_updated(FILE *out, struct cluster *cluster, const struct act_report *report,
                        void *context)
{
    (void)cluster;
    (void)report;
    (void)context;
    fputs("Updating CTL file\nCTL file Updated\n", out);
}

static int update_ctl(struct cluster *cluster, struct act_report *report,
                      const struct act_options *options, void *context, struct why *why)
{
    (void)context;
    return cluster_update_ctl(cluster, report, options, why);
}

enum cli_status utils_ctl_update(struct cli *cli, const struct call *call)
{
    static const struct act act = {
        .question = "This operation updates the CTLFile. Do you want to continue? (y/n):",
        .run = update_ctl,
        .say = say_updated,
        .already = "The CTL was as it should be already: the same one is served on.",
    };
    return act_run(cli, call, &act);
}

static int reset_ctl(struct cluster *cluster, struct act_report *report,
                     const struct act_options *options, void *context, struct why *why)
{
    (void)context;
    return cluster_reset_localkey(cluster, report, LIST_CTL, options, why);
}

enum cli_status utils_ctl_reset(struct cli *cli, const struct call *call)
{
    static const struct act act = {
        .question = "This operation resets the CTLFile, which the CallManager key signs then. Do "
                    "you want to continue? (y/n):",
        .run = reset_ctl,
        .say = say_updated,
    };
    return act_run(cli, call, &act);
}

/* ---- utils itl reset ---- */

static int count_tftp(void *context, const struct store_service *service)
{
    bool *has = context;
    *has = *has || (strcmp(service->name, "Cisco Tftp") == 0 && service->activated);
    return 0;
}

struct tftp_nodes {
    struct store *store;
    char (*names)[NODE_NAME];
    size_t count;
};

enum { NODES_SHOWN = 32 };

static int note_tftp_node(void *context, const struct store_node *node)
{
    struct tftp_nodes *nodes = context;
    bool has = false;
    int result = store_services(nodes->store, node->id, count_tftp, &has);
    if (result == 0 && has && nodes->count < NODES_SHOWN)
        text_copy(nodes->names[nodes->count++], NODE_NAME, node->name);
    return result;
}

static void say_reset(FILE *out, struct cluster *cluster, const struct act_report *report,
                      void *context)
{
    char names[NODES_SHOWN][NODE_NAME];
    struct tftp_nodes nodes = {.store = cluster_store(cluster), .names = names};
    (void)report;
    (void)context;
    if (store_nodes(nodes.store, note_tftp_node, &nodes) != 0)
        nodes.count = 0;
    fputs("Locating active Tftp servers in the cluster.....\n"
          "Following is the list of Active tftp servers in the cluster\n"
          "====================\n",
          out);
    for (size_t i = 0; i < nodes.count; i++)
        fprintf(out, "%s\n", names[i]);
    fprintf(out,
            "=====================\n"
            "Number of Active TFTP servers in the cluster : %zu\n"
            "The reset ITL file was generated successfully\n"
            "Transferring new reset ITL file to the TFTP server nodes in the cluster.........\n",
            nodes.count);
    for (size_t i = 0; i < nodes.count; i++)
        fprintf(out, "Successfully transferred reset ITL to node %s\n", names[i]);
}

static int reset_itl(struct cluster *cluster, struct act_report *report,
                     const struct act_options *options, void *context, struct why *why)
{
    (void)context;
    return cluster_reset_localkey(cluster, report, LIST_ITL, options, why);
}

enum cli_status utils_itl_reset_local(struct cli *cli, const struct call *call)
{
    static const struct act act = {
        .question = "This operation resets the ITL file, which the second anchor of the cluster "
                    "signs then. Do you want to continue? (y/n):",
        .run = reset_itl,
        .say = say_reset,
    };
    return act_run(cli, call, &act);
}

struct remote_key {
    const char *path;
    struct bytes pkcs12;
    const char *password;
};

static int reset_itl_remote(struct cluster *cluster, struct act_report *report,
                            const struct act_options *options, void *context, struct why *why)
{
    const struct remote_key *key = context;
    int result = cluster_reset_remotekey(cluster, report, key->pkcs12, key->password, options, why);
    return result && result != ERR_PLAN ? why_prefix(why, result, "%s", key->path) : result;
}

/* The first line of the file, or what somebody types. `out` is a secret with its room reserved. */
static int read_password(struct buffer *out, const struct call *call, struct why *why)
{
    const char *path = call_value(call, "password-file");
    char prompt[200];
    int result = buffer_reserve(out, PASSWORD_MAX);
    if (result)
        return result;
    if (path) {
        result = file_read(out, path, why);
        if (result)
            return result;
        const uint8_t *end = out->size ? memchr(out->data, '\n', out->size) : NULL;
        if (end)
            out->size = (size_t)(end - out->data);
    } else {
        text_format(prompt, sizeof prompt, "Password of %s:", path_name(call->operands[0]));
        result = cli_ask_secret(out, prompt, why);
    }
    return result;
}

enum cli_status utils_itl_reset_remote(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct buffer password;
    struct buffer file;
    struct remote_key key = {.path = call->operands[0], .password = ""};
    const struct act act = {
        .question = "This operation resets the ITL file, which the key of that file signs then. "
                    "Do you want to continue? (y/n):",
        .run = reset_itl_remote,
        .say = say_reset,
        .context = &key,
    };
    enum cli_status status;
    buffer_init(&password, PASSWORD_MAX);
    buffer_init(&file, KEY_FILE_MAX);
    int result = buffer_reserve(&file, KEY_FILE_MAX);
    if (result == 0)
        result = file_read(&file, call->operands[0], &why);
    if (result == 0)
        result = read_password(&password, call, &why);
    if (result) {
        status = cli_failed(cli, result, &why);
    } else {
        key.pkcs12 = buffer_bytes(&file);
        key.password = buffer_string(&password);
        status = act_run(cli, call, &act);
    }
    buffer_fini_secret(&file);
    buffer_fini_secret(&password);
    return status;
}
