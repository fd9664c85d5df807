/*
 * listview: a trust list for people and for programs.
 */
#ifndef CLI_LISTVIEW_H
#define CLI_LISTVIEW_H

#include "pki/signedfile.h"

#include <jansson.h>

/* What `show ctl` and `show itl` of CUCM print, column for column: `out` gets the whole text
 * (docs/protocols/trust-files.md, "What show ctl prints"). */
int listview_text(struct buffer *out, const struct trustlist *list, enum trustlist_kind kind,
                  bool verified) CHECKED;

/* The same facts and some more. `reason` says why it is not verified, NULL when it is. */
json_t *listview_json(const struct trustlist *list, enum trustlist_kind kind, const char *reason);

/* What CUCM prints when there is no list. */
void listview_none(struct buffer *out, enum trustlist_kind kind);

#endif
