/* Tables in comma-separated text (RFC 4180) with one header line: labels, folds, groups.
 *
 * Fields may be quoted; in quotes, commas, line breaks and doubled quotes stand for themselves. Lines end
 * in LF or CRLF, a UTF-8 byte order mark is skipped, empty lines do not count. Anything else is refused. */
#ifndef MEDTL_TRAIN_CSV_H
#define MEDTL_TRAIN_CSV_H

#include "medtl/error.h"

#include <stddef.h>

typedef struct medtl_table medtl_table;

enum { MEDTL_TABLE_LIMIT = 256 << 20 }; /* bytes of a file that are read at most */
#define MEDTL_NO_COLUMN ((size_t)-1)

/** @param name  Stands for the text in messages.
 *  @return MEDTL_OK; MEDTL_E_FORMAT with "NAME:LINE: [column N: ]reason" for a quote that is not closed or stands
 *          inside a field, a line with more or fewer fields than the header, a zero byte, a header name
 *          that occurs twice, or no header at all; MEDTL_E_MEMORY. */
medtl_status medtl_table_parse(const char *bytes, size_t size, const char *name, medtl_table **out,
                               medtl_error *err);
medtl_status medtl_table_read(const char *path, medtl_table **out, medtl_error *err);

/** A table itself may hold any bytes (file names do); what goes on into a model's file or JSON may not.
 *  @param name  For the message. @return MEDTL_E_FORMAT with "NAME:LINE: column N" for the first field that is not UTF-8. */
medtl_status medtl_table_check_utf8(const medtl_table *table, const char *name, medtl_error *err);
void medtl_table_destroy(medtl_table *table); /* NULL is allowed */

size_t medtl_table_rows(const medtl_table *table); /* without the header */
size_t medtl_table_columns(const medtl_table *table);
const char *medtl_table_header(const medtl_table *table, size_t column); /* borrowed */
/** @return the index of the column of this name, or MEDTL_NO_COLUMN. */
size_t medtl_table_column(const medtl_table *table, const char *name);
/** @return the field, never NULL; borrowed. Indices must be in range. */
const char *medtl_table_cell(const medtl_table *table, size_t row, size_t column);
/** 1-based number of the line on which a row starts, for messages. */
size_t medtl_table_line(const medtl_table *table, size_t row);

#endif
