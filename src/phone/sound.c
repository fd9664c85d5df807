#include "phone/sound.h"

#include "base/file.h"
#include "base/text.h"
#include "phone/g711.h"
#include "phone/wav.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOUDNESS = 8000, /* amplitude of the tone: some 12 dB below the loudest */
    BLOCK = 800,     /* samples a tone is looked for in: 0.1 s */
};

enum kind { TONE, SILENCE, FILE_ONCE };

struct sound {
    enum kind kind;
    unsigned hertz; /* of the tone */
    uint32_t phase; /* of it, in samples; turns over every second, after whole periods */
    struct buffer samples;
    size_t next;
};

static int load(struct sound *sound, const char *path, struct why *why)
{
    struct buffer file;
    buffer_init(&file, WAV_MAX);
    int result = file_read(&file, path, why);
    if (result == 0)
        result = wav_read(&sound->samples, buffer_bytes(&file), why);
    if (result)
        result = why_prefix(why, result, "%s", path);
    buffer_fini(&file);
    return result;
}

/* "tone" or "tone:HERTZ". */
static int read_tone(unsigned *out, const char *what, struct why *why)
{
    const char *number = strchr(what, ':');
    int64_t hertz = SOUND_TONE;
    if (number && text_number(number + 1, 1, SOUND_HIGHEST, &hertz) != 0)
        return why_error(why, ERR_USAGE, "%s: a number of hertz from 1 to %d is needed", what,
                         SOUND_HIGHEST);
    *out = (unsigned)hertz;
    return 0;
}

int sound_open(struct sound **out, const char *what, struct why *why)
{
    struct sound *sound = calloc(1, sizeof *sound);
    int result = 0;
    if (!sound)
        return -ENOMEM;
    buffer_init(&sound->samples, WAV_MAX);
    if (strcmp(what, "tone") == 0 || text_starts(what, "tone:")) {
        sound->kind = TONE;
        result = read_tone(&sound->hertz, what, why);
    } else if (strcmp(what, "silence") == 0) {
        sound->kind = SILENCE;
    } else {
        sound->kind = FILE_ONCE;
        result = load(sound, what, why);
    }
    if (result) {
        sound_free(sound);
        return result;
    }
    *out = sound;
    return 0;
}

void sound_free(struct sound *sound)
{
    if (!sound)
        return;
    buffer_fini(&sound->samples);
    free(sound);
}

static uint8_t next_of_tone(struct sound *sound)
{
    double angle = 2 * M_PI * sound->hertz * sound->phase / G711_RATE;
    sound->phase = (sound->phase + 1) % G711_RATE;
    return g711_encode((int16_t)lrint(LOUDNESS * sin(angle)));
}

void sound_next(struct sound *sound, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (sound->kind == TONE)
            out[i] = next_of_tone(sound);
        else if (sound->next < sound->samples.size)
            out[i] = sound->samples.data[sound->next++];
        else
            out[i] = G711_SILENCE;
    }
}

/* ---- recording ---- */

struct recording {
    struct buffer samples;
};

int recording_new(struct recording **out)
{
    struct recording *recording = calloc(1, sizeof *recording);
    if (!recording)
        return -ENOMEM;
    buffer_init(&recording->samples, (size_t)RECORDING_SECONDS * G711_RATE);
    *out = recording;
    return 0;
}

void recording_free(struct recording *recording)
{
    if (!recording)
        return;
    buffer_fini(&recording->samples);
    free(recording);
}

static size_t room_of(const struct recording *recording)
{
    return recording->samples.max - recording->samples.size;
}

void recording_add(struct recording *recording, struct bytes ulaw)
{
    buffer_append(&recording->samples, bytes_slice(ulaw, 0, room_of(recording)));
}

void recording_skip(struct recording *recording, size_t samples)
{
    size_t room = room_of(recording);
    buffer_fill(&recording->samples, G711_SILENCE, samples < room ? samples : room);
}

struct bytes recording_samples(const struct recording *recording)
{
    return buffer_bytes(&recording->samples);
}

int recording_save(const struct recording *recording, const char *path, struct why *why)
{
    struct buffer file;
    buffer_init(&file, WAV_MAX);
    wav_write(&file, recording_samples(recording));
    int result = file.error;
    if (result == 0)
        result = file_output(path, buffer_bytes(&file), 0644, why);
    buffer_fini(&file);
    return result;
}

/* ---- listening ---- */

/* The power of the tone in a block (by Goertzel's algorithm), and of all of it. */
static void measure(const uint8_t *ulaw, unsigned hertz, double *tone, double *all)
{
    double turn = 2 * cos(2 * M_PI * hertz / G711_RATE);
    double s1 = 0;
    double s2 = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        double sample = g711_decode(ulaw[i]);
        double s0 = sample + turn * s1 - s2;
        *all += sample * sample;
        s2 = s1;
        s1 = s0;
    }
    *tone += (s1 * s1 + s2 * s2 - turn * s1 * s2) * 2 / BLOCK;
}

unsigned sound_tone_share(struct bytes ulaw, unsigned hertz)
{
    double tone = 0;
    double all = 0;
    for (size_t at = 0; at + BLOCK <= ulaw.size; at += BLOCK)
        measure(ulaw.data + at, hertz, &tone, &all);
    return all > 0 ? (unsigned)lrint(1000 * tone / all) : 0;
}
