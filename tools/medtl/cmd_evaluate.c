/* medtl evaluate: a model and labelled images in, numbers with intervals out. */
#include "cmd.h"
#include "evaluate_leaks.h"
#include "evaluation_output.h"
#include "labels.h"
#include "labels_options.h"
#include "leaks.h"
#include "options.h"
#include "predict.h"
#include "progress.h"
#include "scored.h"
#include "subgroups.h"
#include "target.h"

#include "core/nn/views.h"
#include "medtl/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOM = 32 };

static const char USAGE[] =
    "usage: medtl evaluate --model MODEL --data labels.csv [options]\n"
    "\n"
    "Runs a model over labelled images that it has not seen and says how good it is: macro AUC (one\n"
    "class against the rest), balanced accuracy, F1, sensitivity and specificity of each class, each\n"
    "with a 95 % interval from resampling whole groups (patients, lesions), AUCs with DeLong's too;\n"
    "calibration, the confusion matrix, and the same for parts of the images (--subgroups). The images\n"
    "go the same way as in the clinic: the model's normaliser, then the network.\n"
    "\n"
    "It stops where the model was made from these images: where its file names this table and other\n"
    "folds than those left out, or where fingerprints.csv beside it has pictures that look the same.\n"
    "Two models on the same images: medtl compare.\n"
    "\n"
    "Examples:\n"
    "  medtl evaluate --model run1/model.safetensors --data skin/labels.csv \\\n"
    "      --columns label=dx,group=lesion_id,fold=fold5 --folds 0 --json fold0.json \\\n"
    "      --subgroups age:20,sex,localization\n"
    "  medtl evaluate --model m.safetensors --data labels.csv --positive cancer --threshold 0.3\n";

typedef struct evaluate_options {
    labels_options labels;
    const char *model, *task, *folds, *json, *predictions, *positive, *subgroups, *trained_on;
    uint64_t threads, resamples, seed;
    double threshold, temperature, max_unreadable;
    int views, leaks;
    bool quiet;
} evaluate_options;

typedef struct session {
    evaluate_options options;
    medtl_model *model;
    medtl_model_info info; /* of model, with the temperature that is measured */
    target target;
    labels table;
    size_t *rows, count; /* rows of the table that are evaluated */
    predictions given;
    scored scored; /* the same, as probabilities */
    subgroup_list subgroups;
    medtl_evaluation_options how;
    bool pictures_checked; /* against those that the model was made from */
} session;

enum { VIEWS_OF_MODEL }; /* of --views; behind it come those of views.h */
#define VIEWS_WORDS "model|one|flip-x|flip-y|flips|symmetries"

