/* What medtl answers to HTTP: GET /medtl/status, POST /medtl/studies/{id}/classify, GET
 * /medtl/jobs/{number}. Nothing here waits for an analysis. */
#include "orthanc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST_FAILURES = 10, PATH_SIZE = 128 };

static medtl_orthanc *plugin; /* Orthanc hands its callbacks no context */

static OrthancPluginErrorCode answer(OrthancPluginRestOutput *output, uint16_t status, json_t *body)
{
    char *text = body != NULL ? json_dumps(body, JSON_INDENT(2)) : NULL;

    json_decref(body);
    if (text == NULL)
        return OrthancPluginErrorCode_NotEnoughMemory;
    if (status == 200) {
        OrthancPluginAnswerBuffer(plugin->server, output, text, (uint32_t)strlen(text),
                                  "application/json");
    } else {
        OrthancPluginSetHttpHeader(plugin->server, output, "Content-Type", "application/json");
        OrthancPluginSendHttpStatus(plugin->server, output, status, text, (uint32_t)strlen(text));
    }
    free(text);
    return OrthancPluginErrorCode_Success;
}

/* A message may name a file by bytes that are no UTF-8, which JSON cannot hold. */
static json_t *message(const char *text)
{
    json_t *string = json_string(text);

    return string != NULL ? string : json_string("(a message that is not UTF-8: see the log)");
}

static OrthancPluginErrorCode refuse(OrthancPluginRestOutput *output, uint16_t status,
                                     const char *reason)
{
    return answer(output, status, json_pack("{s:o}", "Error", message(reason)));
}

/* UTC, as in 2026-01-31T12:00:00Z; null where it has not happened. */
static json_t *moment(time_t when)
{
    char text[32];
    struct tm utc;

    if (when == 0 || gmtime_r(&when, &utc) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return json_null();
    return json_string(text);
}

static json_t *counts(const medtl_job_result *result)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "Seen", (json_int_t)result->objects, "Analysed",
                     (json_int_t)result->analysed, "AlreadyReported",
                     (json_int_t)result->already_reported, "NotTaken",
                     (json_int_t)result->not_taken, "Failed", (json_int_t)result->failed);
}

static json_t *describe_job(const medtl_queue_job *job)
{
    return json_pack(
        "{s:I,s:s,s:s,s:b,s:o,s:o,s:{s:I,s:I},s:o,s:I,s:o}", "Job", (json_int_t)job->number,
        "Study", job->study, "State", medtl_job_state_name(job->state), "Automatic", job->automatic,
        "Arrived", moment(job->arrived), "Ended", moment(job->ended), "Progress", "Done",
        (json_int_t)job->done, "Total", (json_int_t)job->total, "Instances", counts(&job->result),
        "ReportsStored", (json_int_t)job->result.reports, "Message", message(job->result.message));
}

static json_t *describe_tasks(void)
{
    json_t *list = json_array();
    const size_t count = plugin->pipeline != NULL ? medtl_pipeline_task_count(plugin->pipeline) : 0;

    for (size_t i = 0; i < count; i++) {
        const medtl_task *task = medtl_pipeline_task(plugin->pipeline, i);
        const medtl_model_info *model = medtl_pipeline_model_info(plugin->pipeline, i);

        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:{s:s,s:s,s:s}}", "Name", task->name,
                                              "Title", task->title, "SHA256", task->digest, "Model",
                                              "Name", model->name, "Version", model->version,
                                              "SHA256", model->sha256));
    }
    return list;
}

static json_t *describe_failures(void)
{
    medtl_queue_job *failures = calloc(LAST_FAILURES, sizeof *failures);
    json_t *list = json_array();
    const size_t count =
        failures != NULL ? medtl_queue_failures(plugin->queue, failures, LAST_FAILURES) : 0;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list,
                              json_pack("{s:I,s:o,s:o}", "Job", (json_int_t)failures[i].number,
                                        "Ended", moment(failures[i].ended), "Message",
                                        message(failures[i].result.message)));
    free(failures);
    return list;
}

static const char *state_name(void)
{
    if (plugin->pipeline != NULL)
        return "Ready";
    return plugin->refusal.status == MEDTL_OK ? "Disabled" : "Refused";
}

