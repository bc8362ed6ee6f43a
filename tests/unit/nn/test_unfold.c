/* Batch norms put back and measured anew. What the networks computed before is the truth for what they compute after; the
 * statistics are compared with plain sums over the outputs of a convolution that is computed here. */
#include "nn_fill.h"

#include <criterion/criterion.h>

enum { IMAGES = 6, SIZE = 64, CLASSES = 5, PIXELS = 3 * SIZE * SIZE };

static medtl_network *network_of(const char *architecture, unsigned width)
{
    medtl_network_spec spec = {"", width, 3, SIZE, SIZE, CLASSES, 0.5f, 0, {0}};
    medtl_network *network = NULL;

    memcpy(spec.architecture, architecture, strlen(architecture) + 1);
    cr_assert_eq(medtl_network_create(&spec, 3, &network, NULL), MEDTL_OK);
    return network;
}

static medtl_network *filled(const char *architecture, unsigned width)
{
    medtl_network *network = network_of(architecture, width);

    nn_fill_network(network);
    return network;
}

static void copy_logits(float *to, const float *logits)
{
    memcpy(to, logits, IMAGES * CLASSES * sizeof *to);
}

static void expect_close(const float *is, const float *wanted, const char *what)
{
    double largest = 0.0;

    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        largest = fmax(largest, fabs((double)wanted[i]));
    cr_assert_gt(largest, 1e-3, "%s: logits of %g tell nothing", what, largest);
    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        cr_assert_float_eq(is[i], wanted[i], 1e-4 * largest, "%s: logit %zu is %.7g, not %.7g",
                           what, i, (double)is[i], (double)wanted[i]);
}

static medtl_trainer_pass *pass_over(medtl_network *network)
{
    medtl_trainer_pass *pass = NULL;

    cr_assert_eq(medtl_trainer_pass_create(network, IMAGES, 2, &pass, NULL), MEDTL_OK);
    return pass;
}

static const medtl_parameter *parameter(medtl_network *network, const char *name)
{
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++)
        if (strcmp(medtl_network_parameter(network, i)->name, name) == 0)
            return medtl_network_parameter(network, i);
    cr_assert_fail("there is no %s", name);
    return NULL;
}

/* A 3x3 convolution at stride 2 with one row and column of zeros behind, as Keras' first one. */
static double first_convolution(const medtl_parameter *w, const float *image, size_t filter,
                                size_t y, size_t x)
{
    double sum = 0.0;

    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < 3; i++)
            for (size_t k = 0; k < 3; k++)
                if (2 * y + i < SIZE && 2 * x + k < SIZE)
                    sum += (double)w->value[((filter * 3 + c) * 3 + i) * 3 + k] *
                           (double)image[(c * SIZE + 2 * y + i) * SIZE + 2 * x + k];
    return sum;
}

static void expect_first_statistics(medtl_network *network, const float *input)
{
    const medtl_parameter *w = parameter(network, "Conv1.weight");
    const double count = IMAGES * SIZE * SIZE / 4.0;

    for (size_t filter = 0; filter < w->shape[0]; filter++) {
        double sum = 0.0, squares = 0.0;

        for (size_t n = 0; n < IMAGES; n++)
            for (size_t p = 0; p < SIZE * SIZE / 4; p++) {
                const double v = first_convolution(w, input + n * PIXELS, filter, p / (SIZE / 2),
                                                   p % (SIZE / 2));

                sum += v;
                squares += v * v;
            }
        cr_expect_float_eq(parameter(network, "bn_Conv1.running_mean")->value[filter], sum / count,
                           1e-5);
        cr_expect_float_eq(parameter(network, "bn_Conv1.running_var")->value[filter],
                           squares / count - sum / count * sum / count, 1e-4);
    }
}

Test(unfold, a_network_with_its_norms_back_computes_what_the_folded_one_did)
{
    medtl_network *folded = filled("mobilenet_v2_keras", 16),
                  *network = network_of("mobilenet_v2_keras_bn", 16);
    float *input = nn_make_input((size_t)IMAGES * PIXELS), wanted[IMAGES * CLASSES];
    medtl_trainer_pass *of_folded = pass_over(folded), *pass;

    copy_logits(wanted, medtl_trainer_pass_evaluate(of_folded, input, IMAGES));
    cr_assert_eq(medtl_network_unfold(network, folded, NULL), MEDTL_OK);
    pass = pass_over(network);
    expect_close(medtl_trainer_pass_evaluate(pass, input, IMAGES), wanted, "unfolded");
    medtl_trainer_pass_settle_norms(pass, input, IMAGES);
    expect_close(medtl_trainer_pass_evaluate(pass, input, IMAGES), wanted, "settled");
    expect_first_statistics(network, input);
    medtl_trainer_pass_destroy(of_folded);
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(folded);
    medtl_network_destroy(network);
    free(input);
}

