/*
 * signalling: a phone and its call managers, over the network: it joins the engines of
 * phone/registration.h and phone/handset.h to TCP, TLS and audio.
 *
 * The certificate a call manager shows is judged by the phone's own lists, or by TVS where they do
 * not know it, before a byte of SCCP is said.
 */
#ifndef PHONE_SIGNALLING_H
#define PHONE_SIGNALLING_H

#include "net/tls_connection.h"
#include "net/worker.h"
#include "phone/audio.h"
#include "phone/handset.h"
#include "phone/managers.h"
#include "phone/registration.h"
#include "phone/tvsc.h"

#define SIGNALLING_SERVER (CNF_HOST + 16)

enum signalling_happening {
    SIGNALLING_CONNECTS,     /* to `server` */
    SIGNALLING_CONNECTED,    /* with `tls` and `cipher`, or without TLS: both are NULL */
    SIGNALLING_REGISTRATION, /* a REGISTRATION_TELL, about `server` */
    SIGNALLING_HANDSET,      /* a HANDSET_TELL */
};

/* Valid during the call. */
struct signalling_news {
    enum signalling_happening what;
    const char *server; /* "192.0.2.10:2443" */
    const char *tls, *cipher;
    const struct registration_step *registration;
    const struct handset_step *handset;
};

/* Valid during the call. */
struct signalling_end {
    bool again; /* the phone is to boot again, as `reset` says */
    enum sccp_reset_type reset;
    const char *server; /* that it tried last */
    const char *words;  /* why it gave up; "" when it was told to leave */
};

struct signalling_setup {
    struct loop *loop;
    struct worker *worker; /* for the names of call managers */
    struct audio_room *room;
    struct tls_context *tls;         /* of clients: of TLS, or without it */
    bool old_tls;                    /* it speaks TLS 1.0 alone: explains a failed handshake */
    const struct identity *identity; /* what it shows; NULL: nothing; must stay */
    const struct address *source;    /* copied; NULL: the system chooses */
    const struct managers *managers; /* copied */
    const struct phone_trust *trust; /* copied; what it looks into must stay */
    struct tvsc *tvsc;               /* must stay */
    const struct registration_setup *registration; /* `servers` is filled in here */
    struct sound *sound;                           /* what it says, or NULL: silence; must stay */
    struct recording *recording;                   /* what it hears, or NULL; must stay */
    struct span *span; /* a copy of its audio packets, or NULL; must stay */
    bool mute;         /* audio is opened, and nothing sent */
    void (*news)(void *context, const struct signalling_news *news);
    /* Once, never from signalling_start(), and the last; signalling_free() may be called in it. */
    void (*finished)(void *context, const struct signalling_end *end);
    void *context;
};

struct signalling;

int signalling_start(struct signalling **out, const struct signalling_setup *setup) CHECKED;
/* At any time but from `news`; nothing is called any more. NULL is accepted. */
void signalling_free(struct signalling *s);
/* Says goodbye; `finished` follows. */
void signalling_leave(struct signalling *s);

/* For acts and questions; signalling_pump() after acts. */
struct handset *signalling_handset(struct signalling *s);
void signalling_pump(struct signalling *s);

const struct registration *signalling_registration(const struct signalling *s);
/* "192.0.2.10:2443"; "" when there is no such server. */
const char *signalling_server(const struct signalling *s, size_t server);
/* Of a call that is, or that was over last; of HANDSET_CALLS: of the last one that had audio.
 * False: there was none. */
bool signalling_counters(const struct signalling *s, size_t call, struct audio_counters *out);
/* Its configuration demands TLS, and it has no CTL that names a call manager: so it speaks TCP. */
bool signalling_lacks_ctl(const struct signalling *s);
/* Where its audio is and where it goes; size 0: nowhere yet. False: that call has none. */
bool signalling_stream(const struct signalling *s, size_t call, struct address *local,
                       struct address *remote);
/* Where the phone is, for the call manager it registers with; NULL: it has none. */
const struct address *signalling_local(const struct signalling *s);

#endif
