/* Whole runs on made-up pictures: what is learned, what is chosen, stopping and going on. */
#include "../train/synthetic.h"
#include "core/train/pretrain/pretrain.h"

#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 96, PROBED = 60, EPOCHS = 3, BATCH = 16 };

static synthetic source;
static size_t images[COUNT];
static uint32_t groups[COUNT];
static char checkpoint[64];

static void set_up(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        images[i] = i;
        groups[i] = (uint32_t)(i / 3);
    }
    snprintf(checkpoint, sizeof checkpoint, "pretrain_test_%ld.bin", (long)getpid());
}
static void tear_down(void) { unlink(checkpoint); }

TestSuite(pretrain, .init = set_up, .fini = tear_down, .timeout = 240);

static medtl_pretrain_options options_of(medtl_pretext_kind kind)
{
    medtl_pretrain_options o = {
        .learner = {.trunk = {.architecture = "resnet18",
                              .width = 4,
                              .channels = 1,
                              .height = SIDE,
                              .width_px = SIDE,
                              .classes = kind == MEDTL_PRETEXT_ROTATION ? 4 : 2},
                    .pretext = {.kind = kind,
                                .hidden = 32,
                                .embedding = 16,
                                .momentum = 0.9,
                                .temperature = 0.5,
                                .off_diagonal = 0.005,
                                .vicreg = {25.0, 25.0, 1.0, 1.0, 1e-4}},
                    .batch = BATCH,
                    .threads = 1,
                    .seed = 3},
        .epochs = EPOCHS,
        .loader_threads = 1,
        .optimizer = {.kind = MEDTL_OPTIMIZER_ADAMW,
                      .momentum = 0.9,
                      .beta2 = 0.999,
                      .epsilon = 1e-8,
                      .weight_decay = 1e-4},
        .rate = 0.003,
        .schedule = MEDTL_SCHEDULE_COSINE,
        .warmup = 0.5,
        .seed = 5,
        .probe_every = 1,
        .neighbours = 5,
        .probe_temperature = 0.07,
        .checkpoint_seconds = 1e9,
        .run = "run=1\n"};

    cr_assert_eq(medtl_augment_parse("mammography-views", &o.augment, NULL), MEDTL_OK);
    return o;
}

/* A run, and what it leaves: the values of all parameters one after the other. */
typedef struct outcome {
    medtl_status status;
    medtl_error err;
    medtl_pretrain_result result;
    float *values;
    size_t count;
} outcome;

static outcome run(const medtl_pretrain_options *o, bool probed, const medtl_pretrain_watch *watch)
{
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    const medtl_probe probe = {dataset, images, PROBED, groups};
    medtl_learner *learner = NULL;
    outcome out = {0};

    cr_assert_eq(medtl_learner_create(&o->learner, &learner, &out.err), MEDTL_OK, "%s",
                 out.err.message);
    out.status = medtl_pretrain(learner, dataset, images, COUNT, probed ? &probe : NULL, o, watch,
                                &out.result, &out.err);
    for (size_t i = 0; i < medtl_network_parameter_count(medtl_learner_network(learner)); i++) {
        const medtl_parameter *p = medtl_network_parameter(medtl_learner_network(learner), i);

        out.values = realloc(out.values, (out.count + p->size) * sizeof *out.values);
        cr_assert_not_null(out.values);
        memcpy(out.values + out.count, p->value, p->size * sizeof *p->value);
        out.count += p->size;
    }
    medtl_learner_destroy(learner);
    medtl_dataset_destroy(dataset);
    return out;
}

static void clear(outcome *o)
{
    free(o->result.history);
    free(o->values);
}

static void expect_done(const outcome *o)
{
    cr_assert_eq(o->status, MEDTL_OK, "%s", o->err.message);
}

/* Stops the run after so many steps. */
static medtl_status count_down(void *context, const medtl_pretrain_step *step)
{
    size_t *left = context;

    cr_assert(step->images <= step->total && step->epoch <= step->epochs);
    return --*left == 0 ? MEDTL_E_CANCELLED : MEDTL_OK;
}

