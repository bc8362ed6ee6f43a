/* Every algorithm of the blocked convolutions, in every instruction set of this processor, against the naive loops in
 * double; the same bits whatever the order of the work; nothing written outside. */
#include "blocked_conv_run.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Height and width alike; and everything. */
#define SQUARE(c, h, w, k, kernel, stride, pad)                                                    \
    {                                                                                              \
        .channels_in = (c), .height_in = (h), .width_in = (w), .channels_out = (k),                \
        .kernel_h = (kernel), .kernel_w = (kernel), .stride_h = (stride), .stride_w = (stride),    \
        .dilation_h = 1, .dilation_w = 1, .pad_top = (pad), .pad_left = (pad),                     \
        .pad_bottom = (pad), .pad_right = (pad), .groups = 1                                       \
    }
#define ANY(c, h, w, k, kh, kw, sh, sw, dh, dw, top, left, bottom, right)                          \
    {                                                                                              \
        (c), (h), (w), (k), 0, 0, (kh), (kw), (sh), (sw), (dh), (dw), (top), (left), (bottom),     \
            (right), 1                                                                             \
    }
#define DEPTHWISE(c, h, w, kernel, stride, dilation, pad)                                          \
    {                                                                                              \
        (c), (h), (w), (c), 0, 0, (kernel), (kernel), (stride), (stride), (dilation), (dilation),  \
            (pad), (pad), (pad), (pad), (c)                                                        \
    }

static const medtl_conv_shape products[] = {
    SQUARE(16, 1, 1, 16, 1, 1, 0),   SQUARE(32, 5, 3, 48, 1, 1, 0),
    SQUARE(48, 7, 7, 32, 1, 1, 0),   SQUARE(80, 14, 13, 96, 1, 1, 0),
    SQUARE(96, 9, 9, 128, 1, 1, 0),  SQUARE(16, 8, 8, 64, 1, 1, 0),
    SQUARE(64, 9, 7, 80, 1, 2, 0),   SQUARE(32, 14, 14, 64, 1, 2, 0),
    SQUARE(16, 11, 10, 16, 1, 3, 0), SQUARE(16, 17, 25, 32, 1, 8, 0),
    SQUARE(400, 7, 7, 32, 1, 1, 0),
};

static const medtl_conv_shape directs[] = {
    SQUARE(16, 1, 1, 16, 3, 1, 1),
    SQUARE(32, 7, 7, 32, 3, 1, 1),
    SQUARE(16, 7, 7, 64, 3, 1, 1),
    SQUARE(48, 9, 11, 80, 3, 1, 1),
    SQUARE(16, 13, 29, 128, 3, 1, 0),
    SQUARE(16, 5, 5, 16, 5, 1, 0),
    SQUARE(32, 9, 13, 48, 2, 1, 0),
    SQUARE(16, 12, 9, 96, 4, 2, 1),
    SQUARE(32, 14, 14, 64, 3, 2, 1),
    SQUARE(16, 15, 13, 48, 5, 2, 2),
    SQUARE(16, 17, 15, 32, 7, 2, 3),
    SQUARE(16, 11, 13, 16, 6, 3, 2),
    SQUARE(32, 19, 21, 16, 3, 4, 1),
    SQUARE(16, 33, 26, 32, 3, 8, 1),
    SQUARE(16, 19, 18, 16, 8, 8, 0),
    SQUARE(16, 20, 20, 16, 16, 4, 3),
    SQUARE(16, 5, 4, 32, 7, 1, 3),
    SQUARE(16, 3, 2, 16, 1, 1, 2),  /* most outputs see nothing but padding */
    SQUARE(16, 4, 5, 16, 2, 3, 4),  /* likewise, with gaps */
    SQUARE(352, 6, 7, 48, 3, 1, 1), /* weights in several blocks */
    SQUARE(272, 7, 7, 64, 3, 1, 1),
    SQUARE(128, 14, 14, 16, 3, 1, 1),
    ANY(16, 9, 17, 48, 1, 7, 1, 1, 1, 1, 0, 3, 0, 3),
    ANY(32, 17, 9, 16, 7, 1, 1, 1, 1, 1, 3, 0, 3, 0),
    ANY(16, 9, 17, 16, 1, 3, 2, 2, 1, 1, 0, 1, 0, 1),
    ANY(16, 17, 9, 16, 3, 1, 2, 3, 1, 1, 1, 0, 1, 0),
    ANY(16, 12, 10, 32, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2),
    ANY(16, 14, 13, 32, 3, 3, 2, 2, 2, 3, 2, 3, 2, 3),
    ANY(32, 13, 12, 16, 3, 5, 2, 1, 1, 3, 0, 1, 2, 5),
    ANY(16, 8, 8, 16, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1),
    ANY(16, 9, 8, 48, 4, 4, 1, 1, 1, 1, 1, 2, 2, 1),
};

