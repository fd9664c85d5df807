/*
 * tftp_ours: the role tftp as the daemon runs it - store, signer process, log writer, trace - over
 * a cluster of many phones made for the purpose. Not the daemon itself, so that nothing else of it
 * runs on the processor that is measured.
 *
 *   tftp_ours STATE ADDRESS PORT PHONES BUFFER-BYTES
 *
 * STATE is made. Prints "ready PID-OF-THE-SIGNER" when everything can be served; ends when its
 * standard input does.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "net/channel.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "pki/signedfile.h"
#include "service/tftp/service.h"
#include "signer/process.h"
#include "store/store.h"
#include "wire/trustlist.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char state[FILE_PATH], tftpboot[FILE_PATH], templates[FILE_PATH], logs[FILE_PATH];
static char keys[FILE_PATH], database[FILE_PATH];
static struct loop *loop;
static pid_t signer_pid;

static void check(int result, const struct why *why, const char *what)
{
    if (result == 0)
        return;
    fprintf(stderr, "tftp_ours: %s: %s\n", what, why_text(why, result));
    exit(1);
}

static void make_directories(const char *path)
{
    const struct {
        char *path;
        const char *name;
    } parts[] = {{tftpboot, "tftpboot"}, {templates, "templates"}, {logs, "log"}, {keys, "keys"}};
    struct why why = WHY_NONE;
    text_copy(state, sizeof state, path);
    check(file_mkdirs(state, 0755, &why), &why, "state directory");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        check(file_path(parts[i].path, state, parts[i].name), &why, "path");
        check(file_mkdir(parts[i].path, 0755, &why), &why, "directory");
    }
    check(file_path(database, state, "trustline.db"), &why, "path");
}

/* ---- a cluster ---- */

static void load(struct identity *out, const char *name)
{
    char path[FILE_PATH];
    struct why why = WHY_NONE;
    text_format(path, sizeof path, "%s/pool/%s.pem", TEST_VECTORS, name);
    check(identity_load(out, path, &why), &why, path);
}

static void add_record(struct buffer *out, const struct identity *id, uint16_t role,
                       enum record_form form)
{
    struct why why = WHY_NONE;
    const uint8_t address[4] = {192, 0, 2, 10};
    struct trustlist_record r =
        record_of_certificate(id->certificate, role, form, "pub",
                              form == RECORD_FULL ? bytes_of(address, 4) : bytes_of(NULL, 0));
    check(record_write(out, &r, &why), &why, "record");
}

/* A list like those of a real cluster: two anchors, two servers, CAPF (and TVS). */
static void publish(struct store *store, const struct identity *id, enum list_kind kind)
{
    struct buffer body, file;
    char hash[LIST_HASH];
    struct why why = WHY_NONE;
    bool itl = kind == LIST_ITL;
    struct envelope_spec spec = {.version_major = 1,
                                 .version_minor = 2,
                                 .digest = DIGEST_SHA1,
                                 .has_timestamp = true,
                                 .timestamp = (uint32_t)clock_wall()};
    spec.filename = bytes_of_string(itl ? "ITLFile.tlv" : "CTLFile.tlv");
    buffer_init(&body, LIST_BODY_MAX);
    buffer_init(&file, LIST_BODY_MAX);
    add_record(&body, id, ROLE_SAST, RECORD_FULL);
    add_record(&body, id, ROLE_SAST, RECORD_FULL);
    add_record(&body, id, itl ? ROLE_TFTP : ROLE_CCM_TFTP, RECORD_FULL);
    add_record(&body, id, ROLE_CAPF, itl ? RECORD_HASHED : RECORD_FULL);
    if (itl)
        add_record(&body, id, ROLE_TVS, RECORD_HASHED);
    check(signedfile_write(&file, &spec, id, buffer_bytes(&body), &why), &why, "list");
    check(store_list_publish(store, kind, buffer_bytes(&file), hash, &why), &why, "list");
    buffer_fini(&body);
    buffer_fini(&file);
}

static void install_key(struct store *store, const struct identity *id)
{
    struct store_certificate own = {.node = 1, .name = "CallManager", .created = 1};
    struct buffer pem;
    char path[FILE_PATH];
    struct why why = WHY_NONE;
    buffer_init(&pem, KEY_FILE_MAX);
    check(identity_write_pem(&pem, id), &why, "key");
    text_hex(own.serial, sizeof own.serial, certificate_serial(id->certificate), false, 0);
    text_format(path, sizeof path, "%s/CallManager-%s.pem", keys, own.serial);
    check(file_create(path, buffer_bytes(&pem), 0600, &why), &why, path);
    buffer_init(&own.der, CERTIFICATE_DER_MAX);
    buffer_init(&own.chain, CERTIFICATE_FILE_MAX);
    buffer_append(&own.der, certificate_der(id->certificate));
    check(store_certificate_put(store, &own, &why), &why, "certificate");
    store_certificate_fini(&own);
    buffer_fini_secret(&pem);
}

