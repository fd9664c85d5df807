/* The words of the boot engine's enums: part of our interface, and the phones' own messages. */
#include "phone/boot_parts.h"

const char *boot_failure_text(enum boot_failure failure)
{
    static const char *const words[] = {
        [FAILURE_NONE] = "none",
        [FAILURE_TIMEOUT] = "timeout",
        [FAILURE_UNREACHABLE] = "unreachable",
        [FAILURE_TOO_LARGE] = "too_large",
        [FAILURE_ACCESS] = "access",
        [FAILURE_SERVER] = "server",
        [FAILURE_LOCAL] = "local",
    };
    return words[failure];
}

const char *boot_kind_text(enum boot_kind kind)
{
    static const char *const words[] = {
        [BOOT_CTL] = "ctl",
        [BOOT_ITL] = "itl",
        [BOOT_CONFIGURATION] = "configuration",
        [BOOT_DEFAULT] = "default_configuration",
        [BOOT_EXTRA] = "other",
    };
    return words[kind];
}

const char *boot_result_text(enum boot_result result)
{
    static const char *const words[] = {
        [RESULT_ACCEPTED] = "accepted", [RESULT_UNCHANGED] = "unchanged",
        [RESULT_REFUSED] = "refused",   [RESULT_ABSENT] = "absent",
        [RESULT_FAILED] = "failed",     [RESULT_NOT_OURS] = "not_ours",
        [RESULT_BY_TFTP] = "by_tftp",
    };
    return words[result];
}

char *boot_status_text(char out[BOOT_STATUS_TEXT], const struct boot_action *action)
{
    static const char *const formats[] = {
        [STATUS_ERASING] = "Erasing CTL and ITL files",
        [STATUS_ERASING_CTL] = "Erasing CTL file",
        [STATUS_ERASING_ITL] = "Erasing ITL file",
        [STATUS_LIST_UPDATED] = "Trust List Updated",
        [STATUS_LIST_FAILED] = "Trust List Update Failed",
        [STATUS_LIST_UNVERIFIED] = "Trust List Verification Failed",
        [STATUS_NO_LIST] = "No Trust List Installed",
        [STATUS_NOT_FOUND] = "File Not Found <",
        [STATUS_FILE_AUTH] = "File Auth Error <",
        [STATUS_CONFIG_ERROR] = "Error Verifying Config Info",
        [STATUS_TIMEOUT] = "TFTP Timeout",
        [STATUS_ACCESS] = "TFTP Access Error",
        [STATUS_ERROR] = "TFTP Error",
        [STATUS_SIZE] = "TFTP Size Error",
        [STATUS_NO_CAPF] = "No valid CAPF server",
        [STATUS_CONFIGURED] = "",
    };
    const char *format = formats[action->status];
    char name[4 * BOOT_NAME];
    text_escape(name, sizeof name, bytes_of_string(action->name));
    if (action->status == STATUS_CONFIGURED)
        text_copy(out, BOOT_STATUS_TEXT, name);
    else if (text_ends(format, "<"))
        text_format(out, BOOT_STATUS_TEXT, "%s%s>", format, name);
    else
        text_copy(out, BOOT_STATUS_TEXT, format);
    return out;
}
