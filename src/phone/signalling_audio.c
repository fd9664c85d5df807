/* The audio of a phone's calls. */
#include "phone/signalling_parts.h"

#include "base/text.h"

enum { SILENT_S = 10 }; /* without a packet, and a call that has no call manager is over */

static int open_audio(struct signalling *s, size_t call, struct why *why)
{
    const struct address *local = signalling_local(s);
    const struct audio_setup setup = {.local = local,
                                      .sound = s->setup.sound,
                                      .recording = s->setup.recording,
                                      .span = s->setup.span};
    if (s->audio[call])
        return 0;
    if (!local)
        return why_error(why, ERR_CLOSED, "the phone has no address");
    return audio_open(&s->audio[call], s->setup.room, &setup, why);
}

void signalling_receive(struct signalling *s, const struct handset_step *step)
{
    enum sccp_media_status status = SCCP_MEDIA_OK;
    struct why why = WHY_NONE;
    if (open_audio(s, step->call, &why) != 0)
        status = SCCP_MEDIA_NO_SOCKETS;
    else if (audio_receive(s->audio[step->call], step->keys, &why) != 0)
        status = SCCP_MEDIA_CODEC_FAILED;
    handset_receives(s->handset, step->call, status,
                     status == SCCP_MEDIA_OK ? audio_address(s->audio[step->call]) : NULL);
}

void signalling_transmit(struct signalling *s, const struct handset_step *step)
{
    enum sccp_media_status status = SCCP_MEDIA_OK;
    struct why why = WHY_NONE;
    if (open_audio(s, step->call, &why) != 0)
        status = SCCP_MEDIA_NO_SOCKETS;
    else if (!s->setup.mute &&
             audio_send(s->audio[step->call], &step->remote, step->keys, &why) != 0)
        status = SCCP_MEDIA_CODEC_FAILED;
    if (status == SCCP_MEDIA_OK)
        s->remotes[step->call] = step->remote;
    handset_transmits(s->handset, step->call, status,
                      status == SCCP_MEDIA_OK ? audio_address(s->audio[step->call]) : NULL);
}

static uint32_t bounded(uint64_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

void signalling_report(struct signalling *s, size_t call)
{
    struct audio_counters c = {0};
    if (s->audio[call])
        audio_counters(s->audio[call], &c);
    const struct sccp_connection_statistics statistics = {
        .packets_sent = bounded(c.sent),
        .octets_sent = bounded(c.sent_octets),
        .packets_received = bounded(c.received),
        .octets_received = bounded(c.received_octets),
        .packets_lost = bounded(c.lost),
        .jitter = bounded(c.jitter_us / 1000),
    };
    handset_reports(s->handset, call, &statistics);
}

void signalling_hang_up(struct signalling *s, size_t call)
{
    s->last_call = s->audio[call] ? call : HANDSET_CALLS;
    if (!s->audio[call])
        return;
    audio_counters(s->audio[call], &s->last);
    s->has_last = true;
    audio_close(s->audio[call]);
    s->audio[call] = NULL;
    s->remotes[call].size = 0;
    s->heard[call] = 0;
    s->silent_s[call] = 0;
}

bool signalling_stream(const struct signalling *s, size_t call, struct address *local,
                       struct address *remote)
{
    if (!s->audio[call])
        return false;
    *local = *audio_address(s->audio[call]);
    *remote = s->remotes[call];
    return true;
}

bool signalling_counters(const struct signalling *s, size_t call, struct audio_counters *out)
{
    if (call < HANDSET_CALLS && s->audio[call])
        audio_counters(s->audio[call], out);
    else if (s->has_last && (call >= HANDSET_CALLS || call == s->last_call))
        *out = s->last;
    else
        return false;
    return true;
}

void signalling_listen(struct signalling *s)
{
    for (size_t i = 0; i < HANDSET_CALLS; i++) {
        const struct handset_call *call = handset_call(s->handset, i);
        struct audio_counters c;
        if (!call || !call->preserved || !s->audio[i])
            continue;
        audio_counters(s->audio[i], &c);
        s->silent_s[i] = c.received == s->heard[i] ? s->silent_s[i] + 1 : 0;
        s->heard[i] = c.received;
        if (s->silent_s[i] >= SILENT_S)
            handset_silent(s->handset, i);
    }
}
