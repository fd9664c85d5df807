#include "cluster/lists.h"

#include "base/clock.h"
#include "base/text.h"
#include "cluster/scene.h"
#include "signer/protocol.h"

#include <string.h>

/* ---- what a list says ---- */

struct writing {
    struct buffer *out;
    enum list_kind kind;
    const struct list_policy *policy;
    struct why *why;
};

/* One record of a certificate of ours. CTLs carry the server's name and address, ITLs do not. */
static int write_record(const struct writing *w, const struct roster_entry *entry, uint16_t role,
                        enum record_form form)
{
    struct address address = {0};
    struct bytes ip = bytes_of(NULL, 0);
    const char *dns_name = "";
    if (w->kind == LIST_CTL) {
        int result = address_parse(&address, entry->node.address, 0);
        if (result)
            return why_error(w->why, result, "node %s: %s is no address", entry->node.name,
                             entry->node.address);
        ip = address_bytes(&address);
        dns_name = entry->node.name;
    }
    struct trustlist_record record =
        record_of_certificate(entry->certificate, role, form, dns_name, ip);
    return record_write(w->out, &record, w->why);
}

/* A server's record in the CTL of a cluster in non-secure mode: name, role and address only. */
static int write_emptied(const struct writing *w, const struct roster_entry *entry)
{
    struct address address;
    int result = address_parse(&address, entry->node.address, 0);
    if (result)
        return why_error(w->why, result, "node %s: %s is no address", entry->node.name,
                         entry->node.address);
    struct trustlist_record record = {
        .has_role = true,
        .role = ROLE_CCM_TFTP,
        .dns_name = bytes_of_string(entry->node.name),
        .address = address_bytes(&address),
    };
    return record_write(w->out, &record, w->why);
}

static const struct roster_entry *publishers(const struct roster *roster, const char *name)
{
    for (size_t i = 0; i < roster->count; i++)
        if (roster->entries[i].node.publisher && strcmp(roster->entries[i].name, name) == 0)
            return &roster->entries[i];
    return NULL;
}

static int write_anchor(const struct writing *w, const struct roster *roster, size_t which)
{
    if (which >= w->policy->anchors.count)
        return 0;
    const struct roster_entry *entry = publishers(roster, w->policy->anchors.key[which]);
    if (!entry)
        return why_error(w->why, ERR_NOT_FOUND, "the cluster has no certificate %s",
                         w->policy->anchors.key[which]);
    return write_record(w, entry, ROLE_SAST, RECORD_FULL);
}

/* The records of every node's certificate of one name. */
static int write_all(const struct writing *w, const struct roster *roster, const char *name,
                     uint16_t role, enum record_form form)
{
    int result = 0;
    for (size_t i = 0; i < roster->count && result == 0; i++) {
        const struct roster_entry *entry = &roster->entries[i];
        if (strcmp(entry->name, name) != 0)
            continue;
        if (w->kind == LIST_CTL && role == ROLE_CCM_TFTP && w->policy->security_mode == 0)
            result = write_emptied(w, entry);
        else
            result = write_record(w, entry, role, form);
    }
    return result;
}

/* Order as real lists have it: the signing anchor, servers, CAPF, (TVS,) the other anchor. A CTL
 * never names TVS; an ITL that prepares a rollback has anchors and CAPF alone. */
int list_write_records(struct buffer *out, enum list_kind kind, const struct roster *roster,
                       const struct list_policy *policy, struct why *why)
{
    struct writing w = {out, kind, policy, why};
    bool ctl = kind == LIST_CTL;
    bool empty = !ctl && policy->rollback;
    uint16_t server = ctl || policy->security_mode ? ROLE_CCM_TFTP : ROLE_TFTP;
    enum record_form form = ctl ? RECORD_FULL : RECORD_HASHED;
    int result = write_anchor(&w, roster, 0);
    if (result == 0 && !empty)
        result = write_all(&w, roster, KEY_CALLMANAGER, server, RECORD_FULL);
    if (result == 0)
        result = write_all(&w, roster, KEY_CAPF, ROLE_CAPF, form);
    if (result == 0 && !ctl && !empty)
        result = write_all(&w, roster, KEY_TVS, ROLE_TVS, form);
    if (result == 0)
        result = write_anchor(&w, roster, 1);
    if (result == 0 && roster->guest_anchor) {
        struct trustlist_record record = record_of_certificate(roster->guest_anchor, ROLE_SAST,
                                                               RECORD_FULL, "", bytes_of(NULL, 0));
        result = record_write(out, &record, why);
    }
    return result;
}

/* ---- who signs it ---- */

/* What is needed to sign one candidate. */
struct making {
    struct cluster *cluster;
    enum list_kind kind;
    struct bytes records;
    const struct identity *local;
    const struct list_audience *audience;
    struct why *why;
};

static enum trustlist_kind wire_kind(enum list_kind kind)
{
    return kind == LIST_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL;
}

static bool same_certificate(const struct certificate *a, const struct certificate *b)
{
    return a && b && certificates_equal(a, b);
}

