/* From the analysed images of one study and one task to a report in the caller's hands. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

/* The images of a group as the report writer wants them. For a group that has not run yet (to learn its
 * report's UID) each job's first item stands in. @return how many; they borrow from the batch. */
static size_t collect_results(const medtl_batch *batch, const medtl_group *group, bool before,
                              medtl_image_result *results)
{
    size_t count = 0;

    for (size_t j = group->first_job; j < group->first_job + group->job_count; j++) {
        const size_t index = before ? batch->jobs[j].first_item : batch->jobs[j].analysed_item;
        const medtl_item *item = index != MEDTL_NONE ? batch->items[index] : NULL;

        if (item != NULL)
            results[count++] = (medtl_image_result){item->instance, item->record.frame,
                                                    item->probabilities, item->record.geometry};
    }
    return count;
}

static medtl_report_request make_request(const medtl_batch *batch, const medtl_group *group,
                                         const medtl_image_result *results, size_t count)
{
    const medtl_model_info *model = medtl_pipeline_model_info(batch->pipeline, group->task);

    return (medtl_report_request){.task = medtl_pipeline_task(batch->pipeline, group->task),
                                  .model_name = model->name,
                                  .model_version = model->version,
                                  .model_sha256 = model->sha256,
                                  .model_arithmetic = model->arithmetic,
                                  .software_version = medtl_pipeline_version(),
                                  .results = results,
                                  .result_count = count,
                                  .content_date_time = batch->options.content_date_time};
}

static const char *study_of(const medtl_batch *batch, const medtl_group *group)
{
    return batch->items[batch->jobs[group->first_job].first_item]->study;
}

static void close_items(const medtl_batch *batch, const medtl_group *group)
{
    for (size_t j = group->first_job; j < group->first_job + group->job_count; j++)
        for (size_t i = batch->jobs[j].first_item; i != MEDTL_NONE; i = batch->items[i]->next_copy)
            medtl_item_close(batch->items[i]);
}

/* ---- after the analysis --------------------------------------------------------------- */

static void set_text(char **owned, const char **shown, const char *text)
{
    free(*owned);
    *owned = strdup(text);
    *shown = *owned != NULL ? *owned : "";
}

static medtl_status hand_over(medtl_batch *batch, medtl_group *group, const medtl_report *report,
                              medtl_error *err)
{
    const medtl_batch_report handed = {.task = group->report.task,
                                       .study_instance_uid = report->study_instance_uid,
                                       .series_instance_uid = report->series_instance_uid,
                                       .sop_instance_uid = report->sop_instance_uid,
                                       .bytes = report->bytes,
                                       .size = report->size,
                                       .image_count = group->report.image_count};
    char *location = calloc(1, MEDTL_LOCATION_SIZE);
    medtl_status status;

    if (location == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report's place");
    pthread_mutex_lock(&batch->events);
    status = batch->options.sink(batch->options.sink_context, &handed, location, err);
    pthread_mutex_unlock(&batch->events);
    location[MEDTL_LOCATION_SIZE - 1] = '\0';
    set_text(&group->location, &group->report.location, location);
    free(location);
    return status;
}

static bool is_incomplete(const medtl_batch *batch, const medtl_group *group)
{
    for (size_t j = group->first_job; j < group->first_job + group->job_count; j++)
        for (size_t i = batch->jobs[j].first_item; i != MEDTL_NONE; i = batch->items[i]->next_copy)
            if (!batch->items[i]->decided)
                return true;
    return false;
}

static medtl_status make_report(medtl_batch *batch, medtl_group *group,
                                const medtl_image_result *results, size_t count, medtl_error *err)
{
    const medtl_report_request request = make_request(batch, group, results, count);
    medtl_report *report = NULL;
    medtl_status status;

    if (is_incomplete(batch, group))
        return medtl_fail(err, MEDTL_E_CANCELLED,
                          "the run was stopped before the study was complete");
    status = medtl_report_create(&request, &report, err);
    if (status == MEDTL_OK) {
        strcpy(group->sop, report->sop_instance_uid);
        status = hand_over(batch, group, report, err);
    }
    medtl_report_destroy(report);
    return status;
}

void medtl_batch_report_group(medtl_batch *batch, medtl_group *group)
{
    medtl_image_result *results = calloc(group->job_count, sizeof *results);
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status = MEDTL_OK;
    size_t count = 0;

    if (results == NULL)
        status = medtl_fail(&err, MEDTL_E_MEMORY, "out of memory for a report");
    else
        count = collect_results(batch, group, false, results);
    if (batch->options.sink != NULL && (count > 0 || status != MEDTL_OK)) {
        group->has_report = true;
        group->report =
            (medtl_report_record){.task = medtl_pipeline_task(batch->pipeline, group->task),
                                  .study_instance_uid = study_of(batch, group),
                                  .sop_instance_uid = group->sop,
                                  .location = "",
                                  .image_count = count,
                                  .reason = ""};
        if (status == MEDTL_OK)
            status = make_report(batch, group, results, count, &err);
        group->report.status = status;
        if (status != MEDTL_OK)
            set_text(&group->reason, &group->report.reason, err.message);
        if (status == MEDTL_E_CANCELLED)
            medtl_batch_cancel(batch);
    }
    free(results);
    close_items(batch, group);
}

/* ---- before the analysis: what is there already ---------------------------------------- */

static medtl_status open_first_items(const medtl_batch *batch, const medtl_group *group,
                                     medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t j = 0; j < group->job_count && status == MEDTL_OK; j++)
        status =
            medtl_item_open(batch, batch->items[batch->jobs[group->first_job + j].first_item], err);
    return status;
}

