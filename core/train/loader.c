/* A ring of batches. Workers take places of the epoch in order and fill them in; whoever fills the last
 * place of a batch mixes it up and marks it ready. A worker waits while its batch's place in the ring is
 * still in use. */
#include "loader.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 4 }; /* batches in flight: one in use, three ahead */

typedef struct ring_batch {
    float *input, *targets;
    size_t filled;
} ring_batch;

/* A worker's own memory for images that are not in the cache. */
typedef struct worker {
    medtl_loader *loader;
    pthread_t thread;
    uint16_t *room;
    float *scratch;
} worker;

struct medtl_loader {
    medtl_loader_spec spec;
    size_t *order;
    size_t pixels, classes, batches;
    medtl_random images, mixes; /* parents of the generators of this epoch's images and batches */
    ring_batch ring[RING];
    worker *workers;
    size_t started;
    pthread_mutex_t mutex;
    pthread_cond_t ready, freed;
    size_t next_place; /* of the epoch, to be filled */
    size_t taken;      /* batches handed out */
    bool in_use;       /* the last of them is still being read */
    bool stop;
    medtl_status status;
    medtl_error failure;
};

static size_t batch_size(const medtl_loader *loader, size_t batch)
{
    const size_t left = loader->spec.count - batch * loader->spec.batch;

    return left < loader->spec.batch ? left : loader->spec.batch;
}

/* Marsaglia & Tsang 2000; for shapes below 1 by the boost they give. */
static double draw_gamma(medtl_random *random, double shape)
{
    const double boosted = shape < 1.0 ? shape + 1.0 : shape;
    const double d = boosted - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
    double x, v, u;

    do {
        do {
            x = medtl_random_normal(random);
            v = 1.0 + c * x;
        } while (v <= 0.0);
        v = v * v * v;
        u = 1.0 - medtl_random_uniform(random);
    } while (log(u) >= 0.5 * x * x + d - d * v + d * log(v));
    return shape < 1.0 ? d * v * pow(1.0 - medtl_random_uniform(random), 1.0 / shape) : d * v;
}

static void mix_rows(float *a, float *b, size_t count, float share)
{
    for (size_t i = 0; i < count; i++) {
        const float x = a[i], y = b[i];

        a[i] = share * x + (1.0f - share) * y;
        b[i] = share * y + (1.0f - share) * x;
    }
}

/* The order of an epoch is random already, so neighbours are random pairs. */
static void mix_up(const medtl_loader *loader, size_t batch, ring_batch *b)
{
    medtl_random random;
    double first, second, share;

    medtl_random_fork(&loader->mixes, batch, &random);
    first = draw_gamma(&random, loader->spec.mixup);
    second = draw_gamma(&random, loader->spec.mixup);
    /* Both are below the smallest double where alpha is close to 0: there Beta is all but 0 or 1, and in a pair, which of
     * the two makes no difference. */
    share = first + second > 0.0 ? first / (first + second) : 1.0;
    for (size_t i = 0; i + 1 < batch_size(loader, batch); i += 2) {
        mix_rows(b->input + i * loader->pixels, b->input + (i + 1) * loader->pixels, loader->pixels,
                 (float)share);
        mix_rows(b->targets + i * loader->classes, b->targets + (i + 1) * loader->classes,
                 loader->classes, (float)share);
    }
}

static medtl_status fill(worker *w, size_t place, medtl_error *err)
{
    medtl_loader *loader = w->loader;
    const medtl_dataset_spec *data = medtl_dataset_get_spec(loader->spec.dataset);
    const size_t index = loader->order[place], at = place % loader->spec.batch;
    ring_batch *b = &loader->ring[place / loader->spec.batch % RING];
    float *targets = b->targets + at * loader->classes;
    const float *vector = medtl_dataset_vector(loader->spec.dataset, index);
    const uint16_t *pixels = NULL;
    medtl_random random;
    medtl_variant variant;
    medtl_status status;

    for (size_t k = 0; k < loader->classes; k++)
        targets[k] = k == data->labels[index] ? 1.0f : 0.0f;
    if (vector != NULL) {
        memcpy(b->input + at * loader->pixels, vector, loader->pixels * sizeof *vector);
        return MEDTL_OK;
    }
    status = medtl_dataset_load(loader->spec.dataset, index, w->room, w->scratch, &pixels, err);
    if (status != MEDTL_OK)
        return status;
    medtl_random_fork(&loader->images, place, &random);
    medtl_augment_draw(&loader->spec.augment, data->channels, data->height, data->width, data->mean,
                       &random, &variant);
    medtl_variant_apply(&variant, data->channels, data->height, data->width, data->mean, data->sd,
                        pixels, b->input + at * loader->pixels);
    return MEDTL_OK;
}

/* Called with the mutex held; returns with it held. */
static void finish(medtl_loader *loader, size_t place)
{
    const size_t batch = place / loader->spec.batch;
    ring_batch *b = &loader->ring[batch % RING];

    if (b->filled + 1 == batch_size(loader, batch) && loader->spec.mixup > 0.0) {
        pthread_mutex_unlock(&loader->mutex); /* all others of this batch are done with it */
        mix_up(loader, batch, b);
        pthread_mutex_lock(&loader->mutex);
    }
    if (++b->filled == batch_size(loader, batch))
        pthread_cond_signal(&loader->ready);
}

static bool may_fill(const medtl_loader *loader, size_t place)
{
    const size_t free_from = loader->taken - (loader->in_use ? 1 : 0);

    return place / loader->spec.batch < free_from + RING;
}

