/* The runs that an experiment builds on, and what several experiments share of them. */
#include "experiment_run.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "paths.h"
#include "progress.h"
#include "run_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_DIGITS = 16 };
static const size_t TABLE_LIMIT = (size_t)1 << 30; /* bytes of a dealt table */

/* Does a recipe see labelled images? One that does not is the same whatever the split. */
static bool wants_labels(const medtl_recipe *recipe)
{
    for (size_t i = 0; i < recipe->stage_count; i++)
        if (recipe->stages[i].data == MEDTL_STAGE_LABELLED ||
            recipe->stages[i].data == MEDTL_STAGE_TEST)
            return true;
    return false;
}

/* The table that a prepared run is given, dealt with the first seed. @param[out] path  Owned; NULL: none. */
static medtl_status deal_table(const experiment_state *s, size_t index, bool labelled, char **path,
                               medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    const size_t data_index = e->prepared[index].data;
    size_t counts[DEAL_SIDES];
    char name[160];

    *path = NULL;
    if (data_index >= e->data_count || (s->options.shared != NULL && !labelled))
        return MEDTL_OK;
    snprintf(name, sizeof name, "%s-prepare", e->data[data_index].name);
    return experiment_deal(s, data_index,
                           &(deal_options){.test = e->data[data_index].test,
                                           .validation = e->data[data_index].validation,
                                           .parts = e->data[data_index].cross_validation,
                                           .validation_share = e->validation_share,
                                           .seed = e->seeds[0]},
                           name, counts, path, err);
}

static void put_text(FILE *stream, const char *name, const char *text)
{
    fprintf(stream, "%s %s\n", name, text != NULL ? text : "");
}

/* A place as part of a key: where it is, however that was spelled, and its digest if it is a file. What lies beside the
 * shared run is a key itself, wherever all of them lie. */
static medtl_status put_place(FILE *stream, const experiment_state *s, const char *place,
                              medtl_error *err)
{
    char *path = path_resolve(NULL, place), *shared = path_resolve(NULL, s->options.shared);
    char sha256[MEDTL_SHA256_TEXT_SIZE];
    const size_t length = shared != NULL ? strlen(shared) : 0;
    medtl_status status = MEDTL_OK;

    if (path == NULL || shared == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    } else if (strncmp(path, shared, length) == 0 && path[length] == '/') {
        fprintf(stream, "shared%s\n", path + length);
    } else {
        file_digest(path, sha256);
        fprintf(stream, "%s %s\n", path, sha256);
    }
    free(path);
    free(shared);
    return status;
}

/* "name=value" */
static medtl_status put_set(FILE *stream, const experiment_state *s, const char *set,
                            medtl_error *err)
{
    const char *value = strchr(set, '=') + 1;

    fprintf(stream, "set %.*s", (int)(value - set), set);
    if (strchr(value, '/') != NULL)
        return put_place(stream, s, value, err);
    fprintf(stream, "%s\n", value);
    return MEDTL_OK;
}

/* The images that a shared run learns from. */
static medtl_status put_images(FILE *stream, const experiment_state *s,
                               const medtl_experiment_data *data, const char *table,
                               medtl_error *err)
{
    char sha256[MEDTL_SHA256_TEXT_SIZE], *root = experiment_image_root(s, data);
    medtl_status status = MEDTL_OK;

    file_digest(table, sha256);
    put_text(stream, "table", sha256);
    put_text(stream, "classes", data->classes);
    fputs("root ", stream);
    if (root != NULL)
        status = put_place(stream, s, root, err);
    else
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    free(root);
    return status;
}

/* Everything that shapes a shared run, as text: at least what run_folder_open() compares, since it refuses a run that
 * differs in what the key leaves out. @param table  NULL: none. */
static medtl_status put_key(FILE *stream, const experiment_state *s, size_t index,
                            const medtl_recipe *recipe, const char *table, const repeated *sets,
                            medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    const medtl_experiment_data *data = e->prepared[index].data < e->data_count
                                            ? &e->data[e->prepared[index].data]
                                            : &(medtl_experiment_data){0};
    medtl_status status = MEDTL_OK;

    put_text(stream, "code", code_version());
    put_text(stream, "recipe", recipe->sha256);
    fprintf(stream, "seed %llu\n", (unsigned long long)e->seeds[0]);
    put_text(stream, "task", data->task);
    put_text(stream, "normaliser", data->normaliser);
    if (table != NULL)
        status = put_images(stream, s, data, table, err);
    for (size_t i = 0; i < sets->count && status == MEDTL_OK; i++)
        status = put_set(stream, s, sets->texts[i], err);
    return status;
}

