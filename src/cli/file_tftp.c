/* file list tftp, file delete tftp: CUCM's words over tftpboot/ and the published lists. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/session.h"
#include "cli/tftproot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING_FOUND "no such file or directory can be found\n"

/* ---- the words behind the name ---- */

enum { DETAIL = 1, REVERSE = 2, BY_DATE = 4, BY_SIZE = 8, PAGE = 16, NO_CONFIRM = 32 };

static const struct choice {
    const char *word;
    unsigned flag;
} choices[] = {
    {"detail", DETAIL}, {"reverse", REVERSE}, {"date", BY_DATE},
    {"size", BY_SIZE},  {"page", PAGE},       {"noconfirm", NO_CONFIRM},
};

/* All words of all operands, which may be one quoted argument or many: a name first, then choices
 * of those allowed. */
struct file_words {
    struct buffer text; /* the words, each with its NUL */
    const char *name;
    unsigned flags;
};

static unsigned flag_of(const char *word, unsigned allowed)
{
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (choices[i].flag & allowed && strcmp(choices[i].word, word) == 0)
            return choices[i].flag;
    return 0;
}

/* A pattern without quotes is files of this directory by the time we see it. */
static int stray_word(const char *word, unsigned allowed, struct why *why)
{
    char known[80] = "";
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        size_t used = strlen(known);
        if (choices[i].flag & allowed)
            text_format(known + used, sizeof known - used, "%s%s", used ? ", " : "",
                        choices[i].word);
    }
    return why_error(why, ERR_USAGE,
                     "'%s' is none of %s (a name with * stands in quotes, or the shell puts the "
                     "files of this directory there)",
                     word, known);
}

static int read_words(struct file_words *out, const struct call *call, unsigned allowed,
                      struct why *why)
{
    *out = (struct file_words){.name = NULL};
    buffer_init(&out->text, 1024 * 1024);
    for (size_t i = 0; i < call->operand_count; i++)
        buffer_format(&out->text, "%s ", call->operands[i]);
    buffer_string(&out->text);
    int result = out->text.error;
    char *rest = result == 0 ? (char *)out->text.data : NULL;
    char *word;
    while (result == 0 && (word = strsep(&rest, " "))) {
        unsigned flag = out->name ? flag_of(word, allowed) : 0;
        out->flags |= flag;
        if (flag || !*word)
            continue;
        if (out->name)
            result = stray_word(word, allowed, why);
        out->name = word;
    }
    return result == 0 && !out->name ? why_error(why, ERR_USAGE, "which file?") : result;
}

/* ---- list ---- */

static int by_date(const void *x, const void *y)
{
    const struct tftp_entry *a = x;
    const struct tftp_entry *b = y;
    return (a->modified > b->modified) - (a->modified < b->modified);
}

static int by_size(const void *x, const void *y)
{
    const struct tftp_entry *a = x;
    const struct tftp_entry *b = y;
    return (a->size > b->size) - (a->size < b->size);
}

static void order(struct tftp_entries *entries, unsigned flags)
{
    if (entries->count && flags & (BY_DATE | BY_SIZE))
        qsort(entries->items, entries->count, sizeof *entries->items,
              flags & BY_DATE ? by_date : by_size);
    for (size_t i = 0; flags & REVERSE && i < entries->count / 2; i++) {
        struct tftp_entry *a = &entries->items[i];
        struct tftp_entry *b = &entries->items[entries->count - 1 - i];
        struct tftp_entry kept = *a;
        *a = *b;
        *b = kept;
    }
}

static void print_entry(FILE *out, const struct tftp_entry *entry, bool detail)
{
    char date[CLOCK_TEXT];
    char size[28];
    bool directory = entry->kind == ENTRY_DIRECTORY;
    if (detail && directory)
        fprintf(out, "%-20s      <dir>    ", clock_file(date, entry->modified));
    else if (detail)
        fprintf(out, "%-20s%13s  ", clock_file(date, entry->modified),
                text_thousands(size, entry->size));
    else if (directory)
        fputs("<dir>   ", out);
    cli_print(out, entry->name);
    fputc('\n', out);
}

