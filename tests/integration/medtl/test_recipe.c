/* Recipes and experiments from the outside: what a run leaves, that it goes on after a kill, and what is refused. */
#include "tool.h"

#include "core/train/csv.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(recipe, .init = folder_make, .fini = folder_remove, .timeout = 300);
TestSuite(experiment, .init = folder_make, .fini = folder_remove, .timeout = 300);

#define SAYS(text)         cr_assert_not_null(strstr(tool_output, text), "%s", tool_output)
#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)

#define NORMALISER                                                                                 \
    "v1 channels=1 size=32x32 voi=full crop=none side=keep fit=stretch constancy=none mean=0.5,0.5,0.5 sd=0.25,0.25,0.25"
#define RUN                                                                                              \
    "run-recipe kim2022-scratch --data labels.csv --classes no,yes --test-folds 0 --validation-folds 1 " \
    "--normaliser '" NORMALISER                                                                          \
    "' --set architecture=hybrid2 --set width=4 --set augment=mammography,rotation=5 "                   \
    "--set finetune.lr=0.02 --set finetune.optimizer=sgd --set finetune.ema=0.9 "

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 22);

    cr_assert(file != NULL && text != NULL, "%s", path);
    text[fread(text, 1, (1 << 22) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void run_leaves_everything(const char *folder)
{
    static const char *const files[] = {"run.json",
                                        "report.html",
                                        "1-finetune/model.safetensors",
                                        "1-finetune/history.csv",
                                        "1-finetune/stage.json",
                                        "1-finetune/log.txt",
                                        "2-evaluate/metrics.json",
                                        "2-evaluate/predictions.csv",
                                        "plots/2-evaluate/roc.svg",
                                        "plots/1-finetune/loss.svg"};
    char path[300];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        cr_assert(exists(path), "%s", path);
    }
}

/* Both files name the model that they are of. */
static void same_model(const char *a, const char *b)
{
    json_t *one = json_load_file(a, 0, NULL), *other = json_load_file(b, 0, NULL);
    const char *x = json_string_value(json_object_get(json_object_get(one, "model"), "sha256")),
               *y = json_string_value(json_object_get(json_object_get(other, "model"), "sha256"));

    cr_expect(x != NULL && y != NULL && strcmp(x, y) == 0, "%s: %s; %s: %s", a, x, b, y);
    json_decref(one);
    json_decref(other);
}

static size_t count_maps(const char *path)
{
    json_t *root = json_load_file(path, 0, NULL);
    const size_t count = json_array_size(json_object_get(root, "heat_maps"));

    json_decref(root);
    return count;
}

Test(recipe, leaves_settings_results_and_a_page_that_stands_alone)
{
    char *page, *run;

    pictures_write(250);
    EXITS(0, RUN "--set epochs=12 -o run");
    run_leaves_everything("run");
    cr_assert_gt(json_number("run/2-evaluate/metrics.json", "evaluation/macro_auc/value"), 0.9);
    run = read_text("run/run.json");
    cr_assert(strstr(run, "\"table_sha256\": \"") != NULL && strstr(run, "\"code\": \"") != NULL);
    page = read_text("run/report.html");
    cr_assert_not_null(strstr(page, "data:image/svg+xml;base64,"));
    cr_assert(strstr(page, "Where the model looked") != NULL &&
              exists("run/examples/explain.json"));
    cr_assert(strstr(page, "<script") == NULL && strstr(page, "href=") == NULL &&
              strstr(page, "src=\"http") == NULL);
    free(page);
    free(run);
    EXITS(0, RUN "--set epochs=12 -o run"); /* done: nothing is trained again */
    SAYS("stage 1 of 2, finetune: done before");
    EXITS(2, RUN "--set epochs=13 -o run");
    SAYS("holds a run with other parameters");
    EXITS(2, RUN "--set epochs=12 --seed 2 -o run");
    SAYS("other settings");
    EXITS(0, "report run/1-finetune");
    cr_assert(exists("run/1-finetune/report.html"));
}

/* run.json says where its relative paths start, so that the run is known again from elsewhere, too. */
Test(recipe, is_the_same_run_however_its_folder_is_spelled)
{
#define FROM(ROOT)                                                                                 \
    "run-recipe kim2022-scratch --classes no,yes --test-folds 0 --validation-folds 1 "             \
    "--normaliser '" NORMALISER "' --set architecture=hybrid2 --set width=4 --set augment=none "   \
    "--set epochs=1 --examples 0 --data " ROOT "labels.csv "
    pictures_write(40);
    EXITS(0, FROM("") "-o run");
    EXITS(0, FROM("./") "-o run/");
    SAYS("stage 2 of 2, evaluate: done before");
    cr_assert(mkdir("sub", 0777) == 0 && chdir("sub") == 0);
    EXITS(0, FROM("../") "-o ../run");
    SAYS("stage 2 of 2, evaluate: done before");
    cr_assert_eq(chdir(".."), 0);
    cr_assert_eq(system("cp -r labels.csv pictures sub"), 0);
    EXITS(2, FROM("sub/") "-o run");
    SAYS("other settings; --force starts anew");
#undef FROM
}

/* The picture is of the second stage's table and of the last model, whatever lay there before. */
Test(recipe, forced_anew_forgets_the_old_heat_maps)
{
    pictures_write(40);
    EXITS(0, RUN "--set epochs=1 --examples 2 -o run");
    text_write("run/examples/old.png", "of the first model");
    EXITS(0, RUN "--set epochs=2 --examples 2 -o run --force");
    cr_expect_not(exists("run/examples/old.png"));
    same_model("run/examples/explain.json", "run/2-evaluate/metrics.json");
    EXITS(0, RUN "--set epochs=2 --examples 2 -o run");
    cr_expect_eq(count_maps("run/examples/explain.json"), 2);
    EXITS(0, RUN "--set epochs=2 --examples 4 -o run");
    cr_expect_gt(count_maps("run/examples/explain.json"), 2);
}

/* run.json names the working folder, and JSON takes no bytes that are not UTF-8. */
Test(recipe, runs_in_a_folder_whose_name_is_not_utf8)
{
    pictures_write(40);
    cr_assert_eq(mkdir("n\xe6vus", 0777), 0);
    cr_assert(rename("pictures", "n\xe6vus/pictures") == 0 &&
              rename("labels.csv", "n\xe6vus/labels.csv") == 0);
    cr_assert_eq(chdir("n\xe6vus"), 0);
    EXITS(0, RUN "--set epochs=1 --examples 0 -o run");
    EXITS(0, RUN "--set epochs=1 --examples 0 -o run");
    SAYS("done before");
    cr_assert_eq(chdir(".."), 0);
}

/* The heat map of an image has the probability that it was evaluated with. */
static void maps_have_the_probabilities_of(const char *explained, const char *predictions)
{
    json_t *root = json_load_file(explained, 0, NULL);
    const json_t *maps = json_object_get(root, "heat_maps"), *map;
    medtl_table *table = NULL;
    size_t i, found = 0;

    cr_assert_eq(medtl_table_read(predictions, &table, NULL), MEDTL_OK);
    json_array_foreach(maps, i, map)
    {
        const char *file = json_string_value(json_object_get(map, "file"));
        char column[64];

        snprintf(column, sizeof column, "p_%s", json_string_value(json_object_get(map, "class")));
        for (size_t row = 0; row < medtl_table_rows(table); row++)
            if (strstr(file, medtl_table_cell(table, row, 0)) != NULL && ++found)
                cr_expect_float_eq(
                    json_real_value(json_object_get(map, "probability")),
                    atof(medtl_table_cell(table, row, medtl_table_column(table, column))), 1e-5,
                    "%s", file);
    }
    cr_expect(found > 0 && found == json_array_size(maps), "%zu", found);
    medtl_table_destroy(table);
    json_decref(root);
}

Test(recipe, explains_inverted_images_as_it_evaluated_them)
{
    char *table, *cell;

    pictures_write(40);
    table = cell = read_text("labels.csv");
    while ((cell = strstr(cell, ",0\n")) != NULL)
        cell[1] = '1'; /* photometric */
    text_write("labels.csv", table);
    free(table);
    EXITS(0, RUN "--set epochs=4 --examples 4 -o run");
    maps_have_the_probabilities_of("run/examples/explain.json", "run/2-evaluate/predictions.csv");
}

/* A block search keeps a checkpoint for each depth: with other settings they are of another run, with the same ones the
 * search would be done before it begins. */
Test(recipe, forced_anew_forgets_every_checkpoint_of_a_search)
{
#define SEARCH                                                                                     \
    "run-recipe kandel2020 --data labels.csv --classes no,yes --test-folds 0 "                     \
    "--validation-folds 1 --normaliser '" NORMALISER                                               \
    "' --init first/model.safetensors --set architecture=hybrid2 --set width=4 "                   \
    "--set augment=none --set epochs=1 --examples 0 -o run "
    char *log;

    pictures_write(40);
    EXITS(0, "finetune " SMALL_RUN "--test-folds 0 --validation-folds 1 --epochs 1 -o first");
    EXITS(0, SEARCH "--set lr=0.01");
    cr_assert(exists("run/1-finetune/checkpoint-blocks-1.bin"));
    text_write("run/1-finetune/history-blocks-9.csv", "of a deeper network");
    EXITS(2, SEARCH "--set lr=0.02");
    EXITS(0, SEARCH "--set lr=0.02 --force");
    cr_expect_not(exists("run/1-finetune/history-blocks-9.csv"));
    cr_assert_eq(unlink("run/1-finetune/log.txt"), 0);
    EXITS(0, SEARCH "--set lr=0.02 --force");
    log = read_text("run/1-finetune/log.txt");
    cr_expect_not_null(strstr(log, "epoch   1"), "nothing was trained: %s", log);
    free(log);
}

/* The depth is the one that metrics.json names; before that is written, the deepest that there is. */
Test(recipe, report_of_a_block_search_has_the_curves_of_the_depth_that_was_kept)
{
    char *page, kept[80];

    pictures_write(40);
    EXITS(0, "finetune " SMALL_RUN "--test-folds 0 --validation-folds 1 --epochs 1 -o first");
    EXITS(0, SEARCH "--set lr=0.01");
    page = read_text("run/report.html");
    snprintf(kept, sizeof kept, "Of blocks %.0f, the depth that was kept",
             json_number("run/1-finetune/metrics.json", "provenance/block_search/chosen"));
    cr_expect_not_null(strstr(page, kept), "%s", kept);
    cr_expect(exists("run/plots/1-finetune/loss.svg"));
    free(page);
    EXITS(0, "report run/1-finetune");
    cr_assert_eq(unlink("run/1-finetune/metrics.json"), 0);
    cr_assert_eq(unlink("run/1-finetune/history-blocks-2.csv"), 0);
    EXITS(0, "report run/1-finetune");
    page = read_text("run/1-finetune/report.html");
    cr_expect_not_null(strstr(page, "Of blocks 1, the deepest that was begun"));
    free(page);
#undef SEARCH
}

/* Put something that is no picture where the first heat map's image was. */
static void spoil_first_example(const char *explained)
{
    json_t *root = json_load_file(explained, 0, NULL);
    const json_t *first = json_array_get(json_object_get(root, "heat_maps"), 0);
    const char *file = json_string_value(json_object_get(first, "file"));

    cr_assert_not_null(file);
    text_write(file, "no picture");
    json_decref(root);
}

/* What could not be read when a stage was carried out is still missing when nothing is left to do. */
Test(recipe, that_is_incomplete_stays_so_when_it_is_given_again)
{
    pictures_write(60);
    text_write("pictures/0.png", "no picture");
    EXITS(1, RUN "--set epochs=1 --set evaluate.max-unreadable=0.5 --examples 0 -o run");
    EXITS(1, RUN "--set epochs=1 --set evaluate.max-unreadable=0.5 --examples 0 -o run");
    SAYS("stage 1 of 2, finetune: done before\n");
    SAYS("stage 2 of 2, evaluate: done before, without some files that it could not read");
    pictures_write(60);
    EXITS(0, RUN "--set epochs=1 --examples 2 -o other");
    spoil_first_example("other/examples/explain.json");
    cr_assert_eq(unlink("other/examples/stage.json"), 0);
    EXITS(1, RUN "--set epochs=1 --examples 2 -o other");
    EXITS(1, RUN "--set epochs=1 --examples 2 -o other");
}

/* Each caption of the picture KIND/NUMBER.png says that it is of this kind. */
static void says_truth(const char *page, const char *kind, int number)
{
    char name[32], truth[32];

    snprintf(name, sizeof name, ": %s_%d.png.", kind, number);
    snprintf(truth, sizeof truth, " is %s, predicted ", kind);
    for (const char *at = page; (at = strstr(at, name)) != NULL; at++) {
        const char *is = strstr(at, " is ");

        cr_expect(is != NULL && strncmp(is, truth, strlen(truth)) == 0, "%.60s", at);
    }
}

/* no/1.png and yes/1.png: each has a page, and its own truth in the report. */
Test(recipe, tells_pictures_of_the_same_name_apart)
{
    char *page, *text = calloc(1, 1 << 16);

    pictures_write(40);
    cr_assert(text != NULL && mkdir("pictures/no", 0777) == 0 && mkdir("pictures/yes", 0777) == 0);
    strcpy(text, "file,label,group,fold\n");
    for (int i = 0; i < 40; i++) {
        char from[64], to[64];

        snprintf(from, sizeof from, "pictures/%d.png", i);
        snprintf(to, sizeof to, "pictures/%s/%d.png", i % 2 == 1 ? "yes" : "no", i / 2);
        cr_assert_eq(rename(from, to), 0);
        snprintf(text + strlen(text), 100, "%s,%s,%d,%d\n", to, i % 2 == 1 ? "yes" : "no", i / 2,
                 i / 2 % 5);
    }
    text_write("labels.csv", text);
    EXITS(0, RUN "--set epochs=1 --examples 8 -o run");
    page = read_text("run/report.html");
    for (int i = 0; i < 20; i += 5) {
        says_truth(page, "no", i);
        says_truth(page, "yes", i);
    }
    cr_expect(strstr(page, ": no_") != NULL || strstr(page, ": yes_") != NULL);
    free(page);
    free(text);
}

/* Start the program in the background. @param output  File for both its streams. */
static pid_t start(const char *command, const char *output)
{
    char line[4000];
    const pid_t pid = fork();

    cr_assert(pid >= 0);
    if (pid == 0) {
        setpgid(0, 0);
        snprintf(line, sizeof line, "exec '%s/bin/medtl' %s >%s 2>&1", MEDTL_BINARY_DIR, command,
                 output);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void wait_for(const char *path)
{
    for (int i = 0; i < 3000 && !exists(path); i++)
        usleep(10000);
}

/* Kill it once `path` is there, or, where that is NULL, after so many seconds. */
static void kill_when(const char *path, double seconds, const char *command)
{
    const pid_t pid = start(command, "/dev/null");

    if (path != NULL)
        wait_for(path);
    usleep((useconds_t)(1e6 * seconds));
    kill(pid, SIGKILL); /* the stage's process ends with it by itself */
    waitpid(pid, NULL, 0);
    cr_assert(path == NULL || exists(path), "%s never came", path);
}

/* Until an orphan has noticed that its parent is gone, the folder is locked. */
static int go_on(const char *command)
{
    int code = 3;

    for (int i = 0; i < 200 && code == 3; i++) {
        code = tool("%s", command);
        if (code == 3) {
            cr_assert_not_null(strstr(tool_output, "another process works in this folder"), "%s",
                               tool_output);
            usleep(50000);
        }
    }
    return code;
}

Test(recipe, killed_in_the_middle_goes_on_to_the_same_model)
{
    pictures_write(100);
    EXITS(0, RUN "--set epochs=30 -o whole");
    kill_when("parts/1-finetune/checkpoint.bin", 0.0, RUN "--set epochs=30 -o parts");
    cr_assert(!exists("parts/2-evaluate/metrics.json"));
    cr_assert_eq(go_on(RUN "--set epochs=30 -o parts"), 0, "%s", tool_output);
    cr_assert(
        same_bytes("whole/1-finetune/model.safetensors", "parts/1-finetune/model.safetensors"));
    cr_assert(same_bytes("whole/2-evaluate/predictions.csv", "parts/2-evaluate/predictions.csv"));
}

Test(recipe, refuses_what_it_does_not_know)
{
    pictures_write(10);
    EXITS(2, RUN "--set epoch=3 -o run");
    SAYS("parameters: init, architecture, width, epochs");
    EXITS(2, RUN "--set finetune.lrr=3 -o run");
    SAYS("there is no option --lrr");
    EXITS(2, RUN "--set finetune -o run2");
    SAYS("--set takes name=value");
    EXITS(2, "run-recipe nothing2020 --data labels.csv -o run3");
    SAYS("kim2022-scratch");
    EXITS(2, "report .");
    SAYS("nothing to report");
    EXITS(0, "run-recipe kim2022-scratch");
    SAYS("Kim et al.");
}

/* The table of a run with so many classes, each told rightly once. */
static void write_predictions(const char *path, size_t classes)
{
    FILE *file = fopen(path, "w");

    cr_assert_not_null(file);
    fputs("file,label,predicted", file);
    for (size_t k = 0; k < classes; k++)
        fprintf(file, ",p_c%zu", k);
    for (size_t i = 0; i < classes; i++) {
        fprintf(file, "\n%zu.png,c%zu,c%zu", i, i, i);
        for (size_t k = 0; k < classes; k++)
            fputs(k == i ? ",1" : ",0", file);
    }
    fputc('\n', file);
    fclose(file);
}

/* A page with charts of 40 classes, and one that says why it has none of 41, with all else that there is. */
Test(recipe, report_of_more_classes_than_a_chart_shows_is_made_without_charts)
{
    char *page;

    cr_assert(mkdir("many", 0777) == 0);
    text_write("many/metrics.json",
               "{\"evaluation\": {\"images\": 41, \"groups\": 41, \"accuracy\": {\"value\": 1}}}");
    text_write("many/history.csv", "epoch,loss\n1,0.5\n2,0.25\n");
    write_predictions("many/predictions.csv", 41);
    EXITS(0, "report many");
    page = read_text("many/report.html");
    cr_expect_not_null(strstr(page, "at most 40 classes, and here are 41"));
    cr_expect(strstr(page, "accuracy") != NULL && exists("many/plots/loss.svg"));
    cr_expect_not(exists("many/plots/roc.svg"));
    free(page);
    write_predictions("many/predictions.csv", 40);
    EXITS(0, "report many");
    cr_expect(exists("many/plots/roc.svg") && exists("many/plots/confusion.svg") &&
              exists("many/plots/reliability.svg"));
}

/* Values for the parameters that have no default. */
static const char *inputs_of(const char *recipe)
{
    static char sets[300];
    char *text = read_text(recipe);

    snprintf(sets, sizeof sets, "%s%s",
             strstr(text, "<parameter name=\"init\">") != NULL ? "--init weights.safetensors " : "",
             strstr(text, "<parameter name=\"source\">") != NULL ? "--source images " : "");
    free(text);
    return sets;
}

Test(recipe, that_is_shipped_fits_the_options_of_its_commands)
{
    glob_t found;

    cr_assert_eq(glob(MEDTL_SOURCE_DIR "/config/recipes/*.xml", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        EXITS(
            0,
            "run-recipe %s --dry-run --data labels.csv --task dermoscopy --test-folds 0 --validation-folds 1 %s",
            found.gl_pathv[i], inputs_of(found.gl_pathv[i]));
    globfree(&found);
}

/* A dry run is worth something only where it finds what is wrong. */
Test(recipe, dry_run_refuses_what_a_command_does_not_take)
{
#define DRY                                                                                        \
    "run-recipe kim2022-scratch --dry-run --data labels.csv --task dermoscopy --test-folds 0 "     \
    "--validation-folds 1 "
    EXITS(0, DRY "--set finetune.recompute= --set finetune.mixup=0.2");
    SAYS("--recompute");
    EXITS(2, DRY "--set finetune.nonsense=1");
    SAYS("there is no option --nonsense");
    SAYS("medtl finetune does not take the options of stage finetune");
    EXITS(2, DRY "--set epochs=many");
    SAYS("--epochs takes a whole number");
    EXITS(2, DRY "--set finetune.recompute=yes");
    SAYS("'yes' is no option");
#undef DRY
}

/* Its networks are what `finetune` makes with the seeds that the recipe's text spells, and its ensemble what `ensemble` does. */
Test(recipe, deep_ensemble_is_five_networks_of_other_seeds)
{
#define SETTINGS                                                                                   \
    "--set architecture=hybrid2 --set width=4 --set augment=none --set lr=0.02 --set epochs=2 "
    pictures_write(60);
    EXITS(0, "run-recipe deep-ensemble --data labels.csv --classes no,yes --test-folds 0 "
             "--validation-folds 1 --normaliser '" NORMALISER "' --seed 7 " SETTINGS "-o run");
    EXITS(0, "finetune --data labels.csv --classes no,yes --test-folds 0 --validation-folds 1 "
             "--normaliser '" NORMALISER "' --seed 703 --architecture hybrid2 --width 4 --epochs 2 "
             "--batch 16 --optimizer adamw --schedule cosine --lr 0.02 --weight-decay 0.01 --ema 0 "
             "--augment none --select auc -o third");
    EXITS(0, "evaluate --model third/model.safetensors --data labels.csv --leaks warn "
             "--predictions third.csv");
    EXITS(0, "evaluate --model run/3-network3/model.safetensors --data labels.csv --leaks warn "
             "--predictions in-run.csv");
    cr_assert(same_bytes("third.csv", "in-run.csv"));
    cr_assert(!same_bytes("run/1-network1/model.safetensors", "run/2-network2/model.safetensors"));
    EXITS(0, "ensemble run/1-network1/model.safetensors run/2-network2/model.safetensors "
             "run/3-network3/model.safetensors run/4-network4/model.safetensors "
             "run/5-network5/model.safetensors -o by-hand.safetensors");
    cr_assert(same_bytes("by-hand.safetensors", "run/6-ensemble/model.safetensors"));
    EXITS(0, "inspect run/6-ensemble/model.safetensors");
    SAYS("\"members\":5");
    cr_assert(exists("run/7-evaluate/metrics.json") && exists("run/report.html"));
#undef SETTINGS
}

/* ---- experiments ---------------------------------------------------------------------- */

#define EXPERIMENT EXPERIMENT_WITH("")
#define EXPERIMENT_WITH(set)                                                                                   \
    "<experiment xmlns='urn:medtl:recipe:1' name='e' baseline='short'><title>T</title><question>Q?</question>" \
    "<data name='pictures' table='labels.csv' classes='no,yes' test='0' normaliser='" NORMALISER               \
    "'/>"                                                                                                      \
    "<arm name='short' recipe='kim2022-scratch' data='pictures'>" COMMON                                       \
    "<set name='epochs' value='1'/></arm>"                                                                     \
    "<arm name='long' recipe='kim2022-scratch' data='pictures'>" COMMON set                                    \
    "<set name='epochs' value='8'/></arm>"                                                                     \
    "<sizes validation='0.25'>20 60</sizes><seeds>1 2</seeds><measures>macro_auc accuracy</measures></experiment>"
#define COMMON                                                                                                  \
    "<set name='architecture' value='hybrid2'/><set name='width' value='4'/><set name='augment' value='none'/>" \
    "<set name='finetune.lr' value='0.02'/><set name='finetune.optimizer' value='sgd'/><set name='finetune.ema' value='0.9'/>"

static medtl_table *table(const char *path)
{
    medtl_table *t = NULL;
    medtl_error err = {0};

    cr_assert(medtl_table_read(path, &t, &err) == MEDTL_OK, "%s", err.message);
    return t;
}

static size_t count_sides(const medtl_table *t, const char *side, const char *label)
{
    size_t count = 0;

    for (size_t i = 0; i < medtl_table_rows(t); i++)
        count += strcmp(medtl_table_cell(t, i, medtl_table_column(t, "fold")), side) == 0 &&
                 (label == NULL ||
                  strcmp(medtl_table_cell(t, i, medtl_table_column(t, "label")), label) == 0);
    return count;
}

/* Every row of `small` that is no test image stands in `large`, on the same side; groups lie on one side. */
static void is_part_of(const medtl_table *small, const medtl_table *large)
{
    for (size_t i = 0; i < medtl_table_rows(small); i++) {
        const char *file = medtl_table_cell(small, i, 0), *side = medtl_table_cell(small, i, 3);
        const char *group = medtl_table_cell(small, i, 2);
        size_t found = 0;

        for (size_t k = 0; k < medtl_table_rows(large); k++) {
            found += strcmp(medtl_table_cell(large, k, 0), file) == 0 &&
                     strcmp(medtl_table_cell(large, k, 3), side) == 0;
            if (strcmp(medtl_table_cell(large, k, 2), group) == 0)
                cr_assert_str_eq(medtl_table_cell(large, k, 3), side);
        }
        cr_assert_eq(found, 1, "%s", file);
    }
}

Test(experiment, deals_nested_splits_by_group_and_class)
{
    medtl_table *small, *large, *other;

    pictures_write(250);
    text_write("e.xml", EXPERIMENT);
    EXITS(0, "run-experiment e.xml --root . -o out --dry-run -q");
    small = table("out/splits/pictures-n20-s1.csv");
    large = table("out/splits/pictures-n60-s1.csv");
    other = table("out/splits/pictures-n20-s2.csv");
    is_part_of(small, large);
    cr_assert_eq(count_sides(small, "test", NULL), 50);
    cr_assert_eq(count_sides(small, "train", NULL) + count_sides(small, "validation", NULL), 20);
    cr_assert_eq(count_sides(large, "train", NULL) + count_sides(large, "validation", NULL), 60);
    cr_assert_eq(count_sides(small, "train", "yes"), count_sides(small, "train", "no"));
    cr_assert(!same_bytes("out/splits/pictures-n20-s1.csv", "out/splits/pictures-n20-s2.csv"));
    medtl_table_destroy(small);
    medtl_table_destroy(large);
    medtl_table_destroy(other);
}

/* All that is not tested on is trained on, in tables and in runs. */
Test(experiment, validates_on_nothing_where_it_says_none)
{
    const char *const wanted = EXPERIMENT, *at = strstr(wanted, "test='0'");
    medtl_table *split;
    char text[4096];

    pictures_write(120);
    (void)snprintf(text, sizeof text, "%.*s validation='none' %s", (int)(at - wanted), wanted, at);
    text_write("e.xml", text);
    EXITS(0, "run-experiment e.xml --root . -o out -q");
    split = table("out/splits/pictures-n20-s1.csv");
    cr_expect_eq(count_sides(split, "train", NULL), 20);
    cr_expect_eq(count_sides(split, "validation", NULL), 0);
    medtl_table_destroy(split);
    cr_expect_eq(json_number("out/runs/short-n20-s1/1-finetune/metrics.json", "temperature"), 1.0,
                 "nothing to fit it on");
}

/* Labels that were mended, settings that were changed: the old runs' figures are not those of the new experiment. */
Test(experiment, does_not_take_old_runs_for_those_of_a_changed_experiment)
{
    char *text, *at;
    FILE *file;

    pictures_write(120);
    text_write("e.xml", EXPERIMENT);
    EXITS(0, "run-experiment e.xml --root . -o out -q");
    EXITS(0, "run-experiment e.xml --root . -o out -q");
    EXITS(0, "run-experiment e.xml --root . -o out -q --summary");
    text = read_text("e.xml");
    at = strstr(text, "<set name='epochs' value='");
    cr_assert_not_null(at);
    at[strlen("<set name='epochs' value='")] ^= 1;
    text_write("changed.xml", text);
    EXITS(2, "run-experiment changed.xml --root . -o out -q");
    SAYS("holds a run with other settings");
    EXITS(2, "run-experiment changed.xml --root . -o out -q --summary");
    free(text);
    text = read_text("labels.csv");
    at = strstr(text, ",no,");
    file = fopen("labels.csv", "w");
    cr_assert(at != NULL && file != NULL);
    fprintf(file, "%.*s,yes,%s", (int)(at - text), text, at + strlen(",no,"));
    fclose(file);
    free(text);
    EXITS(2, "run-experiment e.xml --root . -o out -q");
    SAYS("holds a run with other images or labels");
    EXITS(0, "run-experiment e.xml --root . -o other -q");
}

/* The columns of results.csv that are measured; times differ, and so they may. */
static void same_figures(const char *a, const char *b)
{
    medtl_table *one = table(a), *other = table(b);

    cr_assert_eq(medtl_table_rows(one), medtl_table_rows(other));
    for (size_t c = 0; c < medtl_table_columns(one); c++) {
        const char *header = medtl_table_header(one, c);

        for (size_t i = 0; i < medtl_table_rows(one) && strstr(header, "seconds") == NULL; i++)
            cr_assert_str_eq(medtl_table_cell(one, i, c), medtl_table_cell(other, i, c), "%s",
                             header);
    }
    medtl_table_destroy(one);
    medtl_table_destroy(other);
}

Test(experiment, killed_again_and_again_goes_on_to_the_same_figures)
{
#define GO "run-experiment e.xml --root . -o out"
    static const double moments[] = {0.05, 0.13, 0.31, 0.22};
    char *summary;

    pictures_write(250);
    text_write("e.xml", EXPERIMENT);
    EXITS(2, GO " --summary");
    SAYS("no run is done yet");
    kill_when("out/runs/long-n20-s1/1-finetune/checkpoint.bin", 0.0, GO);
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
        kill_when(NULL, moments[i], i % 2 == 0 ? GO : GO " --jobs 2");
    cr_assert_eq(go_on(GO), 0, "%s", tool_output);
    cr_assert_null(strstr(tool_output, "short-n20-s1"), "what is done is not done twice: %s",
                   tool_output);
    SAYS("long-n60-s2");
    summary = read_text("out/summary.md");
    cr_assert_not_null(strstr(summary, "| 60 | long | 2 of 2 |"), "%s", summary);
    cr_assert(exists("out/results.csv") && exists("out/plots/macro_auc.png"));
    free(summary);
    EXITS(0, "run-experiment e.xml --root . -o whole -q --jobs 3 --threads 1");
    same_figures("whole/results.csv", "out/results.csv");
#undef GO
}

/* Ask it to stop once `path` is there. @return its exit status; `output` has what it said. */
static int stop_when(const char *path, const char *command, const char *output)
{
    const pid_t pid = start(command, output);
    int state = 0;

    wait_for(path);
    cr_assert_eq(kill(pid, SIGTERM), 0);
    cr_assert(waitpid(pid, &state, 0) == pid && WIFEXITED(state) && exists(path), "%s", path);
    return WEXITSTATUS(state);
}

/* The text with another one in the place of each of the first. Owned. */
static char *replaced(const char *whole, const char *old, const char *new)
{
    const char *rest = whole;
    char *text = calloc(1, 1 << 14);

    cr_assert_not_null(text);
    for (const char *at; (at = strstr(rest, old)) != NULL; rest = at + strlen(old)) {
        strncat(text, rest, (size_t)(at - rest));
        strcat(text, new);
    }
    return strcat(text, rest);
}

/* A run that is stopped is one of those to go, with one at a time and with several. */
Test(experiment, that_is_stopped_counts_the_runs_that_are_to_go)
{
    char *endless = replaced(EXPERIMENT, "<set name='epochs' value='1'/>",
                             "<set name='epochs' value='100000'/>"),
         *said;

    pictures_write(120);
    text_write("e.xml", endless);
    cr_expect_eq(stop_when("out/runs/short-n20-s1/1-finetune/history.csv",
                           "run-experiment e.xml --root . -o out", "said"),
                 1);
    said = read_text("said");
    cr_expect_not_null(strstr(said, "stopped with 8 of 8 runs to go"), "%s", said);
    free(said);
    cr_expect_eq(stop_when("two/runs/short-n20-s1/1-finetune/history.csv",
                           "run-experiment e.xml --root . -o two --jobs 8 --threads 1", "said"),
                 1);
    said = read_text("said");
    cr_expect(strstr(said, " of 8 runs to go") != NULL && strstr(said, "failed") == NULL, "%s",
              said);
    free(said);
    free(endless);
}

/* Where every run fails the command says how many; that nothing can be summed up is no news then. */
Test(experiment, of_which_every_run_fails_says_so)
{
    char *failing = replaced(EXPERIMENT, "<set name='width' value='4'/>",
                             "<set name='init' value='missing.safetensors'/>");

    pictures_write(120);
    text_write("e.xml", failing);
    EXITS(1, "run-experiment e.xml --root . -o out -q");
    SAYS("8 of 8 runs failed; there are no tables");
    EXITS(1, "run-experiment e.xml --root . -o out -q --jobs 2");
    SAYS("8 of 8 runs failed; there are no tables");
    cr_assert(!exists("out/summary.md"));
    free(failing);
}

#define SHARING(NAME, MORE, BATCH)                                                                                                          \
    "<experiment xmlns='urn:medtl:recipe:1' name='" NAME "' baseline='a'><title>T</title>"                                                  \
    "<question>Q?</question><data name='pictures' table='labels.csv' classes='no,yes' test='0' "                                            \
    "normaliser='" NORMALISER                                                                                                               \
    "'/><prepare name='source' recipe='self-supervised' data='pictures'>"                                                                   \
    "<set name='source' value='{root}/labels.csv'/><set name='source-folds' value='1,2,3,4'/>"                                              \
    "<set name='width' value='4'/><set name='epochs' value='1'/><set name='batch' value='" BATCH                                            \
    "'/></prepare>" MORE                                                                                                                    \
    "<arm name='a' recipe='kim2022-fe' data='pictures'><set name='width' value='4'/>"                                                       \
    "<set name='init' value='{source}/1-pretrain/backbone.safetensors'/><set name='augment' value='none'/><set name='variants' value='0'/>" \
    "<set name='epochs' value='1'/></arm><seeds>1</seeds><measures>macro_auc</measures></experiment>"
#define LABELLED                                                                                        \
    "<prepare name='labelled' recipe='kim2022-scratch' data='pictures'><set name='width' value='4'/>"   \
    "<set name='init' value='{source}/1-pretrain/backbone.safetensors'/><set name='epochs' value='1'/>" \
    "<set name='augment' value='none'/></prepare>"

static size_t folders_in(const char *pattern)
{
    glob_t found;
    const size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;

    globfree(&found);
    return count;
}

Test(experiment, shares_what_is_prepared_alike_and_nothing_else)
{
    pictures_write(60);
    text_write("one.xml", SHARING("one", LABELLED, "16"));
    text_write("two.xml", SHARING("two", LABELLED, "16"));
    text_write("three.xml", SHARING("three", "", "8"));
    EXITS(0, "run-experiment one.xml --root . -o one --prepared shared");
    cr_assert_eq(folders_in("shared/*-*"), 2);
    cr_assert(!exists("one/prepared"));
    cr_assert_eq(system("touch -d 2001-01-01 shared/*/1-*/*.safetensors"), 0);
    EXITS(0, "run-experiment two.xml --root . -o two --prepared shared");
    cr_assert_eq(folders_in("shared/*-*"), 2);
    cr_assert_eq(system("test -z \"$(find shared -name '*.safetensors' -newermt 2002-01-01)\""), 0,
                 "nothing was made again");
    cr_assert(same_bytes("one/runs/a-s1/2-evaluate/predictions.csv",
                         "two/runs/a-s1/2-evaluate/predictions.csv"));
    EXITS(0, "run-experiment three.xml --root . -o three --prepared shared");
    cr_assert_eq(folders_in("shared/*-*"), 3);
    EXITS(0, "run-experiment one.xml --root . -o alone");
    cr_assert(exists("alone/prepared/source/1-pretrain/backbone.safetensors"));
    cr_assert(same_bytes("one/runs/a-s1/2-evaluate/predictions.csv",
                         "alone/runs/a-s1/2-evaluate/predictions.csv"));
}

/* One table of labels, and a folder of other pictures to pretrain on. */
static void write_sharing(void)
{
    char *one = replaced(SHARING("one", LABELLED, "16"),
                         "<set name='source' value='{root}/labels.csv'/>"
                         "<set name='source-folds' value='1,2,3,4'/>",
                         "<set name='source' value='{root}/others'/>");

    pictures_write(60);
    cr_assert_eq(mkdir("others", 0777), 0);
    for (unsigned i = 0; i < 40; i++) {
        char path[64];

        snprintf(path, sizeof path, "others/%u.png", i);
        picture_write(path, 1000 + i, i % 2 == 1, false);
    }
    text_write("one.xml", one);
    free(one);
}

static bool any_model_is_new(void)
{
    return system("test -z \"$(find . -name '*.safetensors' -newermt 2002-01-01)\"") != 0;
}

/* Folders with and without a slash at their end, from here and from elsewhere, by a link and from the root: the same run. */
Test(experiment, shares_what_is_prepared_however_its_folders_are_spelled)
{
    char here[400];

    write_sharing();
    cr_assert(getcwd(here, sizeof here) != NULL && mkdir("sub", 0777) == 0 &&
              symlink(".", "link") == 0);
    EXITS(0, "run-experiment one.xml --root . -o out --prepared shared");
    cr_assert_eq(folders_in("shared/*-*"), 2);
    cr_assert_eq(system("find . -name '*.safetensors' -exec touch -d 2001-01-01 {} +"), 0);
    cr_assert(!any_model_is_new());
    EXITS(0, "run-experiment one.xml --root ./ -o out/ --prepared shared/");
    EXITS(0, "run-experiment one.xml --root link -o link/out --prepared link//shared");
    EXITS(0, "run-experiment one.xml --root %s -o %s/out --prepared %s/shared", here, here, here);
    cr_assert_eq(chdir("sub"), 0);
    EXITS(0, "run-experiment ../one.xml --root .. -o ../out --prepared ../shared");
    cr_assert_eq(chdir(".."), 0);
    cr_expect_eq(folders_in("shared/*-*"), 2);
    cr_expect_not(any_model_is_new());
    cr_assert_eq(unlink("out/runs/a-s1/2-evaluate/stage.json"), 0); /* to be gone on with */
    cr_assert_eq(chdir("sub"), 0);
    EXITS(0, "run-experiment ../one.xml --root ../sub/.. -o ../out/ --prepared ../shared");
    cr_assert_eq(chdir(".."), 0);
    cr_expect(exists("out/runs/a-s1/2-evaluate/stage.json") && !any_model_is_new());
}

/* A prepared run that is another one than the experiment's now: no option of run-experiment starts it anew. */
Test(experiment, says_how_a_prepared_run_is_made_anew)
{
    pictures_write(60);
    text_write("one.xml", SHARING("one", "", "16"));
    text_write("three.xml", SHARING("three", "", "8"));
    EXITS(0, "run-experiment one.xml --root . -o out");
    cr_assert_eq(system("rm -r out/runs"), 0);
    EXITS(2, "run-experiment three.xml --root . -o out");
    SAYS("out/prepared/source: holds a run with other parameters");
    SAYS("without this folder it is made anew");
    cr_expect_null(strstr(tool_output, "--force"), "%s", tool_output);
    cr_assert_eq(system("rm -r out/prepared/source"), 0);
    EXITS(0, "run-experiment three.xml --root . -o out");
}

/* A folder that cannot be made is no folder that somebody works in. */
Test(experiment, does_not_wait_for_what_can_never_be_prepared)
{
    char *said;

    pictures_write(60);
    text_write("one.xml", SHARING("one", "", "16"));
    text_write("shared", "a file");
    cr_assert_eq(system("timeout 60 '" MEDTL_BINARY_DIR "/bin/medtl' run-experiment one.xml "
                        "--root . -o out --prepared shared >said 2>&1; test $? = 3"),
                 0);
    said = read_text("said");
    cr_expect(strstr(said, "shared") != NULL && strstr(said, "waiting for") == NULL, "%s", said);
    free(said);
}

/* All of them find the folder free for a moment; one prepares, and the others wait until it is done. */
Test(experiment, that_prepares_the_same_as_others_at_the_same_time_waits_for_them)
{
    static const char *const said[] = {"said0", "said1", "said2", "said3"};
    pid_t pids[4];

    pictures_write(60);
    text_write("one.xml", SHARING("one", LABELLED, "16"));
    for (size_t i = 0; i < 4; i++) {
        char command[200];

        snprintf(command, sizeof command,
                 "run-experiment one.xml --root . -o out%zu --prepared shared --threads 1", i);
        pids[i] = start(command, said[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        int state = 0;

        cr_assert_eq(waitpid(pids[i], &state, 0), pids[i]);
        cr_expect_eq(state, 0, "%s", read_text(said[i]));
    }
    cr_expect_eq(folders_in("shared/*-*"), 2);
}

/* The table's numbers, worked out again from results.csv: two seeds, so t has one degree of freedom (12.706). */
Test(experiment, summarises_what_the_runs_measured)
{
    medtl_table *results;
    double value[2][2] = {{0}}, mean, sd, difference, p;

    pictures_write(250);
    text_write("e.xml", EXPERIMENT);
    EXITS(0, "run-experiment e.xml --root . -o out -q");
    results = table("out/results.csv");
    cr_assert_eq(medtl_table_rows(results), 8);
    for (size_t i = 0; i < 8; i++) {
        const bool is_long = strcmp(medtl_table_cell(results, i, 0), "long") == 0;
        const size_t seed =
            (size_t)strtoul(medtl_table_cell(results, i, medtl_table_column(results, "seed")), NULL,
                            10) -
            1;

        if (strcmp(medtl_table_cell(results, i, medtl_table_column(results, "labelled")), "60") ==
            0)
            value[is_long][seed] = strtod(
                medtl_table_cell(results, i, medtl_table_column(results, "macro_auc")), NULL);
    }
    mean = (value[1][0] + value[1][1]) / 2.0;
    sd = fabs(value[1][0] - value[1][1]) / sqrt(2.0);
    difference = (value[1][0] - value[0][0] + value[1][1] - value[0][1]) / 2.0;
    cr_assert(fabs(json_number("out/summary.json", "arms/3/macro_auc/mean") - mean) < 2e-6);
    cr_assert(fabs(json_number("out/summary.json", "arms/3/macro_auc/sd") - sd) < 4e-6);
    cr_assert(fabs(json_number("out/summary.json", "arms/3/macro_auc/high") -
                   fmin(mean + 12.706 * sd / sqrt(2.0), 1.0)) < 1e-3 * (1.0 + sd));
    cr_assert(fabs(json_number("out/summary.json", "arms/3/macro_auc/low") -
                   fmax(mean - 12.706 * sd / sqrt(2.0), 0.0)) < 1e-3 * (1.0 + sd));
    cr_assert(fabs(json_number("out/summary.json", "arms/3/macro_auc_less_baseline/mean") -
                   difference) < 2e-6);
    p = json_number("out/summary.json", "arms/3/macro_auc_less_baseline/p");
    cr_assert(isnan(p) || (p > 0.0 && p <= 1.0));
    medtl_table_destroy(results);
}

Test(experiment, names_what_is_not_enough)
{
    pictures_write(60);
    text_write("e.xml", EXPERIMENT);
    EXITS(2, "run-experiment e.xml --root . -o out --dry-run -q");
    SAYS("60 labelled images are asked for; 48 are there");
    pictures_write(250);
    text_write("e.xml", EXPERIMENT_WITH("<set name='finetune.nonsense' value='1'/>"));
    EXITS(1, "run-experiment e.xml --root . -o out --dry-run -q");
    SAYS("there is no option --nonsense");
    EXITS(2, "run-experiment e.xml --root . -q");
    SAYS("--root and -o are needed");
}
