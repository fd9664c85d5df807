/*
 * Making a cluster. Everything comes into being under DIR/.init and is moved to its place at the
 * end, the database last: a directory without it is no cluster, and what a crash left is cleared
 * away by the next try.
 */
#include "cluster/own.h"
#include "cluster/parts.h"
#include "cluster/publish.h"
#include "cluster/time_zone.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "pki/password.h"
#include "signer/process.h"
#include "signer/protocol.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGING ".init"

/* In the order they are moved. */
static const struct entry {
    const char *name;
    mode_t mode; /* of a directory; 0: a file */
    bool signers;
} entries[] = {
    {STATE_KEYS, 0700, true},   {STATE_TFTPBOOT, 0755, false}, {STATE_TEMPLATES, 0755, false},
    {STATE_LOG, 0750, false},   {STATE_RUN, 0750, false},      {STATE_CONFIG, 0, false},
    {STATE_DATABASE, 0, false},
};

enum { ENTRIES = sizeof entries / sizeof *entries };

struct init {
    const struct init_options *options;
    struct config config;
    struct store_node node;
    char stage[FILE_PATH];
    char subject[PARAMETER_VALUE];
    bool made_directory;
    struct why *why;
};

/* ---- what is asked for ---- */

static bool is_node_name(const char *name)
{
    if (!isalnum((unsigned char)*name) || strlen(name) >= NODE_NAME)
        return false;
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
            return false;
    return true;
}

static int check_options(struct init *init)
{
    const struct init_options *o = init->options;
    struct address address;
    struct why *why = init->why;
    const char *const parts[5] = {o->unit, o->organization, o->locality, o->province, o->country};
    if (!is_node_name(o->node))
        return why_error(why, ERR_USAGE,
                         "%s cannot be the name of a node: letters, digits, - . and _, beginning "
                         "with a letter or digit",
                         o->node);
    if (address_parse(&address, o->address, 0) != 0)
        return why_error(why, ERR_USAGE,
                         "%s is no IP address; phones find the node by it, so it is written as a "
                         "number",
                         o->address);
    if (!address_is_of_a_host(&address))
        return why_error(why, ERR_USAGE,
                         "%s is no address of one machine; it is written into lists and "
                         "configurations for phones to find this node by",
                         o->address);
    if (o->key_size && o->key_size != 1024 && o->key_size != 2048 && o->key_size != 4096)
        return why_error(why, ERR_USAGE, "a key size is 1024, 2048 or 4096, not %u", o->key_size);
    if (o->time_zone) {
        int result = time_zone_check(o->time_zone, why);
        if (result)
            return result;
    }
    return own_subject(init->subject, sizeof init->subject, parts, why);
}

static void configure(struct init *init)
{
    const struct init_options *o = init->options;
    struct address address;
    struct config *c = &init->config;
    config_default(c);
    text_copy(c->node, sizeof c->node, o->node);
    if (o->database && *o->database)
        text_copy(c->database, sizeof c->database, o->database);
    c->port_offset = o->port_offset;
    c->legacy_tls = o->key_size == 1024; /* TLS of today refuses such keys */
    init->node = (struct store_node){.publisher = true, .port_offset = o->port_offset};
    text_copy(init->node.name, sizeof init->node.name, o->node);
    text_copy(init->node.address, sizeof init->node.address, o->address);
    /* A node on the loopback is a demo or a test: nobody else is to reach it. */
    bool loopback = address_parse(&address, o->address, 0) == 0 && address_is_loopback(&address);
    text_copy(c->listen[0], sizeof c->listen[0], loopback ? "127.0.0.1" : "0.0.0.0");
    text_copy(c->listen[1], sizeof c->listen[1], loopback ? "::1" : "::");
    c->listen_count = 2;
}

/* ---- the directory ---- */

static bool is_leftover(const char *name)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if (strcmp(entries[i].name, name) == 0)
            return true;
    return strcmp(name, STAGING) == 0;
}

/* The configuration is moved to its place before the database, so it alone is a cluster only when
 * nothing was cut off. */
static bool is_cluster(const char *state, bool cut_off)
{
    char config[FILE_PATH];
    char database[FILE_PATH];
    if (file_path(config, state, STATE_CONFIG) != 0 ||
        file_path(database, state, STATE_DATABASE) != 0)
        return false;
    return file_exists(database) || (!cut_off && file_exists(config));
}

