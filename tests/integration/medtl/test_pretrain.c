/* medtl pretrain as people use it: folders, lists and tables, killing and going on, what it leaves for finetune. */
#include "tool.h"

#include "core/base/file.h"
#include "sample_image.h"

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

Test(pretrain, a_list_is_text_with_or_without_a_byte_order_mark)
{
    static const char with_zero[] = "pictures/0.png\npictures/1.png\0\npictures/2.png\n";

    pictures_write(4);
    text_write("list.txt", "\xef\xbb\xbfpictures/0.png\npictures/1.png\npictures/2.png\n");
    EXITS(0, "pretrain --data list.txt " SMALL "--batch 2 --epochs 1 -o run");
    SAYS("3 images\n");
    cr_assert_eq(medtl_file_replace("list.txt", with_zero, sizeof with_zero - 1, NULL), MEDTL_OK);
    EXITS(3, "pretrain --data list.txt " SMALL "--batch 2 --epochs 1 -o none");
    SAYS("list.txt: a zero byte: this is no list of images");
}

Test(pretrain, a_folder_is_remembered_by_its_last_name)
{
    char folder[256];

    pictures_write(20);
    cr_assert_not_null(getcwd(folder, sizeof folder));
    EXITS(0, "pretrain --data %s/pictures// " SMALL "--epochs 1 -o run", folder);
    EXITS(0, "inspect run/backbone.safetensors");
    SAYS("\"from\": \"pictures\"");
    cr_assert_null(strstr(tool_output, folder), "where it lies is nobody's business");
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

static void dicom_write(const sample_image *sample, unsigned number)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    char path[64];

    snprintf(path, sizeof path, "studies/%u", number);
    cr_assert(sample_image_make(sample, &bytes, &size));
    cr_assert_eq(medtl_file_replace(path, bytes, size, NULL), MEDTL_OK);
    free(bytes);
}

Test(pretrain, dicom_files_carry_labels_of_their_own)
{
    cr_assert_eq(medtl_file_make_folders("studies", NULL), MEDTL_OK);
    for (unsigned i = 0; i < 8; i++) /* two patients of four views */
        dicom_write(&(sample_image){.kind = SAMPLE_MAMMOGRAM,
                                    .number = i,
                                    .patient_id = i < 4 ? "Somebody-1" : "Somebody-2"},
                    i);
    dicom_write(&(sample_image){.kind = SAMPLE_DERMOSCOPY, .patient_id = "Somebody-2"}, 8);
    EXITS(0, "pretrain --data studies " SMALL "--batch 4 --free-label side --epochs 1 -o by-side");
    SAYS("8 images of 2 classes, 1 without the free label not used");
    EXITS(0, "pretrain --data studies " SMALL "--batch 4 --free-label view --epochs 1 -o by-view");
    SAYS("8 images of 2 classes");
    EXITS(0,
          "pretrain --data studies " SMALL "--batch 4 --free-label patient --epochs 1 -o by-one");
    SAYS("9 images of 2 classes");
    cr_assert_neq(system("grep -rq Somebody by-one"), 0, "no value of a patient is written");
    cr_assert_null(strstr(tool_output, "Somebody"), "nor shown");
    EXITS(2, "pretrain --data studies " SMALL "--batch 4 --free-label Modalities --epochs 1 -o no");
    SAYS("no keyword of the DICOM data dictionary");
}

