/* The loops of every instruction set that runs here: against plain double loops, and bit for bit against each
 * other, for lengths around the lanes and blocks. */
#include "core/nn/loops.h"
#include "nn_fill.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

enum { LONGEST = 2500 };

static float a[LONGEST + 1], b[LONGEST + 1];

static void fill(void)
{
    for (size_t i = 0; i <= LONGEST; i++) {
        a[i] = nn_uniform(1u, i);
        b[i] = nn_uniform(2u, i);
    }
}

ParameterizedTestParameters(loops, agree_with_plain_loops_and_one_another)
{
    static size_t lengths[] = {0, 1, 15, 16, 17, 49, 1023, 1024, 1025, 1040, 2500};

    return cr_make_param_array(size_t, lengths, sizeof lengths / sizeof lengths[0]);
}

/* Every loop once, from unaligned arrays; results into out. @return how many. */
static size_t run_all(const medtl_loops *loops, size_t n, double *sums, float *out)
{
    const medtl_norm_channel k = {0.1f, 1.5f, -0.2f, 0.7f, 0.01f, -0.03f};
    const float *x = a + 1, *y = b + 1;
    double *s = sums;

    *s++ = loops->sum(x, n);
    *s++ = loops->dot(x, y, n);
    s[0] = s[1] = s[2] = s[3] = s[4] = s[5] = 0.0;
    loops->add_moments(x, n, 0.25f, &s[0], &s[1]);
    loops->add_norm_products(y, x, n, &k, true, &s[2], &s[3]);
    loops->add_norm_products(y, x, n, &k, false, &s[4], &s[5]);
    loops->scale_shift(x, out, n, 2.0f, -0.5f, true);
    loops->scale_shift(x, out += n, n, 2.0f, -0.5f, false);
    loops->give_norm_gradient(out += n, y, x, n, &k, true, false);
    memcpy(out += n, y, n * sizeof *out);
    loops->give_norm_gradient(out, y, x, n, &k, false, true);
    memcpy(out += n, y, n * sizeof *out);
    loops->mask(out, x, n, MEDTL_RELU);
    loops->relu(x, out += n, n);
    memcpy(out += n, y, n * sizeof *out);
    loops->add(out, x, n);
    loops->add_scaled(out, x, n, 0.3f);
    loops->add_two(x, y, out += n, n, true);
    loops->add_two(x, y, out += n, n, false);
    return 8;
}

static void check_sums(const double *got, size_t n)
{
    double expected[8] = {0.0};

    for (size_t i = 1; i <= n; i++) {
        const double x = (double)a[i], y = (double)b[i], v = x - 0.25;
        const bool on = a[i] * 1.5f - 0.2f > 0.0f;

        expected[0] += x;
        expected[1] += x * y;
        expected[2] += v;
        expected[3] += v * v;
        expected[4] += on ? y : 0.0;
        expected[5] += on ? y * (x - (double)0.1f) : 0.0;
        expected[6] += y;
        expected[7] += y * (x - (double)0.1f);
    }
    for (size_t i = 0; i < 8; i++)
        cr_expect(fabs(got[i] - expected[i]) <= 1e-6 * (1.0 + (double)n / 16.0),
                  "sum %zu of %zu: %.9g, %.9g", i, n, got[i], expected[i]);
}

static float rectified(float v) { return v < 0.0f ? 0.0f : v; }

static void check_arrays(const float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float x = a[i + 1], y = b[i + 1];
        const float masked = x * 1.5f - 0.2f > 0.0f ? y : 0.0f;
        const float expected[] = {rectified(x * 2.0f - 0.5f),
                                  x * 2.0f - 0.5f,
                                  0.7f * (masked - 0.03f + 0.01f * (x - 0.1f)),
                                  y + 0.7f * (y - 0.03f + 0.01f * (x - 0.1f)),
                                  x > 0.0f ? y : 0.0f,
                                  rectified(x),
                                  y + x + 0.3f * x,
                                  rectified(x + y),
                                  x + y};

        for (size_t k = 0; k < sizeof expected / sizeof expected[0]; k++)
            cr_assert(fabsf(out[k * n + i] - expected[k]) <= 1e-6f, "loop %zu, value %zu of %zu", k,
                      i, n);
    }
}

ParameterizedTest(size_t *length, loops, agree_with_plain_loops_and_one_another)
{
    const medtl_loops *loops;
    static float first[9 * LONGEST], out[9 * LONGEST];
    double first_sums[8], sums[8];

    fill();
    for (size_t set = 0; (loops = medtl_loops_supported(set)) != NULL; set++) {
        cr_assert_eq(run_all(loops, *length, sums, out), 8);
        check_sums(sums, *length);
        check_arrays(out, *length);
        if (set == 0) {
            memcpy(first, out, sizeof out);
            memcpy(first_sums, sums, sizeof sums);
        }
        cr_assert_eq(memcmp(first, out, sizeof out), 0, "%s differs in bits", loops->name);
        cr_assert_eq(memcmp(first_sums, sums, sizeof sums), 0, "%s differs in bits", loops->name);
    }
}

Test(loops, the_larger_wins_the_first_of_equals_and_nan)
{
    const medtl_loops *loops;

    for (size_t set = 0; (loops = medtl_loops_supported(set)) != NULL; set++)
        for (size_t stride = 1; stride <= 3; stride++) {
            const float values[] = {1.0f, 2.0f, 3.0f, NAN, -INFINITY};
            float x[15] = {0.0f}, best[5] = {2.0f, 2.0f, 2.0f, 2.0f, -INFINITY}, winner[5] = {0.0f};

            for (size_t i = 0; i < 5; i++)
                x[i * stride] = values[i];
            loops->take_larger(x, stride, 5, 7.0f, best, winner);
            cr_expect(best[0] == 2.0f && winner[0] == 0.0f, "%s", loops->name);
            cr_expect(best[1] == 2.0f && winner[1] == 0.0f, "%s", loops->name);
            cr_expect(best[2] == 3.0f && winner[2] == 7.0f, "%s", loops->name);
            cr_expect(isnan(best[3]) && winner[3] == 7.0f, "%s", loops->name);
            cr_expect(best[4] == -INFINITY && winner[4] == 0.0f, "%s", loops->name);
        }
}

/* A channel far from zero whose gradient is all but constant: what is left of it is small beside each term. */
Test(loops, norm_gradient_keeps_its_digits_far_from_zero)
{
    enum { COUNT = 37 };
    const medtl_norm_channel k = {
        .mean = 1000.0f, .scale = 1.0f, .a = 1e4f, .b = -0.25f, .c = -3.0f};
    const medtl_loops *loops;
    float x[COUNT], dy[COUNT], dx[COUNT];

    for (int i = 0; i < COUNT; i++) {
        x[i] = 1000.0f + (float)(i - 18) / 4096.0f; /* exact */
        dy[i] = 3.0f + (float)i / 65536.0f;
    }
    for (size_t set = 0; (loops = medtl_loops_supported(set)) != NULL; set++) {
        loops->give_norm_gradient(dx, dy, x, COUNT, &k, false, false);
        for (int i = 0; i < COUNT; i++) {
            const double expected = 1e4 * (i / 65536.0 - 0.25 * (i - 18) / 4096.0);

            cr_expect(fabs((double)dx[i] - expected) <= 1e-5, "%s: %.9g, %.9g", loops->name,
                      (double)dx[i], expected);
        }
    }
}
