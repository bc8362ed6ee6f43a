/* Every kind of node that takes activations in blocks of 16 channels: the same answers as on plain activations,
 * forward and backward, on one thread and on two. What plain ones answer is compared with PyTorch and with finite
 * differences elsewhere. */
#include "core/nn/loops.h"
#include "core/nn/node.h"
#include "nn_fill.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

enum { MOST_IMAGES = 3, MOST_CHANNELS = 48 };

/* How near the answers must be. */
typedef enum agreement { SAME_BITS, SAME_TO_ROUNDING } agreement;

typedef struct node_case {
    char label[40];
    int kind;
    size_t channels, height, width;
    /* Of pools. Adaptive: kernel x stride windows. Subsample: `kernel` channels more, `pad` of them before. */
    size_t kernel, stride, pad;
    bool flag; /* count_pad, bilinear */
    bool relu;
} node_case;

enum {
    AFFINE,
    RELU,
    RELU6,
    GELU,
    SILU,
    SIGMOID,
    ADD,
    CONCAT,
    MAX_POOL,
    AVG_POOL,
    ADAPTIVE,
    GLOBAL_AVG,
    GLOBAL_MAX,
    SUBSAMPLE,
    UPSAMPLE,
    BATCH_NORM,
    FROZEN_NORM,
    KINDS
};

static const struct {
    const medtl_node_ops *ops;
    agreement agreement;
} kinds[KINDS] = {
    [AFFINE] = {&medtl_node_affine, SAME_BITS},
    [RELU] = {&medtl_node_relu, SAME_BITS},
    [RELU6] = {&medtl_node_relu6, SAME_BITS},
    [GELU] = {&medtl_node_gelu, SAME_BITS},
    [SILU] = {&medtl_node_silu, SAME_BITS},
    [SIGMOID] = {&medtl_node_sigmoid, SAME_BITS},
    [ADD] = {&medtl_node_add, SAME_BITS},
    [CONCAT] = {&medtl_node_concat, SAME_BITS},
    [MAX_POOL] = {&medtl_node_max_pool, SAME_BITS},
    [AVG_POOL] = {&medtl_node_avg_pool, SAME_BITS},
    [ADAPTIVE] = {&medtl_node_adaptive_avg_pool, SAME_TO_ROUNDING},
    [GLOBAL_AVG] = {&medtl_node_global_avg_pool, SAME_TO_ROUNDING},
    [GLOBAL_MAX] = {&medtl_node_global_max_pool, SAME_BITS},
    [SUBSAMPLE] = {&medtl_node_subsample, SAME_BITS},
    [UPSAMPLE] = {&medtl_node_upsample, SAME_BITS},
    [BATCH_NORM] = {&medtl_node_batch_norm, SAME_TO_ROUNDING},
    [FROZEN_NORM] = {&medtl_node_batch_norm, SAME_TO_ROUNDING},
};

/* A node with its arrays, in one layout. */
typedef struct bench {
    medtl_node node;
    medtl_node_run run;
    float parameters[4][MOST_CHANNELS * 2], gradients[4][MOST_CHANNELS * 2];
    size_t in_size[2], out_size;
} bench;

static float *floats(size_t count)
{
    float *values = calloc(count > 0 ? count : 1, sizeof *values);

    cr_assert_not_null(values);
    return values;
}

/* The plain loops that the product's conversions are held against. */
static void to_blocks(const float *plain, float *blocked, medtl_shape s, size_t images)
{
    const size_t plane = medtl_shape_plane(s);

    for (size_t n = 0; n < images; n++)
        for (size_t c = 0; c < s.channels; c++)
            for (size_t i = 0; i < plane; i++)
                blocked[n * s.channels * plane + (c / 16 * plane + i) * 16 + c % 16] =
                    plain[(n * s.channels + c) * plane + i];
}

