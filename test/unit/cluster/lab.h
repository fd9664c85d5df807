/*
 * lab: a cluster with phones, for tests that do acts and look at what becomes of the phones.
 *
 * The store, the signer process and the acts are real; keys come from a pool. A phone of the lab
 * keeps real lists in its flash and decides by trust/; its TVS looks into the store by itself,
 * without the planner's help.
 */
#ifndef TEST_UNIT_CLUSTER_LAB_H
#define TEST_UNIT_CLUSTER_LAB_H

#include "support.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cluster/evidence.h"
#include "cluster/own.h"
#include "cluster/parts.h"
#include "cluster/publish.h"
#include "cluster/vouching.h"
#include "keyring.h"
#include "net/channel.h"
#include "signer/process.h"
#include "signer/protocol.h"
#include "trust/list_alarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAB_NODES  16
#define LAB_PHONES 6

/* ---- chance: the same numbers for the same seed ---- */

static uint64_t lab_chance;

static inline unsigned chance(unsigned below)
{
    lab_chance ^= lab_chance << 13;
    lab_chance ^= lab_chance >> 7;
    lab_chance ^= lab_chance << 17;
    return (unsigned)((lab_chance >> 16) % below);
}

static inline bool one_in(unsigned n)
{
    return chance(n) == 0;
}

/* ---- the cluster ---- */

struct lab_phone {
    char name[DEVICE_NAME];
    struct model truth; /* what it can really do: nothing is unknown of it */
    size_t group;
    struct buffer flash[2]; /* by enum list_kind; empty: it holds none */
};

struct lab {
    struct cluster *cluster;
    struct store *store;
    struct store_node nodes[LAB_NODES];
    size_t node_count;
    bool legacy_tls;
    bool tvs_runs[LAB_NODES];
    const struct card *callmanager; /* the active one of the publisher: it signs the files */
    unsigned draw;                  /* of the keyring, next */
    struct lab_phone phones[LAB_PHONES];
    size_t phone_count;
    int64_t now, weighed;
    size_t files; /* trusted certificates that were imported */
    char trusted[8][TRUST_FILE];
};

static char lab_dir[1024];
static pid_t lab_signer;
static int lab_control; /* of the signer */

/* One signer for all clusters of a test: keys are files, and no two have one name. */
static inline void lab_start_signer(void)
{
    char keys[FILE_PATH];
    int pair[2];
    assert_int_equal(channel_pair(pair), 0);
    assert_int_equal(file_path(keys, lab_dir, STATE_KEYS), 0);
    assert_int_equal(file_mkdir(keys, 0700, NULL), 0);
    lab_signer = fork();
    if (lab_signer == 0) {
        close(pair[0]);
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        _exit(signer_process(keys, pair[1], -1));
    }
    close(pair[1]);
    lab_control = pair[0];
}

static inline void lab_enter(void)
{
    const struct log_setup quiet = {.program = "lab", .level = LEVEL_ERROR};
    assert_int_equal(log_open(&quiet, NULL), 0);
    /* Nothing here outlives a crash, and the disk need not be waited for. */
    if (access("/dev/shm", W_OK) == 0)
        assert_int_equal(setenv("TMPDIR", "/dev/shm", 1), 0);
    temporary_make(lab_dir);
    lab_start_signer();
}

static inline void lab_leave(void)
{
    int status = -1;
    log_close();
    close(lab_control);
    waitpid(lab_signer, &status, 0);
    assert_int_equal(status, 0);
    keyring_free();
    temporary_remove(lab_dir);
}

static inline struct signer *lab_ask_signer(void)
{
    struct signer *signer = NULL;
    const uint8_t role = SIGNER_CLUSTER;
    int pair[2];
    assert_int_equal(channel_pair(pair), 0);
    assert_int_equal(channel_send(lab_control, bytes_of(&role, 1), &pair[1], 1), 0);
    close(pair[1]);
    assert_int_equal(signer_new(&signer, pair[0]), 0);
    return signer;
}

