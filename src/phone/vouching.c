#include "phone/vouching.h"

#include "phone/vouch.h"

enum tls_verdict vouching_judge(struct vouching *v, const struct certificate *server,
                                struct why *why)
{
    v->objection = (struct why)WHY_NONE;
    int result = vouch_check(v->ctl, v->itl, v->role, server, &v->objection);
    if (result == 0)
        return TLS_TRUSTED;
    v->open = v->tvsc && tvsc_asks(v->tvsc);
    if (v->open)
        return TLS_TRUSTED;
    *why = v->objection;
    return TLS_UNKNOWN_CA;
}

bool vouching_is_open(const struct vouching *v)
{
    return v->open;
}

/* What TVS says after what the lists said. */
static int weigh(const struct vouching *v, const struct testimony *t, struct why *why)
{
    const char *lists = why_text(&v->objection, ERR_POLICY);
    if (t->kind == TESTIMONY_SILENCE)
        return why_error(why, ERR_POLICY, "%s; no TVS could be asked about it: %s", lists,
                         t->words ? t->words : "nobody answers");
    if (t->kind == TESTIMONY_DENIED)
        return why_error(why, ERR_POLICY, "%s; TVS does not trust it either", lists);
    if (!vouch_testimony(t, v->role))
        return why_error(why, ERR_POLICY, "%s; TVS trusts it, but not for this role", lists);
    return 0;
}

static void answered(void *context, const struct testimony *testimony)
{
    struct vouching *v = context;
    struct why why = WHY_NONE;
    int result = weigh(v, testimony, &why);
    v->open = false;
    v->told(v->context, result, &why);
}

int vouching_ask(struct vouching *v, const struct tls_connection *connection,
                 void (*told)(void *context, int error, const struct why *why), void *context)
{
    certificate_free(v->certificate);
    v->certificate = NULL;
    v->told = told;
    v->context = context;
    int result = tls_peer_certificate(connection, &v->certificate, NULL);
    if (result)
        return result;
    const struct certificate *c = v->certificate;
    const struct inquiry_question question = {
        .certificate = certificate_der(c),
        .subject = bytes_of_string(certificate_subject(c)),
        .issuer = bytes_of_string(certificate_issuer(c)),
        .serial = certificate_serial(c),
    };
    return tvsc_ask(&v->ask, v->tvsc, &question, answered, v);
}

void vouching_clear(struct vouching *v)
{
    tvsc_ask_free(v->ask);
    certificate_free(v->certificate);
    v->ask = NULL;
    v->certificate = NULL;
    v->open = false;
}
