/* The same bits, for every architecture: whatever the number of threads, the size of the batch, the place in it, from run
 * to run, and whether activations are kept or computed again. */
#include "nn_tiny.h"

#include <criterion/parameterized.h>

enum { IMAGES = 5, TRAINED = 3, MOST_CLASSES = 8 };

ParameterizedTestParameters(exactness, inference_does_not_depend_on_threads_batch_place_or_run)
{
    static nn_tiny cases[NN_TINY_MOST];

    return cr_make_param_array(nn_tiny, cases, nn_tiny_all(cases));
}

/* Logits of all images in batches of `batch`, from the back, so that each image takes several places. */
static void infer(const medtl_model *model, const nn_tiny *t, const float *input, size_t batch,
                  size_t threads, float *logits)
{
    medtl_predictor *predictor = NULL;

    cr_assert_eq(medtl_predictor_create(model, batch, threads, &predictor, NULL), MEDTL_OK);
    for (size_t end = IMAGES; end > 0; end -= batch < end ? batch : end) {
        const size_t start = end > batch ? end - batch : 0;

        medtl_predictor_run_logits(predictor, input + start * nn_tiny_image(t), end - start,
                                   logits + start * t->classes);
    }
    medtl_predictor_destroy(predictor);
}

ParameterizedTest(nn_tiny *t, exactness, inference_does_not_depend_on_threads_batch_place_or_run)
{
    static const size_t ways[][2] = {{1, 1}, {1, 3}, {2, 1}, {2, 2}, {3, 2}, {5, 1}, {5, 3}};
    const size_t size = (size_t)IMAGES * t->classes * sizeof(float);
    float *input = nn_make_input(IMAGES * nn_tiny_image(t));
    float first[IMAGES * MOST_CLASSES], logits[IMAGES * MOST_CLASSES];
    medtl_network *network = nn_tiny_network(t);
    medtl_model *model;
    char path[256];

    nn_temporary_path(path, sizeof path);
    nn_save(network, false, path);
    model = nn_load(path);
    unlink(path);
    infer(model, t, input, 1, 1, first);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        memset(logits, 0, sizeof logits);
        infer(model, t, input, ways[i][0], ways[i][1], logits);
        cr_expect_eq(memcmp(first, logits, size), 0, "%s: batches of %zu on %zu threads",
                     t->architecture, ways[i][0], ways[i][1]);
    }
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(input);
}

/* One forward and backward of a fresh network. */
typedef struct step {
    medtl_network *network;
    medtl_trainer_pass *pass;
    float logits[TRAINED * MOST_CLASSES];
} step;

static step take_step(const nn_tiny *t, const float *input, size_t threads, bool recompute)
{
    float dlogits[TRAINED * MOST_CLASSES];
    const float *logits;
    step s;

    s.network = nn_tiny_network(t);
    cr_assert_eq(recompute ? medtl_trainer_pass_create_recomputing(s.network, TRAINED, threads,
                                                                   &s.pass, NULL)
                           : medtl_trainer_pass_create(s.network, TRAINED, threads, &s.pass, NULL),
                 MEDTL_OK);
    for (size_t i = 0; i < TRAINED * t->classes; i++)
        dlogits[i] = nn_uniform(3u, i);
    for (int i = 0; i < 2; i++) { /* the second time over what the first one left */
        logits = medtl_trainer_pass_forward(s.pass, input, TRAINED, 9);
        memcpy(s.logits, logits, TRAINED * t->classes * sizeof(float));
        medtl_trainer_pass_backward(s.pass, dlogits);
    }
    return s;
}

static void expect_same(const nn_tiny *t, const step *a, const step *b, const char *what)
{
    cr_expect_eq(memcmp(a->logits, b->logits, TRAINED * t->classes * sizeof(float)), 0,
                 "%s: logits differ %s", t->architecture, what);
    for (size_t i = 0; i < medtl_network_parameter_count(a->network); i++) {
        const medtl_parameter *p = medtl_network_parameter(a->network, i);
        const medtl_parameter *q = medtl_network_parameter(b->network, i);
        const float *gradient = medtl_trainer_pass_gradient(a->pass, i);

        cr_expect_eq(memcmp(p->value, q->value, p->size * sizeof(float)), 0, "%s: %s differs %s",
                     t->architecture, p->name, what);
        cr_expect(gradient == NULL || memcmp(gradient, medtl_trainer_pass_gradient(b->pass, i),
                                             p->size * sizeof(float)) == 0,
                  "%s: the gradient of %s differs %s", t->architecture, p->name, what);
    }
}

static void clear(step *s)
{
    medtl_trainer_pass_destroy(s->pass);
    medtl_network_destroy(s->network);
}

ParameterizedTestParameters(exactness, training_does_not_depend_on_threads_run_or_recomputation)
{
    static nn_tiny cases[NN_TINY_MOST];

    return cr_make_param_array(nn_tiny, cases, nn_tiny_all(cases));
}

ParameterizedTest(nn_tiny *t, exactness, training_does_not_depend_on_threads_run_or_recomputation)
{
    float *input = nn_make_input(TRAINED * nn_tiny_image(t));
    step first = take_step(t, input, 1, false);
    step threads = take_step(t, input, 3, false), again = take_step(t, input, 2, true);

    expect_same(t, &first, &threads, "with three threads");
    expect_same(t, &first, &again, "when activations are computed again");
    cr_expect_leq(medtl_trainer_pass_activation_memory(again.pass),
                  medtl_trainer_pass_activation_memory(first.pass), "%s", t->architecture);
    clear(&first);
    clear(&threads);
    clear(&again);
    free(input);
}

/* What it is for: a chain of equal blocks keeps about two blocks and what lies between the others. */
Test(exactness, recomputing_saves_more_than_half_of_the_activations_of_a_deep_network)
{
    medtl_network *network = nn_make_network("resnet50", 8, 3, 64, 64, 2);
    medtl_trainer_pass *kept = NULL, *again = NULL;

    cr_assert_eq(medtl_trainer_pass_create(network, 2, 1, &kept, NULL), MEDTL_OK);
    cr_assert_eq(medtl_trainer_pass_create_recomputing(network, 2, 1, &again, NULL), MEDTL_OK);
    cr_expect_lt(medtl_trainer_pass_activation_memory(again),
                 medtl_trainer_pass_activation_memory(kept) / 2);
    cr_expect_lt(medtl_trainer_pass_memory(again), medtl_trainer_pass_memory(kept));
    medtl_trainer_pass_destroy(kept);
    medtl_trainer_pass_destroy(again);
    medtl_network_destroy(network);
}
