#include "half.h"

#include <string.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t medtl_half_from_float(float value)
{
    const uint32_t bits = bits_of(value);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    const uint32_t magnitude = bits & 0x7fffffffu;
    uint32_t significand, rest, half;
    int shift;

    if (magnitude > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u); /* NaN */
    if (magnitude >= 0x477ff000u)
        return (uint16_t)(sign | 0x7c00u); /* 65520 and up round to infinity */
    if (magnitude < 0x33000000u)
        return sign;                /* below half of the smallest subnormal */
    if (magnitude >= 0x38800000u) { /* normal: rebias the exponent from 127 to 15, drop 13 bits */
        half = (magnitude - 0x38000000u) >> 13;
        rest = magnitude & 0x1fffu;
        shift = 13;
    } else { /* subnormal: units of 2^-24 */
        significand = (magnitude & 0x7fffffu) | 0x800000u;
        shift = 126 - (int)(magnitude >> 23);
        half = significand >> shift;
        rest = significand & ((1u << shift) - 1u);
    }
    if (rest > 1u << (shift - 1) || (rest == 1u << (shift - 1) && (half & 1u) != 0))
        half++; /* may carry into the exponent, which is right */
    return (uint16_t)(sign | half);
}

float medtl_half_to_float(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, magnitude = half & 0x7fffu;

    if (magnitude >= 0x7c00u) /* infinity or NaN */
        return float_of(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    if (magnitude >= 0x0400u)
        return float_of(sign | ((magnitude << 13) + 0x38000000u));
    return float_of(sign | bits_of((float)magnitude * 0x1.0p-24f)); /* subnormal */
}

/* Without branches, so that the loop is vectorised: the half's exponent and significand are moved to where a
 * float has its own, and the exponents' biases (15 and 127) differ by a factor of 2^112. Exact, subnormals too. */
bool medtl_halves_to_floats(const unsigned char *halves, size_t count, float *values)
{
    uint32_t special = 0;

    for (size_t i = 0; i < count; i++) {
        const uint32_t half = (uint32_t)(halves[2 * i] | halves[2 * i + 1] << 8);
        const uint32_t magnitude = half & 0x7fffu;
        const uint32_t bits = bits_of(float_of(magnitude << 13) * 0x1.0p112f);

        special |= (uint32_t)(magnitude >= 0x7c00u);
        values[i] = float_of(bits | (half & 0x8000u) << 16);
    }
    return special == 0;
}

float medtl_bfloat_to_float(uint16_t bits) { return float_of((uint32_t)bits << 16); }
