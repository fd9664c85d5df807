/* set cert ..., set csr gen: new keys, requests, imports, trust. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/certs.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

/* What an act on a certificate is about. */
struct about {
    const char *name;   /* of an own certificate, or the purpose of a trusted one, or NULL */
    const char *file;   /* name of a trusted one */
    struct bytes bytes; /* what is imported */
    const char *source; /* where they are from */
    char added[TRUST_FILE];
};

static const char *name_of(const struct about *s)
{
    return s->name ? s->name : "";
}

/* ---- set cert regen ---- */

static int regenerate(struct cluster *cluster, struct act_report *report,
                      const struct act_options *options, void *context, struct why *why)
{
    const struct about *s = context;
    return cluster_certificate_regenerate(cluster, report, s->name, options, why);
}

static void print_certificate(FILE *out, const struct act_report *report)
{
    if (!report->certificate[0])
        return;
    cli_print(out, report->certificate);
    fputs("\nIt is in use from now on; no service needs a restart.\n", out);
}

static void say_regenerated(FILE *out, struct cluster *cluster, const struct act_report *report,
                            void *context)
{
    const struct about *s = context;
    (void)cluster;
    fprintf(out, "Successfully Regenerated Certificate for %s.\n", s->name);
    print_certificate(out, report);
}

enum cli_status set_cert_regen(struct cli *cli, const struct call *call)
{
    static const char recovery[] =
        "WARNING: If you are using a tokenless CTL and if the CallManager certificate is recently "
        "generated, please ensure that the CTL File already has the new CallManager certificate "
        "and is updated to the endpoints, before generating the ITL Recovery certificate. Are you "
        "sure want to proceed?\n"
        "Proceed with regeneration (yes|no)? ";
    struct why why = WHY_NONE;
    struct about subject = {.name = NULL};
    char question[300];
    int result = cert_own_name(&subject.name, call->operands[0], &why);
    if (result)
        return cli_failed(cli, result, &why);
    text_format(question, sizeof question,
                "WARNING: This operation will overwrite any CA signed certificate previously "
                "imported for  %s\n"
                "Proceed with regeneration (yes|no)? ",
                subject.name);
    const struct act act = {
        .question = strcmp(subject.name, "ITLRecovery") == 0 ? recovery : question,
        .run = regenerate,
        .say = say_regenerated,
        .about = "unit",
        .name = subject.name,
        .context = &subject,
    };
    return act_run(cli, call, &act);
}

/* ---- set csr gen ---- */

static int request(struct cluster *cluster, struct act_report *report,
                   const struct act_options *options, void *context, struct why *why)
{
    const struct about *s = context;
    struct buffer pem;
    (void)report;
    buffer_init(&pem, CERTIFICATE_FILE_MAX);
    int result = cluster_request_generate(cluster, s->name, &pem, options, why);
    buffer_fini(&pem);
    return result;
}

static void say_requested(FILE *out, struct cluster *cluster, const struct act_report *report,
                          void *context)
{
    const struct about *s = context;
    (void)cluster;
    (void)report;
    fprintf(out,
            "Successfully Generated CSR for %s.\n"
            "'trustline show csr own %s' prints it; 'trustline set cert import own %s FILE' takes "
            "the certificate that is made from it.\n",
            s->name, s->name, s->name);
}

enum cli_status set_csr_gen(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct about subject = {.name = NULL};
    char would[128];
    int result = cert_own_name(&subject.name, call->operands[0], &why);
    if (result)
        return cli_failed(cli, result, &why);
    text_format(would, sizeof would, "A new key and a request for %s would be made.", subject.name);
    const struct act act = {
        .run = request,
        .say = say_requested,
        .would = would,
        .about = "unit",
        .name = subject.name,
        .context = &subject,
    };
    return act_run(cli, call, &act);
}

/* ---- set cert import ---- */

static bool is_blank(const char *line)
{
    while (isspace((unsigned char)*line))
        line++;
    return *line == '\0';
}

/* As CUCM has it: PEM is pasted, an empty line ends it. */
static int read_pasted(struct cli *cli, struct buffer *out, struct why *why)
{
    char line[4096];
    FILE *in = fdopen(dup(cli->in), "r");
    if (!in)
        return why_error(why, ERR_CLOSED, "the terminal cannot be read");
    setvbuf(in, NULL, _IONBF, 0); /* what follows belongs to others */
    fputs("Paste the Certificate and Hit Enter\n", cli->out);
    fflush(cli->out);
    while (!out->error && fgets(line, sizeof line, in) && !(is_blank(line) && out->size))
        buffer_text(out, line);
    fclose(in);
    return out->error;
}

