/* What a site says about medtl in Orthanc's own configuration, under "Medtl". Knows no Orthanc SDK. */
#ifndef MEDTL_ORTHANC_SETTINGS_H
#define MEDTL_ORTHANC_SETTINGS_H

#include "medtl/error.h"
#include "medtl/limits.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct medtl_orthanc_settings {
    bool enabled;           /* "Enabled", true: false leaves only the status route           */
    bool auto_classify;     /* "AutoClassify", true: studies are classified when stable      */
    long threads;           /* "Threads", 1: for one study; 0: as many as processors         */
    long queue_capacity;    /* "QueueCapacity", 1000: studies that may wait                  */
    long maximum_megabytes; /* "MaximumMegabytes", 2048: MiB of images of one study          */
    bool isolate;           /* "Isolate", true: parse and decode in a process of its own    */
    long decode_seconds;    /* "DecodeSeconds", 60: for one header or frame there           */
    medtl_limits limits;    /* "Limits", by the names of medtl/limits.h                     */
    char **tasks;           /* "Tasks", none: task files or folders; none: the default tasks */
    size_t task_count;
} medtl_orthanc_settings;

/** Read the settings.
 *  @param configuration  Orthanc's whole configuration as JSON text.
 *  @param[out] out  Filled in on success, for medtl_orthanc_settings_clear(); all zero on failure.
 *  @return MEDTL_OK, also without any "Medtl"; MEDTL_E_CONFIG naming the setting that is unknown, of
 *          the wrong type or out of range. */
medtl_status medtl_orthanc_settings_parse(const char *configuration, medtl_orthanc_settings *out,
                                          medtl_error *err);
void medtl_orthanc_settings_clear(medtl_orthanc_settings *settings);

#endif
