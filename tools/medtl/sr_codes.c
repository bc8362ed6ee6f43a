#include "sr_codes.h"

#include "labels.h"

#include "core/train/csv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char BI_RADS[] = "BI-RADS", TEXT[] = "TEXT";

/* PS3.16 CID 6027 "Assessment from BI-RADS", with the codes of earlier editions. */
static const struct {
    const char *value, *scheme, *category;
} bi_rads[] = {
    {"397138000", "SCT", "0"},    {"F-037BB", "SRT", "0"},      {"II.AC.a", "BI", "0"},
    {"397140005", "SCT", "1"},    {"F-037BC", "SRT", "1"},      {"II.AC.b.1", "BI", "1"},
    {"397141009", "SCT", "2"},    {"F-037BD", "SRT", "2"},      {"II.AC.b.2", "BI", "2"},
    {"397143007", "SCT", "3"},    {"F-037BF", "SRT", "3"},      {"II.AC.b.3", "BI", "3"},
    {"397144001", "SCT", "4"},    {"F-037C0", "SRT", "4"},      {"II.AC.b.4", "BI", "4"},
    {"MA.II.A.5.4A", "BI", "4A"}, {"MA.II.A.5.4B", "BI", "4B"}, {"MA.II.A.5.4C", "BI", "4C"},
    {"397145000", "SCT", "5"},    {"F-037C1", "SRT", "5"},      {"II.AC.b.5", "BI", "5"},
    {"MA.II.A.5.6", "BI", "6"},
};
enum { BI_RADS_COUNT = sizeof bi_rads / sizeof bi_rads[0] };

static medtl_status add_rule(sr_codes *codes, const char *value, const char *scheme, int of_class,
                             medtl_error *err)
{
    sr_code_rule *rule;

    if (codes->count == codes->room) {
        const size_t room = codes->room > 0 ? 2 * codes->room : 32;
        sr_code_rule *larger = realloc(codes->rules, room * sizeof *larger);

        if (larger == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
        codes->rules = larger;
        codes->room = room;
    }
    rule = &codes->rules[codes->count++];
    rule->value = strdup(value);
    rule->scheme = strdup(scheme);
    rule->of_class = of_class;
    return rule->value != NULL && rule->scheme != NULL
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
}

static medtl_status add_class(sr_codes *codes, const char *name, int *index, medtl_error *err)
{
    char **larger;

    for (size_t k = 0; k < codes->class_count; k++)
        if (strcmp(codes->classes[k], name) == 0) {
            *index = (int)k;
            return MEDTL_OK;
        }
    if (codes->class_count == CLASS_LIMIT)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "more than %d classes", CLASS_LIMIT);
    larger = realloc(codes->classes, (codes->class_count + 1) * sizeof *larger);
    if (larger != NULL)
        codes->classes = larger;
    if (larger == NULL || (larger[codes->class_count] = strdup(name)) == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    *index = (int)codes->class_count++;
    return MEDTL_OK;
}

static medtl_status read_row(const char *path, const medtl_table *table, size_t row,
                             const size_t columns[3], bool known_only, sr_codes *codes,
                             medtl_error *err)
{
    const char *name = medtl_table_cell(table, row, columns[2]);
    const size_t before = codes->class_count;
    int of_class = SR_NO_LABEL;
    medtl_status status = MEDTL_OK;

    if (name[0] != '\0')
        status = add_class(codes, name, &of_class, err);
    if (status == MEDTL_OK && known_only && codes->class_count > before)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: '%.40s' is none of the classes", path,
                          medtl_table_line(table, row), name);
    if (status == MEDTL_OK)
        status = add_rule(codes, medtl_table_cell(table, row, columns[0]),
                          medtl_table_cell(table, row, columns[1]), of_class, err);
    return status;
}

