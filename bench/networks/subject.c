#include "subject.h"

#include "npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

medtl_status bench_subject_network(const bench_options *o, medtl_network **out, medtl_error *err)
{
    medtl_network_spec spec = {.width = o->width,
                               .channels = BENCH_CHANNELS,
                               .height = o->size,
                               .width_px = o->size,
                               .classes = o->classes,
                               .dropout = -1.0f};
    medtl_status status;

    snprintf(spec.architecture, sizeof spec.architecture, "%s", o->network);
    status = medtl_network_create(&spec, 1, out, err);
    if (status == MEDTL_OK && o->weights != NULL &&
        (status = medtl_network_load(*out, o->weights, NULL, 0, err)) != MEDTL_OK) {
        medtl_network_destroy(*out);
        *out = NULL;
    }
    return status;
}

static medtl_status save(medtl_network *network, size_t classes, const char *path, medtl_error *err)
{
    char(*labels)[24] = calloc(classes, sizeof *labels);
    const char **names = calloc(classes, sizeof *names);
    const medtl_model_description description = {
        .name = "bench", .class_names = (const char *const *)names, .temperature = 1.0f};
    medtl_status status;

    if (labels == NULL || names == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a model file");
        goto done;
    }
    for (size_t i = 0; i < classes; i++) {
        snprintf(labels[i], sizeof labels[i], "%zu", i);
        names[i] = labels[i];
    }
    status = medtl_network_save(network, &description, false, path, err);
done:
    free(labels);
    free(names);
    return status;
}

static int write_model(const bench_options *o, const char *path)
{
    medtl_network *network = NULL;
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status = bench_subject_network(o, &network, &err);

    if (status == MEDTL_OK)
        status = save(network, o->classes, path, &err);
    if (status != MEDTL_OK)
        fprintf(stderr, "bench_networks: %s\n", err.message);
    medtl_network_destroy(network);
    return status == MEDTL_OK ? 0 : 1;
}

medtl_status bench_subject_model(const bench_options *o, medtl_model **out, medtl_error *err)
{
    char path[4096];
    const char *folder = getenv("TMPDIR");
    int file, made = 1;
    pid_t child;
    medtl_status status;

    *out = NULL;
    snprintf(path, sizeof path, "%s/bench-networks-XXXXXX", folder != NULL ? folder : P_tmpdir);
    file = mkstemp(path);
    if (file < 0)
        return medtl_fail(err, MEDTL_E_IO, "cannot make a temporary file for the model");
    close(file);
    child = fork();
    if (child == 0)
        _exit(write_model(o, path));
    if (child < 0 || waitpid(child, &made, 0) != child || made != 0)
        status = medtl_fail(err, MEDTL_E_IO, "the model file of %s could not be made", o->network);
    else
        status = medtl_model_load(path, out, err);
    unlink(path);
    return status;
}

static size_t image_size(const bench_options *o)
{
    return (size_t)BENCH_CHANNELS * o->size * o->size;
}

float *bench_subject_noise(const bench_options *o, size_t count)
{
    const size_t size = count * image_size(o);
    float *values = malloc(size * sizeof *values);
    unsigned seed = 1;

    for (size_t i = 0; values != NULL && i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
    return values;
}

medtl_status bench_subject_input(const bench_options *o, float **images, size_t *count,
                                 medtl_error *err)
{
    size_t size = 0;
    medtl_status status;

    *count = 1;
    if (o->input == NULL) {
        *images = bench_subject_noise(o, 1);
        return *images != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    if ((status = bench_npy_read(o->input, images, &size, err)) != MEDTL_OK)
        return status;
    *count = size / image_size(o);
    if (*count == 0 || *count * image_size(o) != size) {
        free(*images);
        *images = NULL;
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: %zu values, no images of %dx%ux%u", o->input,
                          size, BENCH_CHANNELS, o->size, o->size);
    }
    return MEDTL_OK;
}
