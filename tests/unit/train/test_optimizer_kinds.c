/* Five steps of every optimiser against PyTorch (LARS: its paper's algorithm in PyTorch), parameter groups, and
 * the state that a checkpoint keeps. */
#include "core/train/optimizer.h"
#include "train_goldens.h"
#include "train_values.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>

/* A made-up network of three stages, each with a weight and a bias. */
enum { STEPS = 5, SIZE = 6, STAGES = 3, PARAMETERS = 2 * STAGES };
static const double rates[STEPS] = {.125, .0625, .25, .125, .03125};

static float values[PARAMETERS][SIZE], gradients[PARAMETERS][SIZE];
static medtl_parameter parameters[PARAMETERS];

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
    return gradients[index];
}

static void set_up(void)
{
    for (size_t p = 0; p < PARAMETERS; p++) {
        train_values(4, values[p], SIZE);
        parameters[p] =
            (medtl_parameter){.name = "p",
                              .value = values[p],
                              .size = SIZE,
                              .stage = (uint32_t)p / 2,
                              .role = p % 2 == 0 ? MEDTL_PARAMETER_WEIGHT : MEDTL_PARAMETER_BIAS};
    }
}

TestSuite(optimizer_kinds, .init = set_up);

static medtl_optimizer_options options_of(int kind, double decay)
{
    return (medtl_optimizer_options){.kind = (medtl_optimizer_kind)kind,
                                     .momentum = 0.9,
                                     .beta2 = 0.99,
                                     .epsilon = 1e-6,
                                     .trust = 0.25,
                                     .weight_decay = decay};
}

static medtl_optimizer *create(const medtl_optimizer_options *options)
{
    medtl_optimizer *optimizer = NULL;

    cr_assert_eq(medtl_optimizer_create(NULL, options, &optimizer, NULL), MEDTL_OK);
    return optimizer;
}

static void step(medtl_optimizer *optimizer, size_t index, double factor)
{
    medtl_pool *pool = NULL;

    cr_assert_eq(medtl_pool_create(1 + index % 2, &pool, NULL), MEDTL_OK);
    for (size_t p = 0; p < PARAMETERS; p++)
        train_values(5 + index, gradients[p], SIZE);
    medtl_optimizer_step(optimizer, NULL, factor * rates[index],
                         medtl_optimizer_gradient_norm(optimizer, NULL), pool);
    medtl_pool_destroy(pool);
}

static void expect(const float *got, const double *expected, const char *what)
{
    for (size_t i = 0; i < SIZE; i++)
        cr_assert(fabs((double)got[i] - expected[i]) < 2e-6, "%s: value %zu is %.9f, not %.9f",
                  what, i, (double)got[i], expected[i]);
}

ParameterizedTestParameters(optimizer_kinds, five_steps_are_those_of_pytorch_and_the_paper)
{
    static int indices[sizeof optimizer_goldens / sizeof optimizer_goldens[0]];
    const size_t count = sizeof indices / sizeof indices[0];

    for (size_t i = 0; i < count; i++)
        indices[i] = (int)i;
    return cr_make_param_array(int, indices, count);
}

