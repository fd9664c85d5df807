#include "cluster/auto_register.h"

#include "base/log.h"
#include "base/text.h"
#include "cluster/parameters.h"
#include "store/calls.h"
#include "trust/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AUTO_OFF     "off"
#define AUTO_PROFILE "sccp-non-secure"
#define AUTO_POOL    "Default"

enum { DIGITS_MAX = 15 };

/* ---- the range ---- */

/* Digits alone, up to `end`. */
static int take_number(uint64_t *out, unsigned *digits, const char *text, const char *end)
{
    uint64_t number = 0;
    if (end == text || end - text > DIGITS_MAX)
        return ERR_USAGE;
    for (const char *c = text; c < end; c++) {
        if (*c < '0' || *c > '9')
            return ERR_USAGE;
        number = number * 10 + (uint64_t)(*c - '0');
    }
    *out = number;
    *digits = (unsigned)(end - text);
    return 0;
}

int auto_numbers_parse(struct auto_numbers *out, const char *value)
{
    struct auto_numbers n = {.on = true};
    unsigned digits = 0;
    if (strcmp(value, AUTO_OFF) == 0) {
        *out = (struct auto_numbers){.on = false};
        return 0;
    }
    const char *dash = strchr(value, '-');
    int result = dash ? take_number(&n.first, &n.digits, value, dash) : ERR_USAGE;
    if (result == 0)
        result = take_number(&n.last, &digits, dash + 1, dash + strlen(dash));
    if (result || digits != n.digits || n.first > n.last || n.last - n.first >= AUTO_NUMBERS_MAX)
        return ERR_USAGE;
    *out = n;
    return 0;
}

int auto_numbers_load(struct auto_numbers *out, struct store *store)
{
    char value[PARAMETER_VALUE];
    struct auto_numbers n = {.on = false};
    int result = store_parameter_get(store, PARAMETER_SECURITY_MODE, value);
    bool mixed = result == 0 && strcmp(value, "0") != 0;
    if (result == 0 && !mixed)
        result = store_parameter_get(store, PARAMETER_AUTO_NUMBERS, value);
    if (result == 0 && !mixed)
        result = auto_numbers_parse(&n, value);
    if (result && result != ERR_NOT_FOUND)
        return result;
    *out = n;
    return 0;
}

/* ---- a number of it ---- */

struct taken {
    const struct auto_numbers *numbers;
    bool *list; /* by the distance to the first */
};

static int note_taken(void *context, const char *number)
{
    const struct taken *t = context;
    uint64_t value = 0;
    unsigned digits = 0;
    if (take_number(&value, &digits, number, number + strlen(number)) == 0 &&
        digits == t->numbers->digits && value >= t->numbers->first && value <= t->numbers->last)
        t->list[value - t->numbers->first] = true;
    return 0;
}

static int find_free(struct store *store, const struct auto_numbers *n, char number[LINE_NUMBER],
                     struct why *why)
{
    uint64_t size = n->last - n->first + 1;
    uint64_t at = 0;
    struct taken taken = {n, calloc(size, sizeof *taken.list)};
    if (!taken.list)
        return -ENOMEM;
    int result = store_numbers(store, note_taken, &taken);
    while (at < size && taken.list[at])
        at++;
    free(taken.list);
    if (result)
        return why_error(why, result, "%s", store_words(store, result));
    if (at == size)
        return why_error(why, ERR_LIMIT,
                         "all %llu numbers for phones that register by themselves are taken "
                         "(trustline parameter set %s FIRST-LAST)",
                         (unsigned long long)size, PARAMETER_AUTO_NUMBERS);
    text_format(number, LINE_NUMBER, "%0*llu", (int)n->digits, (unsigned long long)n->first + at);
    return 0;
}

/* ---- the phone ---- */

static const struct model *model_of_type(uint32_t type)
{
    for (const struct model *m = model_table(); type && m->name; m++)
        if (m->type == type)
            return m;
    return NULL;
}

static int add_phone(struct store *store, const char *device, const struct model *model,
                     const char *number, struct why *why)
{
    struct store_device d = {.profile = AUTO_PROFILE, .pool = AUTO_POOL};
    struct store_line line = {.position = 1};
    text_copy(d.name, sizeof d.name, device);
    text_copy(d.model, sizeof d.model, model->name);
    text_format(d.description, sizeof d.description, "Auto %s", number);
    text_copy(line.number, sizeof line.number, number);
    int result = store_device_add(store, &d, why);
    return result ? result : store_lines_put(store, device, &line, 1, why);
}

/* Within the transaction: the cluster may have gone into mixed mode a moment ago. */
static int add_with_number(struct store *store, const char *device, const struct model *model,
                           char number[LINE_NUMBER], struct why *why)
{
    struct auto_numbers numbers;
    int result = auto_numbers_load(&numbers, store);
    if (result)
        return why_error(why, result, "%s", store_words(store, result));
    if (!numbers.on)
        return why_error(why, ERR_POLICY, "phones do not register by themselves here");
    result = find_free(store, &numbers, number, why);
    return result ? result : add_phone(store, device, model, number, why);
}

int auto_register(struct store *store, const char *device, uint32_t type, char number[LINE_NUMBER],
                  struct why *why)
{
    const struct model *model = model_of_type(type);
    char shown[MODEL_NAME + 2];
    if (!model || !(model->protocols & MODEL_SCCP))
        return why_error(why, ERR_POLICY,
                         "device type %u is of no model known to speak SCCP: add it by hand "
                         "(trustline phone add %s --model M --profile P)",
                         (unsigned)type, device);
    int result = store_begin(store, why);
    if (result)
        return result;
    result = add_with_number(store, device, model, number, why);
    if (result == 0)
        result = store_commit(store, why);
    else
        store_rollback(store);
    if (result == 0)
        log_event(LEVEL_NOTICE,
                  "event=phone_added device=%s model=%s profile=\"%s\" number=%s "
                  "by=auto_registration",
                  device, text_value(shown, sizeof shown, bytes_of_string(model->name)),
                  AUTO_PROFILE, number);
    return result;
}
