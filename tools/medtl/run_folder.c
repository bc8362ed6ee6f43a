#include "run_folder.h"

#include "core/base/file.h"
#include "core/base/utf8.h"
#include "evaluation_output.h"
#include "medtl_code_version.h"
#include "paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static const size_t DIGEST_LIMIT = (size_t)4 << 30; /* bytes of a file whose digest is taken */

const char *code_version(void) { return MEDTL_CODE_VERSION; }

char *path_join(const char *folder, const char *name)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s", folder, name) >= 0 ? path : NULL;
}

void file_digest(const char *path, char text[MEDTL_SHA256_TEXT_SIZE])
{
    unsigned char *bytes = NULL;
    size_t size = 0;

    text[0] = '\0';
    if (path != NULL && medtl_file_read(path, DIGEST_LIMIT, &bytes, &size, NULL) == MEDTL_OK)
        medtl_sha256_text(bytes, size, text);
    free(bytes);
}

/* @param[out] held  Somebody else has it. */
static medtl_status lock_file(const char *folder, const char *path, int *lock, bool *held,
                              medtl_error *err)
{
    const int file = open(path, O_RDWR | O_CREAT, 0666); /* inherited by children, on purpose */

    if (file < 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot write: %s", folder, strerror(errno));
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        *lock = file;
        return MEDTL_OK;
    }
    *held = errno == EWOULDBLOCK;
    if (*held)
        medtl_fail(err, MEDTL_E_IO, "%s: another process works in this folder", folder);
    else
        medtl_fail(err, MEDTL_E_IO, "%s: cannot be locked: %s", folder, strerror(errno));
    close(file);
    return MEDTL_E_IO;
}

medtl_status run_folder_lock(const char *folder, int *lock, bool *held, medtl_error *err)
{
    medtl_status status = medtl_file_make_folders(folder, err);
    char *path = path_join(folder, ".lock");
    bool other = false;

    *lock = -1;
    if (path == NULL && status == MEDTL_OK)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    if (status == MEDTL_OK)
        status = lock_file(folder, path, lock, &other, err);
    if (held != NULL)
        *held = other;
    free(path);
    return status;
}

void run_folder_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

static json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

/* The parameters' values, and digests of those that are files. */
static json_t *parameters_json(const medtl_recipe *recipe, const recipe_plan *plan)
{
    json_t *list = json_array();

    for (size_t i = 0; i < recipe->parameter_count; i++) {
        char sha256[MEDTL_SHA256_TEXT_SIZE] = "";

        if (strchr(plan->values[i], '/') != NULL || strchr(plan->values[i], '.') != NULL)
            file_digest(plan->values[i], sha256);
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o, s:s?}", "name", recipe->parameters[i].name,
                                        "value", plan->values[i], "sha256", text_or_null(sha256),
                                        "help", recipe->parameters[i].help));
    }
    return list;
}

static json_t *stages_json(const recipe_plan *plan)
{
    json_t *list = json_array();

    for (size_t i = 0; i < plan->count; i++) {
        json_t *arguments = json_array();
        char *text = recipe_step_text(&plan->steps[i]);

        for (size_t k = 0; k < plan->steps[i].argument_count; k++)
            json_array_append_new(arguments, json_string(plan->steps[i].arguments[k]));
        json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:o}", "name", plan->steps[i].name,
                                              "folder", strrchr(plan->steps[i].folder, '/') + 1,
                                              "command", text, "arguments", arguments));
        free(text);
    }
    return list;
}

static json_t *deviations_json(const medtl_recipe *recipe)
{
    json_t *list = json_array();

    for (size_t i = 0; i < recipe->deviation_count; i++)
        json_array_append_new(list, json_string(recipe->deviations[i]));
    return list;
}