static size_t fill_table(evaluate_options *o, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "What"},
        {OPTION_TEXT, "model", 0, "FILE", &o->model, 0, 0, SHAPES_NOTHING, "model file"},
        {OPTION_TEXT, "data", 0, "FILE", &o->labels.data, 0, 0, SHAPES_NOTHING,
         "CSV table of the images"},
        {OPTION_TEXT, "folds", 0, "FOLDS", &o->folds, 0, 0, SHAPES_NOTHING,
         "evaluate only these folds; without: all rows"},
        labels_root_option(&o->labels),
        labels_columns_option(&o->labels, SHAPES_NOTHING),
        labels_map_option(&o->labels, SHAPES_NOTHING),
        {OPTION_TEXT, "task", 0, "NAME|FILE.xml", &o->task, 0, 0, SHAPES_NOTHING,
         "task whose threshold decides, and which the model must fit"},
        {OPTION_TEXT, "positive", 0, "CLASS", &o->positive, 0, 0, SHAPES_NOTHING,
         "class that is predicted where its probability reaches --threshold"},
        {OPTION_REAL, "threshold", 0, "P", &o->threshold, 0, 1, SHAPES_NOTHING,
         "for --positive; without it the most probable class is predicted"},
        {OPTION_CHOICE, "views", 0, VIEWS_WORDS, &o->views, 0, 0, SHAPES_NOTHING,
         "measure the mean of the logits over other mirror images and turns than the model file says (finetune --views), as if it said so"},
        {OPTION_REAL, "temperature", 0, "T", &o->temperature, 0, 1000, SHAPES_NOTHING,
         "divide the logits by this, as if the model file said so; 0: by what it says"},
        {OPTION_TEXT, "subgroups", 0, "COLUMN[:WIDTH],...", &o->subgroups, 0, 0, SHAPES_NOTHING,
         "measure each value of these columns apart; with a width, numbers in bands: age:20,sex"},
        {OPTION_HEADING, .help = "How"},
        {OPTION_WHOLE, "resamples", 0, "N", &o->resamples, 0, 1e6, SHAPES_NOTHING,
         "for the intervals"},
        {OPTION_WHOLE, "seed", 0, "N", &o->seed, 0, 9e15, SHAPES_NOTHING, "of the resampling"},
        {OPTION_WHOLE, "threads", 0, "N", &o->threads, 1, 1024, SHAPES_NOTHING, "images at a time"},
        {OPTION_REAL, "max-unreadable", 0, "SHARE", &o->max_unreadable, 0, 1, SHAPES_NOTHING,
         "give no numbers if more of the images than this cannot be read"},
        {OPTION_CHOICE, "leaks", 0, LEAK_POLICY_WORDS, &o->leaks, 0, 0, SHAPES_NOTHING,
         "where the model was made from what it is measured on, or from pictures with the same or nearly the same pixels: stop, go on with a warning, or not look"},
        {OPTION_TEXT, "trained-on", 0, "FILE", &o->trained_on, 0, 0, SHAPES_NOTHING,
         "fingerprints of the pictures that the model was made from; without: fingerprints.csv beside it, if there is one"},
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "json", 0, "FILE", &o->json, 0, 0, SHAPES_NOTHING,
         "the numbers for programs"},
        {OPTION_TEXT, "predictions", 0, "FILE", &o->predictions, 0, 0, SHAPES_NOTHING,
         "CSV with the probabilities of each image"},
        {OPTION_FLAG, "quiet", 'q', "", &o->quiet, 0, 0, SHAPES_NOTHING, "no progress line"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static void set_defaults(evaluate_options *o)
{
    memset(o, 0, sizeof *o);
    o->threads = available_threads();
    o->resamples = 2000;
    o->seed = 1;
    o->threshold = 0.5;
    o->max_unreadable = 0.01;
}

/* An option of an earlier version, which measured something that no model could be told to do. */
static medtl_status refuse_old_option(int argc, char **argv, medtl_error *err)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--average-flips", strlen("--average-flips")) == 0)
            return medtl_fail(err, MEDTL_E_ARGUMENT,
                              "--average-flips is now --views: flip-x for x, flip-y for y, flips "
                              "for xy");
    return MEDTL_OK;
}

static medtl_status parse(int argc, char **argv, evaluate_options *o, bool *help, medtl_error *err)
{
    option table[OPTION_ROOM];
    medtl_status status;

    set_defaults(o);
    if ((status = refuse_old_option(argc, argv, err)) == MEDTL_OK)
        status = options_parse(USAGE, table, fill_table(o, table), argc, argv, help, err);
    if (!*help && status == MEDTL_OK && (o->model == NULL || o->labels.data == NULL))
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "--model and --data are needed (see --help)");
    return status;
}

/* The rule that turns probabilities into one class: --positive, else the task's, else the largest. */
static medtl_status choose_rule(session *s, medtl_error *err)
{
    const evaluate_options *o = &s->options;

    s->how = (medtl_evaluation_options){.resamples = (size_t)o->resamples,
                                        .seed = o->seed,
                                        .positive_class = -1,
                                        .threshold = o->threshold};
    if (o->positive == NULL && s->target.task != NULL) {
        s->how.positive_class = s->target.task->positive_class;
        s->how.threshold = s->target.task->threshold;
    }
    for (size_t k = 0; k < s->info.class_count && o->positive != NULL; k++)
        if (strcmp(s->info.class_names[k], o->positive) == 0)
            s->how.positive_class = (int)k;
    if (o->positive != NULL && s->how.positive_class < 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--positive: the model has no class '%s'",
                          o->positive);
    return MEDTL_OK;
}