static void set_options(medtl_node *node, const node_case *c)
{
    node->ops = kinds[c->kind].ops;
    node->input_count = c->kind == ADD || c->kind == CONCAT ? 2 : 1;
    node->inputs[1] = 1;
    node->relu = c->relu;
    if (c->kind == MAX_POOL || c->kind == AVG_POOL) {
        node->u.pool.kernel = c->kernel;
        node->u.pool.stride = c->stride;
        node->u.pool.pad = c->pad;
        node->u.pool.count_pad = c->flag;
    } else if (c->kind == ADAPTIVE) {
        node->shape = (medtl_shape){0, c->kernel, c->stride};
    } else if (c->kind == SUBSAMPLE) {
        node->shape.channels = c->channels + c->kernel;
        node->u.subsample.stride = c->stride;
        node->u.subsample.before = c->pad;
    } else if (c->kind == UPSAMPLE) {
        node->u.upsample.scale = c->stride;
        node->u.upsample.bilinear = c->flag;
    } else if (c->kind == BATCH_NORM || c->kind == FROZEN_NORM) {
        node->u.norm.epsilon = 1e-5f;
        node->u.norm.momentum = 0.1f;
    }
}

/* Values on a coarse grid, so that equal ones occur, with some far below zero. */
static float value(unsigned stream, size_t i)
{
    return floorf(nn_uniform(stream, i) * 32.0f) / 8.0f + 0.125f;
}

static void fill(float *values, size_t count, unsigned stream)
{
    for (size_t i = 0; i < count; i++)
        values[i] = value(stream, i);
}

static void create(bench *b, const node_case *c, size_t images, medtl_pool *pool, bool training,
                   bool in_blocks)
{
    medtl_node_run *run = &b->run;

    memset(b, 0, sizeof *b);
    set_options(&b->node, c);
    run->node = &b->node;
    run->index = 5;
    run->pool = pool;
    run->count = images;
    run->training = training;
    run->seed = 77;
    run->frozen = c->kind == FROZEN_NORM;
    b->node.blocked = in_blocks;
    for (size_t i = 0; i < b->node.input_count; i++) {
        run->in[i] = (medtl_shape){c->channels, c->height, c->width};
        b->in_size[i] = medtl_shape_size(run->in[i]);
    }
    cr_assert_eq(b->node.ops->plan(&b->node, run->in, NULL), MEDTL_OK, "%s", c->label);
    b->out_size = medtl_shape_size(b->node.shape);
    for (size_t i = 0; i < b->node.input_count; i++) {
        run->x[i] = (medtl_tensor){floats(images * b->in_size[i]), b->in_size[i]};
        run->dx[i] = (medtl_tensor){floats(images * b->in_size[i]), b->in_size[i]};
    }
    run->y = (medtl_tensor){floats(images * b->out_size), b->out_size};
    run->dy = (medtl_tensor){floats(images * b->out_size), b->out_size};
    if (b->node.ops->state_size != NULL)
        run->state = floats(b->node.ops->state_size(&b->node, images));
    if (b->node.ops->scratch_size != NULL)
        run->scratch_stride = b->node.ops->scratch_size(&b->node, training);
    run->scratch = floats(run->scratch_stride * medtl_pool_threads(pool));
    for (size_t p = 0; p < 4; p++) {
        for (size_t i = 0; i < b->node.shape.channels; i++)
            b->parameters[p][i] = 0.75f + 0.5f * nn_uniform(90u + (unsigned)p, i);
        run->parameters[p] = b->parameters[p];
        run->gradients[p] = b->gradients[p];
    }
}

static void release(bench *b)
{
    for (size_t i = 0; i < 2; i++) {
        free(b->run.x[i].data);
        free(b->run.dx[i].data);
    }
    free(b->run.y.data);
    free(b->run.dy.data);
    free(b->run.state);
    free(b->run.scratch);
}

/* Give the blocked node what the plain one has. */
static void give_values(bench *plain, bench *blocked, bool add)
{
    const size_t images = plain->run.count;

    for (size_t i = 0; i < plain->node.input_count; i++) {
        fill(plain->run.x[i].data, images * plain->in_size[i], 1u + (unsigned)i);
        fill(plain->run.dx[i].data, images * plain->in_size[i], 11u + (unsigned)i);
        plain->run.add[i] = blocked->run.add[i] = add;
        to_blocks(plain->run.x[i].data, blocked->run.x[i].data, plain->run.in[i], images);
        to_blocks(plain->run.dx[i].data, blocked->run.dx[i].data, plain->run.in[i], images);
    }
    fill(plain->run.dy.data, images * plain->out_size, 21u);
    to_blocks(plain->run.dy.data, blocked->run.dy.data, plain->node.shape, images);
}

