#include "signer/keystore.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "signer/mac_key.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOADED_MAX = 4096 };

struct loaded {
    char file[FILE_PATH];
    char name[KEY_NAME_MAX];
    struct identity identity;
    struct loaded *next;
};

struct keystore {
    char directory[FILE_PATH];
    pthread_mutex_t lock; /* guards the list */
    struct loaded *list;  /* the newest first */
    size_t count;
    struct mac_key *mac_key; /* NULL until it was needed */
    int64_t scanned;         /* wall seconds when the directory was last read */
};

/* ---- names of files ---- */

static bool is_hex(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isdigit((unsigned char)text[i]) && !(text[i] >= 'a' && text[i] <= 'f'))
            return false;
    return size > 0;
}

static bool is_name(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)text[i]))
            return false;
    return size > 0 && size < KEY_NAME_MAX;
}

enum file_kind { FILE_FOREIGN, FILE_IDENTITY, FILE_REQUEST, FILE_TEMPORARY };

/* What a file of keys/ is, by its name alone. */
static enum file_kind kind_of(const char *file, char name[KEY_NAME_MAX])
{
    size_t size = strlen(file);
    if (text_starts(file, MAC_KEY_FILE ".") && file[size - 1] == '~')
        return FILE_TEMPORARY;
    const char *dash = strchr(file, '-');
    if (!dash || !is_name(file, (size_t)(dash - file)))
        return FILE_FOREIGN;
    text_copy_bytes(name, KEY_NAME_MAX, bytes_of(file, (size_t)(dash - file)));
    const char *rest = dash + 1;
    enum file_kind kind = FILE_IDENTITY;
    if (text_starts(rest, "csr-")) {
        kind = FILE_REQUEST;
        rest += 4;
    }
    const char *end = strstr(rest, ".pem");
    if (!end || !is_hex(rest, (size_t)(end - rest)))
        return FILE_FOREIGN;
    if (end[4] == '\0')
        return kind;
    /* what base/file.h leaves behind when it is killed: NAME.pem.<hex>~ */
    return file[size - 1] == '~' ? FILE_TEMPORARY : FILE_FOREIGN;
}

static int check_words(const char *name, const char *hex, struct why *why)
{
    if (!is_name(name, strlen(name)))
        return why_error(why, ERR_USAGE, "%s is no name of a key", name);
    if (!is_hex(hex, strlen(hex)) || strlen(hex) >= KEY_SERIAL_HEX)
        return why_error(why, ERR_USAGE, "a serial is lower-case hexadecimal digits");
    return 0;
}

static int identity_path(const struct keystore *store, char out[FILE_PATH], const char *name,
                         const struct certificate *certificate)
{
    char serial[KEY_SERIAL_HEX];
    text_hex(serial, sizeof serial, certificate_serial(certificate), false, 0);
    return text_format(out, FILE_PATH, "%s/%s-%s.pem", store->directory, name, serial) ? 0
                                                                                       : ERR_LIMIT;
}

static int request_path(const struct keystore *store, char out[FILE_PATH], const char *name,
                        const char *key)
{
    return text_format(out, FILE_PATH, "%s/%s-csr-%s.pem", store->directory, name, key) ? 0
                                                                                        : ERR_LIMIT;
}

/* ---- what is loaded ---- */

static bool is_loaded(const struct keystore *store, const char *file)
{
    for (const struct loaded *l = store->list; l; l = l->next)
        if (strcmp(l->file, file) == 0)
            return true;
    return false;
}

/* The caller holds the lock. A file that cannot be read is passed over: it may be half swept, and
 * whoever needs its key is told that there is none. */
