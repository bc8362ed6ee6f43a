/* medtl inspect: what a model file says of itself, its tensors, and what of it fits an architecture. */
#include "cmd.h"
#include "inspect.h"
#include "options.h"

#include "core/nn/metadata.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_ROOM = 16 };

static const char USAGE[] =
    "usage: medtl inspect FILE [options]\n"
    "\n"
    "Prints architecture, parameters, classes, normaliser, provenance and digest of a model file,\n"
    "and a table of its tensors. Any safetensors file can be shown; one without our metadata is "
    "no\n"
    "model yet. With --against, every tensor is compared with those of an architecture by name "
    "and\n"
    "shape; the exit is 1 where the file does not fit exactly.\n"
    "\n"
    "Examples:\n"
    "  medtl inspect run1/model.safetensors\n"
    "  medtl inspect weights.safetensors --against resnet18\n";

typedef struct inspect_options {
    const char *path, *against, *input;
    uint64_t width, classes;
    bool json;
} inspect_options;

static size_t fill_table(inspect_options *o, option *out)
{
    const option table[] = {
        {OPTION_WORD, "", 0, "FILE", &o->path, 0, 0, SHAPES_NOTHING, "safetensors file"},
        {OPTION_TEXT, "against", 0, "ARCHITECTURE", &o->against, 0, 0, SHAPES_NOTHING,
         "compare with this network: resnet18, hybrid2 ..."},
        {OPTION_WHOLE, "width", 0, "CHANNELS", &o->width, 0, 4096, SHAPES_NOTHING,
         "of that network; 0: its own"},
        {OPTION_WHOLE, "class-count", 0, "N", &o->classes, 0, 100000, SHAPES_NOTHING,
         "of that network; 0: as many as the file's last layer has"},
        {OPTION_TEXT, "input", 0, "CxHxW", &o->input, 0, 0, SHAPES_NOTHING,
         "of that network; without: 224 x 224 with the channels of the file's first layer"},
        {OPTION_FLAG, "json", 0, "", &o->json, 0, 0, SHAPES_NOTHING, "print JSON"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static medtl_status parse(int argc, char **argv, inspect_options *o, bool *help, medtl_error *err)
{
    option table[OPTION_ROOM];
    medtl_status status;

    memset(o, 0, sizeof *o);
    status = options_parse(USAGE, table, fill_table(o, table), argc, argv, help, err);
    if (!*help && status == MEDTL_OK && o->path == NULL)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "which file? (see --help)");
    return status;
}

static medtl_status first_spec(const inspect_options *o, medtl_network_spec *spec, medtl_error *err)
{
    char rest;

    *spec = (medtl_network_spec){.width = (uint32_t)o->width,
                                 .channels = 3,
                                 .height = 224,
                                 .width_px = 224,
                                 .dropout = -1.0f,
                                 .classes = o->classes > 0 ? (uint32_t)o->classes : 2};
    snprintf(spec->architecture, sizeof spec->architecture, "%s", o->against);
    if (o->input != NULL &&
        sscanf(o->input, "%ux%ux%u%c", &spec->channels, &spec->height, &spec->width_px, &rest) != 3)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--input takes e.g. 3x224x224, not '%s'",
                          o->input);
    return MEDTL_OK;
}

/* The file's own channels and classes, seen where a first guess does not fit. @return whether to try again. */
static bool learn_spec(const inspect_options *o, const medtl_matches *matches,
                       medtl_network_spec *spec)
{
    const medtl_network_spec before = *spec;
    const medtl_match *first = &matches->list[0];

    if (o->input == NULL && matches->count > 0 && first->kind == MEDTL_RESHAPED &&
        first->parameter->dimensions == 4 && first->stored->dimensions == 4 &&
        first->stored->shape[1] <= 64)
        spec->channels = (uint32_t)first->stored->shape[1];
    for (size_t i = 0; i < matches->count && o->classes == 0; i++)
        if (matches->list[i].kind == MEDTL_RESHAPED && matches->list[i].head &&
            matches->list[i].stored->shape[0] <= 100000)
            spec->classes = (uint32_t)matches->list[i].stored->shape[0];
    return spec->channels != before.channels || spec->classes != before.classes;
}

static medtl_status compare(const inspect_options *o, inspection *i, medtl_error *err)
{
    medtl_network_spec spec;
    medtl_status status;

    if (o->against == NULL)
        return MEDTL_OK;
    i->against = o->against;
    if ((status = first_spec(o, &spec, err)) != MEDTL_OK)
        return status;
    for (int attempt = 0; attempt < 2; attempt++) {
        medtl_matches_clear(&i->matches);
        medtl_network_destroy(i->network);
        i->network = NULL;
        if ((status = medtl_network_create(&spec, 1, &i->network, err)) != MEDTL_OK ||
            (status = medtl_network_match(i->network, i->file, &i->matches, err)) != MEDTL_OK)
            return status;
        if (!learn_spec(o, &i->matches, &spec) || spec.classes == 0 || spec.channels == 0)
            break;
    }
    return MEDTL_OK;
}

static medtl_status run(const inspect_options *o, inspection *i, medtl_error *err)
{
    medtl_status status;

    i->path = o->path;
    if ((status = medtl_safetensors_read(o->path, &i->file, err)) != MEDTL_OK)
        return status;
    medtl_safetensors_digest(i->file, i->sha256);
    i->claims = medtl_safetensors_metadata(i->file, MEDTL_METADATA_KEY) != NULL;
    if (i->claims)
        (void)medtl_model_load(o->path, &i->model, &i->why);
    if ((status = compare(o, i, err)) != MEDTL_OK)
        return status;
    if (o->json)
        return inspection_print_json(i, err);
    inspection_print(i);
    return MEDTL_OK;
}

/* Nothing but matched tensors and counters? */
static bool fits(const medtl_matches *matches)
{
    return matches->kinds[MEDTL_MATCHED] + matches->kinds[MEDTL_COUNTER] == matches->count;
}

int cmd_inspect(int argc, char **argv)
{
    inspect_options options;
    inspection i = {0};
    medtl_error err = {0};
    bool help = false;
    int exit_code = EXIT_DONE;
    medtl_status status = parse(argc, argv, &options, &help, &err);

    if (status == MEDTL_OK && !help)
        status = run(&options, &i, &err);
    if (status != MEDTL_OK)
        exit_code = report_failure("inspect", &err);
    else if (i.claims && i.model == NULL)
        exit_code = report_failure("inspect", &i.why);
    else if (i.network != NULL && !fits(&i.matches))
        exit_code = EXIT_INCOMPLETE;
    medtl_matches_clear(&i.matches);
    medtl_network_destroy(i.network);
    medtl_model_destroy(i.model);
    medtl_safetensors_destroy(i.file);
    return exit_code;
}