static int sign_with(struct buffer *out, const struct making *m, const struct certificate *signer)
{
    struct envelope_spec spec = {
        .version_major = 1,
        .version_minor = 2,
        .digest = DIGEST_SHA1,
        .filename = bytes_of_string(trustlist_file_name(wire_kind(m->kind))),
        .has_timestamp = true,
        .timestamp = (uint32_t)clock_wall(),
    };
    if (m->local && same_certificate(m->local->certificate, signer))
        return signedfile_write(out, &spec, m->local, m->records, m->why);
    struct buffer header;
    struct buffer signature;
    struct signer *process = NULL;
    size_t at = 0;
    buffer_init(&header, ENVELOPE_HEADER_MAX);
    buffer_init(&signature, KEY_SIGNATURE_MAX);
    int result = envelope_spec_signer(&spec, signer, m->why);
    if (result == 0)
        result = envelope_write(&header, &at, &spec, m->why);
    if (result == 0)
        result = cluster_signer(m->cluster, &process, m->why);
    if (result == 0)
        result = signer_sign(process, &signature, buffer_bytes(&header), m->records, m->why);
    if (result == 0)
        result =
            envelope_insert_signature(out, buffer_bytes(&header), at, buffer_bytes(&signature));
    if (result == 0) {
        buffer_append(out, m->records);
        result = out->error;
    }
    buffer_fini(&header);
    buffer_fini(&signature);
    return result;
}

/* Does a list in use name this certificate as an anchor? Then phones that follow know it. */
static bool names_anchor(struct bytes file, const struct certificate *anchor)
{
    struct trustlist *list = NULL;
    bool found = false;
    if (!file.size || trustlist_parse(&list, file, NULL) != 0)
        return false;
    for (size_t i = 0; i < list->count && !found; i++) {
        const struct trustlist_record *r = &list->records[i];
        found =
            r->has_role && r->role == ROLE_SAST &&
            record_is(r, bytes_of_string(certificate_issuer(anchor)), certificate_serial(anchor));
    }
    trustlist_free(list);
    return found;
}

/* The lists phones have now: of this kind, or of the other when there is none. */
static int load_current(struct buffer *out, struct store *store, enum list_kind kind,
                        char hash[LIST_HASH])
{
    struct store_list list;
    hash[0] = '\0';
    int result = store_list_current(store, kind, &list);
    if (result == 0) {
        text_copy(hash, LIST_HASH, list.hash);
        buffer_append(out, buffer_bytes(&list.body));
        store_list_fini(&list);
        return out->error;
    }
    if (result != ERR_NOT_FOUND)
        return result;
    result = store_list_current(store, kind == LIST_CTL ? LIST_ITL : LIST_CTL, &list);
    if (result == 0) {
        buffer_append(out, buffer_bytes(&list.body));
        store_list_fini(&list);
    }
    return result == ERR_NOT_FOUND ? 0 : result;
}

struct candidate {
    const char *key;
    const struct certificate *certificate;
    bool established; /* a list in use names it, or there is none */
    struct plan_losses losses;
};

static size_t collect(struct candidate out[ANCHORS_MAX + 1], const struct roster *roster,
                      const struct list_policy *policy, const char *signer, struct bytes current)
{
    size_t count = 0;
    if (roster->guest_anchor) {
        /* It is there to sign, and nothing else is asked for. */
        out[count++] = (struct candidate){SIGNER_KEY_GUEST, roster->guest_anchor, true, {0}};
        return count;
    }
    for (size_t i = 0; i < policy->anchors.count; i++) {
        const char *key = policy->anchors.key[i];
        const struct roster_entry *entry = publishers(roster, key);
        if (!entry || (signer && strcmp(signer, key) != 0))
            continue;
        out[count++] =
            (struct candidate){key,
                               entry->certificate,
                               current.size == 0 || names_anchor(current, entry->certificate),
                               {0}};
    }
    return count;
}

/* Fewer phones lost first, then fewer that need TVS, then known to the lists in use, then fewer
 * that stay lost, then the order of preference. */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
    if (a->losses.lost != b->losses.lost)
        return a->losses.lost < b->losses.lost;
    if (a->losses.through_tvs != b->losses.through_tvs)
        return a->losses.through_tvs < b->losses.through_tvs;
    if (a->established != b->established)
        return a->established;
    return a->losses.lost_before < b->losses.lost_before;
}

/* No other candidate can be better than one that comes earlier and is this good. */
static bool is_perfect(const struct candidate *c)
{
    return c && c->established && c->losses.lost == 0 && c->losses.lost_before == 0 &&
           c->losses.through_tvs == 0;
}

bool list_near_limit(size_t certificates, size_t bytes)
{
    return certificates * 5 >= (size_t)TRUSTLIST_CERTIFICATES_MAX * 4 ||
           bytes * 5 >= (size_t)TRUSTLIST_BYTES_MAX * 4;
}

