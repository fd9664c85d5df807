/* What becomes of a file that has arrived: decided by trust/accept.h, and by reading it. */
#include "phone/boot_parts.h"

#include "pki/seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The file as it is reported. */
static struct boot_action *push_file(struct boot *boot, enum boot_result result, struct bytes file,
                                     unsigned header_size)
{
    struct boot_action *action = boot_push(boot, BOOT_FILE);
    action->result = result;
    action->content = file;
    action->header_size = header_size;
    action->asked_tvs = boot->trust.testimony != NULL;
    action->answer = &boot->answer;
    return action;
}

static unsigned header_size(struct bytes file)
{
    struct envelope header;
    if (!envelope_looks_like(file) || envelope_parse(&header, file, NULL) != 0)
        return 0;
    return header.header_size;
}

static void push_refusal_status(struct boot *boot, enum boot_status status)
{
    struct boot_action *action = boot_push(boot, BOOT_STATUS);
    action->status = status;
    action->answer = &boot->answer;
    action->result = RESULT_REFUSED;
}

/* Traits nobody knows are no yes: the phone keeps what it has. */
static enum boot_event refuse(struct boot *boot, struct bytes file)
{
    bool unverified =
        boot->answer.rule == RULE_BAD_SIGNATURE || boot->answer.rule == RULE_INCONSISTENT;
    bool is_list = boot->kind == BOOT_CTL || boot->kind == BOOT_ITL;
    push_file(boot, RESULT_REFUSED, file, header_size(file));
    if (is_list && unverified)
        boot_push_status(boot, STATUS_LIST_UNVERIFIED, boot->name);
    push_refusal_status(boot, is_list ? STATUS_LIST_FAILED : STATUS_FILE_AUTH);
    boot->refused |= boot->kind != BOOT_EXTRA;
    return EVENT_REFUSED;
}

/* No list names the signer. The file waits here until TVS has spoken. */
static enum boot_event ask_tvs(struct boot *boot, struct bytes file)
{
    struct envelope header;
    buffer_clear(&boot->doubtful);
    buffer_append(&boot->doubtful, file);
    int result = boot->doubtful.error;
    if (result == 0)
        result = envelope_parse(&header, buffer_bytes(&boot->doubtful), NULL);
    if (result)
        return boot_fail_here(boot, error_text(result));
    struct boot_action *action = boot_push(boot, BOOT_ASK);
    action->content = buffer_bytes(&boot->doubtful);
    action->subject = header.signer_name;
    action->issuer = header.issuer;
    action->serial = header.serial;
    boot->inquiring = true;
    return EVENT_NONE;
}

static enum boot_event store(struct boot *boot, enum flash_slot slot, struct bytes content)
{
    struct boot_action *action = boot_push(boot, BOOT_STORE);
    action->slot = slot;
    action->content = content;
    boot->storing = true;
    return EVENT_NONE;
}

static enum boot_event judge_list(struct boot *boot, struct bytes file)
{
    enum trustlist_kind kind = boot->kind == BOOT_CTL ? TRUSTLIST_CTL : TRUSTLIST_ITL;
    struct held_list *list;
    int result = shelf_take(boot->shelf, &list, kind, file);
    if (result)
        return boot_fail_here(boot, error_text(result));
    accept_offer(&boot->answer, &boot->trust, list->offer);
    if (boot->answer.verdict == VERDICT_THROUGH_TVS) {
        shelf_put_back(boot->shelf, list);
        return ask_tvs(boot, file);
    }
    if (boot->answer.verdict != VERDICT_YES) {
        shelf_put_back(boot->shelf, list);
        return refuse(boot, file);
    }
    bool unchanged = list == boot->held[kind];
    push_file(boot, unchanged ? RESULT_UNCHANGED : RESULT_ACCEPTED, file,
              list->list->header.header_size);
    if (unchanged) {
        shelf_put_back(boot->shelf, list);
        return EVENT_ACCEPTED;
    }
    boot->new_list = list;
    return store(boot, kind == TRUSTLIST_CTL ? FLASH_CTL : FLASH_ITL, list->file);
}

