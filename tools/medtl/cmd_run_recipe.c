/* medtl run-recipe: a published way to train, from images to a report, by one command. */
#include "cmd.h"
#include "labels_options.h"
#include "options.h"
#include "progress.h"
#include "recipe_run.h"
#include "repeated.h"
#include "run_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOM = 32 };

static const char USAGE[] =
    "usage: medtl run-recipe NAME --data labels.csv --task TASK --test-folds F -o RUN_FOLDER [options]\n"
    "\n"
    "Carries out a recipe: stages such as pretrain, finetune and evaluate, one after the other, each a\n"
    "command of medtl with the settings that a publication gives. RUN_FOLDER then holds the settings,\n"
    "code version and data digests (run.json), a folder for each stage, and report.html with plots.\n"
    "A run that was stopped, or killed, goes on where it was when the same command is given again.\n"
    "\n"
    "Without further options, `medtl run-recipe NAME` explains a recipe and its parameters, and\n"
    "`medtl run-recipe` lists them all.\n"
    "\n"
    "Examples:\n"
    "  medtl run-recipe kim2022-fe\n"
    "  medtl run-recipe kim2022-fe --data skin/labels.csv --columns label=dx,group=lesion_id,fold=fold5 \\\n"
    "      --task dermoscopy --test-folds 0 --validation-folds 1 --set init=imagenet.safetensors -o run1/\n"
    "  medtl run-recipe romero2020 ... --set epochs=20 --set finetune.lr=0.0005 -o run2/\n";

typedef struct run_options {
    recipe_inputs inputs;
    const char *recipe, *init, *source;
    uint64_t examples;
    bool force, dry_run, quiet;
} run_options;

