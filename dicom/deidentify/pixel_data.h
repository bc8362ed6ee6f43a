// Pixel Data carried over as it lies in the file.
#ifndef MEDTL_DEIDENTIFY_PIXEL_DATA_H
#define MEDTL_DEIDENTIFY_PIXEL_DATA_H

#include "dicom/layout.h"

#include <vector>

namespace medtl_dicom
{

/// How the new data set is encoded: as the file's is; encapsulated pixels only go with explicit VR little endian
/// (PS3.5 A.4), though files are seen whose header is not.
encoding written_form(const file_layout &layout);

/// Append the element Pixel Data (7FE0,0010) in written_form(). Throws failure.
void copy_pixel_data(dicom_file &file, std::vector<unsigned char> &to);

} // namespace medtl_dicom

#endif
