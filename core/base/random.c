/* xoshiro256** 1.0 and splitmix64, from the published descriptions (Blackman & Vigna 2018). */
#include "random.h"

#include <math.h>

static uint64_t rotate_left(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void medtl_random_seed(medtl_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        random->s[i] = splitmix64(&seed);
}

void medtl_random_fork(const medtl_random *random, uint64_t index, medtl_random *out)
{
    uint64_t mixed = index;
    const uint64_t salt = splitmix64(&mixed);

    medtl_random_seed(out, random->s[0] ^ rotate_left(random->s[2], 32) ^ salt);
}

uint64_t medtl_random_bits(medtl_random *random)
{
    uint64_t *s = random->s;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double medtl_random_uniform(medtl_random *random)
{
    return (double)(medtl_random_bits(random) >> 11) * 0x1.0p-53;
}

double medtl_random_normal(medtl_random *random)
{
    /* Box-Muller; one of the pair is dropped so that the state stays the four words. */
    const double u = 1.0 - medtl_random_uniform(random);
    const double v = medtl_random_uniform(random);

    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

size_t medtl_random_below(medtl_random *random, size_t bound)
{
    /* Reject the incomplete last block, so that every value is equally likely. */
    const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t bits;

    do
        bits = medtl_random_bits(random);
    while (bits >= limit);
    return (size_t)(bits % bound);
}

void medtl_random_shuffle(medtl_random *random, size_t *values, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t j = medtl_random_below(random, i);
        const size_t swap = values[i - 1];

        values[i - 1] = values[j];
        values[j] = swap;
    }
}
