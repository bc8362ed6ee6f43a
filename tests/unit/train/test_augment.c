#include "core/train/augment.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>

static const float ZERO[3] = {0, 0, 0}, ONE[3] = {1, 1, 1}, HALF[3] = {0.5f, 0.5f, 0.5f};

static medtl_variant identity(size_t channels)
{
    const medtl_augment none = {0};
    medtl_random random;
    medtl_variant variant;

    medtl_random_seed(&random, 1);
    medtl_augment_draw(&none, channels, 4, 5, ZERO, &random, &variant);
    return variant;
}

static void ramp(uint16_t *image, size_t count)
{
    for (size_t i = 0; i < count; i++)
        image[i] = (uint16_t)(i * 2977 % 65536);
}

Test(augment, nothing_asked_nothing_changed)
{
    const float mean[3] = {0.1f, 0.2f, 0.3f}, sd[3] = {0.5f, 0.25f, 0.125f};
    const medtl_variant v = identity(3);
    uint16_t in[60];
    float out[60];

    ramp(in, 60);
    medtl_variant_apply(&v, 3, 4, 5, mean, sd, in, out);
    for (size_t i = 0; i < 60; i++)
        cr_assert_float_eq(out[i], ((float)in[i] / 65535.0f - mean[i / 20]) / sd[i / 20], 1e-5);
}

Test(augment, the_warp_is_pytorch_s_grid_sample)
{
    /* PyTorch 1.13: grid_sample(bilinear, align_corners=False) of a 4 x 5 picture, turned by 30 degrees,
     * scaled by 0.8, shifted by (0.7, -0.3) pixels; padding_mode zeros and reflection. */
    static const float black[20] = {0.031373f, 0.090101f, 0.186422f, 0.308746f, 0.125720f,
                                    0.080963f, 0.203288f, 0.325612f, 0.447936f, 0.398102f,
                                    0.220154f, 0.342478f, 0.464802f, 0.587127f, 0.709451f,
                                    0.359344f, 0.481668f, 0.603992f, 0.726317f, 0.806788f};
    static const float mirror[20] = {0.086962f, 0.118434f, 0.186422f, 0.308746f, 0.399925f,
                                     0.080963f, 0.203288f, 0.325612f, 0.447936f, 0.557285f,
                                     0.220154f, 0.342478f, 0.464802f, 0.587127f, 0.709451f,
                                     0.359344f, 0.481668f, 0.603992f, 0.726317f, 0.839731f};
    const double angle = 30.0 * 3.14159265358979323846 / 180.0;
    medtl_variant v = identity(1);
    uint16_t in[20];
    float out[20];

    ramp(in, 20);
    v.identity_warp = false;
    v.matrix[0][0] = v.matrix[1][1] = 0.8 * cos(angle);
    v.matrix[1][0] = 0.8 * sin(angle);
    v.matrix[0][1] = -v.matrix[1][0];
    v.shift[0] = 0.7;
    v.shift[1] = -0.3;
    for (int m = 0; m < 2; m++) {
        v.mirror_border = m == 1;
        medtl_variant_apply(&v, 1, 4, 5, ZERO, ONE, in, out);
        for (size_t i = 0; i < 20; i++)
            cr_assert_float_eq(out[i], (m == 1 ? mirror : black)[i], 2e-5,
                               "border %d, pixel %zu: %g", m, i, (double)out[i]);
    }
}

Test(augment, a_mirror_image_is_exact)
{
    const medtl_augment flips = {.flip_x = 1.0, .flip_y = 1.0};
    medtl_random random;
    medtl_variant v;
    uint16_t in[20];
    float out[20];

    ramp(in, 20);
    medtl_random_seed(&random, 1);
    medtl_augment_draw(&flips, 1, 4, 5, ZERO, &random, &v);
    medtl_variant_apply(&v, 1, 4, 5, ZERO, ONE, in, out);
    for (size_t i = 0; i < 20; i++)
        cr_assert_float_eq(out[i], (float)in[19 - i] / 65535.0f, 1e-6);
}

Test(augment, a_crop_stays_inside_the_picture)
{
    /* A white picture, black outside. Pixel centres of a crop lie at most half a pixel outside the outermost
     * ones, where black has at most half of the weight along each axis; inside there is none. */
    const medtl_augment crop = {.area_min = 0.3, .area_max = 0.9};
    medtl_random random;
    medtl_variant v;
    uint16_t in[32 * 24];
    float out[32 * 24];

    memset(in, 0xff, sizeof in);
    medtl_random_seed(&random, 2);
    for (int round = 0; round < 200; round++) {
        medtl_augment_draw(&crop, 1, 32, 24, ZERO, &random, &v);
        medtl_variant_apply(&v, 1, 32, 24, ZERO, ONE, in, out);
        for (size_t i = 0; i < 32 * 24; i++)
            cr_assert(out[i] > (i % 24 % 23 == 0 || i / 24 % 31 == 0 ? 0.249f : 0.999f),
                      "round %d, pixel %zu: %g", round, i, (double)out[i]);
    }
}

