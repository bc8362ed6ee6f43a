// Compressed frames: which fragments of an encapsulated Pixel Data belong to a frame (PS3.5 A.4).
#ifndef MEDTL_DICOM_FRAGMENTS_H
#define MEDTL_DICOM_FRAGMENTS_H

#include "layout.h"

#include <vector>

namespace medtl_dicom
{

/// The joined fragments of one frame. `frame` is less than `frames`. Throws failure.
std::vector<unsigned char> read_compressed_frame(dicom_file &file, uint32_t frame, uint32_t frames);

} // namespace medtl_dicom

#endif
