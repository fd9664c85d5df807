/* show version active, show status. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/certs.h"
#include "cli/enrolview.h"
#include "cli/grid.h"
#include "cli/machine.h"
#include "cli/registerview.h"
#include "cli/session.h"

#include <string.h>
#include <time.h>

enum { SERVICES_MAX = 32, COUNTERS_MAX = 256, HASH_SHOWN = 16 };

enum cli_status show_version(struct cli *cli, const struct call *call)
{
    if (call->json)
        return cli_json(cli,
                        json_pack("{s:s, s:[], s:i}", "version", TRUSTLINE_VERSION, "options",
                                  "schema", (int)store_schema_version()),
                        STATUS_DONE);
    fputs("Active Master Version: " TRUSTLINE_VERSION "\n"
          "Active Version Installed Software Options:\n"
          "No Installed Software Options Found.\n",
          cli->out);
    return STATUS_DONE;
}

/* ---- the machine, as CUCM shows it ---- */

struct view {
    struct machine machine;
    struct machine_disk active, logging;
    struct cluster *cluster; /* NULL: there is none */
    bool served;             /* trustlined runs */
    int mode;
    uint64_t phones;
    struct cert_lists lists;
    struct store_service services[SERVICES_MAX];
    size_t service_count;
    struct {
        char name[COUNTER_NAME];
        uint64_t value;
    } counters[COUNTERS_MAX];
    size_t counter_count;
    struct signer_counters signer;
    bool has_signer;
};

static void print_disk(FILE *out, const char *name, const struct machine_disk *disk)
{
    fprintf(out, "%-13s%15lluK%15lluK%15lluK (%u%%)\n", name, (unsigned long long)disk->total,
            (unsigned long long)disk->free, (unsigned long long)disk->used, disk->percent);
}

static void print_machine(FILE *out, const struct view *v)
{
    const struct machine *m = &v->machine;
    const struct machine_memory *mem = &m->memory;
    char up[48];
    char clock[16] = "";
    const char *time_of_day = strrchr(m->date, ' ');
    if (time_of_day)
        text_copy(clock, sizeof clock, time_of_day + 1);
    fprintf(out,
            "\n"
            "Host Name          : %s\n"
            "Date               : %s\n"
            "Time Zone          : %s\n"
            "Locale             : %s\n"
            "Product Ver        : " TRUSTLINE_VERSION "\n"
            "Unified OS Version : %s\n"
            "\n"
            "Uptime:\n"
            " %s %s,  load average: %.2f, %.2f, %.2f\n"
            "\n"
            "CPU Idle:   %05.2f%%  System:   %05.2f%%    User:   %05.2f%%\n"
            "  IOWAIT:   %05.2f%%     IRQ:   %05.2f%%    Soft:   %05.2f%%\n"
            "\n",
            m->host, m->date, m->zone, m->locale, m->system, clock,
            machine_uptime_text(up, m->uptime), m->load[0], m->load[1], m->load[2], m->cpu.idle,
            m->cpu.system, m->cpu.user, m->cpu.io_wait, m->cpu.irq, m->cpu.soft_irq);
    fprintf(out,
            "Memory Total:%15lluK\n"
            "        Free:%15lluK\n"
            "        Used:%15lluK\n"
            "      Cached:%15lluK\n"
            "      Shared:%15lluK\n"
            "     Buffers:%15lluK\n"
            "\n"
            "                        Total            Free            Used\n",
            (unsigned long long)mem->total, (unsigned long long)mem->free,
            (unsigned long long)mem->used, (unsigned long long)mem->cached,
            (unsigned long long)mem->shared, (unsigned long long)mem->buffers);
    print_disk(out, "Disk/active", &v->active);
    print_disk(out, "Disk/logging", &v->logging);
}

/* ---- the cluster ---- */

