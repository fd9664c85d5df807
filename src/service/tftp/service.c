#include "service/tftp/service.h"

#include "base/file.h"
#include "service/tftp/port.h"
#include "service/tftp/web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DISK_THREADS = 2,
    DISK_QUEUE = 4096,
    NAMES_KEPT = 40000,
    MEMORY_KEPT = 128 * 1024 * 1024,
    COUNT_MS = 1000,
    COUNTERS = 40,
};

struct tftp_service {
    struct loop *loop;
    struct worker *disk;
    struct store_async *reading, *writing;
    struct library *library;
    struct gate *gate;
    struct observer *observer;
    struct journal *journal;
    struct port *port;
    struct web *web;
    struct loop_timer *count;
    void (*ready)(void *context);
    void *context;
    struct observer_counter counters[COUNTERS];
};

static enum observation_kind kind_of(const struct file_name *name)
{
    switch (name->kind) {
    case NAME_CTL:
    case NAME_ITL:
        return OBSERVED_LIST;
    case NAME_CONFIG:
    case NAME_DEFAULT:
        return OBSERVED_CONFIG;
    case NAME_CRL:
    case NAME_CRLS:
    case NAME_COPY:
    case NAME_FILE:
        break;
    }
    return OBSERVED_FILE;
}

static void served(struct tftp_service *service, enum observation_transport transport,
                   const struct address *peer, const struct file_name *name,
                   const struct content *content, bool complete)
{
    observer_note(service->observer, &(struct observed){.peer = peer,
                                                        .device = name->device,
                                                        .file = name->asked,
                                                        .hash = content->hash,
                                                        .size = content->size,
                                                        .kind = kind_of(name),
                                                        .transport = transport,
                                                        .complete = complete});
}

static void served_by_tftp(void *context, const struct address *peer, const struct file_name *name,
                           const struct content *content, bool complete)
{
    served(context, TRANSPORT_TFTP, peer, name, content, complete);
}

static void served_by_http(void *context, const struct address *peer, const struct file_name *name,
                           const struct content *content, bool complete)
{
    served(context, TRANSPORT_HTTP, peer, name, content, complete);
}

const struct observer_counter *tftp_service_counters(struct tftp_service *s)
{
    struct port_counters port;
    port_counters(s->port, &port);
    const struct httpd_counters *http = web_counters(s->web);
    const struct library_counters *library = library_counters(s->library);
    const struct sweep_counters *sweep = gate_counters(s->gate);
    const struct observer_counter list[] = {
        {"tftp_requests", port.engine.requests},
        {"tftp_requests_repeated", port.engine.repeated},
        {"tftp_transfers_complete", port.engine.complete},
        {"tftp_transfers_running", port.running},
        {"tftp_blocks_sent", port.engine.blocks},
        {"tftp_blocks_resent", port.engine.resent},
        {"tftp_clients_silent", port.engine.silent},
        {"tftp_clients_aborted", port.engine.aborted},
        {"tftp_rejected", port.engine.rejected},
        {"tftp_busy", port.engine.busy},
        {"tftp_kernel_drops", port.dropped},
        {"tftp_receive_buffer", port.receive_buffer},
        {"tftp_send_buffer_full", port.udp.full},
        {"tftp_send_failures", port.udp.failed},
        {"http_connections", http->accepted},
        {"http_requests", http->requests},
        {"http_refused", http->refused},
        {"http_late", http->late},
        {"files_asked", library->asked},
        {"files_answered_at_once", library->kept},
        {"files_signed", library->signatures},
        {"files_sign_failures", library->signature_failures},
        {"files_kept", library->names},
        {"files_kept_bytes", library->memory},
        {"name_sweeps", sweep->sweeps},
        {"name_sweep_slowed", sweep->slowed},
        {"name_sweep_unanswered", sweep->unanswered},
        {"observations_lost", observer_lost(s->observer)},
        {NULL, 0},
    };
    _Static_assert(sizeof list / sizeof *list <= COUNTERS, "more counters than there is room for");
    memcpy(s->counters, list, sizeof list);
    return s->counters;
}

static void count(void *context)
{
    struct tftp_service *service = context;
    observer_count(service->observer, tftp_service_counters(service));
    journal_settle(service->journal);
    gate_settle(service->gate);
    loop_timer_start(service->count, COUNT_MS);
}

static void library_ready(void *context)
{
    struct tftp_service *service = context;
    if (service->ready)
        service->ready(service->context);
}

