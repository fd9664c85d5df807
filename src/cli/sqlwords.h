/*
 * sqlwords: quotes that a shell ate.
 *
 * `... where paramname='ClusterSecurityMode'` reaches us without its quotes, and a database then
 * sees the name of a column. When it says so, the value is put into quotes and the question asked
 * again. Only what stands to the right of a comparison is ever quoted, so that a column that is
 * misspelt elsewhere stays an error.
 */
#ifndef CLI_SQLWORDS_H
#define CLI_SQLWORDS_H

#include "base/bytes.h"

/* Puts quotes round the compared values that hold the word `culprit` ("no such column: culprit"),
 * or with `culprit` NULL round those that are no number and no name (SEP*, 10.1.1.1, CAPF-trust).
 * Appends the statement to `out`. `quoted` gets the first value that was quoted. false when there
 * is none. */
bool sqlwords_quote(struct buffer *out, const char *sql, const char *culprit, char quoted[128]);

#endif
