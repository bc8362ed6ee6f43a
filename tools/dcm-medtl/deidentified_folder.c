#include "deidentified_folder.h"

#include "report_folder.h"

#include <stdlib.h>

medtl_status write_deidentified(void *context, const medtl_batch_report *report,
                                char location[MEDTL_LOCATION_SIZE], medtl_error *err)
{
    const deidentified_folder *folder = context;
    medtl_batch_report clean = *report;
    medtl_deidentified object;
    medtl_status status = medtl_deidentify_memory(
        folder->deidentifier, report->bytes, report->size,
        report->is_evidence ? "an object that explains" : "a report", &object, err);

    if (status != MEDTL_OK)
        return status;
    clean.bytes = object.bytes;
    clean.size = object.size;
    clean.study_instance_uid = object.study_instance_uid;
    clean.sop_instance_uid = object.sop_instance_uid;
    status = write_report((void *)folder->out, &clean, location, err);
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
