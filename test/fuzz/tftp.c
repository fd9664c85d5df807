/* tftp: one datagram, read as each kind of packet; what was understood is written and read again.
 */
#include "fuzz.h"

#include "wire/tftp.h"

#include <string.h>

static void check_options(const struct tftp_options *o)
{
    MUST(!o->has_block_size ||
         (o->block_size >= TFTP_BLOCK_MIN && o->block_size <= TFTP_BLOCK_MAX));
    MUST(!o->has_window_size || (o->window_size >= 1 && o->window_size <= TFTP_WINDOW_MAX));
    MUST(!o->has_timeout || (o->timeout >= 1 && o->timeout <= TFTP_TIMEOUT_MAX));
}

static void check_same_options(const struct tftp_options *a, const struct tftp_options *b)
{
    MUST(a->has_block_size == b->has_block_size && a->has_window_size == b->has_window_size &&
         a->has_timeout == b->has_timeout && a->has_transfer_size == b->has_transfer_size);
    MUST(!a->has_block_size || a->block_size == b->block_size);
    MUST(!a->has_window_size || a->window_size == b->window_size);
    MUST(!a->has_timeout || a->timeout == b->timeout);
    MUST(!a->has_transfer_size || a->transfer_size == b->transfer_size);
}

static void check_request(const struct tftp_request *request, struct bytes packet)
{
    char name[TFTP_REQUEST_MAX + 1];
    struct tftp_request again;
    struct buffer out;
    fuzz_within(request->name, packet);
    fuzz_within(request->mode_text, packet);
    check_options(&request->options);
    if (request->mode != TFTP_OCTET || request->name.size >= sizeof name)
        return;
    if (request->name.size)
        memcpy(name, request->name.data, request->name.size);
    name[request->name.size] = '\0';
    buffer_init(&out, 2 * TFTP_REQUEST_MAX);
    tftp_write_request(&out, request->opcode, name, &request->options);
    MUST(out.error == 0);
    if (out.size <= TFTP_REQUEST_MAX) {
        MUST(tftp_read_request(&again, buffer_bytes(&out), NULL) == 0);
        MUST(again.opcode == request->opcode && again.mode == TFTP_OCTET);
        MUST(bytes_equal(again.name, request->name));
        check_same_options(&again.options, &request->options);
        MUST(again.options.ignored == 0);
    }
    buffer_fini(&out);
}

static void check_oack(const struct tftp_options *options)
{
    struct tftp_options again;
    struct buffer out;
    check_options(options);
    buffer_init(&out, TFTP_REQUEST_MAX);
    tftp_write_oack(&out, options);
    MUST(out.error == 0);
    MUST(tftp_read_oack(&again, buffer_bytes(&out)) == 0);
    check_same_options(&again, options);
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes packet = bytes_of(data, size);
    struct tftp_request request;
    struct tftp_options options;
    struct bytes view;
    uint16_t number;
    unsigned opcode = tftp_opcode(packet);
    if (tftp_read_request(&request, packet, NULL) == 0) {
        MUST(opcode == TFTP_RRQ || opcode == TFTP_WRQ);
        check_request(&request, packet);
    }
    if (tftp_read_ack(&number, packet) == 0)
        MUST(opcode == TFTP_ACK);
    if (tftp_read_data(&number, &view, packet) == 0) {
        MUST(opcode == TFTP_DATA && view.size + TFTP_DATA_HEADER == size);
        fuzz_within(view, packet);
    }
    if (tftp_read_error(&number, &view, packet) == 0) {
        MUST(opcode == TFTP_ERROR);
        fuzz_within(view, packet);
        fuzz_touch(view);
    }
    if (tftp_read_oack(&options, packet) == 0) {
        MUST(opcode == TFTP_OACK);
        check_oack(&options);
    }
    return 0;
}
