/* What is printed, and kept for the web page. */
#include "phone/console_parts.h"

#include "base/text.h"

#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { WIDTH = 100, TIME_TEXT = 24, LINE_TEXT = 1600 };

static const char *time_text(char out[TIME_TEXT], bool microseconds)
{
    struct timeval now = {0};
    struct tm tm = {0};
    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &tm);
    size_t used = strftime(out, TIME_TEXT, "%H:%M:%S", &tm);
    if (microseconds)
        text_format(out + used, TIME_TEXT - used, ".%06ld", (long)now.tv_usec);
    return out;
}

void console_line(struct console *c, const char *level, const char *format, ...)
{
    char text[LINE_TEXT], line[LINE_TEXT + 64], time[TIME_TEXT];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    text_format(line, sizeof line, "%u: %s %s %s", ++c->line, level, time_text(time, true), text);
    notebook_add(c->lines, line);
    if (!c->quiet)
        fprintf(c->out, "%s\n", line);
}

void console_status(struct console *c, const char *format, ...)
{
    char text[LINE_TEXT], line[LINE_TEXT + 64], time[TIME_TEXT];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    text_format(line, sizeof line, "%s %s", time_text(time, false), text);
    notebook_add(c->messages, line);
    fprintf(c->out, "%s\n", line);
}

void console_wrapped(struct console *c, const char *text)
{
    char line[LINE_TEXT];
    while (*text) {
        size_t take = text_line(text, WIDTH - CONSOLE_INDENT);
        text_format(line, sizeof line, "%*s%.*s", CONSOLE_INDENT, "", (int)take, text);
        notebook_add(c->messages, line);
        fprintf(c->out, "%s\n", line);
        text += take;
        text += *text == ' ';
    }
}
