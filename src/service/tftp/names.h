/*
 * names: what a phone means by the name it asks for (docs/protocols/tftp.md, "Names").
 *
 * Pure. Letter case does not matter to us where it says what is meant, since firmware of the 792x
 * spells names its own way; the spelling asked for is kept, because a signed file must carry it.
 */
#ifndef SERVICE_TFTP_NAMES_H
#define SERVICE_TFTP_NAMES_H

#include "base/text.h"

enum name_kind {
    NAME_CTL,     /* CTLSEP<MAC>.tlv, CTLFile.tlv */
    NAME_ITL,     /* ITLSEP<MAC>.tlv, ITLFile.tlv */
    NAME_CONFIG,  /* SEP<MAC>.cnf.xml */
    NAME_DEFAULT, /* XMLDefault.cnf.xml */
    NAME_CRL,     /* CAPF.crl */
    NAME_CRLS,    /* CAPF.crl.pem */
    NAME_COPY,    /* another name that has a phone's in its last part */
    NAME_FILE,    /* anything else */
};

enum name_form {
    FORM_PLAIN,
    FORM_SIGNED, /* .sgn: an envelope around the plain content */
    FORM_SEALED, /* .enc.sgn, of NAME_CONFIG only */
};

#define FILE_NAME_MAX 255 /* bytes */

struct file_name {
    enum name_kind kind;
    enum name_form form;
    char device[DEVICE_NAME_LENGTH + 1]; /* whose it is, "SEP...", or "" */
    char about[DEVICE_NAME_LENGTH + 1];  /* of NAME_COPY: whose secrets may be in it */
    char asked[FILE_NAME_MAX + 1];       /* without leading '/', no empty parts */
    char path[FILE_NAME_MAX + 1];        /* below tftpboot/: of the plain content */
};

/* ERR_LIMIT: too long. ERR_POLICY: empty, "..", a control character, or a part that begins with
 * '.' or ends with '~' (hidden and half-written files are nobody's). `why` is for the peer. */
int file_name_parse(struct file_name *out, struct bytes name, struct why *why) CHECKED;

/* "CTLFile.tlv" and "ITLFile.tlv" for lists, else the name asked for: what traces show. */
const char *file_name_shown(const struct file_name *name);

/* Firmware carries Cisco's own signature and is served as it lies, never signed or unsigned. */
bool file_name_is_firmware(const char *name);

#endif
