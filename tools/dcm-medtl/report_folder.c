#include "report_folder.h"

#include "core/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

medtl_status prepare_report_folder(const char *out, medtl_error *err)
{
    const medtl_status status = medtl_file_make_folders(out, err);

    if (status != MEDTL_OK)
        return status;
    if (access(out, W_OK | X_OK) != 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot write into this folder: %s", out,
                          strerror(errno));
    return MEDTL_OK;
}

/* UIDs come from files that others wrote. Only digits and dots make a name that stays inside OUT. */
static bool make_path(const char *out, const char *study, const char *sop,
                      char path[MEDTL_LOCATION_SIZE])
{
    return medtl_uid_is_valid(study) && medtl_uid_is_valid(sop) &&
           snprintf(path, MEDTL_LOCATION_SIZE, "%s/%s/%s.dcm", out, study, sop) <
               MEDTL_LOCATION_SIZE;
}

medtl_status write_report(void *context, const medtl_batch_report *report,
                          char location[MEDTL_LOCATION_SIZE], medtl_error *err)
{
    const char *out = context;
    char path[MEDTL_LOCATION_SIZE], folder[MEDTL_LOCATION_SIZE];
    medtl_status status;

    if (!make_path(out, report->study_instance_uid, report->sop_instance_uid, path))
        return medtl_fail(
            err, MEDTL_E_ARGUMENT,
            "%s: no file name can be made: a UID is not valid, or the path is too long", out);
    (void)snprintf(folder, sizeof folder, "%s/%s", out, report->study_instance_uid);
    if ((status = medtl_file_make_folders(folder, err)) != MEDTL_OK)
        return status;
    status = medtl_file_replace(path, report->bytes, report->size, err);
    if (status != MEDTL_OK)
        (void)rmdir(folder); /* only if it is empty, that is, made for this report */
    else
        strcpy(location, path);
    return status;
}

bool is_reported(void *context, const char *study_instance_uid, const char *sop_instance_uid)
{
    char path[MEDTL_LOCATION_SIZE];
    struct stat facts;

    return make_path(context, study_instance_uid, sop_instance_uid, path) &&
           stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0;
}

void name_earlier_reports(void *context, const char *study_instance_uid, medtl_batch_give give,
                          void *taker)
{
    const char *out = context;
    char folder[MEDTL_LOCATION_SIZE], path[MEDTL_LOCATION_SIZE + 256];
    struct dirent **entries = NULL;
    int count = 0;

    if (!medtl_uid_is_valid(study_instance_uid) ||
        snprintf(folder, sizeof folder, "%s/%s", out, study_instance_uid) >= (int)sizeof folder)
        return;
    count = scandir(folder, &entries, NULL, alphasort); /* -1: the study has no folder yet */
    for (int i = 0; i < count; i++) {
        const char *dot = strrchr(entries[i]->d_name, '.');

        if (dot != NULL && strcmp(dot, ".dcm") == 0) {
            (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            give(taker, path);
        }
        free(entries[i]);
    }
    free(entries);
}
