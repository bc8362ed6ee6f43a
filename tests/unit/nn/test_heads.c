/* Several outputs of one network: gradients that enter at any of them, and norms with frozen statistics, against
 * finite differences of the passes' own forward in a direction in which the loss is smooth. */
#include "nn_fill.h"

#include <criterion/criterion.h>

enum { IMAGES = 3, CLASSES = 2, VIEWS = 3, SIDE = 16 };

static const medtl_head heads[] = {{"view", VIEWS}};

static medtl_network *make_network(void)
{
    const medtl_network_spec spec = {"resnet20", 8, 1, SIDE, SIDE, CLASSES, 0.0f, 0, {0}};
    medtl_network *network = NULL;

    cr_assert_eq(medtl_network_create_with_heads(&spec, heads, 1, 1, &network, NULL), MEDTL_OK);
    nn_fill_network(network);
    return network;
}

/* Coefficients times outputs: the logits, and the values of output `name`. */
static double loss_of(medtl_trainer_pass *pass, const float *input, const char *name,
                      const float *coefficients)
{
    const float *logits = medtl_trainer_pass_forward(pass, input, IMAGES, 0), *values;
    size_t size, stride;
    double loss = 0.0;

    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        loss += (double)coefficients[i] * (double)logits[i];
    values = medtl_trainer_pass_output(pass, name, &size, &stride);
    cr_assert_not_null(values);
    for (size_t n = 0; n < IMAGES; n++)
        for (size_t i = 0; i < size; i++)
            loss += (double)coefficients[n * size + i] * (double)values[n * stride + i];
    return loss;
}

/* Of every parameter along a direction, by central differences of float passes. */
static void check_gradients(const char *name, uint32_t frozen)
{
    medtl_network *network = make_network();
    float *input = nn_make_input((size_t)IMAGES * SIDE * SIDE);
    float *coefficients = malloc(IMAGES * 64 * sizeof *coefficients);
    medtl_trainer_pass *pass = NULL;

    for (size_t i = 0; i < IMAGES * 64; i++)
        coefficients[i] = nn_uniform(31u, i);
    cr_assert_eq(medtl_trainer_pass_create(network, IMAGES, 2, &pass, NULL), MEDTL_OK);
    medtl_trainer_pass_freeze_norms(pass, frozen);
    (void)loss_of(pass, input, name, coefficients);
    cr_assert(medtl_trainer_pass_give_gradient(pass, name, coefficients));
    medtl_trainer_pass_backward(pass, coefficients);
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++) {
        medtl_parameter *p = medtl_network_parameter(network, i);
        const float *gradient = medtl_trainer_pass_gradient(pass, i), step = 0x1p-9f;
        double norm = 0.0, expected;
        float *before;

        if (gradient == NULL)
            continue;
        for (size_t k = 0; k < p->size; k++)
            norm += (double)gradient[k] * (double)gradient[k];
        norm = sqrt(norm);
        if (norm < 1e-3)
            continue;
        before = malloc(p->size * sizeof *before);
        memcpy(before, p->value, p->size * sizeof *before);
        for (size_t k = 0; k < p->size; k++) /* uphill: the derivative is the norm */
            p->value[k] = before[k] + step * (float)((double)gradient[k] / norm / norm);
        expected = loss_of(pass, input, name, coefficients);
        for (size_t k = 0; k < p->size; k++)
            p->value[k] = before[k] - step * (float)((double)gradient[k] / norm / norm);
        expected -= loss_of(pass, input, name, coefficients);
        memcpy(p->value, before, p->size * sizeof *before);
        cr_expect(fabs(expected / (2.0 * (double)step) - 1.0) < 0.1, "%s, %s: %g of the derivative",
                  name, p->name, expected / (2.0 * (double)step));
        free(before);
    }
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(coefficients);
    free(input);
}

Test(heads, a_second_heads_gradient_joins_the_first) { check_gradients("view", 0); }

Test(heads, a_gradient_enters_at_the_features) { check_gradients("features", 0); }

Test(heads, frozen_norms_have_the_gradient_of_evaluation) { check_gradients("view", UINT32_MAX); }

Test(heads, norms_of_the_first_stages_are_frozen_alone) { check_gradients("features", 2); }

Test(heads, frozen_norms_compute_as_in_evaluation_and_stay)
{
    medtl_network *network = make_network(), *copy = make_network();
    float *input = nn_make_input((size_t)IMAGES * SIDE * SIDE), evaluated[IMAGES * CLASSES];
    const float *trained;
    medtl_trainer_pass *pass = NULL;

    cr_assert_eq(medtl_trainer_pass_create(network, IMAGES, 1, &pass, NULL), MEDTL_OK);
    memcpy(evaluated, medtl_trainer_pass_evaluate(pass, input, IMAGES), sizeof evaluated);
    medtl_trainer_pass_freeze_norms(pass, UINT32_MAX);
    trained = medtl_trainer_pass_forward(pass, input, IMAGES, 0);
    cr_expect_eq(memcmp(trained, evaluated, sizeof evaluated), 0);
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++) {
        const medtl_parameter *p = medtl_network_parameter(network, i);

        cr_expect_eq(
            memcmp(p->value, medtl_network_parameter(copy, i)->value, p->size * sizeof(float)), 0,
            "%s moved", p->name);
    }
    medtl_trainer_pass_freeze_norms(pass, 0);
    trained = medtl_trainer_pass_forward(pass, input, IMAGES, 0);
    cr_expect_neq(memcmp(trained, evaluated, sizeof evaluated), 0);
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    medtl_network_destroy(copy);
    free(input);
}

Test(heads, have_names_of_their_own)
{
    const medtl_network_spec spec = {"resnet20", 4, 1, SIDE, SIDE, CLASSES, 0.0f, 0, {0}};
    const medtl_head twins[] = {{"view", 2}, {"view", 3}}, nameless[] = {{"", 2}};
    medtl_network *network = NULL;

    cr_expect_eq(medtl_network_create_with_heads(&spec, twins, 2, 1, &network, NULL),
                 MEDTL_E_ARGUMENT);
    cr_expect_eq(medtl_network_create_with_heads(&spec, nameless, 1, 1, &network, NULL),
                 MEDTL_E_ARGUMENT);
    cr_expect_null(network);
}
