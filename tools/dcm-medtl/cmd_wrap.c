/* dcm-medtl wrap: DICOM objects from ordinary pictures, one or a table of them. */
#include "arguments.h"
#include "cmd.h"
#include "core/base/file.h"
#include "csv_read.h"
#include "dicom/wrap/wrap.h"
#include "file_set.h"
#include "medtl/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: dcm-medtl wrap PICTURE --as KIND -o FILE.dcm [--set KEYWORD=VALUE]...\n"
    "       dcm-medtl wrap --csv TABLE -o FOLDER [--as KIND] [--set KEYWORD=VALUE]...\n"
    "\n"
    "Makes DICOM objects from JPEG or PNG pictures, so that data sets kept as pictures can be\n"
    "analysed like images from a PACS. A JPEG's compressed pixels stay as they are wherever DICOM\n"
    "allows it; Exif data, comments, thumbnails and what lies behind the picture's end (a phone's\n"
    "second picture) are left out. Nothing is made up: attributes that the object must have and\n"
    "that a picture does not tell have to be given; of a mammogram that is also\n"
    "BurnedInAnnotation: YES or NO from somebody who looked whether the pixels name the patient.\n"
    "Pictures, the table and what the run wrote are not written over, by whatever name; an older\n"
    "file is replaced.\n"
    "\n"
    "Examples:\n"
    "  dcm-medtl wrap photo.jpg --as photograph -o photo.dcm --set PatientID=7 \\\n"
    "      --set AcquisitionDateTime=20260102101500\n"
    "  dcm-medtl wrap left.png --as mammogram -o left.dcm --set ImageLaterality=L \\\n"
    "      --set ViewPosition=CC --set 'ImagerPixelSpacing=0.07\\0.07' --set 'PatientOrientation=A\\R' \\\n"
    "      --set BurnedInAnnotation=NO\n"
    "  dcm-medtl wrap --csv lesions.csv --as dermoscopy -o study/ && dcm-medtl classify study/ -o "
    "out/\n"
    "\n"
    "Exit code: 0 all were written; 1 some were not, each is named; 2 wrong command line or table; 3\n"
    "it could not run.\n";

enum { ATTRIBUTE_LIMIT = 1200 };

typedef struct arguments {
    const char *kind, *output, *table, *picture;
    bool incomplete;
    option_words settings;
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

static int parse(int argc, char **argv, arguments *a)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_TEXT, "as", 0, "KIND", &a->kind, 0, 0, SHAPES_NOTHING,
         "dermoscopy (Dermoscopic Photography), photograph (VL Photographic) or mammogram (Digital Mammography, For Presentation)"},
        {OPTION_TEXT, "output", 'o', "PATH", &a->output, 0, 0, SHAPES_NOTHING,
         "the file to write; with --csv the folder, made if need be"},
        {OPTION_TEXTS, "set", 0, "KEYWORD=VALUE", &a->settings, 0, 0, SHAPES_NOTHING,
         "an attribute, in UTF-8: PatientID=7, ImageLaterality=L, ViewPosition=MLO; several values with a backslash; a code as VALUE:SCHEME:MEANING"},
        {OPTION_TEXT, "csv", 0, "TABLE", &a->table, 0, 0, SHAPES_NOTHING,
         "one object for each line, in UTF-8; a column \"file\" (relative to the table's folder), perhaps \"as\" and \"output\" (relative to FOLDER; without it 00001.dcm, 00002.dcm ...), and a column for each attribute, named by its keyword; empty cells are left out"},
        {OPTION_FLAG, "incomplete", 0, "", &a->incomplete, 0, 0, SHAPES_NOTHING,
         "write also where an attribute that must be given is not; the object is not valid then"},
        {OPTION_WORD, "picture", 0, "PICTURE", &a->picture, 0, 0, SHAPES_NOTHING, "JPEG or PNG"},
    };
    const int code =
        take_arguments("wrap", help, table, sizeof table / sizeof table[0], argc, argv);

    if (code >= 0)
        return code;
    if ((a->picture == NULL) == (a->table == NULL))
        return wrong_usage("wrap", "give either a PICTURE or --csv TABLE");
    if (a->output == NULL || a->output[0] == '\0')
        return wrong_usage("wrap", "-o PATH is missing");
    if (a->picture != NULL && a->kind == NULL)
        return wrong_usage("wrap", "--as KIND is missing: dermoscopy, photograph or mammogram");
    for (size_t i = 0; i < a->settings.count; i++)
        if (take_attribute(a, (char *)a->settings.items[i]) >= 0) /* a word of argv */
            return EXIT_USAGE;
    return -1;
}

/* ---- one picture ------------------------------------------------------------------------- */

static int wrap_one(const arguments *a)
{
    const medtl_wrap_request request = {.picture = a->picture,
                                        .kind = a->kind,
                                        .attributes = a->attributes,
                                        .attribute_count = a->given,
                                        .incomplete = a->incomplete};
    file_set originals = {NULL};
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status = file_set_add(&originals, a->picture, "", 0, &err);

    if (status == MEDTL_OK && file_set_find(&originals, a->output) != NULL)
        status =
            medtl_fail(&err, MEDTL_E_ARGUMENT, "%s: the picture would be written over", a->output);
    if (status == MEDTL_OK)
        status = medtl_wrap_picture(&request, a->output, &err);
    file_set_clear(&originals);
    if (status == MEDTL_OK)
        return EXIT_DONE;
    complain("%s", err.message);
    return status == MEDTL_E_ARGUMENT ? EXIT_USAGE : EXIT_INCOMPLETE;
}

