/* An XML file, parsed without trust and checked against a schema. */
#ifndef MEDTL_CONFIG_DOCUMENT_H
#define MEDTL_CONFIG_DOCUMENT_H

#include "core/base/digest.h"
#include "medtl/error.h"

#include <libxml/tree.h>
#include <libxml/xmlschemas.h>

enum { MEDTL_DOCUMENT_LIMIT = 1 << 20 }; /* bytes; a task has a few thousand */

typedef enum medtl_document_kind {
    MEDTL_DOCUMENT_TASK,
    MEDTL_DOCUMENT_RECIPE /* recipes and experiments */
} medtl_document_kind;

/** A schema that is part of the library. @param[out] out  For xmlSchemaFree(). */
medtl_status medtl_document_schema(medtl_document_kind kind, xmlSchema **out, medtl_error *err);

/** Read, parse and validate. No network, no document type, no entities of its own.
 *  @param[out] out  For xmlFreeDoc().
 *  @return MEDTL_E_IO, or MEDTL_E_CONFIG with "FILE:LINE: reason" for the first fault. */
medtl_status medtl_document_load(const char *path, xmlSchema *schema, xmlDoc **out,
                                 medtl_error *err);

/** SHA-256 of the document's content: canonical XML 1.0 without comments, after white space between
 *  elements is taken out (which changes the document). */
medtl_status medtl_document_digest(const char *path, xmlDoc *document,
                                   char text[MEDTL_SHA256_TEXT_SIZE], medtl_error *err);

#endif
