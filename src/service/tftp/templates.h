/*
 * templates: what configuration files are made of - the node's own templates, or the built-in ones.
 *
 * <model>.cnf.xml ("7975.cnf.xml") goes before <generation>-<protocol>.cnf.xml ("B-sccp.cnf.xml"),
 * which goes before the built-in one. Compiled once, and again when the file has changed. For a
 * worker thread.
 */
#ifndef SERVICE_TFTP_TEMPLATES_H
#define SERVICE_TFTP_TEMPLATES_H

#include "trust/model.h"
#include "wire/cnf.h"

struct templates;

/* `directory` need not exist. */
int templates_new(struct templates **out, const char *directory) CHECKED;
void templates_free(struct templates *templates);
/* Valid until the next call. One that does not compile is said in one log line, and the next in
 * order is used instead. */
int templates_get(struct templates *templates, const struct cnf_template **out,
                  const struct model *model, bool sip) CHECKED;

#endif