static void check(const float *plain, const float *blocked, medtl_shape shape, size_t images,
                  const node_case *c, const char *what)
{
    const size_t count = images * medtl_shape_size(shape);
    float *expected = floats(count);

    to_blocks(plain, expected, shape, images);
    for (size_t i = 0; i < count; i++) {
        const float bound =
            kinds[c->kind].agreement == SAME_BITS ? 0.0f : 2e-6f * (1.0f + fabsf(expected[i]));

        cr_assert(fabsf(blocked[i] - expected[i]) <= bound, "%s: %s %zu: %.9g, not %.9g", c->label,
                  what, i, (double)blocked[i], (double)expected[i]);
    }
    free(expected);
}

/* Running statistics and gradients of the parameters. */
static void check_parameters(const bench *plain, const bench *blocked, const node_case *c)
{
    const double sums = sqrt((double)(plain->run.count * plain->out_size));

    for (size_t p = 0; p < 4; p++)
        for (size_t i = 0; i < c->channels; i++) {
            cr_assert(fabsf(plain->parameters[p][i] - blocked->parameters[p][i]) <= 1e-6f,
                      "%s: parameter %zu of channel %zu", c->label, p, i);
            cr_assert(fabs((double)plain->gradients[p][i] - (double)blocked->gradients[p][i]) <=
                          1e-6 * (1.0 + sums),
                      "%s: gradient %zu of channel %zu: %.9g, not %.9g", c->label, p, i,
                      (double)blocked->gradients[p][i], (double)plain->gradients[p][i]);
        }
}

static void compare_passes(const node_case *c, size_t images, medtl_pool *pool, bool training,
                           bool add)
{
    static bench plain, blocked;

    create(&plain, c, images, pool, training, false);
    create(&blocked, c, images, pool, training, true);
    give_values(&plain, &blocked, add);
    plain.node.ops->forward(&plain.run);
    blocked.node.ops->forward(&blocked.run);
    check(plain.run.y.data, blocked.run.y.data, plain.node.shape, images, c, "y");
    if (training && plain.node.ops->backward != NULL) {
        plain.node.ops->backward(&plain.run);
        blocked.node.ops->backward(&blocked.run);
        for (size_t i = 0; i < plain.node.input_count; i++)
            check(plain.run.dx[i].data, blocked.run.dx[i].data, plain.run.in[i], images, c, "dx");
    }
    check_parameters(&plain, &blocked, c);
    release(&plain);
    release(&blocked);
}

