#include "html.h"

#include "core/base/file.h"

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURE_LIMIT = 16 << 20 }; /* bytes */

static const char STYLE[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:#20252b;max-width:64rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid #d8dbe0}"
    "h3{font-size:1rem;margin-top:1.4rem}table{border-collapse:collapse;margin:.6rem 0}"
    "th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #eceef1;vertical-align:top;"
    "font-variant-numeric:tabular-nums}th{font-weight:600;color:#50565e}"
    "figure{display:inline-block;margin:.6rem 1rem .6rem 0;vertical-align:top}figure img{max-width:100%;height:auto}"
    "figcaption{font-size:.85rem;color:#50565e}.note{background:#fff6e0;border-left:4px solid #e69f00;"
    "padding:.5rem .9rem;margin:.8rem 0}pre{background:#f5f6f8;padding:.6rem;overflow-x:auto;white-space:pre-wrap;"
    "overflow-wrap:anywhere;font-size:.82rem}td.hash{font-family:monospace;font-size:.8rem;overflow-wrap:anywhere}";

void html_begin(FILE *stream, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
          stream);
    html_text(stream, title);
    fprintf(stream, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>", STYLE);
    html_text(stream, title);
    fputs("</h1>\n", stream);
}

void html_end(FILE *stream) { fputs("</body>\n</html>\n", stream); }

void html_text(FILE *stream, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", stream);
            break;
        case '<':
            fputs("&lt;", stream);
            break;
        case '>':
            fputs("&gt;", stream);
            break;
        case '"':
            fputs("&quot;", stream);
            break;
        default:
            fputc(*text, stream);
        }
}

void html_row(FILE *stream, const char *name, const char *value)
{
    if (value == NULL)
        return;
    fputs("<tr><th>", stream);
    html_text(stream, name);
    fputs("</th><td>", stream);
    html_text(stream, value);
    fputs("</td></tr>\n", stream);
}

static const char *media_type(const char *path)
{
    const char *ending = strrchr(path, '.');

    if (ending != NULL && strcmp(ending, ".svg") == 0)
        return "image/svg+xml";
    if (ending != NULL && strcmp(ending, ".png") == 0)
        return "image/png";
    return "image/jpeg";
}

medtl_status html_picture(FILE *stream, const char *path, const char *caption, medtl_error *err)
{
    unsigned char *bytes = NULL;
    char *coded = NULL;
    size_t size = 0;
    medtl_status status = medtl_file_read(path, PICTURE_LIMIT, &bytes, &size, err);

    if (status != MEDTL_OK)
        return status;
    coded = malloc(BASE64_ENCODE_RAW_LENGTH(size) + 1);
    if (coded == NULL) {
        free(bytes);
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    }
    base64_encode_raw(coded, size, bytes);
    fprintf(stream, "<figure><img alt=\"");
    html_text(stream, caption);
    fprintf(stream, "\" src=\"data:%s;base64,", media_type(path));
    fwrite(coded, 1, BASE64_ENCODE_RAW_LENGTH(size), stream);
    fputs("\">", stream);
    if (caption != NULL) {
        fputs("<figcaption>", stream);
        html_text(stream, caption);
        fputs("</figcaption>", stream);
    }
    fputs("</figure>\n", stream);
    free(bytes);
    free(coded);
    return MEDTL_OK;
}