static enum boot_event refuse_unreadable(struct boot *boot, struct bytes file,
                                         const struct why *why, int error)
{
    boot->answer = (struct answer){.verdict = VERDICT_NO, .rule = RULE_MALFORMED};
    text_format(boot->answer.explanation, sizeof boot->answer.explanation,
                "The phone cannot read this configuration: %s.", why_text(why, error));
    push_file(boot, RESULT_REFUSED, file, header_size(file));
    push_refusal_status(boot, STATUS_CONFIG_ERROR);
    boot->refused = true;
    return EVENT_REFUSED;
}

/* A phone that speaks SIP alone speaks it whatever the file says, or leaves out. */
static int parse(const struct boot *boot, struct cnf *out, struct bytes xml, struct why *why)
{
    const struct model *model = boot->trust.model;
    int result = cnf_parse(out, xml, model->type, why);
    if (result == 0 && model->protocols == MODEL_SIP)
        out->sip = true;
    return result;
}

/* The XML inside of what was accepted: signed files carry it behind their header. */
static struct bytes payload_of(const struct boot *boot, struct bytes file)
{
    struct envelope header;
    if (!text_ends(boot->name, ".sgn") || envelope_parse(&header, file, NULL) != 0)
        return file;
    return envelope_body(&header, file);
}

/* A file sealed for another certificate: a phone that only tried asks for the short file next. */
static enum boot_event refuse_sealed(struct boot *boot, struct bytes file, const struct why *why,
                                     int error)
{
    boot->answer = (struct answer){.verdict = VERDICT_NO, .rule = RULE_MALFORMED};
    text_format(boot->answer.explanation, sizeof boot->answer.explanation,
                "The phone cannot open this file: %s.", why_text(why, error));
    push_file(boot, RESULT_NOT_OURS, file, header_size(file));
    if (boot->state == STATE_SEALED_FIRST)
        return EVENT_ABSENT;
    push_refusal_status(boot, STATUS_CONFIG_ERROR);
    boot->refused = true;
    return EVENT_REFUSED;
}

static int open_sealed(struct boot *boot, struct bytes file, struct why *why)
{
    const struct identity *own = boot_own(boot);
    if (!own)
        return why_error(why, ERR_NOT_FOUND, "it has no certificate");
    buffer_fini_secret(&boot->opened);
    buffer_init(&boot->opened, CNF_BYTES_MAX);
    int result = buffer_reserve(&boot->opened, file.size); /* no copies stay behind */
    return result ? result : unseal(&boot->opened, file, own->key, why);
}

static enum boot_event take_configuration(struct boot *boot, struct bytes file);

static enum boot_event take_sealed(struct boot *boot, struct bytes file)
{
    struct why why = WHY_NONE;
    int result = open_sealed(boot, file, &why);
    if (result == -ENOMEM)
        return boot_fail_here(boot, error_text(result));
    return result ? refuse_sealed(boot, file, &why, result) : take_configuration(boot, file);
}

/* The short file is for this boot, as the default one is: what it stands for is the phone's own. */
static bool is_kept(const struct boot *boot, const struct cnf *cnf)
{
    return boot->kind == BOOT_CONFIGURATION && !(cnf->encrypted && !cnf->full);
}

static enum boot_event take_configuration(struct boot *boot, struct bytes file)
{
    struct why why = WHY_NONE;
    bool sealed = text_ends(boot->name, ".enc.sgn");
    struct bytes xml = sealed ? buffer_bytes(&boot->opened) : payload_of(boot, file);
    struct cnf *cnf = malloc(sizeof *cnf);
    if (!cnf)
        return boot_fail_here(boot, error_text(-ENOMEM));
    int result = parse(boot, cnf, xml, &why);
    if (result == 0)
        result = digest_bytes(DIGEST_KIND_SHA256, xml, boot->new_hash);
    if (result) {
        free(cnf);
        return result == -ENOMEM ? boot_fail_here(boot, error_text(result))
                                 : refuse_unreadable(boot, file, &why, result);
    }
    bool unchanged =
        boot->configuration && memcmp(boot->new_hash, boot->configuration_hash, SHA256_SIZE) == 0;
    bool kept = is_kept(boot, cnf);
    boot->new_configuration = cnf;
    push_file(boot, unchanged ? RESULT_UNCHANGED : RESULT_ACCEPTED, file, header_size(file));
    if (!kept)
        memcpy(boot->new_hash, boot->configuration_hash, SHA256_SIZE);
    if (!unchanged && kept)
        return store(boot, FLASH_CONFIGURATION, xml);
    boot_commit(boot);
    return EVENT_ACCEPTED;
}