static void *work(void *argument)
{
    worker *w = argument;
    medtl_loader *loader = w->loader;

    pthread_mutex_lock(&loader->mutex);
    while (!loader->stop && loader->next_place < loader->spec.count) {
        const size_t place = loader->next_place++;
        medtl_error failure = {0};
        medtl_status status;

        while (!loader->stop && !may_fill(loader, place))
            pthread_cond_wait(&loader->freed, &loader->mutex);
        if (loader->stop)
            break;
        pthread_mutex_unlock(&loader->mutex);
        status = fill(w, place, &failure);
        pthread_mutex_lock(&loader->mutex);
        if (status != MEDTL_OK && loader->status == MEDTL_OK) {
            loader->status = status;
            loader->failure = failure;
            loader->stop = true;
            pthread_cond_broadcast(&loader->freed);
            pthread_cond_signal(&loader->ready);
        }
        if (status == MEDTL_OK)
            finish(loader, place);
    }
    pthread_mutex_unlock(&loader->mutex);
    return NULL;
}

static medtl_status allocate(medtl_loader *loader, medtl_error *err)
{
    const medtl_loader_spec *spec = &loader->spec;
    bool complete = true;

    loader->order = malloc(spec->count * sizeof *loader->order);
    loader->workers = calloc(spec->threads, sizeof *loader->workers);
    for (size_t i = 0; i < RING; i++) {
        loader->ring[i].input = malloc(spec->batch * loader->pixels * sizeof(float));
        loader->ring[i].targets = malloc(spec->batch * loader->classes * sizeof(float));
        complete = complete && loader->ring[i].input != NULL && loader->ring[i].targets != NULL;
    }
    for (size_t i = 0; loader->workers != NULL && i < spec->threads; i++) {
        worker *w = &loader->workers[i];

        w->loader = loader;
        w->room = malloc(loader->pixels * sizeof *w->room);
        w->scratch = malloc(loader->pixels * sizeof *w->scratch);
        complete = complete && w->room != NULL && w->scratch != NULL;
    }
    if (!complete || loader->order == NULL || loader->workers == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for batches of %zu images",
                          spec->batch);
    memcpy(loader->order, spec->order, spec->count * sizeof *loader->order);
    return MEDTL_OK;
}

static void seed(medtl_loader *loader)
{
    medtl_random root, epoch;

    medtl_random_seed(&root, loader->spec.seed);
    medtl_random_fork(&root, loader->spec.epoch, &epoch);
    medtl_random_fork(&epoch, 1, &loader->images);
    medtl_random_fork(&epoch, 2, &loader->mixes);
}

medtl_status medtl_loader_create(const medtl_loader_spec *spec, medtl_loader **out,
                                 medtl_error *err)
{
    medtl_loader *loader;
    medtl_status status;

    *out = NULL;
    if (spec->count == 0 || spec->batch == 0 || spec->threads == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a loader of nothing");
    loader = calloc(1, sizeof *loader);
    if (loader == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a loader");
    loader->spec = *spec;
    loader->pixels = medtl_dataset_pixels(spec->dataset);
    loader->classes = medtl_dataset_get_spec(spec->dataset)->classes;
    loader->batches = (spec->count + spec->batch - 1) / spec->batch;
    loader->taken = spec->done < loader->batches ? spec->done : loader->batches;
    loader->next_place = loader->taken * spec->batch;
    pthread_mutex_init(&loader->mutex, NULL);
    pthread_cond_init(&loader->ready, NULL);
    pthread_cond_init(&loader->freed, NULL);
    seed(loader);
    status = allocate(loader, err);
    for (size_t i = 0; i < spec->threads && status == MEDTL_OK; i++) {
        if (pthread_create(&loader->workers[i].thread, NULL, work, &loader->workers[i]) != 0)
            status = medtl_fail(err, MEDTL_E_MEMORY, "cannot start a loader thread");
        else
            loader->started++;
    }
    if (status != MEDTL_OK) {
        medtl_loader_destroy(loader);
        return status;
    }
    *out = loader;
    return MEDTL_OK;
}

void medtl_loader_destroy(medtl_loader *loader)
{
    if (loader == NULL)
        return;
    pthread_mutex_lock(&loader->mutex);
    loader->stop = true;
    pthread_cond_broadcast(&loader->freed);
    pthread_mutex_unlock(&loader->mutex);
    for (size_t i = 0; i < loader->started; i++)
        pthread_join(loader->workers[i].thread, NULL);
    for (size_t i = 0; loader->workers != NULL && i < loader->spec.threads; i++) {
        free(loader->workers[i].room);
        free(loader->workers[i].scratch);
    }
    for (size_t i = 0; i < RING; i++) {
        free(loader->ring[i].input);
        free(loader->ring[i].targets);
    }
    free(loader->workers);
    free(loader->order);
    pthread_cond_destroy(&loader->ready);
    pthread_cond_destroy(&loader->freed);
    pthread_mutex_destroy(&loader->mutex);
    free(loader);
}

medtl_status medtl_loader_next(medtl_loader *loader, medtl_batch *out, medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    ring_batch *b;

    *out = (medtl_batch){0};
    pthread_mutex_lock(&loader->mutex);
    if (loader->in_use) {
        loader->ring[(loader->taken - 1) % RING].filled = 0;
        loader->in_use = false;
        pthread_cond_broadcast(&loader->freed);
    }
    if (loader->taken < loader->batches) {
        b = &loader->ring[loader->taken % RING];
        while (loader->status == MEDTL_OK && b->filled < batch_size(loader, loader->taken))
            pthread_cond_wait(&loader->ready, &loader->mutex);
        if (loader->status == MEDTL_OK) {
            *out = (medtl_batch){b->filled, b->input, b->targets};
            loader->taken++;
            loader->in_use = true;
        } else {
            status = loader->status;
            if (err != NULL)
                *err = loader->failure;
        }
    }
    pthread_mutex_unlock(&loader->mutex);
    return status;
}
