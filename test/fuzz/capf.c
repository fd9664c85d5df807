/* capf: a stream of frames, cut and read as the server does; what was read is written and read
 * again. */
#include "fuzz.h"

#include "wire/capf.h"

static void check_frame(struct bytes frame)
{
    struct capf_message message, again;
    struct why why = WHY_NONE;
    struct buffer out;
    if (capf_read(&message, frame, &why) != 0) {
        MUST(why.text[0] != '\0');
        return;
    }
    MUST(message.session == capf_session(frame));
    const struct bytes views[] = {
        message.reason_info, message.certificate, message.signature,      message.public_key,
        message.password,    message.device_name, message.sha2_signature, message.sudi.certificate};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        fuzz_within(views[i], frame);
    (void)capf_message_name(message.command);
    (void)capf_event_name(message.command);
    (void)capf_reason_text(message.reason);
    buffer_init(&out, CAPF_FRAME_MAX);
    if (capf_write(&out, &message, &why) == 0) {
        MUST(capf_read(&again, buffer_bytes(&out), &why) == 0);
        MUST(again.command == message.command && again.session == message.session);
        MUST(bytes_equal(again.device_name, message.device_name));
        MUST(bytes_equal(again.certificate, message.certificate));
    }
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = bytes_of(data, size);
    struct why why = WHY_NONE;
    size_t frame = 0;
    while (capf_frame(&frame, rest, CAPF_PHONE_BODY_MAX, &why) == 0 && frame) {
        MUST(frame >= CAPF_HEADER_SIZE && frame <= rest.size);
        check_frame(bytes_slice(rest, 0, frame));
        rest = bytes_slice(rest, frame, rest.size - frame);
    }
    return 0;
}
