#include "dataset.h"

#include "core/base/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 }; /* images read between two reports to the watcher */

struct medtl_dataset {
    medtl_dataset_spec spec;
    medtl_sample_reader reader;
    uint32_t *labels;
    uint16_t **pixels; /* [count]; NULL: not in the cache */
    bool *usable;      /* [count] */
    float *vectors;    /* [count][channels], or NULL: images */
};

/* One block of the first reading. */
typedef struct block {
    medtl_dataset *dataset;
    size_t first;
    float *scratch;        /* one image for each thread */
    medtl_error *failures; /* [BLOCK]; status MEDTL_OK where it could be read */
} block;

static void quantise(const medtl_dataset_spec *spec, const float *in, uint16_t *out)
{
    const size_t plane = spec->height * spec->width;

    for (size_t c = 0; c < spec->channels; c++)
        for (size_t i = c * plane; i < (c + 1) * plane; i++) {
            const float x = in[i] * spec->sd[c] + spec->mean[c];

            /* Written so that a NaN becomes 0. */
            out[i] = (uint16_t)((x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f) * 65535.0f + 0.5f);
        }
}

static void read_one(void *context, size_t offset, size_t worker)
{
    block *b = context;
    medtl_dataset *dataset = b->dataset;
    const size_t index = b->first + offset;
    float *scratch = b->scratch + worker * medtl_dataset_pixels(dataset);
    medtl_error *failure = &b->failures[offset];

    memset(failure, 0, sizeof *failure);
    failure->status = dataset->reader.read(dataset->reader.context, index, scratch, failure);
    dataset->usable[index] = failure->status == MEDTL_OK;
    if (!dataset->usable[index] || dataset->pixels[index] == NULL) {
        free(dataset->pixels[index]);
        dataset->pixels[index] = NULL;
        return;
    }
    quantise(&dataset->spec, scratch, dataset->pixels[index]);
}

/* Memory is taken before the threads start, in order, so that what is cached depends on nothing else. */
static medtl_status reserve(medtl_dataset *dataset, size_t first, size_t count, uint64_t *left,
                            medtl_error *err)
{
    const uint64_t size = (uint64_t)medtl_dataset_pixels(dataset) * sizeof(uint16_t);

    for (size_t i = first; i < first + count && *left >= size; i++) {
        dataset->pixels[i] = malloc((size_t)size);
        if (dataset->pixels[i] == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for image %zu of %zu", i + 1,
                              dataset->spec.count);
        *left -= size;
    }
    return MEDTL_OK;
}

static medtl_status read_all(medtl_dataset *dataset, medtl_pool *pool, block *b,
                             medtl_dataset_watch watch, void *watch_context, medtl_error *err)
{
    const size_t count = dataset->spec.count;
    uint64_t left = dataset->spec.cache_bytes;
    medtl_status status;

    for (b->first = 0; b->first < count; b->first += BLOCK) {
        const size_t here = count - b->first < BLOCK ? count - b->first : BLOCK;

        if ((status = reserve(dataset, b->first, here, &left, err)) != MEDTL_OK)
            return status;
        medtl_pool_for(pool, here, read_one, b);
        for (size_t i = 0; i < here && watch != NULL; i++) {
            const medtl_error *failure = &b->failures[i];

            status =
                watch(watch_context, b->first + i, failure->status == MEDTL_OK ? NULL : failure);
            if (status != MEDTL_OK)
                return medtl_fail(err, status, "stopped while reading images");
        }
    }
    return MEDTL_OK;
}

static medtl_status check_labels(const medtl_dataset_spec *spec, medtl_error *err)
{
    for (size_t i = 0; i < spec->count; i++)
        if (spec->labels[i] >= spec->classes)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "image %zu: class %u of %zu", i,
                              (unsigned)spec->labels[i], spec->classes);
    return MEDTL_OK;
}

static medtl_status check(const medtl_dataset_spec *spec, medtl_error *err)
{
    if (spec->count == 0 || spec->classes == 0 || spec->threads == 0 ||
        (spec->channels != 1 && spec->channels != 3) || spec->height == 0 || spec->width == 0 ||
        spec->height > 8192 || spec->width > 8192)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "an impossible data set: %zu images of %zux%zux%zu", spec->count,
                          spec->channels, spec->height, spec->width);
    for (size_t c = 0; c < spec->channels; c++)
        if (!(spec->sd[c] > 0.0f))
            return medtl_fail(err, MEDTL_E_ARGUMENT, "channel %zu: sd %g", c, (double)spec->sd[c]);
    return check_labels(spec, err);
}

