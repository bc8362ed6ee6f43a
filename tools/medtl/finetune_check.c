/* What images cannot teach: said before anything is computed, with the names and counts. */
#include "finetune_session.h"

#include <stdio.h>
#include <string.h>

static size_t count_class(const finetune_data *data, const size_t *indices, size_t count, size_t k)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += data->table.rows[data->rows[indices[i]]].label == k;
    return found;
}

/* "melanoma 3, naevus 0, ...", as far as it fits. */
static void list_counts(const finetune_data *data, const size_t *indices, size_t count, char *out,
                        size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t k = 0; k < data->table.class_count && used + 1 < size; k++) {
        const int written = snprintf(out + used, size - used, "%s%.30s %zu", k > 0 ? ", " : "",
                                     data->table.classes[k], count_class(data, indices, count, k));

        used += written > 0 ? (size_t)written : 0;
    }
    if (used + 1 > size && size > 4)
        memcpy(out + size - 4, "...", 4);
}

static medtl_status refuse(const finetune_data *data, const char *why, medtl_error *err)
{
    char counts[120];

    list_counts(data, data->train, data->train_count, counts, sizeof counts);
    return medtl_fail(err, MEDTL_E_ARGUMENT, "%s; training images: %s", why, counts);
}

static bool of_one_class(const finetune_data *data, const size_t *indices, size_t count)
{
    for (size_t k = 0; k < data->table.class_count; k++)
        if (count_class(data, indices, count, k) == count)
            return true;
    return false;
}

/* What the training loop says of the other strategies. */
static medtl_status check_hybrid(const session *s, medtl_error *err)
{
    const finetune_options *o = &s->options;
    const finetune_data *data = &s->data;
    const size_t vectors = (1 + (size_t)o->feature_variants) * data->train_count;
    char why[128];

    if (data->validation_count > 0 && of_one_class(data, data->validation, data->validation_count))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "the %zu validation images are all of one class: nothing to choose by",
                          data->validation_count);
    if (o->classifier == (int)MEDTL_HYBRID_NEIGHBOURS && o->neighbours > vectors) {
        const int length = snprintf(why, sizeof why, "--neighbours %llu of %zu training images",
                                    (unsigned long long)o->neighbours, data->train_count);

        if (o->feature_variants > 0)
            snprintf(why + length, sizeof why - (size_t)length, " with %llu variants each",
                     (unsigned long long)o->feature_variants);
        return refuse(data, why, err);
    }
    return MEDTL_OK;
}

medtl_status finetune_check_counts(const session *s, medtl_error *err)
{
    const finetune_data *data = &s->data;
    size_t present = 0, empty = 0;

    for (size_t k = 0; k < data->table.class_count; k++) {
        const size_t found = count_class(data, data->train, data->train_count, k);

        present += found > 0;
        empty += found == 0;
    }
    if (data->train_count == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "there is no image to train on: %zu rows are for validation, %zu for "
                          "testing, %zu files cannot be read",
                          data->validation_count, data->left_out, data->unreadable);
    if (present < 2)
        return refuse(data, "all training images are of one class: nothing to tell apart", err);
    if (empty > 0 && !s->options.allow_empty)
        return refuse(
            data, "a class has no training image (--allow-empty-classes trains all the same)", err);
    return s->options.strategy == STRATEGY_HYBRID ? check_hybrid(s, err) : MEDTL_OK;
}