static node_case cases[] = {
    {"affine", AFFINE, 48, 7, 5, 0, 0, 0, false, false},
    {"affine, ReLU", AFFINE, 16, 70, 33, 0, 0, 0, false, true},
    {"affine, one pixel", AFFINE, 32, 1, 1, 0, 0, 0, false, true},
    {"ReLU", RELU, 32, 7, 7, 0, 0, 0, false, true},
    {"ReLU6", RELU6, 16, 9, 5, 0, 0, 0, false, false},
    {"GELU", GELU, 16, 9, 5, 0, 0, 0, false, false},
    {"SiLU", SILU, 16, 9, 5, 0, 0, 0, false, false},
    {"sigmoid", SIGMOID, 16, 9, 5, 0, 0, 0, false, false},
    {"addition", ADD, 48, 7, 7, 0, 0, 0, false, false},
    {"addition, ReLU", ADD, 16, 37, 33, 0, 0, 0, false, true},
    {"concatenation", CONCAT, 32, 7, 5, 0, 0, 0, false, false},
    {"concatenation, large", CONCAT, 16, 40, 41, 0, 0, 0, false, false},
    {"max 3 by 2", MAX_POOL, 48, 13, 11, 3, 2, 1, false, false},
    {"max 3 by 2, large", MAX_POOL, 16, 80, 57, 3, 2, 1, false, false},
    {"max 3 by 1", MAX_POOL, 16, 7, 7, 3, 1, 1, false, false},
    {"max 2 by 2", MAX_POOL, 32, 7, 9, 2, 2, 0, false, false},
    {"max 2 by 3, gaps", MAX_POOL, 16, 11, 10, 2, 3, 1, false, false},
    {"max 5 by 2", MAX_POOL, 16, 12, 9, 5, 2, 2, false, false},
    {"max, one pixel", MAX_POOL, 16, 1, 1, 3, 2, 1, false, false},
    {"mean 2 by 2", AVG_POOL, 48, 14, 15, 2, 2, 0, false, false},
    {"mean 2 by 2, large", AVG_POOL, 16, 80, 57, 2, 2, 0, false, false},
    {"mean 3 by 1 inside", AVG_POOL, 16, 7, 7, 3, 1, 1, false, false},
    {"mean 3 by 2 counting", AVG_POOL, 16, 9, 7, 3, 2, 1, true, false},
    {"mean 2 by 3, gaps", AVG_POOL, 32, 10, 9, 2, 3, 0, false, false},
    {"adaptive 3 x 4", ADAPTIVE, 32, 7, 9, 3, 4, 0, false, false},
    {"adaptive 9 x 1", ADAPTIVE, 16, 7, 9, 9, 1, 0, false, false},
    {"global mean", GLOBAL_AVG, 48, 7, 7, 0, 0, 0, false, false},
    {"global mean, large", GLOBAL_AVG, 16, 61, 35, 0, 0, 0, false, false},
    {"global mean, one pixel", GLOBAL_AVG, 16, 1, 1, 0, 0, 0, false, false},
    {"global maximum", GLOBAL_MAX, 48, 7, 5, 0, 0, 0, false, false},
    {"global maximum, one pixel", GLOBAL_MAX, 16, 1, 1, 0, 0, 0, false, false},
    {"subsample", SUBSAMPLE, 32, 7, 6, 32, 2, 16, false, false},
    {"subsample between blocks", SUBSAMPLE, 16, 9, 9, 16, 2, 8, false, false},
    {"nearest", UPSAMPLE, 16, 3, 5, 0, 3, 0, false, false},
    {"bilinear", UPSAMPLE, 32, 4, 3, 0, 2, 0, true, false},
    {"norm", BATCH_NORM, 48, 7, 7, 0, 0, 0, false, false},
    {"norm, ReLU", BATCH_NORM, 32, 11, 9, 0, 0, 0, false, true},
    {"norm, ReLU, large", BATCH_NORM, 16, 83, 61, 0, 0, 0, false, true},
    {"norm, large", BATCH_NORM, 48, 80, 55, 0, 0, 0, false, false},
    {"norm, few values", BATCH_NORM, 16, 2, 1, 0, 0, 0, false, true},
    {"frozen norm", FROZEN_NORM, 48, 7, 7, 0, 0, 0, false, false},
    {"frozen norm, ReLU, large", FROZEN_NORM, 32, 65, 70, 0, 0, 0, false, true},
};
enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

ParameterizedTestParameters(blocked_nodes, answer_as_plain_ones)
{
    return cr_make_param_array(node_case, cases, CASE_COUNT);
}

ParameterizedTest(node_case *c, blocked_nodes, answer_as_plain_ones)
{
    for (size_t threads = 1; threads <= 2; threads++) {
        medtl_pool *pool = NULL;

        cr_assert_eq(medtl_pool_create(threads, &pool, NULL), MEDTL_OK);
        for (size_t images = 1; images <= MOST_IMAGES; images += 2) {
            compare_passes(c, images, pool, false, false);
            compare_passes(c, images, pool, true, false);
            compare_passes(c, images, pool, true, true);
        }
        medtl_pool_destroy(pool);
    }
}

