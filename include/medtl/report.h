/* From a plain result to a DICOM Structured Report. Implemented by dicom/report. */
#ifndef MEDTL_REPORT_H
#define MEDTL_REPORT_H

#include "medtl/config.h"
#include "medtl/error.h"
#include "medtl/image.h"
#include "medtl/study.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the pipeline found in one frame of one image. */
typedef struct medtl_image_result {
    const medtl_instance *instance; /* borrowed */
    uint32_t frame;                 /* 0-based */
    const float *probabilities;     /* task->class_count values that sum to 1; borrowed */
    medtl_geometry geometry;        /* the part of the image that was looked at */
} medtl_image_result;

/** One report: one study, one task, its analysed images. Everything is borrowed. */
typedef struct medtl_report_request {
    const medtl_task *task;
    const char *model_name, *model_version, *model_sha256;
    const char *software_version;
    const medtl_image_result *results; /* at least one; all of one study */
    size_t result_count;
    const char *content_date_time; /* "YYYYMMDDHHMMSS" local time; NULL: now */
} medtl_report_request;

/** A finished report: a complete DICOM file in memory. */
typedef struct medtl_report {
    unsigned char *bytes; /* owned */
    size_t size;
    char sop_instance_uid[MEDTL_UID_SIZE];
    char series_instance_uid[MEDTL_UID_SIZE];
    char study_instance_uid[MEDTL_UID_SIZE];
} medtl_report;

/** Build a TID 1500 report (Comprehensive SR, Explicit VR Little Endian).
 *  UIDs are derived from the images, the model's digest and the task's digest (UUID version 5
 *  under 2.25), so that a rerun gives the same report and never piles up.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT; MEDTL_E_MEMORY; MEDTL_E_INTERNAL where DCMTK refuses an item. */
medtl_status medtl_report_create(const medtl_report_request *request, medtl_report **out,
                                 medtl_error *err) MEDTL_NOEXCEPT;
void medtl_report_destroy(medtl_report *report) MEDTL_NOEXCEPT; /* NULL is allowed */

/** The SOP Instance UID that medtl_report_create() will give, without building the report: how a
 *  resumed run knows what is already there. Uses only task, model_sha256, software_version and results. */
medtl_status medtl_report_uid(const medtl_report_request *request,
                              char sop_instance_uid[MEDTL_UID_SIZE], medtl_error *err) MEDTL_NOEXCEPT;

/** Is this instance a report that medtl wrote? (Manufacturer's Model Name and UID root.) */
bool medtl_report_is_ours(const medtl_instance *instance) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