static json_t *run_json(const medtl_recipe *recipe, const recipe_inputs *inputs,
                        const recipe_plan *plan)
{
    char sha256[MEDTL_SHA256_TEXT_SIZE], *here = path_resolve(NULL, ".");
    /* JSON holds no name that is not UTF-8: paths are then taken from where the next command works. */
    const char *spelt = here != NULL && medtl_is_utf8(here) ? here : NULL;
    json_t *root;

    file_digest(inputs->labels.data, sha256);
    root = json_pack(
        "{s:s, s:s, s:o, s:{s:s, s:s, s:s, s:s, s:s, s:o}, s:{s:o, s:o, s:o, s:o}, s:I, s:o, s:o}",
        "software", "medtl " MEDTL_VERSION, "code", code_version(), "working_folder",
        text_or_null(spelt), "recipe", "name", recipe->name, "title", recipe->title, "source",
        recipe->source, "published", recipe->published, "sha256", recipe->sha256, "deviations",
        deviations_json(recipe), "data", "table", text_or_null(inputs->labels.data), "table_sha256",
        text_or_null(sha256), "test_folds", text_or_null(inputs->test_folds), "validation_folds",
        text_or_null(inputs->validation_folds), "seed", (json_int_t)inputs->seed, "parameters",
        parameters_json(recipe, plan), "stages", stages_json(plan));
    free(here);
    return root;
}

/* Folder that relative paths of a run.json start from; NULL: an older one that does not say. */
static const char *working_folder(const json_t *run)
{
    return json_string_value(json_object_get(run, "working_folder"));
}

/* Of the same recipe: the same values, or other spellings of paths to files with the same digest. */
static bool same_parameters(const json_t *old, const json_t *new)
{
    const json_t *was = json_object_get(old, "parameters"),
                 *is = json_object_get(new, "parameters"), *one;
    size_t i;

    if (json_array_size(was) != json_array_size(is))
        return false;
    json_array_foreach(was, i, one)
    {
        const json_t *other = json_array_get(is, i);
        const char *a = json_string_value(json_object_get(one, "value")),
                   *b = json_string_value(json_object_get(other, "value"));

        if (a == NULL || b == NULL || !paths_same(working_folder(old), a, NULL, b) ||
            !json_equal(json_object_get(one, "name"), json_object_get(other, "name")) ||
            !json_equal(json_object_get(one, "sha256"), json_object_get(other, "sha256")))
            return false;
    }
    return true;
}

/* Does a stage's command line differ from the one of an older run.json? @param from  Of that one's relative paths. */
static bool stage_differs(const json_t *old, const char *from, const recipe_step *step)
{
    const json_t *arguments = json_object_get(old, "arguments");
    const size_t count = json_array_size(arguments);
    const char **words = calloc(count + 1, sizeof *words);
    bool same = words != NULL;

    for (size_t i = 0; i < count && same; i++) {
        words[i] = json_string_value(json_array_get(arguments, i));
        same = words[i] != NULL;
    }
    same = same && recipe_step_same(step, words, count, from);
    free(words);
    return !same;
}

/* What another run in the folder differs in; NULL: nothing. */
static const char *difference(const json_t *old, const json_t *new, const recipe_plan *plan)
{
    const json_t *stages = json_object_get(old, "stages");
    static const char *const digests[] = {"recipe", "data"};
    static const char *const members[] = {"sha256", "table_sha256"};
    static const char *const names[] = {"another recipe, or another version of it",
                                        "another table of images"};

    for (size_t i = 0; i < 2; i++)
        if (!json_equal(json_object_get(json_object_get(old, digests[i]), members[i]),
                        json_object_get(json_object_get(new, digests[i]), members[i])))
            return names[i];
    if (!same_parameters(old, new))
        return "other parameters, or other files behind them";
    if (json_array_size(stages) != plan->count)
        return "other stages";
    for (size_t i = 0; i < plan->count; i++)
        if (stage_differs(json_array_get(stages, i), working_folder(old), &plan->steps[i]))
            return "other settings";
    return NULL;
}

void run_folder_empty(const char *folder)
{
    DIR *listing = opendir(folder);
    const struct dirent *item;

    while (listing != NULL && (item = readdir(listing)) != NULL)
        unlinkat(dirfd(listing), item->d_name, 0); /* not folders, "." among them */
    if (listing != NULL)
        closedir(listing);
}

/* What a stage would take for its own: that it is done, how long it took, where its trainings were (of a search there are
 * several) and their curves. */
static void forget_stage(const char *folder)
{
    static const char *const patterns[] = {"stage.json", "spent.json", "checkpoint*.bin",
                                           "history*.csv"};
    DIR *listing = opendir(folder);
    const struct dirent *item;

    while (listing != NULL && (item = readdir(listing)) != NULL)
        for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
            if (fnmatch(patterns[i], item->d_name, 0) == 0)
                unlinkat(dirfd(listing), item->d_name, 0);
    if (listing != NULL)
        closedir(listing);
}

