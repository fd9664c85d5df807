/*
 * clerk: the supervisor's hand in the store. At its start it brings the store and keys/ in order
 * and looks over what the node lives on; then it tells the supervisor which services are wanted and
 * writes down what became of them. It also says, every day, which certificates have expired, keeps
 * bulk orders going, and writes down what phones prove of their lists.
 */
#include "daemon/roles.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cluster/cluster.h"
#include "daemon/proofs.h"
#include "daemon/role_link.h"
#include "daemon/waves.h"
#include "store/async.h"
#include "store/enrolment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WATCH_MS = 200, DAY_MS = 24 * 3600 * 1000, WARN_DAYS = 60, WANTS_MAX = 32 };

struct clerk {
    struct role_link *link;
    struct store_async *store;
    struct waves *waves;
    struct proofs *proofs;
    struct loop_timer *daily;
    int64_t node;
    char address[ADDRESS_NAME]; /* of the node */
    int signer;                 /* the end we were given, until it has been used */
    bool told_begin;            /* by the supervisor */
    bool begun, failed;
};

/* ---- at the start ---- */

struct key_check {
    struct cluster *cluster;
    struct signer *signer;
    struct why *why;
};

static int check_key(void *context, const struct store_certificate *row)
{
    struct key_check *k = context;
    struct certificate *certificate = NULL;
    if (row->state != CERTIFICATE_ACTIVE || row->node != cluster_node(k->cluster)->id)
        return 0;
    struct why why = WHY_NONE;
    int result = certificate_from_der(&certificate, buffer_bytes(&row->der), &why);
    if (result == 0)
        result = signer_check(k->signer, row->name, certificate, &why);
    certificate_free(certificate);
    if (result == 0)
        return 0;
    return why_error(
        k->why, result,
        "the key of %s cannot be used: %s; bring keys/ back from a backup, or renew it: "
        "trustline set cert regen %s",
        row->name, why_text(&why, result), row->name);
}

/* Keys that fit their certificates are what the node lives on: without them it does not start. */
static int check_keys(struct cluster *cluster, struct why *why)
{
    struct key_check check = {.cluster = cluster, .why = why};
    int result = cluster_signer(cluster, &check.signer, why);
    return result ? result : store_certificates(cluster_store(cluster), check_key, &check);
}

/* Its own ports stand in trustline.conf; configurations of phones are made from the store. */
static int follow_ports(struct cluster *cluster, const struct config *config, struct why *why)
{
    struct store_node node = *cluster_node(cluster);
    if (node.port_offset == config->port_offset)
        return 0;
    log_event(LEVEL_NOTICE, "event=port_offset_changed from=%u to=%u", node.port_offset,
              config->port_offset);
    node.port_offset = config->port_offset;
    return store_node_update(cluster_store(cluster), &node, why);
}

static void note_node(struct clerk *c, const struct cluster *cluster)
{
    c->node = cluster_node(cluster)->id;
    text_copy(c->address, sizeof c->address, cluster_node(cluster)->address);
}

static int tidy(struct clerk *c, const char *state, struct why *why)
{
    struct cluster *cluster = NULL;
    unsigned removed = 0;
    int result = cluster_open(&cluster, state, CLUSTER_TIDY, why);
    if (result == ERR_TIMEOUT) {
        /* An administrator's act is under way; what is left over can wait for the next start. */
        log_event(LEVEL_NOTICE, "event=keys_not_swept reason=\"%s\"", why->text);
        *why = (struct why)WHY_NONE;
        result = cluster_open(&cluster, state, CLUSTER_LOOK, why);
        if (result == 0)
            note_node(c, cluster);
        cluster_close(cluster);
        return result;
    }
    if (result == 0) {
        result = cluster_give_signer(cluster, c->signer);
        c->signer = -1;
    }
    if (result == 0)
        result = parameters_fill(cluster_store(cluster));
    if (result == 0)
        result = services_fill(cluster_store(cluster), cluster_node(cluster)->id, why);
    if (result == 0)
        result = follow_ports(cluster, role_link_config(c->link), why);
    if (result == 0)
        result = check_keys(cluster, why);
    if (result == 0)
        result = cluster_sweep(cluster, &removed, why);
    if (result == 0)
        result = cluster_relink(cluster, why);
    if (result == 0 && removed)
        log_event(LEVEL_NOTICE, "event=keys_swept removed=%u", removed);
    if (result == 0)
        note_node(c, cluster);
    cluster_close(cluster);
    return result;
}

