/* medtl evaluate: a model and labelled images in, numbers with intervals out. */
#include "cmd.h"
#include "evaluation_output.h"
#include "labels.h"
#include "options.h"
#include "predict.h"
#include "progress.h"
#include "target.h"

#include "core/base/file.h"
#include "core/eval/calibration.h"
#include "medtl/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOM = 32 };

static const char USAGE[] =
    "usage: medtl evaluate --model MODEL --data labels.csv [options]\n"
    "\n"
    "Runs a model over labelled images that it has not seen and says how good it is: macro AUC (one\n"
    "class against the rest), balanced accuracy, sensitivity and specificity of each class, each with\n"
    "a 95 % interval from resampling whole groups (patients, lesions), calibration, and the confusion\n"
    "matrix. The images go the same way as in the clinic: the model's normaliser, then the network.\n"
    "\n"
    "Examples:\n"
    "  medtl evaluate --model run1/model.safetensors --data skin/labels.csv \\\n"
    "      --columns label=dx,group=lesion_id,fold=fold5 --folds 0 --json fold0.json\n"
    "  medtl evaluate --model m.safetensors --data labels.csv --positive cancer --threshold 0.3\n";

typedef struct evaluate_options {
    labels_options labels;
    const char *model, *task, *folds, *json, *predictions, *positive;
    uint64_t threads, resamples, seed;
    double threshold, max_unreadable;
    int flips;
    bool quiet;
} evaluate_options;

typedef struct session {
    evaluate_options options;
    medtl_model *model;
    const medtl_model_info *info; /* of model */
    target target;
    labels table;
    size_t *rows, count;        /* rows of the table that are evaluated */
    predictions plain, flipped; /* flipped: only where asked for */
    medtl_evaluation_options how;
} session;

static size_t fill_table(evaluate_options *o, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "What"},
        {OPTION_TEXT, "model", 0, "FILE", &o->model, 0, 0, SHAPES_NOTHING, "model file"},
        {OPTION_TEXT, "data", 0, "FILE", &o->labels.data, 0, 0, SHAPES_NOTHING,
         "CSV table of the images"},
        {OPTION_TEXT, "folds", 0, "FOLDS", &o->folds, 0, 0, SHAPES_NOTHING,
         "evaluate only these folds; without: all rows"},
        {OPTION_TEXT, "root", 0, "FOLDER", &o->labels.root, 0, 0, SHAPES_NOTHING,
         "folder that relative files start from, if not the table's"},
        {OPTION_TEXT, "columns", 0, "file=A,label=B,...", &o->labels.columns, 0, 0, SHAPES_NOTHING,
         "columns of other names; of file, label, group, fold, photometric"},
        {OPTION_TEXT, "label-map", 0, "VALUE=CLASS,...", &o->labels.label_map, 0, 0, SHAPES_NOTHING,
         "which class a value of the label column means"},
        {OPTION_TEXT, "task", 0, "NAME|FILE.xml", &o->task, 0, 0, SHAPES_NOTHING,
         "task whose threshold decides, and which the model must fit"},
        {OPTION_TEXT, "positive", 0, "CLASS", &o->positive, 0, 0, SHAPES_NOTHING,
         "class that is predicted where its probability reaches --threshold"},
        {OPTION_REAL, "threshold", 0, "P", &o->threshold, 0, 1, SHAPES_NOTHING,
         "for --positive; without it the most probable class is predicted"},
        {OPTION_CHOICE, "average-flips", 0, "no|x|y|xy", &o->flips, 0, 0, SHAPES_NOTHING,
         "also measure the mean of the logits over mirror images: left-right, top-bottom, both. Reported apart: only a model with views (finetune --views) does so wherever it runs"},
        {OPTION_HEADING, .help = "How"},
        {OPTION_WHOLE, "resamples", 0, "N", &o->resamples, 0, 1e6, SHAPES_NOTHING,
         "for the intervals"},
        {OPTION_WHOLE, "seed", 0, "N", &o->seed, 0, 9e15, SHAPES_NOTHING, "of the resampling"},
        {OPTION_WHOLE, "threads", 0, "N", &o->threads, 1, 1024, SHAPES_NOTHING, "images at a time"},
        {OPTION_REAL, "max-unreadable", 0, "SHARE", &o->max_unreadable, 0, 1, SHAPES_NOTHING,
         "give no numbers if more of the images than this cannot be read"},
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

