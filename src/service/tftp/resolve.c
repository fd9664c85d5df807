#include "service/tftp/resolve.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cluster/crlfile.h"
#include "cluster/parameters.h"
#include "pki/signedfile.h"
#include "service/tftp/generate.h"
#include "service/tftp/inspect.h"
#include "service/tftp/sealing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AREA(area)    (1u << (area))
#define SIGNING_AREAS (AREA(AREA_CERTIFICATES) | AREA(AREA_PARAMETERS) | AREA(AREA_NODES))
#define DEVICE_AREAS  (AREA(AREA_DEVICES) | AREA(AREA_NODES) | AREA(AREA_PARAMETERS))
#define SEALING_AREAS (AREA(AREA_ENROLMENT) | AREA(AREA_PHONE_CERTIFICATES))

/* What is asked of the store again only when it has changed. */
struct facts {
    bool lists_known;
    struct store_list lists[2]; /* by enum list_kind; no body: none is served */
    bool ctl_names_servers;
    bool signer_known;
    int signer_result;
    char signer_words[200];
    struct certificate *signer;
    enum digest_code digest;
};

struct resolver {
    struct file_root *root;
    struct templates *templates;
    struct inspector *inspector;
    char node[NODE_NAME];
    struct facts facts;
};

int resolver_new(struct resolver **out, const char *tftpboot, const char *templates,
                 const char *node)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    text_copy(r->node, sizeof r->node, node);
    int result = file_root_new(&r->root, tftpboot);
    if (result == 0)
        result = templates_new(&r->templates, templates);
    if (result == 0)
        result = inspector_new(&r->inspector);
    if (result) {
        resolver_free(r);
        return result;
    }
    *out = r;
    return 0;
}

static void forget_lists(struct facts *facts)
{
    store_list_fini(&facts->lists[LIST_CTL]);
    store_list_fini(&facts->lists[LIST_ITL]);
    memset(facts->lists, 0, sizeof facts->lists);
    facts->lists_known = false;
}

static void forget_signer(struct facts *facts)
{
    certificate_free(facts->signer);
    facts->signer = NULL;
    facts->signer_known = false;
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    forget_lists(&r->facts);
    forget_signer(&r->facts);
    inspector_free(r->inspector);
    templates_free(r->templates);
    file_root_free(r->root);
    free(r);
}

void finding_fini(struct finding *finding)
{
    body_free(finding->body);
    finding->body = NULL;
    buffer_fini(&finding->covered);
}

static void found_error(struct finding *out, int result, const char *words)
{
    out->result = result;
    text_copy(out->words, sizeof out->words, words);
}

/* ---- facts ---- */

static bool names_servers(struct bytes file)
{
    struct trustlist *list = NULL;
    bool found = false;
    if (trustlist_parse(&list, file, NULL) != 0)
        return false;
    for (size_t i = 0; i < list->count && !found; i++)
        found = record_names_certificate(&list->records[i]) &&
                (list->records[i].role == ROLE_CCM || list->records[i].role == ROLE_CCM_TFTP);
    trustlist_free(list);
    return found;
}

static int learn_lists(struct resolver *r, struct store *store)
{
    struct facts *facts = &r->facts;
    if (facts->lists_known)
        return 0;
    forget_lists(facts);
    for (enum list_kind kind = LIST_CTL; kind <= LIST_ITL; kind++) {
        int result = store_list_current(store, kind, &facts->lists[kind]);
        if (result == ERR_NOT_FOUND)
            memset(&facts->lists[kind], 0, sizeof facts->lists[kind]);
        else if (result)
            return result;
    }
    facts->ctl_names_servers = names_servers(buffer_bytes(&facts->lists[LIST_CTL].body)) ||
                               names_servers(buffer_bytes(&facts->lists[LIST_ITL].body));
    facts->lists_known = true;
    return 0;
}

static int load_signer(struct resolver *r, struct store *store, struct why *why)
{
    struct store_node node;
    struct store_certificate own = {0};
    struct envelope_spec spec = {0};
    char digest[PARAMETER_VALUE];
    int result = store_node_get(store, r->node, &node);
    if (result == 0)
        result = store_certificate_active(store, node.id, "CallManager", &own);
    if (result)
        return why_error(why, result, "there is no CallManager certificate: %s",
                         store_words(store, result));
    result = certificate_from_der(&r->facts.signer, buffer_bytes(&own.der), why);
    store_certificate_fini(&own);
    if (result == 0)
        result = envelope_spec_signer(&spec, r->facts.signer, why);
    r->facts.digest = DIGEST_SHA1;
    if (store_parameter_get(store, PARAMETER_FILE_DIGEST, digest) == 0 &&
        strcmp(digest, "SHA-512") == 0)
        r->facts.digest = DIGEST_SHA512;
    return result;
}

