/* list diff: what differs between two lists, told by certificate. As diff(1): 0 same, 1 different,
 * 2 trouble. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OLD, NEW, SIDES };
/* The statuses of diff(1) are numbers of ours with other names. */
#define SAME      STATUS_DONE
#define DIFFERENT STATUS_FAILED
#define TROUBLE   STATUS_USAGE
enum { ID_MAX = 300, TEXT_MAX = 8 * ENVELOPE_HEADER_MAX };

/* A certificate of either list, with what each list uses it for. */
struct entry {
    uint8_t id[ID_MAX]; /* SHA-1 of the certificate; of emptied records host and role */
    size_t id_size;
    const struct trustlist_record *record; /* the first one, for its names */
    struct buffer uses[SIDES]; /* "SAST, CCM+TFTP (pub1, 192.0.2.10)"; empty: not there */
};

struct comparison {
    const char *paths[SIDES];
    struct list_source lists[SIDES];
    struct entry *entries;
    size_t count;
    bool verified[SIDES];
};

/* ---- collecting ---- */

static int identify(struct entry *out, const struct trustlist_record *r)
{
    out->record = r;
    if (r->certificate.size) {
        out->id_size = SHA1_SIZE;
        return digest_bytes(DIGEST_KIND_SHA1, r->certificate, out->id);
    }
    struct bytes id = r->hash.size ? r->hash : r->dns_name;
    out->id_size = id.size < ID_MAX - 2 ? id.size : ID_MAX - 2;
    if (out->id_size)
        memcpy(out->id, id.data, out->id_size);
    if (!r->hash.size) {
        out->id[out->id_size++] = (uint8_t)(r->role >> 8);
        out->id[out->id_size++] = (uint8_t)r->role;
    }
    return 0;
}

static bool is_of(const struct entry *a, const struct entry *b)
{
    return bytes_equal(bytes_of(a->id, a->id_size), bytes_of(b->id, b->id_size));
}

static void add_use(struct buffer *out, const struct trustlist_record *r)
{
    const char *role = r->has_role ? role_text(r->role) : "no role";
    char address[INET6_ADDRSTRLEN] = "";
    if (r->address.size)
        inet_ntop(r->address.size == 4 ? AF_INET : AF_INET6, r->address.data, address,
                  sizeof address);
    if (out->size)
        buffer_text(out, ", ");
    if (r->has_role && r->role == ROLE_SAST)
        buffer_text(out, "SAST");
    else if (role)
        buffer_text(out, role);
    else
        buffer_format(out, "role %u", r->role);
    const struct bytes details[] = {r->dns_name, bytes_of_string(address),
                                    bytes_of_string(r->hash.size ? "by its hash" : "")};
    bool any = false;
    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        if (!details[i].size)
            continue;
        buffer_text(out, any ? ", " : " (");
        cli_text(out, details[i]);
        any = true;
    }
    if (any)
        buffer_u8(out, ')');
}

static int collect(struct comparison *c, unsigned side)
{
    const struct trustlist *list = c->lists[side].list;
    for (size_t i = 0; i < list->count; i++) {
        struct entry entry = {.record = NULL};
        int result = identify(&entry, &list->records[i]);
        if (result)
            return result;
        size_t at = 0;
        while (at < c->count && !is_of(&entry, &c->entries[at]))
            at++;
        if (at == c->count) {
            c->entries[c->count++] = entry;
            for (unsigned s = OLD; s < SIDES; s++)
                buffer_init(&c->entries[at].uses[s], TEXT_MAX);
        }
        add_use(&c->entries[at].uses[side], &list->records[i]);
        if (c->entries[at].uses[side].error)
            return c->entries[at].uses[side].error;
    }
    return 0;
}

static bool is_same(const struct entry *e)
{
    return bytes_equal(buffer_bytes(&e->uses[OLD]), buffer_bytes(&e->uses[NEW]));
}

/* "added", "removed", "changed", or NULL. */
static const char *change_of(const struct entry *e)
{
    if (is_same(e))
        return NULL;
    return !e->uses[OLD].size ? "added" : !e->uses[NEW].size ? "removed" : "changed";
}

/* ---- text ---- */

