/* dcm-medtl show: what a report says. */
#include "arguments.h"
#include "cmd.h"
#include "output.h"
#include "show.h"

#include "medtl/study.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: dcm-medtl show REPORT [options]\n"
    "\n"
    "Prints the content of a DICOM Structured Report: one that medtl wrote, or any other (TID 1500,\n"
    "Mammography CAD, plain text ...). Every content item is shown as it stands, also where it breaks a\n"
    "rule. The patient's name and number in the header are not; what the content itself says is.\n"
    "\n"
    "Examples:\n"
    "  dcm-medtl show report.dcm\n"
    "  dcm-medtl show report.dcm --html -o report.html\n"
    "\n"
    "Exit code: 0 shown; 1 the file cannot be read or is no Structured Report; 2 wrong command line;\n"
    "3 it could not run.\n";

typedef medtl_status (*show_function)(FILE *stream, const medtl_document *document,
                                      medtl_error *err);

typedef struct arguments {
    show_function show;
    bool json, html;
    const char *output, *path;
} arguments;

static int parse(int argc, char **argv, arguments *a)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_WORD, "report", 0, "REPORT", &a->path, 0, 0, SHAPES_NOTHING,
         "the Structured Report"},
        {OPTION_FLAG, "json", 0, "", &a->json, 0, 0, SHAPES_NOTHING,
         "print JSON, with every code and coordinate"},
        {OPTION_FLAG, "html", 0, "", &a->html, 0, 0, SHAPES_NOTHING,
         "print a page for a browser, complete in itself"},
        {OPTION_TEXT, "output", 'o', "FILE", &a->output, 0, 0, SHAPES_NOTHING,
         "where to; -: standard output"},
    };
    const int code =
        take_arguments("show", help, table, sizeof table / sizeof table[0], argc, argv);

    if (code >= 0)
        return code;
    if (a->json && a->html)
        return wrong_usage("show", "only one of --json and --html");
    if (a->path == NULL)
        return wrong_usage("show", "one REPORT to show");
    a->show = a->json ? show_json : a->html ? show_html : show_text;
    return -1;
}

/* In memory first: half a report must not look like a whole one. */
static medtl_status show(const arguments *a, const medtl_document *document, medtl_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    medtl_status status;

    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory while showing a report");
    status = a->show(stream, document, err);
    if (fclose(stream) != 0 && status == MEDTL_OK)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory while showing a report");
    if (status == MEDTL_OK)
        status = write_output(a->output, text, size, err);
    free(text);
    return status;
}

int cmd_show(int argc, char **argv)
{
    arguments a = {.output = "-"};
    medtl_document *document = NULL;
    medtl_error err = {MEDTL_OK, ""};
    int code = parse(argc, argv, &a);

    if (code >= 0)
        return code;
    code = EXIT_DONE;
    if (medtl_dicom_start(&err) != MEDTL_OK || check_output(a.output, &err) != MEDTL_OK)
        code = EXIT_CANNOT_RUN;
    else if (medtl_document_read(a.path, &document, &err) != MEDTL_OK ||
             show(&a, document, &err) != MEDTL_OK)
        code = err.status == MEDTL_E_MEMORY ? EXIT_CANNOT_RUN : EXIT_INCOMPLETE;
    if (code != EXIT_DONE)
        complain("%s", err.message);
    medtl_document_destroy(document);
    return code;
}
