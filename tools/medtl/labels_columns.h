/* Which column of a table of labels is what, and what its values stand for. */
#ifndef MEDTL_TOOL_LABELS_COLUMNS_H
#define MEDTL_TOOL_LABELS_COLUMNS_H

#include "labels.h"

enum { FILE_COLUMN, LABEL_COLUMN, GROUP_COLUMN, FOLD_COLUMN, PHOTOMETRIC_COLUMN, COLUMN_COUNT };

typedef struct labels_columns {
    size_t places[COLUMN_COUNT]; /* of the table; MEDTL_NO_COLUMN: it has none */
    char *map_text;              /* owned; the label map, cut up */
    char *map[CLASS_LIMIT];      /* "value\0class" pairs: value here, class in `to` */
    char *to[CLASS_LIMIT];
    size_t map_count;
    bool unlabelled;
} labels_columns;

/** Find the columns by their names, or as --columns says, and read the label map.
 *  @param out  To be cleared, also after an error.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for options that do not fit the table; MEDTL_E_MEMORY. */
medtl_status labels_columns_read(const labels_options *options, const medtl_table *table,
                                 labels_columns *out, medtl_error *err);
void labels_columns_clear(labels_columns *c);

/** The class that a row says, borrowed; NULL where a label map lacks its value. */
const char *labels_columns_class(const labels_columns *c, const medtl_table *table, size_t row);

#endif
