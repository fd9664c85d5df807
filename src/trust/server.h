/*
 * server: would a phone go on with a server that shows this certificate?
 *
 * Pure, as trust/accept.h is, for simulated phones and the planner alike. Rules:
 * docs/protocols/acceptance.md, "Servers".
 */
#ifndef TRUST_SERVER_H
#define TRUST_SERVER_H

#include "pki/certificate.h"
#include "trust/accept.h"

/* What a server shows its certificate for, and the roles a record must have for it. */
enum server_kind {
    SERVER_CAPF,        /* CAPF */
    SERVER_CALLMANAGER, /* CCM, CCM+TFTP */
    SERVER_HTTPS,       /* APP-SERVER */
    SERVER_TVS,         /* TVS, in the ITL alone: no TVS vouches for a TVS */
};

/* By the phone's lists, or what TVS has said of the certificate (phone->testimony, of a
 * verification: it needs no certificate of its own). RULE_CERTIFICATE_IN_CTL and _IN_ITL: yes.
 * RULE_ASK_TVS: through TVS, or unknown when nobody knows whether the model asks. RULE_TVS_VOUCHES:
 * yes; RULE_TVS_REFUSES, RULE_TVS_SILENT: no. RULE_UNKNOWN_CERTIFICATE: no; so it is for a phone
 * without lists, which has nothing to know a server by. */
void accept_server(struct answer *out, const struct phone_trust *phone, enum server_kind kind,
                   const struct certificate *shown);

/* The record that names this very certificate, whole or by hash, for that kind of server; *list is
 * the list it is in, the CTL before the ITL. NULL: there is none. */
const struct trustlist_record *phone_find_server(const struct phone_trust *phone,
                                                 enum server_kind kind,
                                                 const struct certificate *shown,
                                                 enum trustlist_kind *list);

#endif
