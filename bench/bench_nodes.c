/* How fast the nodes between the convolutions are, on plain activations and on blocks of 16 channels: billions of
 * bytes a second, each array counted once however often it is walked. Batch norm walks twice in training.
 *
 *   bench_nodes [INSTRUCTION_SET [THREADS [IMAGES]]]
 *
 * The best of many runs counts, since other programs may share the machine. */
#include "core/nn/loops.h"
#include "core/nn/node.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct bench_case {
    const medtl_node_ops *ops;
    const char *what;
    medtl_shape in;
    size_t kernel, stride, pad;
    bool relu;
} bench_case;

static const bench_case cases[] = {
    {&medtl_node_block, "to blocks", {64, 56, 56}, 0, 0, 0, false},
    {&medtl_node_block, "to blocks", {512, 7, 7}, 0, 0, 0, false},
    {&medtl_node_unblock, "from blocks", {64, 56, 56}, 0, 0, 0, false},
    {&medtl_node_affine, "affine, ReLU", {64, 112, 112}, 0, 0, 0, true},
    {&medtl_node_affine, "affine, ReLU", {256, 28, 28}, 0, 0, 0, true},
    {&medtl_node_affine, "affine, ReLU", {1024, 7, 7}, 0, 0, 0, true},
    {&medtl_node_relu, "ReLU", {64, 56, 56}, 0, 0, 0, true},
    {&medtl_node_add, "addition, ReLU", {64, 56, 56}, 0, 0, 0, true},
    {&medtl_node_concat, "concatenation", {128, 28, 28}, 0, 0, 0, false},
    {&medtl_node_max_pool, "maximum 3 by 2", {64, 112, 112}, 3, 2, 1, false},
    {&medtl_node_avg_pool, "mean 2 by 2", {128, 56, 56}, 2, 2, 0, false},
    {&medtl_node_global_avg_pool, "mean of all", {512, 7, 7}, 0, 0, 0, false},
    {&medtl_node_global_max_pool, "maximum of all", {512, 7, 7}, 0, 0, 0, false},
    {&medtl_node_batch_norm, "norm, ReLU", {64, 112, 112}, 0, 0, 0, true},
    {&medtl_node_batch_norm, "norm, ReLU", {64, 56, 56}, 0, 0, 0, true},
    {&medtl_node_batch_norm, "norm, ReLU", {256, 14, 14}, 0, 0, 0, true},
    {&medtl_node_batch_norm, "norm, ReLU", {512, 7, 7}, 0, 0, 0, true},
};
enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

typedef struct bench {
    medtl_node node;
    medtl_node_run run;
    float *memory;
    size_t in_size, out_size;
} bench;

/* A node's arrays one after another; NULL base: only measured. */
static size_t carve(bench *b, float *base, size_t images, size_t threads)
{
    const size_t in = images * b->in_size, out = images * b->out_size;
    const size_t channels = (b->node.shape.channels + 15) / 16 * 16;
    size_t used = 0;

#define CARVE(target, size)                                                                        \
    (target) = base != NULL ? base + used : NULL;                                                  \
    used += ((size) + 15) / 16 * 16
    for (size_t i = 0; i < b->node.input_count; i++) {
        CARVE(b->run.x[i].data, in);
        CARVE(b->run.dx[i].data, in);
    }
    CARVE(b->run.y.data, out);
    CARVE(b->run.dy.data, out);
    for (size_t p = 0; p < 4; p++) {
        CARVE(b->run.parameters[p], channels);
        CARVE(b->run.gradients[p], channels);
    }
    if (b->node.ops->state_size != NULL) {
        CARVE(b->run.state, b->node.ops->state_size(&b->node, images));
    }
    if (b->node.ops->scratch_size != NULL)
        b->run.scratch_stride = b->node.ops->scratch_size(&b->node, true);
    CARVE(b->run.scratch, threads * b->run.scratch_stride);
#undef CARVE
    return used;
}

