#include "phone/report_parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "phone/console.h"

#include <errno.h>
#include <stdlib.h>

void report_put(struct report *r, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        r->broken = true;
}

json_t *report_text(const char *text)
{
    char shown[4 * BOOT_NAME];
    if (text_is_utf8(bytes_of_string(text)))
        return json_string(text);
    return json_string(text_escape(shown, sizeof shown, bytes_of_string(text)));
}

static json_t *hex_of(const uint8_t *data, size_t size)
{
    char digits[2 * DIGEST_SIZE_MAX + 1];
    return json_string(text_hex(digits, sizeof digits, bytes_of(data, size), false, 0));
}

/* ---- lists ---- */

static json_t *list_of(struct report *r, const struct held_list *list)
{
    if (!list)
        return json_null();
    json_t *object = json_object();
    report_put(r, object, "size", json_integer((json_int_t)list->file.size));
    report_put(r, object, "md5", hex_of(list->md5, MD5_SIZE));
    report_put(r, object, "sha1", hex_of(list->sha1, SHA1_SIZE));
    report_put(r, object, "sha256", hex_of(list->sha256, SHA256_SIZE));
    report_put(r, object, "certificates",
               json_integer((json_int_t)trustlist_certificates(list->list)));
    return object;
}

static void put_lists(struct report *r, const char *when, const struct boot *boot)
{
    json_t *object = json_object();
    report_put(r, object, "ctl", list_of(r, boot_list(boot, TRUSTLIST_CTL)));
    report_put(r, object, "itl", list_of(r, boot_list(boot, TRUSTLIST_ITL)));
    report_put(r, r->lists, when, object);
}

/* ---- files ---- */

static void put_digests(struct report *r, json_t *object, struct bytes file)
{
    char md5[2 * MD5_SIZE + 1];
    char sha256[2 * SHA256_SIZE + 1];
    if (digest_hex(DIGEST_KIND_MD5, file, md5) != 0 ||
        digest_hex(DIGEST_KIND_SHA256, file, sha256) != 0) {
        r->broken = true;
        return;
    }
    report_put(r, object, "size", json_integer((json_int_t)file.size));
    report_put(r, object, "md5", json_string(md5));
    report_put(r, object, "sha256", json_string(sha256));
}

static void add_file(struct report *r, const struct boot_action *action)
{
    json_t *object = json_object();
    report_put(r, object, "name", report_text(action->name));
    report_put(r, object, "kind", json_string(boot_kind_text(action->file)));
    report_put(r, object, "transport",
               json_string(action->transport == BOOT_HTTP ? "http" : "tftp"));
    report_put(r, object, "result", json_string(boot_result_text(action->result)));
    if (action->answer) {
        put_digests(r, object, action->content);
        report_put(r, object, "header_length", json_integer(action->header_size));
        report_put(r, object, "verdict", json_string(verdict_text(action->answer->verdict)));
        report_put(r, object, "rule", json_string(accept_rule_text(action->answer->rule)));
        report_put(r, object, "explanation", report_text(action->answer->explanation));
        report_put(r, object, "inferred", json_boolean(action->answer->inferred));
        report_put(r, object, "asked_tvs", json_boolean(action->asked_tvs));
    }
    if (action->failure != FAILURE_NONE) {
        report_put(r, object, "failure", json_string(boot_failure_text(action->failure)));
        report_put(r, object, "error", report_text(action->words));
    }
    if (json_array_append_new(r->files, object) != 0)
        r->broken = true;
}

static void add_message(struct report *r, const struct boot_action *action)
{
    char text[BOOT_STATUS_TEXT];
    char iso[CLOCK_TEXT];
    json_t *object = json_object();
    report_put(r, object, "time", json_string(clock_iso(iso, clock_wall_ms())));
    report_put(r, object, "text", json_string(boot_status_text(text, action)));
    if (json_array_append_new(r->messages, object) != 0)
        r->broken = true;
}

/* ---- the configuration ---- */

