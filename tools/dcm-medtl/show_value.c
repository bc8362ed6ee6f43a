/* Content items in words. */
#include "show.h"

#include <stdlib.h>
#include <string.h>

enum { POINTS_SHOWN = 8 };

/* A report may hold any character. What would steer a terminal (C0, DEL, and C1, which is C2 80 to C2 9F in
 * UTF-8) is left out; line breaks and tabs become spaces. */
static char *one_line_of(char *text)
{
    unsigned char *from = (unsigned char *)text, *to = (unsigned char *)text;

    if (text == NULL)
        return NULL;
    for (; *from != '\0'; from++)
        if (*from == '\n' || *from == '\t')
            *to++ = ' ';
        else if (from[0] == 0xC2 && from[1] >= 0x80 && from[1] <= 0x9F)
            from++;
        else if (*from >= 0x20 && *from != 0x7F)
            *to++ = *from;
    *to = '\0';
    return text;
}

static void write_code(FILE *stream, const medtl_code *code)
{
    if (code->meaning[0] != '\0')
        fprintf(stream, "%s (%s, %s)", code->meaning, code->value, code->scheme);
    else if (code->value[0] != '\0')
        fprintf(stream, "(%s, %s)", code->value, code->scheme);
}

/* A UCUM unit is its own symbol; "1" and "{ratio}" stand for no unit. */
static void write_number(FILE *stream, const medtl_content_item *item)
{
    const char *unit = item->code.value;

    fputs(item->text, stream);
    if (item->text[0] == '\0')
        write_code(stream, &item->code); /* why there is no value */
    else if (strcmp(item->code.scheme, "UCUM") != 0)
        fprintf(stream, " %s", item->code.meaning);
    else if (strcmp(unit, "1") != 0 && unit[0] != '{')
        fprintf(stream, " %s", unit);
}

static void write_object(FILE *stream, const medtl_content_item *item)
{
    fprintf(stream, "%s %s", item->sop_class, item->sop_instance_uid);
    if (item->frames[0] != '\0')
        fprintf(stream, " frame %s", item->frames);
}

static void write_graphic(FILE *stream, const medtl_content_item *item)
{
    const size_t size = strcmp(item->type, "SCOORD3D") == 0 ? 3 : 2;
    const size_t points = item->coordinate_count / size;

    fprintf(stream, "%s of %zu point%s", item->graphic_type, points, points == 1 ? "" : "s");
    for (size_t i = 0; i < points && i < POINTS_SHOWN; i++) {
        const float *at = item->coordinates + i * size;

        fprintf(stream, " (%g, %g", (double)at[0], (double)at[1]);
        if (size == 3)
            fprintf(stream, ", %g", (double)at[2]);
        fputc(')', stream);
    }
    if (points > POINTS_SHOWN)
        fputs(" ...", stream);
}

static void write_value(FILE *stream, const medtl_document *document,
                        const medtl_content_item *item)
{
    size_t count = 0;

    if (item->type[0] == '\0' && item->target != MEDTL_NO_CONTENT_ITEM)
        fprintf(stream, "see %s", medtl_document_items(document, &count)[item->target].position);
    else if (item->graphic_type[0] != '\0')
        write_graphic(stream, item);
    else if (item->sop_instance_uid[0] != '\0')
        write_object(stream, item);
    else if (strcmp(item->type, "NUM") == 0)
        write_number(stream, item);
    else if (strcmp(item->type, "CODE") == 0)
        write_code(stream, &item->code);
    else
        fputs(item->text, stream);
}

char *show_value(const medtl_document *document, const medtl_content_item *item)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return NULL;
    write_value(stream, document, item);
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return one_line_of(text);
}

char *show_name(const medtl_content_item *item)
{
    const char *name = item->name.meaning;

    if (name[0] == '\0')
        name = item->name.value[0] != '\0' ? item->name.value : item->type;
    return one_line_of(strdup(name[0] != '\0' ? name : item->relationship));
}

char *show_title(const medtl_document *document)
{
    size_t count = 0;

    return show_name(medtl_document_items(document, &count));
}

bool show_fact(const medtl_document *document, size_t index, const char **name, const char **value)
{
    const medtl_document_facts *facts = medtl_document_get_facts(document);
    const struct {
        const char *name, *value;
    } all[] = {{"kind", facts->sop_class},
               {"completion", facts->completion},
               {"verification", facts->verification},
               {"preliminary", facts->preliminary},
               {"manufacturer", facts->manufacturer},
               {"model name", facts->model_name},
               {"software", facts->software_versions},
               {"study", facts->study_instance_uid},
               {"series", facts->series_instance_uid},
               {"report", facts->sop_instance_uid}};

    if (index >= sizeof all / sizeof all[0])
        return false;
    *name = all[index].name;
    *value = all[index].value;
    return true;
}
