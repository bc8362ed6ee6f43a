#include "report.h"

#include "core/base/file.h"
#include "html.h"
#include "run_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char CAUTION[] =
    "<p class=\"note\">For research. A model supports a clinician; it does not diagnose. Numbers hold for images like "
    "those they were measured on.</p>\n";

static void put_head(FILE *stream, const json_t *run)
{
    const json_t *recipe = json_object_get(run, "recipe"), *data = json_object_get(run, "data"),
                 *text;
    char seed[32];
    size_t i;

    snprintf(seed, sizeof seed, "%lld",
             (long long)json_integer_value(json_object_get(run, "seed")));
    fputs("<h2>What was done</h2>\n<table>\n", stream);
    html_row(stream, "recipe", json_string_value(json_object_get(recipe, "name")));
    html_row(stream, "source", json_string_value(json_object_get(recipe, "source")));
    html_row(stream, "published", json_string_value(json_object_get(recipe, "published")));
    json_array_foreach(json_object_get(recipe, "deviations"), i, text)
        html_row(stream, "deviation", json_string_value(text));
    html_row(stream, "seed", seed);
    html_row(stream, "software", json_string_value(json_object_get(run, "software")));
    html_row(stream, "code", json_string_value(json_object_get(run, "code")));
    html_row(stream, "recipe, SHA-256", json_string_value(json_object_get(recipe, "sha256")));
    html_row(stream, "table of images", json_string_value(json_object_get(data, "table")));
    html_row(stream, "table, SHA-256", json_string_value(json_object_get(data, "table_sha256")));
    html_row(stream, "test folds", json_string_value(json_object_get(data, "test_folds")));
    html_row(stream, "validation folds",
             json_string_value(json_object_get(data, "validation_folds")));
    fputs("</table>\n", stream);
}

static void put_parameters(FILE *stream, const json_t *run)
{
    const json_t *list = json_object_get(run, "parameters"), *one;
    size_t i;

    if (json_array_size(list) == 0)
        return;
    fputs("<h3>Parameters</h3>\n<table>\n<tr><th>name</th><th>value</th><th>meaning</th></tr>\n",
          stream);
    json_array_foreach(list, i, one)
    {
        fputs("<tr><td>", stream);
        html_text(stream, json_string_value(json_object_get(one, "name")));
        fputs("</td><td>", stream);
        html_text(stream, json_string_value(json_object_get(one, "value")));
        fputs("</td><td>", stream);
        html_text(stream, json_string_value(json_object_get(one, "help")));
        fputs("</td></tr>\n", stream);
    }
    fputs("</table>\n", stream);
}

static void put_stage_end(FILE *stream, const char *folder)
{
    char *path = path_join(folder, "stage.json");
    json_t *end = path != NULL ? json_load_file(path, 0, NULL) : NULL;

    if (end != NULL)
        fprintf(stream, "<p>%.0f seconds, ended %.40s%s.</p>\n",
                json_number_value(json_object_get(end, "seconds")),
                json_string_value(json_object_get(end, "ended")) != NULL
                    ? json_string_value(json_object_get(end, "ended"))
                    : "",
                json_integer_value(json_object_get(end, "exit_code")) != 0
                    ? "; some files could not be read, see log.txt"
                    : "");
    else
        fputs("<p>Not done.</p>\n", stream);
    json_decref(end);
    free(path);
}

static medtl_status put_one(FILE *stream, const char *folder, const json_t *stage, size_t *found,
                            medtl_error *err)
{
    const char *name = json_string_value(json_object_get(stage, "folder"));
    char *path = NULL, *plots = NULL;
    medtl_status status;

    /* A name out of a file: it must stay below the folder. */
    if (name == NULL || strchr(name, '/') != NULL || name[0] == '.')
        return medtl_fail(err, MEDTL_E_FORMAT, "%s/run.json: a stage without a proper folder",
                          folder);
    path = path_join(folder, name);
    if (path == NULL || asprintf(&plots, "%s/plots/%s", folder, name) < 0) {
        plots = NULL;
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
    } else {
        fputs("<h2>", stream);
        html_text(stream, json_string_value(json_object_get(stage, "name")));
        fputs("</h2>\n", stream);
        put_stage_end(stream, path);
        status = report_stage(stream, path, plots, found, err);
        fputs("<details><summary>Command</summary>\n<pre>", stream);
        html_text(stream, json_string_value(json_object_get(stage, "command")));
        fputs("</pre></details>\n", stream);
    }
    free(path);
    free(plots);
    return status;
}

/* Heat maps, if there are any, of images that the last evaluating stage has seen. */
static medtl_status put_examples(FILE *stream, const char *folder, const json_t *stages,
                                 medtl_error *err)
{
    for (size_t i = json_array_size(stages); i-- > 0;) {
        const json_t *stage = json_array_get(stages, i), *first;
        const char *name = json_string_value(json_object_get(stage, "folder"));
        char *predictions = NULL;
        medtl_status status;

        first = json_array_get(json_object_get(stage, "arguments"), 0);
        if (!json_is_string(first) || strcmp(json_string_value(first), "evaluate") != 0)
            continue;
        if (asprintf(&predictions, "%s/%s/predictions.csv", folder, name) < 0)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
        status = report_examples(stream, folder, predictions, err);
        free(predictions);
        return status;
    }
    return MEDTL_OK;
}

/* The last stage first: its numbers are what was asked for. */
static medtl_status put_run(FILE *stream, const char *folder, const json_t *run, medtl_error *err)
{
    const json_t *stages = json_object_get(run, "stages");
    size_t found = 0;
    medtl_status status = MEDTL_OK;

    html_begin(stream, json_string_value(json_object_get(json_object_get(run, "recipe"), "title")));
    fputs(CAUTION, stream);
    for (size_t i = json_array_size(stages); i-- > 0 && status == MEDTL_OK;)
        status = put_one(stream, folder, json_array_get(stages, i), &found, err);
    if (status == MEDTL_OK)
        status = put_examples(stream, folder, stages, err);
    put_head(stream, run);
    put_parameters(stream, run);
    html_end(stream);
    return status;
}

static medtl_status put_single(FILE *stream, const char *folder, medtl_error *err)
{
    char *plots = path_join(folder, "plots");
    size_t found = 0;
    medtl_status status;

    if (plots == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
    html_begin(stream, "Run of medtl");
    fputs(CAUTION, stream);
    status = report_stage(stream, folder, plots, &found, err);
    html_end(stream);
    free(plots);
    if (status == MEDTL_OK && found == 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "%s: nothing to report: no run.json, metrics.json, history.csv, "
                            "predictions.csv or picture",
                            folder);
    return status;
}

medtl_status report_write(const char *folder, medtl_error *err)
{
    char *run_path = path_join(folder, "run.json"), *page_path = path_join(folder, "report.html"),
         *page = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&page, &size);
    json_t *run = NULL;
    json_error_t fault;
    medtl_status status = MEDTL_OK;

    if (run_path == NULL || page_path == NULL || stream == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
    else if (access(run_path, F_OK) != 0)
        status = put_single(stream, folder, err);
    else if ((run = json_load_file(run_path, 0, &fault)) == NULL)
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s:%d: %.100s", run_path, fault.line, fault.text);
    else
        status = put_run(stream, folder, run, err);
    if (stream != NULL && fclose(stream) != 0 && status == MEDTL_OK)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
    if (status == MEDTL_OK)
        status = medtl_file_replace(page_path, page, size, err);
    json_decref(run);
    free(page);
    free(run_path);
    free(page_path);
    return status;
}
