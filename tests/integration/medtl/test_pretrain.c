/* medtl pretrain as people use it: folders, lists and tables, killing and going on, what it leaves for finetune. */
#include "tool.h"

#include "core/base/file.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(pretrain, .init = folder_make, .fini = folder_remove, .timeout = 300);

#define SAYS(text)         cr_assert_not_null(strstr(tool_output, text), "%s", tool_output)
#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)

#define NORMALISER                                                                                 \
    "--normaliser 'v1 channels=1 size=32x32 voi=full crop=none side=keep fit=stretch "             \
    "constancy=none mean=0.5,0.5,0.5 sd=0.25,0.25,0.25' "
#define NETWORK "--architecture resnet18 --width 4 --batch 16 --hidden 32 --embedding 16 "
#define SMALL   NORMALISER NETWORK "--warmup 1 --lr 0.003 --neighbours 5 "
#define PROBE   "--probe labels.csv --probe-folds 2,3 --probe-every 1 "

Test(pretrain, of_a_folder_helps_neighbours_tell_what_nobody_labelled_and_finetune_starts_from_it)
{
    pictures_write(120);
    EXITS(0, "pretrain --data pictures " SMALL PROBE "--method byol --epochs 10 -o run");
    SAYS("120 images");
    SAYS("48 probe images of 2 classes");
    cr_assert_gt(json_number("run/metrics.json", "provenance/probe/macro_auc"), 0.75);
    cr_assert_eq(json_number("run/metrics.json", "provenance/data/images"), 120);
    cr_assert_eq(json_number("run/metrics.json", "provenance/trained_epochs"), 10);
    cr_assert(json_number("run/metrics.json", "history/9/loss") <
              json_number("run/metrics.json", "history/0/loss"));
    cr_assert(exists("run/history.csv") && exists("run/curve.png") && exists("run/checkpoint.bin"));
    EXITS(0, "inspect run/backbone.safetensors");
    SAYS("layer4.1.conv2.weight");
    SAYS("a pretrained backbone");
    SAYS("\"method\": \"byol\"");
    cr_assert_null(strstr(tool_output, "projector"), "the method's own layers are thrown away");
    EXITS(0, "finetune --data labels.csv --classes no,yes " NORMALISER "--architecture resnet18 "
             "--width 4 --batch 16 --epochs 1 --init run/backbone.safetensors -o tuned");
    SAYS("started from run/backbone.safetensors");
    EXITS(0, "pretrain --data pictures " SMALL "--method vicreg --epochs 1 --init "
             "tuned/model.safetensors -o continued");
    SAYS("started from tuned/model.safetensors");
}

/* Runs the tool and kills it after so many seconds, without any warning. */
static void killed_after(double seconds, const char *arguments)
{
    char command[2048];

    snprintf(command, sizeof command,
             "'%s/bin/medtl' %s >killed.log 2>&1 & child=$!; sleep %.2f; kill -9 $child; wait "
             "$child 2>killed.log",
             MEDTL_BINARY_DIR, arguments, seconds);
    (void)!system(command);
}

Test(pretrain, killed_at_any_moment_and_gone_on_gives_the_same_files)
{
#define RUN "pretrain --data pictures " SMALL PROBE "--epochs 6 "
    static const double moments[] = {0.15, 0.25, 0.4};

    pictures_write(96);
    EXITS(0, RUN "--threads 1 -o whole");
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
        killed_after(moments[i], RUN "--checkpoint-every 0 --resume -o parts");
    EXITS(0, RUN "--checkpoint-every 0 --resume --threads 3 --loader-threads 2 --cache 0 -o parts");
    cr_assert(same_bytes("whole/backbone.safetensors", "parts/backbone.safetensors"));
    cr_assert(same_bytes("whole/metrics.json", "parts/metrics.json"));
#undef RUN
}

Test(pretrain, a_run_is_neither_overwritten_nor_resumed_with_other_options_by_accident)
{
    pictures_write(40);
    EXITS(2, "pretrain --data pictures " SMALL "--epochs 2 --finish -o run");
    SAYS("holds no run to finish");
    EXITS(0, "pretrain --data pictures " SMALL "--epochs 2 -o run");
    EXITS(2, "pretrain --data pictures " SMALL "--epochs 2 -o run");
    SAYS("--resume goes on with it, --force starts anew");
    EXITS(2, "pretrain --data pictures " SMALL "--epochs 2 --method simclr --resume -o run");
    SAYS("it has 'method=vicreg', this one 'method=simclr'");
    cr_assert_eq(unlink("run/backbone.safetensors"), 0);
    EXITS(0, "pretrain --data pictures " SMALL "--epochs 2 --finish -o run");
    cr_assert(exists("run/backbone.safetensors"));
    picture_write("pictures/3.png", 77, true, false); /* another picture behind the same name */
    EXITS(2, "pretrain --data pictures " SMALL "--epochs 2 --resume -o run");
    SAYS("images=");
}

