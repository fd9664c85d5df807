#include "phone/notebook.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

struct notebook {
    size_t max, first, count;
    char *texts[];
};

int notebook_new(struct notebook **out, size_t max)
{
    struct notebook *n = calloc(1, sizeof *n + max * sizeof *n->texts);
    if (!n)
        return -ENOMEM;
    n->max = max;
    *out = n;
    return 0;
}

void notebook_free(struct notebook *n)
{
    for (size_t i = 0; n && i < n->max; i++)
        free(n->texts[i]);
    free(n);
}

void notebook_add(struct notebook *n, const char *text)
{
    char *copy = n ? malloc(NOTEBOOK_TEXT) : NULL;
    if (!copy)
        return;
    text_copy(copy, NOTEBOOK_TEXT, text);
    if (n->count == n->max) {
        n->first = (n->first + 1) % n->max;
        n->count--;
    }
    char **place = &n->texts[(n->first + n->count) % n->max];
    free(*place);
    *place = copy;
    n->count++;
}

size_t notebook_count(const struct notebook *n)
{
    return n ? n->count : 0;
}

const char *notebook_text(const struct notebook *n, size_t number)
{
    return number < notebook_count(n) ? n->texts[(n->first + number) % n->max] : "";
}
