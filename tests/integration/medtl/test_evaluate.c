#include "tool.h"

#include "core/train/csv.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(evaluate, .init = folder_make, .fini = folder_remove, .timeout = 300);

#define SAYS(text)         cr_assert_not_null(strstr(tool_output, text), "%s", tool_output)
#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)
/* The pictures are few, so most tests measure trained ones too, and say so. */
#define STRICT   "evaluate --model run/model.safetensors --data labels.csv --resamples 50 "
#define EVALUATE "evaluate --model run/model.safetensors --data labels.csv --leaks warn "

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

Test(evaluate, threads_change_nothing)
{
    train();
    EXITS(0, EVALUATE "--folds 0 --threads 1 --json a.json");
    EXITS(0, EVALUATE "--folds 0 --threads 3 --json b.json");
    cr_assert(same_bytes("a.json", "b.json"));
}

Test(evaluate, other_views_are_measured_as_if_the_model_had_them)
{
    train();
    EXITS(0, EVALUATE "--folds 0 --views flips --json c.json --resamples 50");
    SAYS("views  flips");
    text_has("c.json", "\"views\": \"flips\"");
    EXITS(0, EVALUATE "--folds 0 --json a.json --resamples 50");
    cr_assert_neq(json_number("a.json", "evaluation/log_loss/value"),
                  json_number("c.json", "evaluation/log_loss/value"));
    EXITS(0, "finetune " SMALL_RUN
             "--test-folds 0 --validation-folds 1 --epochs 3 --views flips -o with");
    EXITS(0, "evaluate --model with/model.safetensors --data labels.csv --folds 0 --json d.json "
             "--resamples 50");
    cr_assert_eq(json_number("c.json", "evaluation/log_loss/value"),
                 json_number("d.json", "evaluation/log_loss/value"),
                 "the same weights, the same views");
    EXITS(0, "evaluate --model with/model.safetensors --data labels.csv --folds 0 --views one "
             "--json e.json --resamples 50");
    cr_assert_eq(json_number("a.json", "evaluation/log_loss/value"),
                 json_number("e.json", "evaluation/log_loss/value"));
    EXITS(2, EVALUATE "--average-flips xy");
    SAYS("--average-flips is now --views");
}

/* Folds follow groups, and groups follow one another: what a fold holds can be counted. */
Test(evaluate, subgroups_count_what_the_table_says)
{
    FILE *stream;
    json_t *root, *list;

    train();
    stream = fopen("sub.csv", "w");
    cr_assert_not_null(stream);
    fputs("file,label,age,sex\n", stream);
    for (int i = 0; i < 40; i++)
        fprintf(stream, "pictures/%d.png,%s,%s,%s\n", i, i % 2 == 0 ? "no" : "yes",
                i < 5    ? ""
                : i < 20 ? "39"
                : i < 30 ? "40"
                         : "61.5",
                i % 4 == 0 ? "m" : "f");
    fclose(stream);
    EXITS(0, EVALUATE "--data sub.csv --subgroups age:20,sex --json s.json --resamples 50");
    root = json_load_file("s.json", 0, NULL);
    list = json_object_get(root, "subgroups");
    cr_assert_eq(json_array_size(list), 6);
    {
        static const struct {
            const char *column, *value;
            int images;
        } expected[] = {{"age", "[20, 40)", 15}, {"age", "[40, 60)", 10}, {"age", "[60, 80)", 10},
                        {"age", "(none)", 5},    {"sex", "f", 30},        {"sex", "m", 10}};

        for (size_t i = 0; i < 6; i++) {
            const json_t *one = json_array_get(list, i);

            cr_expect_str_eq(json_string_value(json_object_get(one, "column")), expected[i].column);
            cr_expect_str_eq(json_string_value(json_object_get(one, "value")), expected[i].value);
            cr_expect_eq(
                json_integer_value(json_object_get(json_object_get(one, "evaluation"), "images")),
                expected[i].images);
        }
        /* "m" are pictures 0, 4, 8, ...: all of them "no". */
        cr_expect_eq(
            json_integer_value(json_object_get(json_array_get(list, 5), "classes_present")), 1);
    }
    json_decref(root);
    EXITS(2, EVALUATE "--data sub.csv --subgroups density");
    SAYS("--subgroups: the table has no column 'density'");
    EXITS(2, EVALUATE "--data sub.csv --subgroups age:wide");
    SAYS("'age' needs a width above 0");
}

Test(evaluate, what_the_model_was_made_from_is_refused)
{
    train();
    EXITS(0, STRICT "--folds 0");
    EXITS(2, STRICT "--folds 0,2");
    SAYS("20 of the 40 rows lie in folds that it was trained or validated on");
    EXITS(2, STRICT);
    SAYS("80 of the 100 rows");
    EXITS(0, EVALUATE "--resamples 50");
    SAYS("warning: the model was made from this table");
    EXITS(0, STRICT "--leaks ignore");
}

/* 0.3, 0.6 and 0.7 divided by 0.1 are a little less than 3, 6 and 7. */
Test(evaluate, a_value_lies_in_the_band_that_begins_with_it)
{
    static const char *const scores[] = {"0.3", "0.6", "0.7", "0.25"},
                             *const days[] = {"20261109", "20261110", "20261119", "20261120"},
                             *const bands[] = {"[0.2, 0.3)",           "[0.3, 0.4)",
                                               "[0.6, 0.7)",           "[0.7, 0.8)",
                                               "[20261100, 20261110)", "[20261110, 20261120)",
                                               "[20261120, 20261130)"};
    FILE *stream;
    json_t *root;

    train();
    stream = fopen("sub.csv", "w");
    cr_assert_not_null(stream);
    fputs("file,label,score,day\n", stream);
    for (int i = 0; i < 40; i++)
        fprintf(stream, "pictures/%d.png,%s,%s,%s\n", i, i % 2 == 0 ? "no" : "yes", scores[i % 4],
                days[i % 4]);
    fclose(stream);
    EXITS(0, EVALUATE "--data sub.csv --subgroups score:0.1,day:10 --json s.json --resamples 0");
    root = json_load_file("s.json", 0, NULL);
    cr_assert_eq(json_array_size(json_object_get(root, "subgroups")), 7);
    for (size_t i = 0; i < 7; i++)
        cr_expect_str_eq(json_string_value(json_object_get(
                             json_array_get(json_object_get(root, "subgroups"), i), "value")),
                         bands[i]);
    json_decref(root);
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
