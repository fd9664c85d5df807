#include "phone/webmarkup.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *entity_of(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* U+FFFE and U+FFFF are UTF-8, and no characters of XML. */
static bool is_markup_utf8(struct bytes text)
{
    for (size_t i = 0; i + 2 < text.size; i++)
        if (text.data[i] == 0xef && text.data[i + 1] == 0xbf && text.data[i + 2] >= 0xbe)
            return false;
    return text_is_utf8(text);
}

void webmarkup_text(struct buffer *out, struct bytes text)
{
    bool utf8 = is_markup_utf8(text);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        const char *entity = entity_of(c);
        if (entity)
            buffer_text(out, entity);
        else if (c < ' ' || c == 0x7f || (c >= 0x80 && !utf8))
            buffer_format(out, "\\x%02X", c);
        else
            buffer_u8(out, c);
    }
}

static void add_formatted(struct buffer *out, const char *format, va_list values) PRINTF_LIKE(2, 0);

/* Cut between two characters. */
static void add_formatted(struct buffer *out, const char *format, va_list values)
{
    char text[WEBMARKUP_VALUE];
    int size = vsnprintf(text, sizeof text, format, values);
    if (size >= (int)sizeof text) {
        size_t end = sizeof text - 1;
        while (end > 0 && ((uint8_t)text[end - 1] & 0xc0) == 0x80)
            end--;
        if (end > 0 && (uint8_t)text[end - 1] >= 0xc0)
            end--;
        text[end] = '\0';
    }
    if (size > 0)
        webmarkup_text(out, bytes_of_string(text));
}

void webmarkup_row(struct buffer *out, const char *name, const char *format, ...)
{
    va_list values;
    buffer_text(out, "<tr><th>");
    webmarkup_text(out, bytes_of_string(name));
    buffer_text(out, "</th><td>");
    va_start(values, format);
    add_formatted(out, format, values);
    va_end(values);
    buffer_text(out, "</td></tr>\n");
}

void webmarkup_row_bytes(struct buffer *out, const char *name, struct bytes value)
{
    if (!value.data)
        return;
    buffer_text(out, "<tr><th>");
    webmarkup_text(out, bytes_of_string(name));
    buffer_text(out, "</th><td>");
    webmarkup_text(out, value);
    buffer_text(out, "</td></tr>\n");
}

void webmarkup_element(struct buffer *out, const char *name, const char *format, ...)
{
    va_list values;
    buffer_format(out, "<%s>", name);
    va_start(values, format);
    add_formatted(out, format, values);
    va_end(values);
    buffer_format(out, "</%s>\n", name);
}
