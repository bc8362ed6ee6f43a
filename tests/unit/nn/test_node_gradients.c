/* Each node kind's backward against finite differences of a naive forward in double. The kind under test
 * sits between a convolution and a linear layer: the convolution's gradient shows its dx, the linear
 * layer gives every one of its outputs a derivative of its own. */
#include "naive_network.h"
#include "nn_fill.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

enum { IMAGES = 3, CLASSES = 2 };

typedef size_t middle(medtl_graph *g, size_t x);

static size_t conv(medtl_graph *g, size_t x, size_t channels, size_t kernel, size_t stride,
                   size_t pad, bool bias)
{
    const medtl_conv_options o = {
        .channels = channels, .kernel = kernel, .stride = stride, .pad = pad, .bias = bias};

    return medtl_graph_conv(g, x, o, "conv%zu", g->node_count);
}

static size_t nothing(medtl_graph *g, size_t x)
{
    (void)g;
    return x;
}

static size_t conv_stride_2(medtl_graph *g, size_t x) { return conv(g, x, 3, 3, 2, 1, true); }
static size_t conv_5(medtl_graph *g, size_t x) { return conv(g, x, 2, 5, 1, 2, false); }
static size_t conv_1(medtl_graph *g, size_t x) { return conv(g, x, 5, 1, 1, 0, true); }

static size_t conv_relu(medtl_graph *g, size_t x)
{
    return medtl_graph_relu(g, conv(g, x, 3, 3, 1, 1, true));
}

static size_t conv_grouped_dilated(medtl_graph *g, size_t x)
{
    const medtl_conv_options o = {.channels = 6,
                                  .kernel = 3,
                                  .stride = 1,
                                  .pad = 2,
                                  .dilation = 2,
                                  .groups = 2,
                                  .bias = true};

    return medtl_graph_conv(g, x, o, "grouped");
}

static size_t batch_norm(medtl_graph *g, size_t x) { return medtl_graph_batch_norm(g, x, "bn"); }

static size_t batch_norm_relu(medtl_graph *g, size_t x)
{
    return medtl_graph_relu(g, batch_norm(g, x));
}

static size_t two_norms(medtl_graph *g, size_t x)
{
    const size_t a = medtl_graph_batch_norm(g, x, "a"), b = medtl_graph_batch_norm(g, x, "b");

    return medtl_graph_add(g, medtl_graph_relu(g, a), b);
}

static size_t relu_alone(medtl_graph *g, size_t x)
{
    const size_t pooled =
        medtl_graph_max_pool(g, x, (medtl_pool_options){.kernel = 2, .stride = 2});

    return medtl_graph_relu(g, pooled);
}

static size_t relu_beside(medtl_graph *g, size_t x)
{
    /* Read by two, so that it cannot become a flag of the norm. */
    const size_t y = medtl_graph_batch_norm(g, x, "bn"), z = conv(g, y, 4, 1, 1, 0, false);

    return medtl_graph_add(g, medtl_graph_relu(g, y), z);
}

static size_t max_pool_3(medtl_graph *g, size_t x)
{
    return medtl_graph_max_pool(g, x, (medtl_pool_options){.kernel = 3, .stride = 2, .pad = 1});
}

static size_t max_pool_stride_3(medtl_graph *g, size_t x)
{
    return medtl_graph_max_pool(g, x, (medtl_pool_options){.kernel = 2, .stride = 3, .pad = 1});
}

static size_t max_pool_overlapping(medtl_graph *g, size_t x)
{
    const size_t a =
        medtl_graph_max_pool(g, x, (medtl_pool_options){.kernel = 3, .stride = 1, .pad = 1});

    return medtl_graph_add(g, a, x);
}

static size_t conv_depthwise(medtl_graph *g, size_t x)
{
    const medtl_conv_options o = {
        .channels = 4, .kernel = 3, .stride = 2, .pad = 0, .pad_more = 1, .groups = 4};

    return medtl_graph_conv(g, x, o, "depthwise");
}

static size_t conv_two_filters_a_channel(medtl_graph *g, size_t x)
{
    const medtl_conv_options o = {
        .channels = 8, .kernel = 5, .stride = 1, .pad = 2, .groups = 4, .bias = true};

    return medtl_graph_conv(g, x, o, "depthwise");
}

