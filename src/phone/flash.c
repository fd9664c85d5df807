#include "phone/flash.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int path_of(char out[FILE_PATH], const struct flash *flash, enum flash_slot slot)
{
    static const char *const names[FLASH_SLOTS] = {
        [FLASH_CTL] = "CTLFile.tlv",
        [FLASH_ITL] = "ITLFile.tlv",
        [FLASH_LSC] = "LSC.pem",
    };
    char configuration[DEVICE_NAME_LENGTH + 16];
    text_format(configuration, sizeof configuration, "%s.cnf.xml", flash->device);
    return file_path(out, flash->directory, names[slot] ? names[slot] : configuration);
}

/* Reads whose flash it is; an empty `owner` when nobody has used it yet. */
static int read_owner(char owner[DEVICE_NAME_LENGTH + 1], const char *path, struct why *why)
{
    struct buffer text;
    owner[0] = '\0';
    if (!file_exists(path))
        return 0;
    buffer_init(&text, 64);
    int result = file_read(&text, path, why);
    if (result == 0 && text.size && text.data[text.size - 1] == '\n')
        text.size--;
    if (result == 0 && !text_device_name(buffer_bytes(&text), owner))
        result = why_error(why, ERR_FORMAT, "%s: does not name a phone", path);
    buffer_fini(&text);
    return result;
}

static int claim(const struct flash *flash, const char *path, struct why *why)
{
    char line[DEVICE_NAME_LENGTH + 2];
    text_format(line, sizeof line, "%s\n", flash->device);
    return file_create(path, bytes_of_string(line), 0600, why);
}

int flash_open(struct flash *out, const char *directory, const char *device, struct why *why)
{
    struct flash flash;
    char path[FILE_PATH];
    char owner[DEVICE_NAME_LENGTH + 1];
    if (!text_copy(flash.directory, sizeof flash.directory, directory) || !*directory)
        return why_error(why, ERR_USAGE, "'%.60s': no name for a directory", directory);
    text_copy(flash.device, sizeof flash.device, device);
    int result = file_mkdirs(directory, 0700, why);
    if (result == 0)
        result = file_path(path, directory, "DEVICE");
    if (result == 0)
        result = read_owner(owner, path, why);
    if (result == 0 && owner[0] == '\0')
        result = claim(&flash, path, why);
    else if (result == 0 && strcmp(owner, device) != 0)
        result = why_error(why, ERR_CONFLICT,
                           "%s: this is the flash of %s, not of %s; give each phone a home of its "
                           "own",
                           directory, owner, device);
    if (result == 0)
        *out = flash;
    return result;
}

int flash_read(const struct flash *flash, enum flash_slot slot, struct buffer *out, struct why *why)
{
    char path[FILE_PATH];
    int result = path_of(path, flash, slot);
    if (result)
        return result;
    if (!file_exists(path))
        return ERR_NOT_FOUND;
    return file_read(out, path, why);
}

int flash_write(const struct flash *flash, enum flash_slot slot, struct bytes content,
                struct why *why)
{
    char path[FILE_PATH];
    int result = path_of(path, flash, slot);
    return result ? result : file_replace(path, content, 0600, why);
}

int flash_erase(const struct flash *flash, enum flash_slot slot, struct why *why)
{
    char path[FILE_PATH];
    int result = path_of(path, flash, slot);
    if (result)
        return result;
    if (unlink(path) != 0 && errno != ENOENT) {
        result = -errno;
        return why_error(why, result, "%s: cannot erase: %s", path, error_text(result));
    }
    return 0;
}

int flash_lock(int *fd, const char *directory, struct why *why)
{
    char path[FILE_PATH];
    int result = file_mkdirs(directory, 0700, why);
    if (result == 0)
        result = file_path(path, directory, ".lock");
    return result ? result : file_lock(fd, path, 0, why);
}
