#include "file_set.h"

#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

static int by_identity(const void *left, const void *right)
{
    const file_note *a = left, *b = right;

    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return (a->inode > b->inode) - (a->inode < b->inode);
}

static bool identify(const char *path, file_note *note)
{
    struct stat facts;

    if (stat(path, &facts) != 0)
        return false;
    note->device = facts.st_dev;
    note->inode = facts.st_ino;
    return true;
}

medtl_status file_set_add(file_set *set, const char *path, const char *what, size_t line,
                          medtl_error *err)
{
    file_note note = {.what = what, .line = line}, *copy;
    file_note **found;

    if (!identify(path, &note))
        return MEDTL_OK;
    copy = malloc(sizeof *copy);
    if (copy != NULL)
        *copy = note;
    found = copy != NULL ? tsearch(copy, &set->tree, by_identity) : NULL;
    if (found == NULL) {
        free(copy);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    if (*found != copy)
        free(copy);
    return MEDTL_OK;
}

const file_note *file_set_find(const file_set *set, const char *path)
{
    file_note note;
    file_note *const *found;

    if (!identify(path, &note))
        return NULL;
    found = tfind(&note, &set->tree, by_identity);
    return found != NULL ? *found : NULL;
}

void file_set_clear(file_set *set)
{
    tdestroy(set->tree, free);
    set->tree = NULL;
}
