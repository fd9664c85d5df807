/* list verify: would a phone take this list, and which rule decides? */
#include "cli/commands.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/source.h"
#include "trust/accept.h"

#include <arpa/inet.h>
#include <string.h>

/* What the phone of the question holds. */
struct holding {
    struct list_source lists[2]; /* by enum trustlist_kind; list NULL: none */
    uint8_t server[16];
    struct phone_trust trust;
};

static int take_against(struct holding *h, const char *path, struct why *why)
{
    struct list_source source;
    enum trustlist_kind kind;
    int result = list_source_read(&source, path, why);
    if (result)
        return result;
    if (trustlist_kind(source.list, &kind) != 0)
        result = why_error(why, ERR_FORMAT,
                           "%s: its FILENAME is neither CTLFile.tlv nor ITLFile.tlv: no phone "
                           "holds such a list",
                           path);
    else if (h->lists[kind].list)
        result = why_error(why, ERR_USAGE, "%s: a second %s; a phone holds one", path,
                           trustlist_kind_name(kind));
    if (result) {
        list_source_fini(&source);
        return result;
    }
    h->lists[kind] = source;
    return 0;
}

static int take_phone(struct holding *h, const struct call *call, struct why *why)
{
    const char *model = call_value(call, "model");
    const char *server = call_value(call, "server");
    h->trust.model = model ? model_find(model) : model_unknown();
    if (!h->trust.model)
        return why_error(why, ERR_USAGE, "--model %s is not known", model);
    if (!server)
        return 0;
    if (inet_pton(AF_INET, server, h->server) == 1)
        h->trust.server = bytes_of(h->server, 4);
    else if (inet_pton(AF_INET6, server, h->server) == 1)
        h->trust.server = bytes_of(h->server, 16);
    else
        return why_error(why, ERR_USAGE, "--server %s is no IP address", server);
    return 0;
}

static int take_holding(struct holding *h, const struct call *call, struct why *why)
{
    int result = take_phone(h, call, why);
    for (size_t i = 0; i < call->option_count && result == 0; i++)
        if (strcmp(call->options[i].option->name, "against") == 0)
            result = take_against(h, call->options[i].value, why);
    h->trust.ctl = h->lists[TRUSTLIST_CTL].list;
    h->trust.itl = h->lists[TRUSTLIST_ITL].list;
    return result;
}

/* What the phone asked for: what --type says, or the name inside; a file that does not tell is
 * judged as a CTL, and its FILENAME refused. */
static int asked_kind(enum trustlist_kind *out, const struct call *call, struct bytes file,
                      struct why *why)
{
    const char *word = call_value(call, "type");
    struct envelope header;
    *out = TRUSTLIST_CTL;
    if (word && !text_equal_nocase(word, "ctl") && !text_equal_nocase(word, "itl"))
        return why_error(why, ERR_USAGE, "--type %s: ctl and itl are known", word);
    if (word ? text_equal_nocase(word, "itl")
             : envelope_parse(&header, file, NULL) == 0 &&
                   bytes_equal_string(header.filename, trustlist_file_name(TRUSTLIST_ITL)))
        *out = TRUSTLIST_ITL;
    return 0;
}

static enum cli_status print_answer(struct cli *cli, const struct call *call,
                                    const struct answer *answer, const struct model *model)
{
    enum cli_status status = answer->verdict == VERDICT_YES ? STATUS_DONE : STATUS_REFUSED;
    if (call->json)
        return cli_json(
            cli,
            json_pack("{s:s, s:s, s:s, s:b, s:s}", "verdict", verdict_text(answer->verdict), "rule",
                      accept_rule_text(answer->rule), "explanation", answer->explanation,
                      "inferred", answer->inferred, "model", model->name),
            status);
    fprintf(cli->out, "Verdict: %s\nRule:    %s%s\n%s\n", verdict_text(answer->verdict),
            accept_rule_text(answer->rule),
            answer->inferred ? " (from an inferred trait of the model)" : "", answer->explanation);
    return status;
}

enum cli_status list_verify(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct holding holding = {.trust.ctl = NULL};
    struct buffer file;
    enum trustlist_kind kind;
    enum cli_status status;
    buffer_init(&file, TRUSTLIST_READ_MAX);
    int result = take_holding(&holding, call, &why);
    if (result == 0)
        result = file_read(&file, call->operands[0], &why);
    if (result == 0)
        result = asked_kind(&kind, call, buffer_bytes(&file), &why);
    if (result == ERR_USAGE) {
        status = cli_misuse(cli, call, "%s", why_text(&why, result));
    } else if (result) {
        status = cli_failed(cli, result, &why);
    } else {
        struct answer answer;
        accept_list(&answer, &holding.trust, kind, buffer_bytes(&file));
        status = print_answer(cli, call, &answer, holding.trust.model);
    }
    for (size_t i = 0; i < 2; i++)
        list_source_fini(&holding.lists[i]);
    buffer_fini(&file);
    return status;
}