ParameterizedTest(int *index, optimizer_kinds, five_steps_are_those_of_pytorch_and_the_paper)
{
    const struct optimizer_golden *g = &optimizer_goldens[*index];
    const medtl_optimizer_options options = options_of(g->kind, g->decay);
    medtl_optimizer *optimizer = create(&options);

    for (size_t s = 0; s < STEPS; s++) {
        step(optimizer, s, 1.0);
        expect(values[0], g->values[s], "weight");
    }
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer_kinds, lars_is_its_algorithm_by_hand)
{
    /* w = (3, 4), of length 5; gradient (0, 2); trust 0.1, decay 0.5: the local rate is 0.1 * 5 / (2 + 0.5 * 5) = 1/9.
     * At a rate of 0.9, v = 0.9 / 9 * ((0, 2) + 0.5 * (3, 4)) = (0.15, 0.4). */
    const double expected[SIZE] = {2.85, 3.6};
    medtl_optimizer_options lars = options_of(MEDTL_OPTIMIZER_LARS, 0.5);
    medtl_optimizer *optimizer;
    medtl_pool *pool = NULL;

    lars.trust = 0.1;
    memset(values, 0, sizeof values);
    memset(gradients, 0, sizeof gradients);
    values[0][0] = 3.0f;
    values[0][1] = 4.0f;
    gradients[0][1] = 2.0f;
    optimizer = create(&lars);
    cr_assert_eq(medtl_pool_create(1, &pool, NULL), MEDTL_OK);
    medtl_optimizer_step(optimizer, NULL, 0.9, 2.0, pool);
    expect(values[0], expected, "weight");
    medtl_pool_destroy(pool);
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer_kinds, lars_moves_biases_without_its_local_rate)
{
    const medtl_optimizer_options lars = options_of(MEDTL_OPTIMIZER_LARS, 0.0);
    const float first = train_value(4, 0), gradient = train_value(5, 0);
    medtl_optimizer *optimizer = create(&lars);

    step(optimizer, 0, 1.0);
    cr_assert_float_eq(values[1][0], first - 0.125f * gradient, 1e-6);
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer_kinds, lars_moves_a_weight_of_zeros)
{
    const medtl_optimizer_options lars = options_of(MEDTL_OPTIMIZER_LARS, 0.125);
    medtl_optimizer *optimizer = create(&lars);

    memset(values[0], 0, sizeof values[0]);
    step(optimizer, 0, 1.0);
    cr_assert_float_eq(values[0][0], -0.125f * train_value(5, 0), 1e-6);
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer_kinds, each_stage_has_its_own_rate)
{
    /* Stages 0, 1, 2 at 0.25, 0.5 and 4 times the rate: each moves as a run of its own at that rate. */
    static const double factors[STAGES] = {0.25, 0.5, 4.0};
    float expected[STAGES][2][SIZE];
    medtl_optimizer_options options = options_of(MEDTL_OPTIMIZER_ADAMW, 0.125);
    medtl_optimizer *optimizer;

    for (size_t stage = 0; stage < STAGES; stage++) {
        set_up();
        optimizer = create(&options);
        for (size_t s = 0; s < STEPS; s++)
            step(optimizer, s, factors[stage]);
        memcpy(expected[stage], values[2 * stage], sizeof expected[stage]);
        medtl_optimizer_destroy(optimizer);
    }
    set_up();
    options.layer_decay = 0.5;
    options.head_rate = 4.0;
    optimizer = create(&options);
    for (size_t s = 0; s < STEPS; s++)
        step(optimizer, s, 1.0);
    cr_assert_arr_eq(values, expected, sizeof values);
    medtl_optimizer_destroy(optimizer);
}

Test(optimizer_kinds, biases_decay_only_when_asked)
{
    const struct optimizer_golden *decayed = &optimizer_goldens[0], *plain = &optimizer_goldens[1];
    medtl_optimizer_options options = options_of(MEDTL_OPTIMIZER_SGD, decayed->decay);
    medtl_optimizer *optimizer = create(&options);

    for (size_t s = 0; s < STEPS; s++)
        step(optimizer, s, 1.0);
    expect(values[0], decayed->values[STEPS - 1], "weight");
    expect(values[1], plain->values[STEPS - 1], "bias");
    medtl_optimizer_destroy(optimizer);
    set_up();
    options.bias_decay = decayed->decay;
    optimizer = create(&options);
    for (size_t s = 0; s < STEPS; s++)
        step(optimizer, s, 1.0);
    expect(values[1], decayed->values[STEPS - 1], "bias");
    medtl_optimizer_destroy(optimizer);
}

ParameterizedTestParameters(optimizer_kinds, blocks_are_the_whole_state)
{
    static int kinds[] = {0, 1, 2, 3, 4};

    return cr_make_param_array(int, kinds, 5);
}

/* Copy the blocks into a fresh optimiser after three steps: the rest must be the same, bit for bit. */
ParameterizedTest(int *kind, optimizer_kinds, blocks_are_the_whole_state)
{
    medtl_optimizer_options options = options_of(*kind, 0.125);
    medtl_optimizer *first, *second;
    float expected[PARAMETERS][SIZE], middle[PARAMETERS][SIZE];

    options.average = 0.9;
    options.clip = 1.0;
    first = create(&options);
    for (size_t s = 0; s < 3; s++)
        step(first, s, 1.0);
    memcpy(middle, values, sizeof middle);
    second = create(&options);
    for (size_t i = 0; i < medtl_optimizer_block_count(first); i++) {
        size_t size = 0, other = 0;
        const void *from = medtl_optimizer_block(first, i, &size);
        void *to = medtl_optimizer_block(second, i, &other);

        cr_assert_eq(size, other);
        if (size > 0)
            memcpy(to, from, size);
    }
    for (size_t s = 3; s < STEPS; s++)
        step(first, s, 1.0);
    medtl_optimizer_swap_average(first);
    memcpy(expected, values, sizeof expected);
    memcpy(values, middle, sizeof values);
    for (size_t s = 3; s < STEPS; s++)
        step(second, s, 1.0);
    medtl_optimizer_swap_average(second);
    cr_assert_arr_eq(values, expected, sizeof expected);
    medtl_optimizer_destroy(first);
    medtl_optimizer_destroy(second);
}
