#include "service/tftp/library.h"

#include "base/log.h"
#include "service/tftp/resolve.h"
#include "service/tftp/shelf.h"
#include "service/tftp/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNDER_WAY_MAX = 128, /* looks and signatures at once; more wait in line */
    AGAIN_MAX = 3,       /* how often a look is repeated because things changed meanwhile */
    WATCH_MS = 200,
    TRIM_MS = 1000,
};

struct waiter {
    struct waiter *next;
    void (*done)(void *context, uint64_t id, const struct library_answer *answer);
    void *context;
    uint64_t id;
};

/* A look under way: into store and files, then to the signer, then at the hash of a large file. */
struct work {
    struct library *library; /* NULL: it has gone, the signer's answer is for nobody */
    struct entry *entry;
    struct file_name name;
    unsigned moved;
    uint8_t known[SHA256_SIZE]; /* what the content that is there depends on; 0: none is */
    unsigned again;
    struct change changed; /* since it began */
    struct finding finding;
    struct buffer header;
    uint8_t hash[SHA256_SIZE]; /* of a large signed content */
    int hash_result;
    struct waiter *waiters;
    struct work *next; /* in line */
    struct work *next_signing, **link_signing;
};

struct library {
    struct loop *loop;
    struct library_setup setup;
    struct resolver *resolver; /* the store's worker thread has it */
    struct shelf *shelf;
    struct watch *files, *templates;
    struct loop_timer *trim;
    unsigned moved; /* areas, not yet told to the resolver */
    struct work *line, **line_end;
    struct work *signing; /* all that wait for the signer */
    size_t under_way;
    bool starting;
    bool ready;
    void (*on_ready)(void *context);
    void *context;
    struct library_counters counters;
};

static struct change depends_on(const struct work *work)
{
    return (struct change){.areas = work->finding.areas,
                           .files = work->finding.files,
                           .templates = work->finding.templates};
}

/* Has something changed that matters, since the look began? */
static bool is_dirty(const struct work *work)
{
    const struct change depends = depends_on(work);
    return change_concerns(&work->changed, &depends);
}

/* ---- answers ---- */

static void answer(struct work *work, int result, const char *words, struct content *content)
{
    const struct library_answer a = {
        .result = result, .words = words, .stranger = work->finding.stranger, .content = content};
    while (work->waiters) {
        struct waiter *w = work->waiters;
        work->waiters = w->next;
        w->done(w->context, w->id, &a);
        free(w);
    }
}

static void work_free(struct work *work)
{
    finding_fini(&work->finding);
    buffer_fini(&work->header);
    free(work);
}

static void start_next(struct library *library);

static void put_in_line(struct library *library, struct work *work)
{
    work->next = NULL;
    *library->line_end = work;
    library->line_end = &work->next;
}

/* What can be kept until something it depends on is heard to change. */
static bool can_be_kept(const struct library *library, const struct work *work, int result)
{
    const struct finding *f = &work->finding;
    if (is_dirty(work) || f->transient ||
        (result != 0 && result != ERR_NOT_FOUND && result != ERR_POLICY))
        return false;
    return (!f->files || watch_covers(library->files)) &&
           (!f->templates || watch_covers(library->templates));
}

/* A look that began before something changed is of no use to who asked after it: once more. The
 * content stays, so that a signature over the same bytes is not asked for again. */
static bool look_again(struct work *work)
{
    struct library *library = work->library;
    if (!is_dirty(work) || work->again++ >= AGAIN_MAX)
        return false;
    finding_fini(&work->finding);
    buffer_fini(&work->header);
    work->changed = (struct change){0};
    work->entry->work = work;
    put_in_line(library, work);
    start_next(library);
    return true;
}