/* A training pass in blocks, its answers one after another. @return how many floats. */
static size_t run_blocked(const node_case *c, size_t images, size_t threads, float *answers)
{
    static bench plain, b;
    medtl_pool *pool = NULL;
    size_t used = 0;

    cr_assert_eq(medtl_pool_create(threads, &pool, NULL), MEDTL_OK);
    create(&plain, c, images, pool, true, false);
    create(&b, c, images, pool, true, true);
    give_values(&plain, &b, true);
    b.node.ops->forward(&b.run);
    memcpy(answers, b.run.y.data, images * b.out_size * sizeof *answers);
    used += images * b.out_size;
    if (b.node.ops->backward != NULL) {
        b.run.again = true; /* what it did to the running statistics stands */
        b.node.ops->forward(&b.run);
        cr_assert_arr_eq(b.run.y.data, answers, used * sizeof *answers);
        b.node.ops->backward(&b.run);
    }
    for (size_t i = 0; i < b.node.input_count; i++) {
        memcpy(answers + used, b.run.dx[i].data, images * b.in_size[i] * sizeof *answers);
        used += images * b.in_size[i];
    }
    memcpy(answers + used, b.parameters, sizeof b.parameters);
    used += sizeof b.parameters / sizeof *answers;
    memcpy(answers + used, b.gradients, sizeof b.gradients);
    release(&plain);
    release(&b);
    medtl_pool_destroy(pool);
    return used + sizeof b.gradients / sizeof *answers;
}

ParameterizedTestParameters(blocked_nodes, have_the_same_bits_on_all_threads_and_instruction_sets)
{
    return cr_make_param_array(node_case, cases, CASE_COUNT);
}

ParameterizedTest(node_case *c, blocked_nodes,
                  have_the_same_bits_on_all_threads_and_instruction_sets)
{
    float *first = floats(1u << 21), *answers = floats(1u << 21);
    const medtl_loops *loops;
    const size_t count = run_blocked(c, MOST_IMAGES, 1, first);

    for (size_t set = 0; (loops = medtl_loops_supported(set)) != NULL; set++)
        for (size_t threads = 1; threads <= 3; threads++) {
            cr_assert(medtl_kernels_force(loops->name));
            cr_assert_eq(run_blocked(c, MOST_IMAGES, threads, answers), count);
            cr_assert_eq(memcmp(first, answers, count * sizeof *first), 0, "%s: %s, %zu threads",
                         c->label, loops->name, threads);
        }
    free(first);
    free(answers);
}

/* An average of a norm, against the norm and the average apart, in plain arrays. */
static void compare_norm_average(node_case c, medtl_relu relu, medtl_pool *pool)
{
    static bench norm, mean, both;
    node_case affine = c;

    affine.kind = AFFINE;
    create(&norm, &affine, MOST_IMAGES, pool, false, false);
    create(&mean, &c, MOST_IMAGES, pool, false, false);
    create(&both, &c, MOST_IMAGES, pool, false, true);
    fill(norm.run.x[0].data, MOST_IMAGES * norm.in_size[0], 1u);
    to_blocks(norm.run.x[0].data, both.run.x[0].data, norm.run.in[0], MOST_IMAGES);
    norm.node.relu = relu;
    both.node.ops = &medtl_node_norm_avg_pool;
    both.node.u.pool.norm_relu = relu;
    norm.node.ops->forward(&norm.run);
    memcpy(mean.run.x[0].data, norm.run.y.data,
           MOST_IMAGES * norm.out_size * sizeof *norm.run.y.data);
    mean.node.ops->forward(&mean.run);
    both.node.ops->forward(&both.run);
    check(mean.run.y.data, both.run.y.data, mean.node.shape, MOST_IMAGES, &c, "y");
    release(&norm);
    release(&mean);
    release(&both);
}

