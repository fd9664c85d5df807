#include "cli/registerview.h"

#include "base/clock.h"
#include "cli/words.h"

#include <errno.h>

/* ---- a phone ---- */

static const char *mode_of(const struct store_registration *r)
{
    return word_text(mode_words, (int)r->mode);
}

void registerview_title(struct grid *grid)
{
    grid_text(grid, "Node");
    grid_text(grid, "Registered");
    grid_text(grid, "Cipher");
    grid_text(grid, "Certificate until");
}

void registerview_row(struct grid *grid, const struct phone *phone)
{
    const struct store_registration *r = &phone->registration;
    char until[CLOCK_TEXT] = "-";
    if (phone->registered && r->not_after)
        clock_java(until, r->not_after);
    grid_text(grid, phone->registered ? r->node : "-");
    grid_text(grid, phone->registered ? mode_of(r) : "-");
    grid_text(grid, phone->registered && r->cipher[0] ? r->cipher : "-");
    grid_text(grid, until);
}

void registerview_print(FILE *out, const struct phone *phone)
{
    const struct store_registration *r = &phone->registration;
    char when[CLOCK_TEXT];
    if (!phone->registered) {
        fputs("  Registered:   no\n", out);
        return;
    }
    fprintf(out, "  Registered:   at %s, %s, since %s", r->node, mode_of(r),
            clock_java(when, r->since));
    if (r->cipher[0])
        fprintf(out, ", %s %s, certificate until %s", r->tls, r->cipher,
                clock_java(when, r->not_after));
    else
        fputs(", without TLS", out);
    fprintf(out, ", SCCP version %u\n  Firmware:     ", r->version);
    cli_print(out, r->load[0] ? r->load : "-");
    fputc('\n', out);
}

static json_t *text_or_null(bool there, const char *text)
{
    return there && text[0] ? cli_json_text(bytes_of_string(text)) : json_null();
}

int registerview_add(json_t *json, const struct phone *phone)
{
    const struct store_registration *r = &phone->registration;
    bool here = phone->registered;
    return json_object_update_new(
               json, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "status",
                               phone_status_word(phone), "node", text_or_null(here, r->node),
                               "registered_mode", text_or_null(here, here ? mode_of(r) : ""), "tls",
                               text_or_null(here, r->tls), "cipher", text_or_null(here, r->cipher),
                               "certificate", text_or_null(here, r->certificate),
                               "certificate_not_after", cli_json_time(here ? r->not_after : 0),
                               "registered_since", cli_json_time(here ? r->since : 0), "firmware",
                               text_or_null(here, r->load))) == 0
               ? 0
               : -ENOMEM;
}

/* ---- orders to restart ---- */

static bool is_open(const struct store_reset *reset)
{
    return reset->count[RESET_WAITING] + reset->count[RESET_RELEASED] + reset->count[RESET_TOLD] >
           0;
}

static const char *const title[] = {"Restarts", "Kind",           "At once",
                                    "Waiting",  "On their way",   "Back",
                                    "Not back", "Not registered", "Phones"};
enum { RESET_COLUMNS = sizeof title / sizeof *title };

/* The title comes with the first. */
static int add_row(void *context, const struct store_reset *reset)
{
    struct grid **grid = context;
    if (!is_open(reset))
        return 0;
    if (!*grid) {
        int result = grid_new(grid, RESET_COLUMNS);
        for (size_t i = 0; i < RESET_COLUMNS && result == 0; i++)
            grid_text(*grid, title[i]);
        if (result)
            return result;
    }
    grid_format(*grid, "%lld", (long long)reset->id);
    grid_text(*grid, reset_kind_name(reset->kind));
    if (reset->size)
        grid_format(*grid, "%u", reset->size);
    else
        grid_text(*grid, "all");
    grid_format(*grid, "%u", reset->count[RESET_WAITING]);
    grid_format(*grid, "%u", reset->count[RESET_RELEASED] + reset->count[RESET_TOLD]);
    grid_format(*grid, "%u", reset->count[RESET_DONE]);
    grid_format(*grid, "%u", reset->count[RESET_LOST]);
    grid_format(*grid, "%u", reset->count[RESET_ABSENT]);
    grid_text(*grid, reset->filter);
    return 0;
}

int resets_print(FILE *out, struct store *store)
{
    struct grid *grid = NULL;
    int result = store_resets(store, add_row, &grid);
    if (result == 0 && grid) {
        fputc('\n', out);
        result = grid_print(grid, out, GRID_TITLED);
    }
    grid_free(grid);
    return result;
}

static int add_open(void *context, const struct store_reset *r)
{
    if (!is_open(r))
        return 0;
    return cli_json_append(
        context, json_pack("{s:I, s:s, s:o, s:i, s:o, s:i, s:i, s:i, s:i, s:i, s:i}", "order",
                           (json_int_t)r->id, "kind", reset_kind_name(r->kind), "created",
                           cli_json_time(r->created), "at_once", (int)r->size, "phones",
                           cli_json_text(bytes_of_string(r->filter)), "waiting",
                           (int)r->count[RESET_WAITING], "on_their_way",
                           (int)(r->count[RESET_RELEASED] + r->count[RESET_TOLD]), "back",
                           (int)r->count[RESET_DONE], "not_back", (int)r->count[RESET_LOST],
                           "not_registered", (int)r->count[RESET_ABSENT], "withdrawn",
                           (int)r->count[RESET_WITHDRAWN]));
}

json_t *resets_json(struct store *store)
{
    json_t *all = json_array();
    if (store_resets(store, add_open, all) == 0)
        return all;
    json_decref(all);
    return NULL;
}
