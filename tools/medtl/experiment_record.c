#include "experiment_record.h"

#include "config/recipe.h"
#include "run_folder.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* @return owned; NULL without memory. */
static char *record_path(const experiment_state *s, const experiment_cell *cell, const char *file)
{
    char *path = NULL;

    return asprintf(&path, "%s/runs/%s/%s", s->options.folder, cell->name, file) >= 0 ? path : NULL;
}

static json_t *settings_json(const medtl_experiment_run *run)
{
    json_t *list = json_array();

    for (size_t i = 0; i < run->setting_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s?}", "name", run->settings[i].name, "value",
                                              run->settings[i].value));
    return list;
}

/* How images are read, and for what: not which, that is the table's. */
static json_t *data_json(const experiment_state *s, const medtl_experiment_run *run)
{
    const medtl_experiment *e = s->experiment;
    const medtl_experiment_data *data =
        run->data < e->data_count ? &e->data[run->data] : &(medtl_experiment_data){0};

    return json_pack("{s:s?, s:s?, s:s?, s:s?}", "task", data->task, "normaliser", data->normaliser,
                     "classes", data->classes, "root", data->root);
}

/* @return MEDTL_OK, or why the recipe cannot be read. */
static medtl_status recipe_sha256(const medtl_experiment_run *run, char *sha256, medtl_error *err)
{
    medtl_recipe *recipe = NULL;
    const medtl_status status = medtl_recipe_load(run->recipe, &recipe, err);

    if (status == MEDTL_OK)
        snprintf(sha256, MEDTL_SHA256_TEXT_SIZE, "%s", recipe->sha256);
    medtl_recipe_destroy(recipe);
    return status;
}

/* The runs that others build on, each with all that shapes it. */
static medtl_status prepared_json(const experiment_state *s, json_t **out, medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    medtl_status status = MEDTL_OK;

    *out = json_array();
    for (size_t i = 0; i < e->prepared_count && status == MEDTL_OK; i++) {
        const medtl_experiment_run *run = &e->prepared[i];
        const char *table = run->data < e->data_count ? s->tables[run->data].sha256 : "";
        char sha256[MEDTL_SHA256_TEXT_SIZE] = "";

        if ((status = recipe_sha256(run, sha256, err)) == MEDTL_OK)
            json_array_append_new(*out,
                                  json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", run->name,
                                            "recipe", sha256, "table", table, "data",
                                            data_json(s, run), "settings", settings_json(run)));
    }
    return status;
}

static medtl_status make_record(const experiment_state *s, const experiment_cell *cell,
                                const char *table, json_t **out, medtl_error *err)
{
    const medtl_experiment_run *arm = &s->experiment->arms[cell->arm];
    char recipe[MEDTL_SHA256_TEXT_SIZE] = "", split[MEDTL_SHA256_TEXT_SIZE];
    json_t *prepared = NULL;
    medtl_status status;

    *out = NULL;
    file_digest(table, split);
    if ((status = recipe_sha256(arm, recipe, err)) == MEDTL_OK &&
        (status = prepared_json(s, &prepared, err)) == MEDTL_OK) {
        *out = json_pack("{s:s, s:s, s:o, s:o, s:O}", "recipe", recipe, "table", split, "data",
                         data_json(s, arm), "settings", settings_json(arm), "prepared", prepared);
        if (*out == NULL)
            status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    }
    json_decref(prepared);
    return status;
}

medtl_status experiment_record_write(const experiment_state *s, const experiment_cell *cell,
                                     const char *table, medtl_error *err)
{
    char *path = record_path(s, cell, "asked.json");
    json_t *record = NULL;
    medtl_status status = make_record(s, cell, table, &record, err);

    if (status == MEDTL_OK)
        status = path != NULL ? json_write(path, record, err)
                              : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    json_decref(record);
    free(path);
    return status;
}

/* What the run was asked for, as far as it is known. *record NULL: no run. */
static medtl_status read_record(const experiment_state *s, const experiment_cell *cell,
                                json_t **record, medtl_error *err)
{
    char *asked = record_path(s, cell, "asked.json"), *run = record_path(s, cell, "run.json");
    const bool memory = asked != NULL && run != NULL;

    *record = memory ? json_load_file(asked, 0, NULL) : NULL;
    if (*record == NULL && memory) {
        json_t *old = json_load_file(run, 0, NULL);
        json_t *table = json_object_get(json_object_get(old, "data"), "table_sha256");
        json_t *recipe = json_object_get(json_object_get(old, "recipe"), "sha256");

        if (table != NULL && recipe != NULL)
            *record = json_pack("{s:O, s:O}", "table", table, "recipe", recipe);
        json_decref(old);
    }
    free(asked);
    free(run);
    return memory ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
}

/* @return what differs; NULL: nothing. What an older record does not hold is left alone. */
static const char *difference(const json_t *old, const json_t *new)
{
    static const struct {
        const char *member, *text;
    } members[] = {
        {"table", "other images or labels"},
        {"recipe", "another recipe, or another version of it"},
        {"data", "another task, normaliser or classes"},
        {"settings", "other settings"},
        {"prepared", "other prepared runs"},
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const json_t *was = json_object_get(old, members[i].member);

        if (was != NULL && !json_equal(was, json_object_get(new, members[i].member)))
            return members[i].text;
    }
    return NULL;
}

medtl_status experiment_record_check(const experiment_state *s, const experiment_cell *cell,
                                     const char *table, medtl_error *err)
{
    json_t *old = NULL, *new = NULL;
    const char *differs = NULL;
    medtl_status status = read_record(s, cell, &old, err);

    if (status == MEDTL_OK && old != NULL &&
        (status = make_record(s, cell, table, &new, err)) == MEDTL_OK)
        differs = difference(old, new);
    if (differs != NULL)
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "%s/runs/%s: holds a run with %s; another folder keeps both, and a run "
                            "whose folder is removed is made anew",
                            s->options.folder, cell->name, differs);
    json_decref(old);
    json_decref(new);
    return status;
}
