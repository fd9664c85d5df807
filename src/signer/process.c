#include "signer/process.h"

#include "base/clock.h"
#include "base/limit.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/channel.h"
#include "net/worker.h"
#include "signer/keystore.h"
#include "signer/policy.h"
#include "signer/protocol.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CLIENTS_MAX = 256,
    CLIENT_QUEUE = 8192,       /* answers a client may leave unread */
    FIRST_QUESTION_MS = 10000, /* which a command asks at once */
    JOBS_MAX = 1024,           /* keys being made and large files being hashed */
    SMALL_PAYLOAD = 256 * 1024 /* hashed on the loop; larger ones by the worker */
};

struct client {
    struct process *process;
    uint64_t id;
    enum signer_role role;
    struct channel *channel;
    struct client *next;
};

struct process {
    struct loop *loop;
    struct worker *worker;
    struct keystore *keys;
    struct channel *control; /* NULL when there is no supervisor */
    struct client *clients;
    size_t client_count;
    uint64_t next_id;
    struct limit *limit;
    struct signer_counters counters;
    int status;
};

/* One question, from its bytes to its answer; on the heap when the worker takes it. */
struct question {
    struct process *process;
    uint64_t client;
    enum signer_role role;
    uint32_t number;
    enum signer_operation operation;
    struct buffer message; /* the fields, copied when the worker takes it */
    int payload;           /* a descriptor or -1 */
    int reply;             /* the same, of the answer */
    int result;
    struct why why;
    struct buffer answer; /* fields of a good answer */
};

/* ---- answering ---- */

static struct client *client_by_id(const struct process *p, uint64_t id)
{
    for (struct client *c = p->clients; c; c = c->next)
        if (c->id == id)
            return c;
    return NULL;
}

static void client_drop(struct client *client)
{
    struct process *p = client->process;
    struct client **link = &p->clients;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    p->client_count--;
    channel_free(client->channel);
    free(client);
    if (!p->control && !p->clients)
        loop_stop(p->loop);
}

static void count(struct process *p, const struct question *q)
{
    if (q->result == ERR_POLICY)
        p->counters.refused++;
    else if (q->result == ERR_FORMAT || q->result == ERR_TRUNCATED)
        p->counters.malformed++;
    else if (q->result == 0 && q->operation == SIGNER_SIGN)
        p->counters.signed_files++;
    else if (q->result == 0 && (q->operation == SIGNER_CREATE || q->operation == SIGNER_REQUEST))
        p->counters.created++;
    else if (q->operation == SIGNER_ISSUE)
        *(q->result ? &p->counters.refused : &p->counters.issued) += 1;
}

static void log_refusal(struct process *p, const struct question *q)
{
    uint64_t suppressed;
    const char *role = signer_role_name(q->role);
    if (!limit_allows(p->limit, bytes_of_string(role), loop_now(p->loop), &suppressed))
        return;
    char words[300];
    log_event(LEVEL_WARNING, "event=signer_refused role=%s operation=%s reason=%s suppressed=%llu",
              role, signer_operation_name(q->operation),
              text_value(words, sizeof words, bytes_of_string(why_text(&q->why, q->result))),
              (unsigned long long)suppressed);
}

static void answer(struct question *q)
{
    struct process *p = q->process;
    struct buffer message;
    count(p, q);
    if (q->result)
        log_refusal(p, q);
    buffer_init(&message, CHANNEL_MESSAGE_MAX);
    answer_begin(&message, q->number, q->result, q->result ? why_text(&q->why, q->result) : "");
    if (q->result == 0)
        buffer_append(&message, buffer_bytes(&q->answer));
    struct client *client = client_by_id(p, q->client);
    if (client &&
        channel_write(client->channel, buffer_bytes(&message), &q->reply, q->reply >= 0) != 0)
        client_drop(client); /* it does not read its answers */
    buffer_fini_secret(&message);
}

static void question_fini(struct question *q)
{
    buffer_fini_secret(&q->message);
    buffer_fini_secret(&q->answer); /* it may hold an identity or a MAC */
    if (q->payload >= 0)
        close(q->payload);
    if (q->reply >= 0)
        close(q->reply);
}

/* ---- signing ---- */

