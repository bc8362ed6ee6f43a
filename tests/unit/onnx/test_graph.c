/* What planning rewrites, and what runs on the core's kernels, against plain loops in double. */
#include "graph_run.h"

#include "core/nn/kernels.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>

static medtl_nd_graph *new_graph(void)
{
    medtl_nd_graph *graph = NULL;

    cr_assert_eq(medtl_nd_graph_create("test", 13, &graph, NULL), MEDTL_OK);
    return graph;
}

static void expect_near(const float *got, const float *expected, size_t count, const char *label)
{
    double largest = 0.0;

    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)expected[i]));
    for (size_t i = 0; i < count; i++)
        cr_assert(fabs((double)got[i] - (double)expected[i]) <= 1e-5 * largest,
                  "%s: element %zu is %g, not %g", label, i, (double)got[i], (double)expected[i]);
}

enum { C = 4, K = 6, H = 9, W = 7 };

/* x -> conv -> norm -> relu -> + x2 -> relu -> y, as in a residual network; x2 is another convolution of x. */
static medtl_nd_graph *residual_graph(float *const *v)
{
    static const int_list pads = {"pads", 4, {1, 1, 1, 1}, false};
    medtl_nd_graph *g = new_graph();

    add_input(g, "x", shape(4, 1, C, H, W));
    add_floats(g, "w1", shape(4, K, C, 3, 3), v[0]);
    add_floats(g, "w2", shape(4, K, C, 3, 3), v[1]);
    add_floats(g, "scale", shape(1, K), v[2]);
    add_floats(g, "shift", shape(1, K), v[3]);
    add_floats(g, "mean", shape(1, K), v[4]);
    add_floats(g, "variance", shape(1, K), v[5]);
    add_node(g, "Conv", "x w1", "a", &pads, 1);
    add_node(g, "BatchNormalization", "a scale shift mean variance", "b", NULL, 0);
    add_node(g, "Conv", "x w2", "c", &pads, 1);
    add_node(g, "Identity", "c", "d", NULL, 0);
    add_node(g, "Add", "b d", "e", NULL, 0);
    add_node(g, "Relu", "e", "y", NULL, 0);
    cr_assert_eq(medtl_nd_graph_add_output(g, "y", NULL), MEDTL_OK);
    return g;
}

