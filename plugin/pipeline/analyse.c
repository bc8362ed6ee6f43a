/* Reads, normalises and classifies the images of a run in several threads. A thread decodes one image,
 * keeps its probabilities and drops it; each result has its own place, so threads change nothing but time. */
#include "batch.h"

#include "core/base/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a thread owns: a predictor and an input for each task, made when first needed. */
typedef struct worker {
    medtl_predictor **predictors;
    float **inputs;
} worker;

typedef struct analysis {
    medtl_batch *batch;
    worker *workers;
    size_t worker_count;
    size_t predictor_threads;
} analysis;

/* ---- one image ------------------------------------------------------------------------ */

static medtl_status prepare_worker(analysis *a, worker *self, size_t task, medtl_error *err)
{
    const medtl_pipeline *pipeline = a->batch->pipeline;
    const medtl_normaliser *n = &medtl_pipeline_task(pipeline, task)->normaliser;

    if (self->inputs[task] == NULL)
        self->inputs[task] = calloc((size_t)n->channels * n->height * n->width, sizeof(float));
    if (self->inputs[task] == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an input of %u x %u",
                          (unsigned)n->height, (unsigned)n->width);
    if (self->predictors[task] != NULL)
        return MEDTL_OK;
    return medtl_predictor_create(medtl_pipeline_model(pipeline, task), 1, a->predictor_threads,
                                  &self->predictors[task], err);
}

