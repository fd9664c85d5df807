#include "phone/enrol_parts.h"

const char *enrol_outcome_text(enum enrol_outcome outcome)
{
    static const char *const words[ENROL_OUTCOMES] = {
        [ENROL_NOTHING] = "nothing",
        [ENROL_INSTALLED] = "installed",
        [ENROL_FETCHED] = "fetched",
        [ENROL_DELETED] = "deleted",
        [ENROL_REFUSED] = "refused",
        [ENROL_UNKNOWN] = "unknown_device",
        [ENROL_BAD_ORDER] = "bad_order",
        [ENROL_RETRY_LATER] = "retry_later",
        [ENROL_BROKEN] = "broken",
        [ENROL_UNREACHABLE] = "unreachable",
        [ENROL_UNTRUSTED] = "untrusted_server",
    };
    return words[outcome];
}

/* ---- who it is ---- */

static const struct identity *certificate_to_show(const struct enrol_setup *s)
{
    const struct identity *lsc = s->lsc;
    const struct identity *mic = s->mic;
    if (s->auth == CAPF_AUTH_LSC)
        return lsc ? lsc : mic;
    if (s->auth == CAPF_AUTH_MIC)
        return mic ? mic : lsc;
    return NULL;
}

/* SUDI_DATA goes beside the certificate, signed over the session: RSA alone is known there. */
static const struct identity *sudi_to_show(const struct enrol_setup *s)
{
    const struct identity *mic = s->mic;
    return certificate_to_show(s) && mic && key_kind(mic->key) == KEY_RSA ? mic : NULL;
}

static int show_certificate(struct capf_message *m, struct proof *proof,
                            const struct enrol_setup *s, struct why *why)
{
    const struct identity *shown = certificate_to_show(s);
    if (!shown)
        return 0;
    struct bytes der = certificate_der(shown->certificate);
    int result = proof_make(proof, shown->key, m->device_name, der, why);
    if (result == 0)
        proof_attach(m, proof, der);
    return result;
}

static int show_sudi(struct capf_message *m, struct proof *proof, const struct enrol_setup *s,
                     uint32_t session, struct why *why)
{
    const struct identity *sudi = sudi_to_show(s);
    if (!sudi)
        return 0;
    struct bytes der = certificate_der(sudi->certificate);
    int result = proof_make_sudi(proof, sudi->key, session, der, why);
    if (result == 0)
        proof_attach_sudi(m, proof, der);
    return result;
}

int enrol_show(struct capf_message *answer, struct enrol_proofs *proofs,
               const struct enrol_setup *setup, uint32_t session, struct why *why)
{
    int result = show_certificate(answer, &proofs->certificate, setup, why);
    return result ? result : show_sudi(answer, &proofs->sudi, setup, session, why);
}

/* ---- keys ---- */

static bool read_rsa_order(struct key_spec *out, const struct capf_message *m,
                           const struct enrol_setup *s)
{
    unsigned bits = m->key_size;
    *out = (struct key_spec){.kind = KEY_RSA, .bits = bits};
    return m->has_key_size && (bits == 1024 || bits == 2048 || bits == 3072 || bits == 4096) &&
           (s->rsa_max == 0 || bits <= s->rsa_max);
}

static bool read_ec_order(struct key_spec *out, const struct capf_message *m,
                          const struct enrol_setup *s)
{
    static const unsigned bits[] = {[CAPF_P256] = 256, [CAPF_P384] = 384, [CAPF_P521] = 521};
    if (s->no_ec || !m->has_curve || m->curve > CAPF_P521)
        return false;
    *out = (struct key_spec){.kind = KEY_EC, .bits = bits[m->curve]};
    return true;
}

/* Without KEY_TYPE it is RSA: servers of old say KEY_SIZE alone. */
bool enrol_read_order(struct key_spec *out, const struct capf_message *m,
                      const struct enrol_setup *s)
{
    uint8_t type = m->has_key_type ? m->key_type : CAPF_KEY_RSA;
    if (type == CAPF_KEY_EC)
        return read_ec_order(out, m, s);
    return type == CAPF_KEY_RSA && read_rsa_order(out, m, s);
}
