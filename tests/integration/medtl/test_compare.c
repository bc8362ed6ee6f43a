#include "tool.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

TestSuite(compare, .init = folder_make, .fini = folder_remove, .timeout = 300);

#define SAYS(text)         cr_assert_not_null(strstr(tool_output, text), "%s", tool_output)
#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)

/* Worked by hand. A ranks yes 0.9 0.6 0.4 against no 0.5 0.4 0.1: AUC 5/6; B's are the second case of test_delong.c:
 * AUC 8/9, z of the difference 0.196116. With 0.5 as the limit A is right for a, b, e, f and of the tie d (0.5: the first
 * class, no), B for all but e. So only B is right for c, only A for e. */
static const char first[] = "file,label,p_no,p_yes,group\n"
                            "a,yes,0.1,0.9,1\nb,yes,0.4,0.6,2\nc,yes,0.6,0.4,3\n"
                            "d,no,0.5,0.5,4\ne,no,0.6,0.4,5\nf,no,0.9,0.1,6\n";
static const char second[] = "file,label,p_no,p_yes,group\n"
                             "f,no,0.9,0.1,x\ne,no,0.25,0.75,x\nd,no,0.8,0.2,x\n"
                             "c,yes,0.1,0.9,x\nb,yes,0.3,0.7,x\na,yes,0.2,0.8,x\n";

Test(compare, numbers_of_two_files_match_hand_calculation_whatever_their_order)
{
    text_write("a.csv", first);
    text_write("b.csv", second);
    EXITS(0, "compare a.csv b.csv --json c.json --resamples 200");
    SAYS("6 images of 6 groups");
    cr_expect_float_eq(json_number("c.json", "comparison/delong/macro_auc/a/value"), 5.0 / 6.0,
                       1e-9);
    cr_expect_float_eq(json_number("c.json", "comparison/delong/macro_auc/b/value"), 8.0 / 9.0,
                       1e-9);
    cr_expect_float_eq(json_number("c.json", "comparison/delong/macro_auc/p"), 0.84452, 1e-4);
    cr_expect_float_eq(json_number("c.json", "comparison/bootstrap/accuracy/a/value"), 5.0 / 6.0,
                       1e-9);
    cr_expect_float_eq(json_number("c.json", "comparison/bootstrap/accuracy/b/value"), 5.0 / 6.0,
                       1e-9);
    cr_expect_eq(json_number("c.json", "comparison/mcnemar/only_a_right"), 1);
    cr_expect_eq(json_number("c.json", "comparison/mcnemar/only_b_right"), 1);
    cr_expect_eq(json_number("c.json", "comparison/mcnemar/exact_p"), 1.0);
    EXITS(0, "compare b.csv a.csv --positive yes --threshold 0.35 --resamples 0");
}

Test(compare, what_does_not_match_is_refused_with_counts)
{
    text_write("a.csv", first);
    text_write("b.csv", "file,label,p_no,p_yes\na,yes,0.2,0.8\nz,no,0.7,0.3\n");
    EXITS(2, "compare a.csv b.csv");
    SAYS("5 images are only in A and 1 only in B");
    EXITS(0, "compare a.csv b.csv --common --resamples 0");
    SAYS("6 images that only one of them has were left out");
    text_write("b.csv", "file,label,p_no,p_yes\na,no,0.2,0.8\n");
    EXITS(2, "compare a.csv b.csv --common");
    SAYS("another label");
    text_write("b.csv", "file,label,p_no,p_maybe\na,no,0.2,0.8\n");
    EXITS(2, "compare a.csv b.csv");
    SAYS("class 2 is yes in A and maybe in B");
    text_write("b.csv", "file,label,p_no,p_yes\na,no,0.2,0.9\n");
    EXITS(3, "compare a.csv b.csv");
    SAYS("b.csv:2: the probabilities do not add up to 1");
    text_write("b.csv", "file,label,p_no,p_yes\na,no,0.2,nan\n");
    EXITS(3, "compare a.csv b.csv");
    text_write("b.csv", "file,label,p_no,p_yes\na,no,0.2,0.8\na,no,0.2,0.8\n");
    EXITS(3, "compare a.csv b.csv --common");
    SAYS("is there twice");
    text_write("b.csv", "file,label,p_no,p_yes,group\na,no,0.2,0.8,1\nb,no,0.2,0.8,\n");
    EXITS(3, "compare a.csv b.csv --common");
    SAYS("b.csv:3: no group");
    text_write("b.csv", "file,label\na,no\n");
    EXITS(3, "compare a.csv b.csv");
    EXITS(2, "compare a.csv");
    EXITS(2, "compare a.csv model.safetensors");
    SAYS("--data is needed");
}

