#include "service/tftp/inspect.h"

#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "cluster/traits.h"
#include "pki/certificate.h"
#include "wire/cnf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { REMEMBERED = 4096, FINDINGS_MAX = 64 };

struct inspector {
    struct map *seen; /* name and hash of what was looked over */
    uint8_t keys[REMEMBERED][SHA256_SIZE];
    size_t next; /* the oldest of them */
};

int inspector_new(struct inspector **out)
{
    struct inspector *inspector = calloc(1, sizeof *inspector);
    int result = inspector ? map_new(&inspector->seen, REMEMBERED) : -ENOMEM;
    if (result) {
        free(inspector);
        return result;
    }
    *out = inspector;
    return 0;
}

void inspector_free(struct inspector *inspector)
{
    if (!inspector)
        return;
    map_free(inspector->seen);
    free(inspector);
}

static bool seen_before(struct inspector *inspector, const struct inspection *what)
{
    uint8_t key[SHA256_SIZE];
    struct bytes pieces[2] = {bytes_of(what->hash, SHA256_SIZE), bytes_of_string(what->file)};
    if (digest_pieces(DIGEST_KIND_SHA256, pieces, 2, key) != 0)
        return false;
    if (map_get(inspector->seen, bytes_of(key, sizeof key)))
        return true;
    uint8_t *place = inspector->keys[inspector->next];
    inspector->next = (inspector->next + 1) % REMEMBERED;
    map_remove(inspector->seen, bytes_of(place, SHA256_SIZE));
    memcpy(place, key, sizeof key);
    return map_add(inspector->seen, bytes_of(place, SHA256_SIZE), place) != 0;
}

static bool has_file(void *context, const char *name)
{
    return file_root_has(context, name);
}

static void describe_model(struct lint_context *context, const struct model *model)
{
    context->model = model->name;
    context->generation = (char)model->generation;
    context->protocols = model->protocols;
    if (model->load_sccp)
        text_copy(context->load_prefix_sccp, sizeof context->load_prefix_sccp, model->load_sccp);
    if (model->load_sip)
        text_copy(context->load_prefix_sip, sizeof context->load_prefix_sip, model->load_sip);
    context->encryption_known = model->encryption != ENCRYPTION_UNKNOWN;
    context->encryption_pki = model->encryption == ENCRYPTION_PKI;
    context->encryption_manual =
        model->encryption == ENCRYPTION_MANUAL_RC4 || model->encryption == ENCRYPTION_MANUAL_AES;
}

/* What an administrator said of the phone goes before what the table has. */
static void describe_phone(struct lint_context *context, const struct inspection *what)
{
    const struct store_device *device = what->device;
    const struct model *model = model_find(device->model);
    struct traits *traits = NULL;
    if (!model)
        return;
    if (traits_load(&traits, what->store, NULL) == 0)
        model = traits_of(traits, device->name, device->model);
    describe_model(context, model);
    traits_free(traits);
}

void inspector_look(struct inspector *inspector, const struct inspection *what)
{
    struct lint_finding findings[FINDINGS_MAX];
    struct lint_context context = {.file_name = what->file,
                                   .lists_known = what->lists_known,
                                   .list_with_ccm_served = what->ctl_names_servers,
                                   .itl_served = what->itl_served,
                                   .served_sealed = what->served_sealed,
                                   .has_lsc = what->device && what->device->lsc.id,
                                   .has_file = what->root ? has_file : NULL,
                                   .context = what->root};
    char file[300];
    char text[400];
    size_t count = 0;
    if (seen_before(inspector, what))
        return;
    if (what->device) {
        context.certificate_is_ec =
            (context.has_lsc ? &what->device->lsc : &what->device->mic)->key_kind == KEY_EC;
        describe_phone(&context, what);
    }
    cnf_lint(findings, FINDINGS_MAX, &count, what->xml, &context);
    text_value(file, sizeof file, bytes_of_string(what->file));
    for (size_t i = 0; i < count && i < FINDINGS_MAX; i++)
        log_event(findings[i].security ? LEVEL_WARNING : LEVEL_NOTICE,
                  "event=config_finding file=%s line=%u rule=%u severity=%c text=%s", file,
                  findings[i].line, findings[i].rule, (char)findings[i].severity,
                  text_value(text, sizeof text, bytes_of_string(findings[i].text)));
    if (count > FINDINGS_MAX)
        log_event(LEVEL_NOTICE, "event=config_findings_left_out file=%s count=%zu", file,
                  count - FINDINGS_MAX);
}