static void learn_signer(struct resolver *r, struct store *store)
{
    struct why why = WHY_NONE;
    if (r->facts.signer_known)
        return;
    forget_signer(&r->facts);
    r->facts.signer_result = load_signer(r, store, &why);
    text_copy(r->facts.signer_words, sizeof r->facts.signer_words,
              why_text(&why, r->facts.signer_result));
    r->facts.signer_known = r->facts.signer_result == 0 ||
                            r->facts.signer_result == ERR_UNSUPPORTED ||
                            r->facts.signer_result == ERR_NOT_FOUND;
}

/* ---- signing ---- */

/* Sealed files are of version 2.0, others of 1.0. */
static int write_header(struct resolver *r, const struct file_name *name, struct bytes sealing,
                        struct finding *out, struct why *why)
{
    struct envelope_spec spec = {.version_major = sealing.size ? 2 : 1,
                                 .version_minor = 0,
                                 .digest = r->facts.digest,
                                 .filename = bytes_of_string(name->asked),
                                 .has_timestamp = true,
                                 .timestamp = (uint32_t)clock_wall(),
                                 .sealing = sealing};
    int result = envelope_spec_signer(&spec, r->facts.signer, why);
    return result ? result : envelope_write(&out->covered, &out->signature_at, &spec, why);
}

/* Who would sign now, and how. */
static int find_signer(struct resolver *r, struct store *store, struct finding *out)
{
    out->areas |= SIGNING_AREAS;
    learn_signer(r, store);
    if (r->facts.signer_result) {
        found_error(out, ERR_UNSUPPORTED, r->facts.signer_words);
        return out->result;
    }
    uint8_t code = (uint8_t)r->facts.digest;
    const struct bytes pieces[2] = {bytes_of(certificate_sha256(r->facts.signer), SHA256_SIZE),
                                    bytes_of(&code, 1)};
    out->result = digest_pieces(DIGEST_KIND_SHA256, pieces, 2, out->signer);
    return out->result;
}

static void ask_for_signature(struct resolver *r, struct store *store, const struct file_name *name,
                              struct finding *out)
{
    struct why why = WHY_NONE;
    if (find_signer(r, store, out) != 0)
        return;
    int result = write_header(r, name, bytes_of(NULL, 0), out, &why);
    if (result)
        found_error(out, result, why_text(&why, result));
    out->sign = result == 0;
}

/* ---- files ---- */

/* Where the content begins in a file that is an envelope. */
static int envelope_end(const struct found_file *file, uint64_t *offset)
{
    uint8_t *start = malloc(ENVELOPE_HEADER_MAX);
    struct envelope envelope = {0};
    int result = start ? 0 : -ENOMEM;
    if (result == 0) {
        ssize_t n = pread(file->fd, start, ENVELOPE_HEADER_MAX, 0);
        result = n < 0 ? -errno : envelope_parse(&envelope, bytes_of(start, (size_t)n), NULL);
    }
    free(start);
    if (result == 0)
        *offset = envelope.header_size;
    return result;
}

/* Takes that file as the content, from `offset` on. A file that is just being written is looked at
 * a few times. */
static void take_file(struct resolver *r, const char *path, bool unsign, struct finding *out)
{
    for (int i = 0; i < 3; i++) {
        struct found_file file;
        uint64_t offset = 0;
        int result = file_root_open(r->root, &file, path);
        if (result == 0) {
            out->transient = out->transient || file.linked;
            if (unsign)
                result = envelope_end(&file, &offset);
            if (result == 0)
                result = body_from_file(&out->body, &file, offset);
            else
                close(file.fd);
        }
        out->result = result;
        if (result != ERR_CONFLICT)
            break;
    }
    if (out->result)
        text_format(out->words, sizeof out->words, "%s/%s: %s", file_root_directory(r->root), path,
                    error_text(out->result));
}