static json_t *members_of(struct report *r, const struct cnf_member *members, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        report_put(r, object, "host", report_text(members[i].host));
        report_put(r, object, "port",
                   members[i].port ? json_integer(members[i].port) : json_null());
        if (json_array_append_new(array, object) != 0)
            r->broken = true;
    }
    return array;
}

static json_t *configuration_of(struct report *r, const struct boot *boot)
{
    const struct cnf *c = boot_configuration(boot);
    if (!c)
        return json_null();
    json_t *object = json_object();
    report_put(r, object, "kept", json_boolean(!boot_is_configured(boot)));
    report_put(r, object, "default", json_boolean(c->is_default));
    report_put(r, object, "full", json_boolean(c->full));
    report_put(r, object, "protocol",
               c->is_default ? json_null() : json_string(c->sip ? "sip" : "sccp"));
    report_put(r, object, "mode", json_string(console_mode_text(c->security_mode)));
    report_put(r, object, "encrypted", json_boolean(c->encrypted));
    report_put(r, object, "certificate_hash", report_text(c->certificate_hash));
    report_put(r, object, "capf_auth", json_integer(c->capf_auth));
    report_put(r, object, "load", report_text(c->load));
    report_put(r, object, "version_stamp", report_text(c->version_stamp));
    report_put(r, object, "managers", members_of(r, c->managers, c->manager_count));
    report_put(r, object, "tvs", members_of(r, c->tvs, c->tvs_count));
    report_put(r, object, "capf", members_of(r, c->capf, c->capf_count));
    return object;
}

/* ---- CAPF ---- */

static json_t *date_of(int64_t seconds)
{
    char iso[CLOCK_TEXT];
    return json_string(clock_iso(iso, seconds * 1000));
}

static json_t *lsc_of(struct report *r, const struct identity *lsc)
{
    if (!lsc)
        return json_null();
    const struct certificate *c = lsc->certificate;
    char serial[2 * 32 + 1];
    char md5[2 * MD5_SIZE + 1];
    json_t *object = json_object();
    if (digest_hex(DIGEST_KIND_MD5, certificate_der(c), md5) != 0)
        r->broken = true;
    report_put(r, object, "subject", report_text(certificate_subject(c)));
    report_put(r, object, "issuer", report_text(certificate_issuer(c)));
    report_put(r, object, "serial",
               json_string(text_hex(serial, sizeof serial, certificate_serial(c), true, 0)));
    report_put(r, object, "not_before", date_of(certificate_not_before(c)));
    report_put(r, object, "not_after", date_of(certificate_not_after(c)));
    report_put(r, object, "key", json_string(certificate_key_name(c)));
    report_put(r, object, "key_bits", json_integer(certificate_key_bits(c)));
    report_put(r, object, "md5", json_string(md5));
    report_put(r, object, "sha256", hex_of(certificate_sha256(c), SHA256_SIZE));
    return object;
}

void report_enrolled(struct report *r, const struct enrolment_result *result)
{
    json_t *object = json_object();
    report_put(r, object, "result", json_string(enrol_outcome_text(result->outcome)));
    report_put(r, object, "server", *result->server ? report_text(result->server) : json_null());
    report_put(r, object, "error", *result->words ? report_text(result->words) : json_null());
    report_put(r, r->root, "enrolment", object);
}

/* ---- TVS ---- */

static json_t *roles_of(struct report *r, const struct testimony *testimony)
{
    json_t *array = json_array();
    for (uint16_t role = 0; role <= (uint16_t)ROLE_TVS; role++)
        if (testimony_has_role(testimony, role) &&
            json_array_append_new(array, json_integer(role)) != 0)
            r->broken = true;
    return array;
}

void report_tvs(struct report *r, const struct tvsc_news *news)
{
    const struct testimony *t = news->testimony;
    if (!t)
        return;
    json_t *object = json_object();
    report_put(r, object, "about", json_string(news->verify ? "certificate" : "signer"));
    report_put(r, object, "result", json_string(testimony_text(t->kind)));
    report_put(r, object, "cached", json_boolean(news->what == TVSC_CACHED));
    report_put(r, object, "server",
               *news->server && t->kind != TESTIMONY_SILENCE ? report_text(news->server)
                                                             : json_null());
    report_put(r, object, "roles", roles_of(r, t));
    report_put(r, object, "ttl", json_integer(news->ttl));
    report_put(r, object, "error", t->words && *t->words ? report_text(t->words) : json_null());
    if (json_array_append_new(r->tvs, object) != 0)
        r->broken = true;
}

