/* The nodes of classical classifiers: a kernel machine's derivative against finite differences of a plain forward in
 * double, and what model files may say of such heads. (Their values are tests/unit/train/test_hybrid.c's.) */
#include "core/nn/graph.h"
#include "core/nn/metadata.h"
#include "core/nn/network_parts.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { INPUTS = 4, SIZE = 5, VECTORS = 3, CLASSES = 2 };
enum { WEIGHT, BIAS, STANDARD, VECTOR, COEFFICIENT, OFFSET, PARAMETERS };

static double value(size_t seed, size_t i)
{
    return (double)((int)((i * 37 + seed * 23 + i * i * 5) % 64) - 32) / 40.0;
}

static medtl_network *make(void)
{
    medtl_graph graph;
    medtl_network *network = NULL;
    size_t x;

    medtl_graph_init(&graph);
    x = medtl_graph_input(&graph, (medtl_shape){INPUTS, 1, 1});
    x = medtl_graph_linear(&graph, x, SIZE, "a");
    (void)medtl_graph_kernel(&graph, x, CLASSES, VECTORS, "b");
    cr_assert_eq(medtl_network_from_graph_take(&graph, 1, &network, NULL), MEDTL_OK);
    cr_assert_eq(medtl_network_parameter_count(network), PARAMETERS);
    for (size_t k = 0; k < PARAMETERS; k++)
        for (size_t i = 0; i < medtl_network_parameter(network, k)->size; i++)
            medtl_network_parameter(network, k)->value[i] = (float)value(k + 1, i);
    return network;
}

/* sum_k dlogits_k y_k, from the definition. */
static double forward(double p[PARAMETERS][32], const double *input, const double *dlogits)
{
    double a[SIZE], loss = 0.0;

    for (size_t i = 0; i < SIZE; i++) {
        a[i] = p[BIAS][i];
        for (size_t j = 0; j < INPUTS; j++)
            a[i] += p[WEIGHT][i * INPUTS + j] * input[j];
    }
    for (size_t k = 0; k < CLASSES; k++) {
        double y = p[OFFSET][k];

        for (size_t v = 0; v < VECTORS; v++) {
            double distance = 0.0;

            for (size_t i = 0; i < SIZE; i++)
                distance += pow(
                    (a[i] - p[STANDARD][i]) * p[STANDARD][SIZE + i] - p[VECTOR][v * SIZE + i], 2.0);
            y += p[COEFFICIENT][k * VECTORS + v] * exp(-distance);
        }
        loss += dlogits[k] * y;
    }
    return loss;
}

Test(classifier_nodes, a_kernel_machine_s_gradient_is_that_of_finite_differences)
{
    const float input[INPUTS] = {0.5f, -0.25f, 0.75f, 0.1f}, dlogits[CLASSES] = {0.8f, -1.3f};
    medtl_network *network = make();
    medtl_trainer_pass *pass = NULL;
    double p[PARAMETERS][32] = {{0}}, x[INPUTS], d[CLASSES];

    for (size_t i = 0; i < INPUTS; i++)
        x[i] = (double)input[i];
    for (size_t k = 0; k < CLASSES; k++)
        d[k] = (double)dlogits[k];
    for (size_t k = 0; k < PARAMETERS; k++)
        for (size_t i = 0; i < medtl_network_parameter(network, k)->size; i++)
            p[k][i] = (double)medtl_network_parameter(network, k)->value[i];
    cr_assert_eq(medtl_trainer_pass_create(network, 1, 1, &pass, NULL), MEDTL_OK);
    (void)medtl_trainer_pass_forward(pass, input, 1, 0);
    medtl_trainer_pass_backward(pass, dlogits);
    for (size_t k = WEIGHT; k <= BIAS; k++)
        for (size_t i = 0; i < medtl_network_parameter(network, k)->size; i++) {
            const double h = 1e-5, kept = p[k][i];
            double slope;

            p[k][i] = kept + h;
            slope = forward(p, x, d);
            p[k][i] = kept - h;
            slope = (slope - forward(p, x, d)) / (2.0 * h);
            p[k][i] = kept;
            cr_assert_float_eq((double)medtl_trainer_pass_gradient(pass, k)[i], slope, 1e-5);
        }
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
}

struct head_case {
    char head[96], why[64];
    medtl_status status;
};

ParameterizedTestParameters(classifier_nodes, heads_in_metadata_are_checked)
{
    static struct head_case cases[] = {
        {"{\"kind\":\"kernel\",\"vectors\":7}", "", MEDTL_OK},
        {"{\"kind\":\"neighbours\",\"vectors\":7,\"neighbours\":3}", "", MEDTL_OK},
        {"{\"kind\":\"forest\",\"vectors\":7}", "no kind that we know", MEDTL_E_UNSUPPORTED},
        {"{\"kind\":7,\"vectors\":7}", "no kind that we know", MEDTL_E_UNSUPPORTED},
        {"\"kernel\"", "no kind that we know", MEDTL_E_UNSUPPORTED},
        {"null", "no kind that we know", MEDTL_E_UNSUPPORTED},
        {"{\"kind\":\"kernel\"}", "\"vectors\" is not a whole number", MEDTL_E_FORMAT},
        {"{\"kind\":\"kernel\",\"vectors\":-1}", "\"vectors\" is not a whole number",
         MEDTL_E_FORMAT},
        {"{\"kind\":\"kernel\",\"vectors\":1e9}", "\"vectors\" is not a whole number",
         MEDTL_E_FORMAT},
        {"{\"kind\":\"neighbours\",\"vectors\":7}", "\"neighbours\" is not a whole",
         MEDTL_E_FORMAT}};

    return cr_make_param_array(struct head_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct head_case *c, classifier_nodes, heads_in_metadata_are_checked)
{
    medtl_metadata metadata;
    medtl_error err = {0};
    char text[400];

    snprintf(text, sizeof text,
             "{\"format\":1,\"architecture\":{\"name\":\"resnet20\",\"head\":%s},"
             "\"classes\":[\"a\",\"b\"],\"input\":{\"channels\":1,\"height\":8,\"width\":8}}",
             c->head);
    cr_assert_eq(medtl_metadata_parse("m", text, &metadata, &err), c->status, "%s: %s", c->head,
                 err.message);
    cr_assert_not_null(strstr(err.message, c->why), "%s: %s", c->head, err.message);
    if (c->status == MEDTL_OK) {
        cr_assert_eq(metadata.spec.classifier.vectors, 7);
        medtl_metadata_clear(&metadata);
    }
}