/* Any file: as it lies, signed on the fly, or out of its envelope. */
static void find_file(struct resolver *r, struct store *store, const struct file_name *name,
                      struct finding *out)
{
    bool firmware = file_name_is_firmware(name->asked);
    out->files = true;
    take_file(r, name->asked, false, out);
    if (out->result == ERR_NOT_FOUND && firmware && name->form == FORM_SIGNED)
        found_error(out, ERR_NOT_FOUND, "binaries are not signed here; phones ask without .sgn");
    if (out->result != ERR_NOT_FOUND || firmware)
        return;
    if (name->form == FORM_SIGNED && !text_ends(name->path, ".tlv")) {
        take_file(r, name->path, false, out);
        if (out->result == 0)
            ask_for_signature(r, store, name, out);
    } else if (name->form == FORM_PLAIN) {
        char twin[FILE_PATH];
        text_format(twin, sizeof twin, "%s.sgn", name->asked);
        take_file(r, twin, true, out);
        if (out->result == ERR_FORMAT || out->result == ERR_TRUNCATED)
            out->result = ERR_NOT_FOUND; /* some other kind of .sgn */
    }
}

/* ---- lists ---- */

/* Only a list of the right kind that parses: a phone would keep its old one, and not say why. */
static int check_list(struct bytes file, enum trustlist_kind kind, struct why *why)
{
    struct trustlist *list = NULL;
    enum trustlist_kind is;
    int result = trustlist_parse(&list, file, why);
    if (result == 0)
        result = trustlist_kind(list, &is);
    if (result == 0 && is != kind)
        result = why_error(why, ERR_FORMAT, "it is a %s", trustlist_kind_name(is));
    trustlist_free(list);
    return result;
}

/* A list that lies in tftpboot/, if it is one. */
static bool find_list_file(struct resolver *r, const char *path, enum trustlist_kind kind,
                           struct finding *out)
{
    struct why why = WHY_NONE;
    take_file(r, path, false, out);
    if (out->result == ERR_NOT_FOUND)
        return false;
    if (out->result == 0)
        out->result =
            out->body->memory
                ? check_list(bytes_of(out->body->memory, (size_t)out->body->size), kind, &why)
                : ERR_LIMIT;
    if (out->result == 0)
        return true;
    char words[300];
    log_event(LEVEL_WARNING, "event=list_ignored file=%s reason=%s", path,
              text_value(words, sizeof words, bytes_of_string(why_text(&why, out->result))));
    body_free(out->body);
    out->body = NULL;
    return false;
}

static void find_list(struct resolver *r, struct store *store, const struct file_name *name,
                      struct finding *out)
{
    enum list_kind kind = name->kind == NAME_CTL ? LIST_CTL : LIST_ITL;
    enum trustlist_kind wire = kind == LIST_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL;
    out->files = true;
    out->areas = AREA(AREA_LISTS);
    if (name->device[0] && find_list_file(r, name->asked, wire, out))
        return;
    int result = learn_lists(r, store);
    if (result) {
        found_error(out, result, store_words(store, result));
        return;
    }
    struct bytes body = buffer_bytes(&r->facts.lists[kind].body);
    if (body.size) {
        out->result = body_from_bytes(&out->body, body);
        return;
    }
    if (!name->device[0] && find_list_file(r, trustlist_file_name(wire), wire, out))
        return;
    found_error(out, ERR_NOT_FOUND, "no such list is published");
}

/* ---- the lists of revoked certificates ---- */

/* What the cluster publishes, or what somebody put there for a CAPF that is none of ours. */
static void find_crl(struct resolver *r, struct store *store, const struct file_name *name,
                     struct finding *out)
{
    struct crlfile file = {.updated = 0};
    int result = name->kind == NAME_CRL ? crlfile_read(&file, store, r->node)
                                        : crlfile_read_pem(&file, store, clock_wall());
    if (result == 0) {
        result = body_from_bytes(&out->body, buffer_bytes(&file.body));
        crlfile_fini(&file);
    }
    if (result == ERR_NOT_FOUND)
        find_file(r, store, name, out);
    else if (result)
        found_error(out, result, store_words(store, result));
    out->areas |= AREA(AREA_CRL) | AREA(AREA_CERTIFICATES) | AREA(AREA_NODES);
}

/* ---- configurations ---- */

static void look_over(struct resolver *r, struct store *store, const struct file_name *name,
                      const struct store_device *device, bool sealed, const struct finding *out)
{
    struct inspection what = {.file = name->path,
                              .hash = out->body->hash,
                              .xml = bytes_of(out->body->memory, (size_t)out->body->size),
                              .device = device,
                              .store = store,
                              .served_sealed = sealed,
                              .root = r->root};
    if (!out->body->memory)
        return;
    what.lists_known = learn_lists(r, store) == 0;
    what.ctl_names_servers = r->facts.ctl_names_servers;
    what.itl_served = r->facts.lists[LIST_ITL].body.size > 0;
    inspector_look(r->inspector, &what);
}

