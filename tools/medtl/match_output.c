#include "match_output.h"

#include <string.h>

char *printable(const char *name, char *text, size_t size)
{
    snprintf(text, size, "%s", name);
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return text;
}

char *stored_text(const medtl_stored *stored, char *text, size_t size)
{
    const size_t at = (size_t)snprintf(text, size, "%s ", stored->type);

    if (at < size)
        (void)medtl_shape_text(stored->shape, stored->dimensions, text + at, size - at);
    return text;
}

static const char *name_of(const medtl_match *match)
{
    return match->parameter != NULL ? match->parameter->name : match->stored->name;
}

static void print_match(FILE *stream, const medtl_match *match)
{
    const medtl_parameter *p = match->parameter;
    char name[128], has[96] = "absent", wants[96];

    if (match->stored != NULL)
        (void)stored_text(match->stored, has, sizeof has);
    fprintf(stream, "  %-26s %s: file %s", medtl_match_kind_name(match->kind),
            printable(name_of(match), name, sizeof name), has);
    if (p != NULL)
        fprintf(stream, ", network %s",
                medtl_shape_text(p->shape, p->dimensions, wants, sizeof wants));
    fprintf(stream, "%s\n", match->head ? " (the head: may start anew)" : "");
}

void matches_print(FILE *stream, const medtl_matches *matches, size_t most)
{
    const char *separator = "tensors: ";
    size_t misfits = 0;

    for (int kind = 0; kind < MEDTL_MATCH_KINDS; kind++) {
        if (kind != MEDTL_MATCHED && matches->kinds[kind] == 0)
            continue;
        fprintf(stream, "%s%zu %s", separator, matches->kinds[kind],
                medtl_match_kind_name((medtl_match_kind)kind));
        separator = ", ";
    }
    fputc('\n', stream);
    for (size_t i = 0; i < matches->count; i++)
        if (matches->list[i].kind != MEDTL_MATCHED && matches->list[i].kind != MEDTL_COUNTER &&
            misfits++ < most)
            print_match(stream, &matches->list[i]);
    if (misfits > most)
        fprintf(stream, "  and %zu more that do not fit (medtl inspect --architecture lists all)\n",
                misfits - most);
}

json_t *matches_json(const medtl_matches *matches)
{
    static const char *const keys[MEDTL_MATCH_KINDS] = {
        [MEDTL_MATCHED] = "matched",
        [MEDTL_SUMMED] = "summed_over_input_channels",
        [MEDTL_REPEATED] = "repeated_over_input_channels",
        [MEDTL_RESHAPED] = "reshaped",
        [MEDTL_WRONG_TYPE] = "type_not_read",
        [MEDTL_MISSING] = "missing",
        [MEDTL_UNEXPECTED] = "unexpected",
        [MEDTL_COUNTER] = "counters"};
    json_t *root = json_object();
    int failed = root == NULL;

    for (int kind = 0; kind < MEDTL_MATCH_KINDS && !failed; kind++)
        failed = json_object_set_new(root, keys[kind], json_array());
    for (size_t i = 0; i < matches->count && !failed; i++)
        failed = json_array_append_new(json_object_get(root, keys[matches->list[i].kind]),
                                       json_string(name_of(&matches->list[i])));
    if (failed) {
        json_decref(root);
        return NULL;
    }
    return root;
}
