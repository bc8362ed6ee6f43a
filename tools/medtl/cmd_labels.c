/* medtl labels: a table of labels from Structured Reports. */
#include "cmd.h"
#include "options.h"
#include "progress.h"
#include "sr_labels.h"

#include <stdio.h>
#include <stdlib.h>

static const char USAGE[] =
    "usage: medtl labels PATH... -o LABELS.csv (--task NAME | --label-codes FILE) [options]\n"
    "\n"
    "Reads images and DICOM Structured Reports (TID 1500, Mammography CAD, plain findings; medtl's, a clinician's or\n"
    "another maker's), finds what class the reports say of each image, and writes a table for medtl finetune and\n"
    "evaluate: file, label, group (patient), fold, by (person or algorithm), report. PATH is a file, a folder, a\n"
    "DICOMDIR or a zip archive. What a person says goes before what an algorithm says; the word of algorithms alone is\n"
    "taken only with --algorithm-reports, since a model must not learn from its own answers unawares.\n"
    "The table holds no patient's name, number or date; names of files may.\n"
    "\n"
    "  medtl labels archive/ -o labels.csv --task dermoscopy\n"
    "  medtl labels archive/ -o labels.csv --task mammography --label-codes bi-rads.csv --prefer cancer\n"
    "\n"
    "Where bi-rads.csv is:\n"
    "  value,scheme,class\n"
    "  1,BI-RADS,no-cancer\n"
    "  2,BI-RADS,no-cancer\n"
    "  6,BI-RADS,cancer\n"
    "\n"
    "Exit code: 0 done; 1 done, but files could not be read (each was named); 2 wrong command line; 3 no image has a\n"
    "label, or it could not run.\n";

typedef struct labels_command {
    const char *task, *classes, *codes, *out, *left_out;
    sr_labels_options how;
    option_words paths;
} labels_command;

static medtl_status make(labels_command *c, size_t *incomplete, medtl_error *err)
{
    target t = {0};
    medtl_status status;

    if (c->paths.count == 0 || c->out == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "PATH and -o LABELS.csv are needed (see --help)");
    if ((status = target_resolve_classes(c->task, c->classes, &t, err)) == MEDTL_OK) {
        c->how.paths = c->paths.items;
        c->how.path_count = c->paths.count;
        status = sr_labels_make(&c->how, &t, c->codes, c->out, c->left_out, incomplete, err);
    }
    target_clear(&t);
    return status;
}

int cmd_labels(int argc, char **argv)
{
    labels_command c = {.how = {.folds = 5}};
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_TEXT, "output", 'o', "LABELS.csv", &c.out, 0, 0, SHAPES_NOTHING,
         "table to write; an old one is replaced"},
        {OPTION_TEXT, "left-out", 0, "FILE.csv", &c.left_out, 0, 0, SHAPES_NOTHING,
         "write the images and reports that are not used, with the reason"},
        {OPTION_TEXT, "task", 0, "NAME|FILE.xml", &c.task, 0, 0, SHAPES_NOTHING,
         "task whose classes and codes the labels are"},
        {OPTION_TEXT, "classes", 0, "A,B,...", &c.classes, 0, 0, SHAPES_NOTHING,
         "classes, instead of the task's"},
        {OPTION_TEXT, "label-codes", 0, "FILE.csv", &c.codes, 0, 0, SHAPES_NOTHING,
         "which code means which class: columns value, scheme, class"},
        {OPTION_FLAG, "algorithm-reports", 0, "", &c.how.algorithms, 0, 0, SHAPES_NOTHING,
         "take what an algorithm said where no person said anything"},
        {OPTION_TEXT, "prefer", 0, "A,B,...", &c.how.prefer, 0, 0, SHAPES_NOTHING,
         "of several classes said of one image, the first of these"},
        {OPTION_WHOLE, "folds", 0, "N", &c.how.folds, 1, 1000, SHAPES_NOTHING,
         "deal the groups into so many folds"},
        {OPTION_WORDS, "path", 0, "PATH", &c.paths, 0, 0, SHAPES_NOTHING, "images and reports"},
    };
    const size_t count = sizeof table / sizeof table[0];
    size_t incomplete = 0;
    bool help = false;
    medtl_error err = {0};
    medtl_status status = options_parse(USAGE, table, count, argc, argv, &help, &err);
    int code = EXIT_DONE;

    if (!help) {
        watch_for_stop();
        if (status == MEDTL_OK)
            status = make(&c, &incomplete, &err);
        code = status != MEDTL_OK ? report_failure("labels", &err)
               : incomplete > 0   ? EXIT_INCOMPLETE
                                  : EXIT_DONE;
    }
    free(c.paths.items);
    return code;
}
