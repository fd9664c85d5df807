/*
 * error: one number for everything that can go wrong, and one sentence for a person.
 *
 * Every fallible function returns 0 or a negative number: -errno when the system refused, or one
 * of the codes below when we did. The number decides what the caller does; a `struct why`, filled
 * on the way, says to a person what was refused, by which rule, and what to do next.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

/* The result may not be ignored. */
#define CHECKED              __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, va) __attribute__((format(printf, fmt, va)))

/* Codes of our own lie below every errno (errno is at most 4095). */
enum error_code {
    ERR_TRUNCATED = -5000, /* the input ends inside an element */
    ERR_FORMAT,            /* the bytes are not what their format asks for */
    ERR_LIMIT,             /* larger, longer or more than we accept */
    ERR_DUPLICATE,         /* it is there already */
    ERR_NOT_FOUND,         /* nothing by that name */
    ERR_UNSUPPORTED,       /* well formed, but nothing we do */
    ERR_CRYPTO,            /* the crypto library refused */
    ERR_VERIFY,            /* a signature, hash or key does not fit */
    ERR_POLICY,            /* a rule of this system forbids it */
    ERR_PLAN,              /* a phone would be locked out */
    ERR_CONFLICT,          /* somebody else changed it meanwhile */
    ERR_USAGE,             /* the question itself is wrong */
    ERR_CLOSED,            /* the other side has gone */
    ERR_TIMEOUT,           /* the deadline passed */
    ERR_STORE,             /* the database refused */
    ERR_BUG,               /* a state that cannot be; please report it */
};

/* Text for any negative number a function of ours returned; never NULL, never to be freed. */
const char *error_text(int error);

/* What a person needs to know about a failure. Embedded by value, no ownership; functions accept
 * NULL where the caller does not want to know. The first explanation stays: it is the closest to
 * the cause. */
struct why {
    char text[512];
};

#define WHY_NONE   \
    {              \
        .text = "" \
    }

/* Notes the explanation, cut at the size of the text, and returns `error`, so that a function can
 * end with `return why_error(why, ERR_FORMAT, "...")`. */
int why_error(struct why *why, int error, const char *format, ...) PRINTF_LIKE(3, 4);
int why_verror(struct why *why, int error, const char *format, va_list values) PRINTF_LIKE(3, 0);

/* Puts "format: " in front of what is there (or the text of `error` when nothing is), and returns
 * `error`: for the caller who knows which file or phone it was about. */
int why_prefix(struct why *why, int error, const char *format, ...) PRINTF_LIKE(3, 4);

/* The explanation, or the text of `error` if there is none. */
const char *why_text(const struct why *why, int error);

#endif
