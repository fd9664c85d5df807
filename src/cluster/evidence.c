#include "cluster/evidence.h"

#include "base/log.h"
#include "base/text.h"
#include "cluster/list_cache.h"
#include "cluster/traits.h"
#include "net/address.h"
#include "signer/protocol.h"
#include "trust/history.h"
#include "trust/list_alarm.h"
#include "trust/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    BOOT_SECONDS = 600, /* a phone reports at the end of the boot in which it asked for its lists */
    AT_ONCE = 64,       /* observations in a transaction */
};

/* A certificate that our call managers showed, then or now. */
struct shown {
    char sha256[LIST_HASH];
    struct certificate *certificate;
};

struct weighing {
    struct store *store;
    struct address server;
    struct traits *traits;
    struct list_cache *lists;
    struct shown *shown;
    size_t shown_count;
    struct store_observation *events; /* by device, then by time */
    size_t event_count;
    struct evidence_found found;
};

/* One phone at one moment: what it had been served by then. */
struct moment {
    struct weighing *w;
    const struct store_observation *event;
    struct phone_trust phone; /* model and server */
    struct store_held held[HISTORY_SERVED_MAX];
    struct served served[HISTORY_SERVED_MAX];
    size_t count;
    bool elsewhere; /* it has lists that we never published, or more than can be told apart */
    struct history history;
};

/* ---- loading ---- */

static int note_event(void *context, const struct store_observation *event)
{
    struct weighing *w = context;
    if ((w->event_count & (w->event_count - 1)) == 0) {
        struct store_observation *events =
            reallocarray(w->events, w->event_count ? w->event_count * 2 : 1, sizeof *events);
        if (!events)
            return -ENOMEM;
        w->events = events;
    }
    w->events[w->event_count++] = *event;
    return 0;
}

static int note_certificate(void *context, const struct store_certificate *row)
{
    struct weighing *w = context;
    if (strcmp(row->name, KEY_CALLMANAGER) != 0)
        return 0;
    struct shown *shown = reallocarray(w->shown, w->shown_count + 1, sizeof *shown);
    if (!shown)
        return -ENOMEM;
    w->shown = shown;
    shown[w->shown_count] = (struct shown){.certificate = NULL};
    if (certificate_from_der(&shown[w->shown_count].certificate, buffer_bytes(&row->der), NULL) !=
        0)
        return 0;
    text_hex(shown[w->shown_count].sha256, LIST_HASH,
             bytes_of(certificate_sha256(shown[w->shown_count].certificate), SHA256_SIZE), false,
             0);
    w->shown_count++;
    return 0;
}

static const struct certificate *find_shown(const struct weighing *w, const char *sha256)
{
    for (size_t i = 0; i < w->shown_count; i++)
        if (strcmp(w->shown[i].sha256, sha256) == 0)
            return w->shown[i].certificate;
    return NULL;
}

static int load(struct weighing *w, const char *server, int64_t after, int64_t until,
                struct why *why)
{
    int result = store_proofs(w->store, after, until, note_event, w);
    if (result || w->event_count == 0)
        return result;
    result = address_parse(&w->server, server, 0);
    if (result == 0)
        result = list_cache_new(&w->lists);
    if (result == 0)
        result = traits_load(&w->traits, w->store, why);
    return result ? result : store_certificates(w->store, note_certificate, w);
}

static void unload(struct weighing *w)
{
    for (size_t i = 0; i < w->shown_count; i++)
        certificate_free(w->shown[i].certificate);
    free(w->shown);
    free(w->events);
    traits_free(w->traits);
    list_cache_free(w->lists);
}

/* ---- a moment ---- */

/* What it was served after the event has nothing to do with it. */
static int note_held(void *context, const struct store_held *held)
{
    struct moment *m = context;
    if (held->first_served > m->event->time)
        return 0;
    if (m->count == HISTORY_SERVED_MAX)
        m->elsewhere = true;
    else
        m->held[m->count++] = *held;
    return 0;
}

/* Of its kind, is it the one that was proved last? */
static bool is_proved(const struct moment *m, size_t at)
{
    for (size_t i = 0; i < m->count; i++)
        if (i != at && m->held[i].kind == m->held[at].kind &&
            (m->held[i].confirmed > m->held[at].confirmed ||
             (m->held[i].confirmed == m->held[at].confirmed && i > at)))
            return false;
    return m->held[at].confirmed != 0;
}

static int read_lists(struct moment *m)
{
    for (size_t i = 0; i < m->count && !m->elsewhere; i++) {
        const struct store_held *held = &m->held[i];
        size_t number;
        int result = list_cache_find(m->w->lists, m->w->store, held->hash, &number);
        if (result == ERR_NOT_FOUND)
            m->elsewhere = true;
        else if (result)
            return result;
        if (m->elsewhere)
            break;
        struct offer *offer = list_cache_offer(m->w->lists, number);
        m->elsewhere = offer_trustlist(offer) == NULL;
        m->served[i] = (struct served){.list = offer_trustlist(offer),
                                       .offer = offer,
                                       .sequence = held->sequence,
                                       .first = held->first_sequence,
                                       .proved = is_proved(m, i),
                                       .refused = held->refused != 0,
                                       .doubtful = held->inferred || !held->complete};
    }
    return 0;
}