static const medtl_conv_shape plain_directs[] = {
    SQUARE(1, 9, 7, 16, 3, 1, 1),
    SQUARE(3, 15, 14, 32, 3, 2, 1),
    SQUARE(3, 31, 29, 64, 7, 2, 3),
    SQUARE(1, 26, 35, 48, 7, 2, 3),
    SQUARE(20, 7, 7, 96, 3, 1, 1),
    SQUARE(40, 12, 11, 32, 5, 1, 2),
    SQUARE(3, 32, 32, 16, 16, 16, 0) /* patches of a transformer */,
    SQUARE(3, 33, 47, 128, 15, 3, 5),
    SQUARE(20, 9, 7, 16, 1, 1, 0),
    SQUARE(40, 7, 5, 64, 1, 2, 0),
    SQUARE(3, 6, 5, 16, 4, 4, 0),
    SQUARE(16, 9, 8, 32, 3, 1, 1),
    ANY(3, 12, 11, 32, 3, 5, 2, 3, 2, 1, 0, 1, 2, 3),
    ANY(1, 9, 12, 16, 1, 7, 1, 2, 1, 1, 0, 3, 0, 2),
};

static const medtl_conv_shape depthwises[] = {
    DEPTHWISE(16, 7, 7, 3, 1, 1, 1),  DEPTHWISE(32, 12, 13, 3, 2, 1, 1),
    DEPTHWISE(48, 9, 11, 5, 1, 1, 2), DEPTHWISE(16, 15, 8, 5, 2, 1, 2),
    DEPTHWISE(80, 3, 2, 7, 1, 1, 3),  DEPTHWISE(16, 13, 14, 3, 1, 2, 2),
    DEPTHWISE(16, 9, 9, 3, 3, 3, 4),  DEPTHWISE(96, 1, 1, 3, 1, 1, 1),
    DEPTHWISE(16, 3, 3, 2, 1, 1, 3),  {16, 9, 10, 16, 0, 0, 3, 4, 2, 1, 1, 2, 0, 3, 1, 2, 16},
};

static const medtl_conv_shape threes[] = {
    SQUARE(16, 1, 1, 16, 3, 1, 1),
    SQUARE(16, 2, 3, 32, 3, 1, 1),
    SQUARE(32, 7, 9, 48, 3, 1, 1),
    SQUARE(48, 13, 11, 32, 3, 1, 1),
    SQUARE(128, 12, 14, 80, 3, 1, 1),
    SQUARE(16, 30, 31, 128, 3, 1, 1),
    SQUARE(96, 9, 8, 96, 3, 1, 0),
    ANY(16, 9, 8, 16, 3, 3, 1, 1, 1, 1, 2, 0, 1, 3),
    ANY(16, 9, 8, 16, 1, 3, 1, 1, 1, 1, 1, 1, 2, 1),
    ANY(32, 9, 17, 48, 1, 3, 1, 1, 1, 1, 0, 1, 0, 1),
    ANY(32, 17, 9, 32, 3, 1, 1, 1, 1, 1, 1, 0, 1, 0),
};

