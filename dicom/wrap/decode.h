/* libjpeg and libpng leave by longjmp, so they are kept to C. */
#ifndef MEDTL_DICOM_WRAP_DECODE_H
#define MEDTL_DICOM_WRAP_DECODE_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct medtl_raster {
    uint32_t rows, columns;
    uint16_t samples;     /* 1 or 3, interleaved                */
    uint16_t bits;        /* 8, or 16 in the machine's order    */
    unsigned char *bytes; /* owned (free)                   */
    size_t size;
} medtl_raster;

/** 8 bits. @param gray  Luminance instead of colour. */
medtl_status medtl_decode_jpeg(const unsigned char *bytes, size_t size, bool gray,
                               medtl_raster *out, medtl_error *err) MEDTL_NOEXCEPT;

/** 16 bits only of gray pictures that have them. @return also MEDTL_E_UNSUPPORTED for transparency. */
medtl_status medtl_decode_png(const unsigned char *bytes, size_t size, bool gray, medtl_raster *out,
                              medtl_error *err) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
