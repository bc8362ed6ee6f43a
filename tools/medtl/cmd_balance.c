/* medtl balance: moves a model's logits, class by class, so that it misses rare classes less often. */
#include "balance_output.h"
#include "cmd.h"
#include "options.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/nn/model_parts.h"
#include "core/nn/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 1 << 30 };

static const char USAGE[] =
    "usage: medtl balance MODEL --predictions FILE.csv -o OUT.safetensors [options]\n"
    "\n"
    "Adds a number to the logit of each class, so that rare classes are called as readily as common\n"
    "ones: more balanced accuracy, for some accuracy. The numbers are fitted on predictions for images\n"
    "that the model was not trained on (`medtl evaluate --predictions`), with every class given the same\n"
    "weight. Where no image is left for that, take models of the same options that were each trained\n"
    "without one fold, and their predictions for that fold (cross-validation).\n"
    "\n"
    "It prints what the change does to images that the numbers were not fitted on: each fifth of the\n"
    "groups gets those of the other four. (Unless you give --shrink, it is chosen by the same look, which\n"
    "then flatters a little.) The probabilities are then those of a population in which\n"
    "every class is as frequent as any other: no shares of patients.\n"
    "\n"
    "Examples:\n"
    "  medtl evaluate --model m.safetensors --data labels.csv --folds 1 --predictions fold1.csv\n"
    "  medtl balance m.safetensors --predictions fold1.csv -o balanced.safetensors\n"
    "\n"
    "  medtl balance final.safetensors --predictions without-fold1.csv --predictions without-fold2.csv \\\n"
    "      -o balanced.safetensors\n";

typedef struct balance {
    const char *model_path, *out, *name, *version, *json;
    option_words predictions; /* files */
    double shrink;
    uint64_t resamples, seed;
    bool half;
    medtl_model *model;
    medtl_network *network;
    scored cases;
    balanced found;
} balance;

static medtl_status parse(int argc, char **argv, balance *b, bool *help, medtl_error *err)
{
    const option table[] = {
        {OPTION_HEADING, .help = "What"},
        {OPTION_WORD, "model", 0, "MODEL", &b->model_path, 0, 0, SHAPES_NOTHING, "model file"},
        {OPTION_TEXTS, "predictions", 0, "FILE.csv", &b->predictions, 0, 0, SHAPES_NOTHING,
         "predictions with their labels, of images that were not trained on; as often as needed"},
        {OPTION_HEADING, .help = "How"},
        {OPTION_REAL, "shrink", 0, "X", &b->shrink, 0, 1e6, SHAPES_NOTHING,
         "how much evidence an offset asks for; 0: what gives the best probabilities in cross-validation"},
        {OPTION_WHOLE, "resamples", 0, "N", &b->resamples, 0, 1e6, SHAPES_NOTHING,
         "for the intervals"},
        {OPTION_WHOLE, "seed", 0, "N", &b->seed, 0, 9e15, SHAPES_NOTHING, "of the resampling"},
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "output", 'o', "FILE", &b->out, 0, 0, SHAPES_NOTHING,
         "the model to be written; an old one is replaced"},
        {OPTION_TEXT, "name", 0, "NAME", &b->name, 0, 0, SHAPES_NOTHING,
         "model name, if not the old one's"},
        {OPTION_TEXT, "model-version", 0, "VERSION", &b->version, 0, 0, SHAPES_NOTHING,
         "its version, if not the old one's"},
        {OPTION_FLAG, "f16", 0, "", &b->half, 0, 0, SHAPES_NOTHING,
         "store 16-bit weights: half the size"},
        {OPTION_TEXT, "json", 0, "FILE", &b->json, 0, 0, SHAPES_NOTHING,
         "offsets and measures for programs"},
    };
    medtl_status status =
        options_parse(USAGE, table, sizeof table / sizeof table[0], argc, argv, help, err);

    if (!*help && status == MEDTL_OK &&
        (b->model_path == NULL || b->predictions.count == 0 || b->out == NULL))
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "a model, --predictions and -o are needed (see --help)");
    return status;
}

static medtl_status read_cases(balance *b, medtl_error *err)
{
    medtl_status status = scored_read(b->predictions.items[0], &b->cases, err);

    for (size_t i = 1; i < b->predictions.count && status == MEDTL_OK; i++) {
        scored more;

        if ((status = scored_read(b->predictions.items[i], &more, err)) == MEDTL_OK) {
            status = scored_join(&b->cases, &more, b->predictions.items[i], err);
            scored_clear(&more);
        }
    }
    return status;
}

