#include "base/file.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int failed(struct why *why, const char *path, const char *what)
{
    int error = -errno;
    return why_error(why, error, "%s: cannot %s: %s", path, what, error_text(error));
}

int file_write_all(int fd, struct bytes content)
{
    while (content.size) {
        ssize_t n = write(fd, content.data, content.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        content = bytes_slice(content, (size_t)n, content.size);
    }
    return 0;
}

int file_path(char out[FILE_PATH], const char *dir, const char *name)
{
    return text_format(out, FILE_PATH, "%s/%s", dir, name) ? 0 : ERR_LIMIT;
}

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

int file_read(struct buffer *out, const char *path, struct why *why)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return failed(why, path, "open");
    int result = 0;
    struct stat st;
    if (fstat(fd, &st) != 0) {
        result = failed(why, path, "read");
        goto out;
    }
    if (!standard && S_ISDIR(st.st_mode)) {
        result = why_error(why, -EISDIR, "%s: is a directory, not a file", path);
        goto out;
    }
    if (!standard && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)) {
        result = why_error(why, ERR_UNSUPPORTED, "%s: not a regular file", path);
        goto out;
    }
    if (!standard && S_ISFIFO(st.st_mode) && fcntl(fd, F_SETFL, 0) != 0) {
        result = failed(why, path, "read");
        goto out;
    }
    for (;;) {
        uint8_t chunk[65536];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            result = failed(why, path, "read");
        if (n <= 0)
            break;
        buffer_append(out, bytes_of(chunk, (size_t)n));
        if (out->error) {
            result =
                why_error(why, out->error, "%s: larger than the %zu bytes allowed", path, out->max);
            break;
        }
    }
out:
    if (!standard)
        close(fd);
    return result;
}

/* The directory part of a path, "." when there is none. */
static void parent_of(char out[FILE_PATH], const char *path)
{
    text_copy(out, FILE_PATH, path);
    char *slash = strrchr(out, '/');
    if (!slash)
        text_copy(out, FILE_PATH, ".");
    else if (slash == out)
        out[1] = '\0';
    else
        *slash = '\0';
}

int file_sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int result = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return result;
}

/* The new content under a temporary name in the same directory, synced. */
static int write_beside(char temporary[FILE_PATH], const char *path, struct bytes content,
                        mode_t mode, struct why *why)
{
    uint64_t salt;
    secret_random(&salt, sizeof salt);
    if (!text_format(temporary, FILE_PATH, "%s.%016llx~", path, (unsigned long long)salt))
        return why_error(why, ERR_LIMIT, "%s: the name is too long", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return failed(why, path, "write");
    int result = file_write_all(fd, content);
    if (result == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        result = -errno;
    if (close(fd) != 0 && result == 0)
        result = -errno;
    if (result) {
        unlink(temporary);
        return why_error(why, result, "%s: cannot write: %s", path, error_text(result));
    }
    return 0;
}

static int put(const char *path, struct bytes content, mode_t mode, bool replace, struct why *why)
{
    char temporary[FILE_PATH];
    int result = write_beside(temporary, path, content, mode, why);
    if (result)
        return result;
    int moved = replace ? rename(temporary, path) : link(temporary, path);
    if (moved != 0) {
        result = errno == EEXIST ? why_error(why, ERR_DUPLICATE, "%s: exists already", path)
                                 : failed(why, path, "write");
        unlink(temporary);
        return result;
    }
    if (!replace)
        unlink(temporary);
    char parent[FILE_PATH];
    parent_of(parent, path);
    result = file_sync_directory(parent);
    return result ? why_error(why, result, "%s: cannot sync: %s", parent, error_text(result)) : 0;
}

int file_replace(const char *path, struct bytes content, mode_t mode, struct why *why)
{
    return put(path, content, mode, true, why);
}

int file_create(const char *path, struct bytes content, mode_t mode, struct why *why)
{
    return put(path, content, mode, false, why);
}

/* A name that stands for a descriptor of ours or for a device: it is written to, never replaced. */
static bool is_stream(const char *path)
{
    struct stat st;
    return text_starts(path, "/dev/") || text_starts(path, "/proc/") ||
           (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

int file_output(const char *path, struct bytes content, mode_t mode, struct why *why)
{
    bool standard = strcmp(path, "-") == 0;
    if (!standard && !is_stream(path))
        return file_replace(path, content, mode, why);
    int fd = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(why, path, "write");
    int result = file_write_all(fd, content);
    if (!standard)
        close(fd);
    return result ? why_error(why, result, "%s: cannot write: %s", path, error_text(result)) : 0;
}

int file_mkdir(const char *path, mode_t mode, struct why *why)
{
    if (mkdir(path, mode) == 0)
        return chmod(path, mode) == 0 ? 0 : failed(why, path, "set the mode of");
    struct stat st;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return failed(why, path, "make directory");
}

int file_mkdirs(const char *path, mode_t mode, struct why *why)
{
    char part[FILE_PATH];
    if (!text_copy(part, sizeof part, path))
        return why_error(why, ERR_LIMIT, "%s: the name is too long", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int result = file_exists(part) ? 0 : file_mkdir(part, 0755, why);
        if (result)
            return result;
        *slash = '/';
    }
    return file_mkdir(path, mode, why);
}

int file_remove_tree(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT)
            return 0;
        if (errno != ENOTDIR && errno != ELOOP)
            return -errno;
        return unlink(path) == 0 ? 0 : -errno;
    }
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return -ENOMEM;
    }
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char child[FILE_PATH];
        struct stat st;
        result = file_path(child, path, entry->d_name);
        if (result)
            break;
        if (lstat(child, &st) != 0)
            result = -errno;
        else if (S_ISDIR(st.st_mode))
            result = file_remove_tree(child);
        else if (unlink(child) != 0)
            result = -errno;
    }
    closedir(dir);
    if (result == 0 && rmdir(path) != 0)
        result = -errno;
    return result;
}

/* Who wrote the lock file, for the message. */
static void read_holder(int fd, char out[32])
{
    ssize_t n = pread(fd, out, 31, 0);
    out[n > 0 ? n : 0] = '\0';
    text_copy(out, 32, text_trim(out));
}

int file_lock(int *fd, const char *path, int wait_ms, struct why *why)
{
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0)
        return failed(why, path, "open");
    int64_t deadline = clock_ms() + wait_ms;
    while (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            int result = failed(why, path, "lock");
            close(lock);
            return result;
        }
        if (clock_ms() >= deadline) {
            char holder[32];
            read_holder(lock, holder);
            close(lock);
            return why_error(why, ERR_TIMEOUT,
                             "%s: process %s is still at work on this; try again when it is done",
                             path, holder[0] ? holder : "?");
        }
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
    char self[32];
    int n = snprintf(self, sizeof self, "%ld\n", (long)getpid());
    if (ftruncate(lock, 0) != 0 || pwrite(lock, self, (size_t)n, 0) != n) {
        /* Only the message of another process would have used it. */
    }
    *fd = lock;
    return 0;
}
