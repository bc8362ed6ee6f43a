/* dcm-medtl tasks: what is configured, and whether it is sound. */
#include "arguments.h"
#include "cmd.h"
#include "pipeline.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: dcm-medtl tasks [options]\n"
    "\n"
    "Lists the tasks with their classes and models, and checks everything that a run would need:\n"
    "each task file against the schema, its keywords against DICOM's data dictionary, each model file,\n"
    "and that model and task fit each other.\n"
    "\n"
    "Examples:\n"
    "  dcm-medtl tasks\n"
    "  dcm-medtl tasks --config my-task.xml      (is my task file right?)\n"
    "\n"
    "To make a task of your own, copy one of the default ones (the first line of each entry names\n"
    "its file) and change it; FILE:LINE: REASON tells what is wrong with it.\n"
    "\n"
    "Exit code: 0 all sound; 2 wrong command line or configuration, named on standard error; 3 it\n"
    "could not run.\n";

typedef struct arguments {
    option_words config;
    bool json;
} arguments;

static int parse(int argc, char **argv, arguments *a)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_TEXTS, "config", 0, "PATH", &a->config, 0, 0, SHAPES_NOTHING,
         "task file (XML) or folder of them instead of the default tasks; may be given several times"},
        {OPTION_FLAG, "json", 0, "", &a->json, 0, 0, SHAPES_NOTHING, "print JSON instead of text"},
    };

    return take_arguments("tasks", help, table, sizeof table / sizeof table[0], argc, argv);
}

/* ---- as text --------------------------------------------------------------------------- */

static void print_classes(const medtl_task *task)
{
    for (size_t i = 0; i < task->class_count; i++) {
        const medtl_class *class = &task->classes[i];

        printf("  %-11s %-12s %s (%s, %s)", i == 0 ? "classes" : "", class->label,
               class->code.meaning, class->code.value, class->code.scheme);
        if ((int)i == task->positive_class)
            printf("   <- finding from %.1f %% on", 100.0 * task->threshold);
        putchar('\n');
    }
}

/* What of the images that it takes it analyses. */
static void print_images(const medtl_task *task)
{
    static const char *const frames[] = {"the first frame", "the middle frame", "every frame"};
    static const char *const preferred[] = {"both forms of an exposure",
                                            "For Presentation before For Processing",
                                            "For Processing before For Presentation"};

    printf("  %-11s %s; %s; ICC profiles %s\n", "images", frames[task->frames],
           preferred[task->preferred_intent], task->apply_icc_profile ? "applied" : "ignored");
    for (size_t i = 0; i < task->expected_view_count; i++)
        printf("%s%c %s%s", i == 0 ? "              a complete study has " : ", ",
               task->expected_views[i].laterality == MEDTL_LATERALITY_LEFT ? 'L' : 'R',
               task->expected_views[i].view, i + 1 == task->expected_view_count ? "\n" : "");
}

static void print_task(const medtl_task *task, const medtl_model_info *model, const char *problem)
{
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE];

    medtl_normaliser_text(&task->normaliser, normaliser);
    printf("%s (%s)\n", task->name, task->file);
    printf("  %-11s %s\n", "does", task->title);
    print_images(task);
    print_classes(task);
    printf("  %-11s %s\n", "normaliser", normaliser);
    printf("  %-11s %s, series %u \"%s\"\n", "report", task->report_profile,
           (unsigned)task->series_number, task->series_description);
    printf("  %-11s %s\n", "digest", task->digest);
    printf("  %-11s %s\n", "model", task->model_path);
    if (problem != NULL)
        printf("  %-11s NOT USABLE: %s\n", "", problem);
    else
        printf("  %-11s %s %s, %s, %llu parameters\n  %-11s SHA-256 %s\n", "", model->name,
               model->version, model->architecture, (unsigned long long)model->parameter_count, "",
               model->sha256);
    putchar('\n');
}

/* ---- as JSON --------------------------------------------------------------------------- */

static json_t *task_json(const medtl_task *task, const medtl_model_info *model, const char *problem)
{
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE];
    json_t *labels = json_array(), *object;

    medtl_normaliser_text(&task->normaliser, normaliser);
    for (size_t i = 0; i < task->class_count; i++)
        json_array_append_new(labels, json_string(task->classes[i].label));
    object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:b}", "name", task->name, "title",
                       task->title, "file", task->file, "digest", task->digest, "normaliser",
                       normaliser, "classes", labels, "model_file", task->model_path, "usable",
                       (int)(problem == NULL));
    if (object == NULL)
        return NULL;
    if (task->positive_class >= 0) {
        json_object_set_new(object, "positive",
                            json_string(task->classes[task->positive_class].label));
        json_object_set_new(object, "threshold", json_real(task->threshold));
    }
    if (problem != NULL)
        json_object_set_new(object, "problem", json_string(problem));
    else
        json_object_set_new(object, "model",
                            json_pack("{s:s, s:s, s:s, s:I, s:s}", "name", model->name, "version",
                                      model->version, "architecture", model->architecture,
                                      "parameters", (json_int_t)model->parameter_count, "sha256",
                                      model->sha256));
    return object;
}

/* ---- the command ----------------------------------------------------------------------- */

/* Unlike a run, which stops at the first fault, this looks at every model. */
static int show_task(const medtl_task *task, json_t *list)
{
    medtl_error err = {MEDTL_OK, ""};
    medtl_model *model = NULL;
    const char *problem = NULL;

    if (medtl_model_load(task->model_path, &model, &err) != MEDTL_OK ||
        medtl_pipeline_check_model(task, medtl_model_get_info(model), &err) != MEDTL_OK)
        problem = err.message;
    if (list == NULL)
        print_task(task, model != NULL ? medtl_model_get_info(model) : NULL, problem);
    else
        json_array_append_new(
            list, task_json(task, model != NULL ? medtl_model_get_info(model) : NULL, problem));
    if (problem != NULL)
        complain("%s", problem);
    medtl_model_destroy(model);
    return problem == NULL ? EXIT_DONE : exit_code_of(err.status);
}

static int show_all(const medtl_config *config, json_t *list)
{
    int code = EXIT_DONE;

    for (size_t i = 0; i < medtl_config_task_count(config); i++) {
        const int one = show_task(medtl_config_task(config, i), list);

        code = one > code ? one : code;
    }
    return code;
}

static int run(const arguments *a)
{
    medtl_config *config = NULL;
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status;
    json_t *list = NULL;
    int code;

    if (medtl_dicom_start(&err) != MEDTL_OK) {
        complain("%s", err.message);
        return EXIT_CANNOT_RUN;
    }
    status = medtl_pipeline_load_config(a->config.items, a->config.count, &config, &err);
    if (status != MEDTL_OK) {
        complain("%s", err.message);
        return exit_code_of(status);
    }
    if (a->json && (list = json_array()) == NULL) {
        complain("out of memory for JSON");
        medtl_config_destroy(config);
        return EXIT_CANNOT_RUN;
    }
    code = show_all(config, list);
    if (list != NULL) {
        json_dumpf(list, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        putchar('\n');
    }
    json_decref(list);
    medtl_config_destroy(config);
    return code;
}

int cmd_tasks(int argc, char **argv)
{
    arguments a = {.json = false};
    int code = parse(argc, argv, &a);

    if (code < 0)
        code = run(&a);
    free(a.config.items);
    return code;
}
