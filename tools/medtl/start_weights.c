#include "start_weights.h"

#include "match_output.h"

#include "core/nn/network_match.h"
#include "core/nn/safetensors.h"
#include "core/train/settle.h"

#include <stdio.h>

/* A network of the folded form, or NULL where the file is not of it. Its head is the network's own, which follows from
 * the run's seed, in case that the file's does not fit. */
static medtl_status make_folded(medtl_network *network, const medtl_safetensors *file,
                                medtl_network **out, medtl_error *err)
{
    medtl_network_spec spec = *medtl_network_get_spec(network);
    const char *architecture = medtl_architecture_folded(spec.architecture);
    medtl_matches matches = {0};
    medtl_status status;

    *out = NULL;
    if (architecture == NULL)
        return MEDTL_OK;
    snprintf(spec.architecture, sizeof spec.architecture, "%s", architecture);
    if ((status = medtl_network_create(&spec, 1, out, err)) == MEDTL_OK)
        status = medtl_network_match(*out, file, &matches, err);
    if (status != MEDTL_OK || matches.kinds[MEDTL_MISSING] > 0) {
        medtl_network_destroy(*out);
        *out = NULL;
    } else {
        medtl_network_take_head(*out, network);
    }
    medtl_matches_clear(&matches);
    return status;
}

static medtl_status take_over(medtl_network *network, const medtl_safetensors *file,
                              const char *path, bool report, medtl_error *err)
{
    medtl_matches matches = {0};
    medtl_status status = medtl_network_match(network, file, &matches, err);

    if (status != MEDTL_OK)
        return status;
    status = medtl_network_start_from(network, path, &matches, err);
    if (report || status != MEDTL_OK) {
        printf("%s %s\n", status == MEDTL_OK ? "started from" : "cannot start from", path);
        matches_print(stdout, &matches, MATCHES_SHOWN);
    }
    medtl_matches_clear(&matches);
    return status;
}

static medtl_status unfold(medtl_network *network, const medtl_network *folded,
                           const start_images *images, bool report, medtl_error *err)
{
    size_t used = 0;
    medtl_status status;

    if ((status = medtl_network_unfold(network, folded, err)) == MEDTL_OK &&
        (status = medtl_train_settle_norms(network, images->dataset, images->indices, images->count,
                                           images->most, images->threads, &used, err)) ==
            MEDTL_OK &&
        report)
        printf("its batch norms were folded into the convolutions: put back, and measured on %zu "
               "training images\n",
               used);
    return status;
}

medtl_status start_weights(medtl_network *network, const char *path, const start_images *images,
                           bool report, char *sha256, medtl_error *err)
{
    medtl_safetensors *file = NULL;
    medtl_network *folded = NULL;
    medtl_status status = medtl_safetensors_read(path, &file, err);

    if (status != MEDTL_OK)
        return status;
    medtl_safetensors_digest(file, sha256);
    if (images != NULL)
        status = make_folded(network, file, &folded, err);
    if (status == MEDTL_OK)
        status = take_over(folded != NULL ? folded : network, file, path, report, err);
    if (status == MEDTL_OK && folded != NULL)
        status = unfold(network, folded, images, report, err);
    medtl_network_destroy(folded);
    medtl_safetensors_destroy(file);
    return status;
}
