/* phone revoke: the LSCs of a phone are good for nothing any more. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/enrolview.h"
#include "cli/words.h"
#include "cluster/enrolment.h"
#include "cluster/own.h"
#include "signer/protocol.h"

#include <ctype.h>
#include <string.h>

/* CRLReason of RFC 5280; a hold that could be taken back is not among them. */
static const struct word reason_words[] = {
    {"unspecified", 0}, {"key-compromise", 1},         {"affiliation-changed", 3},
    {"superseded", 4},  {"cessation-of-operation", 5}, {"privilege-withdrawn", 9},
    {NULL, 0},
};

struct revoking {
    char device[DEVICE_NAME];
    char serial[CERTIFICATE_SERIAL]; /* "": all */
    int reason;
    struct buffer text; /* what is revoked, for people */
    json_t *json;
    size_t count;
};

static void note_lsc(void *context, const struct store_phone_certificate *c)
{
    struct revoking *r = context;
    char when[CLOCK_TEXT];
    clock_java(when, c->not_after);
    buffer_format(&r->text, "  %s, ", c->serial);
    cli_text(&r->text, bytes_of_string(c->subject));
    buffer_format(&r->text, ", was %s, valid until %s\n", certificate_state_text(c->state), when);
    json_array_append_new(r->json, json_pack("{s:s, s:o, s:s, s:o}", "serial", c->serial, "subject",
                                             cli_json_text(bytes_of_string(c->subject)), "was",
                                             certificate_state_text(c->state), "not_after",
                                             cli_json_time(c->not_after)));
}

static int note_maker(void *context, const struct store_trust *trust)
{
    bool *has = context;
    *has = *has || strcmp(trust->purpose, own_trust_purpose(KEY_CAPF)) == 0;
    return 0;
}

/* Only its maker can revoke a MIC, and a phone without an LSC shows that. */
static int warn_of_mic(struct cluster *cluster, struct act_report *report, const char *device)
{
    struct store_device found;
    bool has_makers = false;
    int result = store_device_get(cluster_store(cluster), device, &found);
    if (result == ERR_NOT_FOUND)
        return 0;
    if (result == 0)
        result = store_trusts(cluster_store(cluster), note_maker, &has_makers);
    if (result == 0 && has_makers)
        text_format(report->note, sizeof report->note,
                    "%s can register with its MIC still, since CAPF-trust has CAs of makers: to "
                    "keep it out, delete it, too (trustline phone delete %s)",
                    device, device);
    return result;
}

static int revoke(struct cluster *cluster, struct act_report *report,
                  const struct act_options *options, void *context, struct why *why)
{
    struct revoking *r = context;
    r->text.size = 0; /* planned first, then done */
    json_array_clear(r->json);
    int result = cluster_lsc_revoke(cluster, r->device, r->serial[0] ? r->serial : NULL,
                                    (unsigned)r->reason, note_lsc, r, &r->count, options, why);
    report->already = result == 0 && r->count == 0;
    return result ? result : warn_of_mic(cluster, report, r->device);
}

static void say_revoked(FILE *out, struct cluster *cluster, const struct act_report *report,
                        void *context)
{
    struct revoking *r = context;
    (void)report;
    if (!r->count)
        return;
    fprintf(out, "Revoked %zu LSC%s of %s:\n%s", r->count, r->count == 1 ? "" : "s", r->device,
            buffer_string(&r->text));
    fputs("The list of revoked certificates of its issuer (in CAPF.crl.pem; in CAPF.crl, too, if\n"
          "that issuer is in use) names it as soon as CAPF has made it anew",
          out);
    fputs(cluster_is_served(cluster_state(cluster)) ? ".\n" : ", which needs trustlined.\n", out);
}

static int add_to_json(json_t *json, void *context)
{
    const struct revoking *r = context;
    return json_object_set(json, "revoked", r->json);
}

/* Hexadecimal, as 'phone show' has it; openssl's capitals and colons are fine, too. */
static int read_serial(struct revoking *r, const struct call *call, struct why *why)
{
    const char *typed = call_value(call, "serial");
    uint8_t serial[CERTIFICATE_SERIAL / 2];
    size_t size = 0;
    if (typed && (text_unhex(typed, serial, sizeof serial, &size) != 0 || size == 0))
        return why_error(why, ERR_USAGE, "--serial %s: hexadecimal digits are meant", typed);
    text_hex(r->serial, sizeof r->serial, bytes_of(serial, size), false, 0);
    return 0;
}

static int read_call(struct revoking *r, const struct call *call, struct why *why)
{
    const char *reason = call_value(call, "reason");
    int result = phone_name(r->device, call->operands[0], why);
    if (result == 0)
        result = read_serial(r, call, why);
    if (result == 0 && reason)
        result = word_parse(&r->reason, reason_words, "reason", reason, why);
    return result;
}

enum cli_status phones_revoke(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct revoking revoking = {.json = json_array()};
    char question[160];
    enum cli_status status;
    buffer_init(&revoking.text, 1024 * 1024);
    int result = read_call(&revoking, call, &why);
    text_format(question, sizeof question,
                "This revokes the certificates CAPF gave to %s, for good. Do you want to continue? "
                "(y/n):",
                revoking.device);
    const struct act act = {
        .question = question,
        .run = revoke,
        .say = say_revoked,
        .would = "The LSCs would be revoked.",
        .already = "It is revoked already.",
        .about = "phone",
        .name = revoking.device,
        .add = add_to_json,
        .context = &revoking,
    };
    if (result == ERR_USAGE)
        status = cli_misuse(cli, call, "%s", why_text(&why, result));
    else
        status = result ? cli_failed(cli, result, &why) : act_run(cli, call, &act);
    buffer_fini(&revoking.text);
    json_decref(revoking.json);
    return status;
}
