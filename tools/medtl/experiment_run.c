#include "experiment_run.h"

#include "core/base/file.h"
#include "experiment_record.h"
#include "recipe_run.h"
#include "repeated.h"
#include "run_folder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- opening -------------------------------------------------------------------------- */

static medtl_status open_table(experiment_state *s, size_t index, medtl_error *err)
{
    const medtl_experiment_data *data = &s->experiment->data[index];
    char *path = path_join(s->options.root, data->table);
    const labels_options options = {
        .data = path, .columns = data->columns, .label_map = data->label_map};
    target *t = &s->targets[index];
    medtl_status status;

    if (path == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    if ((status = target_resolve(data->task, data->normaliser, data->classes, t, err)) == MEDTL_OK)
        status = labels_read(&options, t->classes, t->class_count, &s->tables[index], err);
    free(path);
    return status;
}

static medtl_status add_cell(experiment_state *s, size_t arm, uint64_t size, uint64_t seed,
                             size_t part, medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    experiment_cell *cell = &s->cells[s->cell_count];
    char sized[32] = "", parted[32] = "";

    cell->arm = arm;
    cell->size = size;
    cell->seed = seed;
    cell->part = part;
    if (size > 0)
        snprintf(sized, sizeof sized, "-n%llu", (unsigned long long)size);
    if (e->data[e->arms[arm].data].cross_validation > 0)
        snprintf(parted, sizeof parted, "-k%zu", part);
    if (asprintf(&cell->name, "%s%s-s%llu%s", e->arms[arm].name, sized, (unsigned long long)seed,
                 parted) < 0) {
        cell->name = NULL;
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    }
    s->cell_count++;
    return MEDTL_OK;
}

static size_t parts_of(const medtl_experiment *e, size_t arm)
{
    const size_t parts = e->data[e->arms[arm].data].cross_validation;

    return parts > 0 ? parts : 1;
}

static medtl_status list_cells(experiment_state *s, medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    const size_t sizes = e->size_count > 0 ? e->size_count : 1;
    size_t most = 0;
    medtl_status status = MEDTL_OK;

    for (size_t a = 0; a < e->arm_count; a++)
        most = parts_of(e, a) > most ? parts_of(e, a) : most;
    s->cells = calloc(e->seed_count * sizes * most * e->arm_count + 1, sizeof *s->cells);
    if (s->cells == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    for (size_t i = 0; i < e->seed_count; i++)
        for (size_t k = 0; k < sizes; k++)
            for (size_t part = 0; part < most; part++)
                for (size_t a = 0; a < e->arm_count && status == MEDTL_OK; a++)
                    if (part < parts_of(e, a))
                        status = add_cell(s, a, e->size_count > 0 ? e->sizes[k] : 0, e->seeds[i],
                                          part, err);
    return status;
}

medtl_status experiment_open(const medtl_experiment *experiment, const experiment_options *options,
                             experiment_state *out, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    *out = (experiment_state){.experiment = experiment, .options = *options};
    out->tables = calloc(experiment->data_count, sizeof *out->tables);
    out->targets = calloc(experiment->data_count, sizeof *out->targets);
    out->prepared_folders = calloc(experiment->prepared_count + 1, sizeof *out->prepared_folders);
    out->prepared_seconds = calloc(experiment->prepared_count + 1, sizeof *out->prepared_seconds);
    if (out->tables == NULL || out->targets == NULL || out->prepared_folders == NULL ||
        out->prepared_seconds == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    for (size_t i = 0; i < experiment->data_count && status == MEDTL_OK; i++)
        status = open_table(out, i, err);
    if (status == MEDTL_OK)
        status = list_cells(out, err);
    if (status != MEDTL_OK)
        experiment_close(out);
    return status;
}

void experiment_close(experiment_state *s)
{
    for (size_t i = 0; s->experiment != NULL && i < s->experiment->data_count; i++) {
        if (s->tables != NULL)
            labels_clear(&s->tables[i]);
        if (s->targets != NULL)
            target_clear(&s->targets[i]);
    }
    for (size_t i = 0; i < s->cell_count; i++)
        free(s->cells[i].name);
    free(s->tables);
    free(s->targets);
    free(s->cells);
    for (size_t i = 0; s->prepared_folders != NULL && i < s->experiment->prepared_count; i++)
        free(s->prepared_folders[i]);
    free(s->prepared_folders);
    free(s->prepared_seconds);
    memset(s, 0, sizeof *s);
}

/* ---- splits --------------------------------------------------------------------------- */

medtl_status experiment_deal(const experiment_state *s, size_t data_index, const deal_options *how,
                             const char *name, size_t *counts, char **path, medtl_error *err)
{
    const labels *l = &s->tables[data_index];
    int *sides = calloc(l->count + 1, sizeof *sides);
    char *folder = path_join(s->options.folder, "splits");
    medtl_status status = MEDTL_OK;

    *path = NULL;
    if (sides == NULL || folder == NULL || asprintf(path, "%s/%s.csv", folder, name) < 0) {
        *path = NULL;
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a split");
    }
    if (status == MEDTL_OK && (status = deal(l, how, sides, counts, err)) == MEDTL_OK &&
        (status = medtl_file_make_folders(folder, err)) == MEDTL_OK)
        status = deal_write(l, sides, *path, err);
    if (status != MEDTL_OK) {
        free(*path);
        *path = NULL;
    }
    free(folder);
    free(sides);
    return status;
}

medtl_status experiment_split(const experiment_state *s, experiment_cell *cell, char **path,
                              medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    const size_t index = e->arms[cell->arm].data;
    const medtl_experiment_data *data = &e->data[index];
    const deal_options how = {
        .test = data->test,
        .validation =
            cell->size == 0 || deal_without_validation(data->validation) ? data->validation : NULL,
        .parts = data->cross_validation,
        .part = cell->part,
        .size = (size_t)cell->size,
        .validation_share = e->validation_share,
        .seed = cell->seed};
    /* The arm's name is left out: arms on the same data have the same split, and one file. */
    char name[160];

    snprintf(name, sizeof name, "%s%s", data->name, cell->name + strlen(e->arms[cell->arm].name));
    return experiment_deal(s, index, &how, name, cell->counts, path, err);
}

/* ---- runs ----------------------------------------------------------------------------- */

/* {root} and {NAME of a prepared run} in a value. @return owned; NULL: an unknown name, or no memory. */
static char *fill_in(const experiment_state *s, const char *value)
{
    const medtl_experiment *e = s->experiment;
    char *text = NULL;
    size_t size = 0;
    bool known = true;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return NULL;
    while (*value != '\0' && known) {
        const size_t plain = strcspn(value, "{"), length = strcspn(value + plain, "}");
        const char *name = value + plain + 1;

        fwrite(value, 1, plain, stream);
        if (value[plain] == '\0')
            break;
        known = false;
        if (length == 5 && memcmp(name, "root", 4) == 0) {
            fputs(s->options.root, stream);
            known = true;
        }
        for (size_t i = 0; i < e->prepared_count && !known; i++)
            if (strlen(e->prepared[i].name) == length - 1 &&
                memcmp(e->prepared[i].name, name, length - 1) == 0) {
                known = s->prepared_folders[i] != NULL;
                fputs(known ? s->prepared_folders[i] : "", stream);
            }
        value += plain + length + (value[plain + length] == '}');
    }
    if (fclose(stream) == 0 && known)
        return text;
    free(text);
    return NULL;
}

medtl_status experiment_settings(const experiment_state *s, const medtl_experiment_run *run,
                                 repeated *sets, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < run->setting_count && status == MEDTL_OK; i++) {
        const char *value = run->settings[i].value != NULL ? run->settings[i].value : "";
        char *filled = fill_in(s, value);

        status =
            filled != NULL
                ? repeated_add(sets, run->settings[i].name, filled, err)
                : medtl_fail(err, MEDTL_E_CONFIG,
                             "%s: '%.80s' names nothing (there are {root} and the prepared runs)",
                             run->name, value);
        free(filled);
    }
    return status;
}

char *experiment_image_root(const experiment_state *s, const medtl_experiment_data *data)
{
    const char *slash = strrchr(data->table, '/');
    char *path = NULL;

    if (data->root != NULL)
        return path_join(s->options.root, data->root);
    if (slash == NULL)
        return strdup(s->options.root);
    return asprintf(&path, "%s/%.*s", s->options.root, (int)(slash - data->table), data->table) >= 0
               ? path
               : NULL;
}

medtl_status experiment_run_recipe(const experiment_state *s, const medtl_experiment_run *run,
                                   const char *table, uint64_t seed, const char *folder,
                                   experiment_way way, medtl_error *err)
{
    const medtl_experiment_data *data =
        run->data < s->experiment->data_count ? &s->experiment->data[run->data] : NULL;
    char *root = data != NULL ? experiment_image_root(s, data) : NULL;
    repeated sets = {0};
    medtl_recipe *recipe = NULL;
    recipe_outcome outcome;
    recipe_inputs inputs = {.run_folder = folder,
                            .locked = way == EXPERIMENT_RUN_LOCKED,
                            .anew = "without this folder it is made anew",
                            .seed = seed,
                            .threads = s->options.threads};
    medtl_status status =
        data != NULL && root == NULL ? medtl_fail(err, MEDTL_E_MEMORY, "out of memory") : MEDTL_OK;

    if (data != NULL) {
        inputs.task = data->task;
        inputs.normaliser = data->normaliser;
        inputs.classes = data->classes;
        inputs.labels.data = table;
        inputs.labels.root = root;
        inputs.test_folds = "test";
        inputs.validation_folds = deal_without_validation(data->validation) ? NULL : "validation";
    }
    if (status == MEDTL_OK && (status = experiment_settings(s, run, &sets, err)) == MEDTL_OK &&
        (status = medtl_recipe_load(run->recipe, &recipe, err)) == MEDTL_OK) {
        inputs.sets = sets.texts;
        inputs.set_count = sets.count;
        status = way == EXPERIMENT_CHECK ? recipe_check(recipe, &inputs, !s->options.quiet, err)
                                         : recipe_run(recipe, &inputs, false, false, &outcome, err);
    }
    medtl_recipe_destroy(recipe);
    repeated_clear(&sets);
    free(root);
    return status;
}

medtl_status experiment_run_cell(const experiment_state *s, experiment_cell *cell, bool check,
                                 medtl_error *err)
{
    char *folder = NULL, *table = NULL;
    medtl_status status;

    if (asprintf(&folder, "%s/runs/%s", s->options.folder, cell->name) < 0)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    if ((status = experiment_split(s, cell, &table, err)) == MEDTL_OK &&
        (check || ((status = medtl_file_make_folders(folder, err)) == MEDTL_OK &&
                   (status = experiment_record_write(s, cell, table, err)) == MEDTL_OK)))
        status = experiment_run_recipe(s, &s->experiment->arms[cell->arm], table, cell->seed,
                                       folder, check ? EXPERIMENT_CHECK : EXPERIMENT_RUN, err);
    free(table);
    free(folder);
    return status;
}

/* ---- what is there -------------------------------------------------------------------- */

static double member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Read FOLDER/NAME/FILE. */
static json_t *load(const char *folder, const char *name, const char *file)
{
    char *path = NULL;
    json_t *root;

    if (asprintf(&path, "%s/%s/%s", folder, name, file) < 0)
        return NULL;
    root = json_load_file(path, 0, NULL);
    free(path);
    return root;
}

/* Seconds of all stages, or their processor time; NAN where a stage is not done. */
static double run_seconds(const char *folder, const json_t *run, const char *what)
{
    const json_t *stage;
    double seconds = json_array_size(json_object_get(run, "stages")) > 0 ? 0.0 : (double)NAN;
    size_t i;

    json_array_foreach(json_object_get(run, "stages"), i, stage)
    {
        const char *name = json_string_value(json_object_get(stage, "folder"));
        json_t *end = name != NULL ? load(folder, name, "stage.json") : NULL;

        seconds += member(end, what);
        json_decref(end);
    }
    return seconds;
}

/* The measures of the last stage that evaluates. */
static void read_measures(const experiment_state *s, const char *folder, const json_t *run,
                          experiment_cell *cell)
{
    const json_t *stages = json_object_get(run, "stages");

    for (size_t i = json_array_size(stages); i-- > 0;) {
        const json_t *stage = json_array_get(stages, i);
        const char *command =
            json_string_value(json_array_get(json_object_get(stage, "arguments"), 0));
        const char *name = json_string_value(json_object_get(stage, "folder"));
        json_t *metrics;

        if (command == NULL || name == NULL || strcmp(command, "evaluate") != 0)
            continue;
        metrics = load(folder, name, "metrics.json");
        for (size_t m = 0; m < s->experiment->measure_count; m++) {
            const json_t *one =
                json_object_get(json_object_get(metrics, "evaluation"), s->experiment->measures[m]);

            cell->measures[m] =
                (medtl_interval){member(one, "value"), member(one, "low"), member(one, "high")};
        }
        json_decref(metrics);
        return;
    }
}

static medtl_status collect_cell(const experiment_state *s, experiment_cell *cell, medtl_error *err)
{
    char *folder = NULL, *table = NULL;
    json_t *run;
    const char *code;
    medtl_status status;

    for (size_t m = 0; m < EXPERIMENT_MEASURES; m++)
        cell->measures[m] = (medtl_interval){(double)NAN, (double)NAN, (double)NAN};
    if (asprintf(&folder, "%s/runs/%s", s->options.folder, cell->name) < 0)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    if ((status = experiment_split(s, cell, &table, err)) == MEDTL_OK) /* for its counts, too */
        status = experiment_record_check(s, cell, table, err);
    run = load(folder, ".", "run.json");
    cell->seconds = run_seconds(folder, run, "seconds");
    cell->processor_seconds = run_seconds(folder, run, "processor_seconds");
    cell->done = isfinite(cell->seconds);
    code = json_string_value(json_object_get(run, "code"));
    snprintf(cell->code, sizeof cell->code, "%s", code != NULL ? code : "");
    if (cell->done)
        read_measures(s, folder, run, cell);
    json_decref(run);
    free(table);
    free(folder);
    return status;
}

medtl_status experiment_collect(experiment_state *s, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < s->cell_count && status == MEDTL_OK; i++)
        status = collect_cell(s, &s->cells[i], err);
    for (size_t i = 0; i < s->experiment->prepared_count && status == MEDTL_OK; i++) {
        json_t *run = load(s->prepared_folders[i], ".", "run.json");

        s->prepared_seconds[i] = run_seconds(s->prepared_folders[i], run, "processor_seconds");
        json_decref(run);
    }
    return status;
}