static size_t conv_row_then_column(medtl_graph *g, size_t x)
{
    const medtl_conv_options row = {
        .channels = 3, .kernel = 1, .kernel_w = 7, .stride = 1, .pad_w = 3};
    const medtl_conv_options column = {
        .channels = 5, .kernel = 7, .kernel_w = 1, .stride = 1, .pad = 3};

    return medtl_graph_conv(g, medtl_graph_conv(g, x, row, "row"), column, "column");
}

/* The first weights are scaled in make_network so that both corners are met. */
static size_t relu6(medtl_graph *g, size_t x) { return medtl_graph_relu6(g, x); }

static size_t relu6_beside(medtl_graph *g, size_t x)
{
    return medtl_graph_add(g, medtl_graph_relu6(g, x), x);
}

static size_t depthwise(medtl_graph *g, size_t x, size_t stride, bool keras)
{
    const bool lopsided = keras && stride == 2;
    const size_t channels = g->nodes[x].shape.channels;
    const medtl_conv_options o = {.channels = channels,
                                  .kernel = 3,
                                  .stride = stride,
                                  .pad = lopsided ? 0 : 1,
                                  .pad_more = lopsided ? 1 : 0,
                                  .groups = channels,
                                  .bias = keras};

    return medtl_graph_conv(g, x, o, "depthwise%zu", g->node_count);
}

/* MobileNetV2's blocks as Keras' weights have them: a bias and a ReLU6, in blocks of 16 channels, 24 filled up. */
static size_t inverted_residual_keras(medtl_graph *g, size_t x)
{
    size_t y;

    x = medtl_graph_relu6(g, conv(g, max_pool_3(g, x), 16, 1, 1, 0, true));
    x = conv(g, medtl_graph_relu6(g, depthwise(g, x, 1, true)), 24, 1, 1, 0, true);
    y = medtl_graph_relu6(g, conv(g, x, 32, 1, 1, 0, true));
    y = medtl_graph_relu6(g, depthwise(g, y, 1, true));
    x = medtl_graph_add(g, conv(g, y, 24, 1, 1, 0, true), x);
    x = medtl_graph_relu6(g, conv(g, x, 16, 1, 1, 0, true));
    return medtl_graph_relu6(g, depthwise(g, x, 2, true));
}

static size_t norm6(medtl_graph *g, size_t x)
{
    return medtl_graph_relu6(g, medtl_graph_batch_norm(g, x, "bn%zu", g->node_count));
}

/* And with batch norms; the depthwise convolution itself has 24 channels here. */
static size_t inverted_residual(medtl_graph *g, size_t x)
{
    size_t y;

    x = norm6(g, conv(g, max_pool_3(g, x), 24, 1, 1, 0, false));
    y = norm6(g, depthwise(g, x, 1, false));
    y = medtl_graph_batch_norm(g, conv(g, y, 24, 1, 1, 0, false), "bn%zu", g->node_count);
    x = medtl_graph_add(g, y, x);
    x = norm6(g, depthwise(g, norm6(g, conv(g, x, 16, 1, 1, 0, false)), 2, false));
    return medtl_graph_batch_norm(g, conv(g, x, 24, 1, 1, 0, false), "bn%zu", g->node_count);
}

/* Somebody else reads what a depthwise convolution reads, and what it makes. */
static size_t depthwise_beside(medtl_graph *g, size_t x)
{
    size_t y;

    x = medtl_graph_relu6(g, conv(g, max_pool_3(g, x), 16, 1, 1, 0, true));
    y = medtl_graph_add(g, depthwise(g, x, 1, true), x);
    return medtl_graph_concat(g, (const size_t[]){medtl_graph_relu6(g, y), y}, 2);
}

static size_t avg_pool_counting(medtl_graph *g, size_t x)
{
    return medtl_graph_avg_pool(g, x, (medtl_pool_options){3, 2, 1, true});
}

static size_t avg_pool_inside(medtl_graph *g, size_t x)
{
    const size_t a = medtl_graph_avg_pool(g, x, (medtl_pool_options){3, 1, 1, false});

    return medtl_graph_add(g, a, x);
}

