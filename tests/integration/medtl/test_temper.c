/* medtl temper: a temperature from predictions. */
#include "tool.h"

#include "core/train/csv.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)
#define SAYS(text)         cr_expect_not_null(strstr(tool_output, text), "%s", tool_output)

/* A model with a temperature, and predictions of images that it was not trained on, with some labels
 * turned round, so that it is not always right. */
static void setup(void)
{
    folder_make();
    pictures_write(120);
    EXITS(0, "finetune " SMALL_RUN
             "--test-folds 0 --validation-folds 1 --epochs 3 --seed 1 --f16 -o run1");
    EXITS(0, "evaluate --model run1/model.safetensors --data labels.csv --folds 0 --predictions "
             "held-out.csv");
    text_write("doubt.csv", "file,label,p_no,p_yes\na.png,no,0.9,0.1\nb.png,no,0.9,0.1\n"
                            "c.png,yes,0.1,0.9\nd.png,yes,0.9,0.1\ne.png,no,0.9,0.1\n"
                            "f.png,no,0.1,0.9\ng.png,yes,0.1,0.9\nh.png,yes,0.1,0.9\n");
}

TestSuite(temper, .init = setup, .fini = folder_remove, .timeout = 300);

static double cell(const medtl_table *t, size_t row, const char *column)
{
    return strtod(medtl_table_cell(t, row, medtl_table_column(t, column)), NULL);
}

/* p of both files, where the second one's temperature is `factor` times the first one's. */
static void differ_by(const char *before, const char *after, double factor)
{
    medtl_table *a = NULL, *b = NULL;

    cr_assert_eq(medtl_table_read(before, &a, NULL), MEDTL_OK);
    cr_assert_eq(medtl_table_read(after, &b, NULL), MEDTL_OK);
    cr_assert(medtl_table_rows(a) > 0 && medtl_table_rows(a) == medtl_table_rows(b));
    for (size_t i = 0; i < medtl_table_rows(a); i++) {
        const double yes = pow(cell(a, i, "p_yes"), 1.0 / factor),
                     no = pow(cell(a, i, "p_no"), 1.0 / factor);

        cr_expect_float_eq(cell(b, i, "p_yes"), yes / (yes + no), 1e-5);
    }
    medtl_table_destroy(a);
    medtl_table_destroy(b);
}

/* Six of eight that got 0.9 are right, so that the best factor makes 0.9 into 0.75: 2 (see test_temperature.c). */
Test(temper, divides_the_logits_by_what_fits_the_predictions)
{
    const double was = json_number("run1/metrics.json", "temperature");

    EXITS(0, "temper run1/model.safetensors --predictions doubt.csv --f16 --json found.json -o "
             "tempered.safetensors");
    SAYS("calibration error");
    SAYS("8 images of 8 groups");
    cr_expect_float_eq(json_number("found.json", "temperature/before"), was, 1e-5 * was);
    cr_expect_float_eq(json_number("found.json", "temperature/after"), 2.0 * was, 1e-3 * was);
    EXITS(0, "evaluate --model tempered.safetensors --data labels.csv --folds 0 --predictions "
             "tempered.csv");
    differ_by("held-out.csv", "tempered.csv", 2.0);
    EXITS(0, "inspect tempered.safetensors");
    SAYS("\"tempered\": {");
}

Test(temper, evaluate_takes_another_temperature)
{
    const double was = json_number("run1/metrics.json", "temperature");

    EXITS(0,
          "evaluate --model run1/model.safetensors --data labels.csv --folds 0 --temperature %.9g "
          "--predictions three.csv --json three.json",
          3.0 * was);
    SAYS("not the ");
    differ_by("held-out.csv", "three.csv", 3.0);
    cr_expect_float_eq(json_number("three.json", "model/temperature"), 3.0 * was, 1e-5 * was);
}

/* What the model was trained on is known as before. */
Test(temper, keeps_the_provenance)
{
    EXITS(0,
          "temper run1/model.safetensors --predictions doubt.csv --name calm --model-version 1.1.0 "
          "-o tempered.safetensors");
    EXITS(2, "evaluate --model tempered.safetensors --data labels.csv --folds 3");
    SAYS("folds that it was trained or validated on");
    EXITS(0, "inspect tempered.safetensors");
    SAYS("calm 1.1.0");
}

Test(temper, refuses_what_does_not_fit)
{
    EXITS(2, "temper run1/model.safetensors -o no.safetensors");
    SAYS("a model, --predictions and -o are needed");
    text_write("right.csv", "file,label,p_no,p_yes\na.png,yes,0.2,0.8\nb.png,no,0.7,0.3\n"
                            "c.png,no,0.6,0.4\n");
    EXITS(2, "temper run1/model.safetensors --predictions right.csv -o no.safetensors");
    SAYS("no temperature fits these 3 predictions: all are right");
    text_write("group.csv", "file,label,p_no,p_yes,group\na.png,yes,0.2,0.8,1\nb.png,no,0.7,0.3,1\n"
                            "c.png,yes,0.6,0.4,1\n");
    EXITS(2, "temper run1/model.safetensors --predictions group.csv -o no.safetensors");
    SAYS("too few groups");
    EXITS(3, "temper run1/model.safetensors --predictions missing.csv -o no.safetensors");
    cr_expect_not(exists("no.safetensors"));
}