static size_t fill_table(run_options *o, option *out)
{
    recipe_inputs *in = &o->inputs;
    static const char *set; /* for the help alone: repeated.h takes these out of the command line */
    const option table[] = {
        {OPTION_HEADING, .help = "What"},
        {OPTION_WORD, "recipe", 0, "NAME", &o->recipe, 0, 0, SHAPES_NOTHING,
         "recipe, or its XML file; without: the list"},
        {OPTION_TEXT, "set", 0, "NAME=VALUE", &set, 0, 0, SHAPES_NOTHING,
         "another value for a parameter of the recipe, or for an option of a stage (STAGE.OPTION=VALUE, or STAGE.OPTION= where it takes none); as often as needed"},
        {OPTION_TEXT, "init", 0, "MODEL", &o->init, 0, 0, SHAPES_NOTHING,
         "the same as --set init=MODEL"},
        {OPTION_TEXT, "source", 0, "PATH", &o->source, 0, 0, SHAPES_NOTHING,
         "the same as --set source=PATH: images without labels to pretrain on"},
        {OPTION_HEADING, .help = "Labelled images (as for finetune)"},
        {OPTION_TEXT, "data", 0, "FILE", &in->labels.data, 0, 0, SHAPES_NOTHING,
         "CSV table of the images"},
        labels_root_option(&in->labels),
        labels_columns_option(&in->labels, SHAPES_NOTHING),
        labels_map_option(&in->labels, SHAPES_NOTHING),
        {OPTION_TEXT, "task", 0, "NAME|FILE.xml", &in->task, 0, 0, SHAPES_NOTHING,
         "task that gives normaliser and classes"},
        {OPTION_TEXT, "normaliser", 0, "TEXT", &in->normaliser, 0, 0, SHAPES_NOTHING,
         "normaliser in its canonical spelling, instead of the task's"},
        {OPTION_TEXT, "classes", 0, "A,B,...", &in->classes, 0, 0, SHAPES_NOTHING,
         "classes in the order of the outputs, instead of the task's"},
        {OPTION_TEXT, "test-folds", 0, "FOLDS", &in->test_folds, 0, 0, SHAPES_NOTHING,
         "folds that the last stage measures on, and no other looks at"},
        {OPTION_TEXT, "validation-folds", 0, "FOLDS", &in->validation_folds, 0, 0, SHAPES_NOTHING,
         "folds to choose the epoch and calibrate by"},
        {OPTION_HEADING, .help = "Run"},
        {OPTION_TEXT, "output", 'o', "FOLDER", &in->run_folder, 0, 0, SHAPES_NOTHING, "run folder"},
        {OPTION_FLAG, "force", 0, "", &o->force, 0, 0, SHAPES_NOTHING,
         "start anew in a folder that holds a run"},
        {OPTION_FLAG, "dry-run", 0, "", &o->dry_run, 0, 0, SHAPES_NOTHING,
         "print the stages' command lines and check them; run nothing"},
        {OPTION_WHOLE, "examples", 0, "N", &o->examples, 0, 24, SHAPES_NOTHING,
         "images of the test folds that the report shows with heat maps (medtl explain)"},
        {OPTION_WHOLE, "seed", 0, "N", &in->seed, 0, 9e15, SHAPES_NOTHING, "of everything random"},
        {OPTION_WHOLE, "threads", 0, "N", &in->threads, 1, 1024, SHAPES_NOTHING, "for arithmetic"},
        {OPTION_FLAG, "quiet", 'q', "", &o->quiet, 0, 0, SHAPES_NOTHING, "say nothing but errors"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static void set_defaults(run_options *o)
{
    memset(o, 0, sizeof *o);
    o->inputs.anew = "--force starts anew";
    o->inputs.seed = 1;
    o->inputs.threads = available_threads();
    o->examples = 8;
}

static medtl_status list_recipes(medtl_error *err)
{
    char *names = NULL, *rest = NULL;
    medtl_status status = medtl_recipe_names(&names, err);

    for (char *name = status == MEDTL_OK ? strtok_r(names, ", ", &rest) : NULL; name != NULL;
         name = strtok_r(NULL, ", ", &rest)) {
        medtl_recipe *recipe = NULL;

        if ((status = medtl_recipe_load(name, &recipe, err)) != MEDTL_OK)
            break;
        printf("%-18s %s\n", recipe->name, recipe->title);
        medtl_recipe_destroy(recipe);
    }
    free(names);
    return status;
}

static void explain(const medtl_recipe *r)
{
    printf("%s: %s\n\nsource     %s\npublished  %s\n", r->name, r->title, r->source, r->published);
    for (size_t i = 0; i < r->deviation_count; i++)
        printf("deviation  %s\n", r->deviations[i]);
    printf("\nparameters (--set NAME=VALUE)\n");
    for (size_t i = 0; i < r->parameter_count; i++)
        printf("  %-20s %s [%s]\n", r->parameters[i].name, r->parameters[i].help,
               r->parameters[i].value != NULL ? r->parameters[i].value : "needed");
    printf("\nstages\n");
    for (size_t i = 0; i < r->stage_count; i++) {
        printf("  %-20s medtl %s", r->stages[i].name, r->stages[i].command);
        for (size_t k = 0; k < r->stages[i].option_count; k++)
            printf(" --%s%s%s", r->stages[i].options[k].name,
                   r->stages[i].options[k].value != NULL ? " " : "",
                   r->stages[i].options[k].value != NULL ? r->stages[i].options[k].value : "");
        putchar('\n');
    }
}

/* --init X is --set init=X. */
static medtl_status add_shortcuts(const run_options *o, repeated *sets, medtl_error *err)
{
    const char *const names[] = {"init", "source"}, *const values[] = {o->init, o->source};
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < 2 && status == MEDTL_OK; i++)
        if (values[i] != NULL)
            status = repeated_add(sets, names[i], values[i], err);
    return status;
}

static bool needs_table(const medtl_recipe *recipe)
{
    for (size_t i = 0; i < recipe->stage_count; i++)
        if (recipe->stages[i].data == MEDTL_STAGE_LABELLED ||
            recipe->stages[i].data == MEDTL_STAGE_TEST)
            return true;
    return false;
}

static medtl_status run(run_options *o, const medtl_recipe *recipe, bool *incomplete,
                        medtl_error *err)
{
    recipe_outcome outcome;
    medtl_status status;

    if (o->inputs.run_folder == NULL && !o->dry_run)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "-o RUN_FOLDER is needed (see --help)");
    if (o->inputs.run_folder == NULL)
        o->inputs.run_folder = "RUN";
    if (o->dry_run)
        return recipe_check(recipe, &o->inputs, !o->quiet, err);
    if (o->inputs.labels.data == NULL && needs_table(recipe))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--data is needed (see --help)");
    o->inputs.examples = (size_t)o->examples;
    status = recipe_run(recipe, &o->inputs, o->force, !o->quiet, &outcome, err);
    *incomplete = outcome.incomplete;
    if (status == MEDTL_OK && !o->quiet)
        printf("%zu stages, %.0f s; report: %s/report.html\n", outcome.stages, outcome.seconds,
               o->inputs.run_folder);
    return status;
}

int cmd_run_recipe(int argc, char **argv)
{
    option table[OPTION_ROOM];
    run_options o;
    repeated sets = {0};
    medtl_recipe *recipe = NULL;
    medtl_error err = {0};
    bool help = false, incomplete = false;
    medtl_status status = repeated_take(&argc, argv, "--set", &sets, &err);
    const bool alone = argc == 2;

    set_defaults(&o);
    if (status == MEDTL_OK)
        status = options_parse(USAGE, table, fill_table(&o, table), argc, argv, &help, &err);
    if (status == MEDTL_OK && !help && o.recipe == NULL) {
        status = list_recipes(&err);
    } else if (status == MEDTL_OK && !help &&
               (status = add_shortcuts(&o, &sets, &err)) == MEDTL_OK &&
               (status = medtl_recipe_load(o.recipe, &recipe, &err)) == MEDTL_OK) {
        watch_for_stop();
        o.inputs.sets = sets.texts;
        o.inputs.set_count = sets.count;
        if (alone)
            explain(recipe);
        else
            status = run(&o, recipe, &incomplete, &err);
    }
    medtl_recipe_destroy(recipe);
    repeated_clear(&sets);
    if (status == MEDTL_OK)
        return incomplete ? EXIT_INCOMPLETE : EXIT_DONE;
    if (status == MEDTL_E_CANCELLED)
        fprintf(stderr, "medtl run-recipe: the same command goes on\n");
    return report_failure("run-recipe", &err);
}