static medtl_status parse(int argc, char **argv, evaluate_options *o, bool *help, medtl_error *err)
{
    option table[OPTION_ROOM];
    size_t count;
    medtl_status status;

    set_defaults(o);
    count = fill_table(o, table);
    status = options_parse(table, count, argc, argv, help, err);
    if (*help) {
        set_defaults(o);
        fputs(USAGE, stdout);
        options_print(table, count);
        return MEDTL_OK;
    }
    if (status == MEDTL_OK && (o->model == NULL || o->labels.data == NULL))
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
    for (size_t k = 0; k < s->info->class_count && o->positive != NULL; k++)
        if (strcmp(s->info->class_names[k], o->positive) == 0)
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
    if (strcmp(text, s->info->normaliser) != 0)
        return medtl_fail(err, MEDTL_E_CONFIG, "%s: the model's normaliser is not that of task %s",
                          s->options.model, task->name);
    if (task->class_count != s->info->class_count)
        return medtl_fail(err, MEDTL_E_CONFIG, "%s: the model's classes are not those of task %s",
                          s->options.model, task->name);
    for (size_t k = 0; k < task->class_count; k++)
        if (strcmp(task->classes[k].label, s->info->class_names[k]) != 0)
            return medtl_fail(err, MEDTL_E_CONFIG, "%s: class %zu differs from that of task %s",
                              s->options.model, k + 1, task->name);
    return MEDTL_OK;
}

static medtl_status open_model(session *s, medtl_error *err)
{
    medtl_status status = medtl_model_load(s->options.model, &s->model, err);

    if (status != MEDTL_OK)
        return status;
    s->info = medtl_model_get_info(s->model);
    if (s->info->normaliser[0] == '\0')
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: the model names no normaliser",
                          s->options.model);
    if ((status = target_resolve(s->options.task, s->info->normaliser, NULL, &s->target, err)) !=
            MEDTL_OK ||
        (status = check_task(s, err)) != MEDTL_OK)
        return status;
    return choose_rule(s, err);
}

static medtl_status choose_rows(session *s, medtl_error *err)
{
    bool *chosen;
    medtl_status status =
        labels_read(&s->options.labels, s->info->class_names, s->info->class_count, &s->table, err);

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

static medtl_status evaluate(const session *s, const predictions *p, medtl_evaluation **out,
                             medtl_error *err)
{
    medtl_predictions given = {.count = p->count, .classes = s->info->class_count};
    float *probabilities = calloc(p->count * given.classes + 1, sizeof *probabilities);
    uint32_t *groups = calloc(p->count + 1, sizeof *groups);
    uint32_t *truth = calloc(p->count + 1, sizeof *truth);
    medtl_status status;

    *out = NULL;
    if (probabilities == NULL || groups == NULL || truth == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an evaluation");
        goto done;
    }
    medtl_softmax(p->logits, p->count, given.classes, (double)s->info->temperature, probabilities);
    for (size_t i = 0; i < p->count; i++)
        truth[i] = s->table.rows[p->rows[i]].label;
    given.probabilities = probabilities;
    given.labels = truth;
    given.groups = groups;
    given.group_count = compact_groups(&s->table, p->rows, NULL, p->count, groups);
    status = medtl_evaluation_create(&given, &s->how, out, err);
done:
    free(probabilities);
    free(groups);
    free(truth);
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
                        s->info->class_names[s->how.positive_class], "threshold", s->how.threshold);

    return json_pack(
        "{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:f}, s:{s:s, s:s, s:s?, s:I, s:I}, s:o, s:{s:I, s:I}}",
        "software", "medtl " MEDTL_VERSION, "model", "file", file_name(o->model), "name",
        s->info->name, "version", s->info->version, "architecture", s->info->architecture, "sha256",
        s->info->sha256, "temperature", (double)s->info->temperature, "data", "table",
        file_name(o->labels.data), "table_sha256", s->table.sha256, "folds", o->folds, "images",
        (json_int_t)s->plain.count, "unreadable", (json_int_t)(s->count - s->plain.count), "rule",
        rule, "intervals", "resamples", (json_int_t)o->resamples, "seed", (json_int_t)o->seed);
}

/* By flip_axes. */
static const char *const flip_names[] = {"no", "left-right", "top-bottom", "both directions"};

static medtl_status write_json(const session *s, const medtl_evaluation *plain,
                               const medtl_evaluation *flipped, medtl_error *err)
{
    json_t *root;
    medtl_status status;
    int failed;

    if (s->options.json == NULL)
        return MEDTL_OK;
    root = header_json(s);
    failed = root == NULL || json_object_set_new(root, "evaluation",
                                                 evaluation_json(plain, s->info->class_names)) != 0;
    if (!failed && flipped != NULL)
        failed = json_object_set_new(root, "evaluation_averaged_over_flips",
                                     evaluation_json(flipped, s->info->class_names)) |
                 json_object_set_new(root, "averaged_over_flips",
                                     json_string(flip_names[s->options.flips]));
    status = failed ? medtl_fail(err, MEDTL_E_MEMORY, "out of memory for JSON")
                    : json_write(s->options.json, root, err);
    json_decref(root);
    return status;
}

