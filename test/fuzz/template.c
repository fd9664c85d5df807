/* template: a template somebody wrote, and behind a NUL the values somebody gave a phone. Whatever
 * they are, a file made from it can be read. */
#include "fuzz.h"

#include "base/text.h"
#include "wire/cnf.h"

#include <string.h>

enum { VALUES = 8, VALUE_MAX = 100 };

/* The values follow one another, each ended by a NUL. */
static void take_values(char out[VALUES][VALUE_MAX], struct bytes rest)
{
    for (size_t i = 0; i < VALUES; i++) {
        const uint8_t *end = rest.size ? memchr(rest.data, 0, rest.size) : NULL;
        size_t size = end ? (size_t)(end - rest.data) : rest.size;
        text_copy_bytes(out[i], VALUE_MAX, bytes_slice(rest, 0, size));
        size_t gone = size + (end != NULL);
        rest = bytes_slice(rest, gone, rest.size - gone);
    }
}

static void render(const struct cnf_template *template, struct bytes rest)
{
    char v[VALUES][VALUE_MAX];
    struct cnf cnf;
    struct buffer out;
    struct why why = WHY_NONE;
    struct cnf_member member = {.port = 2000};
    struct cnf_line line = {.button = 1};
    take_values(v, rest);
    text_copy(member.host, sizeof member.host, v[6]);
    text_copy(line.number, sizeof line.number, v[5]);
    text_copy(line.label, sizeof line.label, v[7]);
    const struct cnf_values values = {.device = "SEP001122334455",
                                      .description = v[0],
                                      .load = v[1],
                                      .version_stamp = v[2],
                                      .sip = rest.size % 2,
                                      .security_mode = 1 + (unsigned)(rest.size % 3),
                                      .transport = 4,
                                      .certificate_hash = "",
                                      .date_template = v[3],
                                      .time_zone = v[4],
                                      .olson_zone = "",
                                      .user_locale = v[5],
                                      .network_locale = "",
                                      .ntp = "",
                                      .group_name = v[6],
                                      .managers = &member,
                                      .manager_count = 1,
                                      .tvs = &member,
                                      .tvs_count = 1,
                                      .capf = &member,
                                      .capf_count = 1,
                                      .lines = &line,
                                      .line_count = 1};
    buffer_init(&out, CNF_BYTES_MAX);
    if (cnf_template_render(&out, template, &values) == 0)
        MUST(cnf_parse(&cnf, buffer_bytes(&out), 0, &why) == 0);
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cnf_template *template = NULL;
    struct why why = WHY_NONE;
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    size_t text = end ? (size_t)(end - data) : size;
    if (cnf_template_compile(&template, bytes_of(data, text), &why) != 0) {
        MUST(why.text[0] != '\0');
        return 0;
    }
    render(template, end ? bytes_of(end + 1, size - text - 1) : bytes_of(NULL, 0));
    cnf_template_free(template);
    return 0;
}
