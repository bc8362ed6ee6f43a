/* A report as an indented list. */
#include "show.h"

#include <stdlib.h>

static medtl_status write_item(FILE *stream, const medtl_document *document,
                               const medtl_content_item *item, medtl_error *err)
{
    char *name = show_name(item), *value = show_value(document, item);
    medtl_status status = MEDTL_OK;

    if (name == NULL || value == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory while showing a report");
    else
        fprintf(stream, "%*s%s%s%s\n", (int)(2 * (item->depth - 1)), "", name,
                value[0] != '\0' ? ": " : "", value);
    free(name);
    free(value);
    return status;
}

medtl_status show_text(FILE *stream, const medtl_document *document, medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    const char *name, *value;
    size_t count = 0;
    const medtl_content_item *items = medtl_document_items(document, &count);
    char *title = show_title(document);

    if (title == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory while showing a report");
    fprintf(stream, "%s\n", title);
    free(title);
    for (size_t i = 0; show_fact(document, i, &name, &value); i++)
        if (value[0] != '\0')
            fprintf(stream, "  %-13s %s\n", name, value);
    fputc('\n', stream);
    for (size_t i = 1; i < count && status == MEDTL_OK; i++)
        status = write_item(stream, document, &items[i], err);
    return status;
}