/* A field of a CSV file, quoted where it must be. */
static void put_field(FILE *stream, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void put_prediction(FILE *stream, const session *s, size_t index)
{
    const label_row *row = &s->table.rows[s->plain.rows[index]];
    const size_t classes = s->info->class_count;
    float probabilities[CLASS_LIMIT];

    medtl_softmax(s->plain.logits + index * classes, 1, classes, (double)s->info->temperature,
                  probabilities);
    put_field(stream, row->file);
    fputc(',', stream);
    put_field(stream, s->info->class_names[row->label]);
    fputc(',', stream);
    put_field(stream, s->info->class_names[medtl_predicted_class(probabilities, classes, &s->how)]);
    for (size_t k = 0; k < classes; k++)
        fprintf(stream, ",%.6f", (double)probabilities[k]);
    fputc('\n', stream);
}

static medtl_status write_predictions(const session *s, medtl_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream;
    medtl_status status;

    if (s->options.predictions == NULL)
        return MEDTL_OK;
    stream = open_memstream(&text, &size);
    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for predictions");
    fputs("file,label,predicted", stream);
    for (size_t k = 0; k < s->info->class_count; k++) {
        fputs(",p_", stream);
        put_field(stream, s->info->class_names[k]);
    }
    fputc('\n', stream);
    for (size_t i = 0; i < s->plain.count; i++)
        put_prediction(stream, s, i);
    status = fclose(stream) == 0 ? medtl_file_replace(s->options.predictions, text, size, err)
                                 : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for predictions");
    free(text);
    return status;
}

static void print_header(const session *s)
{
    printf("model  %s %s (%s), SHA-256 %.16s...\n", s->info->name, s->info->version,
           s->info->architecture, s->info->sha256);
    printf("data   %s%s%s\n", s->options.labels.data, s->options.folds != NULL ? ", folds " : "",
           s->options.folds != NULL ? s->options.folds : "");
    if (s->how.positive_class >= 0)
        printf("rule   %s where its probability is at least %g\n",
               s->info->class_names[s->how.positive_class], s->how.threshold);
    else
        printf("rule   the most probable class\n");
    if (!s->table.has_groups)
        printf("note   the table has no group column: each image counts as a group of its own\n");
}

static medtl_status run(session *s, medtl_error *err)
{
    medtl_evaluation *plain = NULL, *flipped = NULL;
    medtl_status status;

    if ((status = open_model(s, err)) != MEDTL_OK || (status = choose_rows(s, err)) != MEDTL_OK ||
        (status = predict(s->model, &s->target.normaliser, &s->table, s->rows, s->count,
                          (flip_axes)s->options.flips, (size_t)s->options.threads, s->options.quiet,
                          &s->plain, &s->flipped, err)) != MEDTL_OK)
        return status;
    if ((double)(s->count - s->plain.count) > s->options.max_unreadable * (double)s->count)
        return medtl_fail(err, MEDTL_E_IO, "%zu of %zu images cannot be read; --max-unreadable %g",
                          s->count - s->plain.count, s->count, s->options.max_unreadable);
    if ((status = evaluate(s, &s->plain, &plain, err)) != MEDTL_OK ||
        (s->options.flips != FLIP_NONE &&
         (status = evaluate(s, &s->flipped, &flipped, err)) != MEDTL_OK) ||
        (status = write_json(s, plain, flipped, err)) != MEDTL_OK ||
        (status = write_predictions(s, err)) != MEDTL_OK)
        goto done;
    print_header(s);
    evaluation_print(stdout, plain, s->info->class_names);
    if (flipped != NULL) {
        printf(
            "\naveraged over mirror images (%s); the plugin does so only where the model has views\n",
            flip_names[s->options.flips]);
        evaluation_print(stdout, flipped, s->info->class_names);
    }
done:
    medtl_evaluation_destroy(plain);
    medtl_evaluation_destroy(flipped);
    return status;
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
    else if (!help && s.plain.count < s.count)
        exit_code = EXIT_INCOMPLETE;
    predictions_clear(&s.plain);
    predictions_clear(&s.flipped);
    free(s.rows);
    labels_clear(&s.table);
    target_clear(&s.target);
    medtl_model_destroy(s.model);
    return exit_code;
}
