#include "core/train/loss.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { N = 4, K = 3 };

static const float logits[N * K] = {1.5f,   -0.5f, 0.25f, 0.0f, 2.0f,  -1.0f,
                                    -1.25f, 0.5f,  0.75f, 3.0f, -2.0f, 0.5f};
static const float hard[N * K] = {1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1};
static const float soft[N * K] = {0.7f, 0.3f, 0, 0, 0.25f, 0.75f, 0.1f, 0.2f, 0.7f, 1, 0, 0};
static const float weights[K] = {0.5f, 2.0f, 1.25f};

/* PyTorch 1.13, float64: CrossEntropyLoss(weight, label_smoothing) on these logits, and its gradient. */
static const struct expected {
    const float *targets, *weights;
    double smoothing, loss, gradient[N * K];
} expected[] = {
    {hard,
     NULL,
     0.0,
     1.751540377563,
     {-0.074171506, 0.023795799, 0.050375707, 0.028548800, 0.210948684, -0.239497483, 0.017675766,
      -0.148282991, 0.130607225, 0.229605742, 0.001547071, -0.231152813}},
    {hard,
     weights,
     0.0,
     1.833637555072,
     {-0.029668602, 0.009518320, 0.020150283, 0.028548800, 0.210948684, -0.239497483, 0.028281225,
      -0.237252785, 0.208971560, 0.229605742, 0.001547071, -0.231152813}},
    {hard,
     NULL,
     0.1,
     1.757790377563,
     {-0.057504839, 0.015462466, 0.042042374, 0.020215467, 0.202615350, -0.222830817, 0.009342432,
      -0.131616324, 0.122273892, 0.221272408, -0.006786262, -0.214486146}},
    {hard,
     weights,
     0.1,
     1.847927837321,
     {-0.012452226, -0.002387266, 0.014839492, 0.025215467, 0.197615350, -0.222830817, 0.023887346,
      -0.216689139, 0.192801793, 0.226272408, -0.011786262, -0.214486146}},
    {soft,
     NULL,
     0.1,
     1.161540377563,
     {0.009995161, -0.052037534, 0.042042374, 0.020215467, 0.146365350, -0.166580817, -0.013157568,
      0.048383676, -0.035226108, -0.003727592, -0.006786262, 0.010513854}},
};

Test(cross_entropy, value_and_gradient_are_pytorch_s)
{
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct expected *e = &expected[i];
        float gradient[N * K];
        const double loss =
            medtl_loss_cross_entropy(logits, e->targets, N, K, e->weights, e->smoothing, gradient);

        cr_assert(fabs(loss - e->loss) < 1e-6, "case %zu: %.9f, not %.9f", i, loss, e->loss);
        for (size_t k = 0; k < N * K; k++)
            cr_assert(fabs((double)gradient[k] - e->gradient[k]) < 1e-6, "case %zu, %zu: %.9f", i,
                      k, (double)gradient[k]);
    }
}

Test(cross_entropy, gradient_is_that_of_finite_differences)
{
    float gradient[N * K];

    (void)medtl_loss_cross_entropy(logits, soft, N, K, weights, 0.2, gradient);
    for (size_t k = 0; k < N * K; k++) {
        float up[N * K], down[N * K];
        double slope;

        memcpy(up, logits, sizeof up);
        memcpy(down, logits, sizeof down);
        up[k] += 1.0f / 256.0f; /* exact in float */
        down[k] -= 1.0f / 256.0f;
        slope = (medtl_loss_cross_entropy(up, soft, N, K, weights, 0.2, NULL) -
                 medtl_loss_cross_entropy(down, soft, N, K, weights, 0.2, NULL)) *
                128.0;
        cr_assert(fabs(slope - (double)gradient[k]) < 1e-5, "%zu: %g, not %g", k,
                  (double)gradient[k], slope);
    }
}

Test(cross_entropy, large_logits_do_not_overflow)
{
    const float large[2] = {1000.0f, -1000.0f}, target[2] = {0.0f, 1.0f};
    float gradient[2];

    cr_assert_float_eq(medtl_loss_cross_entropy(large, target, 1, 2, NULL, 0.0, gradient), 2000.0,
                       1e-6);
    cr_assert_float_eq(gradient[0], 1.0, 1e-6);
    cr_assert_float_eq(gradient[1], -1.0, 1e-6);
}

Test(class_weights, follow_the_power_and_have_mean_one_over_the_samples)
{
    /* Counts 1, 4, 0: balanced weights are as 4 : 1 with 1 w0 + 4 w1 = 5, so 2.5 and 0.625; by square
     * root as 2 : 1, so 5/3 and 5/6. A class without samples is left at 1. */
    const size_t counts[3] = {1, 4, 0};
    float w[3];

    medtl_class_weights(counts, 3, 0.0, w);
    cr_assert(w[0] == 1.0f && w[1] == 1.0f && w[2] == 1.0f);
    medtl_class_weights(counts, 3, 1.0, w);
    cr_assert_float_eq(w[0], 2.5, 1e-6);
    cr_assert_float_eq(w[1], 0.625, 1e-6);
    cr_assert_eq(w[2], 1.0f);
    medtl_class_weights(counts, 3, 0.5, w);
    cr_assert_float_eq(w[0], 5.0 / 3.0, 1e-6);
    cr_assert_float_eq(w[1], 5.0 / 6.0, 1e-6);
}

Test(logit_adjustment, is_the_log_of_how_much_a_class_counts)
{
    /* Menon et al. 2021, equation 10, by hand: counts 100, 10, 0 (taken as 1), less the largest. */
    const size_t counts[3] = {100, 10, 0};
    const float factors[3] = {1.0f, 10.0f, 1.0f};
    float shift[3];

    medtl_logit_adjustment(counts, 3, NULL, 0.0, 1.0, shift);
    cr_assert_float_eq(shift[0], 0.0, 1e-6);
    cr_assert_float_eq(shift[1], -2.302585, 1e-6);
    cr_assert_float_eq(shift[2], -4.605170, 1e-6);
    medtl_logit_adjustment(counts, 3, NULL, 0.5, 2.0, shift); /* half by sampling, twice by tau */
    cr_assert_float_eq(shift[1], -2.302585, 1e-6);
    medtl_logit_adjustment(counts, 3, NULL, 1.0, 1.0, shift); /* sampled evenly: nothing is left */
    cr_assert(shift[0] == 0.0f && shift[1] == 0.0f && shift[2] == 0.0f);
    medtl_logit_adjustment(counts, 3, factors, 0.0, 1.0, shift);
    cr_assert_float_eq(shift[1], 0.0, 1e-6); /* 10 times 10 is 100 */
}
