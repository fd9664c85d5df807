/* The connections of a phone to its call managers. */
#include "phone/signalling_parts.h"

#include "base/text.h"

#include <errno.h>

enum {
    HANDSHAKE_MS = 10000,
    LINGER_MS = 1000,
    QUEUE = 256 * 1024, /* of what a call manager does not read */
    WORDS = 400,
};

/* ---- the end ---- */

static void hang_up(struct line *line)
{
    reach_free(line->reach);
    vouching_clear(&line->vouching);
    tls_free(line->connection);
    line->reach = NULL;
    line->connection = NULL;
    line->local.size = 0;
}

static void fail(struct line *line, enum registration_last last, bool final, const char *words)
{
    struct signalling *s = line->signalling;
    char copy[WORDS];
    text_copy(copy, sizeof copy, words);
    hang_up(line);
    registration_closed(s->registration, line->server, last, final, copy, loop_now(s->setup.loop));
    signalling_pump(s);
}

static enum registration_last last_of(const struct tls_end *end)
{
    if (end->kind == TLS_END_LATE || end->error == -ETIMEDOUT)
        return LAST_TCP_TIMEOUT;
    return end->kind == TLS_END_SYSTEM ? LAST_TCP_RESET : LAST_TCP_CLOSED;
}

/* What either side finds wrong with the other's certificate or TLS is so the next time, too. */
static bool is_final(const struct tls_end *end)
{
    return end->kind == TLS_END_CERTIFICATE || end->kind == TLS_END_ALERT ||
           end->kind == TLS_END_VERSION || end->kind == TLS_END_CIPHER;
}

static void closed(void *context, const struct tls_end *end)
{
    struct line *line = context;
    const struct signalling *s = line->signalling;
    char words[WORDS];
    reach_failure(words, sizeof words, end, s->setup.old_tls);
    if (end->kind == TLS_END_ALERT && !s->setup.identity)
        text_format(words, sizeof words, "%s; this phone has neither LSC nor MIC to show",
                    end->text);
    fail(line, last_of(end), is_final(end), words);
}

/* ---- connecting ---- */

static enum tls_verdict judge(void *context, const struct certificate *server, struct why *why)
{
    struct line *line = context;
    return vouching_judge(&line->vouching, server, why);
}

static void stands(struct line *line)
{
    struct signalling *s = line->signalling;
    bool tls = s->managers.tls;
    if (tls_local_address(line->connection, &line->local) != 0)
        line->local.size = 0;
    signalling_tell(s,
                    (struct signalling_news){.what = SIGNALLING_CONNECTED,
                                             .server = line->name,
                                             .tls = tls ? tls_version(line->connection) : NULL,
                                             .cipher = tls ? tls_cipher(line->connection) : NULL});
    registration_opened(s->registration, line->server, address_bytes(&line->local),
                        loop_now(s->setup.loop));
    signalling_pump(s);
}

static void vouched(void *context, int error, const struct why *why)
{
    struct line *line = context;
    if (error) {
        fail(line, LAST_TCP_CLOSED, true, why_text(why, error));
        return;
    }
    tls_pause(line->connection, false);
    stands(line);
}

/* Where no list knows the certificate nothing is said or heard before TVS has spoken. */
static void ready(void *context)
{
    struct line *line = context;
    if (!vouching_is_open(&line->vouching)) {
        stands(line);
        return;
    }
    tls_pause(line->connection, true);
    int result = vouching_ask(&line->vouching, line->connection, vouched, line);
    if (result)
        fail(line, LAST_TCP_CLOSED, true, error_text(result));
}

static void received(void *context, struct bytes data)
{
    struct line *line = context;
    struct signalling *s = line->signalling;
    registration_input(s->registration, line->server, data, loop_now(s->setup.loop));
    signalling_pump(s);
}

static int connect_to(struct line *line, struct why *why)
{
    const struct signalling_setup *setup = &line->signalling->setup;
    const struct tls_connect_setup connect = {
        .context = setup->tls,
        .limits = {.handshake_ms = HANDSHAKE_MS, .linger_ms = LINGER_MS, .queue = QUEUE},
        .local = setup->source ? &line->signalling->source : NULL,
        .identity = setup->identity,
        .judge = judge,
        .events = {.ready = ready, .received = received, .closed = closed},
        .user = line,
    };
    return tls_connect(&line->connection, setup->loop, &line->address, &connect, why);
}

static void reached(void *context, const struct reach_result *result)
{
    struct line *line = context;
    struct why why = WHY_NONE;
    int error = result->error;
    if (error)
        why_error(&why, error, "%s", result->words);
    else
        line->address = *result->address;
    reach_free(line->reach);
    line->reach = NULL;
    if (error == 0)
        error = connect_to(line, &why);
    if (error)
        fail(line, LAST_TCP_CLOSED, error == ERR_POLICY, why_text(&why, error));
}

/* ---- what the engine wants ---- */

void line_open(struct line *line)
{
    struct signalling *s = line->signalling;
    const struct managers_member *manager = &s->managers.list[line->server];
    struct why why = WHY_NONE;
    signalling_tell(s, (struct signalling_news){.what = SIGNALLING_CONNECTS, .server = line->name});
    line->vouching = (struct vouching){
        .trust = *s->setup.trust, .kind = SERVER_CALLMANAGER, .tvsc = s->setup.tvsc};
    int result = address_parse(&line->address, manager->host, manager->port);
    if (result == 0)
        result = connect_to(line, &why);
    else
        result =
            reach_start(&line->reach, s->setup.worker, manager->host, manager->port, reached, line);
    if (result)
        fail(line, LAST_TCP_CLOSED, result == ERR_POLICY, why_text(&why, result));
}

void line_close(struct line *line)
{
    hang_up(line);
}

/* A call manager that does not read is told by tls_write(): it counts as gone. */
void line_send(struct line *line, struct bytes bytes)
{
    int result = line->connection ? tls_write(line->connection, bytes) : ERR_CLOSED;
    if (result == ERR_LIMIT)
        fail(line, LAST_TCP_TIMEOUT, false, "it does not read what it is told");
}
