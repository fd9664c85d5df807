#include "service/tftp/root.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    INDEXES_MAX = 32,
    ENTRIES_MAX = 200 * 1000,
    SETTLED_NS = 1000 * 1000 * 1000, /* time stamps of files are that coarse at worst */
};

/* The names of one directory by their lower-case form, as it was when it had this identity. */
struct index {
    char directory[FILE_PATH];
    struct file_identity identity;
    struct map *names; /* lower-case form -> the name that is there */
};

struct file_root {
    char directory[FILE_PATH];
    bool old_kernel; /* no openat2(2) here */
    struct index indexes[INDEXES_MAX];
    size_t next_index;
};

int file_root_new(struct file_root **out, const char *directory)
{
    struct file_root *root = calloc(1, sizeof *root);
    if (!root)
        return -ENOMEM;
    if (!text_copy(root->directory, sizeof root->directory, directory)) {
        free(root);
        return ERR_LIMIT;
    }
    *out = root;
    return 0;
}

static void index_clear(struct index *index)
{
    size_t position = 0;
    char *name;
    while (index->names && (name = map_next(index->names, &position, NULL)) != NULL)
        free(name);
    map_free(index->names);
    *index = (struct index){0};
}

void file_root_free(struct file_root *root)
{
    if (!root)
        return;
    for (size_t i = 0; i < INDEXES_MAX; i++)
        index_clear(&root->indexes[i]);
    free(root);
}

const char *file_root_directory(const struct file_root *root)
{
    return root->directory;
}

bool file_identity_equal(const struct file_identity *a, const struct file_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

static int64_t nanoseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void identity_from(struct file_identity *out, const struct stat *st)
{
    *out = (struct file_identity){.device = (uint64_t)st->st_dev,
                                  .inode = (uint64_t)st->st_ino,
                                  .size = (uint64_t)st->st_size,
                                  .modified_ns = nanoseconds(st->st_mtim),
                                  .changed_ns = nanoseconds(st->st_ctim)};
}

int file_identity_of(int fd, struct file_identity *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    identity_from(out, &st);
    return 0;
}

/* Part by part, following no link at all: for kernels and sandboxes without openat2(2). */
static int open_by_parts(int base, const char *name, int flags)
{
    char part[NAME_MAX + 1];
    int fd = base;
    for (;;) {
        size_t size = strcspn(name, "/");
        bool last = name[size] == '\0';
        if (size == 0 || size >= sizeof part) {
            errno = ENOENT;
            break;
        }
        memcpy(part, name, size);
        part[size] = '\0';
        int next = openat(fd, part, O_NOFOLLOW | O_CLOEXEC | (last ? flags : O_PATH | O_DIRECTORY));
        int error = errno;
        if (fd != base)
            close(fd);
        errno = error;
        if (next < 0 || last)
            return next;
        fd = next;
        name += size + 1;
    }
    if (fd != base)
        close(fd);
    return -1;
}

/* Opens `name` below the root; links may not lead outside, or not be there at all. */
static int open_beneath(struct file_root *root, int base, const char *name, int flags,
                        uint64_t links)
{
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | links};
    for (int i = 0; i < 8 && !root->old_kernel; i++) {
        long fd = syscall(SYS_openat2, base, name, &how, sizeof how);
        if (fd < 0 && errno == EAGAIN)
            continue; /* a directory on the way was just being moved */
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
            return (int)fd;
        root->old_kernel = true;
    }
    return open_by_parts(base, name, flags);
}

static int error_of_open(void)
{
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
        return ERR_NOT_FOUND;
    return errno == EXDEV || errno == ELOOP ? ERR_POLICY : -errno;
}

static int open_file(struct file_root *root, int base, struct found_file *out, const char *name)
{
    struct stat st;
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    int fd = open_beneath(root, base, name, flags, RESOLVE_NO_SYMLINKS);
    out->linked = fd < 0 && errno == ELOOP;
    if (out->linked)
        fd = open_beneath(root, base, name, flags, 0);
    if (fd < 0)
        return error_of_open();
    int result = fstat(fd, &st) == 0 ? 0 : -errno;
    if (result == 0 && !S_ISREG(st.st_mode))
        result = S_ISDIR(st.st_mode) ? ERR_NOT_FOUND : ERR_POLICY;
    if (result) {
        close(fd);
        return result;
    }
    out->fd = fd;
    identity_from(&out->identity, &st);
    return 0;
}

/* ---- without regard to letter case ---- */

static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

