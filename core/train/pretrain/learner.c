#include "learner.h"

#include "core/train/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct medtl_learner {
    medtl_pretext pretext;
    size_t batch, views, outputs, features;
    medtl_network *network, *target; /* target: BYOL's, else NULL */
    medtl_trainer_pass *pass, *target_pass;
    float *gradient; /* [views * batch][outputs] */
    double *scratch; /* of the loss, and then of the spread */
};

static medtl_status create_networks(medtl_learner *l, const medtl_learner_spec *spec,
                                    medtl_error *err)
{
    const size_t most = l->views * l->batch;
    medtl_status status = medtl_pretext_network_create(&spec->trunk, &spec->pretext, true,
                                                       spec->seed, &l->network, err);

    if (status == MEDTL_OK)
        status = spec->recompute
                     ? medtl_trainer_pass_create_recomputing(l->network, most, spec->threads,
                                                             &l->pass, err)
                     : medtl_trainer_pass_create(l->network, most, spec->threads, &l->pass, err);
    if (status != MEDTL_OK || spec->pretext.kind != MEDTL_PRETEXT_BYOL)
        return status;
    /* The target is never asked for gradients: the pass that keeps little of a forward is the one for it. */
    status = medtl_pretext_network_create(&spec->trunk, &spec->pretext, false, spec->seed,
                                          &l->target, err);
    if (status == MEDTL_OK)
        status = medtl_trainer_pass_create_recomputing(l->target, most, spec->threads,
                                                       &l->target_pass, err);
    if (status == MEDTL_OK)
        medtl_learner_follow(l, 0.0);
    return status;
}

static size_t scratch_size(const medtl_learner *l)
{
    switch (l->pretext.kind) {
    case MEDTL_PRETEXT_VICREG:
        return medtl_loss_vicreg_scratch(l->batch, l->outputs);
    case MEDTL_PRETEXT_SIMCLR:
        return medtl_loss_nt_xent_scratch(l->batch, l->outputs);
    case MEDTL_PRETEXT_BARLOW:
        return medtl_loss_barlow_scratch(l->batch, l->outputs);
    case MEDTL_PRETEXT_BYOL:
    case MEDTL_PRETEXT_ROTATION:
    case MEDTL_PRETEXT_LABELS:
        break;
    }
    return 0;
}

medtl_status medtl_learner_create(const medtl_learner_spec *spec, medtl_learner **out,
                                  medtl_error *err)
{
    const bool has_views = medtl_pretext_has_views(spec->pretext.kind);
    medtl_learner *l;
    medtl_status status;
    size_t stride;

    *out = NULL;
    if (spec->batch < (has_views ? 2u : 1u) || spec->batch > 32768)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "batches of %zu images", spec->batch);
    l = calloc(1, sizeof *l);
    if (l == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for pretraining");
    l->pretext = spec->pretext;
    l->batch = spec->batch;
    l->views = has_views ? 2 : 1;
    if ((status = create_networks(l, spec, err)) != MEDTL_OK)
        goto done;
    l->outputs = has_views ? spec->pretext.embedding : spec->trunk.classes;
    (void)medtl_trainer_pass_output(l->pass, "features", &l->features, &stride);
    l->gradient = malloc(l->views * l->batch * l->outputs * sizeof *l->gradient);
    l->scratch = malloc((scratch_size(l) + l->batch) * sizeof *l->scratch);
    if (l->gradient == NULL || l->scratch == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the loss");
        goto done;
    }
    *out = l;
    l = NULL;
done:
    medtl_learner_destroy(l);
    return status;
}

void medtl_learner_destroy(medtl_learner *learner)
{
    if (learner == NULL)
        return;
    medtl_trainer_pass_destroy(learner->pass);
    medtl_trainer_pass_destroy(learner->target_pass);
    medtl_network_destroy(learner->network);
    medtl_network_destroy(learner->target);
    free(learner->gradient);
    free(learner->scratch);
    free(learner);
}

medtl_network *medtl_learner_network(medtl_learner *learner) { return learner->network; }
medtl_trainer_pass *medtl_learner_pass(medtl_learner *learner) { return learner->pass; }
medtl_network *medtl_learner_target(medtl_learner *learner) { return learner->target; }
size_t medtl_learner_feature_count(const medtl_learner *learner) { return learner->features; }

