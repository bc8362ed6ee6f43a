/* The few services of Orthanc that are used, as functions with our kind of errors. */
#include "orthanc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LOG_LINE_SIZE = 1024 };

void medtl_orthanc_log(const medtl_orthanc *self, medtl_orthanc_level level, const char *format,
                       ...)
{
    char line[LOG_LINE_SIZE];
    va_list arguments;
    const size_t prefix = (size_t)snprintf(line, sizeof line, "medtl: ");

    va_start(arguments, format);
    (void)vsnprintf(line + prefix, sizeof line - prefix, format, arguments);
    va_end(arguments);
    switch (level) {
    case MEDTL_LOG_ERROR:
        OrthancPluginLogError(self->server, line);
        break;
    case MEDTL_LOG_WARNING:
        OrthancPluginLogWarning(self->server, line);
        break;
    case MEDTL_LOG_INFO:
        OrthancPluginLogInfo(self->server, line);
        break;
    }
}

json_t *medtl_orthanc_get_json(medtl_orthanc *self, const char *path)
{
    OrthancPluginMemoryBuffer answer = {0};
    json_t *json;

    if (OrthancPluginRestApiGet(self->server, &answer, path) != OrthancPluginErrorCode_Success)
        return NULL;
    json = json_loadb(answer.data, answer.size, JSON_DECODE_ANY, NULL);
    OrthancPluginFreeMemoryBuffer(self->server, &answer);
    return json;
}

static medtl_status fail_as(medtl_orthanc *self, OrthancPluginErrorCode code, const char *what,
                            medtl_error *err)
{
    const char *why = OrthancPluginGetErrorDescription(self->server, code);

    return medtl_fail(err, MEDTL_E_IO, "%s: Orthanc says %d, %s", what, (int)code,
                      why != NULL ? why : "unknown");
}

medtl_status medtl_orthanc_get_file(medtl_orthanc *self, const char *instance,
                                    OrthancPluginMemoryBuffer *file, medtl_error *err)
{
    const OrthancPluginErrorCode code =
        OrthancPluginGetDicomForInstance(self->server, file, instance);

    if (code == OrthancPluginErrorCode_Success)
        return MEDTL_OK;
    return fail_as(self, code, "cannot read the instance", err);
}

bool medtl_orthanc_has_instance(medtl_orthanc *self, const char *sop_instance_uid)
{
    char *id = OrthancPluginLookupInstance(self->server, sop_instance_uid);
    const bool found = id != NULL;

    if (found)
        OrthancPluginFreeString(self->server, id);
    return found;
}

/* Orthanc finds the study by the patient's ID and the study's UID, so a report that differs in one of
 * them would start a study of its own: that must not go unnoticed. */
static medtl_status check_stored(const json_t *answer, const char *study,
                                 char id[MEDTL_STUDY_ID_SIZE], medtl_error *err)
{
    const char *where = json_string_value(json_object_get(answer, "ParentStudy"));
    const char *got = json_string_value(json_object_get(answer, "ID"));

    if (got == NULL || where == NULL)
        return medtl_fail(err, MEDTL_E_IO, "cannot store the report: no identifier in the answer");
    (void)snprintf(id, MEDTL_STUDY_ID_SIZE, "%s", got);
    if (strcmp(where, study) != 0)
        return medtl_fail(err, MEDTL_E_INTERNAL, "the report was stored into another study");
    return MEDTL_OK;
}

medtl_status medtl_orthanc_store(medtl_orthanc *self, const void *bytes, size_t size,
                                 const char *study, char id[MEDTL_STUDY_ID_SIZE], medtl_error *err)
{
    OrthancPluginMemoryBuffer answer = {0};
    OrthancPluginErrorCode code;
    medtl_status status;
    json_t *json;

    if (size > UINT32_MAX)
        return medtl_fail(err, MEDTL_E_IO, "%zu bytes are more than Orthanc takes at once", size);
    code = OrthancPluginRestApiPost(self->server, &answer, "/instances", bytes, (uint32_t)size);
    if (code != OrthancPluginErrorCode_Success)
        return fail_as(self, code, "cannot store the report", err);
    json = json_loadb(answer.data, answer.size, 0, NULL);
    status = check_stored(json, study, id, err);
    json_decref(json);
    OrthancPluginFreeMemoryBuffer(self->server, &answer);
    return status;
}