/* A list of ours must read back, verify, and stay within what phones can take. */
static int check_made(struct bytes file, struct act_list *report, struct why *why)
{
    struct trustlist *list = NULL;
    size_t signer;
    int result = trustlist_parse(&list, file, why);
    if (result == 0)
        result = trustlist_verify(list, &signer, why);
    if (result == 0) {
        report->certificates = trustlist_certificates(list);
        report->bytes = file.size;
        report->near_limit = list_near_limit(report->certificates, file.size);
        if (report->certificates > TRUSTLIST_CERTIFICATES_MAX || file.size > TRUSTLIST_BYTES_MAX)
            result = why_error(why, ERR_POLICY,
                               "the list would have %zu certificates and %zu bytes; phones fail to "
                               "register above %d certificates or %d bytes, so it is not published",
                               report->certificates, file.size, TRUSTLIST_CERTIFICATES_MAX,
                               TRUSTLIST_BYTES_MAX);
    }
    trustlist_free(list);
    return result;
}

static int try_candidate(struct buffer *out, struct candidate *candidate, const struct making *m)
{
    const struct list_audience *a = m->audience;
    buffer_clear(out);
    int result = sign_with(out, m, candidate->certificate);
    if (result == 0)
        result = scene_serve(a->after, m->kind, buffer_bytes(out));
    return result ? result
                  : plan_count_lost(a->phones, a->before, a->after, m->kind, &candidate->losses);
}

/* Signs with each anchor that may be the best and keeps the best candidate in `body`. An anchor
 * whose key is lost must not keep the other one from signing; the report names it. */
static int choose(struct buffer *body, const struct candidate **chosen,
                  struct candidate candidates[], size_t count, struct making *m,
                  struct act_list *report)
{
    struct candidate *best = NULL;
    struct why *why = m->why;
    struct why refused = WHY_NONE;
    struct buffer attempt;
    int failure = ERR_NOT_FOUND;
    int result = 0;
    buffer_init(&attempt, TRUSTLIST_READ_MAX);
    m->why = &refused;
    for (size_t i = 0; i < count && result == 0 && !is_perfect(best); i++) {
        int attempted = try_candidate(&attempt, &candidates[i], m);
        if (attempted) {
            failure = attempted;
            text_copy(report->unable_key, sizeof report->unable_key, candidates[i].key);
            text_copy(report->unable_reason, sizeof report->unable_reason,
                      why_text(&refused, attempted));
        } else if (!best || is_better(&candidates[i], best)) {
            best = &candidates[i];
            buffer_clear(body);
            buffer_append(body, buffer_bytes(&attempt));
            result = body->error;
        }
    }
    m->why = why;
    buffer_fini(&attempt);
    if (result == 0 && !best)
        result = why_error(why, failure, "%s",
                           count ? why_text(&refused, failure)
                                 : "the cluster has no certificate that may sign lists");
    *chosen = best;
    return result;
}

/* An act that names the signer is told whether another anchor would lose fewer. */
static int look_for_better(struct act_list *report, const struct candidate *chosen,
                           const struct roster *roster, const struct list_policy *policy,
                           struct making *m)
{
    struct candidate others[ANCHORS_MAX + 1];
    struct buffer attempt;
    struct why ignored = WHY_NONE;
    struct why *why = m->why;
    size_t fewest = chosen->losses.lost;
    size_t count = collect(others, roster, policy, NULL, bytes_of(NULL, 0));
    buffer_init(&attempt, TRUSTLIST_READ_MAX);
    m->why = &ignored;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(others[i].key, chosen->key) == 0 ||
            try_candidate(&attempt, &others[i], m) != 0 || others[i].losses.lost >= fewest)
            continue;
        fewest = report->other_lost = others[i].losses.lost;
        text_copy(report->other_key, sizeof report->other_key, others[i].key);
    }
    m->why = why;
    buffer_fini(&attempt);
    return 0;
}

int list_make(struct cluster *cluster, enum list_kind kind, const struct roster *roster,
              const struct list_policy *policy, const struct identity *local,
              const struct list_audience *audience, struct buffer *body, struct act_list *report,
              struct why *why)
{
    struct candidate candidates[ANCHORS_MAX + 1];
    const struct candidate *signer = NULL;
    struct buffer records;
    struct buffer current;
    buffer_init(&records, TRUSTLIST_READ_MAX / 2);
    buffer_init(&current, TRUSTLIST_READ_MAX);
    report->touched = true;
    int result = list_write_records(&records, kind, roster, policy, why);
    if (result == 0)
        result = load_current(&current, cluster_store(cluster), kind, report->old_hash);
    struct making m = {cluster, kind, buffer_bytes(&records), local, audience, why};
    size_t count =
        result ? 0
               : collect(candidates, roster, policy, policy->force_signer, buffer_bytes(&current));
    if (result == 0)
        result = choose(body, &signer, candidates, count, &m, report);
    if (result == 0 && signer && policy->force_signer && signer->losses.lost)
        result = look_for_better(report, signer, roster, policy, &m);
    if (result == 0)
        result = scene_serve(audience->after, kind, buffer_bytes(body));
    if (result == 0 && signer) {
        text_copy(report->signer, sizeof report->signer, certificate_subject(signer->certificate));
        text_copy(report->signer_key, sizeof report->signer_key, signer->key);
        result = check_made(buffer_bytes(body), report, why);
    }
    buffer_fini(&records);
    buffer_fini(&current);
    return result;
}
