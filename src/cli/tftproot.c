#include "cli/tftproot.h"

#include "base/clock.h"
#include "base/text.h"
#include "cluster/crlfile.h"
#include "wire/trustlist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRIES_MAX = 500000 };

static struct tftp_entry *append(struct tftp_entries *out)
{
    if (out->count == ENTRIES_MAX)
        return NULL;
    if ((out->count & (out->count - 1)) == 0) {
        struct tftp_entry *items =
            reallocarray(out->items, out->count ? out->count * 2 : 1, sizeof *items);
        if (!items)
            return NULL;
        out->items = items;
    }
    out->items[out->count] = (struct tftp_entry){.size = 0};
    return &out->items[out->count++];
}

/* Among the first `count`, the published ones: those are served, whatever file has their name. */
static bool is_there(const struct tftp_entries *entries, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries->items[i].name, name) == 0)
            return true;
    return false;
}

/* ---- the lists ---- */

static const char *list_file(enum list_kind kind)
{
    return trustlist_file_name(kind == LIST_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL);
}

static int add_list(struct tftp_entries *out, struct store *store, enum list_kind kind)
{
    struct store_list list;
    struct envelope header;
    int result = store_list_current(store, kind, &list);
    if (result)
        return result == ERR_NOT_FOUND ? 0 : result;
    struct tftp_entry *entry = append(out);
    if (entry) {
        *entry = (struct tftp_entry){
            .kind = ENTRY_LIST, .list = kind, .size = list.body.size, .modified = list.published};
        text_copy(entry->name, sizeof entry->name, list_file(kind));
        if (envelope_parse(&header, buffer_bytes(&list.body), NULL) == 0 && header.has_timestamp)
            entry->modified = header.timestamp;
    }
    store_list_fini(&list);
    return entry ? 0 : -ENOMEM;
}

static int add_crl(struct tftp_entries *out, const char *name, const struct crlfile *file)
{
    struct tftp_entry *entry = append(out);
    if (!entry)
        return -ENOMEM;
    *entry =
        (struct tftp_entry){.kind = ENTRY_CRL, .size = file->body.size, .modified = file->updated};
    text_copy(entry->name, sizeof entry->name, name);
    return 0;
}

/* What is published under a name of the first directory. */
static int add_published(struct tftp_entries *out, struct cluster *cluster, const char *pattern)
{
    struct store *store = cluster_store(cluster);
    int result = 0;
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL && result == 0; kind++)
        if (text_match(pattern, list_file(kind)))
            result = add_list(out, store, kind);
    for (int pem = 0; pem <= 1 && result == 0; pem++) {
        const char *name = pem ? CRLFILE_PEM_NAME : CRLFILE_NAME;
        struct crlfile file;
        if (!text_match(pattern, name))
            continue;
        result = pem ? crlfile_read_pem(&file, store, clock_wall())
                     : crlfile_read(&file, store, cluster_node(cluster)->name);
        if (result == 0) {
            result = add_crl(out, name, &file);
            crlfile_fini(&file);
        } else if (result == ERR_NOT_FOUND) {
            result = 0;
        }
    }
    return result;
}

/* ---- directories ---- */

/* The directory below tftpboot/, part by part so that no link leads out. -ENOENT also for parts
 * that nobody may name. */
static int open_directory(int *out, const struct cluster *cluster, const char *path)
{
    char root[FILE_PATH];
    char part[NAME_MAX + 1];
    int result = file_path(root, cluster_state(cluster), STATE_TFTPBOOT);
    if (result)
        return result;
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && *path) {
        size_t size = strcspn(path, "/");
        bool named = size > 0 && text_copy_bytes(part, sizeof part, bytes_of(path, size)) &&
                     strcmp(part, ".") != 0 && strcmp(part, "..") != 0;
        int next = named ? openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        int error = named ? errno : ENOENT;
        close(fd);
        fd = next;
        errno = error;
        path += size + (path[size] == '/');
    }
    if (fd < 0)
        return -errno;
    *out = fd;
    return 0;
}