/* ---- wants ---- */

struct wants {
    struct clerk *clerk;
    size_t count;
    char messages[WANTS_MAX][160];
};

static int note_want(void *context, const struct store_service *service)
{
    struct wants *w = context;
    if (w->count < WANTS_MAX)
        text_format(w->messages[w->count++], sizeof w->messages[0], "W%s\t%d\t%d\t%llu",
                    service->name, service->activated, service->wanted,
                    (unsigned long long)service->restarts_wanted);
    return 0;
}

static int read_wants(void *context, struct store *store)
{
    struct wants *w = context;
    return store_services(store, w->clerk->node, note_want, w);
}

static void told_wants(void *context, int result)
{
    struct wants *w = context;
    for (size_t i = 0; i < w->count && result == 0; i++)
        role_link_say(w->clerk->link, w->messages[i]);
    if (result)
        log_event(LEVEL_ERROR, "event=services_not_read reason=\"%s\"", error_text(result));
    else
        role_link_say(w->clerk->link, "Z");
    free(w);
}

static void tell_wants(struct clerk *c)
{
    struct wants *w = calloc(1, sizeof *w);
    if (!w)
        return;
    w->clerk = c;
    if (store_async_do(c->store, read_wants, told_wants, w) != 0)
        free(w);
}

static void store_moved(void *context, unsigned areas)
{
    struct clerk *c = context;
    if (areas & (1u << AREA_SERVICES))
        tell_wants(c);
    if (areas & ((1u << AREA_ENROLMENT) | (1u << AREA_RESETS)) && c->waves)
        waves_look(c->waves);
}

/* ---- what was seen ---- */

struct sight {
    struct clerk *clerk;
    int64_t node;
    char name[SERVICE_NAME];
    char state[16];
    char reason[SERVICE_REASON];
    int64_t pid;
};

static int write_sight(void *context, struct store *store)
{
    const struct sight *s = context;
    return store_service_seen(store, s->node, s->name, s->state, s->reason, s->pid);
}

/* Told also when it could not be written: the node is to start all the same. */
static void wrote_sight(void *context, int result)
{
    struct sight *s = context;
    char message[ROLE_MESSAGE_MAX];
    if (result)
        log_event(LEVEL_ERROR, "event=service_not_recorded reason=\"%s\"", error_text(result));
    text_format(message, sizeof message, "K%s\t%s", s->name, s->state);
    role_link_say(s->clerk->link, message);
    free(s);
}

static void take_sight(struct clerk *c, char *text)
{
    struct sight *s = calloc(1, sizeof *s);
    char *rest = text;
    char *name = strsep(&rest, "\t");
    char *state = strsep(&rest, "\t");
    char *pid = strsep(&rest, "\t");
    if (!s || !name || !state || !pid || !rest || text_number(pid, 0, INT32_MAX, &s->pid) != 0) {
        free(s);
        return;
    }
    s->clerk = c;
    s->node = c->node;
    text_copy(s->name, sizeof s->name, name);
    text_copy(s->state, sizeof s->state, state);
    text_copy(s->reason, sizeof s->reason, rest);
    if (store_async_do(c->store, write_sight, wrote_sight, s) != 0)
        free(s);
}

/* ---- every day ---- */

static int say_expiry(void *context, const struct store_certificate *row)
{
    struct certificate *certificate = NULL;
    char until[CLOCK_TEXT];
    int64_t now = clock_wall();
    (void)context;
    if (row->state != CERTIFICATE_ACTIVE ||
        certificate_from_der(&certificate, buffer_bytes(&row->der), NULL) != 0)
        return 0;
    int64_t left = (certificate_not_after(certificate) - now) / 86400;
    clock_java(until, certificate_not_after(certificate));
    if (certificate_not_after(certificate) < now)
        log_event(LEVEL_ERROR,
                  "event=certificate_expired name=%s since=\"%s\" help=\"trustline set cert regen "
                  "%s\"",
                  row->name, until, row->name);
    else if (left < WARN_DAYS)
        log_event(LEVEL_WARNING, "event=certificate_expires name=%s until=\"%s\" days=%lld",
                  row->name, until, (long long)left);
    certificate_free(certificate);
    return 0;
}

