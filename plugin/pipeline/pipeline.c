/* Loads a configuration and its models, and sees to it that they belong together. */
#include "pipeline.h"

#include <stdlib.h>
#include <string.h>

struct medtl_pipeline {
    medtl_config *config;
    medtl_model **models;         /* one for each task, in the tasks' order */
    medtl_explainer **explainers; /* likewise; NULL where the task asks for no evidence */
    size_t task_count;
    medtl_reader *reader; /* NULL: the defaults */
};

const char *medtl_pipeline_version(void) { return MEDTL_VERSION; }

static medtl_status check_classes(const medtl_task *task, const medtl_model_info *model,
                                  medtl_error *err)
{
    if (model->class_count != task->class_count)
        return medtl_fail(err, MEDTL_E_CONFIG,
                          "%s: the model has %u classes, the task in %s has %zu", task->model_path,
                          (unsigned)model->class_count, task->file, task->class_count);
    for (size_t i = 0; i < task->class_count; i++)
        if (strcmp(model->class_names[i], task->classes[i].label) != 0)
            return medtl_fail(err, MEDTL_E_CONFIG,
                              "%s: class %zu of the model is \"%.64s\", in the task in %s \"%s\"",
                              task->model_path, i + 1, model->class_names[i], task->file,
                              task->classes[i].label);
    return MEDTL_OK;
}

medtl_status medtl_pipeline_check_model(const medtl_task *task, const medtl_model_info *model,
                                        medtl_error *err)
{
    const medtl_normaliser *n = &task->normaliser;
    char text[MEDTL_NORMALISER_TEXT_SIZE];

    if (model->channels != n->channels || model->height != n->height || model->width != n->width)
        return medtl_fail(
            err, MEDTL_E_CONFIG,
            "%s: the model reads %u x %u x %u (channels, height, width), the task in %s "
            "makes %u x %u x %u",
            task->model_path, (unsigned)model->channels, (unsigned)model->height,
            (unsigned)model->width, task->file, (unsigned)n->channels, (unsigned)n->height,
            (unsigned)n->width);
    medtl_normaliser_text(n, text);
    if (strcmp(model->normaliser, text) != 0)
        return medtl_fail(err, MEDTL_E_CONFIG,
                          "%s: the model was trained on \"%.120s\", the task in %s makes \"%s\"",
                          task->model_path, model->normaliser, task->file, text);
    return check_classes(task, model, err);
}

/* A model is read twice where its heat maps are asked for: it must be the same one. */
static medtl_status load_explainer(const medtl_task *task, const medtl_model *model,
                                   medtl_explainer **out, medtl_error *err)
{
    medtl_error why = {MEDTL_OK, ""};
    const medtl_status status = medtl_explainer_create(task->model_path, NULL, 1, out, &why);

    if (status == MEDTL_E_UNSUPPORTED || status == MEDTL_E_ARGUMENT)
        return medtl_fail(err, MEDTL_E_CONFIG,
                          "%s: asks for evidence that its model cannot give: %.400s", task->file,
                          why.message);
    if (status != MEDTL_OK)
        return medtl_fail(err, status, "%s", why.message);
    if (strcmp(medtl_explainer_get_info(*out)->sha256, medtl_model_get_info(model)->sha256) != 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: the file was changed while it was loaded",
                          task->model_path);
    return MEDTL_OK;
}

static medtl_status load_models(medtl_pipeline *pipeline, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    pipeline->task_count = medtl_config_task_count(pipeline->config);
    pipeline->models = calloc(pipeline->task_count + 1, sizeof *pipeline->models);
    pipeline->explainers = calloc(pipeline->task_count + 1, sizeof *pipeline->explainers);
    if (pipeline->models == NULL || pipeline->explainers == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu models",
                          pipeline->task_count);
    for (size_t i = 0; i < pipeline->task_count && status == MEDTL_OK; i++) {
        const medtl_task *task = medtl_config_task(pipeline->config, i);

        status = medtl_model_load(task->model_path, &pipeline->models[i], err);
        if (status == MEDTL_OK)
            status =
                medtl_pipeline_check_model(task, medtl_model_get_info(pipeline->models[i]), err);
        if (status == MEDTL_OK && task->evidence.objects != 0)
            status = load_explainer(task, pipeline->models[i], &pipeline->explainers[i], err);
    }
    return status;
}

