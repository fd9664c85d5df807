/* sccp: a version, then a stream of frames, cut and read as phone and server do; what was read is
 * written, and reading that gives it again. */
#include "fuzz.h"

#include "wire/sccp.h"

#include <string.h>

static struct buffer write_as(unsigned version, const struct sccp_message *message)
{
    struct buffer out;
    struct why why = WHY_NONE;
    buffer_init(&out, SCCP_FRAME_MAX + SCCP_FRAME_MAX / 4);
    int result = sccp_write(&out, version, message, &why);
    MUST(result == 0 || (result == ERR_LIMIT && why.text[0]));
    return out;
}

/* A text of a message ends within it. */
static void check_texts(const struct sccp_message *m)
{
    MUST(m->id != SCCP_REGISTER_REQ || strlen(m->register_req.device) <= 16);
    MUST(m->id != SCCP_ALARM || strlen(m->alarm.text) <= 80);
    MUST(m->id != SCCP_DISPLAY_PROMPT || strlen(m->display_prompt.text) < SCCP_PROMPT_TEXT);
    MUST(m->id != SCCP_LINE_STAT || strlen(m->line_stat.label) < SCCP_NAME_TEXT);
    MUST(m->id != SCCP_CALL_INFO || strlen(m->call_info.hunt_pilot_name) < SCCP_NAME_TEXT);
    MUST(m->id != SCCP_ENBLOC_CALL || strlen(m->enbloc_call.number) < SCCP_NUMBER_TEXT);
}

static void check_bounds(const struct sccp_message *m, struct bytes frame)
{
    MUST(m->id != SCCP_CAPABILITIES_RES || m->capabilities.count <= SCCP_CAPABILITIES);
    MUST(m->id != SCCP_BUTTON_TEMPLATE || m->button_template.count <= SCCP_BUTTONS);
    MUST(m->id != SCCP_SOFT_KEY_TEMPLATE || m->soft_key_template.count <= SCCP_SOFT_KEYS);
    MUST(m->id != SCCP_SOFT_KEY_SET || m->soft_key_sets.count <= SCCP_SOFT_KEY_SETS);
    if (m->id == SCCP_CONNECTION_STATISTICS_RES)
        fuzz_within(m->connection_statistics.quality, frame);
    if (m->id == SCCP_DEVICE_TO_USER_DATA || m->id == SCCP_USER_TO_DEVICE_DATA_V1)
        fuzz_within(m->user_data.data, frame);
    if (m->id == SCCP_OPEN_RECEIVE_CHANNEL) {
        MUST(m->open_receive_channel.keys.key_size <= 16);
        MUST(m->open_receive_channel.keys.salt_size <= 16);
        MUST(sccp_keys_check(&m->open_receive_channel.keys, NULL) <= 0);
    }
}

static void check_frame(unsigned version, struct bytes frame)
{
    struct sccp_message message, again;
    struct why why = WHY_NONE;
    (void)sccp_name(sccp_frame_id(frame));
    if (sccp_read(&message, version, frame, &why) != 0) {
        MUST(why.text[0] != '\0');
        return;
    }
    check_texts(&message);
    check_bounds(&message, frame);
    struct buffer first = write_as(version, &message);
    if (!first.error) {
        MUST(sccp_read(&again, version, buffer_bytes(&first), &why) == 0);
        MUST(again.id == message.id);
        struct buffer second = write_as(version, &again);
        /* where it stands is guessed from the line, and no phone has line 256 */
        bool guessed = message.id == SCCP_ENBLOC_CALL && (message.enbloc_call.line & 0xFF) == 0;
        MUST(guessed || bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
        buffer_fini(&second);
    }
    buffer_fini(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    unsigned version = data[0];
    struct bytes rest = bytes_of(data + 1, size - 1);
    struct why why = WHY_NONE;
    size_t frame = 0;
    while (sccp_frame(&frame, rest, &why) == 0 && frame) {
        MUST(frame >= SCCP_HEADER_SIZE && frame <= SCCP_FRAME_MAX && frame <= rest.size);
        check_frame(version, bytes_slice(rest, 0, frame));
        rest = bytes_slice(rest, frame, rest.size - frame);
    }
    return 0;
}
