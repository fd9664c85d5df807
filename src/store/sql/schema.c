#include "store/sql/schema.h"

#include <string.h>

enum { STATEMENT_MAX = 64 * 1024 };

static const char *meaning_of(const struct db *db, struct bytes word)
{
    for (const struct db_word *w = db->driver->words; w->name; w++)
        if (bytes_equal_string(word, w->name))
            return w->meaning;
    return NULL;
}

int schema_expand(struct buffer *out, const struct db *db, const char *text, struct why *why)
{
    const char *open;
    while ((open = strchr(text, '{'))) {
        buffer_append(out, bytes_of(text, (size_t)(open - text)));
        size_t length = strcspn(open + 1, "}");
        const char *meaning = meaning_of(db, bytes_of(open + 1, length));
        if (!meaning || open[1 + length] != '}')
            return why_error(why, ERR_BUG, "the schema uses {%.*s}, which %s does not know",
                             (int)length, open + 1, db->driver->name);
        buffer_text(out, meaning);
        text = open + length + 2;
    }
    buffer_text(out, text);
    return out->error;
}

static int run(struct db *db, const char *text, struct why *why)
{
    struct buffer sql;
    buffer_init(&sql, STATEMENT_MAX);
    int result = schema_expand(&sql, db, text, why);
    if (result == 0)
        result = db->driver->run(db, buffer_string(&sql), why);
    buffer_fini(&sql);
    return result;
}

static int read_version(struct db *db, unsigned *out, struct why *why)
{
    struct db_statement *statement = NULL;
    bool row = false;
    int result = db->driver->prepare(&statement, db, "SELECT version FROM schema_version", why);
    if (result == 0)
        result = db->driver->step(statement, &row, why);
    if (result == 0)
        *out = row ? (unsigned)db->driver->number(statement, 0) : 0;
    db->driver->finalize(statement);
    return result;
}

int schema_version(struct db *db, unsigned *out, struct why *why)
{
    bool there = false;
    int result = db->driver->has_table(db, "schema_version", &there, why);
    if (result)
        return result;
    *out = 0;
    return there ? read_version(db, out, why) : 0;
}

static int drop_views(struct db *db, const struct schema *schema, struct why *why)
{
    unsigned count = 0;
    while (schema->views[count].name)
        count++;
    int result = 0;
    while (count-- && result == 0) {
        char sql[128];
        text_format(sql, sizeof sql, "DROP VIEW IF EXISTS %s", schema->views[count].name);
        result = run(db, sql, why);
    }
    return result;
}

static int make_views(struct db *db, const struct schema *schema, struct why *why)
{
    int result = 0;
    for (unsigned i = 0; schema->views[i].name && result == 0; i++) {
        const struct schema_view *view = &schema->views[i];
        if (!view->definition)
            continue;
        struct buffer sql;
        buffer_init(&sql, STATEMENT_MAX);
        buffer_format(&sql, "CREATE VIEW %s AS %s", view->name, view->definition);
        result = run(db, buffer_string(&sql), why);
        buffer_fini(&sql);
    }
    return result;
}

static int set_version(struct db *db, unsigned version, struct why *why)
{
    char sql[128];
    text_format(sql, sizeof sql,
                version == 1 ? "CREATE TABLE schema_version (version {number} NOT NULL) {strict}; "
                               "INSERT INTO schema_version (version) VALUES (%u)"
                             : "UPDATE schema_version SET version = %u",
                version);
    return run(db, sql, why);
}

/* The step after `version`, which is read inside the transaction. */
static int take_step(struct db *db, const struct schema *schema, unsigned *version, struct why *why)
{
    int result = schema_version(db, version, why);
    if (result || *version >= schema->count)
        return result;
    if (*version == 0) {
        bool foreign = false;
        result = db->driver->has_table(db, NULL, &foreign, why);
        if (result == 0 && foreign)
            result = why_error(why, ERR_UNSUPPORTED, "%s: this is a database of something else",
                               db->label);
    }
    if (result == 0)
        result = drop_views(db, schema, why);
    if (result == 0)
        result = run(db, schema->steps[*version], why);
    if (result == 0)
        result = set_version(db, *version + 1, why);
    if (result == 0 && *version + 1 == schema->count)
        result = make_views(db, schema, why);
    if (result)
        return why_prefix(why, result, "making version %u of the schema", *version + 1);
    *version += 1;
    return 0;
}

int schema_migrate(struct db *db, const struct schema *schema, struct why *why)
{
    unsigned version = 0;
    int result = schema_version(db, &version, why);
    while (result == 0 && version < schema->count) {
        result = db->driver->begin(db, true, why);
        if (result)
            return result;
        result = take_step(db, schema, &version, why);
        if (result == 0)
            result = db->driver->commit(db, why);
        if (result)
            db->driver->rollback(db);
    }
    if (result == 0 && version > schema->count)
        return why_error(why, ERR_UNSUPPORTED,
                         "%s: the database has schema version %u, this program knows version %u: "
                         "it was written by a newer Trustline; use that one",
                         db->label, version, schema->count);
    return result;
}
