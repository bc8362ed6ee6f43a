/* A run from start to end. */
#include "train_parts.h"

#include "core/train/sampling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double medtl_train_score(medtl_train_select select, const medtl_train_epoch *epoch)
{
    switch (select) {
    case MEDTL_SELECT_AUC:
        return epoch->validation_auc;
    case MEDTL_SELECT_BALANCED_ACCURACY:
        return epoch->validation_balanced_accuracy;
    case MEDTL_SELECT_LOSS:
        break;
    }
    return -epoch->validation_loss;
}

/* Keep these weights if they are the best so far; without validation the last are the best. */
static bool keep_if_best(medtl_train_run *r, const medtl_train_epoch *epoch)
{
    const double value = r->validation_count > 0 ? medtl_train_score(r->options->select, epoch)
                                                 : (double)epoch->epoch;

    if (!isfinite(value) || (r->progress.chosen > 0 && value <= r->progress.best))
        return false;
    r->progress.best = value;
    r->progress.chosen = epoch->epoch;
    for (size_t i = 0; i < medtl_network_parameter_count(r->network); i++) {
        const medtl_parameter *p = medtl_network_parameter(r->network, i);

        memcpy(r->kept[i], p->value, p->size * sizeof(float));
    }
    return true;
}

static bool of_one_class(const medtl_dataset_spec *data, const size_t *indices, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (data->labels[indices[i]] != data->labels[indices[0]])
            return false;
    return true;
}

/* What needs validation images to go by. */
static medtl_status check_validation(const medtl_train_run *r, medtl_error *err)
{
    const medtl_train_options *o = r->options;

    if (r->validation_count > 0 &&
        of_one_class(medtl_dataset_get_spec(r->dataset), r->validation, r->validation_count))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "the %zu validation images are all of one class: nothing to choose by",
                          r->validation_count);
    if (r->validation_count == 0 && (o->schedule == MEDTL_SCHEDULE_PLATEAU || o->early_stop > 0))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s goes by validation images, and there are none",
                          o->early_stop > 0 ? "stopping early" : "the plateau schedule");
    return MEDTL_OK;
}

static medtl_status check_options(const medtl_train_options *o, medtl_error *err)
{
    const bool drops = o->schedule == MEDTL_SCHEDULE_STEP || o->schedule == MEDTL_SCHEDULE_PLATEAU;

    if (o->epochs == 0 || o->batch == 0 || o->threads == 0 || o->loader_threads == 0 ||
        !(o->rate >= 0.0) || !(o->label_smoothing >= 0.0 && o->label_smoothing < 1.0) ||
        !(o->focal_gamma >= 0.0) || (drops && !(o->step_factor > 0.0 && o->step_factor <= 1.0)) ||
        (o->schedule == MEDTL_SCHEDULE_STEP && o->step_epochs == 0))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "impossible training options");
    if (o->schedule == MEDTL_SCHEDULE_PLATEAU && o->least_rate > o->rate)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "the least rate, %g, is above the learning rate, %g: training would end "
                          "before its first epoch",
                          o->least_rate, o->rate);
    if (!(o->logit_adjustment >= 0.0) ||
        (o->logit_adjustment > 0.0 && o->loss == MEDTL_LOSS_BINARY))
        return medtl_fail(
            err, MEDTL_E_ARGUMENT,
            "the logit adjustment is 0 or more, and belongs to a softmax, not to bce");
    return MEDTL_OK;
}

static medtl_status check(const medtl_train_run *r, medtl_error *err)
{
    const medtl_dataset_spec *data = medtl_dataset_get_spec(r->dataset);
    const medtl_network_spec *net = medtl_network_get_spec(r->network);
    medtl_status status = check_options(r->options, err);

    if (status != MEDTL_OK)
        return status;
    if (net->classes != data->classes || net->channels != data->channels ||
        net->height != data->height || net->width_px != data->width)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "network and images differ in size or classes");
    if (net->classifier.kind != MEDTL_CLASSIFIER_LINEAR)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "the last layer is a classical classifier, which gradients do not train");
    if (r->train_count == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "there is no image to train on");
    if (net->classes > 1 && of_one_class(data, r->train, r->train_count))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "the %zu training images are all of one class: nothing to tell apart",
                          r->train_count);
    return check_validation(r, err);
}

