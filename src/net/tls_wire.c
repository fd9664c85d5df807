#include "net/tls_parts.h"

#include <errno.h>
#include <sys/socket.h>

static int wire_read(BIO *bio, char *out, int size)
{
    struct tls_wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0)
        return 0;
    if (wire->received >= wire->allowance) {
        wire->error = ERR_LIMIT;
        return -1;
    }
    ssize_t got = recv(wire->fd, out, (size_t)size, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_read(bio);
    } else if (got < 0) {
        wire->error = -errno;
    } else if (got == 0) {
        wire->ended = true;
    } else {
        wire->received += (uint64_t)got;
    }
    return (int)got;
}

static int wire_write(BIO *bio, const char *data, int size)
{
    struct tls_wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0)
        return 0;
    ssize_t sent = send(wire->fd, data, (size_t)size, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    else if (sent < 0)
        wire->error = -errno;
    return (int)sent;
}

static long wire_control(BIO *bio, int what, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    const struct tls_wire *wire = BIO_get_data(bio);
    switch (what) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return wire->ended;
    default:
        return 0;
    }
}

BIO_METHOD *tls_wire_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire");
    if (!method)
        return NULL;
    if (BIO_meth_set_read(method, wire_read) != 1 || BIO_meth_set_write(method, wire_write) != 1 ||
        BIO_meth_set_ctrl(method, wire_control) != 1) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

BIO *tls_wire_new(const BIO_METHOD *method, struct tls_wire *wire)
{
    BIO *bio = BIO_new(method);
    if (bio) {
        BIO_set_data(bio, wire);
        BIO_set_init(bio, 1);
    }
    return bio;
}