static const medtl_conv_shape four_fives[] = {
    SQUARE(16, 2, 2, 16, 5, 1, 2),
    SQUARE(32, 9, 11, 48, 5, 1, 2),
    SQUARE(16, 17, 15, 32, 4, 1, 1),
    SQUARE(80, 10, 9, 64, 4, 1, 2),
    SQUARE(128, 12, 13, 16, 5, 1, 2),
    SQUARE(16, 9, 9, 16, 5, 1, 0),
    ANY(16, 9, 10, 32, 5, 3, 1, 1, 1, 1, 2, 1, 2, 1),
    ANY(16, 9, 10, 32, 4, 5, 1, 1, 1, 1, 3, 0, 2, 1),
    ANY(48, 8, 19, 32, 1, 5, 1, 1, 1, 1, 0, 2, 0, 2),
    ANY(48, 19, 8, 32, 4, 1, 1, 1, 1, 1, 2, 0, 1, 0),
    SQUARE(16, 34, 33, 16, 5, 1, 2), /* tiles enough for several threads */
};

/* Two taps make too small a tile with two outputs, so only with three and four. */
static const medtl_conv_shape twos[] = {
    SQUARE(16, 5, 5, 16, 2, 1, 0),
    SQUARE(32, 9, 10, 48, 2, 1, 1),
    ANY(16, 9, 8, 32, 2, 3, 1, 1, 1, 1, 0, 1, 1, 1),
};

static const medtl_conv_shape splits[] = {
    SQUARE(16, 2, 3, 16, 7, 1, 3),
    SQUARE(32, 9, 11, 48, 7, 1, 3),
    SQUARE(16, 15, 14, 32, 6, 1, 2),
    SQUARE(16, 12, 17, 16, 8, 1, 4),
    SQUARE(96, 10, 8, 80, 7, 1, 3),
    SQUARE(16, 26, 25, 32, 7, 1, 0),
    ANY(16, 9, 18, 48, 1, 7, 1, 1, 1, 1, 0, 3, 0, 3),
    ANY(32, 18, 9, 16, 7, 1, 1, 1, 1, 1, 3, 0, 3, 0),
    ANY(16, 13, 12, 32, 7, 3, 1, 1, 1, 1, 3, 1, 3, 1),
    ANY(16, 13, 12, 32, 5, 8, 1, 1, 1, 1, 1, 3, 2, 4),
    SQUARE(16, 33, 35, 16, 7, 1, 3),
    ANY(16, 43, 33, 32, 1, 7, 1, 1, 1, 1, 0, 3, 0, 3),
    ANY(16, 33, 43, 16, 7, 1, 1, 1, 1, 1, 3, 0, 3, 0),
};

static const medtl_conv_shape phases[] = {
    SQUARE(16, 3, 4, 16, 5, 2, 2),
    SQUARE(32, 13, 14, 48, 7, 2, 3),
    SQUARE(16, 27, 26, 32, 5, 2, 2),
    SQUARE(48, 14, 17, 80, 6, 2, 2),
    SQUARE(16, 22, 21, 16, 8, 2, 3),
    SQUARE(96, 14, 14, 32, 7, 2, 3),
    SQUARE(16, 15, 16, 32, 4, 2, 1),
    SQUARE(16, 19, 18, 16, 7, 2, 0),
    ANY(16, 18, 19, 32, 7, 5, 2, 2, 1, 1, 2, 3, 3, 1),
    ANY(16, 15, 18, 16, 6, 5, 2, 2, 1, 1, 0, 1, 1, 0),
    SQUARE(16, 66, 63, 16, 5, 2, 2),
    SQUARE(16, 65, 61, 16, 7, 2, 3),
};

static const medtl_conv_shape three_phases[] = {
    SQUARE(16, 9, 8, 16, 3, 2, 1),
    SQUARE(32, 14, 13, 48, 3, 2, 1),
    SQUARE(64, 12, 12, 32, 3, 2, 0),
};

typedef struct family {
    const char *name;
    const medtl_conv_shape *shapes;
    size_t count;
    medtl_blocked_algorithm algorithm;
    size_t outputs; /* of a Winograd tile */
    bool plain_input;
    double bound; /* of the relative root mean square error */
} family;

#define LIST(shapes) (shapes), sizeof(shapes) / sizeof(shapes)[0]

