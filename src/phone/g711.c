#include "phone/g711.h"

/* A code is sign, segment (3 bits) and step (4 bits), all inverted. Segments double in width; the
 * bias makes them begin at powers of two. Both are of 16-bit samples: four times G.711's own
 * numbers, which have 14 bits. */
enum { BIAS = 0x84, LARGEST = 0x7FFF - BIAS, SIGN = 0x80 };

uint8_t g711_encode(int16_t sample)
{
    /* One's complement for the negative half, so that both halves are rounded alike. */
    unsigned magnitude = (unsigned)(sample < 0 ? ~sample : sample);
    unsigned segment = 0;
    if (magnitude > LARGEST)
        magnitude = LARGEST;
    magnitude += BIAS;
    while (magnitude >> (segment + 8))
        segment++;
    unsigned step = (magnitude >> (segment + 3)) & 0x0F;
    return (uint8_t) ~((sample < 0 ? SIGN : 0) | segment << 4 | step);
}

int16_t g711_decode(uint8_t code)
{
    unsigned plain = (uint8_t)~code;
    int magnitude = (int)((((plain & 0x0F) << 3) + BIAS) << (plain >> 4 & 7)) - BIAS;
    return (int16_t)(plain & SIGN ? -magnitude : magnitude);
}