/* A model measured under a task must be the one that the task could run. */
static medtl_status check_task(const session *s, medtl_error *err)
{
    char text[MEDTL_NORMALISER_TEXT_SIZE];
    const medtl_task *task = s->target.task;

    if (task == NULL)
        return MEDTL_OK;
    medtl_normaliser_text(&task->normaliser, text);
    if (strcmp(text, s->info.normaliser) != 0)
        return medtl_fail(err, MEDTL_E_CONFIG, "%s: the model's normaliser is not that of task %s",
                          s->options.model, task->name);
    if (task->class_count != s->info.class_count)
        return medtl_fail(err, MEDTL_E_CONFIG, "%s: the model's classes are not those of task %s",
                          s->options.model, task->name);
    for (size_t k = 0; k < task->class_count; k++)
        if (strcmp(task->classes[k].label, s->info.class_names[k]) != 0)
            return medtl_fail(err, MEDTL_E_CONFIG, "%s: class %zu differs from that of task %s",
                              s->options.model, k + 1, task->name);
    return MEDTL_OK;
}

static medtl_status open_model(session *s, medtl_error *err)
{
    medtl_status status = medtl_model_load(s->options.model, &s->model, err);

    if (status != MEDTL_OK)
        return status;
    if (medtl_model_get_info(s->model)->normaliser[0] == '\0')
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: the model names no normaliser",
                          s->options.model);
    if (s->options.views != VIEWS_OF_MODEL &&
        (status = medtl_model_use_views(
             s->model, (medtl_views)(s->options.views - VIEWS_OF_MODEL - 1), err)) != MEDTL_OK)
        return status;
    s->info = *medtl_model_get_info(s->model); /* with its views */
    if (s->options.temperature > 0.0)
        s->info.temperature = (float)s->options.temperature;
    if ((status = target_resolve(s->options.task, s->info.normaliser, NULL, &s->target, err)) !=
            MEDTL_OK ||
        (status = check_task(s, err)) != MEDTL_OK)
        return status;
    return choose_rule(s, err);
}

