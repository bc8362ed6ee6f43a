/* medtl export: a model file in, an ONNX file out. */
#include "cmd.h"
#include "options.h"

#include "core/onnx/export.h"

#include <stdio.h>

static const char USAGE[] =
    "usage: medtl export MODEL OUT.onnx [options]\n"
    "\n"
    "Writes a model as an ONNX file (opset 17), which other programs run to the same numbers. The batch is left open;\n"
    "the input is \"input\" [N][channels][height][width], the output \"logits\" [N][classes]. Class names, normaliser,\n"
    "temperature and the model's digest go into the file's metadata. What the input must hold is what the normaliser\n"
    "says: a program that feeds other values gets other answers.\n"
    "The model supports a clinician; it does not diagnose.\n"
    "\n"
    "  medtl export run1/model.safetensors model.onnx\n";

typedef struct export_options {
    const char *model, *out;
    medtl_onnx_export_options onnx;
} export_options;

int cmd_export(int argc, char **argv)
{
    export_options o = {0};
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_WORD, "model", 0, "MODEL", &o.model, 0, 0, SHAPES_NOTHING,
         "model file (safetensors)"},
        {OPTION_WORD, "out", 0, "OUT.onnx", &o.out, 0, 0, SHAPES_NOTHING,
         "file to be written; an old one is replaced"},
        {OPTION_FLAG, "probabilities", 0, "", &o.onnx.probabilities, 0, 0, SHAPES_NOTHING,
         "end in calibrated probabilities, softmax(logits / temperature), named \"probabilities\""},
    };
    const size_t count = sizeof table / sizeof table[0];
    bool help = false;
    medtl_error err = {0};
    medtl_status status = options_parse(USAGE, table, count, argc, argv, &help, &err);

    if (help)
        return EXIT_DONE;
    if (status == MEDTL_OK && (o.model == NULL || o.out == NULL))
        status = medtl_fail(&err, MEDTL_E_ARGUMENT, "MODEL and OUT.onnx are needed (see --help)");
    if (status == MEDTL_OK)
        status = medtl_onnx_export(o.model, &o.onnx, o.out, &err);
    return status == MEDTL_OK ? EXIT_DONE : report_failure("export", &err);
}