/* Of a DICOM file, a picture and a text in one. */
Test(pretrain, archives_are_named_and_not_looked_into)
{
    pictures_write(40);
    cr_assert_eq(medtl_file_make_folders("studies", NULL), MEDTL_OK);
    dicom_write(&(sample_image){.kind = SAMPLE_MAMMOGRAM}, 0);
    cr_assert_eq(
        system("python3 -m zipfile -c pictures/more.zip studies/0 pictures/1.png labels.csv"), 0);
    EXITS(0, "pretrain --data pictures " SMALL "--epochs 1 -o run");
    SAYS("40 images, 1 other files");
    SAYS("not looked into: pictures/more.zip: an archive, which training does not read: unpack it");
    cr_assert_null(strstr(strstr(tool_output, "more.zip") + 1, "more.zip"), "once");
    text_write("list.txt", "pictures/0.png\npictures/more.zip\npictures/2.png\n");
    EXITS(0, "pretrain --data list.txt " SMALL "--batch 2 --epochs 1 -o of-list");
    SAYS("2 images, 1 other files");
}

static void table_of(const char *path, unsigned from, unsigned to, const char *group)
{
    FILE *table = fopen(path, "w");

    cr_assert_not_null(table);
    fputs("file,group,fold\n", table);
    for (unsigned i = from; i < to; i++)
        fprintf(table, "pictures/%u.png,%s%u,%u\n", i, group, i / 2, i % 2);
    fclose(table);
}

#define EPOCH SMALL "--epochs 1 "

Test(pretrain, stops_where_it_would_learn_from_what_is_tested_on)
{
    pictures_write(60);
    table_of("tested.csv", 30, 60, "patient ");
    table_of("others.csv", 30, 60, "another ");
    /* Fold 0 of labels.csv by its own groups: nothing of it is in the other folds. */
    EXITS(
        0,
        "pretrain --data labels.csv --folds 1,2,3,4 --held-out labels.csv --held-out-folds 0 " EPOCH
        "-o apart");
    SAYS("12 images are held out");
    EXITS(2,
          "pretrain --data labels.csv --folds 0,1 --held-out labels.csv --held-out-folds 0 " EPOCH
          "-o none");
    SAYS("12 images to learn from are of groups that are held out (pictures/0.png, pictures/1.png");
    /* The same pictures under the names of other groups, of a folder without any. */
    EXITS(2, "pretrain --data pictures --held-out others.csv " EPOCH "-o none");
    SAYS("30 pairs of images with the same pixels");
    SAYS("(pretraining) and pictures/30.png (held out) have the same pixels");
    EXITS(0, "pretrain --data pictures --held-out others.csv --leaks warn " EPOCH "-o warned");
    SAYS("warning: 30 pairs");
    EXITS(0, "pretrain --data pictures --held-out others.csv --leaks ignore " EPOCH "-o ignored");
    cr_assert(exists("warned/fingerprints.csv") && !exists("ignored/fingerprints.csv"));
    /* Both images of a group lie in one fold each. */
    EXITS(2, "pretrain --data tested.csv --folds 0 " EPOCH "--batch 4 -o none");
    SAYS("15 groups of the table have images inside and outside of --folds");
    EXITS(2, "pretrain --data pictures --held-out-folds 0 " EPOCH "-o none");
    SAYS("no --held-out");
}

Test(pretrain, fingerprints_are_of_the_backbone_that_they_lie_beside)
{
    pictures_write(60);
    EXITS(0, "pretrain --data pictures " EPOCH "-o run");
    cr_assert_eq(link("run/fingerprints.csv", "before.csv"), 0);
    EXITS(2, "pretrain --data labels.csv --folds 0,1 " EPOCH "--resume -o run");
    SAYS("of another run");
    cr_expect(same_bytes("run/fingerprints.csv", "before.csv"), "a refused run has none");
    EXITS(0, "pretrain --data labels.csv --folds 0,1 " EPOCH "--force -o run");
    cr_expect(!same_bytes("run/fingerprints.csv", "before.csv"));
    EXITS(0, "pretrain --data pictures " EPOCH "--leaks ignore --force -o run");
    cr_expect(!exists("run/fingerprints.csv"), "those of two folds are not this backbone's");
}

