/* dcm-medtl: the clinical command line. Finds the command and hands over. */
#include "arguments.h"
#include "cmd.h"
#include "dicom/logging.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const command commands[] = {
    {"classify", "analyse studies and write a Structured Report for each", cmd_classify},
    {"inspect", "explain one file: which task takes it, its pixels, its probabilities",
     cmd_inspect},
    {"tasks", "list and check the configured tasks and their models", cmd_tasks},
    {"show", "print the content of a Structured Report, anybody's", cmd_show},
    {"verify", "say whether a report is what its images give", cmd_verify},
    {"phantom", "make synthetic studies to try all this on", cmd_phantom},
    {"deidentify", "write images and reports without what identifies the patient", cmd_deidentify},
    {"wrap", "make DICOM objects from JPEG and PNG pictures", cmd_wrap},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static int usage(FILE *stream, int exit_code)
{
    fputs("usage: dcm-medtl COMMAND [options]\n"
          "\n"
          "Reads DICOM mammograms and dermoscopic images, classifies them with a convolutional\n"
          "network and writes DICOM Structured Reports. It supports a clinician; it does not\n"
          "diagnose.\n"
          "\n",
          stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n"
          "  dcm-medtl COMMAND --help   explains a command, with examples\n"
          "  dcm-medtl --version        prints the version\n"
          "\n"
          "First steps:\n"
          "  dcm-medtl tasks                        what is it configured to do?\n"
          "  dcm-medtl inspect image.dcm            what would it do with this file?\n"
          "  dcm-medtl classify study/ -o reports/  do it\n",
          stream);
    return exit_code;
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return usage(stdout, EXIT_DONE);
    if (strcmp(argv[1], "--version") == 0) {
        puts("dcm-medtl " MEDTL_VERSION);
        return EXIT_DONE;
    }
    medtl_dicom_quiet_logs(); /* failures come back with the file's name; two voices would confuse */
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);

    fprintf(stderr, "dcm-medtl: unknown command '%s'\n", argv[1]);
    return usage(stderr, EXIT_USAGE);
}

/* What was printed may still lie in a buffer, and whoever reads it may have no room: asked once here, for all
 * commands. A worse exit code stays. Why is known of what was in the buffer last, which is all of a short output. */
static int finish(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    complain("cannot write the output: %s",
             errno != 0 ? strerror(errno) : "not all of it was taken: no room, or no reader");
    return code == EXIT_DONE ? EXIT_CANNOT_RUN : code;
}

int main(int argc, char **argv) { return finish(run(argc, argv)); }
