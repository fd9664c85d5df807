/* The waiting calls: one question at a time over one end. */
#include "signer/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 180 * 1000 }; /* RSA 4096 on a small machine */

struct signer {
    int fd;
    uint32_t number;
};

int signer_new(struct signer **out, int fd)
{
    struct signer *signer = calloc(1, sizeof *signer);
    if (!signer) {
        close(fd);
        return -ENOMEM;
    }
    signer->fd = fd;
    *out = signer;
    return 0;
}

void signer_free(struct signer *signer)
{
    if (!signer)
        return;
    close(signer->fd);
    free(signer);
}

/* A question and the fields of its answer, which `fields` then reads out of `answer`. */
struct call {
    struct buffer question;
    struct buffer answer;
    struct reader fields;
    int reply; /* a descriptor that came with the answer, or -1 */
};

static void call_begin(struct call *call, struct signer *signer, enum signer_operation operation)
{
    call->reply = -1;
    buffer_init(&call->question, CHANNEL_MESSAGE_MAX);
    buffer_init(&call->answer, CHANNEL_MESSAGE_MAX);
    question_begin(&call->question, ++signer->number, operation);
}

static void call_end(struct call *call)
{
    buffer_fini_secret(&call->question);
    buffer_fini_secret(&call->answer);
    if (call->reply >= 0)
        close(call->reply);
}

/* The last one is of the answer; there is one at most. */
static void take_reply(struct call *call, int fd)
{
    if (call->reply >= 0)
        close(call->reply);
    call->reply = fd;
}

static int call_run(struct call *call, struct signer *signer, int payload, struct why *why)
{
    int fds[CHANNEL_FDS_MAX];
    size_t count = 0;
    uint32_t number = 0;
    int status = 0;
    struct bytes words;
    int result = call->question.error;
    if (result == 0)
        result = channel_send(signer->fd, buffer_bytes(&call->question), &payload, payload >= 0);
    while (result == 0 && number != signer->number) {
        result = channel_receive(signer->fd, &call->answer, fds, &count, WAIT_MS);
        for (size_t i = 0; result == 0 && i < count; i++)
            take_reply(call, fds[i]);
        if (result == 0)
            result =
                answer_read(&call->fields, buffer_bytes(&call->answer), &number, &status, &words);
    }
    if (result)
        return why_error(why, result, "the signer does not answer: %s", error_text(result));
    if (status)
        return why_error(why, status, "the signer: %.*s", (int)words.size,
                         words.size ? (const char *)words.data : "");
    return 0;
}

/* After the last field of a good answer. */
static int call_done(const struct call *call, struct why *why)
{
    int result = reader_end(&call->fields);
    return result ? why_error(why, ERR_FORMAT, "the signer's answer is malformed") : 0;
}

int signer_sign(struct signer *signer, struct buffer *signature, struct bytes covered_header,
                struct bytes payload, struct why *why)
{
    struct call call;
    int fd = -1;
    call_begin(&call, signer, SIGNER_SIGN);
    field_write(&call.question, covered_header);
    int result = field_write_payload(&call.question, &fd, payload);
    if (result == 0)
        result = call_run(&call, signer, fd, why);
    if (result == 0) {
        buffer_append(signature, field_read(&call.fields));
        result = call_done(&call, why);
    }
    if (fd >= 0)
        close(fd);
    call_end(&call);
    return result ? result : signature->error;
}

/* The answers of CREATE and IMPORT: one certificate. */
static int take_certificate(struct certificate **out, struct call *call, struct why *why)
{
    struct bytes der = field_read(&call->fields);
    int result = call_done(call, why);
    return result ? result : certificate_from_der(out, der, why);
}

int signer_create(struct signer *signer, struct certificate **out, const char *name,
                  const struct key_spec *spec, const struct certificate_template *template,
                  struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_CREATE);
    field_write_text(&call.question, name);
    field_write_spec(&call.question, spec);
    field_write_template(&call.question, template);
    int result = call_run(&call, signer, -1, why);
    if (result == 0)
        result = take_certificate(out, &call, why);
    call_end(&call);
    return result;
}

int signer_request(struct signer *signer, struct buffer *pem, char key[33], const char *name,
                   const struct key_spec *spec, const struct certificate_template *template,
                   struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_REQUEST);
    field_write_text(&call.question, name);
    field_write_spec(&call.question, spec);
    field_write_template(&call.question, template);
    int result = call_run(&call, signer, -1, why);
    if (result == 0) {
        field_read_text(&call.fields, key, 33);
        buffer_append(pem, field_read(&call.fields));
        result = call_done(&call, why);
    }
    call_end(&call);
    return result ? result : pem->error;
}

int signer_adopt(struct signer *signer, const char *name, const char *key,
                 const struct certificate *certificate, struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_ADOPT);
    field_write_text(&call.question, name);
    field_write_text(&call.question, key);
    field_write(&call.question, certificate_der(certificate));
    int result = call_run(&call, signer, -1, why);
    if (result == 0)
        result = call_done(&call, why);
    call_end(&call);
    return result;
}

