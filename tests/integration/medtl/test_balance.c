/* medtl balance: offsets to logits from predictions. */
#include "tool.h"

#include "core/train/csv.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)
#define SAYS(text)         cr_expect_not_null(strstr(tool_output, text), "%s", tool_output)

/* Two models with a temperature, and what they say of images that they were not trained on. */
static void setup(void)
{
    folder_make();
    pictures_write(120);
    EXITS(0, "finetune " SMALL_RUN
             "--test-folds 0 --validation-folds 1 --epochs 3 --seed 1 --f16 -o run1");
    EXITS(0, "finetune " SMALL_RUN
             "--test-folds 0 --validation-folds 1 --epochs 3 --seed 2 --f16 -o run2");
    EXITS(0, "evaluate --model run1/model.safetensors --data labels.csv --folds 0 --predictions "
             "held-out.csv");
}

TestSuite(balance, .init = setup, .fini = folder_remove, .timeout = 300);

static medtl_table *table(const char *path)
{
    medtl_table *t = NULL;
    medtl_error err = {0};

    cr_assert(medtl_table_read(path, &t, &err) == MEDTL_OK, "%s", err.message);
    return t;
}

static double cell(const medtl_table *t, size_t row, const char *column)
{
    return strtod(medtl_table_cell(t, row, medtl_table_column(t, column)), NULL);
}

/* The new model's probabilities are softmax(log p + offset) of the old one's. */
static void moved_by_offsets(const char *before, const char *after, const char *json)
{
    medtl_table *a = table(before), *b = table(after);
    const double no = json_number(json, "offsets/no"), yes = json_number(json, "offsets/yes");

    cr_assert_eq(medtl_table_rows(a), medtl_table_rows(b));
    cr_expect_gt(fabs(yes - no), 1e-3, "nothing was moved");
    for (size_t i = 0; i < medtl_table_rows(a); i++) {
        const double p = cell(a, i, "p_yes") * exp(yes), q = cell(a, i, "p_no") * exp(no);

        cr_expect_float_eq(cell(b, i, "p_yes"), p / (p + q), 1e-5);
    }
    medtl_table_destroy(a);
    medtl_table_destroy(b);
}

Test(balance, moves_the_logits_of_one_network)
{
    cr_assert_neq(json_number("run1/metrics.json", "temperature"), 1.0);
    EXITS(0, "balance run1/model.safetensors --predictions held-out.csv --shrink 0.01 --f16 "
             "--json offsets.json -o moved.safetensors");
    SAYS("class                images  offset of its logit");
    SAYS("balanced accuracy");
    EXITS(0, "evaluate --model moved.safetensors --data labels.csv --folds 0 --predictions "
             "moved.csv");
    moved_by_offsets("held-out.csv", "moved.csv", "offsets.json");
}

Test(balance, moves_the_logits_of_several)
{
    EXITS(0, "ensemble run1/model.safetensors run2/model.safetensors -o both.safetensors");
    EXITS(0, "evaluate --model both.safetensors --data labels.csv --folds 0 --predictions "
             "both.csv");
    EXITS(0, "balance both.safetensors --predictions both.csv --name even --json offsets.json -o "
             "moved.safetensors");
    EXITS(0, "evaluate --model moved.safetensors --data labels.csv --folds 0 --predictions "
             "moved.csv");
    moved_by_offsets("both.csv", "moved.csv", "offsets.json");
    EXITS(0, "inspect moved.safetensors");
    SAYS("even 1.0.0");
    SAYS("\"balanced\": {");
}

/* What the model was trained on is known as before. */
Test(balance, keeps_the_provenance)
{
    EXITS(0, "balance run1/model.safetensors --predictions held-out.csv -o moved.safetensors");
    EXITS(2, "evaluate --model moved.safetensors --data labels.csv --folds 3");
    SAYS("folds that it was trained or validated on");
}

Test(balance, joins_predictions_of_several_folds)
{
    EXITS(0, "evaluate --model run1/model.safetensors --data labels.csv --folds 1 --leaks warn "
             "--predictions fold1.csv");
    EXITS(0, "balance run1/model.safetensors --predictions held-out.csv --predictions fold1.csv "
             "--json offsets.json -o moved.safetensors");
    cr_expect_eq(json_number("offsets.json", "images"), 48.0);
    EXITS(2, "balance run1/model.safetensors --predictions held-out.csv --predictions held-out.csv "
             "-o no.safetensors");
    SAYS("is there twice");
    cr_expect_not(exists("no.safetensors"));
}

Test(balance, refuses_what_does_not_fit)
{
    EXITS(2, "balance run1/model.safetensors -o no.safetensors");
    SAYS("a model, --predictions and -o are needed");
    text_write("other.csv", "file,label,p_yes,p_no\na.png,yes,0.5,0.5\nb.png,no,0.5,0.5\n");
    EXITS(2, "balance run1/model.safetensors --predictions other.csv -o no.safetensors");
    SAYS("class 1 is no; in the predictions it is yes");
    text_write("one.csv", "file,label,p_no,p_yes\na.png,yes,0.5,0.5\nb.png,no,0.5,0.5\n"
                          "c.png,no,0.5,0.5\n");
    EXITS(2, "balance run1/model.safetensors --predictions one.csv -o no.safetensors");
    SAYS("class yes: 1 images of one group");
    text_write("none.csv", "file,label,p_no,p_yes\nb.png,no,0.5,0.5\nc.png,no,0.5,0.5\n");
    EXITS(2, "balance run1/model.safetensors --predictions none.csv -o no.safetensors");
    SAYS("class yes: 0 images of no group");
    EXITS(2, "balance run1/model.safetensors --predictions held-out.csv --predictions other.csv -o "
             "no.safetensors");
    SAYS("other.csv: does not fit the files before it: other classes");
    EXITS(3, "balance run1/model.safetensors --predictions missing.csv -o no.safetensors");
    EXITS(0, "finetune " SMALL_RUN "--init run1/model.safetensors --strategy hybrid --classifier "
             "neighbours --neighbours 3 -o near");
    EXITS(3, "balance near/model.safetensors --predictions held-out.csv -o no.safetensors");
    SAYS("not linear");
    cr_expect_not(exists("no.safetensors"));
}
