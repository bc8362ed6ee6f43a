/* Finds the objects of a run and asks the tasks about each. */
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_SIZE = 1024 };

static const char *look_up(const void *context, const char *keyword)
{
    return medtl_instance_value(context, keyword);
}

static size_t index_of_task(const medtl_batch *batch, const medtl_task *task)
{
    for (size_t i = 0; i < medtl_pipeline_task_count(batch->pipeline); i++)
        if (medtl_pipeline_task(batch->pipeline, i) == task)
            return i;
    return MEDTL_NONE;
}

/* A report refers to study, series and object by UID, and files are named after them. */
static bool has_usable_uids(medtl_item *item)
{
    const char *wrong = !medtl_uid_is_valid(item->study)    ? "Study Instance UID (0020,000D)"
                        : !medtl_uid_is_valid(item->series) ? "Series Instance UID (0020,000E)"
                        : !medtl_uid_is_valid(item->sop)    ? "SOP Instance UID (0008,0018)"
                                                            : NULL;
    char reason[REASON_SIZE];

    if (wrong == NULL)
        return true;
    (void)snprintf(reason, sizeof reason, "%s is missing or no UID", wrong);
    medtl_item_decide(item, MEDTL_OUTCOME_FAILED, MEDTL_E_FORMAT, reason);
    return false;
}

static bool are_usable_uids(const medtl_item *item)
{
    return medtl_uid_is_valid(item->study) && medtl_uid_is_valid(item->series) &&
           medtl_uid_is_valid(item->sop);
}

/* Is an image of this modality the business of a task, though the task does not take it? Dermoscopy is
 * listed as photography: CID 29 of many validators knows no DMS. */
static bool is_of_modality(const medtl_task *task, const char *modality)
{
    const char *own = task->library_modality.value;

    return modality[0] != '\0' &&
           (strcmp(own, modality) == 0 || (strcmp(own, "XC") == 0 && strcmp(modality, "DMS") == 0));
}

/* The first task whose report tells of an image that no task takes. */
static size_t task_for(const medtl_pipeline *pipeline, const medtl_instance *instance)
{
    const char *modality = medtl_instance_facts(instance)->modality;

    for (size_t i = 0; i < medtl_pipeline_task_count(pipeline); i++)
        if (is_of_modality(medtl_pipeline_task(pipeline, i), modality))
            return i;
    return MEDTL_NONE;
}

bool medtl_pipeline_wants(const medtl_pipeline *pipeline, const medtl_instance *instance)
{
    const medtl_facts *facts = medtl_instance_facts(instance);

    if (medtl_report_is_ours(instance))
        return !facts->has_pixel_data;
    return facts->rows > 0 && task_for(pipeline, instance) != MEDTL_NONE;
}

static void list_if_of_modality(const medtl_batch *batch, medtl_item *item)
{
    const size_t task = task_for(batch->pipeline, item->instance);

    if (task == MEDTL_NONE || !are_usable_uids(item))
        return;
    item->listed = true;
    item->why_not = MEDTL_REASON_OUT_OF_SCOPE;
    item->task = task;
}

/* What medtl made is no input. A report may be one that this run's takes the place of. */
static bool is_ours(medtl_item *item, const medtl_facts *facts)
{
    if (!medtl_report_is_ours(item->instance))
        return false;
    item->earlier = !facts->has_pixel_data;
    medtl_item_decide(item, MEDTL_OUTCOME_NOT_TAKEN, MEDTL_OK,
                      facts->has_pixel_data ? "an image that medtl made"
                                            : "a report that medtl wrote");
    return true;
}

/* What later steps ask of an image beside its record: kept for the few that a task takes. */
static bool keep_facts(medtl_item *item, const medtl_task *task)
{
    medtl_error err = {MEDTL_OK, ""};
    const medtl_status status = medtl_patient_of(item->instance, &item->patient, &err);

    if (status != MEDTL_OK) {
        medtl_item_decide(item, MEDTL_OUTCOME_FAILED, status, err.message);
        return false;
    }
    item->facts = malloc(sizeof *item->facts);
    if (item->facts == NULL) {
        medtl_item_decide(item, MEDTL_OUTCOME_FAILED, MEDTL_E_MEMORY, "out of memory");
        return false;
    }
    *item->facts = *medtl_instance_facts(item->instance);
    item->record.facts = item->facts;
    item->first_frame = medtl_pipeline_frames(task, item->facts->frames, &item->frame_count);
    item->record.frame = item->first_frame;
    return true;
}

