/* A job after its run: the pipeline's records as items and reports that keep their layout. */
#include "abi.h"

#include <stdlib.h>
#include <string.h>

static const medtl_plugin_task *task_of(const medtl_plugin_job *job, const medtl_task *task)
{
    for (size_t i = 0; task != NULL && i < job->plugin->task_count; i++)
        if (medtl_pipeline_task(job->plugin->pipeline, i) == task)
            return &job->plugin->tasks[i];
    return NULL;
}

static medtl_plugin_report *new_report(medtl_plugin_job *job, medtl_error *err)
{
    if (job->report_count == job->report_capacity) {
        const size_t capacity = job->report_capacity > 0 ? 2 * job->report_capacity : 8;
        medtl_plugin_report *grown = realloc(job->reports, capacity * sizeof *grown);

        if (grown == NULL) {
            medtl_fail(err, MEDTL_E_MEMORY, "list of %zu reports", capacity);
            return NULL;
        }
        job->reports = grown;
        job->report_capacity = capacity;
    }
    return memset(&job->reports[job->report_count], 0, sizeof *job->reports);
}

/* Keeps the bytes. Names are filled in by collect_reports(), from records that last. */
medtl_status medtl_abi_sink(void *context, const medtl_batch_report *report,
                            char location[MEDTL_LOCATION_SIZE], medtl_error *err)
{
    medtl_plugin_job *job = context;
    unsigned char *bytes = malloc(report->size > 0 ? report->size : 1);
    char *uid = strdup(report->sop_instance_uid), *series = strdup(report->series_instance_uid);
    medtl_plugin_report *kept =
        bytes != NULL && uid != NULL && series != NULL ? new_report(job, err) : NULL;

    location[0] = '\0';
    if (kept == NULL) {
        free(bytes);
        free(uid);
        free(series);
        return medtl_fail(err, MEDTL_E_MEMORY, "a report of %zu bytes", report->size);
    }
    memcpy(bytes, report->bytes, report->size);
    kept->bytes = bytes;
    kept->size = report->size;
    kept->sop_instance_uid = uid;
    kept->series_instance_uid = series;
    job->report_count++;
    return MEDTL_OK;
}

static void forget_report(medtl_plugin_report *report)
{
    free((void *)report->bytes);
    free((void *)report->sop_instance_uid);
    free((void *)report->series_instance_uid);
}

/* Take over the objects that explain one image; there is room for all that came. @return how many are in `ordered` then. */
static size_t collect_evidence(medtl_plugin_job *job, const medtl_record *record,
                               medtl_plugin_report *ordered, size_t used)
{
    for (size_t k = 0; k < record->evidence_count; k++)
        for (size_t i = 0; i < job->report_count; i++) {
            medtl_plugin_report *const kept = &job->reports[i];

            if (kept->bytes == NULL ||
                strcmp(kept->sop_instance_uid, record->evidence[k].sop_instance_uid) != 0)
                continue;
            ordered[used] = *kept;
            ordered[used].reason = "";
            ordered[used].study_instance_uid = record->study_instance_uid;
            ordered[used].task = record->task->name;
            ordered[used].image_count = 1;
            used++;
            memset(kept, 0, sizeof *kept);
            break;
        }
    return used;
}

/* The sink got reports as they became ready; the records have all of them, in the order of the
 * studies. Take the bytes over into that order. */
static medtl_status collect_reports(medtl_plugin_job *job, medtl_error *err)
{
    const size_t count = medtl_batch_report_count(job->batch);
    const size_t capacity = count + job->report_count + 1; /* as if all that came were evidence */
    medtl_plugin_report *ordered = calloc(capacity, sizeof *ordered);
    size_t filled = 0, used;

    job->profiles = calloc(capacity, sizeof *job->profiles); /* NULL: of an object that explains */
    if (ordered == NULL || job->profiles == NULL) {
        free(ordered);
        return medtl_fail(err, MEDTL_E_MEMORY, "list of %zu reports", capacity);
    }
    for (; filled < count; filled++) {
        const medtl_report_record *record = medtl_batch_report_at(job->batch, filled);
        medtl_plugin_report *report = &ordered[filled];

        for (size_t i = 0; i < job->report_count && report->bytes == NULL; i++)
            if (job->reports[i].bytes != NULL && record->sop_instance_uid[0] != '\0' &&
                strcmp(job->reports[i].sop_instance_uid, record->sop_instance_uid) == 0) {
                *report = job->reports[i];
                memset(&job->reports[i], 0, sizeof *job->reports);
            }
        report->status = record->status;
        report->reason = record->reason;
        report->study_instance_uid = record->study_instance_uid;
        report->task = record->task->name;
        report->image_count = record->image_count;
        report->already_there = record->already_there;
        job->profiles[filled] = record->profile;
        if (report->bytes == NULL) {
            report->sop_instance_uid = strdup(record->sop_instance_uid);
            report->series_instance_uid = strdup("");
        }
        if (report->sop_instance_uid == NULL || report->series_instance_uid == NULL)
            break;
    }
    used = filled < count ? filled + 1 : count;
    for (size_t i = 0; i < medtl_batch_record_count(job->batch); i++)
        used = collect_evidence(job, medtl_batch_record(job->batch, i), ordered, used);
    for (size_t i = 0; i < job->report_count; i++)
        forget_report(&job->reports[i]);
    free(job->reports);
    job->reports = ordered;
    job->report_count = used;
    job->report_capacity = capacity;
    return filled == count ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "names of a report");
}

