/* tlv: a run of elements, walked to its end and written again. */
#include "fuzz.h"

#include "wire/tlv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes whole = bytes_of(data, size);
    struct why why = WHY_NONE;
    struct tlv element;
    size_t offset = 0;
    struct buffer again;
    buffer_init(&again, size + 1);
    while (offset < size) {
        size_t before = offset;
        struct bytes text;
        if (tlv_read(&element, whole, &offset, size, &why) != 0)
            break;
        MUST(element.offset == before && offset == before + TLV_PREFIX + element.length);
        MUST(element.value.size == element.length);
        fuzz_within(element.value, whole);
        if (tlv_text(&text, &element, &why) == 0) {
            fuzz_within(text, element.value);
            MUST(text.size + 1 == element.value.size);
        }
        tlv_write(&again, element.tag, element.value);
        MUST(again.error == 0);
    }
    MUST(bytes_equal(buffer_bytes(&again), bytes_of(data, again.size)));
    buffer_fini(&again);
    return 0;
}