Test(onnx_graph, norms_relus_and_additions_disappear_in_convolutions)
{
    static float w1[K * C * 9], w2[K * C * 9], norm[4][K], x[C * H * W], a[K * H * W], c[K * H * W],
        y[K * H * W];
    float *const values[] = {w1, w2, norm[0], norm[1], norm[2], norm[3]};
    medtl_conv_shape conv = {C, H, W, K, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    medtl_nd_plan plan;

    noise(w1, K * C * 9, 1);
    noise(w2, K * C * 9, 2);
    noise(x, C * H * W, 3);
    for (unsigned i = 0; i < 4; i++)
        noise(norm[i], K, 4 + i);
    for (size_t k = 0; k < K; k++)
        norm[3][k] += 1.5f; /* a variance */
    cr_assert(medtl_conv_shape_complete(&conv));
    medtl_conv_forward_reference(&conv, w1, NULL, x, a);
    medtl_conv_forward_reference(&conv, w2, NULL, x, c);
    for (size_t i = 0; i < K * H * W; i++) {
        const size_t k = i / (H * W);
        const double n = ((double)a[i] - (double)norm[2][k]) / sqrt((double)norm[3][k] + 1e-5) *
                             (double)norm[0][k] +
                         (double)norm[1][k];

        a[i] = (float)fmax(0.0, n + (double)c[i]);
    }
    run_graph(residual_graph(values), x, 2, y);
    expect_near(y, a, K * H * W, "residual block");
    cr_assert_eq(medtl_nd_plan_create_take(residual_graph(values), &plan, NULL), MEDTL_OK);
    cr_expect_eq(live_nodes(&plan), 2, "two convolutions are left, not %zu nodes",
                 live_nodes(&plan));
    cr_expect_leq(plan.arena, 2 * (K * H * W * sizeof(float) + 128), "two activations");
    medtl_nd_plan_clear(&plan);
}

struct norm_case {
    char between[8]; /* what stands between the convolution and the norm */
};

ParameterizedTestParameters(onnx_graph, a_norm_behind_something_else_stays_behind_it)
{
    static struct norm_case cases[] = {{"Relu"}, {"Add"}};

    return cr_make_param_array(struct norm_case, cases, sizeof cases / sizeof cases[0]);
}

/* x = 1 and -2; convolution by 3: 3 and -6; then ReLU: 3 and 0, or + x: 4 and -8; norm: 5 - 2 v. */
ParameterizedTest(struct norm_case *n, onnx_graph, a_norm_behind_something_else_stays_behind_it)
{
    static const float x[] = {1.0f, -2.0f}, weight = 3.0f, scale = -2.0f, shift = 5.0f, mean = 0.0f,
                       variance = 1.0f - 1e-5f;
    const bool relu = strcmp(n->between, "Relu") == 0;
    medtl_nd_graph *g = new_graph();
    float y[2];

    add_input(g, "x", shape(4, 1, 1, 1, 2));
    add_floats(g, "w", shape(4, 1, 1, 1, 1), &weight);
    add_floats(g, "scale", shape(1, 1), &scale);
    add_floats(g, "shift", shape(1, 1), &shift);
    add_floats(g, "mean", shape(1, 1), &mean);
    add_floats(g, "variance", shape(1, 1), &variance);
    add_node(g, "Conv", "x w", "a", NULL, 0);
    add_node(g, n->between, relu ? "a" : "a x", "b", NULL, 0);
    add_node(g, "BatchNormalization", "b scale shift mean variance", "y", NULL, 0);
    cr_assert_eq(medtl_nd_graph_add_output(g, "y", NULL), MEDTL_OK);
    run_graph(g, x, 1, y);
    cr_expect_float_eq(y[0], relu ? -1.0f : -3.0f, 1e-5);
    cr_expect_float_eq(y[1], relu ? 5.0f : 21.0f, 1e-5);
}

/* The value before a ReLU has another reader, and so must not be overwritten or fused away. */
Test(onnx_graph, a_value_with_two_readers_keeps_its_own)
{
    static const float x[] = {-1.0f, 2.0f, -3.0f, 4.0f}, ones[] = {1.0f, 1.0f, 1.0f, 1.0f};
    static const float expected[] = {0.0f, 6.0f, -2.0f, 10.0f};
    medtl_nd_graph *g = new_graph();
    float y[4];

    add_input(g, "x", shape(2, 1, 4));
    add_floats(g, "one", shape(2, 1, 4), ones);
    add_node(g, "Add", "x one", "a", NULL, 0); /* 0 3 -2 5 */
    add_node(g, "Relu", "a", "b", NULL, 0);    /* 0 3  0 5 */
    add_node(g, "Add", "b a", "y", NULL, 0);
    cr_assert_eq(medtl_nd_graph_add_output(g, "y", NULL), MEDTL_OK);
    run_graph(g, x, 1, y);
    cr_expect_arr_eq(y, expected, sizeof y);
}

/* Views of one array under two shapes, one of them read after the other was written over. */
Test(onnx_graph, a_view_keeps_its_array_alive)
{
    static const float x[] = {1.0f, -2.0f, 3.0f, -4.0f};
    static const float expected[] = {-1.0f, 4.0f, -3.0f, 8.0f};
    medtl_nd_graph *g = new_graph();
    float y[4];

    add_input(g, "x", shape(2, 2, 2));
    add_node(g, "Neg", "x", "n", NULL, 0);                                  /* -1 2 -3 4 */
    add_node(g, "Flatten", "n", "f", &(int_list){"axis", 1, {0}, true}, 1); /* a view of n */
    add_node(g, "Relu", "n", "r", NULL, 0); /* 0 2 0 4: must not be in n */
    add_node(g, "Flatten", "r", "g", &(int_list){"axis", 1, {0}, true}, 1);
    add_node(g, "Add", "f g", "y", NULL, 0); /* -1 4 -3 8 */
    cr_assert_eq(medtl_nd_graph_add_output(g, "y", NULL), MEDTL_OK);
    run_graph(g, x, 1, y);
    cr_expect_arr_eq(y, expected, sizeof y);
}

struct product_case {
    int batch, rows, inner, columns;
};

ParameterizedTestParameters(onnx_graph, products_agree_with_double_loops)
{
    static struct product_case cases[] = {{1, 1, 300, 10}, {1, 3, 5, 7},    {1, 4, 33, 17},
                                          {3, 50, 64, 50}, {2, 197, 31, 1}, {1, 64, 1, 64}};

    return cr_make_param_array(struct product_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct product_case *p, onnx_graph, products_agree_with_double_loops)
{
    static float a[65536], b[65536], y[65536], expected[65536], again[65536];
    const size_t rows = (size_t)p->rows, inner = (size_t)p->inner, columns = (size_t)p->columns;

    noise(a, (size_t)p->batch * rows * inner, 1);
    noise(b, (size_t)p->batch * inner * columns, 2);
    for (size_t n = 0; n < (size_t)p->batch; n++)
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++) {
                double sum = 0.0;

                for (size_t k = 0; k < inner; k++)
                    sum += (double)a[(n * rows + i) * inner + k] *
                           (double)b[(n * inner + k) * columns + j];
                expected[(n * rows + i) * columns + j] = (float)sum;
            }
    for (size_t threads = 1; threads <= 3; threads += 2) {
        medtl_nd_graph *g = new_graph();

        add_input(g, "a", shape(3, p->batch, p->rows, p->inner));
        add_floats(g, "b", shape(3, p->batch, p->inner, p->columns), b);
        add_node(g, "MatMul", "a b", "y", NULL, 0);
        cr_assert_eq(medtl_nd_graph_add_output(g, "y", NULL), MEDTL_OK);
        run_graph(g, a, threads, threads == 1 ? y : again);
    }
    expect_near(y, expected, (size_t)p->batch * rows * columns, "product");
    cr_expect_arr_eq(y, again, (size_t)p->batch * rows * columns * sizeof *y,
                     "threads change bits");
}

struct transposed_case {
    int stride, pad, group, height, width;
};

ParameterizedTestParameters(onnx_graph, transposed_convolutions_scatter_their_inputs)
{
    static struct transposed_case cases[] = {
        {1, 0, 1, 5, 6}, {2, 1, 1, 7, 5}, {2, 0, 2, 4, 4}, {3, 1, 4, 3, 8}};

    return cr_make_param_array(struct transposed_case, cases, sizeof cases / sizeof cases[0]);
}

/* y[k][i s - p + u][j s - p + v] += x[c][i][j] w[c][k][u][v]: the definition. */
ParameterizedTest(struct transposed_case *t, onnx_graph,
                  transposed_convolutions_scatter_their_inputs)
{
    enum { IN = 4, OUT = 8, TAPS = 3 };
    static float x[IN * 64], w[IN * OUT * 9], y[OUT * 1024], expected[OUT * 1024];
    const int of_group = OUT / t->group, h = (t->height - 1) * t->stride + TAPS - 2 * t->pad,
              width = (t->width - 1) * t->stride + TAPS - 2 * t->pad;
    const int_list lists[] = {{"strides", 2, {t->stride, t->stride}, false},
                              {"pads", 4, {t->pad, t->pad, t->pad, t->pad}, false},
                              {"group", 1, {t->group}, true}};
    medtl_nd_graph *g = new_graph();

    noise(x, sizeof x / sizeof *x, 1);
    noise(w, sizeof w / sizeof *w, 2);
    for (int c = 0; c < IN; c++)
        for (int k = 0; k < of_group; k++)
            for (int at = 0; at < t->height * t->width * TAPS * TAPS; at++) {
                const int v = at % TAPS, u = at / TAPS % TAPS, j = at / TAPS / TAPS % t->width,
                          i = at / TAPS / TAPS / t->width;
                const int row = i * t->stride - t->pad + u, column = j * t->stride - t->pad + v;
                const int out = c / (IN / t->group) * of_group + k;

                if (row >= 0 && row < h && column >= 0 && column < width)
                    expected[(out * h + row) * width + column] +=
                        x[(c * t->height + i) * t->width + j] *
                        w[((c * of_group + k) * TAPS + u) * TAPS + v];
            }
    add_input(g, "x", shape(4, 1, IN, t->height, t->width));
    add_floats(g, "w", shape(4, IN, of_group, TAPS, TAPS), w);
    add_node(g, "ConvTranspose", "x w", "y", lists, 3);
    cr_assert_eq(medtl_nd_graph_add_output(g, "y", NULL), MEDTL_OK);
    run_graph(g, x, 2, y);
    expect_near(y, expected, (size_t)(OUT * h * width), "transposed convolution");
}

/* log(e^1000 + e^1000) = 1000 + log 2, which the plain formula cannot say; log(e^0 + e^1) = 1.3132617. */
Test(onnx_graph, a_log_of_a_sum_of_exponentials_does_not_overflow)
{
    static const float x[] = {1000.0f, 1000.0f, 0.0f, 1.0f};
    static const int_list axes = {"axes", 1, {1}, false};
    medtl_nd_graph *g = new_graph();
    float y[2];

    add_input(g, "x", shape(2, 2, 2));
    add_node(g, "ReduceLogSumExp", "x", "y", &axes, 1);
    cr_assert_eq(medtl_nd_graph_add_output(g, "y", NULL), MEDTL_OK);
    run_graph(g, x, 1, y);
    cr_expect_float_eq(y[0], 1000.6931f, 1e-3);
    cr_expect_float_eq(y[1], 1.3132617f, 1e-6);
}

/* What torch.logsumexp gives: masked positions are -inf and add nothing, wherever they stand. */
struct infinite_case {
    char label[40];
    float x[4], expected;
};

ParameterizedTestParameters(onnx_graph, a_log_of_a_sum_of_exponentials_takes_infinities)
{
    static struct infinite_case cases[] = {
        {"-inf twice, then numbers", {-INFINITY, -INFINITY, 0.0f, 0.0f}, 0.6931472f},
        {"-inf between numbers", {1.0f, -INFINITY, -INFINITY, 0.0f}, 1.3132617f},
        {"-inf at the end", {0.0f, -INFINITY, -INFINITY, -INFINITY}, 0.0f},
        {"nothing but -inf", {-INFINITY, -INFINITY, -INFINITY, -INFINITY}, -INFINITY},
        {"inf twice", {0.0f, INFINITY, INFINITY, -INFINITY}, INFINITY},
        {"inf behind -inf", {-INFINITY, INFINITY, 0.0f, -INFINITY}, INFINITY},
        {"NaN among numbers", {0.0f, NAN, 1.0f, 2.0f}, NAN},
        {"NaN first", {NAN, -INFINITY, 0.0f, 1.0f}, NAN},
        {"NaN behind -inf", {-INFINITY, NAN, -INFINITY, -INFINITY}, NAN},
        {"NaN behind inf", {INFINITY, NAN, 0.0f, 0.0f}, NAN},
    };
    return cr_make_param_array(struct infinite_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct infinite_case *c, onnx_graph,
                  a_log_of_a_sum_of_exponentials_takes_infinities)
{
    static const int_list axes = {"axes", 1, {1}, false};
    medtl_nd_graph *g = new_graph();
    float y;

    add_input(g, "x", shape(2, 1, 4));
    add_node(g, "ReduceLogSumExp", "x", "y", &axes, 1);
    cr_assert_eq(medtl_nd_graph_add_output(g, "y", NULL), MEDTL_OK);
    run_graph(g, c->x, 1, &y);
    cr_expect(isnan(c->expected)   ? isnan(y)
              : isinf(c->expected) ? y == c->expected
                                   : fabsf(y - c->expected) < 1e-6f,
              "%s: %g, not %g", c->label, (double)y, (double)c->expected);
}

Test(onnx_graph, what_only_shapes_decide_is_computed_once)
{
    medtl_nd_graph *g = new_graph();
    medtl_nd_plan plan;

    add_input(g, "x", shape(3, 2, 3, 4));
    add_node(g, "Shape", "x", "s", NULL, 0);
    add_node(g, "Reshape", "x s", "y", NULL, 0);
    cr_assert_eq(medtl_nd_graph_add_output(g, "y", NULL), MEDTL_OK);
    cr_assert_eq(medtl_nd_plan_create_take(g, &plan, NULL), MEDTL_OK);
    cr_expect_eq(live_nodes(&plan), 1);
    cr_expect_eq(plan.arena, 0, "a view needs no memory");
    medtl_nd_plan_clear(&plan);
}
