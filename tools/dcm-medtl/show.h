/* A report's content for people and programs. Gathered by dicom/report_read, printed here. */
#ifndef DCM_MEDTL_SHOW_H
#define DCM_MEDTL_SHOW_H

#include "dicom/report_read/document.h"

#include <stdio.h>

/** The value of an item on one line, without its name: "93.21 %", "Left (7771000, SCT)". What a report says goes
 *  to a terminal and into pages: control characters are left out, line breaks become spaces.
 *  @return owned by the caller; "" where the item has no value; NULL without memory. */
char *show_value(const medtl_document *document, const medtl_content_item *item);

/** The name of an item: its concept's meaning, else the code, else its value type. As above. */
char *show_name(const medtl_content_item *item);

/** The title: the root's name. As above. */
char *show_title(const medtl_document *document);

/** One of the report's own facts, for a table of them. @return false behind the last. */
bool show_fact(const medtl_document *document, size_t index, const char **name, const char **value);

/** Each writes the whole report to `stream`.
 *  @return MEDTL_OK; MEDTL_E_MEMORY. A stream that does not take it is the caller's to notice. */
medtl_status show_text(FILE *stream, const medtl_document *document, medtl_error *err);
medtl_status show_json(FILE *stream, const medtl_document *document, medtl_error *err);
/** One page that needs nothing else: no scripts, no references outwards. */
medtl_status show_html(FILE *stream, const medtl_document *document, medtl_error *err);

#endif