int signer_import(struct signer *signer, struct certificate **out, const char *name,
                  struct bytes pem, struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_IMPORT);
    int result = buffer_reserve(&call.question, pem.size + 256);
    field_write_text(&call.question, name);
    field_write(&call.question, pem);
    if (result == 0)
        result = call_run(&call, signer, -1, why);
    if (result == 0)
        result = take_certificate(out, &call, why);
    call_end(&call);
    return result;
}

int signer_link(struct signer *signer, const char *name, const char *serial, struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_LINK);
    field_write_text(&call.question, name);
    field_write_text(&call.question, serial);
    int result = call_run(&call, signer, -1, why);
    if (result == 0)
        result = call_done(&call, why);
    call_end(&call);
    return result;
}

int signer_check(struct signer *signer, const char *name, const struct certificate *certificate,
                 struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_CHECK);
    field_write_text(&call.question, name);
    field_write(&call.question, certificate_der(certificate));
    int result = call_run(&call, signer, -1, why);
    if (result == 0)
        result = call_done(&call, why);
    call_end(&call);
    return result;
}

int signer_sweep(struct signer *signer, const char *const *keep, size_t count, unsigned *removed,
                 struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_SWEEP);
    for (size_t i = 0; i < count; i++)
        field_write_text(&call.question, keep[i]);
    int result = call_run(&call, signer, -1, why);
    if (result == 0) {
        *removed = (unsigned)field_read_u64(&call.fields);
        result = call_done(&call, why);
    }
    call_end(&call);
    return result;
}

int signer_counters(struct signer *signer, struct signer_counters *out, struct why *why)
{
    struct call call;
    struct signer_counters c = {0};
    call_begin(&call, signer, SIGNER_COUNTERS);
    int result = call_run(&call, signer, -1, why);
    if (result == 0) {
        c.signed_files = field_read_u64(&call.fields);
        c.created = field_read_u64(&call.fields);
        c.refused = field_read_u64(&call.fields);
        c.malformed = field_read_u64(&call.fields);
        c.issued = field_read_u64(&call.fields);
        result = call_done(&call, why);
    }
    if (result == 0)
        *out = c;
    call_end(&call);
    return result;
}

int signer_issue(struct signer *signer, struct certificate **out, const struct signer_lsc *lsc,
                 struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_ISSUE);
    field_write_lsc(&call.question, lsc);
    int result = call_run(&call, signer, -1, why);
    if (result == 0)
        result = take_certificate(out, &call, why);
    call_end(&call);
    return result;
}

static int take_crl(struct buffer *out, struct call *call, struct why *why)
{
    struct buffer der = {NULL, 0, 0, 0, 0};
    int result = field_read_payload(&der, &call->fields, call->reply, CRL_DER_MAX);
    if (result == 0)
        result = call_done(call, why);
    if (result == 0)
        buffer_append(out, buffer_bytes(&der));
    buffer_fini(&der);
    return result ? why_error(why, result, "the signer's answer is malformed") : out->error;
}

int signer_crl(struct signer *signer, struct buffer *out, const struct signer_crl *crl,
               struct why *why)
{
    struct call call;
    int fd = -1;
    call_begin(&call, signer, SIGNER_CRL);
    int result = field_write_crl(&call.question, &fd, crl);
    if (result == 0)
        result = call_run(&call, signer, fd, why);
    if (result == 0)
        result = take_crl(out, &call, why);
    if (fd >= 0)
        close(fd);
    call_end(&call);
    return result;
}

int signer_mac(struct signer *signer, uint8_t out[SIGNER_MAC_SIZE], const char *device,
               const char *string, struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_MAC);
    field_write_text(&call.question, device);
    field_write_text(&call.question, string);
    int result = call_run(&call, signer, -1, why);
    struct bytes mac = {NULL, 0};
    if (result == 0) {
        mac = field_read(&call.fields);
        result = call_done(&call, why);
    }
    if (result == 0 && mac.size != SIGNER_MAC_SIZE)
        result = why_error(why, ERR_FORMAT, "the signer's answer is malformed");
    if (result == 0)
        memcpy(out, mac.data, SIGNER_MAC_SIZE);
    call_end(&call);
    return result;
}

int signer_identity(struct signer *signer, struct buffer *out, const char *name, const char *serial,
                    struct why *why)
{
    struct call call;
    call_begin(&call, signer, SIGNER_IDENTITY);
    field_write_text(&call.question, name);
    field_write_text(&call.question, serial);
    int result = call_run(&call, signer, -1, why);
    if (result == 0) {
        buffer_append(out, field_read(&call.fields));
        result = call_done(&call, why);
    }
    call_end(&call);
    return result ? result : out->error;
}
