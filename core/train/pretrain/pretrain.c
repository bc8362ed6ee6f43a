#include "run.h"

#include "core/train/loader.h"
#include "core/train/sampling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TURNS = 4 };

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
            const size_t from[TURNS] = {y * side + x, x * side + back_y, back_y * side + back_x,
                                        back_x * side + y};

            out[y * side + x] = in[from[turns]];
        }
}

/* Every image of the batch, turned as the generator says, with the number of turns as its label. */
static void turn_batch(pretrain_run *run, const medtl_batch *b, size_t step)
{
    const medtl_dataset_spec *data = medtl_dataset_get_spec(run->images);
    const size_t side = data->height, plane = side * side;
    medtl_random root, random;

    medtl_random_seed(&root, ~run->options->seed);
    medtl_random_fork(&root, step, &random);
    memset(run->turn_targets, 0, b->count * TURNS * sizeof *run->turn_targets);
    for (size_t i = 0; i < b->count; i++) {
        const size_t turns = medtl_random_below(&random, TURNS);

        run->turn_targets[i * TURNS + turns] = 1.0f;
        for (size_t c = 0; c < data->channels; c++)
            turn_plane(b->input + (i * data->channels + c) * plane, side, turns,
                       run->turned + (i * data->channels + c) * plane);
    }
}

/* ---- one epoch -------------------------------------------------------------------------- */

static medtl_status learn(pretrain_run *run, const medtl_batch *b, medtl_pretrain_epoch *epoch,
                          medtl_error *err)
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

static medtl_status tell_step(const pretrain_run *run, const medtl_pretrain_epoch *epoch,
                              size_t from, double start)
{
    const size_t batch = run->options->learner.batch, done = (size_t)run->progress.batches;
    const medtl_pretrain_step step = {.epoch = (size_t)epoch->epoch,
                                      .epochs = run->options->epochs,
                                      .images = done * batch,
                                      .total = run->batches * batch,
                                      .loss = epoch->loss / (double)done,
                                      .rate = epoch->rate,
                                      .images_per_second = (double)((done - from) * batch) /
                                                           fmax(pretrain_now() - start, 1e-9)};

    if (run->watch == NULL || run->watch->step == NULL)
        return MEDTL_OK;
    return run->watch->step(run->watch->context, &step);
}

/* After each step: the checkpoint, if it is time for one or the run is to stop. */
static medtl_status after_step(pretrain_run *run, const medtl_pretrain_epoch *epoch, size_t from,
                               double start, medtl_error *err)
{
    const medtl_status wish = tell_step(run, epoch, from, start);
    medtl_status status = MEDTL_OK;

    if (wish != MEDTL_OK || pretrain_now() - run->saved >= run->options->checkpoint_seconds)
        status = pretrain_save(run, err);
    if (status == MEDTL_OK && wish != MEDTL_OK)
        status = medtl_fail(err, wish, "stopped in epoch %llu of %zu",
                            (unsigned long long)epoch->epoch, run->options->epochs);
    return status;
}

/* The epoch's images in batches of views: all first views of a batch, then all second ones. */
static medtl_status plan_epoch(pretrain_run *run, uint64_t epoch, medtl_error *err)
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

static medtl_status learn_epoch(pretrain_run *run, medtl_pretrain_epoch *epoch, medtl_error *err)
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
    const double start = pretrain_now();
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

/* ---- the run ---------------------------------------------------------------------------- */

/* Keep these weights if they are the best so far; without a probe the last are the best. */
static bool keep_if_best(pretrain_run *run, const medtl_pretrain_epoch *epoch)
{
    const double score = run->probe->dataset != NULL ? epoch->probe_auc : (double)epoch->epoch;

    if (!isfinite(score) || (run->progress.chosen > 0 && score <= run->progress.best))
        return false;
    run->progress.best = score;
    run->progress.chosen = epoch->epoch;
    for (size_t i = 0; i < medtl_network_parameter_count(run->network); i++) {
        const medtl_parameter *p = medtl_network_parameter(run->network, i);

        if (run->kept[i] != NULL)
            memcpy(run->kept[i], p->value, p->size * sizeof(float));
    }
    return true;
}

