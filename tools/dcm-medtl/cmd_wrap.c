/* dcm-medtl wrap: DICOM objects from ordinary pictures, one or a table of them. */
#include "arguments.h"
#include "cmd.h"
#include "core/base/file.h"
#include "csv_read.h"
#include "dicom/wrap/wrap.h"
#include "medtl/study.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: dcm-medtl wrap PICTURE --as KIND -o FILE.dcm [--set KEYWORD=VALUE]...\n"
    "       dcm-medtl wrap --csv TABLE -o FOLDER [--as KIND] [--set KEYWORD=VALUE]...\n"
    "\n"
    "Makes DICOM objects from JPEG or PNG pictures, so that data sets kept as pictures can be\n"
    "analysed like images from a PACS. A JPEG's compressed pixels stay as they are wherever DICOM\n"
    "allows it; Exif data and comments are left out. Nothing is made up: attributes that the\n"
    "object must have and that a picture does not tell have to be given.\n"
    "\n"
    "  --as KIND             dermoscopy (Dermoscopic Photography), photograph (VL Photographic)\n"
    "                        or mammogram (Digital Mammography, For Presentation)\n"
    "  -o, --output PATH     the file to write; with --csv the folder, made if need be\n"
    "  --set KEYWORD=VALUE   an attribute: PatientID=7, ImageLaterality=L, ViewPosition=MLO; several\n"
    "                        values with a backslash; a code as VALUE:SCHEME:MEANING\n"
    "  --csv TABLE           one object for each line; a column \"file\" (relative to the table's\n"
    "                        folder), perhaps \"as\" and \"output\" (relative to FOLDER; without it\n"
    "                        00001.dcm, 00002.dcm ...), and a column for each attribute, named by\n"
    "                        its keyword; empty cells are left out\n"
    "  --incomplete          write also where an attribute that must be given is not; the object is\n"
    "                        not valid then\n"
    "  -h, --help            this text\n"
    "\n"
    "Examples:\n"
    "  dcm-medtl wrap photo.jpg --as photograph -o photo.dcm --set PatientID=7 \\\n"
    "      --set AcquisitionDateTime=20260102101500\n"
    "  dcm-medtl wrap left.png --as mammogram -o left.dcm --set ImageLaterality=L \\\n"
    "      --set ViewPosition=CC --set 'ImagerPixelSpacing=0.07\\0.07' --set 'PatientOrientation=A\\R'\n"
    "  dcm-medtl wrap --csv lesions.csv --as dermoscopy -o study/ && dcm-medtl classify study/ -o "
    "out/\n"
    "\n"
    "Exit code: 0 all were written; 1 some were not, each is named; 2 wrong command line or table; 3\n"
    "it could not run.\n";

enum { ATTRIBUTE_LIMIT = 1200, OPTION_AS = 256, OPTION_SET, OPTION_CSV, OPTION_INCOMPLETE };

typedef struct arguments {
    const char *kind, *output, *table, *picture;
    bool incomplete;
    medtl_wrap_attribute attributes[ATTRIBUTE_LIMIT]; /* those of --set, then those of a line */
    size_t given;
} arguments;

/* ---- the command line ------------------------------------------------------------------ */

static int take_attribute(arguments *a, char *text)
{
    char *sign = strchr(text, '=');

    if (sign == NULL || sign == text)
        return wrong_usage("wrap", "--set takes KEYWORD=VALUE, not '%s'", text);
    if (a->given == ATTRIBUTE_LIMIT / 2)
        return wrong_usage("wrap", "--set is given more than %d times", ATTRIBUTE_LIMIT / 2);
    *sign = '\0';
    a->attributes[a->given++] = (medtl_wrap_attribute){text, sign + 1};
    return -1;
}

/* @return -1 to go on, else the exit code. */
static int take_option(arguments *a, int option, const char *given)
{
    switch (option) {
    case 'o':
        a->output = optarg;
        return -1;
    case OPTION_AS:
        a->kind = optarg;
        return -1;
    case OPTION_SET:
        return take_attribute(a, optarg);
    case OPTION_CSV:
        a->table = optarg;
        return -1;
    case OPTION_INCOMPLETE:
        a->incomplete = true;
        return -1;
    case 'h':
        fputs(help, stdout);
        return EXIT_DONE;
    case ':':
        return wrong_usage("wrap", "%s needs a value", given);
    default:
        return wrong_usage("wrap", "unknown option %s", given);
    }
}

