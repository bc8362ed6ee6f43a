#include "core/train/train.h"
#include "synthetic.h"

#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 240, TRAIN = 160, EPOCHS = 4, BATCH = 16 };

static synthetic source;
static size_t train_images[TRAIN], validation_images[COUNT - TRAIN];
static char checkpoint[64];

static void set_up(void)
{
    for (size_t i = 0; i < TRAIN; i++)
        train_images[i] = i;
    for (size_t i = TRAIN; i < COUNT; i++)
        validation_images[i - TRAIN] = i;
    snprintf(checkpoint, sizeof checkpoint, "train_test_%ld.bin", (long)getpid());
}
static void tear_down(void) { unlink(checkpoint); }

TestSuite(train, .init = set_up, .fini = tear_down, .timeout = 240);

static medtl_train_options options_of(void)
{
    medtl_train_options o = {.epochs = EPOCHS,
                             .batch = BATCH,
                             .threads = 1,
                             .loader_threads = 1,
                             .optimizer = {.kind = MEDTL_OPTIMIZER_SGD,
                                           .momentum = 0.9,
                                           .weight_decay = 1e-4,
                                           .clip = 5.0,
                                           .average = 0.9},
                             .rate = 0.02,
                             .schedule = MEDTL_SCHEDULE_COSINE,
                             .warmup = 0.5,
                             .class_weights = 0.5,
                             .sampling = 0.5,
                             .label_smoothing = 0.05,
                             .mixup = 0.2,
                             .seed = 5,
                             .run = "run=1\n"};

    cr_assert_eq(medtl_augment_parse("mammography", &o.augment, NULL), MEDTL_OK);
    return o;
}

static medtl_network *network(void)
{
    const medtl_network_spec spec = {.architecture = "hybrid2",
                                     .width = 4,
                                     .channels = 1,
                                     .height = SIDE,
                                     .width_px = SIDE,
                                     .classes = 2,
                                     .dropout = 0.2f};
    medtl_network *net = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_network_create(&spec, 1, &net, &err), MEDTL_OK, "%s", err.message);
    return net;
}

static medtl_status run(medtl_network *net, const medtl_train_options *o, size_t validation_count,
                        const medtl_train_watch *watch, medtl_train_result *result,
                        medtl_error *err)
{
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    const medtl_status status = medtl_train(net, dataset, train_images, TRAIN, validation_images,
                                            validation_count, o, watch, result, err);

    medtl_dataset_destroy(dataset);
    return status;
}

/* Train from the start and give back the network. */
static medtl_network *trained(const medtl_train_options *o)
{
    medtl_network *net = network();
    medtl_train_result result = {0};
    medtl_error err = {0};

    cr_assert_eq(run(net, o, COUNT - TRAIN, NULL, &result, &err), MEDTL_OK, "%s", err.message);
    free(result.history);
    return net;
}

static void same_bits(medtl_network *a, medtl_network *b, const char *what)
{
    for (size_t i = 0; i < medtl_network_parameter_count(a); i++) {
        const medtl_parameter *p = medtl_network_parameter(a, i),
                              *q = medtl_network_parameter(b, i);

        cr_assert(memcmp(p->value, q->value, p->size * sizeof(float)) == 0, "%s: %s differs", what,
                  p->name);
    }
    medtl_network_destroy(a);
    medtl_network_destroy(b);
}

Test(train, learns_what_can_be_learned)
{
    medtl_train_options o = options_of();
    medtl_network *net = network();
    medtl_train_result result = {0};
    const medtl_train_epoch *chosen;

    o.epochs = 12;
    cr_assert_eq(run(net, &o, COUNT - TRAIN, NULL, &result, NULL), MEDTL_OK);
    cr_assert_eq(result.epochs, 12);
    cr_assert(result.chosen >= 1 && result.chosen <= 12);
    chosen = &result.history[result.chosen - 1];
    cr_assert_gt(chosen->validation_auc, 0.95);
    for (size_t i = 0; i < result.epochs; i++) {
        cr_assert_leq(result.history[i].validation_auc, chosen->validation_auc);
        cr_assert_eq(result.history[i].epoch, i + 1);
    }
    cr_assert_lt(result.history[11].loss, result.history[0].loss);
    free(result.history);
    medtl_network_destroy(net);
}