static medtl_status run_epoch(pretrain_run *run, medtl_error *err)
{
    const medtl_pretrain_options *o = run->options;
    const uint64_t number = run->progress.done + 1;
    medtl_pretrain_epoch *epoch = &run->history[run->progress.done];
    const double start = pretrain_now();
    medtl_status status = MEDTL_OK;
    bool best;

    if (run->progress.batches == 0)
        *epoch = (medtl_pretrain_epoch){.epoch = number};
    if ((status = learn_epoch(run, epoch, err)) != MEDTL_OK)
        return status;
    epoch->loss /= (double)run->batches;
    epoch->gradient /= (double)run->batches;
    epoch->spread /= (double)run->batches;
    epoch->probe_auc = epoch->probe_accuracy = epoch->probe_balanced_accuracy = (double)NAN;
    if (run->probe->dataset != NULL && (number % o->probe_every == 0 || number == o->epochs))
        status = pretrain_ask_probe(run, epoch, err);
    if (status != MEDTL_OK)
        return status;
    best = keep_if_best(run, epoch);
    run->progress.done++;
    run->progress.batches = 0;
    epoch->seconds = pretrain_now() - start;
    if (run->watch != NULL && run->watch->epoch != NULL)
        status =
            run->watch->epoch(run->watch->context, run->history, (size_t)run->progress.done, best);
    if (status != MEDTL_OK || run->progress.done == o->epochs) {
        const medtl_status saved = pretrain_save(run, err);

        if (saved != MEDTL_OK)
            return saved;
    }
    return status == MEDTL_OK ? MEDTL_OK
                              : medtl_fail(err, status, "stopped after epoch %llu",
                                           (unsigned long long)epoch->epoch);
}

static medtl_status check_probe(const pretrain_run *run, medtl_error *err)
{
    const medtl_probe *probe = run->probe;
    const medtl_dataset_spec *data, *images = medtl_dataset_get_spec(run->images);
    size_t differ = 0;

    if (probe->dataset == NULL)
        return MEDTL_OK;
    data = medtl_dataset_get_spec(probe->dataset);
    if (run->options->probe_every == 0 || run->options->neighbours == 0 ||
        !(run->options->probe_temperature > 0.0))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "impossible options of the probe");
    if (data->channels != images->channels || data->height != images->height ||
        data->width != images->width)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "the probe's images are of another size");
    for (size_t i = 1; i < probe->count; i++)
        differ += data->labels[probe->indices[i]] != data->labels[probe->indices[0]];
    return differ > 0 ? MEDTL_OK
                      : medtl_fail(err, MEDTL_E_ARGUMENT,
                                   "the probe's %zu images are all of one class: nothing to choose "
                                   "by",
                                   probe->count);
}

static medtl_status check(const pretrain_run *run, medtl_error *err)
{
    const medtl_pretrain_options *o = run->options;
    const medtl_dataset_spec *data = medtl_dataset_get_spec(run->images);
    const medtl_network_spec *trunk = &o->learner.trunk;

    if (o->epochs == 0 || o->learner.batch == 0 || o->loader_threads == 0 || !(o->rate >= 0.0) ||
        !(o->checkpoint_seconds >= 0.0) || o->optimizer.average != 0.0 ||
        !(o->learner.pretext.momentum >= 0.0 && o->learner.pretext.momentum <= 1.0))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "impossible pretraining options");
    if (trunk->channels != data->channels || trunk->height != data->height ||
        trunk->width_px != data->width)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "network and images differ in size");
    if (run->count < o->learner.batch)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "%zu images are too few for batches of %zu (a smaller batch may help)",
                          run->count, o->learner.batch);
    if (o->learner.pretext.kind == MEDTL_PRETEXT_ROTATION &&
        (data->height != data->width || trunk->classes != TURNS))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "quarter turns ask for square inputs and 4 classes, not %zu x %zu and %u",
                          data->height, data->width, (unsigned)trunk->classes);
    if (o->learner.pretext.kind == MEDTL_PRETEXT_LABELS && trunk->classes != data->classes)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "the network has %u classes, the images %zu",
                          (unsigned)trunk->classes, data->classes);
    return check_probe(run, err);
}

