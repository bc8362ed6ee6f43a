#include "made_up_pipeline.h"

#include "plugin/pipeline/pipeline.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_OBJECTS = 64, NAME_SIZE = 64 };

struct medtl_pipeline {
    int unused;
};

struct medtl_batch {
    const medtl_pipeline *pipeline;
    char names[MOST_OBJECTS][NAME_SIZE];
    size_t count;
    atomic_bool cancelled;
    medtl_record records[MOST_OBJECTS];
    medtl_report_record report;
    size_t report_count;
    char uid[MEDTL_UID_SIZE];
};

static atomic_int alive;
static atomic_bool gate_open;
static uint32_t isolated_timeout;
static const medtl_class classes[] = {{.label = "benign"}, {.label = "malignant"}};
static const medtl_task the_task = {.name = "made-up",
                                    .title = "A made-up task",
                                    .classes = classes,
                                    .class_count = 2,
                                    .positive_class = 1,
                                    .threshold = 0.5,
                                    .digest = "d1"};
static const medtl_model_info the_model = {
    .name = "made-up-model", .version = "1", .sha256 = "5a", .class_count = 2};
static const float the_answer[] = {0.25f, 0.75f};

void made_up_gate(bool open) { atomic_store(&gate_open, open); }
int made_up_alive(void) { return atomic_load(&alive); }
uint32_t made_up_timeout(void) { return isolated_timeout; }

medtl_status medtl_pipeline_read_with(medtl_pipeline *pipeline, const medtl_reader_options *options,
                                      medtl_error *err)
{
    (void)pipeline;
    (void)err;
    isolated_timeout = options->isolate ? options->timeout_ms : 0;
    return MEDTL_OK;
}

medtl_status medtl_pipeline_create(const char *const *paths, size_t count, medtl_pipeline **out,
                                   medtl_error *err)
{
    *out = NULL;
    if (count > 0)
        return medtl_fail(err, MEDTL_E_CONFIG, "%s:1: no such task", paths[0]);
    *out = calloc(1, sizeof **out);
    atomic_fetch_add(&alive, 1);
    return MEDTL_OK;
}

void medtl_pipeline_destroy(medtl_pipeline *pipeline)
{
    if (pipeline != NULL)
        atomic_fetch_sub(&alive, 1);
    free(pipeline);
}

size_t medtl_pipeline_task_count(const medtl_pipeline *pipeline)
{
    (void)pipeline;
    return 1;
}

const medtl_task *medtl_pipeline_task(const medtl_pipeline *pipeline, size_t index)
{
    (void)pipeline;
    (void)index;
    return &the_task;
}

const medtl_model_info *medtl_pipeline_model_info(const medtl_pipeline *pipeline, size_t index)
{
    (void)pipeline;
    (void)index;
    return &the_model;
}

const char *medtl_outcome_name(medtl_outcome outcome)
{
    static const char *const names[] = {"analysed", "already-reported", "not-taken",
                                        "failed",   "ignored",          "cancelled"};
    return names[outcome];
}

medtl_status medtl_batch_create(const medtl_pipeline *pipeline, medtl_batch **out, medtl_error *err)
{
    (void)err;
    *out = calloc(1, sizeof **out);
    (*out)->pipeline = pipeline;
    atomic_fetch_add(&alive, 1);
    return MEDTL_OK;
}

void medtl_batch_destroy(medtl_batch *batch)
{
    if (batch != NULL)
        atomic_fetch_sub(&alive, 1);
    free(batch);
}

medtl_status medtl_batch_add_path(medtl_batch *batch, const char *path, medtl_error *err)
{
    if (batch->count == MOST_OBJECTS)
        return medtl_fail(err, MEDTL_E_MEMORY, "too many objects for this pipeline");
    (void)snprintf(batch->names[batch->count++], NAME_SIZE, "%s", path);
    return MEDTL_OK;
}

medtl_status medtl_batch_add_memory(medtl_batch *batch, const void *bytes, size_t size,
                                    const char *name, medtl_error *err)
{
    (void)bytes;
    (void)size;
    return medtl_batch_add_path(batch, name, err);
}

static void wait_for_gate(const medtl_batch *batch)
{
    const struct timespec moment = {0, 1000000};

    while (!atomic_load(&gate_open) && !atomic_load(&batch->cancelled))
        nanosleep(&moment, NULL);
}