static void put_name(struct buffer *out, struct bytes name, struct bytes serial)
{
    char hex[129];
    if (name.size)
        cli_text(out, name);
    else
        buffer_text(out, "(no certificate)");
    if (serial.size)
        buffer_format(out, ", serial %s",
                      text_hex(hex, sizeof hex, bytes_strip_zeros(serial), true, 0));
}

static void put_date(struct buffer *out, const struct envelope *h)
{
    char date[CLOCK_TEXT];
    buffer_text(out, h->has_timestamp ? clock_java(date, h->timestamp) : "none");
}

/* One fact of a whole list. */
static void put_fact(struct buffer *out, const struct comparison *c, unsigned side, unsigned fact)
{
    const struct trustlist *list = c->lists[side].list;
    const struct envelope *h = &list->header;
    switch (fact) {
    case 0:
        buffer_format(out, "%zu bytes, %zu records", list->file.size, list->count);
        break;
    case 1:
        cli_text(out, h->filename);
        break;
    case 2:
        put_name(out, h->signer_name, h->serial);
        break;
    case 3:
        buffer_format(out, "%s, RSA %zu", digest_code_text(h->digest),
                      envelope_modulus_size(h->modulus) * 8);
        break;
    case 4:
        put_date(out, h);
        break;
    case 5:
        if (h->has_aea)
            buffer_format(out, "%u.%u", h->aea_major, h->aea_minor);
        else
            buffer_text(out, "none");
        break;
    default:
        buffer_text(out, c->verified[side] ? "right" : "wrong");
        break;
    }
}

static const char *const facts[] = {"size",  "file name",   "signer",   "signed with",
                                    "dated", "AEA version", "signature"};

enum { FACTS = sizeof facts / sizeof *facts };

/* A line for each fact that differs: "signer: OLD -> NEW". Returns how many. */
static unsigned put_facts(struct buffer *out, const struct comparison *c)
{
    unsigned count = 0;
    for (unsigned fact = 0; fact < FACTS; fact++) {
        struct buffer value[SIDES];
        for (unsigned s = OLD; s < SIDES; s++) {
            buffer_init(&value[s], TEXT_MAX);
            put_fact(&value[s], c, s, fact);
        }
        if (!bytes_equal(buffer_bytes(&value[OLD]), buffer_bytes(&value[NEW]))) {
            buffer_format(out, "  %s: %s -> %s\n", facts[fact], buffer_string(&value[OLD]),
                          buffer_string(&value[NEW]));
            count++;
        }
        buffer_fini(&value[OLD]);
        buffer_fini(&value[NEW]);
    }
    return count;
}

static unsigned put_entries(struct buffer *out, struct comparison *c)
{
    static const char *const order[] = {"removed", "changed", "added"};
    static const char marks[] = {'-', '~', '+'};
    unsigned count = 0;
    for (size_t k = 0; k < sizeof marks; k++) {
        for (size_t i = 0; i < c->count; i++) {
            struct entry *e = &c->entries[i];
            const char *change = change_of(e);
            if (!change || strcmp(change, order[k]) != 0)
                continue;
            buffer_format(out, "%c ", marks[k]);
            put_name(out, e->record->subject, e->record->serial);
            buffer_format(out, ": %s", buffer_string(&e->uses[marks[k] == '+' ? NEW : OLD]));
            if (marks[k] == '~')
                buffer_format(out, " -> %s", buffer_string(&e->uses[NEW]));
            buffer_u8(out, '\n');
            count++;
        }
    }
    return count;
}

static int print_text(struct cli *cli, struct comparison *c)
{
    struct buffer out;
    buffer_init(&out, 64 * TEXT_MAX);
    buffer_format(&out, "--- %s\n+++ %s\n", c->paths[OLD], c->paths[NEW]);
    unsigned count = put_facts(&out, c);
    unsigned records = put_entries(&out, c);
    if (records == 0)
        buffer_text(&out, count ? "  the records are the same\n"
                                : "  only bytes that mean nothing here differ\n");
    int result = out.error;
    if (result == 0)
        fwrite(out.data, 1, out.size, cli->out);
    buffer_fini(&out);
    return result;
}

/* ---- JSON ---- */

