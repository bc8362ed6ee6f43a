/* IEEE 754 binary16 and bfloat16 as bit patterns. */
#ifndef MEDTL_NN_HALF_H
#define MEDTL_NN_HALF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Round to nearest, ties to even; beyond 65504 to infinity, as the standard says. */
uint16_t medtl_half_from_float(float value);
float medtl_half_to_float(uint16_t half); /* exact */
/** `count` little-endian halves at once. @return false, with some of the values set, if one is infinite or no
 *  number. */
bool medtl_halves_to_floats(const unsigned char *halves, size_t count, float *values);

float medtl_bfloat_to_float(uint16_t bits); /* exact */

#endif
