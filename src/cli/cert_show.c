/* show cert ..., show csr ...: certificates and requests, in CUCM's layout. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/certs.h"
#include "cli/grid.h"
#include "pki/details.h"

#include <string.h>

enum { VIEW_MAX = 256 * 1024, LISTS_TEXT = 400 };

static char *serial_text(char out[96], const struct certificate *certificate, bool upper)
{
    return text_hex(out, 96, certificate_serial(certificate), upper, 0);
}

static void key_text(char out[48], const struct certificate *certificate)
{
    if (certificate_key_kind(certificate) == KEY_RSA)
        text_format(out, 48, "RSA %u", certificate_key_bits(certificate));
    else
        text_copy(out, 48, certificate_key_name(certificate));
}

/* ---- as JSON ---- */

static json_t *cert_json(const struct cert *cert, const struct cert_lists *lists)
{
    const struct certificate *c = cert->certificate;
    char serial[96];
    char key[48];
    key_text(key, c);
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:I, s:s, s:i, s:o, s:s, s:o, s:o}", "unit",
        cert->unit, "file", cert->file, "description", cert->description, "subject",
        cli_json_text(bytes_of_string(certificate_subject(c))), "issuer",
        cli_json_text(bytes_of_string(certificate_issuer(c))), "serial",
        serial_text(serial, c, false), "not_before", cli_json_time(certificate_not_before(c)),
        "not_after", cli_json_time(certificate_not_after(c)), "days_left",
        (json_int_t)cert_days_left(c), "key", key, "key_bits", (int)certificate_key_bits(c),
        "sha256", cli_json_hex(bytes_of(certificate_sha256(c), SHA256_SIZE)), "source",
        cert->imported ? "imported" : "self-signed", "lists", cert_lists_json(lists, c), "tvs",
        cert_tvs_json(lists, cert));
}