static inline enum certificate_use lab_use(const char *name)
{
    return strcmp(name, KEY_CAPF) == 0       ? USE_CA
           : strcmp(name, KEY_RECOVERY) == 0 ? USE_ANCHOR
                                             : USE_SERVER;
}

/* A new identity of that name, as CUCM would call it: no two of a cluster are the same. */
static inline const struct card *lab_draw(struct lab *lab, const struct store_node *node,
                                          const char *name)
{
    char common[64];
    text_format(common, sizeof common, "%s%s",
                strcmp(name, KEY_RECOVERY) == 0 ? "ITLRECOVERY_" : "", node->name);
    return keyring_card(name, common, lab_use(name), lab->draw++);
}

static inline void lab_own(struct lab *lab, const struct store_node *node, const char *name)
{
    const struct card *card = lab_draw(lab, node, name);
    const struct certificate *own = card->identity.certificate;
    struct signer *signer = NULL;
    struct certificate *same = NULL;
    struct store_certificate row = {.node = node->id, .created = lab->now};
    text_copy(row.name, sizeof row.name, name);
    text_hex(row.serial, sizeof row.serial, certificate_serial(own), false, 0);
    buffer_init(&row.der, CERTIFICATE_DER_MAX);
    buffer_init(&row.chain, 1);
    buffer_append(&row.der, certificate_der(own));
    assert_int_equal(store_certificate_put(lab->store, &row, NULL), 0);
    store_certificate_fini(&row);
    if (!node->publisher)
        return;
    assert_int_equal(cluster_signer(lab->cluster, &signer, NULL), 0);
    assert_int_equal(signer_import(signer, &same, name, buffer_bytes(&card->pem), NULL), 0);
    certificate_free(same);
    if (strcmp(name, KEY_CALLMANAGER) == 0)
        lab->callmanager = card;
}

static inline void lab_tvs(struct lab *lab, size_t node, bool runs)
{
    struct store_service service = {.activated = true, .wanted = runs, .state = "STARTED"};
    text_copy(service.name, sizeof service.name, SERVICE_TVS);
    lab->tvs_runs[node] = runs;
    assert_int_equal(store_service_put(lab->store, lab->nodes[node].id, &service, NULL), 0);
}

static inline const char *lab_group(size_t group)
{
    static const char *const names[] = {"one", "two"};
    return names[group];
}

static inline void lab_add_node(struct lab *lab)
{
    size_t i = lab->node_count++;
    struct store_node *node = &lab->nodes[i];
    *node = (struct store_node){.publisher = i == 0};
    text_format(node->name, sizeof node->name, "n%zu", i + 1);
    text_format(node->address, sizeof node->address, "192.0.2.%zu", i + 10);
    assert_int_equal(store_node_add(lab->store, node, NULL), 0);
    assert_int_equal(store_node_get(lab->store, node->name, node), 0);
}

/* Group "one" has the publisher first, "two" the other node; both have both when there are two. */
static inline void lab_add_groups(struct lab *lab)
{
    for (size_t g = 0; g < 2; g++) {
        struct store_group group = {.count = 0};
        struct store_pool pool = {.date_template = "D/M/Y"};
        text_copy(group.name, sizeof group.name, lab_group(g));
        text_copy(pool.name, sizeof pool.name, lab_group(g));
        text_copy(pool.group, sizeof pool.group, lab_group(g));
        group.members[group.count++] = lab->nodes[0];
        if (lab->node_count > 1 && g == 1)
            group.members[group.count++] = lab->nodes[1];
        assert_int_equal(store_group_put(lab->store, &group, NULL), 0);
        assert_int_equal(store_pool_put(lab->store, &pool, NULL), 0);
    }
    const struct store_profile profile = {.name = "p",
                                          .model = "any",
                                          .mode = MODE_ENCRYPTED,
                                          .capf_auth = CAPF_AUTH_STRING,
                                          .key_size = 2048};
    assert_int_equal(store_profile_add(lab->store, &profile, NULL), 0);
}