/* Of its own size: a run may keep hundred thousands. */
static medtl_status keep_whole(const medtl_outline *outline, medtl_outline_kind kind,
                               medtl_frame_result *result, medtl_error *err)
{
    medtl_point *own;

    if (outline->count == 0)
        return MEDTL_OK;
    own = malloc(outline->count * sizeof *own);
    if (own == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an outline");
    memcpy(own, outline->points, outline->count * sizeof *own);
    result->whole = own;
    result->whole_count = outline->count;
    result->whole_kind = kind;
    return MEDTL_OK;
}

static medtl_status classify_frame(worker *self, const medtl_item *item, medtl_frame_result *result,
                                   float *probabilities, medtl_error *err)
{
    const medtl_task *task = item->record.task;
    float *const input = self->inputs[item->task];
    medtl_outline whole;
    medtl_status status =
        medtl_image_read_input(item->instance, result->frame, task->apply_icc_profile,
                               &task->normaliser, input, &result->geometry, &whole, err);

    if (status == MEDTL_OK && task->outlines_lesion)
        status = medtl_lesion_outline(input, &task->normaliser, &result->geometry, &whole, err);
    if (status == MEDTL_OK)
        status =
            keep_whole(&whole, task->outlines_lesion ? MEDTL_OUTLINE_LESION : MEDTL_OUTLINE_BREAST,
                       result, err);
    if (status != MEDTL_OK)
        return status;
    medtl_predictor_run(self->predictors[item->task], input, 1, probabilities);
    result->probabilities = probabilities;
    result->predicted_class = (int)medtl_report_decision(task, probabilities);
    result->above_threshold =
        task->positive_class >= 0 && (double)probabilities[task->positive_class] >= task->threshold;
    return MEDTL_OK;
}

/* The frame that speaks for its image. */
static const medtl_frame_result *most_suspicious(const medtl_item *item)
{
    const int positive = item->record.task->positive_class;
    const medtl_frame_result *best = &item->frames[0];

    for (uint32_t i = 1; i < item->frame_count; i++) {
        const medtl_frame_result *f = &item->frames[i];

        if (f->probabilities[positive >= 0 ? positive : f->predicted_class] >
            best->probabilities[positive >= 0 ? positive : best->predicted_class])
            best = f;
    }
    return best;
}

/* Every frame that the task wants, or none. */
static medtl_status classify(analysis *a, worker *self, medtl_item *item, medtl_error *err)
{
    const size_t classes = item->record.task->class_count;
    medtl_frame_result *frames = calloc(item->frame_count, sizeof *frames);
    float *probabilities = calloc((size_t)item->frame_count * classes, sizeof *probabilities);
    medtl_status status = MEDTL_OK;

    if (frames == NULL || probabilities == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %u frames of %zu classes",
                            (unsigned)item->frame_count, classes);
    if (status == MEDTL_OK && (status = medtl_item_open(a->batch, item, err)) == MEDTL_OK)
        status = prepare_worker(a, self, item->task, err);
    for (uint32_t i = 0; status == MEDTL_OK && i < item->frame_count; i++) {
        frames[i].frame = item->first_frame + i;
        status = i > 0 && atomic_load(&a->batch->cancelled)
                     ? MEDTL_E_CANCELLED
                     : classify_frame(self, item, &frames[i], probabilities + i * classes, err);
    }
    if (status == MEDTL_OK) {
        item->frames = frames;
        item->probabilities = probabilities;
        return medtl_batch_explain(a->batch, item, most_suspicious(item), self->inputs[item->task],
                                   err);
    }
    medtl_frames_destroy(frames, item->frame_count);
    free(probabilities);
    return status;
}

static void record_result(medtl_item *item)
{
    const medtl_frame_result *shown = most_suspicious(item);
    const unsigned frames = item->facts->frames;
    char reason[96] = "";

    item->record.frames = item->frames;
    item->record.frame_count = item->frame_count;
    item->record.frame = shown->frame;
    item->record.geometry = shown->geometry;
    item->record.probabilities = shown->probabilities;
    item->record.predicted_class = shown->predicted_class;
    item->record.above_threshold = shown->above_threshold;
    if (item->frame_count > 1)
        (void)snprintf(reason, sizeof reason, "all of its %u frames; frame %u speaks for them",
                       frames, shown->frame + 1);
    else if (frames > 1 && shown->frame > 0)
        (void)snprintf(reason, sizeof reason, "frame %u of its %u", shown->frame + 1, frames);
    else if (frames > 1)
        (void)snprintf(reason, sizeof reason, "the first of its %u frames", frames);
    medtl_item_decide(item, MEDTL_OUTCOME_ANALYSED, MEDTL_OK, reason);
}

/* Has the job an object whose outcome is open? */
static bool is_open(const medtl_batch *batch, const medtl_job *job)
{
    for (size_t i = job->first_item; i != MEDTL_NONE; i = batch->items[i]->next_copy)
        if (!batch->items[i]->decided)
            return true;
    return false;
}

/* What the report says of an image that could not be analysed. */
static medtl_reason reason_of(medtl_status status)
{
    switch (status) {
    case MEDTL_E_FORMAT:
    case MEDTL_E_NOT_DICOM:
        return MEDTL_REASON_FORMAT;
    case MEDTL_E_UNSUPPORTED:
        return MEDTL_REASON_UNSUPPORTED;
    case MEDTL_E_IO:
        return MEDTL_REASON_UNREADABLE;
    case MEDTL_E_MEMORY:
        return MEDTL_REASON_RESOURCES;
    default:
        return MEDTL_REASON_OTHER;
    }
}

/* The image that stands for this one was analysed. */
static void leave_out(medtl_item *item, const medtl_item *analysed)
{
    char reason[1024];

    if (strcmp(item->sop, analysed->sop) == 0) {
        (void)snprintf(reason, sizeof reason, "the same SOP instance as %.900s", analysed->path);
    } else {
        const bool shown = analysed->facts->intent == MEDTL_INTENT_PRESENTATION;

        (void)snprintf(reason, sizeof reason,
                       "duplicate of %.900s: %s of the same exposure is preferred", analysed->path,
                       shown ? "For Presentation" : "For Processing");
        item->record.duplicate_of = analysed->path;
        item->why_not = MEDTL_REASON_DUPLICATE;
    }
    medtl_item_decide(item, MEDTL_OUTCOME_NOT_TAKEN, MEDTL_OK, reason);
}

/* An object and its copies: the first that can be read is analysed, the rest say so. */
static void run_job(analysis *a, worker *self, medtl_job *job)
{
    medtl_batch *batch = a->batch;

    for (size_t i = job->first_item; i != MEDTL_NONE; i = batch->items[i]->next_copy) {
        medtl_item *item = batch->items[i];
        medtl_error err = {MEDTL_OK, ""};
        medtl_status status;

        if (item->decided)
            continue; /* listed: the report needs its header */
        if (job->analysed_item != MEDTL_NONE) {
            leave_out(item, batch->items[job->analysed_item]);
            if (item->duplicate_of == MEDTL_NONE)
                medtl_item_close(item);
            continue;
        }
        if (atomic_load(&batch->cancelled))
            continue; /* as every record is made: cancelled */
        status = classify(a, self, item, &err);
        if (status == MEDTL_OK) {
            record_result(item);
            job->analysed_item = i;
            continue; /* the report needs its header */
        }
        if (status == MEDTL_E_CANCELLED)
            continue;
        medtl_item_decide(item, MEDTL_OUTCOME_FAILED, err.status, err.message);
        item->why_not = reason_of(err.status);
        /* The report says that it failed, unless a copy stands in. */
        if (i != job->first_item && item->duplicate_of == MEDTL_NONE)
            medtl_item_close(item);
    }
}

static void work(void *context, size_t index, size_t worker_index)
{
    analysis *a = context;
    medtl_batch *batch = a->batch;
    medtl_job *job = &batch->jobs[index];
    medtl_group *group = &batch->groups[job->group];

    if (group->already_reported)
        return;
    if (is_open(batch, job)) {
        run_job(a, &a->workers[worker_index], job);
        medtl_batch_say(batch, MEDTL_PHASE_ANALYSE, MEDTL_NONE, batch->jobs_to_do,
                        batch->items[job->first_item]->path);
    }
    if (atomic_fetch_sub(&group->jobs_left, 1) == 1)
        medtl_batch_report_group(batch, group);
}

/* ---- all of them ---------------------------------------------------------------------- */

static void destroy_workers(analysis *a)
{
    const size_t tasks = medtl_pipeline_task_count(a->batch->pipeline);

    for (size_t w = 0; a->workers != NULL && w < a->worker_count; w++) {
        for (size_t t = 0; t < tasks; t++) {
            if (a->workers[w].predictors != NULL)
                medtl_predictor_destroy(a->workers[w].predictors[t]);
            if (a->workers[w].inputs != NULL)
                free(a->workers[w].inputs[t]);
        }
        free(a->workers[w].predictors);
        free(a->workers[w].inputs);
    }
    free(a->workers);
}

static medtl_status create_workers(analysis *a, medtl_error *err)
{
    const size_t tasks = medtl_pipeline_task_count(a->batch->pipeline);

    a->workers = calloc(a->worker_count, sizeof *a->workers);
    for (size_t w = 0; a->workers != NULL && w < a->worker_count; w++) {
        a->workers[w].predictors = calloc(tasks, sizeof *a->workers[w].predictors);
        a->workers[w].inputs = calloc(tasks, sizeof *a->workers[w].inputs);
        if (a->workers[w].predictors == NULL || a->workers[w].inputs == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu threads",
                              a->worker_count);
    }
    return a->workers != NULL
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu threads", a->worker_count);
}

medtl_status medtl_batch_analyse(medtl_batch *batch, medtl_error *err)
{
    const size_t threads = batch->options.threads;
    analysis a = {batch, NULL, threads, 1};
    medtl_pool *pool = NULL;
    medtl_status status;

    for (size_t j = 0; j < batch->job_count; j++)
        batch->jobs_to_do += !batch->groups[batch->jobs[j].group].already_reported &&
                             is_open(batch, &batch->jobs[j]);
    /* With fewer images than threads, the spare ones work inside the network. */
    if (a.worker_count > batch->jobs_to_do)
        a.worker_count = batch->jobs_to_do > 0 ? batch->jobs_to_do : 1;
    a.predictor_threads = threads / a.worker_count;
    if ((status = create_workers(&a, err)) == MEDTL_OK &&
        (status = medtl_pool_create(a.worker_count, &pool, err)) == MEDTL_OK)
        medtl_pool_for(pool, batch->job_count, work, &a);
    medtl_pool_destroy(pool);
    destroy_workers(&a);
    return status;
}