/* ERR_NOT_FOUND: there is nothing to be learned about it. */
static int moment_init(struct moment *m, struct weighing *w, const struct store_observation *event)
{
    struct store_device device;
    *m = (struct moment){.w = w, .event = event};
    int result = store_device_get(w->store, event->device, &device);
    if (result == 0)
        result = store_held(w->store, event->device, note_held, m);
    if (result == 0)
        result = read_lists(m);
    if (result)
        return result;
    if (m->elsewhere || m->count == 0)
        return ERR_NOT_FOUND;
    m->phone = (struct phone_trust){.model = traits_of(w->traits, device.name, device.model),
                                    .server = address_bytes(&w->server)};
    return history_init(&m->history, &m->phone, m->served, m->count);
}

/* ---- what it proves ---- */

static bool knows_server(void *context, const struct history_state *state)
{
    const struct moment *m = context;
    const struct phone_trust phone = history_phone(&m->phone, state);
    struct answer answer;
    accept_server(&answer, &phone, SERVER_CALLMANAGER, find_shown(m->w, m->event->hash));
    return answer.verdict != VERDICT_NO || answer.inferred;
}

static const struct store_held *held_of(const struct moment *m, const struct served *served)
{
    return &m->held[served - m->served];
}

/* It came in the boot that the phone reports about. */
static bool is_recent(const struct moment *m, const struct served *served)
{
    int64_t last = held_of(m, served)->last_served;
    return !served->doubtful && last <= m->event->time && last + BOOT_SECONDS >= m->event->time;
}

/* News is only what it did not have before. */
static bool is_news(const struct moment *m, const struct served *served)
{
    return served && !served->proved && is_recent(m, served);
}

static bool has_news(const struct moment *m, enum trustlist_kind kind)
{
    for (size_t i = 0; i < m->count; i++)
        if (offer_kind(m->served[i].offer) == kind && is_news(m, &m->served[i]))
            return true;
    return false;
}

static bool took_ctl(void *context, const struct history_state *state)
{
    return is_news(context, state->held[TRUSTLIST_CTL]);
}

static bool took_itl(void *context, const struct history_state *state)
{
    return is_news(context, state->held[TRUSTLIST_ITL]);
}

static bool took_both(void *context, const struct history_state *state)
{
    return took_ctl(context, state) && took_itl(context, state);
}

/* "New CTL and/or ITL received": one of the two at least. */
static bool took_one(void *context, const struct history_state *state)
{
    return took_ctl(context, state) || took_itl(context, state);
}

/* Does what it reports fit, and say anything? */
static bool heed(struct moment *m, enum list_alarm alarm)
{
    bool ctl = has_news(m, TRUSTLIST_CTL);
    bool itl = has_news(m, TRUSTLIST_ITL);
    switch (alarm) {
    case LIST_ALARM_SUCCESS:
        return (ctl || itl) && history_restrict(&m->history, took_one, m);
    case LIST_ALARM_CTL_INITIAL:
        return ctl && history_restrict(&m->history, took_ctl, m);
    case LIST_ALARM_ITL_INITIAL:
        return itl && history_restrict(&m->history, took_itl, m);
    case LIST_ALARM_BOTH_INITIAL:
        return ctl && itl && history_restrict(&m->history, took_both, m);
    default:
        return false;
    }
}

/* ---- confirmed ---- */

/* The history that begins with these lists: what came before them is forgotten. */
static size_t begin_with(struct served out[HISTORY_SERVED_MAX], const struct moment *m,
                         const struct served *const proved[2])
{
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct served *s = &m->served[i];
        const struct served *start = proved[offer_kind(s->offer)];
        if (start && s->sequence < start->sequence)
            continue;
        out[count] = *s;
        out[count++].proved = start ? s == start : s->proved;
    }
    return count;
}

static bool has_state(const struct history *history, const struct history_state *wanted)
{
    for (size_t i = 0; i < history->count; i++) {
        bool same = true;
        for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++) {
            const struct served *a = history->states[i].held[kind];
            const struct served *b = wanted->held[kind];
            same = same && (a ? a->offer : NULL) == (b ? b->offer : NULL);
        }
        if (same)
            return true;
    }
    return false;
}

/* Proved is one list of a kind, and what is left may be several: does whatever may be so follow
 * from that one, too? */
static bool is_sound(const struct moment *m, const struct served *const proved[2])
{
    struct served served[HISTORY_SERVED_MAX];
    struct history history;
    bool sound = true;
    size_t count = begin_with(served, m, proved);
    if (history_init(&history, &m->phone, served, count) != 0)
        return false;
    for (size_t i = 0; i < m->history.count && sound; i++)
        sound = has_state(&history, &m->history.states[i]);
    history_fini(&history);
    return sound;
}