static size_t avg_pool_gaps(medtl_graph *g, size_t x)
{
    return medtl_graph_avg_pool(g, x, (medtl_pool_options){2, 3, 0, false});
}

static size_t subsample(medtl_graph *g, size_t x)
{
    const size_t y = conv(g, x, 7, 3, 2, 1, false);

    return medtl_graph_add(g, y, medtl_graph_subsample(g, x, (medtl_subsample_options){2, 1, 7}));
}

static size_t average(medtl_graph *g, size_t x) { return medtl_graph_global_avg_pool(g, x); }

static size_t average_beside(medtl_graph *g, size_t x)
{
    const size_t a = medtl_graph_global_avg_pool(g, x);
    const size_t b = medtl_graph_global_avg_pool(g, conv(g, x, 4, 3, 1, 1, true));

    return medtl_graph_add(g, medtl_graph_add(g, a, b), medtl_graph_global_avg_pool(g, x));
}

static size_t linear_relu(medtl_graph *g, size_t x)
{
    return medtl_graph_relu(g, medtl_graph_linear(g, x, 19, "hidden"));
}

static size_t linear_beside(medtl_graph *g, size_t x)
{
    const size_t a = medtl_graph_linear(g, x, 5, "a"), b = medtl_graph_linear(g, x, 5, "b");

    return medtl_graph_add(g, a, b);
}

static size_t add_relu(medtl_graph *g, size_t x)
{
    const size_t y = conv(g, x, 4, 3, 1, 1, true);

    return medtl_graph_relu(g, medtl_graph_add(g, y, x));
}

static size_t add_chain(medtl_graph *g, size_t x)
{
    x = add_relu(g, x);
    return add_relu(g, medtl_graph_batch_norm(g, x, "bn"));
}

static size_t concat(medtl_graph *g, size_t x)
{
    const size_t a = medtl_graph_relu(g, conv(g, x, 2, 3, 1, 1, true)),
                 b = conv(g, x, 3, 5, 1, 2, true);

    return medtl_graph_concat(g, (const size_t[]){a, x, b}, 3);
}

/* An input of the concatenation is read again behind it: its gradient cannot lie in place. */
static size_t concat_read_later(medtl_graph *g, size_t x)
{
    const size_t a = conv(g, x, 2, 3, 1, 1, true);
    const size_t joined =
        medtl_graph_batch_norm(g, medtl_graph_concat(g, (const size_t[]){a, x}, 2), "bn");
    const size_t late = conv(g, a, 3, 1, 1, 0, true);

    return medtl_graph_concat(g, (const size_t[]){late, joined, a}, 3);
}

static size_t concat_of_concat(medtl_graph *g, size_t x)
{
    const size_t a = medtl_graph_batch_norm(g, conv(g, x, 2, 3, 1, 1, false), "a");
    const size_t inner = medtl_graph_concat(g, (const size_t[]){x, a}, 2);
    const size_t b = medtl_graph_relu(g, medtl_graph_batch_norm(g, inner, "b"));

    return medtl_graph_concat(g, (const size_t[]){b, inner}, 2);
}

static size_t gelu(medtl_graph *g, size_t x) { return medtl_graph_gelu(g, x); }
static size_t silu(medtl_graph *g, size_t x) { return medtl_graph_silu(g, x); }
static size_t sigmoid(medtl_graph *g, size_t x) { return medtl_graph_sigmoid(g, x); }
static size_t softmax(medtl_graph *g, size_t x) { return medtl_graph_softmax(g, x); }

static size_t gates(medtl_graph *g, size_t x)
{
    const size_t a = medtl_graph_add(g, medtl_graph_gelu(g, x), medtl_graph_silu(g, x));

    return medtl_graph_add(
        g, a, medtl_graph_add(g, medtl_graph_sigmoid(g, x), medtl_graph_softmax(g, x)));
}

static size_t adaptive_average(medtl_graph *g, size_t x)
{
    return medtl_graph_adaptive_avg_pool(g, x, 3, 4);
}

static size_t adaptive_larger(medtl_graph *g, size_t x)
{
    const size_t y = medtl_graph_adaptive_avg_pool(g, x, 10, 9);

    return medtl_graph_adaptive_avg_pool(g, medtl_graph_batch_norm(g, y, "bn"), 1, 1);
}