static void mark_known(medtl_batch *batch, medtl_group *group)
{
    group->already_reported = true;
    group->has_report = true;
    group->report = (medtl_report_record){.task = medtl_pipeline_task(batch->pipeline, group->task),
                                          .study_instance_uid = study_of(batch, group),
                                          .sop_instance_uid = group->sop,
                                          .location = "",
                                          .image_count = group->job_count,
                                          .already_there = true,
                                          .status = MEDTL_OK,
                                          .reason = ""};
    for (size_t j = group->first_job; j < group->first_job + group->job_count; j++)
        for (size_t i = batch->jobs[j].first_item; i != MEDTL_NONE; i = batch->items[i]->next_copy)
            medtl_item_decide(batch->items[i], MEDTL_OUTCOME_ALREADY_REPORTED, MEDTL_OK,
                              "reported already by this model and configuration");
    close_items(batch, group);
}

/* A group whose report cannot be named is analysed: the failure shows there, with its file. */
static medtl_status skip_if_known(medtl_batch *batch, medtl_group *group, medtl_error *err)
{
    medtl_image_result *results = calloc(group->job_count, sizeof *results);
    char uid[MEDTL_UID_SIZE] = "";

    if (results == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", group->job_count);
    if (open_first_items(batch, group, NULL) == MEDTL_OK) {
        const size_t count = collect_results(batch, group, true, results);
        const medtl_report_request request = make_request(batch, group, results, count);

        if (medtl_report_uid(&request, uid, NULL) == MEDTL_OK &&
            batch->options.known(batch->options.known_context, study_of(batch, group), uid)) {
            strcpy(group->sop, uid);
            mark_known(batch, group);
        }
    }
    free(results);
    return MEDTL_OK;
}

medtl_status medtl_batch_skip_known(medtl_batch *batch, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t g = 0; g < batch->group_count && status == MEDTL_OK; g++) {
        medtl_group *group = &batch->groups[g];

        status = skip_if_known(batch, group, err);
        if (!group->already_reported && batch->headers_kept >= batch->header_limit)
            for (size_t j = 0; j < group->job_count; j++) {
                medtl_item *item = batch->items[batch->jobs[group->first_job + j].first_item];

                if (!item->in_memory)
                    medtl_item_close(item);
            }
    }
    return status;
}