Test(train, same_seed_same_bits_whatever_the_threads)
{
    medtl_train_options one = options_of(), many = options_of();

    many.threads = 3;
    many.loader_threads = 2;
    same_bits(trained(&one), trained(&one), "again");
    same_bits(trained(&one), trained(&many), "threads");
}

Test(train, computing_activations_twice_changes_nothing)
{
    medtl_train_options kept = options_of(), twice = options_of();

    twice.recompute = true;
    same_bits(trained(&kept), trained(&twice), "recompute");
}

Test(train, another_seed_gives_another_network)
{
    medtl_train_options o = options_of();
    medtl_network *a = trained(&o), *b;

    o.seed++;
    b = trained(&o);
    cr_assert_neq(memcmp(medtl_network_parameter(a, 0)->value, medtl_network_parameter(b, 0)->value,
                         medtl_network_parameter(a, 0)->size * sizeof(float)),
                  0);
    medtl_network_destroy(a);
    medtl_network_destroy(b);
}

/* Stop in the middle of an epoch, as Ctrl-C does. */
static medtl_status stop_in_third_epoch(void *context, const medtl_train_step *step)
{
    (void)context;
    return step->epoch == 3 && step->images > step->total / 2 ? MEDTL_E_CANCELLED : MEDTL_OK;
}

static void stopped_and_resumed(medtl_optimizer_kind kind)
{
    const medtl_train_watch watch = {.step = stop_in_third_epoch};
    medtl_train_options o = options_of();
    medtl_network *whole, *first = network();
    medtl_train_result result = {0};

    o.optimizer.kind = kind;
    o.optimizer.beta2 = 0.999;
    o.optimizer.epsilon = 1e-8;
    o.optimizer.trust = 0.02;
    o.optimizer.layer_decay = 0.75;
    whole = trained(&o);
    o.checkpoint = checkpoint;
    o.stop_after = 1;
    cr_assert_eq(run(first, &o, COUNT - TRAIN, NULL, &result, NULL), MEDTL_E_CANCELLED);
    cr_assert_null(result.history);
    medtl_network_destroy(first);
    o.resume = true;
    o.stop_after = 0;
    first = network();
    cr_assert_eq(run(first, &o, COUNT - TRAIN, &watch, &result, NULL), MEDTL_E_CANCELLED);
    medtl_network_destroy(first);
    o.threads = 2; /* nothing of how it is computed must be as it was */
    o.recompute = true;
    same_bits(whole, trained(&o), "resumed");
}

ParameterizedTestParameters(train, a_run_stopped_twice_and_resumed_equals_the_uninterrupted_one)
{
    static int kinds[] = {MEDTL_OPTIMIZER_SGD, MEDTL_OPTIMIZER_MOMENTUM, MEDTL_OPTIMIZER_ADAM,
                          MEDTL_OPTIMIZER_ADAMW, MEDTL_OPTIMIZER_LARS};

    return cr_make_param_array(int, kinds, 5);
}

ParameterizedTest(int *kind, train, a_run_stopped_twice_and_resumed_equals_the_uninterrupted_one)
{
    stopped_and_resumed((medtl_optimizer_kind)*kind);
}

ParameterizedTestParameters(train, other_losses_learn_too)
{
    static int kinds[] = {MEDTL_LOSS_FOCAL, MEDTL_LOSS_BINARY};

    return cr_make_param_array(int, kinds, 2);
}

ParameterizedTest(int *kind, train, other_losses_learn_too)
{
    medtl_train_options o = options_of();
    medtl_network *net = network();
    medtl_train_result result = {0};

    o.loss = (medtl_loss_kind)*kind;
    o.focal_gamma = 2.0;
    o.epochs = 12;
    cr_assert_eq(run(net, &o, COUNT - TRAIN, NULL, &result, NULL), MEDTL_OK);
    cr_assert_gt(result.history[result.chosen - 1].validation_auc, 0.95);
    free(result.history);
    medtl_network_destroy(net);
}

