/* The decoders behind picture.h; each leaves `out` for medtl_picture_decode() to clear on failure. */
#ifndef MEDTL_TRAIN_PICTURE_DECODERS_H
#define MEDTL_TRAIN_PICTURE_DECODERS_H

#include "picture.h"

medtl_status medtl_picture_decode_png(const unsigned char *bytes, size_t size, const char *name,
                                      medtl_picture *out, medtl_error *err);
medtl_status medtl_picture_decode_jpeg(const unsigned char *bytes, size_t size, const char *name,
                                       medtl_picture *out, medtl_error *err);
medtl_status medtl_picture_decode_pnm(const unsigned char *bytes, size_t size, const char *name,
                                      medtl_picture *out, medtl_error *err);

/** Check the size against the limits, fill in the facts and allocate the pixels, zeroed. */
medtl_status medtl_picture_allocate(uint64_t rows, uint64_t columns, uint16_t samples,
                                    uint16_t bits, const char *name, medtl_picture *out,
                                    medtl_error *err);

#endif
