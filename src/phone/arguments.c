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
#define TALK_MOST       86400
#define TALK            5   /* seconds, when nothing is said */
#define CONCURRENCY     500 /* when nothing is said */

enum option_code {
    OPTION_TFTP = 256,
    OPTION_MODEL,
    OPTION_HOME,
    OPTION_ERASE,
    OPTION_UNTIL,
    OPTION_DIAL,
    OPTION_TALK,
    OPTION_ANSWER,
    OPTION_SCRIPT,
    OPTION_AUDIO,
    OPTION_RECORD,
    OPTION_SPAN,
    OPTION_STAY,
    OPTION_WEB,
    OPTION_AUTH_STRING,
    OPTION_MIC,
    OPTION_TLS,
    OPTION_KEY_SECONDS,
    OPTION_KEY_POOL,
    OPTION_MAKE_MIC,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_FLEET,
    OPTION_FIRST,
    OPTION_RATE,
    OPTION_CALLS,
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
    {"dial", required_argument, NULL, OPTION_DIAL},
    {"talk", required_argument, NULL, OPTION_TALK},
    {"answer", no_argument, NULL, OPTION_ANSWER},
    {"script", required_argument, NULL, OPTION_SCRIPT},
    {"audio", required_argument, NULL, OPTION_AUDIO},
    {"record", required_argument, NULL, OPTION_RECORD},
    {"span", required_argument, NULL, OPTION_SPAN},
    {"stay", no_argument, NULL, OPTION_STAY},
    {"web", required_argument, NULL, OPTION_WEB},
    {"auth-string", required_argument, NULL, OPTION_AUTH_STRING},
    {"mic", required_argument, NULL, OPTION_MIC},
    {"tls", required_argument, NULL, OPTION_TLS},
    {"key-seconds", required_argument, NULL, OPTION_KEY_SECONDS},
    {"key-pool", required_argument, NULL, OPTION_KEY_POOL},
    {"make-mic", required_argument, NULL, OPTION_MAKE_MIC},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"fleet", required_argument, NULL, OPTION_FLEET},
    {"first", required_argument, NULL, OPTION_FIRST},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"calls", required_argument, NULL, OPTION_CALLS},
    {"concurrency", required_argument, NULL, OPTION_CONCURRENCY},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

struct reading {
    struct arguments *out;
    bool first;       /* --first was given */
    bool fleet_words; /* an option that is for fleets alone was given */
    bool user_words;  /* one that is for the user of one phone */
    bool until, talk; /* these were given */
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

static int read_rate(struct reading *r, const char *option, const char *text, unsigned *out)
{
    char number[32];
    int64_t rate = 0;
    bool whole = text_copy(number, sizeof number, text);
    char *slash = strchr(number, '/');
    if (slash && strcmp(slash, "/s") == 0)
        *slash = '\0';
    int result = whole ? read_number(r, option, number, RATE_MAX, &rate)
                       : why_error(&r->why, ERR_USAGE, "--%s %s: too long", option, text);
    if (result == 0)
        *out = (unsigned)rate;
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
    static const char *const words[] = {[GOAL_FILES] = "files",
                                        [GOAL_ENROLLED] = "enrolled",
                                        [GOAL_REGISTERED] = "registered",
                                        [GOAL_CALL] = "call"};
    r->until = true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            r->out->goal = (enum phone_goal)i;
            return 0;
        }
    }
    return why_error(&r->why, ERR_USAGE,
                     "--until %s: it can be files, enrolled, registered or call", text);
}

static int read_dial(struct reading *r, const char *text)
{
    size_t length = strlen(text);
    r->out->dial = text;
    if (length && length < HANDSET_DIGITS && strspn(text, "0123456789*#+") == length)
        return 0;
    return why_error(&r->why, ERR_USAGE, "--dial %s: 1 to %d of 0-9, *, #, + are needed", text,
                     HANDSET_DIGITS - 1);
}

static int read_talk(struct reading *r, const char *text)
{
    int64_t seconds = 0;
    int result = read_number(r, "talk", text, TALK_MOST, &seconds);
    r->talk = true;
    r->out->talk = (unsigned)seconds;
    return result;
}

static int read_web(struct reading *r, const char *text)
{
    int64_t port = 0;
    int result = read_number(r, "web", text, UINT16_MAX, &port);
    r->out->web = (uint16_t)port;
    return result;
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
    case OPTION_CALLS:
        return read_rate(r, "calls", value, &a->calls);
    default:
        return read_rate(r, "rate", value, &a->rate);
    }
}

