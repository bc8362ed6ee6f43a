/* Random variants of a training image: one affine warp, then colour, gamma, blur, noise and cut-out.
 *
 * Drawing the variant and applying it are two steps, so that a test can apply a known one. All geometry
 * becomes one matrix, so pixels are interpolated once. */
#ifndef MEDTL_TRAIN_AUGMENT_H
#define MEDTL_TRAIN_AUGMENT_H

#include "core/base/random.h"
#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Ranges to draw from; all zero: no change. Angles in degrees, lengths as fractions of the side. */
typedef struct medtl_augment {
    double rotation; /* -rotation to +rotation */
    double flip_x;   /* chance of mirroring left and right */
    double flip_y;   /* chance of mirroring top and bottom */
    double area_min,
        area_max;         /* share of the picture's area that is seen (crop); above 1: zoomed out.
                                  The part seen lies anywhere inside the picture. 0, 0: all of it */
    double aspect;        /* width to height ratio of that part: 1 / (1 + a) to 1 + a */
    double shear;         /* -shear to +shear, along x */
    double translate;     /* a further shift, -t to +t along both axes */
    double brightness;    /* added: -b to +b, in the picture's 0 to 1 range */
    double contrast;      /* factor around the mean: 1 - c to 1 + c */
    double saturation;    /* factor on the distance from gray: 1 - s to 1 + s; colour only */
    double tint;          /* factor for each channel: 1 - t to 1 + t; colour only */
    double gamma;         /* exponent, log-uniform in 1 / (1 + g) to 1 + g */
    double noise;         /* largest standard deviation of added noise; drawn from 0 to this */
    double cutout;        /* chance that a square is grayed out */
    double cutout_side;   /* its side: from half of this to this */
    double blur;          /* chance of a Gaussian blur */
    double blur_sigma;    /* its largest standard deviation, a fraction of the width; drawn from a
                             tenth of this */
    double mirror_border; /* 1: outside the picture is its mirror image; 0: black */
} medtl_augment;

/** Read "PRESET[,key=value...]": preset none, dermoscopy or mammography, or dermoscopy-views
 *  or mammography-views (stronger, for two views of one image in self-supervised training); keys are the fields' names.
 *  @return MEDTL_OK, or MEDTL_E_ARGUMENT naming what is wrong. */
medtl_status medtl_augment_parse(const char *text, medtl_augment *out, medtl_error *err);

/** One variant, drawn. */
typedef struct medtl_variant {
    /* Input position = matrix * (output position - centre) + centre + shift, in pixels, x before y. */
    double matrix[2][2], shift[2];
    double
        color[3]
             [4]; /* out[i] = sum_j color[i][j] * in[j] + color[i][3]; 1 channel: [0][0], [0][3] */
    double gamma; /* exponent; 1: none */
    double blur;  /* standard deviation in pixels; 0: none */
    double noise; /* standard deviation */
    uint64_t noise_seed;
    bool mirror_border;
    bool identity_warp; /* copy, do not interpolate */
    size_t cut[4];      /* x0 y0 x1 y1 in output pixels; empty: none */
} medtl_variant;

/** @param mean  Of the normaliser, per channel: the pivot of contrast. */
void medtl_augment_draw(const medtl_augment *augment, size_t channels, size_t height, size_t width,
                        const float mean[3], medtl_random *random, medtl_variant *out);

/** Apply to an image of 16-bit fractions and normalise: out = (x - mean) / sd.
 *  @param in, out  [channels][height][width], 1 or 3 channels; no overlap. */
void medtl_variant_apply(const medtl_variant *variant, size_t channels, size_t height, size_t width,
                         const float mean[3], const float sd[3], const uint16_t *in, float *out);

#endif
