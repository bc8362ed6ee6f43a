#include "tool.h"

#include "core/train/csv.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "sample_image.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(finetune, .init = folder_make, .fini = folder_remove, .timeout = 300);

#define SAYS(text)         cr_assert_not_null(strstr(tool_output, text), "%s", tool_output)
#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)

/* Validation images that are the training images, which so long a run knows by heart. */
Test(finetune, says_where_no_temperature_fits)
{
    pictures_write(4);
    text_write("few.csv", "file,label,fold\npictures/0.png,no,0\npictures/1.png,yes,0\n"
                          "pictures/2.png,no,0\npictures/3.png,yes,0\n"
                          "pictures/a.png,no,1\npictures/b.png,yes,1\n");
    cr_assert_eq(link("pictures/0.png", "pictures/a.png"), 0);
    cr_assert_eq(link("pictures/1.png", "pictures/b.png"), 0);
    EXITS(0, "finetune " SMALL_RUN "--data few.csv --validation-folds 1 --leaks ignore "
             "--select loss --epochs 60 -o run");
    SAYS("temperature 1, not fitted: every validation image is right");
    cr_expect_eq(json_number("run/metrics.json", "temperature"), 1.0);
}

Test(finetune, learns_two_kinds_of_pictures_that_it_has_not_seen)
{
    pictures_write(250);
    EXITS(0, "finetune " SMALL_RUN "--test-folds 0 --validation-folds 1 --epochs 12 --f16 -o run");
    SAYS("50 images of the test folds were not opened");
    EXITS(0,
          "evaluate --model run/model.safetensors --data labels.csv --folds 0 --json fold0.json");
    cr_assert_gt(json_number("fold0.json", "evaluation/macro_auc/value"), 0.95);
    cr_assert_eq(json_number("fold0.json", "evaluation/images"), 50);
    cr_assert_eq(json_number("fold0.json", "evaluation/groups"), 25);
    cr_assert(exists("run/history.csv") && exists("run/checkpoint.bin"));
    cr_assert(!isnan(json_number("run/metrics.json", "validation/log_loss/low")));
    cr_assert_eq(json_number("run/metrics.json", "provenance/data/training_images"), 150);
    cr_assert_eq(json_number("run/metrics.json", "provenance/data/test_images_not_opened"), 50);
}

Test(finetune, stopped_and_resumed_with_other_threads_gives_the_same_file)
{
    pictures_write(100);
    EXITS(0, "finetune " SMALL_RUN "--validation-folds 1 --epochs 4 --threads 1 -o whole");
    EXITS(1, "finetune " SMALL_RUN "--validation-folds 1 --epochs 4 --stop-after 2 -o parts");
    SAYS("--resume goes on");
    cr_assert(!exists("parts/model.safetensors"));
    EXITS(0, "finetune " SMALL_RUN "--validation-folds 1 --epochs 4 --resume --threads 3 "
             "--loader-threads 2 --cache 0 -o parts");
    cr_assert(same_bytes("whole/model.safetensors", "parts/model.safetensors"));
    cr_assert(same_bytes("whole/metrics.json", "parts/metrics.json"));
}

Test(finetune, a_stopped_run_can_be_finished_with_its_best_epoch_so_far)
{
    pictures_write(100);
    EXITS(2, "finetune " SMALL_RUN "--validation-folds 1 --epochs 6 --finish -o run");
    SAYS("holds no run to finish");
    EXITS(1, "finetune " SMALL_RUN "--validation-folds 1 --epochs 6 --stop-after 2 -o run");
    cr_assert(exists("run/history.csv"), "written after each epoch");
    EXITS(0, "finetune " SMALL_RUN "--validation-folds 1 --epochs 6 --finish -o run");
    cr_assert_eq(json_number("run/metrics.json", "provenance/trained_epochs"), 2);
    cr_assert(json_number("run/metrics.json", "provenance/kept_epoch") <= 2.0);
    cr_assert(!isnan(json_number("run/metrics.json", "youden_threshold")));
    EXITS(0, "evaluate --model run/model.safetensors --data labels.csv --folds 0 --leaks warn");
}

