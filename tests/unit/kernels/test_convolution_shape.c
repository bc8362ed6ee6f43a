/* Which shapes are convolutions, and the size of what comes out (PyTorch's Conv2d formula, by hand). */
#include "core/nn/kernels.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdint.h>

typedef struct shape_case {
    medtl_conv_shape shape;
    bool possible;
    size_t height_out, width_out;
} shape_case;

ParameterizedTestParameters(convolution_shape, gives_the_output_size_or_refuses)
{
    static shape_case cases[] = {
        {{3, 224, 224, 64, 0, 0, 7, 7, 2, 2, 1, 1, 3, 3, 3, 3, 1}, true, 112, 112},
        {{1, 5, 6, 1, 0, 0, 3, 3, 2, 2, 1, 1, 0, 0, 0, 0, 1}, true, 2, 2},
        {{1, 5, 6, 1, 0, 0, 3, 3, 2, 2, 1, 1, 0, 0, 0, 1, 1}, true, 2, 3},
        {{1, 9, 9, 1, 0, 0, 3, 3, 1, 1, 4, 3, 0, 0, 0, 0, 1}, true, 1, 3},
        {{4, 1, 1, 6, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2}, true, 1, 1},
        {{1, 2, 2, 1, 0, 0, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, 1},
         false,
         0,
         0}, /* kernel beyond the input */
        {{0, 5, 5, 1, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false, 0, 0}, /* zeros */
        {{1, 0, 5, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false, 0, 0},
        {{1, 5, 5, 0, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false, 0, 0},
        {{1, 5, 5, 1, 0, 0, 0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false, 0, 0},
        {{1, 5, 5, 1, 0, 0, 3, 3, 0, 1, 1, 1, 1, 1, 1, 1, 1}, false, 0, 0},
        {{1, 5, 5, 1, 0, 0, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}, false, 0, 0},
        {{1, 5, 5, 1, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 0}, false, 0, 0},
        {{4, 5, 5, 6, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 4},
         false,
         0,
         0}, /* groups must divide both */
        {{3, 5, 5, 6, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 2}, false, 0, 0},
        {{1, SIZE_MAX, 5, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1}, false, 0, 0}, /* overflow */
        {{1, 5, 5, 1, 0, 0, 3, 3, 1, 1, SIZE_MAX, 1, 1, 1, 1, 1, 1}, false, 0, 0},
        {{1, 5, 5, 1, 0, 0, 3, 3, 1, 1, 1, 1, SIZE_MAX / 2, 1, 1, 1, 1}, false, 0, 0},
        {{(size_t)1 << 40, 1 << 20, 1 << 20, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
         false,
         0,
         0},
    };

    return cr_make_param_array(shape_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(shape_case *c, convolution_shape, gives_the_output_size_or_refuses)
{
    medtl_conv_shape s = c->shape;

    cr_assert_eq(medtl_conv_shape_complete(&s), c->possible);
    if (c->possible) {
        cr_expect_eq(s.height_out, c->height_out);
        cr_expect_eq(s.width_out, c->width_out);
    }
}