static medtl_status place_shared(experiment_state *s, size_t index, medtl_error *err)
{
    const medtl_experiment_run *run = &s->experiment->prepared[index];
    char sha256[MEDTL_SHA256_TEXT_SIZE], *text = NULL, *table = NULL;
    size_t size = 0;
    repeated sets = {0};
    medtl_recipe *recipe = NULL;
    FILE *stream = NULL;
    medtl_status status;

    if ((status = experiment_settings(s, run, &sets, err)) != MEDTL_OK ||
        (status = medtl_recipe_load(run->recipe, &recipe, err)) != MEDTL_OK ||
        (status = deal_table(s, index, wants_labels(recipe), &table, err)) != MEDTL_OK)
        goto done;
    stream = open_memstream(&text, &size);
    if (stream != NULL)
        status = put_key(stream, s, index, recipe, table, &sets, err);
    if (stream == NULL || fclose(stream) != 0)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    if (status != MEDTL_OK)
        goto done;
    medtl_sha256_text(text, size, sha256);
    if (asprintf(&s->prepared_folders[index], "%s/%s-%.*s", s->options.shared, recipe->name,
                 KEY_DIGITS, sha256) < 0) {
        s->prepared_folders[index] = NULL;
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    }
done:
    free(text);
    free(table);
    medtl_recipe_destroy(recipe);
    repeated_clear(&sets);
    return status;
}

medtl_status experiment_place(experiment_state *s, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < s->experiment->prepared_count && status == MEDTL_OK; i++) {
        if (s->options.shared != NULL) {
            status = place_shared(s, i, err);
        } else if (asprintf(&s->prepared_folders[i], "%s/prepared/%s", s->options.folder,
                            s->experiment->prepared[i].name) < 0) {
            s->prepared_folders[i] = NULL;
            status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
        }
    }
    return status;
}

/* The table as a file of the shared run: its path is part of the run's settings, and OUT is another for each experiment. */
static medtl_status move_table(const char *folder, char **table, medtl_error *err)
{
    unsigned char *bytes = NULL;
    char *path = path_join(folder, "split.csv");
    size_t size = 0;
    medtl_status status =
        path != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a table");

    if (status == MEDTL_OK && (status = medtl_file_make_folders(folder, err)) == MEDTL_OK &&
        (status = medtl_file_read(*table, TABLE_LIMIT, &bytes, &size, err)) == MEDTL_OK)
        status = medtl_file_replace(path, bytes, size, err);
    free(bytes);
    free(*table);
    *table = path;
    return status;
}

/* Another experiment may be preparing the same; what it makes is what is wanted here. @param[out] lock  Of the folder. */
static medtl_status wait_until_free(const experiment_state *s, const char *folder, int *lock,
                                    medtl_error *err)
{
    const struct timespec pause = {1, 0};
    bool said = s->options.quiet, held = false;
    medtl_status status;

    while ((status = run_folder_lock(folder, lock, &held, err)) != MEDTL_OK && held) {
        if (stop_wanted())
            return medtl_fail(err, MEDTL_E_CANCELLED, "stopped while waiting");
        if (!said)
            printf("waiting for another process that prepares it\n");
        said = true;
        fflush(stdout);
        nanosleep(&pause, NULL);
    }
    return status;
}

/* A run that others share is locked before its table is written, and until it is done. */
static medtl_status prepare_shared(const experiment_state *s, const medtl_experiment_run *run,
                                   const char *folder, char **table, medtl_error *err)
{
    int lock = -1;
    medtl_status status = wait_until_free(s, folder, &lock, err);

    if (status == MEDTL_OK && *table != NULL)
        status = move_table(folder, table, err);
    if (status == MEDTL_OK)
        status = experiment_run_recipe(s, run, *table, s->experiment->seeds[0], folder,
                                       EXPERIMENT_RUN_LOCKED, err);
    run_folder_unlock(lock);
    return status;
}

medtl_status experiment_prepare(const experiment_state *s, size_t index, bool check,
                                medtl_error *err)
{
    const medtl_experiment_run *run = &s->experiment->prepared[index];
    const char *folder = s->prepared_folders[index];
    char *table = NULL;
    medtl_recipe *recipe = NULL;
    medtl_status status;

    if ((status = medtl_recipe_load(run->recipe, &recipe, err)) == MEDTL_OK)
        status = deal_table(s, index, wants_labels(recipe), &table, err);
    if (status == MEDTL_OK && s->options.shared != NULL && !check)
        status = prepare_shared(s, run, folder, &table, err);
    else if (status == MEDTL_OK)
        status = experiment_run_recipe(s, run, table, s->experiment->seeds[0], folder,
                                       check ? EXPERIMENT_CHECK : EXPERIMENT_RUN, err);
    medtl_recipe_destroy(recipe);
    free(table);
    return status;
}
