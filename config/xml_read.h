/* Reading a validated document: what the schema promised is taken as given, what it cannot say is checked
 * here. The first failure sticks and later reads give harmless values, so a caller may read everything and
 * look at the status once. */
#ifndef MEDTL_CONFIG_XML_READ_H
#define MEDTL_CONFIG_XML_READ_H

#include "medtl/error.h"
#include "medtl/study.h"

#include <libxml/tree.h>
#include <stdbool.h>

typedef struct medtl_xml {
    const char *path; /* for messages */
    medtl_status status;
    medtl_error *err;
} medtl_xml;

/** Record "FILE:LINE: reason", unless something failed before. */
void medtl_xml_fail(medtl_xml *xml, const xmlNode *node, const char *format, ...)
    MEDTL_PRINTF(3, 4);
void medtl_xml_fail_memory(medtl_xml *xml);

/** First child element of a name; NULL (and a failure) where the schema's promise is broken. */
xmlNode *medtl_xml_child(medtl_xml *xml, const xmlNode *node, const char *name);

/** White space trimmed and collapsed (xs:token). Owned by the caller; NULL: absent, or a failure. */
char *medtl_xml_text(medtl_xml *xml, const xmlNode *element);
char *medtl_xml_attribute(medtl_xml *xml, const xmlNode *element, const char *name);

/** @return false where the attribute is absent; then *value is untouched. */
bool medtl_xml_number(medtl_xml *xml, const xmlNode *element, const char *name, double *value);

/** The index of an attribute's value in a list of words; 0 where it is none of them. */
int medtl_xml_word(medtl_xml *xml, const xmlNode *element, const char *name,
                   const char *const *words, int count);

/** Copy an attribute into a field of fixed size; too long (in bytes) is a failure. Absent: "". */
void medtl_xml_copy(medtl_xml *xml, const xmlNode *element, const char *name, char *out,
                    size_t size);

/** <... value="" scheme="" meaning=""/>; element NULL: an empty code. */
void medtl_xml_code(medtl_xml *xml, const xmlNode *element, medtl_code *code);

#endif
