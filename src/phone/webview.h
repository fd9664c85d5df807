/*
 * webview: the web page of one phone that trustline-phone runs: its logs and its server.
 */
#ifndef PHONE_WEBVIEW_H
#define PHONE_WEBVIEW_H

#include "phone/console.h"
#include "phone/webserver.h"

struct webview {
    struct notebook *messages, *lines;
    struct webserver *server;   /* NULL: there is no page */
    const struct boot *boot;    /* NULL until the flash has been read */
    const struct identity *mic; /* or NULL */
    struct address tftp, local; /* the server; the phone's own, size 0 when not known */
    char device[DEVICE_NAME_LENGTH + 1];
    const struct model *model;
    /* Adds what only whoever runs the phone knows: number, call managers, streams. Or NULL. */
    void (*add)(void *context, struct webfacts *facts);
    void *context;
};

struct webview_setup {
    const struct address *listen; /* port 0: one that is free */
    const char *device;           /* copied */
    const struct model *model;
    const struct identity *mic;                         /* NULL: none; must stay */
    const struct address *tftp;                         /* copied */
    void (*add)(void *context, struct webfacts *facts); /* as above */
    void *context;
};

/* The console keeps what it says for the page from now on. `out` must not move. */
int webview_start(struct webview *out, struct loop *loop, const struct webview_setup *setup,
                  struct console *console, struct why *why) CHECKED;
/* Before the loop. A zeroed view is accepted. */
void webview_stop(struct webview *view);
/* The flash has been read; the boot must outlive the view. */
void webview_ready(struct webview *view, const struct boot *boot);

#endif
