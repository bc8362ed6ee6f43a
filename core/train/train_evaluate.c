/* What a network says of images, without augmentation: for validation, and for whoever asks. */
#include "core/eval/calibration.h"
#include "core/eval/evaluation.h"
#include "core/train/loader.h"
#include "train_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Logits of a batch; the mean over the views, each of which needs a pass of its own. */
static void evaluate_views(medtl_trainer_pass *pass, const medtl_dataset_spec *spec,
                           medtl_views views, const medtl_batch *b, float *room, float *logits)
{
    const size_t image = (size_t)spec->channels * spec->height * spec->width;
    const size_t classes = spec->classes, values = b->count * classes;
    const double share = 1.0 / (double)medtl_views_count(views);

    memset(logits, 0, values * sizeof *logits);
    for (size_t v = 0; v < medtl_views_count(views); v++) {
        const float *of_view;

        for (size_t n = 0; n < b->count; n++)
            medtl_view_draw(views, v, spec->channels, spec->height, spec->width,
                            b->input + n * image, room + n * image);
        of_view = medtl_trainer_pass_evaluate(pass, room, b->count);
        for (size_t i = 0; i < values; i++)
            logits[i] += (float)(share * (double)of_view[i]);
    }
}

static medtl_status predict(medtl_trainer_pass *pass, const medtl_dataset *dataset,
                            const size_t *indices, size_t count, size_t batch, size_t threads,
                            medtl_views views, float *logits, medtl_error *err)
{
    const size_t classes = medtl_dataset_get_spec(dataset)->classes;
    medtl_loader_spec spec = {
        .dataset = dataset, .order = indices, .count = count, .batch = batch, .threads = threads};
    medtl_loader *loader = NULL;
    medtl_batch b = {0};
    float *room = NULL;
    medtl_status status;
    size_t at = 0;

    if (count == 0)
        return MEDTL_OK;
    room = malloc(batch * medtl_dataset_pixels(dataset) * sizeof *room);
    if (room == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a batch of %zu images", batch);
    status = medtl_loader_create(&spec, &loader, err);
    while (status == MEDTL_OK && (status = medtl_loader_next(loader, &b, err)) == MEDTL_OK &&
           b.count > 0) {
        evaluate_views(pass, medtl_dataset_get_spec(dataset), views, &b, room,
                       logits + at * classes);
        at += b.count;
    }
    medtl_loader_destroy(loader);
    free(room);
    return status;
}

medtl_status medtl_train_predict(medtl_network *network, const medtl_dataset *dataset,
                                 const size_t *indices, size_t count, size_t batch, size_t threads,
                                 medtl_views views, float *logits, medtl_error *err)
{
    medtl_trainer_pass *pass = NULL;
    medtl_status status = medtl_trainer_pass_create(network, batch, threads, &pass, err);

    if (status == MEDTL_OK)
        status = predict(pass, dataset, indices, count, batch, 1, views, logits, err);
    medtl_trainer_pass_destroy(pass);
    return status;
}

size_t medtl_train_feature_size(const medtl_network *network)
{
    return medtl_network_output_size(network, "features");
}

static void take_features(const medtl_trainer_pass *pass, size_t count, float *features)
{
    size_t size = 0, stride = 0;
    const float *from = medtl_trainer_pass_output(pass, "features", &size, &stride);

    for (size_t n = 0; n < count; n++)
        memcpy(features + n * size, from + n * stride, size * sizeof *features);
}

/* All batches of a loader through the pass. */
static medtl_status run_features(medtl_trainer_pass *pass, medtl_loader *loader, size_t size,
                                 const medtl_loader_spec *spec, const medtl_train_watch *watch,
                                 float *features, medtl_error *err)
{
    const double start = medtl_train_now();
    medtl_batch b = {0};
    medtl_status status;
    size_t at = 0;

    while ((status = medtl_loader_next(loader, &b, err)) == MEDTL_OK && b.count > 0) {
        (void)medtl_trainer_pass_evaluate(pass, b.input, b.count);
        take_features(pass, b.count, features + at * size);
        at += b.count;
        if (watch != NULL && watch->step != NULL) {
            const medtl_train_step step = {.images = at,
                                           .total = spec->count,
                                           .images_per_second =
                                               (double)at / fmax(medtl_train_now() - start, 1e-9)};

            status = watch->step(watch->context, &step);
            if (status != MEDTL_OK)
                return medtl_fail(err, status, "stopped at image %zu of %zu", at, spec->count);
        }
    }
    return status;
}

medtl_status medtl_train_features(medtl_network *network, const medtl_dataset *dataset,
                                  const size_t *indices, size_t count, size_t batch, size_t threads,
                                  const medtl_augment *augment, uint64_t seed, uint64_t variant,
                                  const medtl_train_watch *watch, float *features, medtl_error *err)
{
    const size_t size = medtl_train_feature_size(network);
    /* The loader forks by its epoch, so that no seed has another's variants. */
    medtl_loader_spec spec = {.dataset = dataset,
                              .order = indices,
                              .count = count,
                              .batch = batch,
                              .threads = 1,
                              .seed = seed,
                              .epoch = variant};
    medtl_trainer_pass *pass = NULL;
    medtl_loader *loader = NULL;
    medtl_status status;

    if (count == 0)
        return MEDTL_OK;
    if (size == 0)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "this network has no features of its own (an ensemble)");
    if (augment != NULL)
        spec.augment = *augment;
    if ((status = medtl_trainer_pass_create(network, batch, threads, &pass, err)) == MEDTL_OK &&
        (status = medtl_loader_create(&spec, &loader, err)) == MEDTL_OK)
        status = run_features(pass, loader, size, &spec, watch, features, err);
    medtl_loader_destroy(loader);
    medtl_trainer_pass_destroy(pass);
    return status;
}

medtl_status medtl_train_validate(medtl_train_run *r, medtl_train_epoch *epoch, medtl_error *err)
{
    const medtl_evaluation_options options = {.positive_class = -1};
    medtl_predictions predictions = {.count = r->validation_count,
                                     .classes = r->classes,
                                     .probabilities = r->logits,
                                     .labels = r->labels};
    medtl_evaluation *evaluation = NULL;
    medtl_status status;

    epoch->validation_loss = epoch->validation_auc = (double)NAN;
    epoch->validation_accuracy = epoch->validation_balanced_accuracy = (double)NAN;
    if (r->validation_count == 0)
        return MEDTL_OK;
    status = predict(r->pass, r->dataset, r->validation, r->validation_count, r->options->batch,
                     r->options->loader_threads, MEDTL_VIEWS_ONE, r->logits, err);
    if (status != MEDTL_OK)
        return status;
    epoch->validation_loss =
        medtl_log_loss(r->logits, r->labels, r->validation_count, r->classes, 1.0);
    if (!isfinite(epoch->validation_loss))
        return MEDTL_OK; /* such an epoch is never chosen */
    medtl_softmax(r->logits, r->validation_count, r->classes, 1.0, r->logits);
    status = medtl_evaluation_create(&predictions, &options, &evaluation, err);
    if (status == MEDTL_OK) {
        epoch->validation_auc = evaluation->macro_auc.value;
        epoch->validation_accuracy = evaluation->accuracy.value;
        epoch->validation_balanced_accuracy = evaluation->balanced_accuracy.value;
    }
    medtl_evaluation_destroy(evaluation);
    return status;
}
