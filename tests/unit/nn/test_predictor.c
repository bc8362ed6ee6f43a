/* Running a loaded model: the fused plan computes what the network does, to the same bits however it is
 * cut into threads and batches. */
#include "core/nn/model_parts.h"
#include "naive_network.h"
#include "nn_model.h"

#include <criterion/parameterized.h>

enum { IMAGES = 5 };

struct predictor_case {
    char architecture[24];
    uint32_t width, channels, height, width_px, classes;
};

static struct predictor_case cases[] = {
    {"hybrid2", 8, 3, 40, 32, 3},
    {"hybrid2", 5, 1, 19, 23, 2},
    {"resnet18", 8, 3, 64, 48, 7},
    {"resnet18", 6, 1, 33, 35, 2},
    {"resnet34", 4, 1, 40, 40, 2},
    {"resnet50", 4, 3, 64, 64, 2},
    {"hybrid6", 2, 3, 24, 32, 4},
    {"densenet121", 4, 1, 33, 40, 3},
    {"mobilenet_v2", 8, 3, 33, 40, 4},
    {"resnet20", 4, 1, 16, 18, 3},
    {"mobilenet_v2_keras", 8, 3, 34, 32, 4},
    {"mobilenet_v2_keras_bn", 8, 3, 34, 32, 4},
    {"inception_v3", 2, 3, 75, 80, 3},
    {"vit_tiny", 8, 3, 32, 48, 3},
    {"fusion", 8, 6, 1, 3, 2},
};

/* Loads the case's model and makes its images. */
static medtl_model *prepare(const struct predictor_case *c, medtl_network **network, float **input)
{
    char path[256];
    medtl_model *model;

    *network =
        nn_make_network(c->architecture, c->width, c->channels, c->height, c->width_px, c->classes);
    *input = nn_make_input((size_t)IMAGES * c->channels * c->height * c->width_px);
    nn_temporary_path(path, sizeof path);
    nn_save(*network, false, path);
    model = nn_load(path);
    unlink(path);
    return model;
}