/* ---- birth ---- */

static int open_stores(struct tftp_service *s, const struct tftp_setup *setup, struct why *why)
{
    int result = store_async_new(&s->reading, s->loop, setup->store, STORE_READ, why);
    if (result == 0)
        result = store_async_new(&s->writing, s->loop, setup->store, STORE_OBSERVE, why);
    if (result == 0)
        result = observer_new(&s->observer, s->loop, s->writing, setup->node);
    return result;
}

static int open_library(struct tftp_service *s, const struct tftp_setup *setup, struct why *why)
{
    const struct library_setup library = {.tftpboot = setup->tftpboot,
                                          .templates = setup->templates,
                                          .node = setup->node,
                                          .store = s->reading,
                                          .disk = s->disk,
                                          .signer = setup->signer,
                                          .names = NAMES_KEPT,
                                          .memory = MEMORY_KEPT};
    int result = library_new(&s->library, s->loop, &library, library_ready, s, why);
    return result ? result : gate_new(&s->gate, s->loop, s->library, setup->names_per_address);
}

static int open_port(struct tftp_service *s, const struct tftp_setup *setup, struct why *why)
{
    struct port_setup port = {.sockets = setup->udp,
                              .count = setup->udp_count,
                              .receive_buffer = setup->receive_buffer,
                              .library = s->library,
                              .gate = s->gate,
                              .disk = s->disk,
                              .journal = s->journal,
                              .served = served_by_tftp,
                              .context = s};
    tftp_limits_default(&port.limits);
    port.limits.transfers = setup->transfers;
    port.limits.per_address = setup->per_address;
    port.limits.window = setup->window;
    return port_new(&s->port, s->loop, &port, why);
}

static int open_web(struct tftp_service *s, const struct tftp_setup *setup, struct why *why)
{
    const struct web_setup web = {.sockets = setup->http,
                                  .count = setup->http_count,
                                  .per_address = setup->per_address,
                                  .library = s->library,
                                  .gate = s->gate,
                                  .disk = s->disk,
                                  .journal = s->journal,
                                  .served = served_by_http,
                                  .context = s};
    return web_new(&s->web, s->loop, &web, why);
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

int tftp_service_new(struct tftp_service **out, struct loop *loop, const struct tftp_setup *setup,
                     struct why *why)
{
    bool udp_taken = false;
    bool http_taken = false;
    struct tftp_service *s = calloc(1, sizeof *s);
    int result = s ? 0 : -ENOMEM;
    if (result == 0) {
        s->loop = loop;
        s->ready = setup->ready;
        s->context = setup->context;
        result = worker_new(&s->disk, loop, DISK_THREADS, DISK_QUEUE);
    }
    if (result == 0)
        result = journal_new(&s->journal, loop, setup->log, setup->log_size, setup->log_keep, why);
    if (result == 0)
        result = open_stores(s, setup, why);
    if (result == 0)
        result = open_library(s, setup, why);
    if (result == 0) {
        udp_taken = true;
        result = open_port(s, setup, why);
    }
    if (result == 0) {
        http_taken = true;
        result = open_web(s, setup, why);
    }
    if (result == 0)
        result = loop_timer_new(&s->count, loop, count, s);
    if (result) {
        close_all(setup->udp, udp_taken ? 0 : setup->udp_count);
        close_all(setup->http, http_taken ? 0 : setup->http_count);
        tftp_service_free(s);
        return why_error(why, result, "the TFTP service does not start: %s", error_text(result));
    }
    loop_timer_start(s->count, COUNT_MS);
    *out = s;
    return 0;
}

void tftp_service_reload(struct tftp_service *service)
{
    library_reload(service->library);
}

/* Transfers end first, so that what was seen of them can be written; then those end who might still
 * have something to say to the library; then the library, whose last answers go to nobody. */
void tftp_service_free(struct tftp_service *s)
{
    if (!s)
        return;
    loop_timer_free(s->count);
    port_stop(s->port);
    web_stop(s->web);
    if (s->port && s->web)
        observer_count(s->observer, tftp_service_counters(s));
    if (s->observer)
        observer_flush(s->observer);
    store_async_free(s->reading);
    store_async_free(s->writing);
    worker_free(s->disk);
    library_free(s->library);
    gate_free(s->gate);
    port_free(s->port);
    web_free(s->web);
    observer_free(s->observer);
    journal_free(s->journal);
    free(s);
}
