/* Our networks against the same networks in PyTorch, run in double precision (torch_goldens.h). */
#include "nn_fill.h"
#include "torch_goldens.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

enum { CASE_COUNT = sizeof golden_cases / sizeof golden_cases[0] };
static const double tolerance = 1e-4; /* relative to the largest value of a tensor, or its norm */

static medtl_network *make_network(const struct golden_case *g)
{
    medtl_network_spec spec = {.width = g->width,
                               .channels = g->channels,
                               .height = g->height,
                               .width_px = g->width_px,
                               .classes = g->classes,
                               .dropout = 0.0f};
    medtl_network *network = NULL;
    medtl_error err = {0};

    snprintf(spec.architecture, sizeof spec.architecture, "%s", g->architecture);
    cr_assert_eq(medtl_network_create(&spec, 1, &network, &err), MEDTL_OK, "%s", err.message);
    nn_fill_network(network);
    return network;
}

static void check_logits(const float *got, const double *expected, size_t count, const char *what)
{
    double largest = 0.0;

    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(expected[i]));
    for (size_t i = 0; i < count; i++)
        cr_assert(fabs((double)got[i] - expected[i]) <= tolerance * largest,
                  "%s[%zu]: %g, PyTorch %g", what, i, (double)got[i], expected[i]);
}

static void check_tensor(const float *got, size_t size, const struct golden_tensor *expected,
                         double floor_norm)
{
    const size_t places[3] = {0, size / 2, size - 1};
    double norm = 0.0, scale;

    for (size_t i = 0; i < size; i++)
        norm += (double)got[i] * (double)got[i];
    norm = sqrt(norm);
    scale = fmax(expected->norm, floor_norm);
    cr_expect(fabs(norm - expected->norm) <= tolerance * scale, "%s: norm %.9g, PyTorch %.9g",
              expected->name, norm, expected->norm);
    for (size_t i = 0; i < 3; i++)
        cr_expect(fabs((double)got[places[i]] - expected->values[i]) <= tolerance * scale,
                  "%s[%zu]: %.9g, PyTorch %.9g (norm %g)", expected->name, places[i],
                  (double)got[places[i]], expected->values[i], expected->norm);
}

static size_t find_parameter(medtl_network *network, const char *name)
{
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++)
        if (strcmp(medtl_network_parameter(network, i)->name, name) == 0)
            return i;
    cr_assert_fail("there is no parameter %s", name);
    return 0;
}

/* Softmax cross-entropy of labels n mod classes, averaged; its derivative into dlogits. */
static double cross_entropy(const float *logits, size_t images, size_t classes, float *dlogits)
{
    double loss = 0.0;

    for (size_t n = 0; n < images; n++) {
        double sum = 0.0;

        for (size_t k = 0; k < classes; k++)
            sum += exp((double)logits[n * classes + k]);
        for (size_t k = 0; k < classes; k++) {
            const double p = exp((double)logits[n * classes + k]) / sum;
            const double target = n % classes == k ? 1.0 : 0.0;

            loss -= target * log(p) / (double)images;
            dlogits[n * classes + k] = (float)((p - target) / (double)images);
        }
    }
    return loss;
}

ParameterizedTestParameters(torch_parity, logits_gradients_and_statistics_agree)
{
    static size_t cases[CASE_COUNT];

    for (size_t i = 0; i < CASE_COUNT; i++)
        cases[i] = i;
    return cr_make_param_array(size_t, cases, CASE_COUNT);
}

ParameterizedTest(size_t *index, torch_parity, logits_gradients_and_statistics_agree)
{
    const struct golden_case *g = &golden_cases[*index];
    const size_t logit_count = (size_t)g->images * g->classes;
    medtl_network *network = make_network(g);
    float *input =
        nn_make_numbered_input(g->input, (size_t)g->images * g->channels * g->height * g->width_px);
    float *dlogits = calloc(logit_count, sizeof *dlogits);
    medtl_trainer_pass *pass = NULL;
    const float *logits;
    double loss, largest = 0.0;

    cr_assert_eq(medtl_trainer_pass_create(network, g->images, 2, &pass, NULL), MEDTL_OK);
    logits = medtl_trainer_pass_evaluate(pass, input, g->images);
    check_logits(logits, g->evaluated, logit_count, "evaluation logits");

    logits = medtl_trainer_pass_forward(pass, input, g->images, 7);
    check_logits(logits, g->trained, logit_count, "training logits");
    loss = cross_entropy(logits, g->images, g->classes, dlogits);
    cr_assert(fabs(loss - g->loss) <= tolerance * g->loss);
    medtl_trainer_pass_backward(pass, dlogits);

    for (size_t i = 0; i < g->gradient_count; i++)
        largest = fmax(largest, g->gradients[i].norm);
    for (size_t i = 0; i < g->gradient_count; i++) {
        const size_t p = find_parameter(network, g->gradients[i].name);

        /* Gradients that are mathematically zero (a bias before a norm) are rounding noise in PyTorch. */
        check_tensor(medtl_trainer_pass_gradient(pass, p),
                     medtl_network_parameter(network, p)->size, &g->gradients[i], 1e-3 * largest);
    }
    for (size_t i = 0; i < g->statistic_count; i++) {
        const size_t p = find_parameter(network, g->statistics[i].name);

        check_tensor(medtl_network_parameter(network, p)->value,
                     medtl_network_parameter(network, p)->size, &g->statistics[i], 0.0);
        cr_expect_null(medtl_trainer_pass_gradient(pass, p));
    }
    cr_expect_eq(g->gradient_count + g->statistic_count, medtl_network_parameter_count(network));
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(input);
    free(dlogits);
}
