/* medtl calibrate: a model for inference in whole numbers of 8 bits, from one in floats and images. */
#include "calibrate_output.h"
#include "cmd.h"
#include "labels_options.h"
#include "options.h"
#include "progress.h"
#include "sample.h"
#include "target.h"

#include "core/nn/model_parts.h"
#include "core/nn/range_recorder.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOM = 24 };

static const char USAGE[] =
    "usage: medtl calibrate --model MODEL --data labels.csv --calibration-folds FOLDS\n"
    "                       --test-folds FOLDS -o MODEL8 [options]\n"
    "\n"
    "Makes a model whose convolutions are computed in whole numbers of 8 bits (int8): faster where the\n"
    "processor has instructions for it, and slightly less exact. Runs the model over some images of the\n"
    "calibration folds, notes between which values the input of each convolution lies, and writes the\n"
    "same weights with these ranges. Then it measures both models on the test folds and prints what the\n"
    "change costs and what it gains. The labels of the calibration images are not used.\n"
    "\n"
    "Example:\n"
    "  medtl calibrate --model m.safetensors --data labels.csv --calibration-folds 1 --test-folds 0 \\\n"
    "      -o m8.safetensors\n";

typedef struct calibrate_options {
    labels_options labels;
    const char *model, *out, *calibration_folds, *test_folds;
    uint64_t images, threads, resamples;
    double cut, max_unreadable;
    bool half, quiet;
} calibrate_options;

typedef struct session {
    calibrate_options options;
    medtl_model *model, *made;
    medtl_network *network;
    target target;
    labels table;
    size_t *rows, *test_rows; /* of the table */
    size_t count, test_count, used, test_unreadable;
    medtl_ranges ranges;
} session;

static size_t fill_table(calibrate_options *o, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "What"},
        {OPTION_TEXT, "model", 0, "FILE", &o->model, 0, 0, SHAPES_NOTHING,
         "model file, of one of our own architectures"},
        {OPTION_TEXT, "data", 0, "FILE", &o->labels.data, 0, 0, SHAPES_NOTHING,
         "CSV table of the images"},
        {OPTION_TEXT, "calibration-folds", 0, "FOLDS", &o->calibration_folds, 0, 0, SHAPES_NOTHING,
         "images that show the ranges"},
        {OPTION_TEXT, "test-folds", 0, "FOLDS", &o->test_folds, 0, 0, SHAPES_NOTHING,
         "images that both models are measured on"},
        labels_root_option(&o->labels),
        labels_columns_option(&o->labels, SHAPES_NOTHING),
        labels_map_option(&o->labels, SHAPES_NOTHING),
        {OPTION_HEADING, .help = "How"},
        {OPTION_WHOLE, "images", 0, "N", &o->images, 1, 1e6, SHAPES_NOTHING,
         "of the calibration folds, evenly over the table; fewer if there are not so many"},
        {OPTION_REAL, "cut", 0, "SHARE", &o->cut, 0, 0.1, SHAPES_NOTHING,
         "share of the values that may lie beyond either end of a range, and are cut to it"},
        {OPTION_WHOLE, "threads", 0, "N", &o->threads, 1, 1024, SHAPES_NOTHING, "images at a time"},
        {OPTION_REAL, "max-unreadable", 0, "SHARE", &o->max_unreadable, 0, 1, SHAPES_NOTHING,
         "stop if more of the calibration images, or of the test images, than this cannot be read"},
        {OPTION_WHOLE, "resamples", 0, "N", &o->resamples, 0, 1e6, SHAPES_NOTHING,
         "for the intervals"},
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "output", 'o', "FILE", &o->out, 0, 0, SHAPES_NOTHING,
         "the model to be written; an old one is replaced"},
        {OPTION_FLAG, "f16", 0, "", &o->half, 0, 0, SHAPES_NOTHING,
         "store 16-bit weights: half the size"},
        {OPTION_FLAG, "quiet", 'q', "", &o->quiet, 0, 0, SHAPES_NOTHING, "no progress line"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static void set_defaults(calibrate_options *o)
{
    memset(o, 0, sizeof *o);
    o->threads = available_threads();
    o->images = 300;
    o->resamples = 2000;
    o->max_unreadable = 0.01;
}

static medtl_status parse(int argc, char **argv, calibrate_options *o, bool *help, medtl_error *err)
{
    option table[OPTION_ROOM];
    medtl_status status;

    set_defaults(o);
    status = options_parse(USAGE, table, fill_table(o, table), argc, argv, help, err);
    if (!*help && status == MEDTL_OK &&
        (o->model == NULL || o->labels.data == NULL || o->out == NULL ||
         o->calibration_folds == NULL || o->test_folds == NULL))
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "--model, --data, --calibration-folds, --test-folds and -o are needed "
                            "(see --help)");
    return status;
}