static inline void lab_open(struct lab *lab, size_t nodes)
{
    char path[FILE_PATH];
    struct config config;
    *lab = (struct lab){
        .now = clock_wall() - 1000000, .legacy_tls = !one_in(4), .draw = chance(KEYRING_KEYS)};
    config_default(&config);
    config.legacy_tls = lab->legacy_tls;
    assert_int_equal(file_path(path, lab_dir, STATE_DATABASE), 0);
    assert_int_equal(store_open(&lab->store, path, STORE_CREATE, NULL), 0);
    store_close(lab->store);
    assert_int_equal(store_open(&lab->store, path, STORE_OBSERVE, NULL), 0);
    assert_int_equal(parameters_fill(lab->store), 0);
    while (lab->node_count < nodes)
        lab_add_node(lab);
    lab_add_groups(lab);
    assert_int_equal(cluster_from_parts(&lab->cluster, lab_dir, &config, lab->store, &lab->nodes[0],
                                        lab_ask_signer()),
                     0);
    for (size_t i = 0; i < lab->node_count; i++) {
        for (const char *const *name = own_names(); *name; name++)
            if (i == 0 || strcmp(*name, KEY_RECOVERY) != 0)
                lab_own(lab, &lab->nodes[i], *name);
        lab_tvs(lab, i, true);
    }
}

static inline void lab_close(struct lab *lab)
{
    static const char *const files[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < lab->phone_count; i++) {
        buffer_fini(&lab->phones[i].flash[LIST_CTL]);
        buffer_fini(&lab->phones[i].flash[LIST_ITL]);
    }
    struct signer *signer = NULL;
    unsigned removed;
    assert_int_equal(cluster_signer(lab->cluster, &signer, NULL), 0);
    assert_int_equal(signer_sweep(signer, NULL, 0, &removed, NULL), 0);
    cluster_close(lab->cluster); /* and the store with it */
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[FILE_PATH];
        text_format(path, sizeof path, "%s/%s%s", lab_dir, STATE_DATABASE, files[i]);
        unlink(path);
    }
}

/* ---- phones ---- */

/* What nobody knows of its model is decided by chance. */
static inline void lab_decide(struct trait *trait)
{
    if (trait->value == TRAIT_UNKNOWN)
        trait->value = one_in(2) ? TRAIT_YES : TRAIT_NO;
}

static inline struct lab_phone *lab_add_phone(struct lab *lab, const char *model, size_t group)
{
    struct lab_phone *p = &lab->phones[lab->phone_count++];
    struct store_device device = {.profile = "p"};
    *p = (struct lab_phone){.truth = *model_find(model), .group = group};
    text_format(p->name, sizeof p->name, "SEP%012zX", lab->phone_count);
    lab_decide(&p->truth.ctl);
    lab_decide(&p->truth.itl);
    lab_decide(&p->truth.tvs);
    lab_decide(&p->truth.tftp_address);
    lab_decide(&p->truth.signed_config);
    lab_decide(&p->truth.sha512);
    buffer_init(&p->flash[LIST_CTL], LIST_BODY_MAX);
    buffer_init(&p->flash[LIST_ITL], LIST_BODY_MAX);
    text_copy(device.name, sizeof device.name, p->name);
    text_copy(device.model, sizeof device.model, model);
    text_copy(device.pool, sizeof device.pool, lab_group(group));
    assert_int_equal(store_device_add(lab->store, &device, NULL), 0);
    return p;
}

/* The lists of its flash, read for one question. */
struct lab_view {
    struct trustlist *lists[2];
    struct phone_trust trust;
    struct address server;
};

static inline void lab_look(struct lab_view *v, const struct lab *lab, const struct lab_phone *p)
{
    *v = (struct lab_view){.trust.model = &p->truth};
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++)
        if (p->flash[kind].size)
            assert_int_equal(trustlist_parse(&v->lists[kind], buffer_bytes(&p->flash[kind]), NULL),
                             0);
    assert_int_equal(address_parse(&v->server, lab->nodes[0].address, 0), 0);
    v->trust.ctl = v->lists[LIST_CTL];
    v->trust.itl = v->lists[LIST_ITL];
    v->trust.server = address_bytes(&v->server);
}

static inline void lab_look_away(struct lab_view *v)
{
    trustlist_free(v->lists[LIST_CTL]);
    trustlist_free(v->lists[LIST_ITL]);
}

