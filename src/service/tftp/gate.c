#include "service/tftp/gate.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

enum {
    HELD_MAX = 4096, /* requests, of all addresses */
    LOOK_MS = 50,    /* between two looks at who has waited long enough */
};

struct held {
    struct held *next;
    int64_t due;
    struct file_name name;
    void (*done)(void *context, uint64_t id, const struct library_answer *answer);
    void *context;
    uint64_t id;
};

struct gate {
    struct loop *loop;
    struct library *library;
    struct sweep *sweep;
    struct loop_timer *timer;
    struct held *held;
    size_t count;
};

static void look(void *context)
{
    struct gate *gate = context;
    struct held *due = NULL;
    int64_t now = loop_now(gate->loop);
    for (struct held **link = &gate->held; *link;) {
        struct held *h = *link;
        if (h->due > now) {
            link = &h->next;
            continue;
        }
        *link = h->next;
        h->next = due;
        due = h;
    }
    while (due) {
        struct held *h = due;
        due = h->next;
        gate->count--;
        library_ask(gate->library, &h->name, h->done, h->context, h->id);
        free(h);
    }
    if (gate->held)
        loop_timer_start(gate->timer, LOOK_MS);
}

int gate_new(struct gate **out, struct loop *loop, struct library *library, unsigned allowance)
{
    struct gate *gate = calloc(1, sizeof *gate);
    if (!gate)
        return -ENOMEM;
    gate->loop = loop;
    gate->library = library;
    int result = sweep_new(&gate->sweep, allowance);
    if (result == 0)
        result = loop_timer_new(&gate->timer, loop, look, gate);
    if (result) {
        gate_free(gate);
        return result;
    }
    *out = gate;
    return 0;
}

void gate_free(struct gate *gate)
{
    if (!gate)
        return;
    const struct library_answer closed = {.result = ERR_CLOSED, .words = "the service is stopping"};
    while (gate->held) {
        struct held *h = gate->held;
        gate->held = h->next;
        h->done(h->context, h->id, &closed);
        free(h);
    }
    loop_timer_free(gate->timer);
    sweep_free(gate->sweep);
    free(gate);
}

static bool hold(struct gate *gate, const struct held *request)
{
    struct held *h = gate->count < HELD_MAX ? malloc(sizeof *h) : NULL;
    if (!h)
        return false;
    *h = *request;
    h->next = gate->held;
    if (!gate->held)
        loop_timer_start(gate->timer, LOOK_MS);
    gate->held = h;
    gate->count++;
    return true;
}

void gate_ask(struct gate *gate, const struct address *peer, const struct file_name *name,
              void (*done)(void *context, uint64_t id, const struct library_answer *answer),
              void *context, uint64_t id)
{
    int64_t now = loop_now(gate->loop);
    int64_t wait = name->kind == NAME_CONFIG ? sweep_ask(gate->sweep, peer, name->device, now) : 0;
    if (wait == 0) {
        library_ask(gate->library, name, done, context, id);
        return;
    }
    const struct held request = {
        .due = now + wait, .name = *name, .done = done, .context = context, .id = id};
    const struct library_answer later = {.result = ERR_LIMIT,
                                         .words = "too many configurations at once"};
    if (wait < 0 || !hold(gate, &request))
        done(context, id, &later);
}

void gate_answered(struct gate *gate, const struct address *peer, const struct file_name *name,
                   const struct library_answer *answer)
{
    if (answer->stranger && name->kind == NAME_CONFIG)
        sweep_stranger(gate->sweep, peer, name->device, loop_now(gate->loop));
}

void gate_settle(struct gate *gate)
{
    struct sweep_report r;
    char host[ADDRESS_TEXT];
    while (sweep_report(gate->sweep, loop_now(gate->loop), &r))
        log_event(LEVEL_WARNING,
                  "event=%s peer=%s names=%u of_no_phone=%u slowed=%u unanswered=%u %s",
                  r.over ? "name_sweep_minute" : "name_sweep", address_host(host, &r.peer), r.names,
                  r.strangers, r.slowed, r.unanswered,
                  r.over ? "reason=\"what it asked for in that minute\""
                         : "reason=\"one address asks for the configurations of many phones\" "
                           "effect=\"its new names are slowed; a site behind one address needs a "
                           "higher names_per_address\"");
}

const struct sweep_counters *gate_counters(const struct gate *gate)
{
    return sweep_counters(gate->sweep);
}