Test(blocked_nodes, an_average_of_a_norm_answers_as_the_two_apart)
{
    static const node_case shapes[] = {
        {"mean of norm 2 by 2", AVG_POOL, 48, 14, 15, 2, 2, 0, false, false},
        {"mean of norm 2 by 2, large", AVG_POOL, 16, 80, 57, 2, 2, 0, false, false},
        {"mean of norm 3 by 2 counting", AVG_POOL, 16, 9, 7, 3, 2, 1, true, false},
        {"mean of norm 2 by 3, gaps", AVG_POOL, 32, 10, 9, 2, 3, 0, false, false},
    };
    static const medtl_relu relus[] = {MEDTL_NO_RELU, MEDTL_RELU};
    const medtl_loops *loops;
    medtl_pool *pool = NULL;

    cr_assert_eq(medtl_pool_create(2, &pool, NULL), MEDTL_OK);
    for (size_t set = 0; (loops = medtl_loops_supported(set)) != NULL; set++)
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            for (size_t k = 0; k < sizeof relus / sizeof relus[0]; k++) {
                cr_assert(medtl_kernels_force(loops->name));
                compare_norm_average(shapes[i], relus[k], pool);
            }
    medtl_pool_destroy(pool);
}

/* Which values go is a question of chance; that as many go as asked, and that backward asks the same, is not. */
Test(blocked_nodes, dropout_drops_its_share_and_backward_the_same)
{
    const medtl_shape shape = {32, 25, 25};
    const size_t size = medtl_shape_size(shape);
    medtl_node node = {.ops = &medtl_node_dropout, .input_count = 1, .blocked = true};
    medtl_node_run run = {.node = &node, .count = 1, .training = true, .seed = 5};
    float *x = floats(size), *y = floats(size), *dx = floats(size);
    size_t dropped = 0;

    node.u.dropout.probability = 0.25f;
    cr_assert_eq(node.ops->plan(&node, &shape, NULL), MEDTL_OK);
    cr_assert_eq(medtl_pool_create(2, &run.pool, NULL), MEDTL_OK);
    for (size_t i = 0; i < size; i++)
        x[i] = 3.0f;
    run.x[0] = run.dy = (medtl_tensor){x, size};
    run.y = (medtl_tensor){y, size};
    run.dx[0] = (medtl_tensor){dx, size};
    node.ops->forward(&run);
    node.ops->backward(&run);
    for (size_t i = 0; i < size; i++) {
        cr_assert(y[i] == 0.0f || y[i] == 4.0f);
        cr_assert_eq(dx[i], y[i]);
        dropped += y[i] == 0.0f;
    }
    /* Six standard deviations of 20000 draws. */
    cr_expect(dropped > 5000 - 368 && dropped < 5000 + 368, "%zu of %zu", dropped, size);
    medtl_pool_destroy(run.pool);
    free(x);
    free(y);
    free(dx);
}

/* to_blocks() with channels of zeros up to whole blocks. */
static void to_filled_blocks(const float *plain, float *blocked, medtl_shape s, size_t images)
{
    const size_t plane = medtl_shape_plane(s), channels = medtl_whole_blocks(s.channels);

    memset(blocked, 0, images * channels * plane * sizeof *blocked);
    for (size_t n = 0; n < images; n++)
        for (size_t c = 0; c < s.channels; c++)
            for (size_t i = 0; i < plane; i++)
                blocked[n * channels * plane + (c / 16 * plane + i) * 16 + c % 16] =
                    plain[(n * s.channels + c) * plane + i];
}