Test(finetune, losses_optimisers_and_rates_of_stages_are_chosen_and_written_down)
{
    pictures_write(60);
    EXITS(0, "finetune " SMALL_RUN "--epochs 1 --loss focal --focal-gamma 1.5 --optimizer lars "
             "--trust 0.02 --layer-decay 0.8 --head-rate 2 -o run");
    EXITS(2, "finetune " SMALL_RUN "--epochs 1 --loss focal --focal-gamma 1.5 --optimizer lars "
             "--trust 0.02 --layer-decay 0.8 --head-rate 3 --resume -o run");
    SAYS("head-rate=");
    cr_assert_eq(tool("inspect run/model.safetensors"), 0);
    SAYS("\"loss\": \"focal\"");
    SAYS("\"layer-decay\": \"0.8\"");
    EXITS(0, "finetune " SMALL_RUN "--epochs 1 --loss bce --optimizer momentum -o run2");
    EXITS(0, "inspect run2/model.safetensors");
    cr_assert_null(strstr(tool_output, "layer-decay"),
                   "a default of a later version is not written");
}

Test(finetune, a_run_is_neither_overwritten_nor_resumed_with_other_options_by_accident)
{
    pictures_write(40);
    EXITS(0, "finetune " SMALL_RUN "--epochs 1 -o run");
    EXITS(2, "finetune " SMALL_RUN "--epochs 1 -o run");
    SAYS("--resume goes on with it, --force starts anew");
    EXITS(2, "finetune " SMALL_RUN "--epochs 2 --resume -o run");
    SAYS("it has 'epochs=1', this one 'epochs=2'");
    text_write("pictures/3.png", "P5 1 1 255\nx"); /* another picture behind the same name */
    EXITS(2, "finetune " SMALL_RUN "--epochs 1 --resume -o run");
    SAYS("images=");
    EXITS(0, "finetune " SMALL_RUN "--epochs 1 --force -o run");
}

/* A checkpoint without the line of its run text that names the classes, as they were written once. */
static void forget_classes(const char *path)
{
    unsigned char *bytes = NULL;
    char digest[MEDTL_SHA256_TEXT_SIZE];
    size_t size = 0, line = 0, length;
    uint64_t text;

    cr_assert_eq(medtl_file_read(path, 1 << 28, &bytes, &size, NULL), MEDTL_OK);
    memcpy(&text, bytes + 8, sizeof text);
    while (memcmp(bytes + 16 + line, "\nclasses=", 9) != 0)
        cr_assert_lt(++line, text, "it names no classes");
    length = (size_t)((unsigned char *)memchr(bytes + 17 + line, '\n', (size_t)text) -
                      (bytes + 16 + line));
    memmove(bytes + 16 + line, bytes + 16 + line + length, size - 16 - line - length);
    size -= length;
    text -= length;
    memcpy(bytes + 8, &text, sizeof text);
    medtl_sha256_text(bytes, size - 64, digest);
    memcpy(bytes + size - 64, digest, 64);
    cr_assert_eq(medtl_file_replace(path, bytes, size, NULL), MEDTL_OK);
    free(bytes);
}

Test(finetune, a_run_goes_on_with_its_classes_in_their_order_alone)
{
    pictures_write(40);
    EXITS(1, "finetune " SMALL_RUN "--validation-folds 1 --epochs 3 --stop-after 2 -o run");
    EXITS(2,
          "finetune " SMALL_RUN "--classes yes,no --validation-folds 1 --epochs 3 --finish -o run");
    SAYS("it has 'classes=no,yes', this one 'classes=yes,no'");
    EXITS(2,
          "finetune " SMALL_RUN "--classes yes,no --validation-folds 1 --epochs 3 --resume -o run");
    cr_assert(!exists("run/model.safetensors"));
    EXITS(0, "finetune " SMALL_RUN "--validation-folds 1 --epochs 3 -o whole");
    forget_classes("run/checkpoint.bin"); /* begun by an earlier version: goes on */
    EXITS(0, "finetune " SMALL_RUN "--validation-folds 1 --epochs 3 --resume -o run");
    cr_assert(same_bytes("run/model.safetensors", "whole/model.safetensors"));
    EXITS(2,
          "finetune " SMALL_RUN "--classes yes,no --validation-folds 1 --epochs 3 --finish -o run");
    SAYS("it has 'classes=no,yes'");
}

Test(finetune, one_group_on_two_sides_stops_the_run)
{
    pictures_write(40);
    text_write("leak.csv", "file,label,group,fold\n"
                           "pictures/0.png,no,a,0\npictures/1.png,yes,b,1\n"
                           "pictures/2.png,no,b,2\npictures/3.png,yes,c,2\n");
    EXITS(2, "finetune " SMALL_RUN "--data leak.csv --validation-folds 1 -o run");
    SAYS("1 of 3 groups lie on two sides of the split");
    EXITS(2, "finetune " SMALL_RUN "--data leak.csv --test-folds 1 -o run");
    SAYS("lines 3 and 4");
    SAYS("--leaks warn goes on");
    cr_assert(!exists("run/model.safetensors"));
    EXITS(0, "finetune " SMALL_RUN
             "--data leak.csv --test-folds 1 --batch 2 --epochs 1 --leaks warn -o warned");
    SAYS("warning: 1 of 3 groups lie on two sides");
}

