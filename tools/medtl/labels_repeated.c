#include "labels_repeated.h"

#include <stdlib.h>
#include <string.h>

static int by_path_and_line(const void *a, const void *b)
{
    const label_row *const *left = a, *const *right = b;
    const int order = strcmp((*left)->path, (*right)->path);

    return order != 0 ? order : ((*left)->line > (*right)->line) - ((*left)->line < (*right)->line);
}

medtl_status labels_check_repeated(const labels *l, const char *path, medtl_error *err)
{
    const label_row **sorted = malloc(l->count * sizeof *sorted);
    const label_row *first = NULL,
                    *again = NULL; /* of the repetition that comes first in the table */
    size_t repeated = 0;

    if (sorted == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for %zu rows", path, l->count);
    for (size_t i = 0; i < l->count; i++)
        sorted[i] = &l->rows[i];
    qsort(sorted, l->count, sizeof *sorted, by_path_and_line);
    for (size_t i = 1; i < l->count; i++) {
        if (strcmp(sorted[i]->path, sorted[i - 1]->path) != 0)
            continue;
        repeated++;
        if (again == NULL || sorted[i]->line < again->line) {
            first = sorted[i - 1];
            again = sorted[i];
        }
    }
    free(sorted);
    if (repeated == 0)
        return MEDTL_OK;
    return medtl_fail(err, MEDTL_E_FORMAT,
                      "%s:%zu: the image of line %zu again%s; %zu of %zu rows repeat an image: "
                      "each has one row and one label",
                      path, again->line, first->line,
                      again->label != first->label ? ", as another class" : "", repeated, l->count);
}