static size_t maximum(medtl_graph *g, size_t x)
{
    return medtl_graph_add(g, medtl_graph_global_max_pool(g, x), medtl_graph_global_avg_pool(g, x));
}

static size_t upsample_nearest(medtl_graph *g, size_t x)
{
    return medtl_graph_upsample(g, x, 3, false);
}

static size_t upsample_bilinear(medtl_graph *g, size_t x)
{
    const size_t half = medtl_graph_max_pool(g, x, (medtl_pool_options){.kernel = 2, .stride = 2});

    return medtl_graph_add(g, medtl_graph_upsample(g, half, 4, true),
                           medtl_graph_upsample(g, half, 4, false));
}

static size_t layer_norm(medtl_graph *g, size_t x) { return medtl_graph_layer_norm(g, x, "ln"); }

static size_t layer_norm_beside(medtl_graph *g, size_t x)
{
    return medtl_graph_add(g, medtl_graph_layer_norm(g, x, "ln"), x);
}

static size_t attention(medtl_graph *g, size_t x)
{
    return medtl_graph_attention(g, conv(g, x, 12, 1, 1, 0, true), 2);
}

/* Queries, keys and values are read by somebody else, too. */
static size_t attention_beside(medtl_graph *g, size_t x)
{
    const size_t qkv = conv(g, x, 6, 1, 1, 0, true);

    return medtl_graph_concat(g, (const size_t[]){medtl_graph_attention(g, qkv, 1), qkv}, 2);
}

static size_t class_token(medtl_graph *g, size_t x) { return medtl_graph_class_token(g, x); }

static size_t pick(medtl_graph *g, size_t x)
{
    return medtl_graph_add(g, medtl_graph_pick(g, x, 0), medtl_graph_pick(g, x, 11));
}

static size_t encoder(medtl_graph *g, size_t x)
{
    x = medtl_graph_class_token(
        g, medtl_graph_max_pool(g, x, (medtl_pool_options){.kernel = 3, .stride = 2}));
    x = medtl_graph_encoder_block(g, x, 2, "blocks.0");
    return medtl_graph_pick(g, x, 0);
}

static middle *const middles[] = {
    nothing,
    gelu,
    silu,
    sigmoid,
    softmax,
    gates,
    adaptive_average,
    adaptive_larger,
    maximum,
    upsample_nearest,
    upsample_bilinear,
    layer_norm,
    layer_norm_beside,
    attention,
    attention_beside,
    class_token,
    pick,
    encoder,
    conv_depthwise,
    conv_two_filters_a_channel,
    conv_row_then_column,
    relu6,
    relu6_beside,
    avg_pool_counting,
    avg_pool_inside,
    avg_pool_gaps,
    inverted_residual_keras,
    inverted_residual,
    depthwise_beside,
    subsample,
    conv_stride_2,
    conv_5,
    conv_1,
    conv_relu,
    conv_grouped_dilated,
    batch_norm,
    batch_norm_relu,
    two_norms,
    relu_alone,
    relu_beside,
    max_pool_3,
    max_pool_stride_3,
    max_pool_overlapping,
    average,
    average_beside,
    linear_relu,
    linear_beside,
    add_relu,
    add_chain,
    concat,
    concat_read_later,
    concat_of_concat,
};
static const char *const names[] = {
    "nothing",
    "gelu",
    "silu",
    "sigmoid",
    "softmax",
    "gates",
    "adaptive_average",
    "adaptive_larger",
    "maximum",
    "upsample_nearest",
    "upsample_bilinear",
    "layer_norm",
    "layer_norm_beside",
    "attention",
    "attention_beside",
    "class_token",
    "pick",
    "encoder",
    "conv_depthwise",
    "conv_two_filters_a_channel",
    "conv_row_then_column",
    "relu6",
    "relu6_beside",
    "avg_pool_counting",
    "avg_pool_inside",
    "avg_pool_gaps",
    "inverted_residual_keras",
    "inverted_residual",
    "depthwise_beside",
    "subsample",
    "conv_stride_2",
    "conv_5",
    "conv_1",
    "conv_relu",
    "conv_grouped_dilated",
    "batch_norm",
    "batch_norm_relu",
    "two_norms",
    "relu_alone",
    "relu_beside",
    "max_pool_3",
    "max_pool_stride_3",
    "max_pool_overlapping",
    "average",
    "average_beside",
    "linear_relu",
    "linear_beside",
    "add_relu",
    "add_chain",
    "concat",
    "concat_read_later",
    "concat_of_concat",
};
enum { MIDDLE_COUNT = sizeof middles / sizeof middles[0] };

