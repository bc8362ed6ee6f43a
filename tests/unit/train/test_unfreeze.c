/* Stages that do not move, open later, or learn more slowly than others. */
#include "core/train/train.h"
#include "core/train/unfreeze.h"
#include "synthetic.h"

#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 64, BATCH = 8, PER_EPOCH = COUNT / BATCH };

static synthetic source;
static medtl_dataset *dataset;
static size_t order[COUNT];

static void set_up(void)
{
    dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    for (size_t i = 0; i < COUNT; i++)
        order[i] = i;
}
static void tear_down(void) { medtl_dataset_destroy(dataset); }

TestSuite(unfreeze, .init = set_up, .fini = tear_down, .timeout = 240);

Test(unfreeze, romero_s_three_groups)
{
    /* arXiv 1912.06761: lr/9, lr/3, lr; the second group opens after 10 % of the steps, the first after 20 %. Five
     * stages: two and two, and the head. */
    const medtl_unfreeze u = {.groups = 3, .decay = 1.0 / 3.0, .opens = {0.0, 0.1, 0.2}};
    const double rates[] = {1.0 / 9.0, 1.0 / 9.0, 1.0 / 3.0, 1.0 / 3.0, 1.0};
    const uint64_t opens[] = {21, 21, 11, 11, 0}; /* of 101 steps, rounded up */
    medtl_stage_plan plan;

    cr_assert_eq(medtl_stage_plan_create(&u, 5, 0, 101, &plan, NULL), MEDTL_OK);
    for (size_t s = 0; s < 5; s++) {
        cr_assert_float_eq(plan.rates[s], rates[s], 1e-12, "stage %zu", s);
        cr_assert_eq(plan.opens[s], opens[s], "stage %zu", s);
    }
    medtl_stage_plan_clear(&plan);
}

Test(unfreeze, groups_are_made_of_the_stages_that_may_move)
{
    const medtl_unfreeze u = {.groups = 2, .decay = 0.5, .opens = {0.0, 0.5}};
    medtl_stage_plan plan;
    medtl_error err = {0};

    cr_assert_eq(medtl_stage_plan_create(&u, 6, 3, 10, &plan, NULL), MEDTL_OK);
    cr_assert_eq(plan.opens[3], 5);
    cr_assert_eq(plan.opens[4], 5);
    cr_assert_eq(plan.opens[5], 0);
    medtl_stage_plan_clear(&plan);
    cr_assert_eq(medtl_stage_plan_create(&u, 6, 5, 10, &plan, &err), MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "2 groups of stages"), "%s", err.message);
}

Test(unfreeze, too_few_steps_and_falling_shares_are_refused)
{
    const medtl_unfreeze close = {.groups = 3, .opens = {0.0, 0.1, 0.2}},
                         falling = {.groups = 3, .opens = {0.0, 0.2, 0.1}};
    medtl_stage_plan plan;
    medtl_error err = {0};

    cr_assert_eq(medtl_stage_plan_create(&close, 5, 0, 4, &plan, &err), MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "4 steps are too few"), "%s", err.message);
    cr_assert_eq(medtl_stage_plan_create(&falling, 5, 0, 100, &plan, &err), MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "do not fall"), "%s", err.message);
}

static medtl_network *network(void)
{
    const medtl_network_spec spec = {.architecture = "resnet20",
                                     .width = 16,
                                     .channels = 1,
                                     .height = SIDE,
                                     .width_px = SIDE,
                                     .classes = 2};
    medtl_network *net = NULL;

    cr_assert_eq(medtl_network_create(&spec, 1, &net, NULL), MEDTL_OK);
    return net;
}

static medtl_train_options options_of(size_t epochs)
{
    return (medtl_train_options){.epochs = epochs,
                                 .batch = BATCH,
                                 .threads = 1,
                                 .loader_threads = 1,
                                 .optimizer = {.kind = MEDTL_OPTIMIZER_ADAM,
                                               .momentum = 0.9,
                                               .beta2 = 0.999,
                                               .epsilon = 1e-8,
                                               .weight_decay = 1e-3,
                                               .average = 0.9},
                                 .rate = 1e-3,
                                 .seed = 5};
}

