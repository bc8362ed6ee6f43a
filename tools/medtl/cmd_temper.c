/* medtl temper: a model's temperature fitted on predictions, so that its probabilities say how often it is right. */
#include "cmd.h"
#include "evaluation_output.h"
#include "refit.h"

#include "core/eval/temperature.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARTS = 5, BEFORE = 0, AFTER = 1 };

static const char USAGE[] =
    "usage: medtl temper MODEL --predictions FILE.csv -o OUT.safetensors [options]\n"
    "\n"
    "Makes a model's probabilities say how often it is right: divides its logits by the temperature with\n"
    "the smallest log loss on predictions for images that it was not trained on (Guo et al. 2017). Which\n"
    "class is the most probable one does not change. `medtl finetune` does the same where it has\n"
    "validation folds; this is for a model that was trained on all of them. Then take models of the same\n"
    "options that were each trained without one fold, and their predictions for that fold, measured at\n"
    "the temperature of MODEL, which `medtl inspect` shows.\n"
    "\n"
    "It prints what the change does to images that the temperature was not fitted on: each fifth of the\n"
    "groups gets that of the other four.\n"
    "\n"
    "Examples:\n"
    "  medtl evaluate --model m.safetensors --data labels.csv --folds 1 --predictions fold1.csv\n"
    "  medtl temper m.safetensors --predictions fold1.csv -o tempered.safetensors\n"
    "\n"
    "  medtl evaluate --model without1.safetensors --temperature 1 --data labels.csv --folds 1 \\\n"
    "      --predictions fold1.csv\n"
    "  medtl temper final.safetensors --predictions fold1.csv -o tempered.safetensors\n";

typedef struct temper {
    refit refit;
    uint64_t resamples, seed;
    double factor;
    medtl_evaluation *measured[2]; /* as they were; with the temperature of the other parts */
} temper;

static medtl_status parse(int argc, char **argv, temper *t, bool *help, medtl_error *err)
{
    const option table[] = {
        REFIT_INPUT_OPTIONS(&t->refit),
        {OPTION_HEADING, .help = "How"},
        {OPTION_WHOLE, "resamples", 0, "N", &t->resamples, 0, 1e6, SHAPES_NOTHING,
         "for the intervals"},
        {OPTION_WHOLE, "seed", 0, "N", &t->seed, 0, 9e15, SHAPES_NOTHING, "of the resampling"},
        REFIT_OUTPUT_OPTIONS(&t->refit, "temperature and measures for programs"),
    };
    const medtl_status status =
        options_parse(USAGE, table, sizeof table / sizeof table[0], argc, argv, help, err);

    return !*help && status == MEDTL_OK ? refit_check(&t->refit, err) : status;
}

static medtl_status find(temper *t, medtl_error *err)
{
    const medtl_predictions cases = scored_view(&t->refit.cases);
    const medtl_status status = medtl_temperature_factor(&cases, &t->factor, err);

    if (status == MEDTL_OK && isnan(t->factor))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "no temperature fits these %zu predictions: all are right, or they speak "
                          "against the labels",
                          cases.count);
    return status;
}

static medtl_status measure(temper *t, medtl_error *err)
{
    const medtl_evaluation_options how = {
        .resamples = (size_t)t->resamples, .seed = t->seed, .positive_class = -1};
    const medtl_predictions before = scored_view(&t->refit.cases);
    medtl_predictions after = before;
    float *tempered = calloc(before.count * before.classes, sizeof *tempered);
    medtl_status status;

    if (tempered == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", before.count);
    after.probabilities = tempered;
    if ((status = medtl_temperature_cross_validate(&before, PARTS, tempered, err)) == MEDTL_OK &&
        (status = medtl_evaluation_create(&before, &how, &t->measured[BEFORE], err)) == MEDTL_OK)
        status = medtl_evaluation_create(&after, &how, &t->measured[AFTER], err);
    free(tempered);
    return status;
}

/* ---- output --------------------------------------------------------------------------- */

static double new_temperature(const temper *t)
{
    return t->factor * (double)t->refit.model->info.temperature;
}

static void print_measure(const char *name, const medtl_interval *before,
                          const medtl_interval *after)
{
    char first[EVALUATION_TEXT_SIZE], second[EVALUATION_TEXT_SIZE];

    evaluation_interval_text(before, first);
    evaluation_interval_text(after, second);
    printf("  %-20s %-20s %-20s %+.3f\n", name, first, second, after->value - before->value);
}

static void print(const temper *t)
{
    const scored *cases = &t->refit.cases;
    const medtl_evaluation *before = t->measured[BEFORE], *after = t->measured[AFTER];

    printf("temperature %g, was %g\n%zu images of %zu groups, each with the temperature that the "
           "other %d of %d parts give\n  %-20s %-20s %-20s change\n",
           new_temperature(t), (double)t->refit.model->info.temperature, cases->count,
           cases->group_count, PARTS - 1, PARTS, "", "as it was", "tempered");
    print_measure("log loss", &before->log_loss, &after->log_loss);
    print_measure("Brier score", &before->brier, &after->brier);
    print_measure("calibration error", &before->calibration_error, &after->calibration_error);
}

static json_t *measure_json(const medtl_interval *before, const medtl_interval *after)
{
    return json_pack("{s:o, s:o}", "before", evaluation_interval_json(before), "after",
                     evaluation_interval_json(after));
}

static medtl_status write(const temper *t, medtl_error *err)
{
    const medtl_evaluation *before = t->measured[BEFORE], *after = t->measured[AFTER];
    json_t *root =
        json_pack("{s:{s:f, s:f}, s:I, s:I, s:{s:i, s:o, s:o, s:o}}", "temperature", "before",
                  (double)t->refit.model->info.temperature, "after", new_temperature(t), "images",
                  (json_int_t)t->refit.cases.count, "groups",
                  (json_int_t)t->refit.cases.group_count, "cross_validation", "parts", PARTS,
                  "log_loss", measure_json(&before->log_loss, &after->log_loss), "brier",
                  measure_json(&before->brier, &after->brier), "calibration_error",
                  measure_json(&before->calibration_error, &after->calibration_error));
    const medtl_status status =
        root != NULL ? json_write(t->refit.json, root, err)
                     : medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", t->refit.json);

    json_decref(root);
    return status;
}

static medtl_status run(temper *t, medtl_error *err)
{
    medtl_status status;

    if ((status = refit_open(&t->refit, err)) != MEDTL_OK || (status = find(t, err)) != MEDTL_OK ||
        (status = measure(t, err)) != MEDTL_OK ||
        (status =
             refit_save(&t->refit, (float)new_temperature(t), "tempered",
                        json_pack("{s:f, s:f}", "from", (double)t->refit.model->info.temperature,
                                  "to", new_temperature(t)),
                        err)) != MEDTL_OK)
        return status;
    print(t);
    return t->refit.json != NULL ? write(t, err) : MEDTL_OK;
}

int cmd_temper(int argc, char **argv)
{
    temper t = {.resamples = 2000, .seed = 1};
    medtl_error err = {0};
    bool help = false;
    medtl_status status = parse(argc, argv, &t, &help, &err);

    if (!help && status == MEDTL_OK)
        status = run(&t, &err);
    for (size_t side = 0; side < 2; side++)
        medtl_evaluation_destroy(t.measured[side]);
    refit_clear(&t.refit);
    return status == MEDTL_OK ? EXIT_DONE : report_failure("temper", &err);
}