Test(augment, drawn_values_keep_to_their_ranges)
{
    medtl_augment a;
    medtl_random random;
    medtl_variant v;

    cr_assert_eq(
        medtl_augment_parse("dermoscopy,gamma=0.5,noise=0.1,cutout=1,cutout_side=0.5", &a, NULL),
        MEDTL_OK);
    medtl_random_seed(&random, 3);
    for (int round = 0; round < 2000; round++) {
        double area;

        medtl_augment_draw(&a, 3, 20, 20, HALF, &random, &v);
        area = fabs(v.matrix[0][0] * v.matrix[1][1] - v.matrix[0][1] * v.matrix[1][0]);
        cr_assert(area >= 0.6 - 1e-9 && area <= 1.0 + 1e-9, "area %g", area);
        cr_assert(v.gamma >= 1.0 / 1.5 - 1e-9 && v.gamma <= 1.5 + 1e-9, "gamma %g", v.gamma);
        cr_assert(v.noise >= 0.0 && v.noise <= 0.1);
        cr_assert(v.cut[2] - v.cut[0] >= 5 && v.cut[2] - v.cut[0] <= 10 && v.cut[2] <= 20 &&
                  v.cut[3] <= 20);
    }
}

Test(augment, color_changes_match_hand_calculation)
{
    /* Contrast 1.2 around 0.5 and brightness 0.1: 0.25 becomes 1.2 (0.25 - 0.5) + 0.5 + 0.1 = 0.3. */
    medtl_variant v = identity(1);
    const uint16_t in[20] = {16384, 65535};
    float out[20];

    v.color[0][0] = 1.2;
    v.color[0][3] = -0.2 * 0.5 + 0.1;
    medtl_variant_apply(&v, 1, 4, 5, ZERO, ONE, in, out);
    cr_assert_float_eq(out[0], 0.3, 1e-4);
    cr_assert_float_eq(out[1], 1.0, 1e-6, "clamped");
    v = identity(1);
    v.gamma = 2.0;
    medtl_variant_apply(&v, 1, 4, 5, ZERO, ONE, in, out);
    cr_assert_float_eq(out[0], 0.0625, 1e-4);
    cr_assert_float_eq(out[2], 0.0, 1e-6);
}

Test(augment, without_saturation_a_color_is_its_luminance)
{
    medtl_augment a = {.saturation = 1.0};
    medtl_random random;
    medtl_variant v;
    const uint16_t in[3] = {65535, 0, 32768}; /* R, G, B of one pixel */
    float out[3];
    bool gray_seen = false;

    medtl_random_seed(&random, 4);
    for (int round = 0; round < 2000 && !gray_seen; round++) {
        double sum[3];

        medtl_augment_draw(&a, 3, 1, 1, ZERO, &random, &v);
        for (int i = 0; i < 3; i++) /* gray stays gray whatever the saturation is */
            sum[i] = v.color[i][0] + v.color[i][1] + v.color[i][2];
        cr_assert(fabs(sum[0] - 1.0) < 1e-9 && fabs(sum[1] - 1.0) < 1e-9 &&
                  fabs(sum[2] - 1.0) < 1e-9);
        gray_seen = fabs(v.color[0][0] - 0.299) < 0.002;
        if (gray_seen) {
            medtl_variant_apply(&v, 3, 1, 1, ZERO, ONE, in, out);
            for (int i = 0; i < 3; i++)
                cr_assert_float_eq(out[i], 0.299 + 0.114 * 0.5, 5e-3);
        }
    }
    cr_assert(gray_seen);
}

Test(augment, noise_has_the_standard_deviation_asked_for)
{
    enum { SIDE = 200 };
    static uint16_t in[SIDE * SIDE];
    static float out[SIDE * SIDE];
    medtl_variant v = identity(1);
    double sum = 0.0, square = 0.0;

    v.noise = 0.05;
    v.noise_seed = 77;
    for (size_t i = 0; i < SIDE * SIDE; i++)
        in[i] = 32768;
    medtl_variant_apply(&v, 1, SIDE, SIDE, HALF, ONE, in, out);
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        sum += (double)out[i];
        square += (double)out[i] * (double)out[i];
    }
    cr_assert(fabs(sum / (SIDE * SIDE)) < 0.001);
    cr_assert(fabs(sqrt(square / (SIDE * SIDE)) - 0.05) < 0.001);
}

