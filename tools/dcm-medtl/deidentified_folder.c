#include "deidentified_folder.h"

#include "arguments.h"
#include "report_folder.h"

#include <stdlib.h>

/* The run goes on without the object, so that nothing else would say so. */
static void name_refused(deidentified_folder *folder, const medtl_error *err)
{
    folder->refused++;
    progress_wipe(folder->bar);
    complain("%s; an object that explains its result is not written", err->message);
}

medtl_status write_deidentified(void *context, const medtl_batch_report *report,
                                char location[MEDTL_LOCATION_SIZE], medtl_error *err)
{
    deidentified_folder *folder = context;
    medtl_batch_report clean = *report;
    medtl_deidentified object;
    medtl_status status = medtl_deidentify_memory(
        folder->deidentifier, report->bytes, report->size,
        report->is_evidence ? report->image_path : "a report", &object, err);

    if (status == MEDTL_E_UNSUPPORTED && report->is_evidence)
        name_refused(folder, err);
    if (status != MEDTL_OK)
        return status;
    clean.bytes = object.bytes;
    clean.size = object.size;
    clean.study_instance_uid = object.study_instance_uid;
    clean.sop_instance_uid = object.sop_instance_uid;
    status = write_report((void *)folder->out, &clean, location, err);
    if (status == MEDTL_OK)
        doubts_add(&folder->doubts, object.doubts);
    free(object.bytes);
    return status;
}

bool is_reported_deidentified(void *context, const char *study_instance_uid,
                              const char *sop_instance_uid)
{
    const deidentified_folder *folder = context;
    char study[MEDTL_UID_SIZE], sop[MEDTL_UID_SIZE];

    medtl_deidentify_uid(folder->deidentifier, study_instance_uid, study);
    medtl_deidentify_uid(folder->deidentifier, sop_instance_uid, sop);
    return is_reported((void *)folder->out, study, sop);
}
