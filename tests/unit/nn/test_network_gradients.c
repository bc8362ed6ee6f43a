/* Whole small networks: the gradient of every parameter, along a mixed direction, against finite
 * differences of the naive forward in double. */
#include "naive_network.h"
#include "nn_fill.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

struct network_case {
    char architecture[16];
    unsigned width, channels, height, width_px, classes, images;
};

ParameterizedTestParameters(network_gradients, agree_with_finite_differences)
{
    static struct network_case cases[] = {
        {"hybrid2", 2, 1, 12, 10, 2, 3},   {"hybrid2", 3, 2, 9, 11, 3, 2},
        {"resnet18", 2, 3, 32, 40, 3, 3},  {"resnet18", 3, 1, 33, 33, 2, 4},
        {"resnet18", 16, 3, 32, 35, 3, 2}, /* whole blocks of channels */
    };
    return cr_make_param_array(struct network_case, cases, sizeof cases / sizeof cases[0]);
}

static void check_parameter(const medtl_network *network, const struct network_case *c,
                            const float *input, const float *coefficients, size_t index,
                            const float *gradient)
{
    const medtl_parameter *p = &network->parameters[index];
    double *direction = calloc(p->size, sizeof *direction), got = 0.0, expected, norm = 0.0;

    for (size_t i = 0; i < p->size; i++) {
        direction[i] = (double)nn_uniform(4711u, i);
        got += direction[i] * (double)gradient[i];
        norm += (double)gradient[i] * (double)gradient[i];
    }
    expected = naive_derivative(network, input, c->images, coefficients, index, direction);
    cr_expect(fabs(got - expected) <= 1e-4 * (1.0 + sqrt(norm)),
              "%s %s: %.8g, differences %.8g (norm %g)", c->architecture, p->name, got, expected,
              sqrt(norm));
    free(direction);
}

ParameterizedTest(struct network_case *c, network_gradients, agree_with_finite_differences)
{
    medtl_network_spec spec = {.width = c->width,
                               .channels = c->channels,
                               .height = c->height,
                               .width_px = c->width_px,
                               .classes = c->classes};
    float *input = nn_make_input((size_t)c->images * c->channels * c->height * c->width_px);
    float coefficients[16];
    medtl_network *network = NULL;
    medtl_trainer_pass *pass = NULL;

    snprintf(spec.architecture, sizeof spec.architecture, "%s", c->architecture);
    cr_assert_eq(medtl_network_create(&spec, 1, &network, NULL), MEDTL_OK);
    nn_fill_network(network);
    for (size_t i = 0; i < (size_t)c->images * c->classes; i++)
        coefficients[i] = nn_uniform(77u, i);
    cr_assert_eq(medtl_trainer_pass_create(network, c->images, 2, &pass, NULL), MEDTL_OK);
    (void)medtl_trainer_pass_forward(pass, input, c->images, 0);
    medtl_trainer_pass_backward(pass, coefficients);
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++)
        if (medtl_trainer_pass_gradient(pass, i) != NULL)
            check_parameter(network, c, input, coefficients, i,
                            medtl_trainer_pass_gradient(pass, i));
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(input);
}

enum { THREADS = 3, SIDE = 40, PICTURES = 3 };

/* Logits and then all gradients after one step. @return how many floats */
static size_t answers_of(const char *architecture, size_t threads, float *answers)
{
    medtl_network_spec spec = {
        .width = 16, .channels = 3, .height = SIDE, .width_px = SIDE + 3, .classes = 2};
    float *input = nn_make_input((size_t)PICTURES * 3 * SIDE * (SIDE + 3));
    const float dlogits[PICTURES * 2] = {0.5f, -0.25f, 1.0f, 0.125f, -0.75f, 0.375f};
    medtl_network *network = NULL;
    medtl_trainer_pass *pass = NULL;
    size_t used = PICTURES * 2;

    snprintf(spec.architecture, sizeof spec.architecture, "%s", architecture);
    cr_assert_eq(medtl_network_create(&spec, 1, &network, NULL), MEDTL_OK);
    nn_fill_network(network);
    cr_assert_eq(medtl_trainer_pass_create(network, PICTURES, threads, &pass, NULL), MEDTL_OK);
    memcpy(answers, medtl_trainer_pass_forward(pass, input, PICTURES, 0), used * sizeof *answers);
    medtl_trainer_pass_backward(pass, dlogits);
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++) {
        const float *gradient = medtl_trainer_pass_gradient(pass, i);
        const size_t size = medtl_network_parameter(network, i)->size;

        if (gradient != NULL)
            memcpy(answers + used, gradient, size * sizeof *answers);
        used += gradient != NULL ? size : 0;
    }
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(input);
    return used;
}

Test(network_gradients, of_depthwise_networks_have_the_same_bits_on_any_number_of_threads)
{
    static const char *const architectures[] = {"mobilenet_v2", "mobilenet_v2_keras",
                                                "mobilenet_v2_keras_bn"};
    const size_t most = 4u << 20;
    float *first = malloc(most * sizeof *first), *other = malloc(most * sizeof *other);

    cr_assert(first != NULL && other != NULL);
    for (size_t i = 0; i < sizeof architectures / sizeof architectures[0]; i++) {
        const size_t count = answers_of(architectures[i], 1, first);

        cr_assert_leq(count, most);
        for (size_t threads = 2; threads <= THREADS; threads++) {
            cr_assert_eq(answers_of(architectures[i], threads, other), count);
            cr_expect_eq(memcmp(first, other, count * sizeof *first), 0, "%s, %zu threads",
                         architectures[i], threads);
        }
    }
    free(first);
    free(other);
}
