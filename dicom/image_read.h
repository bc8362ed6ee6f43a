// One frame of an open file; what image_read.cpp and a decoding process share.
#ifndef MEDTL_DICOM_IMAGE_READ_H
#define MEDTL_DICOM_IMAGE_READ_H

#include "layout.h"
#include "pixels.h"

#include <string>

namespace medtl_dicom
{

/// @param sop_instance  The file must still hold this instance. Throws failure.
image_pointer read_image(dicom_file &file, const std::string &sop_instance, uint32_t frame);

/// As read_image(), and on to the network's input (medtl_image_read_input). Throws failure.
void make_input(dicom_file &file, const std::string &sop_instance, uint32_t frame, bool to_srgb,
                const medtl_normaliser &normaliser, float *out, medtl_geometry &geometry,
                medtl_outline &breast);

} // namespace medtl_dicom

#endif
