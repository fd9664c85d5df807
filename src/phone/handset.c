#include "phone/handset_parts.h"

#include "base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int handset_new(struct handset **out, const struct idiom *idiom)
{
    struct handset *h = calloc(1, sizeof *h);
    if (!h)
        return -ENOMEM;
    h->idiom = idiom;
    h->gone = HANDSET_CALLS;
    h->key_mask = SCCP_KEYS_ALL;
    *out = h;
    return 0;
}

void handset_free(struct handset *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        free(h->calls[i]);
    free(h->lines);
    secret_wipe(&h->keys, sizeof h->keys);
    free(h);
}

/* ---- steps ---- */

struct pending *handset_push(struct handset *h, enum handset_step_kind kind, size_t call)
{
    /* Whoever takes the steps after each call never fills the ring; else the newest is lost. */
    if (h->used < HANDSET_RING_SIZE)
        h->used++;
    struct pending *p = &h->ring_buffer[(h->first + h->used - 1) % HANDSET_RING_SIZE];
    *p = (struct pending){.kind = kind, .call = call};
    return p;
}

void handset_say(struct handset *h, const struct utterance *say)
{
    handset_push(h, HANDSET_SAY, HANDSET_CALLS)->say = *say;
}

void handset_tell(struct handset *h, enum handset_change what, size_t call, uint32_t number)
{
    struct pending *p = handset_push(h, HANDSET_TELL, call);
    p->what = what;
    p->number = number;
}

static void fill_media_ack(struct handset *h, const struct utterance *say)
{
    h->message.media_ack = (struct sccp_media_ack){.conference = say->a,
                                                   .party = say->b,
                                                   .call = say->c,
                                                   .address = say->address,
                                                   .port = say->port,
                                                   .status = say->status};
    if (h->idiom->terse && say->id == SCCP_OPEN_RECEIVE_CHANNEL_ACK)
        h->message.cut = sizeof h->message.media_ack.call;
}

static void fill_hook(struct handset *h, const struct utterance *say)
{
    h->message.hook = (struct sccp_hook){.line = say->a, .call = say->b};
    if (h->idiom->terse)
        h->message.cut = sizeof h->message.hook;
}

static void fill_message(struct handset *h, const struct utterance *say)
{
    struct sccp_message *m = &h->message;
    if (say->id == SCCP_CONNECTION_STATISTICS_RES)
        return; /* handset_reports() has written it */
    sccp_message_init(m, (enum sccp_id)say->id);
    switch (say->id) {
    case SCCP_KEYPAD_BUTTON:
        m->keypad_button =
            (struct sccp_keypad_button){.button = say->a, .line = say->b, .call = say->c};
        break;
    case SCCP_SOFT_KEY_EVENT:
        m->soft_key_event =
            (struct sccp_soft_key_event){.event = say->a, .line = say->b, .call = say->c};
        break;
    case SCCP_ENBLOC_CALL:
        text_copy(m->enbloc_call.number, sizeof m->enbloc_call.number, h->dialling);
        m->enbloc_call.line = say->a;
        h->dialling[0] = '\0';
        break;
    case SCCP_OFF_HOOK:
    case SCCP_ON_HOOK:
        fill_hook(h, say);
        break;
    default:
        fill_media_ack(h, say);
        break;
    }
}

static void clean_up(struct handset *h)
{
    if (h->gone < HANDSET_CALLS) {
        free(h->calls[h->gone]);
        h->calls[h->gone] = NULL;
        h->icons[h->gone] = SCCP_SECURITY_UNKNOWN;
    }
    h->gone = HANDSET_CALLS;
    if (h->used == 0)
        secret_wipe(&h->keys, sizeof h->keys);
}

static void give(struct handset *h, const struct pending *p, struct handset_step *step)
{
    *step = (struct handset_step){
        .kind = p->kind, .call = p->call, .what = p->what, .number = p->number, .words = h->words};
    if (p->kind == HANDSET_SAY) {
        fill_message(h, &p->say);
        step->message = &h->message;
    } else if (p->kind == HANDSET_RECEIVE || p->kind == HANDSET_TRANSMIT) {
        step->keys = h->has_keys_now ? &h->keys : NULL;
        step->remote = h->remote;
    } else if (p->kind == HANDSET_TELL && p->what == HANDSET_OVER) {
        h->gone = p->call;
    }
}

