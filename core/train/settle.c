#include "settle.h"

#include "core/train/loader.h"

#include <stdlib.h>

static medtl_status settle_on(medtl_network *network, const medtl_loader_spec *spec, size_t threads,
                              medtl_error *err)
{
    medtl_trainer_pass *pass = NULL;
    medtl_loader *loader = NULL;
    medtl_batch batch = {0};
    medtl_status status;

    if ((status = medtl_trainer_pass_create(network, spec->batch, threads, &pass, err)) ==
            MEDTL_OK &&
        (status = medtl_loader_create(spec, &loader, err)) == MEDTL_OK &&
        (status = medtl_loader_next(loader, &batch, err)) == MEDTL_OK)
        medtl_trainer_pass_settle_norms(pass, batch.input, batch.count);
    medtl_loader_destroy(loader);
    medtl_trainer_pass_destroy(pass);
    return status;
}

medtl_status medtl_train_settle_norms(medtl_network *network, const medtl_dataset *dataset,
                                      const size_t *indices, size_t count, size_t most,
                                      size_t threads, size_t *used, medtl_error *err)
{
    const size_t images = count < most ? count : most;
    size_t *order = calloc(images, sizeof *order);
    const medtl_loader_spec spec = {
        .dataset = dataset, .order = order, .count = images, .batch = images, .threads = 1};
    medtl_status status;

    if (order == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    for (size_t i = 0; i < images; i++)
        order[i] = indices[i * count / images];
    status = settle_on(network, &spec, threads, err);
    free(order);
    if (used != NULL)
        *used = images;
    return status;
}
