#include "net/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* How much a worker fetches at least, so that a file that is not cached costs few jobs. */
enum { FETCH_MIN = 64 * 1024 };

struct disk_file {
    int fd;
    unsigned owners;
};

int disk_file_new(struct disk_file **out, int fd)
{
    struct disk_file *file = malloc(sizeof *file);
    if (!file) {
        close(fd);
        return -ENOMEM;
    }
    *file = (struct disk_file){.fd = fd, .owners = 1};
    *out = file;
    return 0;
}

struct disk_file *disk_file_share(struct disk_file *file)
{
    file->owners++;
    return file;
}

void disk_file_free(struct disk_file *file)
{
    if (!file || --file->owners)
        return;
    close(file->fd);
    free(file);
}

int disk_file_descriptor(const struct disk_file *file)
{
    return file->fd;
}

/* What a worker fetches. Outlives its reader if it must: `reader` is NULL then. */
struct fetch {
    struct disk_reader *reader;
    struct disk_file *file;
    uint64_t offset;
    size_t wanted;
    size_t size;
    int result;
    uint8_t data[];
};

struct disk_reader {
    struct disk_file *file;
    struct worker *worker;
    void (*ready)(void *context, int result);
    void *context;
    struct fetch *running;
    struct fetch *stash; /* what was fetched last */
};

int disk_reader_new(struct disk_reader **out, struct disk_file *file, struct worker *worker,
                    void (*ready)(void *context, int result), void *context)
{
    struct disk_reader *reader = malloc(sizeof *reader);
    if (!reader)
        return -ENOMEM;
    *reader = (struct disk_reader){
        .file = disk_file_share(file), .worker = worker, .ready = ready, .context = context};
    *out = reader;
    return 0;
}

static void fetch_free(struct fetch *fetch)
{
    if (!fetch)
        return;
    disk_file_free(fetch->file);
    free(fetch);
}

void disk_reader_free(struct disk_reader *reader)
{
    if (!reader)
        return;
    if (reader->running)
        reader->running->reader = NULL;
    fetch_free(reader->stash);
    disk_file_free(reader->file);
    free(reader);
}

/* On the worker's thread. */
static void fetch_run(void *context)
{
    struct fetch *fetch = context;
    while (fetch->size < fetch->wanted) {
        ssize_t n = pread(fetch->file->fd, fetch->data + fetch->size, fetch->wanted - fetch->size,
                          (off_t)(fetch->offset + fetch->size));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            fetch->result = -errno;
        if (n <= 0)
            return;
        fetch->size += (size_t)n;
    }
}

static void fetch_done(void *context)
{
    struct fetch *fetch = context;
    struct disk_reader *reader = fetch->reader;
    if (!reader) {
        fetch_free(fetch);
        return;
    }
    int result = fetch->result;
    reader->running = NULL;
    fetch_free(reader->stash);
    reader->stash = fetch;
    reader->ready(reader->context, result);
}

static int fetch_start(struct disk_reader *reader, uint64_t offset, size_t size)
{
    size_t wanted = size < FETCH_MIN ? FETCH_MIN : size;
    struct fetch *fetch = malloc(sizeof *fetch + wanted);
    if (!fetch)
        return -ENOMEM;
    *fetch = (struct fetch){.reader = reader,
                            .file = disk_file_share(reader->file),
                            .offset = offset,
                            .wanted = wanted};
    int result = worker_submit(reader->worker, fetch_run, fetch_done, fetch);
    if (result) {
        fetch_free(fetch);
        return result;
    }
    reader->running = fetch;
    return -EAGAIN;
}

/* From what was fetched last. A short stash ended with the file. */
static bool read_stash(const struct fetch *stash, uint64_t offset, void *out, size_t size,
                       size_t *got)
{
    if (!stash || stash->result || offset < stash->offset)
        return false;
    uint64_t skip = offset - stash->offset;
    if (skip >= stash->wanted || size > stash->wanted - skip)
        return false;
    size_t there = stash->size > skip ? stash->size - (size_t)skip : 0;
    *got = there < size ? there : size;
    if (*got)
        memcpy(out, stash->data + skip, *got);
    return true;
}

int disk_read(struct disk_reader *reader, uint64_t offset, void *out, size_t size, size_t *got)
{
    if (reader->running)
        return -EAGAIN;
    if (read_stash(reader->stash, offset, out, size, got))
        return 0;
    fetch_free(reader->stash);
    reader->stash = NULL;
    size_t done = 0;
    while (done < size) {
        struct iovec part = {.iov_base = (uint8_t *)out + done, .iov_len = size - done};
        ssize_t n = preadv2(reader->file->fd, &part, 1, (off_t)(offset + done), RWF_NOWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        /* Some file systems cannot tell what they have in memory. */
        if (n < 0 && (errno == EAGAIN || errno == EOPNOTSUPP))
            return fetch_start(reader, offset, size);
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    *got = done;
    return 0;
}
