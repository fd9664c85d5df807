#include "signer/protocol.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *signer_operation_name(unsigned operation)
{
    static const char *const names[SIGNER_OPERATION_COUNT] = {
        [SIGNER_SIGN] = "sign",         [SIGNER_CREATE] = "create", [SIGNER_REQUEST] = "request",
        [SIGNER_ADOPT] = "adopt",       [SIGNER_IMPORT] = "import", [SIGNER_LINK] = "link",
        [SIGNER_CHECK] = "check",       [SIGNER_SWEEP] = "sweep",   [SIGNER_COUNTERS] = "counters",
        [SIGNER_ISSUE] = "issue",       [SIGNER_CRL] = "crl",       [SIGNER_MAC] = "mac",
        [SIGNER_IDENTITY] = "identity",
    };
    return operation < SIGNER_OPERATION_COUNT && names[operation] ? names[operation] : "unknown";
}

const char *signer_role_name(enum signer_role role)
{
    switch (role) {
    case SIGNER_CLUSTER:
        return "cluster";
    case SIGNER_TFTP:
        return "tftp";
    case SIGNER_CLERK:
        return "clerk";
    case SIGNER_CAPF:
        return "capf";
    case SIGNER_TVS:
        return "tvs";
    case SIGNER_CALLMANAGER:
        return "callmanager";
    case SIGNER_ROLE_COUNT:
        break;
    }
    return "unknown";
}

void field_write(struct buffer *out, struct bytes value)
{
    buffer_u32be(out, (uint32_t)value.size);
    buffer_append(out, value);
}

void field_write_text(struct buffer *out, const char *text)
{
    field_write(out, bytes_of_string(text));
}

void field_write_u64(struct buffer *out, uint64_t value)
{
    buffer_u32be(out, 8);
    buffer_u32be(out, (uint32_t)(value >> 32));
    buffer_u32be(out, (uint32_t)value);
}

void field_write_spec(struct buffer *out, const struct key_spec *spec)
{
    field_write_u64(out, (uint64_t)spec->kind);
    field_write_u64(out, spec->bits);
}

void field_write_template(struct buffer *out, const struct certificate_template *t)
{
    const struct subject *s = &t->subject;
    const char *const texts[8] = {s->common_name, s->unit,    s->organization, s->locality,
                                  s->province,    s->country, t->dns_name,     t->address};
    field_write_u64(out, (uint64_t)t->use);
    field_write_u64(out, (uint64_t)t->not_before);
    field_write_u64(out, t->days);
    for (size_t i = 0; i < 8; i++)
        field_write_text(out, texts[i]);
}

int field_write_payload(struct buffer *out, int *fd, struct bytes payload)
{
    *fd = -1;
    if (payload.size <= SIGNER_PAYLOAD_INLINE) {
        field_write(out, payload);
        return out->error;
    }
    field_write(out, bytes_of(NULL, 0));
    if (out->error)
        return out->error;
    int memory = memfd_create("payload", MFD_CLOEXEC);
    int result = memory < 0 ? -errno : file_write_all(memory, payload);
    if (result == 0)
        *fd = memory;
    else if (memory >= 0)
        close(memory);
    return result;
}

struct bytes field_read(struct reader *r)
{
    uint32_t size = reader_u32be(r);
    return reader_bytes(r, size);
}

static void fail(struct reader *r)
{
    if (!r->error)
        r->error = ERR_FORMAT;
}

void field_read_text(struct reader *r, char *out, size_t size)
{
    struct bytes text = field_read(r);
    if ((text.size && memchr(text.data, 0, text.size)) || !text_copy_bytes(out, size, text)) {
        out[0] = '\0';
        fail(r);
    }
}

uint64_t field_read_u64(struct reader *r)
{
    struct bytes raw = field_read(r);
    struct reader inside;
    reader_init(&inside, raw);
    uint64_t high = reader_u32be(&inside);
    uint64_t low = reader_u32be(&inside);
    if (reader_end(&inside) != 0)
        fail(r);
    return high << 32 | low;
}