/* Feeds a file of fixed size, as it is now, into a signature. */
static int sign_descriptor(struct key_signing *signing, int fd, size_t size, struct why *why)
{
    uint8_t chunk[65536];
    size_t done = 0;
    while (done < size) {
        size_t want = size - done < sizeof chunk ? size - done : sizeof chunk;
        ssize_t n = pread(fd, chunk, want, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return why_error(why, -errno, "the payload cannot be read: %s", error_text(-errno));
        if (n == 0)
            return why_error(why, ERR_CONFLICT, "the payload shrank while it was read");
        int result = key_signing_update(signing, bytes_of(chunk, (size_t)n));
        if (result)
            return result;
        done += (size_t)n;
    }
    return 0;
}

static int payload_size(int fd, size_t *size, struct why *why)
{
    struct stat st;
    *size = 0;
    if (fd < 0)
        return 0;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return why_error(why, ERR_FORMAT, "the payload is not a regular file");
    if ((uint64_t)st.st_size > SIGNER_PAYLOAD_MAX)
        return why_error(why, ERR_LIMIT, "a payload of %lld bytes; %zu are the most",
                         (long long)st.st_size, SIGNER_PAYLOAD_MAX);
    *size = (size_t)st.st_size;
    return 0;
}

static int do_sign(struct question *q, struct reader *fields)
{
    struct envelope header;
    struct why parse = WHY_NONE;
    struct bytes covered = field_read(fields);
    struct bytes payload = field_read(fields);
    int result = reader_end(fields);
    if (result || (payload.size && q->payload >= 0))
        return why_error(&q->why, ERR_FORMAT,
                         "a question to sign is one header and one payload, in the question or as "
                         "a descriptor");
    if (envelope_parse_covered(&header, covered, &parse) != 0)
        return why_error(&q->why, ERR_POLICY,
                         "what is to be signed is no header of a file (%s); the signer hashes what "
                         "it signs, it takes no digest",
                         parse.text);
    const struct key *key = NULL;
    char name[KEY_NAME_MAX];
    enum digest_kind digest;
    size_t size;
    result = keystore_find(q->process->keys, &key, name, header.issuer, header.serial, &q->why);
    if (result == 0)
        result = policy_sign(q->role, &header, name, &q->why);
    if (result == 0)
        result = payload_size(q->payload, &size, &q->why);
    if (result == 0 && digest_of_code(header.digest, &digest) != 0)
        result = why_error(&q->why, ERR_UNSUPPORTED, "digest code %u is not known", header.digest);
    if (result == 0 && envelope_modulus_size(header.modulus) * 8 != key_bits(key))
        result = why_error(&q->why, ERR_VERIFY, "the modulus code does not fit the key's %u bits",
                           key_bits(key));
    if (result)
        return result;
    struct key_signing *signing = NULL;
    struct buffer signature;
    buffer_init(&signature, KEY_SIGNATURE_MAX);
    result = key_signing_begin(&signing, key, digest);
    if (result == 0)
        result = key_signing_update(signing, covered);
    if (result == 0)
        result = key_signing_update(signing, payload);
    if (result == 0)
        result = sign_descriptor(signing, q->payload, size, &q->why);
    if (result == 0)
        result = key_signing_finish(signing, &signature);
    if (result == 0)
        field_write(&q->answer, buffer_bytes(&signature));
    key_signing_free(signing);
    buffer_fini(&signature);
    return result;
}

/* ---- the other operations ---- */

static int unread(struct question *q, const struct reader *fields)
{
    return reader_end(fields) == 0
               ? 0
               : why_error(&q->why, ERR_FORMAT, "the question does not read as it should");
}

static int do_create(struct question *q, struct reader *fields)
{
    char name[KEY_NAME_MAX];
    struct key_spec spec;
    struct template_room room;
    struct certificate *certificate = NULL;
    field_read_text(fields, name, sizeof name);
    field_read_spec(fields, &spec);
    field_read_template(fields, &room);
    int result = unread(q, fields);
    if (result == 0)
        result =
            keystore_create(q->process->keys, &certificate, name, &spec, &room.template, &q->why);
    if (result == 0)
        field_write(&q->answer, certificate_der(certificate));
    certificate_free(certificate);
    return result;
}

static int do_request(struct question *q, struct reader *fields)
{
    char name[KEY_NAME_MAX];
    char key[33];
    struct key_spec spec;
    struct template_room room;
    struct buffer pem;
    buffer_init(&pem, CERTIFICATE_FILE_MAX);
    field_read_text(fields, name, sizeof name);
    field_read_spec(fields, &spec);
    field_read_template(fields, &room);
    int result = unread(q, fields);
    if (result == 0)
        result =
            keystore_request(q->process->keys, &pem, key, name, &spec, &room.template, &q->why);
    if (result == 0) {
        field_write_text(&q->answer, key);
        field_write(&q->answer, buffer_bytes(&pem));
    }
    buffer_fini(&pem);
    return result;
}

static int do_adopt(struct question *q, struct reader *fields)
{
    char name[KEY_NAME_MAX];
    char key[33];
    struct certificate *certificate = NULL;
    field_read_text(fields, name, sizeof name);
    field_read_text(fields, key, sizeof key);
    struct bytes der = field_read(fields);
    int result = unread(q, fields);
    if (result == 0)
        result = certificate_from_der(&certificate, der, &q->why);
    if (result == 0)
        result = keystore_adopt(q->process->keys, name, key, certificate, &q->why);
    certificate_free(certificate);
    return result;
}

static int do_import(struct question *q, struct reader *fields)
{
    char name[KEY_NAME_MAX];
    struct certificate *certificate = NULL;
    field_read_text(fields, name, sizeof name);
    struct bytes pem = field_read(fields);
    int result = unread(q, fields);
    if (result == 0)
        result = keystore_import(q->process->keys, &certificate, name, pem, &q->why);
    if (result == 0)
        field_write(&q->answer, certificate_der(certificate));
    certificate_free(certificate);
    return result;
}

static int do_link(struct question *q, struct reader *fields)
{
    char name[KEY_NAME_MAX];
    char serial[KEY_SERIAL_HEX];
    field_read_text(fields, name, sizeof name);
    field_read_text(fields, serial, sizeof serial);
    int result = unread(q, fields);
    return result ? result : keystore_link(q->process->keys, name, serial, &q->why);
}

static int do_check(struct question *q, struct reader *fields)
{
    char name[KEY_NAME_MAX];
    struct certificate *certificate = NULL;
    field_read_text(fields, name, sizeof name);
    struct bytes der = field_read(fields);
    int result = unread(q, fields);
    if (result == 0)
        result = certificate_from_der(&certificate, der, &q->why);
    if (result == 0)
        result = keystore_check(q->process->keys, name, certificate, &q->why);
    certificate_free(certificate);
    return result;
}

static int do_sweep(struct question *q, struct reader *fields)
{
    enum { KEEP_MAX = 4096, NAME_SIZE = 192 };
    char(*names)[NAME_SIZE] = calloc(KEEP_MAX, sizeof *names);
    const char **keep = calloc(KEEP_MAX, sizeof *keep);
    size_t kept = 0;
    unsigned removed = 0;
    int result = names && keep ? 0 : -ENOMEM;
    while (result == 0 && reader_left(fields)) {
        if (kept == KEEP_MAX)
            result = why_error(&q->why, ERR_LIMIT, "more than %d names to keep", KEEP_MAX);
        else
            field_read_text(fields, names[kept], NAME_SIZE);
        if (result == 0) {
            keep[kept] = names[kept];
            kept++;
        }
    }
    if (result == 0)
        result = unread(q, fields);
    if (result == 0)
        result = keystore_sweep(q->process->keys, keep, kept, &removed, &q->why);
    if (result == 0)
        field_write_u64(&q->answer, removed);
    free(keep);
    free(names);
    return result;
}

static int do_counters(struct question *q, struct reader *fields)
{
    const struct signer_counters *c = &q->process->counters;
    int result = unread(q, fields);
    if (result == 0) {
        field_write_u64(&q->answer, c->signed_files);
        field_write_u64(&q->answer, c->created);
        field_write_u64(&q->answer, c->refused);
        field_write_u64(&q->answer, c->malformed);
        field_write_u64(&q->answer, c->issued);
    }
    return result;
}

/* ---- what CAPF asks for ---- */

/* The key that a question names, if its role may use it for that. */
static int named_identity(struct question *q, const struct identity **out, const char *name,
                          const char *serial)
{
    int result = policy_key(q->role, q->operation, name, &q->why);
    return result ? result : keystore_identity(q->process->keys, out, name, serial, &q->why);
}

/* What is issued ends before its issuer does: nobody could verify it afterwards. */
static int days_left(struct question *q, const struct certificate *issuer, int64_t now,
                     unsigned asked, unsigned *days)
{
    int64_t left = (certificate_not_after(issuer) - now) / 86400;
    if (left < 1)
        return why_error(&q->why, ERR_POLICY,
                         "the certificate of CAPF ends within a day: regenerate it (set cert regen "
                         "CAPF) before more LSCs are issued");
    *days = (int64_t)asked < left ? asked : (unsigned)left;
    return 0;
}

static int check_key(struct question *q, struct public_key **key, const struct signer_lsc *lsc)
{
    int result = public_key_from_spki(key, lsc->spki, &q->why);
    if (result == 0)
        result = public_key_check_asked(*key, &lsc->asked, &q->why);
    return result ? result : public_key_check_strength(*key, &q->why);
}

static int issue(struct question *q, const struct identity *issuer, const struct signer_lsc *lsc,
                 const struct public_key *key)
{
    uint8_t serial[SERIAL_BYTES];
    struct buffer der;
    const struct lsc_request request = {
        .device = lsc->device, .model = lsc->model[0] ? lsc->model : NULL, .key = key};
    struct lsc_template t = {.subject = lsc->subject,
                             .issuer_attributes = lsc->issuer_attributes,
                             .not_before = clock_wall(),
                             .digest = lsc->digest};
    int result = days_left(q, issuer->certificate, t.not_before, lsc->days, &t.days);
    serial_random(serial);
    buffer_init(&der, CERTIFICATE_DER_MAX);
    if (result == 0)
        result = lsc_issue_der(&der, issuer, &t, &request, serial, &q->why);
    if (result == 0)
        field_write(&q->answer, buffer_bytes(&der));
    buffer_fini(&der);
    return result;
}

static int do_issue(struct question *q, struct reader *fields)
{
    char name[KEY_NAME_MAX];
    struct lsc_room room;
    const struct identity *issuer = NULL;
    struct public_key *key = NULL;
    field_read_text(fields, name, sizeof name);
    field_read_lsc(fields, &room);
    int result = unread(q, fields);
    if (result == 0)
        result = named_identity(q, &issuer, name, room.lsc.issuer);
    if (result == 0)
        result = check_key(q, &key, &room.lsc);
    if (result == 0)
        result = issue(q, issuer, &room.lsc, key);
    public_key_free(key);
    return result;
}

static int check_span(struct question *q, const struct signer_crl *crl)
{
    int64_t span = crl->next_update - crl->this_update;
    if (span > 0 && span <= (int64_t)SIGNER_CRL_DAYS * 86400)
        return 0;
    return why_error(&q->why, ERR_USAGE, "a CRL holds for more than nothing and at most %d days",
                     SIGNER_CRL_DAYS);
}

static int write_crl(struct question *q, const struct identity *issuer,
                     const struct signer_crl *crl)
{
    struct buffer der;
    const struct crl_spec spec = {.number = crl->number,
                                  .this_update = crl->this_update,
                                  .next_update = crl->next_update,
                                  .entries = crl->entries,
                                  .count = crl->count,
                                  .digest = DIGEST_KIND_SHA256};
    buffer_init(&der, CRL_DER_MAX);
    int result = crl_write(&der, issuer, &spec, &q->why);
    if (result == 0)
        result = field_write_payload(&q->answer, &q->reply, buffer_bytes(&der));
    buffer_fini(&der);
    return result;
}

static int do_crl(struct question *q, struct reader *fields)
{
    char name[KEY_NAME_MAX];
    struct crl_room room;
    const struct identity *issuer = NULL;
    field_read_text(fields, name, sizeof name);
    int result = field_read_crl(fields, q->payload, &room);
    if (result)
        result = why_error(&q->why, result, "the list of the revoked does not read as it should");
    if (result == 0)
        result = named_identity(q, &issuer, name, room.crl.issuer);
    if (result == 0)
        result = check_span(q, &room.crl);
    if (result == 0)
        result = write_crl(q, issuer, &room.crl);
    crl_room_fini(&room);
    return result;
}

static int do_mac(struct question *q, struct reader *fields)
{
    char device[64];
    char string[SIGNER_STRING_MAX + 1];
    uint8_t mac[KEYSTORE_MAC];
    field_read_text(fields, device, sizeof device);
    field_read_text(fields, string, sizeof string);
    int result = unread(q, fields);
    if (result == 0 && (!device[0] || !string[0]))
        result = why_error(&q->why, ERR_USAGE, "a device and a string are needed");
    if (result == 0)
        result = keystore_mac(q->process->keys, mac, device, string, &q->why);
    if (result == 0)
        field_write(&q->answer, bytes_of(mac, sizeof mac));
    secret_wipe(string, sizeof string);
    secret_wipe(mac, sizeof mac);
    return result;
}

static int do_identity(struct question *q, struct reader *fields)
{
    char name[KEY_NAME_MAX];
    char serial[KEY_SERIAL_HEX];
    const struct identity *identity = NULL;
    struct buffer pem;
    buffer_init(&pem, KEY_FILE_MAX);
    field_read_text(fields, name, sizeof name);
    field_read_text(fields, serial, sizeof serial);
    int result = unread(q, fields);
    if (result == 0)
        result = named_identity(q, &identity, name, serial);
    if (result == 0)
        result = buffer_reserve(&pem, KEY_FILE_MAX);
    if (result == 0)
        result = identity_write_pem(&pem, identity);
    if (result == 0)
        result = buffer_reserve(&q->answer, pem.size + 16);
    if (result == 0)
        field_write(&q->answer, buffer_bytes(&pem));
    buffer_fini_secret(&pem);
    return result;
}

/* Who does what, and whether it takes so long that the worker does it. */
static const struct handler {
    int (*run)(struct question *q, struct reader *fields);
    bool slow;
} handlers[SIGNER_OPERATION_COUNT] = {
    [SIGNER_SIGN] = {do_sign, false},
    [SIGNER_CREATE] = {do_create, true},
    [SIGNER_REQUEST] = {do_request, true},
    [SIGNER_ADOPT] = {do_adopt, true},
    [SIGNER_IMPORT] = {do_import, true},
    [SIGNER_LINK] = {do_link, true},
    [SIGNER_CHECK] = {do_check, true},
    [SIGNER_SWEEP] = {do_sweep, true},
    [SIGNER_COUNTERS] = {do_counters, false},
    [SIGNER_ISSUE] = {do_issue, false},
    [SIGNER_CRL] = {do_crl, true},
    [SIGNER_MAC] = {do_mac, false},
    [SIGNER_IDENTITY] = {do_identity, false},
};

static void work(void *context)
{
    struct question *q = context;
    struct reader fields;
    reader_init(&fields, buffer_bytes(&q->message));
    q->result = handlers[q->operation].run(q, &fields);
}

static void worked(void *context)
{
    struct question *q = context;
    answer(q);
    question_fini(q);
    free(q);
}

/* Hands the question to the worker; it is the worker's then. */
static int hand_over(struct question *q, struct bytes fields)
{
    struct question *job = calloc(1, sizeof *job);
    if (!job)
        return -ENOMEM;
    *job = *q;
    buffer_init(&job->message, CHANNEL_MESSAGE_MAX);
    int result = buffer_reserve(&job->message, fields.size);
    if (result == 0) {
        buffer_append(&job->message, fields);
        result = worker_submit(q->process->worker, work, worked, job);
    }
    if (result) {
        buffer_fini_secret(&job->message);
        free(job);
        return why_error(&q->why, result, "the signer has too much to do; try again");
    }
    return 0;
}

static bool is_large(int payload)
{
    struct stat st;
    return payload >= 0 && fstat(payload, &st) == 0 && st.st_size > SMALL_PAYLOAD;
}

/* ---- clients ---- */

static void client_message(void *context, struct bytes message, const int *fds, size_t fd_count)
{
    struct client *client = context;
    struct reader r;
    reader_init(&r, message);
    struct question q = {.process = client->process,
                         .client = client->id,
                         .role = client->role,
                         .payload = fd_count ? fds[0] : -1,
                         .reply = -1};
    buffer_init(&q.answer, CHANNEL_MESSAGE_MAX);
    for (size_t i = 1; i < fd_count; i++)
        close(fds[i]);
    q.number = reader_u32be(&r);
    unsigned operation = reader_u8(&r);
    q.operation = (enum signer_operation)operation;
    if (r.error || fd_count > 1)
        q.result = why_error(&q.why, ERR_FORMAT, "the question does not read as it should");
    else
        q.result = policy_operation(client->role, operation, &q.why);
    if (q.result == 0) {
        struct bytes fields = reader_rest(&r);
        if (handlers[operation].slow || is_large(q.payload)) {
            q.result = hand_over(&q, fields);
            if (q.result == 0)
                return; /* answered when done */
        } else {
            reader_init(&r, fields);
            q.result = handlers[operation].run(&q, &r);
        }
    }
    answer(&q);
    question_fini(&q);
}

static void client_closed(void *context)
{
    client_drop(context);
}

static int client_add(struct process *p, enum signer_role role, int fd)
{
    static const struct channel_events events = {client_message, client_closed};
    struct client *client = p->client_count < CLIENTS_MAX ? calloc(1, sizeof *client) : NULL;
    if (!client) {
        close(fd);
        return -ENOMEM;
    }
    client->process = p;
    client->role = role;
    client->id = ++p->next_id;
    int result = channel_new(&client->channel, p->loop, fd, CLIENT_QUEUE, &events, client);
    if (result) {
        free(client);
        return result;
    }
    client->next = p->clients;
    p->clients = client;
    p->client_count++;
    return 0;
}

static void control_message(void *context, struct bytes message, const int *fds, size_t fd_count)
{
    struct process *p = context;
    bool fine = message.size == 1 && fd_count == 1 && message.data[0] < SIGNER_ROLE_COUNT;
    if (fine && client_add(p, (enum signer_role)message.data[0], fds[0]) != 0)
        log_event(LEVEL_ERROR, "event=signer_client_refused");
    for (size_t i = 0; !fine && i < fd_count; i++)
        close(fds[i]);
}

static void control_closed(void *context)
{
    struct process *p = context;
    loop_stop(p->loop);
}

static void stop_signal(void *context, int number)
{
    struct process *p = context;
    (void)number;
    loop_stop(p->loop);
}

/* The supervisor is told why nothing will be signed; what it makes of it is its business. */
static void tell_failure(int control, const char *reason)
{
    char message[600];
    text_format(message, sizeof message, "F%s", reason);
    int result = channel_try_send(control, bytes_of_string(message), NULL, 0);
    (void)result; /* it has gone: nobody is left to tell */
}

/* A command waits for the answer to its first question, and tells its user what is in it. */
static void answer_failure(int direct, int failure, const char *words)
{
    struct buffer question;
    struct buffer answer;
    struct reader r;
    int fds[CHANNEL_FDS_MAX];
    size_t count = 0;
    buffer_init(&question, CHANNEL_MESSAGE_MAX);
    buffer_init(&answer, CHANNEL_MESSAGE_MAX);
    int result = channel_receive(direct, &question, fds, &count, FIRST_QUESTION_MS);
    for (size_t i = 0; result == 0 && i < count; i++)
        close(fds[i]);
    if (result == 0) {
        reader_init(&r, buffer_bytes(&question));
        answer_begin(&answer, reader_u32be(&r), failure, words);
        result = channel_try_send(direct, buffer_bytes(&answer), NULL, 0);
        (void)result; /* it has gone */
    }
    buffer_fini(&question);
    buffer_fini(&answer);
}

static int start(struct process *p, const char *keys, int control, int direct, struct why *why)
{
    static const struct channel_events control_events = {control_message, control_closed};
    int result = keystore_open(&p->keys, keys, why);
    if (result && control >= 0)
        tell_failure(control, why_text(why, result));
    else if (result)
        answer_failure(direct, result, why_text(why, result));
    if (result == 0)
        result = loop_new(&p->loop);
    if (result == 0)
        result = worker_new(&p->worker, p->loop, 1, JOBS_MAX);
    if (result == 0)
        result = limit_new(&p->limit, 8, 20, 10000);
    if (result == 0 && control >= 0)
        result = channel_new(&p->control, p->loop, control, 16, &control_events, p);
    if (result == 0 && direct >= 0)
        result = client_add(p, SIGNER_CLUSTER, direct);
    return result;
}

int signer_process(const char *keys, int control, int direct)
{
    struct process p = {.status = 0};
    struct why why = WHY_NONE;
    struct loop_signal *term = NULL;
    secret_guard_process();
    int result = start(&p, keys, control, direct, &why);
    if (result == 0)
        result = loop_signal_new(&term, p.loop, SIGTERM, stop_signal, &p);
    /* Ctrl-C is for the supervisor or the command, which then ends us in order. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &ignore, NULL);
    if (result == 0)
        result = loop_run(p.loop);
    if (result && control >= 0)
        log_event(LEVEL_ERROR, "event=signer_failed reason=\"%s\"", why_text(&why, result));
    worker_free(p.worker); /* a key that is being made is finished first */
    p.worker = NULL;
    channel_free(p.control);
    p.control = NULL;
    for (struct client *client = p.clients, *next; client; client = next) {
        next = client->next;
        channel_free(client->channel);
        free(client);
    }
    loop_signal_free(term);
    keystore_close(p.keys);
    limit_free(p.limit);
    loop_free(p.loop);
    return result ? 1 : 0;
}