static medtl_status allocate(medtl_train_run *r, medtl_error *err)
{
    const size_t parameters = medtl_network_parameter_count(r->network);
    const size_t validation = r->validation_count + 1;
    bool complete = true;

    r->order = malloc(r->train_count * sizeof *r->order);
    r->class_weights = malloc(r->classes * sizeof *r->class_weights);
    r->shifts = malloc(r->classes * sizeof *r->shifts);
    r->adjusted = malloc(r->options->batch * r->classes * sizeof *r->adjusted);
    r->dlogits = malloc(r->options->batch * r->classes * sizeof *r->dlogits);
    r->logits = malloc(validation * r->classes * sizeof *r->logits);
    r->labels = malloc(validation * sizeof *r->labels);
    r->kept = calloc(parameters + 1, sizeof *r->kept);
    r->history = calloc(r->options->epochs, sizeof *r->history);
    r->losses = calloc(r->options->epochs, sizeof *r->losses);
    for (size_t i = 0; i < parameters && r->kept != NULL; i++) {
        r->kept[i] = calloc(medtl_network_parameter(r->network, i)->size + 1, sizeof(float));
        complete = complete && r->kept[i] != NULL;
    }
    if (!complete || r->order == NULL || r->class_weights == NULL || r->shifts == NULL ||
        r->adjusted == NULL || r->dlogits == NULL || r->logits == NULL || r->labels == NULL ||
        r->kept == NULL || r->history == NULL || r->losses == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for training");
    return MEDTL_OK;
}

static medtl_status create_pass(medtl_train_run *r, medtl_error *err)
{
    const medtl_train_options *o = r->options;

    if (o->recompute)
        return medtl_trainer_pass_create_recomputing(r->network, o->batch, o->threads, &r->pass,
                                                     err);
    return medtl_trainer_pass_create(r->network, o->batch, o->threads, &r->pass, err);
}

/* The optimiser with the rates of the stages, and when they open. */
static medtl_status create_optimizer(medtl_train_run *r, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    const uint32_t stages = medtl_network_stage_count(r->network);
    medtl_optimizer_options options = o->optimizer;
    medtl_status status =
        medtl_stage_plan_create(&o->unfreeze, stages, options.frozen_stages,
                                o->epochs * medtl_train_batches(r), &r->stages, err);

    if (status != MEDTL_OK)
        return status;
    options.stage_rates = r->stages.rates;
    options.stage_opens = r->stages.opens;
    return medtl_optimizer_create(r->network, &options, &r->optimizer, err);
}

static medtl_status weigh_classes(medtl_train_run *r, medtl_error *err)
{
    const medtl_dataset_spec *data = medtl_dataset_get_spec(r->dataset);
    size_t *counts = calloc(r->classes, sizeof *counts);

    if (counts == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for training");
    for (size_t i = 0; i < r->train_count; i++)
        counts[data->labels[r->train[i]]]++;
    medtl_class_weights(counts, r->classes, r->options->class_weights, r->class_weights);
    medtl_logit_adjustment(counts, r->classes, r->class_weights, r->options->sampling,
                           r->options->logit_adjustment, r->shifts);
    free(counts);
    return MEDTL_OK;
}

medtl_status medtl_train_prepare(medtl_train_run *r, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    const medtl_dataset_spec *data = medtl_dataset_get_spec(r->dataset);
    medtl_status status;

    r->classes = data->classes;
    if ((status = check(r, err)) != MEDTL_OK || (status = allocate(r, err)) != MEDTL_OK ||
        (status = weigh_classes(r, err)) != MEDTL_OK)
        return status;
    for (size_t i = 0; i < r->validation_count; i++)
        r->labels[i] = data->labels[r->validation[i]];
    r->shown = r->train_count >= o->batch ? r->train_count / o->batch * o->batch : r->train_count;
    if ((status = medtl_pool_create(o->threads, &r->pool, err)) != MEDTL_OK ||
        (status = create_pass(r, err)) != MEDTL_OK)
        return status;
    return create_optimizer(r, err);
}

static medtl_status run_epoch(medtl_train_run *r, medtl_error *err)
{
    medtl_train_epoch *epoch = &r->history[r->progress.done];
    const double start = medtl_train_now();
    medtl_status status;
    bool best = false;

    *epoch = (medtl_train_epoch){.epoch = r->progress.done + 1};
    if ((status = medtl_train_run_steps(r, epoch, err)) != MEDTL_OK)
        return status;
    medtl_optimizer_swap_average(r->optimizer);
    status = medtl_train_validate(r, epoch, err);
    if (status == MEDTL_OK)
        best = keep_if_best(r, epoch);
    medtl_optimizer_swap_average(r->optimizer);
    if (status != MEDTL_OK)
        return status;
    r->progress.done++;
    epoch->seconds = medtl_train_now() - start;
    if ((status = medtl_train_save(r, err)) != MEDTL_OK)
        return status;
    if (r->watch != NULL && r->watch->epoch != NULL &&
        (status = r->watch->epoch(r->watch->context, r->history, (size_t)r->progress.done, best)) !=
            MEDTL_OK)
        return medtl_fail(err, status, "stopped after epoch %llu",
                          (unsigned long long)epoch->epoch);
    return MEDTL_OK;
}

void medtl_train_release(medtl_train_run *r)
{
    medtl_trainer_pass_destroy(r->pass);
    medtl_optimizer_destroy(r->optimizer);
    medtl_stage_plan_clear(&r->stages);
    medtl_pool_destroy(r->pool);
    for (size_t i = 0; r->kept != NULL && i < medtl_network_parameter_count(r->network); i++)
        free(r->kept[i]);
    free(r->kept);
    free(r->order);
    free(r->class_weights);
    free(r->shifts);
    free(r->adjusted);
    free(r->dlogits);
    free(r->logits);
    free(r->labels);
    free(r->history);
    free(r->losses);
}

/* Nothing more to gain: no better epoch for long, or a rate that is as good as zero. */
static bool has_ended(const medtl_train_run *r)
{
    const medtl_train_options *o = r->options;

    if (r->progress.done >= o->epochs || o->finish)
        return true;
    if (o->early_stop > 0 && r->progress.done - r->progress.chosen >= o->early_stop)
        return true;
    return o->schedule == MEDTL_SCHEDULE_PLATEAU && o->least_rate > 0.0 &&
           o->rate * medtl_train_epoch_factor(r) < o->least_rate;
}

static void take_kept(medtl_train_run *r)
{
    for (size_t i = 0; i < medtl_network_parameter_count(r->network); i++) {
        medtl_parameter *p = medtl_network_parameter(r->network, i);

        memcpy(p->value, r->kept[i], p->size * sizeof(float));
    }
}

medtl_status medtl_train(medtl_network *network, const medtl_dataset *dataset, const size_t *train,
                         size_t train_count, const size_t *validation, size_t validation_count,
                         const medtl_train_options *options, const medtl_train_watch *watch,
                         medtl_train_result *result, medtl_error *err)
{
    medtl_train_run r = {.network = network,
                         .dataset = dataset,
                         .train = train,
                         .train_count = train_count,
                         .validation = validation,
                         .validation_count = validation_count,
                         .options = options,
                         .watch = watch};
    medtl_status status;

    *result = (medtl_train_result){0};
    if ((status = medtl_train_prepare(&r, err)) == MEDTL_OK)
        status = medtl_train_restore(&r, err);
    while (status == MEDTL_OK && !has_ended(&r)) {
        if (options->stop_after > 0 && r.progress.done >= options->stop_after)
            status = medtl_fail(err, MEDTL_E_CANCELLED, "stopped after epoch %llu as asked",
                                (unsigned long long)r.progress.done);
        else
            status = run_epoch(&r, err);
    }
    if (status == MEDTL_OK && r.progress.chosen == 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "no epoch gave a usable network");
    if (status == MEDTL_OK) {
        take_kept(&r);
        *result =
            (medtl_train_result){r.history, (size_t)r.progress.done, (size_t)r.progress.chosen};
        r.history = NULL; /* now the caller's */
    }
    medtl_train_release(&r);
    return status;
}
