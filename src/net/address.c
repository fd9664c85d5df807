#include "net/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum { LINK_BYTES = 8 }; /* of an IPv6 address: its link (RFC 4291, 2.5.1) */

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const struct address *a)
{
    return a->any.sa_family == AF_INET6 &&
           memcmp(&a->v6.sin6_addr, mapped_prefix, sizeof mapped_prefix) == 0;
}

int address_parse(struct address *out, const char *text, uint16_t port)
{
    struct address a = {0};
    if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(port);
        a.size = sizeof a.v4;
    } else if (inet_pton(AF_INET6, text, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(port);
        a.size = sizeof a.v6;
    } else {
        return ERR_FORMAT;
    }
    *out = a;
    return 0;
}

/* "host", "host:port", "[v6]:port" and a bare IPv6 address, taken apart. */
static int split(char host[256], uint16_t *port, const char *text, uint16_t default_port,
                 struct why *why)
{
    const char *colon = strrchr(text, ':');
    const char *end = strchr(text, ']');
    bool bracketed = text[0] == '[' && end;
    if (bracketed && end[1] != ':' && end[1] != '\0')
        return why_error(why, ERR_FORMAT, "'%s': behind ']' comes ':' and a port", text);
    bool bare_v6 = !bracketed && colon && strchr(text, ':') != colon;
    bool has_port = bracketed ? end[1] == ':' : colon && !bare_v6;
    const char *start = bracketed ? text + 1 : text;
    const char *stop = bracketed ? end : has_port ? colon : text + strlen(text);
    struct bytes name = bytes_of(start, (size_t)(stop - start));
    if (name.size == 0 || !text_copy_bytes(host, 256, name))
        return why_error(why, ERR_FORMAT, "'%s' is no host name", text);
    int64_t number = default_port;
    if (has_port && text_number((bracketed ? end + 2 : colon + 1), 1, 65535, &number) != 0)
        return why_error(why, ERR_FORMAT, "'%s': a port is a number from 1 to 65535", text);
    *port = (uint16_t)number;
    return 0;
}

int address_resolve(struct address *out, const char *text, uint16_t default_port, struct why *why)
{
    char host[256];
    uint16_t port = 0;
    int result = split(host, &port, text, default_port, why);
    if (result)
        return result;
    if (address_parse(out, host, port) == 0)
        return 0;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    int error = getaddrinfo(host, NULL, &hints, &found);
    if (error)
        return why_error(why, ERR_NOT_FOUND, "host '%s': %s", host, gai_strerror(error));
    struct address a = {.size = found->ai_addrlen};
    if (found->ai_addrlen <= sizeof a.v6)
        memcpy(&a.any, found->ai_addr, found->ai_addrlen);
    else
        result = why_error(why, ERR_UNSUPPORTED, "host '%s' has no IP address", host);
    freeaddrinfo(found);
    if (result)
        return result;
    if (a.any.sa_family == AF_INET)
        a.v4.sin_port = htons(port);
    else
        a.v6.sin6_port = htons(port);
    *out = a;
    return 0;
}

struct bytes address_bytes(const struct address *a)
{
    if (a->any.sa_family == AF_INET)
        return bytes_of(&a->v4.sin_addr, 4);
    if (a->any.sa_family != AF_INET6)
        return bytes_of(NULL, 0);
    const uint8_t *raw = a->v6.sin6_addr.s6_addr;
    return is_mapped(a) ? bytes_of(raw + sizeof mapped_prefix, 4) : bytes_of(raw, 16);
}

struct bytes address_source(const struct address *a)
{
    return bytes_slice(address_bytes(a), 0, LINK_BYTES);
}

static char *put_number(char *out, unsigned number)
{
    if (number >= 10)
        out = put_number(out, number / 10);
    *out = (char)('0' + number % 10);
    return out + 1;
}

/* inet_ntop() takes a microsecond for it, which is much for something every request needs. */
static void put_v4(char *out, const uint8_t raw[4])
{
    for (size_t i = 0; i < 4; i++) {
        out = put_number(out, raw[i]);
        *out++ = i < 3 ? '.' : '\0';
    }
}

char *address_host(char out[ADDRESS_TEXT], const struct address *a)
{
    struct bytes raw = address_bytes(a);
    if (raw.size == 4)
        put_v4(out, raw.data);
    else if (raw.size == 0 || !inet_ntop(AF_INET6, raw.data, out, ADDRESS_TEXT))
        text_copy(out, ADDRESS_TEXT, "?");
    return out;
}

char *address_text(char out[ADDRESS_TEXT], const struct address *a)
{
    char host[ADDRESS_TEXT];
    bool v6 = address_bytes(a).size == 16;
    text_format(out, ADDRESS_TEXT, v6 ? "[%s]:%u" : "%s:%u", address_host(host, a),
                address_port(a));
    return out;
}

uint16_t address_port(const struct address *a)
{
    if (a->any.sa_family == AF_INET)
        return ntohs(a->v4.sin_port);
    return a->any.sa_family == AF_INET6 ? ntohs(a->v6.sin6_port) : 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return address_port(a) == address_port(b) && bytes_equal(address_bytes(a), address_bytes(b));
}

bool address_is_loopback(const struct address *a)
{
    struct bytes raw = address_bytes(a);
    if (raw.size == 4)
        return raw.data[0] == 127;
    return raw.size == 16 && memcmp(raw.data, &in6addr_loopback, 16) == 0;
}

bool address_is_of_a_host(const struct address *a)
{
    struct bytes raw = address_bytes(a);
    if (raw.size == 4)
        return raw.data[0] != 0 && raw.data[0] < 224; /* 0/8, 224/4 and 240/4 are of nobody */
    return raw.size == 16 && raw.data[0] != 0xff && memcmp(raw.data, &in6addr_any, 16) != 0;
}
