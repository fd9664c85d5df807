/*
 * g711: mu-law, the coding of telephone audio: 8,000 samples a second, a byte each (ITU-T G.711).
 */
#ifndef PHONE_G711_H
#define PHONE_G711_H

#include <stdint.h>

#define G711_RATE    8000 /* samples, and so bytes, a second */
#define G711_SILENCE 0x7F /* what phones send in silence; 0xFF is zero as well */

/* Of the interval the sample lies in, by the decision values of G.711. */
uint8_t g711_encode(int16_t sample);
int16_t g711_decode(uint8_t code);

#endif
