#include "phone/vouching.h"

enum tls_verdict vouching_judge(struct vouching *v, const struct certificate *server,
                                struct why *why)
{
    struct answer answer;
    accept_server(&answer, &v->trust, v->kind, server);
    v->open = answer.verdict == VERDICT_THROUGH_TVS && v->tvsc;
    if (answer.verdict == VERDICT_YES || v->open)
        return TLS_TRUSTED;
    (void)why_error(why, ERR_POLICY, "%s", answer.explanation);
    return TLS_UNKNOWN_CA;
}

bool vouching_is_open(const struct vouching *v)
{
    return v->open;
}

static void answered(void *context, const struct testimony *testimony)
{
    struct vouching *v = context;
    struct phone_trust trust = v->trust;
    struct answer answer;
    struct why why = WHY_NONE;
    int result = 0;
    trust.testimony = testimony;
    accept_server(&answer, &trust, v->kind, v->certificate);
    if (answer.verdict != VERDICT_YES)
        result = why_error(&why, ERR_POLICY, "%s", answer.explanation);
    v->open = false;
    v->told(v->context, result, &why);
}

int vouching_ask(struct vouching *v, struct tls_connection *connection,
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