/* @param folder  Of the run. What was made of its stages afterwards is of the old ones, too. */
static void forget_stages(const char *folder, const recipe_plan *plan)
{
    char *examples = path_join(folder, "examples");

    if (examples != NULL)
        run_folder_empty(examples);
    free(examples);
    for (size_t i = 0; i < plan->count; i++)
        forget_stage(plan->steps[i].folder);
}

medtl_status run_folder_open(const medtl_recipe *recipe, const recipe_inputs *inputs,
                             const recipe_plan *plan, bool force, medtl_error *err)
{
    char *path = path_join(inputs->run_folder, "run.json");
    json_t *new = run_json(recipe, inputs, plan), *old;
    const char *differs = NULL;
    medtl_status status = MEDTL_OK;

    if (path == NULL || new == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for run.json");
        old = NULL;
    } else {
        old = json_load_file(path, 0, NULL);
        differs = old == NULL ? "no run" : difference(old, new, plan);
        if (old != NULL && differs != NULL && !force)
            status = medtl_fail(err, MEDTL_E_ARGUMENT,
                                "%s: holds a run with %s; %s, another folder keeps both",
                                inputs->run_folder, differs, inputs->anew);
        else if (differs != NULL || force) {
            forget_stages(inputs->run_folder, plan);
            status = json_write(path, new, err);
        }
    }
    json_decref(new);
    json_decref(old);
    free(path);
    return status;
}

bool run_folder_stage_done(const recipe_step *step)
{
    char *path = path_join(step->folder, "stage.json");
    const bool done = path != NULL && access(path, F_OK) == 0 && access(step->product, F_OK) == 0;

    free(path);
    return done;
}

bool run_folder_stage_same(const recipe_step *step)
{
    char *path = path_join(step->folder, "stage.json"), *command = recipe_step_text(step);
    json_t *root = path != NULL ? json_load_file(path, 0, NULL) : NULL;
    const char *was = json_string_value(json_object_get(root, "command"));
    const bool same = was != NULL && command != NULL && strcmp(was, command) == 0;

    json_decref(root);
    free(command);
    free(path);
    return same;
}

int run_folder_stage_exit_code(const recipe_step *step)
{
    char *path = path_join(step->folder, "stage.json");
    json_t *root = path != NULL ? json_load_file(path, 0, NULL) : NULL;
    const int code = (int)json_integer_value(json_object_get(root, "exit_code"));

    json_decref(root);
    free(path);
    return code;
}

stage_time run_folder_stage_spent(const recipe_step *step)
{
    char *path = path_join(step->folder, "spent.json");
    json_t *root = path != NULL ? json_load_file(path, 0, NULL) : NULL;
    const stage_time took = {json_number_value(json_object_get(root, "seconds")),
                             json_number_value(json_object_get(root, "processor_seconds"))};

    json_decref(root);
    free(path);
    return took;
}

void run_folder_stage_stopped(const recipe_step *step, const stage_time *took)
{
    char *path = path_join(step->folder, "spent.json");
    json_t *root = json_pack("{s:f, s:f}", "seconds", took->seconds, "processor_seconds",
                             took->processor_seconds);

    if (path != NULL && root != NULL)
        json_write(path, root, NULL); /* not worth a failure: a figure will be too small */
    json_decref(root);
    free(path);
}

medtl_status run_folder_stage_end(const recipe_step *step, int exit_code, const stage_time *took,
                                  medtl_error *err)
{
    char *path = path_join(step->folder, "stage.json"), *command = recipe_step_text(step);
    char ended[32] = "";
    const time_t now = time(NULL);
    struct tm parts;
    json_t *root;
    medtl_status status;

    if (gmtime_r(&now, &parts) != NULL)
        strftime(ended, sizeof ended, "%Y-%m-%dT%H:%M:%SZ", &parts);
    root = json_pack("{s:s, s:s, s:i, s:f, s:f, s:s, s:s}", "stage", step->name, "command",
                     command != NULL ? command : "", "exit_code", exit_code, "seconds",
                     took->seconds, "processor_seconds", took->processor_seconds, "ended", ended,
                     "code", code_version());
    status = path == NULL || root == NULL
                 ? medtl_fail(err, MEDTL_E_MEMORY, "out of memory for stage.json")
                 : json_write(path, root, err);
    json_decref(root);
    free(command);
    free(path);
    return status;
}