Test(finetune, fingerprints_are_of_the_model_that_they_lie_beside)
{
    pictures_write(40);
    text_write("few.csv", "file,label\npictures/0.png,no\npictures/1.png,yes\n");
    EXITS(0, "finetune " SMALL_RUN "--epochs 2 -o run");
    cr_assert_eq(link("run/fingerprints.csv", "before.csv"), 0);
    cr_assert_eq(link("run/model.safetensors", "before.safetensors"), 0);
    EXITS(2, "finetune " SMALL_RUN "--data few.csv --epochs 2 --resume -o run");
    SAYS("of another run");
    cr_expect(same_bytes("run/fingerprints.csv", "before.csv"), "a refused run has none");
    EXITS(1, "finetune " SMALL_RUN "--data few.csv --epochs 2 --stop-after 1 --force -o run");
    cr_expect(same_bytes("run/model.safetensors", "before.safetensors"));
    cr_expect(same_bytes("run/fingerprints.csv", "before.csv"), "a stopped run has no model yet");
    EXITS(0, "finetune " SMALL_RUN "--data few.csv --epochs 2 --resume -o run");
    cr_expect(!same_bytes("run/fingerprints.csv", "before.csv"));
    EXITS(2, "evaluate --model run/model.safetensors --data few.csv --resamples 10");
    EXITS(0, "finetune " SMALL_RUN "--epochs 2 --leaks ignore --force -o run");
    cr_expect(!exists("run/fingerprints.csv"), "those of few.csv are not this model's");
}

static void digest_of_images(const char *model, char out[MEDTL_SHA256_TEXT_SIZE])
{
    static const char key[] = "\"images_sha256\": \"";
    const char *found;

    EXITS(0, "inspect %s", model);
    found = strstr(tool_output, key);
    cr_assert_not_null(found, "%s", tool_output);
    snprintf(out, MEDTL_SHA256_TEXT_SIZE, "%s", found + sizeof key - 1);
}

/* Beyond the cache, loader threads read images again, several of them one image perhaps: they only read. */
Test(finetune, the_digest_of_images_is_that_of_their_first_reading)
{
    char before[MEDTL_SHA256_TEXT_SIZE], after[MEDTL_SHA256_TEXT_SIZE];

    pictures_write(40);
    EXITS(0, "finetune " SMALL_RUN "--epochs 1 -o whole");
    digest_of_images("whole/model.safetensors", before);
    picture_write("other.png", 99, true, false);
    cr_assert_eq(system("'" MEDTL_BINARY_DIR "/bin/medtl' finetune " SMALL_RUN
                        "--epochs 40 --cache 0 -o run >log 2>&1 & child=$!; "
                        "while kill -0 $child && [ ! -e run/history.csv ]; do sleep 0.01; done; "
                        "mv other.png pictures/3.png; wait $child"),
                 0);
    digest_of_images("run/model.safetensors", after);
    cr_assert_str_eq(after, before);
}

Test(finetune, images_of_test_folds_are_never_opened)
{
    pictures_write(50);
    for (unsigned i = 0; i < 50; i++)
        if (i / 2 % 5 == 0) {
            char path[64];

            snprintf(path, sizeof path, "pictures/%u.png", i);
            cr_assert_eq(unlink(path), 0);
        }
    EXITS(0, "finetune " SMALL_RUN "--test-folds 0 --epochs 1 -o run");
}

Test(finetune, unreadable_files_are_named_and_counted_and_too_many_stop_the_run)
{
    pictures_write(50);
    text_write("pictures/7.png", "\x89PNG\r\n\x1a\nnothing more");
    text_write("pictures/8.png", "this is no picture");
    cr_assert_eq(unlink("pictures/9.png"), 0);
    EXITS(3, "finetune " SMALL_RUN "--epochs 1 -o run");
    SAYS("--max-unreadable");
    cr_assert(!exists("run/model.safetensors"));
    EXITS(1, "finetune " SMALL_RUN "--epochs 1 --max-unreadable 0.1 -o run");
    SAYS("not used: pictures/7.png: damaged PNG");
    SAYS("not used: pictures/8.png: not PNG, JPEG, PGM, PPM or DICOM");
    SAYS("pictures/9.png: cannot open");
    SAYS("done without 3 images");
    cr_assert_eq(json_number("run/metrics.json", "provenance/data/unreadable_images"), 3);
}