/* ---- a table of them --------------------------------------------------------------------- */

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

/* The columns that are no attributes. */
static bool is_own(const char *column)
{
    return strcmp(column, "file") == 0 || strcmp(column, "as") == 0 ||
           strcmp(column, "output") == 0;
}

/* Of several columns of a name the last that says something; else NULL. */
static const char *cell(const csv_table *table, size_t index, const char *column)
{
    const char *value = NULL;

    for (size_t i = 0; i < table->columns; i++)
        if (strcmp(table->rows[0][i], column) == 0 && table->rows[index][i][0] != '\0')
            value = table->rows[index][i];
    return value;
}

/* What no row may write over: the table, and every row's picture, whichever row comes first. */
static medtl_status note_originals(const arguments *a, const csv_table *table, file_set *taken,
                                   medtl_error *err)
{
    medtl_status status = file_set_add(taken, a->table, "the table, line", 1, err);

    for (size_t i = 1; i < table->row_count && status == MEDTL_OK; i++) {
        const char *file = cell(table, i, "file");
        char *picture = file != NULL ? join(a->table, folder_length(a->table), file) : NULL;

        if (picture != NULL)
            status = file_set_add(taken, picture, "the picture of line", i + 1, err);
        else if (file != NULL)
            status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
        free(picture);
    }
    return status;
}

/* Make PATH and its folders, unless that would write over something of this run. */
static medtl_status write_row(const arguments *a, const medtl_wrap_request *request,
                              const char *path, size_t line, file_set *taken, medtl_error *err)
{
    const file_note *there = file_set_find(taken, path);
    char *folder;
    medtl_status status;

    if (there != NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: line %zu would write over %s %zu: %s",
                          a->table, line, there->what, there->line, path);
    folder = strndup(path, folder_length(path));
    if (folder == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    status = medtl_file_make_folders(folder, err);
    if (status == MEDTL_OK)
        status = medtl_wrap_picture(request, path, err);
    if (status == MEDTL_OK)
        status = file_set_add(taken, path, "the output of line", line, err);
    free(folder);
    return status;
}

static medtl_status wrap_row(arguments *a, const csv_table *table, size_t index, file_set *taken,
                             medtl_error *err)
{
    const char *file = cell(table, index, "file"), *kind = cell(table, index, "as");
    const char *output = cell(table, index, "output");
    medtl_wrap_request request = {.kind = kind != NULL ? kind : a->kind,
                                  .attributes = a->attributes,
                                  .attribute_count = a->given,
                                  .incomplete = a->incomplete};
    char name[32], *picture, *path;
    medtl_status status;

    if (file == NULL || request.kind == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: line %zu has no %s", a->table, index + 1,
                          file == NULL ? "file" : "kind (--as, or a column \"as\")");
    for (size_t i = 0; i < table->columns; i++)
        if (!is_own(table->rows[0][i]) && table->rows[index][i][0] != '\0' &&
            request.attribute_count < ATTRIBUTE_LIMIT)
            a->attributes[request.attribute_count++] =
                (medtl_wrap_attribute){table->rows[0][i], table->rows[index][i]};
    (void)snprintf(name, sizeof name, "%05zu.dcm", index);
    picture = join(a->table, folder_length(a->table), file);
    path = join(a->output, strlen(a->output), output != NULL ? output : name);
    request.picture = picture;
    if (picture != NULL && path != NULL)
        status = write_row(a, &request, path, index + 1, taken, err);
    else
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    free(path);
    free(picture);
    return status;
}

static int wrap_rows(arguments *a, const csv_table *table, file_set *taken)
{
    medtl_error err = {MEDTL_OK, ""};
    size_t written = 0;
    int code = EXIT_DONE;

    for (size_t i = 1; i < table->row_count; i++) {
        if (wrap_row(a, table, i, taken, &err) == MEDTL_OK) {
            written++;
            continue;
        }
        complain("%s", err.message);
        code = EXIT_INCOMPLETE;
    }
    printf("%zu of %zu DICOM files in %s\n", written,
           table->row_count > 0 ? table->row_count - 1 : 0, a->output);
    return code;
}

static int wrap_table(arguments *a)
{
    csv_table table;
    file_set taken = {NULL};
    medtl_error err = {MEDTL_OK, ""};
    int code = EXIT_CANNOT_RUN;

    if (csv_read(a->table, &table, &err) != MEDTL_OK) {
        complain("%s", err.message);
        return EXIT_USAGE;
    }
    if (note_originals(a, &table, &taken, &err) == MEDTL_OK)
        code = wrap_rows(a, &table, &taken);
    else
        complain("%s", err.message);
    file_set_clear(&taken);
    csv_clear(&table);
    return code;
}

int cmd_wrap(int argc, char **argv)
{
    static arguments a; /* too large for a stack */
    medtl_error err = {MEDTL_OK, ""};
    int code = parse(argc, argv, &a);

    if (code < 0 && medtl_dicom_start(&err) != MEDTL_OK) {
        complain("%s", err.message);
        code = EXIT_CANNOT_RUN;
    }
    if (code < 0)
        code = a.table != NULL ? wrap_table(&a) : wrap_one(&a);
    free(a.settings.items);
    return code;
}
