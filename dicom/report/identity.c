/* Each UID is medtl_uid_from_name() of lines of text: first what kind of thing it is, then what
 * distinguishes it. */
#include "identity.h"

#include "uid.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *or_empty(const char *text) { return text != NULL ? text : ""; }

static medtl_status uid_of_text(char uid[MEDTL_UID_SIZE], medtl_error *err, const char *format, ...)
    MEDTL_PRINTF(3, 4);

static medtl_status uid_of_text(char uid[MEDTL_UID_SIZE], medtl_error *err, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory while naming a report");
    medtl_uid_from_name(text, (size_t)length, uid);
    free(text);
    return MEDTL_OK;
}

static int compare_results(const void *a, const void *b)
{
    const medtl_image_result *left = *(const medtl_image_result *const *)a;
    const medtl_image_result *right = *(const medtl_image_result *const *)b;
    const int order = strcmp(medtl_instance_facts(left->instance)->sop_instance_uid,
                             medtl_instance_facts(right->instance)->sop_instance_uid);

    return order != 0 ? order : (left->frame > right->frame) - (left->frame < right->frame);
}

/* The frames of a request, sorted, "UID frame" a line: the order of the request does not count. What failed is named
 * as such, so that a report with a gap is not taken for the whole one, and the images are tried again. */
static medtl_status list_frames(const medtl_report_request *request, char **out, medtl_error *err)
{
    const medtl_image_result **sorted = calloc(request->result_count, sizeof *sorted);
    medtl_status status = MEDTL_OK;
    FILE *stream = NULL;
    size_t size = 0;

    *out = NULL;
    if (sorted == NULL || (stream = open_memstream(out, &size)) == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory while naming a report");
        goto done;
    }
    for (size_t i = 0; i < request->result_count; i++)
        sorted[i] = &request->results[i];
    qsort(sorted, request->result_count, sizeof *sorted, compare_results);
    for (size_t i = 0; i < request->result_count; i++) {
        if (i > 0 && compare_results(&sorted[i - 1], &sorted[i]) == 0)
            status = medtl_fail(err, MEDTL_E_ARGUMENT,
                                "%s: the same frame of the same image twice in a report",
                                medtl_instance_path(sorted[i]->instance));
        fprintf(stream, "%s %u%s\n", medtl_instance_facts(sorted[i]->instance)->sop_instance_uid,
                (unsigned)sorted[i]->frame,
                sorted[i]->state == MEDTL_RESULT_FAILED ? " failed" : "");
    }

done:
    if (stream != NULL && fclose(stream) != 0 && status == MEDTL_OK)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory while naming a report");
    if (status != MEDTL_OK) {
        free(*out);
        *out = NULL;
    }
    free(sorted);
    return status;
}

medtl_status medtl_report_uid(const medtl_report_request *request,
                              char sop_instance_uid[MEDTL_UID_SIZE], medtl_error *err)
{
    /* The first profile there was has no name here, so that its reports keep their UIDs. */
    static const char *const kinds[] = {
        [MEDTL_PROFILE_AIR] = " air", [MEDTL_PROFILE_CAD] = " cad", [MEDTL_PROFILE_TEXT] = " text"};
    const char *kind = "";
    char *frames = NULL;
    medtl_status status;

    sop_instance_uid[0] = '\0';
    if (request == NULL || request->task == NULL || request->results == NULL ||
        request->result_count == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a report needs a task and at least one image");
    for (size_t i = 0; i < request->result_count; i++)
        if (request->results[i].instance == NULL)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "result %zu of a report has no image", i);
    if (request->profile > MEDTL_PROFILE_TID1500 && request->profile <= MEDTL_PROFILE_TEXT)
        kind = or_empty(kinds[request->profile]);
    if ((status = list_frames(request, &frames, err)) != MEDTL_OK)
        return status;
    status = uid_of_text(sop_instance_uid, err, "report%s\n%s\n%s\n%s\n%s", kind,
                         or_empty(request->software_version), or_empty(request->model_sha256),
                         or_empty(request->task->digest), frames);
    free(frames);
    return status;
}

medtl_status medtl_report_series_uid(const medtl_report_request *request, char uid[MEDTL_UID_SIZE],
                                     medtl_error *err)
{
    return uid_of_text(uid, err, "series\n%s\n%s\n%s",
                       medtl_instance_facts(request->results[0].instance)->study_instance_uid,
                       or_empty(request->task->name), or_empty(request->model_sha256));
}

medtl_status medtl_report_device_uid(const medtl_report_request *request, char uid[MEDTL_UID_SIZE],
                                     medtl_error *err)
{
    return uid_of_text(uid, err, "device\n%s", or_empty(request->model_sha256));
}

medtl_status medtl_report_tracking_uid(const char *report_uid, const medtl_image_result *result,
                                       char uid[MEDTL_UID_SIZE], medtl_error *err)
{
    return uid_of_text(uid, err, "tracking\n%s\n%s %u", report_uid,
                       medtl_instance_facts(result->instance)->sop_instance_uid,
                       (unsigned)result->frame);
}