Test(finetune, other_columns_and_label_values_are_mapped)
{
    pictures_write(20);
    text_write("other.csv", "id,where,cancer\n1,pictures/0.png,0\n2,pictures/1.png,1\n"
                            "3,pictures/2.png,0\n4,pictures/3.png,1\n");
    EXITS(0, "finetune " SMALL_RUN "--data other.csv --columns file=where,label=cancer "
             "--label-map 0=no,1=yes --epochs 1 -o run");
    SAYS("no group column");
    EXITS(2, "finetune " SMALL_RUN "--data other.csv --columns file=where,label=tumour -o run2");
    SAYS("there is no column 'tumour'");
    EXITS(3, "finetune " SMALL_RUN "--data other.csv --columns file=where,label=cancer "
             "--label-map 0=no -o run2");
    SAYS("other.csv:3: column 3 (cancer) is none of the classes");
}

Test(finetune, starts_from_a_model_and_leaves_frozen_stages_alone)
{
    pictures_write(60);
    EXITS(0, "finetune " SMALL_RUN "--epochs 2 -o first");
    EXITS(0, "finetune " SMALL_RUN
             "--epochs 1 --init first/model.safetensors --freeze-stages 1 -o next");
    SAYS("started from first/model.safetensors");
    EXITS(2, "finetune " SMALL_RUN "--epochs 1 --freeze-stages 1 -o none");
    SAYS("would freeze random weights");
}

/* What a model makes of all pictures: p_yes of each, for the caller to free. */
static double *answers(const char *model, size_t *count)
{
    medtl_table *table = NULL;
    double *p;

    EXITS(0, "evaluate --model %s --data labels.csv --leaks ignore --predictions answers.csv",
          model);
    cr_assert_eq(medtl_table_read("answers.csv", &table, NULL), MEDTL_OK);
    *count = medtl_table_rows(table);
    p = calloc(*count, sizeof *p);
    cr_assert_not_null(p);
    for (size_t i = 0; i < *count; i++)
        p[i] = strtod(medtl_table_cell(table, i, medtl_table_column(table, "p_yes")), NULL);
    medtl_table_destroy(table);
    return p;
}

#define SEEDED                                                                                     \
    "finetune " SMALL_RUN "--classes no,yes,maybe --allow-empty-classes --epochs 1 --lr 1e-12 "    \
    "--weight-decay 0 --strategy features --architecture mobilenet_v2_keras_bn --width 8 --init "  \
    "first/model.safetensors "

/* Where nothing learns, what was started from answers as it did. */
Test(finetune, puts_back_batch_norms_that_were_folded)
{
    size_t before_count, after_count;
    double *before, *after;

    pictures_write(40);
    EXITS(0,
          "finetune " SMALL_RUN "--architecture mobilenet_v2_keras --width 8 --epochs 1 -o first");
    EXITS(0,
          "finetune " SMALL_RUN "--architecture mobilenet_v2_keras_bn --width 8 --epochs 1 "
          "--lr 1e-12 --weight-decay 0 --strategy features --init first/model.safetensors -o next");
    SAYS("started from first/model.safetensors");
    SAYS("its batch norms were folded into the convolutions: put back, and measured on 16 training "
         "images");
    before = answers("first/model.safetensors", &before_count);
    after = answers("next/model.safetensors", &after_count);
    cr_assert_eq(before_count, 40);
    cr_assert_eq(after_count, 40);
    for (size_t i = 0; i < before_count; i++)
        cr_expect_float_eq(after[i], before[i], 1e-4, "picture %zu: %g, not %g", i, after[i],
                           before[i]);
    free(before);
    free(after);
    EXITS(0, "finetune " SMALL_RUN "--architecture mobilenet_v2_keras_bn --width 8 --epochs 1 "
             "--init first/model.safetensors -o trained");
    EXITS(0, "finetune " SMALL_RUN "--architecture mobilenet_v2_keras_bn --width 8 --epochs 1 "
             "--init trained/model.safetensors -o on");
    cr_expect_null(strstr(tool_output, "put back"), "it has its norms: %s", tool_output);
    EXITS(0, SEEDED "--seed 1 -o seed1");
    EXITS(0, SEEDED "--seed 2 -o seed2");
    before = answers("seed1/model.safetensors", &before_count);
    after = answers("seed2/model.safetensors", &after_count);
    cr_expect_gt(fabs(before[0] - after[0]), 1e-6, "a head that starts anew follows from the seed");
    free(before);
    free(after);
    EXITS(3, "finetune " SMALL_RUN "--architecture mobilenet_v2_keras_bn --width 16 --epochs 1 "
             "--init first/model.safetensors -o none");
}

