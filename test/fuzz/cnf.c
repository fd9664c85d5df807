/* cnf: a configuration file, read as phones do, looked over, and made short. The first byte says
 * what is known beside it. */
#include "fuzz.h"

#include "wire/cnf.h"

#include <string.h>

enum { FINDINGS = 64 };

static bool has_file(void *context, const char *name)
{
    (void)context;
    return strlen(name) % 2 == 0;
}

static void look_over(struct bytes xml, uint8_t known)
{
    static const char generations[] = {0, 'A', 'B', 'C', 'D', 'E', 'J', 'W'};
    struct lint_finding found[FINDINGS];
    size_t count = 0;
    const struct lint_context context = {.file_name = known & 1 ? "SEP001122334455.cnf.xml" : NULL,
                                         .model = known & 2 ? "7975" : NULL,
                                         .generation = generations[known >> 5],
                                         .protocols = known & 2 ? CNF_SCCP | CNF_SIP : 0,
                                         .encryption_pki = known & 4,
                                         .encryption_known = known & 2,
                                         .lists_known = known & 4,
                                         .itl_served = known & 8,
                                         .phone_known = known & 16,
                                         .has_file = known & 8 ? has_file : NULL};
    cnf_lint(found, FINDINGS, &count, xml, &context);
    for (size_t i = 0; i < count && i < FINDINGS; i++) {
        MUST(memchr(found[i].text, '\0', sizeof found[i].text) != NULL);
        MUST(found[i].text[0] != '\0' && found[i].rule > 0);
    }
}

static void shorten(struct bytes xml)
{
    struct buffer out;
    struct cnf cnf;
    struct why why = WHY_NONE;
    buffer_init(&out, CNF_BYTES_MAX);
    if (cnf_write_short(&out, xml, "00112233445566778899aabbccddeeff", &why) == 0) {
        MUST(cnf_parse(&cnf, buffer_bytes(&out), 0, &why) == 0);
        MUST(!cnf.full && cnf.encrypted);
        MUST(strcmp(cnf.certificate_hash, "00112233445566778899aabbccddeeff") == 0);
    }
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cnf cnf;
    struct why why = WHY_NONE;
    if (size == 0)
        return 0;
    struct bytes xml = bytes_of(data + 1, size - 1);
    if (data[0] == '<')
        xml = bytes_of(data, size); /* a file as it lies */
    if (cnf_parse(&cnf, xml, data[0] & 1 ? 437 : 0, &why) == 0) {
        MUST(cnf.manager_count <= CNF_MEMBERS && cnf.tvs_count <= CNF_MEMBERS);
        MUST(cnf.capf_count <= CNF_MEMBERS && cnf.security_mode >= 1 && cnf.security_mode <= 3);
        shorten(xml);
    } else {
        MUST(why.text[0] != '\0');
    }
    look_over(xml, data[0]);
    return 0;
}
