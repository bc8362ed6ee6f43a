/* Is a study complete? A task names the views that a complete one has; what of them was analysed is counted here. */
#include "batch.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = MEDTL_CS_SIZE + 4 };

/* "R CC" */
static void name_view(const medtl_expected_view *expected, char name[NAME_SIZE])
{
    (void)snprintf(name, NAME_SIZE, "%c %s",
                   expected->laterality == MEDTL_LATERALITY_LEFT ? 'L' : 'R', expected->view);
}

static bool has_result(const medtl_item *item)
{
    return item->record.outcome == MEDTL_OUTCOME_ANALYSED ||
           item->record.outcome == MEDTL_OUTCOME_ALREADY_REPORTED;
}

/* Images of one view among the jobs of a group. Spot and magnification views show a detail, not the breast; the
 * partial views of a large breast show it together. */
static size_t count_view(const medtl_batch *batch, const medtl_group *group,
                         const medtl_expected_view *expected)
{
    const unsigned details = MEDTL_VIEW_SPOT | MEDTL_VIEW_MAGNIFICATION;
    size_t count = 0;

    for (size_t j = group->first_job; j < group->first_job + group->job_count; j++) {
        bool seen = false;

        for (size_t i = batch->jobs[j].first_item; i != MEDTL_NONE && !seen;
             i = batch->items[i]->next_copy) {
            const medtl_item *item = batch->items[i];

            seen = has_result(item) && item->facts->laterality == expected->laterality &&
                   strcmp(item->view, expected->view) == 0 &&
                   (item->facts->view_modifiers & details) == 0;
        }
        count += seen;
    }
    return count;
}

static json_t *study_of(const medtl_batch *batch, const medtl_group *group)
{
    const medtl_task *task = medtl_pipeline_task(batch->pipeline, group->task);
    json_t *views = json_object(), *missing = json_array();
    char name[NAME_SIZE];
    bool complete = true;

    for (size_t i = 0; i < task->expected_view_count; i++) {
        const size_t count = count_view(batch, group, &task->expected_views[i]);

        name_view(&task->expected_views[i], name);
        json_object_set_new(views, name, json_integer((json_int_t)count));
        if (count == 0)
            json_array_append_new(missing, json_string(name));
        complete = complete && count > 0;
    }
    return json_pack("{s:s, s:s, s:b, s:o, s:o}", "study_instance_uid",
                     batch->items[batch->jobs[group->first_job].first_item]->study, "task",
                     task->name, "complete", (int)complete, "views", views, "missing", missing);
}

json_t *medtl_batch_studies_json(const medtl_batch *batch)
{
    json_t *list = json_array();

    for (size_t g = 0; g < batch->group_count; g++)
        if (medtl_pipeline_task(batch->pipeline, batch->groups[g].task)->expected_view_count > 0)
            json_array_append_new(list, study_of(batch, &batch->groups[g]));
    return list;
}
