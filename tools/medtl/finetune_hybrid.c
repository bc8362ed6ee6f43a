/* --strategy hybrid: features of the frozen trunk into a classical classifier, whose options the validation images choose
 * where the command line leaves them open. */
#include "finetune_session.h"

#include "core/eval/calibration.h"
#include "core/eval/evaluation.h"
#include "core/train/hybrid.h"
#include "core/train/loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double COSTS[] = {0.001, 0.01, 0.1, 1.0, 10.0, 100.0};
static const double GAMMAS[] = {0.25, 1.0, 4.0}; /* over the number of features */
static const size_t NEIGHBOURS[] = {1, 3, 5, 9, 15, 25};
static const char *const NAMES[] = {"logistic", "svm", "rbf-svm", "neighbours"};

enum { MOST_CANDIDATES = 32 };

typedef struct search {
    session *session;
    medtl_hybrid_data train, validation;
    float *train_features, *validation_features, *class_weights, *logits;
    uint32_t *labels; /* of training, then of validation */
    medtl_hybrid_options candidates[MOST_CANDIDATES];
    size_t candidate_count;
    medtl_hybrid best;
    medtl_hybrid_options chosen;
    double best_score;
} search;

static void search_clear(search *h)
{
    free(h->train_features);
    free(h->validation_features);
    free(h->class_weights);
    free(h->logits);
    free(h->labels);
    medtl_hybrid_clear(&h->best);
}

