#include "core/train/optimizer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* A made-up network: a weight and a bias of four values each in stage 1, a weight in stage 0, and a
 * running mean. The optimiser sees it through these three functions alone. */
enum { STAGES = 2, SIZE = 4, WEIGHT = 0, BIAS, EARLY, STATISTIC, PARAMETERS };

static float values[PARAMETERS][SIZE];
static float gradients[PARAMETERS][SIZE];
static medtl_parameter parameters[PARAMETERS] = {
    [WEIGHT] = {.name = "w", .size = SIZE, .role = MEDTL_PARAMETER_WEIGHT, .stage = 1},
    [BIAS] = {.name = "b", .size = SIZE, .role = MEDTL_PARAMETER_BIAS, .stage = 1},
    [EARLY] = {.name = "e", .size = SIZE, .role = MEDTL_PARAMETER_WEIGHT, .stage = 0},
    [STATISTIC] = {.name = "m", .size = SIZE, .role = MEDTL_PARAMETER_STATISTIC, .stage = 1},
};

size_t medtl_network_parameter_count(const medtl_network *network)
{
    (void)network;
    return PARAMETERS;
}

medtl_parameter *medtl_network_parameter(medtl_network *network, size_t index)
{
    (void)network;
    return &parameters[index];
}

uint32_t medtl_network_stage_count(const medtl_network *network)
{
    (void)network;
    return STAGES;
}

const float *medtl_trainer_pass_gradient(const medtl_trainer_pass *pass, size_t index)
{
    (void)pass;
    return index == STATISTIC ? NULL : gradients[index];
}

static const float start[SIZE] = {0.5f, -1.0f, 2.0f, -0.25f};
static const float steps[3][SIZE] = {
    {0.1f, -0.2f, 0.3f, 0.05f}, {-0.4f, 0.1f, 0.2f, -0.3f}, {0.25f, 0.3f, -0.15f, 0.6f}};
static const double rates[3] = {0.1, 0.05, 0.2};
static medtl_pool *pool;

static void set_up(void)
{
    for (size_t p = 0; p < PARAMETERS; p++) {
        memcpy(values[p], start, sizeof start);
        parameters[p].value = values[p];
    }
    cr_assert_eq(medtl_pool_create(2, &pool, NULL), MEDTL_OK);
}
static void tear_down(void) { medtl_pool_destroy(pool); }

TestSuite(optimizer, .init = set_up, .fini = tear_down);

static medtl_optimizer *create(const medtl_optimizer_options *options)
{
    medtl_optimizer *optimizer = NULL;

    cr_assert_eq(medtl_optimizer_create(NULL, options, &optimizer, NULL), MEDTL_OK);
    return optimizer;
}

static void step(medtl_optimizer *optimizer, size_t index)
{
    for (size_t p = 0; p < PARAMETERS; p++)
        memcpy(gradients[p], steps[index], sizeof gradients[p]);
    medtl_optimizer_step(optimizer, NULL, rates[index],
                         medtl_optimizer_gradient_norm(optimizer, NULL), pool);
}

static void expect(size_t parameter, const double expected[SIZE])
{
    for (size_t i = 0; i < SIZE; i++)
        cr_assert(fabs((double)values[parameter][i] - expected[i]) < 2e-6,
                  "%s[%zu]: %.9f, not %.9f", parameters[parameter].name, i,
                  (double)values[parameter][i], expected[i]);
}

/* PyTorch 1.13, float64, the same gradients and learning rates: three steps of
 * SGD(momentum=.9, nesterov=True, weight_decay=.1) and AdamW(betas=(.9, .999), eps=1e-8, weight_decay=.1);
 * and without weight decay, as biases must move. */
static const double sgd_decayed[SIZE] = {0.420277511, -0.967182023, 1.698280705, -0.395216415};
static const double sgd_plain[SIZE] = {0.470170000, -1.064440000, 1.892710000, -0.419715000};
static const double adamw_decayed[SIZE] = {0.420267214, -0.932666445, 1.696259750, -0.378651877};
static const double adamw_plain[SIZE] = {0.435662218, -0.964561108, 1.762101398, -0.389180708};