/* What the user of one phone does. */
static int take_user_option(struct reading *r, int code, const char *value)
{
    struct arguments *a = r->out;
    r->user_words |= code != OPTION_TALK;
    switch (code) {
    case OPTION_DIAL:
        return read_dial(r, value);
    case OPTION_TALK:
        return read_talk(r, value);
    case OPTION_ANSWER:
        a->answers = true;
        return 0;
    case OPTION_SCRIPT:
        a->script = value;
        return 0;
    case OPTION_AUDIO:
        a->audio = value;
        return 0;
    case OPTION_RECORD:
        a->record = value;
        return 0;
    default:
        a->span = value;
        return 0;
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
    case OPTION_STAY:
        a->stays = true;
        return 0;
    case OPTION_WEB:
        return read_web(r, value);
    case OPTION_DIAL:
    case OPTION_TALK:
    case OPTION_ANSWER:
    case OPTION_SCRIPT:
    case OPTION_AUDIO:
    case OPTION_RECORD:
    case OPTION_SPAN:
        return take_user_option(r, code, value);
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

static int check_calls(struct reading *r)
{
    struct arguments *a = r->out;
    if (!r->until && a->calls)
        a->goal = GOAL_CALL;
    if (a->goal == GOAL_CALL && !a->calls)
        return why_error(&r->why, ERR_USAGE,
                         "--until call: a fleet needs --calls N/s, how many are placed");
    if (a->calls && (a->goal != GOAL_CALL || a->fleet < 2))
        return why_error(&r->why, ERR_USAGE,
                         "--calls: two phones that register (--until call) are needed for a call");
    if (r->talk && !a->calls)
        return why_error(&r->why, ERR_USAGE, "--talk: of a fleet it is for --calls");
    if (a->stays && a->goal < GOAL_REGISTERED)
        return why_error(&r->why, ERR_USAGE, "--stay: a fleet stays where it registers");
    return 0;
}

static int check_fleet(struct reading *r, int operands)
{
    char last[DEVICE_NAME_LENGTH + 1];
    if (r->user_words)
        return why_error(&r->why, ERR_USAGE,
                         "--dial, --answer, --script, --audio, --record and --span are for one "
                         "phone, not for a fleet");
    if (operands)
        return why_error(&r->why, ERR_USAGE, "a fleet has no NAME, it has --first NAME");
    if (r->out->web)
        return why_error(&r->why, ERR_USAGE, "--web is for one phone, not for a fleet");
    if (!r->first)
        return why_error(&r->why, ERR_USAGE,
                         "--fleet needs --first NAME, the name of its first "
                         "phone");
    if (!arguments_device(r->out, r->out->fleet - 1, last))
        return why_error(&r->why, ERR_USAGE, "%zu phones from %s on: there are not so many names",
                         r->out->fleet, r->out->device);
    return check_calls(r);
}

/* What is done in a call makes a call the goal. */
static int check_user(struct reading *r)
{
    struct arguments *a = r->out;
    bool calls = a->dial || a->answers;
    a->stays |= a->web != 0; /* who looks at it finds it there */
    if (!r->until)
        a->goal = calls && !a->stays ? GOAL_CALL : GOAL_REGISTERED;
    if (a->dial && a->script)
        return why_error(&r->why, ERR_USAGE, "--dial and --script: one of them is enough");
    if (r->talk && !a->dial)
        return why_error(&r->why, ERR_USAGE, "--talk is for --dial");
    if (a->goal == GOAL_CALL && !calls && !a->script)
        return why_error(&r->why, ERR_USAGE,
                         "--until call: who calls? Say --dial DN, --answer or --script FILE");
    if (a->goal < GOAL_REGISTERED && r->user_words)
        return why_error(&r->why, ERR_USAGE,
                         "this phone does not register (--until %s): it has no calls",
                         a->goal == GOAL_FILES ? "files" : "enrolled");
    return 0;
}

static int check_one(struct reading *r, int operands, char **words)
{
    if (r->fleet_words)
        return why_error(
            &r->why, ERR_USAGE,
            "--first, --rate, --calls, --concurrency and --key-pool are for fleets: say "
            "--fleet N, too");
    if (operands == 0)
        return why_error(&r->why, ERR_USAGE, "which phone? Give its NAME: SEP and 12 hex digits");
    if (operands > 1)
        return why_error(&r->why, ERR_USAGE, "%s: one NAME is enough (several: --fleet)", words[1]);
    if (r->out->model_count > 1)
        return why_error(&r->why, ERR_USAGE, "--model: a phone is of one model");
    int result = read_device(r, words[0]);
    return result ? result : check_user(r);
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
        .models = {model_find("7975")},
        .model_count = 1,
        .concurrency = CONCURRENCY,
        .goal = GOAL_REGISTERED,
        .talk = TALK,
        .audio = "tone",
    };
    struct reading r = {.out = &a, .why = WHY_NONE};
    int result = 0;
    int code;
    optind = 0; /* begins anew, also in a test that reads many */
    opterr = 0;
    while (result == 0 && (code = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (code == OPTION_HELP || code == OPTION_VERSION) {
            fputs(code == OPTION_HELP ? arguments_usage : "trustline-phone " TRUSTLINE_VERSION "\n",
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
