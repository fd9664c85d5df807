#include "phone/arguments.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FLEET_MAX       1000000
#define RATE_MAX        1000000
#define CONCURRENCY_MAX 100000
#define KEY_SECONDS_MAX 7200
#define STRING_MIN      4
#define CONCURRENCY     500 /* when nothing is said */

static const char usage_text[] =
    "usage: trustline-phone NAME --tftp HOST[:PORT] [OPTIONS]\n"
    "       trustline-phone --fleet N --first NAME --tftp HOST[:PORT] [OPTIONS]\n"
    "       trustline-phone --make-mic CA.pem NAME OUT.pem\n"
    "\n"
    "A simulated Cisco IP phone. It boots as a real one does: it gets its trust lists and its\n"
    "configuration, and takes or refuses them by the rules of its model. NAME is SEP and 12 hex\n"
    "digits.\n"
    "\n"
    "  --tftp HOST[:PORT]   the server; the port is 69 when not given, IPv6 stands in brackets\n"
    "  --model MODEL        7975 when not given; 7940, 8845, ... decide what it asks and accepts\n"
    "  --home DIR           its flash: lists and configuration survive there from boot to boot;\n"
    "                       without it the phone forgets all when it ends\n"
    "  --erase ctl|itl|lsc  erases that before it boots; may be given more than once\n"
    "  --until files|enrolled\n"
    "                       how far it goes: it has its files (the default), or its LSC, too\n"
    "  --auth-string DIGITS what its user types when CAPF wants the authentication string\n"
    "  --mic FILE           its factory certificate: PEM, certificate and key\n"
    "  --tls legacy|modern  TLS 1.0 alone, or 1.2 and 1.3; as its model when not given\n"
    "  --key-seconds N      a key takes it at least that long, as it does old phones\n"
    "  --stay               when it has got there it stays on, until SIGINT or SIGTERM\n"
    "  --web PORT           its web page, on loopback; it stays on, too\n"
    "  --json               one JSON document at the end, instead of what it says on the way\n"
    "  --quiet              status messages only, no console lines\n"
    "\n"
    "  --fleet N            boots N phones and prints rates, times and results\n"
    "  --first NAME         the name of the first; the others count up from it\n"
    "  --rate N/s           how many are switched on a second (as fast as it goes)\n"
    "  --concurrency N      how many boot at once at most (500)\n"
    "  --model M[,M...]     the models take turns\n"
    "  --mic DIR            a directory with NAME.pem for each\n"
    "  --key-pool DIR       keys made beforehand, PEM files, each used once\n"
    "\n"
    "  --make-mic CA.pem NAME OUT.pem\n"
    "                       makes a factory certificate for the lab, and the CA if it is absent\n"
    "\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 it got as far as --until says; 1 something was not to be had; 2 wrong usage; 3 "
    "a list or\n"
    "configuration was refused.\n";

enum option_code {
    OPTION_TFTP = 256,
    OPTION_MODEL,
    OPTION_HOME,
    OPTION_ERASE,
    OPTION_UNTIL,
    OPTION_AUTH_STRING,
    OPTION_MIC,
    OPTION_TLS,
    OPTION_KEY_SECONDS,
    OPTION_KEY_POOL,
    OPTION_MAKE_MIC,
    OPTION_STAY,
    OPTION_WEB,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_FLEET,
    OPTION_FIRST,
    OPTION_RATE,
    OPTION_CONCURRENCY,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option options[] = {
    {"tftp", required_argument, NULL, OPTION_TFTP},
    {"model", required_argument, NULL, OPTION_MODEL},
    {"home", required_argument, NULL, OPTION_HOME},
    {"erase", required_argument, NULL, OPTION_ERASE},
    {"until", required_argument, NULL, OPTION_UNTIL},
    {"auth-string", required_argument, NULL, OPTION_AUTH_STRING},
    {"mic", required_argument, NULL, OPTION_MIC},
    {"tls", required_argument, NULL, OPTION_TLS},
    {"key-seconds", required_argument, NULL, OPTION_KEY_SECONDS},
    {"key-pool", required_argument, NULL, OPTION_KEY_POOL},
    {"make-mic", required_argument, NULL, OPTION_MAKE_MIC},
    {"stay", no_argument, NULL, OPTION_STAY},
    {"web", required_argument, NULL, OPTION_WEB},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"fleet", required_argument, NULL, OPTION_FLEET},
    {"first", required_argument, NULL, OPTION_FIRST},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"concurrency", required_argument, NULL, OPTION_CONCURRENCY},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

struct reading {
    struct arguments *out;
    bool first;       /* --first was given */
    bool fleet_words; /* an option that is for fleets alone was given */
    struct why why;
};

/* ---- values ---- */

static int read_number(struct reading *r, const char *option, const char *text, int64_t most,
                       int64_t *out)
{
    if (text_number(text, 1, most, out) == 0)
        return 0;
    return why_error(&r->why, ERR_USAGE, "--%s %s: a number from 1 to %" PRId64 " is needed",
                     option, text, most);
}

