/* Several files of predictions as one. */
#include "scored.h"

#include <stdlib.h>
#include <string.h>

static const char *difference(const scored *a, const scored *b)
{
    if (a->classes != b->classes)
        return "another number of classes";
    for (size_t k = 0; k < a->classes; k++)
        if (strcmp(a->names[k], b->names[k]) != 0)
            return "other classes, or another order of them";
    return a->has_groups != b->has_groups ? "groups in one of them only" : NULL;
}

/* Room for both in `a`; what `a` holds stays. */
static bool grow(scored *a, size_t count)
{
    char **files = realloc(a->files, count * sizeof *files);
    float *probabilities =
        files != NULL ? realloc(a->probabilities, count * a->classes * sizeof *probabilities)
                      : NULL;
    uint32_t *truths, *groups;

    a->files = files != NULL ? files : a->files;
    a->probabilities = probabilities != NULL ? probabilities : a->probabilities;
    truths = probabilities != NULL ? realloc(a->labels, count * sizeof *truths) : NULL;
    a->labels = truths != NULL ? truths : a->labels;
    groups = truths != NULL ? realloc(a->groups, count * sizeof *groups) : NULL;
    a->groups = groups != NULL ? groups : a->groups;
    return groups != NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *scored_repeated_file(const scored *s, bool *memory)
{
    const char **sorted = calloc(s->count + 1, sizeof *sorted), *found = NULL;

    *memory = sorted != NULL;
    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; i < s->count; i++)
        sorted[i] = s->files[i];
    qsort(sorted, s->count, sizeof *sorted, by_text);
    for (size_t i = 1; i < s->count && found == NULL; i++)
        if (strcmp(sorted[i], sorted[i - 1]) == 0)
            found = sorted[i];
    free(sorted);
    return found;
}

medtl_status scored_join(scored *all, scored *more, const char *path, medtl_error *err)
{
    const char *why = difference(all, more), *twice;
    bool memory;

    if (why != NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: does not fit the files before it: %s", path,
                          why);
    if (!grow(all, all->count + more->count))
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    memcpy(all->files + all->count, more->files, more->count * sizeof *more->files);
    memcpy(all->probabilities + all->count * all->classes, more->probabilities,
           more->count * all->classes * sizeof *more->probabilities);
    memcpy(all->labels + all->count, more->labels, more->count * sizeof *more->labels);
    for (size_t i = 0; i < more->count; i++)
        all->groups[all->count + i] = (uint32_t)all->group_count + more->groups[i];
    all->count += more->count;
    all->group_count += more->group_count;
    memset(more->files, 0, more->count * sizeof *more->files); /* they are all's now */
    scored_clear(more);
    twice = scored_repeated_file(all, &memory);
    if (!memory)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    return twice == NULL ? MEDTL_OK
                         : medtl_fail(err, MEDTL_E_ARGUMENT, "%s: %s is there twice", path, twice);
}
