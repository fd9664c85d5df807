#include "store/sqlite/sqlite.h"

#include <errno.h>

/* What a result of SQLite means to us. `%s` becomes the words of the system, when the row asks for
 * them. Extended codes stand before the primary code they belong to. */
static const struct meaning {
    int code;
    int error;
    enum { SAY_SENTENCE, ADD_SYSTEM, ADD_DATABASE } add;
    const char *sentence;
} meanings[] = {
    {SQLITE_CONSTRAINT_UNIQUE, ERR_DUPLICATE, ADD_DATABASE, "there is one already"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, ERR_DUPLICATE, ADD_DATABASE, "there is one already"},
    {SQLITE_CONSTRAINT_ROWID, ERR_DUPLICATE, ADD_DATABASE, "there is one already"},
    {SQLITE_CONSTRAINT_FOREIGNKEY, ERR_NOT_FOUND, SAY_SENTENCE,
     "a row would refer to something that is not there"},
    {SQLITE_CONSTRAINT, ERR_USAGE, ADD_DATABASE, "a value is outside what is allowed"},
    {SQLITE_MISMATCH, ERR_USAGE, ADD_DATABASE, "a value is outside what is allowed"},
    {SQLITE_TOOBIG, ERR_LIMIT, SAY_SENTENCE, "a value is too large for the database"},
    {SQLITE_BUSY, ERR_CONFLICT, SAY_SENTENCE,
     "another process has kept the database for itself for 5 seconds; try again when it is done"},
    {SQLITE_LOCKED, ERR_CONFLICT, SAY_SENTENCE,
     "another process has kept the database for itself for 5 seconds; try again when it is done"},
    {SQLITE_PROTOCOL, ERR_CONFLICT, SAY_SENTENCE,
     "another process has kept the database for itself for 5 seconds; try again when it is done"},
    {SQLITE_FULL, ERR_STORE, SAY_SENTENCE,
     "there is no space left on its disk; nothing of this change was kept; free some and try "
     "again"},
    {SQLITE_READONLY_DIRECTORY, ERR_STORE, SAY_SENTENCE,
     "its directory may not be written by this user"},
    {SQLITE_READONLY, ERR_STORE, SAY_SENTENCE, "it may not be written by this user"},
    {SQLITE_PERM, ERR_STORE, SAY_SENTENCE, "this user may not open it"},
    {SQLITE_CANTOPEN, ERR_STORE, ADD_SYSTEM, "it, or a file beside it, cannot be opened"},
    {SQLITE_IOERR_NOMEM, -ENOMEM, SAY_SENTENCE, "there is not enough memory"},
    {SQLITE_IOERR, ERR_STORE, ADD_SYSTEM, "its disk reports an error"},
    {SQLITE_NOMEM, -ENOMEM, SAY_SENTENCE, "there is not enough memory"},
    {SQLITE_NOTADB, ERR_STORE, SAY_SENTENCE, "this is not a database"},
    {SQLITE_CORRUPT, ERR_STORE, SAY_SENTENCE,
     "the database is damaged; stop trustlined and restore it from a backup"},
    {SQLITE_NOLFS, ERR_STORE, SAY_SENTENCE, "its disk does not take files of this size"},
    {SQLITE_INTERRUPT, ERR_TIMEOUT, SAY_SENTENCE, "the question took too long"},
};

static const struct meaning *find(int code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        int known = meanings[i].code;
        if (known == code || known == (code & 0xff))
            return &meanings[i];
    }
    return NULL;
}

int sqlite_error(sqlite3 *handle, int code, const char *label, struct why *why)
{
    if (code == SQLITE_OK)
        return 0;
    const struct meaning *meaning = find(code);
    const char *database = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    if (!meaning)
        return why_error(why, ERR_STORE, "%s: %s", label, database);
    int system = handle ? sqlite3_system_errno(handle) : 0;
    if (meaning->add == ADD_DATABASE)
        return why_error(why, meaning->error, "%s: %s (%s)", label, meaning->sentence, database);
    if (meaning->add == ADD_SYSTEM && system > 0)
        return why_error(why, meaning->error, "%s: %s: %s", label, meaning->sentence,
                         error_text(-system));
    return why_error(why, meaning->error, "%s: %s", label, meaning->sentence);
}