static void print_entries(FILE *out, const struct tftp_entries *entries, bool detail)
{
    size_t directories = 0;
    for (size_t i = 0; i < entries->count; i++) {
        print_entry(out, &entries->items[i], detail);
        directories += entries->items[i].kind == ENTRY_DIRECTORY;
    }
    fprintf(out, "dir count = %zu, file count = %zu\n", directories, entries->count - directories);
}

static json_t *entries_json(const struct tftp_entries *entries)
{
    static const char *const kinds[] = {"file", "directory", "list", "crl"};
    json_t *all = json_array();
    for (size_t i = 0; i < entries->count; i++) {
        const struct tftp_entry *e = &entries->items[i];
        if (cli_json_append(all, json_pack("{s:o, s:s, s:I, s:o}", "name",
                                           cli_json_text(bytes_of_string(e->name)), "type",
                                           kinds[e->kind], "size", (json_int_t)e->size, "modified",
                                           cli_json_time(e->modified))) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

static enum cli_status show_entries(struct cli *cli, const struct call *call,
                                    struct tftp_entries *entries, unsigned flags)
{
    enum cli_status status = entries->count ? STATUS_DONE : STATUS_FAILED;
    order(entries, flags);
    if (call->json)
        return cli_json(cli, entries_json(entries), status);
    if (entries->count)
        print_entries(cli->out, entries, flags & DETAIL);
    else
        fputs(NOTHING_FOUND, cli->out);
    return status;
}

enum cli_status file_list_tftp(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct cluster *cluster = NULL;
    struct file_words words;
    struct tftp_entries entries = {.items = NULL};
    enum cli_status status;
    int result = read_words(&words, call, DETAIL | REVERSE | BY_DATE | BY_SIZE | PAGE, &why);
    if (result == 0)
        result = session_open(&cluster, call, CLUSTER_LOOK, &why);
    if (result == 0)
        result = tftproot_find(&entries, cluster, words.name, true, &why);
    status =
        result ? cli_failed(cli, result, &why) : show_entries(cli, call, &entries, words.flags);
    tftproot_free(&entries);
    buffer_fini(&words.text);
    session_close(cluster);
    return status;
}

/* ---- delete ---- */

struct deleting {
    struct cli *cli;
    const struct call *call;
    struct cluster *cluster;
    struct act_options options;
    size_t found, deleted, declined;
};

static int delete_list(struct deleting *d, enum list_kind kind, struct why *why)
{
    struct act_report report;
    act_report_init(&report);
    int result = cluster_list_delete(d->cluster, &report, kind, &d->options, why);
    act_report_fini(&report);
    return result;
}

static int delete_file(struct deleting *d, const char *directory, const char *name, struct why *why)
{
    char shown[300];
    if (d->options.dry_run)
        return 0;
    int result = tftproot_remove(d->cluster, directory, name, why);
    if (result == 0)
        log_event(LEVEL_NOTICE, "event=file_deleted directory=/%s file=%s", directory,
                  text_value(shown, sizeof shown, bytes_of_string(name)));
    return result;
}

static bool agreed(struct deleting *d, const char *name)
{
    struct buffer question;
    buffer_init(&question, 4096);
    buffer_text(&question, "Delete the File ");
    cli_text(&question, bytes_of_string(name));
    buffer_text(&question, "?\nEnter \"y\" followed by return to continue: ");
    enum cli_status status = d->options.dry_run
                                 ? STATUS_DONE
                                 : cli_confirm_closely(d->cli, d->call, buffer_string(&question));
    buffer_fini(&question);
    return status == STATUS_DONE;
}

static int delete_entry(struct deleting *d, const char *directory, const struct tftp_entry *entry,
                        struct why *why)
{
    if (entry->kind == ENTRY_DIRECTORY || entry->kind == ENTRY_CRL)
        return 0;
    d->found++;
    if (!agreed(d, entry->name)) {
        d->declined++;
        return 0;
    }
    int result = entry->kind == ENTRY_LIST ? delete_list(d, entry->list, why)
                                           : delete_file(d, directory, entry->name, why);
    if (result == 0)
        d->deleted++;
    return result;
}

/* The command that makes a deleted list again. */
static const char *maker(const struct deleting *d, enum list_kind kind)
{
    int mixed = 0;
    if (kind == LIST_ITL)
        return "utils itl reset localkey";
    return cluster_security_mode(d->cluster, &mixed, NULL) == 0 && mixed
               ? "utils ctl update CTLFile"
               : "utils ctl set-cluster mixed-mode";
}

/* What the words of CUCM leave open: phones go on with what they have. */
static void explain_lists(const struct deleting *d, const struct tftp_entries *entries)
{
    for (size_t i = 0; i < entries->count && !d->declined; i++) {
        const struct tftp_entry *entry = &entries->items[i];
        if (entry->kind != ENTRY_LIST)
            continue;
        fprintf(d->cli->out,
                "%s %s served any more; phones keep the one they hold. 'trustline %s' makes it "
                "anew.\n",
                entry->name, d->options.dry_run ? "would not be" : "is not", maker(d, entry->list));
    }
}

/* What was meant may not be for deleting. */
static enum cli_status found_none(struct deleting *d, const struct tftp_entries *entries)
{
    fputs(NOTHING_FOUND, d->cli->out);
    if (entries->count && entries->items[0].kind == ENTRY_CRL)
        cli_note(d->cli, "%s is kept by CAPF and not deleted; it names the LSCs that are revoked",
                 entries->items[0].name);
    else if (entries->count)
        cli_note(d->cli, "%s is a directory; its files are deleted by name or as '%s%s%s/*'",
                 entries->items[0].name, entries->directory, entries->directory[0] ? "/" : "",
                 entries->items[0].name);
    return STATUS_FAILED;
}

static enum cli_status report(struct deleting *d, const struct tftp_entries *entries)
{
    FILE *out = d->cli->out;
    bool none = d->found == 0;
    if (d->call->json) {
        json_t *json = json_pack("{s:I, s:I, s:b}", "found", (json_int_t)d->found, "deleted",
                                 (json_int_t)(d->options.dry_run ? 0 : d->deleted), "dry_run",
                                 (int)d->options.dry_run);
        return cli_json(d->cli, json, none || d->declined ? STATUS_FAILED : STATUS_DONE);
    }
    if (none)
        return found_none(d, entries);
    fprintf(out, "files: found = %zu, %sdeleted = %zu\n", d->found,
            d->options.dry_run ? "would be " : "", d->deleted);
    explain_lists(d, entries);
    return d->declined ? STATUS_FAILED : STATUS_DONE;
}

static enum cli_status delete_all(struct deleting *d, const struct tftp_entries *entries)
{
    struct why why = WHY_NONE;
    int result = 0;
    for (size_t i = 0; i < entries->count && result == 0; i++)
        result = delete_entry(d, entries->directory, &entries->items[i], &why);
    if (result == 0)
        return report(d, entries);
    if (!d->call->json)
        fprintf(d->cli->out, "files: found = %zu, deleted = %zu\n", d->found, d->deleted);
    return cli_failed(d->cli, result, &why);
}

enum cli_status file_delete_tftp(struct cli *cli, const struct call *call)
{
    struct why why = WHY_NONE;
    struct file_words words;
    struct tftp_entries entries = {.items = NULL};
    struct call own = *call;
    struct deleting deleting = {.cli = cli, .call = &own, .options = session_options(call)};
    enum cli_status status;
    int result = read_words(&words, call, DETAIL | NO_CONFIRM, &why);
    own.yes = call->yes || words.flags & NO_CONFIRM;
    if (result == 0 && !call->dry_run && cli_asking(cli, &own) == ASKING_IS_MISUSE) {
        buffer_fini(&words.text);
        return cli_confirm(cli, &own, "");
    }
    if (result == 0)
        result = session_open(&deleting.cluster, call, CLUSTER_ACT, &why);
    if (result == 0)
        result = tftproot_find(&entries, deleting.cluster, words.name, false, &why);
    status = result ? cli_failed(cli, result, &why) : delete_all(&deleting, &entries);
    tftproot_free(&entries);
    buffer_fini(&words.text);
    session_close(deleting.cluster);
    return status;
}
