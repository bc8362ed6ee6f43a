#include "predict.h"

#include "progress.h"
#include "sample.h"

#include "core/base/pool.h"
#include "core/nn/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 }; /* images between two looks at progress and Ctrl-C */

typedef struct job {
    const medtl_normaliser *normaliser;
    const labels *table;
    const size_t *rows;
    flip_axes flips;
    size_t classes, pixels, first;
    medtl_predictor **predictors; /* one for each thread */
    float *inputs, *turned;       /* one image for each thread */
    float *view_logits;           /* [views][classes] for each thread */
    float *plain, *flipped;       /* [count][classes] */
    medtl_error *failures;        /* [BLOCK] */
} job;

/* By flip_axes. */
static const medtl_views flip_views[] = {MEDTL_VIEWS_ONE, MEDTL_VIEWS_FLIP_X, MEDTL_VIEWS_FLIP_Y,
                                         MEDTL_VIEWS_FLIPS};

static void average_flips(const job *j, size_t worker, const float *input, const float *plain,
                          float *mean)
{
    const medtl_normaliser *n = j->normaliser;
    const medtl_views views = flip_views[j->flips];
    float *turned = j->turned + worker * j->pixels;
    float *logits = j->view_logits + worker * MEDTL_MOST_VIEWS * j->classes;

    memcpy(logits, plain, j->classes * sizeof *logits);
    for (size_t v = 1; v < medtl_views_count(views); v++) {
        medtl_view_draw(views, v, n->channels, n->height, n->width, input, turned);
        medtl_predictor_run_logits(j->predictors[worker], turned, 1, logits + v * j->classes);
    }
    medtl_views_mean(views, logits, j->classes, mean);
}

static void predict_one(void *context, size_t offset, size_t worker)
{
    job *j = context;
    const size_t index = j->first + offset;
    float *input = j->inputs + worker * j->pixels, *plain = j->plain + index * j->classes;
    medtl_error *failure = &j->failures[offset];

    memset(failure, 0, sizeof *failure);
    failure->status =
        sample_read(&j->table->rows[j->rows[index]], j->normaliser, input, NULL, failure);
    if (failure->status != MEDTL_OK)
        return;
    medtl_predictor_run_logits(j->predictors[worker], input, 1, plain);
    if (j->flips != FLIP_NONE)
        average_flips(j, worker, input, plain, j->flipped + index * j->classes);
}

static void keep(predictions *p, const float *logits, size_t row, size_t classes)
{
    p->rows[p->count] = row;
    memcpy(p->logits + p->count * classes, logits, classes * sizeof *logits);
    p->count++;
}

static medtl_status run(job *j, medtl_pool *pool, size_t count, bool quiet, predictions *plain,
                        predictions *flipped, medtl_error *err)
{
    progress_line line;

    progress_start(&line, quiet);
    for (j->first = 0; j->first < count; j->first += BLOCK) {
        const size_t here = count - j->first < BLOCK ? count - j->first : BLOCK;

        medtl_pool_for(pool, here, predict_one, j);
        for (size_t i = 0; i < here; i++) {
            const size_t index = j->first + i;

            if (j->failures[i].status != MEDTL_OK) {
                progress_end(&line);
                fprintf(stderr, "medtl: not used: %s\n", j->failures[i].message);
                continue;
            }
            keep(plain, j->plain + index * j->classes, j->rows[index], j->classes);
            if (j->flips != FLIP_NONE)
                keep(flipped, j->flipped + index * j->classes, j->rows[index], j->classes);
        }
        progress_show(&line, "images", j->first + here, count, "", -1.0);
        if (stop_wanted()) {
            progress_end(&line);
            return medtl_fail(err, MEDTL_E_CANCELLED, "stopped; nothing was written");
        }
    }
    progress_end(&line);
    return MEDTL_OK;
}

static medtl_status allocate_predictions(size_t count, size_t classes, predictions *p,
                                         medtl_error *err)
{
    p->rows = calloc(count + 1, sizeof *p->rows);
    p->logits = calloc(count * classes + 1, sizeof *p->logits);
    return p->rows != NULL && p->logits != NULL
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", count);
}

static medtl_status allocate(job *j, const medtl_model *model, size_t count, size_t threads,
                             predictions *plain, predictions *flipped, medtl_error *err)
{
    medtl_status status;

    j->predictors = calloc(threads, sizeof *j->predictors);
    j->inputs = calloc(threads * j->pixels, sizeof *j->inputs);
    j->turned = calloc(threads * j->pixels, sizeof *j->turned);
    j->view_logits = calloc(threads * MEDTL_MOST_VIEWS * j->classes, sizeof *j->view_logits);
    j->plain = calloc(count * j->classes + 1, sizeof *j->plain);
    j->flipped = calloc(count * j->classes + 1, sizeof *j->flipped);
    j->failures = calloc(BLOCK, sizeof *j->failures);
    if (j->predictors == NULL || j->inputs == NULL || j->turned == NULL || j->view_logits == NULL ||
        j->plain == NULL || j->flipped == NULL || j->failures == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", count);
    status = allocate_predictions(count, j->classes, plain, err);
    if (status == MEDTL_OK && j->flips != FLIP_NONE)
        status = allocate_predictions(count, j->classes, flipped, err);
    for (size_t i = 0; i < threads && status == MEDTL_OK; i++)
        status = medtl_predictor_create(model, 1, 1, &j->predictors[i], err);
    return status;
}

static void release(job *j, size_t threads)
{
    for (size_t i = 0; j->predictors != NULL && i < threads; i++)
        medtl_predictor_destroy(j->predictors[i]);
    free(j->predictors);
    free(j->inputs);
    free(j->turned);
    free(j->view_logits);
    free(j->plain);
    free(j->flipped);
    free(j->failures);
}

medtl_status predict(const medtl_model *model, const medtl_normaliser *normaliser,
                     const labels *table, const size_t *rows, size_t count, flip_axes flips,
                     size_t threads, bool quiet, predictions *plain, predictions *flipped,
                     medtl_error *err)
{
    const medtl_model_info *info = medtl_model_get_info(model);
    job j = {.normaliser = normaliser,
             .table = table,
             .rows = rows,
             .flips = flips,
             .classes = info->class_count,
             .pixels = (size_t)info->channels * info->height * info->width};
    medtl_pool *pool = NULL;
    medtl_status status;

    memset(plain, 0, sizeof *plain);
    memset(flipped, 0, sizeof *flipped);
    if (normaliser->channels != info->channels || normaliser->height != info->height ||
        normaliser->width != info->width)
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "the model's normaliser does not make its input size");
    if ((status = allocate(&j, model, count, threads, plain, flipped, err)) == MEDTL_OK &&
        (status = medtl_pool_create(threads, &pool, err)) == MEDTL_OK)
        status = run(&j, pool, count, quiet, plain, flipped, err);
    medtl_pool_destroy(pool);
    release(&j, threads);
    return status;
}

void predictions_clear(predictions *p)
{
    free(p->rows);
    free(p->logits);
    memset(p, 0, sizeof *p);
}
