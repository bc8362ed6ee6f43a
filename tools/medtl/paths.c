#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The path with one part more. Takes `at`, which starts with a slash and has neither links nor dots; NULL: without memory,
 * now or before. */
static char *go_to(char *at, const char *name)
{
    char *next = NULL, *real;

    if (at == NULL || strcmp(name, ".") == 0)
        return at;
    if (strcmp(name, "..") == 0) {
        char *slash = strrchr(at, '/');

        slash[slash == at] = '\0'; /* above the root there is the root */
        return at;
    }
    if (asprintf(&next, "%s/%s", strcmp(at, "/") == 0 ? "" : at, name) < 0)
        next = NULL;
    free(at);
    real = next != NULL ? realpath(next, NULL) : NULL;
    if (real == NULL)
        return next;
    free(next);
    return real;
}

char *path_resolve(const char *from, const char *path)
{
    char *words = strdup(path), *rest = NULL, *at;

    if (words == NULL)
        return NULL;
    if (path[0] == '/')
        at = strdup("/");
    else
        at = from != NULL ? path_resolve("/", from) : realpath(".", NULL);
    for (char *name = strtok_r(words, "/", &rest); name != NULL; name = strtok_r(NULL, "/", &rest))
        at = go_to(at, name);
    free(words);
    return at;
}

bool paths_same(const char *from_a, const char *a, const char *from_b, const char *b)
{
    char *x, *y;
    bool same;

    if (strcmp(a, b) == 0)
        return true;
    x = path_resolve(from_a, a);
    y = path_resolve(from_b, b);
    same = x != NULL && y != NULL && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}
