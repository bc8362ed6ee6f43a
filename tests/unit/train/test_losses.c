/* Every loss against PyTorch, and every gradient against finite differences of its own loss. Steps are powers of
 * two that floats hold exactly, and losses are doubles, so that nothing is rounded on the way. */
#include "core/train/loss.h"
#include "core/train/loss_self.h"
#include "train_goldens.h"
#include "train_values.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    N = 5,
    K = 4,
    ROWS = 6,
    SIZE = 4,
    LOSS_GOLDENS = sizeof loss_goldens / sizeof loss_goldens[0],
    SELF_GOLDENS = sizeof self_goldens / sizeof self_goldens[0],
    SELF_VALUES = 2 * ROWS * SIZE
};
static const float step = 0x1p-10f;

static const float hard[N * K] = {1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1};
static const float soft[N * K] = {.75f, .25f, 0,     0,     0,    .5f, .5f, 0, 1, 0,
                                  0,    0,    .125f, .125f, .25f, .5f, 0,   0, 0, 1};
static const float class_weights[K] = {.5f, 2.0f, 1.25f, 1.0f};

static double classify(const struct loss_golden *g, const float *logits, float *gradient)
{
    const medtl_loss_options options = {(medtl_loss_kind)g->kind,
                                        g->weighted ? class_weights : NULL, g->smoothing, g->gamma};

    return medtl_loss(&options, logits, g->soft ? soft : hard, N, K, gradient);
}

ParameterizedTestParameters(losses, of_classifiers_are_pytorch_s)
{
    static int indices[LOSS_GOLDENS];

    for (int i = 0; i < LOSS_GOLDENS; i++)
        indices[i] = i;
    return cr_make_param_array(int, indices, LOSS_GOLDENS);
}

ParameterizedTest(int *index, losses, of_classifiers_are_pytorch_s)
{
    const struct loss_golden *g = &loss_goldens[*index];
    float logits[N * K], gradient[N * K];
    double loss;

    train_values(1, logits, N * K);
    loss = classify(g, logits, gradient);
    cr_assert(fabs(loss - g->loss) < 1e-8, "case %d: %.10g, not %.10g", *index, loss, g->loss);
    cr_assert_eq(classify(g, logits, NULL), loss, "the value alone is the same value");
    for (size_t i = 0; i < N * K; i++)
        cr_assert(fabs((double)gradient[i] - g->gradient[i]) < 1e-7, "case %d, %zu: %.9g, not %.9g",
                  *index, i, (double)gradient[i], g->gradient[i]);
}

ParameterizedTestParameters(losses, of_classifiers_have_the_slope_that_they_say)
{
    static int indices[LOSS_GOLDENS];

    for (int i = 0; i < LOSS_GOLDENS; i++)
        indices[i] = i;
    return cr_make_param_array(int, indices, LOSS_GOLDENS);
}

ParameterizedTest(int *index, losses, of_classifiers_have_the_slope_that_they_say)
{
    const struct loss_golden *g = &loss_goldens[*index];
    float logits[N * K], gradient[N * K];

    train_values(9, logits, N * K); /* not where PyTorch was asked */
    (void)classify(g, logits, gradient);
    for (size_t i = 0; i < N * K; i++) {
        const float middle = logits[i];
        double rise;

        logits[i] = middle + step;
        rise = classify(g, logits, NULL);
        logits[i] = middle - step;
        rise -= classify(g, logits, NULL);
        logits[i] = middle;
        cr_assert(fabs(rise / (2.0 * (double)step) - (double)gradient[i]) < 2e-6,
                  "case %d, %zu: %g, not %g", *index, i, (double)gradient[i],
                  rise / (2.0 * (double)step));
    }
}

/* The self-supervised losses by the name of their golden; `v` is both views, one after the other. */
static double compare(const char *name, const float *v, float *gradient)
{
    static double scratch[1024];
    static const medtl_vicreg vicreg = {25.0, 20.0, 2.0, 1.5, 1e-4};
    const float *a = v, *b = v + ROWS * SIZE;
    float *da = gradient, *db = gradient != NULL ? gradient + ROWS * SIZE : NULL;

    cr_assert(medtl_loss_nt_xent_scratch(ROWS, SIZE) <= 1024 &&
              medtl_loss_vicreg_scratch(ROWS, SIZE) <= 1024 &&
              medtl_loss_barlow_scratch(ROWS, SIZE) <= 1024);
    if (strcmp(name, "cosine") == 0)
        return medtl_loss_cosine(a, b, ROWS, SIZE, da, db);
    if (strcmp(name, "nt_xent") == 0)
        return medtl_loss_nt_xent(a, b, ROWS, SIZE, 0.5, scratch, da, db);
    if (strcmp(name, "vicreg") == 0)
        return medtl_loss_vicreg(&vicreg, a, b, ROWS, SIZE, scratch, da, db);
    return medtl_loss_barlow(a, b, ROWS, SIZE, 0.005, scratch, da, db);
}