static int read_rate(struct reading *r, const char *text)
{
    char number[32];
    int64_t rate = 0;
    bool whole = text_copy(number, sizeof number, text);
    char *slash = strchr(number, '/');
    if (slash && strcmp(slash, "/s") == 0)
        *slash = '\0';
    int result = whole ? read_number(r, "rate", number, RATE_MAX, &rate)
                       : why_error(&r->why, ERR_USAGE, "--rate %s: too long", text);
    if (result == 0)
        r->out->rate = (unsigned)rate;
    return result;
}

static int read_models(struct reading *r, const char *text)
{
    struct arguments *a = r->out;
    a->model_count = 0;
    while (*text) {
        char name[64];
        size_t length = strcspn(text, ",");
        text_copy_bytes(name, sizeof name, bytes_of(text, length));
        const struct model *model = model_find(name);
        if (!model)
            return why_error(&r->why, ERR_USAGE, "--model %s: no such model is known", name);
        if (a->model_count == ARGUMENTS_MODELS)
            return why_error(&r->why, ERR_USAGE, "--model: more than %d models", ARGUMENTS_MODELS);
        a->models[a->model_count++] = model;
        text += length + (text[length] == ',');
    }
    return a->model_count ? 0 : why_error(&r->why, ERR_USAGE, "--model: name one");
}

static int read_erase(struct reading *r, const char *text)
{
    static const char *const words[] = {
        [FLASH_CTL] = "ctl", [FLASH_ITL] = "itl", [FLASH_LSC] = "lsc", [FLASH_SLOTS] = NULL};
    for (enum flash_slot slot = 0; slot < FLASH_SLOTS; slot++) {
        if (words[slot] && strcmp(text, words[slot]) == 0) {
            r->out->erase[slot] = true;
            return 0;
        }
    }
    return why_error(&r->why, ERR_USAGE, "--erase %s: it can be ctl, itl or lsc", text);
}

static int read_until(struct reading *r, const char *text)
{
    static const char *const later[] = {"registered", "call"};
    r->out->enrols = strcmp(text, "enrolled") == 0;
    if (r->out->enrols || strcmp(text, "files") == 0)
        return 0;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (strcmp(text, later[i]) == 0)
            return why_error(&r->why, ERR_USAGE,
                             "--until %s: this phone cannot do that yet, it boots as far as "
                             "--until enrolled",
                             text);
    return why_error(&r->why, ERR_USAGE, "--until %s: it can be files or enrolled", text);
}

static int read_string(struct reading *r, const char *text)
{
    size_t length = strlen(text);
    r->out->auth_string = text;
    if (length >= STRING_MIN && length <= ENROL_STRING_MAX && strspn(text, "0123456789") == length)
        return 0;
    return why_error(&r->why, ERR_USAGE, "--auth-string: %d to %d digits are needed", STRING_MIN,
                     ENROL_STRING_MAX);
}

static int read_tls(struct reading *r, const char *text)
{
    r->out->tls = strcmp(text, "legacy") == 0 ? PHONE_TLS_LEGACY : PHONE_TLS_MODERN;
    if (strcmp(text, "legacy") == 0 || strcmp(text, "modern") == 0)
        return 0;
    return why_error(&r->why, ERR_USAGE, "--tls %s: it can be legacy or modern", text);
}

static int read_key_seconds(struct reading *r, const char *text)
{
    int64_t seconds = 0;
    int result = read_number(r, "key-seconds", text, KEY_SECONDS_MAX, &seconds);
    r->out->key_ms = seconds * 1000;
    return result;
}

static int read_web(struct reading *r, const char *text)
{
    int64_t port = 0;
    int result = read_number(r, "web", text, UINT16_MAX, &port);
    r->out->web = (uint16_t)port;
    return result;
}

static int read_device(struct reading *r, const char *text)
{
    if (text_device_name(bytes_of_string(text), r->out->device))
        return 0;
    return why_error(&r->why, ERR_USAGE, "'%s' is no phone: a name is SEP and 12 hex digits", text);
}

/* ---- options ---- */

static int take_fleet_option(struct reading *r, int code, const char *value)
{
    struct arguments *a = r->out;
    int64_t number = 0;
    int result;
    r->fleet_words = true;
    switch (code) {
    case OPTION_FLEET:
        result = read_number(r, "fleet", value, FLEET_MAX, &number);
        a->fleet = (size_t)number;
        return result;
    case OPTION_CONCURRENCY:
        result = read_number(r, "concurrency", value, CONCURRENCY_MAX, &number);
        a->concurrency = (size_t)number;
        return result;
    case OPTION_KEY_POOL:
        a->key_pool = value;
        return 0;
    case OPTION_FIRST:
        r->first = true;
        return read_device(r, value);
    default:
        return read_rate(r, value);
    }
}

