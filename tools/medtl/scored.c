#include "scored.h"

#include "core/eval/calibration.h"

#include <stdlib.h>
#include <string.h>

static medtl_status allocate(size_t count, size_t classes, scored *s, medtl_error *err)
{
    memset(s, 0, sizeof *s);
    s->names = calloc(classes + 1, sizeof *s->names);
    s->files = calloc(count + 1, sizeof *s->files);
    s->probabilities = calloc(count * classes + 1, sizeof *s->probabilities);
    s->labels = calloc(count + 1, sizeof *s->labels);
    s->groups = calloc(count + 1, sizeof *s->groups);
    s->count = count;
    s->classes = classes;
    if (s->names == NULL || s->files == NULL || s->probabilities == NULL || s->labels == NULL ||
        s->groups == NULL) {
        scored_clear(s);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", count);
    }
    return MEDTL_OK;
}

static medtl_status copy_texts(const char *const *from, size_t count, char **to, medtl_error *err)
{
    for (size_t i = 0; i < count; i++)
        if ((to[i] = strdup(from[i])) == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for names");
    return MEDTL_OK;
}

medtl_status scored_from_predictions(const predictions *p, const labels *table,
                                     const medtl_model_info *info, scored *out, medtl_error *err)
{
    medtl_status status = allocate(p->count, info->class_count, out, err);

    if (status != MEDTL_OK)
        return status;
    medtl_softmax(p->logits, p->count, out->classes, (double)info->temperature, out->probabilities);
    out->has_groups = table->has_groups;
    out->group_count = compact_groups(table, p->rows, NULL, p->count, out->groups);
    status = copy_texts(info->class_names, out->classes, out->names, err);
    for (size_t i = 0; i < p->count && status == MEDTL_OK; i++) {
        out->labels[i] = table->rows[p->rows[i]].label;
        status = copy_texts(&table->rows[p->rows[i]].file, 1, &out->files[i], err);
    }
    if (status == MEDTL_OK && out->group_count == 0 && p->count > 0)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for groups");
    if (status != MEDTL_OK)
        scored_clear(out);
    return status;
}

/* Number the groups that are left from 0. */
static medtl_status number_groups(const scored *all, scored *s, medtl_error *err)
{
    uint32_t *number = calloc(all->group_count + 1, sizeof *number);

    if (number == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for groups");
    for (size_t i = 0; i < s->count; i++) {
        uint32_t *own = &number[s->groups[i]];

        if (*own == 0)
            *own = (uint32_t)++s->group_count;
        s->groups[i] = *own - 1;
    }
    free(number);
    return MEDTL_OK;
}

medtl_status scored_subset(const scored *all, const size_t *indices, size_t count, scored *out,
                           medtl_error *err)
{
    medtl_status status = allocate(count, all->classes, out, err);

    if (status != MEDTL_OK)
        return status;
    out->has_groups = all->has_groups;
    status = copy_texts((const char *const *)all->names, all->classes, out->names, err);
    for (size_t i = 0; i < count && status == MEDTL_OK; i++) {
        const size_t from = indices[i];

        out->labels[i] = all->labels[from];
        out->groups[i] = all->groups[from];
        memcpy(out->probabilities + i * all->classes, all->probabilities + from * all->classes,
               all->classes * sizeof(float));
        status = copy_texts((const char *const *)&all->files[from], 1, &out->files[i], err);
    }
    if (status == MEDTL_OK)
        status = number_groups(all, out, err);
    if (status != MEDTL_OK)
        scored_clear(out);
    return status;
}

void scored_clear(scored *s)
{
    for (size_t k = 0; s->names != NULL && k < s->classes; k++)
        free(s->names[k]);
    for (size_t i = 0; s->files != NULL && i < s->count; i++)
        free(s->files[i]);
    free(s->names);
    free(s->files);
    free(s->probabilities);
    free(s->labels);
    free(s->groups);
    memset(s, 0, sizeof *s);
}

medtl_predictions scored_view(const scored *s)
{
    return (medtl_predictions){.count = s->count,
                               .classes = s->classes,
                               .probabilities = s->probabilities,
                               .labels = s->labels,
                               .groups = s->groups,
                               .group_count = s->group_count};
}
