/* tvs: a stream of frames, cut and read as either side does; what was read is written and read
 * again. */
#include "fuzz.h"

#include "wire/tvs.h"

static void check_same(const struct tvs_message *a, const struct tvs_message *b)
{
    MUST(a->command == b->command && a->session == b->session && b->unknown == 0);
    MUST(bytes_equal(a->device_name, b->device_name));
    MUST(bytes_equal(a->certificate, b->certificate));
    MUST(bytes_equal(a->subject, b->subject) && bytes_equal(a->issuer, b->issuer));
    MUST(bytes_equal(a->serial, b->serial) && bytes_equal(a->roles, b->roles));
    MUST(a->status == b->status && a->ttl == b->ttl);
}

static void check_frame(struct bytes frame)
{
    struct tvs_message message, again;
    struct why why = WHY_NONE;
    struct buffer out;
    if (tvs_read(&message, frame, &why) != 0) {
        MUST(why.text[0] != '\0');
        return;
    }
    const struct bytes views[] = {message.device_name, message.certificate, message.subject,
                                  message.issuer,      message.serial,      message.roles};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        fuzz_within(views[i], frame);
    (void)tvs_message_name(message.command);
    (void)tvs_event_name(message.command);
    buffer_init(&out, TVS_FRAME_MAX);
    if (tvs_write(&out, &message, &why) == 0) {
        MUST(tvs_read(&again, buffer_bytes(&out), &why) == 0);
        check_same(&message, &again);
    }
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = bytes_of(data, size);
    struct why why = WHY_NONE;
    size_t frame = 0;
    while (tvs_frame(&frame, rest, TVS_PHONE_BODY_MAX, &why) == 0 && frame) {
        MUST(frame >= TVS_HEADER_SIZE && frame <= rest.size);
        check_frame(bytes_slice(rest, 0, frame));
        rest = bytes_slice(rest, frame, rest.size - frame);
    }
    return 0;
}
