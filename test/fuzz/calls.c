/*
 * calls: phones and people as the bytes say, three for each thing that happens: what, at which of
 * six phones, and with what.
 */
#include "fuzz.h"

#include "service/callmanager/call_parts.h"

#include <string.h>

enum { PHONES = 6, COME_AND_GO = 0x40, TIME = 0x80, STEPS_MAX = 2000 };

struct tel {
    struct call_phone *phone;
    enum call_security security;
    uint32_t calls[4]; /* the last it was told of */
    uint32_t media[4]; /* that it was told to open */
    unsigned next_call, next_media;
    int open, sends;
};
static struct tel tels[PHONES];
static struct call_engine *engine;
static int64_t now;

static void count_up(void *context, void *out, size_t size)
{
    static uint8_t last;
    (void)context;
    memset(out, ++last ? last : ++last, size);
}

static void told(const struct call_action *a)
{
    static const struct call_keys none;
    struct tel *tel = a->owner;
    bool is_media = a->kind >= CALL_ACT_OPEN && a->kind <= CALL_ACT_STOP;
    if (!tel)
        return;
    MUST(tel->phone);
    if (a->call)
        tel->calls[tel->next_call++ % 4] = a->call;
    if (a->kind == CALL_ACT_OPEN)
        tel->media[tel->next_media++ % 4] = a->media.id;
    tel->open += (a->kind == CALL_ACT_OPEN) - (a->kind == CALL_ACT_CLOSE);
    tel->sends += (a->kind == CALL_ACT_START) - (a->kind == CALL_ACT_STOP);
    MUST(tel->open >= 0 && tel->sends >= 0 && tel->sends <= tel->open + 1);
    if (is_media && a->media.encrypted)
        MUST(tel->security == CALL_ENCRYPTED);
    else if (is_media)
        MUST(memcmp(&a->media.keys, &none, sizeof none) == 0);
}

static void drain(void)
{
    const struct call_action *action;
    while ((action = call_engine_action(engine)))
        told(action);
}

static void come_or_go(struct tel *tel, uint8_t with)
{
    static const char *const numbers[] = {"1", "2", "22", "3", "222", "3"};
    size_t n = (size_t)(tel - tels);
    if (tel->phone) {
        struct call_phone *phone = tel->phone;
        *tel = (struct tel){.phone = NULL};
        call_phone_remove(engine, phone,
                          with & 1 ? CALL_CAUSE_UNREGISTERED : CALL_CAUSE_CONNECTION_LOST, now);
        return;
    }
    const struct call_line lines[] = {{1, numbers[n], "one"}, {2, numbers[(n + 1) % PHONES], ""}};
    tel->security = (enum call_security)(1 + with % 3);
    const struct call_phone_setup setup = {.device = numbers[n],
                                           .security = tel->security,
                                           .media_up = with & 0x10,
                                           .lines = lines,
                                           .line_count = with & 0x20 ? 1 : 2,
                                           .owner = tel};
    MUST(call_phone_add(engine, &setup, now, &tel->phone) == 0);
    call_phone_codecs(tel->phone, with & 0x40 ? CALL_PCMA : CALL_PCMA | CALL_PCMU);
}

static void happen(struct tel *tel, uint8_t what, uint8_t with)
{
    static const char *const numbers[] = {"1", "2", "22", "3", "222", "4", "", "x"};
    struct address address;
    if (!tel->phone || address_parse(&address, "192.0.2.1", with) != 0)
        return;
    const struct call_event event = {
        .kind = (enum call_event_kind)(what % CALL_EV_COUNT),
        .line = with >> 2 & 3,
        .call = with & 0x80 ? tel->calls[with & 3] : 0,
        .digit = "0123#*+x"[with & 7],
        .number = numbers[with & 7],
        .forward = (enum call_forward)(with & 3),
        .media = tel->media[with & 3],
        .address = with & 0x40 ? NULL : &address,
    };
    call_event(engine, tel->phone, &event, now);
}

static void check(void)
{
    for (size_t i = 0; i < PHONES; i++) {
        unsigned active = 0;
        if (!tels[i].phone)
            continue;
        for (const struct leg *leg = tels[i].phone->legs; leg; leg = leg->next)
            active += leg_is_active(leg);
        MUST(active <= 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct call_chance chance = {.random = count_up};
    struct call_limits limits;
    struct reader r;
    reader_init(&r, bytes_of(data, size));
    call_limits_default(&limits);
    now = 0;
    if (call_engine_new(&engine, &limits, &chance) != 0)
        return 0;
    for (unsigned i = 0; i < STEPS_MAX && reader_left(&r) >= 3; i++) {
        uint8_t what = reader_u8(&r);
        struct tel *tel = &tels[reader_u8(&r) % PHONES];
        uint8_t with = reader_u8(&r);
        now += what & TIME ? with * 100 : 1;
        while (call_engine_tick(engine, now))
            drain();
        if (what & COME_AND_GO)
            come_or_go(tel, with);
        else
            happen(tel, what & 0x3F, with);
        drain();
        check();
    }
    for (size_t i = 0; i < PHONES; i++) {
        if (tels[i].phone)
            come_or_go(&tels[i], 1);
        drain();
    }
    MUST(call_engine_calls(engine) == 0);
    MUST(call_engine_due(engine) == INT64_MAX);
    MUST(call_engine_counters(engine)->lost == 0);
    call_engine_free(engine);
    return 0;
}
