/* A script is read. */
#include "phone/script_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE_MS = 10000,
    SECONDS_MOST = 86400,
    CONDITIONS_MAX = 32,
};

static const struct condition *condition_of(const char *word)
{
    const struct condition *c = script_conditions;
    while (c->word && strcmp(c->word, word) != 0)
        c++;
    return c->word ? c : NULL;
}

static const struct verb_row {
    const char *word;
    enum verb verb;
    enum { ARGUMENT_NONE, ARGUMENT_ONE, ARGUMENT_MAYBE, ARGUMENT_REST } argument;
} verbs[] = {
    {"dial", VERB_DIAL, ARGUMENT_ONE},           {"answer", VERB_ANSWER, ARGUMENT_NONE},
    {"hold", VERB_HOLD, ARGUMENT_NONE},          {"resume", VERB_RESUME, ARGUMENT_NONE},
    {"transfer", VERB_TRANSFER, ARGUMENT_MAYBE}, {"end", VERB_END, ARGUMENT_NONE},
    {"press", VERB_PRESS, ARGUMENT_REST},        {"digits", VERB_DIGITS, ARGUMENT_ONE},
    {"wait", VERB_WAIT, ARGUMENT_ONE},           {"expect", VERB_EXPECT, ARGUMENT_ONE},
};

/* The next word of a line that is being read, or NULL. */
static char *take_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    size_t length = strcspn(word, " \t");
    if (length == 0)
        return NULL;
    *rest = word + length + (word[length] != '\0');
    word[length] = '\0';
    return word;
}

/* "5" or "0.25" seconds. */
static int read_seconds(int64_t *out, const char *word)
{
    char whole[32];
    const char *point = strchr(word, '.');
    size_t digits = point ? (size_t)(point - word) : strlen(word);
    int64_t seconds = 0;
    int64_t fraction = 0;
    text_copy_bytes(whole, sizeof whole, bytes_of(word, digits));
    if (text_number(whole, 0, SECONDS_MOST, &seconds) != 0)
        return ERR_FORMAT;
    if (point) {
        char thousandths[4] = "000";
        size_t length = strlen(point + 1);
        if (length == 0 || length > 3)
            return ERR_FORMAT;
        memcpy(thousandths, point + 1, length);
        if (text_number(thousandths, 0, 999, &fraction) != 0)
            return ERR_FORMAT;
    }
    *out = seconds * 1000 + fraction;
    return 0;
}

/* Cuts "within SECONDS" off the end of a line. */
static int cut_within(struct command *c, char *rest, struct why *why)
{
    char *within = NULL;
    for (char *at = strstr(rest, "within "); at; at = strstr(at + 1, "within "))
        if (at == rest || at[-1] == ' ' || at[-1] == '\t')
            within = at;
    if (!within)
        return 0;
    char *seconds = text_trim(within + strlen("within "));
    if (strcmp(seconds, "forever") == 0)
        c->ms = SCRIPT_NEVER;
    else if (read_seconds(&c->ms, seconds) != 0)
        return why_error(why, ERR_FORMAT, "within %s: seconds are needed, or forever", seconds);
    *within = '\0';
    return 0;
}

static int read_expectation(struct command *c, const char *word, char *rest, struct why *why)
{
    c->condition = condition_of(word);
    if (!c->condition) {
        const char *words[CONDITIONS_MAX + 1] = {NULL};
        for (size_t i = 0; i < CONDITIONS_MAX && script_conditions[i].word; i++)
            words[i] = script_conditions[i].word;
        const char *near = text_nearest(word, words);
        return why_error(why, ERR_FORMAT, "nothing to expect is called '%s'%s%s%s", word,
                         near ? ": '" : "", near ? near : "", near ? "' is" : "");
    }
    text_copy(c->word, sizeof c->word, text_trim(rest));
    if (c->condition->about != (c->word[0] != '\0'))
        return why_error(
            why, ERR_FORMAT,
            c->condition->about ? "expect %s: what?" : "expect %s has nothing behind it", word);
    return 0;
}

static int read_dial(struct command *c, char *rest, struct why *why)
{
    const char *word = take_word(&rest);
    const char *line = take_word(&rest);
    int64_t number = 0;
    if (!word)
        return 0;
    if (strcmp(word, "line") != 0 || !line || take_word(&rest) ||
        text_number(line, 1, HANDSET_LINES, &number) != 0)
        return why_error(why, ERR_FORMAT, "dial NUMBER line N: which line?");
    c->line = (uint32_t)number;
    return 0;
}

