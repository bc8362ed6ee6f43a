/* A small reader for one known table: no quoted commas in it. */
#include "inventory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    COLUMN_PATH = 0,
    COLUMN_BITS_ALLOCATED = 8,
    COLUMN_FRAMES = 12,
    COLUMN_DCMTK = 13,
    COLUMN_GDCM = 14,
    COLUMN_AGREE = 15,
    COLUMN_NOTE = 16,
    COLUMNS = 17
};

const char *shared_data_folder(void)
{
    static char folder[4096];
    const char *stated = getenv("MEDTL_TEST_DATA");
    struct stat facts;

    snprintf(folder, sizeof folder, "%s",
             stated != NULL ? stated : MEDTL_SOURCE_DIR "/../shared/data");
    if (stat(folder, &facts) != 0)
        cr_skip("no shared data at %s (set MEDTL_TEST_DATA)", folder);
    return folder;
}

static void parse_row(char *line, inventory_row *row)
{
    const char *fields[COLUMNS] = {0};

    for (int i = 0; i < COLUMNS; i++)
        fields[i] = strsep(&line, ",\r\n");
    memset(row, 0, sizeof *row);
    snprintf(row->path, sizeof row->path, "%s", fields[COLUMN_PATH]);
    row->bits_allocated = atoi(fields[COLUMN_BITS_ALLOCATED]);
    row->frames = atoi(fields[COLUMN_FRAMES]) > 0 ? atoi(fields[COLUMN_FRAMES]) : 1;
    snprintf(row->dcmtk, sizeof row->dcmtk, "%s", fields[COLUMN_DCMTK]);
    snprintf(row->gdcm, sizeof row->gdcm, "%s", fields[COLUMN_GDCM]);
    row->agree = strcmp(fields[COLUMN_AGREE], "True") == 0;
    row->planar = strstr(fields[COLUMN_NOTE], "/1") != NULL;
    row->subsampled = strncmp(fields[COLUMN_NOTE], "YBR_FULL_422", 12) == 0;
}

size_t inventory_read(const char *folder, inventory_row *rows, size_t capacity)
{
    char path[4200], line[2048];
    size_t count = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/dicom/INVENTORY.csv", folder);
    file = fopen(path, "r");
    cr_assert_not_null(file, "cannot open %s", path);
    cr_assert_not_null(fgets(line, sizeof line, file), "the table is empty");
    while (count < capacity && fgets(line, sizeof line, file) != NULL)
        parse_row(line, &rows[count++]);
    fclose(file);
    return count;
}
