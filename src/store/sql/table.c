#include "store/sql/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int table_init(struct table_builder *builder, size_t columns, const struct db_query_limits *limits)
{
    *builder = (struct table_builder){.limits = limits};
    builder->table = calloc(1, sizeof *builder->table);
    if (!builder->table)
        return -ENOMEM;
    builder->table->names = calloc(columns, sizeof *builder->table->names);
    if (!builder->table->names)
        return -ENOMEM;
    builder->table->columns = columns;
    return 0;
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; texts && i < count; i++)
        free(texts[i]);
    free(texts);
}

void table_fini(struct table_builder *builder)
{
    free_texts(builder->values, builder->count);
    store_table_free(builder->table);
    *builder = (struct table_builder){.limits = NULL};
}

struct store_table *table_take(struct table_builder *builder)
{
    struct store_table *table = builder->table;
    table->values = builder->values;
    table->rows = builder->count / table->columns;
    builder->table = NULL;
    builder->values = NULL;
    builder->count = 0;
    return table;
}

void store_table_free(struct store_table *table)
{
    if (!table)
        return;
    free_texts(table->names, table->columns);
    free_texts(table->values, table->columns * table->rows);
    free(table);
}

/* Counts what the text costs before it is made. */
static int admit(struct table_builder *builder, size_t size, struct why *why)
{
    builder->bytes += size + sizeof(char *);
    if (builder->bytes <= builder->limits->bytes)
        return 0;
    return why_error(why, ERR_LIMIT,
                     "the answer is larger than %zu bytes: ask for fewer columns or rows",
                     builder->limits->bytes);
}

int table_name(struct table_builder *builder, size_t at, const char *name, struct why *why)
{
    int result = admit(builder, strlen(name), why);
    if (result)
        return result;
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    builder->table->names[at] = copy;
    return 0;
}

/* Owns `value` from here on, also on error. */
static int add(struct table_builder *builder, char *value, struct why *why)
{
    if (builder->count == builder->limits->rows * builder->table->columns) {
        free(value);
        return why_error(why, ERR_LIMIT, "the answer has more than %zu rows: narrow it with where",
                         builder->limits->rows);
    }
    if (builder->count == builder->room) {
        size_t room = builder->room ? builder->room * 2 : 64;
        char **values = reallocarray(builder->values, room, sizeof *values);
        if (!values) {
            free(value);
            return -ENOMEM;
        }
        builder->values = values;
        builder->room = room;
    }
    builder->values[builder->count++] = value;
    return 0;
}

/* As itself, or as \xNN. */
static bool is_plain(uint8_t c, bool utf8)
{
    return c >= 0x80 ? utf8 : c >= 0x20 && c != 0x7f;
}

int table_text(struct table_builder *builder, struct bytes value, struct why *why)
{
    bool utf8 = text_is_utf8(value);
    size_t size = 0;
    for (size_t i = 0; i < value.size; i++)
        size += is_plain(value.data[i], utf8) ? 1 : 4;
    int result = admit(builder, size, why);
    if (result)
        return result;
    char *copy = malloc(size + 1);
    if (!copy)
        return -ENOMEM;
    char *p = copy;
    for (size_t i = 0; i < value.size; i++) {
        uint8_t c = value.data[i];
        if (is_plain(c, utf8))
            *p++ = (char)c;
        else
            p += snprintf(p, 5, "\\x%02x", c);
    }
    *p = '\0';
    return add(builder, copy, why);
}

int table_bytes(struct table_builder *builder, struct bytes value, struct why *why)
{
    int result = admit(builder, value.size * 2, why);
    if (result)
        return result;
    char *copy = malloc(value.size * 2 + 1);
    if (!copy)
        return -ENOMEM;
    text_hex(copy, value.size * 2 + 1, value, false, 0);
    return add(builder, copy, why);
}

int table_null(struct table_builder *builder, struct why *why)
{
    int result = admit(builder, 0, why);
    return result ? result : add(builder, NULL, why);
}
