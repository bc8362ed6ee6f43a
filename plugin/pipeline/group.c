/* Orders what the tasks took: by study and task into groups, by SOP instance into jobs. */
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A copy shows the same image of the same patient. One that was only listed has no facts, and is not analysed either. */
static bool is_copy(const medtl_item *one, const medtl_item *other)
{
    const medtl_facts *a = one->facts, *b = other->facts;

    if (a == NULL || b == NULL || one->patient == NULL || other->patient == NULL)
        return true;
    return medtl_patient_is_same(one->patient, other->patient) &&
           strcmp(one->series, other->series) == 0 &&
           strcmp(one->sop_class, other->sop_class) == 0 &&
           strcmp(one->laterality, other->laterality) == 0 && strcmp(one->view, other->view) == 0 &&
           a->rows == b->rows && a->columns == b->columns && a->frames == b->frames;
}

static void refuse_impostor(medtl_item *item, const medtl_item *first)
{
    char reason[1024];

    (void)snprintf(reason, sizeof reason,
                   "another image than %.900s, with the same SOP Instance UID", first->path);
    medtl_item_decide(item, MEDTL_OUTCOME_FAILED, MEDTL_E_FORMAT, reason);
}

/* Two images of one SOP Instance UID: a report could not say which of them it is about. It is about the first that was
 * found. @return how many of the sorted list are left. */
static size_t set_impostors_apart(medtl_batch *batch, size_t *taken, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        medtl_item *item = batch->items[taken[i]];
        const medtl_item *previous = kept > 0 ? batch->items[taken[kept - 1]] : NULL;

        if (previous != NULL && strcmp(previous->study, item->study) == 0 &&
            previous->task == item->task && strcmp(previous->sop, item->sop) == 0 &&
            !is_copy(previous, item))
            refuse_impostor(item, previous);
        else
            taken[kept++] = taken[i];
    }
    return kept;
}

/* The taken items, sorted, without impostors and duplicates of other items' exposures. */
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
    *count = set_impostors_apart(batch, taken, *count);
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
