/* medtl balance: moves a model's logits, class by class, so that it misses rare classes less often. */
#include "balance_output.h"
#include "cmd.h"
#include "refit.h"

#include <stdio.h>
#include <stdlib.h>

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
    refit refit;
    double shrink;
    uint64_t resamples, seed;
    balanced found;
} balance;

static medtl_status parse(int argc, char **argv, balance *b, bool *help, medtl_error *err)
{
    const option table[] = {
        REFIT_INPUT_OPTIONS(&b->refit),
        {OPTION_HEADING, .help = "How"},
        {OPTION_REAL, "shrink", 0, "X", &b->shrink, 0, 1e6, SHAPES_NOTHING,
         "how much evidence an offset asks for; 0: what gives the best probabilities in cross-validation"},
        {OPTION_WHOLE, "resamples", 0, "N", &b->resamples, 0, 1e6, SHAPES_NOTHING,
         "for the intervals"},
        {OPTION_WHOLE, "seed", 0, "N", &b->seed, 0, 9e15, SHAPES_NOTHING, "of the resampling"},
        REFIT_OUTPUT_OPTIONS(&b->refit, "offsets and measures for programs"),
    };
    const medtl_status status =
        options_parse(USAGE, table, sizeof table / sizeof table[0], argc, argv, help, err);

    return !*help && status == MEDTL_OK ? refit_check(&b->refit, err) : status;
}

/* Offsets are to logits over temperature; the bias comes before that division. */
static medtl_status shift(balance *b, medtl_error *err)
{
    float *steps = calloc(b->refit.cases.classes, sizeof *steps);
    medtl_status status;

    if (steps == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for offsets");
    for (size_t k = 0; k < b->refit.cases.classes; k++)
        steps[k] = (float)(b->found.offsets[k] * (double)b->refit.model->info.temperature);
    status = medtl_network_shift_logits(b->refit.network, steps, err);
    free(steps);
    return status;
}

static medtl_status run(balance *b, medtl_error *err)
{
    const scored *cases = &b->refit.cases;
    medtl_status status;

    if ((status = refit_open(&b->refit, err)) != MEDTL_OK ||
        (status = balanced_find(cases, b->shrink, b->resamples, b->seed, &b->found, err)) !=
            MEDTL_OK ||
        (status = shift(b, err)) != MEDTL_OK ||
        (status =
             refit_save(&b->refit, b->refit.model->info.temperature, "balanced",
                        json_pack("{s:o, s:f}", "offsets", balanced_offsets_json(&b->found, cases),
                                  "shrink", b->found.shrink),
                        err)) != MEDTL_OK)
        return status;
    balanced_print(stdout, &b->found, cases);
    return b->refit.json != NULL ? balanced_write(b->refit.json, &b->found, cases, err) : MEDTL_OK;
}

int cmd_balance(int argc, char **argv)
{
    balance b = {.resamples = 2000, .seed = 1};
    medtl_error err = {0};
    bool help = false;
    medtl_status status = parse(argc, argv, &b, &help, &err);

    if (!help && status == MEDTL_OK)
        status = run(&b, &err);
    refit_clear(&b.refit);
    balanced_clear(&b.found);
    return status == MEDTL_OK ? EXIT_DONE : report_failure("balance", &err);
}