/* The two conversions, and their backward passes with and without something there before. */
static void check_conversion(medtl_shape shape, medtl_pool *pool)
{
    const medtl_shape whole = {medtl_whole_blocks(shape.channels), shape.height, shape.width};
    const size_t images = 2, size = medtl_shape_size(shape), count = images * size;
    const size_t whole_size = medtl_shape_size(whole), whole_count = images * whole_size;
    float *plain = floats(count), *expected = floats(whole_count), *blocked = floats(whole_count);
    float *back = floats(count);
    medtl_node block = {.ops = &medtl_node_block, .input_count = 1};
    medtl_node unblock = {.ops = &medtl_node_unblock, .input_count = 1};
    medtl_node_run run = {.node = &block, .in = {shape}, .pool = pool, .count = images};

    unblock.shape.channels = shape.channels;
    cr_assert_eq(block.ops->plan(&block, &shape, NULL), MEDTL_OK);
    cr_assert_eq(unblock.ops->plan(&unblock, &whole, NULL), MEDTL_OK);
    cr_assert(block.blocked && block.shape.channels == whole.channels);
    cr_assert(!unblock.blocked && unblock.shape.channels == shape.channels);
    fill(plain, count, 3u);
    to_filled_blocks(plain, expected, shape, images);
    run.x[0] = run.dx[0] = (medtl_tensor){plain, size};
    run.y = run.dy = (medtl_tensor){blocked, whole_size};
    block.ops->forward(&run);
    cr_assert_arr_eq(blocked, expected, whole_count * sizeof *blocked);
    run.dx[0].data = back;
    block.ops->backward(&run);
    cr_assert_arr_eq(back, plain, count * sizeof *back);
    run.add[0] = true;
    block.ops->backward(&run);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(back[i], 2.0f * plain[i]);

    run.node = &unblock;
    run.in[0] = whole;
    run.add[0] = false;
    run.x[0] = (medtl_tensor){expected, whole_size};
    run.y = run.dy = (medtl_tensor){back, size};
    unblock.ops->forward(&run);
    cr_assert_arr_eq(back, plain, count * sizeof *back);
    run.dx[0] = (medtl_tensor){blocked, whole_size};
    run.dy.data = plain;
    memset(blocked, 0x7f, whole_count * sizeof *blocked);
    unblock.ops->backward(&run);
    cr_assert_arr_eq(blocked, expected, whole_count * sizeof *blocked);
    run.add[0] = true;
    unblock.ops->backward(&run);
    for (size_t i = 0; i < whole_count; i++)
        cr_assert_eq(blocked[i], 2.0f * expected[i]);
    free(plain);
    free(expected);
    free(blocked);
    free(back);
}

Test(blocked_nodes, conversions_move_every_value_there_and_back)
{
    static const medtl_shape shapes[] = {{16, 1, 1},  {16, 7, 7},   {48, 5, 3},    {32, 4, 8},
                                         {16, 61, 9}, {48, 37, 31}, {32, 1, 1100}, {24, 7, 5},
                                         {1, 1, 1},   {40, 33, 17}, {9, 61, 9}};

    for (size_t threads = 1; threads <= 2; threads++) {
        medtl_pool *pool = NULL;

        cr_assert_eq(medtl_pool_create(threads, &pool, NULL), MEDTL_OK);
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            check_conversion(shapes[i], pool);
        medtl_pool_destroy(pool);
    }
}

Test(blocked_nodes, conversions_refuse_blocks_that_do_not_hold_the_channels)
{
    const medtl_shape odd = {24, 3, 3}, even = {32, 3, 3};

    for (size_t channels = 0; channels <= 48; channels += 8) {
        medtl_node unblock = {.ops = &medtl_node_unblock, .shape = {.channels = channels}};
        const bool fits = channels == 0 || channels == 24 || channels == 32;

        cr_expect_eq(unblock.ops->plan(&unblock, &even, NULL) == MEDTL_OK, fits, "%zu", channels);
        unblock.shape.channels = channels;
        cr_expect_neq(unblock.ops->plan(&unblock, &odd, NULL), MEDTL_OK, "%zu", channels);
    }
}