static void add_phones(struct store *store, unsigned phones)
{
    struct why why = WHY_NONE;
    check(store_begin(store, &why), &why, "phones");
    for (unsigned i = 0; i < phones; i++) {
        struct store_device d = {.model = "7975", .profile = "secure", .pool = "Default"};
        text_format(d.name, sizeof d.name, "SEP0011%08X", i);
        text_format(d.description, sizeof d.description, "Phone number %u", i);
        check(store_device_add(store, &d, &why), &why, d.name);
    }
    check(store_commit(store, &why), &why, "phones");
}

static void make_cluster(unsigned phones)
{
    struct store *store = NULL;
    struct identity id = {0};
    struct why why = WHY_NONE;
    struct store_node node = {.name = "pub", .address = "192.0.2.10", .publisher = true};
    struct store_group group = {.name = "Default", .count = 1, .members = {node}};
    struct store_pool pool = {.name = "Default",
                              .group = "Default",
                              .date_template = "D/M/YA",
                              .time_zone = "W. Europe Standard/Daylight Time",
                              .olson_zone = "Europe/Vienna"};
    struct store_profile profile = {.name = "secure",
                                    .model = "any",
                                    .protocol = PROTOCOL_SCCP,
                                    .mode = MODE_ENCRYPTED,
                                    .capf_auth = CAPF_AUTH_NULL,
                                    .key_size = 2048};
    load(&id, "rsa2048");
    check(store_open(&store, database, STORE_CREATE, &why), &why, "store");
    check(store_node_add(store, &node, &why), &why, "node");
    check(store_group_put(store, &group, &why), &why, "group");
    check(store_pool_put(store, &pool, &why), &why, "pool");
    check(store_profile_add(store, &profile, &why), &why, "profile");
    install_key(store, &id);
    publish(store, &id, LIST_CTL);
    publish(store, &id, LIST_ITL);
    add_phones(store, phones);
    store_close(store);
    identity_fini(&id);
}

/* ---- the role ---- */

static int start_signer(void)
{
    int control[2], client[2];
    uint8_t role = SIGNER_TFTP;
    struct why why = WHY_NONE;
    check(channel_pair(control), &why, "channel");
    check(channel_pair(client), &why, "channel");
    signer_pid = fork();
    if (signer_pid == 0) {
        close(control[0]);
        close(client[0]);
        close(client[1]);
        _exit(signer_process(keys, control[1], -1));
    }
    close(control[1]);
    check(channel_send(control[0], bytes_of(&role, 1), &client[1], 1), &why, "signer");
    close(client[1]);
    return client[0]; /* control[0] stays open: the signer ends with us */
}

static void is_ready(void *context)
{
    (void)context;
    printf("ready %d\n", (int)signer_pid);
    fflush(stdout);
}

static void input_ended(void *context, unsigned ready)
{
    char c;
    (void)context;
    (void)ready;
    if (read(STDIN_FILENO, &c, 1) <= 0)
        loop_stop(loop);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: tftp_ours STATE ADDRESS PORT PHONES BUFFER-BYTES\n");
        return 2;
    }
    struct why why = WHY_NONE;
    struct address udp, http;
    struct tftp_setup setup = {.node = "pub", .transfers = 8192, .per_address = 256, .window = 64};
    struct log_setup log = {.program = "tftp_ours", .level = LEVEL_INFO};
    struct signer_loop *signer = NULL;
    struct tftp_service *service = NULL;
    struct loop_watch *input = NULL;
    make_directories(argv[1]);
    make_cluster((unsigned)strtoul(argv[4], NULL, 10));
    int end = start_signer();
    log.directory = logs;
    check(log_open(&log, &why), &why, "log");
    check(log_start_writer(), &why, "log");
    check(address_parse(&udp, argv[2], (uint16_t)strtoul(argv[3], NULL, 10)), &why, argv[2]);
    check(address_parse(&http, argv[2], 0), &why, argv[2]);
    check(udp_bind(&setup.udp[setup.udp_count++], &udp, &why), &why, "socket");
    check(tcp_bind(&setup.http[setup.http_count++], &http, &why), &why, "socket");
    setup.tftpboot = tftpboot;
    setup.templates = templates;
    setup.log = logs;
    setup.store = database;
    setup.receive_buffer = strtoul(argv[5], NULL, 10);
    setup.ready = is_ready;
    check(loop_new(&loop), &why, "loop");
    check(signer_loop_new(&signer, loop), &why, "signer");
    check(signer_loop_replace(signer, end), &why, "signer");
    setup.signer = signer;
    check(loop_watch_new(&input, loop, STDIN_FILENO, input_ended, NULL), &why, "input");
    check(loop_watch_set(input, LOOP_READ), &why, "input");
    check(tftp_service_new(&service, loop, &setup, &why), &why, "service");
    int result = loop_run(loop);
    tftp_service_free(service);
    signer_loop_free(signer);
    loop_watch_free(input);
    loop_free(loop);
    log_close();
    return result ? 1 : 0;
}