Test(losses, between_views_are_those_of_their_papers)
{
    for (size_t g = 0; g < SELF_GOLDENS; g++) {
        const struct self_golden *golden = &self_goldens[g];
        float v[SELF_VALUES], gradient[SELF_VALUES];
        double loss;

        train_values(2, v, ROWS * SIZE);
        train_values(3, v + ROWS * SIZE, ROWS * SIZE);
        loss = compare(golden->name, v, gradient);
        cr_assert(fabs(loss - golden->loss) < 1e-8 * fmax(1.0, fabs(loss)), "%s: %.10g, not %.10g",
                  golden->name, loss, golden->loss);
        for (size_t i = 0; i < SELF_VALUES; i++)
            cr_assert(fabs((double)gradient[i] - golden->gradient[i]) <
                          1e-7 * fmax(1.0, fabs(golden->gradient[i])),
                      "%s, %zu: %.9g, not %.9g", golden->name, i, (double)gradient[i],
                      golden->gradient[i]);
    }
}

Test(losses, between_views_have_the_slope_that_they_say)
{
    for (size_t g = 0; g < SELF_GOLDENS; g++) {
        const char *name = self_goldens[g].name;
        float v[SELF_VALUES], gradient[SELF_VALUES];

        train_values(11, v, SELF_VALUES);
        (void)compare(name, v, gradient);
        for (size_t i = 0; i < SELF_VALUES; i++) {
            const float middle = v[i];
            double slope;

            v[i] = middle + step;
            slope = compare(name, v, NULL);
            v[i] = middle - step;
            slope = (slope - compare(name, v, NULL)) / (2.0 * (double)step);
            v[i] = middle;
            cr_assert(fabs(slope - (double)gradient[i]) < 1e-5 * fmax(1.0, fabs(slope)),
                      "%s, %zu: %g, not %g", name, i, (double)gradient[i], slope);
        }
    }
}

Test(losses, binary_takes_one_output_and_any_number_of_labels)
{
    /* By hand: log(1 + e^0) = log 2 for a logit of 0, whatever its target. */
    const float zero = 0.0f, one = 1.0f, none[2] = {0.0f, 0.0f}, both[2] = {1.0f, 1.0f};
    const float logits[2] = {30.0f, -30.0f};
    float gradient[2];

    cr_assert_float_eq(medtl_loss_binary(&zero, &one, 1, 1, NULL, 0.0, gradient), log(2.0), 1e-12);
    cr_assert_float_eq(gradient[0], -0.5, 1e-7);
    cr_assert_float_eq(medtl_loss_binary(logits, none, 1, 2, NULL, 0.0, NULL), 15.0, 1e-9);
    cr_assert_float_eq(medtl_loss_binary(logits, both, 1, 2, NULL, 0.0, NULL), 15.0, 1e-9);
}

Test(losses, stay_finite_where_a_class_is_certain)
{
    const float logits[2] = {1000.0f, -1000.0f}, right[2] = {1.0f, 0.0f}, wrong[2] = {0.0f, 1.0f};
    float gradient[2];

    for (int kind = 0; kind <= 2; kind++) {
        const medtl_loss_options options = {(medtl_loss_kind)kind, NULL, 0.0, 0.5};

        cr_assert_eq(medtl_loss(&options, logits, right, 1, 2, gradient), 0.0, "kind %d", kind);
        cr_assert(gradient[0] == 0.0f && gradient[1] == 0.0f, "kind %d", kind);
        cr_assert(isfinite(medtl_loss(&options, logits, wrong, 1, 2, gradient)), "kind %d", kind);
        cr_assert(isfinite(gradient[0]) && gradient[0] > 0.0f && gradient[1] < 0.0f, "kind %d",
                  kind);
    }
}

Test(losses, a_view_of_nothing_has_no_direction_and_no_infinite_slope)
{
    float v[SELF_VALUES] = {0}, gradient[SELF_VALUES];

    for (size_t g = 0; g < SELF_GOLDENS; g++) {
        cr_assert(isfinite(compare(self_goldens[g].name, v, gradient)), "%s", self_goldens[g].name);
        for (size_t i = 0; i < SELF_VALUES; i++)
            cr_assert(isfinite(gradient[i]), "%s", self_goldens[g].name);
    }
}
