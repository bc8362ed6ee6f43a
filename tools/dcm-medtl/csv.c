#include "csv.h"

#include "csv_field.h"

#include <stdio.h>
#include <stdlib.h>

static void next_cell(FILE *stream, const char *text)
{
    fputc(',', stream);
    csv_put_field(stream, text);
}

static void header(FILE *stream, const medtl_pipeline *pipeline)
{
    fputs("file,outcome,status,reason,study_instance_uid,series_instance_uid,sop_instance_uid,"
          "sop_class,modality,view,laterality,task,finding,above_threshold",
          stream);
    for (size_t t = 0; t < medtl_pipeline_task_count(pipeline); t++) {
        const medtl_task *task = medtl_pipeline_task(pipeline, t);

        for (size_t i = 0; i < task->class_count; i++) {
            char name[160];

            (void)snprintf(name, sizeof name, "%s.%s", task->name, task->classes[i].label);
            next_cell(stream, name);
        }
    }
    fputc('\n', stream);
}

/* Printed digit by digit, so that a host locale's decimal comma cannot split a cell. */
static void probability(FILE *stream, float p)
{
    const unsigned long millionths = (unsigned long)((double)p * 1e6 + 0.5);

    fprintf(stream, ",%lu.%06lu", millionths / 1000000, millionths % 1000000);
}

static void line(FILE *stream, const medtl_pipeline *pipeline, const medtl_record *record)
{
    const bool analysed = record->probabilities != NULL;
    const bool decides = analysed && record->task->positive_class >= 0;

    csv_put_field(stream, record->path);
    next_cell(stream, medtl_outcome_name(record->outcome));
    next_cell(stream, medtl_status_name(record->status));
    next_cell(stream, record->reason);
    next_cell(stream, record->study_instance_uid);
    next_cell(stream, record->series_instance_uid);
    next_cell(stream, record->sop_instance_uid);
    next_cell(stream, record->sop_class);
    next_cell(stream, record->modality);
    next_cell(stream, record->view);
    next_cell(stream, record->laterality);
    next_cell(stream, record->task != NULL ? record->task->name : "");
    next_cell(stream, analysed ? record->task->classes[record->predicted_class].label : "");
    next_cell(stream, !decides ? "" : record->above_threshold ? "yes" : "no");
    for (size_t t = 0; t < medtl_pipeline_task_count(pipeline); t++) {
        const medtl_task *task = medtl_pipeline_task(pipeline, t);

        for (size_t i = 0; i < task->class_count; i++)
            if (analysed && record->task == task)
                probability(stream, record->probabilities[i]);
            else
                fputc(',', stream);
    }
    fputc('\n', stream);
}

medtl_status results_csv(const medtl_batch *batch, const medtl_pipeline *pipeline, char **text,
                         medtl_error *err)
{
    size_t size = 0;
    FILE *stream;

    *text = NULL;
    stream = open_memstream(text, &size);
    if (stream != NULL) {
        header(stream, pipeline);
        for (size_t i = 0; i < medtl_batch_record_count(batch); i++)
            line(stream, pipeline, medtl_batch_record(batch, i));
        if (fclose(stream) == 0 && *text != NULL)
            return MEDTL_OK;
    }
    free(*text);
    *text = NULL;
    return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the results as CSV");
}
