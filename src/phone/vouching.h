/*
 * vouching: is this TLS server who it should be? The phone's lists are asked in the middle of the
 * handshake; where they do not know the certificate, TVS is asked after it, before a byte of the
 * protocol is said or listened to.
 *
 *     tls_connect(judge: vouching_judge)  ->  ready  ->  vouching_is_open()?  ->  vouching_ask()
 */
#ifndef PHONE_VOUCHING_H
#define PHONE_VOUCHING_H

#include "phone/tvsc.h"

struct vouching {
    struct phone_trust trust; /* what it looks into must stay */
    enum server_kind kind;
    struct tvsc *tvsc; /* NULL: there is nobody to ask */
    /* its own */
    bool open;
    struct certificate *certificate;
    struct tvsc_ask *ask;
    void (*told)(void *context, int error, const struct why *why);
    void *context;
};

/* For tls_connect(): trusted, or to be asked about, or not. */
enum tls_verdict vouching_judge(struct vouching *v, const struct certificate *server,
                                struct why *why);
/* The lists do not know the certificate of this handshake, and TVS must be asked. */
bool vouching_is_open(const struct vouching *v);
/* `told` is called once, later: 0, or ERR_POLICY and why. vouching_clear() may be called in it. */
int vouching_ask(struct vouching *v, struct tls_connection *connection,
                 void (*told)(void *context, int error, const struct why *why),
                 void *context) CHECKED;
/* For the next connection; nothing is called any more. */
void vouching_clear(struct vouching *v);

#endif
