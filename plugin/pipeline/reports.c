/* From the images of one study and one task to reports in the caller's hands: one for each of the task's
 * profiles. */
#include "material.h"

#include <stdlib.h>
#include <string.h>

static bool asks_for(const medtl_task *task, int profile)
{
    const unsigned set = task->report_profiles != 0 ? task->report_profiles : MEDTL_PROFILE_TID1500;

    return (set & 1u << profile) != 0;
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

static void start_record(const medtl_batch *batch, const medtl_group *group,
                         medtl_group_report *report, medtl_report_profile profile)
{
    report->is_listed = true;
    report->record =
        (medtl_report_record){.task = medtl_pipeline_task(batch->pipeline, group->task),
                              .profile = medtl_report_profile_name(profile),
                              .study_instance_uid = medtl_group_study(batch, group),
                              .sop_instance_uid = report->sop,
                              .location = "",
                              .reason = ""};
}

static void count_results(medtl_report_record *record, const medtl_material *m)
{
    record->image_count = m->images[MEDTL_RESULT_ANALYSED];
    record->failed_count = m->images[MEDTL_RESULT_FAILED];
    record->ruled_out_count = m->images[MEDTL_RESULT_NOT_ANALYSED];
    record->exam_count = medtl_report_exam(record->task, m->results, m->result_count, record->exam);
}

static medtl_status hand_over(medtl_batch *batch, medtl_group_report *slot,
                              const medtl_report *report, medtl_error *err)
{
    const medtl_batch_report handed = {.task = slot->record.task,
                                       .profile = slot->record.profile,
                                       .study_instance_uid = report->study_instance_uid,
                                       .series_instance_uid = report->series_instance_uid,
                                       .sop_instance_uid = report->sop_instance_uid,
                                       .bytes = report->bytes,
                                       .size = report->size,
                                       .image_count = slot->record.image_count};
    char *location = calloc(1, MEDTL_LOCATION_SIZE);
    medtl_status status;

    if (location == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report's place");
    pthread_mutex_lock(&batch->events);
    status = batch->options.sink(batch->options.sink_context, &handed, location, err);
    pthread_mutex_unlock(&batch->events);
    location[MEDTL_LOCATION_SIZE - 1] = '\0';
    set_text(&slot->location, &slot->record.location, location);
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

/* Stopped before its turn: nothing was begun, so nothing is missing. */
static bool is_untouched(const medtl_batch *batch, const medtl_group *group)
{
    if (!is_incomplete(batch, group))
        return false;
    for (size_t j = group->first_job; j < group->first_job + group->job_count; j++)
        if (batch->jobs[j].analysed_item != MEDTL_NONE)
            return false;
    return true;
}

static medtl_status make_report(medtl_batch *batch, medtl_group_report *slot,
                                const medtl_report_request *request, medtl_error *err)
{
    medtl_report *report = NULL;
    medtl_status status = medtl_report_create(request, &report, err);

    if (status == MEDTL_OK) {
        strcpy(slot->sop, report->sop_instance_uid);
        status = hand_over(batch, slot, report, err);
    }
    medtl_report_destroy(report);
    return status;
}

/* @param status  What went wrong already; MEDTL_OK: nothing. */
static void report_profile(medtl_batch *batch, medtl_group *group, int index, medtl_material *m,
                           medtl_status status, medtl_error *err)
{
    const medtl_report_profile profile = (medtl_report_profile)(1u << index);
    medtl_group_report *slot = &group->reports[index];

    start_record(batch, group, slot, profile);
    if (status == MEDTL_OK) {
        const medtl_report_request request = medtl_material_request(batch, group, m, profile);

        count_results(&slot->record, m);
        status = make_report(batch, slot, &request, err);
    }
    slot->record.status = status;
    if (status != MEDTL_OK)
        set_text(&slot->reason, &slot->record.reason, err->message);
    if (status == MEDTL_E_CANCELLED)
        medtl_batch_cancel(batch);
}

void medtl_batch_report_group(medtl_batch *batch, medtl_group *group)
{
    const medtl_task *task = medtl_pipeline_task(batch->pipeline, group->task);
    medtl_material m = {.result_count = 0};
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status = MEDTL_OK;

    if (batch->options.sink != NULL && !is_untouched(batch, group)) {
        if (is_incomplete(batch, group))
            status = medtl_fail(&err, MEDTL_E_CANCELLED,
                                "the run was stopped before the study was complete");
        if (status == MEDTL_OK)
            status = medtl_material_collect_results(batch, group, &m, &err);
        if (status == MEDTL_OK)
            status = medtl_material_collect_earlier(batch, group, &m, &err);
        for (int i = 0; i < MEDTL_PROFILE_COUNT; i++)
            if (asks_for(task, i))
                report_profile(batch, group, i, &m, status, &err);
    }
    medtl_material_clear(&m);
    close_items(batch, group);
}

/* ---- before the analysis: what is there already ---------------------------------------- */

static void mark_known(medtl_batch *batch, medtl_group *group)
{
    group->already_reported = true;
    for (size_t j = group->first_job; j < group->first_job + group->job_count; j++)
        for (size_t i = batch->jobs[j].first_item; i != MEDTL_NONE; i = batch->items[i]->next_copy)
            if (!batch->items[i]->decided)
                medtl_item_decide(batch->items[i], MEDTL_OUTCOME_ALREADY_REPORTED, MEDTL_OK,
                                  "reported already by this model and configuration");
    close_items(batch, group);
}

/* Are all the reports that this run would make known to the caller? */
static bool are_known(medtl_batch *batch, medtl_group *group, medtl_material *m)
{
    const medtl_task *task = medtl_pipeline_task(batch->pipeline, group->task);

    for (int i = 0; i < MEDTL_PROFILE_COUNT; i++) {
        const medtl_report_profile profile = (medtl_report_profile)(1u << i);
        medtl_group_report *slot = &group->reports[i];

        if (!asks_for(task, i))
            continue;
        const medtl_report_request request = medtl_material_request(batch, group, m, profile);

        if (medtl_report_uid(&request, slot->sop, NULL) != MEDTL_OK ||
            !batch->options.known(batch->options.known_context, medtl_group_study(batch, group),
                                  slot->sop))
            return false;
        start_record(batch, group, slot, profile);
        slot->record.image_count = m->images[MEDTL_RESULT_ANALYSED];
        slot->record.already_there = true;
    }
    return true;
}

/* A group whose report cannot be named is analysed: the failure shows there, with its file. */
static medtl_status skip_if_known(medtl_batch *batch, medtl_group *group, medtl_error *err)
{
    medtl_material m = {.result_count = 0};
    medtl_status status = medtl_material_collect_results(batch, group, &m, err);

    if (status == MEDTL_OK && are_known(batch, group, &m))
        mark_known(batch, group);
    else
        for (int i = 0; i < MEDTL_PROFILE_COUNT; i++)
            group->reports[i].is_listed = false;
    medtl_material_clear(&m);
    return status == MEDTL_E_MEMORY ? status : MEDTL_OK;
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
