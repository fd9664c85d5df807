#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool text_copy(char *out, size_t size, const char *in)
{
    return text_copy_bytes(out, size, bytes_of_string(in));
}

bool text_copy_bytes(char *out, size_t size, struct bytes in)
{
    if (size == 0)
        return false;
    size_t n = in.size < size ? in.size : size - 1;
    if (n)
        memcpy(out, in.data, n);
    out[n] = '\0';
    return n == in.size;
}

bool text_format(char *out, size_t size, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int n = vsnprintf(out, size, format, values);
    va_end(values);
    return n >= 0 && (size_t)n < size;
}

/* One byte as it may be shown: itself or \xNN. */
static size_t show_byte(char out[5], uint8_t c)
{
    if (c >= 0x20 && c < 0x7f && c != '\\') {
        out[0] = (char)c;
        return 1;
    }
    snprintf(out, 5, "\\x%02x", c);
    return 4;
}

char *text_escape(char *out, size_t size, struct bytes in)
{
    size_t used = 0;
    size_t mark = 0; /* where "..." would still fit */
    for (size_t i = 0; i < in.size; i++) {
        char shown[5];
        size_t n = show_byte(shown, in.data[i]);
        if (used + n + 1 > size) {
            if (mark + 4 <= size)
                memcpy(out + mark, "...", 4);
            else if (size)
                out[mark] = '\0';
            return out;
        }
        if (used + 4 <= size)
            mark = used;
        memcpy(out + used, shown, n);
        used += n;
    }
    if (size)
        out[used] = '\0';
    return out;
}

char *text_value(char *out, size_t size, struct bytes in)
{
    bool quote = in.size == 0;
    for (size_t i = 0; i < in.size && !quote; i++)
        quote = in.data[i] == ' ' || in.data[i] == '"' || in.data[i] == '=';
    if (!quote || size < 3)
        return text_escape(out, size, in);
    text_escape(out + 1, size - 2, in);
    out[0] = '"';
    for (char *p = out + 1; *p; p++)
        if (*p == '"')
            *p = '\'';
    size_t n = strlen(out);
    out[n] = '"';
    out[n + 1] = '\0';
    return out;
}

char *text_hex(char *out, size_t size, struct bytes in, bool upper, char separator)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    size_t used = 0;
    for (size_t i = 0; i < in.size; i++) {
        size_t need = separator && i ? 3 : 2;
        if (used + need + 1 > size)
            break;
        if (separator && i)
            out[used++] = separator;
        out[used++] = digits[in.data[i] >> 4];
        out[used++] = digits[in.data[i] & 15];
    }
    if (size)
        out[used] = '\0';
    return out;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int text_unhex(const char *in, uint8_t *out, size_t size, size_t *length)
{
    size_t n = 0;
    while (*in) {
        if (*in == ':' && n)
            in++;
        int high = hex_digit(in[0]);
        int low = high < 0 ? -1 : hex_digit(in[1]);
        if (low < 0)
            return ERR_FORMAT;
        if (n == size)
            return ERR_LIMIT;
        out[n++] = (uint8_t)(high << 4 | low);
        in += 2;
    }
    *length = n;
    return 0;
}

int text_number(const char *in, int64_t low, int64_t high, int64_t *out)
{
    if (!isdigit((unsigned char)in[0]) && !(in[0] == '-' && isdigit((unsigned char)in[1])))
        return ERR_FORMAT;
    errno = 0;
    char *end;
    long long value = strtoll(in, &end, 10);
    if (*end)
        return ERR_FORMAT;
    if (errno || value < low || value > high)
        return ERR_LIMIT;
    *out = value;
    return 0;
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
    size_t n = strlen(text);
    size_t m = strlen(suffix);
    return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

bool text_equal_nocase(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

bool text_match(const char *pattern, const char *text)
{
    const char *star = NULL; /* behind the last '*' seen */
    const char *retry = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

void text_upper(char *text)
{
    for (; *text; text++)
        *text = (char)toupper((unsigned char)*text);
}

char *text_trim(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t n = strlen(text);
    while (n && strchr(" \t\r\n", text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}

bool text_is_utf8(struct bytes in)
{
    size_t i = 0;
    while (i < in.size) {
        uint8_t c = in.data[i++];
        if (c == 0)
            return false;
        if (c < 0x80)
            continue;
        unsigned more = c >= 0xc2 && c <= 0xdf ? 1 : (c & 0xf0) == 0xe0 ? 2 : 0;
        if (c >= 0xf0 && c <= 0xf4)
            more = 3;
        if (!more || in.size - i < more)
            return false;
        uint8_t second = in.data[i];
        if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
            (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f))
            return false;
        for (; more; more--)
            if ((in.data[i++] & 0xc0) != 0x80)
                return false;
    }
    return true;
}

size_t text_line(const char *text, size_t width)
{
    size_t take = strlen(text);
    if (take <= width)
        return take;
    take = width;
    while (take && text[take] != ' ')
        take--;
    return take ? take : strcspn(text, " ");
}

char *text_thousands(char out[28], uint64_t number)
{
    char digits[21];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *p = out;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many slips of the finger make the one of the other: a letter too many, one missing, a wrong
 * one, or two exchanged. For short words only. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    unsigned slips[LONGEST + 1][LONGEST + 1]; /* between the first i and j letters */
    size_t n = strlen(a);
    size_t m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= m; j++)
        slips[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        slips[i][0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = slips[i - 1][j - 1] + !same_letter(a[i - 1], b[j - 1]);
            best = smaller(best, slips[i - 1][j] + 1);
            best = smaller(best, slips[i][j - 1] + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]))
                best = smaller(best, slips[i - 2][j - 2] + 1);
            slips[i][j] = best;
        }
    }
    return slips[n][m];
}

const char *text_nearest(const char *word, const char *const *list)
{
    const char *nearest = NULL;
    unsigned least = (unsigned)strlen(word) / 3 + 1; /* that far is another word */
    for (; *list; list++) {
        unsigned d = distance(word, *list);
        if (d < least) {
            least = d;
            nearest = *list;
        }
    }
    return nearest;
}

bool text_device_name(struct bytes in, char out[DEVICE_NAME_LENGTH + 1])
{
    if (in.size != DEVICE_NAME_LENGTH || memcmp(in.data, "SEP", 3) != 0)
        return false;
    char name[DEVICE_NAME_LENGTH + 1] = "SEP";
    for (size_t i = 3; i < DEVICE_NAME_LENGTH; i++) {
        if (!isxdigit(in.data[i]))
            return false;
        name[i] = (char)toupper(in.data[i]);
    }
    if (out)
        memcpy(out, name, sizeof name);
    return true;
}
