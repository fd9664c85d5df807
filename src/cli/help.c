/* What the program tells about itself: overviews, usage lines, suggestions. All from the table. */
#include "cli/call.h"

#include "base/text.h"
#include "cli/grid.h"

#include <string.h>

enum { CHOICES_MAX = 64, WORDS_MAX = 16, LINE_MAX_TEXT = 400 };

static void usage_text(const struct command *command, char out[LINE_MAX_TEXT])
{
    text_format(out, LINE_MAX_TEXT, "trustline %s%s%s", command->words,
                command->operands[0] ? " " : "", command->operands);
}

void help_usage(const struct command *command, FILE *out)
{
    char line[LINE_MAX_TEXT];
    usage_text(command, line);
    fprintf(out, "Usage: %s\n       ('trustline %s --help' explains it)\n", line, command->words);
}

void help_branch(const struct cli *cli, FILE *out, const char *const *words, size_t count)
{
    struct grid *grid = NULL;
    if (grid_new(&grid, 2) != 0)
        return;
    for (const struct command *c = cli->table; c->words; c++) {
        char line[LINE_MAX_TEXT];
        if (command_match(c, words, count) < count)
            continue;
        text_format(line, sizeof line, "  trustline %s", c->words);
        grid_text(grid, line);
        grid_text(grid, c->help);
    }
    grid_print(grid, out, GRID_PLAIN);
    grid_free(grid);
}

void help_overview(const struct cli *cli, FILE *out)
{
    fputs("Usage: trustline COMMAND [OPTION]...\n\n", out);
    help_branch(cli, out, NULL, 0);
    fputs("\n"
          "  trustline help COMMAND | trustline COMMAND --help   explain one command\n"
          "  trustline --version                                 the version\n"
          "\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage, 3 a verification failed or a plan "
          "refused.\n",
          out);
}

static void add_option(struct grid *grid, const struct command_option *option)
{
    char left[LINE_MAX_TEXT];
    text_format(left, sizeof left, "  --%s%s%s", option->name, option->argument ? " " : "",
                option->argument ? option->argument : "");
    grid_text(grid, left);
    grid_text(grid, option->help);
}

void help_command(const struct command *command, FILE *out)
{
    char line[LINE_MAX_TEXT];
    struct grid *grid = NULL;
    if (grid_new(&grid, 2) != 0)
        return;
    usage_text(command, line);
    fprintf(out, "Usage: %s\n\n%s.\n", line, command->help);
    if (command->details)
        fprintf(out, "%s\n", command->details);
    fputs("\n", out);
    for (const struct command_option *o = command->options; o && o->name; o++)
        add_option(grid, o);
    for (const struct common_option *c = common_options; c->option.name; c++)
        if (c->flag == 0 || command->flags & c->flag)
            add_option(grid, &c->option);
    grid_print(grid, out, GRID_PLAIN);
    grid_free(grid);
}

/* The words that may follow the first `depth` ones of `words`, each once, ended by NULL. */
static size_t list_next(const struct cli *cli, const char *const *words, size_t depth,
                        char choices[CHOICES_MAX][COMMAND_WORD])
{
    size_t count = 0;
    for (const struct command *c = cli->table; c->words && count < CHOICES_MAX; c++) {
        if (command_match(c, words, depth) < depth || command_words(c) <= depth)
            continue;
        command_word(c, depth, choices[count]);
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known |= strcmp(choices[i], choices[count]) == 0;
        count += !known;
    }
    return count;
}

/* How many of the words lead into the table. */
static size_t deepest(const struct cli *cli, const char *const *words, size_t count)
{
    size_t most = 0;
    for (const struct command *c = cli->table; c->words; c++) {
        size_t n = command_match(c, words, count);
        if (n > most)
            most = n;
    }
    return most;
}

/* The words as the table spells them, as far as they lead into it. */
static void spell(const struct cli *cli, const char *const *words, size_t count, char *out,
                  size_t size)
{
    const struct command *found = NULL;
    size_t depth = deepest(cli, words, count);
    size_t fits = 0;
    for (const struct command *c = cli->table; c->words; c++) {
        if (command_match(c, words, depth) == depth && fits++ == 0)
            found = c;
    }
    if (!found)
        return;
    size_t end = 0;
    for (size_t i = 0; i < depth; i++) {
        end += found->words[end] == ' ';
        end += strcspn(found->words + end, " ");
    }
    /* The whole command when only one begins so. */
    text_copy_bytes(out, size,
                    fits == 1 ? bytes_of_string(found->words) : bytes_of(found->words, end));
}

bool help_suggest(const struct cli *cli, const char *const *words, size_t count, char *out,
                  size_t size)
{
    char choices[CHOICES_MAX][COMMAND_WORD];
    const char *list[CHOICES_MAX + 1] = {NULL};
    const char *right[WORDS_MAX];
    size_t depth = deepest(cli, words, count);
    if (depth == count || depth >= WORDS_MAX)
        return false;
    size_t n = list_next(cli, words, depth, choices);
    for (size_t i = 0; i < n; i++)
        list[i] = choices[i];
    const char *near = text_nearest(words[depth], list);
    if (!near)
        return false;
    if (count > WORDS_MAX)
        count = WORDS_MAX;
    memcpy(right, words, count * sizeof *right);
    right[depth] = near;
    spell(cli, right, count, out, size);
    return true;
}

const char *help_suggest_option(const struct command *command, const char *word)
{
    char name[64];
    const char *list[CHOICES_MAX + 1] = {NULL};
    size_t count = 0;
    text_copy_bytes(name, sizeof name, bytes_of(word, strcspn(word, "=")));
    for (const struct command_option *o = command->options; o && o->name && count < CHOICES_MAX;
         o++)
        list[count++] = o->name;
    for (const struct common_option *c = common_options; c->option.name && count < CHOICES_MAX; c++)
        if (c->flag == 0 || command->flags & c->flag)
            list[count++] = c->option.name;
    list[count] = NULL;
    return text_nearest(name, list);
}