/* ---- the whole ---- */

int report_new(struct report **out, const char *device, const char *model, enum phone_goal goal)
{
    struct report *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->goal = goal;
    r->root = json_object();
    r->files = json_array();
    r->messages = json_array();
    r->lists = json_object();
    r->tvs = json_array();
    r->calls = json_array();
    report_put(r, r->root, "device", json_string(device));
    report_put(r, r->root, "model", json_string(model));
    report_put(r, r->root, "reached", json_null());
    report_put(r, r->root, "outcome", json_string("failed"));
    report_put(r, r->root, "error", json_null());
    report_put(r, r->root, "files", json_incref(r->files));
    report_put(r, r->root, "lists", json_incref(r->lists));
    report_put(r, r->root, "tvs", json_incref(r->tvs));
    report_put(r, r->root, "configuration", json_null());
    report_put(r, r->root, "enrolment", json_null());
    report_put(r, r->root, "lsc", json_null());
    report_put(r, r->root, "registration", json_null());
    report_put(r, r->root, "calls", json_incref(r->calls));
    report_put(r, r->root, "status_messages", json_incref(r->messages));
    *out = r;
    return 0;
}

void report_free(struct report *r)
{
    if (!r)
        return;
    json_decref(r->files);
    json_decref(r->messages);
    json_decref(r->lists);
    json_decref(r->tvs);
    json_decref(r->calls);
    json_decref(r->root);
    free(r);
}

void report_ready(struct report *r, const struct boot *boot)
{
    put_lists(r, "before", boot);
}

static const char *const goals[] = {
    [GOAL_FILES] = "files",
    [GOAL_ENROLLED] = "enrolled",
    [GOAL_REGISTERED] = "registered",
    [GOAL_CALL] = "call",
};

static void finish(struct report *r, const struct boot *boot, const struct boot_action *action)
{
    static const char *const outcomes[] = {
        [OUTCOME_FILES] = "reached",
        [OUTCOME_FAILED] = "failed",
        [OUTCOME_REFUSED] = "refused",
    };
    put_lists(r, "after", boot);
    report_put(r, r->root, "configuration", configuration_of(r, boot));
    report_put(r, r->root, "lsc", lsc_of(r, boot_lsc(boot)));
    r->refused |= action->outcome == OUTCOME_REFUSED;
    if (r->goal >= GOAL_REGISTERED) {
        /* Whatever became of its files, the phone goes on. */
        report_put(r, r->root, "outcome", json_string(r->refused ? "refused" : "failed"));
        return;
    }
    report_put(r, r->root, "outcome", json_string(outcomes[action->outcome]));
    if (action->outcome == OUTCOME_FILES)
        report_put(r, r->root, "reached", json_string(goals[r->goal]));
    if (action->outcome == OUTCOME_FAILED)
        report_put(r, r->root, "error", report_text(action->words));
}

void report_action(struct report *r, const struct boot *boot, const struct boot_action *action)
{
    if (action->kind == BOOT_FILE)
        add_file(r, action);
    else if (action->kind == BOOT_STATUS)
        add_message(r, action);
    else if (action->kind == BOOT_OVER)
        finish(r, boot, action);
}

void report_reached(struct report *r, enum phone_goal goal)
{
    report_put(r, r->root, "reached", json_string(goals[goal]));
    if (goal == r->goal && !r->refused)
        report_put(r, r->root, "outcome", json_string("reached"));
}

void report_failed(struct report *r, const char *error)
{
    if (!r->refused)
        report_put(r, r->root, "outcome", json_string("failed"));
    report_put(r, r->root, "error", report_text(error));
}

int report_print(const struct report *r, FILE *out)
{
    if (r->broken || json_dumpf(r->root, out, JSON_INDENT(2)) != 0)
        return -ENOMEM;
    fputc('\n', out);
    return 0;
}