static const family families[] = {
    {"product", LIST(products), MEDTL_BLOCKED_DIRECT, 0, false, 1e-6},
    {"direct", LIST(directs), MEDTL_BLOCKED_DIRECT, 0, false, 2e-6},
    {"direct from plain input", LIST(plain_directs), MEDTL_BLOCKED_DIRECT, 0, true, 1e-6},
    {"depthwise", LIST(depthwises), MEDTL_BLOCKED_DEPTHWISE, 0, false, 1e-6},
    {"winograd F(2,3)", LIST(threes), MEDTL_BLOCKED_WINOGRAD, 2, false, 2e-5},
    {"winograd F(3,3)", LIST(threes), MEDTL_BLOCKED_WINOGRAD, 3, false, 2e-5},
    {"winograd F(4,3)", LIST(threes), MEDTL_BLOCKED_WINOGRAD, 4, false, 2e-5},
    {"winograd F(2,4) and F(2,5)", LIST(four_fives), MEDTL_BLOCKED_WINOGRAD, 2, false, 2e-5},
    {"winograd F(3,4) and F(3,5)", LIST(four_fives), MEDTL_BLOCKED_WINOGRAD, 3, false, 2e-5},
    {"winograd F(4,4) and F(4,5)", LIST(four_fives), MEDTL_BLOCKED_WINOGRAD, 4, false, 2e-5},
    {"winograd F(3,2)", LIST(twos), MEDTL_BLOCKED_WINOGRAD, 3, false, 2e-5},
    {"winograd F(4,2)", LIST(twos), MEDTL_BLOCKED_WINOGRAD, 4, false, 2e-5},
    {"winograd F(4,4) of 6 to 8 split taps", LIST(splits), MEDTL_BLOCKED_WINOGRAD, 4, false, 2e-5},
    {"winograd of phases, 2 outputs", LIST(phases), MEDTL_BLOCKED_WINOGRAD, 2, false, 2e-5},
    {"winograd of phases, 3 outputs", LIST(phases), MEDTL_BLOCKED_WINOGRAD, 3, false, 2e-5},
    {"winograd of phases, 4 outputs", LIST(phases), MEDTL_BLOCKED_WINOGRAD, 4, false, 2e-5},
    {"winograd of phases of 3 taps, 3 outputs", LIST(three_phases), MEDTL_BLOCKED_WINOGRAD, 3,
     false, 2e-5},
    {"winograd of phases of 3 taps, 4 outputs", LIST(three_phases), MEDTL_BLOCKED_WINOGRAD, 4,
     false, 2e-5},
};

enum { FAMILIES = sizeof families / sizeof families[0] };

/* How the work is cut: as chosen, or into pieces so small that every loop has several. */
enum { AS_CHOSEN, SMALL_PIECES, OTHER_ORDER, CUTS };

static bool cut(medtl_blocked_conv *conv, int how)
{
    const medtl_conv_shape *s = &conv->shape;

    if (how == AS_CHOSEN)
        return true;
    if (conv->algorithm == MEDTL_BLOCKED_WINOGRAD) {
        if (how == OTHER_ORDER) {
            conv->order = MEDTL_WINOGRAD_POINTS;
            conv->images = 2;
        } else {
            conv->order = MEDTL_WINOGRAD_TILES;
            conv->tile_block = conv->h.ahead + conv->w.ahead > 0 ? 2 * conv->w.grid : 5;
        }
        return true;
    }
    if (conv->algorithm != MEDTL_BLOCKED_DIRECT || how == OTHER_ORDER)
        return false;
    conv->block_steps = 1;
    conv->band = conv->flat ? 9 : 2;
    conv->bands = ((conv->flat ? s->width_out : 1) * s->height_out + conv->band - 1) / conv->band;
    conv->chunk = conv->group;
    conv->chunks = (s->channels_out + conv->chunk - 1) / conv->chunk;
    conv->images = 2;
    return true;
}

typedef struct worst {
    double error;
    char where[160];
} worst;

static void check_error(const family *f, const medtl_blocked_conv *conv, double error, int with,
                        worst *most)
{
    const medtl_conv_shape *s = &conv->shape;
    char text[96], where[160];

    medtl_blocked_describe(conv, text, sizeof text);
    snprintf(where, sizeof where, "%s, %s, %zux%zux%zu to %zu, %zux%zu, with %d",
             medtl_kernels_name(), text, s->channels_in, s->height_in, s->width_in, s->channels_out,
             s->kernel_h, s->kernel_w, with);
    cr_expect(error <= f->bound, "%s: error %.2e", where, error);
    if (error > most->error) {
        most->error = error;
        memcpy(most->where, where, sizeof where);
    }
}

