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

/** How Exif says that the pixels of a JPEG lie: 1 as they shall be seen, or where nothing (readable) says so; 2 to 8
 *  mirrored or turned (TIFF 6.0, Orientation). Other numbers are the file's own nonsense.
 *  @param segment  An APP1 segment behind its length; any bytes. */
unsigned medtl_picture_exif_orientation(const unsigned char *segment, size_t size);

#endif