/* ---- TVS, from the store alone ---- */

struct lab_question {
    const struct envelope *signer;    /* it is about that one, */
    const struct certificate *itself; /* or about this certificate */
    struct testimony *said;
    struct buffer *der;
    struct vouching vouching;
    bool found;
};

static inline bool lab_is_meant(const struct lab_question *q, const struct certificate *c)
{
    if (q->itself)
        return certificates_equal(q->itself, c);
    return bytes_equal_string(q->signer->issuer, certificate_issuer(c)) &&
           bytes_equal(bytes_strip_zeros(q->signer->serial), certificate_serial(c));
}

static inline void lab_say(struct lab_question *q, const struct certificate *c,
                           const struct worth *worth)
{
    if (!q->found)
        buffer_append(q->der, certificate_der(c));
    q->found = true;
    for (size_t i = 0; i < worth->count; i++)
        testimony_add_role(q->said, worth->roles[i]);
}

static inline int lab_ask_own(void *context, const struct store_certificate *row)
{
    struct lab_question *q = context;
    struct certificate *c = NULL;
    const struct worth worth = vouching_own(&q->vouching, row->name);
    if (row->state != CERTIFICATE_ACTIVE)
        return 0;
    assert_int_equal(certificate_from_der(&c, buffer_bytes(&row->der), NULL), 0);
    if (lab_is_meant(q, c))
        lab_say(q, c, &worth);
    certificate_free(c);
    return 0;
}

static inline int lab_ask_trusted(void *context, const struct store_trust *row)
{
    struct lab_question *q = context;
    struct certificate *c = NULL;
    const struct worth worth = vouching_trust(&q->vouching, row->purpose);
    assert_int_equal(certificate_from_der(&c, buffer_bytes(&row->der), NULL), 0);
    if (lab_is_meant(q, c))
        lab_say(q, c, &worth);
    certificate_free(c);
    return 0;
}

static inline void lab_ask_ctl(struct lab *lab, struct lab_question *q)
{
    struct store_list list;
    struct trustlist *ctl = NULL;
    if (q->found || store_list_current(lab->store, LIST_CTL, &list) != 0)
        return;
    assert_int_equal(trustlist_parse(&ctl, buffer_bytes(&list.body), NULL), 0);
    for (size_t i = 0; i < ctl->count; i++) {
        struct certificate *c = NULL;
        const struct worth worth = {.roles = {(uint8_t)ctl->records[i].role}, .count = 1};
        if (!ctl->records[i].certificate.size ||
            certificate_from_der(&c, ctl->records[i].certificate, NULL) != 0)
            continue;
        if (lab_is_meant(q, c))
            lab_say(q, c, &worth);
        certificate_free(c);
    }
    trustlist_free(ctl);
    store_list_fini(&list);
}

/* Does a TVS of the phone's group show a certificate that its ITL names? */
static inline bool lab_believes_one(struct lab *lab, const struct lab_phone *p,
                                    const struct trustlist *itl)
{
    bool believed = false;
    if (!lab->legacy_tls && strcmp(p->truth.tls_max, "1.0") == 0)
        return false;
    for (size_t n = 0; n < lab->node_count; n++) {
        struct store_certificate row;
        if (!lab->tvs_runs[n] || (n == 1 && p->group != 1))
            continue;
        assert_int_equal(store_certificate_active(lab->store, lab->nodes[n].id, KEY_TVS, &row), 0);
        for (size_t i = 0; itl && i < itl->count; i++) {
            const struct trustlist_record *r = &itl->records[i];
            uint8_t sha1[SHA1_SIZE];
            assert_int_equal(digest_bytes(DIGEST_KIND_SHA1, buffer_bytes(&row.der), sha1), 0);
            if (r->has_role && r->role == ROLE_TVS &&
                bytes_equal(r->hash, bytes_of(sha1, sizeof sha1)))
                believed = true;
        }
        store_certificate_fini(&row);
    }
    return believed;
}