/* The bits of three images must not depend on who computes what when, nor on what else is computed. */
static void check_bits(const medtl_blocked_conv *conv, const conv_data *data, const float *packed,
                       const float *expected)
{
    const size_t size = data->y_stride - 16;
    float *together =
        conv_run(conv, data, packed, WITH_ALL, 0, CONV_IMAGES, CONV_IMAGES, LAST_TO_FIRST);
    float *threads =
        conv_run(conv, data, packed, WITH_ALL, 0, CONV_IMAGES, CONV_IMAGES, TWO_THREADS);

    for (size_t n = 0; n < CONV_IMAGES; n++) {
        float *alone =
            conv_run(conv, data, packed, WITH_ALL, n, 1, 1, n == 0 ? LAST_TO_FIRST : FIRST_TO_LAST);
        const size_t at = n * data->y_stride;

        cr_expect(memcmp(together + at, expected + at, size * sizeof *alone) == 0, "last to first");
        cr_expect(memcmp(threads + at, expected + at, size * sizeof *alone) == 0, "two threads");
        cr_expect(memcmp(alone, expected + at, size * sizeof *alone) == 0, "an image alone");
        guarded_free(alone);
    }
    guarded_free(together);
    guarded_free(threads);
}

/* All combinations of what follows the sum, or only the simplest, the fullest and one that differs from case to
 * case. */
static bool wanted(int with, bool all, size_t number)
{
    return all || with == 0 || with == WITH_ALL || with == (int)(number * 7 % 16);
}

/* Added to what is there already. */
static void check_in_place(const family *f, const medtl_blocked_conv *conv, const conv_data *data,
                           const float *packed, worst *most)
{
    const int with = WITH_RESIDUAL | WITH_RELU | WITH_SCALE | IN_PLACE;
    float *y = conv_run(conv, data, packed, with, 0, CONV_IMAGES, CONV_IMAGES, LAST_TO_FIRST);

    check_error(f, conv, conv_error(data, y + (CONV_IMAGES - 1) * data->y_stride, with), with,
                most);
    guarded_free(y);
}

static void check_cut(const family *f, const medtl_blocked_conv *conv, const conv_data *data,
                      size_t number, worst *most)
{
    float *packed = conv_pack(conv, data);

    for (int with = 0; with <= WITH_ALL; with++) {
        float *y;

        if (!wanted(with, number < 2, number))
            continue;
        y = conv_run(conv, data, packed, with, 0, CONV_IMAGES, CONV_IMAGES, FIRST_TO_LAST);
        check_error(f, conv, conv_error(data, y + (CONV_IMAGES - 1) * data->y_stride, with), with,
                    most);
        if (with == WITH_ALL)
            check_bits(conv, data, packed, y);
        guarded_free(y);
    }
    check_in_place(f, conv, data, packed, most);
    guarded_free(packed);
}

ParameterizedTestParameters(blocked_conv, agrees_with_the_naive_loops)
{
    static int numbers[FAMILIES];

    for (int i = 0; i < FAMILIES; i++)
        numbers[i] = i;
    return cr_make_param_array(int, numbers, FAMILIES);
}

ParameterizedTest(int *number, blocked_conv, agrees_with_the_naive_loops)
{
    const family *f = &families[*number];
    worst most = {-1.0, ""};

    for (size_t i = 0; i < f->count; i++) {
        conv_data data;

        conv_data_create(&data, &f->shapes[i], NULL, 0, f->plain_input);
        for (size_t set = 0; set < CONV_SETS; set++) {
            if (!medtl_kernels_force(conv_set_names[set]))
                continue;
            for (int how = 0; how < CUTS; how++) {
                medtl_blocked_conv conv;

                cr_assert(medtl_blocked_choose_algorithm(&data.shape, f->plain_input, f->algorithm,
                                                         f->outputs, &conv));
                if (cut(&conv, how))
                    check_cut(f, &conv, &data, i, &most);
            }
        }
        conv_data_destroy(&data);
    }
    printf("%s: largest relative rms error %.2e (%s)\n", f->name, most.error, most.where);
}
