/* How good the trunk's features are, by the neighbours of labelled images. */
#include "run.h"

#include "core/eval/evaluation.h"
#include "core/eval/neighbours.h"
#include "core/train/loader.h"

#include <stdlib.h>

static medtl_status collect_features(medtl_pretrain_run *run, float *features, medtl_error *err)
{
    const medtl_probe *probe = run->probe;
    const size_t size = medtl_learner_feature_count(run->learner);
    const medtl_loader_spec spec = {.dataset = probe->dataset,
                                    .order = probe->indices,
                                    .count = probe->count,
                                    .batch = run->options->learner.batch,
                                    .threads = run->options->loader_threads};
    medtl_loader *loader = NULL;
    medtl_batch b = {0};
    size_t at = 0;
    medtl_status status = medtl_loader_create(&spec, &loader, err);

    while (status == MEDTL_OK && (status = medtl_loader_next(loader, &b, err)) == MEDTL_OK &&
           b.count > 0) {
        medtl_learner_features(run->learner, b.input, b.count, features + at * size);
        at += b.count;
    }
    medtl_loader_destroy(loader);
    return status;
}

static medtl_status judge(const medtl_pretrain_run *run, const float *scores,
                          const uint32_t *labels, medtl_pretrain_epoch *epoch, medtl_error *err)
{
    const medtl_evaluation_options options = {.positive_class = -1};
    const medtl_predictions predictions = {.count = run->probe->count,
                                           .classes =
                                               medtl_dataset_get_spec(run->probe->dataset)->classes,
                                           .probabilities = scores,
                                           .labels = labels};
    medtl_evaluation *evaluation = NULL;
    medtl_status status = medtl_evaluation_create(&predictions, &options, &evaluation, err);

    if (status == MEDTL_OK) {
        epoch->probe_auc = evaluation->macro_auc.value;
        epoch->probe_accuracy = evaluation->accuracy.value;
        epoch->probe_balanced_accuracy = evaluation->balanced_accuracy.value;
    }
    medtl_evaluation_destroy(evaluation);
    return status;
}

medtl_status medtl_pretrain_ask_probe(medtl_pretrain_run *run, medtl_pretrain_epoch *epoch,
                                      medtl_error *err)
{
    const medtl_probe *probe = run->probe;
    const medtl_dataset_spec *data = medtl_dataset_get_spec(probe->dataset);
    medtl_neighbours n = {.groups = probe->groups,
                          .count = probe->count,
                          .size = medtl_learner_feature_count(run->learner),
                          .classes = data->classes,
                          .neighbours = run->options->neighbours,
                          .temperature = run->options->probe_temperature};
    float *features = malloc((n.count * n.size + 1) * sizeof *features);
    float *scores = malloc((n.count * n.classes + 1) * sizeof *scores);
    uint32_t *labels = malloc((n.count + 1) * sizeof *labels);
    medtl_status status = MEDTL_OK;

    if (features == NULL || scores == NULL || labels == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the probe");
        goto done;
    }
    for (size_t i = 0; i < n.count; i++)
        labels[i] = data->labels[probe->indices[i]];
    n.features = features;
    n.labels = labels;
    if ((status = collect_features(run, features, err)) == MEDTL_OK &&
        (status = medtl_neighbours_vote(&n, run->pool, scores, err)) == MEDTL_OK)
        status = judge(run, scores, labels, epoch, err);
done:
    free(features);
    free(scores);
    free(labels);
    return status;
}