static inline void lab_hear_tvs(struct lab *lab, const struct lab_phone *p,
                                const struct trustlist *itl, struct lab_question *q)
{
    *q->said = (struct testimony){.kind = TESTIMONY_SILENCE};
    if (!lab_believes_one(lab, p, itl))
        return;
    assert_int_equal(vouching_load(&q->vouching, lab->store), 0);
    assert_int_equal(store_certificates(lab->store, lab_ask_own, q), 0);
    assert_int_equal(store_trusts(lab->store, lab_ask_trusted, q), 0);
    lab_ask_ctl(lab, q);
    q->said->kind = q->found ? TESTIMONY_VOUCHED : TESTIMONY_DENIED;
    q->said->certificate = buffer_bytes(q->der);
}

static inline void lab_ask_tvs(struct lab *lab, const struct lab_phone *p, struct bytes file,
                               const struct trustlist *itl, struct testimony *said,
                               struct buffer *der)
{
    struct envelope header;
    struct lab_question q = {.signer = &header, .said = said, .der = der};
    assert_int_equal(envelope_parse(&header, file, NULL), 0);
    lab_hear_tvs(lab, p, itl, &q);
}

/* ---- a restart ---- */

/* `name` NULL: a list of that kind. */
static inline void lab_decide_on(struct lab *lab, const struct lab_phone *p, enum list_kind kind,
                                 const char *name, struct bytes file, struct answer *out)
{
    struct lab_view v;
    struct testimony said;
    struct buffer der;
    buffer_init(&der, CERTIFICATE_DER_MAX);
    lab_look(&v, lab, p);
    for (int i = 0; i < 2; i++) {
        if (name)
            accept_file(out, &v.trust, name, file);
        else
            accept_list(out, &v.trust, kind == LIST_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL, file);
        if (i || out->verdict != VERDICT_THROUGH_TVS)
            break;
        lab_ask_tvs(lab, p, file, v.trust.itl, &said, &der);
        v.trust.testimony = &said;
    }
    lab_look_away(&v);
    buffer_fini(&der);
}

static inline void lab_observe(struct lab *lab, const struct lab_phone *p, enum list_kind kind,
                               const char *hash, bool complete)
{
    struct store_observation o = {.time = lab->now++,
                                  .kind = hash ? OBSERVED_LIST : OBSERVED_CONFIG,
                                  .transport = TRANSPORT_TFTP,
                                  .complete = complete,
                                  .address = "192.0.2.99"};
    text_copy(o.device, sizeof o.device, p->name);
    text_format(o.file, sizeof o.file, "%s%s", hash ? kind == LIST_CTL ? "CTL" : "ITL" : "",
                p->name);
    if (hash)
        text_copy(o.hash, sizeof o.hash, hash);
    assert_int_equal(store_observe(lab->store, &o, 1, NULL), 0);
}

/* What became of one list or file. */
struct lab_result {
    bool asked;
    bool same; /* the phone had these very bytes */
    struct answer answer;
    char hash[LIST_HASH];
};
struct lab_boot {
    struct lab_result lists[2]; /* by enum list_kind */
    struct lab_result files;
};

static inline void lab_fetch(struct lab *lab, struct lab_phone *p, enum list_kind kind,
                             bool complete, struct lab_result *out)
{
    struct store_list list;
    const struct trait asks = kind == LIST_CTL ? p->truth.ctl : p->truth.itl;
    if (asks.value != TRAIT_YES || store_list_current(lab->store, kind, &list) != 0)
        return;
    lab_observe(lab, p, kind, list.hash, complete);
    if (complete) {
        out->asked = true;
        text_copy(out->hash, LIST_HASH, list.hash);
        lab_decide_on(lab, p, kind, NULL, buffer_bytes(&list.body), &out->answer);
        out->same = bytes_equal(buffer_bytes(&p->flash[kind]), buffer_bytes(&list.body));
        if (out->answer.verdict == VERDICT_YES) {
            buffer_clear(&p->flash[kind]);
            buffer_append(&p->flash[kind], buffer_bytes(&list.body));
        }
    }
    store_list_fini(&list);
}

