/* What the web page of a phone that is registered tells of its call managers and calls. */
#include "phone/webfacts.h"

/* Of the calls that are; where none has audio, of the one that was over last. */
static void add_streams(struct webfacts *facts, struct signalling *signalling)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++) {
        struct webfacts_stream *stream = &facts->streams[facts->stream_count];
        if (!handset_call(signalling_handset(signalling), i) ||
            !signalling_stream(signalling, i, &stream->local, &stream->remote))
            continue;
        stream->active = signalling_counters(signalling, i, &stream->counters);
        facts->stream_count++;
    }
    if (facts->stream_count == 0 &&
        signalling_counters(signalling, HANDSET_CALLS, &facts->streams[0].counters))
        facts->stream_count = 1;
}

void webfacts_of_calls(struct webfacts *facts, struct signalling *signalling)
{
    const struct registration *registration = signalling_registration(signalling);
    const struct handset_line *line = handset_line(signalling_handset(signalling), 0);
    size_t server;
    unsigned version;
    if (registration_server(registration, &server, &version)) {
        facts->active = signalling_server(signalling, server);
        facts->number = line ? line->number : NULL;
    }
    if (registration_standby(registration, &server))
        facts->standby = signalling_server(signalling, server);
    add_streams(facts, signalling);
}
