/* From the images of one study and one task to reports in the caller's hands: one for each of the task's
 * profiles. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

/* The images of a group as the report writer wants them, with the earlier reports of their study. Borrows from
 * the batch. */
typedef struct material {
    medtl_image_result *results;
    size_t result_count;
    size_t images[3]; /* by medtl_result_state: an image may have several results, one a frame */
    const medtl_instance **earlier;
    size_t earlier_count;
    medtl_instance **named; /* those of `earlier` that the caller named, and that are owned here */
    size_t named_count;
    bool out_of_memory;                  /* while earlier reports were listed */
    const medtl_instance **predecessors; /* room for those of `earlier` that one report replaces */
} material;

static void release(material *m)
{
    for (size_t i = 0; i < m->named_count; i++)
        medtl_instance_destroy(m->named[i]);
    free(m->named);
    free(m->results);
    free(m->earlier);
    free(m->predecessors);
}

static const char *study_of(const medtl_batch *batch, const medtl_group *group)
{
    return batch->items[batch->jobs[group->first_job].first_item]->study;
}

/* ---- what a report is made of ------------------------------------------------------------ */

/* A report goes where the names of this run's files have no business. */
static const char *reason_for_report(const medtl_item *item)
{
    return item->record.duplicate_of[0] != '\0'
               ? "the same exposure was analysed in the form that is preferred"
               : item->record.reason;
}

static medtl_image_result result_of(const medtl_item *item)
{
    const bool failed = item->record.outcome == MEDTL_OUTCOME_FAILED;
    const bool ruled_out =
        item->record.outcome == MEDTL_OUTCOME_NOT_TAKEN ||
        (item->record.outcome == MEDTL_OUTCOME_CANCELLED && item->duplicate_of != MEDTL_NONE);

    return (medtl_image_result){.instance = item->instance,
                                .frame = item->record.frame,
                                .probabilities = item->probabilities,
                                .geometry = item->record.geometry,
                                .state = failed      ? MEDTL_RESULT_FAILED
                                         : ruled_out ? MEDTL_RESULT_NOT_ANALYSED
                                                     : MEDTL_RESULT_ANALYSED,
                                .reason = item->why_not,
                                .reason_text = failed || ruled_out ? reason_for_report(item) : NULL,
                                .flags = item->flags,
                                .flag_count = item->flag_count,
                                .outline = item->outline,
                                .outline_count = item->outline_count,
                                .evidence = item->evidence,
                                .evidence_count = item->evidence_count};
}

/* How many results an item has in the report: one for each analysed frame. */
static uint32_t frames_of(const medtl_item *item)
{
    return item->frame_count > 0 ? item->frame_count : 1;
}

/* What explains a result (outline, evidence, flags) belongs to the frame that speaks for the image. */
static void add_results(const medtl_item *item, material *m)
{
    const medtl_image_result shown = result_of(item);

    m->images[shown.state]++;
    if (item->frame_count < 2) {
        m->results[m->result_count++] = shown;
        return;
    }
    for (uint32_t f = 0; f < item->frame_count; f++) {
        medtl_image_result result = {.instance = item->instance,
                                     .frame = item->first_frame + f,
                                     .state = shown.state,
                                     .reason = shown.reason,
                                     .reason_text = shown.reason_text};

        if (item->frames != NULL && item->frames[f].frame == item->record.frame) {
            result = shown;
        } else if (item->frames != NULL) {
            result.probabilities = item->frames[f].probabilities;
            result.geometry = item->frames[f].geometry;
        }
        m->results[m->result_count++] = result;
    }
}

/* Of one job: the copy that was analysed, else the first; then each other form of its exposure. A header that was
 * dropped is read again; that can only fail where the file is gone or changed meanwhile. */
static medtl_status collect_job(medtl_batch *batch, const medtl_job *job, material *m,
                                medtl_error *err)
{
    const size_t chosen = job->analysed_item != MEDTL_NONE ? job->analysed_item : job->first_item;
    const char *last = batch->items[chosen]->sop;
    medtl_status status = medtl_item_open(batch, batch->items[chosen], err);

    if (status != MEDTL_OK)
        return status;
    add_results(batch->items[chosen], m);
    for (size_t i = job->first_item; i != MEDTL_NONE; i = batch->items[i]->next_copy) {
        medtl_item *item = batch->items[i];

        if (strcmp(item->sop, batch->items[chosen]->sop) == 0 || strcmp(item->sop, last) == 0)
            continue;
        if ((status = medtl_item_open(batch, item, err)) != MEDTL_OK)
            return status;
        last = item->sop;
        add_results(item, m);
    }
    return MEDTL_OK;
}

