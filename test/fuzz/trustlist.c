/* trustlist: a CTL or ITL, read, walked, judged by its own records, and its records written again.
 */
#include "fuzz.h"

#include "pki/signedfile.h"

static void check_record(const struct trustlist *list, const struct trustlist_record *record)
{
    struct bytes whole = bytes_slice(list->file, record->offset, record->size);
    struct why why = WHY_NONE;
    struct tlv element;
    struct buffer again;
    size_t offset = 0;
    MUST(whole.size == record->size);
    const struct bytes views[] = {record->dns_name, record->subject,   record->issuer,
                                  record->serial,   record->signature, record->public_key,
                                  record->address,  record->hash,      record->certificate};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        fuzz_within(views[i], whole);
    while (record_next(list, record, &offset, &element))
        fuzz_within(element.value, whole);
    MUST(!record->serial.size || record_is(record, record->issuer, record->serial));
    (void)record_is_signer(record, &list->header);
    (void)record_names_certificate(record);
    (void)role_text(record->role);
    buffer_init(&again, UINT16_MAX);
    if (record_write(&again, record, &why) == 0)
        MUST(again.size <= record->size); /* less what nobody knows */
    buffer_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trustlist *list = NULL;
    struct why why = WHY_NONE;
    enum trustlist_kind kind;
    size_t signer = 0;
    if (trustlist_parse(&list, bytes_of(data, size), &why) != 0) {
        MUST(why.text[0] != '\0');
        return 0;
    }
    MUST(list->count <= TRUSTLIST_RECORDS_MAX);
    MUST(trustlist_certificates(list) <= list->count);
    for (size_t i = 0; i < list->count; i++)
        check_record(list, &list->records[i]);
    if (trustlist_kind(list, &kind) == 0)
        MUST(bytes_equal_string(list->header.filename, trustlist_file_name(kind)));
    if (trustlist_verify(list, &signer, &why) == 0)
        MUST(signer < list->count && list->records[signer].role == ROLE_SAST);
    trustlist_free(list);
    return 0;
}
