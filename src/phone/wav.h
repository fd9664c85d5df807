/*
 * wav: audio files as people keep them: RIFF WAVE, one channel, 8,000 samples a second.
 */
#ifndef PHONE_WAV_H
#define PHONE_WAV_H

#include "base/bytes.h"

#define WAV_MAX (64 * 1024 * 1024) /* bytes of a file; an hour is 58 MB */

/* The samples of a file with 16-bit PCM or mu-law, in mu-law, appended to `out`. Another rate,
 * width or number of channels: ERR_UNSUPPORTED, saying which and what would convert it. */
int wav_read(struct buffer *out, struct bytes file, struct why *why) CHECKED;
/* A file with 16-bit PCM of these mu-law samples, appended. */
void wav_write(struct buffer *out, struct bytes ulaw);

#endif