Test(optimizer, sgd_is_pytorch_s_and_decays_weights_only)
{
    const medtl_optimizer_options options = {
        .kind = MEDTL_OPTIMIZER_SGD, .momentum = 0.9, .weight_decay = 0.1};
    const double unmoved[SIZE] = {0.5, -1.0, 2.0, -0.25};
    medtl_optimizer *optimizer = create(&options);

    for (size_t i = 0; i < 3; i++)
        step(optimizer, i);
    expect(WEIGHT, sgd_decayed);
    expect(BIAS, sgd_plain);
    expect(STATISTIC, unmoved);
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer, adamw_is_pytorch_s_and_decays_weights_only)
{
    const medtl_optimizer_options options = {.kind = MEDTL_OPTIMIZER_ADAMW,
                                             .momentum = 0.9,
                                             .beta2 = 0.999,
                                             .epsilon = 1e-8,
                                             .weight_decay = 0.1};
    medtl_optimizer *optimizer = create(&options);

    for (size_t i = 0; i < 3; i++)
        step(optimizer, i);
    expect(WEIGHT, adamw_decayed);
    expect(BIAS, adamw_plain);
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer, frozen_stages_stay_and_do_not_count_in_the_norm)
{
    const medtl_optimizer_options options = {
        .kind = MEDTL_OPTIMIZER_SGD, .momentum = 0.9, .frozen_stages = 1};
    const double unmoved[SIZE] = {0.5, -1.0, 2.0, -0.25};
    medtl_optimizer *optimizer = create(&options);

    for (size_t i = 0; i < 3; i++)
        step(optimizer, i);
    expect(EARLY, unmoved);
    expect(BIAS, sgd_plain);
    /* Weight and bias remain: sqrt(2 (0.0625 + 0.09 + 0.0225 + 0.36)). */
    cr_assert_float_eq(medtl_optimizer_gradient_norm(optimizer, NULL), sqrt(2.0 * 0.535), 1e-6);
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer, clipping_shortens_the_whole_gradient)
{
    /* One step of plain SGD: w - rate * g * clip / norm. */
    const medtl_optimizer_options options = {.kind = MEDTL_OPTIMIZER_SGD, .clip = 0.1};
    medtl_optimizer *optimizer = create(&options);
    const double norm = sqrt(3.0 * (0.01 + 0.04 + 0.09 + 0.0025));
    double expected[SIZE];

    step(optimizer, 0);
    for (size_t i = 0; i < SIZE; i++)
        expected[i] = (double)start[i] - 0.1 * (double)steps[0][i] * 0.1 / norm;
    expect(WEIGHT, expected);
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer, average_follows_weights_and_statistics)
{
    /* Decay 0.9 with the young start min(0.9, (1 + t) / (10 + t)): 0.1, 2/11, 3/12. */
    static const double decay[3] = {0.1, 2.0 / 11.0, 0.25};
    const medtl_optimizer_options options = {
        .kind = MEDTL_OPTIMIZER_SGD, .momentum = 0.9, .average = 0.9};
    medtl_optimizer *optimizer = create(&options);
    double weight[SIZE], statistic[SIZE], now[SIZE];

    for (size_t i = 0; i < SIZE; i++)
        weight[i] = statistic[i] = (double)start[i];
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = 0; i < SIZE; i++)
            values[STATISTIC][i] = (float)(s + i); /* as a forward pass moves it */
        step(optimizer, s);
        for (size_t i = 0; i < SIZE; i++) {
            weight[i] = decay[s] * weight[i] + (1.0 - decay[s]) * (double)values[WEIGHT][i];
            statistic[i] = decay[s] * statistic[i] + (1.0 - decay[s]) * (double)(s + i);
        }
    }
    for (size_t i = 0; i < SIZE; i++)
        now[i] = (double)values[WEIGHT][i];
    medtl_optimizer_swap_average(optimizer);
    expect(WEIGHT, weight);
    expect(STATISTIC, statistic);
    medtl_optimizer_swap_average(optimizer);
    expect(WEIGHT, now);
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer, its_blocks_are_its_whole_state)
{
    /* Copy the blocks into a fresh one after two steps: the third must be the same. */
    const medtl_optimizer_options options = {.kind = MEDTL_OPTIMIZER_ADAMW,
                                             .momentum = 0.9,
                                             .beta2 = 0.999,
                                             .epsilon = 1e-8,
                                             .average = 0.9};
    medtl_optimizer *first = create(&options), *second;
    float expected[PARAMETERS][SIZE], middle[PARAMETERS][SIZE];

    step(first, 0);
    step(first, 1);
    memcpy(middle, values, sizeof middle);
    second = create(&options);
    for (size_t i = 0; i < medtl_optimizer_block_count(first); i++) {
        size_t size_a = 0, size_b = 0;
        const void *a = medtl_optimizer_block(first, i, &size_a);
        void *b = medtl_optimizer_block(second, i, &size_b);

        cr_assert_eq(size_a, size_b);
        if (size_a > 0)
            memcpy(b, a, size_a);
    }
    step(first, 2);
    medtl_optimizer_swap_average(first);
    memcpy(expected, values, sizeof expected);
    memcpy(values, middle, sizeof values);
    step(second, 2);
    medtl_optimizer_swap_average(second);
    cr_assert_arr_eq(values, expected, sizeof expected);
    medtl_optimizer_destroy(first);
    medtl_optimizer_destroy(second);
}

Test(optimizer, a_stage_that_opens_late_begins_then_as_pytorch_s_adam_does)
{
    /* PyTorch 1.13, float64: Adam whose parameter has no gradient in the first step, at a quarter of the rates. */
    static const double late[SIZE] = {0.521179739, -1.058389053, 1.983033751, -0.255805176};
    const double stage_rates[STAGES] = {0.25, 1.0};
    const uint64_t opens[STAGES] = {1, 0};
    const medtl_optimizer_options options = {.kind = MEDTL_OPTIMIZER_ADAM,
                                             .momentum = 0.9,
                                             .beta2 = 0.999,
                                             .epsilon = 1e-8,
                                             .stage_rates = stage_rates,
                                             .stage_opens = opens};
    medtl_optimizer *optimizer = create(&options);

    cr_assert_eq(medtl_optimizer_open_stage(optimizer), 1);
    step(optimizer, 0);
    cr_assert(memcmp(values[EARLY], start, sizeof start) == 0, "closed");
    cr_assert_eq(medtl_optimizer_open_stage(optimizer), 0);
    step(optimizer, 1);
    step(optimizer, 2);
    expect(EARLY, late);
    medtl_optimizer_destroy(optimizer);
}
