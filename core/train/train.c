#include "train.h"

#include "core/base/random.h"
#include "core/eval/calibration.h"
#include "core/eval/evaluation.h"
#include "core/train/checkpoint.h"
#include "core/train/loader.h"
#include "core/train/loss.h"
#include "core/train/sampling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What a checkpoint holds beside the arrays. All of it is 8 bytes wide, so there is no padding. */
typedef struct progress {
    uint64_t done;   /* epochs */
    uint64_t chosen; /* 1-based epoch of the kept weights; 0: none yet */
    double best;     /* its score */
} progress;

typedef struct run {
    medtl_network *network;
    const medtl_dataset *dataset;
    const size_t *train, *validation;
    size_t train_count, validation_count, shown; /* images shown in an epoch: whole batches */
    const medtl_train_options *options;
    const medtl_train_watch *watch;
    size_t classes;
    medtl_trainer_pass *pass;
    medtl_optimizer *optimizer;
    medtl_pool *pool;
    size_t *order;        /* [train_count] */
    float *class_weights; /* [classes] */
    float *dlogits;       /* [batch][classes] */
    float *logits;        /* [validation_count][classes] */
    uint32_t *labels;     /* [validation_count] */
    float **kept;         /* the best weights, as the network's parameters */
    progress progress;
    medtl_train_epoch *history; /* [epochs] */
} run;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- evaluation ------------------------------------------------------------------------ */

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

static medtl_status validate(run *r, medtl_train_epoch *epoch, medtl_error *err)
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

