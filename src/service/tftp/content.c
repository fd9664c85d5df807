#include "service/tftp/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int body_from_bytes(struct body **out, struct bytes bytes)
{
    struct body *body = calloc(1, sizeof *body);
    if (!body)
        return -ENOMEM;
    body->owners = 1;
    body->size = bytes.size;
    body->memory = malloc(bytes.size ? bytes.size : 1);
    int result = body->memory ? digest_bytes(DIGEST_KIND_SHA256, bytes, body->hash) : -ENOMEM;
    if (result) {
        body_free(body);
        return result;
    }
    if (bytes.size)
        memcpy(body->memory, bytes.data, bytes.size);
    *out = body;
    return 0;
}

static int read_all(int fd, uint64_t offset, uint8_t *out, size_t size)
{
    while (size) {
        ssize_t n = pread(fd, out, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : ERR_CONFLICT;
        out += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static int fill(struct body *body, struct found_file *file)
{
    int result;
    if (body->size > BODY_IN_MEMORY_MAX) {
        result = digest_file(DIGEST_KIND_SHA256, bytes_of(NULL, 0), file->fd, body->offset,
                             body->size, body->hash);
        if (result == 0)
            result = disk_file_new(&body->file, file->fd);
        else
            close(file->fd);
        file->fd = -1;
        return result == ERR_TRUNCATED ? ERR_CONFLICT : result;
    }
    body->memory = malloc(body->size ? (size_t)body->size : 1);
    result =
        body->memory ? read_all(file->fd, body->offset, body->memory, (size_t)body->size) : -ENOMEM;
    if (result == 0)
        result = digest_bytes(DIGEST_KIND_SHA256, bytes_of(body->memory, (size_t)body->size),
                              body->hash);
    return result;
}

int body_from_file(struct body **out, struct found_file *file, uint64_t offset)
{
    struct file_identity now;
    struct body *body = calloc(1, sizeof *body);
    int result = body ? 0 : -ENOMEM;
    if (body)
        body->owners = 1;
    if (result == 0 && offset > file->identity.size)
        result = ERR_CONFLICT;
    if (result == 0) {
        body->offset = offset;
        body->size = file->identity.size - offset;
        body->identity = file->identity;
        int fd = file->fd;
        result = fill(body, file);
        if (result == 0)
            result = file_identity_of(fd, &now);
        if (result == 0 && !file_identity_equal(&now, &file->identity))
            result = ERR_CONFLICT;
    }
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    if (result) {
        body_free(body);
        return result;
    }
    *out = body;
    return 0;
}

struct body *body_share(struct body *body)
{
    body->owners++;
    return body;
}

void body_free(struct body *body)
{
    if (!body || --body->owners)
        return;
    disk_file_free(body->file);
    free(body->memory);
    free(body);
}

bool body_is_intact(const struct body *body)
{
    struct file_identity now;
    return !body->file ||
           (file_identity_of(disk_file_descriptor(body->file), &now) == 0 &&
            now.size == body->identity.size && now.modified_ns == body->identity.modified_ns);
}

static int hash_content(const struct content *content, uint8_t raw[SHA256_SIZE])
{
    const struct body *body = content->body;
    struct bytes pieces[2] = {bytes_of(content->header, content->header_size),
                              bytes_of(body->memory, (size_t)body->size)};
    if (content->header_size == 0) {
        memcpy(raw, body->hash, SHA256_SIZE);
        return 0;
    }
    return body->memory ? digest_pieces(DIGEST_KIND_SHA256, pieces, 2, raw) : ERR_BUG;
}

int content_new(struct content **out, struct body *body, struct bytes header, const uint8_t *hash)
{
    uint8_t raw[SHA256_SIZE];
    struct content *content = calloc(1, sizeof *content);
    if (!content)
        return -ENOMEM;
    content->owners = 1;
    content->body = body_share(body);
    content->header_size = header.size;
    content->size = header.size + body->size;
    content->header = header.size ? malloc(header.size) : NULL;
    int result = header.size && !content->header ? -ENOMEM : 0;
    if (content->header)
        memcpy(content->header, header.data, header.size);
    if (result == 0 && !hash)
        result = hash_content(content, raw);
    if (result) {
        content_free(content);
        return result;
    }
    memcpy(content->hash, hash ? hash : raw, SHA256_SIZE);
    *out = content;
    return 0;
}

struct content *content_share(struct content *content)
{
    content->owners++;
    return content;
}

void content_free(struct content *content)
{
    if (!content || --content->owners)
        return;
    body_free(content->body);
    free(content->header);
    free(content);
}