static inline void lab_fetch_files(struct lab *lab, struct lab_phone *p, struct lab_result *out)
{
    static const char name[] = "dialplan.xml.sgn";
    char digest[PARAMETER_VALUE];
    struct lab_view v;
    struct buffer file;
    struct envelope_spec spec = {.version_major = 1, .filename = bytes_of_string(name)};
    assert_int_equal(store_parameter_get(lab->store, PARAMETER_FILE_DIGEST, digest), 0);
    spec.digest = strcmp(digest, "SHA-512") == 0 ? DIGEST_SHA512 : DIGEST_SHA1;
    buffer_init(&file, 65536);
    assert_int_equal(
        signedfile_write(&file, &spec, &lab->callmanager->identity, bytes_of_string("<x/>"), NULL),
        0);
    lab_look(&v, lab, p);
    bool is_signed = phone_asks_signed(&v.trust);
    lab_look_away(&v);
    lab_decide_on(lab, p, LIST_CTL, is_signed ? name : "dialplan.xml",
                  is_signed ? buffer_bytes(&file) : bytes_of_string("<x/>"), &out->answer);
    out->asked = true;
    lab_observe(lab, p, LIST_CTL, NULL, true);
    buffer_fini(&file);
}

/* ---- it registers over TLS ---- */

/* The publisher's call manager, which shows the certificate in use. */
static inline bool lab_registers(struct lab *lab, const struct lab_phone *p)
{
    struct lab_view v;
    struct testimony said;
    struct buffer der;
    struct answer answer;
    const struct certificate *shown = lab->callmanager->identity.certificate;
    struct lab_question q = {.itself = shown, .said = &said, .der = &der};
    struct store_observation o = {.time = lab->now++,
                                  .kind = OBSERVED_REGISTRATION,
                                  .transport = TRANSPORT_SCCP,
                                  .complete = true,
                                  .file = "registered, encrypted",
                                  .address = "192.0.2.99"};
    buffer_init(&der, CERTIFICATE_DER_MAX);
    lab_look(&v, lab, p);
    accept_server(&answer, &v.trust, SERVER_CALLMANAGER, shown);
    if (answer.verdict == VERDICT_THROUGH_TVS) {
        lab_hear_tvs(lab, p, v.trust.itl, &q);
        v.trust.testimony = &said;
        accept_server(&answer, &v.trust, SERVER_CALLMANAGER, shown);
    }
    lab_look_away(&v);
    buffer_fini(&der);
    if (answer.verdict != VERDICT_YES)
        return false;
    text_copy(o.device, sizeof o.device, p->name);
    text_hex(o.hash, sizeof o.hash, bytes_of(certificate_sha256(shown), SHA256_SIZE), false, 0);
    assert_int_equal(store_observe(lab->store, &o, 1, NULL), 0);
    return true;
}

static inline void lab_reports(struct lab *lab, const struct lab_phone *p, enum list_alarm alarm)
{
    struct store_observation o = {.time = lab->now++,
                                  .kind = OBSERVED_ALARM,
                                  .transport = TRANSPORT_SCCP,
                                  .complete = true,
                                  .address = "192.0.2.99"};
    text_copy(o.device, sizeof o.device, p->name);
    text_format(o.file, sizeof o.file, "Name=%s TL=%d(%s)", p->name, (int)alarm,
                list_alarm_text(alarm));
    assert_int_equal(store_observe(lab->store, &o, 1, NULL), 0);
}

static inline void lab_weigh(struct lab *lab)
{
    struct evidence_found found;
    assert_int_equal(
        evidence_weigh(&found, lab->store, lab->nodes[0].address, lab->weighed, lab->now, NULL), 0);
    lab->weighed = lab->now++;
}

static inline void lab_boot(struct lab *lab, struct lab_phone *p, struct lab_boot *out)
{
    *out = (struct lab_boot){.files = {.asked = false}};
    lab_fetch(lab, p, LIST_CTL, true, &out->lists[LIST_CTL]);
    lab_fetch(lab, p, LIST_ITL, true, &out->lists[LIST_ITL]);
    lab_fetch_files(lab, p, &out->files);
}

#endif
