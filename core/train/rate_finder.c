#include "rate_finder.h"

#include "core/train/loader.h"
#include "core/train/sampling.h"
#include "train_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double DECAY = 0.98; /* of the smoothed loss */
static const double BEYOND = 4.0; /* times the lowest: the rate is too high from here on */

double medtl_rate_of_step(const medtl_rate_range *range, size_t step)
{
    return range->low * pow(range->high / range->low, (double)step / (double)(range->steps - 1));
}

void medtl_rate_suggest(medtl_rate_finding *f)
{
    size_t lowest = 0;
    double fastest = (double)INFINITY;

    for (size_t i = 1; i < f->count; i++)
        if (f->points[i].smoothed < f->points[lowest].smoothed)
            lowest = i;
    f->tenth = f->points[lowest].rate / 10.0;
    f->steepest = f->points[0].rate;
    for (size_t i = 1; i + 1 < f->count && i <= lowest; i++) {
        const double slope = (f->points[i + 1].smoothed - f->points[i - 1].smoothed) /
                             log(f->points[i + 1].rate / f->points[i - 1].rate);

        if (slope < fastest) {
            fastest = slope;
            f->steepest = f->points[i].rate;
        }
    }
}

typedef struct finder {
    medtl_train_run run;
    const medtl_rate_range *range;
    medtl_rate_finding *out;
    double average, lowest;
    double start;
    bool ended;
} finder;

/* A loss that is no number ends the search; only at its very start it is a failure. */
static medtl_status take_step(finder *f, const medtl_batch *b, medtl_error *err)
{
    const size_t step = f->out->count;
    const double rate = medtl_rate_of_step(f->range, step);
    medtl_rate_point *point = &f->out->points[step];
    medtl_error failure = {0};
    double gradient = 0.0;
    const medtl_status status =
        medtl_train_step_on(&f->run, b, step, rate, &point->loss, &gradient, &failure);

    if (status != MEDTL_OK) {
        f->ended = true;
        if (step >= 2)
            return MEDTL_OK;
        if (err != NULL)
            *err = failure;
        return status;
    }
    f->average = DECAY * f->average + (1.0 - DECAY) * point->loss;
    point->rate = rate;
    point->smoothed = f->average / (1.0 - pow(DECAY, (double)(step + 1)));
    f->out->count++;
    f->lowest = fmin(f->lowest, point->smoothed);
    f->ended = f->out->count == f->range->steps || point->smoothed > BEYOND * f->lowest;
    return MEDTL_OK;
}

static medtl_status tell(const finder *f, medtl_error *err)
{
    const medtl_train_watch *watch = f->run.watch;
    const double seconds = fmax(medtl_train_now() - f->start, 1e-9);
    const medtl_train_step step = {
        .images = f->out->count,
        .total = f->range->steps,
        .loss = f->out->count > 0 ? f->out->points[f->out->count - 1].loss : 0.0,
        .images_per_second = (double)f->out->count / seconds};
    const medtl_status status =
        watch != NULL && watch->step != NULL ? watch->step(watch->context, &step) : MEDTL_OK;

    return status == MEDTL_OK
               ? MEDTL_OK
               : medtl_fail(err, status, "stopped at step %zu of %zu", step.images, step.total);
}

static medtl_status run_epoch(finder *f, uint64_t epoch, medtl_error *err)
{
    medtl_train_run *r = &f->run;
    const medtl_train_options *o = r->options;
    const medtl_loader_spec spec = {.dataset = r->dataset,
                                    .order = r->order,
                                    .count = r->shown,
                                    .batch = o->batch,
                                    .threads = o->loader_threads,
                                    .augment = o->augment,
                                    .mixup = o->mixup,
                                    .seed = o->seed,
                                    .epoch = epoch};
    medtl_loader *loader = NULL;
    medtl_batch b = {0};
    medtl_status status;

    if ((status = medtl_sampling_plan(r->dataset, r->train, r->train_count, o->sampling, o->seed,
                                      epoch, r->order, err)) != MEDTL_OK ||
        (status = medtl_loader_create(&spec, &loader, err)) != MEDTL_OK)
        return status;
    while (!f->ended && (status = medtl_loader_next(loader, &b, err)) == MEDTL_OK && b.count > 0)
        if ((status = take_step(f, &b, err)) != MEDTL_OK || (status = tell(f, err)) != MEDTL_OK)
            break;
    medtl_loader_destroy(loader);
    return status;
}

medtl_status medtl_find_rate(medtl_network *network, const medtl_dataset *dataset,
                             const size_t *train, size_t train_count,
                             const medtl_train_options *options, const medtl_rate_range *range,
                             const medtl_train_watch *watch, medtl_rate_finding *out,
                             medtl_error *err)
{
    medtl_train_options own = *options;
    finder f = {.range = range, .out = out, .lowest = (double)INFINITY, .start = medtl_train_now()};
    medtl_status status;

    memset(out, 0, sizeof *out);
    if (!(range->low > 0.0 && range->low < range->high && isfinite(range->high)) ||
        range->steps < 2)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "no range of rates: %g to %g in %zu steps",
                          range->low, range->high, range->steps);
    own.schedule = MEDTL_SCHEDULE_CONSTANT;
    own.early_stop = 0;
    memset(own.unfreeze.opens, 0, sizeof own.unfreeze.opens); /* what opens late learns, too */
    f.run = (medtl_train_run){.network = network,
                              .dataset = dataset,
                              .train = train,
                              .train_count = train_count,
                              .options = &own,
                              .watch = watch};
    out->points = calloc(range->steps, sizeof *out->points);
    if (out->points == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu steps", range->steps);
    else
        status = medtl_train_prepare(&f.run, err);
    for (uint64_t epoch = 1; status == MEDTL_OK && !f.ended; epoch++)
        status = run_epoch(&f, epoch, err);
    medtl_train_release(&f.run);
    if (status == MEDTL_OK) {
        medtl_rate_suggest(out);
        return MEDTL_OK;
    }
    free(out->points);
    memset(out, 0, sizeof *out);
    return status;
}