static int add_file(struct tftp_entries *out, int directory, const char *name)
{
    struct stat st;
    if (fstatat(directory, name, &st, 0) != 0 &&
        fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0; /* gone meanwhile */
    struct tftp_entry *entry = append(out);
    if (!entry)
        return -ENOMEM;
    entry->kind = S_ISDIR(st.st_mode) ? ENTRY_DIRECTORY : ENTRY_FILE;
    entry->size = (uint64_t)st.st_size;
    entry->modified = st.st_mtim.tv_sec;
    text_copy(entry->name, sizeof entry->name, name);
    return 0;
}

/* Hidden files show when they are asked for. */
static bool fits(const char *pattern, const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (name[0] == '.' && pattern[0] != '.'))
        return false;
    return text_match(pattern, name);
}

/* Takes the descriptor over. */
static int add_matches(struct tftp_entries *out, int fd, const char *pattern)
{
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return -ENOMEM;
    }
    int result = 0;
    size_t before = out->count;
    struct dirent *e;
    while (result == 0 && (e = readdir(dir)))
        if (fits(pattern, e->d_name) && !is_there(out, before, e->d_name))
            result = add_file(out, fd, e->d_name);
    closedir(dir);
    return result;
}

static int compare(const void *x, const void *y)
{
    const struct tftp_entry *a = x;
    const struct tftp_entry *b = y;
    return strcmp(a->name, b->name);
}

/* "a/b/c*" -> "a/b" and "c*". */
static int split(char directory[FILE_PATH], const char **pattern, const char *spec, struct why *why)
{
    spec += strspn(spec, "/");
    const char *slash = strrchr(spec, '/');
    *pattern = slash ? slash + 1 : spec;
    if (!text_copy_bytes(directory, FILE_PATH, bytes_of(spec, slash ? (size_t)(slash - spec) : 0)))
        return why_error(why, ERR_USAGE, "the name is too long");
    return 0;
}

static int find(struct tftp_entries *out, struct cluster *cluster, const char *pattern)
{
    int fd = -1;
    int result = out->directory[0] ? 0 : add_published(out, cluster, pattern);
    if (result == 0)
        result = open_directory(&fd, cluster, out->directory);
    return result ? result : add_matches(out, fd, pattern);
}

int tftproot_find(struct tftp_entries *out, struct cluster *cluster, const char *spec, bool open,
                  struct why *why)
{
    char directory[FILE_PATH];
    const char *pattern;
    int fd = -1;
    int result = split(directory, &pattern, spec, why);
    if (result)
        return result;
    if (open && !strpbrk(spec, "*?") &&
        open_directory(&fd, cluster, spec + strspn(spec, "/")) == 0) {
        close(fd);
        text_copy(directory, sizeof directory, spec + strspn(spec, "/"));
        pattern = "*";
    }
    text_copy(out->directory, sizeof out->directory, directory);
    result = find(out, cluster, pattern[0] ? pattern : "*");
    if (result == -ENOENT || result == -ENOTDIR || result == -ELOOP)
        result = 0;
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, compare);
    return result ? why_error(why, result, "%s/%s/%s: cannot be read: %s", cluster_state(cluster),
                              STATE_TFTPBOOT, directory, error_text(result))
                  : 0;
}

void tftproot_free(struct tftp_entries *entries)
{
    free(entries->items);
    *entries = (struct tftp_entries){.items = NULL};
}

int tftproot_remove(struct cluster *cluster, const char *directory, const char *name,
                    struct why *why)
{
    int fd = -1;
    int result = open_directory(&fd, cluster, directory);
    if (result == 0) {
        if (unlinkat(fd, name, 0) != 0)
            result = -errno;
        close(fd);
    }
    return result ? why_error(why, result, "%s/%s/%s%s%s: cannot be deleted: %s",
                              cluster_state(cluster), STATE_TFTPBOOT, directory,
                              directory[0] ? "/" : "", name, error_text(result))
                  : 0;
}
