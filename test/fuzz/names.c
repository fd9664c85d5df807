/* names: what a phone asks for. Nothing that is understood leads out of tftpboot/. */
#include "fuzz.h"

#include "service/tftp/names.h"

#include <string.h>

static void check_path(const char *path)
{
    MUST(strlen(path) <= FILE_NAME_MAX && path[0] != '\0' && path[0] != '/');
    for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
        size_t size = strcspn(part, "/");
        MUST(size > 0 && part[0] != '.' && part[size - 1] != '~');
    }
    for (const char *p = path; *p; p++)
        MUST((unsigned char)*p >= 0x20 && *p != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct file_name name, again;
    struct why why = WHY_NONE;
    if (file_name_parse(&name, bytes_of(data, size), &why) != 0) {
        MUST(why.text[0] != '\0');
        return 0;
    }
    check_path(name.asked);
    check_path(name.path);
    MUST(text_starts(name.asked, name.path) || name.form != FORM_PLAIN);
    MUST(name.device[0] == '\0' || text_device_name(bytes_of_string(name.device), NULL));
    MUST(name.form != FORM_SEALED || name.kind == NAME_CONFIG);
    MUST(file_name_shown(&name)[0] != '\0');
    (void)file_name_is_firmware(name.asked);
    MUST(file_name_parse(&again, bytes_of_string(name.asked), &why) == 0);
    MUST(again.kind == name.kind && again.form == name.form);
    MUST(strcmp(again.asked, name.asked) == 0 && strcmp(again.path, name.path) == 0);
    MUST(strcmp(again.device, name.device) == 0);
    return 0;
}