/* The network stays at hand: its tensors' names are the ranges' and it is what is written. */
static medtl_status open_model(session *s, medtl_error *err)
{
    const char *path = s->options.model;
    medtl_status status = medtl_model_load_network(path, &s->model, &s->network, err);

    if (status != MEDTL_OK)
        return status;
    if (s->network == NULL)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: a graph of operators; only networks of our own architectures can be "
                          "computed in whole numbers",
                          path);
    if (s->model->metadata.ranges.count > 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: is calibrated already", path);
    if (s->model->info.normaliser[0] == '\0')
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: the model names no normaliser", path);
    if ((status = target_resolve(NULL, s->model->info.normaliser, NULL, &s->target, err)) !=
        MEDTL_OK)
        return status;
    if (s->target.normaliser.channels != s->model->info.channels ||
        s->target.normaliser.height != s->model->info.height ||
        s->target.normaliser.width != s->model->info.width)
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: the model's normaliser does not make its input size", path);
    return medtl_plan_create(s->network, &s->model->plan, err);
}

/* At most `most` of the marked rows, evenly. @return how many */
static size_t collect(const bool *chosen, size_t count, size_t most, size_t *rows)
{
    size_t marked = 0, kept = 0;

    for (size_t i = 0; i < count; i++)
        if (chosen[i])
            rows[marked++] = i;
    if (most >= marked)
        return marked;
    for (; kept < most; kept++)
        rows[kept] = rows[kept * marked / most];
    return kept;
}

