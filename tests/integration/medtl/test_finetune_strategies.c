/* The strategies of transfer by `medtl finetune`, from a model that was trained on the same kind of pictures. */
#include "tool.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(strategies, .init = folder_make, .fini = folder_remove, .timeout = 300);

#define SAYS(text)         cr_assert_not_null(strstr(tool_output, text), "%s", tool_output)
#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)
#define VALIDATED          SMALL_RUN "--test-folds 0 --validation-folds 1 "

/* 120 pictures, and "first/model.safetensors" that was trained on them: WELL enough to tell them apart, or only just
 * BEGUN, where its answers do not matter. */
enum { BEGUN = 1, WELL = 6 };

static void trained(int epochs)
{
    pictures_write(120);
    EXITS(0, "finetune " VALIDATED "--epochs %d -o first", epochs);
}

static double auc(const char *model)
{
    EXITS(0, "evaluate --model %s --data labels.csv --folds 0 --resamples 10 --json fold0.json",
          model);
    return json_number("fold0.json", "evaluation/macro_auc/value");
}

struct strategy_case {
    char name[16], more[160];
};

ParameterizedTestParameters(strategies, each_makes_a_model_that_can_be_used)
{
    static struct strategy_case cases[] = {
        {"all", "--groups 2 --group-decay 0.5 --early-stop 2"},
        {"features", "--epochs 20 --schedule step --step-epochs 5 --feature-variants 2"},
        {"top", "--blocks 1 --schedule plateau --patience 0 --step-factor 0.5"},
        {"gradual", "--epochs 6 --optimizer adam --lr 0.001 --schedule one-cycle"},
        {"all", "--probe-epochs 5 --schedule constant"},
        {"hybrid", "--classifier logistic"},
        {"hybrid", "--classifier svm --cost 0.1 --class-weights balanced"},
        {"hybrid", "--classifier rbf-svm --views flips"},
        {"hybrid", "--classifier neighbours --f16"}};

    return cr_make_param_array(struct strategy_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct strategy_case *c, strategies, each_makes_a_model_that_can_be_used)
{
    trained(WELL);
    EXITS(0,
          "finetune " VALIDATED
          "--epochs 3 --init first/model.safetensors --strategy %s %s -o next",
          c->name, c->more);
    cr_assert_gt(auc("next/model.safetensors"), 0.9, "%s %s", c->name, c->more);
    cr_assert(!isnan(json_number("next/metrics.json", "temperature")));
}

Test(strategies, features_leave_the_trunk_as_it_was_and_resume_to_the_same_file)
{
    trained(BEGUN);
    EXITS(0, "finetune " VALIDATED
             "--epochs 4 --init first/model.safetensors --strategy features -o whole");
    EXITS(1, "finetune " VALIDATED "--epochs 4 --init first/model.safetensors --strategy features "
             "--stop-after 2 -o parts");
    EXITS(0, "finetune " VALIDATED "--epochs 4 --init first/model.safetensors --strategy features "
             "--resume --threads 2 -o parts");
    cr_assert(same_bytes("whole/model.safetensors", "parts/model.safetensors"));
}

Test(strategies, gradual_unfreezing_stopped_and_resumed_gives_the_same_file)
{
    trained(BEGUN);
    EXITS(0, "finetune " VALIDATED
             "--epochs 4 --init first/model.safetensors --strategy gradual -o whole");
    EXITS(1, "finetune " VALIDATED "--epochs 4 --init first/model.safetensors --strategy gradual "
             "--stop-after 2 -o parts");
    EXITS(0, "finetune " VALIDATED "--epochs 4 --init first/model.safetensors --strategy gradual "
             "--resume --threads 2 -o parts");
    cr_assert(same_bytes("whole/model.safetensors", "parts/model.safetensors"));
}

Test(strategies, a_block_search_keeps_the_best_depth_and_goes_on_where_it_was)
{
    trained(WELL);
    EXITS(0, "finetune " VALIDATED
             "--epochs 2 --init first/model.safetensors --strategy block-search -o search");
    cr_assert(exists("search/blocks.csv") && exists("search/history-blocks-0.csv"));
    cr_assert(json_number("search/metrics.json", "provenance/block_search/chosen") >= 0.0);
    cr_assert_gt(auc("search/model.safetensors"), 0.9);
    EXITS(2, "finetune " VALIDATED
             "--epochs 2 --init first/model.safetensors --strategy block-search -o search");
    SAYS("--resume goes on with it");
    cr_assert_eq(unlink("search/checkpoint-blocks-1.bin"), 0);
    cr_assert_eq(rename("search/model.safetensors", "before.safetensors"), 0);
    EXITS(0,
          "finetune " VALIDATED
          "--epochs 2 --init first/model.safetensors --strategy block-search --resume -o search");
    cr_assert(same_bytes("search/model.safetensors", "before.safetensors"));
}

static size_t lines_of(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t lines = 0;
    int c;

    cr_assert_not_null(file, "%s", path);
    while ((c = fgetc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    return lines;
}

#define SEARCH                                                                                     \
    "finetune " VALIDATED "--epochs 2 --init first/model.safetensors --strategy block-search "

Test(strategies, a_block_search_that_was_stopped_can_be_finished_with_the_depths_it_has)
{
    trained(BEGUN);
    EXITS(1, SEARCH "--stop-after 1 -o search");
    cr_assert(exists("search/checkpoint-blocks-0.bin") &&
              !exists("search/checkpoint-blocks-1.bin"));
    EXITS(0, SEARCH "--finish -o search");
    cr_assert_eq(json_number("search/metrics.json", "provenance/block_search/chosen"), 0.0);
    cr_assert_eq(json_number("search/metrics.json", "provenance/trained_epochs"), 1.0);
    cr_assert(
        !isnan(json_number("search/metrics.json", "provenance/block_search/validation_auc/0")));
    cr_assert(
        isnan(json_number("search/metrics.json", "provenance/block_search/validation_auc/1")));
    cr_assert_eq(lines_of("search/blocks.csv"), 2, "the head, and one depth");
    EXITS(0, "inspect search/model.safetensors");

    EXITS(0, SEARCH "--resume -o search"); /* and it goes on from there */
    cr_assert_gt(lines_of("search/blocks.csv"), 3, "at least three depths");
    cr_assert_eq(unlink("search/checkpoint-blocks-2.bin"), 0);
    EXITS(0, SEARCH "--finish -o search");
    cr_assert_eq(lines_of("search/blocks.csv"), 3, "what lies beyond the gap is left out");
}

Test(strategies, a_block_search_that_starts_anew_meets_no_checkpoint_of_the_one_before)
{
    trained(BEGUN);
    EXITS(0, SEARCH "-o search");
    EXITS(3, SEARCH "--data none.csv --force -o search");
    cr_assert(exists("search/checkpoint-blocks-1.bin"), "only when the images are there");
    EXITS(1, SEARCH "--seed 7 --force --stop-after 1 -o search");
    cr_assert(exists("search/checkpoint-blocks-0.bin"));
    cr_assert(!exists("search/checkpoint-blocks-1.bin") && !exists("search/blocks.csv"));
    cr_assert(!exists("search/history-blocks-1.csv"));
    cr_assert(exists("search/model.safetensors"), "until there is another one");
    EXITS(0, SEARCH "--seed 7 --finish -o search");
    EXITS(0, SEARCH "--seed 7 --resume -o search");
    EXITS(0, SEARCH "--seed 7 -o whole");
    cr_assert(same_bytes("search/model.safetensors", "whole/model.safetensors"));
}

Test(strategies, what_another_strategy_left_behind_is_no_run_to_finish)
{
    trained(BEGUN);
    EXITS(2, SEARCH "--finish -o first");
    SAYS("holds no run to finish");
    EXITS(1, SEARCH "--stop-after 1 -o search");
    EXITS(2, "finetune " VALIDATED
             "--epochs 2 --init first/model.safetensors --strategy top --finish -o search");
    SAYS("holds no run to finish");
}

Test(strategies, early_stopping_keeps_the_best_epoch)
{
    pictures_write(120);
    EXITS(0, "finetune " VALIDATED "--epochs 60 --early-stop 2 --select loss -o next");
    cr_assert_lt(json_number("next/metrics.json", "provenance/trained_epochs"), 60.0);
    cr_assert_eq(json_number("next/metrics.json", "provenance/trained_epochs"),
                 json_number("next/metrics.json", "provenance/kept_epoch") + 2.0);
}

Test(strategies, the_rate_finder_draws_and_makes_no_model)
{
    trained(BEGUN);
    EXITS(0, "finetune " VALIDATED
             "--init first/model.safetensors --find-lr --find-steps 30 --find-high 10 -o rates");
    SAYS("steepest fall of the loss at --lr");
    cr_assert(exists("rates/rates.csv") && exists("rates/rates.png"));
    cr_assert(!exists("rates/model.safetensors") && !exists("rates/checkpoint.bin"));
}

Test(strategies, classical_heads_are_named_and_cannot_become_onnx)
{
    trained(BEGUN);
    EXITS(0, "finetune " VALIDATED "--init first/model.safetensors --strategy hybrid "
             "--classifier neighbours --neighbours 3 -o next");
    EXITS(0, "inspect next/model.safetensors");
    SAYS("\"neighbours\"");
    cr_assert_neq(tool("export next/model.safetensors next.onnx"), 0);
    SAYS("neighbours fc2) cannot be written as ONNX");
    EXITS(0, "finetune " VALIDATED "--init first/model.safetensors --strategy hybrid "
             "--classifier svm --cost 1 -o linear");
    EXITS(0, "export linear/model.safetensors linear.onnx");
    EXITS(0, "finetune " VALIDATED "--init next/model.safetensors --epochs 1 -o onwards");
    SAYS("fc2.vectors");
}

struct refusal {
    char table[220], arguments[160], expected[120];
    int status;
};

ParameterizedTestParameters(strategies,
                            what_cannot_be_learned_from_is_refused_with_names_and_counts)
{
    static struct refusal cases[] = {
        {"pictures/0.png,no\npictures/2.png,no\n", "", "training images: no 2, yes 0", 2},
        {"pictures/0.png,no\npictures/1.png,\npictures/3.png,\n", "",
         "2 of 3 images have no label: column 2 (label) is empty in lines 3, 4", 3},
        {"pictures/0.png,no\npictures/1.png,yes\npictures/0.png,yes\npictures/1.png,yes\n", "",
         "small.csv:4: the image of line 2 again, as another class; 2 of 4 rows repeat an image",
         3},
        {"pictures/0.png,no\npictures/1.png,n\xe6vus\n", "",
         "small.csv:3: column 2 is not in UTF-8", 3},
        {"pictures/0.png,no\npictures/1.png,yes\n", "--name n\xe6vus",
         "behind the command is not in UTF-8", 2},
        {"pictures/0.png,no\na.png,yes\nb.png,yes\n", "",
         "2 of 3 labelled images are not there (a.png, b.png)", 3},
        {"pictures/0.png,no\npictures/1.png,yes\n", "--classes no,yes,maybe",
         "training images: no 1, yes 1, maybe 0", 2},
        {"pictures/0.png,no\npictures/1.png,yes\n",
         "--strategy hybrid --classifier neighbours --neighbours 5 --init pictures/0.png",
         "--neighbours 5 of 2 training images", 2},
        {"pictures/0.png,no\npictures/1.png,yes\n", "--strategy features", "--init MODEL is needed",
         2},
        {"pictures/0.png,no\npictures/1.png,yes\n", "--strategy scratch --init x",
         "scratch excludes --init", 2},
        {"pictures/0.png,no\npictures/1.png,yes\n", "--early-stop 3",
         "--early-stop goes by validation images", 2},
        {"pictures/0.png,no\npictures/1.png,yes\n",
         "--strategy features --init x --feature-variants 2 --augment none",
         "would be so many copies", 2},
        {"pictures/0.png,no\npictures/1.png,yes\n", "--open 0.1,x", "--open takes at most", 2},
        {"pictures/0.png,no\npictures/1.png,yes\n", "--open 0.1 --groups 3",
         "--open has 1 shares, but 2 groups", 2}};

    return cr_make_param_array(struct refusal, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct refusal *c, strategies,
                  what_cannot_be_learned_from_is_refused_with_names_and_counts)
{
    char text[320];

    pictures_write(10);
    snprintf(text, sizeof text, "file,label\n%s", c->table);
    text_write("small.csv", text);
    EXITS(c->status, "finetune " SMALL_RUN "--data small.csv --epochs 1 %s -o run", c->arguments);
    SAYS(c->expected);
    cr_assert(!exists("run/model.safetensors"));
}

Test(strategies, a_classifier_is_not_chosen_by_images_of_one_class)
{
    pictures_write(10);
    EXITS(0, "finetune " SMALL_RUN "--epochs 1 -o first");
    text_write("small.csv", "file,label,fold\npictures/0.png,no,0\npictures/1.png,yes,0\n"
                            "pictures/2.png,no,1\npictures/4.png,no,1\n");
    EXITS(2, "finetune " SMALL_RUN "--data small.csv --validation-folds 1 --strategy hybrid "
             "--init first/model.safetensors -o run");
    SAYS("the 2 validation images are all of one class: nothing to choose by");
    cr_assert(!exists("run/model.safetensors"));
}

/* Votes of two neighbours, of which one is the validation image itself: its class never loses, and may tie. */
Test(strategies, ties_are_not_called_answers_against_the_labels)
{
    pictures_write(10);
    EXITS(0, "finetune " SMALL_RUN "--epochs 1 -o first");
    text_write("small.csv", "file,label,fold\npictures/0.png,no,0\npictures/1.png,yes,0\n"
                            "pictures/2.png,no,0\npictures/4.png,no,0\n"
                            "pictures/a.png,no,1\npictures/b.png,yes,1\n");
    cr_assert_eq(link("pictures/0.png", "pictures/a.png"), 0);
    cr_assert_eq(link("pictures/1.png", "pictures/b.png"), 0);
    EXITS(0, "finetune " SMALL_RUN "--data small.csv --validation-folds 1 --leaks ignore "
             "--strategy hybrid --classifier neighbours --neighbours 2 "
             "--init first/model.safetensors -o run");
    SAYS("temperature 1, not fitted: no validation image has another class above its own, some "
         "have one beside it");
    cr_expect_eq(json_number("run/metrics.json", "temperature"), 1.0);
}

Test(strategies, neighbours_may_be_variants_of_training_images)
{
    pictures_write(8);
    EXITS(0, "finetune " SMALL_RUN "--epochs 1 -o first");
    EXITS(0, "finetune " SMALL_RUN "--strategy hybrid --classifier neighbours --neighbours 24 "
             "--feature-variants 2 --init first/model.safetensors -o run");
    EXITS(2, "finetune " SMALL_RUN "--strategy hybrid --classifier neighbours --neighbours 25 "
             "--feature-variants 2 --init first/model.safetensors -o none");
    SAYS("--neighbours 25 of 8 training images with 2 variants each");
}

Test(strategies, the_same_picture_on_two_sides_stops_the_run_unless_told_otherwise)
{
    pictures_write(20);
    text_write("leak.csv", "file,label,fold\npictures/0.png,no,0\npictures/1.png,yes,0\n"
                           "pictures/2.png,no,1\npictures/3.png,yes,1\npictures/copy.png,no,1\n");
    cr_assert_eq(link("pictures/0.png", "pictures/copy.png"), 0);
    EXITS(2, "finetune " SMALL_RUN "--data leak.csv --validation-folds 1 --epochs 1 -o run");
    SAYS("pictures/0.png (training) and pictures/copy.png (validation) have the same pixels");
    SAYS("--leaks warn");
    EXITS(0, "finetune " SMALL_RUN
             "--data leak.csv --validation-folds 1 --epochs 1 --leaks warn -o run");
    SAYS("results will be too good");
    cr_assert(exists("run/fingerprints.csv"));
    EXITS(0, "finetune " SMALL_RUN
             "--data leak.csv --validation-folds 1 --epochs 1 --leaks ignore -o other");
    cr_assert(!exists("other/fingerprints.csv"));
    cr_assert(same_bytes("run/model.safetensors", "other/model.safetensors"));
}

Test(strategies, a_plateau_does_not_end_before_it_begins)
{
    pictures_write(40);
    EXITS(2, "finetune " SMALL_RUN "--validation-folds 1 --epochs 2 --schedule plateau "
             "--least-rate 0.05 -o run");
    SAYS("the least rate, 0.05, is above the learning rate, 0.02");
}

Test(strategies, a_rate_beyond_reason_ends_with_step_and_rate)
{
    pictures_write(40);
    EXITS(2,
          "finetune " SMALL_RUN "--epochs 2 --lr 100 --clip 0 --warmup 0 --momentum 0.99 -o run");
    SAYS("training diverged in step");
    SAYS("a lower learning rate may help");
}

Test(strategies, depths_and_groups_that_a_network_does_not_have_are_refused)
{
    trained(BEGUN);
    EXITS(2, "finetune " VALIDATED
             "--epochs 1 --init first/model.safetensors --strategy top --blocks 9 -o next");
    SAYS("--blocks 9: hybrid2 has");
    EXITS(2, "finetune " VALIDATED
             "--epochs 1 --init first/model.safetensors --strategy gradual --groups 9 -o next");
    SAYS("9 groups of stages, but the network has");
    EXITS(2, "finetune " VALIDATED
             "--epochs 1 --batch 72 --init first/model.safetensors --strategy gradual -o next");
    SAYS("too few for gradual unfreezing");
}