void field_read_spec(struct reader *r, struct key_spec *out)
{
    uint64_t kind = field_read_u64(r);
    uint64_t bits = field_read_u64(r);
    if (kind > KEY_EC || bits > 8192)
        fail(r);
    *out = (struct key_spec){.kind = kind == KEY_EC ? KEY_EC : KEY_RSA, .bits = (unsigned)bits};
}

void field_read_template(struct reader *r, struct template_room *out)
{
    uint64_t use = field_read_u64(r);
    uint64_t not_before = field_read_u64(r);
    uint64_t days = field_read_u64(r);
    for (size_t i = 0; i < 8; i++)
        field_read_text(r, out->text[i], sizeof out->text[i]);
    if (use > USE_ANCHOR || not_before > INT64_MAX / 2 || days == 0 || days > 36525)
        fail(r);
    out->template = (struct certificate_template){
        .use = (enum certificate_use)use,
        .not_before = (int64_t)not_before,
        .days = (unsigned)days,
        .subject = {.common_name = out->text[0],
                    .unit = out->text[1],
                    .organization = out->text[2],
                    .locality = out->text[3],
                    .province = out->text[4],
                    .country = out->text[5]},
        .dns_name = out->text[6],
        .address = out->text[7],
    };
}

void question_begin(struct buffer *out, uint32_t number, enum signer_operation operation)
{
    buffer_clear(out);
    buffer_u32be(out, number);
    buffer_u8(out, (uint8_t)operation);
}

void answer_begin(struct buffer *out, uint32_t number, int result, const char *words)
{
    buffer_clear(out);
    buffer_u32be(out, number);
    buffer_u32be(out, (uint32_t)result);
    field_write_text(out, words);
}

int answer_read(struct reader *r, struct bytes message, uint32_t *number, int *result,
                struct bytes *words)
{
    reader_init(r, message);
    uint32_t n = reader_u32be(r);
    uint32_t code = reader_u32be(r);
    struct bytes text = field_read(r);
    if (r->error)
        return r->error;
    *number = n;
    *result = (int)code;
    *words = text;
    return *result > 0 ? ERR_FORMAT : 0;
}

static int read_file(struct buffer *out, int fd, size_t max)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return ERR_FORMAT;
    if ((uint64_t)st.st_size > max)
        return ERR_LIMIT;
    size_t size = (size_t)st.st_size;
    int result = buffer_reserve(out, size);
    while (result == 0 && out->size < size) {
        ssize_t n = pread(fd, out->data + out->size, size - out->size, (off_t)out->size);
        if (n > 0)
            out->size += (size_t)n;
        else if (n == 0)
            result = ERR_TRUNCATED;
        else if (errno != EINTR)
            result = -errno;
    }
    return result;
}

int field_read_payload(struct buffer *out, struct reader *r, int fd, size_t max)
{
    struct bytes inside = field_read(r);
    if (r->error || (inside.size && fd >= 0) || inside.size > max)
        return ERR_FORMAT;
    buffer_init(out, max);
    if (fd >= 0)
        return read_file(out, fd, max);
    buffer_append(out, inside);
    return out->error;
}

/* ---- what CAPF asks for ---- */

void field_write_lsc(struct buffer *out, const struct signer_lsc *lsc)
{
    field_write_text(out, KEY_CAPF);
    field_write_text(out, lsc->issuer);
    field_write_text(out, lsc->device);
    field_write_text(out, lsc->model);
    field_write_text(out, lsc->subject);
    field_write_u64(out, lsc->issuer_attributes);
    field_write_u64(out, lsc->days);
    field_write_u64(out, (uint64_t)lsc->digest);
    field_write_spec(out, &lsc->asked);
    field_write(out, lsc->spki);
}