Test(pretrain, is_remembered_when_the_fine_tuned_model_is_measured)
{
#define TUNE                                                                                       \
    "finetune --data labels.csv --classes no,yes --test-folds 0 " NORMALISER                       \
    "--architecture resnet18 --width 4 --batch 16 --epochs 1 "
    pictures_write(60);
    EXITS(0, "pretrain --data pictures " EPOCH "-o seen");
    EXITS(0, "pretrain --data labels.csv --folds 1,2,3,4 " EPOCH "-o unseen");
    EXITS(0, TUNE "--init unseen/backbone.safetensors -o honest");
    EXITS(0, TUNE "--init seen/backbone.safetensors -o leaky");
    EXITS(0, "evaluate --model honest/model.safetensors --data labels.csv --folds 0");
    EXITS(2, "evaluate --model leaky/model.safetensors --data labels.csv --folds 0");
    SAYS("pictures/0.png (measured) and 0.png (trained on) have the same pixels");
    SAYS("12 pairs of images with the same pixels");
    /* Through two stages before it, too. */
    EXITS(0, "pretrain --data labels.csv --folds 1,2,3,4 --init seen/backbone.safetensors " EPOCH
             "-o continued");
    EXITS(0, TUNE "--init continued/backbone.safetensors -o later");
    EXITS(2, "evaluate --model later/model.safetensors --data labels.csv --folds 0");
    SAYS("12 pairs of images with the same pixels");
#undef TUNE
}

/* "nv" and "mel" of HAM10000, as many of each as wanted. @return false where the data is not there. */
static bool lesions_write(const char *folder, int of_each)
{
    char path[512], line[256];
    int left[2] = {of_each, of_each};
    FILE *in, *out;

    snprintf(path, sizeof path, "%s/ham10000-224/labels.csv", folder);
    in = fopen(path, "r");
    if (in == NULL)
        return false;
    out = fopen("lesions.csv", "w");
    cr_assert_not_null(out);
    fputs("file,label,group\n", out);
    while (fgets(line, sizeof line, in) != NULL) {
        char *rest = line, *file = strsep(&rest, ","), *dx = strsep(&rest, ",");
        const char *lesion = strsep(&rest, ",");
        const int which = dx != NULL && strcmp(dx, "mel") == 0;

        if (lesion != NULL && (which || strcmp(dx, "nv") == 0) && left[which]-- > 0)
            fprintf(out, "%s/ham10000-224/%s,%s,%s\n", folder, file, dx, lesion);
    }
    fclose(in);
    fclose(out);
    return true;
}

Test(pretrain, of_real_lesions_beats_chance_and_the_weights_it_began_with)
{
#define RUN                                                                                        \
    "pretrain --data lesions.csv --probe lesions.csv --probe-every 3 --normaliser 'v1 channels=3 " \
    "size=32x32 voi=image crop=center side=keep fit=stretch constancy=none mean=0.5,0.5,0.5 "      \
    "sd=0.25,0.25,0.25' --architecture resnet18 --width 8 --batch 40 --hidden 64 --embedding 64 "  \
    "--warmup 1 --lr 0.002 "
    const char *folder = getenv("MEDTL_TEST_DATA");

    if (!lesions_write(folder != NULL ? folder : MEDTL_SOURCE_DIR "/../shared/data", 100))
        cr_skip("no HAM10000 here: MEDTL_TEST_DATA names a folder that has ham10000-224");
    EXITS(0, RUN "--epochs 1 --lr 0 -o untrained");
    EXITS(0, RUN "--epochs 6 -o trained");
    cr_log_info("AUC untrained %.3f, trained %.3f",
                json_number("untrained/metrics.json", "provenance/probe/macro_auc"),
                json_number("trained/metrics.json", "provenance/probe/macro_auc"));
    cr_assert_gt(json_number("trained/metrics.json", "provenance/probe/macro_auc"), 0.6);
    cr_assert_gt(json_number("trained/metrics.json", "provenance/probe/macro_auc"),
                 json_number("untrained/metrics.json", "provenance/probe/macro_auc"));
#undef RUN
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
