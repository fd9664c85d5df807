/*
 * webserver: a phone's web pages over HTTP. It reads; nothing can be changed there.
 */
#ifndef PHONE_WEBSERVER_H
#define PHONE_WEBSERVER_H

#include "net/httpd.h"
#include "phone/webfacts.h"

struct webserver;

struct webserver_setup {
    const struct address *local; /* where it listens; port 0: one that is free */
    /* Called for each page, on zeroed facts: fills them. What they point to must stay as it is
     * until the loop turns. */
    void (*look)(void *context, struct webfacts *facts);
    void *context;
};

int webserver_new(struct webserver **out, struct loop *loop, const struct webserver_setup *setup,
                  struct why *why) CHECKED;
/* Not from `look`. NULL is accepted. */
void webserver_free(struct webserver *server);
/* With the port. */
const struct address *webserver_address(const struct webserver *server);

#endif
