/* Tables as people keep them: RFC 4180, with a header line. */
#ifndef DCM_MEDTL_CSV_READ_H
#define DCM_MEDTL_CSV_READ_H

#include "medtl/error.h"

#include <stddef.h>

typedef struct csv_table {
    char ***
        rows; /* rows[0] is the header; every row has `columns` cells, "" where the line ended early */
    size_t row_count, columns;
} csv_table;

/** Commas, quotes, LF or CR LF; empty lines are left out. @return MEDTL_OK, MEDTL_E_IO, MEDTL_E_FORMAT for a row with
 *  more cells than the header or an open quote. */
medtl_status csv_read(const char *path, csv_table *out, medtl_error *err);
void csv_clear(csv_table *table);

#endif