/* The end of a look. */
static void settle(struct work *work, int result, const char *words, struct content *content)
{
    struct library *library = work->library;
    struct entry *e = work->entry;
    e->work = NULL;
    e->depends = depends_on(work);
    e->stranger = work->finding.stranger;
    memcpy(e->signer, work->finding.signer, sizeof e->signer);
    shelf_put(library->shelf, e, result, words, content);
    e->fresh = can_be_kept(library, work, result);
    library->under_way--;
    bool known = result == 0 || result == ERR_NOT_FOUND || result == ERR_POLICY;
    if (known && look_again(work))
        return;
    answer(work, result, words, content);
    work_free(work);
    start_next(library);
}

/* With a content of this header ("": a plain one) over the body that was found. */
static void settle_content(struct work *work, struct bytes header, const uint8_t *hash)
{
    struct content *content = NULL;
    int result = content_new(&content, work->finding.body, header, hash);
    settle(work, result, result ? error_text(result) : "", content);
    content_free(content);
}

/* ---- signing ---- */

static void hash_run(void *context)
{
    struct work *work = context;
    const struct body *body = work->finding.body;
    work->hash_result =
        digest_file(DIGEST_KIND_SHA256, buffer_bytes(&work->header),
                    disk_file_descriptor(body->file), body->offset, body->size, work->hash);
}

static void hash_done(void *context)
{
    struct work *work = context;
    if (work->hash_result)
        settle(work, work->hash_result, error_text(work->hash_result), NULL);
    else
        settle_content(work, buffer_bytes(&work->header), work->hash);
}

static void take_signature(struct work *work, struct bytes signature)
{
    buffer_init(&work->header, ENVELOPE_HEADER_MAX);
    int result = envelope_insert_signature(&work->header, buffer_bytes(&work->finding.covered),
                                           work->finding.signature_at, signature);
    if (result == 0 && work->finding.body->memory) {
        settle_content(work, buffer_bytes(&work->header), NULL);
        return;
    }
    if (result == 0)
        result = worker_submit(work->library->setup.disk, hash_run, hash_done, work);
    if (result)
        settle(work, result, error_text(result), NULL);
}

static void signing_over(struct work *work)
{
    if (work->link_signing) {
        *work->link_signing = work->next_signing;
        if (work->next_signing)
            work->next_signing->link_signing = work->link_signing;
    }
    work->link_signing = NULL;
}

static void sign_done(void *context, int result, struct bytes signature, const char *words)
{
    struct work *work = context;
    struct library *library = work->library;
    if (!library) {
        work_free(work);
        return;
    }
    signing_over(work);
    if (result == 0) {
        library->counters.signatures++;
        take_signature(work, signature);
        return;
    }
    library->counters.signature_failures++;
    char text[300];
    text_format(text, sizeof text, "it could not be signed: %s",
                words && *words ? words : error_text(result));
    settle(work, result == ERR_NOT_FOUND ? ERR_UNSUPPORTED : result, text, NULL);
}

/* A signature over the same bytes, by the same certificate and under the same name, is not asked
 * for again. */
static bool signed_already(const struct work *work)
{
    const struct entry *e = work->entry;
    return e->content && e->content->header_size && e->content->body == work->finding.body &&
           memcmp(e->signer, work->finding.signer, sizeof e->signer) == 0;
}

static void ask_signer(struct work *work)
{
    struct library *library = work->library;
    const struct body *body = work->finding.body;
    struct bytes covered = buffer_bytes(&work->finding.covered);
    int result;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what is to be signed has a body */
    if (body->memory)
        result = signer_loop_sign(library->setup.signer, covered,
                                  bytes_of(body->memory, (size_t)body->size), sign_done, work);
    else if (body->offset == 0)
        result = signer_loop_sign_file(library->setup.signer, covered,
                                       disk_file_descriptor(body->file), sign_done, work);
    else
        result = ERR_BUG; /* what comes out of an envelope is not put into another one */
    if (result) {
        library->counters.signature_failures++;
        settle(work, result, "it could not be signed", NULL);
        return;
    }
    work->next_signing = library->signing;
    work->link_signing = &library->signing;
    if (work->next_signing)
        work->next_signing->link_signing = &work->next_signing;
    library->signing = work;
}

