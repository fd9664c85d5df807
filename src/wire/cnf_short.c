/* The short file that is served in place of a sealed configuration. */
#include "wire/cnf_blocks.h"
#include "wire/cnf_document.h"

static void copy_element(struct buffer *out, const xmlNode *root, const char *name)
{
    char text[CNF_TEXT];
    if (!cnf_text(cnf_path(root, name), text, sizeof text))
        return;
    buffer_format(out, "<%s>", name);
    cnf_escape(out, text);
    buffer_format(out, "</%s>\n", name);
}

int cnf_write_short(struct buffer *out, struct bytes full, const char *certificate_hash,
                    struct why *why)
{
    struct cnf cnf;
    struct cnf_document document = {0};
    enum cnf_fault fault;
    unsigned line;
    int result = cnf_parse(&cnf, full, 0, why);
    if (result == 0 && cnf.is_default)
        result =
            why_error(why, ERR_FORMAT, "an XMLDefault is for every phone: it has no short form");
    if (result == 0)
        result = cnf_document_read(&document, full, &fault, &line, why);
    if (result)
        return result;
    buffer_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<device>\n"
                     "<fullConfig>false</fullConfig>\n");
    copy_element(out, document.root, "ipAddressMode");
    copy_element(out, document.root, "loadInformation");
    buffer_format(out, "<capfAuthMode>%u</capfAuthMode>\n", cnf.capf_auth);
    const struct cnf_values values = {.capf = cnf.capf, .capf_count = cnf.capf_count};
    cnf_write_capf(out, &values);
    buffer_text(out, cnf.capf_count ? "\n<certHash>" : "<certHash>");
    cnf_escape(out, certificate_hash);
    buffer_text(out, "</certHash>\n<encrConfig>true</encrConfig>\n</device>\n");
    cnf_document_fini(&document);
    return out->error;
}