static medtl_status read_file(const char *path, bool known_only, sr_codes *codes, medtl_error *err)
{
    static const char *const names[] = {"value", "scheme", "class"};
    medtl_table *table = NULL;
    size_t columns[3];
    medtl_status status = medtl_table_read(path, &table, err);

    for (size_t i = 0; i < 3 && status == MEDTL_OK; i++) {
        columns[i] = medtl_table_column(table, names[i]);
        if (columns[i] == MEDTL_NO_COLUMN)
            status = medtl_fail(err, MEDTL_E_FORMAT,
                                "%s: there is no column '%s' (value, scheme, class are needed)",
                                path, names[i]);
    }
    for (size_t row = 0; status == MEDTL_OK && row < medtl_table_rows(table); row++)
        status = read_row(path, table, row, columns, known_only, codes, err);
    medtl_table_destroy(table);
    return status;
}

/* Classes first, so that their order is the task's; its codes behind the file's, which win. */
static medtl_status add_codes_of_task(const target *t, sr_codes *codes, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t k = 0; t->task != NULL && k < t->task->class_count; k++) {
        const medtl_class *c = &t->task->classes[k];

        for (size_t i = 0; i < codes->class_count && status == MEDTL_OK; i++) {
            if (strcmp(codes->classes[i], c->label) != 0)
                continue;
            if (c->code.value[0] != '\0')
                status = add_rule(codes, c->code.value, c->code.scheme, (int)i, err);
            if (status == MEDTL_OK && c->private_code.value[0] != '\0')
                status =
                    add_rule(codes, c->private_code.value, c->private_code.scheme, (int)i, err);
        }
    }
    return status;
}

medtl_status sr_codes_read(const target *t, const char *path, sr_codes *out, medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    int index;

    memset(out, 0, sizeof *out);
    for (size_t k = 0; k < t->class_count && status == MEDTL_OK; k++)
        status = add_class(out, t->classes[k], &index, err);
    if (status == MEDTL_OK && path != NULL)
        status = read_file(path, t->class_count > 0, out, err);
    if (status == MEDTL_OK)
        status = add_codes_of_task(t, out, err);
    if (status == MEDTL_OK && out->count == 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "no code stands for a class: --task or --label-codes is needed");
    if (status != MEDTL_OK)
        sr_codes_clear(out);
    return status;
}

void sr_codes_clear(sr_codes *codes)
{
    for (size_t i = 0; i < codes->count; i++) {
        free(codes->rules[i].value);
        free(codes->rules[i].scheme);
    }
    for (size_t k = 0; k < codes->class_count; k++)
        free(codes->classes[k]);
    free(codes->rules);
    free(codes->classes);
    memset(codes, 0, sizeof *codes);
}

static int find(const sr_codes *codes, const char *value, const char *scheme)
{
    for (size_t i = 0; i < codes->count; i++)
        if (strcmp(codes->rules[i].value, value) == 0 &&
            strcmp(codes->rules[i].scheme, scheme) == 0)
            return codes->rules[i].of_class;
    return SR_NOT_MAPPED;
}

int sr_codes_find(const sr_codes *codes, const medtl_code *code)
{
    int found = find(codes, code->value, code->scheme);

    for (size_t i = 0; i < BI_RADS_COUNT && found == SR_NOT_MAPPED; i++) {
        const char first[] = {bi_rads[i].category[0], '\0'};

        if (strcmp(bi_rads[i].value, code->value) != 0 ||
            strcmp(bi_rads[i].scheme, code->scheme) != 0)
            continue;
        found = find(codes, bi_rads[i].category, BI_RADS);
        if (found == SR_NOT_MAPPED)
            found = find(codes, first, BI_RADS);
    }
    return found;
}

int sr_codes_find_text(const sr_codes *codes, const char *text)
{
    for (size_t i = 0; i < codes->count; i++)
        if (strcmp(codes->rules[i].scheme, TEXT) == 0 &&
            strcasecmp(codes->rules[i].value, text) == 0)
            return codes->rules[i].of_class;
    return SR_NOT_MAPPED;
}
