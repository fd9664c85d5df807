#include "wire/cnf_document.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <libxml/parser.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* What the parser complained about first. */
struct complaint {
    bool found;
    unsigned line;
    char text[160];
};

/* CUCM writes prefixes it never declares, which the parser reports and goes on: not our business.
 */
static void take_complaint(void *user, xmlErrorPtr error)
{
    const xmlParserCtxt *ctxt = user;
    struct complaint *c = ctxt->_private;
    if (c->found || error->level != XML_ERR_FATAL || error->domain == XML_FROM_NAMESPACE)
        return;
    c->found = true;
    c->line = error->line > 0 ? (unsigned)error->line : 0;
    text_escape(c->text, sizeof c->text,
                bytes_of(error->message, strcspn(error->message ? error->message : "", "\n")));
    c->text[0] = (char)tolower((unsigned char)c->text[0]);
}

static int parse(struct cnf_document *out, struct bytes xml, struct complaint *complaint)
{
    pthread_once(&once, xmlInitParser);
    xmlParserCtxt *ctxt = xmlNewParserCtxt();
    if (!ctxt)
        return -ENOMEM;
    ctxt->_private = complaint;
    ctxt->sax->serror = take_complaint;
    out->doc = xmlCtxtReadMemory(ctxt, (const char *)xml.data, (int)xml.size, NULL, NULL,
                                 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                     XML_PARSE_BIG_LINES);
    xmlFreeParserCtxt(ctxt);
    out->root = out->doc ? xmlDocGetRootElement(out->doc) : NULL;
    return out->root ? 0 : ERR_FORMAT;
}

int cnf_document_read(struct cnf_document *out, struct bytes xml, enum cnf_fault *fault,
                      unsigned *line, struct why *why)
{
    struct complaint complaint = {.text = "the file cannot be read"};
    *out = (struct cnf_document){.doc = NULL};
    int result = cnf_scan(xml, fault, line, why);
    if (result == 0)
        result = parse(out, xml, &complaint);
    /* cnf_scan() has seen that there is no document type. Should the parser see one all the same,
     * the two disagree, and the file is not one to trust. */
    if (result == 0 && (out->doc->intSubset || out->doc->extSubset)) {
        *fault = CNF_FAULT_DTD;
        result = why_error(why, ERR_FORMAT, "a document type; phones read files without one");
    }
    if (result == ERR_FORMAT && *fault == CNF_FAULT_NONE) {
        *fault = CNF_FAULT_FORM;
        *line = complaint.line;
        result = complaint.line
                     ? why_error(why, ERR_FORMAT, "line %u: %s", complaint.line, complaint.text)
                     : why_error(why, ERR_FORMAT, "%s", complaint.text);
    }
    if (result)
        cnf_document_fini(out);
    return result;
}

void cnf_document_fini(struct cnf_document *document)
{
    xmlFreeDoc(document->doc);
    *document = (struct cnf_document){.doc = NULL};
}

/* ---- walking ---- */

static const char *name_of(const xmlNode *node)
{
    return (const char *)node->name;
}

bool cnf_is(const xmlNode *node, const char *name)
{
    return strcmp(name_of(node), name) == 0;
}

static xmlNode *first_of(xmlNode *node, const char *name)
{
    while (node && (node->type != XML_ELEMENT_NODE || (name && !cnf_is(node, name))))
        node = node->next;
    return node;
}

xmlNode *cnf_child(const xmlNode *parent, const char *name)
{
    return parent ? first_of(parent->children, name) : NULL;
}

xmlNode *cnf_next(const xmlNode *node, const char *name)
{
    return first_of(node->next, name);
}

xmlNode *cnf_path(const xmlNode *from, const char *path)
{
    char name[64];
    xmlNode *node = NULL;
    const char *end;
    do {
        end = strchrnul(path, '/');
        text_copy_bytes(name, sizeof name, bytes_of(path, (size_t)(end - path)));
        node = cnf_child(from, name);
        from = node;
        path = end + 1;
    } while (node && *end);
    for (xmlNode *later = node; later; later = cnf_next(later, name))
        node = later;
    return node;
}

/* Copies without the blanks in front; *end is behind the last character that is not blank. */
static void copy_text(char *out, size_t size, size_t *used, size_t *end, const char *text)
{
    for (; *text; text++) {
        bool blank = isspace((unsigned char)*text);
        if ((blank && *used == 0) || *used + 1 >= size)
            continue;
        out[(*used)++] = *text;
        if (!blank)
            *end = *used;
    }
}

bool cnf_text(const xmlNode *node, char *out, size_t size)
{
    size_t used = 0;
    size_t end = 0;
    for (const xmlNode *n = node ? node->children : NULL; n; n = n->next)
        if ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) && n->content)
            copy_text(out, size, &used, &end, (const char *)n->content);
    out[end] = '\0';
    return end > 0;
}

bool cnf_attribute(const xmlNode *node, const char *name, char *out, size_t size)
{
    for (const xmlAttr *a = node->properties; a; a = a->next) {
        if (strcmp((const char *)a->name, name) != 0)
            continue;
        const xmlNode *value = a->children;
        text_copy(out, size, value && value->content ? (const char *)value->content : "");
        return true;
    }
    return false;
}

unsigned cnf_number(const xmlNode *node)
{
    char text[32];
    if (!cnf_text(node, text, sizeof text))
        return 0;
    unsigned number = 0;
    for (const char *p = text; *p >= '0' && *p <= '9'; p++) {
        if (number > 100000000)
            return 0;
        number = number * 10 + (unsigned)(*p - '0');
    }
    return number;
}

unsigned cnf_line(const xmlNode *node)
{
    long line = xmlGetLineNo(node);
    return line > 0 ? (unsigned)line : 0;
}