/* As dropout stands in the graph, the network is made without it. */
static void expect_training_as_evaluation(const char *architecture, unsigned width, bool recompute)
{
    medtl_network_spec spec = {"", width, 3, SIZE, SIZE, CLASSES, 0.0f, 0, {0}};
    float *input = nn_make_input((size_t)IMAGES * PIXELS), wanted[IMAGES * CLASSES];
    medtl_network *network = NULL;
    medtl_trainer_pass *pass = NULL;

    memcpy(spec.architecture, architecture, strlen(architecture) + 1);
    cr_assert_eq(medtl_network_create(&spec, 3, &network, NULL), MEDTL_OK);
    nn_fill_network(network);
    cr_assert_eq((recompute ? medtl_trainer_pass_create_recomputing
                            : medtl_trainer_pass_create)(network, IMAGES, 2, &pass, NULL),
                 MEDTL_OK);
    copy_logits(wanted, medtl_trainer_pass_evaluate(pass, input, IMAGES));
    medtl_trainer_pass_settle_norms(pass, input, IMAGES);
    expect_close(medtl_trainer_pass_evaluate(pass, input, IMAGES), wanted, architecture);
    expect_close(medtl_trainer_pass_forward(pass, input, IMAGES, 1), wanted, architecture);
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(input);
}

Test(unfold, a_forward_of_the_settled_batch_gives_what_evaluation_gave)
{
    expect_training_as_evaluation("resnet18", 16, false);
    expect_training_as_evaluation("resnet18", 16, true);
    expect_training_as_evaluation("mobilenet_v2", 16, false); /* 8 and 24 channels: filled up */
    expect_training_as_evaluation("mobilenet_v2_keras_bn", 32, false);
    expect_training_as_evaluation("densenet121", 8, false);
}

Test(unfold, norms_measure_as_ever_behind_a_settling)
{
    medtl_network *network = filled("resnet18", 16);
    float *input = nn_make_input((size_t)IMAGES * PIXELS), mean, batch_mean;
    medtl_trainer_pass *pass = pass_over(network);
    const medtl_parameter *running = parameter(network, "bn1.running_mean");

    medtl_trainer_pass_settle_norms(pass, input, IMAGES);
    batch_mean = running->value[0];
    running->value[0] = 1.0f + batch_mean;
    (void)medtl_trainer_pass_forward(pass, input, IMAGES, 1);
    mean = 0.9f * (1.0f + batch_mean) + 0.1f * batch_mean; /* PyTorch's momentum */
    cr_expect_float_eq(running->value[0], mean, 1e-5);
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(input);
}

Test(unfold, networks_that_are_not_two_forms_of_one_are_refused)
{
    medtl_network *folded = filled("mobilenet_v2_keras", 16),
                  *other = filled("mobilenet_v2_keras", 8),
                  *network = network_of("mobilenet_v2_keras_bn", 16),
                  *torch = network_of("mobilenet_v2", 16);
    medtl_error err = {0};

    cr_expect_eq(medtl_network_unfold(network, other, &err), MEDTL_E_ARGUMENT);
    cr_expect_str_eq(err.message,
                     "mobilenet_v2_keras is not the folded form of this mobilenet_v2_keras_bn");
    cr_expect_eq(medtl_network_unfold(torch, folded, &err), MEDTL_E_ARGUMENT);
    cr_expect_eq(medtl_network_unfold(folded, folded, &err), MEDTL_E_ARGUMENT);
    cr_expect_str_eq(medtl_architecture_folded("mobilenet_v2_keras_bn"), "mobilenet_v2_keras");
    cr_expect_null(medtl_architecture_folded("mobilenet_v2"));
    cr_expect_null(medtl_architecture_folded("resnet18"));
    medtl_network_destroy(folded);
    medtl_network_destroy(other);
    medtl_network_destroy(network);
    medtl_network_destroy(torch);
}
