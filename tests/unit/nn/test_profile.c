/* Looking at a predictor node by node, and choosing the instruction set by name. */
#include "core/nn/kernels_internal.h"
#include "core/nn/loops.h"
#include "core/nn/network_parts.h"
#include "core/nn/profile.h"
#include "naive_network.h"
#include "nn_model.h"

#include <criterion/parameterized.h>

enum { IMAGES = 3, SIDE = 33, CLASSES = 2 };

static medtl_model *make_model(medtl_network **network)
{
    char path[256];
    medtl_model *model;

    *network = nn_make_network("hybrid2", 16, 3, SIDE, SIDE, CLASSES);
    nn_temporary_path(path, sizeof path);
    nn_save(*network, false, path);
    model = nn_load(path);
    unlink(path);
    return model;
}

typedef struct seen {
    const medtl_graph *graph;
    size_t calls, images, unnamed;
    double products;
} seen;

static void watch(void *context, const medtl_node_run *run)
{
    seen *s = context;
    char algorithm[64];

    cr_expect_eq(run->node, &s->graph->nodes[run->index]);
    cr_expect_eq(run->index, s->calls % (s->graph->node_count - 1) + 1, "in the plan's order");
    medtl_node_algorithm(run, algorithm, sizeof algorithm);
    s->products += medtl_run_products(run);
    s->unnamed += run->node->ops == &medtl_node_conv && algorithm[0] == '\0';
    s->images += run->index == s->graph->node_count - 1 ? run->count : 0;
    s->calls++;
}

Test(profile, shows_every_node_in_order_until_nobody_watches)
{
    medtl_network *network;
    medtl_model *model = make_model(&network);
    medtl_predictor *predictor = NULL;
    float *input = nn_make_input(IMAGES * 3 * SIDE * SIDE), logits[IMAGES * CLASSES];
    seen s = {0};

    cr_assert_eq(medtl_predictor_create(model, IMAGES, 2, &predictor, NULL), MEDTL_OK);
    s.graph = medtl_predictor_graph(predictor);
    medtl_predictor_watch(predictor, watch, &s);
    medtl_predictor_run_logits(predictor, input, IMAGES, logits);
    cr_expect_eq(s.images, IMAGES);
    cr_expect_eq(s.calls % (s.graph->node_count - 1), 0);
    cr_expect_eq(s.unnamed, 0, "every convolution says how it is computed");
    cr_expect_eq(s.products * IMAGES,
                 medtl_graph_products(&network->graph) * (double)s.calls /
                     (double)(s.graph->node_count - 1) * IMAGES,
                 "convolutions that became one count as what they were");
    medtl_predictor_watch(predictor, NULL, NULL);
    s.calls = 0;
    medtl_predictor_run_logits(predictor, input, IMAGES, logits);
    cr_expect_eq(s.calls, 0);
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(input);
}

/* torchvision's table of models gives billions of multiply-adds at 224 x 224, under the name "GFLOPS". */
struct products_case {
    char architecture[16];
    double billions;
};

ParameterizedTestParameters(profile, counts_the_multiply_adds_that_torchvision_states)
{
    static struct products_case cases[] = {
        {"resnet18", 1.81}, {"resnet50", 4.09}, {"densenet121", 2.83}, {"mobilenet_v2", 0.30}};

    return cr_make_param_array(struct products_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct products_case *c, profile,
                  counts_the_multiply_adds_that_torchvision_states)
{
    medtl_network_spec spec = {
        .channels = 3, .height = 224, .width_px = 224, .classes = 1000, .dropout = -1.0f};
    medtl_network *network = NULL;

    snprintf(spec.architecture, sizeof spec.architecture, "%s", c->architecture);
    cr_assert_eq(medtl_network_create_empty(&spec, SIZE_MAX, &network, NULL), MEDTL_OK);
    cr_expect_float_eq(medtl_graph_products(&network->graph) * 1e-9, c->billions, 0.0051, "%.4f",
                       medtl_graph_products(&network->graph) * 1e-9);
    medtl_network_destroy(network);
}

Test(profile, each_instruction_set_can_be_forced_and_agrees_with_the_naive_network)
{
    for (size_t index = 0; medtl_kernel_set_supported(index) != NULL; index++) {
        const char *name = medtl_kernel_set_supported(index)->name;
        float *input = nn_make_input(IMAGES * 3 * SIDE * SIDE), logits[IMAGES * CLASSES];
        medtl_network *network;
        medtl_model *model;
        medtl_predictor *predictor = NULL;
        double *naive, largest = 0.0;

        cr_assert(medtl_kernels_force(name));
        cr_expect_str_eq(medtl_kernels_name(), name);
        cr_expect_str_eq(medtl_loops_get()->name, name);
        model = make_model(&network);
        naive = naive_forward(network, input, IMAGES, false, NULL);
        cr_assert_eq(medtl_predictor_create(model, IMAGES, 2, &predictor, NULL), MEDTL_OK);
        medtl_predictor_run_logits(predictor, input, IMAGES, logits);
        for (size_t i = 0; i < IMAGES * CLASSES; i++)
            largest = fmax(largest, fabs(naive[i]));
        for (size_t i = 0; i < IMAGES * CLASSES; i++)
            cr_expect(fabs((double)logits[i] - naive[i]) <= 1e-5 * largest, "%s: logit %zu", name,
                      i);
        medtl_predictor_destroy(predictor);
        medtl_model_destroy(model);
        medtl_network_destroy(network);
        free(naive);
        free(input);
    }
}

Test(profile, a_set_that_is_none_is_refused_and_changes_nothing)
{
    const char *best = medtl_kernels_name();

    cr_expect_not(medtl_kernels_force("mmx"));
    cr_expect_str_eq(medtl_kernels_name(), best);
    cr_expect_null(medtl_kernels_forced());
    cr_assert(medtl_kernels_force("portable"));
    cr_expect_not(medtl_kernels_force("mmx"));
    cr_expect_str_eq(medtl_kernels_forced(), "portable");
    cr_assert(medtl_kernels_force(NULL));
    cr_expect_null(medtl_kernels_forced());
    cr_expect_str_eq(medtl_kernels_name(), best);
}
