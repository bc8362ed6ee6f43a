/* How fast the convolutions are: billions of floating point operations a second (two for a multiply-add) of the
 * three passes, and their share of what the multiply-add units of as many cores can do.
 *
 *   bench_convolution [INSTRUCTION_SET [THREADS [SHAPE]]]      SHAPE: a number of the printed list
 *
 * The best of several runs counts, since other programs may share the machine. On one thread, time is the
 * thread's own CPU time; on several it is the clock on the wall, which means little on a busy machine. */
#include "core/base/pool.h"
#include "core/nn/kernels_internal.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct bench_shape {
    const char *where;
    medtl_conv_shape shape;
} bench_shape;

#define CONV(where, c, h, w, k, kernel, stride)                                                    \
    {                                                                                              \
        where,                                                                                     \
        {                                                                                          \
            .channels_in = (c), .height_in = (h), .width_in = (w), .channels_out = (k),            \
            .kernel_h = (kernel), .kernel_w = (kernel), .stride_h = (stride),                      \
            .stride_w = (stride), .dilation_h = 1, .dilation_w = 1, .pad_top = (kernel) / 2,       \
            .pad_left = (kernel) / 2, .pad_bottom = (kernel) / 2, .pad_right = (kernel) / 2,       \
            .groups = 1                                                                            \
        }                                                                                          \
    }