static medtl_status allocate(pretrain_run *run, medtl_error *err)
{
    const size_t parameters = medtl_network_parameter_count(run->network);
    const size_t batch = run->options->learner.batch;
    bool complete = true;

    run->order = malloc(run->count * sizeof *run->order);
    run->places = malloc(run->batches * run->views * batch * sizeof *run->places);
    run->turned = malloc(batch * medtl_dataset_pixels(run->images) * sizeof *run->turned);
    run->turn_targets = malloc(batch * TURNS * sizeof *run->turn_targets);
    run->kept = calloc(parameters + 1, sizeof *run->kept);
    run->history = calloc(run->options->epochs, sizeof *run->history);
    for (size_t i = 0; i < parameters && run->kept != NULL; i++) {
        const medtl_parameter *p = medtl_network_parameter(run->network, i);

        if (!medtl_pretext_in_trunk(run->network, p))
            continue;
        run->kept[i] = calloc(p->size + 1, sizeof(float));
        complete = complete && run->kept[i] != NULL;
    }
    if (!complete || run->order == NULL || run->places == NULL || run->turned == NULL ||
        run->turn_targets == NULL || run->kept == NULL || run->history == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for pretraining");
    return MEDTL_OK;
}

static medtl_status prepare(pretrain_run *run, medtl_error *err)
{
    const medtl_pretrain_options *o = run->options;
    medtl_status status;

    if ((status = check(run, err)) != MEDTL_OK)
        return status;
    run->batches = run->count / o->learner.batch;
    run->views = medtl_pretext_has_views(o->learner.pretext.kind) ? 2 : 1;
    if ((status = allocate(run, err)) != MEDTL_OK ||
        (status = medtl_pool_create(o->learner.threads, &run->pool, err)) != MEDTL_OK ||
        (status = medtl_optimizer_create(run->network, &o->optimizer, &run->optimizer, err)) !=
            MEDTL_OK)
        return status;
    medtl_learner_follow(run->learner, 0.0); /* the weights may be other ones by now */
    run->saved = pretrain_now();
    return pretrain_restore(run, err);
}

static void release(pretrain_run *run)
{
    for (size_t i = 0; run->kept != NULL && i < medtl_network_parameter_count(run->network); i++)
        free(run->kept[i]);
    free(run->kept);
    free(run->order);
    free(run->places);
    free(run->turned);
    free(run->turn_targets);
    free(run->history);
    medtl_optimizer_destroy(run->optimizer);
    medtl_pool_destroy(run->pool);
}

medtl_status medtl_pretrain(medtl_learner *learner, const medtl_dataset *images,
                            const size_t *indices, size_t count, const medtl_probe *probe,
                            const medtl_pretrain_options *options,
                            const medtl_pretrain_watch *watch, medtl_pretrain_result *result,
                            medtl_error *err)
{
    static const medtl_probe none = {0};
    pretrain_run run = {.learner = learner,
                        .network = medtl_learner_network(learner),
                        .images = images,
                        .indices = indices,
                        .count = count,
                        .probe = probe != NULL ? probe : &none,
                        .options = options,
                        .watch = watch};
    medtl_status status;

    *result = (medtl_pretrain_result){0};
    status = prepare(&run, err);
    while (status == MEDTL_OK && run.progress.done < options->epochs && !options->finish)
        status = run_epoch(&run, err);
    if (status == MEDTL_OK && run.progress.chosen == 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "no epoch gave usable weights yet");
    if (status == MEDTL_OK) {
        for (size_t i = 0; i < medtl_network_parameter_count(run.network); i++) {
            medtl_parameter *p = medtl_network_parameter(run.network, i);

            if (run.kept[i] != NULL)
                memcpy(p->value, run.kept[i], p->size * sizeof(float));
        }
        *result = (medtl_pretrain_result){run.history, (size_t)run.progress.done,
                                          (size_t)run.progress.chosen};
        run.history = NULL; /* now the caller's */
    }
    release(&run);
    return status;
}
