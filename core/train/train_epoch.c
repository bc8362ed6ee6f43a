/* One epoch: batches, the loss and its gradient, steps. */
#include "core/base/random.h"
#include "core/train/loader.h"
#include "core/train/sampling.h"
#include "train_parts.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

double medtl_train_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

size_t medtl_train_batches(const medtl_train_run *r)
{
    return (r->shown + r->options->batch - 1) / r->options->batch;
}

/* Stages that are not open yet cost no backward pass; their norms stand still where that is asked for. */
static void open_stages(medtl_train_run *r)
{
    const uint32_t stage = medtl_optimizer_open_stage(r->optimizer);

    if (stage == r->open_stage)
        return;
    r->open_stage = stage;
    medtl_trainer_pass_train_from(r->pass, stage);
    if (r->options->freeze_norms)
        medtl_trainer_pass_freeze_norms(r->pass, stage);
}

/* The logits as the loss shall see them. */
static const float *adjust(const medtl_train_run *r, const float *logits, size_t count)
{
    if (r->options->logit_adjustment == 0.0)
        return logits;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < r->classes; k++)
            r->adjusted[i * r->classes + k] = logits[i * r->classes + k] + r->shifts[k];
    return r->adjusted;
}

medtl_status medtl_train_step_on(medtl_train_run *r, const medtl_batch *b, size_t step, double rate,
                                 double *loss, double *gradient, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    const medtl_loss_options how = {o->loss, r->class_weights, o->label_smoothing, o->focal_gamma};
    medtl_random root, dropout;
    const float *logits;

    open_stages(r);
    medtl_random_seed(&root, ~o->seed); /* not the order's and the augmentation's generators */
    medtl_random_fork(&root, step, &dropout);
    logits = medtl_trainer_pass_forward(r->pass, b->input, b->count, medtl_random_bits(&dropout));
    *loss =
        medtl_loss(&how, adjust(r, logits, b->count), b->targets, b->count, r->classes, r->dlogits);
    medtl_trainer_pass_backward(r->pass, r->dlogits);
    *gradient = medtl_optimizer_gradient_norm(r->optimizer, r->pass);
    if (!isfinite(*loss) || !isfinite(*gradient))
        return medtl_fail(
            err, MEDTL_E_ARGUMENT,
            "training diverged in step %zu at learning rate %g: loss %g, gradient %g; "
            "a lower learning rate may help",
            step + 1, rate, *loss, *gradient);
    medtl_optimizer_step(r->optimizer, r->pass, rate, *gradient, r->pool);
    return MEDTL_OK;
}

double medtl_train_epoch_factor(const medtl_train_run *r)
{
    const medtl_train_options *o = r->options;
    const size_t done = (size_t)r->progress.done;

    if (o->schedule == MEDTL_SCHEDULE_STEP)
        return medtl_schedule_step(done, o->step_epochs, o->step_factor);
    if (o->schedule != MEDTL_SCHEDULE_PLATEAU)
        return 1.0;
    for (size_t i = 0; i < done; i++)
        r->losses[i] = r->history[i].validation_loss;
    return medtl_schedule_plateau(r->losses, done, o->step_factor, o->patience);
}

/* One step of an epoch, at the rate that the schedule gives it. */
static medtl_status train_batch(medtl_train_run *r, const medtl_batch *b, size_t step,
                                double epoch_factor, medtl_train_epoch *epoch, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    const size_t steps = o->epochs * medtl_train_batches(r);
    const size_t warmup = (size_t)(o->warmup * (double)steps / (double)o->epochs);
    double loss = 0.0, gradient = 0.0;
    medtl_status status;

    epoch->rate = o->rate * epoch_factor * medtl_schedule_factor(o->schedule, step, steps, warmup);
    status = medtl_train_step_on(r, b, step, epoch->rate, &loss, &gradient, err);
    epoch->loss += loss;
    epoch->gradient += gradient;
    return status;
}

static medtl_status tell_step(const medtl_train_run *r, const medtl_train_epoch *epoch,
                              size_t images, size_t batches, double start, medtl_error *err)
{
    const medtl_train_step step = {.epoch = (size_t)epoch->epoch,
                                   .epochs = r->options->epochs,
                                   .images = images,
                                   .total = r->shown,
                                   .loss = epoch->loss / (double)batches,
                                   .images_per_second =
                                       (double)images / fmax(medtl_train_now() - start, 1e-9)};
    medtl_status status = MEDTL_OK;

    if (r->watch != NULL && r->watch->step != NULL)
        status = r->watch->step(r->watch->context, &step);
    return status == MEDTL_OK
               ? MEDTL_OK
               : medtl_fail(err, status, "stopped in epoch %zu of %zu", step.epoch, step.epochs);
}

medtl_status medtl_train_run_steps(medtl_train_run *r, medtl_train_epoch *epoch, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    const size_t batches = medtl_train_batches(r);
    const double factor = medtl_train_epoch_factor(r);
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
    const double start = medtl_train_now();

    if ((status = medtl_sampling_plan(r->dataset, r->train, r->train_count, o->sampling, o->seed,
                                      epoch->epoch, r->order, err)) != MEDTL_OK ||
        (status = medtl_loader_create(&spec, &loader, err)) != MEDTL_OK)
        return status;
    while ((status = medtl_loader_next(loader, &b, err)) == MEDTL_OK && b.count > 0) {
        const size_t step = (size_t)(epoch->epoch - 1) * batches + batch;

        status = train_batch(r, &b, step, factor, epoch, err);
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
    return status;
}
