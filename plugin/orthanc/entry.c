/* The four entry points that Orthanc looks for, and the events it sends. */
#include "orthanc.h"

#include <stdlib.h>
#include <string.h>

/* Orthanc's header leaves it to the plugin to declare these, but for the name, without a prototype. */
ORTHANC_PLUGINS_API int32_t OrthancPluginInitialize(OrthancPluginContext *context);
ORTHANC_PLUGINS_API void OrthancPluginFinalize(void);
ORTHANC_PLUGINS_API const char *
OrthancPluginGetName(void); /* NOLINT(readability-redundant-declaration) */
ORTHANC_PLUGINS_API const char *OrthancPluginGetVersion(void);

static medtl_orthanc the_plugin; /* one in a server; its callbacks get no context */

static medtl_status set_reader(medtl_orthanc *self, medtl_error *err)
{
    const medtl_reader_options options = {.limits = &self->settings.limits,
                                          .isolate = self->settings.isolate,
                                          .timeout_ms =
                                              (uint32_t)self->settings.decode_seconds * 1000};

    return medtl_pipeline_read_with(self->pipeline, &options, err);
}

/* A broken promise of ours must not take the PACS down: without a pipeline the server runs on, and
 * the log and the status route say why nothing is classified. */
static medtl_status set_up(medtl_orthanc *self, medtl_error *err)
{
    char *configuration = OrthancPluginGetConfiguration(self->server);
    medtl_status status;

    if (configuration == NULL)
        return medtl_fail(err, MEDTL_E_CONFIG, "Orthanc does not give its configuration");
    status = medtl_orthanc_settings_parse(configuration, &self->settings, err);
    OrthancPluginFreeString(self->server, configuration);
    if (status != MEDTL_OK || !self->settings.enabled)
        return status;
    if ((status = medtl_queue_create((size_t)self->settings.queue_capacity, &self->queue, err)) !=
            MEDTL_OK ||
        (status = medtl_pipeline_create((const char *const *)self->settings.tasks,
                                        self->settings.task_count, &self->pipeline, err)) !=
            MEDTL_OK)
        return status;
    if ((status = set_reader(self, err)) != MEDTL_OK ||
        (status = medtl_orthanc_start_worker(self, err)) != MEDTL_OK) {
        medtl_pipeline_destroy(self->pipeline);
        self->pipeline = NULL;
    }
    return status;
}

static void tell_state(const medtl_orthanc *self)
{
    if (self->refusal.status != MEDTL_OK)
        medtl_orthanc_log(self, MEDTL_LOG_ERROR, "nothing will be classified: %s",
                          self->refusal.message);
    else if (self->pipeline == NULL)
        medtl_orthanc_log(self, MEDTL_LOG_WARNING, "disabled by Medtl.Enabled");
    else
        medtl_orthanc_log(self, MEDTL_LOG_WARNING, "version %s is ready with %zu tasks%s",
                          MEDTL_VERSION, medtl_pipeline_task_count(self->pipeline),
                          self->settings.auto_classify ? "" : ", on demand only");
}

static void on_stable_study(medtl_orthanc *self, const char *study)
{
    if (self->pipeline == NULL || !self->settings.auto_classify || study == NULL)
        return;
    if (medtl_queue_push(self->queue, study, true, NULL) == MEDTL_QUEUE_FULL)
        medtl_orthanc_log(self, MEDTL_LOG_ERROR,
                          "study %s is not classified: the queue is full (Medtl.QueueCapacity)",
                          study);
}

/* Called with a lock of Orthanc held: enqueue and return. Only at the end is there a wait: here Orthanc
 * still serves the worker's last requests, in OrthancPluginFinalize() it no longer does. */
static OrthancPluginErrorCode on_change(OrthancPluginChangeType change,
                                        OrthancPluginResourceType resource, const char *id)
{
    (void)resource;
    if (change == OrthancPluginChangeType_StableStudy)
        on_stable_study(&the_plugin, id);
    else if (change == OrthancPluginChangeType_OrthancStopped)
        medtl_orthanc_stop_worker(&the_plugin);
    return OrthancPluginErrorCode_Success;
}

int32_t OrthancPluginInitialize(OrthancPluginContext *context)
{
    medtl_orthanc *self = &the_plugin;
    medtl_error err = {0};

    memset(self, 0, sizeof *self);
    self->server = context;
    if (OrthancPluginCheckVersion(context) == 0) {
        medtl_orthanc_log(self, MEDTL_LOG_ERROR, "needs Orthanc %d.%d.%d or later, this is %s",
                          ORTHANC_PLUGINS_MINIMAL_MAJOR_NUMBER,
                          ORTHANC_PLUGINS_MINIMAL_MINOR_NUMBER,
                          ORTHANC_PLUGINS_MINIMAL_REVISION_NUMBER, context->orthancVersion);
        return -1;
    }
    pthread_mutex_init(&self->lock, NULL);
    if (set_up(self, &err) != MEDTL_OK)
        self->refusal = err;
    tell_state(self);
    OrthancPluginSetDescription(context, "Classifies mammograms and dermoscopic images and stores "
                                         "DICOM Structured Reports. Supports a clinician; does not "
                                         "diagnose.");
    medtl_orthanc_register_routes(self);
    OrthancPluginRegisterOnChangeCallback(context, on_change);
    return 0;
}

void OrthancPluginFinalize(void)
{
    medtl_orthanc *self = &the_plugin;

    medtl_orthanc_stop_worker(self); /* no OrthancStopped where the server failed to start */
    medtl_pipeline_destroy(self->pipeline);
    medtl_queue_destroy(self->queue);
    medtl_orthanc_settings_clear(&self->settings);
    pthread_mutex_destroy(&self->lock);
    memset(self, 0, sizeof *self);
}

const char *OrthancPluginGetName(void) { return "medtl"; }
const char *OrthancPluginGetVersion(void) { return MEDTL_VERSION; }
