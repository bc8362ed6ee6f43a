/* Where in an image a result comes from: the heat map of the model, the outline that the report draws, and the objects that
 * show it. They go to the caller at once, so that a run over many images holds none of them. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

/* The class that people ask about: the positive one, else the one that is reported. */
static size_t class_to_explain(const medtl_task *task, const float *probabilities)
{
    return task->positive_class >= 0 ? (size_t)task->positive_class
                                     : medtl_report_decision(task, probabilities);
}

static bool is_asked_for(const medtl_batch *batch, const medtl_item *item,
                         const medtl_frame_result *shown)
{
    const medtl_task *task = item->record.task;

    return batch->options.sink != NULL &&
           medtl_pipeline_explainer(batch->pipeline, item->task) != NULL &&
           (task->evidence.always || medtl_report_is_finding(task, shown->probabilities));
}

/* The frame once more: the network's input, and the picture that the heat map is drawn over. */
static medtl_status read_again(const medtl_item *item, const medtl_frame_result *shown,
                               float *input, medtl_picture *picture, medtl_error *err)
{
    const medtl_task *task = item->record.task;
    medtl_geometry geometry; /* the same as before */
    const medtl_status status =
        medtl_image_read_input(item->instance, shown->frame, task->apply_icc_profile,
                               &task->normaliser, input, &geometry, NULL, err);

    if (status != MEDTL_OK || (task->evidence.objects & MEDTL_SHOW_PICTURE) == 0)
        return status;
    return medtl_picture_read(item->instance, shown->frame, task->apply_icc_profile,
                              task->normaliser.voi, MEDTL_PICTURE_LONGEST, picture, err);
}

/* @param[out] map  Owned by the caller; of the size of the input, so that outlines are smooth. */
static medtl_status make_map(medtl_explainer *explainer, const medtl_normaliser *n,
                             const float *input, size_t class_index, float **map, medtl_error *err)
{
    size_t height, width;
    float *coarse;
    medtl_status status;

    medtl_explainer_map_size(explainer, &height, &width);
    coarse = calloc(height * width, sizeof *coarse);
    *map = calloc((size_t)n->height * n->width, sizeof **map);
    if (coarse == NULL || *map == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a heat map of %u x %u",
                            (unsigned)n->height, (unsigned)n->width);
    else
        status = medtl_explainer_run(explainer, input, class_index, coarse, err);
    if (status == MEDTL_OK)
        medtl_heat_map_enlarge(coarse, height, width, *map, n->height, n->width);
    free(coarse);
    return status;
}