void field_read_lsc(struct reader *r, struct lsc_room *out)
{
    out->lsc = (struct signer_lsc){
        .issuer = out->issuer, .device = out->device, .model = out->model, .subject = out->subject};
    field_read_text(r, out->issuer, sizeof out->issuer);
    field_read_text(r, out->device, sizeof out->device);
    field_read_text(r, out->model, sizeof out->model);
    field_read_text(r, out->subject, sizeof out->subject);
    uint64_t attributes = field_read_u64(r);
    uint64_t days = field_read_u64(r);
    uint64_t digest = field_read_u64(r);
    field_read_spec(r, &out->lsc.asked);
    out->lsc.spki = field_read(r);
    if (attributes > 1 || days > LSC_DAYS_MAX || digest > DIGEST_KIND_SHA512 ||
        out->lsc.spki.size > PUBLIC_KEY_DER_MAX)
        fail(r);
    out->lsc.issuer_attributes = attributes == 1;
    out->lsc.days = (unsigned)days;
    out->lsc.digest = (enum digest_kind)digest;
}

int field_write_crl(struct buffer *out, int *fd, const struct signer_crl *crl)
{
    struct buffer entries;
    buffer_init(&entries, CRL_DER_MAX);
    for (size_t i = 0; i < crl->count; i++) {
        field_write(&entries, crl->entries[i].serial);
        field_write_u64(&entries, (uint64_t)crl->entries[i].revoked);
        field_write_u64(&entries, crl->entries[i].reason);
    }
    field_write_text(out, KEY_CAPF);
    field_write_text(out, crl->issuer);
    field_write_u64(out, crl->number);
    field_write_u64(out, (uint64_t)crl->this_update);
    field_write_u64(out, (uint64_t)crl->next_update);
    field_write_u64(out, crl->count);
    *fd = -1;
    int result = entries.error;
    if (result == 0)
        result = field_write_payload(out, fd, buffer_bytes(&entries));
    buffer_fini(&entries);
    return result;
}

enum { REASON_MAX = 10 }; /* aACompromise, the last of RFC 5280 */

/* Every entry takes sixteen bytes and more, which bounds what is allocated for their count. */
static int read_entries(struct crl_room *room, uint64_t count)
{
    struct reader r;
    if (count > room->bytes.size / 16)
        return ERR_FORMAT;
    room->entries = calloc((size_t)count + 1, sizeof *room->entries);
    if (!room->entries)
        return -ENOMEM;
    reader_init(&r, buffer_bytes(&room->bytes));
    for (uint64_t i = 0; i < count; i++) {
        struct crl_entry *e = &room->entries[i];
        e->serial = field_read(&r);
        e->revoked = (int64_t)field_read_u64(&r);
        uint64_t reason = field_read_u64(&r);
        if (e->serial.size == 0 || e->serial.size > 20 || e->revoked < 0 || reason > REASON_MAX)
            fail(&r);
        e->reason = (unsigned)reason;
    }
    room->crl.entries = room->entries;
    room->crl.count = (size_t)count;
    return reader_end(&r) == 0 ? 0 : ERR_FORMAT;
}

int field_read_crl(struct reader *r, int fd, struct crl_room *out)
{
    *out = (struct crl_room){.entries = NULL};
    field_read_text(r, out->issuer, sizeof out->issuer);
    out->crl.issuer = out->issuer;
    out->crl.number = field_read_u64(r);
    uint64_t from = field_read_u64(r);
    uint64_t to = field_read_u64(r);
    uint64_t count = field_read_u64(r);
    int result = field_read_payload(&out->bytes, r, fd, CRL_DER_MAX);
    if (result == 0 && (from > INT64_MAX / 2 || to > INT64_MAX / 2 || reader_end(r) != 0))
        result = ERR_FORMAT;
    out->crl.this_update = (int64_t)from;
    out->crl.next_update = (int64_t)to;
    return result ? result : read_entries(out, count);
}

void crl_room_fini(struct crl_room *room)
{
    free(room->entries);
    buffer_fini(&room->bytes);
}
