/* dcm-medtl show: what a report says. */
#include "arguments.h"
#include "cmd.h"
#include "output.h"
#include "show.h"

#include "medtl/study.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: dcm-medtl show REPORT [options]\n"
    "\n"
    "Prints the content of a DICOM Structured Report: one that medtl wrote, or any other (TID 1500,\n"
    "Mammography CAD, plain text ...). Every content item is shown as it stands, also where it breaks a\n"
    "rule. The patient's name and number in the header are not; what the content itself says is.\n"
    "\n"
    "  --json             print JSON, with every code and coordinate\n"
    "  --html             print a page for a browser, complete in itself\n"
    "  -o, --output FILE  write there instead of standard output\n"
    "  -h, --help         this text\n"
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
    const char *output, *path;
} arguments;

static int parse(int argc, char **argv, arguments *a)
{
    enum { OPTION_JSON = 256, OPTION_HTML };
    static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
                                            {"html", no_argument, NULL, OPTION_HTML},
                                            {"output", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1)
        switch (option) {
        case OPTION_JSON:
        case OPTION_HTML:
            if (a->show != show_text)
                return wrong_usage("show", "only one of --json and --html");
            a->show = option == OPTION_JSON ? show_json : show_html;
            break;
        case 'o':
            a->output = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        case ':':
            return wrong_usage("show", "%s needs a value", argv[optind - 1]);
        default:
            return wrong_usage("show", "unknown option %s", argv[optind - 1]);
        }
    if (argc - optind != 1)
        return wrong_usage("show", "one REPORT to show, not %d", argc - optind);
    a->path = argv[optind];
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
    arguments a = {.show = show_text, .output = "-"};
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
