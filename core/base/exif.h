/* The one tag of Exif (a TIFF header and its directories inside a JPEG's APP1 segment) that tells what the pixels mean. */
#ifndef MEDTL_BASE_EXIF_H
#define MEDTL_BASE_EXIF_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How Exif says that the pixels of a JPEG lie (Exif 2.32, 4.6.4 A; TIFF 6.0, Orientation).
 *  @param segment  An APP1 segment behind its length; any bytes.
 *  @return 2 to 8: mirrored or turned; 1: as they shall be seen, or nothing that can be read says otherwise. */
unsigned medtl_exif_orientation(const unsigned char *segment, size_t size);

#ifdef __cplusplus
}
#endif

#endif