/* ---- looking ---- */

static int look_run(void *context, struct store *store)
{
    struct work *work = context;
    /* One view of the store for all questions of a look: whole, and one lock instead of many. */
    bool view = store_begin(store, NULL) == 0;
    resolver_find(work->library->resolver, store, &work->name, work->moved, work->known,
                  &work->finding);
    if (view)
        store_rollback(store);
    return 0;
}

static void look_done(void *context, int unused)
{
    (void)unused;
    struct work *work = context;
    struct library *library = work->library;
    struct finding *f = &work->finding;
    if (is_dirty(work) && work->again < AGAIN_MAX) {
        library->under_way--;
        look_again(work);
        return;
    }
    if (f->result) {
        settle(work, f->result, f->words, NULL);
        return;
    }
    if (f->body)
        f->body = shelf_body(library->shelf, f->body);
    if (f->same || (f->sign && signed_already(work))) {
        struct content *content = content_share(work->entry->content);
        settle(work, 0, "", content);
        content_free(content);
    } else if (f->sign) {
        ask_signer(work);
    } else {
        settle_content(work, bytes_of(NULL, 0), NULL);
    }
}

/* An entry keeps its content as long as a look for it is under way. */
static void know_content(struct work *work)
{
    const struct entry *e = work->entry;
    if (e->content)
        memcpy(work->known, e->signer, sizeof work->known);
    else
        memset(work->known, 0, sizeof work->known);
}

static void start_next(struct library *library)
{
    if (library->starting)
        return; /* a look that fails at once leads back here */
    library->starting = true;
    while (library->line && library->under_way < UNDER_WAY_MAX) {
        struct work *work = library->line;
        work->moved = library->moved;
        know_content(work);
        int result = store_async_do(library->setup.store, look_run, look_done, work);
        if (result == ERR_LIMIT && library->under_way)
            break; /* others have filled it; the next that ends tries again */
        library->line = work->next;
        if (!library->line)
            library->line_end = &library->line;
        library->under_way++;
        if (result == 0)
            library->moved = 0;
        else
            settle(work, result, error_text(result), NULL);
    }
    library->starting = false;
}

/* ---- questions ---- */

static int wait_for(struct work *work,
                    void (*done)(void *context, uint64_t id, const struct library_answer *answer),
                    void *context, uint64_t id)
{
    struct waiter *w = malloc(sizeof *w);
    if (!w)
        return -ENOMEM;
    *w = (struct waiter){.next = work->waiters, .done = done, .context = context, .id = id};
    work->waiters = w;
    return 0;
}

static int work_new(struct library *library, struct entry *e, const struct file_name *name)
{
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        return -ENOMEM;
    work->library = library;
    work->entry = e;
    work->name = *name;
    e->work = work;
    put_in_line(library, work);
    return 0;
}

void library_ask(struct library *library, const struct file_name *name,
                 void (*done)(void *context, uint64_t id, const struct library_answer *answer),
                 void *context, uint64_t id)
{
    struct entry *e = NULL;
    library->counters.asked++;
    int result = shelf_entry(library->shelf, &e, name);
    if (result == 0 && e->fresh) {
        library->counters.kept++;
        const struct library_answer a = {.result = e->result,
                                         .words = e->words ? e->words : "",
                                         .stranger = e->stranger,
                                         .content = e->content};
        done(context, id, &a);
        return;
    }
    if (result == 0 && !e->work)
        result = work_new(library, e, name);
    if (result == 0)
        result = wait_for(e->work, done, context, id);
    if (result) {
        const struct library_answer a = {.result = result, .words = error_text(result)};
        done(context, id, &a);
    }
    start_next(library);
}

/* ---- what changes ---- */

static void work_changed(struct work *work, const struct change *change)
{
    work->changed.areas |= change->areas;
    work->changed.files = work->changed.files || change->files;
    work->changed.templates = work->changed.templates || change->templates;
}

