/*
 * webpage: the pages of a phone's web server (docs/protocols/phone-web.md): HTML for people, XML
 * for programs. Pure: facts in, a page out.
 *
 * The HTML is tables without scripts or anything to load; whatever came from outside is escaped.
 */
#ifndef PHONE_WEBPAGE_H
#define PHONE_WEBPAGE_H

#include "phone/webfacts.h"

/* How many lines of either log a phone should keep for its pages. */
#define WEBPAGE_MESSAGES 100
#define WEBPAGE_LINES    1000
#define WEBPAGE_MAX      (4 * 1024 * 1024) /* bytes of a page: full logs fit */

struct webpage;

/* By the path of a request, and the `adapter` of its query, which only counts where real phones
 * have one: /CGI/Java/Serviceability?adapter=device.statistics.device. NULL: there is none. */
const struct webpage *webpage_find(struct bytes path, struct bytes adapter);
/* "text/html; charset=utf-8" or "text/xml; charset=utf-8". */
const char *webpage_type(const struct webpage *page);
/* Does it tell of one stream, whose number (from 1 on) is the query? */
bool webpage_is_of_a_stream(const struct webpage *page);
/* `stream` from 1 on, where it is of one. `out` is limited by the caller; an error sticks to it.
 * ERR_NOT_FOUND: phones have no stream of this number. */
int webpage_make(struct buffer *out, const struct webpage *page, const struct webfacts *facts,
                 size_t stream) CHECKED;

#endif
