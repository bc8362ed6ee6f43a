/* Pictures for the tests of the normaliser. */
#ifndef MEDTL_TESTS_NORMALISE_MAKE_H
#define MEDTL_TESTS_NORMALISE_MAKE_H

#include "dicom/normalise/steps.h"

#include <stdio.h>

/** A gray image with these stored values, row by row. Ends the test where it cannot be made. */
medtl_image *make_gray(uint32_t rows, uint32_t columns, medtl_pixel_type type, const int *values);

/** Put one stored value (sample `i` of the whole image). */
void put(medtl_image *image, size_t i, int value);

/** Swap left and right, in place. Images of 16 bits only. */
void mirror_image(medtl_image *image);

/** Brightness, 0 to 1, of a made-up mammogram at a place of the unit square: air 0, a half ellipse of tissue at
 *  the left edge with an uneven inside, a label in the opposite corner. */
double breast_at(double x, double y);

/** The mammogram on a grid of any size: the mean of each pixel, as value = low + brightness * (high - low). */
medtl_image *make_breast(uint32_t rows, uint32_t columns, medtl_pixel_type type, uint16_t bits,
                         int low, int high);

/** A normaliser of 1 channel, mean 0 and sd 1, everything else as named. */
medtl_normaliser plain(uint32_t width, uint32_t height, medtl_voi_choice voi, medtl_crop crop,
                       medtl_side side, medtl_fit fit);

/** Normalise into fresh memory; the test fails on any error. */
float *run(const medtl_image *image, const medtl_normaliser *normaliser, medtl_geometry *geometry);

/** A table of mini-MIAS (322 film mammograms, in the shared data); NULL where it is not there. */
FILE *open_films(const char *table);
/** One of its films, "mdb001". Ends the test where it cannot be read. */
medtl_image *read_film(const char *name);

/** Mean absolute difference. */
double difference(const float *a, const float *b, size_t count);

#endif