static medtl_status choose_rows(session *s, medtl_error *err)
{
    bool *chosen;
    medtl_status status =
        labels_read(&s->options.labels, s->info.class_names, s->info.class_count, &s->table, err);

    if (status != MEDTL_OK)
        return status;
    chosen = calloc(s->table.count, sizeof *chosen);
    s->rows = calloc(s->table.count, sizeof *s->rows);
    if (chosen == NULL || s->rows == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", s->table.count);
    else
        status = labels_choose(&s->table, s->options.folds, "folds", chosen, err);
    for (size_t i = 0; i < s->table.count && status == MEDTL_OK; i++)
        if (chosen[i] || s->options.folds == NULL)
            s->rows[s->count++] = i;
    free(chosen);
    if (status == MEDTL_OK && s->count == 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "no row is chosen");
    return status;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static json_t *header_json(const session *s)
{
    const evaluate_options *o = &s->options;
    json_t *rule =
        s->how.positive_class < 0
            ? json_pack("{s:s}", "predicted", "most probable class")
            : json_pack("{s:s, s:s, s:f}", "predicted", "threshold", "positive",
                        s->info.class_names[s->how.positive_class], "threshold", s->how.threshold);

    return json_pack(
        "{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:f, s:s}, s:{s:s, s:s, s:s?, s:I, s:I, s:b}, "
        "s:o, s:{s:I, s:I}}",
        "software", "medtl " MEDTL_VERSION, "model", "file", file_name(o->model), "name",
        s->info.name, "version", s->info.version, "architecture", s->info.architecture, "sha256",
        s->info.sha256, "temperature", (double)s->info.temperature, "views", s->info.views, "data",
        "table", file_name(o->labels.data), "table_sha256", s->table.sha256, "folds", o->folds,
        "images", (json_int_t)s->given.count, "unreadable", (json_int_t)(s->count - s->given.count),
        "compared_with_training_pictures", s->pictures_checked, "rule", rule, "intervals",
        "resamples", (json_int_t)o->resamples, "seed", (json_int_t)o->seed);
}

static medtl_status write_json(const session *s, const medtl_evaluation *evaluation,
                               medtl_error *err)
{
    json_t *root;
    medtl_status status;
    int failed;

    if (s->options.json == NULL)
        return MEDTL_OK;
    root = header_json(s);
    failed =
        root == NULL || json_object_set_new(root, "evaluation",
                                            evaluation_json(evaluation, s->info.class_names)) != 0;
    if (!failed && s->options.subgroups != NULL)
        failed = json_object_set_new(root, "subgroups",
                                     subgroups_json(&s->subgroups, s->info.class_names));
    status = failed ? medtl_fail(err, MEDTL_E_MEMORY, "out of memory for JSON")
                    : json_write(s->options.json, root, err);
    json_decref(root);
    return status;
}

static void print_header(const session *s)
{
    printf("model  %s %s (%s), SHA-256 %.16s...\n", s->info.name, s->info.version,
           s->info.architecture, s->info.sha256);
    printf("data   %s%s%s\n", s->options.labels.data, s->options.folds != NULL ? ", folds " : "",
           s->options.folds != NULL ? s->options.folds : "");
    if (s->how.positive_class >= 0)
        printf("rule   %s where its probability is at least %g\n",
               s->info.class_names[s->how.positive_class], s->how.threshold);
    else
        printf("rule   the most probable class\n");
    if (s->options.temperature > 0.0)
        printf("temperature  %g, not the %g of the model file\n", s->options.temperature,
               (double)medtl_model_get_info(s->model)->temperature);
    if (strcmp(s->info.views, "one") != 0)
        printf("views  %s\n", s->info.views);
    if (!s->table.has_groups)
        printf("note   the table has no group column: each image counts as a group of its own\n");
}

/* Run the model, and see that the pictures are not those that it was made from. */
static medtl_status run_model(session *s, medtl_error *err)
{
    const evaluate_options *o = &s->options;
    const predict_options how = {
        .threads = (size_t)o->threads, .prints = o->leaks != LEAKS_IGNORE, .quiet = o->quiet};
    medtl_status status = predict(s->model, &s->target.normaliser, &s->table, s->rows, s->count,
                                  &how, &s->given, err);

    if (status != MEDTL_OK)
        return status;
    if ((double)(s->count - s->given.count) > o->max_unreadable * (double)s->count)
        return medtl_fail(err, MEDTL_E_IO, "%zu of %zu images cannot be read; --max-unreadable %g",
                          s->count - s->given.count, s->count, o->max_unreadable);
    if ((status =
             evaluate_check_pictures(o->model, o->trained_on, &s->given, &s->table, how.threads,
                                     (leak_policy)o->leaks, &s->pictures_checked, err)) != MEDTL_OK)
        return status;
    return scored_from_predictions(&s->given, &s->table, &s->info, &s->scored, err);
}

static medtl_status measure(session *s, medtl_error *err)
{
    const medtl_predictions view = scored_view(&s->scored);
    medtl_evaluation *evaluation = NULL;
    medtl_status status;

    if ((status = medtl_evaluation_create(&view, &s->how, &evaluation, err)) != MEDTL_OK ||
        (s->options.subgroups != NULL &&
         (status = subgroups_evaluate(s->options.subgroups, &s->scored, &s->table, s->given.rows,
                                      &s->how, &s->subgroups, err)) != MEDTL_OK) ||
        (status = write_json(s, evaluation, err)) != MEDTL_OK ||
        (s->options.predictions != NULL &&
         (status = scored_write(s->options.predictions, &s->scored, &s->how, err)) != MEDTL_OK))
        goto done;
    print_header(s);
    evaluation_print(stdout, evaluation, s->info.class_names);
    if (s->options.subgroups != NULL)
        subgroups_print(stdout, &s->subgroups, s->info.class_names);
done:
    medtl_evaluation_destroy(evaluation);
    return status;
}

static medtl_status run(session *s, medtl_error *err)
{
    medtl_status status;

    if ((status = open_model(s, err)) != MEDTL_OK || (status = choose_rows(s, err)) != MEDTL_OK ||
        (status = evaluate_check_folds("evaluate", &s->info, &s->table, s->rows, s->count,
                                       (leak_policy)s->options.leaks, err)) != MEDTL_OK ||
        (status = run_model(s, err)) != MEDTL_OK)
        return status;
    return measure(s, err);
}

int cmd_evaluate(int argc, char **argv)
{
    session s = {0};
    medtl_error err = {0};
    bool help = false;
    int exit_code = EXIT_DONE;
    medtl_status status = parse(argc, argv, &s.options, &help, &err);

    if (status == MEDTL_OK && !help) {
        watch_for_stop();
        status = run(&s, &err);
    }
    if (status != MEDTL_OK)
        exit_code = report_failure("evaluate", &err);
    else if (!help && s.given.count < s.count)
        exit_code = EXIT_INCOMPLETE;
    predictions_clear(&s.given);
    scored_clear(&s.scored);
    subgroups_clear(&s.subgroups);
    free(s.rows);
    labels_clear(&s.table);
    target_clear(&s.target);
    medtl_model_destroy(s.model);
    return exit_code;
}
