/* Acts on phones and security profiles: what the model cannot do is refused, with the reason. */
#include "cluster/enrolment.h"
#include "cluster/parts.h"

#include "base/log.h"
#include "base/text.h"
#include "trust/model.h"

#include <string.h>

static const char *protocol_name(enum device_protocol protocol)
{
    return protocol == PROTOCOL_SIP ? "SIP" : "SCCP";
}

static bool speaks(const struct model *model, enum device_protocol protocol)
{
    return model->protocols & (protocol == PROTOCOL_SIP ? MODEL_SIP : MODEL_SCCP);
}

/* ---- by name, with the nearest when there is none ---- */

/* Keeps the name nearest to what was typed, of all that a walk over the store shows. */
struct nearest {
    const char *typed;
    char name[PROFILE_NAME];
};

static int keep_nearer(struct nearest *n, const char *name)
{
    const char *both[] = {n->name, name, NULL};
    const char *near = text_nearest(n->typed, n->name[0] ? both : both + 1);
    if (near && near != n->name)
        text_copy(n->name, sizeof n->name, near);
    return 0;
}

static int nearer_profile(void *context, const struct store_profile *profile)
{
    return keep_nearer(context, profile->name);
}

static int nearer_device(void *context, const struct store_device *device)
{
    return keep_nearer(context, device->name);
}

int cluster_profile_find(struct cluster *cluster, const char *name, struct store_profile *out,
                         struct why *why)
{
    struct nearest near = {.typed = name};
    int result = store_profile_get(cluster_store(cluster), name, out);
    if (result != ERR_NOT_FOUND)
        return result;
    result = store_profiles(cluster_store(cluster), nearer_profile, &near);
    if (result)
        return result;
    return near.name[0]
               ? why_error(why, ERR_NOT_FOUND, "there is no security profile %s; did you mean %s?",
                           name, near.name)
               : why_error(why, ERR_NOT_FOUND,
                           "there is no security profile %s (trustline profile list shows "
                           "them)",
                           name);
}

int cluster_device_find(struct cluster *cluster, const char *typed, struct store_device *out,
                        struct why *why)
{
    char name[64];
    struct nearest near = {.typed = name};
    text_copy(name, sizeof name, typed); /* longer than any name stays longer */
    text_upper(name);
    int result = store_device_get(cluster_store(cluster), name, out);
    if (result != ERR_NOT_FOUND)
        return result;
    result = store_devices(cluster_store(cluster), nearer_device, &near);
    if (result)
        return result;
    return near.name[0] ? why_error(why, ERR_NOT_FOUND, "there is no phone %s; did you mean %s?",
                                    typed, near.name)
                        : why_error(why, ERR_NOT_FOUND, "there is no phone %s", typed);
}

/* Files are sealed for the RSA key of a certificate, and in no other way. */
static bool opens_sealed(const struct model *model)
{
    return model->encryption == ENCRYPTION_PKI || model->encryption == ENCRYPTION_UNKNOWN;
}

static const char *sealed_words(const struct model *model)
{
    return model->encryption == ENCRYPTION_NONE
               ? "cannot decrypt configuration files"
               : "decrypts configuration files with a key typed at the phone only, and not those "
                 "sealed for its certificate";
}

/* Where the table of models only infers it. */
#define HOW_TO_KNOW "(nothing certain is known; say it with: trustline model set %s %s=VALUE)"

static int check_fit(const struct model *model, const struct store_profile *profile,
                     struct why *why)
{
    if (!speaks(model, profile->protocol))
        return why_error(why, ERR_POLICY, "a %s does not speak %s, which profile %s is for",
                         model->name, protocol_name(profile->protocol), profile->name);
    if (profile->mode != MODE_NON_SECURE && trait_is_surely_not(model->ctl))
        return why_error(why, ERR_POLICY,
                         "a %s asks for no CTL, so it cannot register as profile %s wants",
                         model->name, profile->name);
    if (profile->tftp_encrypted && !opens_sealed(model) && !model->encryption_inferred)
        return why_error(why, ERR_POLICY, "a %s %s, which profile %s asks for", model->name,
                         sealed_words(model), profile->name);
    return 0;
}

void profile_note(char out[PROFILE_NOTE], const struct model *model,
                  const struct store_profile *profile)
{
    if (model->generation == GENERATION_A && profile->protocol == PROTOCOL_SIP)
        text_format(out, PROFILE_NOTE,
                    "the SIP loads of a %s read text files (SIP<MAC>.cnf in tftpboot/), not the "
                    "configuration made here",
                    model->name);
    else if (profile->mode != MODE_NON_SECURE && model->ctl.value == TRAIT_NO)
        text_format(out, PROFILE_NOTE,
                    "a %s probably asks for no CTL, and then cannot register as profile %s "
                    "wants " HOW_TO_KNOW,
                    model->name, profile->name, model->name, "ctl");
    else if (profile->tftp_encrypted && !opens_sealed(model))
        text_format(out, PROFILE_NOTE, "a %s probably %s, which profile %s asks for " HOW_TO_KNOW,
                    model->name, sealed_words(model), profile->name, model->name, "encryption");
}

