// What the head of a JPEG or JPEG-LS codestream says of itself (ITU-T T.81 annex B, T.87 annex C).
#ifndef MEDTL_DICOM_JPEG_HEADER_H
#define MEDTL_DICOM_JPEG_HEADER_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace medtl_dicom
{

struct jpeg_header {
    uint32_t rows, columns;
    unsigned components, precision;
    bool is_jpeg_ls;
    bool is_lossless;    ///< SOF3, 7, 11 or 15
    bool is_subsampled;  ///< components differ in sampling
    bool has_jfif;       ///< an APP0 "JFIF" segment: Y Cb Cr where there are three components
    int adobe_transform; ///< of an APP14 "Adobe" segment: 0 none, 1 YCbCr; -1 without the segment
    bool is_named_rgb;   ///< component identifiers 'R' 'G' 'B'
    std::vector<unsigned char>
        lead; ///< the segments before the frame header, whole and without bytes between them:
              ///< DCMTK's own search for the frame header may not end on anything else
    size_t frame_at; ///< where the frame header's marker is
};

/// Throws failure (MEDTL_E_FORMAT) where no frame header comes before the scan.
jpeg_header read_jpeg_header(const std::vector<unsigned char> &bytes);

} // namespace medtl_dicom

#endif