/* Is the directory empty, or only what a try that was cut off left there? */
static int look_around(struct init *init)
{
    const char *state = init->options->state;
    char path[FILE_PATH];
    int result = file_path(path, state, STAGING);
    bool cut_off = result == 0 && file_exists(path);
    if (result == 0 && is_cluster(state, cut_off))
        return why_error(init->why, ERR_DUPLICATE,
                         "%s: there is a cluster already; choose another directory or move it away",
                         state);
    DIR *dir = result == 0 ? opendir(state) : NULL;
    if (!dir)
        return why_error(init->why, -errno, "%s: cannot read: %s", state, error_text(-errno));
    struct dirent *e;
    while (result == 0 && (e = readdir(dir))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, "lost+found") == 0)
            continue;
        if (!cut_off || !is_leftover(e->d_name))
            result = why_error(init->why, -ENOTEMPTY,
                               "%s: is not empty (%s); a cluster needs a directory of its own",
                               state, e->d_name);
    }
    closedir(dir);
    return result;
}

/* "a/b" -> "a" -> "."; "/a" -> "/". */
static void cut_last(char path[FILE_PATH])
{
    char *slash = strrchr(path, '/');
    if (!slash)
        text_copy(path, FILE_PATH, ".");
    else
        slash[slash == path] = '\0';
}

/* Could the directory be made, or be filled when it is there? */
static int look_ahead(struct init *init)
{
    char path[FILE_PATH];
    struct stat st;
    const char *state = init->options->state;
    if (file_exists(state))
        return access(state, W_OK) == 0 ? look_around(init)
                                        : why_error(init->why, -errno, "%s: cannot be made: %s",
                                                    state, error_text(-errno));
    if (!text_copy(path, sizeof path, state))
        return why_error(init->why, ERR_LIMIT, "%s: the name is too long", state);
    do /* up to what is there */
        cut_last(path);
    while (!file_exists(path));
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(path, W_OK) == 0)
        return 0;
    return why_error(init->why, -errno, "%s: cannot make directory: %s", state, error_text(-errno));
}

static int remove_entries(const struct init *init)
{
    char path[FILE_PATH];
    int result = 0;
    for (size_t i = 0; i < ENTRIES && result == 0; i++) {
        result = file_path(path, init->options->state, entries[i].name);
        if (result == 0)
            result = file_remove_tree(path);
    }
    return result ? result : file_remove_tree(init->stage);
}

/* After a failure, which is what the caller reports; the next try says what is still in its way. */
static void clear_away(const struct init *init)
{
    if (remove_entries(init) == 0 && init->made_directory)
        rmdir(init->options->state);
}

static int make_stage(struct init *init)
{
    char path[FILE_PATH];
    const char *state = init->options->state;
    int result = 0;
    if (!file_exists(state)) {
        result = file_mkdirs(state, 0750, init->why); /* see give_away() */
        init->made_directory = result == 0;
    }
    if (result == 0)
        result = look_around(init);
    if (result)
        return result;
    result = remove_entries(init);
    if (result == 0)
        result = file_mkdir(init->stage, 0755, init->why);
    for (size_t i = 0; i < ENTRIES && result == 0; i++) {
        if (!entries[i].mode)
            continue;
        result = file_path(path, init->stage, entries[i].name);
        if (result == 0)
            result = file_mkdir(path, entries[i].mode, init->why);
    }
    return result
               ? why_error(init->why, result, "%s: cannot be made: %s", state, error_text(result))
               : 0;
}

static int write_config_file(struct init *init)
{
    char path[FILE_PATH];
    struct buffer text;
    buffer_init(&text, 65536);
    int result = config_write(&text, &init->config);
    if (result == 0)
        result = file_path(path, init->stage, STATE_CONFIG);
    if (result == 0)
        result = file_create(path, buffer_bytes(&text), 0640, init->why);
    buffer_fini(&text);
    return result;
}

/* ---- the store ---- */

