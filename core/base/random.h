/* Seeded random numbers whose whole state is plain data, so that a checkpoint can hold it. */
#ifndef MEDTL_BASE_RANDOM_H
#define MEDTL_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/** xoshiro256** (Blackman & Vigna 2018), seeded through splitmix64. Copyable. */
typedef struct medtl_random {
    uint64_t s[4];
} medtl_random;

void medtl_random_seed(medtl_random *random, uint64_t seed);
/** A generator of its own for item `index`, independent of how many others were made: augmentation of
 *  image i in epoch e must not depend on threads. */
void medtl_random_fork(const medtl_random *random, uint64_t index, medtl_random *out);
uint64_t medtl_random_bits(medtl_random *random);
double medtl_random_uniform(medtl_random *random);             /* [0, 1) */
double medtl_random_normal(medtl_random *random);              /* mean 0, sd 1 */
size_t medtl_random_below(medtl_random *random, size_t bound); /* 0 .. bound-1, unbiased */
void medtl_random_shuffle(medtl_random *random, size_t *values, size_t count);

#endif
