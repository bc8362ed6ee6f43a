/* The few pieces of HTML that a report needs. One file, no scripts, no references outwards: it can be mailed or archived. */
#ifndef MEDTL_TOOL_HTML_H
#define MEDTL_TOOL_HTML_H

#include "medtl/error.h"

#include <stdio.h>

/** Everything before and after the content, with the style. */
void html_begin(FILE *stream, const char *title);
void html_end(FILE *stream);

/** Text with its special characters escaped; NULL: nothing. */
void html_text(FILE *stream, const char *text);
/** One row of a table of two columns. @param value  NULL: no row. */
void html_row(FILE *stream, const char *name, const char *value);

/** A picture (PNG, SVG or JPEG by the file's ending) as part of the page, with a line below it.
 *  @param caption  May be NULL. @return MEDTL_E_IO, MEDTL_E_FORMAT where it is too large. */
medtl_status html_picture(FILE *stream, const char *path, const char *caption, medtl_error *err);

#endif