static void train(medtl_network *net, const medtl_train_options *o)
{
    medtl_train_result result;
    medtl_error err = {0};

    cr_assert_eq(medtl_train(net, dataset, order, COUNT, NULL, 0, o, NULL, &result, &err), MEDTL_OK,
                 "%s", err.message);
    free(result.history);
}

/* Parameters of the stages before `stage` that differ from their first values. */
static size_t moved(medtl_network *net, uint32_t stage, bool statistics)
{
    medtl_network *fresh = network();
    size_t count = 0;

    for (size_t i = 0; i < medtl_network_parameter_count(net); i++) {
        const medtl_parameter *p = medtl_network_parameter(net, i),
                              *q = medtl_network_parameter(fresh, i);

        if (p->stage < stage && (p->role == MEDTL_PARAMETER_STATISTIC) == statistics)
            count += memcmp(p->value, q->value, p->size * sizeof(float)) != 0;
    }
    medtl_network_destroy(fresh);
    return count;
}

struct freeze_case {
    uint32_t stages;
    bool norms, recompute;
};

ParameterizedTestParameters(unfreeze, frozen_stages_do_not_move_a_bit)
{
    static struct freeze_case cases[] = {
        {1, true, false}, {2, true, true}, {2, false, false}, {3, true, false}};

    return cr_make_param_array(struct freeze_case, cases, 4);
}

ParameterizedTest(struct freeze_case *c, unfreeze, frozen_stages_do_not_move_a_bit)
{
    medtl_train_options o = options_of(2);
    medtl_network *net = network();

    o.optimizer.frozen_stages = c->stages;
    o.freeze_norms = c->norms;
    o.recompute = c->recompute;
    train(net, &o);
    cr_assert_eq(moved(net, c->stages, false), 0);
    cr_assert_eq(moved(net, c->stages, true) > 0, !c->norms, "statistics move only where asked");
    cr_assert_gt(moved(net, UINT32_MAX, false), 0);
    medtl_network_destroy(net);
}

Test(unfreeze, a_backward_pass_that_ends_early_gives_the_same_weights)
{
    /* The head learns the same beside stages whose gradients are computed but whose rate is next to nothing, and beside
     * stages whose gradients are left out. */
    medtl_train_options whole = options_of(2), early = whole;
    medtl_network *a = network(), *b = network();

    whole.unfreeze = (medtl_unfreeze){.groups = 2, .decay = 1e-30, .opens = {0.0, 0.0}};
    whole.optimizer.weight_decay = early.optimizer.weight_decay = 0.0;
    early.optimizer.frozen_stages = medtl_network_stage_count(a) - 1;
    train(a, &whole);
    train(b, &early);
    for (size_t i = 0; i < medtl_network_parameter_count(a); i++) {
        const medtl_parameter *p = medtl_network_parameter(a, i),
                              *q = medtl_network_parameter(b, i);

        if (p->stage == early.optimizer.frozen_stages)
            cr_assert(memcmp(p->value, q->value, p->size * sizeof(float)) == 0, "%s", p->name);
    }
    medtl_network_destroy(a);
    medtl_network_destroy(b);
}

Test(unfreeze, groups_move_only_from_their_step_on)
{
    /* resnet20: stages 0 to 4. Three groups over 16 steps: the second opens after 8, the lowest never within an epoch. */
    medtl_train_options o = options_of(2);
    medtl_network *net = network();
    medtl_train_result result;
    const uint32_t stages = medtl_network_stage_count(net);

    o.unfreeze = (medtl_unfreeze){.groups = 3, .decay = 0.5, .opens = {0.0, 0.5, 0.9}};
    o.freeze_norms = true;
    o.stop_after = 1;
    o.optimizer.average = 0.0;
    cr_assert_eq(medtl_train(net, dataset, order, COUNT, NULL, 0, &o, NULL, &result, NULL),
                 MEDTL_E_CANCELLED);
    cr_assert_eq(moved(net, stages - 1, false), 0, "only the head in the first epoch");
    cr_assert_eq(moved(net, stages - 1, true), 0);
    o.stop_after = 0;
    medtl_network_destroy(net);
    net = network();
    train(net, &o);
    cr_assert_gt(moved(net, 1, false), 0, "all of them in the end");
    medtl_network_destroy(net);
}