bool handset_step(struct handset *h, struct handset_step *step)
{
    struct pending next = {.kind = HANDSET_SAY, .call = HANDSET_CALLS};
    clean_up(h);
    if (h->used) {
        next = h->ring_buffer[h->first];
        h->first = (h->first + 1) % HANDSET_RING_SIZE;
        h->used--;
    } else if (!handset_next_digit(h, &next.say)) {
        return false;
    }
    give(h, &next, step);
    return true;
}

/* ---- calls ---- */

size_t handset_place(struct handset *h, uint32_t id, bool make)
{
    size_t free_place = HANDSET_CALLS;
    for (size_t i = 0; i < HANDSET_CALLS; i++) {
        if (!h->calls[i] && free_place == HANDSET_CALLS)
            free_place = i;
        if (h->calls[i] && !h->calls[i]->preserved && h->calls[i]->id == id)
            return i;
    }
    if (!make || free_place == HANDSET_CALLS)
        return HANDSET_CALLS;
    h->calls[free_place] = calloc(1, sizeof *h->calls[free_place]);
    if (!h->calls[free_place])
        return HANDSET_CALLS;
    h->calls[free_place]->id = id;
    h->calls[free_place]->key_mask = SCCP_KEYS_ALL;
    h->icons[free_place] = SCCP_SECURITY_UNKNOWN;
    return free_place;
}

void handset_drop(struct handset *h, size_t call)
{
    struct handset_call *c = h->calls[call];
    handset_stop_receiving(h, call);
    handset_stop_transmitting(h, call);
    if (h->consult == c->id)
        h->consult = 0;
    c->state = SCCP_STATE_ON_HOOK;
    handset_tell(h, HANDSET_OVER, call, 0);
}

void handset_attach(struct handset *h, bool encrypted)
{
    h->encrypted = encrypted;
    h->line_count = 0;
    h->has_keys = false;
    h->key_set = SCCP_KEYS_ON_HOOK;
    h->key_mask = SCCP_KEYS_ALL;
}

void handset_detach(struct handset *h)
{
    h->dialling[0] = h->keyed[0] = '\0';
    h->tone = SCCP_TONE_SILENCE;
    h->ring = SCCP_RING_OFF;
    h->consult = 0;
    for (size_t i = 0; i < HANDSET_CALLS; i++) {
        struct handset_call *c = h->calls[i];
        if (!c || c->preserved)
            continue;
        if (!c->receiving || !c->transmitting) {
            handset_drop(h, i);
            continue;
        }
        c->preserved = true;
        c->id = 0;
        handset_tell(h, HANDSET_CALL, i, c->state);
    }
}

void handset_silent(struct handset *h, size_t call)
{
    if (h->calls[call] && h->calls[call]->preserved)
        handset_drop(h, call);
}

/* ---- lines and keys ---- */

static void take_buttons(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_button_template *t = &m->button_template;
    h->line_count = 0;
    if (!h->lines)
        h->lines = calloc(HANDSET_LINES, sizeof *h->lines);
    for (size_t i = 0; h->lines && i < t->count && i < SCCP_BUTTONS; i++)
        if (t->buttons[i].type == SCCP_BUTTON_LINE)
            h->lines[h->line_count++] = (struct handset_line){.instance = t->buttons[i].instance};
}

static struct handset_line *find_line(const struct handset *h, uint32_t instance)
{
    for (size_t i = 0; i < h->line_count; i++)
        if (h->lines[i].instance == instance)
            return &h->lines[i];
    return NULL;
}

static void take_line(struct handset *h, const struct sccp_message *m)
{
    struct handset_line *line = find_line(h, m->line_stat.line);
    if (!line)
        return;
    text_copy(line->number, sizeof line->number, m->line_stat.number);
    text_copy(line->name, sizeof line->name, m->line_stat.name);
    text_copy(line->label, sizeof line->label, m->line_stat.label);
    handset_tell(h, HANDSET_LINE, HANDSET_CALLS, (uint32_t)(line - h->lines));
}

static void take_forward(struct handset *h, const struct sccp_message *m)
{
    struct handset_line *line = find_line(h, m->forward_stat.line);
    if (!line)
        return;
    const struct sccp_forward *all = &m->forward_stat.all;
    text_copy(line->forward_all, sizeof line->forward_all, all->active ? all->number : "");
    handset_tell(h, HANDSET_LINE, HANDSET_CALLS, (uint32_t)(line - h->lines));
}

