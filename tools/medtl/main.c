/* medtl: the offline tools. Finds the command and hands over. */
#include "cmd.h"

#include "core/base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const command commands[] = {
    {"labels", "make a table of labels from Structured Reports", cmd_labels},
    {"pretrain", "train a network on images that nobody has labelled", cmd_pretrain},
    {"finetune", "train a model on labelled images", cmd_finetune},
    {"evaluate", "measure a model on labelled images it has not seen", cmd_evaluate},
    {"compare", "test whether two models differ on the same images", cmd_compare},
    {"explain", "show where in a picture a model found its answer", cmd_explain},
    {"inspect", "say what a model file is and holds", cmd_inspect},
    {"convert", "make a model of weights from elsewhere", cmd_convert},
    {"ensemble", "make one model of several that were trained alike", cmd_ensemble},
    {"balance", "make a model that misses rare classes less often", cmd_balance},
    {"temper", "make a model's probabilities say how often it is right", cmd_temper},
    {"calibrate", "make a faster model in whole numbers of 8 bits", cmd_calibrate},
    {"export", "write a model as an ONNX file, for other programs", cmd_export},
    {"run-recipe", "train as a publication did, from images to a report", cmd_run_recipe},
    {"run-experiment", "compare recipes over training sizes and seeds", cmd_run_experiment},
    {"report", "make a page with plots of a run", cmd_report},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static int usage(FILE *stream, int exit_code)
{
    fputs(
        "usage: medtl COMMAND [options]\n"
        "\n"
        "Makes and measures the models that dcm-medtl and the plugin use. Nothing here is needed\n"
        "to classify images. Models support a clinician; they do not diagnose.\n"
        "\n",
        stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stream, "  %-14s %s\n", commands[i].name, commands[i].summary);
    fputs(
        "\n"
        "  medtl COMMAND --help   explains a command, with examples\n"
        "  medtl --version        prints the version\n"
        "\n"
        "First steps, with a table labels.csv that has the columns file, label, group and fold\n"
        "(group: the patient or lesion; images of one group belong into one fold):\n"
        "\n"
        "  medtl finetune --data labels.csv --task dermoscopy --test-folds 0 --validation-folds 1 \\\n"
        "                 -o run1/\n"
        "  medtl evaluate --model run1/model.safetensors --data labels.csv --folds 0\n",
        stream);
    return exit_code;
}

int report_failure(const char *command_name, const medtl_error *err)
{
    fprintf(stderr, "medtl %s: %s\n", command_name,
            err->message[0] != '\0' ? err->message : medtl_status_name(err->status));
    switch (err->status) {
    case MEDTL_E_ARGUMENT:
    case MEDTL_E_CONFIG:
        return EXIT_USAGE;
    case MEDTL_E_CANCELLED:
        return EXIT_INCOMPLETE;
    default:
        return EXIT_CANNOT_RUN;
    }
}

/* What was printed is a result, too: on a full disk it must not be missing in silence. */
static int check_output(int exit_code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit_code;
    /* Why is known only of what was in the buffer last. */
    fprintf(stderr, "medtl: cannot write the output: %s\n",
            errno != 0 ? strerror(errno) : "not all of it was taken: no room, or no reader");
    return exit_code == EXIT_DONE ? EXIT_CANNOT_RUN : exit_code;
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return usage(stdout, EXIT_DONE);
    if (strcmp(argv[1], "--version") == 0) {
        puts("medtl " MEDTL_VERSION);
        return EXIT_DONE;
    }
    /* Much of it is written down, as JSON and in the model's file, and by then hours may have gone by. */
    for (int i = 2; i < argc; i++)
        if (!medtl_is_utf8(argv[i])) {
            fprintf(stderr, "medtl %s: word %d behind the command is not in UTF-8\n", argv[1],
                    i - 1);
            return EXIT_USAGE;
        }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);

    fprintf(stderr, "medtl: unknown command '%s'\n", argv[1]);
    return usage(stderr, EXIT_USAGE);
}

int main(int argc, char **argv) { return check_output(run(argc, argv)); }