static const bench_shape shapes[] = {
    CONV("resnet18 stage 1", 64, 56, 56, 64, 3, 1),
    CONV("resnet18 stage 2", 128, 28, 28, 128, 3, 1),
    CONV("resnet18 stage 3", 256, 14, 14, 256, 3, 1),
    CONV("resnet18 stage 4", 512, 7, 7, 512, 3, 1),
    CONV("resnet18 stem", 3, 224, 224, 64, 7, 2),
    CONV("resnet18 down 2", 64, 56, 56, 128, 3, 2),
    CONV("resnet18 skip 2", 64, 56, 56, 128, 1, 2),
    CONV("resnet50 1x1", 64, 56, 56, 256, 1, 1),
    CONV("resnet50 1x1", 256, 56, 56, 64, 1, 1),
    CONV("resnet50 1x1", 1024, 14, 14, 256, 1, 1),
    CONV("width 32 stem", 3, 160, 160, 32, 7, 2),
    CONV("width 32 stage 1", 32, 40, 40, 32, 3, 1),
    CONV("width 32 down 2", 32, 40, 40, 64, 3, 2),
    CONV("width 32 stage 2", 64, 20, 20, 64, 3, 1),
    CONV("width 32 stage 3", 128, 10, 10, 128, 3, 1),
    CONV("width 32 stage 4", 256, 5, 5, 256, 3, 1),
    CONV("width 24 mono stem", 1, 320, 192, 24, 7, 2),
    CONV("width 24 stage 1", 24, 80, 48, 24, 3, 1),
    CONV("width 24 stage 2", 48, 40, 24, 48, 3, 1),
    CONV("hybrid2 3x3", 32, 112, 112, 32, 3, 1),
    CONV("hybrid2 5x5", 32, 112, 112, 32, 5, 1),
    CONV("hybrid2 7x7", 32, 112, 112, 32, 7, 1),
    CONV("hybrid2 down", 160, 112, 112, 64, 3, 2),
};
enum { SHAPE_COUNT = sizeof shapes / sizeof shapes[0], IMAGES = 4 };

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *noise(size_t count)
{
    float *values = aligned_alloc(64, (count * sizeof *values + 63) / 64 * 64);
    unsigned seed = 1;

    for (size_t i = 0; values != NULL && i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
    return values;
}

typedef struct buffers {
    float *x, *w, *y, *packed, *packed_data, *scratch;
    size_t x_size, y_size, scratch_size;
} buffers;

typedef struct bench {
    const medtl_kernel_set *set;
    const medtl_conv_shape *shape;
    medtl_pool *pool;
    buffers b;
} bench;

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static bool allocate(const medtl_kernel_set *set, const medtl_conv_shape *s, size_t threads,
                     buffers *b)
{
    const size_t scratch =
        larger(set->scratch_size(s),
               larger(set->backward_data_scratch_size(s), set->backward_weight_scratch_size(s)));

    b->x_size = s->channels_in * s->height_in * s->width_in;
    b->y_size = s->channels_out * s->height_out * s->width_out;
    b->x = noise(IMAGES * b->x_size);
    b->y = noise(IMAGES * b->y_size);
    b->w = noise(s->channels_in / s->groups * s->channels_out * s->kernel_h * s->kernel_w);
    b->packed = noise(set->packed_size(s));
    b->packed_data = noise(set->backward_data_packed_size(s));
    b->scratch_size = scratch;
    b->scratch = noise(scratch * threads);
    return b->x != NULL && b->y != NULL && b->w != NULL && b->packed != NULL &&
           b->packed_data != NULL && b->scratch != NULL;
}

static void release(buffers *b)
{
    free(b->x);
    free(b->y);
    free(b->w);
    free(b->packed);
    free(b->packed_data);
    free(b->scratch);
}

static void forward_item(void *context, size_t item, size_t worker)
{
    const bench *m = context;
    const size_t tiles = m->set->tile_count(m->shape), n = item / tiles;

    m->set->forward_tile(m->shape, m->b.packed, m->b.w, NULL, true, m->b.x + n * m->b.x_size,
                         m->b.y + n * m->b.y_size, item % tiles,
                         m->b.scratch + worker * m->b.scratch_size);
}

static void forward(bench *m)
{
    medtl_pool_for(m->pool, IMAGES * m->set->tile_count(m->shape), forward_item, m);
}

static void data_item(void *context, size_t item, size_t worker)
{
    const bench *m = context;
    const size_t tiles = m->set->backward_data_tile_count(m->shape), n = item / tiles;

    m->set->backward_data_tile(m->shape, m->b.packed_data, m->b.y + n * m->b.y_size,
                               m->b.x + n * m->b.x_size, item % tiles,
                               m->b.scratch + worker * m->b.scratch_size);
}

static void backward_data(bench *m)
{
    medtl_pool_for(m->pool, IMAGES * m->set->backward_data_tile_count(m->shape), data_item, m);
}

static void weight_item(void *context, size_t item, size_t worker)
{
    const bench *m = context;

    m->set->backward_weight_tile(m->shape, IMAGES, m->b.x, m->b.x_size, m->b.y, m->b.y_size, m->b.w,
                                 item, m->b.scratch + worker * m->b.scratch_size);
}

static void backward_weight(bench *m)
{
    medtl_pool_for(m->pool, m->set->backward_weight_tile_count(m->shape), weight_item, m);
}

static double seconds(const bench *m)
{
    return medtl_pool_threads(m->pool) == 1 ? cpu_seconds() : machine_seconds();
}

/* GFLOP/s: the best of many runs within about a quarter of a second. */
static double rate(void (*pass)(bench *m), bench *m)
{
    const medtl_conv_shape *s = m->shape;
    const double work = 2.0 * IMAGES * (double)m->b.y_size * (double)(s->channels_in / s->groups) *
                        (double)(s->kernel_h * s->kernel_w);
    const double begin = seconds(m);
    double best = 1e30, last;

    do {
        const double start = seconds(m);

        pass(m);
        last = seconds(m);
        if (last - start < best)
            best = last - start;
    } while (last - begin < 0.25);
    return work / best * 1e-9;
}

static double peak_rate(const medtl_kernel_set *set)
{
    double best = 0.0;

    for (int i = 0; i < 20; i++) {
        const double start = cpu_seconds(), products = set->peak_products(200000);
        const double speed = 2e-9 * products / (cpu_seconds() - start);

        best = speed > best ? speed : best;
    }
    return best;
}

static int measure(const medtl_kernel_set *set, medtl_pool *pool, size_t index, double peak)
{
    medtl_conv_shape s = shapes[index].shape;
    bench m = {.set = set, .shape = &s, .pool = pool};
    double f, d, w;

    if (!medtl_conv_shape_complete(&s) || !allocate(set, &s, medtl_pool_threads(pool), &m.b)) {
        release(&m.b);
        fprintf(stderr, "bench_convolution: not enough memory\n");
        return 1;
    }
    set->pack(&s, m.b.w, m.b.packed);
    set->backward_data_pack(&s, m.b.w, m.b.packed_data);
    f = rate(forward, &m);
    d = rate(backward_data, &m);
    w = rate(backward_weight, &m);
    printf("%2zu %-19s %4zu-%-4zu %3zux%-3zu %zux%zu s%zu %6.1f %3.0f%% %6.1f %3.0f%% %6.1f "
           "%3.0f%%  %zu/%zu/%zu\n",
           index, shapes[index].where, s.channels_in, s.channels_out, s.height_in, s.width_in,
           s.kernel_h, s.kernel_w, s.stride_h, f, 100 * f / peak, d, 100 * d / peak, w,
           100 * w / peak, set->tile_count(&s), set->backward_data_tile_count(&s),
           set->backward_weight_tile_count(&s));
    fflush(stdout);
    release(&m.b);
    return 0;
}

static int measure_all(const medtl_kernel_set *set, medtl_pool *pool, const char *only)
{
    const size_t threads = medtl_pool_threads(pool);
    const double peak = peak_rate(set) * (double)threads;

    machine_print();
    printf("%s, %zu thread(s), %d images, multiply-add peak %.1f GFLOP/s\n", set->name, threads,
           IMAGES, peak);
    printf(" # layer               channels  input  kernel    forward     data grad.  weight grad. "
           "tiles\n");
    for (size_t i = 0; i < SHAPE_COUNT; i++)
        if ((only == NULL || strtoul(only, NULL, 10) == i) && measure(set, pool, i, peak) != 0)
            return 3;
    return 0;
}

int main(int argc, char **argv)
{
    const unsigned long threads = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    const medtl_kernel_set *set;
    medtl_pool *pool = NULL;
    size_t index = 0;
    int code;

    while ((set = medtl_kernel_set_supported(index)) != NULL && argc > 1 &&
           strcmp(argv[1], set->name) != 0)
        index++;
    if (set == NULL || threads < 1 || threads > 1024) {
        fprintf(stderr, "bench_convolution [avx512|avx2|portable [THREADS [SHAPE]]], as far as the "
                        "processor has them\n");
        return 2;
    }
    if (medtl_pool_create(threads, &pool, NULL) != MEDTL_OK)
        return 3;
    code = measure_all(set, pool, argc > 3 ? argv[3] : NULL);
    medtl_pool_destroy(pool);
    return code;
}
