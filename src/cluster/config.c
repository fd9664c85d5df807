#include "cluster/config.h"

#include "base/text.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void config_default(struct config *out)
{
    *out = (struct config){
        .database = "sqlite",
        .log_level = LEVEL_INFO,
        .log_size = 10 * 1024 * 1024,
        .log_keep = 5,
        .tftp_transfers = 8192,
        .tftp_per_address = 256,
        .tftp_names = 800,
        .tftp_window = 64,
        .tftp_receive_buffer = 4 * 1024 * 1024,
    };
}

#define LISTEN_DEFAULT "{\"0.0.0.0\", \"::\"}"

/* libconfuse hands its messages to a callback without a context; they go into the explanation of
 * the call that this thread is in. */
static _Thread_local struct why *load_why;

static void note_error(cfg_t *cfg, const char *format, va_list values) PRINTF_LIKE(2, 0);

static void note_error(cfg_t *cfg, const char *format, va_list values)
{
    char text[300];
    (void)cfg; /* its line number counts lines with a comment twice */
    vsnprintf(text, sizeof text, format, values);
    why_error(load_why, ERR_FORMAT, "%s", text);
}

static int parse(cfg_t **out, cfg_opt_t *options, const char *text, struct why *why)
{
    cfg_t *cfg = cfg_init(options, CFGF_NONE);
    if (!cfg)
        return -ENOMEM;
    load_why = why;
    cfg_set_error_function(cfg, note_error);
    int result = cfg_parse_buf(cfg, text) == CFG_SUCCESS
                     ? 0
                     : why_error(why, ERR_FORMAT, "it cannot be read");
    load_why = NULL;
    if (result) {
        cfg_free(cfg);
        return result;
    }
    *out = cfg;
    return 0;
}

/* The first line with which the text is wrong in this way; 0 when there is none. */
static unsigned find_line(cfg_opt_t *options, struct buffer *text, const char *wrong)
{
    char *start = (char *)text->data;
    unsigned line = 0;
    for (char *end = start; (end = strchr(end, '\n')) != NULL; end++) {
        cfg_t *cfg = NULL;
        struct why why = WHY_NONE;
        line++;
        *end = 0;
        int result = parse(&cfg, options, start, &why);
        *end = '\n';
        if (result == 0)
            cfg_free(cfg);
        else if (strcmp(why.text, wrong) == 0)
            return line;
    }
    return 0;
}

static int parse_level(enum log_level *out, const char *word)
{
    static const struct {
        const char *word;
        enum log_level level;
    } levels[] = {{"error", LEVEL_ERROR},
                  {"warning", LEVEL_WARNING},
                  {"notice", LEVEL_NOTICE},
                  {"info", LEVEL_INFO},
                  {"debug", LEVEL_DEBUG}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i].word, word) == 0) {
            *out = levels[i].level;
            return 0;
        }
    }
    return ERR_USAGE;
}

static int check_number(cfg_t *cfg, const char *name, long low, long high, struct why *why)
{
    long value = cfg_getint(cfg, name);
    if (value >= low && value <= high)
        return 0;
    return why_error(why, ERR_USAGE, "%s = %ld: it must be from %ld to %ld", name, value, low,
                     high);
}

static int check_text(char *out, size_t size, cfg_t *cfg, const char *name, struct why *why)
{
    const char *value = cfg_getstr(cfg, name);
    if (!value || !*value)
        return why_error(why, ERR_USAGE, "%s is missing", name);
    if (!text_copy(out, size, value))
        return why_error(why, ERR_USAGE, "%s is too long", name);
    return 0;
}

static int take_listen(struct config *c, cfg_t *cfg, struct why *why)
{
    unsigned count = cfg_size(cfg, "listen");
    if (count == 0 || count > CONFIG_LISTEN_MAX)
        return why_error(why, ERR_USAGE, "listen: name 1 to %d addresses", CONFIG_LISTEN_MAX);
    for (unsigned i = 0; i < count; i++) {
        const char *text = cfg_getnstr(cfg, "listen", i);
        struct address address;
        if (address_parse(&address, text, 0) != 0 ||
            !text_copy(c->listen[i], sizeof c->listen[i], text))
            return why_error(why, ERR_USAGE, "listen: %s is no numeric address", text);
    }
    c->listen_count = count;
    return 0;
}

static int take(struct config *c, cfg_t *cfg, struct why *why)
{
    cfg_t *log = cfg_getsec(cfg, "log");
    cfg_t *tftp = cfg_getsec(cfg, "tftp");
    int result = check_text(c->node, sizeof c->node, cfg, "node", why);
    if (result == 0)
        result = check_text(c->database, sizeof c->database, cfg, "database", why);
    if (result == 0 && strcmp(c->database, "sqlite") != 0 &&
        !text_starts(c->database, "postgresql://"))
        result = why_error(why, ERR_USAGE, "database = %s: it must be sqlite or postgresql://...",
                           c->database);
    if (result == 0)
        result = check_number(cfg, "port_offset", 0, PORT_OFFSET_MAX, why);
    if (result == 0)
        result = take_listen(c, cfg, why);
    if (result == 0 && parse_level(&c->log_level, cfg_getstr(log, "level")) != 0)
        result = why_error(why, ERR_USAGE,
                           "log level %s: it must be error, warning, notice, info or debug",
                           cfg_getstr(log, "level"));
    if (result == 0)
        result = check_number(log, "max_size", 65536, 1L << 30, why);
    if (result == 0)
        result = check_number(log, "keep", 1, 100, why);
    if (result == 0)
        result = check_number(tftp, "transfers", 16, 65536, why);
    if (result == 0)
        result = check_number(tftp, "per_address", 1, 65536, why);
    if (result == 0)
        result = check_number(tftp, "names_per_address", 0, 65536, why);
    if (result == 0)
        result = check_number(tftp, "window", 1, 1024, why);
    if (result == 0)
        result = check_number(tftp, "receive_buffer", 65536, 1L << 28, why);
    if (result)
        return result;
    c->port_offset = (uint16_t)cfg_getint(cfg, "port_offset");
    c->legacy_tls = cfg_getbool(cfg, "legacy_tls");
    c->log_size = (size_t)cfg_getint(log, "max_size");
    c->log_keep = (unsigned)cfg_getint(log, "keep");
    c->tftp_transfers = (unsigned)cfg_getint(tftp, "transfers");
    c->tftp_per_address = (unsigned)cfg_getint(tftp, "per_address");
    c->tftp_names = (unsigned)cfg_getint(tftp, "names_per_address");
    c->tftp_window = (unsigned)cfg_getint(tftp, "window");
    c->tftp_receive_buffer = (size_t)cfg_getint(tftp, "receive_buffer");
    return 0;
}

