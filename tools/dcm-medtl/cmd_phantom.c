/* dcm-medtl phantom: synthetic studies to try the product on. */
#include "cmd.h"

#include "dicom/phantom/phantom.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(FILE *stream, int exit_code)
{
    fputs("usage: dcm-medtl phantom -o FOLDER [--seed N]\n"
          "\n"
          "Makes two synthetic DICOM studies of nobody, as a CD holds them: a four-view mammography\n"
          "exam with one view For Processing, and a dermoscopy study. Ten files, ten transfer syntaxes.\n"
          "\n"
          "  -o FOLDER   where to; made if need be\n"
          "  --seed N    another number makes other patients (default 1); the same one, the same bytes\n"
          "\n"
          "  dcm-medtl phantom -o phantom && dcm-medtl classify phantom -o reports\n",
          stream);
    return exit_code;
}

/* A whole number without sign. @return false where `text` is anything else. */
static bool parse_seed(const char *text, uint64_t *seed)
{
    char *end;

    errno = 0;
    *seed = strtoull(text, &end, 10);
    return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0;
}

int cmd_phantom(int argc, char **argv)
{
    const char *folder = NULL;
    uint64_t seed = 1;
    medtl_error err;
    medtl_status status;
    size_t files = 0;

    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;

        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return usage(stdout, EXIT_DONE);
        if (strcmp(argv[i], "-o") == 0 && more && argv[i + 1][0] != '\0') {
            folder = argv[++i];
        } else if (strcmp(argv[i], "--seed") == 0 && more && parse_seed(argv[i + 1], &seed)) {
            i++;
        } else {
            fprintf(stderr, "dcm-medtl phantom: cannot make sense of '%s'\n", argv[i]);
            return usage(stderr, EXIT_USAGE);
        }
    }
    if (folder == NULL) {
        fputs("dcm-medtl phantom: -o FOLDER is missing\n", stderr);
        return usage(stderr, EXIT_USAGE);
    }
    status = medtl_phantom_write(folder, seed, &files, &err);
    if (status != MEDTL_OK) {
        fprintf(stderr, "dcm-medtl phantom: %s\n", err.message);
        return EXIT_CANNOT_RUN;
    }
    printf("%zu DICOM files in %s\n", files, folder);
    return EXIT_DONE;
}
