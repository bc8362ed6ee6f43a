#include "run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Keep these weights if they are the best so far; without a probe the last are the best. */
static bool keep_if_best(medtl_pretrain_run *run, const medtl_pretrain_epoch *epoch)
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

static medtl_status run_epoch(medtl_pretrain_run *run, medtl_error *err)
{
    const medtl_pretrain_options *o = run->options;
    const uint64_t number = run->progress.done + 1;
    medtl_pretrain_epoch *epoch = &run->history[run->progress.done];
    const double start = medtl_pretrain_now();
    medtl_status status = MEDTL_OK;
    bool best;

    if (run->progress.batches == 0)
        *epoch = (medtl_pretrain_epoch){.epoch = number};
    if ((status = medtl_pretrain_learn_epoch(run, epoch, err)) != MEDTL_OK)
        return status;
    epoch->loss /= (double)run->batches;
    epoch->gradient /= (double)run->batches;
    epoch->spread /= (double)run->batches;
    epoch->probe_auc = epoch->probe_accuracy = epoch->probe_balanced_accuracy = (double)NAN;
    if (run->probe->dataset != NULL && (number % o->probe_every == 0 || number == o->epochs))
        status = medtl_pretrain_ask_probe(run, epoch, err);
    if (status != MEDTL_OK)
        return status;
    best = keep_if_best(run, epoch);
    run->progress.done++;
    run->progress.batches = 0;
    epoch->seconds = medtl_pretrain_now() - start;
    if (run->watch != NULL && run->watch->epoch != NULL)
        status =
            run->watch->epoch(run->watch->context, run->history, (size_t)run->progress.done, best);
    if (status != MEDTL_OK || run->progress.done == o->epochs) {
        const medtl_status saved = medtl_pretrain_save(run, err);

        if (saved != MEDTL_OK)
            return saved;
    }
    return status == MEDTL_OK ? MEDTL_OK
                              : medtl_fail(err, status, "stopped after epoch %llu",
                                           (unsigned long long)epoch->epoch);
}

static medtl_status check_probe(const medtl_pretrain_run *run, medtl_error *err)
{
    const medtl_probe *probe = run->probe;
    const medtl_dataset_spec *data, *images = medtl_dataset_get_spec(run->images);
    size_t differ = 0, others = 0;

    if (probe->dataset == NULL)
        return MEDTL_OK;
    data = medtl_dataset_get_spec(probe->dataset);
    if (run->options->probe_every == 0 || run->options->neighbours == 0 ||
        !(run->options->probe_temperature > 0.0))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "impossible options of the probe");
    if (data->channels != images->channels || data->height != images->height ||
        data->width != images->width)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "the probe's images are of another size");
    for (size_t i = 1; i < probe->count; i++) {
        differ += data->labels[probe->indices[i]] != data->labels[probe->indices[0]];
        others += probe->groups[i] != probe->groups[0];
    }
    if (differ == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "the probe's %zu images are all of one class: nothing to choose by",
                          probe->count);
    return others > 0 ? MEDTL_OK
                      : medtl_fail(err, MEDTL_E_ARGUMENT,
                                   "the probe's %zu images are all of one group: neighbours to "
                                   "ask are of other groups",
                                   probe->count);
}

static medtl_status check(const medtl_pretrain_run *run, medtl_error *err)
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
        (data->height != data->width || trunk->classes != MEDTL_PRETRAIN_TURNS))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "quarter turns ask for square inputs and 4 classes, not %zu x %zu and %u",
                          data->height, data->width, (unsigned)trunk->classes);
    if (o->learner.pretext.kind == MEDTL_PRETEXT_LABELS && trunk->classes != data->classes)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "the network has %u classes, the images %zu",
                          (unsigned)trunk->classes, data->classes);
    return check_probe(run, err);
}

static medtl_status allocate(medtl_pretrain_run *run, medtl_error *err)
{
    const size_t parameters = medtl_network_parameter_count(run->network);
    const size_t batch = run->options->learner.batch;
    bool complete = true;

    run->order = malloc(run->count * sizeof *run->order);
    run->places = malloc(run->batches * run->views * batch * sizeof *run->places);
    run->turned = malloc(batch * medtl_dataset_pixels(run->images) * sizeof *run->turned);
    run->turn_targets = malloc(batch * MEDTL_PRETRAIN_TURNS * sizeof *run->turn_targets);
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

static medtl_status prepare(medtl_pretrain_run *run, medtl_error *err)
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
    run->saved = medtl_pretrain_now();
    return medtl_pretrain_restore(run, err);
}

/* Finished before the first probe was due: ask it now. The weights may be some steps beyond the last whole epoch. */
static medtl_status ask_late(medtl_pretrain_run *run, medtl_error *err)
{
    medtl_pretrain_epoch *last;
    medtl_status status;

    if (run->progress.done == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "no epoch is done yet: there is nothing to keep");
    if (run->probe->dataset == NULL)
        return MEDTL_OK;
    last = &run->history[run->progress.done - 1];
    status = medtl_pretrain_ask_probe(run, last, err);
    if (status == MEDTL_OK)
        (void)keep_if_best(run, last);
    return status;
}

static void release(medtl_pretrain_run *run)
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
    medtl_pretrain_run run = {.learner = learner,
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
    if (status == MEDTL_OK && options->finish && run.progress.chosen == 0)
        status = ask_late(&run, err);
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