static int take_option(struct reading *r, int code, const char *value)
{
    struct arguments *a = r->out;
    switch (code) {
    case OPTION_TFTP:
        a->tftp = value;
        return 0;
    case OPTION_HOME:
        a->home = value;
        return *value ? 0 : why_error(&r->why, ERR_USAGE, "--home: name a directory");
    case OPTION_MODEL:
        return read_models(r, value);
    case OPTION_ERASE:
        return read_erase(r, value);
    case OPTION_UNTIL:
        return read_until(r, value);
    case OPTION_AUTH_STRING:
        return read_string(r, value);
    case OPTION_MIC:
        a->mic = value;
        return 0;
    case OPTION_TLS:
        return read_tls(r, value);
    case OPTION_KEY_SECONDS:
        return read_key_seconds(r, value);
    case OPTION_MAKE_MIC:
        a->make_mic = value;
        return 0;
    case OPTION_STAY:
        a->stays = true;
        return 0;
    case OPTION_WEB:
        a->stays = true;
        return read_web(r, value);
    case OPTION_JSON:
        a->json = true;
        return 0;
    case OPTION_QUIET:
        a->quiet = true;
        return 0;
    default:
        return take_fleet_option(r, code, value);
    }
}

/* ---- do they go together? ---- */

static int check_fleet(struct reading *r, int operands)
{
    char last[DEVICE_NAME_LENGTH + 1];
    if (operands)
        return why_error(&r->why, ERR_USAGE, "a fleet has no NAME, it has --first NAME");
    if (r->out->stays)
        return why_error(&r->why, ERR_USAGE, "--stay and --web are for one phone, not for a fleet");
    if (!r->first)
        return why_error(&r->why, ERR_USAGE,
                         "--fleet needs --first NAME, the name of its first "
                         "phone");
    if (!arguments_device(r->out, r->out->fleet - 1, last))
        return why_error(&r->why, ERR_USAGE, "%zu phones from %s on: there are not so many names",
                         r->out->fleet, r->out->device);
    return 0;
}

static int check_one(struct reading *r, int operands, char **words)
{
    if (r->fleet_words)
        return why_error(&r->why, ERR_USAGE,
                         "--first, --rate, --concurrency and --key-pool are for fleets: say "
                         "--fleet N, too");
    if (operands == 0)
        return why_error(&r->why, ERR_USAGE, "which phone? Give its NAME: SEP and 12 hex digits");
    if (operands > 1)
        return why_error(&r->why, ERR_USAGE, "%s: one NAME is enough (several: --fleet)", words[1]);
    if (r->out->model_count > 1)
        return why_error(&r->why, ERR_USAGE, "--model: a phone is of one model");
    return read_device(r, words[0]);
}

static int check_make_mic(struct reading *r, int operands, char **words)
{
    if (r->fleet_words || r->out->tftp || operands != 2)
        return why_error(&r->why, ERR_USAGE,
                         "--make-mic CA.pem NAME OUT.pem: a CA, a phone and a file are all it "
                         "needs");
    r->out->mic_out = words[1];
    return read_device(r, words[0]);
}

static int check(struct reading *r, int operands, char **words)
{
    if (r->out->make_mic)
        return check_make_mic(r, operands, words);
    int result = r->out->fleet ? check_fleet(r, operands) : check_one(r, operands, words);
    if (result == 0 && !r->out->tftp)
        result = why_error(&r->why, ERR_USAGE, "--tftp HOST[:PORT] is missing: which server?");
    return result;
}

bool arguments_read(struct arguments *out, int argc, char **argv, FILE *stream, FILE *errors,
                    enum phone_exit *status)
{
    struct arguments a = {
        .models = {model_find("7975")}, .model_count = 1, .concurrency = CONCURRENCY};
    struct reading r = {.out = &a, .why = WHY_NONE};
    int result = 0;
    int code;
    optind = 0; /* begins anew, also in a test that reads many */
    opterr = 0;
    while (result == 0 && (code = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (code == OPTION_HELP || code == OPTION_VERSION) {
            fputs(code == OPTION_HELP ? usage_text : "trustline-phone " TRUSTLINE_VERSION "\n",
                  stream);
            *status = EXIT_REACHED;
            return false;
        }
        if (code == ':')
            result = why_error(&r.why, ERR_USAGE, "%s needs a value", argv[optind - 1]);
        else if (code == '?')
            result = why_error(&r.why, ERR_USAGE, "%s: there is no such option", argv[optind - 1]);
        else
            result = take_option(&r, code, optarg);
    }
    if (result == 0)
        result = check(&r, argc - optind, argv + optind);
    if (result) {
        fprintf(errors, "trustline-phone: %s\n(trustline-phone --help says more)\n",
                why_text(&r.why, result));
        *status = EXIT_USAGE;
        return false;
    }
    *out = a;
    return true;
}

/* The 12 digits as a number, counted up. */
bool arguments_device(const struct arguments *arguments, size_t n, char out[DEVICE_NAME_LENGTH + 1])
{
    uint64_t number = strtoull(arguments->device + 3, NULL, 16) + n;
    if (number >> 48)
        return false;
    return text_format(out, DEVICE_NAME_LENGTH + 1, "SEP%012" PRIX64, number);
}
