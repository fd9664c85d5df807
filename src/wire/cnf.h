/*
 * cnf: the configuration file of a phone, SEP<MAC>.cnf.xml (docs/protocols/configuration.md):
 * read, made from a template, and looked over for what would hurt.
 *
 * Files are read without namespaces, as CUCM writes prefixes it never declares. DTDs and entities
 * are refused before anything is expanded.
 */
#ifndef WIRE_CNF_H
#define WIRE_CNF_H

#include "base/bytes.h"

#define CNF_BYTES_MAX (2048 * 1024) /* a phone takes no larger download */
#define CNF_HOST      64
#define CNF_MEMBERS   5
#define CNF_TEXT      128

/* Bits of lint_context.protocols: those of trust/model.h. */
#define CNF_SCCP 1u
#define CNF_SIP  2u

/* ---- reading, as a phone does ---- */

struct cnf_member {
    char host[CNF_HOST];
    uint16_t port; /* 0: not given */
    uint16_t secure_sip_port;
};

struct cnf_line {
    unsigned button;
    char number[CNF_TEXT];
    char label[CNF_TEXT];
};

struct cnf {
    bool is_default; /* XMLDefault.cnf.xml: root Default */
    bool full;       /* fullConfig; true when absent */
    bool sip;
    unsigned security_mode;          /* 1 to 3; 1 when absent or wrong, as phones do */
    unsigned transport;              /* transportLayerProtocol, 0: absent */
    bool encrypted;                  /* encrConfig */
    unsigned capf_auth;              /* capfAuthMode */
    char certificate_hash[CNF_TEXT]; /* certHash */
    unsigned monitor_seconds;        /* connectionMonitorDuration; 0: absent */
    char load[CNF_TEXT];             /* loadInformation of this phone's type in an XMLDefault */
    char version_stamp[CNF_TEXT];
    char user_locale[CNF_TEXT];
    char network_locale[CNF_TEXT];
    char dial_template[CNF_TEXT];
    char soft_keys[CNF_TEXT];
    struct cnf_member managers[CNF_MEMBERS]; /* in document order */
    size_t manager_count;
    struct cnf_member tvs[CNF_MEMBERS]; /* by priority */
    size_t tvs_count;
    struct cnf_member capf[CNF_MEMBERS];
    size_t capf_count;
    struct cnf_line lines[16]; /* SIP only; SCCP lines come by signalling */
    size_t line_count;
};

/* Texts that are too long are cut, further members and lines left out, duplicates overruled by the
 * last, as phones do. `device_type` chooses the loadInformationNNN of an XMLDefault; 0: none.
 * ERR_FORMAT with the line when a phone would refuse the file. */
int cnf_parse(struct cnf *out, struct bytes xml, uint32_t device_type, struct why *why) CHECKED;

/* ---- making one ----
 *
 * A template is a configuration file with {placeholders}, each a word of the list in
 * cnf_template.c. Text values are escaped; block values ({members}, {lines}, ...) are whole
 * elements.
 */
struct cnf_template;

/* What fills the placeholders. Strings are never NULL. */
struct cnf_values {
    const char *device; /* SEP... */
    const char *description;
    const char *load;
    const char *version_stamp;
    bool sip;
    unsigned security_mode, transport, capf_auth;
    bool encrypted;
    const char *certificate_hash;
    const char *date_template, *time_zone, *olson_zone, *user_locale, *network_locale, *ntp;
    const char *group_name;
    const struct cnf_member *managers; /* each becomes a member of callManagerGroup, at most 3 */
    size_t manager_count;
    const struct cnf_member *tvs;
    size_t tvs_count;
    const struct cnf_member *capf;
    size_t capf_count;
    const struct cnf_line *lines;
    size_t line_count;
    const struct cnf_line *speed_dials; /* behind the lines */
    size_t speed_dial_count;
};

/* Compiles a template, and makes one file from it to see that a phone could read it. The message
 * names the line, and the unknown placeholder when that is it. */
int cnf_template_compile(struct cnf_template **out, struct bytes text, struct why *why) CHECKED;
void cnf_template_free(struct cnf_template *template);
/* Appends the file. Cheap: no XML is parsed. Thread-safe for one template. ERR_LIMIT for more than
 * three managers. Control characters in values become blanks, and what is not UTF-8 question marks,
 * so that no value can break the file. */
int cnf_template_render(struct buffer *out, const struct cnf_template *template,
                        const struct cnf_values *values) CHECKED;
/* The built-in template for a generation (the letters of trust/model.h) and protocol; never NULL.
 */
struct bytes cnf_template_builtin(char generation, bool sip);

/* XMLDefault.cnf.xml: values as above (managers, tvs, group_name), and one load per device type. */
struct cnf_load {
    uint32_t device_type;
    const char *model; /* "Cisco 7975" */
    const char *load;
};
int cnf_write_default(struct buffer *out, const struct cnf_values *values,
                      const struct cnf_load *loads, size_t count, bool auto_registration) CHECKED;

/* The short file beside a sealed one: of the full file's elements only what a phone needs to get
 * its certificate (ipAddressMode, loadInformation, capfAuthMode, capfList), then certHash and
 * encrConfig true. Nothing secret. `certificate_hash` is the lower-case hex MD5 of the phone's
 * certificate, "" when it has none yet: the phone goes to CAPF then. Fails as cnf_parse() does. */
int cnf_write_short(struct buffer *out, struct bytes full, const char *certificate_hash,
                    struct why *why) CHECKED;

/* ---- looking it over ---- */

enum lint_severity { LINT_ERROR = 'E', LINT_WARNING = 'W', LINT_NOTE = 'I' };
struct lint_finding {
    unsigned rule; /* number of the rule list in docs/protocols/configuration.md */
    enum lint_severity severity;
    bool security; /* about secrets, trust or attack surface: logged when the file is served */
    unsigned line; /* of the file, 0: the file as a whole */
    char text[240];
};

/* What the rules need to know beyond the file. All zero is "nothing is known": rules that need what
 * is not known say nothing. */
struct lint_context {
    const char *file_name; /* as it lies in tftpboot/; NULL: not known */
    const char *model;     /* "" or NULL when not known: rules about models are left out */
    char generation;       /* letter of trust/model.h, 0: not known */
    unsigned protocols;    /* MODEL_SCCP | MODEL_SIP of trust/model.h, 0: not known */
    char load_prefix_sccp[32], load_prefix_sip[32];
    bool encryption_pki, encryption_manual, encryption_known;
    bool lists_known;          /* list_with_ccm_served says something, also when it is false */
    bool list_with_ccm_served; /* a CTL, or an ITL with a CCM role, is published */
    bool itl_served;
    bool served_sealed; /* the plain name answers with the short file, never with this one */
    bool phone_known;   /* has_auth_string says something, also when it is false */
    bool has_lsc, has_auth_string;
    bool certificate_is_ec; /* the phone's own, which a sealed file would be wrapped for */
    bool no_pc_expected;    /* no computer belongs behind this phone */
    struct bytes previous;  /* what was served under this name before; empty: not known */
    /* Does tftpboot/ (or the generator) have this file? NULL: not asked. */
    bool (*has_file)(void *context, const char *name);
    /* Is this host among the names of the certificate phones would see there? NULL: not asked. */
    bool (*host_in_certificate)(void *context, const char *host);
    void *context;
};

/* All findings, errors first, then warnings, then notes, each by line. `out` gets the first `max`,
 * *count is how many there are. Works on files that do not parse: that is rule 1. */
void cnf_lint(struct lint_finding *out, size_t max, size_t *count, struct bytes xml,
              const struct lint_context *context);

#endif