static medtl_status read_features(search *h, medtl_error *err)
{
    const finetune_data *data = &h->session->data;
    const size_t variants = (size_t)h->session->options.feature_variants;
    const size_t count = (1 + variants) * data->train_count, classes = data->table.class_count;
    const uint32_t *of_image = medtl_dataset_get_spec(data->dataset)->labels;
    size_t size = 0;
    medtl_status status;

    if ((status = session_features(h->session, data->train, data->train_count, variants,
                                   &h->train_features, &size, err)) != MEDTL_OK ||
        (status = session_features(h->session, data->validation, data->validation_count, 0,
                                   &h->validation_features, &size, err)) != MEDTL_OK)
        return status;
    h->labels = calloc(count + data->validation_count + 1, sizeof *h->labels);
    h->logits = calloc(data->validation_count * classes + 1, sizeof *h->logits);
    if (h->labels == NULL || h->logits == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu features", size);
    for (size_t i = 0; i < count; i++)
        h->labels[i] = of_image[data->train[i % data->train_count]];
    for (size_t i = 0; i < data->validation_count; i++)
        h->labels[count + i] = of_image[data->validation[i]];
    h->train = (medtl_hybrid_data){h->train_features, h->labels, count, size, classes};
    h->validation = (medtl_hybrid_data){h->validation_features, h->labels + count,
                                        data->validation_count, size, classes};
    return MEDTL_OK;
}

static medtl_status weigh_classes(search *h, medtl_error *err)
{
    static const double power[] = {0.0, 0.5, 1.0}; /* of WEIGHT_... */
    const size_t classes = h->train.classes;
    size_t *counts = calloc(classes, sizeof *counts);

    h->class_weights = calloc(classes, sizeof *h->class_weights);
    if (counts == NULL || h->class_weights == NULL) {
        free(counts);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu classes", classes);
    }
    for (size_t i = 0; i < h->train.count; i++)
        counts[h->labels[i]]++;
    medtl_class_weights(counts, classes, power[h->session->options.class_weights],
                        h->class_weights);
    free(counts);
    return MEDTL_OK;
}

static void add(search *h, double cost, double gamma, size_t neighbours)
{
    h->candidates[h->candidate_count++] =
        (medtl_hybrid_options){.kind = (medtl_hybrid_kind)h->session->options.classifier,
                               .cost = cost,
                               .gamma = gamma,
                               .neighbours = neighbours,
                               .class_weights = h->class_weights};
}

/* Every value that the command line leaves open, where there are images to choose by; else the usual one. */
static void list_candidates(search *h)
{
    const finetune_options *o = &h->session->options;
    const bool choose = h->validation.count > 0;
    const bool rbf = o->classifier == (int)MEDTL_HYBRID_RBF;
    const double size = (double)h->train.size;

    if (o->classifier == (int)MEDTL_HYBRID_NEIGHBOURS) {
        for (size_t i = 0; i < sizeof NEIGHBOURS / sizeof NEIGHBOURS[0]; i++)
            if (o->neighbours == 0 && choose && NEIGHBOURS[i] <= h->train.count)
                add(h, 1.0, 0.0, NEIGHBOURS[i]);
        if (h->candidate_count == 0)
            add(h, 1.0, 0.0, o->neighbours > 0 ? (size_t)o->neighbours : 5);
        return;
    }
    for (size_t c = 0; c < sizeof COSTS / sizeof COSTS[0]; c++)
        for (size_t g = 0; g < sizeof GAMMAS / sizeof GAMMAS[0]; g++) {
            const bool one_cost = o->cost > 0.0 || !choose,
                       one_gamma = !rbf || o->gamma > 0.0 || !choose;

            if ((one_cost && c > 0) || (one_gamma && g > 0))
                continue;
            add(h,
                o->cost > 0.0 ? o->cost
                : choose      ? COSTS[c]
                              : 1.0,
                o->gamma > 0.0 ? o->gamma
                : one_gamma    ? 1.0 / size
                               : GAMMAS[g] / size,
                0);
        }
}

/* What --select says of validation logits; larger is better. */
static medtl_status score(search *h, const medtl_hybrid *fitted, double *out, medtl_error *err)
{
    const medtl_evaluation_options how = {.positive_class = -1};
    const size_t count = h->validation.count, classes = h->validation.classes;
    const medtl_predictions predictions = {.count = count,
                                           .classes = classes,
                                           .probabilities = h->logits,
                                           .labels = h->validation.labels};
    medtl_evaluation *evaluation = NULL;
    medtl_status status =
        medtl_hybrid_predict(fitted, h->validation.features, count, h->logits, err);
    double temperature;

    *out = (double)NAN;
    if (status != MEDTL_OK)
        return status;
    temperature = medtl_temperature_fit(h->logits, h->validation.labels, count, classes);
    medtl_softmax(h->logits, count, classes, temperature, h->logits);
    status = medtl_evaluation_create(&predictions, &how, &evaluation, err);
    if (status == MEDTL_OK)
        *out = h->session->options.select == (int)MEDTL_SELECT_AUC ? evaluation->macro_auc.value
               : h->session->options.select == (int)MEDTL_SELECT_LOSS
                   ? -evaluation->log_loss.value
                   : evaluation->balanced_accuracy.value;
    medtl_evaluation_destroy(evaluation);
    return status;
}

static medtl_status try(search *h, const medtl_hybrid_options *options, medtl_error *err)
{
    medtl_hybrid fitted = {0};
    double value = 0.0;
    medtl_status status = medtl_hybrid_fit(options, &h->train, &fitted, err);

    if (status == MEDTL_OK && h->validation.count > 0)
        status = score(h, &fitted, &value, err);
    if (status == MEDTL_OK && h->validation.count > 0)
        printf("%-10s cost %-8g gamma %-10.4g neighbours %-3zu validation %s %.4f\n",
               NAMES[options->kind], options->cost, options->gamma, options->neighbours,
               h->session->options.select == (int)MEDTL_SELECT_AUC    ? "AUC"
               : h->session->options.select == (int)MEDTL_SELECT_LOSS ? "minus log loss"
                                                                      : "balanced accuracy",
               value);
    if (status == MEDTL_OK && (h->best.size == 0 || value > h->best_score)) {
        medtl_hybrid_clear(&h->best);
        h->best = fitted;
        h->chosen = *options;
        h->best_score = value;
        fitted = (medtl_hybrid){0};
    }
    medtl_hybrid_clear(&fitted);
    return status;
}

static json_t *details(const search *h)
{
    const medtl_hybrid_options *o = &h->chosen;
    json_t *classifier = json_pack("{s:s}", "kind", NAMES[o->kind]);
    int failed = classifier == NULL;

    if (o->kind == MEDTL_HYBRID_NEIGHBOURS)
        failed |=
            json_object_set_new(classifier, "neighbours", json_integer((json_int_t)o->neighbours));
    else
        failed |= json_object_set_new(classifier, "cost", json_real(o->cost));
    if (o->kind == MEDTL_HYBRID_RBF)
        failed |= json_object_set_new(classifier, "gamma", json_real(o->gamma));
    if (h->best.vector_count > 0)
        failed |= json_object_set_new(classifier, "vectors",
                                      json_integer((json_int_t)h->best.vector_count));
    if (failed == 0)
        return json_pack("{s:o}", "classifier", classifier);
    json_decref(classifier);
    return NULL;
}

static medtl_status write_best(search *h, medtl_error *err)
{
    const medtl_train_result none = {0};
    medtl_network *whole = NULL;
    json_t *more = details(h);
    medtl_status status;

    if (more == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's provenance");
    else if ((status = medtl_hybrid_network(h->session->network, &h->best, &whole, err)) ==
             MEDTL_OK)
        status = session_write(h->session, whole, &none, more, err);
    json_decref(more);
    medtl_network_destroy(whole);
    return status;
}

medtl_status finetune_hybrid(session *s, medtl_error *err)
{
    search h = {.session = s};
    medtl_status status;

    if ((status = read_features(&h, err)) == MEDTL_OK &&
        (status = weigh_classes(&h, err)) == MEDTL_OK) {
        list_candidates(&h);
        for (size_t i = 0; i < h.candidate_count && status == MEDTL_OK; i++)
            status = stop_wanted() ? medtl_fail(err, MEDTL_E_CANCELLED, "stopped")
                                   : try(&h, &h.candidates[i], err);
    }
    if (status == MEDTL_OK)
        status = write_best(&h, err);
    search_clear(&h);
    return status;
}