static double length_of(const float *row, size_t size)
{
    double sum = 0.0;

    for (size_t k = 0; k < size; k++)
        sum += (double)row[k] * (double)row[k];
    return fmax(sqrt(sum), 1e-12);
}

/* @param lengths  Room for `count`. */
static double find_spread(const float *rows, size_t count, size_t size, double *lengths)
{
    double sum = 0.0;

    for (size_t i = 0; i < count; i++)
        lengths[i] = length_of(rows + i * size, size);
    for (size_t k = 0; k < size; k++) {
        double mean = 0.0, square = 0.0;

        for (size_t i = 0; i < count; i++) {
            const double x = (double)rows[i * size + k] / lengths[i];

            mean += x;
            square += x * x;
        }
        mean /= (double)count;
        sum += sqrt(fmax(square / (double)count - mean * mean, 0.0));
    }
    return sum / sqrt((double)size);
}

/* 2 - 2 cos for both orders of the views, halved: each image counts once. */
static double byol_loss(medtl_learner *l, const float *input, const float *predicted, size_t count)
{
    const size_t size = l->outputs, half = count * size;
    const float *target = medtl_trainer_pass_forward(l->target_pass, input, 2 * count, 0);
    double loss;

    loss = medtl_loss_cosine(predicted, target + half, count, size, l->gradient, NULL) +
           medtl_loss_cosine(predicted + half, target, count, size, l->gradient + half, NULL);
    return 2.0 + loss;
}

static double view_loss(medtl_learner *l, const float *input, const float *out, size_t count)
{
    const size_t size = l->outputs, half = count * size;
    const float *a = out, *b = out + half;
    float *da = l->gradient, *db = l->gradient + half;

    switch (l->pretext.kind) {
    case MEDTL_PRETEXT_BYOL:
        return byol_loss(l, input, out, count);
    case MEDTL_PRETEXT_VICREG:
        return medtl_loss_vicreg(&l->pretext.vicreg, a, b, count, size, l->scratch, da, db);
    case MEDTL_PRETEXT_SIMCLR:
        return medtl_loss_nt_xent(a, b, count, size, l->pretext.temperature, l->scratch, da, db);
    case MEDTL_PRETEXT_BARLOW:
        return medtl_loss_barlow(a, b, count, size, l->pretext.off_diagonal, l->scratch, da, db);
    case MEDTL_PRETEXT_ROTATION:
    case MEDTL_PRETEXT_LABELS:
        break;
    }
    return (double)NAN; /* these have no views */
}

double medtl_learner_step(medtl_learner *learner, const float *input, const float *targets,
                          size_t count, double *spread)
{
    const float *out = medtl_trainer_pass_forward(learner->pass, input, learner->views * count, 0);
    double loss;

    if (learner->views == 2) {
        loss = view_loss(learner, input, out, count);
        *spread = find_spread(out, count, learner->outputs, learner->scratch);
    } else {
        loss = medtl_loss_cross_entropy(out, targets, count, learner->outputs, NULL,
                                        learner->pretext.smoothing, learner->gradient);
        *spread = (double)NAN;
    }
    medtl_trainer_pass_backward(learner->pass, learner->gradient);
    return loss;
}

void medtl_learner_follow(medtl_learner *learner, double tau)
{
    const float keep = (float)tau;

    for (size_t i = 0;
         learner->target != NULL && i < medtl_network_parameter_count(learner->target); i++) {
        medtl_parameter *to = medtl_network_parameter(learner->target, i);
        const medtl_parameter *from = medtl_network_parameter(learner->network, i);

        if (tau == 0.0)
            memcpy(to->value, from->value, to->size * sizeof *to->value);
        for (size_t k = 0; to->role != MEDTL_PARAMETER_STATISTIC && tau > 0.0 && k < to->size; k++)
            to->value[k] = keep * to->value[k] + (1.0f - keep) * from->value[k];
    }
}

void medtl_learner_features(medtl_learner *learner, const float *input, size_t count,
                            float *features)
{
    size_t size = 0, stride = 0;
    const float *from;

    (void)medtl_trainer_pass_evaluate(learner->pass, input, count);
    from = medtl_trainer_pass_output(learner->pass, "features", &size, &stride);
    for (size_t i = 0; from != NULL && i < count; i++)
        memcpy(features + i * size, from + i * stride, size * sizeof *features);
}