ParameterizedTestParameters(predictor, computes_what_the_network_does)
{
    return cr_make_param_array(struct predictor_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct predictor_case *c, predictor, computes_what_the_network_does)
{
    medtl_network *network;
    float *input, logits[IMAGES * 8];
    medtl_model *model = prepare(c, &network, &input);
    medtl_predictor *predictor = NULL;
    medtl_trainer_pass *pass = NULL;
    double *naive = naive_forward(network, input, IMAGES, false, NULL), largest = 0.0;
    const float *evaluated;

    cr_assert_eq(medtl_predictor_create(model, IMAGES, 2, &predictor, NULL), MEDTL_OK);
    medtl_predictor_run_logits(predictor, input, IMAGES, logits);
    cr_assert_eq(medtl_trainer_pass_create(network, IMAGES, 2, &pass, NULL), MEDTL_OK);
    evaluated = medtl_trainer_pass_evaluate(pass, input, IMAGES);
    for (size_t i = 0; i < IMAGES * c->classes; i++)
        largest = fmax(largest, fabs(naive[i]));
    for (size_t i = 0; i < IMAGES * c->classes; i++) {
        cr_expect(fabs((double)logits[i] - naive[i]) <= 1e-5 * largest,
                  "%s: logit %zu: %.8g, naive %.8g", c->architecture, i, (double)logits[i],
                  naive[i]);
        cr_expect(fabs((double)evaluated[i] - naive[i]) <= 1e-5 * largest,
                  "%s: evaluated %zu: %.8g, naive %.8g", c->architecture, i, (double)evaluated[i],
                  naive[i]);
    }
    medtl_trainer_pass_destroy(pass);
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(naive);
    free(input);
}

ParameterizedTestParameters(predictor, gives_the_same_bits_for_any_threads_batch_and_place)
{
    return cr_make_param_array(struct predictor_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct predictor_case *c, predictor,
                  gives_the_same_bits_for_any_threads_batch_and_place)
{
    medtl_network *network;
    float *input, first[IMAGES * 8], logits[IMAGES * 8];
    const size_t image = (size_t)c->channels * c->height * c->width_px;
    medtl_model *model = prepare(c, &network, &input);

    for (size_t threads = 1; threads <= 3; threads++)
        for (size_t batch = 1; batch <= IMAGES; batch += 2) {
            medtl_predictor *predictor = NULL;

            cr_assert_eq(medtl_predictor_create(model, batch, threads, &predictor, NULL), MEDTL_OK);
            /* From the back, so that each image takes every place. */
            for (size_t end = IMAGES; end > 0; end -= batch < end ? batch : end) {
                const size_t start = end > batch ? end - batch : 0;

                medtl_predictor_run_logits(predictor, input + start * image, end - start,
                                           logits + start * c->classes);
            }
            medtl_predictor_destroy(predictor);
            if (threads == 1 && batch == 1)
                memcpy(first, logits, sizeof first);
            cr_expect_eq(memcmp(first, logits, IMAGES * c->classes * sizeof(float)), 0,
                         "%s differs with %zu threads and batches of %zu", c->architecture, threads,
                         batch);
        }
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(input);
}

Test(predictor, probabilities_are_the_softmax_of_logits_over_temperature)
{
    medtl_network *network;
    float *input, logits[IMAGES * 8], probabilities[IMAGES * 8];
    medtl_model *model = prepare(&cases[2], &network, &input);
    medtl_predictor *predictor = NULL;
    const size_t classes = cases[2].classes;

    cr_assert_eq(medtl_predictor_create(model, IMAGES, 1, &predictor, NULL), MEDTL_OK);
    medtl_predictor_run_logits(predictor, input, IMAGES, logits);
    medtl_predictor_run(predictor, input, IMAGES, probabilities);
    for (size_t n = 0; n < IMAGES; n++) {
        double sum = 0.0, total = 0.0;

        for (size_t k = 0; k < classes; k++)
            sum += exp((double)logits[n * classes + k] / 1.25);
        for (size_t k = 0; k < classes; k++) {
            const double p = exp((double)logits[n * classes + k] / 1.25) / sum;

            cr_expect_float_eq(probabilities[n * classes + k], p, 1e-6);
            total += (double)probabilities[n * classes + k];
        }
        cr_expect_float_eq(total, 1.0, 1e-6);
    }
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(input);
}

/* What fusing is for: in a residual network nothing is left but convolutions, the pools and the last layer. */
Test(predictor, a_residual_network_fuses_to_convolutions)
{
    medtl_network *network;
    float *input;
    medtl_model *model = prepare(&cases[2], &network, &input);
    const medtl_graph *graph = &model->plan.graph;
    size_t convolutions = 0;

    for (size_t i = 0; i < graph->node_count; i++) {
        convolutions += graph->nodes[i].ops == &medtl_node_conv;
        cr_expect(graph->nodes[i].ops != &medtl_node_add &&
                      graph->nodes[i].ops != &medtl_node_affine &&
                      graph->nodes[i].ops != &medtl_node_relu,
                  "node %zu is a %s", i, graph->nodes[i].ops->kind);
    }
    cr_expect_eq(convolutions, 20);
    cr_expect_eq(graph->node_count, 20 + 4); /* input, max pool, average, linear */
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(input);
}

struct create_case {
    size_t batch, threads;
};

ParameterizedTestParameters(predictor, refuses_impossible_batches_and_threads)
{
    static struct create_case refusals[] = {{0, 1}, {1, 0}, {SIZE_MAX, 1}, {1, SIZE_MAX}};

    return cr_make_param_array(struct create_case, refusals, sizeof refusals / sizeof refusals[0]);
}

ParameterizedTest(struct create_case *c, predictor, refuses_impossible_batches_and_threads)
{
    medtl_network *network;
    float *input;
    medtl_model *model = prepare(&cases[1], &network, &input);
    medtl_predictor *predictor = NULL;

    cr_expect_eq(medtl_predictor_create(model, c->batch, c->threads, &predictor, NULL),
                 MEDTL_E_ARGUMENT);
    cr_expect_null(predictor);
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(input);
}

/* Training too: forward, statistics and gradients do not depend on the number of threads. */
Test(trainer_pass, gives_the_same_bits_for_any_number_of_threads)
{
    medtl_network *networks[3];
    medtl_trainer_pass *passes[3];
    float *input = nn_make_input((size_t)IMAGES * 3 * 40 * 32), dlogits[IMAGES * 3];

    for (size_t i = 0; i < IMAGES * 3; i++)
        dlogits[i] = nn_uniform(3u, i);
    for (size_t i = 0; i < 3; i++) {
        networks[i] = nn_make_network("hybrid2", 8, 3, 40, 32, 3);
        cr_assert_eq(medtl_trainer_pass_create(networks[i], IMAGES, i + 1, &passes[i], NULL),
                     MEDTL_OK);
        (void)medtl_trainer_pass_forward(passes[i], input, IMAGES, 9);
        medtl_trainer_pass_backward(passes[i], dlogits);
    }
    for (size_t i = 0; i < medtl_network_parameter_count(networks[0]); i++)
        for (size_t k = 1; k < 3; k++) {
            const medtl_parameter *p = medtl_network_parameter(networks[0], i);
            const float *gradient = medtl_trainer_pass_gradient(passes[0], i);

            cr_expect_eq(memcmp(p->value, medtl_network_parameter(networks[k], i)->value,
                                p->size * sizeof(float)),
                         0, "%s", p->name);
            if (gradient != NULL)
                cr_expect_eq(memcmp(gradient, medtl_trainer_pass_gradient(passes[k], i),
                                    p->size * sizeof(float)),
                             0, "gradient of %s with %zu threads", p->name, k + 1);
        }
    for (size_t i = 0; i < 3; i++) {
        medtl_trainer_pass_destroy(passes[i]);
        medtl_network_destroy(networks[i]);
    }
    free(input);
}

/* What the last layer reads: putting the last layer on top of it by hand gives the logits. */
Test(predictor, shows_the_features_before_the_head)
{
    medtl_network *network;
    float *input, *features, logits[IMAGES * 8];
    medtl_model *model = prepare(&cases[0], &network, &input);
    const size_t size = medtl_model_output_size(model, "features"), classes = cases[0].classes;
    const size_t count = medtl_network_parameter_count(network);
    const medtl_parameter *weight = medtl_network_parameter(network, count - 2);
    const medtl_parameter *bias = medtl_network_parameter(network, count - 1);
    medtl_predictor *predictor = NULL;

    cr_assert_eq(size, 200);
    features = malloc(IMAGES * size * sizeof *features);
    cr_assert_eq(medtl_predictor_create(model, 2, 2, &predictor, NULL), MEDTL_OK);
    medtl_predictor_run_logits(predictor, input, IMAGES, logits);
    cr_assert(medtl_predictor_run_output(predictor, input, IMAGES, "features", features));
    cr_expect_not(medtl_predictor_run_output(predictor, input, IMAGES, "no such", features));
    cr_expect_eq(medtl_model_output_size(model, "no such"), 0);
    for (size_t n = 0; n < IMAGES; n++)
        for (size_t k = 0; k < classes; k++) {
            double sum = (double)bias->value[k];

            for (size_t i = 0; i < size; i++)
                sum += (double)weight->value[k * size + i] * (double)features[n * size + i];
            cr_expect_float_eq((double)logits[n * classes + k], sum, 1e-4 * (1.0 + fabs(sum)));
        }
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(features);
    free(input);
}
