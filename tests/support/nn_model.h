/* Small models for tests: networks with hashed weights, written to files in the folder for temporary files. */
#ifndef MEDTL_TEST_NN_MODEL_H
#define MEDTL_TEST_NN_MODEL_H

#include "nn_fill.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static inline medtl_network *nn_make_network(const char *architecture, uint32_t width,
                                             uint32_t channels, uint32_t height, uint32_t width_px,
                                             uint32_t classes)
{
    medtl_network_spec spec = {.width = width,
                               .channels = channels,
                               .height = height,
                               .width_px = width_px,
                               .classes = classes,
                               .dropout = -1.0f};
    medtl_network *network = NULL;
    medtl_error err = {0};

    snprintf(spec.architecture, sizeof spec.architecture, "%s", architecture);
    cr_assert_eq(medtl_network_create(&spec, 1, &network, &err), MEDTL_OK, "%s", err.message);
    nn_fill_network(network);
    return network;
}

static inline void nn_temporary_path(char *path, size_t size)
{
    int fd;

    snprintf(path, size, "%s/medtl-model-XXXXXX", P_tmpdir);
    fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}

static inline medtl_model_description nn_description(void)
{
    static const char *const classes[] = {"benign", "malignant", "other",  "fourth",
                                          "fifth",  "sixth",     "seventh"};

    return (medtl_model_description){.name = "test-model",
                                     .version = "1.2.3",
                                     .class_names = classes,
                                     .normaliser = "resize 64x48",
                                     .temperature = 1.25f,
                                     .provenance = "{\"seed\":7,\"data\":[\"a\",0.5]}"};
}

static inline void nn_save(medtl_network *network, bool half, const char *path)
{
    const medtl_model_description description = nn_description();
    medtl_error err = {0};

    cr_assert_eq(medtl_network_save(network, &description, half, path, &err), MEDTL_OK, "%s",
                 err.message);
}

static inline medtl_model *nn_load(const char *path)
{
    medtl_model *model = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_model_load(path, &model, &err), MEDTL_OK, "%s", err.message);
    return model;
}

#endif