static json_t *certs_json(const struct certs *certs, const struct cert_lists *lists)
{
    json_t *all = json_array();
    for (size_t i = 0; i < certs->count; i++) {
        if (json_array_append_new(all, cert_json(&certs->items[i], lists)) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

/* ---- lists of certificates ---- */

static void print_short(FILE *out, const struct certs *certs)
{
    for (size_t i = 0; i < certs->count; i++) {
        const struct cert *cert = &certs->items[i];
        fprintf(out, "%s/%s: ", cert->unit, cert->file);
        cli_print(out, cert->description);
        fputc('\n', out);
    }
}

static int print_long(FILE *out, const struct certs *certs, const struct cert_lists *lists)
{
    static const char *const title[] = {"Certificate", "Subject",   "Serial",   "Key",
                                        "Valid until", "Days left", "In lists", "TVS says"};
    enum { COLUMNS = sizeof title / sizeof *title };
    struct grid *grid = NULL;
    int result = grid_new(&grid, COLUMNS);
    if (result)
        return result;
    for (size_t i = 0; i < COLUMNS; i++)
        grid_text(grid, title[i]);
    for (size_t i = 0; i < certs->count; i++) {
        const struct cert *cert = &certs->items[i];
        char serial[96];
        char key[48];
        char until[CLOCK_TEXT];
        struct buffer used;
        buffer_init(&used, LISTS_TEXT);
        cert_lists_text(&used, lists, cert->certificate);
        key_text(key, cert->certificate);
        grid_format(grid, "%s/%s", cert->unit, cert->file);
        grid_text(grid, certificate_subject(cert->certificate));
        grid_text(grid, serial_text(serial, cert->certificate, false));
        grid_text(grid, key);
        grid_text(grid, clock_java(until, certificate_not_after(cert->certificate)));
        grid_format(grid, "%lld", (long long)cert_days_left(cert->certificate));
        grid_text(grid, used.size ? buffer_string(&used) : "none");
        buffer_clear(&used);
        cert_tvs_text(&used, lists, cert);
        grid_text(grid, buffer_string(&used));
        buffer_fini(&used);
    }
    result = grid_print(grid, out, GRID_TITLED);
    grid_free(grid);
    return result;
}

/* Behind the list, which scripts read. */
static void warn_of_expiry(struct cli *cli, const struct certs *certs)
{
    for (size_t i = 0; i < certs->count; i++) {
        const struct cert *cert = &certs->items[i];
        int64_t left = cert_days_left(cert->certificate);
        if (left < 0)
            cli_note(cli, "%s/%s has expired", cert->unit, cert->file);
        else if (left < CERT_WARN_DAYS)
            cli_note(cli, "%s/%s expires in %lld days", cert->unit, cert->file, (long long)left);
    }
}

static enum cli_status list_certs(struct cli *cli, const struct call *call, bool trusted)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct certs certs = {.items = NULL};
    struct cert_lists lists = {.lists = {NULL}};
    enum cli_status status = STATUS_DONE;
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result)
        return cli_failed(cli, result, &why);
    result =
        trusted ? certs_load_trusted(&certs, cluster, &why) : certs_load_own(&certs, cluster, &why);
    if (result == 0)
        result = cert_lists_load(&lists, cluster_store(cluster), &why);
    if (result == 0 && call->json)
        status = cli_json(cli, certs_json(&certs, &lists), STATUS_DONE);
    else if (result == 0 && call_has(call, "long"))
        result = print_long(cli->out, &certs, &lists);
    else if (result == 0)
        print_short(cli->out, &certs);
    if (result)
        status = cli_failed(cli, result, &why);
    else if (!call->json)
        warn_of_expiry(cli, &certs);
    cert_lists_free(&lists);
    certs_free(&certs);
    session_close(cluster);
    return status;
}

enum cli_status show_cert_list_own(struct cli *cli, const struct call *call)
{
    return list_certs(cli, call, false);
}

enum cli_status show_cert_list_trust(struct cli *cli, const struct call *call)
{
    return list_certs(cli, call, true);
}

/* ---- one certificate ---- */

static void write_extensions(struct buffer *out, const struct certificate_details *d)
{
    size_t shown = d->extension_count < CERTIFICATE_EXTENSIONS_MAX ? d->extension_count
                                                                   : CERTIFICATE_EXTENSIONS_MAX;
    if (d->extension_count)
        buffer_format(out, "  Extensions: %zu present\n", d->extension_count);
    for (size_t i = 0; i < shown; i++) {
        const struct certificate_extension *e = &d->extensions[i];
        buffer_format(out,
                      "  [\n"
                      "     Extension: %s (OID.%s)\n"
                      "     Critical: %s\n"
                      "     %s: %s\n"
                      "  ]\n",
                      e->name, e->oid, e->critical ? "true" : "false", e->label, e->value);
    }
}

static void write_hex(struct buffer *out, struct bytes bytes)
{
    char hex[129];
    for (size_t at = 0; at < bytes.size; at += 64)
        buffer_text(out, text_hex(hex, sizeof hex, bytes_slice(bytes, at, 64), false, 0));
}

static void write_escaped(struct buffer *out, const char *label, const char *text)
{
    buffer_text(out, label);
    cli_text(out, bytes_of_string(text));
    buffer_u8(out, '\n');
}

static int write_text(struct buffer *out, const struct certificate *c)
{
    struct certificate_details d;
    char serial[96];
    char from[CLOCK_TEXT];
    char until[CLOCK_TEXT];
    int result = certificate_details(&d, c);
    if (result)
        return result;
    buffer_format(out,
                  "[\n"
                  "  Version: V%d\n"
                  "  Serial Number: %s\n"
                  "  SignatureAlgorithm: %s (%s)\n",
                  d.version, serial_text(serial, c, true), d.signature_name, d.signature_oid);
    write_escaped(out, "  Issuer Name: ", d.issuer);
    buffer_format(out,
                  "  Validity From: %s\n"
                  "           To:   %s\n",
                  clock_java(from, certificate_not_before(c)),
                  clock_java(until, certificate_not_after(c)));
    write_escaped(out, "  Subject Name: ", d.subject);
    buffer_format(out, "  Key: %s (%s)\n    Key value: ", d.key_name, d.key_oid);
    write_hex(out, certificate_public_key(c));
    buffer_u8(out, '\n');
    write_extensions(out, &d);
    buffer_text(out, "]\n");
    return out->error;
}

/* What CUCM does not say, behind its text. */
static void write_ours(struct buffer *out, const struct cert *cert, const struct cert_lists *lists)
{
    const struct certificate *c = cert->certificate;
    char hex[SHA256_SIZE * 3];
    int64_t left = cert_days_left(c);
    buffer_format(
        out, "SHA-256: %s\n",
        text_hex(hex, sizeof hex, bytes_of(certificate_sha256(c), SHA256_SIZE), true, ':'));
    size_t before = out->size;
    buffer_text(out, "In lists: ");
    size_t after = out->size;
    cert_lists_text(out, lists, c);
    if (out->size == after && out->size > before)
        buffer_text(out, "none");
    buffer_text(out, "\nTVS says: ");
    cert_tvs_text(out, lists, cert);
    if (left < 0)
        buffer_format(out, "\nExpired: %lld days ago\n", (long long)-left);
    else
        buffer_format(out, "\nExpires: in %lld days\n", (long long)left);
}

static enum cli_status print_cert(struct cli *cli, const struct call *call, const struct cert *cert,
                                  const struct cert_lists *lists)
{
    struct buffer text;
    bool pem_only = call_has(call, "pem");
    int result = 0;
    if (call->json)
        return cli_json(cli, cert_json(cert, lists), STATUS_DONE);
    buffer_init(&text, VIEW_MAX);
    if (!pem_only) {
        result = write_text(&text, cert->certificate);
        write_ours(&text, cert, lists);
    }
    if (result == 0 && (pem_only || !cert->trusted))
        result = certificate_write_pem(&text, cert->certificate);
    if (result == 0)
        result = text.error;
    if (result == 0)
        fwrite(text.data, 1, text.size, cli->out);
    buffer_fini(&text);
    return result ? cli_failed(cli, result, NULL) : STATUS_DONE;
}

static int find_own(const struct cert **out, const struct certs *certs, const char *typed,
                    struct why *why)
{
    const char *name = NULL;
    int result = cert_own_name(&name, typed, why);
    for (size_t i = 0; i < certs->count && result == 0; i++) {
        if (strcmp(certs->items[i].unit, name) == 0) {
            *out = &certs->items[i];
            return 0;
        }
    }
    return result ? result : why_error(why, ERR_NOT_FOUND, "this node has no certificate %s", name);
}

static enum cli_status show_cert(struct cli *cli, const struct call *call, bool trusted)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct certs certs = {.items = NULL};
    struct cert_lists lists = {.lists = {NULL}};
    const struct cert *cert = NULL;
    const char *typed = call->operands[0];
    enum cli_status status;
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result)
        return cli_failed(cli, result, &why);
    result =
        trusted ? certs_load_trusted(&certs, cluster, &why) : certs_load_own(&certs, cluster, &why);
    if (result == 0)
        result = cert_lists_load(&lists, cluster_store(cluster), &why);
    if (result == 0)
        result = trusted ? cert_find_trusted(&cert, &certs, typed, &why)
                         : find_own(&cert, &certs, typed, &why);
    status = result || !cert ? cli_failed(cli, result, &why) : print_cert(cli, call, cert, &lists);
    cert_lists_free(&lists);
    certs_free(&certs);
    session_close(cluster);
    return status;
}

