#include "repeated.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes `text` over, also on failure. */
static medtl_status append(repeated *r, char *text, medtl_error *err)
{
    const char **grown = text != NULL ? realloc(r->texts, (r->count + 1) * sizeof *grown) : NULL;

    if (grown == NULL) {
        free(text);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    r->texts = grown;
    r->texts[r->count++] = text;
    return MEDTL_OK;
}

medtl_status repeated_take(int *argc, char **argv, const char *name, repeated *out,
                           medtl_error *err)
{
    const size_t length = strlen(name);
    medtl_status status = MEDTL_OK;
    int kept = 0;

    for (int i = 0; i < *argc && status == MEDTL_OK; i++) {
        const char *value = NULL;

        if (i == 0 || strncmp(argv[i], name, length) != 0 ||
            (argv[i][length] != '\0' && argv[i][length] != '=')) {
            argv[kept++] = argv[i];
            continue;
        }
        if (argv[i][length] == '=')
            value = argv[i] + length + 1;
        else if (i + 1 < *argc)
            value = argv[++i];
        status = value != NULL ? append(out, strdup(value), err)
                               : medtl_fail(err, MEDTL_E_ARGUMENT, "%s needs a value", name);
    }
    *argc = kept;
    argv[kept] = NULL;
    return status;
}

medtl_status repeated_add(repeated *r, const char *name, const char *value, medtl_error *err)
{
    char *text = NULL;

    if (asprintf(&text, "%s=%s", name, value) < 0)
        text = NULL;
    return append(r, text, err);
}

void repeated_clear(repeated *r)
{
    for (size_t i = 0; i < r->count; i++)
        free((char *)r->texts[i]);
    free(r->texts);
    memset(r, 0, sizeof *r);
}