static int index_name(struct index *index, const char *name)
{
    char key[NAME_MAX + 1];
    text_copy(key, sizeof key, name);
    lower(key);
    struct bytes k = bytes_of_string(key);
    char *other = map_get(index->names, k);
    if (other && strcmp(other, name) <= 0)
        return 0;
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    free(map_remove(index->names, k));
    int result = map_add(index->names, k, copy);
    if (result)
        free(copy);
    return result;
}

static int index_fill(struct index *index, int fd)
{
    int result = map_new(&index->names, ENTRIES_MAX);
    DIR *dir = result == 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        close(fd);
        return result ? result : -errno;
    }
    struct dirent *entry;
    while (result == 0 && (entry = readdir(dir)) != NULL)
        result = index_name(index, entry->d_name);
    closedir(dir);
    return result;
}

static struct index *known_index(struct file_root *root, const char *directory)
{
    for (size_t i = 0; i < INDEXES_MAX; i++)
        if (root->indexes[i].names && strcmp(root->indexes[i].directory, directory) == 0)
            return &root->indexes[i];
    return NULL;
}

/* The index of a directory ("" is the root itself), made anew when the directory has changed. */
static int index_of(struct file_root *root, int base, const char *directory, struct index **out)
{
    struct file_identity identity = {0};
    struct index *index = known_index(root, directory);
    int fd = open_beneath(root, base, *directory ? directory : ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return error_of_open();
    int result = file_identity_of(fd, &identity);
    if (result || (index && file_identity_equal(&index->identity, &identity))) {
        close(fd);
        *out = index;
        return result;
    }
    if (!index) {
        index = &root->indexes[root->next_index];
        root->next_index = (root->next_index + 1) % INDEXES_MAX;
    }
    index_clear(index);
    text_copy(index->directory, sizeof index->directory, directory);
    result = index_fill(index, fd);
    /* A change right now might leave the time stamp as it is: such an index is good once. */
    if (clock_wall_ms() * 1000000 - identity.modified_ns > SETTLED_NS)
        index->identity = identity;
    *out = index;
    return result;
}

/* The spelling under which a name lies there. */
static int respell(struct file_root *root, int base, char out[FILE_PATH], const char *name)
{
    char part[NAME_MAX + 1];
    out[0] = '\0';
    for (;;) {
        struct index *index = NULL;
        size_t size = strcspn(name, "/");
        if (size == 0 || size >= sizeof part)
            return ERR_NOT_FOUND;
        memcpy(part, name, size);
        part[size] = '\0';
        int result = index_of(root, base, out, &index);
        if (result)
            return result;
        lower(part);
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): index_of() has set it */
        const char *there = map_get(index->names, bytes_of_string(part));
        size_t used = strlen(out);
        if (!there || !text_format(out + used, FILE_PATH - used, "%s%s", used ? "/" : "", there))
            return ERR_NOT_FOUND;
        if (name[size] == '\0')
            return 0;
        name += size + 1;
    }
}

/* Most names that phones ask for are made up and lie nowhere: of those right below the root the
 * index says so, as long as it fits the directory. */
static bool is_surely_absent(struct file_root *root, int base, const char *name)
{
    char key[NAME_MAX + 1];
    struct file_identity identity = {0};
    const struct index *index = known_index(root, "");
    if (!index || strchr(name, '/') || !text_copy(key, sizeof key, name) ||
        file_identity_of(base, &identity) != 0 || !file_identity_equal(&index->identity, &identity))
        return false;
    lower(key);
    return !map_get(index->names, bytes_of_string(key));
}

static int open_base(struct file_root *root)
{
    int base = open(root->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return base < 0 ? -errno : base;
}

int file_root_open(struct file_root *root, struct found_file *out, const char *name)
{
    char spelled[FILE_PATH];
    int base = open_base(root);
    if (base < 0)
        return base == -ENOENT ? ERR_NOT_FOUND : base;
    if (is_surely_absent(root, base, name)) {
        close(base);
        return ERR_NOT_FOUND;
    }
    int result = open_file(root, base, out, name);
    if (result == ERR_NOT_FOUND && respell(root, base, spelled, name) == 0 &&
        strcmp(spelled, name) != 0)
        result = open_file(root, base, out, spelled);
    close(base);
    return result;
}

bool file_root_has(struct file_root *root, const char *name)
{
    int base = open_base(root);
    if (base < 0)
        return false;
    int fd = open_beneath(root, base, name, O_PATH, 0);
    close(base);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}
