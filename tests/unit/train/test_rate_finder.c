#include "core/train/rate_finder.h"
#include "synthetic.h"

#include <math.h>
#include <string.h>

enum { COUNT = 64 };

static synthetic source;

Test(rate_finder, rates_rise_by_a_constant_factor)
{
    /* 1e-4 to 1e-1 in 4 steps: a factor of ten each. */
    const medtl_rate_range range = {1e-4, 1e-1, 4};

    for (size_t i = 0; i < 4; i++)
        cr_assert_float_eq(medtl_rate_of_step(&range, i) / pow(10.0, (double)i - 4.0), 1.0, 1e-12);
}

Test(rate_finder, suggests_the_steepest_fall_and_a_tenth_of_the_lowest)
{
    /* A curve by hand: level, falling fastest between 1e-3 and 1e-1 around 1e-2, lowest at 1, then rising. */
    medtl_rate_point points[] = {{1e-5, 0, 2.0}, {1e-4, 0, 1.99}, {1e-3, 0, 1.9}, {1e-2, 0, 1.2},
                                 {1e-1, 0, 0.6}, {1.0, 0, 0.5},   {10.0, 0, 1.5}};
    medtl_rate_finding finding = {points, 7, 0, 0};

    medtl_rate_suggest(&finding);
    cr_assert_eq(finding.steepest, 1e-2);
    cr_assert_float_eq(finding.tenth, 0.1, 1e-12);
}

static medtl_network *network(void)
{
    const medtl_network_spec spec = {.architecture = "hybrid2",
                                     .width = 4,
                                     .channels = 1,
                                     .height = SIDE,
                                     .width_px = SIDE,
                                     .classes = 2,
                                     .dropout = 0.0f};
    medtl_network *net = NULL;

    cr_assert_eq(medtl_network_create(&spec, 1, &net, NULL), MEDTL_OK);
    return net;
}

/* Losses of eight steps. */
static void losses_of(const medtl_dataset *dataset, const medtl_train_options *options,
                      double losses[8])
{
    const medtl_rate_range range = {1e-2, 1.0, 8};
    medtl_network *net = network();
    medtl_rate_finding finding;
    size_t images[COUNT];

    for (size_t i = 0; i < COUNT; i++)
        images[i] = i;
    cr_assert_eq(
        medtl_find_rate(net, dataset, images, COUNT, options, &range, NULL, &finding, NULL),
        MEDTL_OK);
    cr_assert_eq(finding.count, 8);
    for (size_t i = 0; i < 8; i++)
        losses[i] = finding.points[i].loss;
    free(finding.points);
    medtl_network_destroy(net);
}

Test(rate_finder, groups_learn_at_their_rates_and_all_from_the_start)
{
    /* A group for each stage is what --layer-decay says in other words. */
    medtl_train_options by_groups = {
        .batch = 8, .epochs = 10, .threads = 1, .loader_threads = 1, .seed = 3};
    medtl_train_options by_layers = by_groups, even = by_groups;
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    medtl_network *net = network();
    double groups[8], layers[8], same[8];

    by_groups.unfreeze.groups = medtl_network_stage_count(net);
    by_groups.unfreeze.decay = 0.2;
    for (size_t g = 1; g < by_groups.unfreeze.groups; g++)
        by_groups.unfreeze.opens[g] = 0.2 * (double)g;
    by_layers.optimizer.layer_decay = 0.2;
    losses_of(dataset, &by_groups, groups);
    losses_of(dataset, &by_layers, layers);
    losses_of(dataset, &even, same);
    for (size_t i = 0; i < 8; i++)
        cr_expect_float_eq(groups[i], layers[i], 1e-6, "step %zu: %g, not %g", i, groups[i],
                           layers[i]);
    cr_expect_gt(fabs(groups[7] - same[7]), 1e-4, "%g", same[7]);
    medtl_network_destroy(net);
    medtl_dataset_destroy(dataset);
}

Test(rate_finder, ends_where_the_loss_leaves_the_ground)
{
    const medtl_train_options options = {
        .batch = 8, .epochs = 1, .threads = 1, .loader_threads = 1, .seed = 3};
    const medtl_rate_range range = {1e-4, 1e6, 200}, none = {1.0, 1.0, 10};
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    medtl_network *net = network();
    medtl_rate_finding finding;
    size_t images[COUNT];
    double average = 0.0;

    for (size_t i = 0; i < COUNT; i++)
        images[i] = i;
    cr_assert_eq(
        medtl_find_rate(net, dataset, images, COUNT, &options, &range, NULL, &finding, NULL),
        MEDTL_OK);
    cr_assert(finding.count > 10 && finding.count < 200, "%zu", finding.count);
    for (size_t i = 0; i < finding.count; i++) { /* fastai's smoothing: debiased decay of 0.98 */
        average = 0.98 * average + 0.02 * finding.points[i].loss;
        cr_assert_float_eq(finding.points[i].smoothed, average / (1.0 - pow(0.98, (double)i + 1.0)),
                           1e-9);
    }
    cr_assert(finding.steepest >= 1e-4 &&
              finding.steepest <= finding.points[finding.count - 1].rate);
    free(finding.points);
    cr_assert_eq(
        medtl_find_rate(net, dataset, images, COUNT, &options, &none, NULL, &finding, NULL),
        MEDTL_E_ARGUMENT);
    medtl_network_destroy(net);
    medtl_dataset_destroy(dataset);
}