/* Where a run was stopped and resumed, nothing of what opens, falls or stands still may differ. */
static medtl_network *resumed_after(size_t epochs, const medtl_train_options *options)
{
    const size_t half = COUNT / 2;
    medtl_train_options o = *options;
    medtl_network *net = network();
    medtl_train_result result;
    medtl_error err = {0};
    char path[64];

    snprintf(path, sizeof path, "unfreeze_test_%ld.bin", (long)getpid());
    o.checkpoint = path;
    o.stop_after = epochs;
    if (epochs > 0) {
        cr_assert_eq(
            medtl_train(net, dataset, order, half, order + half, half, &o, NULL, &result, NULL),
            MEDTL_E_CANCELLED);
        medtl_network_destroy(net);
        net = network();
        o.resume = true;
        o.stop_after = 0;
    }
    cr_assert_eq(
        medtl_train(net, dataset, order, half, order + half, half, &o, NULL, &result, &err),
        MEDTL_OK, "%s", err.message);
    free(result.history);
    unlink(path);
    return net;
}

ParameterizedTestParameters(unfreeze, resumed_runs_equal_whole_ones)
{
    static medtl_schedule schedules[] = {MEDTL_SCHEDULE_STEP, MEDTL_SCHEDULE_PLATEAU,
                                         MEDTL_SCHEDULE_ONE_CYCLE};

    return cr_make_param_array(medtl_schedule, schedules, 3);
}

ParameterizedTest(medtl_schedule *schedule, unfreeze, resumed_runs_equal_whole_ones)
{
    medtl_train_options o = options_of(4);
    medtl_network *whole, *parts;

    o.schedule = *schedule;
    o.step_epochs = 1;
    o.step_factor = 0.5;
    o.freeze_norms = true;
    o.unfreeze = (medtl_unfreeze){.groups = 3, .decay = 0.5, .opens = {0.0, 0.3, 0.6}};
    whole = resumed_after(0, &o);
    parts = resumed_after(2, &o);
    for (size_t i = 0; i < medtl_network_parameter_count(whole); i++) {
        const medtl_parameter *p = medtl_network_parameter(whole, i),
                              *q = medtl_network_parameter(parts, i);

        cr_assert(memcmp(p->value, q->value, p->size * sizeof(float)) == 0, "%s", p->name);
    }
    medtl_network_destroy(whole);
    medtl_network_destroy(parts);
}

Test(unfreeze, early_stopping_keeps_the_best_epoch)
{
    const size_t half = COUNT / 2;
    medtl_train_options o = options_of(30);
    medtl_network *net = network();
    medtl_train_result result;
    double best = (double)INFINITY;
    size_t at = 0;

    o.early_stop = 2;
    o.select = MEDTL_SELECT_LOSS;
    o.rate = 0.05; /* soon too much */
    cr_assert_eq(
        medtl_train(net, dataset, order, half, order + half, half, &o, NULL, &result, NULL),
        MEDTL_OK);
    for (size_t i = 0; i < result.epochs; i++)
        if (result.history[i].validation_loss < best) {
            best = result.history[i].validation_loss;
            at = i + 1;
        }
    cr_assert_eq(result.chosen, at);
    cr_assert(result.epochs == 30 || result.epochs == at + 2, "%zu epochs, best %zu", result.epochs,
              at);
    cr_assert_lt(result.epochs, 30, "else the test says nothing");
    free(result.history);
    medtl_network_destroy(net);
}

Test(unfreeze, what_goes_by_validation_is_refused_without_it)
{
    medtl_train_options o = options_of(2);
    medtl_network *net = network();
    medtl_train_result result;
    medtl_error err = {0};

    o.early_stop = 1;
    cr_assert_eq(medtl_train(net, dataset, order, COUNT, NULL, 0, &o, NULL, &result, &err),
                 MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "stopping early goes by validation"), "%s", err.message);
    medtl_network_destroy(net);
}