static int write_down(struct moment *m, const struct served *list)
{
    const struct store_held *held = held_of(m, list);
    int result = store_held_confirm(m->w->store, m->event->device, held->hash, m->event->time);
    if (result)
        return result;
    m->w->found.confirmed++;
    log_event(LEVEL_INFO, "event=list_confirmed device=%s list=%s hash=%.16s by=%s",
              m->event->device, held->kind == LIST_CTL ? "CTL" : "ITL", held->hash,
              m->event->kind == OBSERVED_ALARM ? "alarm" : "registration");
    return 0;
}

static int confirm(struct moment *m)
{
    const struct served *proved[2];
    int result = 0;
    for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL; kind++) {
        proved[kind] = history_oldest(&m->history, kind);
        if (proved[kind] && proved[kind]->proved)
            proved[kind] = NULL;
    }
    if ((!proved[TRUSTLIST_CTL] && !proved[TRUSTLIST_ITL]) || !is_sound(m, proved))
        return 0;
    for (enum trustlist_kind kind = TRUSTLIST_CTL; kind <= TRUSTLIST_ITL && result == 0; kind++)
        if (proved[kind])
            result = write_down(m, proved[kind]);
    return result;
}

/* ---- refused ---- */

/* Which of two it was that it refused, it does not say. */
static const struct served *only_recent(const struct moment *m, enum trustlist_kind kind)
{
    const struct served *only = NULL;
    for (size_t i = 0; i < m->count; i++) {
        const struct served *s = &m->served[i];
        if (offer_kind(s->offer) != kind || !is_news(m, s))
            continue;
        if (only)
            return NULL;
        only = s;
    }
    return only;
}

static int refuse(struct moment *m, enum trustlist_kind kind)
{
    const struct served *list = only_recent(m, kind);
    if (!list || list->refused)
        return 0;
    int result =
        store_held_refuse(m->w->store, m->event->device, held_of(m, list)->hash, m->event->time);
    if (result)
        return result;
    m->w->found.refused++;
    log_event(LEVEL_NOTICE, "event=list_refused device=%s list=%s hash=%.16s", m->event->device,
              kind == TRUSTLIST_CTL ? "CTL" : "ITL", held_of(m, list)->hash);
    return 0;
}

static int hear_refusal(struct moment *m, enum list_alarm alarm)
{
    int result = 0;
    if (alarm == LIST_ALARM_FAILED_OLD_CTL || alarm == LIST_ALARM_FAILED_OLD_BOTH)
        result = refuse(m, TRUSTLIST_CTL);
    if (result == 0 && (alarm == LIST_ALARM_FAILED_OLD_ITL || alarm == LIST_ALARM_FAILED_OLD_BOTH))
        result = refuse(m, TRUSTLIST_ITL);
    return result;
}

/* ---- the whole ---- */

static bool fits(struct moment *m, enum list_alarm alarm)
{
    return alarm ? heed(m, alarm) : history_restrict(&m->history, knows_server, m);
}

/* By the rules it cannot have what it must have: somebody has erased its lists by hand. */
static int begin_anew(struct moment *m)
{
    history_fini(&m->history);
    return history_init_any(&m->history, m->served, m->count);
}

static int draw(struct moment *m, enum list_alarm alarm)
{
    bool fit = fits(m, alarm);
    int result = fit ? 0 : begin_anew(m);
    if (result == 0 && (fit || fits(m, alarm)))
        result = confirm(m);
    return result ? result : hear_refusal(m, alarm);
}

static int weigh(struct weighing *w, const struct store_observation *event)
{
    enum list_alarm alarm =
        event->kind == OBSERVED_ALARM ? list_alarm_find(event->file) : LIST_ALARM_NONE;
    if (event->kind == OBSERVED_ALARM ? !alarm : !find_shown(w, event->hash))
        return 0;
    struct moment *m = malloc(sizeof *m);
    if (!m)
        return -ENOMEM;
    int result = moment_init(m, w, event);
    if (result == 0)
        result = draw(m, alarm);
    history_fini(&m->history);
    free(m);
    return result == ERR_NOT_FOUND ? 0 : result; /* nothing to learn, or gone meanwhile */
}

/* Others wait for the right to write meanwhile. */
static int weigh_some(struct weighing *w, size_t first, size_t count, struct why *why)
{
    int result = store_begin(w->store, why);
    if (result)
        return result;
    for (size_t i = first; i < first + count && result == 0; i++)
        result = weigh(w, &w->events[i]);
    if (result == 0)
        return store_commit(w->store, why);
    store_rollback(w->store);
    return result;
}

int evidence_weigh(struct evidence_found *out, struct store *store, const char *server,
                   int64_t after, int64_t until, struct why *why)
{
    struct weighing w = {.store = store};
    int result = load(&w, server, after, until, why);
    for (size_t first = 0; first < w.event_count && result == 0; first += AT_ONCE)
        result = weigh_some(&w, first,
                            w.event_count - first < AT_ONCE ? w.event_count - first : AT_ONCE, why);
    unload(&w);
    if (result)
        return why_error(why, result, "what phones have proved cannot be weighed: %s",
                         store_words(store, result));
    *out = w.found;
    return 0;
}
