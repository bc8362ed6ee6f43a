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
    const char *model_arithmetic; /* "int8", ...; NULL or "float32": not said */
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
 *
 *  UIDs are name-based (UUID version 5 of RFC 4122, SHA-1, in a name space of medtl's, under 2.25).
 *  The instance's follows from the images with their frames (in whatever order), the model's digest, the
 *  task's digest and the software version; the series' from the study, the task's name and the model's
 *  digest. So a rerun replaces its report and never piles up. All other bytes but the content date and
 *  time follow from the request too.
 *
 *  Patient and study attributes are the first image's, byte for byte, in its character set; only a date,
 *  time, age, number or coded string that its value representation forbids ("00000000" as a birth date)
 *  is left out. Texts of the task (labels, meanings, disclaimer) are written as ASCII, the part common to
 *  all character sets: other characters become '?'. Numeric values have two decimals, with the exact
 *  value beside them.
 *
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for images of several studies or patients, the same frame twice,
 *          probabilities that are none, a class without a code, or a date that is none; MEDTL_E_UNSUPPORTED
 *          for another report profile; MEDTL_E_MEMORY; MEDTL_E_INTERNAL where DCMTK refuses an item.
 *  May be called by several threads (the content trees are built one at a time). */
medtl_status medtl_report_create(const medtl_report_request *request, medtl_report **out,
                                 medtl_error *err) MEDTL_NOEXCEPT;
void medtl_report_destroy(medtl_report *report) MEDTL_NOEXCEPT; /* NULL is allowed */

/** The SOP Instance UID that medtl_report_create() will give, without building the report: how a
 *  resumed run knows what is already there. Uses only task, model_sha256, software_version and results. */
medtl_status medtl_report_uid(const medtl_report_request *request,
                              char sop_instance_uid[MEDTL_UID_SIZE],
                              medtl_error *err) MEDTL_NOEXCEPT;

/** The class that an image is reported as: the task's positive class where its probability reaches the
 *  threshold, else the most probable of the others; the most probable of all where the task has no
 *  positive class. Of equal ones the first.
 *  @param probabilities  task->class_count values.
 *  @return Its index. */
size_t medtl_report_decision(const medtl_task *task, const float *probabilities) MEDTL_NOEXCEPT;

/** Is this instance a report that medtl wrote? (SOP class, Manufacturer, Manufacturer's Model Name and
 *  UID root.) */
bool medtl_report_is_ours(const medtl_instance *instance) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