static int fill_profiles(struct store *store, struct why *why)
{
    static const struct {
        enum device_mode mode;
        const char *word;
    } modes[] = {{MODE_NON_SECURE, "non-secure"},
                 {MODE_AUTHENTICATED, "authenticated"},
                 {MODE_ENCRYPTED, "encrypted"}};
    int result = 0;
    for (enum device_protocol protocol = PROTOCOL_SCCP; protocol <= PROTOCOL_SIP; protocol++) {
        for (size_t i = 0; i < 3 && result == 0; i++) {
            struct store_profile p = {.model = "any",
                                      .protocol = protocol,
                                      .mode = modes[i].mode,
                                      .capf_auth = CAPF_AUTH_STRING,
                                      .key_size = 2048,
                                      .built_in = true};
            text_format(p.name, sizeof p.name, "%s-%s", protocol == PROTOCOL_SIP ? "sip" : "sccp",
                        modes[i].word);
            result = store_profile_add(store, &p, why);
        }
    }
    return result;
}

static int fill_parameters(struct init *init, struct store *store)
{
    char bits[16];
    const char *zone = init->options->time_zone;
    text_format(bits, sizeof bits, "%u", init->options->key_size ? init->options->key_size : 2048);
    int result = parameters_fill(store);
    if (result == 0)
        result = store_parameter_set(store, PARAMETER_SUBJECT, init->subject, init->why);
    if (result == 0)
        result = store_parameter_set(store, PARAMETER_KEY_SIZE, bits, init->why);
    return result ? result : time_zone_set(store, zone ? zone : TIME_ZONE_DEFAULT, init->why);
}

static int fill_store(struct init *init, struct store *store, const char *password)
{
    struct why *why = init->why;
    char hash[PASSWORD_HASH_MAX];
    int result = password_hash(hash, password);
    if (result == 0)
        result = store_begin(store, why);
    if (result)
        return result;
    result = store_node_add(store, &init->node, why);
    if (result == 0)
        result = store_node_get(store, init->node.name, &init->node);
    if (result == 0) {
        struct store_group group = {.name = "Default", .count = 1, .members = {init->node}};
        result = store_group_put(store, &group, why);
    }
    if (result == 0) {
        struct store_pool pool = {.name = "Default", .group = "Default", .date_template = "D/M/YA"};
        result = store_pool_put(store, &pool, why);
    }
    if (result == 0)
        result = fill_profiles(store, why);
    if (result == 0)
        result = fill_parameters(init, store);
    if (result == 0)
        result = services_fill(store, init->node.id, why);
    if (result == 0)
        result = store_admin_put(store, "administrator", hash, why);
    if (result == 0)
        result = store_commit(store, why);
    if (result)
        store_rollback(store);
    return result;
}

/* ---- keys, certificates and the first ITL ---- */

static int make_certificate(struct init *init, struct cluster *cluster, const char *name)
{
    struct own_template template;
    struct key_spec spec = {KEY_RSA, init->options->key_size ? init->options->key_size : 2048};
    struct certificate *certificate = NULL;
    struct signer *signer = NULL;
    struct store_certificate row = {
        .node = init->node.id, .state = CERTIFICATE_ACTIVE, .created = clock_wall()};
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    buffer_init(&row.chain, 1);
    int result = own_template(&template, name, &init->node, init->subject, 1825, init->why);
    if (result == 0)
        result = cluster_signer(cluster, &signer, init->why);
    if (result == 0)
        result = signer_create(signer, &certificate, name, &spec, &template.template, init->why);
    if (result == 0) {
        text_copy(row.name, sizeof row.name, name);
        text_hex(row.serial, sizeof row.serial, certificate_serial(certificate), false, 0);
        buffer_append(&row.der, certificate_der(certificate));
        result = store_certificate_put(cluster_store(cluster), &row, init->why);
    }
    if (result == 0)
        result = signer_link(signer, name, row.serial, init->why);
    certificate_free(certificate);
    store_certificate_fini(&row);
    return result;
}

static int make_lists(struct init *init, struct cluster *cluster)
{
    struct act_options options = {0};
    struct act_report report;
    struct change change;
    act_report_init(&report);
    int result = change_init(&change, cluster, init->why);
    if (result == 0)
        result = change_publish(&change, cluster, &report, &options, init->why);
    change_fini(&change);
    act_report_fini(&report);
    return result;
}

