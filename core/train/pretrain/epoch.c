/* One epoch: its batches of views, a step for each, and a checkpoint when it is time for one. */
#include "run.h"

#include "core/train/loader.h"
#include "core/train/sampling.h"

#include <math.h>
#include <string.h>

double medtl_byol_momentum(double base, size_t step, size_t steps)
{
    const double part = steps > 1 ? (double)step / (double)(steps - 1) : 1.0;

    return 1.0 - (1.0 - base) * 0.5 * (1.0 + cos(3.14159265358979323846 * part));
}

/* ---- quarter turns ---------------------------------------------------------------------- */

/* `turns` quarter turns against the clock of a square plane. */
static void turn_plane(const float *in, size_t side, size_t turns, float *out)
{
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++) {
            const size_t back_x = side - 1 - x, back_y = side - 1 - y;
            const size_t from[MEDTL_PRETRAIN_TURNS] = {y * side + x, x * side + back_y,
                                                       back_y * side + back_x, back_x * side + y};

            out[y * side + x] = in[from[turns]];
        }
}

/* Every image of the batch, turned as the generator says, with the number of turns as its label. */
static void turn_batch(medtl_pretrain_run *run, const medtl_batch *b, size_t step)
{
    const medtl_dataset_spec *data = medtl_dataset_get_spec(run->images);
    const size_t side = data->height, plane = side * side;
    medtl_random root, random;

    medtl_random_seed(&root, ~run->options->seed);
    medtl_random_fork(&root, step, &random);
    memset(run->turn_targets, 0, b->count * MEDTL_PRETRAIN_TURNS * sizeof *run->turn_targets);
    for (size_t i = 0; i < b->count; i++) {
        const size_t turns = medtl_random_below(&random, MEDTL_PRETRAIN_TURNS);

        run->turn_targets[i * MEDTL_PRETRAIN_TURNS + turns] = 1.0f;
        for (size_t c = 0; c < data->channels; c++)
            turn_plane(b->input + (i * data->channels + c) * plane, side, turns,
                       run->turned + (i * data->channels + c) * plane);
    }
}

/* ---- one epoch -------------------------------------------------------------------------- */

static medtl_status learn(medtl_pretrain_run *run, const medtl_batch *b,
                          medtl_pretrain_epoch *epoch, medtl_error *err)
{
    const medtl_pretrain_options *o = run->options;
    const size_t steps = o->epochs * run->batches;
    const size_t step = (size_t)run->progress.done * run->batches + (size_t)run->progress.batches;
    const size_t warmup = (size_t)(o->warmup * (double)run->batches);
    const bool turns = o->learner.pretext.kind == MEDTL_PRETEXT_ROTATION;
    double loss, norm, spread = 0.0;

    if (turns)
        turn_batch(run, b, step);
    loss =
        medtl_learner_step(run->learner, turns ? run->turned : b->input,
                           turns ? run->turn_targets : b->targets, b->count / run->views, &spread);
    norm = medtl_optimizer_gradient_norm(run->optimizer, medtl_learner_pass(run->learner));
    if (!isfinite(loss) || !isfinite(norm))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "pretraining diverged in epoch %llu, step %zu of %zu: loss %g, gradient "
                          "%g; a lower learning rate may help",
                          (unsigned long long)epoch->epoch, step + 1, steps, loss, norm);
    epoch->rate = o->rate * medtl_schedule_factor(o->schedule, step, steps, warmup);
    medtl_optimizer_step(run->optimizer, medtl_learner_pass(run->learner), epoch->rate, norm,
                         run->pool);
    medtl_learner_follow(run->learner,
                         medtl_byol_momentum(o->learner.pretext.momentum, step, steps));
    epoch->loss += loss;
    epoch->gradient += norm;
    epoch->spread += spread;
    run->progress.batches++;
    return MEDTL_OK;
}

static medtl_status tell_step(const medtl_pretrain_run *run, const medtl_pretrain_epoch *epoch,
                              size_t from, double start)
{
    const size_t batch = run->options->learner.batch, done = (size_t)run->progress.batches;
    const medtl_pretrain_step step = {.epoch = (size_t)epoch->epoch,
                                      .epochs = run->options->epochs,
                                      .images = done * batch,
                                      .total = run->batches * batch,
                                      .loss = epoch->loss / (double)done,
                                      .rate = epoch->rate,
                                      .images_per_second =
                                          (double)((done - from) * batch) /
                                          fmax(medtl_pretrain_now() - start, 1e-9)};

    if (run->watch == NULL || run->watch->step == NULL)
        return MEDTL_OK;
    return run->watch->step(run->watch->context, &step);
}

/* After each step: the checkpoint, if it is time for one or the run is to stop. */
static medtl_status after_step(medtl_pretrain_run *run, const medtl_pretrain_epoch *epoch,
                               size_t from, double start, medtl_error *err)
{
    const medtl_status wish = tell_step(run, epoch, from, start);
    medtl_status status = MEDTL_OK;

    if (wish != MEDTL_OK || medtl_pretrain_now() - run->saved >= run->options->checkpoint_seconds)
        status = medtl_pretrain_save(run, err);
    if (status == MEDTL_OK && wish != MEDTL_OK)
        status = medtl_fail(err, wish, "stopped in epoch %llu of %zu",
                            (unsigned long long)epoch->epoch, run->options->epochs);
    return status;
}

/* The epoch's images in batches of views: all first views of a batch, then all second ones. */
static medtl_status plan_epoch(medtl_pretrain_run *run, uint64_t epoch, medtl_error *err)
{
    const size_t batch = run->options->learner.batch;
    const medtl_status status = medtl_sampling_plan(run->images, run->indices, run->count, 0.0,
                                                    run->options->seed, epoch, run->order, err);

    for (size_t b = 0; b < run->batches && status == MEDTL_OK; b++)
        for (size_t v = 0; v < run->views; v++)
            memcpy(run->places + (b * run->views + v) * batch, run->order + b * batch,
                   batch * sizeof *run->places);
    return status;
}

medtl_status medtl_pretrain_learn_epoch(medtl_pretrain_run *run, medtl_pretrain_epoch *epoch,
                                        medtl_error *err)
{
    const medtl_pretrain_options *o = run->options;
    const size_t in_batch = run->views * o->learner.batch;
    const medtl_loader_spec spec = {.dataset = run->images,
                                    .order = run->places,
                                    .count = run->batches * in_batch,
                                    .batch = in_batch,
                                    .done = (size_t)run->progress.batches,
                                    .threads = o->loader_threads,
                                    .augment = o->augment,
                                    .seed = o->seed,
                                    .epoch = epoch->epoch};
    const size_t from = (size_t)run->progress.batches;
    const double start = medtl_pretrain_now();
    medtl_loader *loader = NULL;
    medtl_batch b = {0};
    medtl_status status;

    if ((status = plan_epoch(run, epoch->epoch, err)) != MEDTL_OK ||
        (status = medtl_loader_create(&spec, &loader, err)) != MEDTL_OK)
        return status;
    while ((status = medtl_loader_next(loader, &b, err)) == MEDTL_OK && b.count > 0)
        if ((status = learn(run, &b, epoch, err)) != MEDTL_OK ||
            (status = after_step(run, epoch, from, start, err)) != MEDTL_OK)
            break;
    medtl_loader_destroy(loader);
    return status;
}
