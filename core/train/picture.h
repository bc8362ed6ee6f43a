/* Training images that are not DICOM: PNG, JPEG, and binary or plain PGM and PPM.
 *
 * Decoders for bytes from anywhere: sizes are limited, nothing is printed, and a file that its library
 * complains about (cut short, bad checksums) is refused rather than half decoded. */
#ifndef MEDTL_TRAIN_PICTURE_H
#define MEDTL_TRAIN_PICTURE_H

#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MEDTL_PICTURE_SIDE_LIMIT = 20000,    /* pixels along one side */
    MEDTL_PICTURE_FILE_LIMIT = 512 << 20 /* bytes of a file */
};
#define MEDTL_PICTURE_PIXEL_LIMIT ((uint64_t)100 << 20) /* rows * columns */

typedef enum medtl_picture_kind {
    MEDTL_PICTURE_UNKNOWN, /* perhaps DICOM */
    MEDTL_PICTURE_PNG,
    MEDTL_PICTURE_JPEG,
    MEDTL_PICTURE_PNM
} medtl_picture_kind;

typedef struct medtl_picture {
    uint32_t rows, columns;
    uint16_t samples; /* 1, or 3 interleaved (R G B) */
    uint16_t
        bits; /* 8: pixels are uint8_t; 9 to 16: uint16_t in the machine's order, 0 to 2^bits - 1 */
    void *pixels; /* owned; [rows][columns][samples] */
} medtl_picture;

/** By the first bytes alone. */
medtl_picture_kind medtl_picture_recognise(const unsigned char *bytes, size_t size);

/** Decode. Palettes become colours, an alpha channel is dropped, less than 8 bits are scaled to 8.
 *  @param name  Stands for the bytes in messages ("NAME: reason").
 *  @param[out] out  For medtl_picture_clear(); all zero on failure.
 *  @return MEDTL_OK; MEDTL_E_FORMAT for damaged bytes or beyond the limits; MEDTL_E_UNSUPPORTED for
 *          a kind we do not know, CMYK, or a JPEG that its Exif orientation turns; MEDTL_E_MEMORY. */
medtl_status medtl_picture_decode(const unsigned char *bytes, size_t size, const char *name,
                                  medtl_picture *out, medtl_error *err);
void medtl_picture_clear(medtl_picture *picture); /* an all-zero one is allowed */

#endif
