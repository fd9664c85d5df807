/*
 * fuzz: what the fuzzers share. A fuzzer is one function that takes any bytes; libFuzzer calls it
 * with what it makes up (./dev fuzz), replay.c with what is kept (./dev test).
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Something that must hold, whatever came in. */
#define MUST(condition)                                                                     \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            fprintf(stderr, "%s:%d: this must hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                        \
        }                                                                                   \
    } while (0)

/* A view must lie in what it was read from. */
static inline void fuzz_within(struct bytes view, struct bytes whole)
{
    MUST(view.size == 0 || (view.data >= whole.data && view.size <= whole.size &&
                            view.data - whole.data <= (ptrdiff_t)(whole.size - view.size)));
}

/* Every byte of it is read, so that a sanitizer sees when one is not there. */
static inline unsigned fuzz_touch(struct bytes view)
{
    unsigned sum = 0;
    for (size_t i = 0; i < view.size; i++)
        sum += view.data[i];
    return sum;
}

#endif