/* @param[out] taken  false where the caller refuses the object: it will not be there to be referred to. */
static medtl_status hand_over(medtl_batch *batch, const medtl_item *item,
                              const medtl_evidence *object, bool *taken, medtl_error *err)
{
    const medtl_batch_report handed = {.is_evidence = true,
                                       .image_path = item->record.path,
                                       .task = item->record.task,
                                       .study_instance_uid = object->study_instance_uid,
                                       .series_instance_uid = object->series_instance_uid,
                                       .sop_instance_uid = object->sop_instance_uid,
                                       .bytes = object->bytes,
                                       .size = object->size,
                                       .image_count = 1};
    char *location = calloc(1, MEDTL_LOCATION_SIZE);
    medtl_status status;

    *taken = false;
    if (location == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an object's place");
    pthread_mutex_lock(&batch->events);
    status = batch->options.sink(batch->options.sink_context, &handed, location, err);
    pthread_mutex_unlock(&batch->events);
    free(location);
    *taken = status == MEDTL_OK;
    return status == MEDTL_E_UNSUPPORTED ? MEDTL_OK : status;
}

/* Build one object, hand it over, and remember its name if it is taken. */
static medtl_status make_object(medtl_batch *batch, medtl_item *item, medtl_evidence_kind kind,
                                const medtl_evidence_request *request, medtl_error *err)
{
    medtl_evidence *object = NULL;
    medtl_status status = medtl_evidence_create(kind, request, &object, err);
    bool taken = false;

    if (status == MEDTL_OK)
        status = hand_over(batch, item, object, &taken, err);
    if (taken) {
        const medtl_evidence_object made = {kind, object->sop_class_uid, object->sop_instance_uid,
                                            object->series_instance_uid};

        status = medtl_item_add_evidence(item, &made, err);
    }
    medtl_evidence_destroy(object);
    return status;
}

static medtl_status make_objects(medtl_batch *batch, medtl_item *item,
                                 const medtl_evidence_request *request, medtl_error *err)
{
    const unsigned asked = request->task->evidence.objects;
    medtl_status status = MEDTL_OK;

    if ((asked & MEDTL_SHOW_PICTURE) != 0)
        status = make_object(batch, item, MEDTL_EVIDENCE_PICTURE, request, err);
    if (status == MEDTL_OK && (asked & MEDTL_SHOW_SEGMENTATION) != 0 && request->outline != NULL)
        status = make_object(batch, item, MEDTL_EVIDENCE_SEGMENTATION, request, err);
    return status;
}

/* All but the outline. */
static medtl_evidence_request make_request(const medtl_batch *batch, const medtl_item *item,
                                           const medtl_frame_result *shown,
                                           const medtl_picture *picture, const float *map)
{
    const medtl_task *task = item->record.task;
    const medtl_model_info *model = medtl_pipeline_model_info(batch->pipeline, item->task);

    return (medtl_evidence_request){.task = task,
                                    .model_name = model->name,
                                    .model_version = model->version,
                                    .model_sha256 = model->sha256,
                                    .software_version = medtl_pipeline_version(),
                                    .instance = item->instance,
                                    .frame = shown->frame,
                                    .geometry = shown->geometry,
                                    .probabilities = shown->probabilities,
                                    .class_index = class_to_explain(task, shown->probabilities),
                                    .map = {map, task->normaliser.height, task->normaliser.width},
                                    .level = task->evidence.level,
                                    .picture = picture,
                                    .content_date_time = batch->options.content_date_time};
}

static medtl_status draw_outline(medtl_item *item, medtl_evidence_request *request,
                                 medtl_point **outline, medtl_error *err)
{
    const medtl_facts *facts = medtl_instance_facts(item->instance);
    const medtl_normaliser *n = &request->task->normaliser;
    const medtl_status status = medtl_evidence_outline(
        &request->map, &request->geometry, n->height, n->width, facts->rows, facts->columns,
        request->level, outline, &request->outline_count, err);

    request->outline = *outline;
    return status == MEDTL_OK && *outline != NULL
               ? medtl_item_set_outline(item, *outline, request->outline_count, err)
               : status;
}

medtl_status medtl_batch_explain(medtl_batch *batch, medtl_item *item,
                                 const medtl_frame_result *shown, float *input, medtl_error *err)
{
    const medtl_task *task = item->record.task;
    medtl_picture picture = {NULL, 0, 0};
    medtl_point *outline = NULL;
    medtl_evidence_request request;
    float *map = NULL;
    medtl_status status;

    if (!is_asked_for(batch, item, shown))
        return MEDTL_OK;
    if ((status = read_again(item, shown, input, &picture, err)) != MEDTL_OK ||
        (status = make_map(medtl_pipeline_explainer(batch->pipeline, item->task), &task->normaliser,
                           input, class_to_explain(task, shown->probabilities), &map, err)) !=
            MEDTL_OK)
        goto done;
    request = make_request(batch, item, shown, &picture, map);
    if ((status = draw_outline(item, &request, &outline, err)) == MEDTL_OK)
        status = make_objects(batch, item, &request, err);
    item->record.evidence = item->evidence;
    item->record.evidence_count = item->evidence_count;

done:
    medtl_picture_clear(&picture);
    free(outline);
    free(map);
    return status;
}
