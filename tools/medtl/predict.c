#include "predict.h"

#include "progress.h"
#include "sample.h"

#include "core/base/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 }; /* images between two looks at progress and Ctrl-C */

typedef struct job {
    const medtl_normaliser *normaliser;
    const labels *table;
    const size_t *rows;
    size_t classes, pixels, first;
    medtl_predictor **predictors; /* one for each thread */
    float *inputs;                /* one image for each thread */
    float *logits;                /* [count][classes] */
    medtl_fingerprint *prints;    /* [count]; NULL: not wanted */
    medtl_error *failures;        /* [BLOCK] */
} job;

static void predict_one(void *context, size_t offset, size_t worker)
{
    job *j = context;
    const size_t index = j->first + offset;
    float *input = j->inputs + worker * j->pixels;
    medtl_error *failure = &j->failures[offset];

    memset(failure, 0, sizeof *failure);
    failure->status = sample_read_print(&j->table->rows[j->rows[index]], j->normaliser, input, NULL,
                                        j->prints != NULL ? &j->prints[index] : NULL, failure);
    if (failure->status == MEDTL_OK)
        medtl_predictor_run_logits(j->predictors[worker], input, 1, j->logits + index * j->classes);
}

/* Results move to the front, past those of files that could not be read. */
static void keep(const job *j, size_t index, predictions *p)
{
    p->rows[p->count] = j->rows[index];
    memcpy(p->logits + p->count * j->classes, j->logits + index * j->classes,
           j->classes * sizeof *p->logits);
    if (j->prints != NULL)
        p->prints[p->count] = j->prints[index];
    p->count++;
}

static medtl_status run(job *j, medtl_pool *pool, size_t count, bool quiet, predictions *out,
                        medtl_error *err)
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
            keep(j, index, out);
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

static medtl_status allocate(job *j, const medtl_model *model, size_t count,
                             const predict_options *options, predictions *out, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    j->predictors = calloc(options->threads, sizeof *j->predictors);
    j->inputs = calloc(options->threads * j->pixels, sizeof *j->inputs);
    j->logits = calloc(count * j->classes + 1, sizeof *j->logits);
    j->failures = calloc(BLOCK, sizeof *j->failures);
    out->rows = calloc(count + 1, sizeof *out->rows);
    out->logits = calloc(count * j->classes + 1, sizeof *out->logits);
    if (options->prints) {
        j->prints = calloc(count + 1, sizeof *j->prints);
        out->prints = calloc(count + 1, sizeof *out->prints);
    }
    if (j->predictors == NULL || j->inputs == NULL || j->logits == NULL || j->failures == NULL ||
        out->rows == NULL || out->logits == NULL ||
        (options->prints && (j->prints == NULL || out->prints == NULL)))
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", count);
    for (size_t i = 0; i < options->threads && status == MEDTL_OK; i++)
        status = medtl_predictor_create(model, 1, 1, &j->predictors[i], err);
    return status;
}

static void release(job *j, size_t threads)
{
    for (size_t i = 0; j->predictors != NULL && i < threads; i++)
        medtl_predictor_destroy(j->predictors[i]);
    free(j->predictors);
    free(j->inputs);
    free(j->logits);
    free(j->prints);
    free(j->failures);
}

medtl_status predict(const medtl_model *model, const medtl_normaliser *normaliser,
                     const labels *table, const size_t *rows, size_t count,
                     const predict_options *options, predictions *out, medtl_error *err)
{
    const medtl_model_info *info = medtl_model_get_info(model);
    job j = {.normaliser = normaliser,
             .table = table,
             .rows = rows,
             .classes = info->class_count,
             .pixels = (size_t)info->channels * info->height * info->width};
    medtl_pool *pool = NULL;
    medtl_status status;

    memset(out, 0, sizeof *out);
    if (normaliser->channels != info->channels || normaliser->height != info->height ||
        normaliser->width != info->width)
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "the model's normaliser does not make its input size");
    if ((status = allocate(&j, model, count, options, out, err)) == MEDTL_OK &&
        (status = medtl_pool_create(options->threads, &pool, err)) == MEDTL_OK)
        status = run(&j, pool, count, options->quiet, out, err);
    medtl_pool_destroy(pool);
    release(&j, options->threads);
    return status;
}

void predictions_clear(predictions *p)
{
    free(p->rows);
    free(p->logits);
    free(p->prints);
    memset(p, 0, sizeof *p);
}
