/*
 * sound: what a phone hears from the person in front of it, and what it plays: in mu-law.
 */
#ifndef PHONE_SOUND_H
#define PHONE_SOUND_H

#include "base/bytes.h"

#define SOUND_TONE    440  /* Hz */
#define SOUND_HIGHEST 3999 /* Hz, of what 8,000 samples a second can carry */

/* ---- into the microphone ---- */

struct sound;
/* "tone" (SOUND_TONE), "tone:HERTZ", "silence", or the name of a WAV file, which is played once and
 * followed by silence. ERR_USAGE, ERR_UNSUPPORTED, ERR_FORMAT, or that of reading the file. */
int sound_open(struct sound **out, const char *what, struct why *why) CHECKED;
/* The next `size` samples. */
void sound_next(struct sound *sound, uint8_t *out, size_t size);
void sound_free(struct sound *sound);

/* ---- out of the loudspeaker ---- */

#define RECORDING_SECONDS 3600 /* the most that is kept; what comes later is not */

struct recording;
int recording_new(struct recording **out) CHECKED;
void recording_free(struct recording *recording);
void recording_add(struct recording *recording, struct bytes ulaw);
/* Nothing was heard for so many samples. */
void recording_skip(struct recording *recording, size_t samples);
struct bytes recording_samples(const struct recording *recording);
/* As a WAV file. */
int recording_save(const struct recording *recording, const char *path, struct why *why) CHECKED;

/* How much of the power of these samples is in one tone, in thousandths: about 1000 for that tone,
 * near 0 for noise, and 0 for silence. */
unsigned sound_tone_share(struct bytes ulaw, unsigned hertz);

#endif