enum cli_status show_cert_own(struct cli *cli, const struct call *call)
{
    return show_cert(cli, call, false);
}

enum cli_status show_cert_trust(struct cli *cli, const struct call *call)
{
    return show_cert(cli, call, true);
}

/* ---- requests ---- */

struct requests {
    FILE *out;
    int64_t node;
    json_t *json; /* NULL: printed instead */
};

static int note_request(void *context, const struct store_request *request)
{
    struct requests *r = context;
    if (request->node != r->node)
        return 0;
    if (r->json)
        return cli_json_append(r->json, json_pack("{s:s, s:s+, s:o}", "unit", request->name, "file",
                                                  request->name, ".csr", "created",
                                                  cli_json_time(request->created)));
    fprintf(r->out, "%s/%s.csr\n", request->name, request->name);
    return 0;
}

enum cli_status show_csr_list_own(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result)
        return cli_failed(cli, result, &why);
    struct requests requests = {.out = cli->out,
                                .node = cluster_node(cluster)->id,
                                .json = call->json ? json_array() : NULL};
    result = store_requests(cluster_store(cluster), note_request, &requests);
    session_close(cluster);
    if (result) {
        json_decref(requests.json);
        return cli_failed(cli, result, &why);
    }
    return call->json ? cli_json(cli, requests.json, STATUS_DONE) : STATUS_DONE;
}

static enum cli_status print_request(struct cli *cli, const struct call *call,
                                     struct store_request *request)
{
    struct bytes pem = buffer_bytes(&request->pem);
    if (call->json)
        return cli_json(cli,
                        json_pack("{s:s, s:o, s:o}", "unit", request->name, "created",
                                  cli_json_time(request->created), "pem", cli_json_text(pem)),
                        STATUS_DONE);
    fwrite(pem.data, 1, pem.size, cli->out);
    return STATUS_DONE;
}

enum cli_status show_csr_own(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct store_request request;
    const char *name = NULL;
    enum cli_status status;
    int result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result)
        return cli_failed(cli, result, &why);
    result = cert_own_name(&name, call->operands[0], &why);
    if (result == 0)
        result =
            store_request_get(cluster_store(cluster), cluster_node(cluster)->id, name, &request);
    if (result == ERR_NOT_FOUND)
        why_error(&why, result,
                  "there is no request for %s (make one with: trustline set csr gen "
                  "%s)",
                  name, name);
    if (result) {
        status = cli_failed(cli, result, &why);
    } else {
        status = print_request(cli, call, &request);
        store_request_fini(&request);
    }
    session_close(cluster);
    return status;
}
