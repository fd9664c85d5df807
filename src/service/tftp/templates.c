#include "service/tftp/templates.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "service/tftp/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEPT_MAX = 128, NAME_MAX_BYTES = 64 };

/* One that was compiled, or did not compile (template NULL). */
struct kept {
    char name[NAME_MAX_BYTES];
    bool builtin;
    struct file_identity identity;
    struct cnf_template *template;
};

struct templates {
    struct file_root *root;
    struct kept kept[KEPT_MAX];
    size_t count;
};

int templates_new(struct templates **out, const char *directory)
{
    struct templates *templates = calloc(1, sizeof *templates);
    if (!templates)
        return -ENOMEM;
    int result = file_root_new(&templates->root, directory);
    if (result) {
        free(templates);
        return result;
    }
    *out = templates;
    return 0;
}

void templates_free(struct templates *templates)
{
    if (!templates)
        return;
    for (size_t i = 0; i < templates->count; i++)
        cnf_template_free(templates->kept[i].template);
    file_root_free(templates->root);
    free(templates);
}

/* The place of this name, a new one when there is none yet. */
static struct kept *place_of(struct templates *templates, const char *name, bool builtin)
{
    for (size_t i = 0; i < templates->count; i++)
        if (templates->kept[i].builtin == builtin && strcmp(templates->kept[i].name, name) == 0)
            return &templates->kept[i];
    if (templates->count == KEPT_MAX) {
        cnf_template_free(templates->kept[0].template);
        templates->kept[0] = templates->kept[--templates->count];
    }
    struct kept *kept = &templates->kept[templates->count++];
    *kept = (struct kept){.builtin = builtin};
    text_copy(kept->name, sizeof kept->name, name);
    return kept;
}

static int read_file(struct buffer *out, int fd)
{
    uint8_t chunk[16384];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        buffer_append(out, bytes_of(chunk, (size_t)n));
        if (out->error)
            return out->error;
    }
    return 0;
}

static void compile_file(struct templates *templates, struct kept *kept, int fd)
{
    struct why why = WHY_NONE;
    struct buffer text;
    buffer_init(&text, CNF_BYTES_MAX);
    cnf_template_free(kept->template);
    kept->template = NULL;
    int result = read_file(&text, fd);
    if (result == 0)
        result = cnf_template_compile(&kept->template, buffer_bytes(&text), &why);
    buffer_fini(&text);
    if (result) {
        char path[FILE_PATH];
        char words[300];
        text_format(path, sizeof path, "%s/%s", file_root_directory(templates->root), kept->name);
        log_event(LEVEL_ERROR, "event=template_broken file=%s reason=%s effect=\"another is used\"",
                  path, text_value(words, sizeof words, bytes_of_string(why_text(&why, result))));
    }
}

/* The template of that file, or NULL when there is none that compiles. */
static const struct cnf_template *from_file(struct templates *templates, const char *name)
{
    struct found_file file;
    if (file_root_open(templates->root, &file, name) != 0)
        return NULL;
    struct kept *kept = place_of(templates, name, false);
    if (!file_identity_equal(&kept->identity, &file.identity)) {
        kept->identity = file.identity;
        compile_file(templates, kept, file.fd);
    }
    close(file.fd);
    return kept->template;
}

static int from_builtin(struct templates *templates, const struct cnf_template **out,
                        char generation, bool sip)
{
    const char name[] = {generation, sip ? 's' : 'c', '\0'};
    struct kept *kept = place_of(templates, name, true);
    if (!kept->template) {
        struct why why = WHY_NONE;
        int result =
            cnf_template_compile(&kept->template, cnf_template_builtin(generation, sip), &why);
        if (result)
            return result;
    }
    *out = kept->template;
    return 0;
}

int templates_get(struct templates *templates, const struct cnf_template **out,
                  const struct model *model, bool sip)
{
    char name[NAME_MAX_BYTES];
    char generation = model->generation ? (char)model->generation : (char)GENERATION_OLD;
    *out = NULL;
    if (text_format(name, sizeof name, "%s.cnf.xml", model->name) && !strchr(name, '/'))
        *out = from_file(templates, name);
    if (!*out && text_format(name, sizeof name, "%c-%s.cnf.xml", generation, sip ? "sip" : "sccp"))
        *out = from_file(templates, name);
    return *out ? 0 : from_builtin(templates, out, generation, sip);
}
