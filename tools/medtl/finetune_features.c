/* --strategy features: the trunk is frozen and looked at once; the last layer learns on what it stored. */
#include "finetune_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static medtl_status on_features(void *context, const medtl_train_step *step)
{
    session *s = context;
    char tail[48];

    snprintf(tail, sizeof tail, "%.1f images/s", step->images_per_second);
    progress_show(&s->line, "features", step->images, step->total, tail,
                  (double)(step->total - step->images) / step->images_per_second);
    return stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

medtl_status session_features(session *s, const size_t *indices, size_t count, size_t variants,
                              float **features, size_t *size, medtl_error *err)
{
    const finetune_options *o = &s->options;
    const medtl_train_watch watch = {.step = on_features, .context = s};
    medtl_status status = MEDTL_OK;

    *size = medtl_train_feature_size(s->network);
    *features = calloc((1 + variants) * count * *size + 1, sizeof **features);
    if (*features == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu features of %zu images",
                          *size, (1 + variants) * count);
    progress_start(&s->line, o->quiet);
    for (size_t v = 0; v <= variants && status == MEDTL_OK; v++)
        status = medtl_train_features(s->network, s->data.dataset, indices, count, (size_t)o->batch,
                                      (size_t)o->threads, v > 0 ? &o->augment : NULL, o->seed, v,
                                      &watch, *features + v * count * *size, err);
    progress_end(&s->line);
    return status;
}

/* Training vectors first, then those of validation; and which is which. */
typedef struct vectors {
    medtl_dataset *dataset;
    size_t *train, *validation;
    size_t train_count, validation_count;
} vectors;

static void vectors_clear(vectors *v)
{
    medtl_dataset_destroy(v->dataset);
    free(v->train);
    free(v->validation);
}

static medtl_status join(const session *s, const float *train, const float *validation, size_t size,
                         vectors *v, medtl_error *err)
{
    const finetune_data *data = &s->data;
    const uint32_t *of_image = medtl_dataset_get_spec(data->dataset)->labels;
    const size_t count = v->train_count + v->validation_count;
    uint32_t *of_vector = calloc(count, sizeof *of_vector);
    float *all = malloc(count * size * sizeof *all);
    medtl_status status;

    v->train = calloc(v->train_count + 1, sizeof *v->train);
    v->validation = calloc(v->validation_count + 1, sizeof *v->validation);
    if (of_vector == NULL || all == NULL || v->train == NULL || v->validation == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu vectors", count);
        goto done;
    }
    memcpy(all, train, v->train_count * size * sizeof *all);
    memcpy(all + v->train_count * size, validation, v->validation_count * size * sizeof *all);
    for (size_t i = 0; i < v->train_count; i++) {
        v->train[i] = i;
        of_vector[i] = of_image[data->train[i % data->train_count]];
    }
    for (size_t i = 0; i < v->validation_count; i++) {
        v->validation[i] = v->train_count + i;
        of_vector[v->train_count + i] = of_image[data->validation[i]];
    }
    status = medtl_dataset_create_vectors(of_vector, all, count, size, data->table.class_count,
                                          &v->dataset, err);
done:
    free(of_vector);
    free(all);
    return status;
}

static medtl_status make_vectors(session *s, vectors *v, medtl_error *err)
{
    const finetune_data *data = &s->data;
    const size_t variants = (size_t)s->options.feature_variants;
    float *train = NULL, *validation = NULL;
    size_t size = 0;
    medtl_status status;

    v->train_count = (1 + variants) * data->train_count;
    v->validation_count = data->validation_count;
    if ((status = session_features(s, data->train, data->train_count, variants, &train, &size,
                                   err)) == MEDTL_OK &&
        (status = session_features(s, data->validation, data->validation_count, 0, &validation,
                                   &size, err)) == MEDTL_OK)
        status = join(s, train, validation, size, v, err);
    free(train);
    free(validation);
    return status;
}

medtl_status session_train_head(session *s, medtl_network *network, size_t epochs, bool checkpoint,
                                medtl_train_result *result, medtl_error *err)
{
    vectors v = {0};
    medtl_network *head = NULL;
    medtl_train_options options;
    medtl_status status;

    if ((status = finetune_train_options(&s->options, UINT32_MAX, NULL, &options, err)) != MEDTL_OK)
        return status;
    options.epochs = epochs;
    options.optimizer.frozen_stages = 0;
    options.optimizer.layer_decay = options.optimizer.head_rate = 1.0;
    options.unfreeze = (medtl_unfreeze){0};
    if (!checkpoint) /* a part of a run, which starts anew when the run is resumed */
        options.stop_after = 0;
    options.finish = options.finish && checkpoint;
    options.resume = options.resume && checkpoint;
    if ((status = make_vectors(s, &v, err)) == MEDTL_OK &&
        (status = medtl_network_create_head(network, &head, err)) == MEDTL_OK &&
        (status = session_train_on(s, head, v.dataset, v.train, v.train_count, v.validation,
                                   v.validation_count, &options, checkpoint ? "" : NULL, result,
                                   err)) == MEDTL_OK)
        medtl_network_take_head(network, head);
    medtl_network_destroy(head);
    vectors_clear(&v);
    return status;
}

medtl_status finetune_features(session *s, medtl_error *err)
{
    medtl_train_result result = {0};
    medtl_status status =
        session_train_head(s, s->network, (size_t)s->options.epochs, true, &result, err);

    if (status == MEDTL_OK)
        status = session_write(s, s->network, &result, NULL, err);
    free(result.history);
    return status;
}
