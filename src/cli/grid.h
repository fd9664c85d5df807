/*
 * grid: text in columns.
 */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include "base/bytes.h"

#include <stdio.h>

enum grid_style {
    GRID_PLAIN,  /* two blanks between columns, none at the end of a line */
    GRID_TITLED, /* as plain; the first row is a title and gets a rule of '-' under it */
    GRID_CUCM,   /* CUCM's `run sql`: a title, a rule of '=', one blank after every column */
};

struct grid;

int grid_new(struct grid **out, size_t columns) CHECKED;
void grid_free(struct grid *grid);
/* The next cell, row by row. Widths are counted in characters of UTF-8; what is not fit for a
 * terminal is escaped. */
void grid_text(struct grid *grid, const char *text);
void grid_format(struct grid *grid, const char *format, ...) PRINTF_LIKE(2, 3);
/* Nothing is printed when memory ran out: says so by its result. */
int grid_print(const struct grid *grid, FILE *out, enum grid_style style);

#endif