/* Here meet the configuration, which knows where a keyword stands, and dicom, which knows the dictionary. */
static medtl_status check_keywords(const medtl_config *config, medtl_error *err)
{
    size_t count = 0;
    const char *const *keywords = medtl_config_keywords(config, &count);

    for (size_t i = 0; i < count; i++) {
        medtl_error why = {MEDTL_OK, ""};

        if (medtl_attribute_check(keywords[i], &why) != MEDTL_OK) {
            long line = 0;
            const char *file = medtl_config_keyword_place(config, i, &line);

            return medtl_fail(err, MEDTL_E_CONFIG, "%s:%ld: %s", file, line, why.message);
        }
    }
    return MEDTL_OK;
}

medtl_status medtl_pipeline_load_config(const char *const *paths, size_t count, medtl_config **out,
                                        medtl_error *err)
{
    medtl_status status = medtl_config_load(paths, count, out, err);

    if (status == MEDTL_OK && (status = check_keywords(*out, err)) != MEDTL_OK) {
        medtl_config_destroy(*out);
        *out = NULL;
    }
    return status;
}

medtl_status medtl_pipeline_create(const char *const *config_paths, size_t count,
                                   medtl_pipeline **out, medtl_error *err)
{
    medtl_pipeline *pipeline;
    medtl_status status;

    *out = NULL;
    pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a pipeline");
    if ((status = medtl_dicom_start(err)) == MEDTL_OK &&
        (status = medtl_pipeline_load_config(config_paths, count, &pipeline->config, err)) ==
            MEDTL_OK &&
        (status = load_models(pipeline, err)) == MEDTL_OK) {
        *out = pipeline;
        pipeline = NULL;
    }
    medtl_pipeline_destroy(pipeline);
    return status;
}

void medtl_pipeline_destroy(medtl_pipeline *pipeline)
{
    if (pipeline == NULL)
        return;
    for (size_t i = 0; pipeline->models != NULL && i < pipeline->task_count; i++)
        medtl_model_destroy(pipeline->models[i]);
    for (size_t i = 0; pipeline->explainers != NULL && i < pipeline->task_count; i++)
        medtl_explainer_destroy(pipeline->explainers[i]);
    free(pipeline->explainers);
    free(pipeline->models);
    medtl_config_destroy(pipeline->config);
    medtl_reader_destroy(pipeline->reader);
    free(pipeline);
}

medtl_status medtl_pipeline_read_with(medtl_pipeline *pipeline, const medtl_reader_options *options,
                                      medtl_error *err)
{
    medtl_reader *reader = NULL;
    const medtl_status status = medtl_reader_create(options, &reader, err);

    if (status != MEDTL_OK)
        return status;
    medtl_reader_destroy(pipeline->reader);
    pipeline->reader = reader;
    return MEDTL_OK;
}

medtl_reader *medtl_pipeline_reader(const medtl_pipeline *pipeline) { return pipeline->reader; }

const medtl_config *medtl_pipeline_config(const medtl_pipeline *pipeline)
{
    return pipeline->config;
}

size_t medtl_pipeline_task_count(const medtl_pipeline *pipeline) { return pipeline->task_count; }

const medtl_task *medtl_pipeline_task(const medtl_pipeline *pipeline, size_t index)
{
    return medtl_config_task(pipeline->config, index);
}

const medtl_model *medtl_pipeline_model(const medtl_pipeline *pipeline, size_t index)
{
    return index < pipeline->task_count ? pipeline->models[index] : NULL;
}

const medtl_model_info *medtl_pipeline_model_info(const medtl_pipeline *pipeline, size_t index)
{
    return index < pipeline->task_count ? medtl_model_get_info(pipeline->models[index]) : NULL;
}

medtl_status medtl_pipeline_read_image(const medtl_task *task, const medtl_instance *instance,
                                       uint32_t frame, medtl_image **out, medtl_error *err)
{
    medtl_status status = medtl_image_read(instance, frame, out, err);

    if (status == MEDTL_OK && task->apply_icc_profile &&
        (status = medtl_image_to_srgb(*out, err)) != MEDTL_OK) {
        medtl_image_destroy(*out);
        *out = NULL;
    }
    return status;
}

uint32_t medtl_pipeline_frames(const medtl_task *task, uint32_t frames, uint32_t *count)
{
    *count = task->frames == MEDTL_FRAMES_ALL && frames > 1 ? frames : 1;
    return task->frames == MEDTL_FRAMES_MIDDLE ? frames / 2 : 0;
}

medtl_explainer *medtl_pipeline_explainer(const medtl_pipeline *pipeline, size_t index)
{
    return index < pipeline->task_count ? pipeline->explainers[index] : NULL;
}
