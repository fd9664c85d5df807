/*
 * flash: what a phone keeps when it is switched off, as files of a directory.
 *
 *   DEVICE               the name of the phone that it belongs to
 *   CTLFile.tlv, ITLFile.tlv, SEP<MAC>.cnf.xml    the last that were accepted
 *   LSC.pem              its certificate and key
 *   .lock                held by the process whose phone this is, or whose fleet lives below it
 *
 * Files are replaced whole: a crash leaves the old one or the new one. Everything here waits for
 * the disk; different phones' may be used by different threads.
 */
#ifndef PHONE_FLASH_H
#define PHONE_FLASH_H

#include "base/bytes.h"
#include "base/text.h"

enum flash_slot { FLASH_CTL, FLASH_ITL, FLASH_CONFIGURATION, FLASH_LSC, FLASH_SLOTS };

/* A flash needs no closing. */
struct flash {
    char directory[800];
    char device[DEVICE_NAME_LENGTH + 1];
};

/* Makes the directory (0700) when it is not there. ERR_CONFLICT when it belongs to another phone;
 * the message names both. */
int flash_open(struct flash *out, const char *directory, const char *device,
               struct why *why) CHECKED;
/* Makes the directory when it is not there, and locks it as long as *fd is open, so that no two
 * processes are the same phone. ERR_TIMEOUT at once when another has it. */
int flash_lock(int *fd, const char *directory, struct why *why) CHECKED;
/* Appends the file to `out`. ERR_NOT_FOUND when the slot is empty. */
int flash_read(const struct flash *flash, enum flash_slot slot, struct buffer *out,
               struct why *why) CHECKED;
int flash_write(const struct flash *flash, enum flash_slot slot, struct bytes content,
                struct why *why) CHECKED;
/* An empty slot is fine. */
int flash_erase(const struct flash *flash, enum flash_slot slot, struct why *why) CHECKED;

#endif
