/* Finds the objects of a run, asks the tasks about each, and orders what was taken: by study and task
 * into groups, by SOP instance into jobs. */
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_SIZE = 1024 };

/* ---- one object ----------------------------------------------------------------------- */

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

/* ---- groups and jobs ------------------------------------------------------------------ */

static int compare_sizes(size_t a, size_t b) { return (a > b) - (a < b); }

/* By study, task, SOP instance, and the order in which they were found. */
static int by_study_task_instance(const void *a, const void *b, void *context)
{
    const size_t left = *(const size_t *)a, right = *(const size_t *)b;
    medtl_item *const *items = context;
    int order = strcmp(items[left]->study, items[right]->study);

    if (order == 0)
        order = compare_sizes(items[left]->task, items[right]->task);
    if (order == 0)
        order = strcmp(items[left]->sop, items[right]->sop);
    return order != 0 ? order : compare_sizes(left, right);
}

static int by_first_item(const void *a, const void *b)
{
    return compare_sizes(((const medtl_job *)a)->first_item, ((const medtl_job *)b)->first_item);
}

static int by_study_order(const void *a, const void *b)
{
    const medtl_group *left = a, *right = b;
    const int order = compare_sizes(left->study_order, right->study_order);

    return order != 0 ? order : compare_sizes(left->task, right->task);
}

static bool same_study(const medtl_batch *batch, size_t a, size_t b)
{
    return strcmp(batch->items[a]->study, batch->items[b]->study) == 0;
}

/* The taken items, sorted, without duplicates of other items' exposures. */
static size_t *sort_taken(medtl_batch *batch, size_t *count)
{
    size_t *taken = calloc(batch->item_count + 1, sizeof *taken);

    *count = 0;
    if (taken == NULL)
        return NULL;
    for (size_t i = 0; i < batch->item_count; i++)
        if (batch->items[i]->task != MEDTL_NONE &&
            (!batch->items[i]->decided || batch->items[i]->listed))
            taken[(*count)++] = i;
    qsort_r(taken, *count, sizeof *taken, by_study_task_instance, batch->items);
    *count = medtl_batch_set_duplicates_apart(batch, taken, *count);
    return taken;
}

/* Neighbours in the sorted list that differ only in their place are copies of one object. */
static void form_jobs(medtl_batch *batch, const size_t *taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        medtl_item *item = batch->items[taken[i]];
        medtl_item *previous = i > 0 ? batch->items[taken[i - 1]] : NULL;
        medtl_group *group = &batch->groups[batch->group_count - (batch->group_count > 0)];
        const bool new_study = i == 0 || !same_study(batch, taken[i - 1], taken[i]);
        const bool new_group = new_study || previous->task != item->task;

        if (!new_group && strcmp(previous->sop, item->sop) == 0) {
            previous->next_copy = taken[i];
            continue;
        }
        if (new_group) {
            group = &batch->groups[batch->group_count++];
            group->task = item->task;
            group->first_job = batch->job_count;
            group->study_order = taken[i];
        }
        batch->jobs[batch->job_count++] = (medtl_job){taken[i], 0, MEDTL_NONE};
        group->job_count++;
        if (taken[i] < group->study_order)
            group->study_order = taken[i];
    }
}

/* Groups of one study lie side by side still: all take the place of the study's first item. */
static void order_groups(medtl_batch *batch)
{
    medtl_group *groups = batch->groups;
    size_t end;

    for (size_t first = 0; first < batch->group_count; first = end) {
        size_t earliest = groups[first].study_order;

        for (end = first + 1; end < batch->group_count &&
                              same_study(batch, batch->jobs[groups[first].first_job].first_item,
                                         batch->jobs[groups[end].first_job].first_item);
             end++)
            if (groups[end].study_order < earliest)
                earliest = groups[end].study_order;
        for (size_t i = first; i < end; i++)
            groups[i].study_order = earliest;
    }
    qsort(groups, batch->group_count, sizeof *groups, by_study_order);
}

/* Jobs in the order of their groups, and within one in the order of the scan. */
static medtl_status order_jobs(medtl_batch *batch, medtl_error *err)
{
    medtl_job *ordered = calloc(batch->job_count + 1, sizeof *ordered);
    size_t used = 0;

    if (ordered == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", batch->job_count);
    for (size_t g = 0; g < batch->group_count; g++) {
        medtl_group *group = &batch->groups[g];
        const size_t first = used;

        for (size_t j = 0; j < group->job_count; j++) {
            ordered[used] = batch->jobs[group->first_job + j];
            ordered[used++].group = g;
        }
        qsort(ordered + first, group->job_count, sizeof *ordered, by_first_item);
        group->first_job = first;
        atomic_init(&group->jobs_left, group->job_count);
    }
    free(batch->jobs);
    batch->jobs = ordered;
    return MEDTL_OK;
}

static int by_study(const void *a, const void *b, void *context)
{
    const size_t left = *(const size_t *)a, right = *(const size_t *)b;
    medtl_item *const *items = context;
    const int order = strcmp(items[left]->study, items[right]->study);

    return order != 0 ? order : strcmp(items[left]->sop, items[right]->sop);
}

static medtl_status sort_earlier(medtl_batch *batch, medtl_error *err)
{
    batch->earlier = calloc(batch->item_count + 1, sizeof *batch->earlier);
    if (batch->earlier == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu objects", batch->item_count);
    for (size_t i = 0; i < batch->item_count; i++)
        if (batch->items[i]->earlier)
            batch->earlier[batch->earlier_count++] = i;
    qsort_r(batch->earlier, batch->earlier_count, sizeof *batch->earlier, by_study, batch->items);
    return MEDTL_OK;
}

medtl_status medtl_batch_group(medtl_batch *batch, medtl_error *err)
{
    size_t count = 0;
    size_t *taken = sort_taken(batch, &count);
    medtl_status status = MEDTL_OK;

    batch->jobs = calloc(count + 1, sizeof *batch->jobs);
    batch->groups = calloc(count + 1, sizeof *batch->groups);
    if (taken == NULL || batch->jobs == NULL || batch->groups == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", count);
    } else {
        form_jobs(batch, taken, count);
        medtl_batch_link_duplicates(batch);
        order_groups(batch);
        if ((status = order_jobs(batch, err)) == MEDTL_OK)
            status = sort_earlier(batch, err);
    }
    free(taken);
    return status;
}
