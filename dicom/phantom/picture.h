/* The pictures of the phantoms: plain C, no DICOM. Everything follows from a seed. */
#ifndef MEDTL_PHANTOM_PICTURE_H
#define MEDTL_PHANTOM_PICTURE_H

#include "medtl/export.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Each part of a study has a seed of its own, so that no two share noise. */
enum {
    MEDTL_PART_RIGHT_BREAST,
    MEDTL_PART_LEFT_BREAST,
    MEDTL_PART_LESION /* and up: lesion 0, 1 ... */
};
uint64_t medtl_phantom_seed(uint64_t study_seed, uint64_t part) MEDTL_NOEXCEPT;

/** Smooth noise from 0 to 1, mean about a half, with details from 1 down to 1 / 2^(octaves - 1) of the unit. */
double medtl_phantom_noise(uint64_t seed, double x, double y, int octaves) MEDTL_NOEXCEPT;

/** White noise: normally distributed, mean 0, sd 1, by place. */
double medtl_phantom_grain(uint64_t seed, uint32_t x, uint32_t y) MEDTL_NOEXCEPT;

/** 0 below `from`, 1 above `to`, smooth between. */
double medtl_phantom_step(double from, double to, double x) MEDTL_NOEXCEPT;

typedef struct medtl_breast_phantom {
    uint64_t seed; /* of the breast: its views share it */
    bool mlo;      /* else CC */
    bool right;    /* the chest wall is then at the right edge */
    bool mass, calcifications;
} medtl_breast_phantom;

enum { MEDTL_BREAST_ROWS = 1280, MEDTL_BREAST_COLUMNS = 960, MEDTL_BREAST_MAXIMUM = 4095 };

/** As a workstation shows it: air dark, dense tissue bright.
 *  @param[out] pixels  [MEDTL_BREAST_ROWS][MEDTL_BREAST_COLUMNS], 0 to 4095. */
void medtl_phantom_breast(const medtl_breast_phantom *breast, uint16_t *pixels) MEDTL_NOEXCEPT;

/** As a detector counts it: air at the top of the scale, dense tissue low. */
void medtl_phantom_breast_raw(const medtl_breast_phantom *breast, uint16_t *pixels) MEDTL_NOEXCEPT;

typedef struct medtl_lesion_phantom {
    uint64_t seed;
    double size;     /* of the lesion's radius in heights of the picture */
    bool dermoscope; /* dark corners and a pigment network, as through a dermoscope */
    bool hairs;
} medtl_lesion_phantom;

enum { MEDTL_LESION_ROWS = 600, MEDTL_LESION_COLUMNS = 800 };

/** @param[out] pixels  [MEDTL_LESION_ROWS][MEDTL_LESION_COLUMNS][3], RGB. */
void medtl_phantom_lesion(const medtl_lesion_phantom *lesion, uint8_t *pixels) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