static json_t *describe_queue(void)
{
    medtl_queue_summary summary;
    json_t *body;

    if (plugin->queue == NULL)
        return json_object();
    medtl_queue_summarise(plugin->queue, &summary);
    body =
        json_pack("{s:{s:I,s:I,s:I},s:{s:I,s:I,s:I,s:I,s:I},s:o,s:I,s:o}", "Queue", "Waiting",
                  (json_int_t)summary.waiting, "Capacity", (json_int_t)summary.capacity, "Running",
                  (json_int_t)summary.running, "Jobs", "Accepted", (json_int_t)summary.accepted,
                  "Refused", (json_int_t)summary.refused, "Done", (json_int_t)summary.done,
                  "Failed", (json_int_t)summary.failed, "Cancelled", (json_int_t)summary.cancelled,
                  "Instances", counts(&summary.totals), "ReportsStored",
                  (json_int_t)summary.totals.reports, "LastFailures", describe_failures());
    return body;
}

static OrthancPluginErrorCode get_status(OrthancPluginRestOutput *output, const char *url,
                                         const OrthancPluginHttpRequest *request)
{
    json_t *body;

    (void)url;
    if (request->method != OrthancPluginHttpMethod_Get) {
        OrthancPluginSendMethodNotAllowed(plugin->server, output, "GET");
        return OrthancPluginErrorCode_Success;
    }
    body = json_pack("{s:s,s:s,s:s,s:o,s:b,s:o,s:s}", "Name", "medtl", "Version", MEDTL_VERSION,
                     "State", state_name(), "Reason", message(plugin->refusal.message),
                     "AutoClassify", plugin->settings.auto_classify, "Tasks", describe_tasks(),
                     "Notice", "Supports a clinician; does not diagnose.");
    if (body != NULL)
        json_object_update_new(body, describe_queue());
    return answer(output, 200, body);
}

static OrthancPluginErrorCode accept_job(OrthancPluginRestOutput *output, uint64_t number)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "/medtl/jobs/%" PRIu64, number);
    OrthancPluginSetHttpHeader(plugin->server, output, "Location", path);
    return answer(output, 202, json_pack("{s:I,s:s}", "Job", (json_int_t)number, "Path", path));
}

static OrthancPluginErrorCode post_classify(OrthancPluginRestOutput *output, const char *url,
                                            const OrthancPluginHttpRequest *request)
{
    const char *study = request->groupsCount > 0 ? request->groups[0] : "";
    char path[PATH_SIZE];
    uint64_t number = 0;
    json_t *found;

    (void)url;
    if (request->method != OrthancPluginHttpMethod_Post) {
        OrthancPluginSendMethodNotAllowed(plugin->server, output, "POST");
        return OrthancPluginErrorCode_Success;
    }
    if (plugin->pipeline == NULL)
        return refuse(output, 503,
                      plugin->refusal.status == MEDTL_OK ? "Medtl.Enabled is false"
                                                         : plugin->refusal.message);
    (void)snprintf(path, sizeof path, "/studies/%s", study);
    found = strlen(study) == MEDTL_STUDY_ID_SIZE - 1 ? medtl_orthanc_get_json(plugin, path) : NULL;
    json_decref(found);
    if (found == NULL)
        return refuse(output, 404, "no such study");
    switch (medtl_queue_push(plugin->queue, study, false, &number)) {
    case MEDTL_QUEUE_ACCEPTED:
    case MEDTL_QUEUE_WAITS_ALREADY:
        return accept_job(output, number);
    case MEDTL_QUEUE_FULL:
        return refuse(output, 503, "the queue is full (Medtl.QueueCapacity)");
    case MEDTL_QUEUE_CLOSED:
        break;
    }
    return refuse(output, 503, "the server stops");
}

static OrthancPluginErrorCode get_job(OrthancPluginRestOutput *output, const char *url,
                                      const OrthancPluginHttpRequest *request)
{
    const char *text = request->groupsCount > 0 ? request->groups[0] : "0";
    medtl_queue_job job;

    (void)url;
    if (request->method != OrthancPluginHttpMethod_Get) {
        OrthancPluginSendMethodNotAllowed(plugin->server, output, "GET");
        return OrthancPluginErrorCode_Success;
    }
    if (plugin->queue == NULL || !medtl_queue_find(plugin->queue, strtoull(text, NULL, 10), &job))
        return refuse(output, 404, "no such job, or too long ago");
    return answer(output, 200, describe_job(&job));
}

void medtl_orthanc_register_routes(medtl_orthanc *self)
{
    plugin = self;
    /* "NoLock": without it Orthanc lets one request of all plugins wait for another. */
    OrthancPluginRegisterRestCallbackNoLock(self->server, "/medtl/status", get_status);
    OrthancPluginRegisterRestCallbackNoLock(self->server, "/medtl/studies/([0-9a-f-]+)/classify",
                                            post_classify);
    OrthancPluginRegisterRestCallbackNoLock(self->server, "/medtl/jobs/([0-9]+)", get_job);
}
