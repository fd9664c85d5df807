/* run sql: questions to the database, answered as CUCM answers them. */
#include "cli/commands.h"

#include "base/text.h"
#include "cli/grid.h"
#include "cli/session.h"
#include "cli/sqlwords.h"

#include <string.h>

enum { TIMEOUT_MS = 30 * 1000, STATEMENT_MAX = 64 * 1024, REPAIRS_MAX = 16 };

static int join(struct buffer *out, const struct call *call)
{
    for (size_t i = 0; i < call->operand_count; i++)
        buffer_format(out, "%s%s", i ? " " : "", call->operands[i]);
    return out->error;
}

/* ---- asking, and asking again ---- */

/* The word the database did not know, from "no such column: WORD"; NULL when that is not it. */
static const char *find_culprit(const struct why *why)
{
    static const char before[] = "no such column: ";
    const char *found = strstr(why->text, before);
    return found ? found + strlen(before) : NULL;
}

static bool is_syntax(const struct why *why)
{
    return strstr(why->text, "syntax error") || strstr(why->text, "unrecognized token") ||
           strstr(why->text, "incomplete input");
}

/* The statement with one more value in quotes. */
static bool repair(struct buffer *sql, const struct why *why, char quoted[128])
{
    struct buffer better;
    const char *culprit = find_culprit(why);
    if (!culprit && !is_syntax(why))
        return false;
    buffer_init(&better, STATEMENT_MAX);
    if (!sqlwords_quote(&better, buffer_string(sql), culprit, quoted)) {
        buffer_fini(&better);
        return false;
    }
    buffer_fini(sql);
    *sql = better;
    return true;
}

/* `quoted` gets the last value that was taken as text, or "". What the database says about the
 * statement as it was typed is what counts when nothing helps. */
static int ask(struct store_table **out, struct store *store, struct buffer *sql, char quoted[128],
               struct why *why)
{
    int result = store_query(store, buffer_string(sql), TIMEOUT_MS, out, why);
    struct why next = *why;
    quoted[0] = '\0';
    for (int i = 0; result == ERR_USAGE && i < REPAIRS_MAX; i++) {
        if (!repair(sql, &next, quoted))
            break;
        next = (struct why)WHY_NONE;
        result = store_query(store, buffer_string(sql), TIMEOUT_MS, out, &next);
    }
    return result == 0 || result == ERR_USAGE
               ? result
               : why_error(why, result, "%s", why_text(&next, result));
}

/* The database speaks of tables and columns, and does not say that it was asked by us. */
static void word_failure(struct why *why, int result)
{
    const struct why said = *why;
    bool unknown = result == ERR_USAGE && strstr(said.text, "no such table");
    *why = (struct why)WHY_NONE;
    why_error(why, result, "run sql: %s%s", why_text(&said, result),
              unknown ? " ('trustline run sql help' lists what can be asked)" : "");
}

/* ---- answers ---- */

static int print_table(FILE *out, const struct store_table *table)
{
    struct grid *grid = NULL;
    int result = grid_new(&grid, table->columns);
    for (size_t i = 0; i < table->columns && result == 0; i++)
        grid_text(grid, table->names[i]);
    for (size_t i = 0; i < table->columns * table->rows && result == 0; i++)
        grid_text(grid, table->values[i] ? table->values[i] : "NULL");
    if (result == 0)
        result = grid_print(grid, out, GRID_CUCM);
    grid_free(grid);
    return result;
}

/* An object a row. Two columns of one name: the last counts, as in any JSON. */
static json_t *table_json(const struct store_table *table)
{
    json_t *rows = json_array();
    for (size_t row = 0; row < table->rows; row++) {
        json_t *object = json_object();
        for (size_t i = 0; i < table->columns; i++) {
            const char *value = table->values[row * table->columns + i];
            json_object_set_new(object, table->names[i],
                                value ? cli_json_text(bytes_of_string(value)) : json_null());
        }
        if (cli_json_append(rows, object) != 0) {
            json_decref(rows);
            return NULL;
        }
    }
    return rows;
}

static enum cli_status answer(struct cli *cli, const struct call *call,
                              const struct store_table *table, const char *quoted)
{
    if (call->json)
        return cli_json(cli, table_json(table), STATUS_DONE);
    if (table->rows == 0) {
        fputs("No records found\n", cli->out);
        if (quoted[0])
            cli_note(cli, "%s is no column, so it was taken as a text", quoted);
        return STATUS_DONE;
    }
    int result = print_table(cli->out, table);
    return result ? cli_failed(cli, result, NULL) : STATUS_DONE;
}

/* ---- what can be asked ---- */

static enum cli_status explain(struct cli *cli, const struct call *call)
{
    struct grid *grid = NULL;
    json_t *json = call->json ? json_array() : NULL;
    int result = grid_new(&grid, 2);
    if (result == 0) {
        grid_text(grid, "Relation");
        grid_text(grid, "Holds");
    }
    for (const struct store_relation *r = store_relations(); r->name && result == 0; r++) {
        grid_text(grid, r->name);
        grid_text(grid, r->about);
        if (json)
            result =
                cli_json_append(json, json_pack("{s:s, s:s}", "name", r->name, "about", r->about));
    }
    if (result == 0 && !json)
        result = grid_print(grid, cli->out, GRID_TITLED);
    grid_free(grid);
    if (result) {
        json_decref(json);
        return cli_failed(cli, result, NULL);
    }
    if (json)
        return cli_json(cli, json, STATUS_DONE);
    fputs("\n"
          "trustline run sql select name, model from device where devicesecuritymode = 3\n"
          "trustline run sql 'select * from RELATION limit 1' shows the columns of one.\n",
          cli->out);
    return STATUS_DONE;
}

enum cli_status run_sql(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct store_table *table = NULL;
    struct buffer sql;
    char quoted[128] = "";
    enum cli_status status;
    if (call->operand_count == 1 && text_equal_nocase(call->operands[0], "help"))
        return explain(cli, call);
    buffer_init(&sql, STATEMENT_MAX);
    int result = join(&sql, call);
    if (result == ERR_LIMIT)
        why_error(&why, result, "run sql: the statement is longer than %d bytes", STATEMENT_MAX);
    if (result == 0)
        result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result == 0)
        result = ask(&table, cluster_store(cluster), &sql, quoted, &why);
    if (result && cluster)
        word_failure(&why, result);
    session_close(cluster);
    status = result ? cli_failed(cli, result, &why) : answer(cli, call, table, quoted);
    store_table_free(table);
    buffer_fini(&sql);
    return status;
}