enum boot_event boot_judge(struct boot *boot, struct bytes file)
{
    if (boot->kind == BOOT_CTL || boot->kind == BOOT_ITL)
        return judge_list(boot, file);
    accept_file(&boot->answer, &boot->trust, boot->name, file);
    if (boot->answer.verdict == VERDICT_THROUGH_TVS)
        return ask_tvs(boot, file);
    if (boot->answer.verdict != VERDICT_YES)
        return refuse(boot, file);
    if (boot->kind == BOOT_CONFIGURATION && text_ends(boot->name, ".enc.sgn"))
        return take_sealed(boot, file);
    if (boot->kind != BOOT_EXTRA)
        return take_configuration(boot, file);
    push_file(boot, RESULT_ACCEPTED, file, header_size(file));
    return EVENT_ACCEPTED;
}

/* ---- the flash ---- */

static void hold(struct boot *boot, struct held_list *list)
{
    shelf_put_back(boot->shelf, boot->held[list->kind]);
    boot->held[list->kind] = list;
    if (list->kind == TRUSTLIST_CTL)
        boot->trust.ctl = list->list;
    else
        boot->trust.itl = list->list;
}

void boot_commit(struct boot *boot)
{
    boot->storing = false;
    if (boot->new_list) {
        hold(boot, boot->new_list);
        boot->new_list = NULL;
        boot->list_updated = true;
    }
    if (boot->new_configuration) {
        free(boot->configuration);
        boot->configuration = boot->new_configuration;
        boot->new_configuration = NULL;
        boot->is_configured = true;
        memcpy(boot->configuration_hash, boot->new_hash, SHA256_SIZE);
        boot_push_status(boot, STATUS_CONFIGURED, boot->name);
    }
}

void boot_drop(struct boot *boot)
{
    boot->storing = false;
    shelf_put_back(boot->shelf, boot->new_list);
    free(boot->new_configuration);
    boot->new_list = NULL;
    boot->new_configuration = NULL;
}

int boot_hold_list(struct boot *boot, enum trustlist_kind kind, struct bytes file, struct why *why)
{
    struct held_list *list;
    int result = shelf_take(boot->shelf, &list, kind, file);
    if (result)
        return why_error(why, result, "%s", error_text(result));
    if (list->list) {
        hold(boot, list);
        return 0;
    }
    shelf_put_back(boot->shelf, list);
    struct trustlist *unreadable = NULL;
    result = trustlist_parse(&unreadable, file, why);
    trustlist_free(unreadable);
    return result ? result
                  : why_error(why, ERR_LIMIT, "%zu bytes are more than a phone keeps", file.size);
}

int boot_hold_configuration(struct boot *boot, struct bytes xml, struct why *why)
{
    struct cnf *cnf = malloc(sizeof *cnf);
    int result = cnf ? parse(boot, cnf, xml, why) : -ENOMEM;
    if (result == 0)
        result = digest_bytes(DIGEST_KIND_SHA256, xml, boot->configuration_hash);
    if (result) {
        free(cnf);
        return result;
    }
    free(boot->configuration);
    boot->configuration = cnf;
    return 0;
}

void boot_erased(struct boot *boot, bool ctl, bool itl)
{
    if (ctl && itl)
        boot_push_status(boot, STATUS_ERASING, "");
    else if (ctl)
        boot_push_status(boot, STATUS_ERASING_CTL, "");
    else if (itl)
        boot_push_status(boot, STATUS_ERASING_ITL, "");
}
