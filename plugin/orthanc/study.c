/* One study: its instances out of Orthanc, through the pipeline, its reports back into it. */
#include "orthanc.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 128 };

/* One run, on the worker's thread. */
typedef struct run {
    medtl_orthanc *self;
    const medtl_queue_job *job;
    medtl_batch *batch;
    medtl_id_list instances; /* of the study, our new reports included */
    size_t bytes;            /* of images that the batch holds */
    medtl_job_result *result;
} run;

/* The first failure is the job's message; each goes to the log. */
static void note_failure(run *r, const char *what, const char *why)
{
    medtl_orthanc_log(r->self, MEDTL_LOG_WARNING, "job %llu: %s: %s",
                      (unsigned long long)r->job->number, what, why);
    if (r->result->message[0] == '\0')
        (void)snprintf(r->result->message, sizeof r->result->message, "%s: %s", what, why);
}

static medtl_status list_instances(run *r, medtl_error *err)
{
    char path[PATH_SIZE];
    json_t *list;
    const json_t *instance;
    size_t i;
    medtl_status status = MEDTL_OK;

    (void)snprintf(path, sizeof path, "/studies/%s/instances", r->job->study);
    list = medtl_orthanc_get_json(r->self, path);
    if (!json_is_array(list))
        status = medtl_fail(err, MEDTL_E_IO, "the study is not in Orthanc any more");
    json_array_foreach(list, i, instance)
    {
        const char *id = json_string_value(json_object_get(instance, "ID"));

        if (id != NULL && status == MEDTL_OK)
            status = medtl_id_list_add(&r->instances, id, err);
    }
    json_decref(list);
    return status;
}

static const char *value_of(const void *context, const char *keyword)
{
    return medtl_instance_value(context, keyword);
}

/* Is it a task's business? Asked before the bytes are kept, so that a study of a thousand slices which
 * no task takes costs the memory of one. An object that cannot be read counts as taken: the batch then
 * says what is wrong with it. So does one that the report is to name, where there is room for it. */
static bool is_taken(run *r, const OrthancPluginMemoryBuffer *file, size_t limit)
{
    const medtl_config *config = medtl_pipeline_config(r->self->pipeline);
    char reason[MEDTL_MESSAGE_SIZE];
    size_t keyword_count = 0;
    const char *const *keywords = medtl_config_keywords(config, &keyword_count);
    medtl_instance *instance = NULL;
    bool taken;

    if (medtl_reader_instance_memory(medtl_pipeline_reader(r->self->pipeline), file->data,
                                     file->size, "instance", keywords, keyword_count, &instance,
                                     NULL) != MEDTL_OK)
        return true;
    taken = (!medtl_report_is_ours(instance) &&
             medtl_config_match(config, value_of, instance, reason, sizeof reason) != NULL) ||
            (r->bytes + file->size <= limit && medtl_pipeline_wants(r->self->pipeline, instance));
    medtl_instance_destroy(instance);
    return taken;
}

static medtl_status add_instance(run *r, const char *id, medtl_error *err)
{
    const size_t limit = (size_t)r->self->settings.maximum_megabytes << 20;
    OrthancPluginMemoryBuffer file = {0};
    char name[PATH_SIZE];
    medtl_error why = {0};
    medtl_status status = MEDTL_OK;

    (void)snprintf(name, sizeof name, "instances/%s", id);
    if (medtl_orthanc_get_file(r->self, id, &file, &why) != MEDTL_OK) {
        r->result->failed++;
        note_failure(r, name, why.message);
        return MEDTL_OK; /* the others go on */
    }
    if (!is_taken(r, &file, limit))
        r->result->not_taken++;
    else if ((r->bytes += file.size) > limit)
        status = medtl_fail(err, MEDTL_E_UNSUPPORTED,
                            "the study's images take more than %ld MiB (Medtl.MaximumMegabytes)",
                            r->self->settings.maximum_megabytes);
    else
        status = medtl_batch_add_memory(r->batch, file.data, file.size, name, err);
    OrthancPluginFreeMemoryBuffer(r->self->server, &file);
    return status;
}

static medtl_status add_instances(run *r, medtl_error *err)
{
    for (size_t i = 0; i < r->instances.count; i++) {
        medtl_status status;

        if (medtl_orthanc_stopping(r->self))
            return medtl_fail(err, MEDTL_E_CANCELLED, "the server stops");
        status = add_instance(r, r->instances.ids[i], err);
        if (status != MEDTL_OK)
            return status;
    }
    return MEDTL_OK;
}

static bool has_report(void *context, const char *study_instance_uid, const char *sop_instance_uid)
{
    run *r = context;

    (void)study_instance_uid;
    return medtl_orthanc_has_instance(r->self, sop_instance_uid);
}

