/*
 * notebook: the last things a phone said, for its web page.
 */
#ifndef PHONE_NOTEBOOK_H
#define PHONE_NOTEBOOK_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define NOTEBOOK_TEXT 400 /* of one note, with NUL; what is longer is cut */

struct notebook;

/* Keeps the last `max`. */
int notebook_new(struct notebook **out, size_t max) CHECKED;
/* NULL is accepted. */
void notebook_free(struct notebook *notebook);
/* A notebook of NULL takes it and forgets it; so does one without memory. */
void notebook_add(struct notebook *notebook, const char *text);

size_t notebook_count(const struct notebook *notebook);
/* The oldest has number 0. */
const char *notebook_text(const struct notebook *notebook, size_t n);

#endif
