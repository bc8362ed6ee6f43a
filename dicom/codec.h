// Decoders of one compressed frame. Each checks that the codestream has the size that the header states,
// fills an image, and corrects `pixels` to what the samples are then. Each throws failure.
#ifndef MEDTL_DICOM_CODEC_H
#define MEDTL_DICOM_CODEC_H

#include "pixels.h"

#include <vector>

namespace medtl_dicom
{

/// JPEG of any process, through DCMTK; and JPEG-LS.
image_pointer decode_jpeg(const std::vector<unsigned char> &bytes, pixel_description &pixels);

/// JPEG-LS, for decode_jpeg(): whose size, components and precision agree with `pixels`.
image_pointer decode_jpeg_ls(const std::vector<unsigned char> &bytes,
                             const pixel_description &pixels);

/// JPEG 2000, as a codestream or in a JP2 box: through OpenJPEG.
image_pointer decode_jpeg2000(const std::vector<unsigned char> &bytes, pixel_description &pixels);

/// PS3.5 annex G.
image_pointer decode_rle(const std::vector<unsigned char> &bytes, pixel_description &pixels);

/// The decoder for a transfer syntax. Throws failure (MEDTL_E_UNSUPPORTED) naming one that has none.
image_pointer decode_frame(const std::string &transfer_syntax,
                           const std::vector<unsigned char> &bytes, pixel_description &pixels);

} // namespace medtl_dicom

#endif