static medtl_status collect_results(medtl_batch *batch, const medtl_group *group, material *m,
                                    medtl_error *err)
{
    const size_t end = group->first_job + group->job_count;
    medtl_status status = MEDTL_OK;
    size_t most = 0;

    for (size_t j = group->first_job; j < end; j++)
        for (size_t i = batch->jobs[j].first_item; i != MEDTL_NONE; i = batch->items[i]->next_copy)
            most += frames_of(batch->items[i]);
    m->results = calloc(most, sizeof *m->results);
    if (m->results == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu results", most);
    for (size_t j = group->first_job; j < end && status == MEDTL_OK; j++)
        status = collect_job(batch, &batch->jobs[j], m, err);
    return status;
}

/* First place in the sorted list of earlier reports that is not before this study. */
static size_t first_earlier(const medtl_batch *batch, const char *study)
{
    size_t low = 0, high = batch->earlier_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(batch->items[batch->earlier[middle]]->study, study) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_there(const material *m, const medtl_instance *instance)
{
    const char *sop = medtl_instance_facts(instance)->sop_instance_uid;

    for (size_t i = 0; i < m->earlier_count; i++)
        if (strcmp(medtl_instance_facts(m->earlier[i])->sop_instance_uid, sop) == 0)
            return true;
    return false;
}

static bool add_earlier(material *m, const medtl_instance *instance)
{
    const medtl_instance **grown = realloc(m->earlier, (m->earlier_count + 1) * sizeof *grown);

    if (grown == NULL) {
        m->out_of_memory = true;
        return false;
    }
    m->earlier = grown;
    m->earlier[m->earlier_count++] = instance;
    return true;
}

/* A file that the caller names: kept where it is a report of ours that was not seen yet. */
static void take_named(void *taker, const char *path)
{
    material *m = taker;
    medtl_instance **grown = realloc(m->named, (m->named_count + 1) * sizeof *grown);
    medtl_instance *instance = NULL;

    if (grown != NULL)
        m->named = grown;
    else
        m->out_of_memory = true;
    if (grown == NULL || medtl_instance_read(path, NULL, 0, &instance, NULL) != MEDTL_OK)
        return;
    if (medtl_report_is_ours(instance) && !is_there(m, instance) && add_earlier(m, instance))
        m->named[m->named_count++] = instance;
    else
        medtl_instance_destroy(instance);
}

/* An earlier report that cannot be read again is only not named. Under the lock, since another task's group may
 * open the same ones. */
static medtl_status collect_earlier(medtl_batch *batch, const medtl_group *group, material *m,
                                    medtl_error *err)
{
    const char *study = study_of(batch, group);

    pthread_mutex_lock(&batch->events);
    for (size_t i = first_earlier(batch, study);
         i < batch->earlier_count && strcmp(batch->items[batch->earlier[i]]->study, study) == 0;
         i++) {
        medtl_item *item = batch->items[batch->earlier[i]];

        if (medtl_item_open(batch, item, NULL) == MEDTL_OK && !is_there(m, item->instance))
            (void)add_earlier(m, item->instance);
    }
    if (batch->options.earlier != NULL)
        batch->options.earlier(batch->options.earlier_context, study, take_named, m);
    pthread_mutex_unlock(&batch->events);
    m->predecessors = calloc(m->earlier_count + 1, sizeof *m->predecessors);
    if (m->predecessors == NULL || m->out_of_memory)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu reports", m->earlier_count);
    return MEDTL_OK;
}

static medtl_report_request make_request(const medtl_batch *batch, const medtl_group *group,
                                         material *m, medtl_report_profile profile)
{
    const medtl_model_info *model = medtl_pipeline_model_info(batch->pipeline, group->task);
    medtl_report_request request = {.task = medtl_pipeline_task(batch->pipeline, group->task),
                                    .profile = profile,
                                    .model_name = model->name,
                                    .model_version = model->version,
                                    .model_sha256 = model->sha256,
                                    .model_arithmetic = model->arithmetic,
                                    .software_version = medtl_pipeline_version(),
                                    .results = m->results,
                                    .result_count = m->result_count,
                                    .predecessors = m->predecessors,
                                    .content_date_time = batch->options.content_date_time};

    for (size_t i = 0; i < m->earlier_count; i++)
        if (medtl_report_precedes(m->earlier[i], &request))
            m->predecessors[request.predecessor_count++] = m->earlier[i];
    return request;
}

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
                              .study_instance_uid = study_of(batch, group),
                              .sop_instance_uid = report->sop,
                              .location = "",
                              .reason = ""};
}

static void count_results(medtl_report_record *record, const material *m)
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
static void report_profile(medtl_batch *batch, medtl_group *group, int index, material *m,
                           medtl_status status, medtl_error *err)
{
    const medtl_report_profile profile = (medtl_report_profile)(1u << index);
    medtl_group_report *slot = &group->reports[index];

    start_record(batch, group, slot, profile);
    if (status == MEDTL_OK) {
        const medtl_report_request request = make_request(batch, group, m, profile);

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
    material m = {.result_count = 0};
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status = MEDTL_OK;

    if (batch->options.sink != NULL && !is_untouched(batch, group)) {
        if (is_incomplete(batch, group))
            status = medtl_fail(&err, MEDTL_E_CANCELLED,
                                "the run was stopped before the study was complete");
        if (status == MEDTL_OK)
            status = collect_results(batch, group, &m, &err);
        if (status == MEDTL_OK)
            status = collect_earlier(batch, group, &m, &err);
        for (int i = 0; i < MEDTL_PROFILE_COUNT; i++)
            if (asks_for(task, i))
                report_profile(batch, group, i, &m, status, &err);
    }
    release(&m);
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
static bool are_known(medtl_batch *batch, medtl_group *group, material *m)
{
    const medtl_task *task = medtl_pipeline_task(batch->pipeline, group->task);

    for (int i = 0; i < MEDTL_PROFILE_COUNT; i++) {
        const medtl_report_profile profile = (medtl_report_profile)(1u << i);
        medtl_group_report *slot = &group->reports[i];

        if (!asks_for(task, i))
            continue;
        const medtl_report_request request = make_request(batch, group, m, profile);

        if (medtl_report_uid(&request, slot->sop, NULL) != MEDTL_OK ||
            !batch->options.known(batch->options.known_context, study_of(batch, group), slot->sop))
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
    material m = {.result_count = 0};
    medtl_status status = collect_results(batch, group, &m, err);

    if (status == MEDTL_OK && are_known(batch, group, &m))
        mark_known(batch, group);
    else
        for (int i = 0; i < MEDTL_PROFILE_COUNT; i++)
            group->reports[i].is_listed = false;
    release(&m);
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
