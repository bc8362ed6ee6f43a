/* medtl convert: weights from elsewhere in, a model file out. */
#include "convert.h"

#include "cmd.h"
#include "options.h"

#include "medtl/model.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOM = 24 };

static const char USAGE[] =
    "usage: medtl convert INPUT OUTPUT.safetensors [options]\n"
    "\n"
    "Makes a model file of weights that were trained elsewhere, by adding what weights alone do\n"
    "not say: the architecture, what each output means, and how an image becomes the input. Every\n"
    "tensor must have its place; what does not fit is listed, and nothing is written. PyTorch's\n"
    "num_batches_tracked are not needed. A first layer for three channels is summed for a\n"
    "normaliser of one, and repeated for one of others.\n"
    "\n"
    "An ONNX file brings its own architecture: any network whose operators docs/OPERATORS.md\n"
    "lists, with one image in and logits out (a softmax at its end is taken off). A size that it\n"
    "leaves open is the normaliser's. Without --classes or --task its outputs are numbered.\n"
    "\n"
    "From PyTorch: save_file(model.state_dict(), \"weights.safetensors\") of safetensors.torch.\n"
    "\n"
    "Example:\n"
    "  medtl convert weights.safetensors model.safetensors --architecture resnet18 \\\n"
    "      --classes benign,malignant --normaliser \"v1 channels=3 size=224x224 voi=full \\\n"
    "crop=none side=keep fit=letterbox constancy=none mean=0.485,0.456,0.406 "
    "sd=0.229,0.224,0.225\"\n";

/* Inputs by the ending of their names. */
static const struct kind {
    const char *ending;
    medtl_status (*convert)(const convert_options *options, const target *t, medtl_error *err);
} kinds[] = {
    {".safetensors", convert_safetensors},
    {".onnx", convert_onnx},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static size_t fill_table(convert_options *o, option *out)
{
    const option table[] = {
        {OPTION_WORD, "", 0, "INPUT", &o->input, 0, 0, SHAPES_NOTHING,
         "weights: a PyTorch state dict as .safetensors; or a network as .onnx"},
        {OPTION_WORD, "", 0, "OUTPUT", &o->output, 0, 0, SHAPES_NOTHING, "model file to write"},
        {OPTION_TEXT, "architecture", 0, "NAME", &o->architecture, 0, 0, SHAPES_NOTHING,
         "resnet18, hybrid2 ..."},
        {OPTION_WHOLE, "width", 0, "CHANNELS", &o->width, 0, 4096, SHAPES_NOTHING,
         "base width; 0: the architecture's own"},
        {OPTION_REAL, "dropout", 0, "P", &o->dropout, -1, 0.95, SHAPES_NOTHING,
         "written down for further training; below 0: the architecture's own"},
        {OPTION_TEXT, "task", 0, "NAME|FILE.xml", &o->task, 0, 0, SHAPES_NOTHING,
         "task that gives normaliser and classes"},
        {OPTION_TEXT, "normaliser", 0, "TEXT", &o->normaliser, 0, 0, SHAPES_NOTHING,
         "normaliser in its canonical spelling, instead of the task's"},
        {OPTION_TEXT, "classes", 0, "A,B,...", &o->classes, 0, 0, SHAPES_NOTHING,
         "classes in the order of the outputs, instead of the task's"},
        {OPTION_REAL, "temperature", 0, "T", &o->temperature, 0.001, 1000, SHAPES_NOTHING,
         "logits are divided by it before the softmax"},
        {OPTION_TEXT, "name", 0, "NAME", &o->name, 0, 0, SHAPES_NOTHING, "model name"},
        {OPTION_TEXT, "model-version", 0, "VERSION", &o->version, 0, 0, SHAPES_NOTHING,
         "model version"},
        {OPTION_TEXT, "head", 0, "NAME", &o->head, 0, 0, SHAPES_NOTHING,
         "output of an ONNX file that gives the logits; without: its first"},
        {OPTION_FLAG, "f16", 0, "", &o->f16, 0, 0, SHAPES_NOTHING,
         "store 16-bit weights: half the size"},
        {OPTION_FLAG, "ignore-extra", 0, "", &o->ignore_extra, 0, 0, SHAPES_NOTHING,
         "leave out tensors that the architecture does not have"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static void set_defaults(convert_options *o)
{
    memset(o, 0, sizeof *o);
    o->dropout = -1.0;
    o->temperature = 1.0;
    o->name = "model";
    o->version = "1.0.0";
}

static medtl_status parse(int argc, char **argv, convert_options *o, bool *help, medtl_error *err)
{
    option table[OPTION_ROOM];
    medtl_status status;

    set_defaults(o);
    status = options_parse(USAGE, table, fill_table(o, table), argc, argv, help, err);
    if (!*help && status == MEDTL_OK && (o->input == NULL || o->output == NULL))
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "INPUT and OUTPUT are needed (see --help)");
    return status;
}

static const struct kind *kind_of(const char *path)
{
    const size_t length = strlen(path);

    for (size_t i = 0; i < KIND_COUNT; i++) {
        const size_t ending = strlen(kinds[i].ending);

        if (length > ending && strcmp(path + length - ending, kinds[i].ending) == 0)
            return &kinds[i];
    }
    return NULL;
}

char *convert_provenance(const convert_options *options, const char *sha256)
{
    const char *slash = strrchr(options->input, '/');
    json_t *root =
        json_pack("{s:s, s:s, s:s}", "software", "medtl " MEDTL_VERSION, "converted_from",
                  slash != NULL ? slash + 1 : options->input, "converted_from_sha256", sha256);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;

    json_decref(root);
    return text;
}

/* Read what was written, as the plugin will. */
static medtl_status check_output(const char *path, medtl_error *err)
{
    medtl_model *model = NULL;
    const medtl_status status = medtl_model_load(path, &model, err);

    if (status == MEDTL_OK) {
        const medtl_model_info *info = medtl_model_get_info(model);

        printf("%s: %s, %llu parameters, %u classes, SHA-256 %s\n", path, info->architecture,
               (unsigned long long)info->parameter_count, (unsigned)info->class_count,
               info->sha256);
    }
    medtl_model_destroy(model);
    return status;
}

static medtl_status run(const convert_options *o, medtl_error *err)
{
    const struct kind *kind = kind_of(o->input);
    target t = {0};
    medtl_status status;

    if (kind == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: its name does not end in %s or %s", o->input,
                          kinds[0].ending, kinds[1].ending);
    status = target_resolve(o->task, o->normaliser, o->classes, &t, err);
    if (status == MEDTL_OK)
        status = kind->convert(o, &t, err);
    if (status == MEDTL_OK)
        status = check_output(o->output, err);
    target_clear(&t);
    return status;
}

int cmd_convert(int argc, char **argv)
{
    convert_options options;
    medtl_error err = {0};
    bool help = false;
    medtl_status status = parse(argc, argv, &options, &help, &err);

    if (status == MEDTL_OK && !help)
        status = run(&options, &err);
    return status == MEDTL_OK ? EXIT_DONE : report_failure("convert", &err);
}