static medtl_status allocate(const medtl_dataset_spec *spec, const medtl_sample_reader *reader,
                             medtl_dataset **out, medtl_error *err)
{
    medtl_dataset *dataset = calloc(1, sizeof *dataset);

    *out = dataset;
    if (dataset != NULL) {
        dataset->spec = *spec;
        dataset->reader = *reader;
        dataset->labels = malloc(spec->count * sizeof *dataset->labels);
        dataset->pixels = calloc(spec->count, sizeof *dataset->pixels);
        dataset->usable = calloc(spec->count, sizeof *dataset->usable);
    }
    if (dataset == NULL || dataset->labels == NULL || dataset->pixels == NULL ||
        dataset->usable == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu images", spec->count);
    memcpy(dataset->labels, spec->labels, spec->count * sizeof *dataset->labels);
    dataset->spec.labels = dataset->labels;
    return MEDTL_OK;
}

medtl_status medtl_dataset_create(const medtl_dataset_spec *spec, const medtl_sample_reader *reader,
                                  medtl_dataset_watch watch, void *watch_context,
                                  medtl_dataset **out, medtl_error *err)
{
    medtl_dataset *dataset = NULL;
    medtl_pool *pool = NULL;
    block b = {0};
    medtl_status status;

    *out = NULL;
    if ((status = check(spec, err)) != MEDTL_OK ||
        (status = allocate(spec, reader, &dataset, err)) != MEDTL_OK ||
        (status = medtl_pool_create(spec->threads, &pool, err)) != MEDTL_OK)
        goto done;
    b.dataset = dataset;
    b.scratch = malloc(spec->threads * medtl_dataset_pixels(dataset) * sizeof *b.scratch);
    b.failures = calloc(BLOCK, sizeof *b.failures);
    if (b.scratch == NULL || b.failures == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for reading images");
        goto done;
    }
    if ((status = read_all(dataset, pool, &b, watch, watch_context, err)) != MEDTL_OK)
        goto done;
    *out = dataset;
    dataset = NULL;
done:
    free(b.scratch);
    free(b.failures);
    medtl_pool_destroy(pool);
    medtl_dataset_destroy(dataset);
    return status;
}

void medtl_dataset_destroy(medtl_dataset *dataset)
{
    if (dataset == NULL)
        return;
    for (size_t i = 0; dataset->pixels != NULL && i < dataset->spec.count; i++)
        free(dataset->pixels[i]);
    free(dataset->pixels);
    free(dataset->labels);
    free(dataset->usable);
    free(dataset->vectors);
    free(dataset);
}

const medtl_dataset_spec *medtl_dataset_get_spec(const medtl_dataset *dataset)
{
    return &dataset->spec;
}

int medtl_dataset_usable(const medtl_dataset *dataset, size_t index)
{
    return dataset->usable[index];
}

size_t medtl_dataset_pixels(const medtl_dataset *dataset)
{
    return dataset->spec.channels * dataset->spec.height * dataset->spec.width;
}

medtl_status medtl_dataset_load(const medtl_dataset *dataset, size_t index, uint16_t *room,
                                float *scratch, const uint16_t **pixels, medtl_error *err)
{
    medtl_status status;

    *pixels = dataset->pixels[index];
    if (*pixels != NULL)
        return MEDTL_OK;
    status = dataset->reader.read(dataset->reader.context, index, scratch, err);
    if (status != MEDTL_OK)
        return status;
    quantise(&dataset->spec, scratch, room);
    *pixels = room;
    return MEDTL_OK;
}

medtl_status medtl_dataset_create_vectors(const uint32_t *labels, const float *values, size_t count,
                                          size_t size, size_t classes, medtl_dataset **out,
                                          medtl_error *err)
{
    const medtl_dataset_spec spec = {.count = count,
                                     .classes = classes,
                                     .labels = labels,
                                     .channels = size,
                                     .height = 1,
                                     .width = 1,
                                     .threads = 1};
    const medtl_sample_reader none = {0};
    medtl_dataset *dataset = NULL;
    medtl_status status;

    *out = NULL;
    if (count == 0 || size == 0 || classes == 0 || size > SIZE_MAX / sizeof(float) / count)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "an impossible data set: %zu vectors of %zu",
                          count, size);
    if ((status = check_labels(&spec, err)) == MEDTL_OK &&
        (status = allocate(&spec, &none, &dataset, err)) == MEDTL_OK &&
        (dataset->vectors = malloc(count * size * sizeof(float))) == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu vectors", count);
    if (status == MEDTL_OK) {
        memcpy(dataset->vectors, values, count * size * sizeof(float));
        memset(dataset->usable, true, count * sizeof *dataset->usable);
        *out = dataset;
        dataset = NULL;
    }
    medtl_dataset_destroy(dataset);
    return status;
}

const float *medtl_dataset_vector(const medtl_dataset *dataset, size_t index)
{
    return dataset->vectors != NULL ? dataset->vectors + index * dataset->spec.channels : NULL;
}
