/* utils service list, start, stop, restart: in CUCM's words. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/session.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES_MAX = 32, LOOK_MS = 50, WAIT_MS = 30 * 1000, FAILED_LOOKS = 20 };

struct services {
    struct store_service items[SERVICES_MAX];
    size_t count;
    bool running; /* trustlined runs on this node */
};

/* ---- as they are ---- */

static int take(void *context, const struct store_service *service)
{
    struct services *s = context;
    if (s->count < SERVICES_MAX)
        s->items[s->count++] = *service;
    return 0;
}

static int compare(const void *x, const void *y)
{
    const struct store_service *a = x;
    const struct store_service *b = y;
    if (a->activated != b->activated)
        return a->activated ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* What the supervisor wrote last is only true while it runs. */
static void mend(struct store_service *service, bool running)
{
    if (!service->activated)
        text_copy(service->reason, sizeof service->reason, "Service Not Activated");
    else if (!service->wanted && strcmp(service->state, "STOPPED") == 0)
        text_copy(service->reason, sizeof service->reason, "Commanded Out of Service");
    if (running)
        return;
    text_copy(service->state, sizeof service->state, "STOPPED");
    if (service->activated && service->wanted)
        text_copy(service->reason, sizeof service->reason, "Component is not running");
    service->pid = 0;
}

static int load(struct services *out, struct cluster *cluster)
{
    *out = (struct services){.running = cluster_is_served(cluster_state(cluster))};
    int result = store_services(cluster_store(cluster), cluster_node(cluster)->id, take, out);
    for (size_t i = 0; i < out->count; i++)
        mend(&out->items[i], out->running);
    qsort(out->items, out->count, sizeof *out->items, compare);
    return result;
}

static void print_service(FILE *out, const struct store_service *service)
{
    fprintf(out, "%s[%s]%s", service->name, service->state, service->reason[0] ? "  " : "");
    cli_print(out, service->reason);
    fputc('\n', out);
}

/* While CUCM follows a service, it puts two blanks behind each state. */
static void print_step(FILE *out, const struct store_service *service)
{
    fprintf(out, "%s[%s]  ", service->name, service->state);
    cli_print(out, service->reason);
    fputc('\n', out);
}

static json_t *service_json(const struct store_service *s)
{
    return json_pack("{s:s, s:s, s:o, s:b, s:b, s:o, s:o}", "name", s->name, "state", s->state,
                     "reason",
                     s->reason[0] ? cli_json_text(bytes_of_string(s->reason)) : json_null(),
                     "activated", (int)s->activated, "wanted", (int)s->wanted, "since",
                     cli_json_time(s->since), "pid", s->pid ? json_integer(s->pid) : json_null());
}

static json_t *services_json(const struct services *services)
{
    json_t *all = json_array();
    for (size_t i = 0; i < services->count; i++) {
        if (cli_json_append(all, service_json(&services->items[i])) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

enum cli_status utils_service_list(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct services services;
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result)
        return cli_failed(cli, result, &why);
    bool primary = cluster_node(cluster)->publisher;
    result = load(&services, cluster);
    session_close(cluster);
    if (result)
        return cli_failed(cli, result, &why);
    if (call->json)
        return cli_json(cli, services_json(&services), STATUS_DONE);
    fprintf(cli->out,
            "Requesting service status, please wait...\n"
            "Service Manager is %srunning\n"
            "Getting list of all services\n"
            ">> Return code = 0\n",
            services.running ? "" : "not ");
    for (size_t i = 0; i < services.count; i++)
        print_service(cli->out, &services.items[i]);
    fprintf(cli->out, "Primary Node =%s\n", primary ? "true" : "false");
    return STATUS_DONE;
}

/* ---- by name ---- */

/* "Cisco Tftp" from the words Cisco and Tftp. */
static void join_name(char out[SERVICE_NAME], const struct call *call)
{
    struct buffer name;
    buffer_init(&name, SERVICE_NAME - 1);
    for (size_t i = 0; i < call->operand_count; i++)
        buffer_format(&name, "%s%s", i ? " " : "", call->operands[i]);
    text_copy(out, SERVICE_NAME, name.error ? call->operands[0] : buffer_string(&name));
    buffer_fini(&name);
}

static int find(struct store_service *out, const struct services *services, const char *name,
                struct why *why)
{
    const char *names[SERVICES_MAX + 1] = {NULL};
    for (size_t i = 0; i < services->count; i++) {
        names[i] = services->items[i].name;
        if (text_equal_nocase(names[i], name)) {
            *out = services->items[i];
            return 0;
        }
    }
    const char *near = text_nearest(name, names);
    return near ? why_error(why, ERR_USAGE, "there is no service %s; did you mean %s?", name, near)
                : why_error(why, ERR_USAGE, "there is no service %s (trustline utils service list)",
                            name);
}

/* ---- start, stop, restart ---- */

enum order { ORDER_START, ORDER_STOP, ORDER_RESTART };

static const struct {
    const char *word;
    const char *being, *been; /* as CUCM's banner has them; NULL: it has none */
} orders[] = {
    {"start", NULL, NULL},
    {"stop", "STOPPED", "Stopped"},
    {"restart", "RESTARTED", "Restarted"},
};

struct ordering {
    struct cli *cli;
    const struct call *call;
    struct cluster *cluster;
    enum order order;
    struct store_service before;
    unsigned down; /* looks in a row that found it down */
};

static void print_banner(FILE *out, enum order order)
{
    if (orders[order].being)
        fprintf(out,
                " Don't press Ctrl-c while the service is getting %s.If Service has not %s "
                "Properly, execute the same Command Again\n",
                orders[order].being, orders[order].been);
    fputs("Service Manager is running\n", out);
}

/* Has the supervisor done what it was told? A restart shows by another process. */
static bool is_done(const struct ordering *o, const struct store_service *now)
{
    if (o->order == ORDER_STOP)
        return strcmp(now->state, "STOPPED") == 0;
    if (strcmp(now->state, "STARTED") != 0)
        return false;
    return o->order == ORDER_START || now->pid != o->before.pid;
}

/* It tried, and says why it does not come up. A process that died before the order was heard is
 * down, too, for a moment. */
static bool has_failed(struct ordering *o, const struct store_service *now)
{
    bool down = o->order != ORDER_STOP && strcmp(now->state, "STOPPED") == 0 && now->reason[0] &&
                strcmp(now->reason, "Commanded Out of Service") != 0 &&
                strcmp(now->reason, o->before.reason) != 0;
    o->down = down ? o->down + 1 : 0;
    return o->down > FAILED_LOOKS;
}

/* Waits for the supervisor, telling each change of state once. */
static int follow(struct ordering *o, struct store_service *now, struct why *why)
{
    struct store *store = cluster_store(o->cluster);
    int64_t node = cluster_node(o->cluster)->id;
    int64_t deadline = clock_ms() + WAIT_MS;
    char shown[sizeof now->state] = "";
    for (;;) {
        int result = store_service_get(store, node, o->before.name, now);
        if (result)
            return why_error(why, result, "%s: cannot be looked at: %s", o->before.name,
                             store_words(store, result));
        bool over = is_done(o, now) || has_failed(o, now);
        if ((over || strcmp(now->state, o->before.state) != 0) && strcmp(shown, now->state) != 0) {
            text_copy(shown, sizeof shown, now->state);
            if (!o->call->json)
                print_step(o->cli->out, now);
            fflush(o->cli->out);
        }
        if (is_done(o, now))
            return 0;
        if (over)
            return why_error(why, ERR_CONFLICT, "%s did not start: %s", now->name, now->reason);
        if (clock_ms() >= deadline)
            return why_error(why, ERR_TIMEOUT,
                             "%s is %s after %d seconds; the log says more: %s/%s/trustline.log",
                             now->name, now->state, WAIT_MS / 1000, cluster_state(o->cluster),
                             STATE_LOG);
        poll(NULL, 0, LOOK_MS);
    }
}

static int say_wish(struct ordering *o, struct why *why)
{
    struct store *store = cluster_store(o->cluster);
    int result = store_service_want(store, cluster_node(o->cluster)->id, o->before.name,
                                    o->order != ORDER_STOP, o->order == ORDER_RESTART, why);
    if (result == 0)
        log_event(LEVEL_NOTICE, "event=service_%s service=\"%s\"", orders[o->order].word,
                  o->before.name);
    return result;
}

static enum cli_status finish(struct ordering *o, const struct store_service *now, int result,
                              const struct why *why)
{
    if (result)
        return cli_failed(o->cli, result, why);
    return o->call->json ? cli_json(o->cli, service_json(now), STATUS_DONE) : STATUS_DONE;
}

/* The wish is kept for the next start, but nobody is there to fulfil it now. */
static enum cli_status nobody_runs(struct ordering *o)
{
    if (o->order == ORDER_STOP) {
        if (!o->call->json)
            fprintf(o->cli->out, "%s[STOPPED]  Commanded Out of Service\n", o->before.name);
        cli_note(o->cli, "trustlined does not run on this node; it will not start %s when it does",
                 o->before.name);
        return STATUS_DONE;
    }
    return cli_error(o->cli,
                     "%s: trustlined does not run on this node; when it does (systemctl start "
                     "trustline), it starts %s",
                     o->before.name, o->before.name);
}

/* Tells the wish, and lets go of the cluster before waiting: others may act meanwhile. */
static int prepare(struct ordering *o, bool *running, struct why *why)
{
    struct services services;
    char name[SERVICE_NAME];
    join_name(name, o->call);
    int result = session_open(&o->cluster, o->call, CLUSTER_ACT, why);
    if (result == 0)
        result = load(&services, o->cluster);
    if (result == 0)
        result = find(&o->before, &services, name, why);
    if (result == 0 && !o->before.activated)
        result = why_error(why, ERR_POLICY, "%s[STOPPED]  Service Not Activated", o->before.name);
    if (result == 0 && !o->call->dry_run)
        result = say_wish(o, why);
    *running = result == 0 && services.running;
    session_close(o->cluster);
    o->cluster = NULL;
    return result;
}

static enum cli_status order(struct cli *cli, const struct call *call, enum order order)
{
    struct why why = WHY_NONE;
    struct ordering o = {.cli = cli, .call = call, .order = order};
    struct store_service now = {.pid = 0};
    bool running = false;
    int result = prepare(&o, &running, &why);
    if (result)
        return cli_failed(cli, result, &why);
    if (call->dry_run && call->json)
        return cli_json(cli, service_json(&o.before), STATUS_DONE);
    if (call->dry_run) {
        fprintf(cli->out, "%s would be told to %s; it is %s now.\n", o.before.name,
                orders[order].word, o.before.state);
        return STATUS_DONE;
    }
    if (!running)
        return nobody_runs(&o);
    if (!call->json)
        print_banner(cli->out, order);
    result = session_open(&o.cluster, call, CLUSTER_LOOK, &why);
    if (result == 0)
        result = follow(&o, &now, &why);
    session_close(o.cluster);
    return finish(&o, &now, result, &why);
}

enum cli_status utils_service_start(struct cli *cli, const struct call *call)
{
    return order(cli, call, ORDER_START);
}

enum cli_status utils_service_stop(struct cli *cli, const struct call *call)
{
    return order(cli, call, ORDER_STOP);
}

enum cli_status utils_service_restart(struct cli *cli, const struct call *call)
{
    return order(cli, call, ORDER_RESTART);
}