static int fill(struct init *init, const char *password)
{
    char where[FILE_PATH];
    struct store *store = NULL;
    struct signer *signer = NULL;
    struct cluster *cluster = NULL;
    int fd = -1;
    int result = config_store_address(where, &init->config, init->stage);
    if (result == 0)
        result = store_open(&store, where, STORE_CREATE, init->why);
    if (result == 0)
        result = fill_store(init, store, password);
    if (result == 0)
        result = signer_spawn(&fd, init->stage, init->why);
    if (result == 0)
        result = signer_new(&signer, fd);
    if (result == 0)
        result =
            cluster_from_parts(&cluster, init->stage, &init->config, store, &init->node, signer);
    if (result) {
        signer_free(signer);
        store_close(store);
        return result;
    }
    for (const char *const *name = own_names(); *name && result == 0; name++)
        result = make_certificate(init, cluster, *name);
    if (result == 0)
        result = make_lists(init, cluster);
    cluster_close(cluster);
    return result;
}

/* ---- owners, and the move to its place ---- */

static int give(const char *path, unsigned user, unsigned group)
{
    if (lchown(path, user, group) != 0)
        return -errno;
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOTDIR ? 0 : -errno;
    int result = 0;
    struct dirent *e;
    while (result == 0 && (e = readdir(dir))) {
        char child[FILE_PATH];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        result = file_path(child, path, e->d_name);
        if (result == 0)
            result = give(child, user, group);
    }
    closedir(dir);
    return result;
}

/* As root, and where a package has made these users, everything becomes theirs: the services then
 * run as the owner of the directory, the signer as the owner of keys/. */
#define SERVICE_USER "trustline"
#define SIGNER_USER  "trustline-signer"

static int give_away(struct init *init)
{
    unsigned user, group, signer_user, signer_group;
    if (geteuid() != 0 || user_find(SERVICE_USER, &user, &group) != 0 ||
        user_find(SIGNER_USER, &signer_user, &signer_group) != 0)
        return 0;
    int result = 0;
    for (size_t i = 0; i < ENTRIES && result == 0; i++) {
        char path[FILE_PATH];
        result = file_path(path, init->stage, entries[i].name);
        if (result == 0 && file_exists(path))
            result = entries[i].signers ? give(path, signer_user, signer_group)
                                        : give(path, user, group);
    }
    /* The signer's user must get through to keys/, and nobody needs to see more. */
    if (result == 0 &&
        (lchown(init->options->state, user, group) != 0 || chmod(init->options->state, 0751) != 0))
        result = -errno;
    return result ? why_error(init->why, result, "%s: cannot be given to %s: %s",
                              init->options->state, SERVICE_USER, error_text(result))
                  : 0;
}

static int move(struct init *init)
{
    const char *state = init->options->state;
    int result = 0;
    for (size_t i = 0; i < ENTRIES && result == 0; i++) {
        char from[FILE_PATH];
        char to[FILE_PATH];
        result = file_path(from, init->stage, entries[i].name);
        if (result == 0)
            result = file_path(to, state, entries[i].name);
        if (result == 0 && file_exists(from) && rename(from, to) != 0)
            result = why_error(init->why, -errno, "%s: cannot be made: %s", to, error_text(-errno));
    }
    if (result == 0)
        result = file_remove_tree(init->stage);
    return result ? result : file_sync_directory(state);
}

/* All that can be known without touching the disk. */
static int prepare(struct init *init)
{
    int result = file_path(init->stage, init->options->state, STAGING);
    if (result == 0)
        result = check_options(init);
    if (result == 0)
        configure(init);
    return result;
}

int cluster_init_check(const struct init_options *options, struct why *why)
{
    char where[FILE_PATH];
    struct init init = {.options = options, .why = why};
    int result = prepare(&init);
    if (result == 0)
        result = look_ahead(&init);
    if (result == 0)
        result = config_store_address(where, &init.config, options->state);
    return result ? result : store_check_address(where, why);
}

int cluster_init(const struct init_options *options, char password[32], struct why *why)
{
    struct init init = {.options = options, .why = why};
    int result = prepare(&init);
    if (result)
        return result;
    result = make_stage(&init);
    if (result) {
        if (init.made_directory)
            rmdir(options->state);
        return result;
    }
    password_make(password);
    result = write_config_file(&init);
    if (result == 0)
        result = fill(&init, password);
    if (result == 0)
        result = give_away(&init);
    if (result == 0)
        result = move(&init);
    if (result)
        clear_away(&init);
    return result ? why_error(why, result, "%s: cannot be made: %s", options->state,
                              error_text(result))
                  : 0;
}
