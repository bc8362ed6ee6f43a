// A picture as it will be stored. Inside dicom/wrap only.
#ifndef MEDTL_DICOM_WRAP_PICTURE_H
#define MEDTL_DICOM_WRAP_PICTURE_H

#include "dicom/bridge_internal.h"

#include <vector>

namespace medtl_dicom
{

struct wrapped_picture {
    Uint16 rows, columns, samples, bits; ///< bits: 8, 12 or 16
    std::string photometric;
    bool lossy;              ///< went through lossy compression at some time
    double lossy_ratio;      ///< uncompressed to compressed bytes; where lossy
    E_TransferSyntax syntax; ///< EXS_LittleEndianExplicit: `bytes` are samples
    std::vector<unsigned char>
        bytes; ///< interleaved samples (16 bits little endian), or a JPEG codestream
    std::vector<unsigned char> icc_profile;
};

/// @param gray  Colour is to become luminance (ITU-R BT.601). Both throw failure.
wrapped_picture read_jpeg_picture(const std::vector<unsigned char> &file, bool gray);
wrapped_picture read_png_picture(const std::vector<unsigned char> &file, bool gray);

} // namespace medtl_dicom

#endif
