#include "service/tftp/journal.h"

#include "base/limit.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEERS = 1024,
    LINES_A_PEER = 5,
    WINDOW_MS = 60000,
    SHOWN = 3 * TFTP_NAME_MAX,
    ENGINE = 0x9950830, /* CUCM prints an address of its memory here; ours is nobody's business */
};

struct journal {
    struct loop *loop;
    struct trace *trace;
    struct limit *limit;
};

int journal_new(struct journal **out, struct loop *loop, const char *directory, size_t log_size,
                unsigned log_keep, struct why *why)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return -ENOMEM;
    j->loop = loop;
    int result = limit_new(&j->limit, PEERS, LINES_A_PEER, WINDOW_MS);
    if (result == 0 && directory)
        result = trace_open(&j->trace, directory, "tftp.log", " |", log_size, log_keep, why);
    if (result) {
        journal_free(j);
        return result;
    }
    *out = j;
    return 0;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    trace_close(j->trace);
    limit_free(j->limit);
    free(j);
}

void journal_settle(struct journal *j)
{
    struct bytes peer;
    uint64_t count;
    while (limit_leftover(j->limit, loop_now(j->loop), &peer, &count)) {
        struct address a = {0};
        char host[ADDRESS_TEXT];
        a.any.sa_family = peer.size == 4 ? AF_INET : AF_INET6;
        if (peer.size == 4)
            memcpy(&a.v4.sin_addr, peer.data, 4);
        else if (peer.size == 16)
            memcpy(&a.v6.sin6_addr, peer.data, 16);
        log_event(LEVEL_NOTICE, "event=tftp_lines_suppressed peer=%s count=%llu",
                  address_host(host, &a), (unsigned long long)count);
    }
}

void journal_request(struct journal *j, uint64_t id, const struct address *peer, struct bytes name,
                     unsigned serving)
{
    char host[ADDRESS_TEXT];
    char shown[SHOWN];
    if (!j->trace)
        return;
    trace_line(j->trace,
               "TFTPEngine::isReadRequest[0x%x~%llu~%s~%u], [%s] opcode(1), Mode(octet), "
               "Serving Count(%u)",
               ENGINE, (unsigned long long)id, address_host(host, peer), address_port(peer),
               text_escape(shown, sizeof shown, name), serving);
}

/* The TID of CUCM is the number of a thread; here it is that of the transfer. */
void journal_transferred(struct journal *j, uint64_t id, const struct address *peer,
                         const char *name, int socket)
{
    char host[ADDRESS_TEXT];
    char shown[SHOWN];
    if (!j->trace)
        return;
    trace_line(j->trace,
               "TID[%08x] TFTPEngine::processMessage[0x%x~%llu~%s~%u], Transferred[%s] Socket[%d]",
               (unsigned)(0xa5a40000u + (uint32_t)id), ENGINE, (unsigned long long)id,
               address_host(host, peer), address_port(peer),
               text_escape(shown, sizeof shown, bytes_of_string(name)), socket);
}

void journal_http(struct journal *j, const struct address *peer, struct bytes path, unsigned status,
                  bool head)
{
    char host[ADDRESS_TEXT];
    char shown[SHOWN];
    if (!j->trace)
        return;
    trace_line(j->trace, "HTTPEngine::processRequest[%s~%u], [%s] Method(%s), Status(%u)",
               address_host(host, peer), address_port(peer), text_escape(shown, sizeof shown, path),
               head ? "HEAD" : "GET", status);
}

void journal_peer(struct journal *j, enum log_level level, const char *event,
                  const struct address *peer, struct bytes name, const char *reason)
{
    char text[ADDRESS_TEXT];
    char shown[SHOWN];
    char words[300];
    char more[48] = "";
    uint64_t suppressed;
    if (!log_says(level) ||
        !limit_allows(j->limit, address_bytes(peer), loop_now(j->loop), &suppressed))
        return;
    if (suppressed)
        text_format(more, sizeof more, " suppressed=%llu", (unsigned long long)suppressed);
    log_event(level, "event=%s peer=%s file=%s reason=%s%s", event, address_text(text, peer),
              text_value(shown, sizeof shown, name),
              text_value(words, sizeof words, bytes_of_string(reason)), more);
}
