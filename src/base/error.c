#include "base/error.h"

#include <stdio.h>
#include <string.h>

static const char *own_text(int error)
{
    switch ((enum error_code)error) {
    case ERR_TRUNCATED:
        return "ends too early";
    case ERR_FORMAT:
        return "malformed";
    case ERR_LIMIT:
        return "too large";
    case ERR_DUPLICATE:
        return "exists already";
    case ERR_NOT_FOUND:
        return "not found";
    case ERR_UNSUPPORTED:
        return "not supported";
    case ERR_CRYPTO:
        return "the crypto library refused";
    case ERR_VERIFY:
        return "does not verify";
    case ERR_POLICY:
        return "not permitted";
    case ERR_PLAN:
        return "would lock phones out";
    case ERR_CONFLICT:
        return "changed meanwhile";
    case ERR_USAGE:
        return "wrong usage";
    case ERR_CLOSED:
        return "the other side closed the connection";
    case ERR_TIMEOUT:
        return "no answer in time";
    case ERR_STORE:
        return "the database refused";
    case ERR_BUG:
        return "internal error";
    }
    return "unknown error";
}

const char *error_text(int error)
{
    if (error == 0)
        return "no error";
    if (error < 0 && error > -4096) {
        const char *text = strerrordesc_np(-error);
        return text ? text : "unknown system error";
    }
    return own_text(error);
}

int why_verror(struct why *why, int error, const char *format, va_list values)
{
    if (why && why->text[0] == '\0')
        vsnprintf(why->text, sizeof why->text, format, values);
    return error;
}

int why_error(struct why *why, int error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    why_verror(why, error, format, values);
    va_end(values);
    return error;
}

int why_prefix(struct why *why, int error, const char *format, ...)
{
    if (!why)
        return error;
    char old[sizeof why->text];
    snprintf(old, sizeof old, "%s", why_text(why, error));
    va_list values;
    va_start(values, format);
    int n = vsnprintf(why->text, sizeof why->text, format, values);
    va_end(values);
    if (n < 0)
        n = 0;
    if ((size_t)n < sizeof why->text)
        snprintf(why->text + n, sizeof why->text - (size_t)n, ": %s", old);
    return error;
}

const char *why_text(const struct why *why, int error)
{
    return why && why->text[0] ? why->text : error_text(error);
}