ParameterizedTestParameters(pretrain, stopped_at_any_step_and_gone_on_gives_the_same_weights)
{
    static int kinds[] = {MEDTL_PRETEXT_BYOL,   MEDTL_PRETEXT_VICREG,   MEDTL_PRETEXT_SIMCLR,
                          MEDTL_PRETEXT_BARLOW, MEDTL_PRETEXT_ROTATION, MEDTL_PRETEXT_LABELS};

    return cr_make_param_array(int, kinds, sizeof kinds / sizeof kinds[0]);
}

ParameterizedTest(int *kind, pretrain, stopped_at_any_step_and_gone_on_gives_the_same_weights)
{
    /* Of the 18 steps: in the middle of an epoch, at its end, at the first step. */
    static const size_t stops[] = {4, 2, 1, 7};
    medtl_pretrain_options o = options_of((medtl_pretext_kind)*kind);
    outcome whole = run(&o, true, NULL), part = {0};

    expect_done(&whole);
    o.checkpoint = checkpoint;
    o.resume = true;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        size_t left = stops[i];
        const medtl_pretrain_watch watch = {count_down, NULL, &left};

        o.learner.threads = 1 + i % 3;
        o.loader_threads = 1 + i % 2;
        part = run(&o, true, &watch);
        cr_assert_eq(part.status, MEDTL_E_CANCELLED, "%s", part.err.message);
        clear(&part);
    }
    part = run(&o, true, NULL);
    expect_done(&part);
    cr_assert_eq(part.count, whole.count);
    cr_assert_eq(memcmp(part.values, whole.values, whole.count * sizeof(float)), 0);
    cr_assert_eq(part.result.chosen, whole.result.chosen);
    for (size_t e = 0; e < EPOCHS; e++) {
        cr_assert_eq(part.result.history[e].loss, whole.result.history[e].loss);
        cr_assert_eq(part.result.history[e].probe_auc, whole.result.history[e].probe_auc);
    }
    clear(&whole);
    clear(&part);
}

Test(pretrain, a_checkpoint_after_each_step_is_as_good_as_one_on_stopping)
{
    medtl_pretrain_options o = options_of(MEDTL_PRETEXT_VICREG);
    outcome whole = run(&o, false, NULL), part;

    o.checkpoint = checkpoint;
    o.checkpoint_seconds = 0.0;
    o.resume = true;
    for (size_t steps = 1; steps < 18; steps += 5) {
        const pid_t killed = fork(); /* ends without a chance to save */

        cr_assert_geq(killed, 0);
        if (killed == 0) {
            size_t left = steps;
            const medtl_pretrain_watch watch = {count_down, NULL, &left};

            (void)run(&o, false, &watch);
            _exit(0);
        }
        while (waitpid(killed, NULL, 0) < 0)
            ;
    }
    part = run(&o, false, NULL);
    expect_done(&part);
    cr_assert_eq(memcmp(part.values, whole.values, whole.count * sizeof(float)), 0);
    clear(&whole);
    clear(&part);
}

ParameterizedTestParameters(pretrain, features_tell_apart_what_nobody_labelled)
{
    static int kinds[] = {MEDTL_PRETEXT_BYOL, MEDTL_PRETEXT_VICREG, MEDTL_PRETEXT_SIMCLR};

    return cr_make_param_array(int, kinds, sizeof kinds / sizeof kinds[0]);
}

ParameterizedTest(int *kind, pretrain, features_tell_apart_what_nobody_labelled)
{
    medtl_pretrain_options o = options_of((medtl_pretext_kind)*kind);
    outcome out;
    const medtl_pretrain_epoch *chosen;

    o.epochs = 12;
    out = run(&o, true, NULL);
    expect_done(&out);
    chosen = &out.result.history[out.result.chosen - 1];
    cr_assert_gt(chosen->probe_auc, 0.8, "AUC %g", chosen->probe_auc);
    for (size_t e = 0; e < o.epochs; e++)
        cr_assert_leq(out.result.history[e].probe_auc, chosen->probe_auc,
                      "the best epoch is the one that is kept");
    cr_assert_lt(out.result.history[o.epochs - 1].loss, out.result.history[0].loss);
    clear(&out);
}

