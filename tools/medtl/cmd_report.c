/* medtl report: what lies in a run folder, as one page. */
#include "cmd.h"
#include "options.h"
#include "report.h"

#include <stdio.h>

static const char USAGE[] =
    "usage: medtl report FOLDER\n"
    "\n"
    "Writes FOLDER/report.html, one file without references outwards, from what run-recipe, finetune,\n"
    "pretrain or evaluate left in the folder: results with their intervals (metrics.json), ROC curves,\n"
    "confusion matrix and reliability (predictions.csv), learning curves (history.csv) and pictures.\n"
    "The charts lie in FOLDER/plots as SVG. run-recipe does this by itself at its end.\n"
    "\n"
    "Examples:\n"
    "  medtl report run1/\n"
    "  medtl evaluate --model run1/model.safetensors --data labels.csv --folds 0 \\\n"
    "      --json run1/metrics.json --predictions run1/predictions.csv && medtl report run1/\n";

int cmd_report(int argc, char **argv)
{
    const char *folder = NULL;
    const option table[] = {
        {OPTION_WORD, "folder", 0, "FOLDER", &folder, 0, 0, SHAPES_NOTHING,
         "with the files of a run"},
    };
    medtl_error err = {0};
    bool help = false;
    medtl_status status = options_parse(USAGE, table, 1, argc, argv, &help, &err);

    if (help)
        return EXIT_DONE;
    if (status == MEDTL_OK && folder == NULL)
        status = medtl_fail(&err, MEDTL_E_ARGUMENT, "FOLDER is needed (see --help)");
    if (status == MEDTL_OK)
        status = report_write(folder, &err);
    if (status != MEDTL_OK)
        return report_failure("report", &err);
    printf("%s/report.html\n", folder);
    return EXIT_DONE;
}