Test(train, a_finished_run_resumed_gives_its_result_again)
{
    medtl_train_options o = options_of();
    medtl_network *a;

    o.checkpoint = checkpoint;
    a = trained(&o);
    o.resume = true;
    same_bits(a, trained(&o), "finished");
}

Test(train, another_run_s_checkpoint_is_refused)
{
    medtl_train_options o = options_of();
    medtl_network *net = network();
    medtl_train_result result = {0};
    medtl_error err = {0};

    o.checkpoint = checkpoint;
    medtl_network_destroy(trained(&o));
    o.resume = true;
    o.run = "run=2\n";
    cr_assert_eq(run(net, &o, COUNT - TRAIN, NULL, &result, &err), MEDTL_E_CONFIG);
    cr_assert_not_null(strstr(err.message, "run=1"), "%s", err.message);
    medtl_network_destroy(net);
}

Test(train, without_validation_the_last_averaged_weights_are_kept)
{
    medtl_train_options o = options_of();
    medtl_network *net = network();
    medtl_train_result result = {0};

    cr_assert_eq(run(net, &o, 0, NULL, &result, NULL), MEDTL_OK);
    cr_assert_eq(result.chosen, EPOCHS);
    cr_assert(isnan(result.history[0].validation_auc));
    free(result.history);
    medtl_network_destroy(net);
}

Test(train, what_is_kept_is_what_validation_saw)
{
    /* The kept weights must give the AUC that the history has for the chosen epoch. */
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    medtl_train_options o = options_of();
    medtl_network *net = network();
    medtl_train_result result = {0};
    float logits[(COUNT - TRAIN) * 2];
    double wins = 0.0, pairs = 0.0;

    cr_assert_eq(medtl_train(net, dataset, train_images, TRAIN, validation_images, COUNT - TRAIN,
                             &o, NULL, &result, NULL),
                 MEDTL_OK);
    cr_assert_eq(medtl_train_predict(net, dataset, validation_images, COUNT - TRAIN, 7, 1,
                                     MEDTL_VIEWS_ONE, logits, NULL),
                 MEDTL_OK);
    for (size_t i = 0; i < COUNT - TRAIN; i++)
        for (size_t j = 0; j < COUNT - TRAIN; j++)
            if (validation_images[i] % 2 == 1 && validation_images[j] % 2 == 0) {
                const float a = logits[2 * i + 1] - logits[2 * i],
                            b = logits[2 * j + 1] - logits[2 * j];

                pairs += 1.0;
                wins += a > b ? 1.0 : a == b ? 0.5 : 0.0;
            }
    cr_assert_float_eq(result.history[result.chosen - 1].validation_auc, wins / pairs, 1e-3);
    free(result.history);
    medtl_network_destroy(net);
    medtl_dataset_destroy(dataset);
}

Test(train, a_learning_rate_beyond_reason_is_reported_as_divergence)
{
    medtl_train_options o = options_of();
    medtl_network *net = network();
    medtl_train_result result = {0};
    medtl_error err = {0};

    o.rate = 1e20;
    o.warmup = 0.0;
    o.optimizer.clip = 0.0;
    cr_assert_eq(run(net, &o, COUNT - TRAIN, NULL, &result, &err), MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "diverged"), "%s", err.message);
    medtl_network_destroy(net);
}

/* 3 images of class 0 for one of class 1. */
static medtl_network *trained_unevenly(const medtl_train_options *o, float bias_of_class_1)
{
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    medtl_network *net = network();
    const medtl_parameter *bias =
        medtl_network_parameter(net, medtl_network_parameter_count(net) - 1);
    size_t images[TRAIN];
    medtl_train_result result = {0};

    for (size_t i = 0; i < TRAIN; i++)
        images[i] = i % 4 == 3 ? i / 4 * 2 + 1 : (i - i / 4) % (COUNT / 2) * 2;
    cr_assert_eq(bias->size, 2, "%s is not the last layer's bias", bias->name);
    bias->value[1] += bias_of_class_1;
    cr_assert_eq(medtl_train(net, dataset, images, TRAIN, NULL, 0, o, NULL, &result, NULL),
                 MEDTL_OK);
    bias->value[1] -= bias_of_class_1;
    free(result.history);
    medtl_dataset_destroy(dataset);
    return net;
}