static void store_moved(void *context, unsigned areas)
{
    struct library *library = context;
    library->moved |= areas;
    shelf_stale(library->shelf, &(struct change){.areas = areas});
}

/* x.enc.sgn is what x depends on, and what x.enc.sgn does. */
static void file_moved(struct library *library, const char *path)
{
    const struct change change = {.files = true};
    char stem[FILE_NAME_MAX + 1];
    shelf_stem(stem, path);
    shelf_stale_stem(library->shelf, stem, &change);
    size_t size = strlen(stem);
    if (size > 4 && strcmp(stem + size - 4, ".enc") == 0) {
        stem[size - 4] = '\0';
        shelf_stale_stem(library->shelf, stem, &change);
    }
}

static void files_changed(void *context, const char *path)
{
    struct library *library = context;
    if (path && strlen(path) <= FILE_NAME_MAX)
        file_moved(library, path);
    else
        shelf_stale(library->shelf, &(struct change){.files = true});
    if (!library->ready && library->on_ready) {
        library->ready = true;
        library->on_ready(library->context);
    }
}

static void templates_changed(void *context, const char *path)
{
    struct library *library = context;
    (void)path;
    shelf_stale(library->shelf, &(struct change){.templates = true});
}

void library_poll(struct library *library)
{
    watch_poll(library->files);
    watch_poll(library->templates);
}

void library_reload(struct library *library)
{
    library->moved = ~0u;
    shelf_stale(library->shelf, &(struct change){.areas = ~0u, .files = true, .templates = true});
}

static void trim(void *context)
{
    struct library *library = context;
    shelf_trim(library->shelf);
    loop_timer_start(library->trim, TRIM_MS);
}

/* ---- birth and end ---- */

int library_new(struct library **out, struct loop *loop, const struct library_setup *setup,
                void (*ready)(void *context), void *context, struct why *why)
{
    struct library *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    l->loop = loop;
    l->setup = *setup;
    l->setup.tftpboot = l->setup.templates = l->setup.node = NULL; /* the caller's memory */
    l->line_end = &l->line;
    l->on_ready = ready;
    l->context = context;
    int result = resolver_new(&l->resolver, setup->tftpboot, setup->templates, setup->node);
    if (result == 0)
        result = shelf_new(&l->shelf, setup->names, setup->memory, work_changed);
    if (result == 0)
        result = loop_timer_new(&l->trim, loop, trim, l);
    if (result == 0)
        result = store_async_watch(setup->store, WATCH_MS, store_moved, l);
    if (result == 0)
        result =
            watch_new(&l->templates, loop, setup->disk, setup->templates, templates_changed, l);
    if (result == 0)
        result = watch_new(&l->files, loop, setup->disk, setup->tftpboot, files_changed, l);
    if (result) {
        library_free(l);
        return why_error(why, result, "%s cannot be served: %s", setup->tftpboot,
                         error_text(result));
    }
    loop_timer_start(l->trim, TRIM_MS);
    *out = l;
    return 0;
}

void library_free(struct library *library)
{
    if (!library)
        return;
    while (library->line) {
        struct work *work = library->line;
        library->line = work->next;
        answer(work, ERR_CLOSED, "the service is stopping", NULL);
        work_free(work);
    }
    while (library->signing) {
        struct work *work = library->signing;
        signing_over(work);
        answer(work, ERR_CLOSED, "the service is stopping", NULL);
        work->library = NULL; /* freed by sign_done() */
    }
    loop_timer_free(library->trim);
    watch_free(library->files);
    watch_free(library->templates);
    shelf_free(library->shelf);
    resolver_free(library->resolver);
    free(library);
}

const struct library_counters *library_counters(struct library *library)
{
    library->counters.names = shelf_names(library->shelf);
    library->counters.memory = shelf_memory(library->shelf);
    return &library->counters;
}
