// The tables and numbers that go with a frame's samples: rescale, VOI, padding, palette, presentation.
#ifndef MEDTL_DICOM_IMAGE_TABLES_H
#define MEDTL_DICOM_IMAGE_TABLES_H

#include "pixels.h"

namespace medtl_dicom
{

/// Fill in everything of `image` but its samples. Throws failure for a palette that cannot be used; other
/// tables that are damaged are left out, since an image without them is still the image.
/// @param frame  0-based.
void read_tables(DcmItem &header, uint32_t frame, const pixel_description &pixels,
                 medtl_image &image);

/// Does read_tables() or describe_pixels() need this attribute?
bool describes_image(const DcmTagKey &tag);

} // namespace medtl_dicom

#endif
