/* A report as one HTML page. Whatever it says is text there: all of it is escaped. */
#include "show.h"

#include <stdlib.h>
#include <string.h>

static const char STYLE[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:#20252b;max-width:64rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.5rem}th{text-align:left;font-weight:600;padding-right:1rem;color:#50565e}"
    "td{overflow-wrap:anywhere}ul{list-style:none;padding-left:1.2rem;border-left:1px solid #d8dbe0}"
    "li{overflow-wrap:anywhere}b{font-weight:600;color:#50565e}";

static void write_escaped(FILE *stream, const char *text)
{
    static const struct {
        char character;
        const char *instead;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

    for (; *text != '\0'; text++) {
        const char *instead = NULL;

        for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
            if (escapes[i].character == *text)
                instead = escapes[i].instead;
        if (instead != NULL)
            fputs(instead, stream);
        else
            fputc(*text, stream);
    }
}

static void write_head(FILE *stream, const medtl_document *document, const char *title)
{
    const char *name, *value;

    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>", stream);
    write_escaped(stream, title);
    fprintf(stream, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>", STYLE);
    write_escaped(stream, title);
    fputs("</h1>\n<table>\n", stream);
    for (size_t i = 0; show_fact(document, i, &name, &value); i++) {
        if (value[0] == '\0')
            continue;
        fprintf(stream, "<tr><th>%s</th><td>", name);
        write_escaped(stream, value);
        fputs("</td></tr>\n", stream);
    }
    fputs("</table>\n", stream);
}

static medtl_status write_item(FILE *stream, const medtl_document *document,
                               const medtl_content_item *item, medtl_error *err)
{
    char *name = show_name(item), *value = show_value(document, item);
    medtl_status status = MEDTL_OK;

    if (name == NULL || value == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory while showing a report");
    } else {
        fputs("<li><b>", stream);
        write_escaped(stream, name);
        fputs(value[0] != '\0' ? ":</b> " : "</b>", stream);
        write_escaped(stream, value);
    }
    free(name);
    free(value);
    return status;
}

/* The list of items in document order as nested lists: an item is closed where the next one is no deeper. */
static medtl_status write_items(FILE *stream, const medtl_document *document, medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    size_t count = 0;
    const medtl_content_item *items = medtl_document_items(document, &count);
    unsigned depth = 0;

    for (size_t i = 1; i < count && status == MEDTL_OK; i++) {
        if (items[i].depth > depth) /* a child is one deeper than its parent */
            fputs("\n<ul>\n", stream);
        else
            fputs("</li>\n", stream);
        for (; depth > items[i].depth; depth--)
            fputs("</ul></li>\n", stream);
        depth = items[i].depth;
        status = write_item(stream, document, &items[i], err);
    }
    for (; depth > 0; depth--)
        fputs("</li>\n</ul>\n", stream);
    return status;
}

medtl_status show_html(FILE *stream, const medtl_document *document, medtl_error *err)
{
    char *title = show_title(document);
    medtl_status status;

    if (title == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory while showing a report");
    write_head(stream, document, title);
    status = write_items(stream, document, err);
    fputs("</body>\n</html>\n", stream);
    free(title);
    return status;
}
