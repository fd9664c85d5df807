#include "service/tftp/names.h"

#include "cluster/crlfile.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool ends_with(const char *text, const char *suffix)
{
    size_t n = strlen(text);
    size_t m = strlen(suffix);
    return n >= m && strcasecmp(text + n - m, suffix) == 0;
}

static int refuse_hidden(struct why *why)
{
    return why_error(why, ERR_POLICY, "Access violation: there is no way to such names");
}

/* One part of a path. */
static int check_part(struct bytes part, struct why *why)
{
    for (size_t i = 0; i < part.size; i++)
        if (part.data[i] < 0x20 || part.data[i] == 0x7f)
            return why_error(why, ERR_POLICY, "Control characters are not allowed in names");
    if (part.data[0] == '.' || part.data[part.size - 1] == '~')
        return refuse_hidden(why);
    return 0;
}

/* Copies the name part by part, with one '/' between. */
static int normalise(char out[FILE_NAME_MAX + 1], struct bytes name, struct why *why)
{
    size_t used = 0;
    size_t at = 0;
    if (name.size > FILE_NAME_MAX)
        return why_error(why, ERR_LIMIT, "File name too long");
    while (at < name.size) {
        const uint8_t *start = name.data + at;
        const uint8_t *slash = memchr(start, '/', name.size - at);
        struct bytes part = bytes_of(start, slash ? (size_t)(slash - start) : name.size - at);
        at += part.size + 1;
        if (part.size == 0)
            continue;
        int result = check_part(part, why);
        if (result)
            return result;
        if (used)
            out[used++] = '/';
        memcpy(out + used, part.data, part.size);
        used += part.size;
    }
    out[used] = '\0';
    bool directory = name.size && name.data[name.size - 1] == '/';
    return used && !directory ? 0 : why_error(why, ERR_POLICY, "A file name is needed");
}

/* "SEP<MAC>" at the start of the text, in any case. */
static bool begins_with_device(const char *text, char device[DEVICE_NAME_LENGTH + 1])
{
    char name[DEVICE_NAME_LENGTH + 1];
    if (strlen(text) < DEVICE_NAME_LENGTH || strncasecmp(text, "SEP", 3) != 0)
        return false;
    memcpy(name, text, DEVICE_NAME_LENGTH);
    name[DEVICE_NAME_LENGTH] = '\0';
    text_upper(name);
    return text_device_name(bytes_of_string(name), device);
}

/* The same, and then exactly `rest`. */
static bool device_then(const char *text, const char *rest, char device[DEVICE_NAME_LENGTH + 1])
{
    return strlen(text) >= DEVICE_NAME_LENGTH && strcasecmp(text + DEVICE_NAME_LENGTH, rest) == 0 &&
           begins_with_device(text, device);
}

/* People keep old configurations beside the new one, or in a directory of their own, under whatever
 * name tells them whose it was: backup-SEP<MAC>.cnf.xml, SEP<MAC>.xml. Lists have no secrets. */
static bool is_copy(struct file_name *out)
{
    const char *slash = strrchr(out->path, '/');
    if (ends_with(out->path, ".tlv"))
        return false;
    for (const char *at = slash ? slash + 1 : out->path; *at; at++)
        if (begins_with_device(at, out->about))
            return true;
    return false;
}

static bool is_list(struct file_name *out, const char *prefix, const char *whole)
{
    if (strcasecmp(out->asked, whole) == 0)
        return true;
    return strncasecmp(out->asked, prefix, 3) == 0 &&
           device_then(out->asked + 3, ".tlv", out->device);
}

/* Lists are signed in themselves, those of revoked certificates, too; everything else may be asked
 * for with ".sgn". */
static enum name_kind kind_of(struct file_name *out)
{
    if (is_list(out, "CTL", "CTLFile.tlv"))
        return NAME_CTL;
    if (is_list(out, "ITL", "ITLFile.tlv"))
        return NAME_ITL;
    if (strcasecmp(out->asked, CRLFILE_NAME) == 0)
        return NAME_CRL;
    if (strcasecmp(out->asked, CRLFILE_PEM_NAME) == 0)
        return NAME_CRLS;
    if (device_then(out->asked, ".cnf.xml.enc.sgn", out->device)) {
        out->form = FORM_SEALED;
        out->path[strlen(out->path) - strlen(".enc.sgn")] = '\0';
        return NAME_CONFIG;
    }
    if (ends_with(out->asked, ".sgn") && strlen(out->asked) > 4 &&
        out->asked[strlen(out->asked) - 5] != '/') {
        out->form = FORM_SIGNED;
        out->path[strlen(out->path) - strlen(".sgn")] = '\0';
    }
    if (device_then(out->path, ".cnf.xml", out->device))
        return NAME_CONFIG;
    if (strcasecmp(out->path, "XMLDefault.cnf.xml") == 0)
        return NAME_DEFAULT;
    return is_copy(out) ? NAME_COPY : NAME_FILE;
}

int file_name_parse(struct file_name *out, struct bytes name, struct why *why)
{
    struct file_name n = {.form = FORM_PLAIN};
    int result = normalise(n.asked, name, why);
    if (result)
        return result;
    memcpy(n.path, n.asked, sizeof n.path);
    n.kind = kind_of(&n);
    if (ends_with(n.path, "~"))
        return refuse_hidden(why); /* x~.sgn is x~ in an envelope */
    *out = n;
    return 0;
}

const char *file_name_shown(const struct file_name *name)
{
    switch (name->kind) {
    case NAME_CTL:
        return "CTLFile.tlv";
    case NAME_ITL:
        return "ITLFile.tlv";
    case NAME_CONFIG:
    case NAME_DEFAULT:
    case NAME_CRL:
    case NAME_CRLS:
    case NAME_COPY:
    case NAME_FILE:
        break;
    }
    return name->asked;
}

bool file_name_is_firmware(const char *name)
{
    static const char *const suffixes[] = {".loads", ".sbn", ".sb2", ".sebn", ".zz",  ".zup",
                                           ".bin",   ".ebn", ".cop", ".rbin", ".img", NULL};
    char bare[FILE_NAME_MAX + 1];
    text_copy(bare, sizeof bare, name);
    if (ends_with(bare, ".sgn"))
        bare[strlen(bare) - strlen(".sgn")] = '\0';
    size_t n = strlen(bare); /* image.bin4: the parts of a large image are numbered */
    while (n && isdigit((unsigned char)bare[n - 1]))
        n--;
    for (const char *const *suffix = suffixes; *suffix; suffix++) {
        if (ends_with(bare, *suffix))
            return true;
        size_t m = strlen(*suffix);
        if (bare[n] && n >= m && strncasecmp(bare + n - m, *suffix, m) == 0)
            return true;
    }
    return false;
}