static int take_service(void *context, const struct store_service *service)
{
    struct view *v = context;
    if (v->service_count < SERVICES_MAX) {
        struct store_service *s = &v->services[v->service_count++];
        *s = *service;
        if (!v->served)
            text_copy(s->state, sizeof s->state, "STOPPED");
    }
    return 0;
}

static int take_counter(void *context, const char *name, uint64_t value)
{
    struct view *v = context;
    if (v->counter_count < COUNTERS_MAX) {
        text_copy(v->counters[v->counter_count].name, COUNTER_NAME, name);
        v->counters[v->counter_count++].value = value;
    }
    return 0;
}

static int look_at_cluster(struct view *v, struct why *why)
{
    struct store *store = cluster_store(v->cluster);
    int64_t node = cluster_node(v->cluster)->id;
    struct signer *signer = NULL;
    v->served = cluster_is_served(cluster_state(v->cluster));
    int result = cluster_security_mode(v->cluster, &v->mode, why);
    if (result == 0)
        result = store_device_count(store, &v->phones);
    if (result == 0)
        result = cert_lists_load(&v->lists, store, why);
    if (result == 0)
        result = store_services(store, node, take_service, v);
    if (result == 0)
        result = store_counters(store, node, take_counter, v);
    /* Without trustlined there is no signer that could have counted anything; and who may not ask
     * it still sees the rest. */
    struct why unasked = WHY_NONE;
    v->has_signer = result == 0 && v->served &&
                    cluster_signer(v->cluster, &signer, &unasked) == 0 &&
                    signer_counters(signer, &v->signer, &unasked) == 0;
    return result;
}

static const char *database(const struct view *v)
{
    const char *database = cluster_config(v->cluster)->database;
    return strcmp(database, "sqlite") == 0 ? "SQLite" : "PostgreSQL";
}

static void print_cluster(FILE *out, const struct view *v)
{
    const struct store_node *node = cluster_node(v->cluster);
    fprintf(out,
            "\n"
            "Cluster Mode       : %s\n"
            "Node               : %s, %s, %s, port offset %u\n"
            "State              : %s (%s)\n"
            "trustlined         : %s\n"
            "Phones             : %llu\n",
            v->mode ? "mixed" : "non-secure", node->name, node->address,
            node->publisher ? "publisher" : "subscriber", node->port_offset,
            cluster_state(v->cluster), database(v), v->served ? "running" : "not running",
            (unsigned long long)v->phones);
}

static void list_row(struct grid *grid, const struct view *v, enum list_kind kind)
{
    const struct trustlist *list = v->lists.lists[kind];
    char when[CLOCK_TEXT] = "-";
    grid_text(grid, kind == LIST_CTL ? "CTL" : "ITL");
    if (!list) {
        for (int i = 0; i < 5; i++)
            grid_text(grid, i ? "-" : "not served");
        return;
    }
    char signer[256];
    text_copy_bytes(signer, sizeof signer, list->header.signer_name);
    if (list->header.has_timestamp)
        clock_java(when, list->header.timestamp);
    grid_format(grid, "%.*s", HASH_SHOWN, v->lists.stored[kind].hash);
    grid_text(grid, when);
    grid_format(grid, "%zu", trustlist_certificates(list));
    grid_format(grid, "%zu", list->file.size);
    grid_text(grid, signer);
}

static int print_lists(FILE *out, const struct view *v)
{
    static const char *const title[] = {"List",         "SHA-256", "Signed",
                                        "Certificates", "Bytes",   "Signer"};
    struct grid *grid = NULL;
    int result = grid_new(&grid, sizeof title / sizeof *title);
    if (result)
        return result;
    for (size_t i = 0; i < sizeof title / sizeof *title; i++)
        grid_text(grid, title[i]);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++)
        list_row(grid, v, kind);
    fputc('\n', out);
    result = grid_print(grid, out, GRID_TITLED);
    grid_free(grid);
    return result;
}