static bool is(const char *name, const char *kind)
{
    return strncmp(name, kind, strlen(kind)) == 0;
}

static medtl_record outcome_of(const medtl_batch *batch, const char *name)
{
    medtl_record record = {.path = name,
                           .reason = "",
                           .study_instance_uid = "1.2",
                           .series_instance_uid = "",
                           .sop_instance_uid = "",
                           .sop_class_uid = "",
                           .modality = "MG",
                           .view = "",
                           .laterality = "",
                           .predicted_class = -1};

    if (is(name, "slow"))
        wait_for_gate(batch);
    if (atomic_load(&batch->cancelled)) {
        record.outcome = MEDTL_OUTCOME_CANCELLED;
        record.status = MEDTL_E_CANCELLED;
        record.reason = "the run was stopped";
    } else if (is(name, "bad")) {
        record.outcome = MEDTL_OUTCOME_FAILED;
        record.status = MEDTL_E_FORMAT;
        record.reason = "broken";
    } else if (is(name, "text")) {
        record.outcome = MEDTL_OUTCOME_IGNORED;
        record.status = MEDTL_E_NOT_DICOM;
        record.reason = "not a DICOM file";
    } else {
        record.task = &the_task;
        record.probabilities = the_answer;
        record.predicted_class = 1;
        record.above_threshold = true;
    }
    return record;
}

static void make_report(medtl_batch *batch, const medtl_batch_options *options, size_t images)
{
    char text[32], location[MEDTL_LOCATION_SIZE];
    medtl_error err = {0};

    (void)snprintf(batch->uid, sizeof batch->uid, "1.2.%zu", images);
    batch->report_count = 1;
    batch->report = (medtl_report_record){.task = &the_task,
                                          .profile = "tid1500",
                                          .study_instance_uid = "1.2",
                                          .sop_instance_uid = batch->uid,
                                          .location = "",
                                          .reason = "",
                                          .image_count = images};
    if (options->known != NULL && options->known(options->known_context, "1.2", batch->uid)) {
        batch->report.already_there = true;
        return;
    }
    const medtl_batch_report report = {
        .task = &the_task,
        .study_instance_uid = "1.2",
        .series_instance_uid = "1.2.0",
        .sop_instance_uid = batch->uid,
        .bytes = (const unsigned char *)text,
        .size = (size_t)snprintf(text, sizeof text, "report of %zu", images),
        .image_count = images};
    batch->report.status = options->sink(options->sink_context, &report, location, &err);
}

medtl_status medtl_batch_run(medtl_batch *batch, const medtl_batch_options *options,
                             medtl_error *err)
{
    size_t images = 0;

    for (size_t i = 0; i < batch->count; i++) {
        const medtl_progress step = {MEDTL_PHASE_ANALYSE, i + 1, batch->count, batch->names[i]};

        batch->records[i] = outcome_of(batch, batch->names[i]);
        images += batch->records[i].outcome == MEDTL_OUTCOME_ANALYSED;
        if (options->progress != NULL)
            options->progress(options->progress_context, &step);
    }
    if (atomic_load(&batch->cancelled))
        return medtl_fail(err, MEDTL_E_CANCELLED, "the run was stopped");
    if (images > 0)
        make_report(batch, options, images);
    return MEDTL_OK;
}

void medtl_batch_cancel(medtl_batch *batch) { atomic_store(&batch->cancelled, true); }

size_t medtl_batch_record_count(const medtl_batch *batch) { return batch->count; }

const medtl_record *medtl_batch_record(const medtl_batch *batch, size_t index)
{
    return &batch->records[index];
}

size_t medtl_batch_outcome_count(const medtl_batch *batch, medtl_outcome outcome)
{
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++)
        count += batch->records[i].outcome == outcome;
    return count;
}

size_t medtl_batch_report_count(const medtl_batch *batch) { return batch->report_count; }

const medtl_report_record *medtl_batch_report_at(const medtl_batch *batch, size_t index)
{
    (void)index;
    return &batch->report;
}

medtl_status medtl_batch_json(const medtl_batch *batch, char **text, medtl_error *err)
{
    (void)err;
    *text = malloc(64);
    (void)snprintf(*text, 64, "{\"objects\": %zu}", batch->count);
    return MEDTL_OK;
}
