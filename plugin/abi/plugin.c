/* A plugin: a loaded pipeline, what the host is told of its tasks, and the log. */
#include "abi.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_LINE_SIZE = 2048 }; /* a path and a message; longer lines are cut */

void medtl_abi_say(const medtl_plugin *plugin, medtl_plugin_level level, const char *format, ...)
{
    char line[LOG_LINE_SIZE];
    va_list arguments;

    if (plugin->log == NULL || level > plugin->log_level)
        return;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    plugin->log(plugin->log_context, level, line);
}

/* The host may be older or newer than this plugin. Members that it does not have are zero here;
 * members that we do not have must be zero there, for else it asks for something we cannot do. */
static medtl_status read_options(const medtl_plugin_options *given, medtl_plugin_options *options,
                                 medtl_error *err)
{
    const size_t known = sizeof *options;

    memset(options, 0, known);
    if (given == NULL)
        return MEDTL_OK;
    if (given->size < sizeof given->size + sizeof given->threads)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "medtl_plugin_options.size is not set");
    for (size_t i = known; i < given->size; i++)
        if (((const unsigned char *)given)[i] != 0)
            return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                              "an option is set that this version (%s) does not know",
                              MEDTL_VERSION);
    memcpy(options, given, given->size < known ? given->size : known);
    if (options->reserved != 0)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "medtl_plugin_options.reserved is not 0");
    if ((options->flags & ~(uint32_t)MEDTL_PLUGIN_ISOLATE) != 0)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "a flag is set that this version (%s) does not know", MEDTL_VERSION);
    if (options->task_count > 0 && options->tasks == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "task_count is %zu, tasks is NULL",
                          options->task_count);
    return MEDTL_OK;
}

static medtl_status set_reader(medtl_pipeline *pipeline, const medtl_plugin_options *wanted,
                               medtl_error *err)
{
    const medtl_reader_options options = {.isolate = (wanted->flags & MEDTL_PLUGIN_ISOLATE) != 0,
                                          .timeout_ms = wanted->decode_timeout_ms};

    return options.isolate ? medtl_pipeline_read_with(pipeline, &options, err) : MEDTL_OK;
}

static medtl_status describe_task(const medtl_plugin *plugin, size_t index, medtl_plugin_task *out,
                                  medtl_error *err)
{
    const medtl_task *task = medtl_pipeline_task(plugin->pipeline, index);
    const medtl_model_info *model = medtl_pipeline_model_info(plugin->pipeline, index);
    const char **labels = calloc(task->class_count, sizeof *labels);

    if (labels == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "labels of task %s", task->name);
    for (size_t i = 0; i < task->class_count; i++)
        labels[i] = task->classes[i].label;
    *out = (medtl_plugin_task){.name = task->name,
                               .title = task->title,
                               .labels = labels,
                               .class_count = task->class_count,
                               .positive_class = task->positive_class,
                               .threshold = task->threshold,
                               .digest = task->digest,
                               .model_name = model->name,
                               .model_version = model->version,
                               .model_sha256 = model->sha256};
    medtl_abi_say(plugin, MEDTL_PLUGIN_LOG_INFO, "task %s: model %s %s, SHA-256 %s", out->name,
                  out->model_name, out->model_version, out->model_sha256);
    return MEDTL_OK;
}

static medtl_status describe_tasks(medtl_plugin *plugin, medtl_error *err)
{
    const size_t count = medtl_pipeline_task_count(plugin->pipeline);
    medtl_status status = MEDTL_OK;

    plugin->tasks = calloc(count > 0 ? count : 1, sizeof *plugin->tasks);
    if (plugin->tasks == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "list of tasks");
    for (size_t i = 0; i < count && status == MEDTL_OK; i++) {
        status = describe_task(plugin, i, &plugin->tasks[i], err);
        plugin->task_count = i + 1;
    }
    return status;
}

medtl_status medtl_abi_create(const medtl_plugin_options *options, medtl_plugin **out,
                              medtl_error *err)
{
    medtl_plugin_options wanted;
    medtl_plugin *plugin = NULL;
    medtl_status status;

    if (out == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "create: out is NULL");
    *out = NULL;
    if ((status = read_options(options, &wanted, err)) != MEDTL_OK)
        return status;
    plugin = calloc(1, sizeof *plugin);
    if (plugin == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "plugin");
    pthread_mutex_init(&plugin->lock, NULL);
    pthread_cond_init(&plugin->work, NULL);
    plugin->references = 1;
    plugin->threads = wanted.threads;
    plugin->log = wanted.log;
    plugin->log_context = wanted.log_context;
    plugin->log_level = wanted.log_level;

    if ((status = medtl_pipeline_create(wanted.tasks, wanted.task_count, &plugin->pipeline, err)) !=
            MEDTL_OK ||
        (status = set_reader(plugin->pipeline, &wanted, err)) != MEDTL_OK ||
        (status = describe_tasks(plugin, err)) != MEDTL_OK)
        goto done;
    *out = plugin;
    plugin = NULL; /* now the host's */

done:
    if (plugin != NULL)
        medtl_abi_release(plugin);
    return status;
}

void medtl_abi_hold(medtl_plugin *plugin)
{
    pthread_mutex_lock(&plugin->lock);
    plugin->references++;
    pthread_mutex_unlock(&plugin->lock);
}

void medtl_abi_release(medtl_plugin *plugin)
{
    bool last;

    pthread_mutex_lock(&plugin->lock);
    last = --plugin->references == 0;
    pthread_mutex_unlock(&plugin->lock);
    if (!last)
        return;
    for (size_t i = 0; i < plugin->task_count; i++)
        free((void *)plugin->tasks[i].labels);
    free(plugin->tasks);
    medtl_pipeline_destroy(plugin->pipeline);
    pthread_cond_destroy(&plugin->work);
    pthread_mutex_destroy(&plugin->lock);
    free(plugin);
}

void medtl_abi_destroy(medtl_plugin *plugin)
{
    if (plugin == NULL)
        return;
    medtl_abi_worker_stop(plugin);
    medtl_abi_release(plugin);
}

size_t medtl_abi_task_count(const medtl_plugin *plugin)
{
    return plugin != NULL ? plugin->task_count : 0;
}

const medtl_plugin_task *medtl_abi_task(const medtl_plugin *plugin, size_t index)
{
    return index < medtl_abi_task_count(plugin) ? &plugin->tasks[index] : NULL;
}