static int print_services(FILE *out, const struct view *v)
{
    struct grid *grid = NULL;
    int result = grid_new(&grid, 4);
    if (result)
        return result;
    grid_text(grid, "Service");
    grid_text(grid, "State");
    grid_text(grid, "Since");
    grid_text(grid, "Reason");
    for (size_t i = 0; i < v->service_count; i++) {
        const struct store_service *s = &v->services[i];
        char since[CLOCK_TEXT];
        grid_text(grid, s->name);
        grid_text(grid, s->state);
        grid_text(grid, v->served ? clock_java(since, s->since) : "-");
        grid_text(grid, v->served && s->reason[0] ? s->reason : "-");
    }
    fputc('\n', out);
    result = grid_print(grid, out, GRID_TITLED);
    grid_free(grid);
    return result;
}

static int print_counters(FILE *out, const struct view *v)
{
    struct grid *grid = NULL;
    int result = grid_new(&grid, 2);
    if (result)
        return result;
    grid_text(grid, "Counter");
    grid_text(grid, "Value");
    for (size_t i = 0; i < v->counter_count; i++) {
        grid_text(grid, v->counters[i].name);
        grid_format(grid, "%llu", (unsigned long long)v->counters[i].value);
    }
    if (v->has_signer) {
        const struct signer_counters *s = &v->signer;
        const struct {
            const char *name;
            uint64_t value;
        } rows[] = {{"signer_signed", s->signed_files},
                    {"signer_created", s->created},
                    {"signer_refused", s->refused},
                    {"signer_malformed", s->malformed}};
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            grid_text(grid, rows[i].name);
            grid_format(grid, "%llu", (unsigned long long)rows[i].value);
        }
    }
    if (v->counter_count || v->has_signer) {
        fputc('\n', out);
        result = grid_print(grid, out, GRID_TITLED);
    }
    grid_free(grid);
    return result;
}

static int print_ours(FILE *out, const struct view *v)
{
    print_cluster(out, v);
    int result = print_lists(out, v);
    if (result == 0)
        result = print_services(out, v);
    if (result == 0)
        result = bulk_orders_print(out, cluster_store(v->cluster));
    if (result == 0)
        result = resets_print(out, cluster_store(v->cluster));
    return result ? result : print_counters(out, v);
}

/* ---- as JSON ---- */

static json_t *disk_json(const struct machine_disk *d)
{
    return json_pack("{s:I, s:I, s:I, s:i}", "total_kib", (json_int_t)d->total, "free_kib",
                     (json_int_t)d->free, "used_kib", (json_int_t)d->used, "used_percent",
                     (int)d->percent);
}

static json_t *machine_json(const struct view *v)
{
    const struct machine *m = &v->machine;
    const struct machine_cpu *c = &m->cpu;
    const struct machine_memory *r = &m->memory;
    return json_pack(
        "{s:s, s:o, s:s, s:s, s:s, s:I, s:[fff], s:{s:f, s:f, s:f, s:f, s:f, s:f}, s:{s:I, s:I, "
        "s:I, s:I, s:I, s:I}, s:{s:o, s:o}}",
        "name", m->host, "time", cli_json_time(clock_wall()), "zone", m->zone, "locale", m->locale,
        "system", m->system, "uptime_seconds", (json_int_t)m->uptime, "load", m->load[0],
        m->load[1], m->load[2], "cpu_percent", "idle", c->idle, "system", c->system, "user",
        c->user, "io_wait", c->io_wait, "irq", c->irq, "soft_irq", c->soft_irq, "memory_kib",
        "total", (json_int_t)r->total, "free", (json_int_t)r->free, "used", (json_int_t)r->used,
        "cached", (json_int_t)r->cached, "shared", (json_int_t)r->shared, "buffers",
        (json_int_t)r->buffers, "disks", "active", disk_json(&v->active), "logging",
        disk_json(&v->logging));
}