/* Two images of each kind cannot prove anything: McNemar's exact p of two images that only one side has right is 0.5. */
Test(compare, what_no_resample_varies_has_neither_interval_nor_p)
{
    text_write("a.csv", "file,label,p_no,p_yes\na,yes,0.5,0.5\nb,yes,0.5,0.5\nc,no,0.5,0.5\n"
                        "d,no,0.5,0.5\n");
    text_write("b.csv", "file,label,p_no,p_yes\na,yes,0.1,0.9\nb,yes,0.2,0.8\nc,no,0.9,0.1\n"
                        "d,no,0.8,0.2\n");
    EXITS(0, "compare a.csv b.csv --json c.json");
    cr_expect_eq(json_number("c.json", "comparison/delong/macro_auc/difference/value"), 0.5);
    cr_expect(isnan(json_number("c.json", "comparison/delong/macro_auc/p")));
    cr_expect(isnan(json_number("c.json", "comparison/bootstrap/macro_auc/p")));
    cr_expect(isnan(json_number("c.json", "comparison/bootstrap/macro_auc/b/low")));
    cr_expect_eq(json_number("c.json", "comparison/mcnemar/exact_p"), 0.5);
    cr_expect_float_eq(json_number("c.json", "comparison/bootstrap/accuracy/b/low"),
                       pow(0.025, 0.25), 1e-9);
}

Test(compare, a_full_disk_is_no_success)
{
    text_write("a.csv", first);
    EXITS(0, "compare a.csv a.csv --resamples 0 > /dev/null");
    EXITS(3, "compare a.csv a.csv --resamples 0 > /dev/full");
    SAYS("medtl: cannot write the output: ");
}

Test(compare, models_give_what_their_predictions_give)
{
    pictures_write(60);
    EXITS(0, "finetune " SMALL_RUN "--test-folds 0 --validation-folds 1 --epochs 2 -o one");
    EXITS(0,
          "finetune " SMALL_RUN "--test-folds 0 --validation-folds 1 --epochs 1 --lr 0.001 -o two");
    EXITS(0, "compare one/model.safetensors two/model.safetensors --data labels.csv --folds 0 "
             "--json m.json --resamples 100");
    EXITS(0, "evaluate --model one/model.safetensors --data labels.csv --folds 0 --resamples 0 "
             "--predictions one.csv");
    EXITS(0, "evaluate --model two/model.safetensors --data labels.csv --folds 0 --resamples 0 "
             "--predictions two.csv");
    EXITS(0, "compare one.csv two.csv --json p.json --resamples 100");
    cr_expect_eq(json_number("m.json", "comparison/images"), 12);
    cr_expect_eq(json_number("m.json", "comparison/groups"), 6);
    cr_expect_eq(json_number("m.json", "comparison/bootstrap/macro_auc/difference/low"),
                 json_number("p.json", "comparison/bootstrap/macro_auc/difference/low"));
    cr_expect_eq(json_number("m.json", "comparison/delong/macro_auc/p"),
                 json_number("p.json", "comparison/delong/macro_auc/p"));
    cr_expect_not(isnan(json_number("m.json", "comparison/largest_probability_difference")));
    EXITS(2, "compare one/model.safetensors two/model.safetensors --data labels.csv");
    SAYS("A: the model was made from this table");
}
