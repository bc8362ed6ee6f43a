/* Training from a stage on: the same gradients, bit for bit, and nothing kept for the stages before. */
#include "nn_fill.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

enum { IMAGES = 2, CLASSES = 3 };

typedef struct frozen_case {
    char architecture[32];
    unsigned width, size;
    bool recompute;
} frozen_case;

static frozen_case cases[] = {
    {"mobilenet_v2", 16, 64, false}, {"mobilenet_v2_keras", 16, 64, false},
    {"mobilenet_v2", 16, 64, true},  {"resnet18", 8, 64, false},
    {"resnet18", 8, 64, true},       {"densenet121", 8, 64, false},
    {"inception_v3", 4, 128, false},
};

typedef struct subject {
    medtl_network *network;
    medtl_trainer_pass *pass;
    float *input, *first; /* first: all gradients, where everything is trained */
    size_t floats;
    uint32_t stages;
} subject;

static subject create(const frozen_case *c)
{
    medtl_network_spec spec = {"", c->width, 3, c->size, c->size, CLASSES, 0.5f, 0, {0}};
    subject s = {0};

    memcpy(spec.architecture, c->architecture, sizeof spec.architecture);
    cr_assert_eq(medtl_network_create(&spec, 1, &s.network, NULL), MEDTL_OK);
    nn_fill_network(s.network);
    s.input = nn_make_input((size_t)IMAGES * 3 * c->size * c->size);
    if (c->recompute)
        cr_assert_eq(medtl_trainer_pass_create_recomputing(s.network, IMAGES, 2, &s.pass, NULL),
                     MEDTL_OK);
    else
        cr_assert_eq(medtl_trainer_pass_create(s.network, IMAGES, 2, &s.pass, NULL), MEDTL_OK);
    for (size_t i = 0; i < medtl_network_parameter_count(s.network); i++) {
        const medtl_parameter *p = medtl_network_parameter(s.network, i);

        s.floats += p->size;
        s.stages = p->stage + 1 > s.stages ? p->stage + 1 : s.stages;
    }
    s.first = malloc(s.floats * sizeof *s.first);
    cr_assert_not_null(s.first);
    return s;
}

static void step(subject *s)
{
    static const float dlogits[IMAGES * CLASSES] = {0.5f, -0.25f, 0.125f, -1.0f, 0.75f, 0.3125f};

    (void)medtl_trainer_pass_forward(s->pass, s->input, IMAGES, 7);
    medtl_trainer_pass_backward(s->pass, dlogits);
}

/* Keep, or compare, the gradients of the stages from `stage` on. */
static void walk_gradients(subject *s, uint32_t stage, bool keep)
{
    float *at = s->first;

    for (size_t i = 0; i < medtl_network_parameter_count(s->network); i++) {
        const medtl_parameter *p = medtl_network_parameter(s->network, i);
        const float *gradient = medtl_trainer_pass_gradient(s->pass, i);

        if (gradient != NULL && keep)
            memcpy(at, gradient, p->size * sizeof *at);
        else if (gradient != NULL && p->stage >= stage)
            cr_expect_eq(memcmp(at, gradient, p->size * sizeof *at), 0, "%s, from stage %u on",
                         p->name, stage);
        at += p->size;
    }
}

ParameterizedTestParameters(frozen_stages, leave_the_gradients_of_the_others_as_they_are)
{
    return cr_make_param_array(frozen_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(frozen_case *c, frozen_stages, leave_the_gradients_of_the_others_as_they_are)
{
    subject s = create(c);
    const size_t whole = medtl_trainer_pass_activation_memory(s.pass);
    size_t before = whole;

    step(&s);
    walk_gradients(&s, 0, true);
    for (uint32_t stage = 1; stage < s.stages; stage++) {
        medtl_trainer_pass_train_from(s.pass, stage);
        cr_expect_leq(medtl_trainer_pass_activation_memory(s.pass), before);
        before = c->recompute ? whole : medtl_trainer_pass_activation_memory(s.pass);
        step(&s);
        walk_gradients(&s, stage, false);
    }
    if (!c->recompute) /* the head alone: what is largest in forward, where it was everything */
        cr_expect_lt(2 * before, whole, "%zu of %zu bytes", before, whole);
    medtl_trainer_pass_train_from(s.pass, 0);
    cr_expect_eq(medtl_trainer_pass_activation_memory(s.pass), whole);
    step(&s);
    walk_gradients(&s, 0, false);
    medtl_trainer_pass_destroy(s.pass);
    medtl_network_destroy(s.network);
    free(s.input);
    free(s.first);
}

Test(frozen_stages, have_no_gradients_of_outputs)
{
    const frozen_case c = {"resnet18", 8, 64, false};
    static const float dlogits[IMAGES * CLASSES] = {1.0f};
    subject s = create(&c);
    float *gradient = malloc(IMAGES * 64 * 1024 * sizeof *gradient);

    (void)medtl_trainer_pass_forward(s.pass, s.input, IMAGES, 7);
    cr_expect(medtl_trainer_pass_output_gradient(s.pass, dlogits, "features", gradient));
    medtl_trainer_pass_train_from(s.pass, s.stages - 1);
    (void)medtl_trainer_pass_forward(s.pass, s.input, IMAGES, 7);
    cr_expect_not(medtl_trainer_pass_output_gradient(s.pass, dlogits, "features", gradient));
    free(gradient);
    medtl_trainer_pass_destroy(s.pass);
    medtl_network_destroy(s.network);
    free(s.input);
    free(s.first);
}
