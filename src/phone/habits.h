/*
 * habits: what each generation of phones does when it boots, as tables (docs/protocols/boot.md).
 */
#ifndef PHONE_HABITS_H
#define PHONE_HABITS_H

#include "trust/model.h"
#include "wire/cnf.h"

#define HABITS_NAME 320 /* bytes of a file name with its NUL; a locale and a file fit */

/* One of the files asked for after the configuration. In the pattern, %L is the user locale, %N
 * the network locale (both may be empty, which leaves a leading '/', as phones have it), %J the
 * locale's Java archive of the model, %T its tones, %D the dial template and %S the soft key file
 * that the configuration names. A file whose %J, %D or %S is empty is not asked for. */
struct extra_file {
    const char *pattern;
    bool with_locale; /* only when its locale is set */
};

struct habits {
    enum generation generation;
    bool http_first; /* asks port 6970 before TFTP */
    /* Asks for TFTP options (blksize, tsize). Requests of A to D were seen without any; of E none
     * were seen at all, so that is supposed, not known. */
    bool tftp_options;
    const struct extra_file *extras; /* ended by a pattern of NULL */
};

const struct habits *habits_of(const struct model *model);

/* The name of extra file number `n`, without .sgn; *skip when this phone does not ask for it. false
 * when there are no more. */
bool habits_extra(char out[HABITS_NAME], bool *skip, const struct model *model,
                  const struct cnf *configuration, size_t n);

#endif
