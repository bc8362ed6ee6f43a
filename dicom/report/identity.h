/* The UIDs of a report, each a function of what it names, so that a rerun replaces and never piles
 * up. */
#ifndef MEDTL_REPORT_IDENTITY_H
#define MEDTL_REPORT_IDENTITY_H

#include "medtl/report.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The series of a task's reports in a study: study, task's name, model's digest. A new software
 * version or a changed task puts its report beside the old one, as do the task's other profiles; a new
 * model opens a series of its own.
 *  @return MEDTL_OK or MEDTL_E_MEMORY, like those below. */
medtl_status medtl_report_series_uid(const medtl_report_request *request, char uid[MEDTL_UID_SIZE],
                                     medtl_error *err) MEDTL_NOEXCEPT;

/** The device that observed: the model, so it changes with every retraining. */
medtl_status medtl_report_device_uid(const medtl_report_request *request, char uid[MEDTL_UID_SIZE],
                                     medtl_error *err) MEDTL_NOEXCEPT;

/** What a measurement group tracks: one frame in one report. Viewers keep annotations by this UID,
 * so two reports on the same image must not share it. */
medtl_status medtl_report_tracking_uid(const char *report_uid, const medtl_image_result *result,
                                       char uid[MEDTL_UID_SIZE], medtl_error *err) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