static double score(const run *r, const medtl_train_epoch *epoch)
{
    switch (r->options->select) {
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
static bool keep_if_best(run *r, const medtl_train_epoch *epoch)
{
    const double value = r->validation_count > 0 ? score(r, epoch) : (double)epoch->epoch;

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

/* ---- one epoch -------------------------------------------------------------------------- */

static medtl_status train_batch(run *r, const medtl_batch *b, size_t step, size_t steps,
                                medtl_train_epoch *epoch, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    const size_t warmup = (size_t)(o->warmup * (double)steps / (double)o->epochs);
    medtl_random root, dropout;
    const float *logits;
    double loss, norm;

    medtl_random_seed(&root, ~o->seed); /* not the order's and the augmentation's generators */
    medtl_random_fork(&root, step, &dropout);
    logits = medtl_trainer_pass_forward(r->pass, b->input, b->count, medtl_random_bits(&dropout));
    loss = medtl_loss(
        &(medtl_loss_options){o->loss, r->class_weights, o->label_smoothing, o->focal_gamma},
        logits, b->targets, b->count, r->classes, r->dlogits);
    medtl_trainer_pass_backward(r->pass, r->dlogits);
    norm = medtl_optimizer_gradient_norm(r->optimizer, r->pass);
    if (!isfinite(loss) || !isfinite(norm))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "training diverged in epoch %llu: loss %g, gradient %g; a lower learning "
                          "rate may help",
                          (unsigned long long)epoch->epoch, loss, norm);
    epoch->rate = o->rate * medtl_schedule_factor(o->schedule, step, steps, warmup);
    medtl_optimizer_step(r->optimizer, r->pass, epoch->rate, norm, r->pool);
    epoch->loss += loss;
    epoch->gradient += norm;
    return MEDTL_OK;
}

static medtl_status tell_step(const run *r, const medtl_train_epoch *epoch, size_t images,
                              size_t batches, double start, medtl_error *err)
{
    const medtl_train_step step = {.epoch = (size_t)epoch->epoch,
                                   .epochs = r->options->epochs,
                                   .images = images,
                                   .total = r->shown,
                                   .loss = epoch->loss / (double)batches,
                                   .images_per_second = (double)images / fmax(now() - start, 1e-9)};
    medtl_status status = MEDTL_OK;

    if (r->watch != NULL && r->watch->step != NULL)
        status = r->watch->step(r->watch->context, &step);
    return status == MEDTL_OK
               ? MEDTL_OK
               : medtl_fail(err, status, "stopped in epoch %zu of %zu", step.epoch, step.epochs);
}

static medtl_status train_epoch(run *r, medtl_train_epoch *epoch, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    const size_t batches = (r->shown + o->batch - 1) / o->batch;
    medtl_loader_spec spec = {.dataset = r->dataset,
                              .order = r->order,
                              .count = r->shown,
                              .batch = o->batch,
                              .threads = o->loader_threads,
                              .augment = o->augment,
                              .mixup = o->mixup,
                              .seed = o->seed,
                              .epoch = epoch->epoch};
    medtl_loader *loader = NULL;
    medtl_batch b = {0};
    medtl_status status;
    size_t batch = 0, images = 0;
    const double start = now();

    if ((status = medtl_sampling_plan(r->dataset, r->train, r->train_count, o->sampling, o->seed,
                                      epoch->epoch, r->order, err)) != MEDTL_OK ||
        (status = medtl_loader_create(&spec, &loader, err)) != MEDTL_OK)
        return status;
    while ((status = medtl_loader_next(loader, &b, err)) == MEDTL_OK && b.count > 0) {
        const size_t step = (size_t)(epoch->epoch - 1) * batches + batch;

        status = train_batch(r, &b, step, o->epochs * batches, epoch, err);
        if (status != MEDTL_OK)
            break;
        batch++;
        images += b.count;
        if ((status = tell_step(r, epoch, images, batch, start, err)) != MEDTL_OK)
            break;
    }
    medtl_loader_destroy(loader);
    epoch->loss /= (double)(batch > 0 ? batch : 1);
    epoch->gradient /= (double)(batch > 0 ? batch : 1);
    if (status != MEDTL_OK)
        return status;
    return MEDTL_OK;
}

/* ---- checkpoints ------------------------------------------------------------------------ */

/* Everything that the next epoch depends on, in a fixed order. */
static medtl_status list_blocks(run *r, medtl_block **out, size_t *count, medtl_error *err)
{
    const size_t parameters = medtl_network_parameter_count(r->network);
    const size_t states = medtl_optimizer_block_count(r->optimizer);
    medtl_block *blocks = calloc(2 + 2 * parameters + states, sizeof *blocks), *next = blocks;

    *out = blocks;
    *count = 2 + 2 * parameters + states;
    if (blocks == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a checkpoint");
    *next++ = (medtl_block){&r->progress, sizeof r->progress};
    *next++ = (medtl_block){r->history, r->options->epochs * sizeof *r->history};
    for (size_t i = 0; i < parameters; i++) {
        const medtl_parameter *p = medtl_network_parameter(r->network, i);

        *next++ = (medtl_block){p->value, p->size * sizeof(float)};
        *next++ = (medtl_block){r->kept[i], p->size * sizeof(float)};
    }
    for (size_t i = 0; i < states; i++, next++)
        next->bytes = medtl_optimizer_block(r->optimizer, i, &next->size);
    return MEDTL_OK;
}

static medtl_status save(run *r, medtl_error *err)
{
    medtl_block *blocks = NULL;
    size_t count = 0;
    medtl_status status;

    if (r->options->checkpoint == NULL)
        return MEDTL_OK;
    status = list_blocks(r, &blocks, &count, err);
    if (status == MEDTL_OK)
        status = medtl_checkpoint_write(r->options->checkpoint,
                                        r->options->run != NULL ? r->options->run : "", blocks,
                                        count, err);
    free(blocks);
    return status;
}

static medtl_status restore(run *r, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    medtl_block *blocks = NULL;
    size_t count = 0;
    medtl_status status;

    if (!o->resume || o->checkpoint == NULL || access(o->checkpoint, F_OK) != 0)
        return MEDTL_OK;
    status = list_blocks(r, &blocks, &count, err);
    if (status == MEDTL_OK)
        status =
            medtl_checkpoint_read(o->checkpoint, o->run != NULL ? o->run : "", blocks, count, err);
    free(blocks);
    if (status == MEDTL_OK && (r->progress.done > o->epochs || r->progress.chosen > o->epochs))
        status = medtl_fail(err, MEDTL_E_CONFIG, "%s: holds more epochs than this run has",
                            o->checkpoint);
    return status;
}

/* ---- the run ---------------------------------------------------------------------------- */

static medtl_status check(const run *r, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    const medtl_dataset_spec *data = medtl_dataset_get_spec(r->dataset);
    const medtl_network_spec *net = medtl_network_get_spec(r->network);
    size_t differ = 0;

    if (o->epochs == 0 || o->batch == 0 || o->threads == 0 || o->loader_threads == 0 ||
        !(o->rate >= 0.0) || !(o->label_smoothing >= 0.0 && o->label_smoothing < 1.0) ||
        !(o->focal_gamma >= 0.0))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "impossible training options");
    if (net->classes != data->classes || net->channels != data->channels ||
        net->height != data->height || net->width_px != data->width)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "network and images differ in size or classes");
    if (r->train_count == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "there is no image to train on");
    for (size_t i = 1; i < r->validation_count; i++)
        differ += data->labels[r->validation[i]] != data->labels[r->validation[0]];
    if (r->validation_count > 0 && differ == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "the validation images are all of one class: nothing to choose by");
    return MEDTL_OK;
}

static medtl_status allocate(run *r, medtl_error *err)
{
    const size_t parameters = medtl_network_parameter_count(r->network);
    const size_t validation = r->validation_count + 1;
    bool complete = true;

    r->order = malloc(r->train_count * sizeof *r->order);
    r->class_weights = malloc(r->classes * sizeof *r->class_weights);
    r->dlogits = malloc(r->options->batch * r->classes * sizeof *r->dlogits);
    r->logits = malloc(validation * r->classes * sizeof *r->logits);
    r->labels = malloc(validation * sizeof *r->labels);
    r->kept = calloc(parameters + 1, sizeof *r->kept);
    r->history = calloc(r->options->epochs, sizeof *r->history);
    for (size_t i = 0; i < parameters && r->kept != NULL; i++) {
        r->kept[i] = calloc(medtl_network_parameter(r->network, i)->size + 1, sizeof(float));
        complete = complete && r->kept[i] != NULL;
    }
    if (!complete || r->order == NULL || r->class_weights == NULL || r->dlogits == NULL ||
        r->logits == NULL || r->labels == NULL || r->kept == NULL || r->history == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for training");
    return MEDTL_OK;
}

static medtl_status create_pass(run *r, medtl_error *err)
{
    const medtl_train_options *o = r->options;

    if (o->recompute)
        return medtl_trainer_pass_create_recomputing(r->network, o->batch, o->threads, &r->pass,
                                                     err);
    return medtl_trainer_pass_create(r->network, o->batch, o->threads, &r->pass, err);
}

static medtl_status prepare(run *r, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    const medtl_dataset_spec *data = medtl_dataset_get_spec(r->dataset);
    size_t *counts;
    medtl_status status;

    if ((status = check(r, err)) != MEDTL_OK || (status = allocate(r, err)) != MEDTL_OK)
        return status;
    counts = calloc(r->classes, sizeof *counts);
    if (counts == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for training");
    for (size_t i = 0; i < r->train_count; i++)
        counts[data->labels[r->train[i]]]++;
    medtl_class_weights(counts, r->classes, o->class_weights, r->class_weights);
    free(counts);
    for (size_t i = 0; i < r->validation_count; i++)
        r->labels[i] = data->labels[r->validation[i]];
    r->shown = r->train_count >= o->batch ? r->train_count / o->batch * o->batch : r->train_count;
    if ((status = medtl_pool_create(o->threads, &r->pool, err)) != MEDTL_OK ||
        (status = create_pass(r, err)) != MEDTL_OK ||
        (status = medtl_optimizer_create(r->network, &o->optimizer, &r->optimizer, err)) !=
            MEDTL_OK)
        return status;
    return restore(r, err);
}

static medtl_status run_epoch(run *r, medtl_error *err)
{
    medtl_train_epoch *epoch = &r->history[r->progress.done];
    const double start = now();
    medtl_status status;
    bool best = false;

    *epoch = (medtl_train_epoch){.epoch = r->progress.done + 1};
    if ((status = train_epoch(r, epoch, err)) != MEDTL_OK)
        return status;
    medtl_optimizer_swap_average(r->optimizer);
    status = validate(r, epoch, err);
    if (status == MEDTL_OK)
        best = keep_if_best(r, epoch);
    medtl_optimizer_swap_average(r->optimizer);
    if (status != MEDTL_OK)
        return status;
    r->progress.done++;
    epoch->seconds = now() - start;
    if ((status = save(r, err)) != MEDTL_OK)
        return status;
    if (r->watch != NULL && r->watch->epoch != NULL &&
        (status = r->watch->epoch(r->watch->context, r->history, (size_t)r->progress.done, best)) !=
            MEDTL_OK)
        return medtl_fail(err, status, "stopped after epoch %llu",
                          (unsigned long long)epoch->epoch);
    return MEDTL_OK;
}

static void release(run *r)
{
    medtl_trainer_pass_destroy(r->pass);
    medtl_optimizer_destroy(r->optimizer);
    medtl_pool_destroy(r->pool);
    for (size_t i = 0; r->kept != NULL && i < medtl_network_parameter_count(r->network); i++)
        free(r->kept[i]);
    free(r->kept);
    free(r->order);
    free(r->class_weights);
    free(r->dlogits);
    free(r->logits);
    free(r->labels);
    free(r->history);
}

medtl_status medtl_train(medtl_network *network, const medtl_dataset *dataset, const size_t *train,
                         size_t train_count, const size_t *validation, size_t validation_count,
                         const medtl_train_options *options, const medtl_train_watch *watch,
                         medtl_train_result *result, medtl_error *err)
{
    run r = {.network = network,
             .dataset = dataset,
             .train = train,
             .train_count = train_count,
             .validation = validation,
             .validation_count = validation_count,
             .options = options,
             .watch = watch,
             .classes = medtl_dataset_get_spec(dataset)->classes};
    medtl_status status;

    *result = (medtl_train_result){0};
    status = prepare(&r, err);
    while (status == MEDTL_OK && r.progress.done < options->epochs && !options->finish) {
        if (options->stop_after > 0 && r.progress.done >= options->stop_after)
            status = medtl_fail(err, MEDTL_E_CANCELLED, "stopped after epoch %llu as asked",
                                (unsigned long long)r.progress.done);
        else
            status = run_epoch(&r, err);
    }
    if (status == MEDTL_OK && r.progress.chosen == 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "no epoch gave a usable network");
    if (status == MEDTL_OK) {
        for (size_t i = 0; i < medtl_network_parameter_count(network); i++) {
            medtl_parameter *p = medtl_network_parameter(network, i);

            memcpy(p->value, r.kept[i], p->size * sizeof(float));
        }
        *result =
            (medtl_train_result){r.history, (size_t)r.progress.done, (size_t)r.progress.chosen};
        r.history = NULL; /* now the caller's */
    }
    release(&r);
    return status;
}
