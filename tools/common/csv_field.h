/* Writing a field of a CSV file. */
#ifndef MEDTL_TOOL_CSV_FIELD_H
#define MEDTL_TOOL_CSV_FIELD_H

#include <stdio.h>
#include <string.h>

/** Quoted where it must be (RFC 4180). */
static inline void csv_put_field(FILE *stream, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

#endif
