/* PyTorch weights of an architecture that we know. */
#include "convert.h"
#include "match_output.h"

#include <stdio.h>
#include <stdlib.h>

static medtl_status make_network(const convert_options *o, const target *t, medtl_network **out,
                                 medtl_error *err)
{
    const medtl_normaliser *n = &t->normaliser;
    medtl_network_spec spec = {.width = (uint32_t)o->width,
                               .channels = n->channels,
                               .height = n->height,
                               .width_px = n->width,
                               .classes = (uint32_t)t->class_count,
                               .dropout = (float)o->dropout};

    snprintf(spec.architecture, sizeof spec.architecture, "%s", o->architecture);
    return medtl_network_create(&spec, 1, out, err);
}

static medtl_status save(const convert_options *o, const target *t, const char *sha256,
                         medtl_network *network, medtl_error *err)
{
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE];
    char *provenance = convert_provenance(o, sha256);
    const medtl_model_description description = {.name = o->name,
                                                 .version = o->version,
                                                 .class_names = t->classes,
                                                 .normaliser = normaliser,
                                                 .temperature = (float)o->temperature,
                                                 .provenance = provenance};
    medtl_status status;

    if (provenance == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's description");
    medtl_normaliser_text(&t->normaliser, normaliser);
    status = medtl_network_save(network, &description, o->f16, o->output, err);
    free(provenance);
    return status;
}

medtl_status convert_safetensors(const convert_options *options, const target *t, medtl_error *err)
{
    const unsigned allowed =
        MEDTL_ALLOW_SUMMED | (options->ignore_extra ? (unsigned)MEDTL_ALLOW_EXTRA : 0u);
    medtl_safetensors *file = NULL;
    medtl_network *network = NULL;
    medtl_matches matches = {0};
    char sha256[65];
    medtl_status status;

    if (options->architecture == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--architecture is needed: weights do not say it");
    if (t->classes == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--classes or --task is needed");
    if ((status = make_network(options, t, &network, err)) != MEDTL_OK ||
        (status = medtl_safetensors_read(options->input, &file, err)) != MEDTL_OK ||
        (status = medtl_network_match(network, file, &matches, err)) != MEDTL_OK)
        goto done;
    matches_print(stdout, &matches, MATCHES_SHOWN);
    fflush(stdout);
    if ((status = medtl_network_adopt(network, options->input, &matches, allowed, err)) != MEDTL_OK)
        goto done;
    medtl_safetensors_digest(file, sha256);
    status = save(options, t, sha256, network, err);
done:
    medtl_matches_clear(&matches);
    medtl_network_destroy(network);
    medtl_safetensors_destroy(file);
    return status;
}
