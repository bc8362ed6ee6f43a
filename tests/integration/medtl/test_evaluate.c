#include "tool.h"

#include "core/train/csv.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(evaluate, .init = folder_make, .fini = folder_remove, .timeout = 300);

#define SAYS(text)         cr_assert_not_null(strstr(tool_output, text), "%s", tool_output)
#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)
#define EVALUATE           "evaluate --model run/model.safetensors --data labels.csv "

static void text_has(const char *path, const char *part)
{
    char text[1 << 14] = "";
    FILE *stream = fopen(path, "r");

    cr_assert_not_null(stream, "%s", path);
    (void)!fread(text, 1, sizeof text - 1, stream);
    fclose(stream);
    cr_assert_not_null(strstr(text, part), "%s: %s", path, text);
}

static void train(void)
{
    pictures_write(100);
    EXITS(0, "finetune " SMALL_RUN "--test-folds 0 --validation-folds 1 --epochs 3 -o run");
}

/* Work the numbers out again from the predictions that the program wrote. */
Test(evaluate, numbers_agree_with_the_predictions_beside_them)
{
    medtl_table *table = NULL;
    double wins = 0.0, pairs = 0.0, right = 0.0, count;

    train();
    EXITS(0, EVALUATE "--folds 0,2 --json e.json --predictions p.csv --resamples 100");
    cr_assert_eq(medtl_table_read("p.csv", &table, NULL), MEDTL_OK);
    count = (double)medtl_table_rows(table);
    cr_assert_eq(count, 40);
    for (size_t i = 0; i < medtl_table_rows(table); i++) {
        const double p = atof(medtl_table_cell(table, i, medtl_table_column(table, "p_yes")));
        const double no = atof(medtl_table_cell(table, i, medtl_table_column(table, "p_no")));
        const char *label = medtl_table_cell(table, i, medtl_table_column(table, "label"));
        const char *predicted = medtl_table_cell(table, i, medtl_table_column(table, "predicted"));

        cr_assert(fabs(p + no - 1.0) < 1e-5);
        cr_assert_str_eq(predicted, p > no ? "yes" : "no");
        right += strcmp(label, predicted) == 0;
        for (size_t j = 0; j < medtl_table_rows(table); j++)
            if (strcmp(label, "yes") == 0 &&
                strcmp(medtl_table_cell(table, j, medtl_table_column(table, "label")), "no") == 0) {
                const double q =
                    atof(medtl_table_cell(table, j, medtl_table_column(table, "p_yes")));

                pairs += 1.0;
                wins += p > q ? 1.0 : p == q ? 0.5 : 0.0;
            }
    }
    cr_assert_float_eq(json_number("e.json", "evaluation/accuracy/value"), right / count, 1e-9);
    cr_assert_float_eq(json_number("e.json", "evaluation/macro_auc/value"), wins / pairs, 0.005,
                       "up to ties that six decimals make");
    cr_assert_eq(json_number("e.json", "data/images"), 40);
    medtl_table_destroy(table);
}

Test(evaluate, threads_change_nothing_and_flips_are_reported_apart)
{
    train();
    EXITS(0, EVALUATE "--folds 0 --threads 1 --json a.json");
    EXITS(0, EVALUATE "--folds 0 --threads 3 --json b.json");
    cr_assert(same_bytes("a.json", "b.json"));
    EXITS(0, EVALUATE "--folds 0 --average-flips xy --json c.json");
    SAYS(
        "averaged over mirror images (both directions); the plugin does so only where the model has views");
    cr_assert_eq(json_number("a.json", "evaluation/log_loss/value"),
                 json_number("c.json", "evaluation/log_loss/value"));
    EXITS(0, EVALUATE "--folds 0 --average-flips xy --json d.json --threads 2");
    cr_assert(same_bytes("c.json", "d.json"));
    text_has("c.json", "\"averaged_over_flips\": \"both directions\"");
    cr_assert(!isnan(json_number("c.json", "evaluation_averaged_over_flips/log_loss/value")));
    cr_assert_neq(json_number("c.json", "evaluation_averaged_over_flips/log_loss/value"),
                  json_number("c.json", "evaluation/log_loss/value"));
}

Test(evaluate, an_inverted_picture_gives_what_the_plain_one_gives)
{
    train();
    picture_write("pictures/plain.png", 77, true, false);
    picture_write("pictures/inverted.png", 77, true, true);
    text_write("two.csv", "file,label,polarity\npictures/plain.png,yes,MONOCHROME2\n"
                          "pictures/inverted.png,yes,MONOCHROME1\n");
    EXITS(0, EVALUATE "--data two.csv --columns photometric=polarity --predictions p.csv "
                      "--resamples 0");
    {
        medtl_table *table = NULL;

        cr_assert_eq(medtl_table_read("p.csv", &table, NULL), MEDTL_OK);
        cr_assert_float_eq(atof(medtl_table_cell(table, 0, 4)), atof(medtl_table_cell(table, 1, 4)),
                           1e-4);
        medtl_table_destroy(table);
    }
}

Test(evaluate, a_threshold_moves_sensitivity_and_not_the_area)
{
    train();
    EXITS(0, EVALUATE "--positive yes --threshold 0 --json all.json --resamples 0");
    SAYS("yes where its probability is at least 0");
    cr_assert_eq(json_number("all.json", "evaluation/classes/1/sensitivity/value"), 1.0);
    cr_assert_eq(json_number("all.json", "evaluation/classes/1/specificity/value"), 0.0);
    EXITS(0, EVALUATE "--json plain.json --resamples 0");
    cr_assert_eq(json_number("all.json", "evaluation/macro_auc/value"),
                 json_number("plain.json", "evaluation/macro_auc/value"));
    EXITS(2, EVALUATE "--positive maybe");
    SAYS("the model has no class 'maybe'");
}

Test(evaluate, bad_models_and_tables_are_one_clear_line)
{
    train();
    text_write("bad.safetensors", "not a model");
    EXITS(3, "evaluate --model bad.safetensors --data labels.csv");
    SAYS("bad.safetensors");
    EXITS(3, "evaluate --model absent.safetensors --data labels.csv");
    text_write("strange.csv", "file,label\npictures/0.png,perhaps\n");
    EXITS(3, EVALUATE "--data strange.csv");
    SAYS("strange.csv:2: column 2 (label) is none of the classes");
    EXITS(2, EVALUATE "--folds 7");
    EXITS(3, EVALUATE "--json absent/folder/e.json --resamples 0");
    SAYS("absent/folder/e.json: cannot write");
}

Test(evaluate, unreadable_files_are_named_and_the_exit_says_so)
{
    train();
    cr_assert_eq(unlink("pictures/0.png"), 0);
    EXITS(1, EVALUATE "--max-unreadable 0.5 --json e.json --resamples 0");
    SAYS("pictures/0.png: cannot open");
    cr_assert_eq(json_number("e.json", "data/unreadable"), 1);
    EXITS(3, EVALUATE "--max-unreadable 0.005 --json none.json");
    cr_assert(!exists("none.json"));
}