/* y and dx of a norm with a ReLU6 of its own: those of the two nodes. */
static void check_norm_with_relu6(const node_case *c, medtl_pool *pool)
{
    static bench both, norm, relu6, plain;
    const node_case second = {"", RELU6, c->channels, c->height, c->width, 0, 0, 0, false, false};

    create(&plain, c, MOST_IMAGES, pool, true, false);
    create(&both, c, MOST_IMAGES, pool, true, true);
    create(&norm, c, MOST_IMAGES, pool, true, true);
    create(&relu6, &second, MOST_IMAGES, pool, true, true);
    for (size_t i = 0; i < c->channels; i++) /* both corners are met */
        both.parameters[0][i] = norm.parameters[0][i] = 4.0f + (float)i;
    give_values(&plain, &norm, false);
    give_values(&plain, &both, false);
    give_values(&plain, &relu6, false);
    both.node.relu = MEDTL_RELU6;
    both.node.ops->forward(&both.run);
    norm.node.ops->forward(&norm.run);
    memcpy(relu6.run.x[0].data, norm.run.y.data, MOST_IMAGES * norm.out_size * sizeof(float));
    relu6.node.ops->forward(&relu6.run);
    cr_expect_arr_eq(both.run.y.data, relu6.run.y.data,
                     MOST_IMAGES * both.out_size * sizeof(float));
    both.node.ops->backward(&both.run);
    relu6.node.ops->backward(&relu6.run);
    memcpy(norm.run.dy.data, relu6.run.dx[0].data, MOST_IMAGES * norm.out_size * sizeof(float));
    norm.node.ops->backward(&norm.run);
    cr_expect_arr_eq(both.run.dx[0].data, norm.run.dx[0].data,
                     MOST_IMAGES * both.in_size[0] * sizeof(float));
    cr_expect_arr_eq(both.gradients, norm.gradients, sizeof norm.gradients);
    release(&plain);
    release(&both);
    release(&norm);
    release(&relu6);
}

Test(blocked_nodes, norms_with_a_relu6_answer_as_the_two_apart)
{
    static const node_case norms[] = {
        {"norm", BATCH_NORM, 48, 7, 7, 0, 0, 0, false, false},
        {"norm, large", BATCH_NORM, 16, 83, 61, 0, 0, 0, false, false},
        {"frozen norm", FROZEN_NORM, 32, 9, 11, 0, 0, 0, false, false},
    };
    const medtl_loops *loops;
    medtl_pool *pool = NULL;

    cr_assert_eq(medtl_pool_create(2, &pool, NULL), MEDTL_OK);
    for (size_t set = 0; (loops = medtl_loops_supported(set)) != NULL; set++)
        for (size_t i = 0; i < sizeof norms / sizeof norms[0]; i++) {
            cr_assert(medtl_kernels_force(loops->name));
            check_norm_with_relu6(&norms[i], pool);
        }
    medtl_kernels_force(NULL);
    medtl_pool_destroy(pool);
}

/* A NaN anywhere in a window is its maximum, in either layout; so is minus infinity where there is nothing else. */
Test(blocked_nodes, maxima_keep_nan_and_minus_infinity)
{
    const node_case c = {"max", MAX_POOL, 16, 5, 5, 3, 2, 1, false, false};
    static bench plain, blocked;
    medtl_pool *pool = NULL;

    cr_assert_eq(medtl_pool_create(1, &pool, NULL), MEDTL_OK);
    for (size_t at = 0; at < 25; at++)
        for (int training = 0; training < 2; training++) {
            create(&plain, &c, 1, pool, training, false);
            create(&blocked, &c, 1, pool, training, true);
            give_values(&plain, &blocked, false);
            for (size_t i = 0; i < 25; i++)
                plain.run.x[0].data[i] = i == at ? NAN : (float)i;
            for (size_t i = 25; i < 50; i++)
                plain.run.x[0].data[i] = -INFINITY;
            to_blocks(plain.run.x[0].data, blocked.run.x[0].data, plain.run.in[0], 1);
            plain.node.ops->forward(&plain.run);
            blocked.node.ops->forward(&blocked.run);
            for (size_t i = 0; i < 9; i++) {
                const int h = (int)(i / 3 * 2) - (int)(at / 5),
                          w = (int)(i % 3 * 2) - (int)(at % 5);
                const bool reached = h >= -1 && h <= 1 && w >= -1 && w <= 1;

                cr_assert_eq(isnan(plain.run.y.data[i]), reached, "NaN at %zu, output %zu", at, i);
                cr_assert_eq(isnan(blocked.run.y.data[i * 16]), reached);
                cr_assert_eq(plain.run.y.data[9 + i], -INFINITY);
                cr_assert_eq(blocked.run.y.data[i * 16 + 1], -INFINITY);
            }
            release(&plain);
            release(&blocked);
        }
    medtl_pool_destroy(pool);
}