/* Device and profile; ERR_NOT_FOUND when the cluster does not know the device. */
static int know_device(struct store *store, const char *name, struct store_device *device,
                       struct store_profile *profile)
{
    int result = name[0] ? store_device_get(store, name, device) : ERR_NOT_FOUND;
    if (result == 0)
        result = store_profile_get(store, device->profile, profile);
    return result;
}

static void make_config(struct resolver *r, struct store *store, const struct file_name *name,
                        const struct store_device *device, const struct store_profile *profile,
                        struct finding *out)
{
    struct why why = WHY_NONE;
    struct buffer text;
    buffer_init(&text, CNF_BYTES_MAX);
    out->templates = true;
    out->areas |= name->kind == NAME_DEFAULT ? AREA(AREA_PARAMETERS) : AREA(AREA_ENROLMENT);
    int result = name->kind == NAME_DEFAULT
                     ? generate_default(&text, store, &why)
                     : generate_config(&text, store, r->templates, device, profile, &why);
    if (result == 0)
        result = body_from_bytes(&out->body, buffer_bytes(&text));
    buffer_fini_secret(&text);
    found_error(out, result, result ? why_text(&why, result) : "");
}

/* The whole configuration of a phone, in clear: what somebody wrote, or what the store makes. */
static void find_whole(struct resolver *r, struct store *store, const struct file_name *name,
                       const struct store_device *device, const struct store_profile *profile,
                       struct finding *out)
{
    struct file_name plain = *name;
    plain.form = FORM_PLAIN;
    text_copy(plain.asked, sizeof plain.asked, name->path);
    find_file(r, store, &plain, out);
    if (out->result == 0)
        look_over(r, store, &plain, device, true, out);
    else if (out->result == ERR_NOT_FOUND)
        make_config(r, store, name, device, profile, out);
}

/* It is there, but cannot be made into what may leave. */
static void keep_back(struct finding *out, const struct file_name *name, int result,
                      struct why *why)
{
    text_format(out->words, sizeof out->words,
                "the configuration of %s has to be encrypted, and is not sent in clear: %s",
                name->device, why_text(why, result));
    bool lasts = result == ERR_FORMAT || result == ERR_LIMIT || result == ERR_UNSUPPORTED;
    out->result = lasts ? ERR_POLICY : result;
}

/* Sealing makes other bytes each time, so it is not done again for the same. */
static void seal_whole(struct resolver *r, struct store *store, const struct file_name *name,
                       const struct store_device *device, const struct body *whole,
                       const uint8_t *known, struct finding *out)
{
    struct why why = WHY_NONE;
    struct buffer elements;
    enum phone_certificate_kind kind;
    if (find_signer(r, store, out) != 0)
        return;
    int result = sealing_name(out->signer, whole, sealing_credential(device, &kind), out->signer);
    out->same = result == 0 && known && memcmp(known, out->signer, SHA256_SIZE) == 0;
    if (out->same)
        return;
    buffer_init(&elements, ENVELOPE_HEADER_MAX);
    if (result == 0)
        result = sealing_make(&out->body, &elements, store, whole, device, r->facts.digest, &why);
    if (result == 0)
        result = write_header(r, name, buffer_bytes(&elements), out, &why);
    buffer_fini(&elements);
    if (result)
        keep_back(out, name, result, &why);
    out->sign = result == 0;
}

static void shorten_whole(struct resolver *r, struct store *store, const struct file_name *name,
                          const struct store_device *device, const struct body *whole,
                          struct finding *out)
{
    struct why why = WHY_NONE;
    int result = sealing_short(&out->body, whole, device, &why);
    if (result) {
        keep_back(out, name, result, &why);
        return;
    }
    if (!out->templates) /* somebody wrote what it is made of */
        look_over(r, store, name, device, true, out);
    if (name->form == FORM_SIGNED)
        ask_for_signature(r, store, name, out);
}

/* What leaves of a phone whose profile has it encrypted. The whole one, whoever wrote it, leaves as
 * ciphertext; files that lie there sealed already are nobody's, since only we know for which
 * certificate the phone will be told they are. */