static void load_file(struct keystore *store, const char *file, const char *name, struct why *why)
{
    char path[FILE_PATH];
    struct loaded *l = calloc(1, sizeof *l);
    if (!l || store->count == LOADED_MAX || file_path(path, store->directory, file) ||
        identity_load(&l->identity, path, why) != 0) {
        free(l);
        return;
    }
    text_copy(l->file, sizeof l->file, file);
    text_copy(l->name, sizeof l->name, name);
    l->next = store->list;
    store->list = l;
    store->count++;
}

/* Nothing has come since the last look? A change in the second of that look counts as new. */
static bool is_scanned(const struct keystore *store)
{
    struct stat st;
    return stat(store->directory, &st) == 0 && st.st_mtime + 1 < store->scanned;
}

/* The caller holds the lock. `why` gets what was wrong with the last unreadable file. */
static int load_new(struct keystore *store, struct why *why)
{
    if (is_scanned(store))
        return 0;
    DIR *dir = opendir(store->directory);
    if (!dir)
        return why_error(why, -errno, "%s: cannot read: %s", store->directory, error_text(-errno));
    store->scanned = clock_wall();
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        char name[KEY_NAME_MAX];
        if (kind_of(entry->d_name, name) == FILE_IDENTITY && !is_loaded(store, entry->d_name))
            load_file(store, entry->d_name, name, why);
    }
    closedir(dir);
    return 0;
}

int keystore_open(struct keystore **out, const char *directory, struct why *why)
{
    struct keystore *store = calloc(1, sizeof *store);
    if (!store)
        return -ENOMEM;
    pthread_mutex_init(&store->lock, NULL);
    if (!text_copy(store->directory, sizeof store->directory, directory)) {
        keystore_close(store);
        return why_error(why, ERR_LIMIT, "%s: the name is too long", directory);
    }
    int result = load_new(store, why);
    if (result) {
        keystore_close(store);
        return result;
    }
    *out = store;
    return 0;
}

