/* What a report is made of: one result for each image or frame of a group, and the earlier reports of its study. */
#include "material.h"

#include <stdlib.h>
#include <string.h>

const char *medtl_group_study(const medtl_batch *batch, const medtl_group *group)
{
    return batch->items[batch->jobs[group->first_job].first_item]->study;
}

void medtl_material_clear(medtl_material *m)
{
    for (size_t i = 0; i < m->named_count; i++)
        medtl_instance_destroy(m->named[i]);
    free(m->named);
    free(m->results);
    free(m->earlier);
    free(m->predecessors);
}

/* A report goes where the names of this run's files have no business. */
static const char *reason_for_report(const medtl_item *item)
{
    return item->record.duplicate_of[0] != '\0'
               ? "the same exposure was analysed in the form that is preferred"
               : item->record.reason;
}

/* What stands for the region of a frame that has no salient one. */
static void use_whole(const medtl_frame_result *frame, medtl_image_result *result)
{
    result->outline = frame->whole;
    result->outline_count = frame->whole_count;
    result->outline_kind = frame->whole_kind;
}

static const medtl_frame_result *shown_frame(const medtl_item *item)
{
    for (uint32_t f = 0; item->frames != NULL && f < item->frame_count; f++)
        if (item->frames[f].frame == item->record.frame)
            return &item->frames[f];
    return NULL;
}

static medtl_image_result result_of(const medtl_item *item)
{
    const bool failed = item->record.outcome == MEDTL_OUTCOME_FAILED;
    const medtl_frame_result *const shown = shown_frame(item);
    const bool ruled_out =
        item->record.outcome == MEDTL_OUTCOME_NOT_TAKEN ||
        (item->record.outcome == MEDTL_OUTCOME_CANCELLED && item->duplicate_of != MEDTL_NONE);

    medtl_image_result result = {.instance = item->instance,
                                 .frame = item->record.frame,
                                 .probabilities = item->record.probabilities,
                                 .geometry = item->record.geometry,
                                 .state = failed      ? MEDTL_RESULT_FAILED
                                          : ruled_out ? MEDTL_RESULT_NOT_ANALYSED
                                                      : MEDTL_RESULT_ANALYSED,
                                 .reason = item->why_not,
                                 .reason_text =
                                     failed || ruled_out ? reason_for_report(item) : NULL,
                                 .flags = item->flags,
                                 .flag_count = item->flag_count,
                                 .outline = item->outline,
                                 .outline_count = item->outline_count,
                                 .evidence = item->evidence,
                                 .evidence_count = item->evidence_count};

    if (result.outline == NULL && shown != NULL)
        use_whole(shown, &result);
    return result;
}

/* How many results an item has in the report: one for each analysed frame. */
static uint32_t frames_of(const medtl_item *item)
{
    return item->frame_count > 0 ? item->frame_count : 1;
}

/* What explains a result (salient region, evidence, flags) belongs to the frame that speaks for the image. */
static void add_results(const medtl_item *item, medtl_material *m)
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
            use_whole(&item->frames[f], &result);
        }
        m->results[m->result_count++] = result;
    }
}

/* Of one job: the copy that was analysed, else the first; then each other form of its exposure. A header that was
 * dropped is read again; that can only fail where the file is gone or changed meanwhile. */
static medtl_status collect_job(medtl_batch *batch, const medtl_job *job, medtl_material *m,
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

medtl_status medtl_material_collect_results(medtl_batch *batch, const medtl_group *group,
                                            medtl_material *m, medtl_error *err)
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

static bool is_there(const medtl_material *m, const medtl_instance *instance)
{
    const char *sop = medtl_instance_facts(instance)->sop_instance_uid;

    for (size_t i = 0; i < m->earlier_count; i++)
        if (strcmp(medtl_instance_facts(m->earlier[i])->sop_instance_uid, sop) == 0)
            return true;
    return false;
}

static bool add_earlier(medtl_material *m, const medtl_instance *instance)
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
    medtl_material *m = taker;
    medtl_reader *reader = medtl_pipeline_reader(m->pipeline);
    medtl_instance **grown = realloc(m->named, (m->named_count + 1) * sizeof *grown);
    medtl_instance *instance = NULL;

    if (grown != NULL)
        m->named = grown;
    else
        m->out_of_memory = true;
    if (grown == NULL || medtl_reader_instance(reader, path, NULL, 0, &instance, NULL) != MEDTL_OK)
        return;
    if (medtl_report_is_ours(instance) && !is_there(m, instance) && add_earlier(m, instance))
        m->named[m->named_count++] = instance;
    else
        medtl_instance_destroy(instance);
}

/* An earlier report that cannot be read again is only not named. Under the lock, since another task's group may
 * open the same ones. */
medtl_status medtl_material_collect_earlier(medtl_batch *batch, const medtl_group *group,
                                            medtl_material *m, medtl_error *err)
{
    const char *study = medtl_group_study(batch, group);

    m->pipeline = batch->pipeline;
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

medtl_report_request medtl_material_request(const medtl_batch *batch, const medtl_group *group,
                                            medtl_material *m, medtl_report_profile profile)
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
