/* A model file as text. */
#include "inspect.h"
#include "match_output.h"
#include "pretrain_output.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

uint64_t inspection_values(const inspection *i)
{
    uint64_t values = 0;

    for (size_t k = 0; k < medtl_safetensors_count(i->file); k++)
        values += medtl_safetensors_at(i->file, k)->count;
    return values;
}

/* JSON text, indented below its title. */
static void print_provenance(const char *text)
{
    json_t *root = json_loads(text, 0, NULL);
    char *lines = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;

    printf("provenance");
    for (char *rest = lines, *line; lines != NULL && (line = strsep(&rest, "\n")) != NULL;)
        printf("%s%s\n", line == lines ? "    " : "              ", line);
    if (lines == NULL)
        puts("    not stated");
    free(lines);
    json_decref(root);
}

static void print_backbone(const char *text)
{
    puts("a pretrained backbone, no model yet: medtl finetune --init starts from it");
    print_provenance(text);
}

static void print_model(const medtl_model_info *m)
{
    char text[256];

    printf("model         %s", printable(m->name, text, sizeof text));
    printf(" %s\n", printable(m->version, text, sizeof text));
    printf("architecture  %s %s\n", m->architecture, m->architecture_arguments);
    printf("parameters    %llu trainable\n", (unsigned long long)m->parameter_count);
    printf("input         %u x %u x %u (channels, height, width)\n", (unsigned)m->channels,
           (unsigned)m->height, (unsigned)m->width);
    printf("classes       %u:", (unsigned)m->class_count);
    for (uint32_t k = 0; k < m->class_count; k++)
        printf("%s %s", k > 0 ? "," : "", printable(m->class_names[k], text, sizeof text));
    printf("\nnormaliser    %s\n", m->normaliser[0] != '\0' ? m->normaliser : "not stated");
    printf("temperature   %g\n", (double)m->temperature);
    printf("views         %s\n", m->views);
    if (strcmp(m->arithmetic, "float32") != 0)
        printf("arithmetic    %s\n", m->arithmetic);
    print_provenance(m->provenance);
}

static void print_tensors(const inspection *i)
{
    const size_t count = medtl_safetensors_count(i->file);
    char name[128], text[128];
    int width = 4;

    for (size_t k = 0; k < count; k++) {
        const int length = (int)strlen(medtl_safetensors_at(i->file, k)->name);

        width = length > width ? length : width;
    }
    width = width < 60 ? width : 60;
    for (size_t k = 0; k < count; k++) {
        const medtl_stored *s = medtl_safetensors_at(i->file, k);
        const bool bad = medtl_stored_is_float(s) && !medtl_stored_floats(s, NULL);

        printf("  %-*s  %s%s\n", width, printable(s->name, name, sizeof name),
               stored_text(s, text, sizeof text), bad ? "  has a value that is not finite" : "");
    }
}

void inspection_print(const inspection *i)
{
    printf("file          %s\nSHA-256       %s\n", i->path, i->sha256);
    if (i->model != NULL)
        print_model(medtl_model_get_info(i->model));
    else if (medtl_safetensors_metadata(i->file, PRETRAINED_KEY) != NULL)
        print_backbone(medtl_safetensors_metadata(i->file, PRETRAINED_KEY));
    else if (!i->claims)
        puts("no model yet: it has no metadata of ours. It can start a training (medtl finetune "
             "--init)\n"
             "or become a model (medtl convert)");
    printf("\n%zu tensors of %llu values\n", medtl_safetensors_count(i->file),
           (unsigned long long)inspection_values(i));
    print_tensors(i);
    if (i->network != NULL) {
        const medtl_network_spec *spec = medtl_network_get_spec(i->network);

        printf("\nagainst %s of width %u with %u channels and %u classes\n", spec->architecture,
               (unsigned)spec->width, (unsigned)spec->channels, (unsigned)spec->classes);
        matches_print(stdout, &i->matches, SIZE_MAX);
    }
}
