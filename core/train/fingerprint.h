/* What an image's pixels look like in a few hundred bytes, to find the same picture twice: the digest of the decoded
 * pixels finds exact copies, whatever file they are in; a small gray picture finds those that were scaled, compressed
 * again, brightened, inverted or turned.
 *
 * The small picture is compared in two steps. A hash of 380 bits, each saying whether the right one of two neighbouring
 * cells is brighter (the "difference hash" that picture search engines use), finds candidates; their correlation
 * decides. Neither can tell everything: a crop of a picture is another picture to both, and two different pictures of
 * very plain things may be alike to both. docs/EVALUATION.md has measured rates. */
#ifndef MEDTL_TRAIN_FINGERPRINT_H
#define MEDTL_TRAIN_FINGERPRINT_H

#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MEDTL_FINGERPRINT_SIDE = 20,
    MEDTL_FINGERPRINT_CELLS = MEDTL_FINGERPRINT_SIDE * MEDTL_FINGERPRINT_SIDE,
    MEDTL_FINGERPRINT_DIGEST = 64 /* hex digits */
};

typedef struct medtl_fingerprint {
    char digest[MEDTL_FINGERPRINT_DIGEST + 1]; /* SHA-256 of size and pixels; "": not known */
    unsigned char
        cells[MEDTL_FINGERPRINT_CELLS]; /* mean gray levels, stretched to 0 .. 255, row by row */
} medtl_fingerprint;

/** @param samples  1, or 3 interleaved.
 *  @param bytes    Of one sample: 1 (uint8_t) or 2 (uint16_t in the machine's order).
 *  @param is_signed  Samples are two's complement.
 *  @param pixels   [rows][columns][samples]. */
medtl_status medtl_fingerprint_make(uint32_t rows, uint32_t columns, uint32_t samples,
                                    uint32_t bytes, int is_signed, const void *pixels,
                                    medtl_fingerprint *out, medtl_error *err);

/** Two images that look alike. */
typedef struct medtl_lookalike {
    size_t first, second; /* indices, first < second */
    int equal;            /* the same decoded pixels; else only nearly */
    double correlation; /* of the small pictures, -1 to 1; negative: one is the other's negative */
} medtl_lookalike;

/** All pairs of images on different sides that look alike, exact copies first, then by index.
 *  @param sides   [count]; images of one side are not compared. Negative: left out.
 *  @param threads At least 1.
 *  @param most    Pairs that are kept in `out`.
 *  @param[out] out    Room for `most`. May be NULL where that is 0.
 *  @param[out] equal, near  How many there are, kept or not. */
medtl_status medtl_find_lookalikes(const medtl_fingerprint *prints, const int *sides, size_t count,
                                   size_t threads, medtl_lookalike *out, size_t most, size_t *equal,
                                   size_t *near, medtl_error *err);

#endif
