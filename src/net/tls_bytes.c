#include "net/tls_parts.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>

/* ---- through TLS ---- */

static enum tls_move move_of(struct tls_connection *c)
{
    switch (SSL_get_error(c->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
        return MOVE_WAITS_READ;
    case SSL_ERROR_WANT_WRITE:
        return MOVE_WAITS_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return MOVE_CLOSED;
    default:
        return MOVE_FAILED;
    }
}

/* ---- as they are ---- */

/* What the kernel said when it did not do it. OpenSSL's queue of errors is read where this ends a
 * connection, and what others left there is not about it. */
static enum tls_move plain_move(struct tls_connection *c, enum tls_move waits)
{
    if (errno == EAGAIN || errno == EINTR)
        return waits;
    c->wire.error = -errno;
    ERR_clear_error();
    return MOVE_FAILED;
}

static enum tls_move plain_put(struct tls_connection *c, const void *data, size_t size,
                               size_t *moved)
{
    ssize_t sent = send(c->wire.fd, data, size, MSG_NOSIGNAL);
    if (sent < 0)
        return plain_move(c, MOVE_WAITS_WRITE);
    *moved = (size_t)sent;
    return MOVE_DONE;
}

static enum tls_move plain_get(struct tls_connection *c, void *out, size_t size, size_t *moved)
{
    ssize_t got = recv(c->wire.fd, out, size, 0);
    if (got < 0)
        return plain_move(c, MOVE_WAITS_READ);
    if (got == 0)
        return MOVE_CLOSED;
    c->wire.received += (uint64_t)got;
    *moved = (size_t)got;
    return MOVE_DONE;
}

/* ---- both ---- */

enum tls_move tls_put(struct tls_connection *c, const void *data, size_t size, size_t *moved)
{
    if (c->context->plain)
        return plain_put(c, data, size, moved);
    ERR_clear_error();
    return SSL_write_ex(c->ssl, data, size, moved) == 1 ? MOVE_DONE : move_of(c);
}

enum tls_move tls_get(struct tls_connection *c, void *out, size_t size, size_t *moved)
{
    if (c->context->plain)
        return plain_get(c, out, size, moved);
    ERR_clear_error();
    return SSL_read_ex(c->ssl, out, size, moved) == 1 ? MOVE_DONE : move_of(c);
}

enum tls_move tls_say_goodbye(struct tls_connection *c)
{
    if (c->context->plain)
        return MOVE_DONE;
    ERR_clear_error();
    int result = SSL_shutdown(c->ssl);
    if (result >= 0)
        return MOVE_DONE;
    return SSL_get_error(c->ssl, result) == SSL_ERROR_WANT_WRITE ? MOVE_WAITS_WRITE : MOVE_FAILED;
}

enum tls_step tls_plain_step(struct tls_connection *c)
{
    uint8_t first;
    if (!c->context->server)
        return STEP_DONE;
    ssize_t got = recv(c->wire.fd, &first, 1, MSG_PEEK);
    if (got > 0)
        return STEP_DONE;
    if (got < 0 && plain_move(c, MOVE_WAITS_READ) == MOVE_WAITS_READ)
        return STEP_WAITS;
    c->wire.ended = got == 0;
    ERR_clear_error();
    return STEP_FAILED;
}