static medtl_plugin_item item_from(const medtl_plugin_job *job, const medtl_record *record)
{
    const medtl_plugin_task *task = task_of(job, record->task);
    const bool analysed = record->probabilities != NULL && task != NULL;

    return (medtl_plugin_item){.name = record->path,
                               .outcome = (medtl_plugin_outcome)record->outcome,
                               .status = record->status,
                               .reason = record->reason,
                               .study_instance_uid = record->study_instance_uid,
                               .series_instance_uid = record->series_instance_uid,
                               .sop_instance_uid = record->sop_instance_uid,
                               .sop_class_uid = record->sop_class_uid,
                               .modality = record->modality,
                               .view = record->view,
                               .laterality = record->laterality,
                               .task = task != NULL ? task->name : "",
                               .frame = record->frame,
                               .predicted_class = analysed ? record->predicted_class : -1,
                               .above_threshold = record->above_threshold,
                               .class_count = analysed ? task->class_count : 0,
                               .labels = analysed ? task->labels : NULL,
                               .probabilities = analysed ? record->probabilities : NULL};
}

medtl_status medtl_abi_collect(medtl_plugin_job *job, medtl_error *err)
{
    const size_t count = medtl_batch_record_count(job->batch);
    medtl_status status;

    job->items = calloc(count > 0 ? count : 1, sizeof *job->items);
    if (job->items == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "list of %zu objects", count);
    for (size_t i = 0; i < count; i++)
        job->items[i] = item_from(job, medtl_batch_record(job->batch, i));
    job->item_count = count;
    if ((status = collect_reports(job, err)) != MEDTL_OK)
        return status;
    return medtl_batch_json(job->batch, &job->json, err);
}

void medtl_abi_forget(medtl_plugin_job *job)
{
    for (size_t i = 0; i < job->report_count; i++)
        forget_report(&job->reports[i]);
    free(job->reports);
    free(job->profiles);
    free(job->items);
    free(job->json);
}

static bool has_ended(const medtl_plugin_job *job)
{
    return job != NULL && medtl_abi_job_state(job) == MEDTL_PLUGIN_JOB_ENDED;
}

medtl_status medtl_abi_job_result(const medtl_plugin_job *job, medtl_error *err)
{
    if (!has_ended(job))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "the job has not ended");
    if (job->result.status != MEDTL_OK && err != NULL)
        *err = job->result;
    return job->result.status;
}

size_t medtl_abi_item_count(const medtl_plugin_job *job)
{
    return has_ended(job) ? job->item_count : 0;
}

const medtl_plugin_item *medtl_abi_item(const medtl_plugin_job *job, size_t index)
{
    return index < medtl_abi_item_count(job) ? &job->items[index] : NULL;
}

size_t medtl_abi_report_count(const medtl_plugin_job *job)
{
    return has_ended(job) ? job->report_count : 0;
}

const medtl_plugin_report *medtl_abi_report(const medtl_plugin_job *job, size_t index)
{
    return index < medtl_abi_report_count(job) ? &job->reports[index] : NULL;
}

const char *medtl_abi_report_profile(const medtl_plugin_job *job, size_t index)
{
    if (index >= medtl_abi_report_count(job))
        return NULL;
    return job->profiles != NULL && job->profiles[index] != NULL ? job->profiles[index] : "";
}

const char *medtl_abi_json(const medtl_plugin_job *job)
{
    return has_ended(job) && job->json != NULL ? job->json : "";
}
