// Uncompressed frames (PS3.5 8.1).
#ifndef MEDTL_DICOM_NATIVE_H
#define MEDTL_DICOM_NATIVE_H

#include "layout.h"
#include "pixels.h"

namespace medtl_dicom
{

/// Read one frame, and only its bytes, into an image: interleaved, YBR_FULL_422 spread to full resolution.
/// `pixels` is corrected to what the samples are then. Throws failure.
image_pointer read_native_frame(dicom_file &file, uint32_t frame, pixel_description &pixels);

} // namespace medtl_dicom

#endif