static int parse(int argc, char **argv, arguments *a)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"as", required_argument, NULL, OPTION_AS},
                                            {"set", required_argument, NULL, OPTION_SET},
                                            {"csv", required_argument, NULL, OPTION_CSV},
                                            {"incomplete", no_argument, NULL, OPTION_INCOMPLETE},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
        const int code = take_option(a, option, argv[optind - 1]);

        if (code >= 0)
            return code;
    }
    if (argc - optind > 1)
        return wrong_usage("wrap", "what is %s for?", argv[optind + 1]);
    a->picture = optind < argc ? argv[optind] : NULL;
    if ((a->picture == NULL) == (a->table == NULL))
        return wrong_usage("wrap", "give either a PICTURE or --csv TABLE");
    if (a->output == NULL || a->output[0] == '\0')
        return wrong_usage("wrap", "-o PATH is missing");
    if (a->picture != NULL && a->kind == NULL)
        return wrong_usage("wrap", "--as KIND is missing: dermoscopy, photograph or mammogram");
    return -1;
}

/* ---- one picture and many ---------------------------------------------------------------- */

static int wrap_one(const arguments *a)
{
    const medtl_wrap_request request = {.picture = a->picture,
                                        .kind = a->kind,
                                        .attributes = a->attributes,
                                        .attribute_count = a->given,
                                        .incomplete = a->incomplete};
    medtl_error err = {MEDTL_OK, ""};
    const medtl_status status = medtl_wrap_picture(&request, a->output, &err);

    if (status == MEDTL_OK)
        return EXIT_DONE;
    complain("%s", err.message);
    return status == MEDTL_E_ARGUMENT ? EXIT_USAGE : EXIT_INCOMPLETE;
}

/* FOLDER/NAME, or NAME where that begins with a slash. Owned by the caller; NULL: no memory. */
static char *join(const char *folder, size_t folder_length, const char *name)
{
    const bool alone = name[0] == '/' || folder_length == 0;
    const size_t size = folder_length + strlen(name) + 2;
    char *path = malloc(size);

    if (path != NULL)
        (void)snprintf(path, size, "%.*s%s%s", alone ? 0 : (int)folder_length, folder,
                       alone ? "" : "/", name);
    return path;
}

static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? 0 : (size_t)(slash - path);
}

/* One line of the table. */
static medtl_status wrap_row(arguments *a, const csv_table *table, size_t index, medtl_error *err)
{
    medtl_wrap_request request = {.kind = a->kind,
                                  .attributes = a->attributes,
                                  .attribute_count = a->given,
                                  .incomplete = a->incomplete};
    char name[32];
    const char *file = "", *output = name;
    char *picture, *path, *folder = NULL;
    medtl_status status = MEDTL_E_MEMORY;

    (void)snprintf(name, sizeof name, "%05zu.dcm", index);
    for (size_t i = 0; i < table->columns; i++) {
        const char *keyword = table->rows[0][i], *value = table->rows[index][i];

        if (value[0] == '\0')
            continue;
        if (strcmp(keyword, "file") == 0)
            file = value;
        else if (strcmp(keyword, "as") == 0)
            request.kind = value;
        else if (strcmp(keyword, "output") == 0)
            output = value;
        else if (request.attribute_count < ATTRIBUTE_LIMIT)
            a->attributes[request.attribute_count++] = (medtl_wrap_attribute){keyword, value};
    }
    if (file[0] == '\0' || request.kind == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: line %zu has no %s", a->table, index + 1,
                          file[0] == '\0' ? "file" : "kind (--as, or a column \"as\")");
    picture = join(a->table, folder_length(a->table), file);
    path = join(a->output, strlen(a->output), output);
    if (path != NULL)
        folder = strndup(path, folder_length(path));
    if (picture != NULL && folder != NULL) {
        request.picture = picture;
        status = medtl_file_make_folders(folder, err);
        if (status == MEDTL_OK)
            status = medtl_wrap_picture(&request, path, err);
    } else {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    free(folder);
    free(path);
    free(picture);
    return status;
}

static int wrap_table(arguments *a)
{
    csv_table table;
    medtl_error err = {MEDTL_OK, ""};
    size_t written = 0;
    int code = EXIT_DONE;

    if (csv_read(a->table, &table, &err) != MEDTL_OK) {
        complain("%s", err.message);
        return EXIT_USAGE;
    }
    for (size_t i = 1; i < table.row_count; i++) {
        if (wrap_row(a, &table, i, &err) == MEDTL_OK) {
            written++;
            continue;
        }
        complain("%s", err.message);
        code = EXIT_INCOMPLETE;
    }
    printf("%zu of %zu DICOM files in %s\n", written, table.row_count > 0 ? table.row_count - 1 : 0,
           a->output);
    csv_clear(&table);
    return code;
}

int cmd_wrap(int argc, char **argv)
{
    static arguments a; /* too large for a stack */
    medtl_error err = {MEDTL_OK, ""};
    const int code = parse(argc, argv, &a);

    if (code >= 0)
        return code;
    if (medtl_dicom_start(&err) != MEDTL_OK) {
        complain("%s", err.message);
        return EXIT_CANNOT_RUN;
    }
    return a.table != NULL ? wrap_table(&a) : wrap_one(&a);
}
