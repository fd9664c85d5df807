#include "cli/grid.h"

#include "base/text.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { GRID_BYTES_MAX = 256 * 1024 * 1024 };

/* The cells lie one after the other in `text`, each with its NUL. */
struct grid {
    size_t columns;
    size_t cells;
    struct buffer text;
    size_t widths[]; /* of the columns, in characters */
};

int grid_new(struct grid **out, size_t columns)
{
    struct grid *grid = calloc(1, sizeof *grid + columns * sizeof *grid->widths);
    if (!grid)
        return -ENOMEM;
    grid->columns = columns;
    buffer_init(&grid->text, GRID_BYTES_MAX);
    *out = grid;
    return 0;
}

void grid_free(struct grid *grid)
{
    if (!grid)
        return;
    buffer_fini(&grid->text);
    free(grid);
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

void grid_text(struct grid *grid, const char *text)
{
    size_t column = grid->cells++ % grid->columns;
    size_t begin = grid->text.size;
    cli_text(&grid->text, bytes_of_string(text));
    buffer_u8(&grid->text, 0);
    if (grid->text.error)
        return;
    size_t width = characters((const char *)grid->text.data + begin);
    if (width > grid->widths[column])
        grid->widths[column] = width;
}

void grid_format(struct grid *grid, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = NULL;
    if (vasprintf(&text, format, values) < 0) {
        text = NULL;
        grid->text.error = -ENOMEM;
    }
    va_end(values);
    grid_text(grid, text ? text : "");
    free(text);
}

static void print_cell(const struct grid *grid, FILE *out, size_t column, const char *text,
                       enum grid_style style)
{
    bool last = column + 1 == grid->columns;
    fputs(text, out);
    if (!last || style == GRID_CUCM)
        for (size_t n = characters(text); n < grid->widths[column]; n++)
            fputc(' ', out);
    if (style == GRID_CUCM)
        fputc(' ', out);
    else if (!last)
        fputs("  ", out);
    if (last)
        fputc('\n', out);
}

static void print_rule(const struct grid *grid, FILE *out, enum grid_style style)
{
    for (size_t column = 0; column < grid->columns; column++) {
        for (size_t n = 0; n < grid->widths[column]; n++)
            fputc(style == GRID_CUCM ? '=' : '-', out);
        if (style == GRID_CUCM)
            fputc(' ', out);
        else if (column + 1 < grid->columns)
            fputs("  ", out);
    }
    fputc('\n', out);
}

int grid_print(const struct grid *grid, FILE *out, enum grid_style style)
{
    if (grid->text.error)
        return grid->text.error;
    const char *text = (const char *)grid->text.data;
    for (size_t cell = 0; cell < grid->cells; cell++) {
        print_cell(grid, out, cell % grid->columns, text, style);
        text += strlen(text) + 1;
        if (style != GRID_PLAIN && cell + 1 == grid->columns)
            print_rule(grid, out, style);
    }
    return 0;
}
