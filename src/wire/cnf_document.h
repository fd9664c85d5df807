/*
 * cnf_document: a configuration file as a tree, for the parts of cnf (internal to this room).
 *
 * What libxml2 gets has been looked over by cnf_scan() first: bounded in size, depth, elements and
 * attributes, in an encoding whose '<' is a '<', and without a document type. So nothing is ever
 * expanded or fetched, and no element costs more than its bytes.
 */
#ifndef WIRE_CNF_DOCUMENT_H
#define WIRE_CNF_DOCUMENT_H

#include "wire/cnf.h"

#include <libxml/tree.h>

enum {
    CNF_DEPTH_MAX = 32,       /* real files: 8 */
    CNF_ELEMENTS_MAX = 20000, /* real files: about 400 */
    CNF_ATTRIBUTES_MAX = 32,  /* of one element; real files: 3 */
};

/* Why a file is not a document. */
enum cnf_fault {
    CNF_FAULT_NONE,
    CNF_FAULT_SIZE,
    CNF_FAULT_ENCODING, /* not one whose ASCII is ASCII, or bytes that are not of it */
    CNF_FAULT_DTD,
    CNF_FAULT_BOUNDS, /* too deep, too many */
    CNF_FAULT_FORM,   /* not well-formed */
};

struct cnf_document {
    xmlDoc *doc;
    xmlNode *root;
};

/* The lexical look. *line is where the fault is. The message begins "line N: " when there is one.
 */
int cnf_scan(struct bytes xml, enum cnf_fault *fault, unsigned *line, struct why *why) CHECKED;

/* Scan and parse. Thread-safe; nothing is written to standard error. */
int cnf_document_read(struct cnf_document *out, struct bytes xml, enum cnf_fault *fault,
                      unsigned *line, struct why *why) CHECKED;
void cnf_document_fini(struct cnf_document *document);

/* Element names are compared as they are written, prefix and all, with their case. */
bool cnf_is(const xmlNode *node, const char *name);
/* The first child element of this name (any, when NULL), and the next of its siblings. */
xmlNode *cnf_child(const xmlNode *parent, const char *name);
xmlNode *cnf_next(const xmlNode *node, const char *name);
/* By a path of names, "devicePool/callManagerGroup": the first of each name on the way, the last
 * one at its end, since phones let the last duplicate win. `from` may be NULL. */
xmlNode *cnf_path(const xmlNode *from, const char *path);

/* The element's own text without blanks around it, cut at the room. false when there is none:
 * phones do not tell an empty element from an absent one. `node` may be NULL. */
bool cnf_text(const xmlNode *node, char *out, size_t size);
bool cnf_attribute(const xmlNode *node, const char *name, char *out, size_t size);
/* The number a text begins with, as phones read it; 0 when it begins with none. */
unsigned cnf_number(const xmlNode *node);
unsigned cnf_line(const xmlNode *node);

#endif
