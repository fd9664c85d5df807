#include "wire/sccp_words.h"

#include "wire/sccp_layout.h"

#include <string.h>

static const struct sccp_layouts *const rooms[] = {
    &sccp_station_layouts,
    &sccp_call_layouts,
    &sccp_media_layouts,
};

const struct sccp_layout *sccp_layout_of(uint32_t wire)
{
    for (size_t i = 0; i < COUNT_OF(rooms); i++)
        for (size_t k = 0; k < rooms[i]->count; k++)
            if (rooms[i]->first[k].wire == wire)
                return &rooms[i]->first[k];
    return NULL;
}

const struct sccp_layout *sccp_layout_to_write(uint32_t id, unsigned version)
{
    for (size_t i = 0; i < COUNT_OF(rooms); i++)
        for (size_t k = 0; k < rooms[i]->count; k++) {
            const struct sccp_layout *layout = &rooms[i]->first[k];
            if (layout->id == id && version >= layout->from &&
                (!layout->until || version <= layout->until))
                return layout;
        }
    return NULL;
}

const char *sccp_name(uint32_t id)
{
    const struct sccp_layout *layout = sccp_layout_of(id);
    return layout ? layout->name : "unknown message";
}

bool sccp_from_phone(uint32_t id)
{
    const struct sccp_layout *layout = sccp_layout_of(id);
    return layout && layout->from_phone;
}

unsigned sccp_version_agreed(unsigned phone, unsigned server)
{
    if (!phone)
        phone = SCCP_VERSION_MIN;
    return phone < server ? phone : server;
}

void sccp_server_features(uint8_t out[3], unsigned version)
{
    static const uint8_t none[3] = {0, 0, 0};
    static const uint8_t old[3] = {0x20, 0xF1, 0xFE};
    static const uint8_t newer[3] = {0x20, 0xF1, 0xFF};
    memcpy(out, version < 4 ? none : version < 11 ? old : newer, sizeof none);
}

const char *sccp_codec_name(uint32_t codec)
{
    static const struct {
        uint32_t codec;
        const char *name;
    } names[] = {
        {SCCP_G711_ALAW, "G.711 A-law"},
        {SCCP_G711_ALAW_56K, "G.711 A-law 56k"},
        {SCCP_G711_ULAW, "G.711 mu-law"},
        {SCCP_G711_ULAW_56K, "G.711 mu-law 56k"},
        {SCCP_G722_64K, "G.722"},
        {SCCP_G722_56K, "G.722 56k"},
        {SCCP_G722_48K, "G.722 48k"},
        {SCCP_G723, "G.723.1"},
        {SCCP_G728, "G.728"},
        {SCCP_G729, "G.729"},
        {SCCP_G729A, "G.729A"},
        {SCCP_G729B, "G.729B"},
        {SCCP_G729AB, "G.729AB"},
        {SCCP_WIDEBAND_256K, "wideband 256k"},
        {SCCP_G722_1_32K, "G.722.1 32k"},
        {SCCP_G722_1_24K, "G.722.1 24k"},
        {SCCP_ILBC, "iLBC"},
        {SCCP_ISAC, "iSAC"},
        {SCCP_OPUS, "Opus"},
        {SCCP_RFC2833, "RFC 2833"},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].codec == codec)
            return names[i].name;
    return NULL;
}

const char *sccp_media_status_text(uint32_t status)
{
    static const char *const texts[] = {
        [SCCP_MEDIA_OK] = "fine",
        [SCCP_MEDIA_ERROR] = "an error it does not name",
        [SCCP_MEDIA_NO_CHANNELS] = "out of channels",
        [SCCP_MEDIA_TOO_COMPLEX] = "the codec is too complex beside what runs",
        [SCCP_MEDIA_INVALID_PARTY] = "it does not know this party",
        [SCCP_MEDIA_INVALID_CALL] = "it does not know this call",
        [SCCP_MEDIA_INVALID_CODEC] = "it does not have this codec",
        [SCCP_MEDIA_INVALID_PACKET_SIZE] = "it cannot make packets of this length",
        [SCCP_MEDIA_NO_SOCKETS] = "out of sockets",
        [SCCP_MEDIA_CODEC_FAILED] = "its codec failed",
        [SCCP_MEDIA_INVALID_PAYLOAD] = "it does not take this payload type",
        [SCCP_MEDIA_NO_SUCH_ADDRESS] = "it has no address of this kind",
    };
    if (status == SCCP_MEDIA_ON_HOOK)
        return "it is on hook";
    return status < COUNT_OF(texts) ? texts[status] : "a status that is not documented";
}