static bool create(bench *b, const bench_case *c, bool blocked, size_t images, medtl_pool *pool)
{
    medtl_node_run *run = &b->run;
    size_t floats;
    unsigned seed = 1;

    *b = (bench){
        .node = {.ops = c->ops,
                 .input_count = c->ops == &medtl_node_add || c->ops == &medtl_node_concat ? 2 : 1,
                 .inputs = {0, 1},
                 .relu = c->relu}};
    b->node.u.pool.kernel = c->kernel;
    b->node.u.pool.stride = c->stride;
    b->node.u.pool.pad = c->pad;
    if (c->ops == &medtl_node_batch_norm) {
        b->node.u.norm.epsilon = 1e-5f;
        b->node.u.norm.momentum = 0.1f;
    }
    for (size_t i = 0; i < b->node.input_count; i++)
        run->in[i] = c->in;
    if (c->ops->plan(&b->node, run->in, NULL) != MEDTL_OK)
        return false;
    b->node.blocked = blocked;
    b->in_size = medtl_shape_size(c->in);
    b->out_size = medtl_shape_size(b->node.shape);
    run->node = &b->node;
    run->pool = pool;
    run->count = images;
    run->y.stride = run->dy.stride = b->out_size;
    for (size_t i = 0; i < b->node.input_count; i++)
        run->x[i].stride = run->dx[i].stride = b->in_size;
    floats = carve(b, NULL, images, medtl_pool_threads(pool));
    b->memory = aligned_alloc(64, floats * sizeof(float));
    if (b->memory == NULL)
        return false;
    carve(b, b->memory, images, medtl_pool_threads(pool));
    for (size_t i = 0; i < floats; i++) {
        seed = seed * 1664525u + 1013904223u;
        b->memory[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
    for (size_t i = 0; i < b->node.shape.channels; i++)
        run->parameters[3][i] = 1.0f; /* a variance */
    return true;
}

/* Seconds of the best of many runs within a fifth of a second. */
static double best_time(void (*pass)(const medtl_node_run *run), const medtl_node_run *run)
{
    const double begin = machine_seconds();
    double best = 1e30, last;

    do {
        const double start = machine_seconds();

        pass(run);
        last = machine_seconds();
        best = last - start < best ? last - start : best;
    } while (last - begin < 0.2);
    return best;
}

/* Inference, training forward and backward in one layout. */
static bool measure(const bench_case *c, bool blocked, size_t images, medtl_pool *pool)
{
    static bench b;
    double bytes;

    if (!create(&b, c, blocked, images, pool))
        return false;
    bytes = (double)(images * sizeof(float) * (b.node.input_count * b.in_size + b.out_size));
    printf("    %6.1f", 1e-9 * bytes / best_time(c->ops->forward, &b.run));
    b.run.training = true;
    if (c->ops->backward != NULL) {
        /* Norms read x and dy and write dx; the others do without x or y. */
        const double more =
            c->ops == &medtl_node_batch_norm ? (double)(images * sizeof(float) * b.in_size) : 0.0;

        printf(" %6.1f", 1e-9 * bytes / best_time(c->ops->forward, &b.run));
        printf(" %6.1f", 1e-9 * (bytes + more) / best_time(c->ops->backward, &b.run));
    } else {
        printf("      -      -");
    }
    free(b.memory);
    return true;
}

static int measure_all(size_t images, medtl_pool *pool)
{
    machine_print();
    printf("%s, %zu thread(s), %zu image(s), GB/s\n", medtl_loops_get()->name,
           medtl_pool_threads(pool), images);
    printf("%57s%24s\n", "plain", "blocked");
    printf("%33s%10s%7s%7s%10s%7s%7s\n", "", "infer", "train", "back", "infer", "train", "back");
    for (size_t i = 0; i < CASE_COUNT; i++) {
        const bench_case *c = &cases[i];
        const bool converts = c->ops == &medtl_node_block || c->ops == &medtl_node_unblock;

        printf("%-16s %4zu x %3zu x %3zu", c->what, c->in.channels, c->in.height, c->in.width);
        if (converts)
            printf("%24s", "");
        if ((!converts && !measure(c, false, images, pool)) || !measure(c, true, images, pool)) {
            fprintf(stderr, "bench_nodes: not enough memory\n");
            return 3;
        }
        printf("\n");
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const unsigned long threads = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    const unsigned long images = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    medtl_pool *pool = NULL;
    int code;

    if ((argc > 1 && !medtl_kernels_force(argv[1])) || threads < 1 || threads > 1024 ||
        images < 1 || images > 256) {
        fprintf(stderr, "bench_nodes [avx512|avx2|portable [THREADS [IMAGES]]], as far as the "
                        "processor has them\n");
        return 2;
    }
    if (medtl_pool_create(threads, &pool, NULL) != MEDTL_OK)
        return 3;
    code = measure_all(images, pool);
    medtl_pool_destroy(pool);
    return code;
}