int device_check(struct cluster *cluster, struct traits *traits, struct store_device *device,
                 struct store_profile *profile, const struct model **out, struct why *why)
{
    char name[DEVICE_NAME_LENGTH + 1];
    text_upper(device->name);
    if (!text_device_name(bytes_of_string(device->name), name))
        return why_error(why, ERR_USAGE,
                         "%s is no name of a phone: SEP and the 12 hexadecimal digits of its MAC",
                         device->name);
    text_copy(device->name, sizeof device->name, name);
    const struct model *model = cluster_model_find(device->model, why);
    if (!model)
        return ERR_USAGE;
    text_copy(device->model, sizeof device->model, model->name);
    model = traits_of(traits, device->name, device->model);
    int result = cluster_profile_find(cluster, device->profile, profile, why);
    if (result)
        return result;
    if (strcmp(profile->model, "any") != 0 && strcmp(profile->model, model->name) != 0)
        return why_error(why, ERR_POLICY, "profile %s is for the %s, not for the %s", profile->name,
                         profile->model, model->name);
    *out = model;
    return check_fit(model, profile, why);
}

static int put_buttons(struct store *store, const char *device,
                       const struct device_buttons *buttons, struct why *why)
{
    int result = 0;
    if (buttons->line_count)
        result = store_lines_put(store, device, buttons->lines, buttons->line_count, why);
    if (result == 0 && buttons->speed_dial_count)
        result = store_speed_dials_put(store, device, buttons->speed_dials,
                                       buttons->speed_dial_count, why);
    return result;
}

int cluster_device_add(struct cluster *cluster, struct act_report *report,
                       const struct store_device *device, const struct device_buttons *buttons,
                       const struct act_options *options, struct why *why)
{
    struct store *store = cluster_store(cluster);
    struct store_device checked = *device;
    struct store_profile profile;
    const struct model *model = NULL;
    struct traits *traits = NULL;
    char shown[MODEL_NAME + 2];
    int result = traits_load(&traits, store, why);
    if (result == 0)
        result = device_check(cluster, traits, &checked, &profile, &model, why);
    if (result == 0 && model)
        profile_note(report->note, model, &profile);
    traits_free(traits);
    if (result == 0)
        result = store_begin(store, why);
    if (result)
        return result;
    result = store_device_add(store, &checked, why);
    if (result == 0)
        result = put_buttons(store, checked.name, buttons, why);
    result = act_finish(store, result, options, why);
    if (result || options->dry_run)
        return result;
    log_event(LEVEL_NOTICE, "event=phone_added device=%s model=%s profile=\"%s\"", checked.name,
              text_value(shown, sizeof shown, bytes_of_string(checked.model)), checked.profile);
    return 0;
}

int cluster_device_delete(struct cluster *cluster, const char *typed,
                          const struct act_options *options, struct why *why)
{
    struct store *store = cluster_store(cluster);
    struct store_device device;
    int result = cluster_device_find(cluster, typed, &device, why);
    if (result == 0)
        result = store_begin(store, why);
    if (result)
        return result;
    result = act_finish(store, store_device_delete(store, device.name, why), options, why);
    if (result == 0 && !options->dry_run)
        log_event(LEVEL_NOTICE, "event=phone_deleted device=%s", device.name);
    return result;
}

int cluster_profile_add(struct cluster *cluster, struct act_report *report,
                        const struct store_profile *profile, const struct act_options *options,
                        struct why *why)
{
    struct store *store = cluster_store(cluster);
    struct store_profile checked = *profile;
    if (!*profile->name)
        return why_error(why, ERR_USAGE, "a profile needs a name");
    if (strcmp(profile->model, "any") != 0) {
        const struct model *model = cluster_model_find(profile->model, why);
        struct traits *traits = NULL;
        int result = model ? traits_load(&traits, store, why) : ERR_USAGE;
        if (result)
            return result;
        text_copy(checked.model, sizeof checked.model, model->name);
        model = traits_of(traits, "", model->name);
        result = check_fit(model, &checked, why);
        if (result == 0)
            profile_note(report->note, model, &checked);
        traits_free(traits);
        if (result)
            return result;
    }
    int result = profile_check_keys(&checked, profile->curve ? KEY_ORDER_EC : KEY_ORDER_RSA, why);
    if (result == 0)
        result = store_begin(store, why);
    if (result)
        return result;
    result = act_finish(store, store_profile_add(store, &checked, why), options, why);
    if (result == 0 && !options->dry_run)
        log_event(LEVEL_NOTICE, "event=profile_added name=\"%s\"", checked.name);
    return result;
}

int cluster_profile_delete(struct cluster *cluster, const char *name,
                           const struct act_options *options, struct why *why)
{
    struct store *store = cluster_store(cluster);
    struct store_profile profile;
    int result = cluster_profile_find(cluster, name, &profile, why);
    if (result == 0)
        result = store_begin(store, why);
    if (result)
        return result;
    result = act_finish(store, store_profile_delete(store, name, why), options, why);
    if (result == 0 && !options->dry_run)
        log_event(LEVEL_NOTICE, "event=profile_deleted name=\"%s\"", name);
    return result;
}