Test(finetune, reads_dicom_files)
{
    FILE *table;

    pictures_write(2); /* makes the folder */
    table = fopen("dicom.csv", "w");
    cr_assert_not_null(table);
    fputs("file,label\n", table);
    for (unsigned i = 0; i < 4; i++) {
        const sample_image sample = {.kind = SAMPLE_MAMMOGRAM, .number = i};
        unsigned char *bytes = NULL;
        size_t size = 0;
        char path[64];

        snprintf(path, sizeof path, "pictures/IM%u", i);
        cr_assert(sample_image_make(&sample, &bytes, &size));
        cr_assert_eq(medtl_file_replace(path, bytes, size, NULL), MEDTL_OK);
        free(bytes);
        fprintf(table, "%s,%s\n", path, i % 2 == 0 ? "no" : "yes");
    }
    fclose(table);
    EXITS(0, "finetune " SMALL_RUN "--data dicom.csv --epochs 1 -o run");
    EXITS(0, "evaluate --model run/model.safetensors --data dicom.csv --resamples 10 --leaks warn");
}

struct usage_case {
    char arguments[160], expected[64];
    int status;
};

ParameterizedTestParameters(finetune, command_lines_are_explained)
{
    static struct usage_case cases[] = {
        {"", "usage: medtl COMMAND", 2},
        {"--help", "usage: medtl COMMAND", 0},
        {"--version", "medtl ", 0},
        {"train", "unknown command 'train'", 2},
        {"finetune --help", "usage: medtl finetune", 0},
        {"finetune -h", "Examples:", 0},
        {"finetune", "--data or --labels-from-sr is needed", 2},
        {"finetune --data x.csv", "-o RUN_FOLDER is needed", 2},
        {"finetune --data x.csv -o run", "--task or --normaliser is needed", 2},
        {"finetune --data", "--data needs a value", 2},
        {"finetune --dta x", "there is no option --dta", 2},
        {"finetune x.csv", "'x.csv' is no option", 2},
        {"finetune --epochs 0", "--epochs takes a whole number from 1 to 100000, not '0'", 2},
        {"finetune --epochs=two", "not 'two'", 2},
        {"finetune --lr -1", "--lr takes a number from 0 to 100", 2},
        {"finetune --optimizer adagrad", "one of sgd|adamw|adam|lars|momentum, not 'adagrad'", 2},
        {"finetune --loss hinge", "--loss takes one of cross-entropy|focal|bce, not 'hinge'", 2},
        {"finetune --f16=yes", "--f16 takes no value", 2},
        {"finetune --data x.csv -o run --augment skin", "none, dermoscopy, mammography", 2},
        {"finetune --data x.csv -o run --normaliser none", "not spelled right at \"v1 channels=\"",
         3},
        {"evaluate --help", "usage: medtl evaluate", 0},
        {"evaluate --data x.csv", "--model and --data are needed", 2},
    };
    return cr_make_param_array(struct usage_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct usage_case *c, finetune, command_lines_are_explained)
{
    cr_assert_eq(tool("%s", c->arguments), c->status, "%s: %s", c->arguments, tool_output);
    cr_assert_not_null(strstr(tool_output, c->expected), "%s: %s", c->arguments, tool_output);
}

Test(finetune, missing_tables_and_unwritable_folders_are_one_clear_line)
{
    pictures_write(10);
    EXITS(3, "finetune " SMALL_RUN "--data absent.csv -o run");
    SAYS("absent.csv: cannot open");
    EXITS(3, "finetune " SMALL_RUN "-o labels.csv/run");
    SAYS("labels.csv/run: cannot make this folder");
    EXITS(2, "finetune " SMALL_RUN "--architecture lenet --epochs 1 -o run");
    SAYS("--architecture: 'lenet' is none of");
    EXITS(2, "finetune " SMALL_RUN "--test-folds 9 -o run2");
    SAYS("--test-folds: there is no fold '9'");
    EXITS(2, "finetune " SMALL_RUN "--test-folds 1 --validation-folds 1,2 -o run3");
    SAYS("both --test-folds and --validation-folds");
}
