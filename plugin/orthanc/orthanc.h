/* The plugin inside Orthanc: what it owns, and which part does what. */
#ifndef MEDTL_ORTHANC_H
#define MEDTL_ORTHANC_H

#include "plugin/pipeline/pipeline.h"
#include "queue.h"
#include "seen.h"
#include "settings.h"

#include <jansson.h>
#include <orthanc/OrthancCPlugin.h>
#include <pthread.h>

typedef struct medtl_orthanc {
    OrthancPluginContext *server;
    medtl_orthanc_settings settings;
    medtl_pipeline *pipeline; /* NULL: disabled, or refused for the reason in `refusal` */
    medtl_error refusal;
    medtl_queue *queue;
    medtl_seen seen; /* the worker's */

    pthread_mutex_t lock; /* guards all that follows */
    bool has_worker, stopping;
    pthread_t worker;
    medtl_batch *batch; /* under way, so that stopping can cancel it */
} medtl_orthanc;

/* worker.c: the one thread that classifies. No thread of Orthanc ever waits for it but at shutdown. */
medtl_status medtl_orthanc_start_worker(medtl_orthanc *self, medtl_error *err);
/** Cancel, and wait until the image under way is done. May be called again. */
void medtl_orthanc_stop_worker(medtl_orthanc *self);
bool medtl_orthanc_stopping(medtl_orthanc *self);
/** Make the batch known to stop_worker(), or NULL before it is destroyed. */
void medtl_orthanc_set_batch(medtl_orthanc *self, medtl_batch *batch);

/* study.c: from a study in Orthanc to its reports in Orthanc. On the worker's thread. */
medtl_job_state medtl_orthanc_classify(medtl_orthanc *self, const medtl_queue_job *job,
                                       medtl_job_result *result);

/* server.c: the few services of Orthanc that are used. From any thread but that of a change event. */
/** GET of Orthanc's own REST API. @return A new reference, or NULL: no such thing. */
json_t *medtl_orthanc_get_json(medtl_orthanc *self, const char *path);
medtl_status medtl_orthanc_get_file(medtl_orthanc *self, const char *instance,
                                    OrthancPluginMemoryBuffer *file, medtl_error *err);
bool medtl_orthanc_has_instance(medtl_orthanc *self, const char *sop_instance_uid);
/** Store a DICOM file. @param study  Orthanc's identifier of the study that it must end up in. */
medtl_status medtl_orthanc_store(medtl_orthanc *self, const void *bytes, size_t size,
                                 const char *study, char id[MEDTL_STUDY_ID_SIZE], medtl_error *err);
typedef enum medtl_orthanc_level {
    MEDTL_LOG_ERROR,
    MEDTL_LOG_WARNING,
    MEDTL_LOG_INFO
} medtl_orthanc_level;
/** One line in Orthanc's log. No patient values. */
void medtl_orthanc_log(const medtl_orthanc *self, medtl_orthanc_level level, const char *format,
                       ...) MEDTL_PRINTF(3, 4);

/* routes.c: what medtl answers to HTTP. */
void medtl_orthanc_register_routes(medtl_orthanc *self);

#endif
