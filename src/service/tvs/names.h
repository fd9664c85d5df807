/*
 * names: do two distinguished names, written by different hands, mean the same?
 *
 * A phone names an issuer as it found it in a list, and lists are written in several ways: `;` or
 * `,` between attributes, their order that of CUCM or of the certificate, keys in upper or lower
 * case, values in quotes, padded with blanks, with backslashes. The names of eTokens are cut at the
 * first comma inside a quoted value and never closed: `cn="SAST-ADN008580ef ";ou=IPCBU;o="Cisco
 * Systems` (docs/protocols/trust-files.md, "Names").
 */
#ifndef SERVICE_TVS_NAMES_H
#define SERVICE_TVS_NAMES_H

#include "base/bytes.h"

/* Every attribute of the one is in the other, as often as there, and none is left over. Values are
 * compared byte for byte. When `said` is cut, what it still has must be in `known`, the last value
 * up to the cut. */
bool names_match(struct bytes said, struct bytes known);

/* Does an eToken have these names: CN SAST-..., issued by Cisco Manufacturing CA? */
bool names_are_etoken(struct bytes subject, struct bytes issuer);

#endif