/* Read before the cluster is opened: whoever calls may be able to read more than its owner. */
static int read_import(struct cli *cli, const struct call *call, struct buffer *out,
                       struct about *subject, struct why *why)
{
    int result = buffer_reserve(out, CERTIFICATE_FILE_MAX);
    if (result)
        return result;
    if (call->operand_count > 1) {
        const char *path = call->operands[1];
        subject->source = strcmp(path, "-") == 0 ? "standard input" : path;
        return file_read(out, path, why);
    }
    subject->source = "what was pasted";
    if (!isatty(cli->in))
        return why_error(why, ERR_USAGE,
                         "set cert import: FILE is missing, and no terminal is there to paste it "
                         "('-' is standard input)");
    return read_pasted(cli, out, why);
}

static int import_own(struct cluster *cluster, struct act_report *report,
                      const struct act_options *options, void *context, struct why *why)
{
    const struct about *s = context;
    int result = cluster_certificate_import(cluster, report, s->name, s->bytes, options, why);
    return result && result != ERR_PLAN ? why_prefix(why, result, "%s", s->source) : result;
}

static void say_imported(FILE *out, struct cluster *cluster, const struct act_report *report,
                         void *context)
{
    const struct about *s = context;
    (void)cluster;
    fprintf(out, "Successfully imported certificate for %s.\n", s->name);
    print_certificate(out, report);
    if (s->added[0])
        fprintf(out, "It is %s/%s.\n", s->name, s->added);
}

/* What phones that ask TVS will hear. */
static void note_trust(struct act_report *report, const struct cert_lists *lists,
                       const char *purpose)
{
    struct cert cert = {.trusted = true};
    struct buffer says;
    text_copy(cert.unit, sizeof cert.unit, purpose);
    buffer_init(&says, sizeof report->note);
    cert_tvs_text(&says, lists, &cert);
    text_format(report->note, sizeof report->note, "TVS says of what is in %s: %s.", purpose,
                buffer_string(&says));
    buffer_fini(&says);
}

static int import_trust(struct cluster *cluster, struct act_report *report,
                        const struct act_options *options, void *context, struct why *why)
{
    struct about *s = context;
    struct cert_lists lists = {.lists = {NULL}};
    int result = cluster_trust_import(cluster, s->name, s->bytes, s->added, options, why);
    if (result)
        return why_prefix(why, result, "%s", s->source);
    result = cert_lists_load(&lists, cluster_store(cluster), why);
    if (result == 0)
        note_trust(report, &lists, s->name);
    cert_lists_free(&lists);
    return result;
}

static int add_trust(json_t *json, void *context)
{
    const struct about *s = context;
    return json_object_update_new(json,
                                  json_pack("{s:s, s:s}", "purpose", s->name, "file", s->added));
}

enum { PURPOSES_MAX = 16 };

/* "CallManager" is what CUCM calls the store CallManager-trust here. */
static int trust_purpose(const char **out, const char *typed, struct why *why)
{
    const char *const *purposes = cluster_trust_purposes();
    const char *names[2 * PURPOSES_MAX + 1] = {NULL};
    char units[PURPOSES_MAX][TRUST_PURPOSE];
    for (size_t i = 0; purposes[i] && i < PURPOSES_MAX; i++) {
        text_copy_bytes(units[i], TRUST_PURPOSE,
                        bytes_of(purposes[i], strlen(purposes[i]) - strlen("-trust")));
        if (text_equal_nocase(purposes[i], typed) || text_equal_nocase(units[i], typed)) {
            *out = purposes[i];
            return 0;
        }
        names[2 * i] = units[i];
        names[2 * i + 1] = purposes[i];
    }
    const char *near = text_nearest(typed, names);
    return cluster_trust_unknown(typed, near, why);
}

static enum cli_status import(struct cli *cli, const struct call *call, bool trusted)
{
    struct why why = WHY_NONE;
    struct buffer file;
    struct about subject = {.name = NULL};
    enum cli_status status;
    buffer_init(&file, CERTIFICATE_FILE_MAX);
    int result = trusted ? trust_purpose(&subject.name, call->operands[0], &why)
                         : cert_own_name(&subject.name, call->operands[0], &why);
    if (result == 0)
        result = read_import(cli, call, &file, &subject, &why);
    subject.bytes = buffer_bytes(&file);
    const struct act act = {
        .run = trusted ? import_trust : import_own,
        .say = say_imported,
        .would = trusted ? "The certificate can be imported." : NULL,
        .about = trusted ? NULL : "unit",
        .name = subject.name,
        .add = trusted ? add_trust : NULL,
        .context = &subject,
    };
    status = result ? cli_failed(cli, result, &why) : act_run(cli, call, &act);
    buffer_fini_secret(&file); /* there may be a private key in it */
    return status;
}

