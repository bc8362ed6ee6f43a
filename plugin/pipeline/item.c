/* One object of a run: its record, its header while that is needed. */
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

medtl_status medtl_batch_add_item(medtl_batch *batch, const char *path, medtl_item **out,
                                  medtl_error *err)
{
    medtl_item *item;

    *out = NULL;
    if (batch->item_count == batch->item_capacity) {
        const size_t capacity = batch->item_capacity == 0 ? 64 : 2 * batch->item_capacity;
        medtl_item **items = realloc(batch->items, capacity * sizeof *items);

        if (items == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu objects", capacity);
        batch->items = items;
        batch->item_capacity = capacity;
    }
    item = calloc(1, sizeof *item);
    if (item == NULL || (item->path = strdup(path)) == NULL) {
        free(item);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an object");
    }
    item->task = item->next_copy = item->duplicate_of = MEDTL_NONE;
    item->record = (medtl_record){.path = item->path,
                                  .outcome = MEDTL_OUTCOME_CANCELLED,
                                  .status = MEDTL_E_CANCELLED,
                                  .reason = "the run was stopped before its turn",
                                  .study_instance_uid = item->study,
                                  .series_instance_uid = item->series,
                                  .sop_instance_uid = item->sop,
                                  .sop_class_uid = item->sop_class,
                                  .sop_class = item->sop_class_name,
                                  .modality = item->modality,
                                  .view = item->view,
                                  .laterality = item->laterality,
                                  .duplicate_of = "",
                                  .predicted_class = -1};
    batch->items[batch->item_count++] = item;
    *out = item;
    return MEDTL_OK;
}

void medtl_frames_destroy(medtl_frame_result *frames, uint32_t count)
{
    for (uint32_t i = 0; frames != NULL && i < count; i++)
        free((medtl_point *)frames[i].whole);
    free(frames);
}

void medtl_item_destroy(medtl_item *item)
{
    if (item == NULL)
        return;
    medtl_item_close(item);
    for (size_t i = 0; i < item->evidence_count; i++) {
        free((char *)item->evidence[i].sop_class_uid);
        free((char *)item->evidence[i].sop_instance_uid);
        free((char *)item->evidence[i].series_instance_uid);
    }
    for (size_t i = 0; i < item->flag_count; i++)
        free((char *)item->flags[i].text);
    free(item->evidence);
    free(item->flags);
    free(item->outline);
    free(item->probabilities);
    medtl_frames_destroy(item->frames, item->frame_count);
    free(item->facts);
    medtl_patient_destroy(item->patient);
    free(item->reason);
    free(item->path);
    free(item);
}

static void copy(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

void medtl_item_describe(medtl_item *item, const medtl_instance *instance)
{
    const medtl_facts *facts = medtl_instance_facts(instance);

    copy(item->study, sizeof item->study, facts->study_instance_uid);
    copy(item->series, sizeof item->series, facts->series_instance_uid);
    copy(item->sop, sizeof item->sop, facts->sop_instance_uid);
    copy(item->sop_class, sizeof item->sop_class, facts->sop_class_uid);
    copy(item->modality, sizeof item->modality, facts->modality);
    copy(item->sop_class_name, sizeof item->sop_class_name,
         medtl_instance_value(instance, "sop-class"));
    copy(item->view, sizeof item->view, medtl_instance_value(instance, "view"));
    copy(item->laterality, sizeof item->laterality, medtl_instance_value(instance, "laterality"));
    copy(item->kind, sizeof item->kind, medtl_instance_value(instance, "kind"));
    copy(item->view_modifiers, sizeof item->view_modifiers,
         medtl_instance_value(instance, "view-modifier"));
}

/* The reason without the path before it. A path so long that it left no room in the message leaves the kind of
 * failure to say. */
static const char *without_path(const medtl_item *item, medtl_status status, const char *reason)
{
    const size_t length = strlen(item->path), said = strlen(reason);

    if (said > length + 2 && strncmp(reason, item->path, length) == 0 &&
        strncmp(reason + length, ": ", 2) == 0)
        return reason + length + 2;
    if (said > 0 && said <= length + 2 &&
        strncmp(reason, item->path, said < length ? said : length) == 0)
        return medtl_status_name(status);
    return reason;
}

void medtl_item_decide(medtl_item *item, medtl_outcome outcome, medtl_status status,
                       const char *reason)
{
    reason = without_path(item, status, reason);
    free(item->reason);
    item->reason = reason[0] != '\0' ? strdup(reason) : NULL;
    item->decided = true;
    item->record.outcome = outcome;
    item->record.status = status;
    item->record.reason = item->reason != NULL ? item->reason : "";
}

medtl_status medtl_item_open(const medtl_batch *batch, medtl_item *item, medtl_error *err)
{
    size_t count = 0;
    const char *const *keywords;
    medtl_status status;

    if (item->instance != NULL)
        return MEDTL_OK;
    if (item->in_memory)
        return medtl_fail(err, MEDTL_E_INTERNAL, "%s: its bytes are gone", item->path);
    keywords = medtl_config_keywords(medtl_pipeline_config(batch->pipeline), &count);
    status = medtl_reader_instance(medtl_pipeline_reader(batch->pipeline), item->path, keywords,
                                   count, &item->instance, err);
    if (status == MEDTL_OK &&
        strcmp(medtl_instance_facts(item->instance)->sop_instance_uid, item->sop) != 0) {
        medtl_item_close(item);
        status = medtl_fail(err, MEDTL_E_IO, "%s: the file was changed while the run went on",
                            item->path);
    }
    return status;
}

void medtl_item_close(medtl_item *item)
{
    medtl_instance_destroy(item->instance);
    item->instance = NULL;
}

void medtl_item_close_if_many(medtl_batch *batch, medtl_item *item)
{
    if (item->in_memory)
        return;
    if (batch->headers_kept >= batch->header_limit)
        medtl_item_close(item);
    else
        batch->headers_kept++;
}

/* ---- what explains a result ------------------------------------------------------------- */

medtl_status medtl_item_set_outline(medtl_item *item, const medtl_point *points, size_t count,
                                    medtl_error *err)
{
    medtl_point *copy_of_points = malloc((count + 1) * sizeof *copy_of_points);

    if (copy_of_points == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an outline of %zu points", count);
    memcpy(copy_of_points, points, count * sizeof *points);
    free(item->outline);
    item->outline = copy_of_points;
    item->outline_count = count;
    return MEDTL_OK;
}

medtl_status medtl_item_add_evidence(medtl_item *item, const medtl_evidence_object *object,
                                     medtl_error *err)
{
    medtl_evidence_object *grown =
        realloc(item->evidence, (item->evidence_count + 1) * sizeof *grown);
    medtl_evidence_object own = {object->kind, strdup(object->sop_class_uid),
                                 strdup(object->sop_instance_uid),
                                 strdup(object->series_instance_uid)};

    if (grown != NULL)
        item->evidence = grown;
    if (grown == NULL || own.sop_class_uid == NULL || own.sop_instance_uid == NULL ||
        own.series_instance_uid == NULL) {
        free((char *)own.sop_class_uid);
        free((char *)own.sop_instance_uid);
        free((char *)own.series_instance_uid);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a reference to an object");
    }
    item->evidence[item->evidence_count++] = own;
    return MEDTL_OK;
}

medtl_status medtl_item_add_flag(medtl_item *item, const medtl_image_flag *flag, medtl_error *err)
{
    medtl_image_flag *grown = realloc(item->flags, (item->flag_count + 1) * sizeof *grown);
    char *text = strdup(flag->text != NULL ? flag->text : flag->code.meaning);

    if (grown != NULL)
        item->flags = grown;
    if (grown == NULL || text == NULL) {
        free(text);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a remark on an image");
    }
    item->flags[item->flag_count++] = (medtl_image_flag){flag->code, text};
    return MEDTL_OK;
}

bool medtl_uid_is_valid(const char *uid)
{
    const size_t length = strlen(uid);

    if (length == 0 || length > 64 || uid[0] == '.' || uid[length - 1] == '.')
        return false;
    return strspn(uid, "0123456789.") == length && strstr(uid, "..") == NULL;
}