static void find_encrypted(struct resolver *r, struct store *store, const struct file_name *name,
                           const struct store_device *device, const struct store_profile *profile,
                           const uint8_t *known, struct finding *out)
{
    enum phone_certificate_kind kind;
    out->areas |= SEALING_AREAS;
    if (name->form == FORM_SEALED && !sealing_credential(device, &kind)) {
        found_error(out, ERR_NOT_FOUND,
                    "the phone has no certificate with an RSA key that it could be sealed for: it "
                    "has to enrol first");
        return;
    }
    find_whole(r, store, name, device, profile, out);
    struct body *whole = out->body;
    out->body = NULL;
    if (out->result == 0 && name->form == FORM_SEALED)
        seal_whole(r, store, name, device, whole, known, out);
    else if (out->result == 0)
        shorten_whole(r, store, name, device, whole, out);
    sealing_wipe(whole);
}

/* Sealed files of tftpboot/ are for phones the cluster does not know: those it knows are told by it
 * whether theirs is encrypted. */
static void find_sealed(struct resolver *r, const struct file_name *name, bool known,
                        struct finding *out)
{
    if (!known) {
        take_file(r, name->asked, false, out);
        return;
    }
    found_error(out, ERR_NOT_FOUND, "the phone's profile does not encrypt configurations");
}

/* What lies about under the name of a configuration: SEP<MAC>.cnf.xml.bak, old/SEP<MAC>.cnf.xml. */
static void find_copy(struct resolver *r, struct store *store, const struct file_name *name,
                      struct finding *out)
{
    struct store_device device;
    struct store_profile profile = {0};
    out->areas = DEVICE_AREAS;
    int known = know_device(store, name->about, &device, &profile);
    if (known && known != ERR_NOT_FOUND) {
        found_error(out, known, store_words(store, known));
    } else if (known == 0 && profile.tftp_encrypted) {
        found_error(out, ERR_POLICY,
                    "the configuration of this phone has to be encrypted, and nothing that may be "
                    "a copy of it is sent in clear");
    } else {
        find_file(r, store, name, out);
    }
}

/* A file that somebody wrote goes before what the store would make. Signed files of tftpboot/ are
 * served as they lie, unless the profile has the configuration encrypted. */
static void find_config(struct resolver *r, struct store *store, const struct file_name *name,
                        const uint8_t *seen, struct finding *out)
{
    struct store_device device;
    struct store_profile profile = {0};
    out->files = true;
    out->areas = DEVICE_AREAS;
    int known = know_device(store, name->device, &device, &profile);
    if (known && known != ERR_NOT_FOUND) {
        found_error(out, known, store_words(store, known));
        return;
    }
    out->stranger = known != 0 && name->kind == NAME_CONFIG;
    if (known == 0 && profile.tftp_encrypted) {
        find_encrypted(r, store, name, &device, &profile, seen, out);
        return;
    }
    if (name->form == FORM_SEALED) {
        find_sealed(r, name, known == 0, out);
        return;
    }
    find_file(r, store, name, out);
    if (out->result == 0 && (out->sign || name->form == FORM_PLAIN))
        look_over(r, store, name, known == 0 ? &device : NULL, false, out);
    if (out->result != ERR_NOT_FOUND || (known && name->kind == NAME_CONFIG))
        return;
    make_config(r, store, name, &device, &profile, out);
    if (out->result == 0 && name->form == FORM_SIGNED)
        ask_for_signature(r, store, name, out);
}

void resolver_find(struct resolver *r, struct store *store, const struct file_name *name,
                   unsigned moved, const uint8_t *known, struct finding *out)
{
    *out = (struct finding){0};
    buffer_init(&out->covered, ENVELOPE_HEADER_MAX);
    if (moved & AREA(AREA_LISTS))
        forget_lists(&r->facts);
    if (moved & SIGNING_AREAS)
        forget_signer(&r->facts);
    switch (name->kind) {
    case NAME_CTL:
    case NAME_ITL:
        find_list(r, store, name, out);
        break;
    case NAME_CRL:
    case NAME_CRLS:
        find_crl(r, store, name, out);
        break;
    case NAME_CONFIG:
    case NAME_DEFAULT:
        find_config(r, store, name, known, out);
        break;
    case NAME_COPY:
        find_copy(r, store, name, out);
        break;
    case NAME_FILE:
        find_file(r, store, name, out);
        break;
    }
    out->stranger = out->stranger && out->result == ERR_NOT_FOUND;
    if (out->result) {
        body_free(out->body);
        out->body = NULL;
        out->sign = out->same = false;
    }
}
