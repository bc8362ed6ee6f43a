/* Any bytes as a table: every cell of a table that is accepted must be a string within it. */
#include "core/train/csv.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    medtl_table *table = NULL;
    medtl_error err = {0};
    size_t sum = 0;

    if (medtl_table_parse((const char *)data, size, "fuzz", &table, &err) != MEDTL_OK)
        return 0;
    for (size_t row = 0; row < medtl_table_rows(table); row++)
        for (size_t column = 0; column < medtl_table_columns(table); column++)
            sum += strlen(medtl_table_cell(table, row, column));
    if (sum > size)
        __builtin_trap(); /* fields never hold more than the text */
    medtl_table_destroy(table);
    return 0;
}
