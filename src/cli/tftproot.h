/*
 * tftproot: the files phones can ask for by name, as commands list and delete them.
 *
 * The published lists appear among them under their names CTLFile.tlv and ITLFile.tlv, and those of
 * revoked certificates under theirs. Nothing outside of tftpboot/ is looked at or touched: no part
 * of a name may be "..", and directories that are links are not followed.
 */
#ifndef CLI_TFTPROOT_H
#define CLI_TFTPROOT_H

#include "cli/session.h"

enum tftp_entry_kind { ENTRY_FILE, ENTRY_DIRECTORY, ENTRY_LIST, ENTRY_CRL };
struct tftp_entry {
    char name[256];
    enum tftp_entry_kind kind;
    enum list_kind list; /* of ENTRY_LIST */
    uint64_t size;
    int64_t modified; /* unix seconds; of a list: the TIMESTAMP in it */
};

struct tftp_entries {
    char directory[FILE_PATH]; /* below tftpboot/, "" for itself */
    struct tftp_entry *items;
    size_t count;
};

/* What fits `spec`, by name: "SEP*", "/CTLFile.tlv", "Desktops/320x196x4/List*". A directory that
 * is named itself stands for what is in it when `open` is true. A leading '/' does not count.
 * Nothing found is no error. */
int tftproot_find(struct tftp_entries *out, struct cluster *cluster, const char *spec, bool open,
                  struct why *why) CHECKED;
void tftproot_free(struct tftp_entries *entries);

/* Removes a file (not a list, not a directory). */
int tftproot_remove(struct cluster *cluster, const char *directory, const char *name,
                    struct why *why) CHECKED;

#endif