enum cli_status set_cert_import_own(struct cli *cli, const struct call *call)
{
    return import(cli, call, false);
}

enum cli_status set_cert_import_trust(struct cli *cli, const struct call *call)
{
    return import(cli, call, true);
}

/* ---- set cert delete ---- */

/* Another store with the same certificate, or NULL. */
static const char *elsewhere(const struct certs *certs, const struct cert *cert)
{
    for (size_t i = 0; i < certs->count; i++)
        if (strcmp(certs->items[i].unit, cert->unit) != 0 &&
            certificates_equal(certs->items[i].certificate, cert->certificate))
            return certs->items[i].unit;
    return NULL;
}

/* An answer that was given cannot be taken back. */
static void note_end_of_trust(struct act_report *report, const struct cert_lists *lists,
                              const struct certs *certs, const struct cert *cert)
{
    const struct worth worth = vouching_trust(&lists->vouching, cert->unit);
    const char *other = elsewhere(certs, cert);
    char still[160] = "";
    if (other)
        text_format(still, sizeof still, " It is in %s, too: TVS goes on to vouch for it.", other);
    else if (cert_in_ctl(lists, cert->certificate))
        text_copy(still, sizeof still, " The CTL names it: TVS goes on to vouch for it.");
    text_format(report->note, sizeof report->note,
                "Phones that asked TVS about it before may trust it for up to %lu s more.%s",
                (unsigned long)worth.ttl, still);
}

static int delete_trust(struct cluster *cluster, struct act_report *report,
                        const struct act_options *options, void *context, struct why *why)
{
    const struct about *s = context;
    struct certs certs;
    struct cert_lists lists = {.lists = {NULL}};
    const struct cert *cert = NULL;
    char typed[TRUST_PURPOSE + TRUST_FILE];
    text_format(typed, sizeof typed, "%s%s%s", name_of(s), s->name ? "/" : "", s->file);
    int result = certs_load_trusted(&certs, cluster, why);
    if (result)
        return result;
    result = cert_find_trusted(&cert, &certs, typed, why);
    if (result == 0)
        result = cert_lists_load(&lists, cluster_store(cluster), why);
    if (result == 0)
        result = cluster_trust_delete(cluster, cert->unit, cert->file, options, why);
    if (result == 0)
        note_end_of_trust(report, &lists, &certs, cert);
    cert_lists_free(&lists);
    certs_free(&certs);
    return result;
}

static void say_deleted(FILE *out, struct cluster *cluster, const struct act_report *report,
                        void *context)
{
    const struct about *s = context;
    (void)cluster;
    (void)report;
    fprintf(out, "Successfully deleted certificate %s.\n", s->file);
}

static enum cli_status remove_trust(struct cli *cli, const struct call *call, struct about *subject)
{
    char question[400];
    char would[300];
    text_format(question, sizeof question,
                "This operation deletes the certificate %s. Do you want to continue? (y/n):",
                subject->file);
    text_format(would, sizeof would, "The certificate %s would be deleted.", subject->file);
    const struct act act = {
        .question = question,
        .run = delete_trust,
        .say = say_deleted,
        .would = would,
        .about = "file",
        .name = subject->file,
        .context = subject,
    };
    return act_run(cli, call, &act);
}

/* NAME may have its store in front: CAPF-trust/NAME. */
enum cli_status set_cert_delete_trust(struct cli *cli, const struct call *call)
{
    struct about subject = {.file = call->operands[0]};
    return remove_trust(cli, call, &subject);
}

/* CUCM's form: the store, then the file; or as 'show cert list trust' prints both in one. */
enum cli_status set_cert_delete(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct about subject = {.file = call->operands[call->operand_count - 1]};
    if (call->operand_count == 1 && strchr(subject.file, '/'))
        return remove_trust(cli, call, &subject);
    if (text_equal_nocase(call->operands[0], "own"))
        return cli_error(cli, "set cert delete: a certificate of the cluster's own is not deleted; "
                              "a new one takes its place: trustline set cert regen NAME");
    if (call->operand_count == 1)
        return cli_misuse(cli, call, "FILE is missing, or the store in front of it");
    int result = trust_purpose(&subject.name, call->operands[0], &why);
    if (result)
        return cli_failed(cli, result, &why);
    return remove_trust(cli, call, &subject);
}