/* Asks the tasks about an object that could be read. Settles all but those that are to be analysed. */
static void match(const medtl_batch *batch, medtl_item *item)
{
    const medtl_facts *facts = medtl_instance_facts(item->instance);
    char reason[REASON_SIZE];
    const medtl_task *task;

    if (is_ours(item, facts))
        return;
    if (!facts->has_pixel_data && facts->rows == 0 && facts->columns == 0) {
        (void)snprintf(reason, sizeof reason, "no image: %s",
                       item->sop_class_name[0] != '\0' ? item->sop_class_name : item->sop_class);
        medtl_item_decide(item, MEDTL_OUTCOME_NOT_TAKEN, MEDTL_OK, reason);
        return;
    }
    task = medtl_config_match(medtl_pipeline_config(batch->pipeline), look_up, item->instance,
                              reason, sizeof reason);
    if (task == NULL) {
        medtl_item_decide(item, MEDTL_OUTCOME_NOT_TAKEN, MEDTL_OK, reason);
        list_if_of_modality(batch, item);
        return;
    }
    item->record.task = task;
    if (!has_usable_uids(item) || !keep_facts(item, task))
        return;
    item->task = index_of_task(batch, task);
    if (!facts->has_pixel_data) {
        medtl_item_decide(item, MEDTL_OUTCOME_FAILED, MEDTL_E_FORMAT, "no Pixel Data (7FE0,0010)");
        item->listed = true;
    }
}

/* A header that the report needs later stays, or is read again. */
static void keep_or_close(medtl_batch *batch, medtl_item *item)
{
    if (item->decided && !item->listed && !item->earlier)
        medtl_item_close(item);
    else
        medtl_item_close_if_many(batch, item);
}

static void decide_unreadable(medtl_item *item, medtl_status status, const char *reason)
{
    /* A DICOMDIR is the only thing that is DICOM and refused already as a header (study.h). */
    const bool ignored = status == MEDTL_E_NOT_DICOM || status == MEDTL_E_UNSUPPORTED;

    medtl_item_decide(item, ignored ? MEDTL_OUTCOME_IGNORED : MEDTL_OUTCOME_FAILED, status, reason);
}

static bool passes_filter(const medtl_batch *batch, medtl_item *item)
{
    const medtl_where *where = batch->options.where;
    const char *failing = where != NULL ? medtl_where_failing(where, item->instance) : NULL;
    char reason[REASON_SIZE];

    if (failing == NULL)
        return true;
    (void)snprintf(reason, sizeof reason, "left out by the filter on %s", failing);
    medtl_item_decide(item, MEDTL_OUTCOME_NOT_TAKEN, MEDTL_OK, reason);
    return false;
}

static medtl_status on_file(void *context, medtl_scan_item *found)
{
    medtl_batch *batch = context;
    medtl_item *item;

    if (medtl_batch_add_item(batch, found->path, &item, NULL) != MEDTL_OK) {
        medtl_instance_destroy(found->instance);
        return MEDTL_E_MEMORY;
    }
    item->instance = found->instance;
    if (found->instance == NULL) {
        decide_unreadable(item, found->status, found->reason);
    } else {
        medtl_item_describe(item, found->instance);
        if (passes_filter(batch, item))
            match(batch, item);
        keep_or_close(batch, item);
    }
    medtl_batch_say(batch, MEDTL_PHASE_SCAN, batch->item_count, 0, item->path);
    return atomic_load(&batch->cancelled) ? MEDTL_E_CANCELLED : MEDTL_OK;
}

/* What the tasks and the filter ask of a header. @param[out] list  Owned by the caller (free); its strings are not. */
static medtl_status list_keywords(const medtl_batch *batch, const char ***list, size_t *count,
                                  medtl_error *err)
{
    const medtl_where *where = batch->options.where;
    size_t of_tasks = 0, of_filter = 0;
    const char *const *tasks =
        medtl_config_keywords(medtl_pipeline_config(batch->pipeline), &of_tasks);
    const char *const *filter = where != NULL ? medtl_where_keywords(where, &of_filter) : NULL;

    *list = calloc(of_tasks + of_filter + 1, sizeof **list);
    if (*list == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu keywords",
                          of_tasks + of_filter);
    for (size_t i = 0; i < of_tasks; i++)
        (*list)[i] = tasks[i];
    for (size_t i = 0; i < of_filter; i++)
        (*list)[of_tasks + i] = filter[i];
    *count = of_tasks + of_filter;
    return MEDTL_OK;
}

medtl_status medtl_batch_gather(medtl_batch *batch, medtl_error *err)
{
    const size_t in_memory = batch->item_count;
    size_t keyword_count = 0;
    const char **keywords = NULL;
    medtl_status status;

    for (size_t i = 0; i < in_memory; i++) {
        medtl_item *item = batch->items[i];

        if (item->instance != NULL && !item->decided)
            match(batch, item);
        keep_or_close(batch, item);
        medtl_batch_say(batch, MEDTL_PHASE_SCAN, i + 1, 0, item->path);
    }
    if (batch->path_count == 0)
        return MEDTL_OK;
    if ((status = list_keywords(batch, &keywords, &keyword_count, err)) != MEDTL_OK)
        return status;
    status =
        medtl_reader_scan(medtl_pipeline_reader(batch->pipeline), (const char *const *)batch->paths,
                          batch->path_count, keywords, keyword_count, on_file, batch, err);
    free(keywords);
    /* A scan that our own function stopped has nothing to say about why. */
    return status == MEDTL_E_MEMORY ? medtl_fail(err, status, "out of memory for the list of files")
                                    : status;
}