/* By its definition the adjusted loss is cross-entropy of logits that have log(1/3) more for the rarer class while
 * training: a network whose last bias begins so, and has that taken away in the end, is the same one. */
Test(train, logit_adjustment_is_a_bias_while_training)
{
    medtl_train_options o = options_of();
    medtl_network *plain, *adjusted;

    o.class_weights = o.sampling = 0.0;
    o.epochs = 2; /* soon a rounding error switches a unit on in one of them alone, and they part */
    plain = trained_unevenly(&o, logf(1.0f / 3.0f));
    o.logit_adjustment = 1.0;
    adjusted = trained_unevenly(&o, 0.0f);
    for (size_t i = 0; i < medtl_network_parameter_count(plain); i++) {
        const medtl_parameter *p = medtl_network_parameter(plain, i),
                              *q = medtl_network_parameter(adjusted, i);

        for (size_t j = 0; j < p->size; j++)
            cr_assert_float_eq(p->value[j], q->value[j], 1e-4, "%s: %g and %g", p->name,
                               (double)p->value[j], (double)q->value[j]);
    }
    medtl_network_destroy(plain);
    medtl_network_destroy(adjusted);
}

Test(train, impossible_options_are_refused)
{
    medtl_train_options o = options_of();
    medtl_network *net = network();
    medtl_train_result result = {0};

    o.batch = 0;
    cr_assert_eq(run(net, &o, COUNT - TRAIN, NULL, &result, NULL), MEDTL_E_ARGUMENT);
    o = options_of();
    o.label_smoothing = 1.0;
    cr_assert_eq(run(net, &o, COUNT - TRAIN, NULL, &result, NULL), MEDTL_E_ARGUMENT);
    o = options_of();
    o.logit_adjustment = -1.0;
    cr_assert_eq(run(net, &o, COUNT - TRAIN, NULL, &result, NULL), MEDTL_E_ARGUMENT);
    o.logit_adjustment = 1.0;
    o.loss = MEDTL_LOSS_BINARY;
    cr_assert_eq(run(net, &o, COUNT - TRAIN, NULL, &result, NULL), MEDTL_E_ARGUMENT,
                 "no softmax to adjust");
    o = options_of();
    cr_assert_eq(run(net, &o, 1, NULL, &result, NULL), MEDTL_E_ARGUMENT,
                 "one class to validate on");
    medtl_network_destroy(net);
}

/* Means over seeds are means of runs that know nothing of each other: with seed + variant as the stream, all but one
 * of the variants of a seed were those of the next. */
Test(train, feature_variants_of_one_seed_are_none_of_another_seed)
{
    enum { SEEDS = 3, VARIANTS = 4, IMAGES = 6, DRAWS = SEEDS * VARIANTS };
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    medtl_network *net = network();
    const size_t size = medtl_train_feature_size(net), block = IMAGES * size;
    float *all = calloc((DRAWS + 1) * block, sizeof *all), *again = all + DRAWS * block;
    medtl_augment augment;

    cr_assert_eq(medtl_augment_parse("none,rotation=20,translate=0.1", &augment, NULL), MEDTL_OK);
    for (size_t i = 0; i < DRAWS; i++)
        cr_assert_eq(medtl_train_features(net, dataset, train_images, IMAGES, 4, 1, &augment,
                                          1 + i / VARIANTS, 1 + i % VARIANTS, NULL, all + i * block,
                                          NULL),
                     MEDTL_OK);
    for (size_t i = 0; i < DRAWS * IMAGES; i++)
        for (size_t j = i + IMAGES; j < DRAWS * IMAGES; j += IMAGES) /* of the same image */
            cr_assert_neq(memcmp(all + i * size, all + j * size, size * sizeof *all), 0,
                          "image %zu: draw %zu is draw %zu", i % IMAGES, i / IMAGES, j / IMAGES);
    cr_assert_eq(medtl_train_features(net, dataset, train_images, IMAGES, 4, 2, &augment, 1, 2,
                                      NULL, again, NULL),
                 MEDTL_OK);
    cr_assert_arr_eq(again, all + block, block * sizeof *all, "a draw can be had again");
    free(all);
    medtl_network_destroy(net);
    medtl_dataset_destroy(dataset);
}