/* A report that is there already is not sent again: where Orthanc overwrites instances, that would
 * make the study stable again, and so on for ever. */
static medtl_status store_report(void *context, const medtl_batch_report *report,
                                 char location[MEDTL_LOCATION_SIZE], medtl_error *err)
{
    run *r = context;
    char id[MEDTL_STUDY_ID_SIZE] = "";
    medtl_status status;

    if (medtl_orthanc_has_instance(r->self, report->sop_instance_uid))
        return MEDTL_OK;
    status = medtl_orthanc_store(r->self, report->bytes, report->size, r->job->study, id, err);
    if (status != MEDTL_OK)
        return status;
    if (!report->is_evidence)
        r->result->reports++;
    (void)snprintf(location, MEDTL_LOCATION_SIZE, "/instances/%s", id);
    return medtl_id_list_add(&r->instances, id, err);
}

static void show_progress(void *context, const medtl_progress *progress)
{
    run *r = context;

    medtl_queue_progress(r->self->queue, progress->done, progress->total);
}

static void count_outcomes(run *r)
{
    const medtl_batch *batch = r->batch;
    medtl_job_result *result = r->result;

    result->analysed = medtl_batch_outcome_count(batch, MEDTL_OUTCOME_ANALYSED);
    result->already_reported = medtl_batch_outcome_count(batch, MEDTL_OUTCOME_ALREADY_REPORTED);
    result->not_taken += medtl_batch_outcome_count(batch, MEDTL_OUTCOME_NOT_TAKEN) +
                         medtl_batch_outcome_count(batch, MEDTL_OUTCOME_IGNORED);
    result->failed += medtl_batch_outcome_count(batch, MEDTL_OUTCOME_FAILED);
    for (size_t i = 0; i < medtl_batch_record_count(batch); i++) {
        const medtl_record *record = medtl_batch_record(batch, i);

        if (record->outcome == MEDTL_OUTCOME_FAILED)
            note_failure(r, record->path, record->reason);
    }
}

/* @return How many reports could not be made or stored. */
static size_t count_lost_reports(run *r)
{
    size_t lost = 0;

    for (size_t i = 0; i < medtl_batch_report_count(r->batch); i++) {
        const medtl_report_record *report = medtl_batch_report_at(r->batch, i);

        if (report->status != MEDTL_OK) {
            note_failure(r, report->task->name, report->reason);
            lost++;
        }
    }
    return lost;
}

/* Fetch, analyse, store. @param[out] lost  Reports that could not be made or stored. */
static medtl_status analyse(run *r, size_t *lost, medtl_error *err)
{
    const medtl_batch_options options = {.threads = (size_t)r->self->settings.threads,
                                         .sink = store_report,
                                         .sink_context = r,
                                         .known = has_report,
                                         .known_context = r,
                                         .progress = show_progress,
                                         .progress_context = r};
    medtl_status status = medtl_batch_create(r->self->pipeline, &r->batch, err);

    if (status != MEDTL_OK)
        return status;
    medtl_orthanc_set_batch(r->self, r->batch);
    if ((status = add_instances(r, err)) == MEDTL_OK &&
        ((status = medtl_batch_run(r->batch, &options, err)) == MEDTL_OK ||
         status == MEDTL_E_CANCELLED)) {
        count_outcomes(r);
        *lost = count_lost_reports(r);
    }
    medtl_orthanc_set_batch(r->self, NULL);
    medtl_batch_destroy(r->batch);
    return status;
}

medtl_job_state medtl_orthanc_classify(medtl_orthanc *self, const medtl_queue_job *job,
                                       medtl_job_result *result)
{
    run r = {.self = self, .job = job, .result = result};
    medtl_job_state state = MEDTL_JOB_DONE;
    medtl_error err = {0};
    medtl_status status;
    size_t lost = 0;

    status = list_instances(&r, &err);
    result->objects = r.instances.count;
    if (status == MEDTL_OK && job->automatic &&
        medtl_seen_same(&self->seen, job->study, &r.instances)) {
        (void)snprintf(result->message, sizeof result->message,
                       "the study has not changed since it was classified");
        goto done;
    }
    if (status == MEDTL_OK)
        status = analyse(&r, &lost, &err);
    if (status == MEDTL_E_CANCELLED) {
        state = MEDTL_JOB_CANCELLED;
    } else if (status != MEDTL_OK) {
        note_failure(&r, "study", err.message);
        state = MEDTL_JOB_FAILED;
    } else {
        if (result->failed > 0 || lost > 0)
            state = MEDTL_JOB_FAILED;
        if (lost == 0) /* an image that cannot be decoded will not get better by itself */
            medtl_seen_remember(&self->seen, job->study, &r.instances);
    }

done:
    medtl_id_list_clear(&r.instances);
    return state;
}