static int count_lsc(void *context, const struct store_lsc *lsc)
{
    unsigned *counts = context;
    counts[lsc->state]++;
    return 0;
}

/* Of phones, how many: which, the command says. */
static int say_lscs(struct store *store)
{
    unsigned counts[LSC_STATE_COUNT] = {0};
    int result =
        store_lscs(store, NULL, clock_wall(), WARN_DAYS * INT64_C(86400), count_lsc, counts);
    if (result == 0 && counts[LSC_EXPIRED] + counts[LSC_EXPIRING])
        log_event(LEVEL_WARNING,
                  "event=lscs_expire expired=%u expiring=%u days=%d help=\"trustline phone list "
                  "--where lsc=expiring\"",
                  counts[LSC_EXPIRED], counts[LSC_EXPIRING], WARN_DAYS);
    return result;
}

static int look_at_dates(void *context, struct store *store)
{
    (void)context;
    int result = store_certificates(store, say_expiry, NULL);
    return result ? result : say_lscs(store);
}

static void each_day(void *context)
{
    struct clerk *c = context;
    if (store_async_do(c->store, look_at_dates, NULL, NULL) != 0)
        log_event(LEVEL_WARNING, "event=certificates_not_looked_at");
    loop_timer_start(c->daily, DAY_MS);
}

/* ---- the process ---- */

static int begin(struct clerk *c, struct why *why)
{
    char where[FILE_PATH];
    struct loop *loop = role_link_loop(c->link);
    int result = tidy(c, role_link_state(c->link), why);
    if (result == 0)
        result = config_store_address(where, role_link_config(c->link), role_link_state(c->link));
    if (result == 0)
        result = store_async_new(&c->store, loop, where, STORE_WRITE, why);
    if (result == 0)
        result = store_async_watch(c->store, WATCH_MS, store_moved, c);
    if (result == 0)
        result = waves_new(&c->waves, loop, c->store);
    if (result == 0)
        result = proofs_new(&c->proofs, loop, c->store, c->address);
    if (result == 0)
        result = loop_timer_new(&c->daily, loop, each_day, c);
    if (result)
        return result;
    each_day(c);
    role_link_ready(c->link);
    tell_wants(c);
    return 0;
}

static void drop_signer(struct clerk *c)
{
    if (c->signer >= 0)
        close(c->signer);
    c->signer = -1;
}

/* Once the supervisor has said so and there is a signer to ask. What is asked, is asked now: an end
 * that comes later, after the signer was started again, is not needed. */
static void begin_when_possible(struct clerk *c)
{
    struct why why = WHY_NONE;
    if (!c->begun && c->told_begin && c->signer >= 0) {
        c->begun = true;
        int result = begin(c, &why);
        if (result) {
            c->failed = true;
            role_link_fail(c->link, why_text(&why, result));
            loop_stop(role_link_loop(c->link));
        }
    }
    if (c->begun)
        drop_signer(c);
}

static void on_message(void *context, char kind, char *text, int fd)
{
    struct clerk *c = context;
    switch (kind) {
    case 'G':
        drop_signer(c);
        c->signer = fd;
        begin_when_possible(c);
        return;
    case 'B':
        c->told_begin = true;
        begin_when_possible(c);
        break;
    case 'V':
        if (c->store)
            take_sight(c, text);
        break;
    default:
        break;
    }
    if (fd >= 0)
        close(fd);
}

int role_clerk(const char *state, int control)
{
    struct clerk c = {.signer = -1};
    struct why why = WHY_NONE;
    int result = role_link_new(&c.link, "clerk", state, control, on_message, &c, &why);
    if (result)
        role_link_fail(c.link, why_text(&why, result));
    else
        result = role_link_run(c.link);
    loop_timer_free(c.daily);
    store_async_free(c.store);
    waves_free(c.waves);
    proofs_free(c.proofs);
    role_link_free(c.link);
    drop_signer(&c);
    return result || c.failed ? 1 : 0;
}
