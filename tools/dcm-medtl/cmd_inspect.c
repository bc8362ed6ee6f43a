/* dcm-medtl inspect: what one file is, and what would become of it. */
#include "arguments.h"
#include "cmd.h"
#include "inspect.h"
#include "output.h"
#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: dcm-medtl inspect FILE [options]\n"
    "\n"
    "Explains one DICOM file: what it is; which task takes it, and why each other one does not;\n"
    "every step from its stored pixels to the network's input; and the probabilities.\n"
    "Nothing is written unless asked for, and no patient's name or number is shown.\n"
    "\n"
    "Examples:\n"
    "  dcm-medtl inspect image.dcm\n"
    "  dcm-medtl inspect image.dcm --png seen.png\n"
    "  dcm-medtl inspect image.dcm --config my-task.xml      (does my task take it?)\n"
    "\n"
    "Exit code: 0 explained; 1 the file cannot be read, decoded or classified; 2 wrong command "
    "line\n"
    "or configuration; 3 it could not run.\n";

typedef struct arguments {
    option_words config;
    const char *png, *path;
    bool json;
} arguments;

static int parse(int argc, char **argv, arguments *a)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_WORD, "file", 0, "FILE", &a->path, 0, 0, SHAPES_NOTHING, "the DICOM file"},
        {OPTION_TEXT, "png", 0, "FILE", &a->png, 0, 0, SHAPES_NOTHING,
         "write the picture that the network sees"},
        {OPTION_FLAG, "json", 0, "", &a->json, 0, 0, SHAPES_NOTHING, "print JSON instead of text"},
        {OPTION_TEXTS, "config", 0, "PATH", &a->config, 0, 0, SHAPES_NOTHING,
         "task file (XML) or folder of them instead of the default tasks; may be given several times"},
    };
    const int code =
        take_arguments("inspect", help, table, sizeof table / sizeof table[0], argc, argv);

    if (code < 0 && a->path == NULL)
        return wrong_usage("inspect", "one FILE to look at");
    return code;
}

static int print(const arguments *a, const look *l)
{
    medtl_error err = {MEDTL_OK, ""};
    char *text = NULL;

    if (!a->json) {
        inspect_text(stdout, l);
    } else if (inspect_json(l, &text, &err) == MEDTL_OK) {
        puts(text);
        free(text);
    } else {
        complain("%s", err.message);
        return EXIT_CANNOT_RUN;
    }
    return l->image_error.status != MEDTL_OK || l->model_error.status != MEDTL_OK ? EXIT_INCOMPLETE
                                                                                  : EXIT_DONE;
}

static int write_png(const arguments *a, const look *l)
{
    medtl_error err = {MEDTL_OK, ""};

    if (l->input == NULL) {
        complain("%s: not written: there is no normalised picture", a->png);
        return EXIT_INCOMPLETE;
    }
    if (medtl_normalised_write_png(l->input, &l->task->normaliser, a->png, &err) != MEDTL_OK) {
        complain("%s", err.message);
        return EXIT_INCOMPLETE;
    }
    return EXIT_DONE;
}

static int run(const arguments *a)
{
    medtl_config *config = NULL;
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status;
    look l;
    int code;

    if (medtl_dicom_start(&err) != MEDTL_OK) {
        complain("%s", err.message);
        return EXIT_CANNOT_RUN;
    }
    status = medtl_pipeline_load_config(a->config.items, a->config.count, &config, &err);
    if (status != MEDTL_OK) {
        complain("%s", err.message);
        return exit_code_of(status);
    }
    if (look_at(a->path, config, &l, &err) != MEDTL_OK) {
        complain("%s", err.message);
        code = EXIT_INCOMPLETE;
    } else {
        code = print(a, &l);
        if (a->png != NULL && write_png(a, &l) != EXIT_DONE)
            code = EXIT_INCOMPLETE;
    }
    look_clear(&l);
    medtl_config_destroy(config);
    return code;
}

int cmd_inspect(int argc, char **argv)
{
    arguments a = {.json = false};
    int code = parse(argc, argv, &a);

    if (code < 0)
        code = run(&a);
    free(a.config.items);
    return code;
}