static medtl_network *make_network(middle *m)
{
    medtl_graph g;
    medtl_network *network = NULL;
    medtl_error err = {0};
    size_t x;

    medtl_graph_init(&g);
    x = medtl_graph_input(&g, (medtl_shape){2, 7, 9});
    x = conv(&g, x, 4, 3, 1, 1, true);
    x = m(&g, x);
    (void)medtl_graph_linear(&g, x, CLASSES, "last");
    cr_assert_eq(medtl_network_from_graph_take(&g, 1, &network, &err), MEDTL_OK, "%s", err.message);
    nn_fill_network(network);
    if (m == relu6 || m == relu6_beside || m == inverted_residual_keras || m == depthwise_beside)
        for (size_t i = 0; i < network->parameters[0].size; i++)
            network->parameters[0].value[i] *= 4.0f;
    return network;
}

/* The derivative along each value of a parameter, or along a few mixed directions of a long one. */
static void check_parameter(const medtl_network *network, const float *input,
                            const float *coefficients, size_t index, const float *gradient)
{
    const medtl_parameter *p = &network->parameters[index];
    const size_t directions = p->size <= 24 ? p->size : 6;
    double *direction = calloc(p->size, sizeof *direction), norm = 0.0;

    for (size_t i = 0; i < p->size; i++)
        norm += (double)gradient[i] * (double)gradient[i];
    for (size_t d = 0; d < directions; d++) {
        double expected, got = 0.0;

        for (size_t i = 0; i < p->size; i++) {
            direction[i] = directions == p->size ? (double)(i == d)
                                                 : (double)nn_uniform((uint32_t)(d + 99), i);
            got += direction[i] * (double)gradient[i];
        }
        expected = naive_derivative(network, input, IMAGES, coefficients, index, direction);
        cr_expect(fabs(got - expected) <= 2e-5 * (1.0 + sqrt(norm)),
                  "%s, direction %zu: %.8g, differences %.8g", p->name, d, got, expected);
    }
    free(direction);
}

ParameterizedTestParameters(node_gradients, agree_with_finite_differences)
{
    static size_t cases[MIDDLE_COUNT];

    for (size_t i = 0; i < MIDDLE_COUNT; i++)
        cases[i] = i;
    return cr_make_param_array(size_t, cases, MIDDLE_COUNT);
}

ParameterizedTest(size_t *index, node_gradients, agree_with_finite_differences)
{
    medtl_network *network = make_network(middles[*index]);
    float *input = nn_make_input((size_t)IMAGES * 2 * 7 * 9), coefficients[IMAGES * CLASSES];
    double *expected;
    const float *logits;
    medtl_trainer_pass *pass = NULL;

    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        coefficients[i] = nn_uniform(12345u, i);
    /* One image more than is run, so that strides and counts cannot stand in for one another. */
    cr_assert_eq(medtl_trainer_pass_create(network, IMAGES + 1, 2, &pass, NULL), MEDTL_OK);
    logits = medtl_trainer_pass_forward(pass, input, IMAGES, 0);
    expected = naive_forward(network, input, IMAGES, true, NULL);
    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        cr_expect(fabs((double)logits[i] - expected[i]) <= 1e-5 * (1.0 + fabs(expected[i])),
                  "%s: logit %zu: %g, naive %g", names[*index], i, (double)logits[i], expected[i]);
    medtl_trainer_pass_backward(pass, coefficients);
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++)
        if (medtl_trainer_pass_gradient(pass, i) != NULL)
            check_parameter(network, input, coefficients, i, medtl_trainer_pass_gradient(pass, i));
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(expected);
    free(input);
}

/* Dropout draws its mask from the seed, and without a ReLU behind it the network is linear in the first
 * convolution: a large step of the pass itself gives the exact derivative under the same mask. */