static json_t *side_json(const struct comparison *c, unsigned side)
{
    const struct trustlist *list = c->lists[side].list;
    const struct envelope *h = &list->header;
    return json_pack("{s:I, s:I, s:o, s:{s:o, s:o, s:o}, s:i, s:o, s:b}", "size",
                     (json_int_t)list->file.size, "records", (json_int_t)list->count, "file_name",
                     cli_json_text(h->filename), "signer", "subject", cli_json_text(h->signer_name),
                     "issuer", cli_json_text(h->issuer), "serial", cli_json_hex(h->serial),
                     "digest_code", (int)h->digest, "timestamp",
                     h->has_timestamp ? json_integer(h->timestamp) : json_null(), "verified",
                     (int)c->verified[side]);
}

static json_t *use_json(const struct trustlist_record *r)
{
    char address[INET6_ADDRSTRLEN] = "";
    const char *role = r->has_role ? role_text(r->role) : NULL;
    if (r->address.size)
        inet_ntop(r->address.size == 4 ? AF_INET : AF_INET6, r->address.data, address,
                  sizeof address);
    return json_pack("{s:o, s:s?, s:o, s:s?, s:b}", "role",
                     r->has_role ? json_integer(r->role) : json_null(), "function", role,
                     "dns_name", cli_json_text(r->dns_name), "address",
                     r->address.size ? address : NULL, "hashed", r->hash.size != 0);
}

/* What one list uses the certificate of `e` for. */
static json_t *uses_json(const struct comparison *c, const struct entry *e, unsigned side)
{
    const struct trustlist *list = c->lists[side].list;
    json_t *uses = json_array();
    for (size_t i = 0; i < list->count; i++) {
        struct entry own;
        if (identify(&own, &list->records[i]) != 0 || !is_of(&own, e))
            continue;
        if (json_array_append_new(uses, use_json(&list->records[i])) != 0) {
            json_decref(uses);
            return NULL;
        }
    }
    return uses;
}

static json_t *changes_json(const struct comparison *c, const char *change)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->count; i++) {
        const struct entry *e = &c->entries[i];
        const char *own = change_of(e);
        if (!own || !e->record || strcmp(own, change) != 0)
            continue;
        json_t *one = json_pack(
            "{s:o, s:o, s:o, s:o, s:o}", "subject", cli_json_text(e->record->subject), "issuer",
            cli_json_text(e->record->issuer), "serial", cli_json_hex(e->record->serial), "old",
            uses_json(c, e, OLD), "new", uses_json(c, e, NEW));
        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *comparison_json(const struct comparison *c, bool same)
{
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "same", (int)same, "old", side_json(c, OLD),
                     "new", side_json(c, NEW), "added", changes_json(c, "added"), "removed",
                     changes_json(c, "removed"), "changed", changes_json(c, "changed"));
}

/* ---- the command ---- */

static int compare(struct comparison *c, struct why *why)
{
    size_t signer;
    size_t most = 0;
    int result = 0;
    for (unsigned s = OLD; s < SIDES && result == 0; s++) {
        result = list_source_read(&c->lists[s], c->paths[s], why);
        if (result == 0) {
            most += c->lists[s].list->count;
            c->verified[s] = trustlist_verify(c->lists[s].list, &signer, NULL) == 0;
        }
    }
    if (result)
        return result;
    c->entries = calloc(most ? most : 1, sizeof *c->entries);
    if (!c->entries)
        return -ENOMEM;
    for (unsigned s = OLD; s < SIDES && result == 0; s++)
        result = collect(c, s);
    return result;
}

static void comparison_fini(struct comparison *c)
{
    for (size_t i = 0; i < c->count; i++)
        for (unsigned s = OLD; s < SIDES; s++)
            buffer_fini(&c->entries[i].uses[s]);
    free(c->entries);
    for (unsigned s = OLD; s < SIDES; s++)
        list_source_fini(&c->lists[s]);
}

enum cli_status list_diff(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct comparison c = {.paths = {call->operands[OLD], call->operands[NEW]}};
    enum cli_status status = TROUBLE;
    int result = compare(&c, &why);
    if (result == 0) {
        bool same = bytes_equal(c.lists[OLD].list->file, c.lists[NEW].list->file);
        status = same ? SAME : DIFFERENT;
        if (call->json)
            status = cli_json(cli, comparison_json(&c, same), status);
        else if (!same)
            result = print_text(cli, &c);
    }
    if (result) {
        cli_failed(cli, result, &why);
        status = TROUBLE;
    }
    comparison_fini(&c);
    return status;
}
