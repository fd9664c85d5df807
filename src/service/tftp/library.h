/*
 * library: everything that can be served, by name - found once, signed once, and kept until
 * something it depends on has changed.
 *
 * Belongs to the loop's thread; looking into store and files happens on worker threads, signing in
 * the signer. Who asks for a content that is just being made waits for it with the others.
 */
#ifndef SERVICE_TFTP_LIBRARY_H
#define SERVICE_TFTP_LIBRARY_H

#include "net/worker.h"
#include "service/tftp/content.h"
#include "service/tftp/names.h"
#include "signer/signer.h"
#include "store/async.h"

struct library;

struct library_setup {
    const char *tftpboot, *templates, *node; /* as of struct tftp_setup */
    struct store_async *store;               /* of mode STORE_READ; its changes become ours */
    struct worker *disk;                     /* hashes large files, walks directories */
    struct signer_loop *signer;
    size_t names;  /* kept at most */
    size_t memory; /* bytes of contents kept at most, beyond what is being sent */
};

/* `ready` is called once, when files are watched. */
int library_new(struct library **out, struct loop *loop, const struct library_setup *setup,
                void (*ready)(void *context), void *context, struct why *why) CHECKED;
/* The store, the worker and the signer must have ended before: nothing comes from them any more.
 * Who still waits is told ERR_CLOSED. */
void library_free(struct library *library);

struct library_answer {
    int result;              /* as of struct finding; ERR_LIMIT: too much waits already */
    const char *words;       /* about a result that is not 0 */
    bool stranger;           /* not found: a configuration, and no phone of ours has this name */
    struct content *content; /* share it to keep it */
};
/* Calls `done` once: at once when the content is there, else later. */
void library_ask(struct library *library, const struct file_name *name,
                 void (*done)(void *context, uint64_t id, const struct library_answer *answer),
                 void *context, uint64_t id);

/* Takes notice of everything that has happened to files up to now. */
void library_poll(struct library *library);
/* Everything is looked at again when it is asked for next. */
void library_reload(struct library *library);

struct library_counters {
    uint64_t asked, kept; /* questions, and those answered at once */
    uint64_t signatures, signature_failures;
    size_t names, memory; /* kept now */
};
const struct library_counters *library_counters(struct library *library);

#endif