void keystore_close(struct keystore *store)
{
    if (!store)
        return;
    while (store->list) {
        struct loaded *l = store->list;
        store->list = l->next;
        identity_fini(&l->identity);
        free(l);
    }
    mac_key_free(store->mac_key);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

static const struct loaded *find(const struct keystore *store, struct bytes issuer,
                                 struct bytes serial)
{
    for (const struct loaded *l = store->list; l; l = l->next) {
        const struct certificate *c = l->identity.certificate;
        if (bytes_equal(certificate_serial(c), bytes_strip_zeros(serial)) &&
            bytes_equal_string(issuer, certificate_issuer(c)))
            return l;
    }
    return NULL;
}

int keystore_find(struct keystore *store, const struct key **key, char name[KEY_NAME_MAX],
                  struct bytes issuer, struct bytes serial, struct why *why)
{
    struct why unreadable = WHY_NONE;
    pthread_mutex_lock(&store->lock);
    const struct loaded *l = find(store, issuer, serial);
    int result = 0;
    if (!l) {
        result = load_new(store, &unreadable);
        l = find(store, issuer, serial);
    }
    if (l) {
        *key = l->identity.key;
        text_copy(name, KEY_NAME_MAX, l->name);
    }
    pthread_mutex_unlock(&store->lock);
    if (l)
        return 0;
    char hex[KEY_SERIAL_HEX];
    return why_error(why, result ? result : ERR_NOT_FOUND,
                     "there is no key for the signer with serial %s%s%s",
                     text_hex(hex, sizeof hex, serial, false, 0), unreadable.text[0] ? "; " : "",
                     unreadable.text);
}

/* The caller holds the lock. */
static const struct loaded *find_named(const struct keystore *store, const char *name,
                                       const char *serial)
{
    for (const struct loaded *l = store->list; l; l = l->next) {
        char hex[KEY_SERIAL_HEX];
        text_hex(hex, sizeof hex, certificate_serial(l->identity.certificate), false, 0);
        if (strcmp(l->name, name) == 0 && strcmp(hex, serial) == 0)
            return l;
    }
    return NULL;
}

int keystore_identity(struct keystore *store, const struct identity **out, const char *name,
                      const char *serial, struct why *why)
{
    struct why unreadable = WHY_NONE;
    int result = check_words(name, serial, why);
    if (result)
        return result;
    pthread_mutex_lock(&store->lock);
    const struct loaded *l = find_named(store, name, serial);
    if (!l) {
        result = load_new(store, &unreadable);
        l = find_named(store, name, serial);
    }
    if (l)
        *out = &l->identity;
    pthread_mutex_unlock(&store->lock);
    if (l)
        return 0;
    return why_error(why, result ? result : ERR_NOT_FOUND,
                     "there is no key %s with the serial number %s%s%s", name, serial,
                     unreadable.text[0] ? "; " : "", unreadable.text);
}

int keystore_mac(struct keystore *store, uint8_t out[KEYSTORE_MAC], const char *first,
                 const char *second, struct why *why)
{
    int result = 0;
    pthread_mutex_lock(&store->lock);
    if (!store->mac_key)
        result = mac_key_open(&store->mac_key, store->directory, why);
    pthread_mutex_unlock(&store->lock);
    return result ? result : mac_key_use(store->mac_key, out, first, second);
}

/* ---- what comes into being ---- */

static int write_identity(struct keystore *store, const char *name, const struct identity *identity,
                          struct why *why)
{
    char path[FILE_PATH];
    struct buffer pem;
    buffer_init(&pem, KEY_FILE_MAX);
    int result = buffer_reserve(&pem, KEY_FILE_MAX);
    if (result == 0)
        result = identity_write_pem(&pem, identity);
    if (result == 0)
        result = identity_path(store, path, name, identity->certificate);
    if (result == 0)
        result = file_create(path, buffer_bytes(&pem), 0600, why);
    buffer_fini_secret(&pem);
    return result ? why_error(why, result, "cannot write the key: %s", error_text(result)) : 0;
}

int keystore_create(struct keystore *store, struct certificate **out, const char *name,
                    const struct key_spec *spec, const struct certificate_template *template,
                    struct why *why)
{
    struct identity identity = {0};
    uint8_t serial[SERIAL_BYTES];
    serial_random(serial);
    int result = check_words(name, "0", why);
    if (result == 0)
        result = key_generate(&identity.key, spec, why);
    if (result == 0)
        result = certificate_self_sign(&identity.certificate, identity.key, template, serial, why);
    if (result == 0)
        result = write_identity(store, name, &identity, why);
    if (result == 0)
        *out = certificate_share(identity.certificate);
    identity_fini(&identity);
    return result;
}

int keystore_request(struct keystore *store, struct buffer *pem, char key[33], const char *name,
                     const struct key_spec *spec, const struct certificate_template *template,
                     struct why *why)
{
    char path[FILE_PATH];
    char id[33];
    uint8_t random[16];
    struct key *made = NULL;
    struct buffer file;
    buffer_init(&file, KEY_FILE_MAX);
    secret_random(random, sizeof random);
    text_hex(id, sizeof id, bytes_of(random, sizeof random), false, 0);
    int result = check_words(name, id, why);
    if (result == 0)
        result = key_generate(&made, spec, why);
    if (result == 0)
        result = csr_write_pem(pem, made, template, why);
    if (result == 0)
        result = buffer_reserve(&file, KEY_FILE_MAX);
    if (result == 0)
        result = key_write_pem(&file, made);
    if (result == 0)
        result = request_path(store, path, name, id);
    if (result == 0)
        result = file_create(path, buffer_bytes(&file), 0600, why);
    if (result == 0)
        text_copy(key, 33, id);
    buffer_fini_secret(&file);
    key_free(made);
    return result;
}

int keystore_adopt(struct keystore *store, const char *name, const char *key,
                   const struct certificate *certificate, struct why *why)
{
    char path[FILE_PATH];
    struct identity identity = {0};
    struct buffer file;
    buffer_init(&file, KEY_FILE_MAX);
    int result = check_words(name, key, why);
    if (result == 0)
        result = request_path(store, path, name, key);
    if (result == 0)
        result = buffer_reserve(&file, KEY_FILE_MAX);
    if (result == 0)
        result = file_read(&file, path, why);
    if (result == 0)
        result = key_from_pem(&identity.key, buffer_bytes(&file), why);
    if (result == 0 && !key_fits(identity.key, certificate))
        result = why_error(why, ERR_VERIFY,
                           "the certificate was not made from the last request for %s", name);
    if (result == 0) {
        identity.certificate = certificate_share((struct certificate *)(uintptr_t)certificate);
        result = write_identity(store, name, &identity, why);
        if (result == ERR_DUPLICATE)
            result = 0; /* the same certificate again, after a crash before the commit */
    }
    buffer_fini_secret(&file);
    identity_fini(&identity);
    return result;
}

int keystore_import(struct keystore *store, struct certificate **out, const char *name,
                    struct bytes pem, struct why *why)
{
    struct identity identity = {0};
    int result = check_words(name, "0", why);
    if (result == 0)
        result = identity_from_pem(&identity, pem, why);
    if (result == 0) {
        result = write_identity(store, name, &identity, why);
        if (result == ERR_DUPLICATE)
            result = keystore_check(store, name, identity.certificate, why);
    }
    if (result == 0)
        *out = certificate_share(identity.certificate);
    identity_fini(&identity);
    return result;
}

int keystore_link(struct keystore *store, const char *name, const char *serial, struct why *why)
{
    char target[FILE_PATH];
    char path[FILE_PATH];
    char link[FILE_PATH];
    char temporary[FILE_PATH];
    int result = check_words(name, serial, why);
    if (result)
        return result;
    if (!text_format(target, sizeof target, "%s-%s.pem", name, serial) ||
        file_path(path, store->directory, target) ||
        !text_format(link, sizeof link, "%s/%s.pem", store->directory, name) ||
        !text_format(temporary, sizeof temporary, "%s/.%s.pem~", store->directory, name))
        return ERR_LIMIT;
    if (!file_exists(path))
        return why_error(why, ERR_NOT_FOUND, "%s: there is no such key", path);
    unlink(temporary);
    if (symlink(target, temporary) != 0 || rename(temporary, link) != 0) {
        result = -errno;
        unlink(temporary);
        return why_error(why, result, "%s: cannot make the link: %s", link, error_text(result));
    }
    return file_sync_directory(store->directory);
}

int keystore_check(struct keystore *store, const char *name, const struct certificate *certificate,
                   struct why *why)
{
    char path[FILE_PATH];
    struct identity identity = {0};
    int result = check_words(name, "0", why);
    if (result == 0)
        result = identity_path(store, path, name, certificate);
    if (result == 0)
        result = identity_load(&identity, path, why);
    if (result == 0 && !certificates_equal(identity.certificate, certificate))
        result = why_error(why, ERR_VERIFY,
                           "%s holds another certificate than the one the cluster uses", path);
    identity_fini(&identity);
    return result;
}

static bool is_kept(const char *file, const char *const *keep, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keep[i], file) == 0)
            return true;
    return false;
}

int keystore_sweep(struct keystore *store, const char *const *keep, size_t count, unsigned *removed,
                   struct why *why)
{
    unsigned gone = 0;
    DIR *dir = opendir(store->directory);
    if (!dir)
        return why_error(why, -errno, "%s: cannot read: %s", store->directory, error_text(-errno));
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        char name[KEY_NAME_MAX];
        if (kind_of(entry->d_name, name) == FILE_FOREIGN || is_kept(entry->d_name, keep, count))
            continue;
        gone += unlinkat(dirfd(dir), entry->d_name, 0) == 0;
    }
    closedir(dir);
    *removed = gone;
    return 0;
}