Test(pretrain, damaged_images_are_named_and_counted_and_other_files_are_no_images)
{
    pictures_write(40);
    text_write("pictures/readme.txt", "not a picture\n");
    text_write("pictures/7.png", "\x89PNG\r\n\x1a\nand then nothing");
    EXITS(3, "pretrain --data pictures " SMALL "--epochs 1 -o run");
    SAYS("7.png");
    SAYS("more than a share of 0.01 of the 40 images cannot be read");
    EXITS(1, "pretrain --data pictures " SMALL "--epochs 1 --max-unreadable 0.1 -o run");
    SAYS("39 images, 1 cannot be read, 1 other files");
    SAYS("done without 1 images");
    EXITS(2, "pretrain --data pictures " SMALL "--max-unreadable 0.1 --batch 64 -o big");
    SAYS("39 usable images are too few for --batch 64");
    cr_assert_eq(medtl_file_make_folders("empty", NULL), MEDTL_OK);
    EXITS(2, "pretrain --data empty " SMALL "-o none");
    SAYS("no image in it");
    EXITS(3, "pretrain --data nowhere " SMALL "-o none");
    SAYS("nowhere");
}

Test(pretrain, lists_and_tables_say_which_images_and_which_folds)
{
    FILE *list;

    pictures_write(60);
    list = fopen("list.txt", "w");
    cr_assert_not_null(list);
    for (int i = 0; i < 30; i++)
        fprintf(list, "pictures/%d.png\r\n\n", i);
    fclose(list);
    EXITS(0, "pretrain --data list.txt " SMALL "--epochs 1 -o of-list");
    SAYS("30 images\n");
    /* Pictures of folds that were not asked for need not be there. */
    for (unsigned i = 0; i < 60; i++)
        if (i / 2 % 5 == 0) {
            char path[64];

            snprintf(path, sizeof path, "pictures/%u.png", i);
            cr_assert_eq(unlink(path), 0);
        }
    EXITS(0, "pretrain --data labels.csv --folds 1,2,3,4 " SMALL "--epochs 1 -o of-table");
    SAYS("48 images\n");
    EXITS(2, "pretrain --data labels.csv --folds 7 " SMALL "--epochs 1 -o none");
    SAYS("--folds: there is no fold '7'");
    EXITS(2, "pretrain --data pictures --folds 1 " SMALL "--epochs 1 -o none");
    SAYS("--folds asks for a table with folds");
}

Test(pretrain, labels_that_come_for_free_are_learned)
{
    pictures_write(80);
    EXITS(0, "pretrain --data labels.csv " SMALL PROBE "--free-label label --epochs 6 -o by-label");
    SAYS("80 images of 2 classes");
    cr_assert_gt(json_number("by-label/metrics.json", "provenance/probe/macro_auc"), 0.8);
    EXITS(0, "pretrain --data pictures " SMALL "--free-label rotation --epochs 1 -o by-turn");
    EXITS(2, "pretrain --data pictures " SMALL
             "--free-label rotation --augment dermoscopy --epochs 1 -o none");
    SAYS("quarter turns cannot be told");
    EXITS(2, "pretrain --data labels.csv " SMALL "--free-label photometric --epochs 1 -o none");
    SAYS("the free label 'photometric' has 1 values in 80 images");
    EXITS(2, "pretrain --data labels.csv " SMALL "--free-label nothing --epochs 1 -o none");
    SAYS("there is no column 'nothing'");
    EXITS(2, "pretrain --data labels.csv " SMALL "--method free-label --epochs 1 -o none");
    SAYS("which one?");
}

Test(pretrain, dicom_files_carry_labels_of_their_own)
{
    char command[400];

    snprintf(command, sizeof command, "'%s/bin/dcm-medtl' phantom -o studies >phantom.log 2>&1",
             MEDTL_BINARY_DIR);
    cr_assert_eq(system(command), 0);
    EXITS(0, "pretrain --data studies " SMALL "--batch 4 --free-label side --epochs 1 -o by-side");
    SAYS("of 2 classes");
    SAYS("without the free label not used");
}

Test(pretrain, what_cannot_work_is_said_before_any_image_is_read)
{
    pictures_write(20);
    EXITS(2, "pretrain " SMALL "-o run");
    SAYS("--data is needed");
    EXITS(2, "pretrain --data pictures " SMALL);
    SAYS("-o RUN_FOLDER is needed");
    EXITS(2, "pretrain --data pictures -o run");
    SAYS("--task or --normaliser is needed");
    EXITS(2, "pretrain --data pictures " SMALL "--architecture resnet19 -o run");
    SAYS("there is no 'resnet19'");
    EXITS(2, "pretrain --data pictures " SMALL "--probe-folds 1 -o run");
    SAYS("no --probe");
    EXITS(2, "pretrain --data pictures " SMALL "--method byol --free-label view -o run");
    SAYS("--free-label does not go with --method byol");
    EXITS(2, "pretrain --data pictures " SMALL "--epochs 2 --optimizer sgd --lr 100 --momentum 0 "
             "--covariance 1000000 --warmup 0 --batch 4 -o run");
    SAYS("pretraining diverged in epoch");
}
