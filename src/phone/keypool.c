#include "phone/keypool.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

struct keypool {
    struct key **keys;
    size_t count, room;
};

static int keep(struct keypool *pool, struct key *key)
{
    if (pool->count == KEYPOOL_MAX)
        return ERR_LIMIT;
    if (pool->count == pool->room) {
        size_t room = pool->room ? 2 * pool->room : 64;
        struct key **keys = realloc(pool->keys, room * sizeof(struct key *));
        if (!keys)
            return -ENOMEM;
        pool->keys = keys;
        pool->room = room;
    }
    pool->keys[pool->count++] = key;
    return 0;
}

static int read_key(struct keypool *pool, const char *path, struct why *why)
{
    struct buffer pem;
    struct key *key = NULL;
    buffer_init(&pem, KEY_FILE_MAX);
    int result = file_read(&pem, path, why);
    if (result == 0)
        result = key_from_pem(&key, buffer_bytes(&pem), why);
    if (result == 0)
        result = keep(pool, key);
    if (result) {
        key_free(key);
        why_prefix(why, result, "%s", path);
    }
    buffer_fini_secret(&pem);
    return result;
}

static int read_all(struct keypool *pool, DIR *dir, const char *directory, struct why *why)
{
    char path[FILE_PATH];
    const struct dirent *entry;
    int result = 0;
    while (result == 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        result = file_path(path, directory, entry->d_name);
        if (result == 0)
            result = read_key(pool, path, why);
    }
    if (result == 0 && pool->count == 0)
        result = why_error(why, ERR_NOT_FOUND, "%s: there are no keys here", directory);
    return result;
}

int keypool_open(struct keypool **out, const char *directory, struct why *why)
{
    DIR *dir = opendir(directory);
    if (!dir) {
        int result = -errno;
        return why_error(why, result, "%s: %s", directory, error_text(result));
    }
    struct keypool *pool = calloc(1, sizeof *pool);
    int result = pool ? read_all(pool, dir, directory, why) : -ENOMEM;
    closedir(dir);
    if (result)
        keypool_free(pool);
    else
        *out = pool;
    return result;
}

void keypool_free(struct keypool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->count; i++)
        key_free(pool->keys[i]);
    free(pool->keys);
    free(pool);
}

size_t keypool_left(const struct keypool *pool)
{
    return pool->count;
}

struct key *keypool_take(struct keypool *pool, const struct key_spec *spec)
{
    for (size_t i = pool ? pool->count : 0; i > 0; i--) {
        struct key *key = pool->keys[i - 1];
        if (key_kind(key) != spec->kind || key_bits(key) != spec->bits)
            continue;
        pool->keys[i - 1] = pool->keys[--pool->count];
        return key;
    }
    return NULL;
}
