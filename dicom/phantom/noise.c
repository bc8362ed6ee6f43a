/* Noise that depends on a place and a seed alone, so that pixels can be made in any order. */
#include "picture.h"

#include <math.h>

/* The finaliser of splitmix64 (Steele, Lea & Flood 2014): neighbouring inputs give unrelated outputs. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

double medtl_phantom_step(double from, double to, double x)
{
    const double t = fmin(1.0, fmax(0.0, (x - from) / (to - from)));

    return t * t * (3.0 - 2.0 * t);
}

uint64_t medtl_phantom_seed(uint64_t study_seed, uint64_t part)
{
    return mix(mix(study_seed + 1) + part);
}

/* 0 to 1 at a point of the grid; `column` is already mixed. */
static double lattice(uint64_t column, int64_t y)
{
    return (double)(mix(column + (uint64_t)y) >> 11) / 9007199254740992.0;
}

static double smooth(uint64_t seed, double x, double y)
{
    const int64_t ix = (int64_t)x - (x < (double)(int64_t)x),
                  iy = (int64_t)y - (y < (double)(int64_t)y);
    const double dx = x - (double)ix, dy = y - (double)iy;
    const double tx = dx * dx * (3.0 - 2.0 * dx), ty = dy * dy * (3.0 - 2.0 * dy);
    const uint64_t left = mix(seed + 0x9e3779b97f4a7c15u * (uint64_t)ix);
    const uint64_t right = mix(seed + 0x9e3779b97f4a7c15u * ((uint64_t)ix + 1));
    const double top = lattice(left, iy) * (1.0 - tx) + lattice(right, iy) * tx;
    const double bottom = lattice(left, iy + 1) * (1.0 - tx) + lattice(right, iy + 1) * tx;

    return top * (1.0 - ty) + bottom * ty;
}

double medtl_phantom_noise(uint64_t seed, double x, double y, int octaves)
{
    double sum = 0.0, total = 0.0, weight = 1.0;

    for (int i = 0; i < octaves; i++) {
        sum += weight * smooth(seed + (uint64_t)i, x, y);
        total += weight;
        weight *= 0.5;
        x *= 2.0;
        y *= 2.0;
    }
    return sum / total;
}

/* The sum of twelve uniform numbers is near enough to a normal one. */
double medtl_phantom_grain(uint64_t seed, uint32_t x, uint32_t y)
{
    double sum = -6.0;

    for (uint64_t i = 0; i < 3; i++) {
        const uint64_t bits = mix(mix(seed + 3 * (uint64_t)x + i) + y);

        for (int part = 0; part < 4; part++)
            sum += (double)(bits >> 16 * part & 0xffff) / 65535.0;
    }
    return sum;
}
