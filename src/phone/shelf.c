#include "phone/shelf.h"

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct shelf {
    struct map *lists; /* by kind and SHA-256 */
};

enum { KEY_SIZE = 1 + SHA256_SIZE };

int shelf_new(struct shelf **out, size_t max)
{
    struct shelf *shelf = calloc(1, sizeof *shelf);
    int result = shelf ? map_new(&shelf->lists, max) : -ENOMEM;
    if (result)
        free(shelf);
    else
        *out = shelf;
    return result;
}

void shelf_free(struct shelf *shelf)
{
    if (!shelf)
        return;
    map_free(shelf->lists);
    free(shelf);
}

size_t shelf_count(const struct shelf *shelf)
{
    return map_count(shelf->lists);
}

static struct bytes key_of(uint8_t out[KEY_SIZE], enum trustlist_kind kind,
                           const uint8_t sha256[SHA256_SIZE])
{
    out[0] = (uint8_t)kind;
    memcpy(out + 1, sha256, SHA256_SIZE);
    return bytes_of(out, KEY_SIZE);
}

static void list_free(struct held_list *list)
{
    if (!list)
        return;
    offer_free(list->offer);
    free(list->copy);
    free(list);
}

static int list_new(struct held_list **out, enum trustlist_kind kind, struct bytes file)
{
    struct held_list *list = calloc(1, sizeof *list);
    int result = -ENOMEM;
    if (!list)
        goto out;
    list->copy = malloc(file.size ? file.size : 1);
    if (!list->copy)
        goto out;
    if (file.size)
        memcpy(list->copy, file.data, file.size);
    list->kind = kind;
    list->file = bytes_of(list->copy, file.size);
    result = digest_bytes(DIGEST_KIND_MD5, list->file, list->md5);
    if (result == 0)
        result = digest_bytes(DIGEST_KIND_SHA1, list->file, list->sha1);
    if (result == 0)
        result = digest_bytes(DIGEST_KIND_SHA256, list->file, list->sha256);
    if (result == 0)
        result = offer_new_list(&list->offer, kind, list->file);
    if (result)
        goto out;
    list->list = offer_trustlist(list->offer);
    *out = list;
    list = NULL;
out:
    list_free(list);
    return result;
}

int shelf_take(struct shelf *shelf, struct held_list **out, enum trustlist_kind kind,
               struct bytes file)
{
    uint8_t sha256[SHA256_SIZE];
    uint8_t key[KEY_SIZE];
    int result = digest_bytes(DIGEST_KIND_SHA256, file, sha256);
    if (result)
        return result;
    struct held_list *list = map_get(shelf->lists, key_of(key, kind, sha256));
    if (!list) {
        result = list_new(&list, kind, file);
        if (result == 0)
            result = map_add(shelf->lists, key_of(key, kind, sha256), list);
        if (result) {
            list_free(list);
            return result;
        }
    }
    list->holders++;
    *out = list;
    return 0;
}

void shelf_put_back(struct shelf *shelf, struct held_list *list)
{
    uint8_t key[KEY_SIZE];
    if (!list || --list->holders)
        return;
    map_remove(shelf->lists, key_of(key, list->kind, list->sha256));
    list_free(list);
}