int config_load(struct config *out, const char *state, struct why *why)
{
    struct config c;
    config_default(&c);
    cfg_opt_t log_options[] = {
        CFG_STR("level", "info", CFGF_NONE),
        CFG_INT("max_size", (long)c.log_size, CFGF_NONE),
        CFG_INT("keep", (long)c.log_keep, CFGF_NONE),
        CFG_END(),
    };
    cfg_opt_t tftp_options[] = {
        CFG_INT("transfers", (long)c.tftp_transfers, CFGF_NONE),
        CFG_INT("per_address", (long)c.tftp_per_address, CFGF_NONE),
        CFG_INT("names_per_address", (long)c.tftp_names, CFGF_NONE),
        CFG_INT("window", (long)c.tftp_window, CFGF_NONE),
        CFG_INT("receive_buffer", (long)c.tftp_receive_buffer, CFGF_NONE),
        CFG_END(),
    };
    cfg_opt_t options[] = {
        CFG_STR("node", NULL, CFGF_NONE),
        CFG_STR("database", "sqlite", CFGF_NONE),
        CFG_INT("port_offset", 0, CFGF_NONE),
        CFG_STR_LIST("listen", (char *)(uintptr_t)LISTEN_DEFAULT, CFGF_NONE),
        CFG_BOOL("legacy_tls", cfg_false, CFGF_NONE),
        CFG_SEC("log", log_options, CFGF_NONE),
        CFG_SEC("tftp", tftp_options, CFGF_NONE),
        CFG_END(),
    };
    char path[FILE_PATH];
    struct why inner = WHY_NONE;
    struct buffer text;
    cfg_t *cfg = NULL;
    buffer_init(&text, 256 * 1024);
    int result = file_path(path, state, STATE_CONFIG);
    if (result == 0)
        result = file_read(&text, path, &inner);
    if (result == -ENOENT)
        result = why_error(why, result,
                           "%s: there is no cluster here (make one with: trustline init)", state);
    if (result) {
        result = why_error(why, result, "%s", why_text(&inner, result));
        goto out;
    }
    result = parse(&cfg, options, buffer_string(&text), &inner);
    unsigned line = result ? find_line(options, &text, inner.text) : 0;
    if (line)
        result = why_prefix(&inner, result, "line %u", line);
    if (result == 0)
        result = take(&c, cfg, &inner);
    if (result)
        result = why_error(why, result, "%s: %s", path, inner.text);
    else
        *out = c;
out:
    cfg_free(cfg);
    buffer_fini(&text);
    return result;
}

int config_write(struct buffer *out, const struct config *c)
{
    buffer_format(
        out,
        "# Trustline, one node's own settings. After a change: systemctl reload trustline,\n"
        "# or send SIGHUP to trustlined; addresses and ports need a restart.\n"
        "# Settings of the whole cluster: trustline parameter list\n\n"
        "node = \"%s\"\n"
        "database = \"%s\"          # the only one this version has; postgresql://... is to come\n"
        "port_offset = %u           # added to every port: several nodes on one machine\n"
        "listen = {",
        c->node, c->database, c->port_offset);
    for (size_t i = 0; i < c->listen_count; i++)
        buffer_format(out, "%s\"%s\"", i ? ", " : "", c->listen[i]);
    buffer_format(out,
                  "}\n\n"
                  "# TLS 1.0 and its cipher suites, for phones that know nothing better (79xx).\n"
                  "legacy_tls = %s\n\n"
                  "log {\n"
                  "    level = \"info\"            # error, warning, notice, info or debug\n"
                  "    max_size = %zu        # bytes before a file is rotated\n"
                  "    keep = %u                  # rotated files\n"
                  "}\n\n"
                  "tftp {\n"
                  "    transfers = %u           # at once\n"
                  "    per_address = %u          # of them from one address\n"
                  "    names_per_address = %u    # phones whose configuration one address asks for "
                  "a minute\n"
                  "    window = %u               # blocks, the most granted by option windowsize\n"
                  "    receive_buffer = %zu  # bytes asked of the kernel\n"
                  "}\n",
                  c->legacy_tls ? "on" : "off", c->log_size, c->log_keep, c->tftp_transfers,
                  c->tftp_per_address, c->tftp_names, c->tftp_window, c->tftp_receive_buffer);
    return out->error;
}

int config_store_address(char out[FILE_PATH], const struct config *c, const char *state)
{
    if (strcmp(c->database, "sqlite") == 0)
        return file_path(out, state, STATE_DATABASE);
    return text_copy(out, FILE_PATH, c->database) ? 0 : ERR_LIMIT;
}