static void take_lamp(struct handset *h, const struct sccp_message *m)
{
    struct handset_line *line = find_line(h, m->set_lamp.instance);
    if (line && m->set_lamp.button == SCCP_BUTTON_LINE)
        line->lamp = m->set_lamp.mode;
}

static void take_key_template(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_soft_key_template *t = &m->soft_key_template;
    for (size_t i = 0; i < SCCP_SOFT_KEYS; i++) {
        h->events[i] = i < t->count ? t->keys[i].event : 0;
        handset_phrases(h->labels[i], sizeof h->labels[i], i < t->count ? t->keys[i].label : "");
    }
}

static void take_key_sets(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_soft_key_sets *s = &m->soft_key_sets;
    for (size_t i = 0; i < SCCP_SOFT_KEY_SETS; i++)
        memcpy(h->sets[i], s->sets[i].key, sizeof h->sets[i]);
    h->has_keys = true;
}

static void take_select(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_select_soft_keys *s = &m->select_soft_keys;
    size_t call = s->call ? handset_place(h, s->call, false) : HANDSET_CALLS;
    if (call < HANDSET_CALLS) {
        h->calls[call]->key_set = s->set;
        h->calls[call]->key_mask = s->mask;
    } else if (!s->call) {
        h->key_set = s->set;
        h->key_mask = s->mask;
    }
}

/* ---- the state of calls ---- */

static void show_icon(struct handset *h, size_t call)
{
    const struct handset_call *c = h->calls[call];
    uint32_t icon = c->state == SCCP_STATE_CONNECTED ? c->security : SCCP_SECURITY_UNKNOWN;
    if (icon != SCCP_SECURITY_UNKNOWN && icon != h->icons[call])
        handset_tell(h, HANDSET_ICON, call, icon);
    h->icons[call] = icon;
}

static void take_state(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_call_state_message *s = &m->call_state;
    size_t call = handset_place(h, s->call, s->state != SCCP_STATE_ON_HOOK);
    if (call == HANDSET_CALLS)
        return;
    struct handset_call *c = h->calls[call];
    bool changes = c->state != s->state;
    c->line = s->line;
    c->state = s->state;
    if (changes)
        handset_tell(h, HANDSET_CALL, call, s->state);
    if (s->state == SCCP_STATE_ON_HOOK) {
        handset_drop(h, call);
        return;
    }
    show_icon(h, call);
    if (s->state == SCCP_STATE_OFF_HOOK)
        handset_dial_tone(h, c);
}

static bool is_own(const struct handset *h, const char *number)
{
    for (size_t i = 0; i < h->line_count; i++)
        if (*number && strcmp(h->lines[i].number, number) == 0)
            return true;
    return false;
}

/* Who is at the other end: of a call that came in the caller, else the called. After a transfer the
 * direction says little: whoever is not this phone. */
static const struct sccp_party *other_party(const struct handset *h,
                                            const struct sccp_call_info *info)
{
    bool outbound = info->type == SCCP_CALL_OUTBOUND;
    const struct sccp_party *party = outbound ? &info->called : &info->calling;
    const struct sccp_party *opposite = outbound ? &info->calling : &info->called;
    return is_own(h, party->number) && !is_own(h, opposite->number) ? opposite : party;
}

static void take_info(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_call_info *info = &m->call_info;
    size_t call = handset_place(h, info->call, true);
    if (call == HANDSET_CALLS)
        return;
    struct handset_call *c = h->calls[call];
    const struct sccp_party *party = other_party(h, info);
    bool changes = strcmp(c->number, party->number) != 0 || strcmp(c->name, party->name) != 0;
    c->line = info->line;
    c->type = info->type;
    c->security = info->security;
    text_copy(c->name, sizeof c->name, party->name);
    text_copy(c->number, sizeof c->number, party->number);
    if (changes)
        handset_tell(h, HANDSET_PARTY, call, 0);
    show_icon(h, call);
}

/* ---- screen and sound ---- */

static void take_prompt(struct handset *h, const struct sccp_message *m)
{
    const struct sccp_display_prompt *p = &m->display_prompt;
    size_t call = p->call ? handset_place(h, p->call, false) : HANDSET_CALLS;
    char *prompt = call < HANDSET_CALLS ? h->calls[call]->prompt : h->prompt;
    if (p->call && call == HANDSET_CALLS)
        return; /* of a call that is over */
    handset_phrases(prompt, SCCP_PROMPT_TEXT, p->text);
    text_copy(h->words, sizeof h->words, prompt);
    handset_tell(h, HANDSET_PROMPT, call, 0);
}

