/* A run from outside: what goes in, the order of its steps, what comes out. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HEADER_LIMIT = 256, /* headers of files kept between scan and analysis; a few KB each */
    THREAD_LIMIT = 256
};

medtl_status medtl_batch_create(const medtl_pipeline *pipeline, medtl_batch **out, medtl_error *err)
{
    medtl_batch *batch;

    *out = NULL;
    if (pipeline == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a batch needs a pipeline");
    batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a batch");
    batch->pipeline = pipeline;
    batch->header_limit = HEADER_LIMIT;
    atomic_init(&batch->cancelled, false);
    pthread_mutex_init(&batch->events, NULL);
    *out = batch;
    return MEDTL_OK;
}

void medtl_batch_destroy(medtl_batch *batch)
{
    if (batch == NULL)
        return;
    for (size_t i = 0; i < batch->group_count; i++)
        for (int k = 0; k < MEDTL_PROFILE_COUNT; k++) {
            free(batch->groups[i].reports[k].location);
            free(batch->groups[i].reports[k].reason);
        }
    free(batch->earlier);
    for (size_t i = 0; i < batch->item_count; i++)
        medtl_item_destroy(batch->items[i]);
    for (size_t i = 0; i < batch->path_count; i++)
        free(batch->paths[i]);
    free(batch->reports);
    free(batch->groups);
    free(batch->jobs);
    free(batch->items);
    free(batch->paths);
    pthread_mutex_destroy(&batch->events);
    free(batch);
}

medtl_status medtl_batch_add_path(medtl_batch *batch, const char *path, medtl_error *err)
{
    if (path == NULL || path[0] == '\0')
        return medtl_fail(err, MEDTL_E_ARGUMENT, "an empty path");
    if (batch->path_count == batch->path_capacity) {
        const size_t capacity = batch->path_capacity == 0 ? 8 : 2 * batch->path_capacity;
        char **paths = realloc(batch->paths, capacity * sizeof *paths);

        if (paths == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu paths", capacity);
        batch->paths = paths;
        batch->path_capacity = capacity;
    }
    batch->paths[batch->path_count] = strdup(path);
    if (batch->paths[batch->path_count] == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for this path", path);
    batch->path_count++;
    return MEDTL_OK;
}

medtl_status medtl_batch_add_memory(medtl_batch *batch, const void *bytes, size_t size,
                                    const char *name, medtl_error *err)
{
    size_t keyword_count = 0;
    const char *const *keywords =
        medtl_config_keywords(medtl_pipeline_config(batch->pipeline), &keyword_count);
    medtl_error reason = {MEDTL_OK, ""};
    medtl_item *item = NULL;
    medtl_status status;

    if (batch->has_run || name == NULL || (bytes == NULL && size > 0))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "an object needs a name and bytes, before the run");
    if ((status = medtl_batch_add_item(batch, name, &item, err)) != MEDTL_OK)
        return status;
    item->in_memory = true;
    status = medtl_reader_instance_memory(medtl_pipeline_reader(batch->pipeline), bytes, size, name,
                                          keywords, keyword_count, &item->instance, &reason);
    if (status == MEDTL_OK)
        medtl_item_describe(item, item->instance);
    else
        medtl_item_decide(item,
                          status == MEDTL_E_NOT_DICOM || status == MEDTL_E_UNSUPPORTED
                              ? MEDTL_OUTCOME_IGNORED
                              : MEDTL_OUTCOME_FAILED,
                          status, reason.message);
    return MEDTL_OK;
}

/* ---- the run -------------------------------------------------------------------------- */

void medtl_batch_cancel(medtl_batch *batch) { atomic_store(&batch->cancelled, true); }

void medtl_batch_say(medtl_batch *batch, medtl_phase phase, size_t done, size_t total,
                     const char *path)
{
    pthread_mutex_lock(&batch->events);
    if (done == MEDTL_NONE)
        done = ++batch->jobs_done;
    if (batch->options.progress != NULL) {
        const medtl_progress progress = {phase, done, total, path};

        batch->options.progress(batch->options.progress_context, &progress);
    }
    pthread_mutex_unlock(&batch->events);
}

static size_t processors(void)
{
    const long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count > 0 ? (size_t)count : 1;
}

static medtl_status list_reports(medtl_batch *batch, medtl_error *err)
{
    batch->reports = calloc(MEDTL_PROFILE_COUNT * batch->group_count + 1, sizeof *batch->reports);
    if (batch->reports == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu reports", batch->group_count);
    for (size_t i = 0; i < batch->group_count; i++)
        for (int k = 0; k < MEDTL_PROFILE_COUNT; k++)
            if (batch->groups[i].reports[k].is_listed)
                batch->reports[batch->report_count++] = &batch->groups[i].reports[k].record;
    return MEDTL_OK;
}

static medtl_status walk(medtl_batch *batch, medtl_error *err)
{
    medtl_status status = medtl_batch_gather(batch, err);

    if (status != MEDTL_OK)
        return status;
    if ((status = medtl_batch_group(batch, err)) != MEDTL_OK)
        return status;
    if (batch->options.known != NULL && (status = medtl_batch_skip_known(batch, err)) != MEDTL_OK)
        return status;
    return medtl_batch_analyse(batch, err);
}

medtl_status medtl_batch_run(medtl_batch *batch, const medtl_batch_options *options,
                             medtl_error *err)
{
    medtl_status status;

    if (batch->has_run)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a batch runs once");
    batch->has_run = true;
    if (options != NULL)
        batch->options = *options;
    if (batch->options.threads == 0)
        batch->options.threads = processors();
    if (batch->options.threads > THREAD_LIMIT)
        batch->options.threads = THREAD_LIMIT;
    status = walk(batch, err);
    for (size_t i = 0; i < batch->item_count; i++)
        medtl_item_close(batch->items[i]);
    if (status == MEDTL_OK || status == MEDTL_E_CANCELLED) {
        const medtl_status listed = list_reports(batch, err);

        if (listed != MEDTL_OK)
            return listed;
    }
    if (atomic_load(&batch->cancelled) && (status == MEDTL_OK || status == MEDTL_E_CANCELLED))
        return medtl_fail(err, MEDTL_E_CANCELLED, "the run was stopped");
    return status;
}

/* ---- results -------------------------------------------------------------------------- */

size_t medtl_batch_record_count(const medtl_batch *batch) { return batch->item_count; }

const medtl_record *medtl_batch_record(const medtl_batch *batch, size_t index)
{
    return index < batch->item_count ? &batch->items[index]->record : NULL;
}

size_t medtl_batch_outcome_count(const medtl_batch *batch, medtl_outcome outcome)
{
    size_t count = 0;

    for (size_t i = 0; i < batch->item_count; i++)
        count += batch->items[i]->record.outcome == outcome;
    return count;
}

const char *medtl_outcome_name(medtl_outcome outcome)
{
    static const char *const names[MEDTL_OUTCOME_COUNT] = {
        "analysed", "already-reported", "not-taken", "failed", "ignored", "cancelled"};

    return (size_t)outcome < MEDTL_OUTCOME_COUNT ? names[outcome] : "unknown";
}

size_t medtl_batch_report_count(const medtl_batch *batch) { return batch->report_count; }

const medtl_report_record *medtl_batch_report_at(const medtl_batch *batch, size_t index)
{
    return index < batch->report_count ? batch->reports[index] : NULL;
}