static int read_one(struct command *c, const struct verb_row *row, char *rest, struct why *why)
{
    const char *word = take_word(&rest);
    if (!word)
        return why_error(why, ERR_FORMAT, "%s: what?", row->word);
    if (c->verb == VERB_EXPECT)
        return read_expectation(c, word, rest, why);
    text_copy(c->word, sizeof c->word, word);
    if (c->verb == VERB_DIAL)
        return read_dial(c, rest, why);
    if (take_word(&rest))
        return why_error(why, ERR_FORMAT, "%s %s: too many words", row->word, c->word);
    if (c->verb == VERB_WAIT && read_seconds(&c->ms, c->word) != 0)
        return why_error(why, ERR_FORMAT, "wait %s: seconds are needed", c->word);
    return 0;
}

static int read_rest(struct command *c, const struct verb_row *row, char *rest, struct why *why)
{
    text_copy(c->word, sizeof c->word, text_trim(rest));
    bool some = c->word[0] != '\0';
    if (row->argument == ARGUMENT_NONE && some)
        return why_error(why, ERR_FORMAT, "%s has nothing behind it", row->word);
    if (row->argument == ARGUMENT_REST && !some)
        return why_error(why, ERR_FORMAT, "%s: what?", row->word);
    if (row->verb == VERB_TRANSFER && !some)
        c->verb = VERB_COMPLETE;
    return 0;
}

static int read_command(struct command *c, struct why *why)
{
    char line[SCRIPT_LINE];
    char *rest = line;
    text_copy(line, sizeof line, c->text);
    int result = cut_within(c, line, why);
    const char *word = result ? NULL : take_word(&rest);
    for (size_t i = 0; word && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].word, word) != 0)
            continue;
        c->verb = verbs[i].verb;
        return verbs[i].argument == ARGUMENT_ONE ? read_one(c, &verbs[i], rest, why)
                                                 : read_rest(c, &verbs[i], rest, why);
    }
    if (result)
        return result;
    return why_error(why, ERR_FORMAT,
                     "'%s' is nothing a user does: dial, answer, hold, resume, "
                     "transfer, end, press, digits, wait, expect are",
                     word ? word : c->text);
}

static size_t count_lines(struct bytes text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.size; i++)
        lines += text.data[i] == '\n';
    return lines;
}

/* Without blanks around it; "" for a comment. ERR_LIMIT. */
static int take_line(char out[SCRIPT_LINE], struct bytes *text)
{
    char line[SCRIPT_LINE];
    size_t size = 0;
    while (size < text->size && text->data[size] != '\n')
        size++;
    bool whole = text_copy_bytes(line, sizeof line, bytes_slice(*text, 0, size));
    *text = bytes_slice(*text, size + 1, text->size);
    text_copy(out, SCRIPT_LINE, text_trim(line));
    if (out[0] == '#')
        out[0] = '\0';
    return whole ? 0 : ERR_LIMIT;
}

static int read_all(struct script *s, struct bytes text, struct why *why)
{
    for (unsigned number = 1; text.size; number++) {
        struct command *c = &s->commands[s->count];
        int result = take_line(c->text, &text);
        c->number = number;
        c->ms = s->typed ? 0 : PATIENCE_MS;
        if (result == 0 && c->text[0] == '\0')
            continue;
        result = result ? why_error(why, result, "longer than %d characters", SCRIPT_LINE - 1)
                        : read_command(c, why);
        if (result)
            return s->typed ? result : why_prefix(why, result, "line %u", number);
        s->count++;
    }
    return 0;
}

static int parse(struct script **out, struct bytes text, bool typed, struct why *why)
{
    if (text.size > SCRIPT_BYTES_MAX)
        return why_error(why, ERR_LIMIT, "a script of more than %d bytes", SCRIPT_BYTES_MAX);
    struct script *s = calloc(1, sizeof *s);
    if (s)
        s->commands = calloc(count_lines(text), sizeof *s->commands);
    if (s)
        s->typed = typed;
    int result = s && s->commands ? read_all(s, text, why) : -ENOMEM;
    if (result) {
        script_free(s);
        return result;
    }
    s->due = SCRIPT_NEVER;
    *out = s;
    return 0;
}

int script_parse(struct script **out, struct bytes text, struct why *why)
{
    return parse(out, text, false, why);
}

int script_of_typed(struct script **out, const char *line, struct why *why)
{
    return parse(out, bytes_of_string(line), true, why);
}

void script_free(struct script *s)
{
    if (s)
        free(s->commands);
    free(s);
}
