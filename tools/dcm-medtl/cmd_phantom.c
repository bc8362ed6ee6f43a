/* dcm-medtl phantom: synthetic studies to try the product on. */
#include "arguments.h"
#include "cmd.h"
#include "dicom/phantom/phantom.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>

static const char help[] =
    "usage: dcm-medtl phantom -o FOLDER [--seed N]\n"
    "\n"
    "Makes two synthetic DICOM studies of nobody, as a CD holds them: a four-view mammography "
    "exam\n"
    "with one more view For Processing, and a dermoscopy study. Ten files, ten transfer syntaxes.\n"
    "\n"
    "  -o, --output FOLDER   where to; made if need be\n"
    "  --seed N              another number makes other pictures (default 1); the same one, the\n"
    "                        same bytes\n"
    "  -h, --help            this text\n"
    "\n"
    "Example:\n"
    "  dcm-medtl phantom -o phantom && dcm-medtl classify phantom -o reports\n"
    "\n"
    "Exit code: 0 done; 2 wrong command line; 3 it could not run.\n";

typedef struct arguments {
    const char *folder;
    long seed;
    bool help;
} arguments;

static int parse(int argc, char **argv, arguments *a)
{
    enum { OPTION_SEED = 256 };
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"seed", required_argument, NULL, OPTION_SEED},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, ":ho:", options, NULL)) != -1)
        switch (option) {
        case 'o':
            a->folder = optarg;
            break;
        case OPTION_SEED:
            if (!parse_number("--seed", optarg, 0, LONG_MAX, &a->seed))
                return EXIT_USAGE;
            break;
        case 'h':
            a->help = true;
            return EXIT_DONE;
        case ':':
            return wrong_usage("phantom", "%s needs a value", argv[optind - 1]);
        default:
            return wrong_usage("phantom", "unknown option %s", argv[optind - 1]);
        }
    if (optind < argc)
        return wrong_usage("phantom", "what is %s for?", argv[optind]);
    if (a->folder == NULL || a->folder[0] == '\0')
        return wrong_usage("phantom", "-o FOLDER is missing");
    return EXIT_DONE;
}

int cmd_phantom(int argc, char **argv)
{
    arguments a = {.seed = 1};
    medtl_status status;
    medtl_error err;
    size_t files = 0;
    const int wrong = parse(argc, argv, &a);

    if (wrong != EXIT_DONE)
        return wrong;
    if (a.help) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    status = medtl_phantom_write(a.folder, (uint64_t)a.seed, &files, &err);
    if (status != MEDTL_OK) {
        complain("%s", err.message);
        return EXIT_CANNOT_RUN;
    }
    printf("%zu DICOM files in %s\n", files, a.folder);
    return EXIT_DONE;
}
