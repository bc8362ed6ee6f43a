#include "npy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 8, MOST_HEADER = 65535 };

static const long MOST_FILE = 1L << 32;

/* Leaves the file at the first value. @return false if it is no such array. */
static bool read_header(FILE *file)
{
    unsigned char start[MAGIC + 4];
    size_t length, prefix;
    char *text;
    bool good;

    if (fread(start, 1, MAGIC + 2, file) != MAGIC + 2 || memcmp(start, "\x93NUMPY", 6) != 0 ||
        start[6] < 1 || start[6] > 2)
        return false;
    prefix = start[6] == 1 ? 2 : 4;
    if (prefix == 4 && fread(start + MAGIC + 2, 1, 2, file) != 2)
        return false;
    length = start[MAGIC] + ((size_t)start[MAGIC + 1] << 8);
    if (prefix == 4 && (start[MAGIC + 2] != 0 || start[MAGIC + 3] != 0))
        return false; /* nobody writes headers of 64 KiB */
    text = calloc(length + 1, 1);
    good = text != NULL && fread(text, 1, length, file) == length &&
           strstr(text, "'<f4'") != NULL && strstr(text, "'fortran_order': False") != NULL;
    free(text);
    return good;
}

medtl_status bench_npy_read(const char *path, float **values, size_t *count, medtl_error *err)
{
    FILE *file = fopen(path, "rb");
    long begin, end;
    medtl_status status = MEDTL_OK;

    *values = NULL;
    *count = 0;
    if (file == NULL)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot open it", path);
    if (!read_header(file)) {
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s: no NumPy array of float32 in C order", path);
        goto done;
    }
    begin = ftell(file);
    if (begin < 0 || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < begin ||
        end > MOST_FILE || fseek(file, begin, SEEK_SET) != 0) {
        status = medtl_fail(err, MEDTL_E_IO, "%s: cannot find its size", path);
        goto done;
    }
    *count = (size_t)(end - begin) / sizeof **values;
    *values = malloc(*count * sizeof **values + 1);
    if (*values == NULL || fread(*values, sizeof **values, *count, file) != *count) {
        status = medtl_fail(err, MEDTL_E_IO, "%s: cannot read its values", path);
        free(*values);
        *values = NULL;
    }
done:
    fclose(file);
    return status;
}