Test(augment, a_cut_becomes_the_mean)
{
    medtl_variant v = identity(3);
    uint16_t in[60];
    float out[60];

    memset(in, 0xff, sizeof in);
    v.cut[0] = 1, v.cut[1] = 2, v.cut[2] = 3, v.cut[3] = 4; /* x 1-2, y 2-3 */
    medtl_variant_apply(&v, 3, 4, 5, HALF, ONE, in, out);
    for (size_t i = 0; i < 60; i++) {
        const size_t x = i % 5, y = i / 5 % 4;

        cr_assert_float_eq(out[i], x >= 1 && x < 3 && y >= 2 ? 0.0 : 0.5, 1e-6);
    }
}

struct text_case {
    char text[48], expected[64]; /* expected: in the message; "": accepted */
};

ParameterizedTestParameters(augment, text_is_read_or_refused_with_a_reason)
{
    static struct text_case cases[] = {
        {"none", ""},
        {"mammography,flip_y=0,rotation=15", ""},
        {"dermoscopy,cutout=0.5", ""},
        {"", "none of none, dermoscopy, mammography"},
        {"skin", "none of none, dermoscopy, mammography"},
        {"none,rotation", "no key=value"},
        {"none,angle=3", "there is no 'angle'"},
        {"none,rotation=x", "rotation is a number from 0 to 180"},
        {"none,rotation=181", "rotation is a number from 0 to 180"},
        {"none,rotation=nan", "rotation is a number from 0 to 180"},
        {"none,area_min=0.5", "area_max is below area_min"},
    };
    return cr_make_param_array(struct text_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct text_case *c, augment, text_is_read_or_refused_with_a_reason)
{
    medtl_augment a;
    medtl_error err = {0};
    const medtl_status status = medtl_augment_parse(c->text, &a, &err);

    cr_assert_eq(status, c->expected[0] == '\0' ? MEDTL_OK : MEDTL_E_ARGUMENT, "%s: %s", c->text,
                 err.message);
    cr_assert_not_null(strstr(err.message, c->expected), "%s: %s", c->text, err.message);
}

/* A Gaussian of two dimensions over the edge's continuation, in double, one output at a time. */
static double naive_blur(const uint16_t *in, int height, int width, int y, int x, double sigma)
{
    const int radius = (int)ceil(3.0 * sigma);
    double sum = 0.0, weights = 0.0;

    for (int dy = -radius; dy <= radius; dy++)
        for (int dx = -radius; dx <= radius; dx++) {
            const int row = y + dy < 0 ? 0 : y + dy >= height ? height - 1 : y + dy;
            const int column = x + dx < 0 ? 0 : x + dx >= width ? width - 1 : x + dx;
            const double weight = exp(-0.5 * (double)(dy * dy + dx * dx) / (sigma * sigma));

            sum += weight * (double)in[row * width + column] / 65535.0;
            weights += weight;
        }
    return sum / weights;
}

Test(augment, blur_is_a_gaussian)
{
    enum { HIGH = 9, WIDE = 13 };
    static const double sigmas[] = {0.2, 0.7, 2.5};
    uint16_t in[HIGH * WIDE];
    float out[HIGH * WIDE];

    for (size_t i = 0; i < HIGH * WIDE; i++)
        in[i] = (uint16_t)(i * 40503u);
    for (size_t s = 0; s < 3; s++) {
        medtl_variant v = identity(1);

        v.blur = sigmas[s];
        medtl_variant_apply(&v, 1, HIGH, WIDE, ZERO, ONE, in, out);
        for (int y = 0; y < HIGH; y++)
            for (int x = 0; x < WIDE; x++) {
                const double want = naive_blur(in, HIGH, WIDE, y, x, sigmas[s]);

                cr_assert(fabs((double)out[y * WIDE + x] - want) < 2e-6, "%d %d: %g, not %g", y, x,
                          (double)out[y * WIDE + x], want);
            }
    }
}

Test(augment, views_of_mammograms_are_never_blurred_and_those_of_lesions_in_half_of_the_cases)
{
    static const char *const presets[] = {"mammography-views", "dermoscopy-views"};

    for (size_t p = 0; p < 2; p++) {
        medtl_augment augment;
        medtl_random random;
        size_t blurred = 0;

        cr_assert_eq(medtl_augment_parse(presets[p], &augment, NULL), MEDTL_OK);
        medtl_random_seed(&random, 8);
        for (int i = 0; i < 1000; i++) {
            medtl_variant v;

            medtl_augment_draw(&augment, 3, 64, 100, HALF, &random, &v);
            cr_assert(v.blur == 0.0 || (v.blur >= 0.1 && v.blur <= 1.0), "%g pixels", v.blur);
            blurred += v.blur > 0.0;
        }
        cr_assert(p == 0 ? blurred == 0 : blurred > 440 && blurred < 560, "%zu", blurred);
    }
}
