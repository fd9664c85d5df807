/* What commands say: errors, text of strangers, JSON. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/call.h"

#include <errno.h>
#include <string.h>

enum { LINE_MAX_TEXT = 1200, LINE_WIDTH = 100 };

/* One line whatever is in it: names of files and texts of peers may hold anything. */
static void print_line(struct cli *cli, const char *before, const char *format, va_list values)
    PRINTF_LIKE(3, 0);
static void print_line(struct cli *cli, const char *before, const char *format, va_list values)
{
    char line[LINE_MAX_TEXT];
    vsnprintf(line, sizeof line, format, values);
    for (char *p = line; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    fflush(cli->out); /* what was printed before it stands before it */
    fprintf(cli->err, "trustline: %s%s\n", before, line);
}

enum cli_status cli_error(struct cli *cli, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    print_line(cli, "", format, values);
    va_end(values);
    return STATUS_FAILED;
}

enum cli_status cli_failed(struct cli *cli, int error, const struct why *why)
{
    cli_error(cli, "%s", why_text(why, error));
    switch (error) {
    case ERR_USAGE:
        return STATUS_USAGE;
    case ERR_PLAN:
        return STATUS_REFUSED;
    default:
        return STATUS_FAILED;
    }
}

void cli_note(struct cli *cli, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    print_line(cli, "note: ", format, values);
    va_end(values);
}

enum cli_status cli_misuse(struct cli *cli, const struct call *call, const char *format, ...)
{
    char before[128];
    va_list values;
    text_format(before, sizeof before, "%s: ", call->command->words);
    va_start(values, format);
    print_line(cli, before, format, values);
    va_end(values);
    help_usage(call->command, cli->err);
    return STATUS_USAGE;
}

/* The C1 controls of Unicode (U+0080 to U+009F) move cursors as the C0 ones do. */
static bool is_printable(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < text.size && text.data[i + 1] < 0xa0))
            return false;
    }
    return text_is_utf8(text);
}

void cli_text(struct buffer *out, struct bytes text)
{
    char piece[64];
    if (is_printable(text)) {
        buffer_append(out, text);
        return;
    }
    for (size_t i = 0; i < text.size; i += 15) {
        text_escape(piece, sizeof piece, bytes_slice(text, i, 15));
        buffer_text(out, piece);
    }
}

void cli_print(FILE *out, const char *text)
{
    struct buffer shown;
    buffer_init(&shown, 4 * strlen(text) + 1);
    cli_text(&shown, bytes_of_string(text));
    fputs(buffer_string(&shown), out);
    buffer_fini(&shown);
}

void cli_print_wrapped(FILE *out, int indent, const char *text)
{
    struct buffer shown;
    buffer_init(&shown, 4 * strlen(text) + 1);
    cli_text(&shown, bytes_of_string(text));
    for (const char *rest = buffer_string(&shown); *rest; rest += *rest == ' ') {
        size_t take = text_line(rest, (size_t)(LINE_WIDTH - indent));
        fprintf(out, "%*s%.*s\n", indent, "", (int)take, rest);
        rest += take;
    }
    buffer_fini(&shown);
}

json_t *cli_json_time(int64_t seconds)
{
    char text[CLOCK_TEXT];
    if (seconds == 0)
        return json_null();
    clock_iso(text, seconds * 1000);
    char *fraction = strchr(text, '.'); /* none of our times has one */
    if (fraction)
        memcpy(fraction, "Z", 2);
    return json_string(text);
}

int cli_json_append(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0 ? 0 : -ENOMEM;
}

json_t *cli_json_text(struct bytes text)
{
    if (!text.data)
        return json_null();
    if (text_is_utf8(text))
        return json_stringn((const char *)text.data, text.size);
    struct buffer shown;
    buffer_init(&shown, 4 * text.size + 1);
    cli_text(&shown, text);
    json_t *value = shown.error ? NULL : json_string(buffer_string(&shown));
    buffer_fini(&shown);
    return value;
}

json_t *cli_json_hex(struct bytes bytes)
{
    char digits[2049];
    if (!bytes.data)
        return json_null();
    if (bytes.size > sizeof digits / 2)
        return NULL;
    return json_string(text_hex(digits, sizeof digits, bytes, false, 0));
}

enum cli_status cli_json(struct cli *cli, json_t *value, enum cli_status status)
{
    int printed =
        value ? json_dumpf(value, cli->out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : -1;
    json_decref(value);
    if (printed != 0)
        return cli_error(cli, "cannot make JSON of this");
    fputc('\n', cli->out);
    return status;
}
