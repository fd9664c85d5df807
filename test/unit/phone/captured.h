/*
 * captured: frames between a genuine phone and its call manager, from test/vector/sccp.
 */
#ifndef TEST_CAPTURED_H
#define TEST_CAPTURED_H

#include "support.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPTURED_VERSION 6 /* of the protocol, in both captures */

struct captured {
    bool from_phone;
    uint8_t bytes[1200];
    size_t size;
};

/* How many there are. */
static inline size_t captured_read(struct captured *out, size_t max, const char *name)
{
    struct bytes file = vector_load(name);
    char *text = calloc(1, file.size + 1);
    char *rest = NULL;
    size_t n = 0;
    assert_non_null(text);
    memcpy(text, file.data, file.size);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char direction[8], id[16];
        char *hex = malloc(strlen(line) + 1);
        assert_non_null(hex);
        if (isdigit((unsigned char)*line) &&
            sscanf(line, "%*s %7s %15s %s", direction, id, hex) == 3) {
            assert_true(n < max);
            out[n].from_phone = direction[0] == 'P';
            assert_int_equal(text_unhex(hex, out[n].bytes, sizeof out[n].bytes, &out[n].size), 0);
            n++;
        }
        free(hex);
    }
    free(text);
    vector_free(file);
    return n;
}

static inline struct bytes captured_bytes(const struct captured *frame)
{
    return bytes_of(frame->bytes, frame->size);
}

#endif
