#include "trust/model.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { NAME_ROOM = 64 };

/* What people leave out or put in at will does not count: case, blanks, dashes and brackets, and
 * the maker's name in front. false when it is too long to be a model. */
static bool squeeze(char out[NAME_ROOM], struct bytes name)
{
    size_t n = 0;
    for (size_t i = 0; i < name.size; i++) {
        char c = (char)name.data[i];
        if (strchr(" -()=_", c) && c)
            continue;
        if (n + 1 == NAME_ROOM)
            return false;
        out[n++] = (char)tolower((unsigned char)c);
    }
    out[n] = '\0';
    static const char *const fronts[] = {"cisco", "unified", "ipphone", "wirelessipphone", "cp"};
    for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
        size_t length = strlen(fronts[i]);
        if (strlen(out) > length && text_starts(out, fronts[i]))
            memmove(out, out + length, strlen(out + length) + 1);
    }
    return n > 0;
}

static bool is_named(const struct model *model, const char *squeezed)
{
    char name[NAME_ROOM];
    if (squeeze(name, bytes_of_string(model->name)) && strcmp(name, squeezed) == 0)
        return true;
    for (const char *p = model->also; p;) {
        const char *end = strchrnul(p, '|');
        if (squeeze(name, bytes_of(p, (size_t)(end - p))) && strcmp(name, squeezed) == 0)
            return true;
        p = *end ? end + 1 : NULL;
    }
    return false;
}

static const struct model *find_squeezed(const char *name)
{
    for (const struct model *m = model_table(); m->name; m++)
        if (is_named(m, name))
            return m;
    return NULL;
}

/* Endings of part numbers that do not make another model. */
static bool drop_ending(char *name, const char *ending)
{
    if (!text_ends(name, ending) || strlen(name) == strlen(ending))
        return false;
    name[strlen(name) - strlen(ending)] = '\0';
    return true;
}

const struct model *model_find(const char *name)
{
    char wanted[NAME_ROOM];
    if (!name || !squeeze(wanted, bytes_of_string(name)))
        return NULL;
    const struct model *found = find_squeezed(wanted);
    if (!found && drop_ending(wanted, "k9"))
        found = find_squeezed(wanted);
    if (!found && drop_ending(wanted, "g"))
        found = find_squeezed(wanted);
    return found;
}

const char *trait_text(struct trait trait)
{
    switch (trait.value) {
    case TRAIT_YES:
        return trait.inferred ? "(yes)" : "yes";
    case TRAIT_NO:
        return trait.inferred ? "(no)" : "no";
    default:
        return "unknown";
    }
}

bool trait_is(struct trait trait)
{
    return trait.value == TRAIT_YES;
}

bool trait_is_surely_not(struct trait trait)
{
    return trait.value == TRAIT_NO && !trait.inferred;
}
