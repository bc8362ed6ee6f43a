/* dcm-medtl phantom: synthetic studies to try the product on. */
#include "arguments.h"
#include "cmd.h"
#include "dicom/phantom/phantom.h"

#include <stdio.h>

static const char help[] =
    "usage: dcm-medtl phantom -o FOLDER [--seed N]\n"
    "\n"
    "Makes two synthetic DICOM studies of nobody, as a CD holds them: a four-view mammography "
    "exam\n"
    "with one more view For Processing, and a dermoscopy study. Ten files, ten transfer syntaxes.\n"
    "\n"
    "Example:\n"
    "  dcm-medtl phantom -o phantom && dcm-medtl classify phantom -o reports\n"
    "\n"
    "Exit code: 0 done; 2 wrong command line; 3 it could not run.\n";

typedef struct arguments {
    const char *folder;
    uint64_t seed;
} arguments;

static int parse(int argc, char **argv, arguments *a)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_TEXT, "output", 'o', "FOLDER", &a->folder, 0, 0, SHAPES_NOTHING,
         "where to; made if need be"},
        {OPTION_WHOLE, "seed", 0, "N", &a->seed, 0, 9.2e18, SHAPES_NOTHING,
         "another number makes other pictures; the same one, the same bytes"},
    };
    const int code =
        take_arguments("phantom", help, table, sizeof table / sizeof table[0], argc, argv);

    if (code < 0 && (a->folder == NULL || a->folder[0] == '\0'))
        return wrong_usage("phantom", "-o FOLDER is missing");
    return code;
}

int cmd_phantom(int argc, char **argv)
{
    arguments a = {.seed = 1};
    medtl_status status;
    medtl_error err;
    size_t files = 0;
    const int wrong = parse(argc, argv, &a);

    if (wrong >= 0)
        return wrong;
    status = medtl_phantom_write(a.folder, a.seed, &files, &err);
    if (status != MEDTL_OK) {
        complain("%s", err.message);
        return EXIT_CANNOT_RUN;
    }
    printf("%zu DICOM files in %s\n", files, a.folder);
    return EXIT_DONE;
}