Test(dropout, backward_uses_the_mask_of_forward)
{
    medtl_graph g;
    medtl_network *network = NULL;
    medtl_trainer_pass *pass = NULL;
    float *input = nn_make_input((size_t)IMAGES * 2 * 7 * 9), coefficients[IMAGES * CLASSES];
    medtl_parameter *weight;
    double moved[2], expected = 0.0;
    const float *gradient;
    size_t x;

    medtl_graph_init(&g);
    x = conv(&g, medtl_graph_input(&g, (medtl_shape){2, 7, 9}), 4, 3, 1, 1, true);
    x = medtl_graph_dropout(&g, x, 0.4f);
    (void)medtl_graph_linear(&g, x, CLASSES, "last");
    cr_assert_eq(medtl_network_from_graph_take(&g, 1, &network, NULL), MEDTL_OK);
    nn_fill_network(network);
    cr_assert_eq(medtl_trainer_pass_create(network, IMAGES, 2, &pass, NULL), MEDTL_OK);
    weight = medtl_network_parameter(network, 0);
    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        coefficients[i] = nn_uniform(12345u, i);
    for (int side = 0; side < 2; side++) {
        const float *logits;

        for (size_t i = 0; i < weight->size; i++)
            weight->value[i] += (side == 0 ? 1.0f : -2.0f) * nn_uniform(5u, i);
        logits = medtl_trainer_pass_forward(pass, input, IMAGES, 42);
        moved[side] = 0.0;
        for (size_t i = 0; i < IMAGES * CLASSES; i++)
            moved[side] += (double)coefficients[i] * (double)logits[i];
    }
    medtl_trainer_pass_backward(pass, coefficients);
    gradient = medtl_trainer_pass_gradient(pass, 0);
    for (size_t i = 0; i < weight->size; i++)
        expected += (double)gradient[i] * (double)nn_uniform(5u, i);
    cr_assert(fabs((moved[0] - moved[1]) / 2.0 - expected) < 1e-4, "%g, pass %g", expected,
              (moved[0] - moved[1]) / 2.0);
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(input);
}

/* Behind dropout of ones, a linear layer of ones counts what was kept, scaled by 1/(1-p). */
Test(dropout, keeps_the_asked_share_and_depends_on_the_seed_alone)
{
    enum { VALUES = 10000 };
    medtl_graph g;
    medtl_network *network = NULL;
    medtl_trainer_pass *pass = NULL;
    float *ones = malloc(2 * VALUES * sizeof *ones), first[2];
    const float *logits;

    for (size_t i = 0; i < 2 * VALUES; i++)
        ones[i] = 1.0f;
    medtl_graph_init(&g);
    (void)medtl_graph_linear(
        &g, medtl_graph_dropout(&g, medtl_graph_input(&g, (medtl_shape){1, 100, 100}), 0.25f), 1,
        "sum");
    cr_assert_eq(medtl_network_from_graph_take(&g, 1, &network, NULL), MEDTL_OK);
    memcpy(medtl_network_parameter(network, 0)->value, ones, VALUES * sizeof *ones);
    medtl_network_parameter(network, 1)->value[0] = 0.0f;
    cr_assert_eq(medtl_trainer_pass_create(network, 2, 1, &pass, NULL), MEDTL_OK);
    memcpy(first, medtl_trainer_pass_forward(pass, ones, 2, 1), sizeof first);
    /* Mean 10000, standard deviation sqrt(10000 * 0.25 / 0.75) = 58. */
    cr_assert(fabsf(first[0] - 10000.0f) < 300.0f && fabsf(first[1] - 10000.0f) < 300.0f);
    cr_assert_neq(first[0], first[1], "two images share a mask");
    logits = medtl_trainer_pass_forward(pass, ones, 2, 1);
    cr_assert_eq(memcmp(first, logits, sizeof first), 0, "the same seed gave another mask");
    logits = medtl_trainer_pass_forward(pass, ones, 2, 2);
    cr_assert_neq(memcmp(first, logits, sizeof first), 0, "another seed gave the same mask");
    logits = medtl_trainer_pass_evaluate(pass, ones, 2);
    cr_assert_float_eq(logits[0], 10000.0f, 0.01f);
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(ones);
}