static medtl_status choose_rows(session *s, medtl_error *err)
{
    const medtl_model_info *info = &s->model->info;
    medtl_status status =
        labels_read(&s->options.labels, info->class_names, info->class_count, &s->table, err);
    const size_t count = s->table.count;
    bool *shown = NULL, *tested = NULL;
    int *sides = NULL;

    if (status != MEDTL_OK)
        return status;
    shown = calloc(count + 1, sizeof *shown);
    tested = calloc(count + 1, sizeof *tested);
    sides = calloc(count + 1, sizeof *sides);
    s->rows = calloc(count + 1, sizeof *s->rows);
    s->test_rows = calloc(count + 1, sizeof *s->test_rows);
    if (shown == NULL || tested == NULL || sides == NULL || s->rows == NULL || s->test_rows == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", count);
    else if ((status = labels_choose(&s->table, s->options.calibration_folds, "calibration-folds",
                                     shown, err)) == MEDTL_OK)
        status = labels_choose(&s->table, s->options.test_folds, "test-folds", tested, err);
    for (size_t i = 0; i < count && status == MEDTL_OK; i++) {
        if (shown[i] && tested[i])
            status = medtl_fail(err, MEDTL_E_ARGUMENT,
                                "a fold cannot be for calibration and for the test");
        sides[i] = shown[i] ? 0 : tested[i] ? 1 : -1;
    }
    if (status == MEDTL_OK && (status = labels_check_leak(&s->table, sides, err)) == MEDTL_OK) {
        s->count = collect(shown, count, (size_t)s->options.images, s->rows);
        s->test_count = collect(tested, count, count, s->test_rows);
        if (s->count == 0 || s->test_count == 0)
            status = medtl_fail(err, MEDTL_E_ARGUMENT, "no row is chosen");
    }
    free(shown);
    free(tested);
    free(sides);
    return status;
}

/* Run the calibration images, watched. */
static medtl_status show_images(session *s, medtl_predictor *predictor, float *input, float *logits,
                                medtl_error *err)
{
    progress_line line;

    progress_start(&line, s->options.quiet);
    for (size_t i = 0; i < s->count; i++) {
        medtl_error failure = {0};

        if (sample_read(&s->table.rows[s->rows[i]], &s->target.normaliser, input, NULL, &failure) !=
            MEDTL_OK) {
            progress_end(&line);
            fprintf(stderr, "medtl calibrate: not used: %s\n", failure.message);
            continue;
        }
        medtl_predictor_run_logits(predictor, input, 1, logits);
        s->used++;
        progress_show(&line, "calibration images", i + 1, s->count, "", -1.0);
        if (stop_wanted())
            break;
    }
    progress_end(&line);
    if (stop_wanted())
        return medtl_fail(err, MEDTL_E_CANCELLED, "stopped; nothing was written");
    if ((double)(s->count - s->used) > s->options.max_unreadable * (double)s->count)
        return medtl_fail(err, MEDTL_E_IO,
                          "%zu of %zu calibration images cannot be read; --max-unreadable %g",
                          s->count - s->used, s->count, s->options.max_unreadable);
    return s->used > 0 ? MEDTL_OK : medtl_fail(err, MEDTL_E_IO, "no calibration image can be read");
}

static medtl_status find_ranges(session *s, medtl_error *err)
{
    const medtl_model_info *info = &s->model->info;
    const size_t size = (size_t)info->channels * info->height * info->width;
    float *input = calloc(size + info->class_count, sizeof *input);
    medtl_predictor *predictor = NULL;
    medtl_range_recorder *recorder = NULL;
    medtl_status status;

    if (input == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an image");
        goto done;
    }
    if ((status = medtl_predictor_create(s->model, 1, (size_t)s->options.threads, &predictor,
                                         err)) != MEDTL_OK ||
        (status = medtl_range_recorder_create(s->network, &recorder, err)) != MEDTL_OK)
        goto done;
    medtl_predictor_watch(predictor, medtl_range_recorder_watch, recorder);
    if ((status = show_images(s, predictor, input, input + size, err)) == MEDTL_OK)
        status = medtl_range_recorder_finish(recorder, s->options.cut, &s->ranges, err);
done:
    medtl_predictor_destroy(predictor);
    medtl_range_recorder_destroy(recorder);
    free(input);
    return status;
}

/* What the model says of itself, and how its ranges were found; as text. */
static char *provenance(const session *s)
{
    json_t *root = json_loads(s->model->info.provenance, 0, NULL);
    char *text;

    if (root == NULL)
        root = json_object();
    (void)json_object_set_new(root, "calibration",
                              json_pack("{s:s, s:s, s:s, s:I, s:f, s:s}", "software",
                                        "medtl " MEDTL_VERSION, "model_sha256",
                                        s->model->info.sha256, "folds",
                                        s->options.calibration_folds, "images", (json_int_t)s->used,
                                        "cut", s->options.cut, "table_sha256", s->table.sha256));
    text = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(root);
    return text;
}

static medtl_status write_model(const session *s, medtl_error *err)
{
    const medtl_model_info *info = &s->model->info;
    char *text = provenance(s);
    const medtl_model_description description = {.name = info->name,
                                                 .version = info->version,
                                                 .class_names = info->class_names,
                                                 .normaliser = info->normaliser,
                                                 .temperature = info->temperature,
                                                 .views = s->model->metadata.views,
                                                 .provenance = text,
                                                 .ranges = &s->ranges};
    medtl_status status;

    if (text == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's provenance");
    status = medtl_network_save(s->network, &description, s->options.half, s->options.out, err);
    free(text);
    return status;
}

static medtl_status run(session *s, medtl_error *err)
{
    medtl_status status;

    if ((status = open_model(s, err)) != MEDTL_OK || (status = choose_rows(s, err)) != MEDTL_OK ||
        (status = find_ranges(s, err)) != MEDTL_OK || (status = write_model(s, err)) != MEDTL_OK ||
        (status = medtl_model_load(s->options.out, &s->made, err)) != MEDTL_OK)
        return status;
    printf("%s: ranges of %zu convolutions from %zu images\n", s->options.out, s->ranges.count,
           s->used);
    return calibrate_compare(s->model, s->made, &s->target.normaliser, &s->table, s->test_rows,
                             s->test_count, (size_t)s->options.threads,
                             (size_t)s->options.resamples, s->options.max_unreadable,
                             s->options.quiet, &s->test_unreadable, err);
}

int cmd_calibrate(int argc, char **argv)
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
        exit_code = report_failure("calibrate", &err);
    else if (s.used < s.count || s.test_unreadable > 0)
        exit_code = EXIT_INCOMPLETE;
    medtl_ranges_clear(&s.ranges);
    free(s.rows);
    free(s.test_rows);
    labels_clear(&s.table);
    target_clear(&s.target);
    medtl_model_destroy(s.made);
    medtl_model_destroy(s.model);
    medtl_network_destroy(s.network);
    return exit_code;
}
