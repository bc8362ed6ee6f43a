/* Reports without the patient: a report folder whose objects are de-identified on their way in. */
#ifndef DCM_MEDTL_DEIDENTIFIED_FOLDER_H
#define DCM_MEDTL_DEIDENTIFIED_FOLDER_H

#include "dicom/deidentify/deidentify.h"
#include "doubts.h"
#include "pipeline.h"
#include "progress.h"

typedef struct deidentified_folder {
    const char *out;
    const medtl_deidentifier *deidentifier;
    progress_bar *bar;   /* wiped before a refusal is named */
    doubt_counts doubts; /* of what was written */
    size_t refused;      /* objects that explain */
} deidentified_folder;

/** A medtl_batch_sink; context is a deidentified_folder. Reports and evidence come under new UIDs. An object that explains
 *  and may show names is refused, and named on standard error; its report comes without it. */
medtl_status write_deidentified(void *context, const medtl_batch_report *report,
                                char location[MEDTL_LOCATION_SIZE], medtl_error *err);

/** A medtl_batch_known: is the report there under its new UIDs? Only of use with a key that is kept. */
bool is_reported_deidentified(void *context, const char *study_instance_uid,
                              const char *sop_instance_uid);

#endif