static void take_clear_prompt(struct handset *h, const struct sccp_message *m)
{
    size_t call = handset_place(h, m->place.call, false);
    if (call < HANDSET_CALLS)
        h->calls[call]->prompt[0] = '\0';
    else
        h->prompt[0] = '\0';
}

static void take_notice(struct handset *h, const struct sccp_message *m)
{
    handset_phrases(h->words, sizeof h->words, m->display_notify.text);
    handset_tell(h, HANDSET_NOTICE, HANDSET_CALLS, m->display_notify.timeout);
}

static void take_ringer(struct handset *h, const struct sccp_message *m)
{
    if (h->ring != m->set_ringer.mode)
        handset_tell(h, HANDSET_RING, HANDSET_CALLS, m->set_ringer.mode);
    h->ring = m->set_ringer.mode;
}

static void take_tone(struct handset *h, const struct sccp_message *m)
{
    uint32_t tone = m->id == SCCP_START_TONE ? m->start_tone.tone : (uint32_t)SCCP_TONE_SILENCE;
    if (h->tone != tone)
        handset_tell(h, HANDSET_TONE, HANDSET_CALLS, tone);
    h->tone = tone;
}

/* ---- messages ---- */

static const struct {
    enum sccp_id id;
    void (*take)(struct handset *h, const struct sccp_message *m);
} table[] = {
    {SCCP_BUTTON_TEMPLATE, take_buttons},
    {SCCP_LINE_STAT, take_line},
    {SCCP_FORWARD_STAT, take_forward},
    {SCCP_SET_LAMP, take_lamp},
    {SCCP_SOFT_KEY_TEMPLATE, take_key_template},
    {SCCP_SOFT_KEY_SET, take_key_sets},
    {SCCP_SELECT_SOFT_KEYS, take_select},
    {SCCP_CALL_STATE, take_state},
    {SCCP_CALL_INFO, take_info},
    {SCCP_DISPLAY_PROMPT, take_prompt},
    {SCCP_CLEAR_PROMPT, take_clear_prompt},
    {SCCP_DISPLAY_NOTIFY, take_notice},
    {SCCP_DISPLAY_PRIORITY_NOTIFY, take_notice},
    {SCCP_SET_RINGER, take_ringer},
    {SCCP_START_TONE, take_tone},
    {SCCP_STOP_TONE, take_tone},
    {SCCP_OPEN_RECEIVE_CHANNEL, handset_take_open},
    {SCCP_START_MEDIA_TRANSMISSION, handset_take_start},
    {SCCP_CLOSE_RECEIVE_CHANNEL, handset_take_close},
    {SCCP_STOP_MEDIA_TRANSMISSION, handset_take_stop},
    {SCCP_CONNECTION_STATISTICS_REQ, handset_take_report},
};

void handset_message(struct handset *h, const struct sccp_message *message)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].id == message->id)
            table[i].take(h, message);
}

/* ---- what is so ---- */

size_t handset_lines(const struct handset *h)
{
    return h->line_count;
}

const struct handset_line *handset_line(const struct handset *h, size_t n)
{
    return n < h->line_count ? &h->lines[n] : NULL;
}

const struct handset_call *handset_call(const struct handset *h, size_t call)
{
    return call < HANDSET_CALLS ? h->calls[call] : NULL;
}

const struct handset_call *handset_find(const struct handset *h, uint32_t states)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        if (h->calls[i] && h->calls[i]->state < 32 && (states & HANDSET_IN(h->calls[i]->state)))
            return h->calls[i];
    return NULL;
}

unsigned handset_streams(const struct handset *h)
{
    unsigned streams = 0;
    for (size_t i = 0; i < HANDSET_CALLS; i++)
        if (h->calls[i])
            streams += h->calls[i]->receiving || h->calls[i]->transmitting;
    return streams;
}

const char *handset_prompt(const struct handset *h)
{
    return h->prompt;
}

uint32_t handset_tone(const struct handset *h)
{
    return h->tone;
}

bool handset_rings(const struct handset *h)
{
    return h->ring >= SCCP_RING_INSIDE;
}