Test(pretrain, without_a_probe_the_last_epoch_is_kept_and_with_one_it_is_asked_as_often_as_wanted)
{
    medtl_pretrain_options o = options_of(MEDTL_PRETEXT_VICREG);
    outcome out = run(&o, false, NULL);

    expect_done(&out);
    cr_assert_eq(out.result.chosen, EPOCHS);
    cr_assert(isnan(out.result.history[0].probe_auc));
    clear(&out);
    o.probe_every = 2;
    out = run(&o, true, NULL);
    expect_done(&out);
    cr_assert(isnan(out.result.history[0].probe_auc));
    cr_assert(!isnan(out.result.history[1].probe_auc) && !isnan(out.result.history[2].probe_auc),
              "and after the last epoch in any case");
    clear(&out);
}

static void expect_refusal(const medtl_pretrain_options *o, const char *text)
{
    outcome out = run(o, true, NULL);

    cr_assert_eq(out.status, MEDTL_E_ARGUMENT, "%s", out.err.message);
    cr_assert_not_null(strstr(out.err.message, text), "%s", out.err.message);
    clear(&out);
}

Test(pretrain, refuses_too_few_images_with_their_number)
{
    medtl_pretrain_options o = options_of(MEDTL_PRETEXT_VICREG);

    o.learner.batch = 128;
    expect_refusal(&o, "96 images are too few for batches of 128");
}

Test(pretrain, refuses_a_loss_that_is_no_number_with_epoch_and_step)
{
    medtl_pretrain_options o = options_of(MEDTL_PRETEXT_VICREG);

    o.optimizer.kind = MEDTL_OPTIMIZER_SGD;
    o.rate = 1e30;
    o.warmup = 0.0;
    expect_refusal(&o, "pretraining diverged in epoch 1, step 2 of 18");
}

Test(pretrain, refuses_a_probe_of_one_class)
{
    const medtl_pretrain_options o = options_of(MEDTL_PRETEXT_VICREG);

    for (size_t i = 0; i < COUNT; i++)
        images[i] = i / 2 * 2;
    expect_refusal(&o, "60 images are all of one class");
}

Test(pretrain, refuses_a_probe_of_one_group_before_it_learns)
{
    medtl_pretrain_options o = options_of(MEDTL_PRETEXT_VICREG);

    for (size_t i = 0; i < COUNT; i++)
        groups[i] = 7;
    o.checkpoint = checkpoint;
    o.checkpoint_seconds = 0.0;
    expect_refusal(&o, "60 images are all of one group");
    cr_assert_neq(access(checkpoint, F_OK), 0, "no step was made");
}

Test(pretrain, finished_before_its_first_probe_asks_it_then)
{
    static const size_t stops[] = {2, 6}; /* 6 steps an epoch: in the first one, in the second */
    medtl_pretrain_options o = options_of(MEDTL_PRETEXT_VICREG);
    outcome out;

    o.checkpoint = checkpoint;
    o.resume = true;
    o.probe_every = EPOCHS;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        size_t left = stops[i];
        const medtl_pretrain_watch watch = {count_down, NULL, &left};

        o.finish = false;
        out = run(&o, true, &watch);
        cr_assert_eq(out.status, MEDTL_E_CANCELLED, "%s", out.err.message);
        clear(&out);
        o.finish = true;
        if (i == 0)
            expect_refusal(&o, "no epoch is done yet");
    }
    out = run(&o, true, NULL);
    expect_done(&out);
    cr_assert_eq(out.result.epochs, 1);
    cr_assert_eq(out.result.chosen, 1);
    cr_assert(isfinite(out.result.history[0].probe_auc));
    clear(&out);
}

Test(pretrain, refuses_the_checkpoint_of_another_run)
{
    medtl_pretrain_options o = options_of(MEDTL_PRETEXT_VICREG);
    outcome out;

    o.checkpoint = checkpoint;
    o.epochs = 1;
    out = run(&o, false, NULL);
    expect_done(&out);
    clear(&out);
    o.resume = true;
    o.run = "run=2\n";
    out = run(&o, false, NULL);
    cr_assert_eq(out.status, MEDTL_E_CONFIG);
    cr_assert_not_null(strstr(out.err.message, "it has 'run=1', this one 'run=2'"), "%s",
                       out.err.message);
    clear(&out);
}