static json_t *list_json(const struct view *v, enum list_kind kind)
{
    const struct trustlist *list = v->lists.lists[kind];
    const char *name = kind == LIST_CTL ? "CTL" : "ITL";
    if (!list)
        return json_pack("{s:s, s:n}", "list", name, "hash");
    return json_pack(
        "{s:s, s:s, s:o, s:I, s:I, s:o}", "list", name, "hash", v->lists.stored[kind].hash,
        "signed", list->header.has_timestamp ? cli_json_time(list->header.timestamp) : json_null(),
        "certificates", (json_int_t)trustlist_certificates(list), "bytes",
        (json_int_t)list->file.size, "signer", cli_json_text(list->header.signer_name));
}

static json_t *services_json(const struct view *v)
{
    json_t *all = json_array();
    for (size_t i = 0; i < v->service_count; i++) {
        const struct store_service *s = &v->services[i];
        json_array_append_new(all, json_pack("{s:s, s:s, s:o, s:o}", "name", s->name, "state",
                                             s->state, "since", cli_json_time(s->since), "reason",
                                             cli_json_text(bytes_of_string(s->reason))));
    }
    return all;
}

static json_t *counters_json(const struct view *v)
{
    json_t *all = json_object();
    for (size_t i = 0; i < v->counter_count; i++)
        json_object_set_new(all, v->counters[i].name,
                            json_integer((json_int_t)v->counters[i].value));
    return all;
}

static json_t *signer_json(const struct view *v)
{
    const struct signer_counters *s = &v->signer;
    if (!v->has_signer)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:I}", "signed", (json_int_t)s->signed_files, "created",
                     (json_int_t)s->created, "refused", (json_int_t)s->refused, "malformed",
                     (json_int_t)s->malformed);
}

static json_t *view_json(const struct view *v)
{
    const struct store_node *node = cluster_node(v->cluster);
    return json_pack("{s:s, s:o, s:{s:s, s:i}, s:{s:s, s:s, s:b, s:i}, s:s, s:b, s:I, s:[oo], s:o, "
                     "s:o, s:o, s:o, s:o}",
                     "version", TRUSTLINE_VERSION, "host", machine_json(v), "cluster", "mode",
                     v->mode ? "mixed" : "non-secure", "security_mode", v->mode, "node", "name",
                     node->name, "address", node->address, "publisher", (int)node->publisher,
                     "port_offset", (int)node->port_offset, "state", cluster_state(v->cluster),
                     "running", (int)v->served, "phones", (json_int_t)v->phones, "lists",
                     list_json(v, LIST_CTL), list_json(v, LIST_ITL), "services", services_json(v),
                     "counters", counters_json(v), "signer", signer_json(v), "bulk_orders",
                     bulk_orders_json(cluster_store(v->cluster)), "restarts",
                     resets_json(cluster_store(v->cluster)));
}

/* ---- the command ---- */

static void look_at_machine(struct view *v, const char *state)
{
    char log[FILE_PATH];
    machine_look(&v->machine);
    if (machine_disk(&v->active, state) != 0)
        v->active = (struct machine_disk){.total = 0};
    if (file_path(log, state, STATE_LOG) != 0 || machine_disk(&v->logging, log) != 0)
        v->logging = v->active;
}

enum cli_status show_status(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct view view = {.cluster = NULL};
    enum cli_status status = STATUS_DONE;
    look_at_machine(&view, call->state);
    int result = session_open(&view.cluster, call, CLUSTER_INSPECT, &why);
    if (result == 0)
        result = look_at_cluster(&view, &why);
    if (!call->json)
        print_machine(cli->out, &view);
    if (result == 0 && call->json)
        status = cli_json(cli, view_json(&view), STATUS_DONE);
    else if (result == 0)
        result = print_ours(cli->out, &view);
    if (result)
        status = cli_failed(cli, result, &why);
    cert_lists_free(&view.lists);
    session_close(view.cluster);
    return status;
}
