/* envelope: the header of a signed file, as it is read by phones and by the signer; sealed ones,
 * too. */
#include "fuzz.h"

#include "wire/sealed.h"

static void check_views(const struct envelope *e, struct bytes file)
{
    fuzz_within(e->signer_name, file);
    fuzz_within(e->serial, file);
    fuzz_within(e->issuer, file);
    fuzz_within(e->signature, file);
    fuzz_within(e->filename, file);
    fuzz_touch(e->filename);
}

static void check_file(struct bytes file)
{
    struct envelope e;
    struct sealed sealed;
    struct why why = WHY_NONE;
    struct bytes pieces[2];
    struct tlv element;
    size_t offset = 0;
    if (envelope_parse(&e, file, &why) != 0) {
        MUST(why.text[0] != '\0');
        return;
    }
    MUST(e.header_size <= file.size);
    check_views(&e, bytes_of(file.data, e.header_size));
    envelope_covered(&e, file, pieces);
    fuzz_within(pieces[0], file);
    fuzz_within(pieces[1], file);
    MUST(pieces[0].size + pieces[1].size + TLV_PREFIX + e.signature.size == file.size);
    MUST(envelope_body(&e, file).size == file.size - e.header_size);
    while (envelope_next(file, &offset, &element))
        fuzz_within(element.value, bytes_of(file.data, e.header_size));
    if (sealed_parse(&sealed, file, &why) == 0) {
        fuzz_within(sealed.iv, file);
        fuzz_within(sealed.key, file);
        fuzz_within(sealed.digest, file);
        MUST(sealed.padding >= 1 && sealed.padding <= SEALED_BLOCK);
    }
}

/* What can be covered can be signed, and then read with the same meaning. */
static void check_covered(struct bytes header)
{
    static const uint8_t signature[512];
    struct envelope covered, whole;
    struct why why = WHY_NONE;
    struct buffer file;
    if (envelope_parse_covered(&covered, header, &why) != 0)
        return;
    check_views(&covered, header);
    buffer_init(&file, ENVELOPE_HEADER_MAX);
    int result =
        envelope_insert_signature(&file, header, covered.signature_offset,
                                  bytes_of(signature, envelope_modulus_size(covered.modulus)));
    if (result == 0 && envelope_parse(&whole, buffer_bytes(&file), &why) == 0) {
        MUST(bytes_equal(whole.filename, covered.filename));
        MUST(bytes_equal(whole.issuer, covered.issuer));
        MUST(bytes_equal(whole.serial, covered.serial));
        MUST(whole.digest == covered.digest && whole.modulus == covered.modulus);
    }
    buffer_fini(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_file(bytes_of(data, size));
    check_covered(bytes_of(data, size));
    return 0;
}
