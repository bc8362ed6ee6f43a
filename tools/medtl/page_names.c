#include "page_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARTS = 64 };

typedef struct named {
    char *name; /* owned */
    const char *file;
} named;

/* Where the last `parts` parts of a path begin. */
static const char *last_parts(const char *file, size_t parts)
{
    const char *at = file + strlen(file);

    while (at > file) {
        if (at[-1] == '/' && --parts == 0)
            break;
        at--;
    }
    return at;
}

char *page_name(const char *file, size_t parts)
{
    char *name = strdup(last_parts(file, parts));

    for (char *c = name; c != NULL && *c != '\0'; c++)
        if (*c == '/')
            *c = '_';
    return name;
}

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = strcmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->file, y->file);
}

/* @param names  [count], for this call's own use. @return whether all files differ; also without memory, when *memory is false. */
static bool tells_apart(const char *const *files, size_t count, size_t parts, named *names,
                        bool *memory)
{
    bool apart = true;

    for (size_t i = 0; i < count; i++) {
        names[i] = (named){page_name(files[i], parts), files[i]};
        *memory = *memory && names[i].name != NULL;
    }
    if (*memory)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 1; i < count && *memory; i++)
        apart = apart && (strcmp(names[i].name, names[i - 1].name) != 0 ||
                          strcmp(names[i].file, names[i - 1].file) == 0);
    for (size_t i = 0; i < count; i++)
        free(names[i].name);
    return apart;
}

size_t page_name_parts(const char *const *files, size_t count)
{
    named *names = calloc(count + 1, sizeof *names);
    bool memory = names != NULL;
    size_t parts = 1;

    while (memory && parts < MOST_PARTS && !tells_apart(files, count, parts, names, &memory))
        parts++;
    free(names);
    return memory ? parts : 0;
}
