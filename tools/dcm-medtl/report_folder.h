/* Where reports go: OUT/<StudyInstanceUID>/<SOPInstanceUID>.dcm. */
#ifndef DCM_MEDTL_REPORT_FOLDER_H
#define DCM_MEDTL_REPORT_FOLDER_H

#include "pipeline.h"

/** Make OUT and see whether it can be written to. */
medtl_status prepare_report_folder(const char *out, medtl_error *err);

/** A medtl_batch_sink; context is OUT. Nothing half-written remains where it fails. */
medtl_status write_report(void *context, const medtl_batch_report *report,
                          char location[MEDTL_LOCATION_SIZE], medtl_error *err);

/** A medtl_batch_known; context is OUT. A report is there as a whole or not at all. */
bool is_reported(void *context, const char *study_instance_uid, const char *sop_instance_uid);

/** A medtl_batch_earlier; context is OUT: what lies in the study's folder. */
void name_earlier_reports(void *context, const char *study_instance_uid, medtl_batch_give give,
                          void *taker);

#endif
