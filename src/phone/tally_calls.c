/* Registrations and calls of a fleet, in numbers. */
#include "phone/tally_parts.h"

#include <errno.h>
#include <stdlib.h>

int tally_init_calls(struct tally *t)
{
    t->register_ms = calloc(t->expected, sizeof *t->register_ms);
    t->setup_ms = calloc(TALLY_SETUPS, sizeof *t->setup_ms);
    return t->register_ms && t->setup_ms ? 0 : -ENOMEM;
}

/* ---- counting ---- */

void tally_registered(struct tally *t, int64_t ms, int64_t since_ms)
{
    if (t->registered == t->expected)
        return;
    t->register_ms[t->registered++] = (uint32_t)ms;
    t->registering_ms = since_ms;
}

void tally_not_registered(struct tally *t, const char *device, const char *words)
{
    tally_note(t, TROUBLE_REGISTRATION, device, words);
}

void tally_lost(struct tally *t, const char *device, const char *words)
{
    t->lost++;
    tally_note(t, TROUBLE_LOST, device, words);
}

void tally_connected(struct tally *t, int64_t ms, bool encrypted)
{
    if (t->connected < TALLY_SETUPS)
        t->setup_ms[t->connected] = (uint32_t)ms;
    t->connected++;
    t->encrypted += encrypted;
}

void tally_call(struct tally *t, const char *device, const char *failure)
{
    t->calls++;
    t->calls_failed += failure != NULL;
    if (failure)
        tally_note(t, TROUBLE_CALL, device, failure);
}

/* ---- telling ---- */

static size_t setups_of(const struct tally *t)
{
    return t->connected < TALLY_SETUPS ? t->connected : TALLY_SETUPS;
}

static double a_second(size_t count, int64_t ms)
{
    return (double)count * 1000.0 / (double)(ms > 0 ? ms : 1);
}

void tally_print_calls(struct tally *t, FILE *out)
{
    if (!t->register_ms)
        return;
    fprintf(out, "  registered  %zu: %.0f phones/s", t->registered,
            a_second(t->registered, t->registering_ms));
    if (t->lost)
        fprintf(out, ", %zu lost it again", t->lost);
    if (t->registered)
        fputs("; ", out);
    tally_print_times(out, t->register_ms, t->registered);
    if (t->calls == 0)
        return;
    fprintf(out, "  calls       %zu: %zu connected, %zu of them encrypted, %zu failed; %.1f/s\n",
            t->calls, t->connected, t->encrypted, t->calls_failed,
            a_second(t->calls, t->calling_ms));
    if (t->connected)
        fputs("  set up      ", out);
    if (t->connected)
        tally_print_times(out, t->setup_ms, setups_of(t));
}

int tally_put_calls(struct tally *t, json_t *root)
{
    if (!t->register_ms)
        return 0;
    json_t *calls =
        json_pack("{s:I, s:I, s:I, s:I, s:f, s:o}", "placed", (json_int_t)t->calls, "connected",
                  (json_int_t)t->connected, "encrypted", (json_int_t)t->encrypted, "failed",
                  (json_int_t)t->calls_failed, "per_second", a_second(t->calls, t->calling_ms),
                  "setup_ms", tally_times(t->setup_ms, setups_of(t)));
    json_t *registrations =
        json_pack("{s:I, s:I, s:f, s:o}", "registered", (json_int_t)t->registered, "lost",
                  (json_int_t)t->lost, "per_second", a_second(t->registered, t->registering_ms),
                  "register_ms", tally_times(t->register_ms, t->registered));
    int result = json_object_set_new(root, "registrations", registrations);
    return result | json_object_set_new(root, "calls", calls);
}
