/* What --where can ask about, and whether it holds. */
#include "cli/where.h"

#include "base/text.h"
#include "cli/words.h"
#include "trust/model.h"

#include <ctype.h>
#include <string.h>

static const char *model_of(const struct phone *phone)
{
    return phone->device.model;
}

static const char *profile_of(const struct phone *phone)
{
    return phone->device.profile;
}

static const char *mode_of(const struct phone *phone)
{
    return word_text(mode_words, (int)phone->profile.mode);
}

static const char *protocol_of(const struct phone *phone)
{
    return word_text(protocol_words, (int)phone->profile.protocol);
}

static const char *ctl_of(const struct phone *phone)
{
    return list_state_text(phone->lists[LIST_CTL]);
}

static const char *itl_of(const struct phone *phone)
{
    return list_state_text(phone->lists[LIST_ITL]);
}

static const char *lsc_of(const struct phone *phone)
{
    return store_lsc_state_name(phone->lsc);
}

static const char *wave_of(const struct phone *phone)
{
    return phone->wave;
}

static const char *node_of(const struct phone *phone)
{
    return phone->registered ? phone->registration.node : "";
}

static const char *const state_values[] = {"current", "old", "none", "unknown", NULL};
static const char *const mode_values[] = {"non-secure", "authenticated", "encrypted", NULL};
static const char *const protocol_values[] = {"sccp", "sip", NULL};
static const char *const lsc_values[] = {"none", "pending", "valid", "expiring", "expired", NULL};
static const char *const status_values[] = {"registered", "unregistered", NULL};
static const char *const enrolment_values[] = {"none",    "waiting", "pending",
                                               "success", "failed",  NULL};

static const struct where_key {
    const char *key;
    const char *(*value)(const struct phone *phone);
    const char *const *values; /* the only ones there are, or NULL */
} where_keys[] = {
    {"model", model_of, NULL},      {"profile", profile_of, NULL},
    {"mode", mode_of, mode_values}, {"protocol", protocol_of, protocol_values},
    {"ctl", ctl_of, state_values},  {"itl", itl_of, state_values},
    {"lsc", lsc_of, lsc_values},    {"enrolment", phone_enrolment_word, enrolment_values},
    {"wave", wave_of, NULL},        {"status", phone_status_word, status_values},
    {"node", node_of, NULL},        {NULL, NULL, NULL},
};

static void to_lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

static int check_value(const struct where_key *key, const char *value, struct why *why)
{
    char all[128] = "";
    bool found = !key->values || strpbrk(value, "*?");
    for (size_t i = 0; key->values && key->values[i]; i++) {
        size_t used = strlen(all);
        found = found || text_equal_nocase(key->values[i], value);
        text_format(all + used, sizeof all - used, "%s%s", used ? ", " : "", key->values[i]);
    }
    return found
               ? 0
               : why_error(why, ERR_USAGE, "--where %s=%s: it is one of %s", key->key, value, all);
}

static const struct where_key *find_key(const char *condition, size_t size, struct why *why)
{
    const char *names[16] = {NULL};
    size_t count = 0;
    char name[32];
    text_copy_bytes(name, sizeof name, bytes_of(condition, size));
    for (const struct where_key *key = where_keys; key->key; key++) {
        if (text_equal_nocase(key->key, name))
            return key;
        names[count++] = key->key;
    }
    const char *near = text_nearest(name, names);
    why_error(
        why, ERR_USAGE,
        "--where %s: there is no key %s%s%s%s (model, profile, mode, protocol, status, node, ctl, "
        "itl, lsc, enrolment, wave)",
        condition, name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    return NULL;
}

static int add_condition(struct where *where, const char *condition, struct why *why)
{
    size_t size = strcspn(condition, "=");
    if (condition[size] != '=' || size == 0)
        return why_error(why, ERR_USAGE, "--where %s: KEY=VALUE is meant", condition);
    if (where->count == WHERE_MAX)
        return why_error(why, ERR_USAGE, "more than %d conditions", WHERE_MAX);
    const struct where_key *key = find_key(condition, size, why);
    if (!key)
        return ERR_USAGE;
    const char *typed = condition + size + 1;
    const struct model *model = key->value == model_of ? model_find(typed) : NULL;
    char *value = where->values[where->count];
    if (!text_copy(value, sizeof where->values[0], model ? model->name : typed))
        return why_error(why, ERR_USAGE, "--where %s: too long", condition);
    to_lower(value);
    where->keys[where->count++] = key;
    return check_value(key, value, why);
}

int where_read(struct where *out, const struct call *call, struct why *why)
{
    int result = 0;
    *out = (struct where){.count = 0};
    for (size_t i = 0; i < call->option_count && result == 0; i++)
        if (strcmp(call->options[i].option->name, "where") == 0)
            result = add_condition(out, call->options[i].value, why);
    return result;
}

bool where_holds(const struct where *where, const struct phone *phone)
{
    for (size_t i = 0; i < where->count; i++) {
        char value[PROFILE_NAME];
        text_copy(value, sizeof value, where->keys[i]->value(phone));
        to_lower(value);
        if (!text_match(where->values[i], value))
            return false;
    }
    return true;
}

void where_text(char *out, size_t size, const struct call *call)
{
    size_t used = 0;
    text_copy(out, size, "");
    for (size_t i = 0; i < call->option_count && used < size; i++) {
        if (strcmp(call->options[i].option->name, "where") != 0)
            continue;
        text_format(out + used, size - used, "%s%s", used ? " " : "", call->options[i].value);
        used = strlen(out);
    }
}
