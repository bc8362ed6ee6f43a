/* binary16 against values worked by hand from IEEE 754-2008, 3.4 and 3.6. */
#include "core/nn/half.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>

struct half_case {
    char label[64];
    float value;
    uint16_t bits;
};

static struct half_case exact[] = {
    {"zero", 0.0f, 0x0000},
    {"one", 1.0f, 0x3c00},
    {"minus two", -2.0f, 0xc000},
    {"a third, rounded", 0x1.554p-2f, 0x3555},
    {"largest", 65504.0f, 0x7bff},
    {"smallest normal", 0x1p-14f, 0x0400},
    {"largest subnormal", 0x1.ff8p-15f, 0x03ff},
    {"a subnormal in between", 0x1.8p-20f, 0x0018},
    {"smallest subnormal", 0x1p-24f, 0x0001},
    {"minus smallest subnormal", -0x1p-24f, 0x8001},
    {"infinity", INFINITY, 0x7c00},
    {"minus infinity", -INFINITY, 0xfc00},
};

ParameterizedTestParameters(half, exact_values_go_both_ways)
{
    return cr_make_param_array(struct half_case, exact, sizeof exact / sizeof exact[0]);
}

ParameterizedTest(struct half_case *c, half, exact_values_go_both_ways)
{
    cr_expect_eq(medtl_half_from_float(c->value), c->bits, "%s: %04x", c->label,
                 medtl_half_from_float(c->value));
    cr_expect_eq(medtl_half_to_float(c->bits), c->value, "%s: %a", c->label,
                 (double)medtl_half_to_float(c->bits));
}

ParameterizedTestParameters(half, rounds_to_nearest_and_ties_to_even)
{
    static struct half_case cases[] = {
        {"one and a bit less than half a step", 0x1.001ffep0f, 0x3c00},
        {"tie above one goes down to even", 0x1.002p0f, 0x3c00},
        {"tie above the next goes up to even", 0x1.006p0f, 0x3c02},
        {"just above a tie goes up", 0x1.002002p0f, 0x3c01},
        {"rounding carries into the exponent", 0x1.ffep0f, 0x4000},
        {"last before infinity", 65519.0f, 0x7bff},
        {"tie at the top goes to infinity", 65520.0f, 0x7c00},
        {"far too large", 1e30f, 0x7c00},
        {"half of the smallest subnormal is a tie: to zero", 0x1p-25f, 0x0000},
        {"just above it: to the smallest", 0x1.000002p-25f, 0x0001},
        {"tie between subnormals 1 and 2: to 2", 0x1.8p-24f, 0x0002},
        {"tie between subnormals 2 and 3: to 2", 0x1.4p-23f, 0x0002},
        {"subnormal rounds up into normal", 0x1.ffcp-15f, 0x0400},
        {"a single-precision subnormal", 1e-40f, 0x0000},
        {"its negative keeps the sign", -1e-40f, 0x8000},
    };
    return cr_make_param_array(struct half_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct half_case *c, half, rounds_to_nearest_and_ties_to_even)
{
    cr_assert_eq(medtl_half_from_float(c->value), c->bits, "%s: %04x, expected %04x", c->label,
                 medtl_half_from_float(c->value), c->bits);
}

Test(half, every_pattern_survives_the_way_through_float)
{
    for (uint32_t bits = 0; bits < 0x10000u; bits++) {
        const float value = medtl_half_to_float((uint16_t)bits);

        if (isnan(value)) {
            cr_assert((bits & 0x7c00u) == 0x7c00u && (bits & 0x3ffu) != 0);
            cr_assert(isnan(medtl_half_to_float(medtl_half_from_float(value))));
        } else {
            cr_assert_eq(medtl_half_from_float(value), bits, "%04x", bits);
        }
    }
}

Test(half, bfloat16_is_the_upper_half_of_a_float)
{
    cr_assert_eq(medtl_bfloat_to_float(0x3f80), 1.0f);
    cr_assert_eq(medtl_bfloat_to_float(0xc049), -3.140625f);
    cr_assert_eq(medtl_bfloat_to_float(0x0001), 0x1p-133f);
}

/* IEEE 754-2008, 3.4: the value of a finite half by its fields. */
static float by_fields(unsigned bits)
{
    const int exponent = (int)(bits >> 10 & 31), significand = (int)(bits & 1023);
    const double size =
        exponent == 0 ? ldexp(significand, -24) : ldexp(1024 + significand, exponent - 25);

    return (float)(bits & 0x8000u ? -size : size);
}

Test(half, all_of_them_at_once)
{
    enum { ALL = 65536 };
    static unsigned char bytes[2 * ALL];
    static float values[ALL];
    size_t finite = 0;

    for (unsigned bits = 0; bits < ALL; bits++)
        if ((bits & 0x7fffu) < 0x7c00u) {
            bytes[2 * finite] = (unsigned char)bits;
            bytes[2 * finite++ + 1] = (unsigned char)(bits >> 8);
        }
    cr_expect(medtl_halves_to_floats(bytes, finite, values));
    for (size_t i = 0; i < finite; i++) {
        const unsigned bits = bytes[2 * i] | (unsigned)bytes[2 * i + 1] << 8;

        cr_expect_eq(values[i], by_fields(bits), "%04x: %a", bits, (double)values[i]);
        cr_expect_eq(signbit(values[i]) != 0, (bits & 0x8000u) != 0, "%04x", bits);
    }
    bytes[100] = 0x00;
    bytes[101] = 0x7c; /* infinity */
    cr_expect_not(medtl_halves_to_floats(bytes, finite, values));
    bytes[100] = 0x01;
    bytes[101] = 0xfc; /* not a number */
    cr_expect_not(medtl_halves_to_floats(bytes, finite, values));
}