static medtl_status open_model(balance *b, medtl_error *err)
{
    const medtl_model_info *info;
    medtl_status status = medtl_model_load_network(b->model_path, &b->model, &b->network, err);

    if (status != MEDTL_OK)
        return status;
    if (b->network == NULL)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: a graph of operators; only networks of our own architectures have a "
                          "last layer that is known",
                          b->model_path);
    info = &b->model->info;
    if (info->class_count != b->cases.classes)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: %u classes; the predictions have %zu",
                          b->model_path, (unsigned)info->class_count, b->cases.classes);
    for (size_t k = 0; k < b->cases.classes; k++)
        if (strcmp(info->class_names[k], b->cases.names[k]) != 0)
            return medtl_fail(err, MEDTL_E_ARGUMENT,
                              "%s: class %zu is %.40s; in the predictions it is %.40s",
                              b->model_path, k + 1, info->class_names[k], b->cases.names[k]);
    return MEDTL_OK;
}

/* Offsets are to logits over temperature; the bias comes before that division. */
static medtl_status shift(balance *b, medtl_error *err)
{
    float *steps = calloc(b->cases.classes, sizeof *steps);
    medtl_status status;

    if (steps == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for offsets");
    for (size_t k = 0; k < b->cases.classes; k++)
        steps[k] = (float)(b->found.offsets[k] * (double)b->model->info.temperature);
    status = medtl_network_shift_logits(b->network, steps, err);
    free(steps);
    return status;
}

/* {"balanced": {"offsets": {...}, "shrink": X, "images": N, "predictions_sha256": [...]}, "model": {"sha256": ...,
 *  "provenance": {...}}}. */
static medtl_status describe(const balance *b, char **out, medtl_error *err)
{
    json_t *digests = json_array(), *root;
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < b->predictions.count && status == MEDTL_OK; i++) {
        char sha256[MEDTL_SHA256_TEXT_SIZE];
        unsigned char *bytes = NULL;
        size_t size;

        status = medtl_file_read(b->predictions.items[i], LARGEST_FILE, &bytes, &size, err);
        if (status == MEDTL_OK) {
            medtl_sha256_text(bytes, size, sha256);
            (void)json_array_append_new(digests, json_string(sha256));
        }
        free(bytes);
    }
    root = json_pack("{s:{s:o, s:f, s:I, s:o}, s:{s:s, s:o*}}", "balanced", "offsets",
                     balanced_offsets_json(&b->found, &b->cases), "shrink", b->found.shrink,
                     "images", (json_int_t)b->cases.count, "predictions_sha256", digests, "model",
                     "sha256", b->model->info.sha256, "provenance",
                     json_loads(b->model->info.provenance, 0, NULL));
    *out = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (status == MEDTL_OK && *out == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's provenance");
    return status;
}

static medtl_status write(const balance *b, medtl_error *err)
{
    const medtl_model_info *info = &b->model->info;
    medtl_model_description description = {
        .name = b->name != NULL ? b->name : info->name,
        .version = b->version != NULL ? b->version : info->version,
        .class_names = info->class_names,
        .normaliser = info->normaliser,
        .temperature = info->temperature,
        .views = b->model->metadata.views,
        .ranges = b->model->metadata.ranges.count > 0 ? &b->model->metadata.ranges : NULL};
    char *text = NULL;
    medtl_status status = describe(b, &text, err);

    description.provenance = text;
    if (status == MEDTL_OK)
        status = medtl_network_save(b->network, &description, b->half, b->out, err);
    free(text);
    return status;
}

static medtl_status run(balance *b, medtl_error *err)
{
    medtl_status status;

    if ((status = read_cases(b, err)) != MEDTL_OK || (status = open_model(b, err)) != MEDTL_OK ||
        (status = balanced_find(&b->cases, b->shrink, b->resamples, b->seed, &b->found, err)) !=
            MEDTL_OK ||
        (status = shift(b, err)) != MEDTL_OK || (status = write(b, err)) != MEDTL_OK)
        return status;
    balanced_print(stdout, &b->found, &b->cases);
    return b->json != NULL ? balanced_write(b->json, &b->found, &b->cases, err) : MEDTL_OK;
}

int cmd_balance(int argc, char **argv)
{
    balance b = {.resamples = 2000, .seed = 1};
    medtl_error err = {0};
    bool help = false;
    medtl_status status = parse(argc, argv, &b, &help, &err);

    if (!help && status == MEDTL_OK)
        status = run(&b, &err);
    medtl_model_destroy(b.model);
    medtl_network_destroy(b.network);
    scored_clear(&b.cases);
    balanced_clear(&b.found);
    free(b.predictions.items);
    return status == MEDTL_OK ? EXIT_DONE : report_failure("balance", &err);
}
