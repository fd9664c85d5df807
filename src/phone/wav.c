#include "phone/wav.h"

#include "phone/g711.h"

enum { FORMAT_PCM = 1, FORMAT_ULAW = 7, FORMAT_SIZE = 16, HEADER_SIZE = 44 };

struct format {
    unsigned coding, channels, bits;
    uint32_t rate;
};

static bool is(struct bytes name, const char *expected)
{
    return bytes_equal_string(name, expected);
}

static struct format read_format(struct bytes chunk)
{
    struct format f;
    struct reader r;
    reader_init(&r, chunk);
    f.coding = reader_u16le(&r);
    f.channels = reader_u16le(&r);
    f.rate = reader_u32le(&r);
    (void)reader_u32le(&r); /* bytes a second */
    (void)reader_u16le(&r); /* bytes of a sample of all channels */
    f.bits = reader_u16le(&r);
    return r.error ? (struct format){0} : f;
}

static int check_format(const struct format *f, struct why *why)
{
    bool fits =
        f->rate == G711_RATE && f->channels == 1 &&
        ((f->coding == FORMAT_PCM && f->bits == 16) || (f->coding == FORMAT_ULAW && f->bits == 8));
    if (fits)
        return 0;
    return why_error(why, ERR_UNSUPPORTED,
                     "coding %u, %u channels, %u Hz, %u bits: it must be PCM with one channel, "
                     "8000 Hz and 16 bits (sox IN -c 1 -r 8000 -b 16 OUT.wav makes it so)",
                     f->coding, f->channels, f->rate, f->bits);
}

static void take_samples(struct buffer *out, const struct format *f, struct bytes data)
{
    struct reader r;
    if (f->coding == FORMAT_ULAW) {
        buffer_append(out, data);
        return;
    }
    reader_init(&r, data);
    while (reader_left(&r) >= 2)
        buffer_u8(out, g711_encode((int16_t)reader_u16le(&r)));
}

/* Chunks have an even number of bytes in the file, whatever they say. Of a file that was cut the
 * samples that are there count. */
int wav_read(struct buffer *out, struct bytes file, struct why *why)
{
    struct format format = {0};
    struct reader r;
    reader_init(&r, file);
    bool riff = is(reader_bytes(&r, 4), "RIFF");
    (void)reader_u32le(&r);
    if (!riff || !is(reader_bytes(&r, 4), "WAVE"))
        return why_error(why, ERR_FORMAT, "no WAVE file");
    while (reader_left(&r) >= 8) {
        struct bytes name = reader_bytes(&r, 4);
        size_t size = reader_u32le(&r);
        size_t there = size < reader_left(&r) ? size : reader_left(&r);
        struct bytes chunk = reader_bytes(&r, there);
        if (is(name, "fmt "))
            format = read_format(chunk);
        if (is(name, "data")) {
            int result = check_format(&format, why);
            if (result == 0)
                take_samples(out, &format, chunk);
            return result ? result : out->error;
        }
        if (size % 2 && reader_left(&r))
            (void)reader_u8(&r);
    }
    return why_error(why, ERR_FORMAT, "a WAVE file without samples");
}

void wav_write(struct buffer *out, struct bytes ulaw)
{
    uint32_t size = (uint32_t)(2 * ulaw.size);
    buffer_text(out, "RIFF");
    buffer_u32le(out, HEADER_SIZE - 8 + size);
    buffer_text(out, "WAVEfmt ");
    buffer_u32le(out, FORMAT_SIZE);
    buffer_u16le(out, FORMAT_PCM);
    buffer_u16le(out, 1);
    buffer_u32le(out, G711_RATE);
    buffer_u32le(out, 2 * G711_RATE);
    buffer_u16le(out, 2);
    buffer_u16le(out, 16);
    buffer_text(out, "data");
    buffer_u32le(out, size);
    for (size_t i = 0; i < ulaw.size; i++)
        buffer_u16le(out, (uint16_t)g711_decode(ulaw.data[i]));
}
